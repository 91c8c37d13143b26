package report

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"scim-auditor/internal/report/table"
)

// facts are the rows of one list as one file has them: the values of some columns, sorted.
type facts []string

// sameFacts names the lists that every format has, with columns that identify their rows.
var sameFacts = []struct {
	section, sheet, array, file string
	titles, keys                []string
}{
	{"Changes", "Changes", "changes", "changes.csv", []string{"Subject", "Severity", "Note"}, []string{"subject_name", "severity", "note"}},
	{"Findings", "Findings", "findings", "findings.csv", []string{"Subject", "Severity", "Rule", "Observed", "Organization"},
		[]string{"subject_name", "severity", "rule_id", "observed", "organization"}},
	{"Inventory", "Inventory", "inventory", "inventory.csv", []string{"Name", "ID", "Organization"}, []string{"name", "id", "organization"}},
	{"SSO", "SSO", "sso", "sso.csv", []string{"Display name", "ID", "Organization"}, []string{"display_name", "id", "organization"}},
}

// pick returns the columns with these titles of a table whose first row is the header.
func pick(t *testing.T, rows [][]string, titles []string) facts {
	t.Helper()
	var all facts
	for _, row := range rows[1:] {
		var values []string
		for _, title := range titles {
			i := slices.Index(rows[0], title)
			if i < 0 {
				t.Fatalf("no column %s in %q", title, rows[0])
			}
			if i < len(row) {
				values = append(values, row[i])
			}
		}
		if len(values) == len(titles) { // else a remark below the table
			all = append(all, strings.Join(values, "|"))
		}
	}
	slices.Sort(all)
	return all
}

// tableOf returns the rows of the first table below the element with this id.
func tableOf(root *html.Node, id string) (rows [][]string) {
	for n := range root.Descendants() {
		if n.Type != html.ElementNode || attr(n, "id") != id {
			continue
		}
		for row := range n.Descendants() {
			if row.Type != html.ElementNode || row.Data != "tr" {
				continue
			}
			var cells []string
			for cell := range row.ChildNodes() {
				cells = append(cells, textOf(cell))
			}
			rows = append(rows, cells)
		}
		return rows
	}
	return nil
}

// markdownTable returns the rows of the table below a heading.
func markdownTable(text, heading string) (rows [][]string) {
	_, rest, _ := strings.Cut(text, "\n"+heading+"\n\n")
	for line := range strings.Lines(rest) {
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(line, "|\n"), " | ")
		for i := range cells {
			cells[i] = unescape(strings.ReplaceAll(strings.TrimSpace(cells[i]), "@<!-- -->", "@"))
		}
		rows = append(rows, cells)
	}
	return slices.Delete(rows, 1, 2) // the line below the header
}

func TestEveryFormatHasTheSameFacts(t *testing.T) {
	r := newReport(example(), Options{})
	f := openWorkbookOf(t, r)
	var document map[string]any
	if err := json.Unmarshal(file(t, r, jsonFile), &document); err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(bytes.NewReader(file(t, r, HTMLFile)))
	if err != nil {
		t.Fatal(err)
	}
	markdown := string(file(t, r, MarkdownFile))
	headings := map[string]string{
		"Changes": "## Changes", "Findings": "## Findings", "Inventory": "### SCIM configurations", "SSO": "### SSO configurations",
	}
	for _, list := range sameFacts {
		want := pick(t, rowsOfSheet(t, f, list.sheet), list.titles)
		if len(want) == 0 {
			t.Errorf("%s has no rows to compare", list.sheet)
		}
		records, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file(t, r, list.file), []byte("\ufeff")))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		remark := len(records[0]) - 1
		records = slices.DeleteFunc(records, func(row []string) bool { return row[remark] != "" && row[remark] != "remark" })
		objects := [][]string{list.keys}
		for _, row := range document[list.array].([]any) {
			var values []string
			for _, key := range list.keys {
				values = append(values, table.Shown(row.(map[string]any)[key]))
			}
			objects = append(objects, values)
		}
		for name, got := range map[string]facts{
			"HTML":     pick(t, tableOf(root, list.section), list.titles),
			"Markdown": pick(t, markdownTable(markdown, headings[list.section]), list.titles),
			"CSV":      pick(t, records, list.keys),
			"JSON":     pick(t, objects, list.keys),
		} {
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s differs in %s (-workbook +%[2]s):\n%s", list.sheet, name, d)
			}
		}
	}
}
