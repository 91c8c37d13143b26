package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"scim-auditor/internal/report/reporttest"
	"scim-auditor/internal/report/table"
)

// named returns the example with one SCIM configuration of this name.
func named(name string) *Model {
	m := example()
	m.Organizations[0].SCIM[0].Name = name
	return m
}

func TestHostileNameStaysTypedTextInTheWorkbook(t *testing.T) {
	for _, name := range reporttest.HostileNames {
		f := openWorkbook(t, named(name))
		got, err := f.GetCellValue("Inventory", "A2")
		if err != nil {
			t.Fatal(err)
		}
		want := table.CellText(name)
		if got != want {
			t.Errorf("%.60q is shown as %.60q instead of %.60q", name, got, want)
		}
		if kind := cellKind(t, f, "Inventory", "A2"); kind != "text" {
			t.Errorf("%.60q is of the type %s", name, kind)
		}
		if formula, err := f.GetCellFormula("Inventory", "A2"); err != nil || formula != "" {
			t.Errorf("%.60q is the formula %q (%v)", name, formula, err)
		}
	}
}

func TestTextThatLooksLikeAFormulaIsFormattedAsText(t *testing.T) {
	f := openWorkbook(t, named("=1+1"))
	style, err := f.GetCellStyle("Inventory", "A2")
	if err != nil {
		t.Fatal(err)
	}
	if format, err := f.GetStyle(style); err != nil || format.NumFmt != 49 {
		t.Errorf("the format is %d instead of 49 (%v): editing the cell would make a formula", format.NumFmt, err)
	}
}

func TestHostileNameIsGuardedInCSV(t *testing.T) {
	for _, name := range reporttest.HostileNames {
		text := file(t, newReport(named(name), Options{}), "inventory.csv")
		if !utf8.Valid(text) || !bytes.HasPrefix(text, []byte("\ufeff")) {
			t.Errorf("%.60q: the file is not UTF-8 with a byte order mark", name)
		}
		// The reader turns CRLF in a field into a line feed.
		records, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatalf("%.60q: %v", name, err)
		}
		got := records[1][slices.Index(records[0], "name")]
		want := strings.NewReplacer("⟦U+000D⟧⟦U+000A⟧", "\n", "⟦U+000A⟧", "\n", "⟦U+0009⟧", "\t").Replace(Visible(name))
		if strings.ContainsAny(name[:1], "=+-@\t\r") || strings.HasPrefix(name, "＝") {
			want = "'" + want
		}
		if got != want {
			t.Errorf("%.60q is written as %.60q instead of %.60q", name, got, want)
		}
	}
}

func TestLineBreaksStayWhatTheyAreInCSV(t *testing.T) {
	for _, name := range []string{"one\ntwo", "one\r\ntwo", "one\n\ntwo\r\n"} {
		text := string(file(t, newReport(named(name), Options{}), "inventory.csv"))
		if !strings.Contains(text, `,"`+name+`",`) {
			t.Errorf("%q is not written as it is", name)
		}
		if rows := strings.ReplaceAll(text, name, ""); strings.Count(rows, "\n") != strings.Count(rows, "\r\n") {
			t.Errorf("%q: a row does not end with CRLF", name)
		}
	}
}

func TestHostileNameIsUnalteredInJSON(t *testing.T) {
	for _, name := range reporttest.HostileNames {
		var report struct{ Inventory []struct{ Name string } }
		if err := json.Unmarshal(file(t, newReport(named(name), Options{}), "audit.json"), &report); err != nil {
			t.Fatal(err)
		}
		want := string([]rune(name)) // JSON and the API's responses are UTF-8
		if got := report.Inventory[0].Name; got != want {
			t.Errorf("%.60q is written as %.60q", name, got)
		}
	}
}

func TestEvidenceCountsWhatIsShownInAnotherForm(t *testing.T) {
	m := example()
	m.Organizations[0].SCIM[0].Name = "zero\u200bwidth"
	m.Organizations[0].SCIM[1].Name = strings.Repeat("x", table.MaxCellUnits+1)
	m.Organizations[0].SCIM[2].Name = "=1"
	counted := newReport(m, Options{}).cells
	// Each name is also in the list of SCIM configurations of its SSO configuration, and cut to one
	// line on the first page.
	want := table.Counts{Altered: 3, Cut: 2, Guarded: 3}
	if counted != want {
		t.Errorf("counted %+v instead of %+v", counted, want)
	}
	f := openWorkbook(t, m)
	for item, number := range map[string]string{"hidden characters": "3", "cut at": "2", "leading '": "3"} {
		if !slices.ContainsFunc(rowsOfSheet(t, f, "Evidence"), func(row []string) bool {
			return len(row) > 2 && strings.Contains(row[1], item) && row[2] == number
		}) {
			t.Errorf("the sheet Evidence does not say %s: %s", item, number)
		}
	}
}

func rowsOfSheet(t *testing.T, f *excelize.File, sheet string) [][]string {
	t.Helper()
	rows, err := f.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
