package report

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"golang.org/x/sync/errgroup"

	"scim-auditor/internal/durable"
)

// folderRun stands between the time and the run id in the name of a report folder.
const folderRun = "-run-"

// The names of the folders of a run and of a period, as regular expressions.
const (
	folderInstant    = `[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{6}Z)?`
	folderRunForm    = folderInstant + folderRun + `[0-9]+`
	folderPeriodForm = folderInstant + `--` + folderInstant + folderPeriod
)

var folderName = regexp.MustCompile(`^(?:` + folderRunForm + `|` + folderPeriodForm + `)$`)

// FolderOf says by its name whether a folder is a report, and of which run; 0 for that of a period.
func FolderOf(name string) (run int64, isReport bool) {
	if !folderName.MatchString(name) {
		return 0, false
	}
	_, run = splitFolder(name)
	return run, true
}

// Writer writes the report of a run, once.
type Writer struct {
	opts  Options
	begin func() (*book, error)
}

// Begin makes, beside what the caller does until it writes, what a report has whatever it tells.
func Begin(opts Options) *Writer {
	w := &Writer{opts, newBook}
	if opts.Has(FormatXLSX) {
		w.begin = ahead(newBook)
	}
	return w
}

// Write renders all files of a run into <dir>/<started at as 2026-11-23T020000Z>-run-<id>, makes <dir>/latest point to it unless that
// already points to a newer run, and returns the folder's path. The folder appears as a whole or not at all: a report of the same run that
// is there is replaced as a whole, and after an error it is as it was. Files have mode 0600, folders 0700.
func (w *Writer) Write(dir string, m *Model) (string, error) {
	path := filepath.Join(dir, m.folder())
	v := newView(m, w.opts)
	v.begin = w.begin
	if err := writeFolder(path, v, w.opts); err != nil {
		return "", fmt.Errorf("writing the report %s: %w", path, err)
	}
	if err := setLatest(dir, m.folder()); err != nil {
		return path, fmt.Errorf("the report %s is written, but not named as the latest: %w", path, err)
	}
	return path, nil
}

// document is what a report folder is made of: the files, and the manifest that names them.
type document interface {
	// prepare computes what the files share; after it they can be written at the same time.
	prepare()
	files() []file
	writeManifest(w io.Writer, files []written) error
}

// writeFolder writes those files of a document whose formats the options name.
func writeFolder(path string, d document, opts Options) (err error) {
	parent, name := filepath.Split(path)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return err
	}
	done, err := beginWriting(parent)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	temporary, err := os.MkdirTemp(parent, "."+name+"-") // mode 0700
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(temporary))
		}
	}()
	if err := writeFiles(temporary, d, opts); err != nil {
		return err
	}
	return replaceFolder(temporary, path)
}

// atOnce is how many files are written at the same time: the workbook, the first, takes as long as all others together.
const atOnce = 2

// writeFiles writes every file, then the manifest that names them, then the sums of all. While some are written, those before go to the disk.
func writeFiles(dir string, d document, opts Options) (err error) {
	var toDisk, writing errgroup.Group
	defer func() { err = errors.Join(err, toDisk.Wait()) }()
	d.prepare()
	files := slices.DeleteFunc(d.files(), func(f file) bool { return !opts.Has(f.format) })
	done := make([]written, len(files)+1)
	write := func(i int, f file) (err error) {
		done[i], err = writeFile(dir, f, &toDisk)
		return err
	}
	writing.SetLimit(atOnce)
	for i, f := range files {
		writing.Go(func() error { return write(i, f) })
	}
	if err := writing.Wait(); err != nil {
		return err
	}
	manifest := file{name: fileManifest, write: func(w io.Writer) error { return d.writeManifest(w, done[:len(files)]) }}
	if err := write(len(files), manifest); err != nil {
		return err
	}
	_, err = writeFile(dir, file{name: fileSums, write: func(w io.Writer) error { return writeSums(w, done) }}, &toDisk)
	return err
}

// writeFile writes one file, takes its hash on the way, and leaves it to toDisk to get it to the disk itself.
func writeFile(dir string, f file, toDisk *errgroup.Group) (w written, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", f.name, err)
		}
	}()
	out, err := os.OpenFile(filepath.Join(dir, f.name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return written{}, err
	}
	defer toDisk.Go(func() error {
		if err := errors.Join(out.Sync(), out.Close()); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		return nil
	})
	sum := sha256.New()
	buffer := bufio.NewWriter(io.MultiWriter(out, sum))
	if err := f.write(buffer); err != nil {
		return written{}, err
	}
	if err := buffer.Flush(); err != nil {
		return written{}, err
	}
	info, err := out.Stat()
	if err != nil {
		return written{}, err
	}
	return written{f.name, info.Size(), hex.EncodeToString(sum.Sum(nil))}, nil
}

// replaceFolder puts a finished folder in the place of path. What is there is moved aside first, moved back if the new one cannot take its
// place, and removed last.
func replaceFolder(finished, path string) error {
	if err := durable.SyncFolder(finished); err != nil {
		return err
	}
	old := finished + ".old"
	err := os.Rename(path, old)
	replacing := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("moving the earlier report aside: %w", err)
	}
	if err := os.Rename(finished, path); err != nil {
		if replacing {
			err = errors.Join(err, os.Rename(old, path))
		}
		return err
	}
	if err := durable.SyncFolder(filepath.Dir(path)); err != nil {
		return err
	}
	if replacing {
		if err := os.RemoveAll(old); err != nil {
			return fmt.Errorf("removing the earlier report: %w", err)
		}
	}
	return nil
}
