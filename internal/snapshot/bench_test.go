package snapshot_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"scim-auditor/internal/snapshot"
)

// BenchmarkNight is every call of the store for a night of an organization of 3 configurations, after 10 and
// after 3,650 nights, with the size of the file for each night before.
func BenchmarkNight(b *testing.B) {
	for _, stored := range []int{10, 3650} {
		b.Run(strconv.Itoa(stored), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "auditor.db")
			store := openBench(b, path)
			defer closeBench(b, store)
			if err := store.SetSchedule(b.Context(), snapshot.ScheduleChange{Expression: "0 2 * * *"}, night(1)); err != nil {
				b.Fatal(err)
			}
			c := newCompany(3)
			for n := range stored {
				if n%10 == 0 {
					c.age()
				}
				c.store(b, store, night(n+1))
			}
			info, err := os.Stat(path)
			if err != nil {
				b.Fatal(err)
			}
			n := stored
			for b.Loop() {
				n++
				readForNight(b, store, c.store(b, store, night(n)))
			}
			b.ReportMetric(float64(info.Size())/float64(stored), "bytes/night")
		})
	}
}

// readForNight reads what the rules and the report of a night read.
func readForNight(b *testing.B, store *snapshot.Store, h snapshot.Snapshot) {
	b.Helper()
	ctx := b.Context()
	since := h.TakenAt.AddDate(0, 0, -90)
	var errs []error
	read := func(err error) { errs = append(errs, err) }
	_, _, err := store.Pinned(ctx, h.Source, 0)
	read(err)
	_, _, err = store.Baseline(ctx, acme)
	read(err)
	_, err = store.SeenBefore(ctx, h)
	read(err)
	_, err = store.ExpirySince(ctx, acme, h.TakenAt)
	read(err)
	_, err = store.Nights(ctx, since, 0, h.TakenAt, 0)
	read(err)
	_, err = store.Runs(ctx, h.RunID, 90)
	read(err)
	_, err = store.Totals(ctx, h.RunID-30, h.RunID)
	read(err)
	_, err = store.Timeline(ctx, acme, since, h.ID)
	read(err)
	_, err = store.Shown(ctx, h)
	read(err)
	_, err = store.Findings(ctx, h.ID)
	read(err)
	_, err = store.Changes(ctx, h.ID)
	read(err)
	_, err = store.Exchanges(ctx, h.ID)
	read(err)
	_, _, _, err = store.CountRows(ctx, h.ID)
	read(err)
	if err := errors.Join(errs...); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkFirstStore stores the first night of an organization.
func BenchmarkFirstStore(b *testing.B) {
	c := newCompany(10_000)
	for b.Loop() {
		b.StopTimer()
		store := openBench(b, filepath.Join(b.TempDir(), "auditor.db"))
		b.StartTimer()
		c.storeBare(b, store, night(1))
		b.StopTimer()
		closeBench(b, store)
		b.StartTimer()
	}
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

// storeBare stores a night without answers and findings.
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
