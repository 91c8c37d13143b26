package report

import (
	"fmt"
	"slices"
	"strings"

	"scim-auditor/internal/report/table"
	"scim-auditor/internal/report/xlsx"
)

// Names has the names that the rows of a report show: All for RunLevel, else an organization.
type Names struct {
	All           string
	Organizations []string // unique
}

// NewNames returns unique names. Names that several organizations share are followed by the
// distinguishing text in parentheses.
func NewNames(all string, organizations, distinguishing []string) Names {
	n := Names{all, slices.Clone(organizations)}
	seen := make(map[string]int)
	for _, name := range organizations {
		seen[name]++
	}
	for i, name := range organizations {
		if seen[name] > 1 {
			n.Organizations[i] += " (" + distinguishing[i] + ")"
		}
	}
	return n
}

// Of returns the name of an organization, or All for RunLevel.
func (n *Names) Of(organization int) string {
	if organization == table.RunLevel {
		return n.All
	}
	return n.Organizations[organization]
}

// Fact is one line of the evidence or of a summary.
type Fact struct {
	Organization int
	Item         string
	Value        any
}

// rowFacts returns a row as facts: each visible cell with a value becomes a fact under its column's
// title. Keys select the columns; no keys select all.
func rowFacts(t *table.Table, row int, keys ...string) []Fact {
	var facts []Fact
	for i, c := range t.Shown() {
		value := t.Rows[row].Cells[i]
		if value != nil && (len(keys) == 0 || slices.Contains(keys, strings.TrimSuffix(c.Key, table.LocalSuffix))) {
			facts = append(facts, Fact{t.Rows[row].Organization, c.Title, value})
		}
	}
	return facts
}

// Localized adds the local time after each instant.
func (o *Options) Localized(facts []Fact) []Fact {
	zone := o.Zone()
	if zone == nil {
		return facts
	}
	var all []Fact
	for _, f := range facts {
		all = append(all, f)
		if name, ok := strings.CutSuffix(f.Item, table.InUTC); ok {
			item := name + "(" + zone.String() + ")"
			all = append(all, Fact{f.Organization, item, table.InZone(f.Value, zone)})
		}
	}
	return all
}

// FactTable returns a table with a row for each fact.
func FactTable(facts []Fact, names *Names) *table.Table {
	t := table.New("", nil, columnsOf["Facts"]...)
	for _, f := range facts {
		t.Add(f.Organization, names.Of(f.Organization), f.Item, f.Value)
	}
	return t
}

// Cells counts the cells that a file shows in another form than the database.
type Cells struct {
	WorkbookAltered int `json:"workbook_altered"`
	WorkbookCut     int `json:"workbook_cut"`
	CSVGuarded      int `json:"csv_guarded"`
}

// CountCells counts the cells of the files that the options select.
func (o *Options) CountCells(book *xlsx.Book, csv []*table.Table) Cells {
	var c Cells
	if o.Has(FormatXLSX) {
		counts := book.Count()
		c.WorkbookAltered, c.WorkbookCut = counts.Altered, counts.Cut
	}
	for _, t := range csv {
		if o.Has(FormatCSV) {
			c.CSVGuarded += t.Guarded
		}
	}
	return c
}

// Facts returns the counts for the selected files, and where the unaltered values are: in the
// database and in the JSON files, if these are written.
func (c *Cells) Facts(o *Options, json, jsonLines string) []Fact {
	var facts []Fact
	add := func(f Format, item string, value any) {
		if o.Has(f) {
			facts = append(facts, Fact{table.RunLevel, item, value})
		}
	}
	unaltered := "the database"
	if o.Has(FormatJSON) {
		unaltered += ", " + json
	}
	if o.Has(FormatJSONL) {
		unaltered += ", " + jsonLines
	}
	add(FormatXLSX, "Workbook cells with hidden characters made visible", c.WorkbookAltered)
	add(FormatXLSX, fmt.Sprintf("Workbook cells cut at %d characters", table.MaxCellUnits), c.WorkbookCut)
	add(FormatCSV, "CSV cells with a leading ' against formulas, or hidden characters made visible", c.CSVGuarded)
	return append(facts, Fact{table.RunLevel, "Full, unaltered values", unaltered})
}
