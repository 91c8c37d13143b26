package report

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/template"
	"time"

	"scim-auditor/internal/report/table"
	"scim-auditor/reports/templates"
)

// Markdown is the data for a template of the Markdown report. Every text is GitHub Flavored
// Markdown in which texts from the API are escaped, so a template writes it unchanged.
// docs/templates.md documents it for authors of templates.
type Markdown struct {
	Title string
	// Complete reports whether every organization of the run is complete; Status is one sentence
	// that begins with COMPLETE or NOT COMPLETE.
	Complete bool
	Status   string
	// Alarms belong at the top: why the run is not complete, and which tie-outs failed.
	Alarms []string
	// Run is one sentence on the run, Organizations has one sentence on each complete organization.
	Run           string
	Organizations []string
	RunID         int64
	// StartedAt has the form 2026-11-23 02:00:00 UTC.
	StartedAt string
	// ToolVersion is the version that wrote the report.
	ToolVersion string

	TieOuts, Changes, Findings, Exceptions, SCIM, SSO, Rules, Timeline, Runs, Evidence, Exchanges table.Markdown
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
		if o.complete() { // the alarms name the others
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
		written = " auditor " + r.writer() + " wrote this report again."
	}
	return fmt.Sprintf("Run %d, started at %s (%s, trigger %s), made by auditor %s on %s.%s", run.ID,
		UTC(run.StartedAt), scheduled, run.Trigger, run.ToolVersion, run.Host, written)
}

// strict is the option of every template: an unknown name is an error.
const strict = "missingkey=error"

// ParseTemplate parses a template for Markdown and executes it twice, once with every possible
// value and once with an empty report, so that errors are found before a run. zone is the zone of
// local times, nil for none. An error begins with name, line and column.
func ParseTemplate(name, text string, zone *time.Location) (*template.Template, error) {
	t, err := template.New(name).Option(strict).Parse(text)
	if err != nil {
		return nil, templateError(err)
	}
	nothing := newReport(&Model{}, Options{Location: zone}).markdown()
	everything := nothing
	everything.Complete, everything.Alarms, everything.Organizations = true, []string{""}, []string{""}
	for _, rows := range []*table.Markdown{
		&everything.TieOuts, &everything.Changes, &everything.Findings, &everything.Exceptions, &everything.SCIM,
		&everything.SSO, &everything.Rules, &everything.Timeline, &everything.Runs, &everything.Evidence,
		&everything.Exchanges,
	} {
		*rows = rows.Example()
	}
	for _, m := range []Markdown{everything, nothing} {
		if err := t.Execute(io.Discard, m); err != nil {
			return nil, templateError(err)
		}
	}
	return t, nil
}

// templateError removes the prefix of a text/template error, so that it begins with the position.
func templateError(err error) error {
	if text, ok := strings.CutPrefix(err.Error(), "template: "); ok {
		return errors.New(text)
	}
	return err
}

// WriteMarkdown executes a template with the data. If t is nil, it uses the built-in template of
// this name in reports/templates.
func WriteMarkdown(w io.Writer, t *template.Template, builtIn string, data any) (err error) {
	if t == nil {
		if t, err = template.New(builtIn).Option(strict).ParseFS(templates.Files, builtIn); err != nil {
			return templateError(err)
		}
	}
	if err := t.Execute(w, data); err != nil {
		return templateError(err)
	}
	return nil
}
