package report

import (
	"scim-auditor/internal/report/xlsx"
)

// SummaryGrid is the widths of a summary's columns, in characters: two texts, a long text, three
// numbers and five short ones. Its tables begin with texts and end with numbers.
var SummaryGrid = []float64{26, 42, 60, 13, 13, 13, 9, 9, 9, 9, 9}

// whereToLook is what a reader who has never seen the report needs to know.
var whereToLook = []string{
	"In full: Changes (since the last complete snapshot), Findings (what is wrong), Rules (all that was judged), " +
		"Inventory and SSO (what is configured), Timeline, Runs.",
	"How it was collected: Evidence. What the words mean: Glossary. To check the files: sha256sum -c SHA256SUMS in " +
		"their folder; to check the database: auditor verify.",
}

// summary is the sheet with the essence of the run: whether it is complete, what it is about, what
// changed, what is wrong, what was not looked at, and how to check all that.
func (r *report) summary() *xlsx.Sheet {
	s := &xlsx.Sheet{Name: "Summary", Fixed: SummaryGrid}
	s.Add(xlsx.Title, reportTitle+" of "+UTC(r.Run.StartedAt))
	standing := xlsx.Alarm
	if r.Complete() {
		standing = xlsx.AllWell
	}
	s.AddText(standing, r.status(), len(SummaryGrid))
	for _, alarm := range r.alarms() {
		s.AddText(xlsx.Alarm, alarm, len(SummaryGrid))
	}
	s.AddHeading("Run")
	facts := r.runFacts("id", "outcome", "started_at", "scheduled_for", "trigger", "tool_version")
	facts = append(facts, Fact{Item: "Failed findings", Value: SeverityText(r.failedBySeverity())},
		Fact{Item: "Tie-outs", Value: r.ties.String()})
	for _, f := range append(facts, r.writerFacts()...) {
		s.Add(xlsx.Plain, f.Item, f.Value)
	}
	for _, text := range whereToLook {
		s.Add(xlsx.Note, text)
	}
	s.AddBlock("Organizations, and their failed findings by severity", r.overviewTable())
	s.AddBlock("What changed: the most serious", r.topChangeTable())
	s.AddBlock("What is wrong: the most serious findings", r.topFindingTable())
	s.AddBlock("What was not assessed", r.notAssessedTable())
	s.AddBlock("Exceptions: findings that somebody has accepted", r.acceptedTable())
	r.addTrend(s)
	s.AddBlock("Tie-outs: each count from two sources", r.ties.Table(&r.names), TieOutKeys...)
	return s
}
