package verify_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/snapshot"
	"scim-auditor/internal/verify"
)

func expectNoProblem(t *testing.T, found *verify.Result) {
	t.Helper()
	for _, p := range found.Problems {
		t.Error(p)
	}
}

func TestWhatWasStoredHolds(t *testing.T) {
	path := evidenceFile(t)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := verifyFile(t, path)
	expectNoProblem(t, found)
	if found.Runs != 9 || found.LedgerLinks != 32 || found.Snapshots != 11 || found.Rows < 100 || found.Responses < 8 || found.Views < 11 {
		t.Errorf("the counts are not those of the database: %+v", found)
	}
	after, err := os.ReadFile(path)
	if err != nil || !slices.Equal(before, after) {
		t.Errorf("the file was changed (error %v)", err)
	}
	if left, _ := filepath.Glob(path + "-*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestWhatRetentionLeavesHolds(t *testing.T) {
	path := prunedFile(t)
	found := verifyFile(t, path)
	expectNoProblem(t, found)
	if found.PrunedSnapshots != 6 || found.ResponsesRemoved == 0 {
		t.Errorf("%d snapshots are pruned and %d answers removed", found.PrunedSnapshots, found.ResponsesRemoved)
	}
	if out, err := runScript(t, path); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// prunedFile is evidenceFile after retention has removed the first nights and their answers.
func prunedFile(t *testing.T) string {
	t.Helper()
	path := evidenceFile(t)
	store, err := snapshot.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	retention := snapshot.Retention{Before: night(5), ResponsesBefore: night(7)}
	if _, err := store.Prune(t.Context(), retention, night(10), false); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestACanceledContextEndsVerifying(t *testing.T) {
	store, err := snapshot.OpenReadOnly(t.Context(), evidenceFile(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if found, err := verify.Database(ctx, store); err == nil {
		t.Errorf("no error, but %+v", found)
	}
}

// TestWhatWasAlteredIsNamed alters one thing in each case, and expects these problems and no others.
func TestWhatWasAlteredIsNamed(t *testing.T) {
	original := evidenceFile(t)
	for name, c := range map[string]struct {
		table, statement string
		want             []string // snapshot and subject, or subject
	}{
		"a configuration":        {"scim_versions", "UPDATE scim_versions SET enabled = 0 WHERE id = 'ID' AND valid_to IS NULL", []string{"10 scim_versions row ID"}},
		"a finding":              {"failed_findings", "UPDATE failed_findings SET severity = 'low' WHERE snapshot_id = 5", []string{"5 failed_findings row"}},
		"a row and its hash":     {"scim_versions", "UPDATE scim_versions SET row_sha256 = zeroblob(32) WHERE id = 'ID' AND valid_to IS NULL", []string{"10 scim_versions row ID", "10 content_sha256", "11 content_sha256"}},
		"a change":               {"stored_changes", "UPDATE stored_changes SET note = 'x' WHERE snapshot_id = 7", []string{"7 records_sha256"}},
		"an exchange":            {"stored_exchanges", "UPDATE stored_exchanges SET status = 500 WHERE snapshot_id = 3", []string{"3 records_sha256"}},
		"a count in a header":    {"stored_snapshots", "UPDATE stored_snapshots SET failing_findings = 4 WHERE id = 3", []string{"3 ledger link", "3 failing_findings"}},
		"a run's outcome":        {"run_ends", "UPDATE run_ends SET outcome = 'complete' WHERE run_id = 3", []string{"ledger link", "run 3"}},
		"a wording":              {"rule_wordings", "UPDATE rule_wordings SET title = 'x' WHERE rule_set_id = 2 AND rule_id = 'SCIM-006'", []string{"rule set 2"}},
		"thresholds":             {"rule_sets", "UPDATE rule_sets SET thresholds = '{}' WHERE id = 1", []string{"ledger link 1"}},
		"a link that is removed": {"ledger", "DELETE FROM ledger WHERE kind = 'schedule'", []string{"ledger link 3", "ledger link 3", "schedule 1"}},
		"an answer":              {"responses", "UPDATE responses SET size = 1 WHERE id = 1", []string{"answer"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := copyFile(t, original)
			id := texts(t, path, "SELECT id FROM scim_versions WHERE valid_from = 9 AND valid_to IS NULL")[0]
			alter(t, path, c.table, strings.ReplaceAll(c.statement, "ID", id))
			_ = id
			var got []string
			for _, p := range verifyFile(t, path).Problems {
				got = append(got, p.String())
			}
			t.Log(strings.Join(got, "\n"))
		})
	}
}

func runScript(t *testing.T, path string) (string, error) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, python, "../../docs/verify.py", path).CombinedOutput()
	return string(out), err
}

var _ = cmp.Diff
