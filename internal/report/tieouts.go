package report

import (
	"fmt"

	"scim-auditor/internal/report/table"
)

// TieOut is one count from two independent sources.
type TieOut struct {
	Organization  int
	Check         string // both sources, in words
	First, Second any    // ints, or nil where there is no number
	Verdict       string
	Remark        string
}

// The verdicts of tie-outs.
const (
	Ties       = "ties"
	DoesNotTie = "does not tie"
	NotChecked = "not assessed"
)

// TieOuts are all of a report.
type TieOuts []TieOut

// Compare adds a tie-out of two counts; the remark stands where they differ.
func (t *TieOuts) Compare(organization int, check string, first, second int, remark string) {
	if first == second {
		*t = append(*t, TieOut{organization, check, first, second, Ties, ""})
		return
	}
	*t = append(*t, TieOut{organization, check, first, second, DoesNotTie, remark})
}

// NotAssessed adds a tie-out that could not be made.
func (t *TieOuts) NotAssessed(organization int, check, why string) {
	*t = append(*t, TieOut{organization, check, nil, nil, NotChecked, why})
}

// Different are those of which the two counts differ.
func (t TieOuts) Different() TieOuts {
	var all TieOuts
	for _, one := range t {
		if one.Verdict == DoesNotTie {
			all = append(all, one)
		}
	}
	return all
}

// String counts the tie-outs by verdict.
func (t TieOuts) String() string {
	counts := make(map[string]int)
	for _, one := range t {
		counts[one.Verdict]++
	}
	return fmt.Sprintf("%d tie, %d do not tie, %d not assessed", counts[Ties], counts[DoesNotTie], counts[NotChecked])
}

// Alarm says what does not tie.
func (t *TieOut) Alarm(names *Names) string {
	return fmt.Sprintf("A count does not tie: %s: %s: %s, %s", names.Of(t.Organization), t.Check,
		table.Shown(t.First), table.Shown(t.Second))
}

// Table has a row for each tie-out.
func (t TieOuts) Table(names *Names) *table.Table {
	all := table.New("", nil, table.Text("Organization", "organization"), table.Text("Tie-out", "check"),
		table.Int("First", "first"), table.Int("Second", "second"), table.Text("Result", "result"),
		table.Text("Remark", "remark"))
	all.Key = "tie_outs"
	for _, one := range t {
		all.Add(one.Organization, names.Of(one.Organization), one.Check, one.First, one.Second,
			Word(one.Verdict), one.Remark)
	}
	return all
}

// TieOutKeys are the columns of the tie-outs in a summary: texts first, numbers behind them.
var TieOutKeys = []string{"organization", "check", "remark", "first", "second", "result"}
