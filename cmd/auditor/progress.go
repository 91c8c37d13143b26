package main

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"scim-auditor/internal/fetch"
	"scim-auditor/internal/settings"
)

// progress is a line on a terminal that shows how far a collection is. Everything else that is written to the terminal
// goes through it, so that the line is erased first. A nil progress shows nothing.
type progress struct {
	stderr  io.Writer
	mu      sync.Mutex
	bar     *progressbar.ProgressBar
	answers int
}

// showProgress begins the line on a terminal, unless the settings ask for less or for the log instead, and replaces the
// environment's standard error. The caller ends it.
func showProgress(env *environment, s *settings.Settings) *progress {
	if !env.terminal || s.Quiet || s.Verbose || s.LogFormat == "json" {
		return nil
	}
	p := &progress{stderr: env.stderr, bar: progressbar.NewOptions(max(len(s.Organizations), 1),
		progressbar.OptionSetWriter(env.stderr), progressbar.OptionSetDescription("organizations"),
		progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false),
		progressbar.OptionSetWidth(20), progressbar.OptionThrottle(50*time.Millisecond),
		progressbar.OptionClearOnFinish())}
	env.stderr = p
	return p
}

// Write erases the line and writes to the terminal. The next step of the collection draws the line again.
func (p *progress) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.bar.Clear()
	return p.stderr.Write(text)
}

// draw changes the line, if there is one.
func (p *progress) draw(change func(*progressbar.ProgressBar)) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p.bar)
}

// follow counts the answers to a source's requests.
func (p *progress) follow(source *fetch.Source) {
	if p == nil {
		return
	}
	next := source.Fetch.Transport
	source.Fetch.Transport = transport(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		p.draw(func(bar *progressbar.ProgressBar) {
			p.answers++
			bar.Describe(fmt.Sprintf("organizations, %d answers", p.answers))
		})
		return resp, err
	})
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// collected counts one more organization that is done.
func (p *progress) collected() {
	p.draw(func(bar *progressbar.ProgressBar) { _ = bar.Add(1) })
}

// end erases the line for good.
func (p *progress) end() {
	p.draw(func(bar *progressbar.ProgressBar) { _ = bar.Finish() })
}
