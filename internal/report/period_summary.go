package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

const periodTitle = "SCIM and SSO configuration audit of a period"

// summaryContent is the sheet that says the essence of the period.
func (v *periodView) summaryContent() *content {
	c := &content{name: "Summary", fixed: summaryGrid}
	c.lines = append(c.lines, line{lookTitle, []any{periodTitle + ": " + v.String()}})
	standing := lookAlarm
	if v.complete() {
		standing = lookAllWell
	}
	c.lines = append(c.lines, textLines(standing, v.status(), len(summaryGrid))...)
	for _, alarm := range v.alarms() {
		c.lines = append(c.lines, textLines(lookAlarm, alarm, len(summaryGrid))...)
	}
	c.facts("Period", v.localFacts(v.periodFacts()))
	for _, text := range howToUse {
		c.lines = append(c.lines, line{lookNote, []any{text}})
	}
	c.block("Organizations, and their failed findings that are open at the end by severity", v.overviewTable())
	c.block("Nights without a complete snapshot", v.lackingTable())
	c.lines = append(c.lines, line{}, line{lookHeading, []any{"What else to know"}})
	for _, note := range v.notes() {
		c.lines = append(c.lines, textLines(lookNote, note+".", 1)...)
	}
	c.block("What is wrong at the end: the most serious findings", v.openTable())
	c.block("Changes by severity and kind", v.kindTable())
	c.block("Tie-outs: each count from two sources", tieOutTable(v.tieOuts(), v.scope).pick("organization", "check", "remark", "first", "second", "result"))
	for i, o := range v.each() {
		c.facts("Organization "+v.labels[i], v.standing(o))
	}
	return c
}

// howToUse tells an auditor where to go on.
var howToUse = []string{
	"The populations to sample from are the sheets Nights, Changes, Findings and Exceptions, whole. Population counts them; Sample draws nights, each with the report folder of its run.",
	"To check the files: sha256sum -c SHA256SUMS in their folder; to check the database, whose hashes stand in the sheet Snapshots: auditor verify.",
}

// overviewTable has how each organization stands.
func (v *periodView) overviewTable() *table {
	t := &table{columns: append([]column{
		{"Organization", "organization"}, {"Nights", "nights"}, {"SCIM configurations", "scim_text"}, {"SCIM at the end", "scim_configurations"},
		{"SSO at the end", "sso_configurations"}, {"Changes", "changes"},
	}, severityColumns()...)}
	var rows []row
	for i, o := range v.each() {
		cells := []any{v.labels[i], o.nightsText(), o.configurationsText(diff.SCIMConfiguration, o.scimOpening(), o.closing, scimCount), nil, nil, nil}
		if o.closing != nil {
			cells[3] = o.closing.SCIMConfigurations
		}
		if o.compared() {
			cells[5] = len(o.changes)
		}
		if o.ssoClosing != nil && !o.endsWithout(o.ssoClosing) {
			cells[4] = o.ssoClosing.SSOConfigurations
		}
		for _, severity := range diff.Severities {
			if o.opening == nil && o.closing == nil {
				cells = append(cells, nil)
			} else {
				cells = append(cells, o.openAs(severity))
			}
		}
		rows = append(rows, row{i, cells})
	}
	t.rows = rowList(rows)
	return t
}

// openAs counts the findings that are open at the end and that no exception covers.
func (o *periodOrganization) openAs(severity diff.Severity) int {
	n := 0
	for i := range o.episodes {
		if e := &o.episodes[i]; e.fails() && e.Severity == severity {
			n++
		}
	}
	return n
}

// fails says whether a finding is open at the end and failed when it was last assessed.
func (e *episode) fails() bool { return e.state() == episodeOpen && e.Status == finding.Fail }

// facts adds a heading with facts beneath.
func (c *content) facts(heading string, facts []fact) {
	c.lines = append(c.lines, line{}, line{lookHeading, []any{heading}})
	for _, f := range facts {
		c.lines = append(c.lines, line{lookPlain, []any{f.item, f.value}})
	}
}

func (v *periodView) periodFacts() []fact {
	facts := []fact{
		{item: "From (UTC)", value: v.From},
		{item: "To, included (UTC)", value: v.To},
		{item: "Known up to (UTC)", value: v.known()},
		{item: "First run of the database (UTC)", value: v.Began},
		{item: "Nights for the runs as a whole", value: v.runNights()},
		{item: "Runs", value: len(v.Runs)},
	}
	for _, s := range v.schedulesInForce() {
		facts = append(facts, fact{item: "Schedule in force", value: s})
	}
	return append(facts,
		fact{item: "Sample", value: fmt.Sprintf("%d of %s, drawn with the seed %d", v.sampleTable().size(), count(len(v.Nights), "night"), v.Seed)},
		fact{item: "Tool", value: "auditor " + v.ToolVersion})
}

// schedulesInForce are the schedules of the period in sentences.
func (v *periodView) schedulesInForce() []string {
	var all []string
	since := func(s snapshot.Schedule) string {
		if s.Expression == schedule.None {
			return "none since " + utc(s.From)
		}
		return s.Expression + " since " + utc(s.From)
	}
	for i, s := range v.Schedules {
		next := i+1 < len(v.Schedules)
		if s.From.After(v.To) || next && !v.Schedules[i+1].From.After(v.From) {
			continue
		}
		text := since(s)
		if next && !v.Schedules[i+1].From.After(v.To) {
			text += " until " + utc(v.Schedules[i+1].From)
		}
		all = append(all, text)
	}
	if len(all) == 0 {
		return []string{"none is recorded: each UTC day counts as one night"}
	}
	return all
}

// standing is how one organization stands over the period.
func (v *periodView) standing(o *periodOrganization) []fact {
	opening := "none: no complete snapshot before the period"
	if o.opening != nil {
		opening = snapshotText(o.opening)
	}
	closing := "none in the period after the opening one"
	if o.closing != nil {
		closing = snapshotText(o.closing)
	}
	return []fact{
		{item: "Organization ID", value: orText(o.id, unknown)},
		{item: "Opening snapshot", value: opening},
		{item: "Closing snapshot", value: closing},
		{item: populationNights, value: o.nightsText()},
		{item: populationSCIM, value: o.configurationsText(diff.SCIMConfiguration, o.scimOpening(), o.closing, scimCount)},
		{item: populationSSO, value: o.configurationsText(diff.SSOConfiguration, o.ssoOpening, o.ssoClosing, ssoCount)},
		{item: "Net change", value: strings.TrimPrefix(o.netText(), "net change ")},
		{item: populationChanges, value: o.changesText()},
		{item: populationFindings, value: o.findingsText()},
		{item: populationExceptions, value: count(len(v.bearing(o)), "exception")},
	}
}

// nightsText says what the expected nights came to: "7 expected = 5 complete + 1 caught up + 1 missed".
func (o *periodOrganization) nightsText() string {
	counts := o.nightCounts()
	var parts []string
	for _, status := range nightStatuses {
		if counts[status] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[status], word(status)))
		}
	}
	return fmt.Sprintf("%d expected = %s", len(o.nights), orText(strings.Join(parts, " + "), "none"))
}

func (o *periodOrganization) configurationsText(subject diff.SubjectType, opening, closing *snapshot.Snapshot, of func(*snapshot.Snapshot) int) string {
	switch {
	case opening == nil:
		return "not assessed: no snapshot could read them"
	case closing == nil:
		return fmt.Sprintf("%d at the start; nothing is known after that", of(opening))
	}
	start, end := fmt.Sprintf("%d at the start", of(opening)), fmt.Sprintf("%d at the end", of(closing))
	if o.startsWithout(opening) {
		start = fmt.Sprintf("%d in the snapshot of %s, the first that could read them", of(opening), utc(opening.TakenAt))
	}
	if o.endsWithout(closing) {
		end = fmt.Sprintf("%d in the snapshot of %s, the last that could read them", of(closing), utc(closing.TakenAt))
	}
	switch {
	case opening.ID == closing.ID:
		return fmt.Sprintf("%d in the snapshot of %s, the only one that has them; what was added and removed is not known", of(closing), utc(closing.TakenAt))
	case o.lostChanges() > 0:
		return start + ", " + end + "; what was added and removed is not wholly known: retention removed changes"
	}
	added, removed := o.moved(subject)
	return fmt.Sprintf("%s + %d added or reappeared − %d removed = %s", start, added, removed, end)
}

func (o *periodOrganization) changesText() string {
	switch {
	case o.closing == nil:
		return "none can be told"
	case !o.compared():
		return "none can be told: " + onlySnapshot
	case len(o.changes) == 0 && o.lostChanges() == 0:
		return "no changes" + o.ofSCIM() + " between the snapshots of " + utc(o.scimOpening().TakenAt) + " and " + utc(o.closing.TakenAt)
	}
	text := severityCounts(o.changes, func(c *periodChange) diff.Severity { return c.Severity })
	if n := o.lostChanges(); n > 0 {
		text += fmt.Sprintf("; %d more removed by retention", n)
	}
	return fmt.Sprintf("%d: %s", len(o.changes), text)
}

// ofSCIM bounds what "no changes" can say where the last snapshot could not read the SSO configurations, or no snapshot before could.
func (o *periodOrganization) ofSCIM() string {
	if o.ssoClosing == nil || o.closing.SSONotAssessed != "" || o.ssoOpening.ID > o.scimOpening().ID {
		return " of SCIM configurations"
	}
	return ""
}

func (o *periodOrganization) findingsText() string {
	before, closed := 0, 0
	var open []episode
	for i := range o.episodes {
		e := &o.episodes[i]
		if o.before(e) {
			before++
		}
		switch e.state() {
		case episodeClosed:
			closed++
		case episodeOpen:
			open = append(open, *e)
		}
	}
	opened := fmt.Sprintf("%d opened", len(o.episodes)-before)
	if n := o.firstSeenWhole(); n > 0 {
		opened += fmt.Sprintf(" (%d of them there in the first complete snapshot)", n)
	}
	return fmt.Sprintf("%d open at the start + %s − %d closed = %d open at the end (%s)", before, opened, closed, len(open),
		severityCounts(open, func(e *episode) diff.Severity { return e.Severity }))
}

// firstSeenWhole counts the findings that were there when the organization was first seen: since when nobody knows.
func (o *periodOrganization) firstSeenWhole() int {
	n := 0
	for i := range o.episodes {
		if o.opening == nil && o.isFirst(&o.episodes[i]) {
			n++
		}
	}
	return n
}

// openTable has the most serious findings of all organizations that are open at the end.
func (v *periodView) openTable() *table {
	t := &table{columns: []column{
		{"Organization", "organization"}, {"Finding", "title"}, {"Subject and observation", "observed"}, {"Severity", "severity"}, {"Rule", "rule_id"},
		{"Days open", "days_open"},
	}}
	var rows []row
	rest := 0
	for _, severity := range diff.Severities {
		for i, o := range v.each() {
			for j := range o.episodes {
				e := &o.episodes[j]
				switch {
				case e.Severity != severity || !e.fails():
				case len(rows) == topRows:
					rest++
				default:
					rows = append(rows, row{i, []any{v.labels[i], v.title(e), orText(e.SubjectName, e.SubjectID) + ": " + e.Observed, e.Severity, e.RuleID, o.daysOpen(e)}})
				}
			}
		}
	}
	t.rows = rowList(rows)
	if rest > 0 {
		t.remarks = []remark{{runLevel, fmt.Sprintf("%d more in the sheet Findings", rest), false}}
	}
	return t
}

// summaryNights is how many nights without a complete snapshot the summary shows.
const summaryNights = 50

// lackingTable has the nights without a complete snapshot.
func (v *periodView) lackingTable() *table {
	t := &table{columns: []column{
		{"Organization", "organization"}, {"Night (UTC)", "night"}, {"Reason", "reason"}, {"Status", "status"}, {"Run", "run_id"},
	}}
	var rows []row
	rest := 0
	add := func(organization int, nights []organizationNight) {
		for _, n := range lacking(nights) {
			if len(rows) == summaryNights {
				rest++
				continue
			}
			var run any
			if n.run != nil {
				run = int(n.run.ID)
			}
			rows = append(rows, row{organization, []any{v.scope(organization), n.ScheduledAt, v.reason(&n), n.status, run}})
		}
	}
	for i, o := range v.each() {
		add(i, o.nights)
	}
	add(runLevel, v.unclaimed())
	t.rows = rowList(rows)
	if rest > 0 {
		t.remarks = []remark{{runLevel, fmt.Sprintf("%d more in the sheet Nights", rest), false}}
	}
	return t
}

// kindTable counts the changes of all organizations by severity and kind.
func (v *periodView) kindTable() *table {
	t := &table{columns: []column{
		{"Subject type", "subject_type"}, {"Kind", "kind"}, {"Organizations", "organizations"}, {"Severity", "severity"}, {"Changes", "changes"},
	}}
	type key struct {
		severity diff.Severity
		subject  diff.SubjectType
		kind     diff.Kind
	}
	counts, organizations := make(map[key]int), make(map[key][]string)
	for i, o := range v.each() {
		for j := range o.changes {
			c := &o.changes[j]
			k := key{c.Severity, c.SubjectType, c.Kind}
			counts[k]++
			if !slices.Contains(organizations[k], v.labels[i]) {
				organizations[k] = append(organizations[k], v.labels[i])
			}
		}
	}
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b key) int {
		return cmp.Or(cmp.Compare(slices.Index(diff.Severities, a.severity), slices.Index(diff.Severities, b.severity)),
			cmp.Compare(a.subject, b.subject), cmp.Compare(a.kind, b.kind))
	})
	var rows []row
	for _, k := range keys {
		rows = append(rows, row{runLevel, []any{string(k.subject), string(k.kind), strings.Join(organizations[k], ", "), k.severity, counts[k]}})
	}
	t.rows = rowList(rows)
	return t
}
