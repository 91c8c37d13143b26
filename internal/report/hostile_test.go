package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// hostileNames try to leave their place in one of the files.
var hostileNames = []string{
	`=HYPERLINK("https://evil.example","click")`,
	`+1+1`,
	`-2+3`,
	`@SUM(A1)`,
	"\t=1",
	"\r=1",
	"＝1+1",
	"a | b | c",
	"line one\n| forged | row |",
	"line one\r\n## Forged heading",
	"page\u2028separator",
	`<script>alert(1)</script>`,
	`<!-- comment`,
	"`code` ``more``",
	`[click](https://evil.example) ![img](x)`,
	`**bold** __under__ ~~gone~~ # heading`,
	`back\slash \| pipe`,
	"right\u202eto\u2066left",
	"zero\u200bwidth\ufeff\u00ad",
	"_x0041_ and _x005F_x0041_ and _x0041_x0042_",
	"bell\a and null\x00",
	`&amp; &lt;b&gt;`,
	"https://evil.example www.evil.example",
	`'quote "double", comma;`,
	strings.Repeat("long😀", 9_000),
}

// named is the example with one SCIM configuration of this name.
func named(name string) *Model {
	m := example()
	m.Organizations[0].SCIM[0].Name = name
	return m
}

func TestHostileNameStaysInItsMarkdownRow(t *testing.T) {
	plainLines := markdownLines(t, named("plain"))
	for _, name := range hostileNames {
		lines := markdownLines(t, named(name))
		if len(lines) != len(plainLines) {
			t.Errorf("%.40q: %d lines instead of %d", name, len(lines), len(plainLines))
			continue
		}
		for i, line := range lines {
			if got, want := bars(line), bars(plainLines[i]); got != want {
				t.Errorf("%.40q: %d cell borders instead of %d in %.200s", name, got, want, line)
			}
			if plain := plainLines[i]; line != plain && !strings.HasPrefix(plain, "| plain |") && !strings.Contains(plain, "Entra") &&
				!strings.Contains(plain, "Workbook cells") && !strings.Contains(plain, "CSV cells") {
				t.Errorf("%.40q changed another line: %.200s", name, line)
			}
			if hasMarkup(line) {
				t.Errorf("%.40q has markup in Markdown: %.200s", name, line)
			}
		}
	}
}

func markdownLines(t *testing.T, m *Model) []string {
	t.Helper()
	var b bytes.Buffer
	if err := newView(m, Options{}).writeMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	return strings.Split(b.String(), "\n")
}

// bars counts the | that end a cell: those that no backslash takes the meaning from.
func bars(line string) int {
	return strings.Count(strings.NewReplacer(`\\`, "", `\|`, "").Replace(line), "|")
}

// hasMarkup says whether a table row has a character with a meaning that no backslash takes away.
func hasMarkup(line string) bool {
	if !strings.HasPrefix(line, "| ") {
		return false
	}
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '<', '>', '&', '*', '_', '[', ']', '!', '~', '#', '`':
			return true
		}
	}
	return strings.ContainsFunc(line, hidden)
}

func TestHostileNameStaysTypedTextInTheWorkbook(t *testing.T) {
	for _, name := range hostileNames {
		f := openWorkbook(t, named(name), excelRows)
		got, err := f.GetCellValue("Inventory", "B2")
		if err != nil {
			t.Fatal(err)
		}
		want, _ := cut(Visible(name))
		if got != want {
			t.Errorf("%.60q is shown as %.60q instead of %.60q", name, got, want)
		}
		if kind := cellKind(t, f, "Inventory", "B2"); kind != "text" {
			t.Errorf("%.60q is of the type %s", name, kind)
		}
		if formula, err := f.GetCellFormula("Inventory", "B2"); err != nil || formula != "" {
			t.Errorf("%.60q is the formula %q (%v)", name, formula, err)
		}
	}
}

func TestTextThatLooksLikeAFormulaIsFormattedAsText(t *testing.T) {
	f := openWorkbook(t, named("=1+1"), excelRows)
	style, err := f.GetCellStyle("Inventory", "B2")
	if err != nil {
		t.Fatal(err)
	}
	if format, err := f.GetStyle(style); err != nil || format.NumFmt != numFmtText {
		t.Errorf("the format is %d instead of %d (%v): editing the cell would make a formula", format.NumFmt, numFmtText, err)
	}
}

func TestHostileNameIsGuardedInCSV(t *testing.T) {
	for _, name := range hostileNames {
		v := newView(named(name), Options{})
		var b bytes.Buffer
		if err := v.writeCSV(&b, v.inventoryTable()); err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(&b).ReadAll()
		if err != nil {
			t.Fatalf("%.60q: %v", name, err)
		}
		got := records[1][slices.Index(records[0], "name")]
		want := strings.ReplaceAll(name, "\r", "⟦U+000D⟧")
		if strings.ContainsAny(name[:1], "=+-@\t\r") || strings.HasPrefix(name, "＝") {
			want = "'" + want
		}
		if got != want {
			t.Errorf("%.60q is written as %.60q instead of %.60q", name, got, want)
		}
	}
}

func TestHostileNameIsUnalteredInJSON(t *testing.T) {
	for _, name := range hostileNames {
		var b bytes.Buffer
		if err := newView(named(name), Options{}).writeJSON(&b); err != nil {
			t.Fatal(err)
		}
		var report jsonReport
		if err := json.Unmarshal(b.Bytes(), &report); err != nil {
			t.Fatal(err)
		}
		if got := report.Organizations[0].SCIM[0].Name; got != name {
			t.Errorf("%.60q is written as %.60q", name, got)
		}
	}
}

func TestEvidenceCountsWhatIsShownInAnotherForm(t *testing.T) {
	m := example()
	m.Organizations[0].SCIM[0].Name = "zero\u200bwidth"
	m.Organizations[0].SCIM[1].Name = strings.Repeat("x", maxCellUnits+1)
	m.Organizations[0].SCIM[2].Name = "=1"
	counted := newView(m, Options{}).cells()
	want := tally{altered: 1, cut: 1, csv: 1}
	// The second name is also in the list of SCIM configurations of its SSO configuration, as the first is of its own.
	want.altered, want.cut = want.altered+1, want.cut+1
	if counted != want {
		t.Errorf("counted %+v instead of %+v", counted, want)
	}
	f := openWorkbook(t, m, excelRows)
	for item, number := range map[string]string{"hidden characters": "2", "cut at": "2", "leading '": "1"} {
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
