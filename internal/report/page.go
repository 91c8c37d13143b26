package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// Part is one part of a report: a heading and a table, whose remarks stand in for rows where it has
// none. The first page of the workbook, of HTML and of Markdown has the same parts.
type Part struct {
	Name    string // in templates; empty on the first page
	Key     string // of its element in HTML
	Heading string
	Table   *table.Table
	All     string   // the sheet, and the section of HTML, with every row; empty if Table has
	Columns []string // keys of the columns to show; none for all
}

// The limits of the first page, so that it fits on one sheet of paper for an organization of up to
// ten configurations.
const (
	pageConfigurations = 10
	pageLines          = 19 // of changes and findings, of two lines each, and of configurations
	pageNames          = 5  // organizations or alarms in a sentence or a list
)

// firstPage returns the parts of the first page after the headline and the alarms.
func (r *report) firstPage() []Part {
	var parts []Part
	if r.isFleet() {
		parts = append(parts, Part{Key: "attention", Heading: "Organizations with changes, findings or gaps",
			Table: r.attentionTable(), All: organizationsSheet})
	}
	parts = append(parts, Part{Key: "changed", Heading: r.changedHeading(), Table: r.changedTable(), All: r.changes.Name})
	if r.organizationsWithApproval() > 0 {
		parts = append(parts, Part{Key: "approved", Heading: "What differs from the approved baseline",
			Table: r.pageApprovedTable(), All: r.findings.Name})
	}
	return append(parts, []Part{
		{Key: "wrong", Heading: "What is wrong, and what to do", Table: r.wrongTable(), All: r.findings.Name},
		{Key: "configured", Heading: "What is configured", Table: r.configuredTable(), All: r.inventory.Name},
		{Key: "not-looked-at", Heading: "What was not looked at", Table: r.notLookedAtTable(), All: r.outcomes.Name},
		{Key: "source", Heading: "Where this comes from, and how to check it", Table: r.sourceTable()},
	}...)
}

// whose names the organizations of the report.
func (r *report) whose() string {
	if len(r.Organizations) == 0 {
		return noOrganization
	}
	return Named(r.names.Organizations)
}

const noOrganization = "no organization"

// pageAlarms returns the first alarms. The headline has said why the only organization failed.
func (r *report) pageAlarms() []string {
	all := r.alarms()
	if r.Databases == nil && len(r.Organizations) == 1 && r.incomplete() == 1 {
		all[0] = r.nothingKnown(0)
	}
	if more := len(all) - pageNames; more > 0 {
		return append(all[:pageNames:pageNames], fmt.Sprintf("%d more in Evidence", more))
	}
	return all
}

// named counts organizations, and names the first ones.
func (r *report) named(organizations []int) string {
	if len(organizations) == 0 {
		return noOrganization
	}
	var names []string
	for _, i := range organizations {
		names = append(names, r.label(i))
	}
	return Named(names)
}

// Named counts organizations, unless it is one, and names the first ones.
func Named(organizations []string) string {
	var names []string
	for _, name := range organizations {
		names = append(names, Brief(name))
	}
	text := FirstOf(names, pageNames, ", ")
	if len(names) == 1 {
		return text
	}
	return Count(len(names), "organization") + ": " + text
}

// night names the run and its night.
func (r *report) night() string {
	if r.Databases != nil {
		return fmt.Sprintf("night of %s, %s", r.Night.Format(time.DateOnly), r.databasesText())
	}
	return fmt.Sprintf("night of %s, run %d", UTC(r.Run.StartedAt), r.Run.ID)
}

// configurations counts the SCIM configurations of all organizations.
func (r *report) configurations() int { return len(r.inventory.Rows) }

// pageRows returns how many changes and how many failed findings the first page shows: all if they
// fit, else at least half of the lines each.
func (r *report) pageRows() (changes, findings int) {
	lines := pageLines
	if r.configurations() <= pageConfigurations {
		lines -= r.configurations()
	}
	if r.isFleet() {
		lines /= 2
	}
	room, failed := lines/2+1, 0
	for _, n := range r.failedBySeverity() {
		failed += n
	}
	changes = min(len(r.changes.Rows), max(room/2, room-failed))
	return changes, min(failed, room-changes)
}

// pageTable returns a table for the first page. Only a report on several organizations names them
// in each row.
func (r *report) pageTable(name string) *table.Table {
	columns := columnsOf[name]
	if len(r.Organizations) == 1 {
		columns = slices.DeleteFunc(slices.Clone(columns), func(c table.Column) bool { return c.Key == "organization" })
	}
	return table.New("", nil, columns...)
}

// changedHeading names the snapshot with which the only organization was compared.
func (r *report) changedHeading() string {
	if len(r.Organizations) == 1 && r.Organizations[0].Baseline != nil {
		return "What changed since " + UTC(r.Organizations[0].Baseline.TakenAt)
	}
	return "What changed since the last complete snapshot"
}

// changedTable lists the most serious changes of all organizations.
func (r *report) changedTable() *table.Table {
	t := r.pageTable("First page changes")
	changes, _ := r.pageRows()
	t.Links = map[string]string{"subject": "subject_id"}
	for _, row := range r.mostSerious(r.changes, t, changes) {
		id := row.Cells[r.changes.Column("subject_id")]
		t.Add(row.Organization, r.pageCells(row.Organization, PageChange(r.changes, row), id)...)
	}
	if len(r.Organizations) != 1 || r.incomplete() > 0 {
		r.remarkComparisons(t)
		return t
	}
	for _, remark := range r.changes.Remarks {
		if len(t.Rows) == 0 || remark.Missing {
			t.Remarks = append(t.Remarks, remark)
		}
	}
	return t
}

// pageCells adds the name of the organization to the cells of a row, unless the report is on one
// only, and then the cells that no reader sees.
func (r *report) pageCells(organization int, cells []any, hidden ...any) []any {
	if len(r.Organizations) != 1 {
		cells = append(cells, r.names.Of(organization))
	}
	return append(cells, hidden...)
}

// PageChange returns the cells of a change on a first page: subject, severity, what, values and by whom.
func PageChange(changes *table.Table, row table.Row) []any {
	cell := func(key string) string { return table.Shown(row.Cells[changes.Column(key)]) }
	return []any{
		Brief(cmp.Or(cell("subject_name"), cell("subject_id"))), row.Cells[changes.Column("severity")], cell("what"),
		valuesText(cell("field"), cell("was"), cell("now"), cell("note")), cell("by"),
	}
}

// PageFinding returns the cells of a finding on a first page: subject, severity, rule, what was
// observed, what to do and the days open.
func PageFinding(findings *table.Table, row table.Row) []any {
	cell := func(key string) any { return row.Cells[findings.Column(key)] }
	return []any{
		Brief(cmp.Or(table.Shown(cell("subject_name")), table.Shown(cell("subject_id")))), cell("severity"),
		cell("rule_id"), cell("observed"), cell("remedy"), cell("days_open"),
	}
}

// valuesText returns what a field was and is, and the note on the change.
func valuesText(field, was, now, note string) string {
	text := ""
	switch {
	case was != "" && now != "":
		text = was + " → " + now
	case was != "":
		text = "was " + was
	case now != "":
		text = "now " + now
	}
	if text != "" && field != "" {
		text = field + ": " + text
	}
	if text != "" && note != "" {
		return text + " (" + note + ")"
	}
	return text + note
}

// remarkComparisons says how many of several organizations were compared, and what was found.
func (r *report) remarkComparisons(t *table.Table) {
	var unchanged, first, failed []int
	for i, o := range r.Organizations {
		switch {
		case !o.complete():
			failed = append(failed, i)
		case o.first():
			first = append(first, i)
		case len(o.Changes) == 0:
			unchanged = append(unchanged, i)
		}
	}
	for _, group := range []struct {
		organizations []int
		text          string
	}{
		{failed, NotComplete + ", changes not known"}, {first, baselineText}, {unchanged, "no changes of what was compared"},
	} {
		if len(group.organizations) > 0 {
			t.Remark(table.RunLevel, group.text+": "+r.named(group.organizations))
		}
	}
}

// mostSerious returns the first rows of a table by severity, and adds the number of the other rows
// to the table of the page. A table of findings counts only those that fail.
func (r *report) mostSerious(all, shown *table.Table, limit int) []table.Row {
	severity, status := all.Column("severity"), all.Column("status")
	first, counts := make([][]table.Row, len(diff.Severities)), make([]int, len(diff.Severities))
	for _, row := range all.Rows {
		row = row.Made()
		s := slices.Index(diff.Severities, diff.Severity(table.Plain(row.Cells[severity])))
		if s < 0 || status >= 0 && table.Plain(row.Cells[status]) != string(finding.Fail) {
			continue
		}
		if counts[s]++; counts[s] <= limit {
			first[s] = append(first[s], row)
		}
	}
	var rows []table.Row
	rest := 0
	for s := range first {
		some := first[s][:min(len(first[s]), limit-len(rows))]
		rows, counts[s] = append(rows, some...), counts[s]-len(some)
		rest += counts[s]
	}
	if rest > 0 {
		shown.Remark(table.RunLevel, fmt.Sprintf("%d more in %s: %s", rest, all.Name, SeverityText(counts)))
	}
	return rows
}

// wrongTable lists the most serious failed findings of all organizations.
func (r *report) wrongTable() *table.Table {
	t := r.pageTable("First page findings")
	_, findings := r.pageRows()
	t.Links = map[string]string{"subject": "subject_id", "rule_id": "rule_id"}
	for _, row := range r.mostSerious(r.findings, t, findings) {
		id := row.Cells[r.findings.Column("subject_id")]
		t.Add(row.Organization, r.pageCells(row.Organization, PageFinding(r.findings, row), id)...)
	}
	accepted := 0
	for i := range r.evaluated {
		accepted += r.evaluated[i].counts[finding.Excepted]
	}
	if accepted > 0 {
		t.Remark(table.RunLevel, Count(accepted, "finding")+" more that somebody has accepted: see Findings")
	}
	if len(t.Rows) == 0 && r.incomplete() == 0 {
		t.Remark(table.RunLevel, "No finding fails.")
	}
	return t
}

// configuredTable lists the SCIM configurations if they are few, and counts everything.
func (r *report) configuredTable() *table.Table {
	t := r.pageTable("First page configurations")
	t.Links = map[string]string{"name": "id"}
	few := r.configurations() <= pageConfigurations
	enabled, sso, active, unread := 0, 0, 0, 0
	for i, o := range r.Organizations {
		for j := range o.SCIM {
			if few {
				t.Add(i, r.configuredCells(i, &o.SCIM[j])...)
			}
		}
		enabled += o.enabled()
		if o.complete() && o.Snapshot.SSONotAssessed != "" {
			unread++
		}
		sso += len(o.SSO)
		active += CountOf(o.SSO, func(c snapshot.SSOConfiguration) bool { return apiWord(c.State) == "active" })
	}
	if r.incomplete() == len(r.Organizations) {
		t.Remark(table.RunLevel, "not known: no organization has a complete snapshot in this run")
		return t
	}
	text := fmt.Sprintf("%s, %d of them enabled. %s, %d of them active.", Count(r.configurations(), "SCIM configuration"),
		enabled, Count(sso, "SSO configuration"), active)
	switch {
	case unread > 0 && unread == len(r.Organizations)-r.incomplete():
		text = fmt.Sprintf("%s, %d of them enabled. SSO configurations not assessed.",
			Count(r.configurations(), "SCIM configuration"), enabled)
	case unread > 0:
		text += fmt.Sprintf(" Those of %s were not assessed.", Count(unread, "organization"))
	}
	if o := r.Organizations[0]; len(r.Organizations) == 1 && o.Policies != nil {
		restricted := "Accounts can also be created without SCIM."
		if o.Policies.RestrictAccountCreationToSCIM {
			restricted = "Account creation is restricted to SCIM."
		}
		text += " " + restricted
	}
	t.Remark(table.RunLevel, text)
	if text := r.membersText(); text != "" {
		t.Remark(table.RunLevel, text)
	}
	return t
}

func (r *report) configuredCells(organization int, c *snapshot.SCIMConfiguration) []any {
	o := r.Organizations[organization]
	var days any = table.Why(Unknown)
	if !c.TokenExpiresAt.IsZero() {
		days = DaysBetween(o.Snapshot.TakenAt, c.TokenExpiresAt)
	}
	name, state, _ := o.ssoCells(c)
	signIn := table.Shown(name)
	if _, missing := name.(table.Why); !missing {
		signIn = Brief(cmp.Or(signIn, c.SSOConfigurationID)) + ": " + table.Shown(state)
	}
	rules := r.failing[subject{organization, diff.SCIMConfiguration, c.ID}]
	return r.pageCells(organization, []any{
		Brief(cmp.Or(c.Name, c.ID)), enabledWord(c.Enabled), table.Instant(c.TokenExpiresAt, Unknown), signIn,
		table.List{Items: rules, None: "none"}, days,
	}, c.ID)
}

// enabledWord returns whether a configuration is enabled, in a word.
func enabledWord(enabled bool) any {
	if enabled {
		return table.Word{Value: "enabled", Text: "enabled", Tone: table.Good}
	}
	return table.Word{Value: "disabled", Text: "disabled", Tone: table.Medium}
}
