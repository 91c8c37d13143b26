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
	"syscall"
	"time"

	"github.com/pressly/goose/v3"
	sqlite3 "modernc.org/sqlite/lib"

	"scim-auditor/internal/durable"
	"scim-auditor/migrations"
)

// Store is an open database. It is safe for concurrent use; statements run one at a time.
type Store struct {
	db *database
}

// Open opens the database file. If the file is missing, Open creates it (mode 0600, its folder
// 0700). It leaves the file untouched and fails if it is not a database of auditor
// (ErrNotDatabase) or has another version (ErrOlderVersion, ErrNewerVersion).
func Open(ctx context.Context, path string) (*Store, error) {
	if err := durable.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("creating the folder of the database: %w", err)
	}
	if err := create(ctx, path); err != nil {
		return nil, fmt.Errorf("creating the database %s: %w", path, explain(err))
	}
	return openFile(ctx, path, writableDSN(path))
}

// OpenExisting opens the database file as Open does, but fails with ErrNoDatabaseFile if it is
// missing. It opens a file that it cannot write as OpenReadOnly does.
func OpenExisting(ctx context.Context, path string) (*Store, error) {
	if !writable(path) {
		return OpenReadOnly(ctx, path)
	}
	return openFile(ctx, path, writableDSN(path))
}

// OpenReadOnly opens the database file only for reading, also on a read-only medium. Nothing on
// the disk changes. It fails as Open does, and with ErrNoDatabaseFile if the file is missing.
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

// busyWait is how long a statement waits for another process that is writing.
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

// readOnlyDSN returns the DSN that reads a database without changing it:
// https://www.sqlite.org/wal.html#read_only_databases
func readOnlyDSN(path string) string {
	pragmas := url.Values{"_pragma": {busyTimeout(), "query_only(1)", "temp_store(MEMORY)"}}
	_, err := os.Stat(path + "-wal")
	switch {
	case err == nil:
		// A run is in progress or was killed. Its log belongs to the database and must stay.
		pragmas.Set("mode", "ro")
	case writable(path):
		// Only a connection that may write removes the -wal and -shm files, which reading in
		// WAL mode creates. query_only prevents all other writes.
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

// Checkpoint moves the log into the database file, up to the oldest state that another process
// still reads.
func (s *Store) Checkpoint(ctx context.Context) error {
	if _, err := s.db.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)"); err != nil {
		return fmt.Errorf("moving the log into the database file: %w", explain(err))
	}
	return nil
}

// Close closes the database. The last connection that closes removes the -wal and -shm files.
func (s *Store) Close() error {
	if err := s.db.close(); err != nil {
		return fmt.Errorf("closing the database: %w", err)
	}
	return nil
}

// QuickCheck checks the file with SQLite, without comparing indexes with tables:
// https://www.sqlite.org/pragma.html#pragma_quick_check
func (s *Store) QuickCheck(ctx context.Context) error {
	return s.db.check(ctx, "PRAGMA quick_check(5)")
}

func (d *database) check(ctx context.Context, pragma string) error {
	problems, err := queryAll(ctx, d, "checking the database", (*reader).text, pragma)
	if err != nil {
		return err
	}
	if len(problems) != 1 || problems[0] != "ok" {
		text := strings.ReplaceAll(strings.Join(problems, "; "), "\n", "; ")
		return fmt.Errorf("%w: %s", ErrDamaged, text)
	}
	return nil
}

// SQLiteVersion is the version of the SQLite library in this program.
const SQLiteVersion = sqlite3.SQLITE_VERSION

// SchemaVersion is the version of the schema that this program reads and writes: the user_version
// of the newest migration.
const SchemaVersion = 16

// The header of a database file: https://www.sqlite.org/fileformat2.html#the_database_header
const (
	headerSize          = 100
	headerMagic         = "SQLite format 3\x00"
	userVersionOffset   = 60
	applicationIDOffset = 68
	applicationID       = 0x41756431 // "Aud1", set by the first migration
)

// checkFile fails if the file is not a database of this version. It reads only the header, so
// that it writes nothing. That is sufficient: a new database appears complete, and its version
// never changes.
func checkFile(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", path, ErrNoDatabaseFile)
	}
	if err != nil {
		return fmt.Errorf("opening the database %s: %w", path, err)
	}
	defer func() { _ = f.Close() }() // read only
	header, err := io.ReadAll(io.LimitReader(f, headerSize))
	switch {
	case err != nil:
		return fmt.Errorf("reading the database %s: %w", path, err)
	case len(header) == 0:
		return fmt.Errorf("%s: %w: the file is empty", path, ErrNoDatabaseFile)
	case len(header) < headerSize || !strings.HasPrefix(string(header), headerMagic):
		return fmt.Errorf("%s: %w: it is not a SQLite file", path, ErrNotDatabase)
	}
	if id := binary.BigEndian.Uint32(header[applicationIDOffset:]); id != applicationID {
		return fmt.Errorf("%s: %w: another program created this SQLite file (application_id %d)", path, ErrNotDatabase, id)
	}
	return checkVersion(path, binary.BigEndian.Uint32(header[userVersionOffset:]))
}

func checkVersion(path string, version uint32) error {
	switch {
	case version > SchemaVersion:
		return fmt.Errorf("%s: %w: its schema version is %d, and this program supports up to %d",
			path, ErrNewerVersion, version, SchemaVersion)
	case version < SchemaVersion:
		return fmt.Errorf("%s: %w (its schema version is %d, this program has %d): "+
			"keep the file and start a new one with --db", path, ErrOlderVersion, version, SchemaVersion)
	}
	return nil
}

// writable reports whether the file can be written. It does not change the file.
func writable(path string) bool {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EROFS)
	}
	return f.Close() == nil
}

// create creates a database if the file is missing or empty. The file appears complete or not
// at all.
func create(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.Size() > 0:
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	// SQLite would apply the log or the journal of a deleted database to the new one. Beside an
	// empty file SQLite would remove them, but the new file is not empty.
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return writeNew(path, func(partial *os.File) error { return migrate(ctx, partial.Name()) })
}

// migrate creates the schema and the id in an empty file that no other process uses yet. The caller
// syncs the file.
func migrate(ctx context.Context, path string) (err error) {
	db, err := openDatabase(fileURI(path) + "?_pragma=journal_mode(MEMORY)&_pragma=synchronous(OFF)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	if err := applyMigrations(ctx, db.DB); err != nil {
		return err
	}
	if err := (&Store{db}).identify(ctx); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "PRAGMA journal_mode = WAL")
	return err
}

func applyMigrations(ctx context.Context, db *sql.DB) error {
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, migrations.Files)
	if err == nil {
		_, err = provider.Up(ctx)
	}
	if err != nil {
		return fmt.Errorf("creating the schema: %w", err)
	}
	return nil
}

// writeNew creates a file of mode 0600 that appears complete or not at all. It never replaces a
// file (ErrFileExists).
func writeNew(path string, write func(partial *os.File) error) (err error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(ErrFileExists, err)
	}
	partial, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if left := os.Remove(partial.Name()); left != nil && !errors.Is(left, fs.ErrNotExist) {
			err = errors.Join(err, left)
		}
	}()
	if err := write(partial); err != nil {
		return errors.Join(err, partial.Close())
	}
	if err := errors.Join(partial.Sync(), partial.Close(), durable.TakeOwner(partial.Name())); err != nil {
		return err
	}
	err = durable.Publish(partial.Name(), path)
	if errors.Is(err, fs.ErrExist) {
		return ErrFileExists
	}
	return err
}

// Backup copies the database `from` to the file `to` (mode 0600), also while a run writes. The
// copy is one consistent state and is checked. It is in rollback-journal mode, so that it also
// opens on a read-only medium. It appears complete or not at all, and never replaces a file
// (ErrFileExists).
func Backup(ctx context.Context, from, to string) error {
	if err := checkFile(from); err != nil {
		return err
	}
	err := writeNew(to, func(partial *os.File) error { return copyInto(ctx, from, partial.Name()) })
	if err != nil {
		return fmt.Errorf("writing the backup %s: %w", to, explain(err))
	}
	return nil
}

// copyInto writes the state of the database into an empty file:
// https://www.sqlite.org/lang_vacuum.html#vacuuminto
func copyInto(ctx context.Context, from, to string) (err error) {
	mode := url.Values{"_pragma": {busyTimeout()}, "mode": {"rw"}}
	if !writable(from) {
		mode = url.Values{"_pragma": {busyTimeout()}, "immutable": {"1"}}
	}
	db, err := openDatabase(fileURI(from) + "?" + mode.Encode())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", to); err != nil {
		return err
	}
	made, err := openDatabase(fileURI(to) + "?mode=ro")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, made.close()) }()
	return made.check(ctx, "PRAGMA integrity_check(1)")
}
