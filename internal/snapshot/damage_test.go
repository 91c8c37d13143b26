package snapshot_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

// A night that is compared with less or more than was stored would tell of additions and removals that never were.
func TestABaselineThatIsNotWhatWasStoredIsNotComparedWith(t *testing.T) {
	for name, c := range map[string]struct{ table, statement, want string }{
		"a SCIM configuration less": {
			"scim_versions", "DELETE FROM scim_versions WHERE id = 'a'",
			"the database has 0 SCIM configurations of snapshot 7, but its header counts 1",
		},
		"an SSO configuration less": {
			"sso_versions", "DELETE FROM sso_versions WHERE valid_to IS NULL",
			"the database has 0 SSO configurations of snapshot 7, but its header counts 1",
		},
		"one that is there twice": {
			"scim_versions", `UPDATE scim_versions SET id = 'a', valid_to = NULL
			WHERE id || valid_from = (SELECT id || valid_from FROM scim_versions ORDER BY id, valid_from LIMIT 1)`,
			"the row a occurs twice in scim_versions",
		},
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

// The operator is told what to do about a damaged file only where the error says that it is one, also when half of the rows are read by then.
func TestEachDamagedPageIsToldAsDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auditor.db")
	store, err := snapshot.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	var all []ona.SCIMConfiguration
	for i := range 200 {
		all = append(all, scim(fmt.Sprintf("%03d", i), strings.Repeat("a long name ", 40)))
	}
	header := save(t, store, night(1), inventory(all...))
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const pageSize = 4096
	told := 0
	for page := 1; page < len(sound)/pageSize; page++ {
		damaged := slices.Clone(sound)
		clear(damaged[page*pageSize : (page+1)*pageSize])
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		err := readInventory(t, path, header)
		if err == nil || !strings.Contains(err.Error(), "malformed") {
			continue // the page has nothing of it
		}
		if told++; !errors.Is(err, snapshot.ErrDamaged) {
			t.Errorf("page %d: %v", page+1, err)
		}
	}
	if told < 10 {
		t.Errorf("%d damaged pages were met", told)
	}
}

func readInventory(t *testing.T, path string, header snapshot.Snapshot) error {
	t.Helper()
	store, err := snapshot.Open(t.Context(), path)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	_, err = store.Inventory(t.Context(), header)
	return err
}
