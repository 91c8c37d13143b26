package report

import (
	"fmt"
	"slices"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

var populationColumns = []column{
	{"Population", "population"},
	{"Organization", "organization"},
	{"Item", "item"},
	{"Severity", "severity"},
	{"Count", "count"},
	{"Remark", "remark_on_count"},
}

// populationTable is the size of each population, by what it is made of. A count that is not known is empty, and its remark says why.
func (v *periodView) populationTable() *table {
	t := &table{name: "Population", file: "population.csv", columns: populationColumns}
	var rows []row
	for i, o := range v.each() {
		add := func(population, item string, severity, count any, remark string) {
			rows = append(rows, row{i, []any{population, v.labels[i], item, severity, count, remark}})
		}
		o.countNights(add)
		o.countSnapshots(add)
		o.countConfigurations(add)
		o.countChanges(add)
		o.countFindings(add)
		o.countExceptions(v.bearing(o), add)
	}
	t.rows = rowList(rows)
	return t
}

// counting takes one count of a population.
type counting func(population, item string, severity, count any, remark string)

// The populations.
const (
	populationNights     = "Nights"
	populationSnapshots  = "Snapshots"
	populationSCIM       = "SCIM configurations"
	populationSSO        = "SSO configurations"
	populationChanges    = "Changes"
	populationFindings   = "Findings"
	populationExceptions = "Exceptions"
)

func (o *periodOrganization) countNights(add counting) {
	days := 0
	for i := range o.nights {
		if o.nights[i].expression == "" {
			days++
		}
	}
	remark := ""
	if days > 0 {
		remark = fmt.Sprintf("of them %s on which no schedule was in force", count(days, "UTC day"))
	}
	add(populationNights, "expected", nil, len(o.nights), remark)
	counts := o.nightCounts()
	for _, status := range nightStatuses {
		if counts[status] > 0 || status != schedule.Running && status != schedule.Due {
			add(populationNights, word(status), nil, counts[status], "")
		}
	}
}

func (o *periodOrganization) countSnapshots(add counting) {
	complete, failed := 0, 0
	for i := range o.snapshots {
		s := &o.snapshots[i]
		if s.Outcome == snapshot.Complete {
			complete++
		} else {
			failed++
		}
	}
	add(populationSnapshots, "taken in the period", nil, len(o.snapshots), "")
	add(populationSnapshots, "complete", nil, complete, "")
	add(populationSnapshots, "failed", nil, failed, "")
	add(populationSnapshots, "removed by retention", nil, o.prunedWithin(), "")
}

func (o *periodOrganization) countConfigurations(add counting) {
	o.countKind(add, populationSCIM, diff.SCIMConfiguration, o.scimOpening(), o.closing, scimCount)
	o.countKind(add, populationSSO, diff.SSOConfiguration, o.ssoOpening, o.ssoClosing, ssoCount)
}

func scimCount(s *snapshot.Snapshot) int { return s.SCIMConfigurations }
func ssoCount(s *snapshot.Snapshot) int  { return s.SSOConfigurations }

// scimOpening is the snapshot that the SCIM configurations are counted in at the start: the opening one, else the first complete one of the period.
func (o *periodOrganization) scimOpening() *snapshot.Snapshot {
	if o.opening != nil {
		return o.opening
	}
	for _, s := range o.within() {
		if s.Outcome == snapshot.Complete {
			return s
		}
	}
	return nil
}

// countKind counts the configurations of one kind at the start, what was added and removed, and those at the end.
func (o *periodOrganization) countKind(add counting, population string, subject diff.SubjectType, opening, closing *snapshot.Snapshot, of func(*snapshot.Snapshot) int) {
	if opening == nil {
		for _, item := range []string{"at the start", "added or reappeared", "removed", "at the end"} {
			add(population, item, nil, nil, "not assessed: no snapshot could read them")
		}
		return
	}
	switch start := "snapshot of " + utc(opening.TakenAt); {
	case o.startsWithout(opening):
		add(population, "at the start", nil, nil, fmt.Sprintf("not known: the %s is the first that could read them, and has %d", start, of(opening)))
	case o.opening == nil:
		add(population, "at the start", nil, of(opening), start+", the first that has them")
	default:
		add(population, "at the start", nil, of(opening), start)
	}
	if closing == nil {
		for _, item := range []string{"added or reappeared", "removed", "at the end"} {
			add(population, item, nil, nil, "not known: no snapshot of the period after that could read them")
		}
		return
	}
	if opening.ID == closing.ID {
		add(population, "added or reappeared", nil, nil, oneRead)
		add(population, "removed", nil, nil, oneRead)
	} else {
		lost := ""
		if n := o.lostChanges(); n > 0 {
			lost = fmt.Sprintf("at least: %s removed by retention", count(n, "change"))
		}
		added, removed := o.moved(subject)
		add(population, "added or reappeared", nil, added, lost)
		add(population, "removed", nil, removed, lost)
	}
	if end := "snapshot of " + utc(closing.TakenAt); o.endsWithout(closing) {
		add(population, "at the end", nil, nil, fmt.Sprintf("not known: the %s is the last that could read them, and has %d", end, of(closing)))
	} else {
		add(population, "at the end", nil, of(closing), end)
	}
}

const oneRead = "not known: one snapshot alone could read them"

// startsWithout says whether the configurations that are counted first in a snapshot could not be read when the period began.
func (o *periodOrganization) startsWithout(first *snapshot.Snapshot) bool {
	return o.opening != nil && first.ID > o.opening.ID
}

// endsWithout says whether the configurations that are counted last in a snapshot could not be read when the period ended.
func (o *periodOrganization) endsWithout(last *snapshot.Snapshot) bool {
	return last.ID != o.closing.ID
}

// moved counts the configurations of one kind that the changes of the period brought and took.
func (o *periodOrganization) moved(subject diff.SubjectType) (added, removed int) {
	for i := range o.changes {
		switch c := &o.changes[i]; {
		case c.SubjectType != subject:
		case c.Kind == diff.Added || c.Kind == diff.Reappeared:
			added++
		case c.Kind == diff.Removed:
			removed++
		}
	}
	return added, removed
}

// countChanges counts the changes by severity and kind.
func (o *periodOrganization) countChanges(add counting) {
	type key struct {
		severity diff.Severity
		kind     string
	}
	counts := make(map[key]int)
	var order []key
	for _, severity := range diff.Severities {
		for i := range o.changes {
			c := &o.changes[i]
			if c.Severity != severity {
				continue
			}
			k := key{severity, string(c.SubjectType) + " " + string(c.Kind)}
			if counts[k] == 0 {
				order = append(order, k)
			}
			counts[k]++
		}
	}
	remark := ""
	switch lost := o.lostChanges(); {
	case lost > 0:
		remark = fmt.Sprintf("at least: %s removed by retention", count(lost, "change"))
	case o.closing == nil:
		remark = "no complete snapshot in the period after the opening one: no change can be told"
	case !o.compared():
		remark = onlySnapshot + ": no change can be told"
	}
	var all any = len(o.changes)
	if !o.compared() {
		all = nil
	}
	add(populationChanges, "in the period", nil, all, remark)
	for _, k := range order {
		add(populationChanges, k.kind, k.severity, counts[k], "")
	}
}

func (o *periodOrganization) countFindings(add counting) {
	items := []struct {
		item     string
		optional bool // told only when there are any
		of       func(*episode) bool
	}{
		{"open at the start", false, o.before},
		{"opened", false, func(e *episode) bool { return !o.before(e) }},
		{"of these, there in the first complete snapshot", true, func(e *episode) bool { return o.opening == nil && o.isFirst(e) }},
		{"closed in the period", false, func(e *episode) bool { return e.state() == episodeClosed }},
		{"open at the end", false, func(e *episode) bool { return e.state() == episodeOpen }},
		{"not known at the end", true, func(e *episode) bool { return e.state() == episodeNotKnown }},
	}
	remark := ""
	if n := len(o.pruned()); n > 0 {
		remark = fmt.Sprintf("at least: retention removed the findings of %s", count(n, "snapshot"))
	}
	for _, x := range items {
		total := 0
		bySeverity := make(map[diff.Severity]int)
		for i := range o.episodes {
			if e := &o.episodes[i]; x.of(e) {
				total++
				bySeverity[e.Severity]++
			}
		}
		if total == 0 && x.optional {
			continue
		}
		add(populationFindings, x.item, nil, total, remark)
		for _, severity := range diff.Severities {
			if bySeverity[severity] > 0 {
				add(populationFindings, x.item, severity, bySeverity[severity], "")
			}
		}
	}
}

func (o *periodOrganization) countExceptions(standings []snapshot.Standing, add counting) {
	inForce, atEnd := 0, 0
	for i := range standings {
		if standings[i].InForce > 0 {
			inForce++
		}
		if o.standingState(&standings[i]) == "in force" {
			atEnd++
		}
	}
	remark := ""
	if n := len(o.pruned()); n > 0 {
		remark = fmt.Sprintf("at least: retention removed the exceptions of %s", count(n, "snapshot"))
	}
	counts := []any{len(standings), inForce, atEnd}
	if !slices.ContainsFunc(o.within(), whole) {
		counts, remark = make([]any, len(counts)), "not known: no complete snapshot of the period is left"
	}
	for i, item := range []string{"seen in the period", "in force at some time", "in force at the end"} {
		add(populationExceptions, item, nil, counts[i], remark)
	}
}

// total sums a count over the organizations.
func (v *periodView) total(of func(*periodOrganization) int) int {
	n := 0
	for _, o := range v.each() {
		n += of(o)
	}
	return n
}
