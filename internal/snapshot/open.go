package snapshot

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"scim-auditor/migrations"
)

// Errors that a caller tells apart: the file is left untouched in each case.
var (
	ErrNotDatabase    = errors.New("not a database of auditor")
	ErrNewerVersion   = errors.New("made by a newer version of auditor")
	ErrNotFound       = errors.New("not found")
	ErrNoDatabaseFile = errors.New("no such database file")
	ErrPruned         = errors.New("retention removed it")
)

// Store is an open database. It is safe for concurrent use; statements run one at a time.
type Store struct {
	db *sql.DB
}

// Open opens the database file, creating it (mode 0600, its folder 0700) and bringing its schema up to date. A file that is no database
// of auditor (ErrNotDatabase), or one of a newer version (ErrNewerVersion), is left untouched.
func Open(ctx context.Context, path string) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("creating the database's folder: %w", err)
	}
	if err := create(path); err != nil {
		return nil, fmt.Errorf("opening the database %s: %w", path, err)
	}
	return open(ctx, path)
}

// create makes the file where there is none, with what the migrations make of an empty one. Beside the log or the journal of a database that is
// gone it makes an empty one: SQLite throws these away when it opens that, and would write them into any other.
func create(path string) error {
	if !hasLog(path) && !hasJournal(path) {
		if err := writeNew(path, fillNew); !errors.Is(err, ErrFileExists) {
			return err
		}
	}
	// SQLite would create the file with the umask's mode; -wal and -shm take the mode of the database.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// fillNew writes what the migrations make of an empty file.
func fillNew(partial *os.File) error {
	info, err := partial.Stat()
	if err != nil {
		return err
	}
	made := info.ModTime().UTC().Format(time.DateTime)
	_, err = partial.WriteString(strings.ReplaceAll(migrations.Empty, migrations.EmptyAt, made))
	return err
}

// OpenExisting opens a database that is there, as Open does; ErrNoDatabaseFile when there is none. One that cannot be written is opened as
// OpenReadOnly does.
func OpenExisting(ctx context.Context, path string) (*Store, error) {
	if err := checkThere(path); err != nil {
		return nil, err
	}
	if !writable(path) {
		return OpenReadOnly(ctx, path)
	}
	return open(ctx, path)
}

func open(ctx context.Context, path string) (*Store, error) {
	return openAs(ctx, path, migrations.Files)
}

// openAs opens a database and brings its schema to the newest of the versions.
func openAs(ctx context.Context, path string, versions fs.FS) (*Store, error) {
	version, err := inspect(ctx, path, versions)
	if err != nil {
		return nil, err
	}
	if err := backupBeforeMigration(ctx, path, version, versions); err != nil {
		return nil, err
	}
	db, err := openDB(dsn(path), createRowsTable)
	if err != nil {
		return nil, fmt.Errorf("opening the database %s: %w", path, err)
	}
	if err := bringUpToDate(ctx, db, version, versions); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the database %s: %w", path, explain(err)), db.Close())
	}
	return &Store{db: db}, nil
}

// Checkpoint moves what is stored from the log into the database's file, as far as no other program still reads what was before.
func (s *Store) Checkpoint(ctx context.Context) error {
	if _, err := s.db.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)"); err != nil {
		return fmt.Errorf("moving the log into the database's file: %w", explain(err))
	}
	return nil
}

// Close closes the database; the last one to close leaves no -wal and -shm file behind.
func (s *Store) Close() error {
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("closing the database: %w", err)
	}
	return nil
}

// busyWait is how long a statement waits for another process that writes.
var busyWait = 10 * time.Second

func busyTimeout() string { return fmt.Sprintf("busy_timeout(%d)", busyWait.Milliseconds()) }

func dsn(path string) string {
	pragmas := url.Values{"_pragma": {
		busyTimeout(),
		"foreign_keys(1)",
		"journal_mode(WAL)",
		"synchronous(FULL)",
		"temp_store(MEMORY)",
	}, "_txlock": {"immediate"}}
	return fileURI(path) + "?" + pragmas.Encode()
}

func fileURI(path string) string {
	slashed := filepath.ToSlash(path)
	if filepath.VolumeName(path) != "" {
		slashed = "/" + slashed // file:/C:/…, see https://www.sqlite.org/uri.html
	}
	return "file:" + (&url.URL{Path: slashed}).EscapedPath()
}

// The header of a database file: https://www.sqlite.org/fileformat2.html#the_database_header
const (
	headerSize          = 100
	headerMagic         = "SQLite format 3\x00"
	userVersionOffset   = 60
	applicationIDOffset = 68
	applicationID       = 0x41756431 // "Aud1", set by the first migration
)

// inspect gives the version of a database's schema, 0 for an empty file, which is a new database. It refuses a file that Open must not touch,
// judging by its header where that is enough, so that nothing is written.
func inspect(ctx context.Context, path string, versions fs.FS) (version int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, fmt.Errorf("opening the database %s: %w", path, err)
	}
	defer func() { _ = f.Close() }() // read only
	header := make([]byte, headerSize)
	n, err := io.ReadFull(f, header)
	switch {
	case errors.Is(err, io.EOF) && n == 0:
		return 0, nil
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return 0, fmt.Errorf("reading the database %s: %w", path, err)
	case n == headerSize && ownerIsUnknown(header) && neverWritten(path):
		return 0, nil
	case n < headerSize || !strings.HasPrefix(string(header), headerMagic):
		return 0, fmt.Errorf("%s: %w: it is no SQLite file", path, ErrNotDatabase)
	}
	id, version, err := identify(ctx, path, header)
	if err != nil {
		return 0, fmt.Errorf("%s: %w: %w", path, ErrNotDatabase, err)
	}
	if id != applicationID {
		return 0, fmt.Errorf("%s: %w: it is a SQLite file of another program (application_id %d)", path, ErrNotDatabase, id)
	}
	return version, checkVersion(path, version, versions)
}

// identify tells whose database it is and of which version. What a run wrote that goes on, or was killed, is not in the file's header but in the
// log beside it: the making of a new database, or its next version.
func identify(ctx context.Context, path string, header []byte) (id, version int64, err error) {
	id = int64(binary.BigEndian.Uint32(header[applicationIDOffset:]))
	version = int64(binary.BigEndian.Uint32(header[userVersionOffset:]))
	if id != 0 && (id != applicationID || !hasLog(path)) {
		return id, version, nil
	}
	loggedID, loggedVersion, err := probe(ctx, path)
	if err != nil && id != 0 {
		return id, version, nil // in a folder that cannot be written SQLite cannot read a log
	}
	return loggedID, loggedVersion, err
}

// The header of a rollback journal: https://www.sqlite.org/fileformat2.html#the_rollback_journal
const (
	journalMagic       = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
	journalPagesOffset = 16 // of the number of pages that the database had before
)

// ownerIsUnknown says whether a header is one that SQLite writes, or has not written yet, before it is told whose file it is.
func ownerIsUnknown(header []byte) bool {
	return binary.BigEndian.Uint32(header[applicationIDOffset:]) == 0 &&
		(strings.HasPrefix(string(header), headerMagic) || strings.Trim(string(header), "\x00") == "")
}

// neverWritten says whether the first transaction on a file, which was empty before it, was cut off. SQLite takes it back when the file is next
// opened for writing, so that it is as good as empty.
func neverWritten(path string) bool {
	f, err := os.Open(path + "-journal")
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // read only
	header := make([]byte, journalPagesOffset+4)
	_, err = io.ReadFull(f, header)
	return err == nil && strings.HasPrefix(string(header), journalMagic) && binary.BigEndian.Uint32(header[journalPagesOffset:]) == 0
}

func hasLog(path string) bool     { return hasBytes(path + "-wal") }
func hasJournal(path string) bool { return hasBytes(path + "-journal") }

func hasBytes(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Size() > 0
}

// probe asks SQLite for what the header will say once the log is in the file. A file without a table, or with goose's alone, is a new database.
func probe(ctx context.Context, path string) (id, version int64, err error) {
	db, err := sql.Open("sqlite", fileURI(path)+"?"+url.Values{"mode": {"ro"}, "_pragma": {busyTimeout()}}.Encode())
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var objects int
	err = db.QueryRowContext(ctx, `
		SELECT
		  (SELECT application_id FROM pragma_application_id),
		  (SELECT user_version FROM pragma_user_version),
		  (SELECT count(*) FROM sqlite_schema WHERE tbl_name NOT IN ('goose_db_version', 'sqlite_sequence'))`).Scan(&id, &version, &objects)
	if err == nil && id == 0 && version == 0 && objects == 0 {
		id = applicationID
	}
	return id, version, err
}

// SQLiteVersion is the version of the SQLite library in this program.
func SQLiteVersion(ctx context.Context) (version string, err error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return "", fmt.Errorf("asking for SQLite's version: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return "", fmt.Errorf("asking for SQLite's version: %w", err)
	}
	return version, nil
}
