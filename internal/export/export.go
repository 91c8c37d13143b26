// Package export writes the stable interface of a database as Parquet files, for DuckDB, Spark,
// Trino and the like. docs/fleet.md describes the folder.
package export

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"scim-auditor/internal/durable"
	"scim-auditor/internal/evidence"
	"scim-auditor/internal/snapshot"
)

// Options says how to export.
type Options struct {
	Partition Partition // empty for that of the folder, or ByMonth in a new one
	Since     time.Time // the first instant of which nights are exported; the zero time for all
	Version   string    // of auditor
}

// Partition is the length of time in one partition.
type Partition string

// The lengths of partitions.
const (
	ByDay   Partition = "day"   // taken_date=2026-11-26
	ByMonth Partition = "month" // taken_date=2026-11
	ByYear  Partition = "year"  // taken_date=2026
)

// of returns the value of taken_date for an instant.
func (p Partition) of(at time.Time) string {
	switch p {
	case ByYear:
		return at.UTC().Format("2006")
	case ByMonth:
		return at.UTC().Format("2006-01")
	}
	return at.UTC().Format(time.DateOnly)
}

// Errors of a folder that cannot be used.
var (
	ErrNotExport = errors.New("the folder is not empty and has no export of auditor")
	ErrLocked    = errors.New("another export of this database is writing to the folder")
	ErrPartition = errors.New("the folder has another partition")
	ErrSchema    = errors.New("the folder has an export of another version of the database")
	ErrOldCopy   = errors.New("the folder has an export of a history that this database does not have")
	ErrSince     = errors.New("the start does not fit the nights that are already exported")
)

// Result says what an export wrote.
type Result struct {
	Head    evidence.Head // of the last run that is exported; the zero Head if there is none
	Nights  int           // runs that were exported now
	Earlier int           // runs that were exported before
	Files   int           // written now
	Rows    int64         // in the files that were written now
}

// Database adds what is new in a database to an export folder, which it creates if it does not
// exist. A run is exported once, after it has ended. Each file appears whole or not at all; the
// manifest lists it once it and its name are on the disk.
func Database(ctx context.Context, store *snapshot.Store, dir string, o Options) (result Result, err error) {
	id, err := store.DatabaseID(ctx)
	if err != nil {
		return result, err
	}
	unlock, err := open(dir, id)
	if err != nil {
		return result, fmt.Errorf("export folder %s: %w", dir, err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	e := &exporter{dir: dir, options: o, written: &Result{}}
	if e.manifest, err = readManifest(dir, id, o.Partition); err != nil {
		return result, fmt.Errorf("export folder %s: %w", dir, err)
	}
	runs, err := e.newRuns(ctx, store)
	if err == nil {
		err = e.removeUnlisted()
	}
	if err == nil {
		err = errors.Join(e.export(ctx, store, runs), e.removePartials())
	}
	return *e.written, err
}

// open makes the folder and locks it for a database.
func open(dir, id string) (unlock func() error, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	isManifest := func(e os.DirEntry) bool { return e.Name() == manifestFolder && e.IsDir() }
	if len(entries) > 0 && !slices.ContainsFunc(entries, isManifest) {
		return nil, ErrNotExport
	}
	if err := durable.MkdirAll(filepath.Join(dir, manifestFolder), 0o700); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(dir, manifestFolder, "database="+id+".lock"), flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err == nil && !locked {
		err = ErrLocked
	}
	return lock.Unlock, err
}

type exporter struct {
	dir      string
	options  Options
	manifest *manifest
	written  *Result
	reader   *snapshot.Reader
	views    []snapshot.View
	nights   *snapshot.Nights
	// What was written since the last commit: the temporary files, those of them that get a name,
	// with that name, and the folders whose names may not be on the disk yet.
	partials []string
	renames  [][2]string
	unsynced map[string]bool
}

// newRuns returns the runs to export, after it has checked that the export and the database have
// one history.
func (e *exporter) newRuns(ctx context.Context, store *snapshot.Store) ([]snapshot.EndedRun, error) {
	m := e.manifest
	if m.Head != "" {
		head, err := evidence.ParseHead(m.Head)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.manifestPath(), err)
		}
		reason, err := store.Lacks(ctx, head)
		if err != nil {
			return nil, err
		}
		if reason != "" {
			return nil, fmt.Errorf("%w: it goes up to run %d (%s); in the database, %s",
				ErrOldCopy, head.Run, m.Head, reason)
		}
	}
	all, err := store.EndedRuns(ctx)
	if err != nil {
		return nil, err
	}
	begin := slices.IndexFunc(all, func(r snapshot.EndedRun) bool { return !r.StartedAt.Before(e.options.Since) })
	if begin < 0 {
		begin = len(all)
	}
	exported := slices.IndexFunc(all, func(r snapshot.EndedRun) bool { return r.ID > m.LastRun })
	if exported < 0 {
		exported = len(all)
	}
	switch {
	case m.LastRun == 0:
		return all[begin:], nil
	case e.options.Since.IsZero():
	case begin < len(all) && all[begin].ID < m.FirstRun:
		return nil, fmt.Errorf("%w: run %d of %s is before run %d, with which the export begins", ErrSince,
			all[begin].ID, all[begin].StartedAt.Format(time.DateOnly), m.FirstRun)
	case begin > exported:
		return nil, fmt.Errorf("%w: the export ends with run %d, and run %d of %s would be left out", ErrSince,
			m.LastRun, all[exported].ID, all[exported].StartedAt.Format(time.DateOnly))
	}
	e.written.Earlier = exported - slices.IndexFunc(all, func(r snapshot.EndedRun) bool { return r.ID >= m.FirstRun })
	return all[exported:], nil
}

// nightsPerCommit limits the work that is done again after an export was interrupted. A longer
// partition is done again as a whole.
const nightsPerCommit = 31

func (e *exporter) export(ctx context.Context, store *snapshot.Store, runs []snapshot.EndedRun) (err error) {
	var heads []evidence.Head // by run
	for _, r := range runs {
		head, err := store.Head(ctx, r.ID)
		if err != nil {
			return err
		}
		heads = append(heads, head)
	}
	if e.reader, err = store.Reader(ctx); err != nil {
		return err
	}
	defer e.reader.Close()
	if e.views, err = e.reader.Views(ctx); err != nil {
		return err
	}
	if len(runs) > 0 {
		if e.nights, err = e.reader.Nights(ctx, runs[0].ID); err != nil {
			return err
		}
	}
	e.unsynced = make(map[string]bool)
	uncommitted := 0
	for len(runs) > 0 {
		same := 1
		for same < len(runs) && e.partition(runs[same]) == e.partition(runs[0]) {
			same++
		}
		if err := e.writePartition(ctx, runs[:same]); err != nil {
			return err
		}
		e.written.Nights += same
		e.manifest.LastRun, e.manifest.Head = runs[same-1].ID, heads[same-1].String()
		e.written.Head = heads[same-1]
		if uncommitted += same; uncommitted >= nightsPerCommit {
			if err := e.commit(); err != nil {
				return err
			}
			uncommitted = 0
		}
		runs, heads = runs[same:], heads[same:]
	}
	for _, v := range e.views {
		if !v.ByNight {
			if err := e.writeWhole(ctx, v); err != nil {
				return err
			}
		}
	}
	return e.commit()
}

func (e *exporter) partition(r snapshot.EndedRun) string { return e.manifest.Partition.of(r.StartedAt) }

// writePartition writes the files of runs of one partition, one for each view that has rows. A view
// without any file gets one, so that every view can be read.
func (e *exporter) writePartition(ctx context.Context, runs []snapshot.EndedRun) error {
	first, last := runs[0].ID, runs[len(runs)-1].ID
	if e.manifest.FirstRun == 0 {
		e.manifest.FirstRun = first
	}
	partition := e.partition(runs[0])
	name := "database=" + e.manifest.DatabaseID + ".parquet"
	if e.manifest.has(partition) { // it was exported before this run of the same partition had ended
		name = fmt.Sprintf("database=%s-run-%d.parquet", e.manifest.DatabaseID, first)
	}
	var files []file
	for _, v := range e.views {
		if !v.ByNight {
			continue
		}
		f := file{
			Path: path.Join("view="+v.Name, "taken_date="+partition, name),
			View: v.Name, TakenDate: partition, FirstRun: first, LastRun: last,
		}
		keep := func(rows int64) bool { return rows > 0 || !e.manifest.hasView(v.Name) }
		written, err := e.write(f, v, keep, func(add func([]any) error) error {
			return e.nights.EachRow(ctx, v, first, last, add)
		})
		if err != nil {
			return err
		}
		if written != nil {
			files = append(files, *written)
		}
	}
	e.manifest.Files = append(e.manifest.Files, files...)
	return nil
}

// writeWhole writes the file of a view whose rows do not belong to a night, unless it is as it was.
func (e *exporter) writeWhole(ctx context.Context, v snapshot.View) error {
	f := file{Path: path.Join("view="+v.Name, "database="+e.manifest.DatabaseID+".parquet"), View: v.Name}
	written, err := e.write(f, v, func(int64) bool { return true }, func(add func([]any) error) error {
		return e.reader.EachRow(ctx, v, add)
	})
	if err != nil || written == nil {
		return err
	}
	e.manifest.Files = slices.DeleteFunc(e.manifest.Files, func(old file) bool { return old.Path == f.Path })
	e.manifest.Files = append(e.manifest.Files, *written)
	return nil
}

// commit writes the manifest after everything that it lists is on the disk.
func (e *exporter) commit() error {
	if err := e.publish(); err != nil {
		return fmt.Errorf("writing the export: %w", err)
	}
	return e.manifest.write(e.manifestPath())
}

func (e *exporter) manifestPath() string { return manifestPath(e.dir, e.manifest.DatabaseID) }
