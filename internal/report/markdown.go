package report

import (
	"fmt"
	"io"
	"strings"

	"scim-auditor/internal/report/table"
)

// templateName is the built-in template in reports/templates.
const templateName = "report.md.tmpl"

// Markdown is what a template of the Markdown report can use. Every text is GitHub Flavored Markdown
// already, with the texts of the API escaped, so that a template writes them as they are.
// docs/templates.md says the same to those who write one.
type Markdown struct {
	Title string
	// Complete reports whether every organization of the run is complete; Status is one sentence that
	// begins with COMPLETE or NOT COMPLETE.
	Complete bool
	Status   string
	// Alarms are what must stand at the top: why the run is not complete, which counts do not tie.
	Alarms []string
	// Run is one sentence on the run, Organizations one on how each complete organization stands.
	Run           string
	Organizations []string
	RunID         int64
	// StartedAt is like 2026-11-23 02:00:00 UTC.
	StartedAt string
	// ToolVersion is the version that wrote the report.
	ToolVersion string

	TieOuts, Changes, Findings, Exceptions, SCIM, SSO, Rules, Timeline, Runs, Evidence, Exchanges table.Markdown
}

func (r *report) writeMarkdown(w io.Writer) error {
	return WriteMarkdown(w, r.Template, templateName, r.markdown())
}

func (r *report) markdown() Markdown {
	show := func(t *table.Table, keys string) table.Markdown {
		return t.Markdown(r.Rest(t, WorkbookFile), strings.Fields(keys)...)
	}
	m := Markdown{
		Title:       reportTitle,
		Complete:    r.Complete(),
		Status:      table.EscapeMarkdown(r.status()),
		Run:         table.EscapeMarkdown(r.runSentence()),
		RunID:       r.Run.ID,
		StartedAt:   UTC(r.Run.StartedAt),
		ToolVersion: table.EscapeMarkdown(r.writer()),
		TieOuts:     show(r.ties.Table(&r.names), ""),
		Changes:     show(r.reading, ""),
		Findings: show(r.findings, "status severity rule_id organization subject_name subject_id observed days_open "+
			"accepted"),
		Exceptions: show(r.exceptions, "state bearing rule_id organization subject_id owner expires reason ticket findings"),
		SCIM: show(r.inventory, "name id organization enabled token_expires_at days_to_expiry sso_name "+
			"open_finding_rules"),
		SSO: show(r.sso, "display_name id organization state provider_type issuer_url email_domains "+
			"open_finding_rules"),
		Rules: show(r.outcomes, "rule_id title organization outcome severity fail not_assessed excepted pass"),
		Timeline: show(r.timeline, "taken_at organization subject_name subject_id kind severity field before after "+
			"note"),
		Runs: show(r.runs, "id outcome started_at trigger organizations_complete organizations_failed changes "+
			"error"),
		Evidence:  show(FactTable(r.facts, &r.names), ""),
		Exchanges: show(r.exchanges, "organization number method request status sent_at records retries response_sha256"),
	}
	for _, alarm := range r.alarms() {
		m.Alarms = append(m.Alarms, table.EscapeMarkdown(alarm))
	}
	for i, o := range r.Organizations {
		if o.complete() { // one that is not stands among the alarms
			m.Organizations = append(m.Organizations, table.EscapeMarkdown(r.headline(i)))
		}
	}
	return m
}

func (r *report) runSentence() string {
	run, scheduled, written := &r.Run, "not scheduled", ""
	if !run.ScheduledFor.IsZero() {
		scheduled = "scheduled for " + UTC(run.ScheduledFor)
	}
	if r.writer() != run.ToolVersion {
		written = " This report was written again by auditor " + r.writer() + "."
	}
	return fmt.Sprintf("Run %d of %s (%s, trigger %s), made by auditor %s on %s.%s", run.ID, UTC(run.StartedAt), scheduled,
		run.Trigger, run.ToolVersion, run.Host, written)
}
