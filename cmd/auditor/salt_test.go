package main

import (
	"os"
	"strings"
	"testing"

	"scim-auditor/internal/job"
)

func TestABackupNeedsTheSaltOfRedactedMembers(t *testing.T) {
	skipIfShort(t)
	s := newSite(t, nil)
	s.fill()
	s.mustRun()
	if text := s.command("backup", s.path("without.db")); strings.Contains(text, "salt") {
		t.Error(text)
	}
	s.mustRun("--members", "--members-redact")
	salt := job.SaltFile(s.path("auditor.db"))
	if text := s.command("backup", s.path("with.db")); !strings.Contains(text, "copy "+salt+" too") {
		t.Error(text)
	}
	// A salt that is lost.
	if err := os.Remove(salt); err != nil {
		t.Fatal(err)
	}
	s.printed.Reset()
	if code := s.run("--members", "--members-redact"); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	s.expect("the salt of the redacted members is missing", `"auditor run --db NEW --new-database"`)
	s.mustRun("--members", "--members-redact", "--db", s.path("new.db"), "--out", s.path("reports"), "--new-database")
	s.mustRun()
}
