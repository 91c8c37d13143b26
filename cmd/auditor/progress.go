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

// progress shows a progress line on a terminal. Other output to the terminal must go through its Write method, which
// erases the line first. A nil progress shows nothing.
type progress struct {
	stderr    io.Writer
	mu        sync.Mutex
	bar       *progressbar.ProgressBar
	responses int
}

// showProgress shows the line and makes it the environment's standard error, so that it sees all other output. It
// returns nil if stderr is no terminal, or if -q, -v or a JSON log is set. The caller must call end.
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

// draw calls change with the line, unless p is nil.
func (p *progress) draw(change func(*progressbar.ProgressBar)) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p.bar)
}

// follow counts the responses to the requests of a source.
func (p *progress) follow(source *fetch.Source) {
	if p == nil {
		return
	}
	next := source.Fetch.Transport
	source.Fetch.Transport = transport(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		p.draw(func(bar *progressbar.ProgressBar) {
			p.responses++
			bar.Describe(fmt.Sprintf("organizations, %d responses", p.responses))
		})
		return resp, err
	})
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// collected counts one more collected organization.
func (p *progress) collected() {
	p.draw(func(bar *progressbar.ProgressBar) { _ = bar.Add(1) })
}

// end erases the line permanently.
func (p *progress) end() {
	p.draw(func(bar *progressbar.ProgressBar) { _ = bar.Finish() })
}
