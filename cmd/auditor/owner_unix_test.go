//go:build unix

package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

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
