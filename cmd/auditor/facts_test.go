package main

import (
	"bytes"
	"encoding/csv"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/net/html"

	"scim-auditor/internal/report"
	cells "scim-auditor/internal/report/table"
)

// fact is one row of a list: its values as people read them, by the keys of the columns.
type fact map[string]string

// factList is a list that every format of a report has.
type factList struct {
	sheet, section, heading string // in the workbook, in HTML and in Markdown
	file                    string // in CSV; without its ending, the array in JSON
	columns                 []cells.Column
}

// checkFacts reads the lists of the report in a folder, whose files are named audit.* or period.*, and
// compares each of them with the workbook. It returns the number of rows of each list.
func checkFacts(t *testing.T, folder, name string, lists []factList) map[string]int {
	t.Helper()
	read := func(file string) []byte {
		data, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	book, err := excelize.OpenFile(filepath.Join(folder, name+".xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = book.Close() }()
	page, err := html.Parse(bytes.NewReader(read(name + ".html")))
	if err != nil {
		t.Fatal(err)
	}
	var document map[string]any
	if err := json.Unmarshal(read(name+".json"), &document); err != nil {
		t.Fatal(err)
	}
	markdown := string(read(name + ".md"))
	sizes := make(map[string]int)
	for _, list := range lists {
		want := list.inWorkbook(t, book)
		sizes[list.sheet] = len(want)
		for format, got := range map[string][]fact{
			"HTML": list.inHTML(t, page), "Markdown": list.inMarkdown(t, markdown, len(want)),
			"CSV": list.inCSV(t, read(list.file)), "JSON": list.inJSON(document),
		} {
			if format != "Markdown" && len(got) != len(want) {
				t.Errorf("%s: %s has %d rows in %s, %d in the workbook", filepath.Base(folder), list.sheet, len(got), format,
					len(want))
				continue
			}
			for i, row := range got {
				if len(row) < leastColumns {
					t.Errorf("%s has %d columns in %s", list.sheet, len(row), format)
				}
				if d := cmp.Diff(alike(want[i], row, format), row); d != "" {
					t.Errorf("%s: row %d of %s differs in %s (-workbook +%[4]s):\n%s", filepath.Base(folder), i+1, list.sheet,
						format, d)
				}
			}
		}
	}
	return sizes
}

// reason matches what stands in the workbook for a value that is null in JSON.
var reason = regexp.MustCompile(`^(|unknown|none|not? .*)$`)

// leastColumns is the lowest number of columns of a list in any format.
const leastColumns = 5

// alike returns the values of a row of the workbook that the row of another format has, cut where
// Markdown cuts them, and without the reasons of missing values where JSON has null.
func alike(row, other fact, format string) fact {
	same := make(fact)
	for key, text := range other {
		cut, isCut := strings.CutSuffix(text, "…")
		switch {
		case format == "Markdown" && isCut && strings.HasPrefix(row[key], cut),
			format == "JSON" && text == "" && reason.MatchString(row[key]),
			key == "organization" && text == "" && row[key] == "all organizations":
			same[key] = text
		default:
			same[key] = row[key]
		}
	}
	return same
}

// oneForm replaces the line breaks of a text, which the reader of CSV and Markdown change, and what
// stands between the parts of a word.
var oneForm = strings.NewReplacer("⟦U+000D⟧⟦U+000A⟧", " ", "⟦U+000A⟧", " ", "_", " ")

// readAlike returns the one form of a text that has several: instants, yes and no, words, and line
// breaks, which Markdown shows as spaces.
func readAlike(text string) string {
	if instant, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return instant.UTC().Format(time.DateTime)
	}
	switch text {
	case "true", "TRUE":
		return "yes"
	case "false", "FALSE":
		return "no"
	}
	if rest, found := strings.CutPrefix(text, "'"); found && cells.IsFormula(rest) {
		text = rest // CSV guards formulas
	}
	return oneForm.Replace(strings.TrimSpace(cells.Visible(text)))
}

// facts makes the rows of a list whose header names its columns by their titles or their keys.
func (l *factList) facts(t *testing.T, header []string, rows [][]string) []fact {
	t.Helper()
	all := make([]fact, len(rows))
	for n, row := range rows {
		all[n] = make(fact)
		for i, name := range header {
			c := slices.IndexFunc(l.columns, func(c cells.Column) bool { return name == c.Title || name == c.Key })
			switch {
			case c < 0:
				t.Fatalf("%s has a column %q", l.sheet, name)
			case i < len(row):
				all[n][l.columns[c].Key] = readAlike(row[i])
			default: // the workbook leaves out empty cells at the end of a row
				all[n][l.columns[c].Key] = ""
			}
		}
	}
	return all
}

func (l *factList) inWorkbook(t *testing.T, book *excelize.File) []fact {
	t.Helper()
	rows, err := book.GetRows(l.sheet)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := book.GetTables(l.sheet)
	if err != nil {
		t.Fatal(err)
	}
	if len(tables) == 0 { // below the header are only remarks
		return nil
	}
	_, corner, _ := strings.Cut(tables[0].Range, ":")
	_, last, err := excelize.CellNameToCoordinates(corner)
	if err != nil {
		t.Fatal(err)
	}
	return l.facts(t, rows[0], rows[1:last])
}

func (l *factList) inHTML(t *testing.T, page *html.Node) []fact {
	t.Helper()
	var rows [][]string
	for section := range page.Descendants() {
		if !slices.Contains(section.Attr, html.Attribute{Key: "id", Val: l.section}) {
			continue
		}
		for row := range section.Descendants() {
			if row.Data != "tr" {
				continue
			}
			var texts []string
			for cell := range row.ChildNodes() {
				text := ""
				for n := range cell.Descendants() {
					if n.Type == html.TextNode {
						text += n.Data
					}
				}
				texts = append(texts, text)
			}
			rows = append(rows, texts)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return l.facts(t, rows[0], rows[1:])
}

// markdownEscapes matches what Markdown adds to a text.
var markdownEscapes = regexp.MustCompile(`\\([[:punct:]])|<!-- -->`)

// inMarkdown returns the first rows of a list, and checks that Markdown says how many more there are.
func (l *factList) inMarkdown(t *testing.T, text string, size int) []fact {
	t.Helper()
	_, text, _ = strings.Cut(text, "\n# Complete lists\n")
	_, text, found := strings.Cut(text, "\n"+l.heading+"\n\n")
	if !found {
		t.Errorf("Markdown has no %s", l.heading)
	}
	var rows [][]string
	rest := ""
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "|") {
			rest = strings.TrimSpace(strings.TrimPrefix(text, line))
			break
		}
		text = strings.TrimPrefix(text, line)
		texts := strings.Split(strings.TrimSuffix(strings.TrimPrefix(line, "| "), " |\n"), " | ")
		for i := range texts {
			texts[i] = markdownEscapes.ReplaceAllString(texts[i], "$1")
		}
		rows = append(rows, texts)
	}
	shown := max(0, len(rows)-2) // below the header and its line
	if more := size - shown; more != 0 && !strings.HasPrefix(rest, strconv.Itoa(more)+" more in "+l.file) {
		t.Errorf("%s has %d of %d rows in Markdown, then %.60q", l.sheet, shown, size, rest)
	}
	if shown == 0 {
		return nil
	}
	return l.facts(t, rows[0], rows[2:])
}

func (l *factList) inCSV(t *testing.T, data []byte) []fact {
	t.Helper()
	records, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	header, rows := records[0], [][]string(nil)
	remark := len(header) - 1
	for _, row := range records[1:] {
		if row[remark] == "" {
			rows = append(rows, row)
		}
	}
	isOwn := func(key string) bool {
		return slices.ContainsFunc(l.columns, func(c cells.Column) bool { return c.Key == key })
	}
	for i := len(header) - 1; i >= 0; i-- { // the columns of the run and the organization are not of the list
		if !isOwn(header[i]) {
			header = slices.Delete(header, i, i+1)
			for n := range rows {
				rows[n] = slices.Delete(rows[n], i, i+1)
			}
		}
	}
	return l.facts(t, header, rows)
}

func (l *factList) inJSON(document map[string]any) []fact {
	rows, _ := document[strings.TrimSuffix(l.file, ".csv")].([]any)
	all := make([]fact, len(rows))
	for n, row := range rows {
		all[n] = make(fact)
		for _, c := range l.columns {
			if value, found := row.(map[string]any)[c.Key]; found && c.Title != "" { // else only JSON has it
				all[n][c.Key] = readAlike(jsonText(value))
			}
		}
	}
	return all
}

// jsonText returns a value of JSON as the other formats write it.
func jsonText(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		items := make([]string, len(v))
		for i := range v {
			items[i] = jsonText(v[i])
		}
		return strings.Join(items, ", ")
	case nil:
		return ""
	}
	text, _ := json.Marshal(value, json.Deterministic(true)) // it was parsed
	return string(text)
}

// columnsIn reads the columns of each table from their file.
func columnsIn(t *testing.T, path string) map[string][]cells.Column {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return cells.ParseColumns(string(text))
}

// TestEveryFormatOfTheDemoHoldsTheSameFacts reads changes, findings and configurations back from every
// format of each night and of the period, in which the population has the counts of configurations.
func TestEveryFormatOfTheDemoHoldsTheSameFacts(t *testing.T) {
	skipIfShort(t)
	folder, _ := playTheDemo(t)
	var printed bytes.Buffer
	if code := run(t.Context(), environment{
		args: []string{"report", "--db", filepath.Join(folder, "auditor.db"), "--out", filepath.Join(folder, "reports"),
			"--from", "2026-11-16", "--to", "2026-11-22"},
		getenv: func(string) string { return "" }, stdout: &printed, stderr: &printed, now: time.Now,
	}); code != exitComplete {
		t.Fatalf("exit code %d\n%s", code, &printed)
	}
	night := columnsIn(t, "../../internal/report/columns.tsv")
	period := columnsIn(t, "../../internal/report/period/columns.tsv")
	changes := append(slices.Clone(report.ChangeColumns), cells.Time("Compared with", "baseline_taken_at"),
		cells.Text("Comparison", "comparison"))

	nights, err := filepath.Glob(filepath.Join(folder, "reports", "2026-*-run-*"))
	if err != nil || len(nights) != 7 {
		t.Fatalf("%d nights (error %v), want 7", len(nights), err)
	}
	total := make(map[string]int)
	for _, folder := range nights {
		for sheet, rows := range checkFacts(t, folder, "audit", []factList{
			{"Changes", "Changes", "## Changes", "changes.csv", night["Changes"]},
			{"Findings", "Findings", "## Findings", "findings.csv", night["Findings"]},
			{"Inventory", "Inventory", "### SCIM configurations", "inventory.csv", night["Inventory"]},
			{"SSO", "SSO", "### SSO configurations", "sso.csv", night["SSO"]},
		}) {
			total[sheet] += rows
		}
	}
	folder = filepath.Join(folder, "reports", "2026-11-16--2026-11-22-period")
	for sheet, rows := range checkFacts(t, folder, "period", []factList{
		{"Changes", "Changes", "## Changes", "changes.csv", changes},
		{"Net change", "Net change", "## Net change", "net_change.csv", changes},
		{"Findings", "Findings", "## Findings", "findings.csv", slices.Concat(period["Findings"], night["Findings"])},
		{"Population", "Population", "## Population", "population.csv", period["Population"]},
	}) {
		total["period "+sheet] = rows
	}
	if len(total) != 8 || slices.Contains(slices.Collect(maps.Values(total)), 0) {
		t.Errorf("rows that were compared: %v", total)
	}
	if total["Changes"] != total["period Changes"] {
		t.Errorf("%d changes in the nights, %d in their period", total["Changes"], total["period Changes"])
	}
}
