package check

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"scim-auditor/internal/snapshot"
)

// The space on the disk of the database and the reports, in bytes, below which a check warns and fails.
const (
	littleSpace  = 1 << 30
	tooFewSpace  = 100 << 20
	bytesPerMebi = 1 << 20
)

// Database opens the file read-only and asks whether it is sound. The store, which the caller closes, is nil unless it can be read.
func Database(ctx context.Context, path string) (Result, *snapshot.Store) {
	const name = "database"
	store, err := snapshot.OpenReadOnly(ctx, path)
	switch {
	case errors.Is(err, snapshot.ErrNoDatabaseFile):
		r := Folder(name, filepath.Dir(path), "--db")
		if r.Status == OK {
			r.Detail = path + " is not there yet: the first run makes it"
		}
		return r, nil
	case errors.Is(err, snapshot.ErrOlderVersion):
		return found(name, Error, "the file was left as it is", "%v", err), nil
	case errors.Is(err, snapshot.ErrNewerVersion):
		return found(name, Error, "install the newer auditor, or name another file with --db", "%v", err), nil
	case errors.Is(err, snapshot.ErrNotDatabase):
		return found(name, Error, "name another file with --db", "%v", err), nil
	case err != nil:
		return found(name, Error, "check the file's owner and mode", "%v", err), nil
	}
	if err := store.QuickCheck(ctx); err != nil {
		return found(name, Error, "keep the file as it is for the evidence, restore the last backup beside it and name that with --db", "%s is not sound: %v", path, err), store
	}
	if err := writable(path); err != nil {
		return found(name, Error, "give the user that runs auditor the right to write "+path, "%v", err), store
	}
	return found(name, OK, "", "%s is sound and of this version", path), store
}

// Folder says whether files can be written into a folder, or into the nearest one above it where it is not there yet. Setting is the flag
// that names it.
func Folder(name, folder, setting string) Result {
	hint := fmt.Sprintf("give the user that runs auditor the right to write there, or name another place with %s", setting)
	above := folder
	for {
		info, err := os.Stat(above)
		if err == nil && !info.IsDir() {
			return found(name, Error, hint, "%s is a file, not a folder", above)
		}
		if err == nil {
			break
		}
		if !errors.Is(err, os.ErrNotExist) || filepath.Dir(above) == above {
			return found(name, Error, hint, "%v", err)
		}
		above = filepath.Dir(above)
	}
	if err := writable(above); err != nil {
		return found(name, Error, hint, "%v", err)
	}
	return found(name, OK, "", "%s can be written", folder)
}

// MetricsFile says whether a run can write the file, whose folder it does not make: the folder belongs to the collector.
func MetricsFile(path string) Result {
	const name = "metrics file"
	if err := writable(filepath.Dir(path)); err != nil {
		return found(name, Warning, "make the folder, or name another file with --metrics-file; runs succeed without it, and say so each time", "%v", err)
	}
	return found(name, OK, "", "%s can be written", path)
}

// Disk says whether there is space left for what is kept in the folders. Free gives the bytes left on the disk of one. The result is about
// the one with the least.
func Disk(free func(string) (uint64, error), folders ...string) Result {
	const name = "disk space"
	const hint = "make space: a run that cannot write its snapshot fails"
	least, fullest := uint64(math.MaxUint64), ""
	for _, folder := range folders {
		left, err := free(existing(folder))
		if err != nil {
			return found(name, Warning, "look at the disk by hand", "the space on the disk of %s is not known: %v", folder, err)
		}
		if left < least {
			least, fullest = left, folder
		}
	}
	switch r := found(name, OK, "", "%d MiB are left on the disk of %s", least/bytesPerMebi, fullest); {
	case least < tooFewSpace:
		r.Status, r.Hint = Error, hint
		return r
	case least < littleSpace:
		r.Status, r.Hint = Warning, hint
		return r
	default:
		return r
	}
}

// existing is the folder, or the nearest one above it where it is not there yet.
func existing(folder string) string {
	for _, err := os.Stat(folder); err != nil && filepath.Dir(folder) != folder; _, err = os.Stat(folder) {
		folder = filepath.Dir(folder)
	}
	return folder
}
