package xlsx

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/xuri/excelize/v2"
)

// parts are the parts of a package as excelize writes them, by name, in the order of a map. It is
// an excelize.ZipWriter.
type parts map[string]*bytes.Buffer

// Create begins a part.
func (p parts) Create(name string) (io.Writer, error) {
	p[name] = new(bytes.Buffer)
	return p[name], nil
}

// AddFS is a method of excelize.ZipWriter that excelize does not use.
func (p parts) AddFS(fs.FS) error {
	return fmt.Errorf("adding a file system to a workbook: %w", fs.ErrInvalid)
}

// Close has nothing to end: the parts are packed later.
func (p parts) Close() error { return nil }

// pack writes the archive so that its bytes are the same each time: the parts are sorted by name
// and carry one instant.
func (w *writer) pack(out io.Writer) error {
	all := make(parts)
	w.SetZipWriter(func(io.Writer) excelize.ZipWriter { return all })
	if err := w.Write(io.Discard); err != nil {
		return err
	}
	archive := zip.NewWriter(out)
	compressor, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		return fmt.Errorf("beginning to compress: %w", err)
	}
	archive.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) {
		compressor.Reset(out) // a new one for each part took most of the time of a small workbook
		return compressor, nil
	})
	for _, name := range slices.Sorted(maps.Keys(all)) {
		header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: zipTime(w.book.At)}
		part, err := archive.CreateHeader(header)
		if err != nil {
			return fmt.Errorf("beginning the part %s: %w", name, err)
		}
		if err := w.writePart(part, name, all[name].Bytes()); err != nil {
			return fmt.Errorf("writing the part %s: %w", name, err)
		}
	}
	return archive.Close()
}

// writePart writes a part, with the rows of a sheet in the place of those that excelize has.
func (w *writer) writePart(out io.Writer, name string, part []byte) error {
	beginning, rest, _ := bytes.Cut(part, []byte("<sheetData>"))
	_, end, isSheet := bytes.Cut(rest, []byte("</sheetData>"))
	if !isSheet {
		_, err := out.Write(part)
		return err
	}
	_, err := fmt.Fprintf(out, "%s<sheetData>", beginning)
	if err == nil {
		err = w.parts[name].writeRows(out, w.styles)
	}
	if err == nil {
		_, err = fmt.Fprintf(out, "</sheetData>%s", end)
	}
	return err
}

// zipTime is an instant that the MS-DOS dates of a zip archive can hold: from 1980 on.
func zipTime(t time.Time) time.Time {
	earliest := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	if t.Before(earliest) {
		return earliest
	}
	return t.UTC()
}
