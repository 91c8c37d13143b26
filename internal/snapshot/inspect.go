package snapshot

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// SchemaVersion is the version of the schema that this program reads and writes: the user_version of
// the newest migration.
const SchemaVersion = 10

// The header of a database file: https://www.sqlite.org/fileformat2.html#the_database_header
const (
	headerSize          = 100
	headerMagic         = "SQLite format 3\x00"
	userVersionOffset   = 60
	applicationIDOffset = 68
	applicationID       = 0x41756431 // "Aud1", set by the first migration
)

// checkFile refuses a file that is no database of this version. It reads the header of the file alone, so
// that nothing is written: a new database appears whole, and its header does not change after that.
func checkFile(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", path, ErrNoDatabaseFile)
	}
	if err != nil {
		return fmt.Errorf("opening the database %s: %w", path, err)
	}
	defer func() { _ = f.Close() }() // read only
	header := make([]byte, headerSize)
	n, err := io.ReadFull(f, header)
	switch {
	case n == 0 && errors.Is(err, io.EOF):
		return fmt.Errorf("%s: %w: the file is there, but nothing was stored in it yet", path, ErrNoDatabaseFile)
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("reading the database %s: %w", path, err)
	case err != nil || !strings.HasPrefix(string(header), headerMagic):
		return fmt.Errorf("%s: %w: it is no SQLite file", path, ErrNotDatabase)
	}
	if id := binary.BigEndian.Uint32(header[applicationIDOffset:]); id != applicationID {
		return fmt.Errorf("%s: %w: it is a SQLite file of another program (application_id %d)", path, ErrNotDatabase, id)
	}
	return checkVersion(path, binary.BigEndian.Uint32(header[userVersionOffset:]))
}

func checkVersion(path string, version uint32) error {
	switch {
	case version > SchemaVersion:
		return fmt.Errorf("%s: %w: its schema is version %d, this program knows up to %d",
			path, ErrNewerVersion, version, SchemaVersion)
	case version < SchemaVersion:
		return fmt.Errorf("%s: %w, schema %d; this one has schema %d: keep the file and start a new one with --db",
			path, ErrOlderVersion, version, SchemaVersion)
	}
	return nil
}

// writable reports whether the file can be written. It does not change it.
func writable(path string) bool {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EROFS)
	}
	return f.Close() == nil
}
