package report

import (
	"fmt"
	"strings"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	tables "scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// FrameworkColumns are those of the controls that a rule supports. JSON has them with the rule alone.
func FrameworkColumns() []tables.Column {
	return []tables.Column{
		tables.Text("SOC 2", "soc2").NotInJSON(), tables.Text("ISO 27001", "iso_27001").NotInJSON(),
		tables.Text("NIST 800-53", "nist_800_53").NotInJSON(), tables.Text("PCI DSS", "pci_dss").NotInJSON(),
	}
}

// FrameworkCells are the controls that a rule supports, a cell for each framework; empty for a rule
// that this version does not have.
func FrameworkCells(rules []finding.Rule, id string) []any {
	cells := make([]any, len(finding.Frameworks))
	for i, framework := range finding.Frameworks {
		cells[i] = tables.List{Items: findRule(rules, id).Controls(framework)}
	}
	return cells
}

// AcceptedText is the exception that covers a finding; one that expired is named in what was
// observed.
func AcceptedText(f *snapshot.Finding) string {
	x := f.Exception
	if x == nil || f.Status != finding.Excepted {
		return ""
	}
	text := fmt.Sprintf("%s until %s: %s", x.Owner, x.Expires.Format(time.DateOnly), x.Reason)
	if x.Ticket != "" {
		text += " (" + x.Ticket + ")"
	}
	return text
}

// SeverityColumns are counts of failed findings, one for each severity.
func SeverityColumns() []tables.Column {
	columns := make([]tables.Column, len(diff.Severities))
	for i, s := range diff.Severities {
		columns[i] = tables.Int(string(s), "failed_"+string(s))
	}
	return columns
}

// SeverityText says how many there are of each severity that occurs, the most serious first; counts
// are by the order of diff.Severities.
func SeverityText(counts []int) string {
	var texts []string
	for i, n := range counts {
		if n > 0 {
			texts = append(texts, fmt.Sprintf("%d %s", n, diff.Severities[i]))
		}
	}
	if len(texts) == 0 {
		return "none"
	}
	return strings.Join(texts, ", ")
}
