// Package xlsx writes the sheets of a report as a workbook with excelize. The same sheets
// always produce the same bytes.
package xlsx

import (
	"archive/zip"
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/xuri/excelize/v2"

	"scim-auditor/internal/report/table"
)

// Book is a workbook and its document properties.
type Book struct {
	Title, Subject, Identifier, Creator string
	// Footer is printed at the bottom left of each page.
	Footer string
	// At is the time of the document and of all its parts.
	At     time.Time
	Sheets []*Sheet

	maxRows int // of a sheet; a longer table continues in another sheet
}

// excelRows is the maximum number of rows of a sheet:
// https://support.microsoft.com/en-us/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
const excelRows = 1_048_576

type writer struct {
	*excelize.File
	book    *Book
	styles  []int            // by look
	expired int              // the conditional style of an expired token
	parts   map[string]*part // by the name of the sheet's file
	tables  map[string][]byte
}

// Write writes the workbook.
func (b *Book) Write(out io.Writer) error {
	if b.maxRows == 0 {
		b.maxRows = excelRows
	}
	w := &writer{File: excelize.NewFile(), book: b, parts: make(map[string]*part),
		tables: make(map[string][]byte)}
	if err := w.makeStyles(); err != nil {
		return err
	}
	for _, s := range b.Sheets {
		if err := w.addSheets(s); err != nil {
			return fmt.Errorf("sheet %s: %w", s.Name, err)
		}
	}
	if err := w.SetAppProps(&excelize.AppProperties{Application: "auditor"}); err != nil {
		return err
	}
	// Excelize adds the content types of pictures, which a chart may have, in random order.
	types := w.ContentTypes.Defaults
	sort.Slice(types, func(i, j int) bool { return types[i].Extension < types[j].Extension })
	return w.pack(out)
}

// Count counts the cells whose text differs from the database.
func (b *Book) Count() table.Counts {
	var c table.Counts
	for _, s := range b.Sheets {
		for _, l := range s.Lines {
			for _, value := range l.Cells {
				c.Count(value)
			}
		}
		if s.Table == nil {
			continue
		}
		c.Altered, c.Cut = c.Altered+s.Table.Altered, c.Cut+s.Table.Cut
		for _, r := range s.Table.Remarks {
			c.Count(r.Text)
		}
	}
	return c
}

// properties returns the part with the document properties. Excelize writes it without the prefix
// cp, and ExcelJS reads no workbook without it.
func (b *Book) properties() []byte {
	at, creator := b.At.UTC().Format(time.RFC3339), escapeXML(table.Visible(b.Creator))
	const part = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" ` +
		`xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" ` +
		`xmlns:dcmitype="http://purl.org/dc/dcmitype/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
		`<dc:title>%s</dc:title><dc:subject>%s</dc:subject><dc:creator>%s</dc:creator>` +
		`<cp:lastModifiedBy>%[3]s</cp:lastModifiedBy><dcterms:created xsi:type="dcterms:W3CDTF">%[4]s</dcterms:created>` +
		`<dcterms:modified xsi:type="dcterms:W3CDTF">%[4]s</dcterms:modified><dc:identifier>%[5]s</dc:identifier>` +
		`<dc:language>en</dc:language></cp:coreProperties>`
	return fmt.Appendf(nil, part, escapeXML(b.Title), escapeXML(table.Visible(b.Subject)), creator, at, b.Identifier)
}

// noStrings is a part without shared strings, because each text is in its cell.
const noStrings = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="0" uniqueCount="0"/>`

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

// pack writes the archive. Its bytes are the same each time: parts are sorted and have one
// time.
func (w *writer) pack(out io.Writer) error {
	all := parts{content: make(map[string]*bytes.Buffer)}
	w.SetZipWriter(func(io.Writer) excelize.ZipWriter { return all })
	if err := w.Write(io.Discard); err != nil {
		return err
	}
	archive, buffer := zip.NewWriter(out), bufio.NewWriterSize(nil, 1<<16)
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
		part, err := archive.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at})
		if err != nil {
			return err
		}
		buffer.Reset(part)
		w.writePart(buffer, name, all.content[name].Bytes()) // Flush returns the first error
		if err := buffer.Flush(); err != nil {
			return err
		}
	}
	return archive.Close()
}

// writePart writes a part. It replaces some of what excelize wrote.
func (w *writer) writePart(out *bufio.Writer, name string, part []byte) {
	switch {
	case name == "docProps/core.xml":
		part = w.book.properties()
	case w.tables[name] != nil:
		part = w.tables[name]
	case name == "xl/sharedStrings.xml":
		part = []byte(noStrings)
	case strings.HasPrefix(name, "xl/charts/"): // with an automatic axis, the points of one day become one
		part = bytes.ReplaceAll(part, []byte(`<auto val="1">`), []byte(`<auto val="0">`))
	}
	beginning, rest, _ := bytes.Cut(part, []byte("<sheetData>"))
	_, end, isSheet := bytes.Cut(rest, []byte("</sheetData>"))
	if !isSheet {
		_, _ = out.Write(part)
		return
	}
	_, _ = fmt.Fprintf(out, "%s<sheetData>", beginning)
	w.parts[name].writeRows(out, w.styles)
	_, _ = fmt.Fprintf(out, "</sheetData>%s", end)
}
