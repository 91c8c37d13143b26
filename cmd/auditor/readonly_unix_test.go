//go:build unix

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// nobody is a user who owns nothing.
const nobody = 65534

// newReader returns the commands of a user who may read the site's files and write none of them.
// Root may write whatever the modes say, so that another user takes its place.
func (s *site) newReader(t *testing.T) func(args ...string) *exec.Cmd {
	t.Helper()
	program, attributes := os.Args[0], (*syscall.SysProcAttr)(nil)
	if os.Geteuid() == 0 {
		attributes = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		// The folders of the test program and above the site's are root's alone.
		content, err := os.ReadFile(program)
		if err != nil {
			t.Fatal(err)
		}
		program = filepath.Join(t.TempDir(), "auditor")
		if err := errors.Join(os.WriteFile(program, content, 0o755), os.Chmod(filepath.Dir(s.folder), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	return func(args ...string) *exec.Cmd {
		c := exec.CommandContext(t.Context(), program, args...)
		c.Env = []string{asCommand + "=1", processClock(), "ONA_TOKEN=" + s.state.Token, "GITPOD_BASE_URL=" + s.url}
		c.Dir, c.SysProcAttr = s.folder, attributes
		return c
	}
}

// TestFilesThatCannotBeWrittenAreReadAndTheFailureIsTold runs every sort of command on a database
// in a folder that cannot be written.
func TestFilesThatCannotBeWrittenAreReadAndTheFailureIsTold(t *testing.T) {
	skipIfShort(t)
	s := newSite(t, nil)
	fillHostile(s.state)
	s.mustRun()
	s.mustRun()
	before, err := os.ReadFile(s.path("auditor.db"))
	if err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{s.path("auditor.db"): 0o444, s.path("reports"): 0o755, s.folder: 0o555} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(s.folder, 0o755) })
	reader := s.newReader(t)
	if err := reader("version").Run(); errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL) {
		t.Skipf("this root cannot be another user: %v", err)
	}
	const denied = "auditor: hint: give the user that runs auditor permission to use it"
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"run"}, exitFailed, denied},
		{[]string{"prune", "--keep-last", "1"}, exitFailed, denied},
		{[]string{"backup", "copy.db"}, exitFailed, denied},
		{[]string{"report", "--run", "1"}, exitFailed, denied},
		{[]string{"check"}, exitFailed, "auditor.db is not writable"},
		{[]string{"runs"}, exitComplete, "COMPLETE"},
		{[]string{"diff", "1", "latest"}, exitComplete, "no changes"},
		{[]string{"verify", "--out", "none"}, exitComplete, "VERIFIED: no problems"},
	} {
		t.Run(c.args[0], func(t *testing.T) {
			command := reader(c.args...)
			out, err := command.CombinedOutput()
			if code := command.ProcessState.ExitCode(); code != c.code || !strings.Contains(string(out), c.says) {
				t.Errorf("%v, want exit code %d and %q\n%s", err, c.code, c.says, out)
			}
		})
	}
	after, err := os.ReadFile(s.path("auditor.db"))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the database was changed (error %v)", err)
	}
	if left, _ := filepath.Glob(s.path("*")); len(left) != 3 {
		t.Errorf("files were left: %q", left)
	}
}
