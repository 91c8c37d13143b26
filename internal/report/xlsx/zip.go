package xlsx

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/xuri/excelize/v2"
)

// parts collects the parts of a package by name, because excelize writes them in random order.
type parts struct {
	excelize.ZipWriter // excelize uses only the methods below
	content            map[string]*bytes.Buffer
}

// Create returns the writer of a part.
func (p parts) Create(name string) (io.Writer, error) {
	p.content[name] = new(bytes.Buffer)
	return p.content[name], nil
}

// Close does nothing: pack writes the parts later.
func (p parts) Close() error { return nil }

// pack writes the archive. Its bytes are the same each time: parts are sorted and have one time.
func (w *writer) pack(out io.Writer) error {
	all := parts{content: make(map[string]*bytes.Buffer)}
	w.SetZipWriter(func(io.Writer) excelize.ZipWriter { return all })
	if err := w.Write(io.Discard); err != nil {
		return err
	}
	archive := zip.NewWriter(out)
	compressor, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		return err
	}
	archive.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) {
		compressor.Reset(out) // a new compressor for each part takes most of the time for a small workbook
		return compressor, nil
	})
	at := w.book.At.UTC()
	if at.Year() < 1980 { // the MS-DOS dates of an archive begin in 1980
		at = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	for _, name := range slices.Sorted(maps.Keys(all.content)) {
		header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at}
		part, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		if err := w.writePart(part, name, all.content[name].Bytes()); err != nil {
			return err
		}
	}
	return archive.Close()
}

// writePart writes a part. It replaces the rows of a sheet that excelize wrote.
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
