package report

import (
	"fmt"

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
	complete, failed, pruned := 0, 0, 0
	for i := range o.snapshots {
		s := &o.snapshots[i]
		if s.Outcome == snapshot.Complete {
			complete++
		} else {
			failed++
		}
		if !s.PrunedAt.IsZero() {
			pruned++
		}
	}
	add(populationSnapshots, "taken in the period", nil, len(o.snapshots), "")
	add(populationSnapshots, "complete", nil, complete, "")
	add(populationSnapshots, "failed", nil, failed, "")
	add(populationSnapshots, "removed by retention", nil, pruned, "")
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
	start := "snapshot of " + utc(opening.TakenAt)
	if o.opening == nil || opening.ID > o.opening.ID {
		start += ", the first that has them"
	}
	add(population, "at the start", nil, of(opening), start)
	if closing == nil {
		for _, item := range []string{"added or reappeared", "removed", "at the end"} {
			add(population, item, nil, nil, "not known: no snapshot of the period after that could read them")
		}
		return
	}
	lost := ""
	if n := o.lostChanges(); n > 0 {
		lost = fmt.Sprintf("at least: %s removed by retention", count(n, "change"))
	}
	added, removed := o.moved(subject)
	add(population, "added or reappeared", nil, added, lost)
	add(population, "removed", nil, removed, lost)
	add(population, "at the end", nil, of(closing), "snapshot of "+utc(closing.TakenAt))
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
	add(populationChanges, "in the period", nil, len(o.changes), remark)
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
		{"opened in the period", false, func(e *episode) bool { return !o.before(e) }},
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
	add(populationExceptions, "seen in the period", nil, len(standings), "")
	add(populationExceptions, "in force at some time", nil, inForce, "")
	add(populationExceptions, "in force at the end", nil, atEnd, "")
}

// total sums a count over the organizations.
func (v *periodView) total(of func(*periodOrganization) int) int {
	n := 0
	for _, o := range v.each() {
		n += of(o)
	}
	return n
}
