package verify_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/ona"
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
	if found.Runs != 9 || found.LedgerLinks != 34 || found.Snapshots != 11 || found.Responses != 10 ||
		found.Rows < 100 || found.Views < 12 {
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
	retention := snapshot.Retention{Before: night(5), ResponsesBefore: night(7), Reports: []snapshot.PrunedReport{
		{Folder: "2026-11-16T020000Z-run-1", RunID: 1, SumsSHA256: strings.Repeat("a1", 32)},
		{Folder: "2026-11-17T020000Z-run-2", RunID: 2, SumsSHA256: strings.Repeat("b2", 32)},
	}}
	if _, err := store.Prune(t.Context(), retention, night(10), false); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRandomNightsHold stores nights in which configurations come, go and come back, and which are
// pruned.
func TestRandomNightsHold(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	for range 3 {
		path := filepath.Join(t.TempDir(), "auditor.db")
		r := newRecorder(t, path)
		acme := newTenant(1, 6)
		everything := acme.scim
		for n := range 25 {
			acme.scim = slices.DeleteFunc(slices.Clone(everything), func(ona.SCIMConfiguration) bool {
				return random.IntN(5) == 0
			})
			if len(acme.scim) == 0 {
				acme.scim = everything
			}
			switch random.IntN(6) {
			case 0:
				r.fail(n+1, acme.id)
			case 1:
				r.blind(n+1, acme)
			case 2:
				r.attributed(n+1, acme)
			default:
				r.night(n+1, acme)
			}
			if random.IntN(8) == 0 {
				retention := snapshot.Retention{KeepLast: 3, ResponsesBefore: night(n)}
				_, err := r.store.Prune(t.Context(), retention, night(n+1), false)
				r.must(err)
			}
		}
		r.must(r.store.Close())
		expectNoProblem(t, verifyFile(t, path))
		if out, err := runScript(t, path); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
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

// TestWhatWasAlteredIsNamed alters one thing in each case, and expects these problems and no
// others.
func TestWhatWasAlteredIsNamed(t *testing.T) {
	original := evidenceFile(t)
	id := texts(t, original, "SELECT id FROM scim_versions ORDER BY valid_from DESC LIMIT 1")[0]
	from := texts(t, original, "SELECT valid_from FROM scim_versions ORDER BY valid_from DESC LIMIT 1")[0]
	for name, c := range map[string]struct {
		table, statement string
		want             []string
	}{
		"a configuration": {
			"scim_versions", "UPDATE scim_versions SET enabled = 0 WHERE id = 'ID' AND valid_to IS NULL",
			[]string{"organization ACME: snapshot FROM: scim_versions row ID: the row was altered"},
		},
		"a configuration and its hash": {
			"scim_versions", "UPDATE scim_versions SET row_sha256 = zeroblob(32) WHERE id = 'ID' AND valid_to IS NULL",
			[]string{
				"organization ACME: snapshot FROM: scim_versions row ID: the row was altered",
				"organization ACME: snapshot FROM: content_sha256: a configuration,",
			},
		},
		"the nights of a configuration": {
			"scim_versions", "UPDATE scim_versions SET valid_from = 9 WHERE id = 'ID' AND valid_to IS NULL",
			[]string{
				"organization ACME: snapshot 9: scim_versions row ID: it overlaps the version that begins with snapshot 1",
				"organization ACME: snapshot 9: content_sha256: a configuration,",
				"organization ACME: snapshot 9: scim_configurations: the count in the header differs from the number of rows " +
					"(stored 5, computed 6)",
			},
		},
		"a finding of a failed snapshot": {
			"failed_findings", "UPDATE failed_findings SET severity = 'low' WHERE snapshot_id = 5",
			[]string{"organization ACME: snapshot 5: failed_findings row"},
		},
		"a finding of an unknown organization": {
			"failed_findings", "UPDATE failed_findings SET severity = 'low' WHERE snapshot_id = 6",
			[]string{"snapshot 6: failed_findings row"},
		},
		"a change": {
			"stored_changes", "UPDATE stored_changes SET note = 'x' WHERE snapshot_id = 7",
			[]string{"organization ACME: snapshot 7: records_sha256: an exchange, a change,"},
		},
		"a change that is removed": {
			"stored_changes", "DELETE FROM stored_changes WHERE snapshot_id = 3",
			[]string{
				"organization ACME: snapshot 3: records_sha256: an exchange, a change,",
				"organization ACME: snapshot 3: changes: the count in the header differs from the number of rows " +
					"(stored 1, computed 0)",
			},
		},
		"an exchange": {
			"stored_exchanges", "UPDATE stored_exchanges SET status = 500 WHERE snapshot_id = 3 AND number = 1",
			[]string{"organization ACME: snapshot 3: records_sha256: an exchange, a change,"},
		},
		"a count in a header": {
			"stored_snapshots", "UPDATE stored_snapshots SET failing_findings = 4 WHERE id = 3",
			[]string{
				"organization ACME: snapshot 3: ledger link 9: snapshot 3, this link or the previous link was altered",
				"organization ACME: snapshot 3: failing_findings: the count in the header differs from the number of rows " +
					"(stored 4, computed 5)",
			},
		},
		"a baseline": {
			"stored_snapshots", "UPDATE stored_snapshots SET baseline_id = 2 WHERE id = 3",
			[]string{
				"organization ACME: snapshot 3: ledger link 9: snapshot 3, this link or the previous link was altered",
				"organization ACME: snapshot 3: baseline_id: snapshot 2 is not an earlier complete snapshot",
			},
		},
		"the outcome of a run": {
			"run_ends", "UPDATE run_ends SET outcome = 'complete' WHERE run_id = 3",
			[]string{
				"ledger link 14: run_end 3, this link or the previous link was altered",
				"run 3: its outcome is complete, but one of its snapshots failed",
			},
		},
		"a wording": {
			"rule_wordings", "UPDATE rule_wordings SET title = 'x' WHERE rule_set_id = 2 AND rule_id = 'SCIM-006'",
			[]string{"rule set 2: the wording of a rule was altered"},
		},
		"the kind of a link": {
			"ledger", "UPDATE ledger SET kind = 'x' WHERE kind = 'schedule'",
			[]string{
				"schedule 1: the ledger has 0 links for it, not 1",
				`ledger link 3: "x" is no kind of fact, so the link records nothing`,
			},
		},
		"the run of every snapshot of a complete run": {
			"stored_snapshots", "UPDATE stored_snapshots SET run_id = 1 WHERE run_id = 5",
			[]string{
				"organization ACME: snapshot 7: ledger link",
				"run 5: its outcome is complete, but it has no snapshots",
			},
		},
		"the thresholds": {
			"rule_sets", "UPDATE rule_sets SET thresholds = '{}' WHERE id = 1",
			[]string{"ledger link 2: rule_set 1, this link or the previous link was altered"},
		},
		"a link that is removed": {
			"ledger", "DELETE FROM ledger WHERE kind = 'schedule'",
			[]string{
				"ledger link 4: link 3 before it is missing",
				"ledger link 4: run_start 1, this link or the previous link was altered",
				"schedule 1: the ledger has 0 links for it, not 1",
			},
		},
		"a schedule that is removed": {
			"schedules", "DELETE FROM schedules",
			[]string{"ledger link 3: schedule 1, which it records, is missing"},
		},
		"a schedule that is added": {
			"schedules", "INSERT INTO schedules VALUES (2, '2026-01-02T00:00:00Z', 'none', 'not stated', 'operator', 'host')",
			[]string{"schedule 2: the ledger has 0 links for it, not 1"},
		},
		"the size of an answer": {
			"responses", "UPDATE responses SET size = size + 1 WHERE id = 1",
			[]string{"response SHA: its bytes have a different size"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := copyFile(t, original)
			names := strings.NewReplacer("ID", id, "FROM:", from+":", "ACME", newTenant(1, 5).id,
				"SHA", texts(t, path, "SELECT sha256 FROM responses WHERE id = 1")[0])
			alter(t, path, c.table, strings.ReplaceAll(c.statement, "'ID'", "'"+id+"'"))
			problems := verifyFile(t, path).Problems
			for i, p := range problems {
				if i >= len(c.want) || !strings.HasPrefix(p.String(), names.Replace(c.want[i])) {
					t.Errorf("problem %d: %s", i, p)
				}
			}
			if len(problems) != len(c.want) {
				t.Errorf("%d problems, want %q", len(problems), c.want)
			}
		})
	}
}

func TestAMissingTriggerIsNamed(t *testing.T) {
	path := evidenceFile(t)
	db := openRaw(t, path)
	for _, statement := range []string{
		"DROP TRIGGER ledger_no_update",
		"CREATE TABLE extra (n INTEGER)",
		"DROP VIEW runs",
		"CREATE VIEW runs AS SELECT missing FROM run_starts",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range verifyFile(t, path).Problems {
		got = append(got, p.String())
	}
	want := []string{
		"schema: table extra is not part of the schema of auditor",
		"schema: trigger ledger_no_update is missing",
		"schema: view runs was altered",
		"view runs: SQL logic error: no such column: missing (1)",
		"database: checking the runs: SQL logic error: no such column: missing (1)",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// Litestream adds its tables to every database that it replicates.
func TestTheTablesOfLitestreamAreNamedAndNothingElse(t *testing.T) {
	for name, test := range map[string]struct{ added, problem string }{
		"its tables":                  {"", ""},
		"another column":              {"ALTER TABLE _litestream_seq ADD COLUMN x", "table _litestream_seq is not part"},
		"a table with such a name":    {"CREATE TABLE _litestream_more (id INTEGER)", "table _litestream_more is not part"},
		"a trigger with such a name":  {"CREATE TRIGGER _litestream_x AFTER INSERT ON ledger BEGIN SELECT 1; END", "trigger _litestream_x is not part"},
		"a trigger on its table":      {"CREATE TRIGGER x AFTER INSERT ON _litestream_seq BEGIN SELECT 1; END", "trigger x is not part"},
		"a table like those of goose": {"CREATE TABLE goose_more (id INTEGER)", "table goose_more is not part"},
	} {
		path := evidenceFile(t)
		db := openRaw(t, path)
		// As in db.go of Litestream v0.3 to v0.5.
		for _, statement := range []string{
			`CREATE TABLE IF NOT EXISTS _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER);`,
			`CREATE TABLE IF NOT EXISTS _litestream_lock (id INTEGER);`,
			`INSERT INTO _litestream_seq (id, seq) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET seq = seq + 1`,
			test.added,
		} {
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		result := verifyFile(t, path)
		problems := fmt.Sprint(result.Problems)
		if (len(result.Problems) > 0) != (test.problem != "") || !strings.Contains(problems, test.problem) {
			t.Errorf("%s: problems %s, want %q", name, problems, test.problem)
		}
		want := []string{"table _litestream_lock", "table _litestream_seq"}
		if name == "another column" {
			want = want[:1]
		}
		if d := cmp.Diff(want, result.ForeignTables); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// TestTheScriptOfTheDocumentation runs verify.py, which shares no code with auditor.
func TestTheScriptOfTheDocumentation(t *testing.T) {
	path := evidenceFile(t)
	out, err := runScript(t, path)
	head := texts(t, path, "SELECT chain_sha256 FROM ledger ORDER BY number DESC LIMIT 1")[0]
	want := "Every hash matches: 34 links in the ledger, 11 snapshots that are not pruned, 10 responses.\n" +
		"The newest link is " + head + ".\n"
	if err != nil || out != want {
		t.Fatalf("%v\n%s", err, out)
	}
	const oneFinding = "organization_key = 2 AND valid_to IS NULL AND status = 'fail' ORDER BY id LIMIT 1"
	finding := texts(t, path, "SELECT id FROM finding_versions WHERE "+oneFinding)[0]
	for table, c := range map[string]struct{ statement, want string }{
		"finding_versions": {
			"UPDATE finding_versions SET severity = 'low' WHERE valid_to IS NULL AND id = '" + finding + "'",
			"finding_versions row " + finding,
		},
		"stored_changes": {"UPDATE stored_changes SET after = 'x' WHERE snapshot_id = 3", "snapshot 3: records_sha256"},
		"schedules":      {"UPDATE schedules SET expression = 'none'", "ledger link 3, schedule 1"},
		"responses":      {"UPDATE responses SET sha256 = 'x' WHERE id = 1", "records_sha256"},
	} {
		altered := copyFile(t, path)
		alter(t, altered, table, c.statement)
		if out, err := runScript(t, altered); err == nil || !strings.Contains(out, c.want) {
			t.Errorf("an altered row of %s: %v\n%s", table, err, out)
		}
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

// TestTheExamplesOfTheDocumentation recomputes the examples in docs/verification.md, from their
// text and from the values that it states.
func TestTheExamplesOfTheDocumentation(t *testing.T) {
	doc, err := os.ReadFile("../../docs/verification.md")
	if err != nil {
		t.Fatal(err)
	}
	policy := evidence.NewForm("policy", "id", "restrict_account_creation_to_scim", "raw", "unknown_fields").
		Sum([]any{"acme", int64(1), `{"restrictAccountCreationToScim":true}`, nil})
	database := evidence.Link("", evidence.NewForm("database", "id", "database_id"),
		[]any{int64(1), "3f0c9b7d51a2486e8d20c6b1f4a7e915"})
	want := []string{hex.EncodeToString(policy[:]), database}
	examples := regexp.MustCompile(`(?m)^printf '(.*)' \| sha256sum\n# (.*)$`).FindAllStringSubmatch(string(doc), -1)
	if len(examples) != len(want) {
		t.Fatalf("%d examples, want %d", len(examples), len(want))
	}
	for i, example := range examples {
		sum := sha256.Sum256([]byte(strings.ReplaceAll(example[1], `\n`, "\n")))
		if got := hex.EncodeToString(sum[:]); got != example[2] || got != want[i] {
			t.Errorf("example %d: its text comes to %s, its values to %s, it says %s", i+1, got, want[i], example[2])
		}
	}
}
