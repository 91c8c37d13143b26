package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// csvTables are the tables that have a CSV file each.
func (v *view) csvTables() []*table {
	all := []*table{
		v.changeTable(), v.inventoryTable(), v.ssoTable(), v.findingTable(), v.exceptionTable(), v.ruleTable(), v.timelineTable(), v.runTable(), v.exchangeTable(),
	}
	for i, t := range all {
		all[i] = v.localized(t)
	}
	return all
}

// frame is the columns that every CSV file of a report has before and behind those of its table: who a row is about, and last a remark. A row
// with a remark stands for rows that are not there because nothing is known; it has no other values.
type frame struct {
	before, behind []string // keys of the columns
	// around gives the values of an organization, or of runLevel; the texts among them are guarded.
	around func(organization int) (before, behind []string)
}

func (v *view) frame() frame {
	return frame{
		before: []string{"run_id", "organization_id", "organization"},
		behind: []string{"snapshot_outcome"},
		around: func(organization int) (before, behind []string) {
			id, outcome := "", ""
			if organization != runLevel {
				o := &v.Organizations[organization]
				id, outcome = o.id(), string(o.Snapshot.Outcome)
			}
			return []string{strconv.FormatInt(v.Run.ID, 10), csvCell(id), csvCell(v.label(organization))}, []string{outcome}
		},
	}
}

func (v *view) writeCSV(w io.Writer, t *table) error { return v.frame().write(w, t) }

// write writes a table as RFC 4180 has it: comma, CRLF. Instants are RFC 3339 in UTC.
func (f frame) write(w io.Writer, t *table) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	header := slices.Clone(f.before)
	for _, column := range t.columns {
		if column.key != "organization" {
			header = append(header, column.key)
		}
	}
	if err := c.Write(append(append(header, f.behind...), "remark")); err != nil {
		return fmt.Errorf("writing the header of %s: %w", t.file, err)
	}
	for record := range f.records(t) {
		if err := c.Write(record); err != nil {
			return fmt.Errorf("writing a row of %s: %w", t.file, err)
		}
	}
	c.Flush()
	if err := c.Error(); err != nil {
		return fmt.Errorf("writing %s: %w", t.file, err)
	}
	return nil
}

// records yields the rows of a table, then its remarks on what is lacking.
func (f frame) records(t *table) func(func([]string) bool) {
	return func(yield func([]string) bool) {
		for r := range t.rows {
			if !yield(f.record(t, r.organization, r.cells, "")) {
				return
			}
		}
		for _, r := range t.remarks {
			if r.lacking && !yield(f.record(t, r.organization, make([]any, len(t.columns)), r.text)) {
				return
			}
		}
	}
}

func (f frame) record(t *table, organization int, cells []any, remark string) []string {
	record, behind := f.around(organization)
	for i, column := range t.columns {
		if column.key != "organization" {
			record = append(record, csvCell(cells[i]))
		}
	}
	return append(append(record, behind...), csvCell(remark))
}

// csvCell guards texts; numbers, of which some are negative, stand as they are.
func csvCell(value any) string {
	s, isText := value.(string)
	if !isText {
		return plain(value)
	}
	s, _ = csvText(s)
	return s
}

// guarded is 0 without CSV files.
func (v *view) guarded() int {
	if !v.Has(FormatCSV) {
		return 0
	}
	return guardedCells(v.csvTables())
}

// guardedCells counts the cells of all CSV files that differ from what the database holds.
func guardedCells(tables []*table) int {
	n := 0
	for _, t := range tables {
		for r := range t.rows {
			for _, value := range r.cells {
				if s, isText := value.(string); isText {
					if _, altered := csvText(s); altered {
						n++
					}
				}
			}
		}
	}
	return n
}
