package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"scim-auditor/internal/report/reporttest"
)

// sha returns a made-up hash.
func sha(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// file returns the content of one file of a report.
func file(t *testing.T, r *report, name string) []byte {
	t.Helper()
	r.Formats = allFormats
	return reporttest.File(t, r.files(), name)
}

func TestMarkdownSaysWhatTheRunFound(t *testing.T) {
	reporttest.Golden(t, "testdata/audit.md", string(file(t, newReport(example(), Options{}), MarkdownFile)))
}

func TestJSONHasEverything(t *testing.T) {
	reporttest.Golden(t, "testdata/audit.json", string(file(t, newReport(example(), Options{}), "audit.json")))
}

func TestCSVHasARowForEachItemAndForWhatIsNotKnown(t *testing.T) {
	r := newReport(example(), Options{})
	var b strings.Builder
	for _, table := range r.csvTables()[:5] {
		fmt.Fprintf(&b, "-- %s --\n%s", table.File, file(t, r, table.File))
	}
	if strings.Count(b.String(), "\n") != strings.Count(b.String(), "\r\n")+5 {
		t.Error("a line of a CSV file does not end in CRLF")
	}
	reporttest.Golden(t, "testdata/tables.csv.txt", strings.ReplaceAll(b.String(), "\r\n", "\n"))
}

func TestWorkbookHasElevenSheetsOfTypedCells(t *testing.T) {
	reporttest.Golden(t, "testdata/audit.xlsx.txt", dump(t, openWorkbook(t, example())))
}

// openWorkbook writes the workbook of a model and opens it.
func openWorkbook(t *testing.T, m *Model) *excelize.File {
	t.Helper()
	return openWorkbookOf(t, newReport(m, Options{}))
}

func openWorkbookOf(t *testing.T, r *report) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(file(t, r, WorkbookFile)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func workbook(t *testing.T, m *Model) []byte {
	t.Helper()
	return file(t, newReport(m, Options{}), WorkbookFile)
}

// dump writes each cell with a value as "A1 text: value", with the type that it has in the file.
func dump(t *testing.T, f *excelize.File) string {
	t.Helper()
	var b strings.Builder
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "== %s ==\n", sheet)
		for r, row := range rows {
			for c, value := range row {
				if value == "" {
					continue
				}
				name, err := excelize.CoordinatesToCellName(c+1, r+1)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&b, "%s %s: %s\n", name, cellKind(t, f, sheet, name), value)
			}
		}
	}
	return b.String()
}

func cellKind(t *testing.T, f *excelize.File, sheet, cell string) string {
	t.Helper()
	kind, err := f.GetCellType(sheet, cell)
	if err != nil {
		t.Fatal(err)
	}
	switch kind {
	case excelize.CellTypeInlineString, excelize.CellTypeSharedString:
		return "text"
	case excelize.CellTypeUnset, excelize.CellTypeNumber:
		style, err := f.GetCellStyle(sheet, cell)
		if err != nil {
			t.Fatal(err)
		}
		format, err := f.GetStyle(style)
		if err != nil {
			t.Fatal(err)
		}
		if format.CustomNumFmt != nil {
			return "date"
		}
		return "number"
	default:
		return fmt.Sprintf("type %d", kind)
	}
}
