// Package folder writes a report folder so that it appears whole or not at all: its files, the
// manifest that names them, and SHA256SUMS. It owns the names of report folders, the link to the
// newest, and what is left of a folder whose writer was killed.
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
	"strings"

	"github.com/gofrs/flock"
	"golang.org/x/sync/errgroup"

	"scim-auditor/internal/durable"
)

// File is one file of a report folder, and how its content is written.
type File struct {
	Name  string
	Write func(io.Writer) error
}

// Write writes the files into the folder path, then a manifest, which is made when their hashes are
// known, then SHA256SUMS. The folder appears whole or not at all: one that is there is replaced as a
// whole, and after an error it is as it was. Files have mode 0600, folders 0700.
func Write(path string, files []File, manifest func([]Written) any) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing the report %s: %w", path, err)
		}
	}()
	parent, name := filepath.Split(path)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return err
	}
	done, err := lockShared(parent)
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
	if err := writeFiles(temporary, files, manifest); err != nil {
		return err
	}
	return replace(temporary, path)
}

// atOnce is how many files are written at the same time: the first, the workbook, takes as long as
// all others together.
const atOnce = 2

// writeFiles writes every file, then the manifest that names them, then the sums of all. While some
// are written, those before go to the disk.
func writeFiles(dir string, files []File, manifest func([]Written) any) (err error) {
	var toDisk, group errgroup.Group
	defer func() { err = errors.Join(err, toDisk.Wait()) }()
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
	for _, list := range []File{
		{ManifestFile, func(w io.Writer) error { return writeManifest(w, manifest(written)) }},
		{SumsFile, func(w io.Writer) error { return writeSums(w, written) }},
	} {
		slices.SortFunc(written, func(a, b Written) int { return cmp.Compare(a.Name, b.Name) })
		one, err := writeFile(dir, list, &toDisk)
		if err != nil {
			return err
		}
		written = append(written, one)
	}
	return nil
}

// writeFile writes one file, takes its hash on the way, and leaves it to toDisk to get it to the
// disk.
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
	if err := f.Write(buffer); err != nil {
		return Written{}, err
	}
	if err := buffer.Flush(); err != nil {
		return Written{}, err
	}
	info, err := out.Stat()
	if err != nil {
		return Written{}, err
	}
	return Written{f.Name, info.Size(), hex.EncodeToString(sum.Sum(nil))}, nil
}

// The files that list the others.
const (
	ManifestFile = "manifest.json"
	SumsFile     = "SHA256SUMS"
)

// Written is a file as it lies in the folder.
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

// writeSums writes what sha256sum -c reads:
// https://www.gnu.org/software/coreutils/manual/html_node/cksum-output-modes.html
func writeSums(w io.Writer, files []Written) error {
	for _, f := range files {
		if _, err := fmt.Fprintf(w, "%s  %s\n", f.SHA256, f.Name); err != nil {
			return err
		}
	}
	return nil
}

// replace puts a finished folder in the place of path. What is there is moved aside first, moved
// back if the new one cannot take its place, and removed last.
func replace(finished, path string) error {
	if err := durable.SyncFolder(finished); err != nil {
		return err
	}
	old := finished + asideSuffix
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

// lockFile is locked by each process that writes a report into the folder it is in: shared while a
// report is written, exclusively to remove what a killed process left there. The lock ends with the
// process, however that ends.
const lockFile = ".lock"

// lockShared holds the lock of a folder of reports until done is called. It removes leftovers first
// if no other process is writing.
func lockShared(dir string) (done func() error, err error) {
	lock := flock.New(filepath.Join(dir, lockFile), flock.SetPermissions(0o600))
	alone, err := lock.TryLock()
	if alone {
		removeLeftovers(dir)
		err = lock.Unlock()
	}
	if err == nil {
		err = lock.RLock() // waits no longer than for another to remove leftovers
	}
	if opening := (*fs.PathError)(nil); errors.As(err, &opening) {
		return nil, fmt.Errorf("opening the lock of the folder: %w", err)
	}
	// Any other error is of a file system without locks. There no process ever has the exclusive lock,
	// so nothing is removed.
	return lock.Close, nil
}

// asideSuffix ends the name of an earlier report that is moved aside until the new one is in place.
const asideSuffix = ".old"

// leftover is the name of a temporary folder, or of an earlier report moved aside.
var leftover = regexp.MustCompile(`^\.` + anyPattern + `-[0-9]+(\.old)?$`)

// removeLeftovers removes folders that no process will finish. An earlier report that was moved
// aside goes back where no new one has taken its place. What cannot be removed stays for the next
// time: the report does not depend on it.
func removeLeftovers(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
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
