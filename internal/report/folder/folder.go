// Package folder writes a report folder with all files or not at all: the files, the manifest that
// lists them, SHA256SUMS, and a signature of SHA256SUMS. It owns the names of report folders and
// the link to the newest, and it removes what a killed process left.
package folder

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/sync/errgroup"

	"scim-auditor/internal/durable"
	"scim-auditor/internal/evidence"
)

// File is one file of a report folder. Write writes its content.
type File struct {
	Name  string
	Write func(io.Writer) error
}

// Write writes the files into the folder with this name in dir, then the manifest with their
// hashes, then SHA256SUMS, and its signature by sign unless sign is nil. It returns the path of the
// folder, which has another name where Find says so. It replaces an existing folder as a whole;
// after an error the existing folder is unchanged. It keeps an existing folder that is the same,
// see same. It never replaces the folder of another database. Files have mode 0600, folders 0700.
func Write(dir, name, databaseID string, files []File, manifest func([]Written) any, sign Sign,
) (path string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing the report %s: %w", filepath.Join(dir, name), err)
		}
	}()
	if err := durable.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	done, err := lockShared(dir)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, done()) }()
	temporary, err := os.MkdirTemp(dir, "."+name+"-") // mode 0700
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(temporary))
		}
	}()
	if err := writeFiles(temporary, files, manifest, sign); err != nil {
		return "", err
	}
	path = Find(dir, name, databaseID)
	if same(temporary, path, sign != nil) {
		return path, os.RemoveAll(temporary)
	}
	err = replace(temporary, path, databaseID)
	if errors.Is(err, errTaken) { // at the same moment
		path = Find(dir, name, databaseID)
		err = replace(temporary, path, databaseID)
	}
	return path, err
}

// Sign returns a signature of SHA256SUMS.
type Sign func(sums []byte) (signature []byte, err error)

// atOnce is the number of files written at the same time. The first file, the workbook, takes as
// long as all others together.
const atOnce = 2

// writeFiles writes the files, then the manifest that lists them, then the sums of all, then the
// signature. It syncs each file to disk while it writes the next ones, and at last the folder.
func writeFiles(dir string, files []File, manifest func([]Written) any, sign Sign) (err error) {
	var toDisk, group errgroup.Group
	defer func() {
		toDisk.Go(func() error { return cmp.Or(durable.TakeOwner(dir), durable.SyncFolder(dir)) })
		err = errors.Join(err, toDisk.Wait())
	}()
	written := make([]Written, len(files))
	group.SetLimit(atOnce)
	for i, f := range files {
		group.Go(func() (err error) {
			written[i], err = writeFile(dir, f, &toDisk)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	byName := func(a, b Written) int { return cmp.Compare(a.Name, b.Name) }
	slices.SortFunc(written, byName)
	listed, err := writeFile(dir, File{ManifestFile, func(w io.Writer) error {
		return writeManifest(w, manifest(written))
	}}, &toDisk)
	if err != nil {
		return err
	}
	written = append(written, listed)
	slices.SortFunc(written, byName)
	sums := sumsOf(written)
	if _, err := writeFile(dir, bytesOf(evidence.SumsFile, sums), &toDisk); err != nil || sign == nil {
		return err
	}
	signature, err := sign(sums)
	if err != nil {
		return err
	}
	_, err = writeFile(dir, bytesOf(evidence.SignatureFile, signature), &toDisk)
	return err
}

func bytesOf(name string, content []byte) File {
	return File{name, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	}}
}

// Head returns the file with a line for each head.
func Head(heads ...evidence.Head) File {
	var lines []byte
	for _, head := range heads {
		lines = append(lines, head.String()+"\n"...)
	}
	return bytesOf(evidence.HeadFile, lines)
}

// writeFile writes and hashes one file. It starts the sync to disk in the group toDisk.
func writeFile(dir string, f File, toDisk *errgroup.Group) (w Written, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", f.Name, err)
		}
	}()
	const flags = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	out, err := os.OpenFile(filepath.Join(dir, f.Name), flags, 0o600)
	if err != nil {
		return Written{}, err
	}
	defer toDisk.Go(func() error {
		if err := errors.Join(out.Sync(), out.Close()); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		return nil
	})
	sum := sha256.New()
	buffer := bufio.NewWriterSize(io.MultiWriter(out, sum), 1<<16)
	if err := cmp.Or(f.Write(buffer), buffer.Flush()); err != nil {
		return Written{}, err
	}
	info, err := out.Stat()
	if err != nil {
		return Written{}, err
	}
	return Written{f.Name, info.Size(), hex.EncodeToString(sum.Sum(nil))}, nil
}

// ManifestFile says which report the folder has, and lists the other files.
const ManifestFile = "manifest.json"

// Origin says who wrote a report folder.
type Origin struct {
	At      time.Time `json:"at"`
	User    string    `json:"user"`    // of the operating system
	Command string    `json:"command"` // the command line; no flag takes a secret
}

// Written is a file in the folder.
type Written struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`   // bytes
	SHA256 string `json:"sha256"` // in hex
}

func writeManifest(w io.Writer, manifest any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(manifest)
}

// sumsOf returns the format of sha256sum -c:
// https://www.gnu.org/software/coreutils/manual/html_node/cksum-output-modes.html
func sumsOf(files []Written) []byte {
	var sums []byte
	for _, f := range files {
		sums = fmt.Appendf(sums, "%s  %s\n", f.SHA256, f.Name)
	}
	return sums
}

// replace moves a finished folder of a database to path. It first moves an existing folder aside,
// moves it back if the new one cannot be moved, and removes it last. If the existing folder is of
// another database, it does nothing (errTaken).
func replace(finished, path, databaseID string) error {
	// A folder cannot be renamed over one that has files, so that of two databases only one gets a
	// place.
	if os.Rename(finished, path) == nil {
		return durable.SyncFolder(filepath.Dir(path))
	}
	if ofAnother(path, databaseID) {
		return errTaken
	}
	old := finished + asideSuffix
	aside := os.Rename(path, old)
	if aside != nil && !errors.Is(aside, fs.ErrNotExist) {
		return fmt.Errorf("moving the earlier report aside: %w", aside)
	}
	if err := os.Rename(finished, path); err != nil {
		if aside == nil {
			err = errors.Join(err, os.Rename(old, path))
		}
		return err
	}
	if err := durable.SyncFolder(filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.RemoveAll(old); err != nil { // no error if there was no earlier report
		return fmt.Errorf("removing the earlier report: %w", err)
	}
	return nil
}

// lockFile is the lock of a folder of reports: shared while a process writes a report, exclusive
// while it removes old reports or leftovers of killed processes. The system releases it when the
// process ends.
const lockFile = ".lock"

func lockOf(dir string) (*flock.Flock, error) {
	path := filepath.Join(dir, lockFile)
	if err := evidence.Regular(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("opening the lock of the folder: %w", err)
	}
	return flock.New(path, flock.SetPermissions(0o600)), nil
}

// lockShared takes the lock of a folder of reports until done is called. It first removes leftovers
// if no other process is writing.
func lockShared(dir string) (done func() error, err error) {
	lock, err := lockOf(dir)
	if err != nil {
		return nil, err
	}
	alone, err := lock.TryLock()
	if alone {
		removeLeftovers(dir)
		err = lock.Unlock()
	}
	if err == nil {
		err = lock.RLock() // waits while another process removes leftovers or old reports
	}
	if opening := (*fs.PathError)(nil); errors.As(err, &opening) {
		return nil, fmt.Errorf("opening the lock of the folder: %w", err)
	}
	// Any other error means a file system without locks. There, no process gets the exclusive lock,
	// so none removes leftovers.
	_ = durable.TakeOwner(lock.Path()) // an error does not matter to this process
	return lock.Close, nil
}

// asideSuffix ends the name of an earlier report that was moved aside.
const asideSuffix = ".old"

// leftover matches the names of temporary folders and of earlier reports moved aside.
var leftover = regexp.MustCompile(`^\.` + anyPattern + `-[0-9]+(\.old)?$`)

// removeLeftovers removes folders that no process will finish. It moves an earlier report back if
// no new one has its name. It ignores errors: the next report tries again.
func removeLeftovers(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		parts := leftover.FindStringSubmatch(e.Name())
		if parts == nil || !e.IsDir() {
			continue
		}
		path, place := filepath.Join(dir, e.Name()), filepath.Join(dir, parts[1])
		_, err := os.Lstat(place)
		if strings.HasSuffix(e.Name(), asideSuffix) && errors.Is(err, fs.ErrNotExist) {
			_ = os.Rename(path, place)
			continue
		}
		_ = os.RemoveAll(path)
	}
}

// The parts of the names of report folders: the form of an instant, the text between a run's start
// and its id, and the end of a period's name.
const (
	instantForm  = "2006-01-02T150405Z"
	runMark      = "-run-"
	periodSuffix = "-period"
	fleetSuffix  = "-fleet" // over several databases; before periodSuffix for a period
)

// The names of report folders as regular expressions.
const (
	instantPattern = `[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{6}Z)?`
	runPattern     = instantPattern + runMark + `[0-9]+`
	periodPattern  = instantPattern + `--` + instantPattern + `(?:` + fleetSuffix + `)?` + periodSuffix
	nightPattern   = instantPattern + fleetSuffix
	anyPattern     = `((?:` + runPattern + `|` + periodPattern + `|` + nightPattern + `)` + ownerPattern + `)`
	ownerPattern   = `(?:-[0-9a-f]{8})?` // as Suffixed adds it
)

var reportName = regexp.MustCompile(`^` + anyPattern + `$`)

// RunName returns the name of a run's report folder, such as 2026-11-23T020000Z-run-7. Names sort
// by the start of the run.
func RunName(startedAt time.Time, id int64) string {
	return startedAt.UTC().Format(instantForm) + runMark + strconv.FormatInt(id, 10)
}

// NightName returns the name of the folder of a report on a night over several databases, such as
// 2026-11-23-fleet.
func NightName(night time.Time) string { return night.UTC().Format(time.DateOnly) + fleetSuffix }

// PeriodName returns the name of a period's report folder, such as 2026-10-01--2026-10-31-period.
func PeriodName(from, to time.Time) string { return Period(from, to) + periodSuffix }

// FleetPeriodName returns the name of the folder of a report on a period over several databases.
func FleetPeriodName(from, to time.Time) string { return Period(from, to) + fleetSuffix + periodSuffix }

// Period returns the days of a period for a name, or its instants if it has no whole days.
func Period(from, to time.Time) string {
	from, to = from.UTC(), to.UTC()
	form := instantForm
	if startsDay(from) && startsDay(to.Add(time.Second)) {
		form = time.DateOnly
	}
	return from.Format(form) + "--" + to.Format(form)
}

func startsDay(t time.Time) bool { return t.Equal(t.Truncate(24 * time.Hour)) }

// Of reports whether a name is that of a report folder. run is the id of its run, 0 for a period
// and for several databases.
func Of(name string) (run int64, isReport bool) {
	if !reportName.MatchString(name) {
		return 0, false
	}
	_, run = splitRun(name)
	return run, true
}

// splitRun returns the start and the id in the name of a run's folder, else zero values.
func splitRun(name string) (startedAt string, run int64) {
	startedAt, id, found := strings.Cut(name, runMark)
	id, _, _ = strings.Cut(id, "-") // of the database
	run, err := strconv.ParseInt(id, 10, 64)
	if !found || err != nil {
		return "", 0
	}
	return startedAt, run
}
