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
	warnBelow = 1 << 30
	failBelow = 100 << 20
	mebibyte  = 1 << 20
)

// Database opens the file read-only and checks it. The store, which the caller closes, is nil unless it can be read.
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
	case err != nil:
		return Failed(name, err), nil
	}
	r := ok(name, "%s is sound and of this version", path)
	if err := store.QuickCheck(ctx); err != nil {
		r = Failed(name, fmt.Errorf("%s is not sound: %w", path, err))
		r.Hint = "keep the file as it is for the evidence, restore the last backup beside it and name that with --db"
	} else if err := writable(path); err != nil {
		r = Failed(name, err)
		r.Hint = "give the user that runs auditor the right to write " + path
	}
	return r, store
}

// Folder checks whether files can be written into a folder, or into the nearest one above it where it does not exist.
// Flag is the one that names it.
func Folder(name, folder, flag string) Result {
	above, err := existing(folder)
	if err == nil {
		err = writable(above)
	}
	if err != nil {
		r := Failed(name, err)
		r.Hint = "give the user that runs auditor the right to write there, or name another place with " + flag
		return r
	}
	return ok(name, "%s can be written", folder)
}

// MetricsFile checks whether a run can write the file. A run does not make its folder, which belongs to the collector.
func MetricsFile(path string) Result {
	const name = "metrics file"
	if err := writable(filepath.Dir(path)); err != nil {
		return warning(name, "make the folder, or name another file with --metrics-file; "+
			"runs succeed without it, and say so each time", "%v", err)
	}
	return ok(name, "%s can be written", path)
}

// Disk checks the space left for what is kept in the folders. Free returns the bytes left on the disk of one. The
// result is about the folder with the least.
func Disk(free func(string) (uint64, error), folders ...string) Result {
	const name = "disk space"
	least, fullest := uint64(math.MaxUint64), ""
	for _, folder := range folders {
		above, err := existing(folder)
		if err != nil {
			above = folder
		}
		left, err := free(above)
		if err != nil {
			return warning(name, "look at the disk by hand", "the space on the disk of %s is not known: %v", folder, err)
		}
		if left < least {
			least, fullest = left, folder
		}
	}
	r := ok(name, "%d MiB are left on the disk of %s", least/mebibyte, fullest)
	if least < warnBelow {
		r.Status, r.Hint = Warning, "make space: a run that cannot write its snapshot fails"
	}
	if least < failBelow {
		r.Status = Error
	}
	return r
}

// existing is the folder, or the nearest one above it that exists. It fails where that is a file.
func existing(folder string) (string, error) {
	for {
		info, err := os.Stat(folder)
		switch {
		case err == nil && info.IsDir():
			return folder, nil
		case err == nil:
			return "", fmt.Errorf("%s is a file, not a folder", folder)
		case !errors.Is(err, os.ErrNotExist) || filepath.Dir(folder) == folder:
			return "", err
		}
		folder = filepath.Dir(folder)
	}
}
