// Package xlsx writes the sheets of a report as a workbook with excelize. The same sheets always
// produce the same bytes.
package xlsx

import (
	"fmt"
	"io"
	"sort"
	"time"

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

// writer is a workbook under construction.
type writer struct {
	*excelize.File
	book    *Book
	styles  []int            // by look
	expired int              // the conditional style of an expired token
	parts   map[string]*part // by the name of the sheet's file
}

// Write writes the workbook.
func (b *Book) Write(out io.Writer) error {
	if b.maxRows == 0 {
		b.maxRows = excelRows
	}
	w := &writer{File: excelize.NewFile(), book: b, parts: make(map[string]*part)}
	if err := w.makeStyles(); err != nil {
		return err
	}
	for _, s := range b.Sheets {
		if err := w.addSheets(s); err != nil {
			return fmt.Errorf("sheet %s: %w", s.Name, err)
		}
	}
	if err := w.setProperties(); err != nil {
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

// setProperties sets the document properties.
func (w *writer) setProperties() error {
	at := w.book.At.UTC().Format(time.RFC3339)
	creator := table.Visible(w.book.Creator)
	if err := w.SetAppProps(&excelize.AppProperties{Application: "auditor"}); err != nil {
		return err
	}
	return w.SetDocProps(&excelize.DocProperties{
		Title:          w.book.Title,
		Subject:        table.Visible(w.book.Subject),
		Creator:        creator,
		LastModifiedBy: creator,
		Identifier:     w.book.Identifier,
		Created:        at,
		Modified:       at,
		Language:       "en",
	})
}
