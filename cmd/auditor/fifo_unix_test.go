//go:build !windows

package main

import (
	"syscall"
	"testing"
	"time"
)

// TestAPipeIsRefusedAndNotWaitedFor names a FIFO to which nobody writes wherever a file of evidence
// is expected.
func TestAPipeIsRefusedAndNotWaitedFor(t *testing.T) {
	s, _, _ := threeNights(t)
	pipe := s.path("pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("no FIFO can be made here: ", err)
	}
	writeText(t, s.path("signed.yaml"), "evidence:\n  sign_with: "+pipe+"\n")
	writeText(t, s.path("stamped.yaml"), "evidence:\n  timestamp_url: https://a.test\n  timestamp_roots: "+pipe+"\n")
	expectRefused := func(want int, args ...string) {
		t.Helper()
		s.printed.Reset()
		ended := make(chan int, 1)
		go func() { ended <- s.tonight(args[0], args[1:]...) }()
		select {
		case code := <-ended:
			if code != want {
				t.Errorf("%q: exit code %d", args, code)
			}
			s.expect("is not a regular file")
		case <-time.After(time.Minute):
			t.Fatalf("%q waits for the pipe", args)
		}
	}
	for _, args := range [][]string{
		{"verify", "--head", pipe}, {"verify", "--head", "/dev/null"}, {"verify", "--signers", pipe},
		{"verify", "--timestamp-roots", pipe}, {"run", "--config", s.path("signed.yaml")},
		{"run", "--config", s.path("stamped.yaml")}, {"report", "--config", s.path("signed.yaml")},
	} {
		expectRefused(exitUsage, args...)
	}
	expectRefused(exitFailed, "except", "SCIM-001", "one", "--exceptions-file", pipe, "--owner", "Ada", "--reason", "planned",
		"--expires", "2027-01-01")
	for _, name := range []string{"audit.md", "SHA256SUMS", "SHA256SUMS.sig", "SHA256SUMS.tsr", "manifest.json", "head.txt"} {
		saved := s.path("saved-" + name)
		copyFolder(t, s.path("reports"), saved)
		path := s.path("reports/2026-11-17T020000Z-run-2/" + name)
		_ = syscall.Unlink(path) // a signature does not exist yet
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
		expectRefused(exitFailed, "verify")
		expectRefused(exitFailed, "pack", "--run", "2", s.path("a.zip"))
		copyFolder(t, saved, s.path("reports"))
	}
}
