package report

import (
	"fmt"
	"slices"

	"github.com/xuri/excelize/v2"
)

// daysKey is the key of the column whose cells have a bar.
const daysKey = "days_to_expiry"

// barDays is how many days to expiry fill a cell's bar: two years, the longest life of a token.
const barDays = "730"

// conditional is the formats that a program applies by the cells' values, also to those that a person sorts or filters.
type conditional struct {
	row, expired int
}

func newConditional(f *excelize.File) (conditional, error) {
	var c conditional
	var err error
	if c.row, err = f.NewConditionalStyle(&excelize.Style{Border: []excelize.Border{{Type: "bottom", Color: "D9D9D9", Style: 1}}}); err != nil {
		return c, err
	}
	bad := palette[lookBad]
	c.expired, err = f.NewConditionalStyle(&excelize.Style{
		Font: &excelize.Font{Bold: true, Color: bad.text},
		Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{bad.ground}},
	})
	return c, err
}

// addConditional rules a line beneath each row of the table, and gives the days to a token's expiry a bar, or a ground once it has expired.
func (b *book) addConditional(s *sheet) error {
	if s.count == 0 {
		return nil
	}
	first, last := s.header()+1, s.header()+s.count
	if i := slices.IndexFunc(s.table.columns, func(c column) bool { return c.key == daysKey }); i >= 0 {
		cells := fmt.Sprintf("%s%d:%s%d", s.names[i], first, s.names[i], last)
		if err := b.SetConditionalFormat(s.name, cells, []excelize.ConditionalFormatOptions{
			{Type: "cell", Criteria: "<", Value: "0", StopIfTrue: true, Format: &b.marks.expired},
			{Type: "data_bar", Criteria: "=", MinType: "num", MinValue: "0", MaxType: "num", MaxValue: barDays, BarColor: "#9DC3E6"},
		}); err != nil {
			return fmt.Errorf("the bars of %s: %w", s.table.columns[i].title, err)
		}
	}
	cells := fmt.Sprintf("A%d:%s%d", first, s.names[len(s.table.columns)-1], last)
	return b.SetConditionalFormat(s.name, cells, []excelize.ConditionalFormatOptions{{Type: "formula", Criteria: "TRUE", Format: &b.marks.row}})
}
