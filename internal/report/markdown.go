package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/template"

	"scim-auditor/internal/snapshot"
	"scim-auditor/reports/templates"
)

// templateName is the built-in template in reports/templates.
const templateName = "report.md.tmpl"

// Markdown is what a template of the Markdown report can use. Every value is GitHub Flavored Markdown already, with the texts of the API
// escaped, so that a template writes them as they are. A table needs an empty line before and after it.
type Markdown struct {
	Title string
	// Status is one sentence that begins with COMPLETE or NOT COMPLETE.
	Status string
	// Alarms is what must stand at the top: why the run is not complete, which counts do not tie.
	Alarms []string
	// Run is one sentence on the run, Organizations one on how each organization stands.
	Run           string
	Organizations []string
	// The tables, each with its remarks, and with no more than 200 rows.
	TieOuts, Changes, Findings, Exceptions, SCIM, SSO, Evidence, Exchanges string
}

// writeMarkdown executes the caller's template, or the built-in one when that is empty.
func (v *view) writeMarkdown(w io.Writer, text string) error {
	return executeTemplate(w, text, templateName, v.markdown())
}

// executeTemplate executes a template with the data, or the built-in one of this name when the text is empty.
func executeTemplate(w io.Writer, text, builtInName string, data any) error {
	if text == "" {
		builtIn, err := templates.Files.ReadFile(builtInName)
		if err != nil {
			return fmt.Errorf("reading the built-in template: %w", err)
		}
		text = string(builtIn)
	}
	t, err := template.New(builtInName).Option("missingkey=error").Parse(text)
	if err != nil {
		return fmt.Errorf("reading the template of the Markdown report: %w", err)
	}
	if err := t.Execute(w, data); err != nil {
		return fmt.Errorf("executing the template of the Markdown report: %w", err)
	}
	return nil
}

func (v *view) markdown() Markdown {
	counted := v.cells()
	m := Markdown{
		Title:      reportTitle,
		Status:     markdownText(v.status()),
		Run:        markdownText(v.runSentence()),
		TieOuts:    markdownTable(tieOutTable(v.tieOuts(), v.scope), WorkbookFile),
		Changes:    markdownTable(v.changesToRead(), fileChanges),
		Findings:   markdownTable(v.findingTable().pick("status", "severity", "rule_id", "organization", "subject_name", "subject_id", "observed", "days_open", "accepted"), fileFindings),
		Exceptions: markdownTable(v.exceptionTable().pick("state", "bearing", "rule_id", "organization", "subject_id", "owner", "expires", "reason", "ticket", "findings"), fileExceptions),
		SCIM: markdownTable(v.inventoryTable().pick("name", "id", "organization", "enabled", "token_expires_at", "days_to_expiry", "sso_name",
			"open_finding_rules"), fileInventory),
		SSO:      markdownTable(v.ssoTable().pick("display_name", "id", "organization", "state", "provider_type", "issuer_url", "email_domains", "open_finding_rules"), fileSSO),
		Evidence: markdownTable(factTable(append(v.facts(), counted.facts()...), v.scope), WorkbookFile),
		Exchanges: markdownTable(v.exchangeTable().pick("organization", "number", "method", "request", "status", "sent_at", "records", "retries",
			"response_sha256"), fileExchanges),
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

func (v *view) runSentence() string {
	r := &v.Run
	scheduled := "not scheduled"
	if !r.ScheduledFor.IsZero() {
		scheduled = "scheduled for " + utc(r.ScheduledFor)
	}
	return fmt.Sprintf("Run %d of %s (%s, trigger %s), made by auditor %s on %s.", r.ID, utc(r.StartedAt), scheduled, r.Trigger, r.ToolVersion, r.Host)
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

// markdownTable is a table of GitHub Flavored Markdown with the remarks beneath; file is where the rows are that it leaves out.
func markdownTable(t *table, file string) string {
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
		fmt.Fprintf(&b, "\n%d more in %s\n", size-markdownRows, file)
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
