package verify_test

import (
	"database/sql"
	"strings"
	"testing"

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/snapshot"
	"scim-auditor/internal/verify"
)

// linkAgain recomputes every link of the ledger, as somebody does who altered a fact.
func linkAgain(t *testing.T, path string) {
	t.Helper()
	store, err := snapshot.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := store.Reader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	facts := make(map[int64]snapshot.Row)
	for _, kind := range snapshot.FactKinds() {
		if err := rows.Each(t.Context(), snapshot.Links(kind), func(row snapshot.Row) { facts[row.Int("number")] = row }); err != nil {
			t.Fatal(err)
		}
	}
	rows.Close()
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	withoutTriggers(t, path, "ledger", func(db *sql.DB) {
		chain := ""
		for number := range int64(len(facts)) {
			fact := facts[number+1]
			chain = evidence.Link(chain, fact.Form, fact.Record)
			if _, err := db.ExecContext(t.Context(), "UPDATE ledger SET chain_sha256 = ? WHERE number = ?", chain, number+1); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// verifyHeads verifies a file and these heads.
func verifyHeads(t *testing.T, path string, heads ...evidence.Head) *verify.Result {
	t.Helper()
	store, err := snapshot.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	found, err := verify.Database(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	if err := found.AddHeads(t.Context(), store, heads); err != nil {
		t.Fatal(err)
	}
	return found
}

// headsOf returns the heads of all runs that have ended, oldest first.
func headsOf(t *testing.T, path string) (heads []evidence.Head) {
	t.Helper()
	for _, line := range texts(t, path, "SELECT head FROM heads ORDER BY run_id") {
		head, err := evidence.ParseHead(line)
		if err != nil {
			t.Fatal(err)
		}
		heads = append(heads, head)
	}
	return heads
}

// TestAHeadFindsAHistoryThatWasForgedWithAllLinks alters facts and recomputes every link. The file
// then contradicts itself nowhere; a head that was kept elsewhere contradicts it.
func TestAHeadFindsAHistoryThatWasForgedWithAllLinks(t *testing.T) {
	original := evidenceFile(t)
	heads := headsOf(t, original)
	newest := heads[len(heads)-1]
	if found := verifyHeads(t, original, heads...); len(found.Problems) > 0 || len(found.Heads) != len(heads) {
		t.Fatalf("%v", found.Problems)
	}
	for name, c := range map[string]struct{ table, statement string }{
		"a schedule":      {"schedules", "UPDATE schedules SET expression = '0 3 * * *' WHERE id = 1"},
		"a run's start":   {"run_starts", "UPDATE run_starts SET host = 'elsewhere' WHERE id = 2"},
		"a run's end":     {"run_ends", "UPDATE run_ends SET finished_at = '2026-01-02T02:00:09Z' WHERE run_id = 2"},
		"the database id": {"databases", "UPDATE databases SET database_id = '" + strings.Repeat("0a", 16) + "'"},
	} {
		path := copyFile(t, original)
		alter(t, path, c.table, c.statement)
		linkAgain(t, path)
		expectNoProblem(t, verifyFile(t, path))
		found := verifyHeads(t, path, newest)
		if len(found.Problems) != 1 || found.Heads[0].Contained {
			t.Errorf("%s: %v", name, found.Problems)
		}
	}
}

// A link proves what was before it only if every link can be recomputed.
func TestAHeadIsNotContainedInADamagedLedger(t *testing.T) {
	path := copyFile(t, evidenceFile(t))
	heads := headsOf(t, path)
	alter(t, path, "schedules", "UPDATE schedules SET expression = 'none' WHERE id = 1")
	found := verifyHeads(t, path, heads[len(heads)-1])
	if found.Heads[0].Contained || !strings.Contains(found.Heads[0].Reason, "the ledger has the link, but also has problems") {
		t.Errorf("%+v", found.Heads[0])
	}
}
