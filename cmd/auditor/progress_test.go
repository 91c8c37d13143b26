package main

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/creack/pty"
)

func TestProgressIsShownOnATerminalThatWantsIt(t *testing.T) {
	for _, test := range []struct {
		name     string
		terminal bool
		args     []string
		want     bool
	}{
		{"a terminal", true, nil, true},
		{"cron", false, nil, false},
		{"a terminal with -q", true, []string{"-q"}, false},
		{"a terminal with -v", true, []string{"-v"}, false},
		{"a terminal with the log as JSON", true, []string{"--log-format", "json"}, false},
	} {
		s := newSite(t, nil)
		s.fill()
		s.terminal = test.terminal
		if code := s.run(test.args...); code != exitComplete {
			t.Errorf("%s: exit code %d\n%s", test.name, code, &s.printed)
		}
		if got := strings.Contains(s.printed.String(), "\r"); got != test.want {
			t.Errorf("%s: progress is shown: %v\n%q", test.name, got, &s.printed)
		}
	}
}

func TestTheLineOfTheProgressIsGoneBeforeAnythingElseIsWritten(t *testing.T) {
	s := newSite(t, nil)
	s.fill()
	s.terminal = true
	if err := os.WriteFile(s.path("token"), []byte(s.state.Token), 0o644); err != nil { // which is warned of
		t.Fatal(err)
	}
	if code := s.run("--token-file", s.path("token"), "--token-expires", "2026-11-20"); code != exitComplete {
		t.Errorf("exit code %d\n%s", code, &s.printed)
	}
	shown := screen(s.printed.String())
	for _, line := range shown {
		if strings.Contains(line, "organizations") {
			t.Errorf("the progress is left on the screen: %q", line)
		}
	}
	if !strings.HasPrefix(shown[0], "time=") || !strings.HasPrefix(shown[1], "auditor: warning: default: the token expires") {
		t.Errorf("what was written first is not whole: %q", shown)
	}
}

// screen is what stays to be read of what was written to a terminal: after a carriage return,
// characters take the place of those before.
func screen(written string) []string {
	var lines []string
	for line := range strings.Lines(written) {
		var shown []rune
		for part := range strings.SplitSeq(strings.TrimSuffix(line, "\n"), "\r") {
			text := []rune(part)
			shown = append(text, shown[min(len(text), len(shown)):]...)
		}
		lines = append(lines, strings.TrimRight(string(shown), " "))
	}
	return lines
}

func TestProgressOnARealTerminal(t *testing.T) {
	s := newSite(t, nil)
	s.fill()
	p := s.program([]string{"TERM=xterm"}, "run", "--page-size", "10")
	terminal, tty, err := pty.Open()
	if err != nil {
		t.Skip("there is no pseudo-terminal: ", err)
	}
	defer func() { _ = terminal.Close() }()
	p.Stderr = tty
	if code := p.execute(t); code != exitComplete {
		t.Errorf("exit code %d", code)
	}
	_ = tty.Close()
	var seen bytes.Buffer
	_, _ = io.Copy(&seen, terminal) // ends with an error when the other side is closed
	if !strings.Contains(seen.String(), "organizations") || strings.Join(screen(seen.String()), "") != "" {
		t.Errorf("seen on the terminal: %q", &seen)
	}
	if !strings.HasPrefix(p.stdout.String(), "run 1 at ") {
		t.Errorf("standard output: %s", &p.stdout)
	}
}
