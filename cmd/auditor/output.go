package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"

	"scim-auditor/internal/report"
	"scim-auditor/internal/settings"
)

// table returns rows as aligned columns. Values may come from the API, so control characters are made visible: the
// terminal must not execute them.
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

// printResult writes the result of a command as JSON or as text for people.
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

// printProblem writes a message and its hint. The text may come from the API, so control characters are made visible
// and further lines are indented: they cannot be mistaken for messages of auditor.
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

// newLogger returns a logger to standard error. It logs warnings; with -v every request; with -q only errors.
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
