//go:build unix

package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
)

// owner returns the user id of a file's owner.
func owner(t *testing.T, path string) int {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return int(info.Sys().(*syscall.Stat_t).Uid)
}

// Root runs commands in the folder of a service whose user is another one (netdata/netdata#4105).
func TestWhatRootWritesForAServiceStaysReadableForIt(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can write files for another user")
	}
	const service, another = 65532, 65531
	s := newSite(t, nil)
	s.fill()
	if err := os.Chown(s.folder, service, service); err != nil {
		t.Fatal(err)
	}
	exceptions := s.path("exceptions.yaml")
	except := func() {
		t.Helper()
		if code := s.tonight("except", "SCIM-009", demo.ID("acme", "1"), "--owner", "jane", "--reason", "known",
			"--expires", "2999-12-31", "--exceptions-file", exceptions); code != exitComplete {
			t.Fatalf("exit code %d\n%s", code, &s.printed)
		}
	}
	except()
	if code := s.run(); code != exitComplete {
		t.Fatalf("exit code %d\n%s", code, &s.printed)
	}
	err := filepath.WalkDir(s.folder, func(path string, _ os.DirEntry, err error) error {
		if got := owner(t, path); got != service {
			t.Errorf("%s belongs to user %d", path, got)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(exceptions, another, another); err != nil {
		t.Fatal(err)
	}
	except()
	if got := owner(t, exceptions); got != another {
		t.Errorf("the file that was replaced belongs to user %d", got)
	}
}

// The journal of systemd is a socket. Each line has its priority, so that "journalctl -p warning"
// shows what is wrong.
func TestTheJournalGetsThePriorityOfEachLine(t *testing.T) {
	if _, err := os.Stat("/proc/self/fd/2"); err != nil {
		t.Skip("this system does not show where standard error leads")
	}
	auditor := program(t, "auditor")
	for name, test := range map[string]struct {
		inode string // of the variable, with %d for that of the socket
		args  []string
		want  []string // the beginning of each line
	}{
		"a problem":              {"%d", []string{"run"}, []string{"<3>auditor: error: there is no token", "<5>auditor: hint: create a "}},
		"a warning of the log":   {"%d", []string{"check", "--token-file", "token"}, []string{"<4>time="}},
		"the same as JSON":       {"%d", []string{"check", "--token-file", "token", "--log-format", "json"}, []string{`<4>{"time":`}},
		"another standard error": {"1%d", []string{"run"}, []string{"auditor: error: there is no token", "auditor: hint: create a "}},
	} {
		t.Run(name, func(t *testing.T) {
			ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
			if err != nil {
				t.Fatal(err)
			}
			stderr, reader := os.NewFile(uintptr(ends[0]), "stderr"), os.NewFile(uintptr(ends[1]), "journal")
			info, err := stderr.Stat()
			if err != nil {
				t.Fatal(err)
			}
			folder := t.TempDir()
			// A token file that others can read is a warning of the log. It ends before anything is
			// asked.
			token := filepath.Join(folder, "token")
			if err := errors.Join(os.WriteFile(token, []byte("a-token-of-nobody"), 0o600), os.Chmod(token, 0o644)); err != nil {
				t.Fatal(err)
			}
			command := exec.CommandContext(t.Context(), auditor, test.args...)
			command.Dir, command.Stderr = folder, stderr
			command.Env = []string{processClock(), "HOME=" + folder, "GITPOD_BASE_URL=http://127.0.0.1:1/api",
				"JOURNAL_STREAM=9:" + fmt.Sprintf(test.inode, info.Sys().(*syscall.Stat_t).Ino)}
			_ = command.Run() // it fails
			_ = stderr.Close()
			var got []string
			for lines := bufio.NewScanner(reader); lines.Scan(); {
				got = append(got, lines.Text())
			}
			if !slices.EqualFunc(got, test.want, strings.HasPrefix) {
				t.Errorf("(-want +got):\n%s", cmp.Diff(test.want, got))
			}
		})
	}
}
