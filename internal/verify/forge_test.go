package verify_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/evidence"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/snapshot"
	"scim-auditor/internal/verify"
)

// forgedHouse has eight nights: a configuration is disabled in the third and enabled again in the
// fifth, the fourth is approved, an exception is in force, the seventh night fails, and nobody runs on the day after it.
func forgedHouse(t *testing.T) *house {
	t.Helper()
	acme := simulated("acme", 3)
	h := newHouse(t, filepath.Join(t.TempDir(), "auditor.db"), acme)
	h.options.Schedule = snapshot.ScheduleChange{Expression: "0 2 * * *", ChangedBy: "jane", Host: "host"}
	h.options.Exceptions = []finding.Exception{{
		RuleID: "SCIM-025", OrganizationID: acme.ID, Owner: "jane", Reason: "known", Expires: demo.Night(60),
	}}
	for night := 1; night <= 8; night++ {
		switch night {
		case 3:
			acme.SCIM[0]["enabled"] = false
		case 5:
			acme.SCIM[0]["enabled"] = true
		case 7:
			acme.Faults["gitpod.v1.OrganizationService/ListSCIMConfigurations"] = demo.Fault{Code: "permission_denied"}
		case 8:
			clear(acme.Faults)
			h.night++ // a missed night
		}
		if result := h.run(); result.Complete() != (night != 7) {
			t.Fatalf("night %d: %s", night, result.Run.Error)
		}
		if night == 4 { // while the configuration is disabled
			review := snapshot.Review{
				ReviewedAt: demo.Night(4).Add(time.Hour), RunID: 4, Reviewer: "jane", Conclusion: "as agreed",
				Approved: true, OSUser: "audit", Host: "host",
			}
			if _, err := h.store.AddReview(t.Context(), review); err != nil {
				t.Fatal(err)
			}
		}
	}
	h.close()
	return h
}

// pruneFirst lets retention remove the first two nights from a copy of a database.
func pruneFirst(t *testing.T, original string) (path string) {
	t.Helper()
	path = copyFile(t, original)
	store, err := snapshot.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	retention := snapshot.Retention{Before: demo.Night(3)}
	if _, err := store.Prune(t.Context(), retention, demo.Night(10), false); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// forgeries are what someone may want to change. alone is what verify finds in the database, beside
// what it finds with the report folders of before; empty if it finds nothing. With all hashes
// computed anew, it finds only what contradicts a stored response, what follows from other rows, or
// a report folder.
var forgeries = map[string]struct {
	statements    []string
	alone, beside string
	pruned        bool // retention removed the first two nights before
}{
	"a configuration's past": {
		statements: []string{
			"DELETE FROM scim_versions WHERE enabled = 0",
			"DELETE FROM scim_versions WHERE valid_from = 5",
			"UPDATE scim_versions SET valid_to = NULL WHERE valid_to = 3",
			"UPDATE stored_snapshots SET changes = 0",
			"DELETE FROM stored_candidates",
			"DELETE FROM stored_changes",
		},
		alone:  "doing the work again gives another enabled (stored 1, computed 0)",
		beside: "the database makes another inventory.csv",
	},
	"a change row": {
		statements: []string{"UPDATE stored_changes SET severity = 'info' WHERE kind = 'disabled'"},
		alone:      "change row 1: doing the work again gives another severity (stored info, computed ",
		beside:     "the database makes another changes.csv",
	},
	"a change row that is removed": {
		statements: []string{
			"DELETE FROM stored_candidates WHERE snapshot_id = 3",
			"DELETE FROM stored_changes WHERE snapshot_id = 3",
			"UPDATE stored_snapshots SET changes = 0 WHERE id = 3",
		},
		alone:  "change row 1: doing the work again produces it, but it is not stored",
		beside: "the database makes another changes.csv",
	},
	"a finding": {
		statements: []string{
			"UPDATE finding_versions SET status = 'pass' WHERE status = 'fail'",
			"UPDATE stored_snapshots SET failing_findings = (SELECT count(*) FROM findings f " +
				"WHERE f.snapshot_id = stored_snapshots.id AND f.status = 'fail')",
		},
		alone:  "doing the work again gives another status (stored pass, computed fail)",
		beside: "the database makes another findings.csv",
	},
	"a finding of a failed night": {
		statements: []string{"UPDATE failed_findings SET observed = 'nothing' WHERE rule_id = 'RUN-001'"},
		alone:      "doing the work again gives another observed (stored nothing, computed The collection was not complete",
		beside:     "the database makes another findings.csv",
	},
	"a schedule": {
		statements: []string{"UPDATE schedules SET expression = '@yearly'"},
		alone:      "it is stored, but doing the work again does not produce it", // the missed night in RUN-002
		beside:     "the database makes another audit.md",
	},
	"who approved a run": {
		statements: []string{"UPDATE reviews SET reviewer = 'the board'"},
		alone:      "computed Differs from the baseline of run 4, which the board approved",
		beside:     "the database makes another audit.json",
	},
	"an approval": {
		statements: []string{"UPDATE reviews SET approved = 0"},
		alone:      "it is stored, but doing the work again does not produce it", // RUN-008
		beside:     "the database makes another audit.json",
	},
	"the conclusion of a review": {
		statements: []string{"UPDATE reviews SET conclusion = 'all is well'"},
		beside:     "the database does not contain the history up to its head (run 5)",
	},
	"a run's end": {
		statements: []string{"UPDATE run_ends SET outcome = 'complete', error = NULL WHERE run_id = 7"},
		alone:      "run 7: its outcome is complete, but one of its snapshots failed",
		beside:     "the database makes another audit.md",
	},
	"when a run ended": {
		statements: []string{"UPDATE run_ends SET finished_at = '2026-11-16T02:00:01Z' WHERE run_id = 4"},
		beside:     "the database makes another runs.csv",
	},
	"an exception": {
		statements: []string{"UPDATE exception_versions SET owner = 'the board'"},
		beside:     "the database makes another exceptions.csv",
	},
	"a prune": {
		statements: []string{"UPDATE prunes SET pruned_at = '2026-12-24T00:00:00Z'"},
		pruned:     true,
	},
	"the newest three snapshots": {
		statements: []string{
			"DELETE FROM ledger WHERE number >= (SELECT number FROM ledger WHERE kind = 'run_start' AND row_id = 6)",
			"DELETE FROM run_ends WHERE run_id >= 6", "DELETE FROM run_starts WHERE id >= 6",
			"DELETE FROM stored_snapshots WHERE id >= 6", "DELETE FROM failed_findings WHERE snapshot_id >= 6",
			"DELETE FROM stored_candidates WHERE snapshot_id >= 6", "DELETE FROM stored_changes WHERE snapshot_id >= 6",
			"DELETE FROM audit_log_entries WHERE snapshot_id >= 6",
			"DELETE FROM audit_log_readings WHERE snapshot_id >= 6", "DELETE FROM stored_exchanges WHERE snapshot_id >= 6",
			"DELETE FROM finding_versions WHERE valid_from >= 6", "DELETE FROM exception_versions WHERE valid_from >= 6",
			"DELETE FROM carried_finding_versions WHERE valid_from >= 6",
			"UPDATE finding_versions SET valid_to = NULL WHERE valid_to >= 6",
			"UPDATE exception_versions SET valid_to = NULL WHERE valid_to >= 6",
			"UPDATE carried_finding_versions SET valid_to = NULL WHERE valid_to >= 6",
		},
		beside: "the database does not contain the history up to its head (run 8)",
	},
	"what a prune kept": {
		statements: []string{"UPDATE pruned_versions SET token_expires_at = '2026-11-01T00:00:00.000000000Z'"},
		alone:      "it is stored, but doing the work again does not produce it", // the age of a token in SCIM-018
		pruned:     true,
	},
}

func TestWhatVerifyFindsOfAForgery(t *testing.T) {
	if testing.Short() {
		t.Skip("it does the work of many databases again")
	}
	original := forgedHouse(t)
	found := verifyAgain(t, original.path, original.reports, toolVersion)
	expectNoProblem(t, found)
	if a := found.Again; a.Decoded != 7 || a.Compared != 7 || a.Evaluated != 8 || a.Reports != 8 || len(a.NotDone) > 0 {
		t.Errorf("done again: %+v", a)
	}
	pruned := pruneFirst(t, original.path)
	found = verifyAgain(t, pruned, original.reports, toolVersion)
	expectNoProblem(t, found)
	if a := found.Again; a.Decoded != 5 || a.Compared != 4 || a.Evaluated != 5 || a.Reports != 0 || len(a.NotDone) != 9 {
		t.Errorf("done again after retention: %+v", a)
	}
	for name, forgery := range forgeries {
		t.Run(name, func(t *testing.T) {
			before := original.path
			if forgery.pruned {
				before = pruned
			}
			path := copyFile(t, before)
			forge(t, path, forgery.statements...)
			if out, err := runScript(t, path); err != nil {
				t.Errorf("the hashes do not match, so this is no forgery: %s", out)
			}
			alone := verifyAgain(t, path, "", toolVersion)
			expectProblem(t, alone.Problems, forgery.alone)
			expectNotContained(t, path, headOf(t, before))
			if !forgery.pruned {
				beside := verifyAgain(t, path, original.reports, toolVersion)
				expectProblem(t, beside.Problems[len(alone.Problems):], forgery.beside)
			}
		})
	}
}

// TestAWholeOtherDatabaseIsFound puts a database of the same shape in the place of the first one.
func TestAWholeOtherDatabaseIsFound(t *testing.T) {
	first, other := forgedHouse(t), forgedHouse(t)
	expectNoProblem(t, verifyAgain(t, other.path, "", toolVersion))
	found := verifyAgain(t, other.path, first.reports, toolVersion)
	expectProblem(t, found.Problems, "it is a report of the database")
	if len(found.Again.NotDone) != 8 {
		t.Errorf("reports of another database are written again: %+v", found.Again)
	}
	expectNotContained(t, other.path, headOf(t, first.path))
}

// headOf returns the newest head of a database.
func headOf(t *testing.T, path string) evidence.Head {
	t.Helper()
	heads, err := verify.ReadHeads(t.Context(), path)
	if err != nil || len(heads) != 1 {
		t.Fatalf("heads %v (error %v)", heads, err)
	}
	return heads[0]
}

// expectNotContained expects that verify with a head from before finds the forgery, whatever was
// forged.
func expectNotContained(t *testing.T, path string, head evidence.Head) {
	t.Helper()
	store, err := snapshot.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	found, err := verify.Database(t.Context(), store)
	if err == nil {
		err = found.AddHeads(t.Context(), store, []evidence.Head{head})
	}
	if err != nil {
		t.Fatal(err)
	}
	expectProblem(t, found.Problems, "the database does not contain the history up to it")
}

// expectProblem expects a problem that contains a text, or no problem if the text is empty.
func expectProblem(t *testing.T, problems []verify.Problem, text string) {
	t.Helper()
	var all []string
	for _, p := range problems {
		all = append(all, p.String())
	}
	if joined := strings.Join(all, "\n"); text == "" && len(all) > 0 || !strings.Contains(joined, text) {
		t.Errorf("want %q, found:\n%s", text, joined)
	}
}

// TestAnEditedReportWithFreshSumsIsFound edits a file as somebody does who also computes SHA256SUMS
// anew.
func TestAnEditedReportWithFreshSumsIsFound(t *testing.T) {
	h := newHouse(t, filepath.Join(t.TempDir(), "auditor.db"), simulated("acme", 2))
	h.run()
	h.close()
	folder, err := filepath.EvalSymlinks(filepath.Join(h.reports, "latest"))
	if err != nil {
		t.Skip("the file system has no symbolic links")
	}
	inventory, sums := filepath.Join(folder, "inventory.csv"), filepath.Join(folder, evidence.SumsFile)
	replaceIn(t, inventory, "Team 1", "Team 9")
	before := verifyAgain(t, h.path, h.reports, toolVersion).Problems
	if len(before) == 0 {
		t.Fatal("the old sums still match")
	}
	replaceIn(t, sums, stored(t, sums, "inventory.csv"), sumOf(t, inventory))
	expectProblem(t, verifyAgain(t, h.path, h.reports, toolVersion).Problems, "the database makes another inventory.csv")
}

func replaceIn(t *testing.T, path, old, with string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(content), old) {
		t.Fatalf("%s lacks %q (error %v)", path, old, err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(content), old, with, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func sumOf(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// stored returns the sum of a file in SHA256SUMS.
func stored(t *testing.T, sums, name string) string {
	t.Helper()
	content, err := os.ReadFile(sums)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		if sum, file, _ := strings.Cut(strings.TrimSpace(line), "  "); file == name {
			return sum
		}
	}
	t.Fatalf("%s does not name %s", sums, name)
	return ""
}

// TestWhatAnotherVersionDidIsSaid verifies with another version than the one that took the nights.
func TestWhatAnotherVersionDidIsSaid(t *testing.T) {
	h := newHouse(t, filepath.Join(t.TempDir(), "auditor.db"), simulated("acme", 2))
	h.run()
	wordings := []snapshot.Wording{{RuleID: "SCIM-001", Title: "of another version"}}
	rules := snapshot.RuleSet{Thresholds: "{}", Wordings: wordings}
	if _, err := h.store.RecordRules(t.Context(), rules); err != nil {
		t.Fatal(err)
	}
	h.close()
	found := verifyAgain(t, h.path, h.reports, "v2")
	expectNoProblem(t, found)
	if a := found.Again; a.Evaluated != 1 || len(a.NotDone) != 1 ||
		a.NotDone[0].Reason != "auditor test wrote it, and this is v2" {
		t.Errorf("done again: %+v", a)
	}
	path := copyFile(t, h.path)
	forge(t, path, "UPDATE stored_snapshots SET rule_set_id = 2", "UPDATE scim_versions SET name = 'x'")
	found = verifyAgain(t, path, "", "v2")
	expectProblem(t, found.Problems,
		"another name (auditor test took the snapshot, this is v2) (stored x, computed Team 0)")
	if a := found.Again; a.Evaluated != 0 || len(a.NotDone) != 1 ||
		a.NotDone[0].Reason != "auditor test evaluated it with rule set 2, which has other rules than this version" {
		t.Errorf("done again: %+v", a)
	}
}

// TestAMissingResponseIsFound takes an exchange away, so that the collection cannot be decoded
// again.
func TestAMissingResponseIsFound(t *testing.T) {
	h := newHouse(t, filepath.Join(t.TempDir(), "auditor.db"), simulated("acme", 2))
	h.run()
	h.close()
	forge(t, h.path, "DELETE FROM stored_exchanges WHERE number = 4")
	expectProblem(t, verifyAgain(t, h.path, "", toolVersion).Problems,
		"its stored responses are no complete collection: a request has no stored response: OrganizationService/")
	found := verifyAgain(t, h.path, "", "v2")
	expectNoProblem(t, found)
	if a := found.Again; a.Decoded != 0 || len(a.NotDone) != 1 || a.NotDone[0].Step != "decode" {
		t.Errorf("done again: %+v", a)
	}
}
