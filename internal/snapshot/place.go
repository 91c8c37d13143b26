package snapshot

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"scim-auditor/internal/durable"
	"scim-auditor/internal/evidence"
)

// Locate returns the real path of a database, with every link resolved: the files beside it, the
// lock and the log of SQLite, are the same by whatever path the database is named. The file may be
// missing. Locate refuses what cannot be a database (ErrNotDatabase), a link that leads nowhere
// (ErrNoDatabaseFile), and a file with several hard links (ErrSeveralNames), for which each path
// has another lock.
func Locate(path string) (string, error) {
	resolved, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return locateMissing(path)
	}
	if err != nil {
		return "", fmt.Errorf("looking for the database: %w", err)
	}
	if err := evidence.Regular(resolved); err != nil {
		return "", fmt.Errorf("%w: %w", ErrNotDatabase, err)
	}
	info, err := os.Stat(resolved)
	if err != nil {
		return "", fmt.Errorf("looking for the database: %w", err)
	}
	if n := durable.Names(info); n > 1 {
		return "", fmt.Errorf("%s: %w (%d hard links)", resolved, ErrSeveralNames, n)
	}
	return resolved, nil
}

// locateMissing returns the path that a missing database will have.
func locateMissing(path string) (string, error) {
	if target, err := os.Readlink(path); err == nil {
		return "", fmt.Errorf("%s: %w: it is a link to %s, which does not exist", path, ErrNoDatabaseFile, target)
	}
	folder, err := filepath.EvalSymlinks(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil
	}
	if err != nil {
		return "", fmt.Errorf("looking for the database: %w", err)
	}
	return filepath.Join(folder, filepath.Base(path)), nil
}

// Guard sets a function that must return nil before anything is stored, and before what was stored
// is committed.
func (s *Store) Guard(guard func() error) { s.guard = guard }

// inPlace returns an error if the guard fails, or if the file that is open no longer has the path
// under which it was opened (ErrReplaced).
func (s *Store) inPlace() error {
	if s.file == nil {
		return nil // only read
	}
	now, err := os.Stat(s.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking for the database: %w", err)
	}
	if err != nil || !os.SameFile(now, s.file) {
		return fmt.Errorf("%s: %w", s.path, ErrReplaced)
	}
	if s.log == nil {
		s.log, _ = os.Stat(s.path + "-wal") // it exists from the first transaction on
	}
	if s.guard == nil {
		return nil
	}
	return s.guard()
}

// removeLog removes the log of a database that another file replaced: SQLite would apply it to that
// file. If nothing has its place, the log stays for the file that may come back.
func (s *Store) removeLog() {
	_, err := os.Stat(s.path)
	log, logErr := os.Stat(s.path + "-wal")
	if err != nil || logErr != nil || s.log == nil || !os.SameFile(log, s.log) {
		return
	}
	// An error does not matter more than the one that Close returns.
	_, _ = os.Remove(s.path+"-wal"), os.Remove(s.path+"-shm")
}
