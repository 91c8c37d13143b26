package xlsx

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"scim-auditor/internal/report/table"
)

var night = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

// example returns a book with two sheets: one with lines and charts, and one with a table of n
// rows.
func example(n int) *Book {
	summary := &Sheet{Name: "Summary", Fixed: []float64{26, 42}}
	summary.Add(Title, "Title")
	summary.AddHeading("Numbers")
	for range ChartRows {
		summary.Add(Plain, nil)
	}
	numbers := table.New("Trend", nil, table.Text("Run", "run"), table.Column{Title: "SCIM", Key: "scim",
		Kind: table.IntKind})
	numbers.Add(table.RunLevel, "1", 2)
	numbers.Add(table.RunLevel, "2", nil)
	chart := Chart{"A", "SCIM", excelize.Line, 430, []Series{{"B", "1F4E78", "circle"}}}
	summary.Charts = &Charts{len(summary.Lines) - ChartRows + 1, "Trend", 2, []Chart{chart}}

	columns := table.ParseColumns("\ttext\tid\tID\n\tint\tdays_to_expiry\tDays\n\ttime\tseen\tSeen\n" +
		"\ttext\tstatus\tStatus\n\traw\traw\t\tjson\n")
	rows := table.New("Rows", nil, columns[""]...)
	for i := range n {
		status := table.Word{Value: "not_assessed", Text: "not assessed", Tone: table.Medium}
		rows.Add(0, fmt.Sprint("=", i), i-1, night, status, nil)
	}
	rows.Remark(0, "a remark")
	return &Book{
		Title: "Title", Subject: "Subject", Identifier: "7", Creator: "auditor 1", Footer: "Run 7", At: night,
		Sheets: []*Sheet{summary, {Name: "Trend", Table: numbers}, {Name: "Rows", Table: rows}},
	}
}

// written returns the bytes of a book.
func written(t *testing.T, b *Book) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := b.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// opened writes a book and opens it with excelize.
func opened(t *testing.T, b *Book) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(written(t, b)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestTheSameBookHasTheSameBytes(t *testing.T) {
	first := written(t, example(100))
	for range 5 {
		if !bytes.Equal(first, written(t, example(100))) {
			t.Fatal("the bytes differ")
		}
	}
}

func TestALongTableGoesOnInAnotherSheet(t *testing.T) {
	b := example(25)
	b.maxRows = 13 // a header, ten rows, an empty row, a remark
	f := opened(t, b)
	if got := fmt.Sprint(f.GetSheetList()); got != "[Summary Trend Rows Rows (2) Rows (3)]" {
		t.Fatal(got)
	}
	last, err := f.GetRows("Rows (3)")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(last[0], last[len(last)-1]); got != "[ID Days Seen (UTC) Status] [a remark]" || len(last) != 8 {
		t.Errorf("%d rows: %s", len(last), got)
	}
}

func TestATableWithoutRowsIsItsHeader(t *testing.T) {
	b := example(0)
	b.Sheets[2].Table.Remarks = nil
	f := opened(t, b)
	rows, err := f.GetRows("Rows")
	if err != nil {
		t.Fatal(err)
	}
	tables, err := f.GetTables("Rows")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(rows); got != "[[ID Days Seen (UTC) Status] [] [none]]" || len(tables) != 0 {
		t.Errorf("%s, %d tables", got, len(tables))
	}
}
