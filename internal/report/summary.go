package report

import (
	"fmt"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/report/xlsx"
	"scim-auditor/internal/snapshot"
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
	addFacts(s, append(facts, r.writerFacts()...))
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
	for i := range r.Organizations {
		s.AddHeading("Organization " + r.label(i))
		addFacts(s, r.Localized(r.standing(i)))
	}
	return s
}

func addFacts(s *xlsx.Sheet, facts []Fact) {
	for _, f := range facts {
		s.Add(xlsx.Plain, f.Item, f.Value)
	}
}

// standing is how one organization stands.
func (r *report) standing(organization int) []Fact {
	o, j := &r.Organizations[organization], &r.judged[organization]
	var facts []Fact
	add := func(item string, value any) { facts = append(facts, Fact{organization, item, value}) }
	add("Outcome", Word(o.Snapshot.Outcome))
	add("Organization ID", textOr(o.id(), Unknown))
	add("Taken at (UTC)", o.Snapshot.TakenAt)
	if !o.complete() {
		add("What is known", r.notComplete(organization))
		return facts
	}
	period, changes := baselineText, baselineText
	if b := o.Baseline; b != nil {
		period = fmt.Sprintf("%s (snapshot %d) to %s (snapshot %d)", UTC(b.TakenAt), b.ID, UTC(o.Snapshot.TakenAt), o.Snapshot.ID)
		changes = o.changesText()
		if len(o.Changes) > 0 {
			changes += ": " + SeverityText(changesBySeverity(o.Changes))
		}
	}
	add("Period", period)
	add("SCIM configurations", len(o.SCIM))
	add("of them enabled", o.enabled())
	add("SSO configurations", Unless(o.Snapshot.SSONotAssessed, len(o.SSO)))
	add("Changes", changes)
	add("Failed findings", SeverityText(j.failed))
	add("Accepted by exceptions", j.counts[finding.Excepted])
	add("Outcomes not assessed", j.counts[finding.NotAssessed])
	add("Restricted to SCIM", o.restriction())
	return facts
}

// changesBySeverity counts changes in the order of diff.Severities.
func changesBySeverity(changes []snapshot.Change) []int {
	counts := make([]int, len(diff.Severities))
	for i := range changes {
		for k, severity := range diff.Severities {
			if changes[i].Severity == severity {
				counts[k]++
			}
		}
	}
	return counts
}

func (o *Organization) enabled() int {
	n := 0
	for i := range o.SCIM {
		if o.SCIM[i].Enabled {
			n++
		}
	}
	return n
}

// restriction says whether accounts are created through SCIM only.
func (o *Organization) restriction() any {
	if o.Policies == nil {
		why := o.Snapshot.PoliciesNotAssessed
		if why == "" {
			why = "no reason was stored"
		}
		return table.Why("not assessed: " + why)
	}
	return o.Policies.RestrictAccountCreationToSCIM
}
