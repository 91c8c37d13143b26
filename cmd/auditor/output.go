package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"

	"scim-auditor/internal/fetch"
	"scim-auditor/internal/report"
	"scim-auditor/internal/settings"
)

// table returns rows as aligned columns. Values may come from the API, so control characters
// are made visible: the terminal must not execute them.
func table(rows [][]string) string {
	width := 0
	for _, row := range rows {
		width = max(width, len(row))
	}
	var aligned, text strings.Builder
	t := tabwriter.NewWriter(&aligned, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		// tabwriter ends a column at a row without a cell in it, so every row gets all cells.
		cells := make([]string, width)
		for i, cell := range row {
			cells[i] = report.Visible(cell)
		}
		_, _ = fmt.Fprintln(t, strings.Join(cells, "\t")) // writing to a strings.Builder cannot fail
	}
	_ = t.Flush()
	for line := range strings.Lines(aligned.String()) {
		text.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return text.String()
}

func printResult(w io.Writer, asJSON bool, result any, text string) error {
	if !asJSON {
		_, err := io.WriteString(w, text)
		return err
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(result)
}

// printError writes err and its hint to standard error. It writes nothing if err is nil.
func printError(stderr io.Writer, err error) {
	if err != nil {
		printProblem(stderr, "error", err.Error(), hintFor(err))
	}
}

// printProblem writes a message and its hint. The text may come from the API, so control
// characters are made visible and further lines are indented: they cannot be mistaken for
// messages of auditor.
func printProblem(stderr io.Writer, label, text, hint string) {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = report.Visible(lines[i])
	}
	_, _ = fmt.Fprintln(stderr, "auditor: "+label+":", strings.Join(lines, "\n  "))
	if hint != "" {
		_, _ = fmt.Fprintln(stderr, "auditor: hint:", report.Visible(hint))
	}
}

// newLogger returns a logger to standard error. It logs warnings; with -v every request; with
// -q only errors.
func newLogger(env environment, s *settings.Settings) *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelWarn}
	switch {
	case s.Verbose:
		options.Level = slog.LevelDebug
	case s.Quiet:
		options.Level = slog.LevelError
	}
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(env.stderr, options))
	}
	return slog.New(slog.NewTextHandler(env.stderr, options))
}

// counted returns "no changes", "1 change" or "5 changes", with details in brackets.
func counted(n int, what, details string) string {
	text := report.Count(n, what)
	if n == 0 {
		text = "no " + what + "s"
	}
	if details != "" {
		text += " (" + details + ")"
	}
	return text
}

// progress shows a progress line on a terminal. Other output to the terminal must go through
// its Write method, which erases the line first. A nil progress shows nothing.
type progress struct {
	stderr    io.Writer
	mu        sync.Mutex
	bar       *progressbar.ProgressBar
	responses int
}

// showProgress shows the line and makes it the environment's standard error, so that it sees
// all other output. It returns nil if stderr is no terminal, or if -q, -v or a JSON log is set.
// The caller must call end.
func showProgress(env *environment, s *settings.Settings) *progress {
	if !env.terminal || s.Quiet || s.Verbose || s.LogFormat == "json" {
		return nil
	}
	own, _ := s.SourceNames()
	p := &progress{stderr: env.stderr, bar: progressbar.NewOptions(len(own),
		progressbar.OptionSetWriter(env.stderr), progressbar.OptionSetDescription("organizations"),
		progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false),
		progressbar.OptionSetWidth(20), progressbar.OptionThrottle(50*time.Millisecond),
		progressbar.OptionClearOnFinish())}
	env.stderr = p
	return p
}

// Write erases the line and writes to the terminal. The next step of the collection draws the
// line again.
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

func (p *progress) collected() {
	p.draw(func(bar *progressbar.ProgressBar) { _ = bar.Add(1) })
}

// end erases the line permanently.
func (p *progress) end() {
	p.draw(func(bar *progressbar.ProgressBar) { _ = bar.Finish() })
}
