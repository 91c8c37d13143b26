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
func pack(w io.Writer, f *excelize.File, at time.Time) error {
	all := make(parts)
	f.SetZipWriter(func(io.Writer) excelize.ZipWriter { return all })
	if err := f.Write(io.Discard); err != nil {
		return err
	}
	archive := zip.NewWriter(w)
	compressor, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		return fmt.Errorf("beginning to compress: %w", err)
	}
	archive.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) {
		compressor.Reset(out) // a new one for each part took most of the time of a small workbook
		return compressor, nil
	})
	for _, name := range slices.Sorted(maps.Keys(all)) {
		header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: zipTime(at)}
		part, err := archive.CreateHeader(header)
		if err != nil {
			return fmt.Errorf("beginning the part %s: %w", name, err)
		}
		if err := writePart(part, all[name].Bytes()); err != nil {
			return fmt.Errorf("writing the part %s: %w", name, err)
		}
		delete(all, name)
	}
	return archive.Close()
}

// writePart writes a part, and names the drawing that stands near the end of a sheet with charts as
// readers know it which look at the prefix alone, such as ExcelJS.
func writePart(w io.Writer, part []byte) error {
	const drawing = `<drawing xmlns:relationships="` +
		`http://schemas.openxmlformats.org/officeDocument/2006/relationships" relationships:id=`
	end := max(0, len(part)-1<<12)
	if _, err := w.Write(part[:end]); err != nil {
		return err
	}
	_, err := w.Write(bytes.Replace(part[end:], []byte(drawing), []byte("<drawing r:id="), 1))
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
