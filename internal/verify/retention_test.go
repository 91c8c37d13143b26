package verify_test

import (
	"path/filepath"
	"slices"
	"testing"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/snapshot"
	"scim-auditor/internal/verify"
)

// TestRetentionIsNoForgery prunes nights around failed ones: what verify can no longer do again is
// named, and is no problem.
func TestRetentionIsNoForgery(t *testing.T) {
	acme := simulated("acme", 3)
	h := newHouse(t, filepath.Join(t.TempDir(), "auditor.db"), acme)
	for night := 1; night <= 5; night++ {
		clear(acme.Faults)
		if night == 3 || night == 4 {
			acme.Faults["gitpod.v1.OrganizationService/ListSCIMConfigurations"] = demo.Fault{Code: "permission_denied"}
		}
		h.run()
	}
	h.close()
	for _, before := range []int{3, 4} {
		path := copyFile(t, h.path)
		store, err := snapshot.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Prune(t.Context(), snapshot.Retention{Before: demo.Night(before)}, demo.Night(10), false); err != nil {
			t.Fatal(err)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		found := verifyAgain(t, path, "", toolVersion)
		expectNoProblem(t, found)
		if !slices.ContainsFunc(found.Again.NotDone, func(n verify.NotDone) bool {
			return n.Reason == "retention removed since when its findings are open"
		}) {
			t.Errorf("pruned before night %d: not done again: %+v", before, found.Again.NotDone)
		}
	}
}

// TestVerifyRunsNothingThatTheFileNames gives a view a name that is a statement.
func TestVerifyRunsNothingThatTheFileNames(t *testing.T) {
	h := newHouse(t, filepath.Join(t.TempDir(), "auditor.db"), simulated("acme", 1))
	h.run()
	h.close()
	db := openRaw(t, h.path)
	if _, err := db.ExecContext(t.Context(),
		`CREATE VIEW "runs; ROLLBACK; PRAGMA query_only=0; CREATE TABLE forged(x); SELECT 1; --" AS SELECT 1`); err != nil {
		t.Fatal(err)
	}
	verifyAgain(t, h.path, "", toolVersion)
	if tables := queryTexts(t, db, "SELECT name FROM sqlite_schema WHERE name = 'forged'"); len(tables) > 0 {
		t.Error("verify wrote a table into the database")
	}
}

// TestTheScriptReadsTablesAndNoViews alters a change, and lets the view show the original header.
func TestTheScriptReadsTablesAndNoViews(t *testing.T) {
	acme := simulated("acme", 3)
	h := newHouse(t, filepath.Join(t.TempDir(), "auditor.db"), acme)
	h.run()
	acme.SCIM[0]["enabled"] = false
	h.run()
	h.close()
	f := &forger{t, openRaw(t, h.path)}
	links := queryTexts(t, f.db, "SELECT chain_sha256 FROM ledger ORDER BY number")
	f.exec("CREATE TABLE original AS SELECT * FROM snapshots")
	for _, name := range queryTexts(t, f.db, "SELECT name FROM sqlite_schema WHERE type = 'trigger'") {
		f.exec("DROP TRIGGER " + name)
	}
	f.exec("UPDATE stored_changes SET severity = 'info'")
	for _, s := range f.rows("SELECT * FROM stored_snapshots") {
		f.snapshot(s)
	}
	for i, link := range links {
		f.exec("UPDATE ledger SET chain_sha256 = ? WHERE number = ?", link, i+1)
	}
	f.exec("DROP VIEW snapshots")
	f.exec("CREATE VIEW snapshots AS SELECT * FROM original")
	if err := f.db.Close(); err != nil {
		t.Fatal(err)
	}
	if out, err := runScript(t, h.path); err == nil {
		t.Errorf("the script accepts a view in the place of the headers: %s", out)
	}
}
