package xlsx

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/report/reporttest"
	"scim-auditor/internal/report/table"
)

// seenCell is a cell as a program reads it: its type (date, number or text) and its text. An empty
// cell is nil.
type seenCell []string

// seenSheet is a sheet as a program reads it.
type seenSheet struct {
	Rows   [][]seenCell
	Tables [][]string // range of the table, range of its filter
	Frozen string     // the first cell that scrolls, such as B2
}

// modelSheets returns what a program must read from a workbook.
func modelSheets(b *Book) map[string]seenSheet {
	sheets := make(map[string]seenSheet)
	for _, sheet := range b.Sheets {
		var s seenSheet
		s.addLines(sheet.Lines)
		if sheet.Table != nil {
			s.addTable(sheet)
		}
		s.trim()
		sheets[sheet.Name] = s
	}
	return sheets
}

func (s *seenSheet) addLines(lines []Line) {
	for _, l := range lines {
		s.Rows = append(s.Rows, seenRow(l.Cells))
	}
}

func (s *seenSheet) addTable(sheet *Sheet) {
	header, shown := len(s.Rows)+1, sheet.Table.Shown()
	titles := make([]any, len(shown))
	for i, c := range shown {
		titles[i] = c.Title
	}
	s.Rows = append(s.Rows, seenRow(titles))
	for _, r := range sheet.Table.Rows {
		s.Rows = append(s.Rows, seenRow(r.Cells[:len(shown)]))
	}
	if len(s.Rows) > header {
		cells := fmt.Sprintf("A%d:%s%d", header, ColumnName(len(shown)-1), len(s.Rows))
		s.Tables = [][]string{{cells, cells}}
	}
	if header == 1 {
		s.Frozen = "B2"
	}
	if remarks := sheet.remarkLines(sheet.widths()); len(remarks) > 0 {
		s.Rows = append(s.Rows, nil)
		s.addLines(remarks)
	}
}

func seenRow(values []any) []seenCell {
	row := make([]seenCell, len(values))
	for i, value := range values {
		c := cellOf(Plain, value)
		switch {
		case c.look == lookTime:
			row[i] = seenCell{"date", table.Shown(value)}
		case c.look == lookDay:
			row[i] = seenCell{"date", table.Shown(value) + " 00:00:00"}
		case c.isNumber:
			row[i] = seenCell{"number", fmt.Sprint(value)}
		case c.text != "":
			row[i] = seenCell{"text", c.text}
		}
	}
	return row
}

// trim removes empty cells at the end of rows, and empty rows at the end of the sheet.
func (s *seenSheet) trim() {
	for i, row := range s.Rows {
		for len(row) > 0 && row[len(row)-1] == nil {
			row = row[:len(row)-1]
		}
		if s.Rows[i] = row; len(row) == 0 {
			s.Rows[i] = nil
		}
	}
	for len(s.Rows) > 0 && s.Rows[len(s.Rows)-1] == nil {
		s.Rows = s.Rows[:len(s.Rows)-1]
	}
}

// hostile returns a book with every kind of cell, and hostile names in every text.
func hostile() *Book {
	b, zone := example(3), time.FixedZone("Test/Zone", 5*3600+1800)
	t := table.New("Hostile", zone, table.Text("Name", "name"),
		table.Column{Title: "Number", Key: "number", Kind: table.IntKind},
		table.Column{Title: "Yes", Key: "yes", Kind: table.BoolKind}, table.Time("At", "at"),
		table.Column{Title: "Until", Key: "until", Kind: table.DayKind}, table.Text("Status", "status"),
		table.Lists("List", "list"))
	for i, name := range reporttest.HostileNames {
		other := reporttest.HostileNames[(i+7)%len(reporttest.HostileNames)]
		word := table.Word{Value: other, Text: other, Tone: table.Tone(i % 8)}
		t.Add(0, name, i-3, i%2 == 0, night.Add(time.Duration(i)*time.Hour), table.Day(night.Truncate(24*time.Hour)), word,
			table.List{Items: []string{name, other}})
		t.Remark(0, name)
		b.Sheets[0].Add(Plain, name, table.Why(other))
		b.Sheets[0].AddText(Alarm, name, 2)
	}
	t.Add(0, "", nil, true, table.Instant(time.Time{}, "=not known"), nil, nil, table.List{None: "none"})
	t.Alarm(0, "NOT COMPLETE: "+reporttest.HostileNames[0])
	b.Sheets = append(b.Sheets, &Sheet{Name: "Hostile", Table: t})
	return b
}

// hostileFile writes that book and returns its path.
func hostileFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hostile.xlsx")
	if err := os.WriteFile(path, written(t, hostile()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenpyxlReadsWhatTheModelHas(t *testing.T) {
	python := ""
	for _, program := range []string{"python3", "/usr/bin/python3"} {
		if python == "" && exec.CommandContext(t.Context(), program, "-c", "import openpyxl").Run() == nil {
			python = program
		}
	}
	if python == "" {
		t.Skip("no python3 with openpyxl is installed")
	}
	out, err := exec.CommandContext(t.Context(), python, "testdata/read.py", hostileFile(t)).Output()
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]seenSheet)
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	for name, s := range got {
		s.trim()
		if len(s.Tables) == 0 {
			s.Tables = nil
		}
		got[name] = s
	}
	compareSheets(t, modelSheets(hostile()), got)
}

func compareSheets(t *testing.T, want, got map[string]seenSheet) {
	t.Helper()
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("there is a sheet %s", name)
		}
	}
	for name, s := range want {
		if d := cmp.Diff(s, got[name]); d != "" {
			t.Errorf("sheet %s (-model +program):\n%.3000s", name, d)
		}
	}
}

func TestLibreOfficeReadsWhatTheModelHas(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts LibreOffice")
	}
	office, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("LibreOffice (soffice) is not installed")
	}
	path, dir := hostileFile(t), t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	profile := "-env:UserInstallation=file://" + filepath.ToSlash(filepath.Join(dir, "profile"))
	convert := exec.CommandContext(ctx, office, profile, "--headless", "--convert-to", "fods", "--outdir", dir, path)
	if out, err := convert.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	document, err := os.ReadFile(filepath.Join(dir, "hostile.fods"))
	if err != nil {
		t.Fatal(err)
	}
	want := modelSheets(hostile())
	for name, s := range want {
		s.Frozen = "" // LibreOffice stores it as a setting of the view
		want[name] = s
	}
	compareSheets(t, want, readFlatODS(t, document))
}

// readFlatODS reads a spreadsheet in the form of OpenDocument 1.3, Part 3, chapter 9.
func readFlatODS(t *testing.T, document []byte) map[string]seenSheet {
	t.Helper()
	sheets := make(map[string]seenSheet)
	for d := xml.NewDecoder(bytes.NewReader(document)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return sheets
		}
		if err != nil {
			t.Fatal(err)
		}
		e, ok := token.(xml.StartElement)
		switch {
		case ok && e.Name.Local == "table":
			var ods odsTable
			if err := d.DecodeElement(&ods, &e); err != nil {
				t.Fatal(err)
			}
			s := sheets[ods.Name]
			s.Rows = ods.rows()
			s.trim()
			sheets[ods.Name] = s
		case ok && e.Name.Local == "database-range" && attribute(e, "display-filter-buttons") == "true":
			name, cells, _ := strings.Cut(strings.NewReplacer("$", "", "'", "").Replace(attribute(e, "target-range-address")),
				".")
			cells = strings.ReplaceAll(cells, name+".", "")
			s := sheets[name]
			s.Tables = append(s.Tables, []string{cells, cells})
			sheets[name] = s
		}
	}
}

// odsTable is a sheet. Some of its rows are in groups, such as the repeated header.
type odsTable struct {
	Name string
	Rows []odsRow
}

func (t *odsTable) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	t.Name = attribute(start, "name")
	for depth := 1; depth > 0; {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch e := token.(type) {
		case xml.EndElement:
			depth--
		case xml.StartElement:
			switch e.Name.Local {
			case "table-row":
				t.Rows = append(t.Rows, odsRow{})
				err = d.DecodeElement(&t.Rows[len(t.Rows)-1], &e)
			case "shapes": // the charts have tables too
				err = d.Skip()
			default:
				depth++
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

type odsRow struct {
	Repeated string    `xml:"number-rows-repeated,attr"`
	Cells    []odsCell `xml:"table-cell"`
}

type odsCell struct {
	Repeated string    `xml:"number-columns-repeated,attr"`
	Type     string    `xml:"value-type,attr"`
	Value    string    `xml:"value,attr"`
	Date     string    `xml:"date-value,attr"`
	Text     []odsText `xml:"p"`
}

// odsText is a paragraph. Elements represent spaces and tabs.
type odsText string

func (p *odsText) UnmarshalXML(d *xml.Decoder, _ xml.StartElement) error {
	var b strings.Builder
	for depth := 1; depth > 0; {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			depth++
			switch token.Name.Local {
			case "s":
				b.WriteString(strings.Repeat(" ", times(attribute(token, "c"))))
			case "tab":
				b.WriteByte('\t')
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			b.Write(token)
		}
	}
	*p = odsText(b.String())
	return nil
}

// times returns how often something is repeated, 1 by default.
func times(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 1
	}
	return n
}

func (t *odsTable) rows() [][]seenCell {
	var all [][]seenCell
	for _, r := range t.Rows {
		row := r.cells()
		for range min(times(r.Repeated), 1000) { // the last row is repeated to the end of the sheet
			all = append(all, row)
		}
	}
	return all
}

func (r *odsRow) cells() []seenCell {
	var row []seenCell
	for _, c := range r.Cells {
		var lines []string
		for _, line := range c.Text {
			lines = append(lines, string(line))
		}
		var cell seenCell
		switch c.Type {
		case "date":
			cell = seenCell{"date", wholeSeconds(c.Date)}
		case "float":
			cell = seenCell{"number", c.Value}
		case "string":
			cell = seenCell{"text", strings.Join(lines, "\n")}
		}
		for range min(times(c.Repeated), 100) {
			row = append(row, cell)
		}
	}
	return row
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// wholeSeconds rounds a date of OpenDocument: a workbook has instants in days, with 15 digits.
func wholeSeconds(date string) string {
	if !strings.Contains(date, "T") {
		return date + " 00:00:00"
	}
	at, err := time.Parse("2006-01-02T15:04:05", date)
	if err != nil {
		return date
	}
	return at.Round(time.Second).Format(time.DateTime)
}
