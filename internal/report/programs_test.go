package report

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// seenCell is a cell as a program reads it: its type, which is date, number or text, and its text. An empty one is nil.
type seenCell []string

// seenSheet is a sheet as a program reads it.
type seenSheet struct {
	Rows   [][]seenCell
	Tables [][]string // range, and that of the filter
	Frozen string     // the topmost cell that moves, such as B2
}

// modelSheets is what a program must see of a workbook.
func modelSheets(contents []*content) map[string]seenSheet {
	sheets := make(map[string]seenSheet)
	for _, c := range contents {
		var s seenSheet
		for _, l := range c.lines {
			s.Rows = append(s.Rows, seenRow(l.cells))
		}
		if c.table != nil {
			s.addTable(c)
		}
		s.trim()
		sheets[c.name] = s
	}
	return sheets
}

func (s *seenSheet) addTable(c *content) {
	header := len(s.Rows) + 1
	s.Rows = append(s.Rows, seenRow(headerCells(c.table)))
	for r := range c.table.rows {
		s.Rows = append(s.Rows, seenRow(r.cells))
	}
	if len(s.Rows) > header {
		last := string(rune('A' + len(c.table.columns) - 1))
		cells := fmt.Sprintf("A%d:%s%d", header, last, len(s.Rows))
		s.Tables = [][]string{{cells, cells}}
	}
	if header == 1 {
		s.Frozen = "B2"
	}
	if remarks := c.remarkLines(); len(remarks) > 0 {
		s.Rows = append(s.Rows, nil)
		for _, l := range remarks {
			s.Rows = append(s.Rows, seenRow(l.cells))
		}
	}
}

func seenRow(values []any) []seenCell {
	row := make([]seenCell, len(values))
	for i, value := range values {
		if l, ok := value.(looked); ok {
			value = l.value
		}
		c := newCell(lookPlain, value)
		switch {
		case c.look == lookTime:
			row[i] = seenCell{"date", shown(value)}
		case c.look == lookDay:
			row[i] = seenCell{"date", shown(value) + " 00:00:00"}
		case c.number:
			row[i] = seenCell{"number", c.text}
		case c.text != "":
			row[i] = seenCell{"text", c.text}
		}
	}
	return row
}

// trim takes away empty cells at the end of rows, and empty rows at the end of the sheet.
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

// hostileWorkbooks are a workbook of a run and one of a period, with hostile names, and with a zone, which gives every kind of cell: the path of
// each, and what it holds.
func hostileWorkbooks(t *testing.T) map[string][]*content {
	t.Helper()
	opts := Options{Location: time.FixedZone("Test/Zone", 5*3600+1800)}
	run := newView(hostileModel(), opts)
	dir := t.TempDir()
	write := func(name string, workbook func(io.Writer) error) string {
		var b bytes.Buffer
		if err := workbook(&b); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return map[string][]*content{
		write(WorkbookFile, func(w io.Writer) error { return run.writeWorkbook(w, excelRows) }): run.contents(),
	}
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
	for path, contents := range hostileWorkbooks(t) {
		out, err := exec.CommandContext(t.Context(), python, "testdata/read.py", path).Output()
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
		compareSheets(t, filepath.Base(path), modelSheets(contents), got)
	}
}

func compareSheets(t *testing.T, workbook string, want, got map[string]seenSheet) {
	t.Helper()
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s has a sheet %s", workbook, name)
		}
	}
	for name, s := range want {
		if d := cmp.Diff(s, got[name]); d != "" {
			t.Errorf("%s, sheet %s (-model +program):\n%.3000s", workbook, name, d)
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
	workbooks, dir := hostileWorkbooks(t), t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	convert := exec.CommandContext(ctx, office, append([]string{
		"-env:UserInstallation=file://" + filepath.ToSlash(filepath.Join(dir, "profile")), "--headless", "--convert-to", "fods", "--outdir", dir,
	}, slices.Collect(maps.Keys(workbooks))...)...)
	if out, err := convert.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for path, contents := range workbooks {
		document, err := os.ReadFile(filepath.Join(dir, strings.TrimSuffix(filepath.Base(path), ".xlsx")+".fods"))
		if err != nil {
			t.Fatal(err)
		}
		want := modelSheets(contents)
		for name, s := range want {
			s.Frozen = "" // is a setting of the view there
			want[name] = s
		}
		compareSheets(t, filepath.Base(path), want, readFlatODS(t, document))
	}
}

// readFlatODS reads a spreadsheet as OpenDocument 1.3 has it, Part 3, chapter 9.
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
			var table odsTable
			if err := d.DecodeElement(&table, &e); err != nil {
				t.Fatal(err)
			}
			s := sheets[table.Name]
			s.Rows = table.rows()
			s.trim()
			sheets[table.Name] = s
		case ok && e.Name.Local == "database-range" && attribute(e, "display-filter-buttons") == "true":
			name, cells, _ := strings.Cut(strings.NewReplacer("$", "", "'", "").Replace(attribute(e, "target-range-address")), ".")
			cells = strings.ReplaceAll(cells, name+".", "")
			s := sheets[name]
			s.Tables = append(s.Tables, []string{cells, cells})
			sheets[name] = s
		}
	}
}

// odsTable is a sheet: its rows, some of which stand in groups such as the header to be repeated.
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

// odsText is a paragraph, in which elements stand for spaces and tabs.
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

// times is how often something is repeated, once where nothing is said.
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
		for range min(times(r.Repeated), 1000) { // the last row is all that are left
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
			cell = seenCell{"date", strings.Replace(c.Date, "T", " ", 1)}
			if !strings.Contains(c.Date, "T") {
				cell[1] += " 00:00:00"
			}
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
