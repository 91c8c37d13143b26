package snapshot

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	sqlite3 "modernc.org/sqlite/lib"
)

// Store is an open database. It is safe for concurrent use; statements run one at a time.
type Store struct {
	db *database
}

// Open opens the database file, and creates it (mode 0600, its folder 0700) where there is none. It
// leaves a file untouched that is no database of auditor (ErrNotDatabase) or one of another version
// (ErrOlderVersion, ErrNewerVersion).
func Open(ctx context.Context, path string) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("creating the folder of the database: %w", err)
	}
	if err := create(ctx, path); err != nil {
		return nil, fmt.Errorf("creating the database %s: %w", path, explain(err))
	}
	return openFile(ctx, path, writableDSN(path))
}

// OpenExisting opens a database that is there, as Open does; ErrNoDatabaseFile when there is none. One
// that cannot be written is opened as OpenReadOnly does.
func OpenExisting(ctx context.Context, path string) (*Store, error) {
	if !writable(path) {
		return OpenReadOnly(ctx, path)
	}
	return openFile(ctx, path, writableDSN(path))
}

// OpenReadOnly opens a database only for reading. Nothing on the disk changes, and it also opens on a
// medium that cannot be written. It fails as Open does, and with ErrNoDatabaseFile.
func OpenReadOnly(ctx context.Context, path string) (*Store, error) {
	return openFile(ctx, path, readOnlyDSN(path))
}

func openFile(ctx context.Context, path, dsn string) (*Store, error) {
	if err := checkFile(path); err != nil {
		return nil, err
	}
	db, err := openDatabase(dsn)
	if err != nil {
		return nil, fmt.Errorf("opening the database %s: %w", path, err)
	}
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the database %s: %w", path, explain(err)), db.close())
	}
	return &Store{db: db}, nil
}

// busyWait is how long a statement waits for another process that writes.
var busyWait = 10 * time.Second

func busyTimeout() string { return fmt.Sprintf("busy_timeout(%d)", busyWait.Milliseconds()) }

func writableDSN(path string) string {
	pragmas := url.Values{"_pragma": {
		busyTimeout(),
		"foreign_keys(1)",
		"journal_mode(WAL)",
		"synchronous(FULL)",
		"temp_store(MEMORY)",
	}, "_txlock": {"immediate"}}
	return fileURI(path) + "?" + pragmas.Encode()
}

// readOnlyDSN finds the way to read a database without changing it:
// https://www.sqlite.org/wal.html#read_only_databases
func readOnlyDSN(path string) string {
	pragmas := url.Values{"_pragma": {busyTimeout(), "query_only(1)", "temp_store(MEMORY)"}}
	_, err := os.Stat(path + "-wal")
	switch {
	case err == nil:
		// The log of a run that goes on, or that was killed, belongs to the database and stays there.
		pragmas.Set("mode", "ro")
	case writable(path):
		// Only a connection that may write removes the two files that reading in WAL mode needs;
		// query_only keeps it from writing anything else.
		pragmas.Set("mode", "rw")
	default:
		pragmas.Set("immutable", "1")
	}
	return fileURI(path) + "?" + pragmas.Encode()
}

func fileURI(path string) string {
	slashed := filepath.ToSlash(path)
	if filepath.VolumeName(path) != "" {
		slashed = "/" + slashed // file:/C:/…, see https://www.sqlite.org/uri.html
	}
	return "file:" + (&url.URL{Path: slashed}).EscapedPath()
}

// Checkpoint moves the log into the file of the database, as far as no other program still reads what
// was before.
func (s *Store) Checkpoint(ctx context.Context) error {
	if _, err := s.db.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)"); err != nil {
		return fmt.Errorf("moving the log into the file of the database: %w", explain(err))
	}
	return nil
}

// Close closes the database. The last one to close leaves no -wal and -shm file behind.
func (s *Store) Close() error {
	if err := s.db.close(); err != nil {
		return fmt.Errorf("closing the database: %w", err)
	}
	return nil
}

// QuickCheck asks SQLite whether the file is sound, without comparing indexes with tables:
// https://www.sqlite.org/pragma.html#pragma_quick_check
func (s *Store) QuickCheck(ctx context.Context) error {
	return s.db.check(ctx, "PRAGMA quick_check(5)")
}

// check is an error with the problems that a check of SQLite found.
func (d *database) check(ctx context.Context, pragma string) error {
	problems, err := queryAll(ctx, d, "checking the database", (*reader).text, pragma)
	if err != nil {
		return err
	}
	if len(problems) != 1 || problems[0] != "ok" {
		text := strings.ReplaceAll(strings.Join(problems, "; "), "\n", "; ")
		return fmt.Errorf("the database is damaged: %s", text)
	}
	return nil
}

// SQLiteVersion is the version of the SQLite library in this program.
const SQLiteVersion = sqlite3.SQLITE_VERSION

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
