package check

import (
	"context"
	"errors"
	"fmt"
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
		return found(name, Warning, "the next run migrates it; keep a copy until it has", "%v", err), nil
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

// Disk says whether there is space left for what is kept in path. Free gives the bytes left on its disk.
func Disk(path string, free func(string) (uint64, error)) Result {
	const name = "disk space"
	const hint = "make space: a run that cannot write its snapshot fails"
	above := path
	for _, err := os.Stat(above); err != nil && filepath.Dir(above) != above; _, err = os.Stat(above) {
		above = filepath.Dir(above)
	}
	left, err := free(above)
	if err != nil {
		return found(name, Warning, "look at the disk by hand", "the space on the disk of %s is not known: %v", path, err)
	}
	switch r := found(name, OK, "", "%d MiB are left on the disk of %s", left/bytesPerMebi, path); {
	case left < tooFewSpace:
		r.Status, r.Hint = Error, hint
		return r
	case left < littleSpace:
		r.Status, r.Hint = Warning, hint
		return r
	default:
		return r
	}
}
