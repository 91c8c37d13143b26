package export_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/export"
	"scim-auditor/internal/snapshot"
)

// TestAnExportHasTheRowsOfEveryView compares every view of the demo's nights with its files, in which the types of
// columns are those of Parquet. A new view or column is compared without a change here.
func TestAnExportHasTheRowsOfEveryView(t *testing.T) {
	path := story(t, nil)
	all := views(t, path)
	if len(all) < 20 {
		t.Fatalf("%d views", len(all))
	}
	expectTypes(t, path)
	for _, partition := range []export.Partition{export.ByDay, export.ByMonth} {
		t.Run(string(partition), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "export")
			exportTo(t, path, dir, export.Options{Partition: partition})
			for _, v := range all {
				want := stored(t, path, v)
				if d := cmp.Diff(want, exported(t, dir, v.Name)); d != "" {
					t.Errorf("%s (-database +export):\n%s", v.Name, d)
				}
				if len(want) == 0 && v.Name != "carried_findings" {
					t.Errorf("the story has no rows of %s", v.Name)
				}
			}
			expectManifest(t, dir)
		})
	}
}

// expectTypes finds a column of times or flags whose comment does not say what it holds.
func expectTypes(t *testing.T, path string) {
	t.Helper()
	flags := make(map[string]bool)
	for _, v := range views(t, path) {
		times, others := make(map[string]bool), make(map[string]bool)
		for _, row := range stored(t, path, v) {
			for field := range strings.SplitSeq(row, ", ") {
				name, value, _ := strings.Cut(field, " text ")
				_, err := time.Parse(time.RFC3339Nano, value)
				times[name], others[name] = times[name] || err == nil, others[name] || err != nil
			}
		}
		for name := range times {
			if times[name] && !others[name] {
				t.Errorf("%s.%s is text and holds times: its comment in migrations/ must say RFC 3339", v.Name, name)
			}
		}
		for _, c := range v.Columns {
			flags[v.Name+"."+c.Name] = c.Type == snapshot.FlagColumn
		}
	}
	for _, name := range []string{"scim_configurations.enabled", "scim_configurations.allow_unverified_email_account_linking",
		"current_scim_configurations.enabled", "exceptions.in_force", "snapshots.scim_final_token_empty", "reviews.approved",
		"organization_policies.restrict_account_creation_to_scim"} {
		if !flags[name] {
			t.Errorf("%s is not exported as a boolean", name)
		}
	}
}

// TestAnExportAfterEveryNightIsOneExport exports after each night. Files that have a night stay as they are.
func TestAnExportAfterEveryNightIsOneExport(t *testing.T) {
	for _, partition := range []export.Partition{export.ByDay, export.ByMonth} {
		t.Run(string(partition), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "export")
			path := filepath.Join(t.TempDir(), "auditor.db")
			f, last := newFleet("Acme", 5, time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)), time.Date(2026, 11, 2, 2, 0, 0, 0, time.UTC)
			before := make(map[string]string)
			for night := range 5 { // over the end of a month
				storeFleet(t.Context(), t, path, f, last.AddDate(0, 0, night-4), 1)
				if r := exportTo(t, path, dir, export.Options{Partition: partition}); r.Nights != 1 || r.Earlier != night {
					t.Errorf("night %d: %+v", night, r)
				}
				sums := expectManifest(t, dir)
				for file, sum := range before {
					if strings.Contains(file, "taken_date=") && sums[file] != sum {
						t.Errorf("night %d: %s was written again", night, file)
					}
				}
				before = sums
			}
			for _, v := range views(t, path) {
				if d := cmp.Diff(stored(t, path, v), exported(t, dir, v.Name)); d != "" {
					t.Errorf("%s (-database +export):\n%s", v.Name, d)
				}
			}
			if r := exportTo(t, path, dir, export.Options{}); r.Nights != 0 || r.Files != 0 {
				t.Errorf("an export with nothing new: %+v", r)
			}
		})
	}
}

// expectManifest compares every file of an export with the manifest, and returns their hashes.
func expectManifest(t *testing.T, dir string) map[string]string {
	t.Helper()
	sums := make(map[string]string)
	for _, path := range must(filepath.Glob(filepath.Join(dir, "_manifest", "*.json")))(t) {
		var m struct {
			Head  string
			Files []struct {
				Path   string
				Rows   int
				SHA256 string
			}
		}
		if err := json.Unmarshal(must(os.ReadFile(path))(t), &m); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(m.Head, "auditor head v1 ") {
			t.Errorf("%s has the head %q", path, m.Head)
		}
		for _, f := range m.Files {
			sums[f.Path] = f.SHA256
			if n := len(rowsOf(t, filepath.Join(dir, f.Path))); n != f.Rows {
				t.Errorf("%s has %d rows, the manifest says %d", f.Path, n, f.Rows)
			}
		}
	}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		name := filepath.ToSlash(strings.TrimPrefix(path, dir+string(filepath.Separator)))
		if err == nil && entry.Type().IsRegular() && !strings.HasPrefix(name, "_manifest/") && sums[name] == "" {
			t.Errorf("the manifest does not list %s", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

// TestRetentionTakesNothingFromAnExport prunes after an export. What was exported stays; what is pruned before it is
// exported has only its rows in snapshots and changes.
func TestRetentionTakesNothingFromAnExport(t *testing.T) {
	dir, late := filepath.Join(t.TempDir(), "export"), filepath.Join(t.TempDir(), "late")
	path := filepath.Join(t.TempDir(), "auditor.db")
	f, last := newFleet("Acme", 3, time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)), time.Date(2026, 11, 20, 2, 0, 0, 0, time.UTC)
	storeFleet(t.Context(), t, path, f, last, 6)
	exportTo(t, path, dir, export.Options{})
	before := make(map[string][]string)
	for _, v := range views(t, path) {
		before[v.Name] = stored(t, path, v)
	}
	store := must(snapshot.Open(t.Context(), path))(t)
	_ = must(store.Prune(t.Context(), snapshot.Retention{KeepLast: 2}, last.Add(time.Hour), false))(t)
	closeStore(t, store)
	exportTo(t, path, dir, export.Options{})
	exportTo(t, path, late, export.Options{})
	for _, v := range views(t, path) {
		if v.ByNight {
			if d := cmp.Diff(before[v.Name], exported(t, dir, v.Name)); d != "" {
				t.Errorf("%s after the prune (-before +after):\n%s", v.Name, d)
			}
		}
		if d := cmp.Diff(stored(t, path, v), exported(t, late, v.Name)); d != "" {
			t.Errorf("%s, exported after the prune (-database +export):\n%s", v.Name, d)
		}
	}
}

func TestAnExportIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auditor.db")
	f, last := newFleet("Acme", 2, time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)), time.Date(2026, 11, 20, 2, 0, 0, 0, time.UTC)
	storeFleet(t.Context(), t, path, f, last, 4)
	older := filepath.Join(t.TempDir(), "older.db")
	if err := snapshot.Backup(t.Context(), path, older); err != nil {
		t.Fatal(err)
	}
	storeFleet(t.Context(), t, path, f, last.AddDate(0, 0, 1), 1)
	day := func(n int) time.Time { return time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC) }
	dir := filepath.Join(t.TempDir(), "export")
	exportTo(t, path, dir, export.Options{Since: day(19)})
	storeFleet(t.Context(), t, path, f, last.AddDate(0, 0, 2), 2)
	before := expectManifest(t, dir)

	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "photo.jpg"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path, dir string
		options   export.Options
		want      error
		text      string
	}{
		"a folder with other files": {path, other, export.Options{}, export.ErrNotExport, ""},
		"another partition":         {path, dir, export.Options{Partition: export.ByDay}, export.ErrPartition, "--partition month"},
		"an older copy":             {older, dir, export.Options{}, export.ErrOldCopy, "the ledger ends with the link"},
		"nights before the first":   {path, dir, export.Options{Since: day(18)}, export.ErrSince, "run 2 of 2026-11-18 is before run 3"},
		"a gap":                     {path, dir, export.Options{Since: day(23)}, export.ErrSince, "run 6 of 2026-11-21 would be left out"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tryExport(t.Context(), c.path, c.dir, c.options)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%v", err)
			}
		})
	}
	if d := cmp.Diff(before, expectManifest(t, dir)); d != "" {
		t.Errorf("a refused export changed the folder:\n%s", d)
	}
	if r := exportTo(t, path, dir, export.Options{Since: day(19)}); r.Nights != 2 || r.Earlier != 3 {
		t.Errorf("%+v", r)
	}
}

// TestTheFirstExportCanBeInterrupted removes the manifest, as if the export had been killed before it wrote it.
func TestTheFirstExportCanBeInterrupted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auditor.db")
	f, last := newFleet("Acme", 2, time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)), time.Date(2026, 11, 20, 2, 0, 0, 0, time.UTC)
	storeFleet(t.Context(), t, path, f, last, 4)
	for name, o := range map[string]export.Options{
		"another partition": {Partition: export.ByDay}, "another start": {Since: last.AddDate(0, 0, -1)},
	} {
		t.Run(name, func(t *testing.T) {
			dir, whole := filepath.Join(t.TempDir(), "export"), filepath.Join(t.TempDir(), "export")
			exportTo(t, path, dir, export.Options{})
			for _, manifest := range must(filepath.Glob(filepath.Join(dir, "_manifest", "*.json")))(t) {
				if err := os.Remove(manifest); err != nil {
					t.Fatal(err)
				}
			}
			exportTo(t, path, dir, o)
			exportTo(t, path, whole, o)
			if d := cmp.Diff(expectManifest(t, whole), expectManifest(t, dir)); d != "" {
				t.Errorf("(-whole +interrupted):\n%s", d)
			}
			for _, v := range views(t, path) {
				if d := cmp.Diff(exported(t, whole, v.Name), exported(t, dir, v.Name)); d != "" {
					t.Errorf("%s (-whole +interrupted):\n%s", v.Name, d)
				}
			}
		})
	}
}

// TestARunInProgressIsExportedOnceItHasEnded also shows that a later run of the same month has a file of its own.
func TestARunInProgressIsExportedOnceItHasEnded(t *testing.T) {
	dir, path := filepath.Join(t.TempDir(), "export"), filepath.Join(t.TempDir(), "auditor.db")
	f, at := newFleet("Acme", 2, time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)), time.Date(2026, 11, 20, 2, 0, 0, 0, time.UTC)
	storeFleet(t.Context(), t, path, f, at, 1)
	exportTo(t, path, dir, export.Options{})
	store := must(snapshot.Open(t.Context(), path))(t)
	run := must(store.BeginRun(t.Context(), snapshot.Run{StartedAt: at.Add(time.Hour), Trigger: "manual", ToolVersion: "test", Host: "host"}))(t)
	f.storeOne(t, store, f.header(0, run, 1, at.Add(time.Hour)), f.organizations[0])
	if r := exportTo(t, path, dir, export.Options{}); r.Nights != 0 {
		t.Errorf("a run in progress was exported: %+v", r)
	}
	if err := store.FinishRun(t.Context(), run, at.Add(2*time.Hour), snapshot.Complete, ""); err != nil {
		t.Fatal(err)
	}
	closeStore(t, store)
	if r := exportTo(t, path, dir, export.Options{}); r.Nights != 1 {
		t.Errorf("%+v", r)
	}
	files := must(filepath.Glob(filepath.Join(dir, "view=snapshots", "taken_date=2026-11", "database=*.parquet")))(t)
	if len(files) != 2 || !strings.HasSuffix(files[0], "-run-2.parquet") {
		t.Errorf("%v", files)
	}
	for _, v := range views(t, path) {
		if d := cmp.Diff(stored(t, path, v), exported(t, dir, v.Name)); d != "" {
			t.Errorf("%s (-database +export):\n%s", v.Name, d)
		}
	}
}

// TestRowsOfOneThingAreNeighbours shows what makes the file of a month small: although the organizations change, each
// finding and each configuration is in one run of rows, from the first to the last night.
func TestRowsOfOneThingAreNeighbours(t *testing.T) {
	dir, path := filepath.Join(t.TempDir(), "export"), filepath.Join(t.TempDir(), "auditor.db")
	f := newFleet("Acme", 10, time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC))
	f.changing = 50
	storeFleet(t.Context(), t, path, f, time.Date(2026, 11, 20, 2, 0, 0, 0, time.UTC), 12)
	exportTo(t, path, dir, export.Options{})
	for view, column := range map[string]string{"findings": "fingerprint", "scim_configurations": "id"} {
		files := must(filepath.Glob(filepath.Join(dir, "view="+view, "taken_date=2026-11", "database=*.parquet")))(t)
		if len(files) != 1 {
			t.Fatalf("%s has the files %q", view, files)
		}
		ended, last := make(map[string]bool), ""
		for _, row := range rowsOf(t, files[0]) {
			_, rest, _ := strings.Cut(row, ", "+column+" text ")
			value, _, _ := strings.Cut(rest, ",")
			if value == last {
				continue
			}
			if ended[value] || value == "" {
				t.Errorf("%s %q of %s is in two runs of rows", column, value, view)
			}
			ended[last], last = true, value
		}
		if len(ended) < 20 {
			t.Errorf("%s has only %d", view, len(ended))
		}
	}
}

// TestAColumnOfAnotherFormIsDamage alters a value as only somebody who removes triggers can.
func TestAColumnOfAnotherFormIsDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auditor.db")
	storeFleet(t.Context(), t, path, newFleet("Acme", 1, time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)), time.Date(2026, 11, 20, 2, 0, 0, 0, time.UTC), 1)
	db := must(sql.Open("sqlite", path))(t)
	for _, statement := range []string{"DROP TRIGGER scim_versions_no_update", "UPDATE scim_versions SET token_expires_at = 'soon'"} {
		_ = must(db.ExecContext(t.Context(), statement))(t)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := tryExport(t.Context(), path, filepath.Join(t.TempDir(), "export"), export.Options{})
	if !errors.Is(err, snapshot.ErrDamaged) || !strings.Contains(err.Error(), "column token_expires_at: soon") {
		t.Errorf("%v", err)
	}
}
