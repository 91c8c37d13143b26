package snapshot

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
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
	// path and file are those of a database that was opened for writing; log is its -wal file.
	path      string
	file, log fs.FileInfo
	guard     func() error // nil if there is none
}

// Open opens the database file. If the file is missing, Open creates it (mode 0600, its folder
// 0700). It leaves the file untouched and fails if it is not a database of auditor
// (ErrNotDatabase) or has another version (ErrOlderVersion, ErrNewerVersion).
func Open(ctx context.Context, path string) (*Store, error) { return OpenAnew(ctx, path, "") }

// OpenAnew is like Open. If it creates the database, the ledger says that the report folder with
// this name, empty if there is none, is the newest of earlier runs that the database lacks.
func OpenAnew(ctx context.Context, path, earlierReport string) (*Store, error) {
	if err := durable.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("creating the folder of the database: %w", err)
	}
	path, err := Locate(path)
	if err != nil {
		return nil, err
	}
	if err := create(ctx, path, earlierReport); err != nil {
		return nil, fmt.Errorf("creating the database %s: %w", path, explain(err))
	}
	return openToWrite(ctx, path)
}

// Exists reports whether there is something at the path of a database. An empty file is nothing.
func Exists(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	return info.Size() > 0 || !info.Mode().IsRegular()
}

// OpenExisting opens the database file as Open does, but fails with ErrNoDatabaseFile if it is
// missing. It opens a file that it cannot write as OpenReadOnly does.
func OpenExisting(ctx context.Context, path string) (*Store, error) {
	if !writable(path) {
		return OpenReadOnly(ctx, path)
	}
	path, err := Locate(path)
	if err != nil {
		return nil, err
	}
	return openToWrite(ctx, path)
}

// OpenReadOnly opens the database file only for reading, also on a read-only medium. Nothing on
// the disk changes. It fails as Open does, and with ErrNoDatabaseFile if the file is missing.
func OpenReadOnly(ctx context.Context, path string) (*Store, error) {
	path, err := Locate(path)
	if err != nil {
		return nil, err
	}
	return openFile(ctx, path, readOnlyDSN(path))
}

// openToWrite opens a database whose store notices that the file was replaced, see Store.inPlace.
func openToWrite(ctx context.Context, path string) (*Store, error) {
	before, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", path, ErrNoDatabaseFile)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	s, err := openFile(ctx, path, writableDSN(path))
	if err != nil {
		return nil, err
	}
	s.path, s.file = path, before
	if err := s.inPlace(); err != nil {
		return nil, errors.Join(err, s.db.close())
	}
	return s, nil
}

func openFile(ctx context.Context, path, dsn string) (*Store, error) {
	if err := checkFile(ctx, path); err != nil {
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

// Close closes the database. The last connection that closes removes the -wal and -shm files. Close
// fails if the file was removed or replaced since Open (ErrReplaced): what was stored is lost.
func (s *Store) Close() error {
	replaced := s.inPlace()
	if err := s.db.close(); err != nil {
		return errors.Join(replaced, fmt.Errorf("closing the database: %w", err))
	}
	if errors.Is(replaced, ErrReplaced) {
		s.removeLog()
	}
	return replaced
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

// applicationID is "Aud1" in ASCII, set by the first migration:
// https://www.sqlite.org/fileformat2.html#application_id
const applicationID = 0x41756431

// checkFile fails if the file is not a database of this version. It reads only the header, and
// writes nothing. That is sufficient: a new database appears complete, and its version never
// changes. SQLite reads it, because a file that this process opens and closes beside SQLite loses
// the locks of SQLite, see durable.Readable.
func checkFile(ctx context.Context, path string) (err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w", path, ErrNoDatabaseFile)
	case err == nil && info.Size() == 0:
		return fmt.Errorf("%s: %w: the file is empty", path, ErrNoDatabaseFile)
	case err == nil:
		err = durable.Readable(path)
	}
	if err != nil {
		return fmt.Errorf("opening the database %s: %w", path, err)
	}
	// A checkpoint that is going on, or was cut off, may have written the new size before the
	// pages. With writable_schema, SQLite reads the header all the same.
	db, err := openDatabase(fileURI(path) + "?mode=ro&immutable=1&_pragma=writable_schema(1)")
	if err != nil {
		return fmt.Errorf("opening the database %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, db.close()) }()
	var id, version uint32
	err = cmp.Or(db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id),
		db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version))
	switch {
	case errors.Is(explain(err), ErrDamaged):
		return fmt.Errorf("%s: %w: it is not a SQLite file", path, ErrNotDatabase)
	case err != nil:
		return fmt.Errorf("reading the database %s: %w", path, explain(err))
	case id != applicationID:
		return fmt.Errorf("%s: %w: another program created this SQLite file (application_id %d)", path, ErrNotDatabase, id)
	}
	if version != SchemaVersion && hasOwnSchema(ctx, db) {
		return fmt.Errorf("%s: %w: it is %d, and the tables are those of version %d", path, ErrVersionAltered, version,
			SchemaVersion)
	}
	return checkVersion(path, version)
}

// hasOwnSchema reports whether a database has the tables and views of this version, and no others.
func hasOwnSchema(ctx context.Context, db *database) bool {
	found, err := readSchema(ctx, db)
	maps.DeleteFunc(found, func(name, _ string) bool { return foreignTables[name] != "" })
	own, ownErr := freshSchema(ctx)
	return err == nil && ownErr == nil && maps.Equal(found, own)
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

// writable reports whether the file can be written. It neither opens nor changes the file.
func writable(path string) bool {
	err := durable.Writable(path)
	return !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EROFS)
}

// create creates a database if the file is missing or empty. The file appears complete or not
// at all.
func create(ctx context.Context, path, earlierReport string) error {
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
	return durable.WriteNew(path, func(partial string) error { return migrate(ctx, partial, earlierReport) })
}

// migrate creates the schema and the id in an empty file that no other process uses yet. The caller
// syncs the file.
func migrate(ctx context.Context, path, earlierReport string) (err error) {
	db, err := openDatabase(fileURI(path) + "?_pragma=journal_mode(MEMORY)&_pragma=synchronous(OFF)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	if err := applyMigrations(ctx, db.DB); err != nil {
		return err
	}
	if err := (&Store{db: db}).identify(ctx, earlierReport); err != nil {
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

// Backup copies the database `from` to the file `to` (mode 0600), also while a run writes. The
// copy is one consistent state and is checked. It is in rollback-journal mode, so that it also
// opens on a read-only medium. It appears complete or not at all, and never replaces a file
// (ErrFileExists).
func Backup(ctx context.Context, from, to string) error {
	from, err := Locate(from)
	if err == nil {
		err = checkFile(ctx, from)
	}
	if err != nil {
		return err
	}
	err = durable.WriteNew(to, func(partial string) error { return copyInto(ctx, from, partial) })
	if errors.Is(err, fs.ErrExist) {
		err = ErrFileExists
	}
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
