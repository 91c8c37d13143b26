package report

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"

	"github.com/klauspost/compress/flate"
	"github.com/xuri/excelize/v2"
)

// skeleton is the parts of a package as excelize writes them, by name. It is an excelize.ZipWriter.
type skeleton map[string]*bytes.Buffer

// Create begins a part.
func (p skeleton) Create(name string) (io.Writer, error) {
	p[name] = new(bytes.Buffer)
	return p[name], nil
}

// AddFS is a method of excelize.ZipWriter that excelize does not use.
func (p skeleton) AddFS(fs.FS) error {
	return fmt.Errorf("adding a file system to a workbook: %w", fs.ErrInvalid)
}

// Close has nothing to end: the parts are packed later.
func (p skeleton) Close() error { return nil }

// pack writes the archive. Its parts are sorted by name and carry the document's instant; the rows of a sheet are made while they are compressed.
func (b *book) pack(w io.Writer) error {
	all := make(skeleton)
	b.SetZipWriter(func(io.Writer) excelize.ZipWriter { return all })
	if err := b.Write(io.Discard); err != nil {
		return err
	}
	rows := make(map[string]*sheet, len(b.sheets))
	for i, s := range b.sheets {
		rows[fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1)] = s
	}
	for name, part := range b.tables {
		all[name] = bytes.NewBuffer(part)
	}
	archive := zip.NewWriter(w)
	compressor, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		return fmt.Errorf("beginning to compress: %w", err)
	}
	archive.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) {
		compressor.Reset(out) // one part after the other: a new one for each took most of the time of a small workbook
		return compressor, nil
	})
	for _, name := range slices.Sorted(maps.Keys(all)) {
		part, err := archive.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: zipTime(b.about.at)})
		if err != nil {
			return fmt.Errorf("beginning the part %s: %w", name, err)
		}
		if s, ok := rows[name]; ok {
			err = b.writeSheet(part, s, all[name].Bytes())
		} else {
			_, err = part.Write(all[name].Bytes())
		}
		if err != nil {
			return fmt.Errorf("writing the part %s: %w", name, err)
		}
	}
	return archive.Close()
}
