package main

import (
	"errors"
	"io/fs"
	"syscall"

	"scim-auditor/internal/fetch"
	"scim-auditor/internal/job"
	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
)

// hintFor returns what the person on call can do about an error; empty where nothing is known.
func hintFor(err error) string {
	if f, ok := errors.AsType[*failure](err); ok && f.hint != "" {
		return f.hint
	}
	if f, ok := errors.AsType[*fetch.Error](err); ok && f.Hint() != "" {
		return f.Hint()
	}
	if e, ok := errors.AsType[*settings.Error](err); ok {
		return e.Hint
	}
	for _, known := range errorHints {
		if errors.Is(err, known.err) {
			return known.hint
		}
	}
	return ""
}

// errorHints are for errors of the database, its lock and the disk; the first that matches counts.
var errorHints = []struct {
	err  error
	hint string
}{
	{job.ErrLocked, "wait until it has ended; the lock goes away with the process that holds it"},
	{snapshot.ErrNotDatabase, "the file was left as it is; name another with --db"},
	{snapshot.ErrNewerVersion, "the file was left as it is; install the newer auditor, or name another file with --db"},
	{snapshot.ErrOlderVersion, "the file was left as it is; name another file with --db to start a new database"},
	{snapshot.ErrNoDatabaseFile, "\"auditor run\" makes it; name it with --db when it lies elsewhere"},
	{snapshot.ErrBusy, "end the other program that holds the database open for writing, then run this again; " +
		"nothing was written"},
	{snapshot.ErrReadOnly, "check the owner and the mode of the file and of its folder, where SQLite writes two files " +
		"beside it, and that the disk is mounted for writing"},
	{fs.ErrPermission, "give the user that runs auditor the right to it, or name another place"},
	{syscall.EROFS, "the disk is mounted read-only: mount it for writing, or name another place"},
	{syscall.EIO, "check the disk: it could not be read or written"},
	{syscall.ENOSPC, "make room on the disk, then run this again"},
	{snapshot.ErrDiskFull, "make room on the disk of the database, then run this again; what was stored before is whole"},
	{snapshot.ErrDamaged, "keep the file for an inquiry, and continue with a copy of the last backup; " +
		"\"auditor verify --db FILE\" checks one"},
	{snapshot.ErrFileExists, "move the file away, then run this again"},
	{snapshot.ErrPruned, "the report that was made then is the one that remains; \"auditor runs\" lists the runs"},
}
