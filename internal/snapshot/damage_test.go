package snapshot_test

import (
	"database/sql"
	"errors"
	"strings"
	"testing"

	"scim-auditor/internal/snapshot"
)

// A night that is compared with less or more than was stored would tell of additions and removals that never were.
func TestABaselineThatIsNotWhatWasStoredIsNotComparedWith(t *testing.T) {
	for name, c := range map[string]struct{ table, statement, want string }{
		"a SCIM configuration less": {"scim_live", "DELETE FROM scim_live WHERE id = 'a'", "0 SCIM configurations of snapshot 7 are there, its header says 1"},
		"an SSO configuration less": {"sso_live", "DELETE FROM sso_live", "0 SSO configurations of snapshot 7 are there, its header says 1"},
		"one that is there twice": {"scim_history", `UPDATE scim_history SET id = 'a', valid_to = 99
			WHERE id || valid_to = (SELECT id || valid_to FROM scim_history ORDER BY id, valid_to LIMIT 1)`, "row a is there twice in snapshot 7"},
	} {
		t.Run(name, func(t *testing.T) {
			path := evidenceFile(t)
			withoutTriggers(t, path, c.table, func(db *sql.DB) {
				result, err := db.ExecContext(t.Context(), c.statement)
				if err != nil {
					t.Fatal(err)
				}
				if n, err := result.RowsAffected(); n != 1 || err != nil {
					t.Fatalf("%d rows changed (error %v)", n, err)
				}
			})
			store, err := snapshot.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = store.Close() }()
			_, _, err = store.Baseline(t.Context(), acme)
			if !errors.Is(err, snapshot.ErrDamaged) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}
