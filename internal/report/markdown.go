package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"scim-auditor/internal/snapshot"
)

// templateName is the built-in template in reports/templates.
const templateName = "report.md.tmpl"

// Markdown is what a template of the Markdown report can use. Every text is GitHub Flavored Markdown already, with the texts of the API
// escaped, so that a template writes them as they are. docs/templates.md tells the same to those who write one.
type Markdown struct {
	Title string
	// Complete says whether every organization of the run is complete; Status is one sentence that begins with COMPLETE or NOT COMPLETE.
	Complete bool
	Status   string
	// Alarms is what must stand at the top: why the run is not complete, which counts do not tie.
	Alarms []string
	// Run is one sentence on the run, Organizations one on how each complete organization stands.
	Run           string
	Organizations []string
	RunID         int64
	// StartedAt is like 2026-11-23 02:00:00 UTC.
	StartedAt string
	// ToolVersion is the version that wrote the report.
	ToolVersion string

	TieOuts, Changes, Findings, Exceptions, SCIM, SSO, Rules, Timeline, Runs, Evidence, Exchanges MarkdownTable
}

// tables are the tables, for what is done to each.
func (m *Markdown) tables() []*MarkdownTable {
	return []*MarkdownTable{&m.TieOuts, &m.Changes, &m.Findings, &m.Exceptions, &m.SCIM, &m.SSO, &m.Rules, &m.Timeline, &m.Runs, &m.Evidence, &m.Exchanges}
}

func (v *view) writeMarkdown(w io.Writer) error {
	return executeTemplate(w, v.Template, templateName, v.markdown())
}

// executeTemplate executes a template with the data, the built-in one of this name when it is nil.
func executeTemplate(w io.Writer, t *Template, builtInName string, data any) error {
	if t == nil {
		var err error
		if t, err = builtIn(builtInName); err != nil {
			return err
		}
	}
	if err := t.execute(w, data); err != nil {
		return fmt.Errorf("making the Markdown report: %w", err)
	}
	return nil
}

func (v *view) markdown() Markdown {
	counted := v.cells()
	m := Markdown{
		Title:       reportTitle,
		Complete:    v.Complete(),
		Status:      markdownText(v.status()),
		Run:         markdownText(v.runSentence()),
		RunID:       v.Run.ID,
		StartedAt:   utc(v.Run.StartedAt),
		ToolVersion: markdownText(v.writer()),
		TieOuts:     v.markdownTable(tieOutTable(v.tieOuts(), v.scope)),
		Changes:     v.markdownTable(v.changesToRead()),
		Findings:    v.markdownTable(v.findingTable(), "status", "severity", "rule_id", "organization", "subject_name", "subject_id", "observed", "days_open", "accepted"),
		Exceptions: v.markdownTable(v.exceptionTable(), "state", "bearing", "rule_id", "organization", "subject_id", "owner", "expires", "reason", "ticket",
			"findings"),
		SCIM: v.markdownTable(v.inventoryTable(), "name", "id", "organization", "enabled", "token_expires_at", "days_to_expiry", "sso_name",
			"open_finding_rules"),
		SSO:       v.markdownTable(v.ssoTable(), "display_name", "id", "organization", "state", "provider_type", "issuer_url", "email_domains", "open_finding_rules"),
		Rules:     v.markdownTable(v.ruleTable(), "rule_id", "title", "organization", "outcome", "severity", "fail", "not_assessed", "excepted", "pass"),
		Timeline:  v.markdownTable(v.timelineTable(), "taken_at", "organization", "subject_name", "subject_id", "kind", "severity", "field", "before", "after", "note"),
		Runs:      v.markdownTable(v.runTable(), "id", "outcome", "started_at", "trigger", "organizations_complete", "organizations_failed", "changes", "error"),
		Evidence:  v.markdownTable(factTable(append(v.facts(), counted.facts(&v.Options, v.files())...), v.scope)),
		Exchanges: v.markdownTable(v.exchangeTable(), "organization", "number", "method", "request", "status", "sent_at", "records", "retries", "response_sha256"),
	}
	for _, alarm := range v.alarms() {
		m.Alarms = append(m.Alarms, markdownText(alarm))
	}
	for i, o := range v.each() {
		if o.complete() { // one that is not stands among the alarms
			m.Organizations = append(m.Organizations, markdownText(v.headline(i)))
		}
	}
	return m
}

// markdownTable is a table of which the Markdown shows the columns of these keys, or all.
func (v *view) markdownTable(t *table, keys ...string) MarkdownTable {
	return v.tableBeside(WorkbookFile, t, keys)
}

// tableBeside is a table as Markdown beside a workbook with this name.
func (o *Options) tableBeside(workbook string, t *table, keys []string) MarkdownTable {
	rest := "the database"
	switch {
	case t.file != "" && o.Has(FormatCSV):
		rest = t.file
	case o.Has(FormatXLSX):
		rest = workbook
	}
	shown := t
	if len(keys) > 0 {
		shown = t.pick(keys...)
	}
	return MarkdownTable{o.localized(t), o.localized(shown), rest}
}

// writer is the version that writes the report.
func (v *view) writer() string { return orText(v.ToolVersion, v.Run.ToolVersion) }

func (v *view) runSentence() string {
	r := &v.Run
	scheduled := "not scheduled"
	if !r.ScheduledFor.IsZero() {
		scheduled = "scheduled for " + utc(r.ScheduledFor)
	}
	written := ""
	if v.writer() != r.ToolVersion {
		written = " This report was written again by auditor " + v.writer() + "."
	}
	return fmt.Sprintf("Run %d of %s (%s, trigger %s), made by auditor %s on %s.%s", r.ID, utc(r.StartedAt), scheduled, r.Trigger, r.ToolVersion, r.Host, written)
}

// How much of a table and of a value Markdown shows.
const (
	markdownRows  = 200
	markdownRunes = 160
)

// changesToRead has what a person reads of a change: labels where there are any, and of long values the beginning.
func (v *view) changesToRead() *table {
	t := v.changeTable()
	return &table{
		file: t.file,
		columns: []column{
			{"Severity", "severity"}, {"Kind", "kind"}, {"Organization", "organization"}, {"Subject", "subject"}, {"Subject ID", "subject_id"},
			{"Field", "field"}, {"Before", "before"}, {"After", "after"}, {"Actor", "actor"}, {"Note", "note"},
		},
		rows: rowsOf(v, func(o *Organization) []snapshot.Change { return o.Changes },
			func(i int, o *Organization, c *snapshot.Change) []any {
				actor := strings.TrimSpace(c.ActorAction + " " + c.ActorID)
				return []any{
					c.Severity, string(c.Kind), v.label(i), c.SubjectName, c.SubjectID, c.Field,
					readable(c.Before, c.BeforeLabel), readable(c.After, c.AfterLabel), orText(actor, whyNoActor(o.AuditLog)), c.Note,
				}
			}),
		remarks: t.remarks,
	}
}

// readable is a changed value as a person reads it.
func readable(value, label string) string {
	text := orText(label, orText(instantLabel(value), value))
	return shorten(text, markdownRunes)
}

// markdownTable is a table of GitHub Flavored Markdown with the remarks beneath; rest is where the rows are that it leaves out.
func markdownTable(t *table, rest string) string {
	var b strings.Builder
	size := t.size()
	if size > 0 {
		markdownRow(&b, titles(t.columns))
		markdownRow(&b, slices.Repeat([]string{"---"}, len(t.columns)))
	}
	n := 0
	for r := range t.rows {
		if n++; n > markdownRows {
			break
		}
		cells := make([]string, len(r.cells))
		for i, value := range r.cells {
			cells[i] = markdownText(shown(value))
		}
		markdownRow(&b, cells)
	}
	if size > markdownRows {
		fmt.Fprintf(&b, "\n%d more in %s\n", size-markdownRows, rest)
	}
	if len(t.remarks) > 0 && size > 0 {
		b.WriteString("\n")
	}
	for _, r := range t.remarks {
		fmt.Fprintf(&b, "- %s\n", markdownText(r.text))
	}
	if size == 0 && len(t.remarks) == 0 {
		b.WriteString("none\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func markdownRow(b *strings.Builder, cells []string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}
