//go:build !windows

package durable

import (
	"io/fs"
	"syscall"
)

// The modes of access(2).
const (
	mayRead  = 4
	mayWrite = 2
)

// Readable returns an error unless this user may read the file or folder. It does not open it:
// closing it would end the locks that SQLite holds on the file in this process, see
// https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
func Readable(path string) error { return access(path, mayRead) }

// Writable returns an error unless this user may write to the file or folder. It does not open it,
// as Readable does not.
func Writable(path string) error { return access(path, mayWrite) }

func access(path string, mode uint32) error {
	if err := syscall.Access(path, mode); err != nil {
		return &fs.PathError{Op: "access", Path: path, Err: err}
	}
	return nil
}

// Names returns how many names (hard links) a file has.
func Names(info fs.FileInfo) int {
	if system, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(system.Nlink) //nolint:gosec,unconvert // a small number; its type differs from system to system
	}
	return 1
}
