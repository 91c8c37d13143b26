package report

import (
	"archive/zip"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"
)

// sortedZip is a zip archive whose parts are sorted by name and carry one fixed time: the same parts give the same bytes, in whatever order
// they were written. Parts are compressed as they come, so that only compressed bytes are held.
type sortedZip struct {
	out      io.Writer
	modified time.Time
	unsorted bytes.Buffer
	writer   *zip.Writer // of unsorted
}

func newSortedZip(out io.Writer, modified time.Time) *sortedZip {
	z := &sortedZip{out: out, modified: modified}
	z.writer = zip.NewWriter(&z.unsorted)
	return z
}

// Create begins a part and ends the one before.
func (z *sortedZip) Create(name string) (io.Writer, error) {
	w, err := z.writer.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: z.modified})
	if err != nil {
		return nil, fmt.Errorf("beginning the part %s: %w", name, err)
	}
	return w, nil
}

// AddFS is a method of excelize.ZipWriter that excelize does not use.
func (z *sortedZip) AddFS(fs.FS) error {
	return fmt.Errorf("adding a file system to a workbook: %w", fs.ErrInvalid)
}

// Close writes the archive.
func (z *sortedZip) Close() error {
	if err := z.writer.Close(); err != nil {
		return fmt.Errorf("ending the parts: %w", err)
	}
	r, err := zip.NewReader(bytes.NewReader(z.unsorted.Bytes()), int64(z.unsorted.Len()))
	if err != nil {
		return fmt.Errorf("reading the parts again: %w", err)
	}
	slices.SortFunc(r.File, func(a, b *zip.File) int { return cmp.Compare(a.Name, b.Name) })
	sorted := zip.NewWriter(z.out)
	for _, part := range r.File {
		if err := sorted.Copy(part); err != nil {
			return fmt.Errorf("writing the part %s: %w", part.Name, err)
		}
	}
	if err := sorted.Close(); err != nil {
		return fmt.Errorf("ending the archive: %w", err)
	}
	return nil
}
