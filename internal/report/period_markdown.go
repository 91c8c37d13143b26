package report

import (
	"fmt"
	"io"
)

// periodTemplate is the built-in template in reports/templates.
const periodTemplate = "period.md.tmpl"

// PeriodMarkdown is what the template of a period's Markdown uses, escaped as in Markdown.
type PeriodMarkdown struct {
	Title  string
	Status string
	// Alarms is what must stand at the top: why the period is not complete, which counts do not tie.
	Alarms []string
	// Period is one sentence on the period, Organizations how each organization stands.
	Period        string
	Organizations []PeriodStanding
	// Notes is what else a reader must know.
	Notes []string

	TieOuts, Lacking, Population, Sample, NetChange, Changes, Findings, Exceptions, Nights, Snapshots, Evidence MarkdownTable
}

// PeriodStanding is how one organization stands over the period.
type PeriodStanding struct {
	Name  string
	Facts []string
}

// writeMarkdown writes the built-in template: the user's own is one for the report of a run.
func (v *periodView) writeMarkdown(w io.Writer) error {
	return executeTemplate(w, nil, periodTemplate, v.markdown())
}

func (v *periodView) markdown() PeriodMarkdown {
	counted := v.cells()
	m := PeriodMarkdown{
		Title:      periodTitle,
		Status:     markdownText(v.status()),
		Period:     markdownText(v.sentence()),
		TieOuts:    v.markdownTable(tieOutTable(v.tieOuts(), v.scope)),
		Lacking:    v.markdownTable(v.lackingTable(), "night", "organization", "status", "reason", "run_id"),
		Population: v.markdownTable(v.populationTable()),
		Sample:     v.markdownTable(v.sampleTable(), "draw", "night", "status", "run_id", "complete_for", "not_complete_for", "report_folder"),
		NetChange:  v.markdownTable(v.readable(v.netTable()), "severity", "kind", "organization", "subject_name", "subject_id", "field", "before", "after", "note"),
		Changes: v.markdownTable(v.readable(v.changeTable()), "taken_at", "severity", "kind", "organization", "subject_name", "subject_id", "field", "before", "after",
			"actor_id", "comparison", "note"),
		Findings: v.markdownTable(v.findingTable(), "state", "status", "severity", "rule_id", "organization", "subject_name", "opened", "first_seen", "closed_by",
			"days_open", "observed"),
		Exceptions: v.markdownTable(v.exceptionTable(), "rule_id", "state", "organization", "subject_id", "owner", "expires", "reason", "ticket", "in_force", "applied"),
		Nights:     v.markdownTable(v.nightTable(), "night", "organization", "status", "sampled", "draw", "run_id", "snapshot_id", "changes", "failed_findings"),
		Snapshots:  v.markdownTable(v.snapshotTable(), "snapshot_id", "organization", "outcome", "taken_at", "role", "run_id", "pruned_at", "chain_sha256"),
		Evidence:   v.markdownTable(factTable(append(v.localFacts(v.evidence()), counted.facts(&v.Options, v.files())...), v.scope)),
	}
	for _, alarm := range v.alarms() {
		m.Alarms = append(m.Alarms, markdownText(alarm))
	}
	for _, note := range v.notes() {
		m.Notes = append(m.Notes, markdownText(note+"."))
	}
	for i, o := range v.each() {
		standing := PeriodStanding{Name: markdownText(v.labels[i])}
		for _, f := range v.standing(o) {
			standing.Facts = append(standing.Facts, markdownText(f.item+": "+shown(f.value)))
		}
		m.Organizations = append(m.Organizations, standing)
	}
	return m
}

func (v *periodView) markdownTable(t *table, keys ...string) MarkdownTable {
	return v.tableBeside(PeriodWorkbookFile, t, keys)
}

func (v *periodView) sentence() string {
	return fmt.Sprintf("%s, known up to %s; %s; sample: %d nights drawn with the seed %d; written by auditor %s.",
		v.String(), utc(v.known()), v.runNights(), v.sampleTable().size(), v.Seed, v.ToolVersion)
}

// readable is a table of changes with labels where there are any, and of long values the beginning.
func (v *periodView) readable(t *table) *table {
	at := make(map[string]int, len(t.columns))
	for i, c := range t.columns {
		at[c.key] = i
	}
	with := *t
	with.rows = func(yield func(row) bool) {
		for r := range t.rows {
			for _, key := range []string{"before", "after"} {
				value, _ := r.cells[at[key]].(string)
				label, _ := r.cells[at[key+"_label"]].(string)
				r.cells[at[key]] = readable(value, label)
			}
			if !yield(r) {
				return
			}
		}
	}
	return &with
}
