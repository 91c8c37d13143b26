package snapshot_test

import (
	"database/sql"
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"scim-auditor/internal/snapshot"
)

// The program bench runs these and prints what becomes of them beside the bounds.

// BenchmarkFirstStore stores the first night of an organization, beside the sqlite3 program's import of the same rows from a CSV file.
func BenchmarkFirstStore(b *testing.B) {
	c := newCompany(100_000)
	b.Run("auditor", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			path := filepath.Join(b.TempDir(), "auditor.db")
			store := openBench(b, path)
			b.StartTimer()
			c.storeBare(b, store, night(1))
			b.StopTimer()
			closeBench(b, store)
			b.StartTimer()
		}
	})
	b.Run("import", func(b *testing.B) {
		file := c.writeCSV(b)
		for b.Loop() {
			importCSV(b, file, filepath.Join(b.TempDir(), "import.db"))
		}
	})
}

// BenchmarkReadNight reads a night in the middle of many through the view, beside a table that holds a full copy of that night.
func BenchmarkReadNight(b *testing.B) {
	const size, stored = 10_000, 60
	path := filepath.Join(b.TempDir(), "auditor.db")
	store := openBench(b, path)
	c := newCompany(size)
	for n := range stored {
		c.storeBare(b, store, night(n+1))
		c.age()
	}
	closeBench(b, store)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	const columns = "id, name, enabled, sso_configuration_id, token_expires_at, created_at, updated_at"
	if _, err := db.ExecContext(b.Context(), "CREATE TABLE full_copy (snapshot_id INTEGER, id TEXT, name TEXT, enabled INTEGER, sso_configuration_id TEXT, token_expires_at TEXT, created_at TEXT, updated_at TEXT, raw TEXT, PRIMARY KEY (snapshot_id, id)) WITHOUT ROWID;"+
		"INSERT INTO full_copy SELECT snapshot_id, "+columns+", raw FROM scim_configurations WHERE snapshot_id BETWEEN 20 AND 40"); err != nil {
		b.Fatal(err)
	}
	for name, from := range map[string]string{"auditor": "scim_configurations", "full_copy": "full_copy"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if n := readRows(b, db, "SELECT "+columns+" FROM "+from+" WHERE snapshot_id = 30 ORDER BY id"); n != size {
					b.Fatalf("%d rows", n)
				}
			}
		})
	}
	b.Run("history_of_one", func(b *testing.B) {
		for b.Loop() {
			if n := readRows(b, db, "SELECT * FROM scim_configuration_history WHERE organization_id = '"+acme+"' AND id = '"+c.scim[77].ID+"'"); n == 0 {
				b.Fatal("no rows")
			}
		}
	})
}

func readRows(b *testing.B, db *sql.DB, query string) (n int) {
	b.Helper()
	rows, err := db.QueryContext(b.Context(), query)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		b.Fatal(err)
	}
	values := make([]sql.RawBytes, len(columns))
	dest := make([]any, len(columns))
	for i := range values {
		dest[i] = &values[i]
	}
	for ; rows.Next(); n++ {
		if err := rows.Scan(dest...); err != nil {
			b.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return n
}

func openBench(b *testing.B, path string) *snapshot.Store {
	b.Helper()
	store, err := snapshot.Open(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	return store
}

func closeBench(b *testing.B, store *snapshot.Store) {
	b.Helper()
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
}

// storeBare stores a night without answers and findings: configurations alone, as the programs beside it do.
func (c *company) storeBare(b *testing.B, store *snapshot.Store, takenAt time.Time) {
	b.Helper()
	runID, err := store.BeginRun(b.Context(), snapshot.Run{StartedAt: takenAt, Trigger: "manual", ToolVersion: "bench", Host: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	baseline, _, err := store.Baseline(b.Context(), acme)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := store.SaveComplete(b.Context(), snapshot.Collected{
		Snapshot:  snapshot.Snapshot{RunID: runID, Source: "acme", OrganizationID: acme, BaseURL: "https://x/api", TakenAt: takenAt},
		Baseline:  baseline,
		Inventory: inventory(c.scim...),
	}); err != nil {
		b.Fatal(err)
	}
}

func (c *company) writeCSV(b *testing.B) string {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "rows.csv"))
	if err != nil {
		b.Fatal(err)
	}
	w := csv.NewWriter(f)
	for _, s := range c.scim {
		if err := w.Write([]string{s.ID, s.OrganizationID, s.Name, strconv.FormatBool(s.Enabled), s.SSOConfigurationID, s.CreatedAt.Format(time.RFC3339Nano),
			s.UpdatedAt.Format(time.RFC3339Nano), s.TokenExpiresAt.Format(time.RFC3339Nano), string(s.Raw)}); err != nil {
			b.Fatal(err)
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	return f.Name()
}

// importCSV is what a person would do: a table with a key, in WAL mode with the same care for the disk, and .import.
func importCSV(b *testing.B, file, database string) {
	b.Helper()
	program, err := exec.LookPath("sqlite3")
	if err != nil {
		b.Skip("sqlite3 is not installed")
	}
	_ = os.Remove(database)
	c := exec.CommandContext(b.Context(), program, "-bail", database)
	c.Stdin = strings.NewReader(fmt.Sprintf(`PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE scim (id TEXT PRIMARY KEY, organization_id TEXT, name TEXT, enabled TEXT, sso TEXT, created_at TEXT, updated_at TEXT, token_expires_at TEXT, raw TEXT) WITHOUT ROWID;
.mode csv
.import %q scim
`, file))
	if out, err := c.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
}
