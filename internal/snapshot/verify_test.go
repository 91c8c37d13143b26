package snapshot_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/snapshot"
)

var mutations = flag.Int("mutations", 40, "single bytes that TestVerifyFindsEverySingleByte changes")

// evidenceFile is a database with complete and failed snapshots, history, and every kind of row.
func evidenceFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "auditor.db")
	store, err := snapshot.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	c := newCompany(40)
	for n := range 4 {
		c.store(t, store, night(n+1))
		c.age()
	}
	id := beginRun(t, store, night(5))
	if _, err := store.SaveFailed(t.Context(), snapshot.Snapshot{RunID: id, Source: "acme", OrganizationID: acme, BaseURL: "https://x/api",
		TakenAt: night(5), ErrorCode: "unavailable", Error: "no"}, finding.EvaluateFailed(acme, "Acme", "unavailable", "no")); err != nil {
		t.Fatal(err)
	}
	if err := store.FinishRun(t.Context(), id, night(5), snapshot.Failed, "no"); err != nil {
		t.Fatal(err)
	}
	save(t, store, night(6), inventory(scim("a", "Okta")), finding.Finding{RuleID: "SCIM-001", Status: finding.Fail, Fingerprint: "f"})
	other := inventory(scim("a", "Okta"))
	other.Organization.Name, other.SSO[0].DisplayName, other.Policies.RestrictAccountCreationToSCIM = "Acme Holding", "Okta production", false
	save(t, store, night(7), other, finding.Finding{RuleID: "SCIM-001", Status: finding.Fail, Fingerprint: "f"})
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func verifyFile(t *testing.T, path string) *snapshot.Verification {
	t.Helper()
	store, err := snapshot.OpenReadOnly(t.Context(), path)
	if err != nil {
		return &snapshot.Verification{Problems: []snapshot.Problem{{Text: err.Error()}}}
	}
	defer func() { _ = store.Close() }()
	found, err := store.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestVerifyHoldsForWhatWasStored(t *testing.T) {
	path := evidenceFile(t)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := verifyFile(t, path)
	for _, p := range found.Problems {
		t.Errorf("%+v", p)
	}
	if found.Snapshots != 7 || found.Rows < 50 || found.Responses < 4 || found.Views < 11 {
		t.Errorf("too little was looked at: %+v", found)
	}
	after, err := os.ReadFile(path)
	if err != nil || !slices.Equal(before, after) {
		t.Errorf("verify changed the file (error %v)", err)
	}
	if left, _ := filepath.Glob(path + "-*"); len(left) > 0 {
		t.Errorf("verify left %v", left)
	}
}

// TestVerifyFindsEverySingleByte changes one byte of one value at a time, as somebody could who puts the triggers back afterwards.
func TestVerifyFindsEverySingleByte(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short: it verifies a hundred files")
	}
	original, err := os.ReadFile(evidenceFile(t))
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(3, uint64(*mutations)))
	path := filepath.Join(t.TempDir(), "altered.db")
	for range *mutations {
		if err := os.WriteFile(path, original, 0o600); err != nil {
			t.Fatal(err)
		}
		what := mutate(t, path, mutated[random.IntN(len(mutated))], random)
		if found := verifyFile(t, path); len(found.Problems) == 0 {
			t.Errorf("not found: %s", what)
		}
	}
}

// mutated are the tables whose rows are configurations, answers, headers and records. Of a run only its beginning is evidence.
var mutated = []string{"snapshots", "snapshots", "snapshots", "runs", "scim_live", "scim_live", "scim_history", "sso_live", "sso_history",
	"organization_live", "organization_history", "policies_live", "policies_history", "raw_shapes", "finding_live", "finding_history", "exchange_live",
	"exchange_history", "exchange_times", "failed_findings", "responses", "responses", "organizations"}

// judgementTables are the tables of what findings are judged by.
var judgementTables = []string{"stored_changes", "audit_log_readings", "audit_log_entries", "stored_candidates", "exception_texts", "stored_exceptions",
	"finding_exceptions", "carried_findings"}

// inNoHash are the tables that docs/verification.md says are in no hash.
var inNoHash = []string{"pruned_versions", "schedules"}

func TestEveryTableIsVerifiedOrSaidNotToBe(t *testing.T) {
	_, db := filled(t)
	known := slices.Concat(mutated, judgementTables, inNoHash)
	tables := texts(t, db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%'")
	for _, name := range tables {
		if !slices.Contains(known, name) {
			t.Errorf("nothing tells whether verify finds an altered byte of %s", name)
		}
	}
	doc, err := os.ReadFile("../../docs/verification.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range inNoHash {
		if !slices.Contains(tables, name) || !strings.Contains(string(doc), "`"+name+"`") {
			t.Errorf("docs/verification.md does not say that %s is in no hash, or there is no such table", name)
		}
	}
}

func mutate(t *testing.T, path, table string, random *rand.Rand) (what string) {
	t.Helper()
	withoutTriggers(t, path, table, func(db *sql.DB) { what = mutateRow(t, db, table, random) })
	return what
}

// withoutTriggers lets a table be changed as only somebody can who knows how, and puts its triggers back.
func withoutTriggers(t *testing.T, path, table string, change func(*sql.DB)) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	exec := func(query string, args ...any) {
		if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	triggers := texts(t, db, "SELECT name || char(0) || sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = '"+table+"'")
	for _, trigger := range triggers {
		name, _, _ := strings.Cut(trigger, "\x00")
		exec("DROP TRIGGER " + name)
	}
	exec("PRAGMA ignore_check_constraints = 1")
	change(db)
	for _, trigger := range triggers {
		_, create, _ := strings.Cut(trigger, "\x00")
		exec(create)
	}
}

// mutateRow changes a byte of a text or a blob, or a bit of an integer, of a random column of a random row.
func mutateRow(t *testing.T, db *sql.DB, table string, random *rand.Rand) string {
	t.Helper()
	keys := texts(t, db, "SELECT name FROM pragma_table_info('"+table+"') WHERE pk > 0 ORDER BY pk")
	columns := texts(t, db, "SELECT name FROM pragma_table_info('"+table+"') WHERE name NOT IN ('finished_at', 'outcome', 'error') OR '"+table+"' <> 'runs'")
	for {
		column := columns[random.IntN(len(columns))]
		values := make([]any, len(keys)+1)
		dest := make([]any, len(values))
		for i := range values {
			dest[i] = &values[i]
		}
		query := fmt.Sprintf("SELECT %s, %s FROM %s ORDER BY %s LIMIT 1 OFFSET (SELECT abs(%d) %% count(*) FROM %s)",
			strings.Join(keys, ", "), column, table, strings.Join(keys, ", "), random.Int32(), table)
		if err := db.QueryRowContext(t.Context(), query).Scan(dest...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		cast, changed := changeByte(values[len(keys)], random)
		if changed == nil {
			continue
		}
		if _, err := db.ExecContext(t.Context(), "UPDATE "+table+" SET "+column+" = "+cast+" WHERE "+strings.Join(keys, " = ? AND ")+" = ?",
			append([]any{changed}, values[:len(keys)]...)...); err != nil {
			continue // a key that another row has already: SQLite refuses
		}
		return fmt.Sprintf("%s.%s of row %v", table, column, values[:len(keys)])
	}
}

// changeByte gives how to bind another value; nil when there is nothing to change.
func changeByte(value any, random *rand.Rand) (cast string, changed any) {
	flip := func(b []byte) []byte {
		b[random.IntN(len(b))] ^= byte(1 + random.IntN(255))
		return b
	}
	switch v := value.(type) {
	case int64:
		return "?", v ^ 1<<random.IntN(40)
	case string:
		if v != "" {
			return "CAST(? AS TEXT)", flip([]byte(v))
		}
	case []byte:
		if len(v) > 0 {
			return "?", flip(slices.Clone(v))
		}
	}
	return "", nil
}

// TestVerifyFindsEveryRowThatIsGone takes one row at a time out of every table.
func TestVerifyFindsEveryRowThatIsGone(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short: it verifies a hundred files")
	}
	tables := slices.Compact(slices.Sorted(slices.Values(slices.Concat(mutated, judgementTables))))
	random := rand.New(rand.NewPCG(7, uint64(*mutations)))
	for _, file := range []string{evidenceFile(t), judgedFile(t)} {
		original, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "altered.db")
		for _, table := range tables {
			for range max(1, *mutations/40) {
				if err := os.WriteFile(path, original, 0o600); err != nil {
					t.Fatal(err)
				}
				var gone []string
				withoutTriggers(t, path, table, func(db *sql.DB) {
					keys := strings.Join(texts(t, db, "SELECT name FROM pragma_table_info('"+table+"') WHERE pk > 0 ORDER BY pk"), ", ")
					gone = texts(t, db, fmt.Sprintf("DELETE FROM %s WHERE (%s) = (SELECT %s FROM %s LIMIT 1 OFFSET abs(%d) %% (SELECT max(count(*), 1) FROM %s)) RETURNING %s",
						table, keys, keys, table, random.Int32(), table, strings.ReplaceAll(keys, ", ", " || ' ' || ")))
				})
				if found := verifyFile(t, path); len(gone) > 0 && len(found.Problems) == 0 {
					t.Errorf("%s: nobody misses the row %q", table, gone)
				}
			}
		}
	}
}

func texts(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestVerifyNamesTheRow(t *testing.T) {
	path := evidenceFile(t)
	alter(t, path, "scim_live_no_update", "UPDATE scim_live SET enabled = 0 WHERE name = 'Okta'")
	var subjects []string
	for _, p := range verifyFile(t, path).Problems {
		subjects = append(subjects, fmt.Sprintf("%d %s", p.SnapshotID, p.Subject))
	}
	if want := []string{"6 scim_live row a", "6 content_sha256", "7 content_sha256"}; !slices.Equal(subjects, want) {
		t.Errorf("problems %q, want %q", subjects, want)
	}
}

func TestVerifyFindsATriggerThatIsGone(t *testing.T) {
	path := evidenceFile(t)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "DROP TRIGGER snapshots_no_update"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	problems := verifyFile(t, path).Problems
	if len(problems) != 1 || problems[0].Text != "trigger snapshots_no_update is missing" {
		t.Errorf("problems %+v", problems)
	}
}

// alter runs a statement that a trigger would refuse, and puts the trigger back.
func alter(t *testing.T, path, trigger, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	create := texts(t, db, "SELECT sql FROM sqlite_schema WHERE name = '"+trigger+"'")[0]
	for _, s := range []string{"DROP TRIGGER " + trigger, statement, create} {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// TestThePythonScript runs the script of the documentation, which shares no code with the store.
func TestThePythonScript(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	path := evidenceFile(t)
	script := func() (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		out, err := exec.CommandContext(ctx, python, "../../docs/verify.py", path).CombinedOutput()
		return string(out), err
	}
	if out, err := script(); err != nil || out != "7 snapshots, 0 problems\n" {
		t.Fatalf("%v\n%s", err, out)
	}
	alter(t, path, "finding_live_no_update", "UPDATE finding_live SET severity = 'low'")
	if out, err := script(); err == nil || !strings.Contains(out, "snapshot 7: records_sha256") {
		t.Errorf("an altered finding was not found: %v\n%s", err, out)
	}
}
