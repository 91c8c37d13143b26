package period

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/report"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// item is one count of a population.
type item struct {
	name     string
	severity diff.Severity // empty for a count over all of them
	count    any           // an int, or nil where it is not known
	remark   string        // also says why a count is not known
}

// populationTable has the size of each population, by what it consists of.
func (d *document) populationTable() *table.Table {
	t := d.table("Population",
		table.Text("Population", "population"), table.Text("Organization", "organization"), table.Text("Item", "item"),
		table.Text("Severity", "severity"), table.Int("Count", "count"), table.Text("Remark", "remark_on_count"))
	for i, o := range d.organizations {
		for _, population := range []struct {
			name  string
			items []item
		}{
			{"Nights", o.nightItems()},
			{"Snapshots", o.snapshotItems()},
			{o.scim.plural, o.scim.items},
			{o.sso.plural, o.sso.items},
			{"Changes", o.changeItems()},
			{"Findings", o.findingItems()},
			{"Exceptions", o.exceptionItems()},
		} {
			for _, x := range population.items {
				t.Add(i, population.name, o.name, x.name, report.Word(x.severity), x.count, x.remark)
			}
		}
	}
	return t
}

// nightStatuses is the order in which nights are counted; the last two only where there are any.
var nightStatuses = []schedule.Status{
	schedule.Complete, schedule.CaughtUp, schedule.Failed, schedule.Missed, schedule.Running, schedule.Due,
}

func (o *organization) nightItems() []item {
	counts := make(map[schedule.Status]int)
	for _, n := range o.nights {
		counts[n.status]++
	}
	all := []item{{name: "expected", count: len(o.nights)}}
	for i, status := range nightStatuses {
		if i < 4 || counts[status] > 0 {
			all = append(all, item{name: inWords(status), count: counts[status]})
		}
	}
	return all
}

// inWords is a status as people read it.
func inWords(s schedule.Status) string { return strings.ReplaceAll(string(s), "_", " ") }

func (o *organization) snapshotItems() []item {
	complete, removed := 0, 0
	for _, s := range o.snapshots {
		if s.Outcome == snapshot.Complete {
			complete++
		}
		if !s.PrunedAt.IsZero() {
			removed++
		}
	}
	return []item{
		{name: "taken in the period", count: len(o.snapshots)},
		{name: "complete", count: complete},
		{name: "failed", count: len(o.snapshots) - complete},
		{name: "removed by retention", count: removed},
	}
}

// changeItems count the changes by severity and kind, the most serious first.
func (o *organization) changeItems() []item {
	all := []item{{name: "in the period", count: len(o.changes), remark: atLeast(o.lostChanges())}}
	switch {
	case o.closing == nil:
		all[0].count, all[0].remark = nil, "not known: "+noneAfterOpening
	case len(o.complete) < 2:
		all[0].count, all[0].remark = nil, "not known: the only complete snapshot has nothing to be compared with"
	}
	counts := make(map[item]int)
	for _, c := range o.changes {
		counts[item{name: string(c.SubjectType) + " " + string(c.Kind), severity: c.Severity}]++
	}
	for _, x := range slices.SortedFunc(maps.Keys(counts), func(a, b item) int {
		return cmp.Or(compareSeverities(a.severity, b.severity), cmp.Compare(a.name, b.name))
	}) {
		all = append(all, item{x.name, x.severity, counts[x], ""})
	}
	return all
}

// compareSeverities orders the most serious first.
func compareSeverities(a, b diff.Severity) int {
	return cmp.Compare(slices.Index(diff.Severities, a), slices.Index(diff.Severities, b))
}

// The names of two counts of findings.
const (
	openAtStart = "open at the start"
	opened      = "opened"
)

// findingItems count the findings in all and by severity; some only where there are any.
func (o *organization) findingItems() []item {
	var all []item
	remark := atLeast(o.lostOf("findings"))
	if len(o.complete) == 0 {
		remark = "at least: no complete snapshot shows what else is wrong"
	}
	for _, x := range []struct {
		name     string
		optional bool
		counts   func(*episode) bool
	}{
		{openAtStart, false, func(e *episode) bool { return e.opened == openedBefore }},
		{opened, false, func(e *episode) bool { return e.opened != openedBefore }},
		{"of these, there in the first complete snapshot", true,
			func(e *episode) bool { return e.opened == openedWithFirst }},
		{stateClosed, false, func(e *episode) bool { return e.state == stateClosed }},
		{stateOpen, false, func(e *episode) bool { return e.state == stateOpen }},
		{stateUnknown, true, func(e *episode) bool { return e.state == stateUnknown }},
	} {
		total, bySeverity := 0, make(map[diff.Severity]int)
		for i := range o.findings {
			if e := &o.findings[i]; x.counts(e) {
				total++
				bySeverity[e.Severity]++
			}
		}
		if total > 0 || !x.optional {
			all = append(all, item{x.name, "", total, remark})
		}
		for _, severity := range diff.Severities {
			if n := bySeverity[severity]; n > 0 {
				all = append(all, item{x.name, severity, n, ""})
			}
		}
	}
	return all
}

// total is the count in all of the items with a name.
func total(items []item, name string) int {
	i := slices.IndexFunc(items, func(x item) bool { return x.name == name })
	n, _ := items[i].count.(int)
	return n
}

func (o *organization) exceptionItems() []item {
	inForce, atEnd := 0, 0
	for i := range o.exceptions {
		x := &o.exceptions[i]
		if x.InForce > 0 {
			inForce++
		}
		if o.exceptionState(x) == exceptionInForce {
			atEnd++
		}
	}
	counts, remark := []any{len(o.exceptions), inForce, atEnd}, atLeast(o.lostOf("exceptions"))
	if !slices.ContainsFunc(o.since, intact) {
		counts, remark = make([]any, 3), "not known: no complete snapshot of the period is left"
	}
	return []item{
		{"seen in the period", "", counts[0], remark},
		{"in force at some time", "", counts[1], remark},
		{"in force at the end", "", counts[2], remark},
	}
}

// lostOf says that a count or a sheet misses something of the snapshots that retention removed; it is
// empty where nothing is missing.
func (o *organization) lostOf(what string) string {
	if len(o.pruned) == 0 {
		return ""
	}
	return fmt.Sprintf("retention removed the %s of %s", what, report.Count(len(o.pruned), "snapshot"))
}

// lostChanges is the same for the changes.
func (o *organization) lostChanges() string {
	if o.lost == 0 {
		return ""
	}
	return o.lostOf(report.Count(o.lost, "change"))
}

// atLeast is the remark on a count that is too small.
func atLeast(why string) string {
	if why == "" {
		return ""
	}
	return "at least: " + why
}
