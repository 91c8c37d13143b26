package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
)

// csvTables are the tables that have a CSV file each.
func (v *view) csvTables() []*table {
	return []*table{
		v.changeTable(), v.inventoryTable(), v.ssoTable(), v.findingTable(), v.exceptionTable(), v.ruleTable(), v.timelineTable(), v.runTable(), v.exchangeTable(),
	}
}

// Columns of every CSV file: who a row is about, and at its end how that organization's snapshot ended and why there are no rows of it. A row
// with a remark stands for rows that are not there because nothing is known; it has no other values.
var (
	csvFirst = []string{"run_id", "organization_id", "organization"}
	csvLast  = []string{"snapshot_outcome", "remark"}
)

// writeCSV writes a table as RFC 4180 has it: comma, CRLF. Instants are RFC 3339 in UTC.
func (v *view) writeCSV(w io.Writer, t *table) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	header := append([]string(nil), csvFirst...)
	for _, column := range t.columns {
		if column.key != "organization" {
			header = append(header, column.key)
		}
	}
	if err := c.Write(append(header, csvLast...)); err != nil {
		return fmt.Errorf("writing the header of %s: %w", t.file, err)
	}
	for record := range v.csvRecords(t) {
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

// csvRecords yields the rows of a table, then its remarks on what is lacking.
func (v *view) csvRecords(t *table) func(func([]string) bool) {
	return func(yield func([]string) bool) {
		for r := range t.rows {
			if !yield(v.csvRecord(t, r.organization, r.cells, "")) {
				return
			}
		}
		for _, r := range t.remarks {
			if r.lacking && !yield(v.csvRecord(t, r.organization, make([]any, len(t.columns)), r.text)) {
				return
			}
		}
	}
}

func (v *view) csvRecord(t *table, organization int, cells []any, remark string) []string {
	id, outcome := "", ""
	if organization != runLevel {
		o := &v.Organizations[organization]
		id, outcome = o.id(), string(o.Snapshot.Outcome)
	}
	record := []string{strconv.FormatInt(v.Run.ID, 10), csvCell(id), csvCell(v.label(organization))}
	for i, column := range t.columns {
		if column.key != "organization" {
			record = append(record, csvCell(cells[i]))
		}
	}
	return append(record, outcome, csvCell(remark))
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

// guardedCells counts the cells of all CSV files that differ from what the database holds.
func (v *view) guardedCells() int {
	n := 0
	for _, t := range v.csvTables() {
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
