package main

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"scim-auditor/internal/job"
)

// progress is a line on a terminal that tells how far a collection is. What else is written to the terminal goes through it, so that the line
// is out of the way first. A nil progress shows nothing.
type progress struct {
	stderr  io.Writer
	mu      sync.Mutex
	bar     *progressbar.ProgressBar
	answers int
}

// showProgress begins the line, where somebody sits before it who has not asked for less or for the log in its place, and puts it before
// the environment's standard error. Whoever calls ends it.
func (s *settings) showProgress(env *environment) *progress {
	if !env.terminal || s.quiet || s.verbose || s.logFormat == "json" {
		return nil
	}
	p := &progress{stderr: env.stderr, bar: progressbar.NewOptions(max(len(s.organizations), 1),
		progressbar.OptionSetWriter(env.stderr), progressbar.OptionSetDescription("organizations"), progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false), progressbar.OptionSetWidth(20),
		progressbar.OptionThrottle(50*time.Millisecond), progressbar.OptionClearOnFinish())}
	env.stderr = p
	return p
}

// Write takes the line away and writes to the terminal. The next step of the collection brings the line back.
func (p *progress) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.bar.Clear()
	return p.stderr.Write(text)
}

// follow counts the answers to a source's requests.
func (p *progress) follow(source *job.Source) {
	if p == nil {
		return
	}
	next := source.Fetch.Transport
	source.Fetch.Transport = transport(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.answers++
		p.bar.Describe(fmt.Sprintf("organizations, %d answers", p.answers))
		return resp, err
	})
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// collected tells that one more organization is done.
func (p *progress) collected() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.bar.Add(1)
}

// end takes the line away for good.
func (p *progress) end() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.bar.Finish()
}
