package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
)

// process runs the real command as a process of its own, with this environment and nothing else, in
// a folder of its own.
type process struct {
	*exec.Cmd
	folder         string
	stdout, stderr bytes.Buffer
}

// newProcess prepares the command, which testscript.Main has put on the PATH.
func newProcess(t *testing.T, folder string, variables []string, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*patience)
	t.Cleanup(cancel)
	p := &process{Cmd: exec.CommandContext(ctx, "auditor", args...), folder: folder}
	p.Dir, p.Stdout, p.Stderr = folder, &p.stdout, &p.stderr
	p.Env = append([]string{processClock(), "PATH=" + os.Getenv("PATH"), "HOME=" + folder, "SystemRoot=" + os.Getenv("SystemRoot")}, variables...)
	return p
}

// program prepares the command against the site's API, in the site's folder.
func (s *site) program(variables []string, args ...string) *process {
	s.t.Helper()
	s.change(func() {}) // what the test has done to the world before is seen by the API's goroutines
	return newProcess(s.t, s.folder, append([]string{"ONA_TOKEN=" + s.state.Token, "GITPOD_BASE_URL=" + s.url}, variables...), args...)
}

// end waits for the process and returns its exit code.
func (p *process) end(t *testing.T) int {
	t.Helper()
	err := p.Wait()
	if exited, ok := errors.AsType[*exec.ExitError](err); ok {
		return exited.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0
}

func (p *process) execute(t *testing.T) int {
	t.Helper()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p.end(t)
}

func (p *process) expect(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(p.stdout.String()+p.stderr.String(), text) {
			t.Errorf("it does not say %q:\n%s%s", text, &p.stdout, &p.stderr)
		}
	}
}

// The Go runtime ends a process that it cannot continue, here for SIGQUIT, as it does without memory.
// Its own exit code would be 2: wrong usage.
func TestAFatalErrorOfTheRuntimeIsNotWrongUsage(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no signals to send")
	}
	asked := make(chan struct{}, 1)
	s := newSite(t, func(server *demo.Server) {
		server.Intercept = func(_ http.ResponseWriter, r *http.Request, _ string, _ http.Handler) {
			_, _ = io.Copy(io.Discard, r.Body) // else the server does not see that the process has ended
			asked <- struct{}{}
			<-r.Context().Done()
		}
	})
	p := s.program(nil, "run")
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	<-asked
	if err := p.Process.Signal(syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	p.end(t)
	if status, ok := p.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGABRT || status.CoreDump() {
		t.Errorf("it ended by %v, want SIGABRT without a core file", p.ProcessState)
	}
	if strings.Contains(p.stderr.String(), s.state.Token) {
		t.Error("the token is in the log")
	}
}

func TestASignalEndsTheRunAtOnce(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no signals to send")
	}
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			listing, broken := make(chan struct{}, 1), false
			s := newSite(t, func(server *demo.Server) {
				server.Intercept = func(w http.ResponseWriter, r *http.Request, method string, next http.Handler) {
					body, _ := io.ReadAll(r.Body)
					r.Body = io.NopCloser(bytes.NewReader(body))
					if broken && method == ona.ListSCIMConfigurations && bytes.Contains(body, []byte(`"token"`)) {
						listing <- struct{}{}
						<-r.Context().Done()
						return
					}
					next.ServeHTTP(w, r)
				}
			})
			s.change(func() { fillHostile(s.state) })
			// A whole night shows how fast this machine is today.
			start := time.Now()
			if p := s.program(nil, "run", "--page-size", "2"); p.execute(t) != exitComplete {
				t.Fatalf("the night before:\n%s", &p.stderr)
			}
			allowed := max(10*time.Second, 5*time.Since(start)) // a request may take longer
			s.change(func() { broken = true })
			p := s.program(nil, "run", "--page-size", "2")
			if err := p.Start(); err != nil {
				t.Fatal(err)
			}
			<-listing
			sent := time.Now()
			if err := p.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if code, took := p.end(t), time.Since(sent); code != exitFailed || took > allowed {
				t.Errorf("exit code %d after %v, want %d within %v", code, took, exitFailed, allowed)
			}
			p.expect(t, "NOT COMPLETE  canceled", "the run was interrupted", "auditor: hint: the run was interrupted: run again")
			if d := cmp.Diff([]string{"complete|", "failed|canceled"}, s.query("SELECT outcome, error_code FROM snapshots ORDER BY id")); d != "" {
				t.Errorf("snapshots (-want +got):\n%s", d)
			}
			if d := cmp.Diff([]string{"complete", "failed"}, s.query("SELECT outcome FROM runs ORDER BY id")); d != "" {
				t.Errorf("runs (-want +got):\n%s", d)
			}
			if d := cmp.Diff([]string{"ok"}, s.query("PRAGMA integrity_check")); d != "" {
				t.Errorf("integrity (-want +got):\n%s", d)
			}
		})
	}
}
