package xlsx

import (
	"fmt"
	"slices"

	"github.com/xuri/excelize/v2"

	"scim-auditor/internal/report/table"
)

// daysKey is the key of the column whose cells have a bar.
const daysKey = "days_to_expiry"

// barDays is how many days to expiry fill a cell's bar: two years, the longest life of a token.
const barDays = "730"

// setConditional draws a line beneath each row of the table, and shows the days to a token's expiry
// as a bar, or on a red ground once it has expired.
func (w *writer) setConditional(p *part) error {
	if len(p.rows) == 0 {
		return nil
	}
	first := p.header() + 1
	days := slices.IndexFunc(p.table.Shown(), func(c table.Column) bool { return c.Key == daysKey })
	if days >= 0 {
		name := column(days)
		cells := fmt.Sprintf("%s%d:%s%d", name, first, name, p.header()+len(p.rows))
		if err := w.SetConditionalFormat(p.name, cells, []excelize.ConditionalFormatOptions{
			{Type: "cell", Criteria: "<", Value: "0", StopIfTrue: true, Format: &w.bad},
			{
				Type: "data_bar", Criteria: "=", BarColor: "#9DC3E6",
				MinType: "num", MinValue: "0", MaxType: "num", MaxValue: barDays,
			},
		}); err != nil {
			return fmt.Errorf("the bars of %s: %w", p.table.Columns[days].Title, err)
		}
	}
	all := []excelize.ConditionalFormatOptions{{Type: "formula", Criteria: "TRUE", Format: &w.rule}}
	return w.SetConditionalFormat(p.name, p.cells(first), all)
}
