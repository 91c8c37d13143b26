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

	"golang.org/x/sync/errgroup"

	"scim-auditor/internal/durable"
)

// folderRun stands between the time and the run id in the name of a report folder.
const folderRun = "-run-"

// Write renders all files of a run into <dir>/<started at as 2026-11-23T020000Z>-run-<id>, makes <dir>/latest point to it unless that
// already points to a newer run, and returns the folder's path. The folder appears as a whole or not at all: a report of the same run that
// is there is replaced as a whole, and after an error it is as it was. Files have mode 0600, folders 0700.
func Write(dir string, m *Model, opts Options) (string, error) {
	path := filepath.Join(dir, m.folder())
	if err := writeFolder(path, newView(m, opts), opts); err != nil {
		return "", fmt.Errorf("writing the report %s: %w", path, err)
	}
	if err := setLatest(dir, m.folder()); err != nil {
		return path, fmt.Errorf("the report %s is written, but not named as the latest: %w", path, err)
	}
	return path, nil
}

// document is what a report folder is made of: the files, and the manifest that names them.
type document interface {
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

// writeFiles writes every file, then the manifest that names them, then the sums of all. While one is written, those before go to the disk.
func writeFiles(dir string, d document, opts Options) (err error) {
	var toDisk errgroup.Group
	defer func() { err = errors.Join(err, toDisk.Wait()) }()
	var done []written
	add := func(f file) error {
		w, err := writeFile(dir, f, &toDisk)
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		done = append(done, w)
		return nil
	}
	for _, f := range d.files() {
		if !opts.Has(f.format) {
			continue
		}
		if err := add(f); err != nil {
			return err
		}
	}
	if err := add(file{name: fileManifest, write: func(w io.Writer) error { return d.writeManifest(w, done) }}); err != nil {
		return err
	}
	return add(file{name: fileSums, write: func(w io.Writer) error { return writeSums(w, done) }})
}

// writeFile writes one file, takes its hash on the way, and leaves it to toDisk to get it to the disk itself.
func writeFile(dir string, f file, toDisk *errgroup.Group) (written, error) {
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
