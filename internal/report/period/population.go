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
	counts, days := make(map[schedule.Status]int), 0
	for _, n := range o.nights {
		counts[n.status]++
		if n.expression == "" {
			days++
		}
	}
	expected := item{name: "expected", count: len(o.nights)}
	if days > 0 {
		expected.remark = fmt.Sprintf("of them %s on which no schedule was in force", report.Count(days, "UTC day"))
	}
	all := []item{expected}
	for i, status := range nightStatuses {
		if i < 4 || counts[status] > 0 {
			all = append(all, item{name: inWords(status), count: counts[status]})
		}
	}
	return all
}

// inWords is a status as people read it.
func inWords(s schedule.Status) string { return strings.ReplaceAll(string(s), "_", " ") }

// sum writes counts, the first of which is that of all, as "7 expected = 5 complete + 2 missed".
func sum(items []item) string {
	var parts []string
	for _, x := range items[1:] {
		if x.count != 0 {
			parts = append(parts, fmt.Sprintf("%d %s", x.count, x.name))
		}
	}
	return fmt.Sprintf("%d %s = %s", items[0].count, items[0].name, cmp.Or(strings.Join(parts, " + "), "none"))
}

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
	all := []item{{name: "in the period", count: len(o.changes), remark: o.atLeast()}}
	switch {
	case o.closing == nil:
		all[0].count, all[0].remark = nil, "not known: "+noneAfterOpening
	case !o.compared():
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
	for _, sort := range []struct {
		name     string
		optional bool
		has      func(*episode) bool
	}{
		{openAtStart, false, func(e *episode) bool { return e.opened == openedBefore }},
		{opened, false, func(e *episode) bool { return e.opened != openedBefore }},
		{"of these, there in the first complete snapshot", true, func(e *episode) bool { return e.opened == openedWithFirst }},
		{stateClosed, false, func(e *episode) bool { return e.state == stateClosed }},
		{stateOpen, false, func(e *episode) bool { return e.state == stateOpen }},
		{stateUnknown, true, func(e *episode) bool { return e.state == stateUnknown }},
	} {
		total, counts := o.severities(sort.has)
		if total > 0 || !sort.optional {
			all = append(all, item{sort.name, "", total, o.lostRemark("findings")})
		}
		for i, n := range counts {
			if n > 0 {
				all = append(all, item{sort.name, diff.Severities[i], n, ""})
			}
		}
	}
	return all
}

// severities counts findings, in all and in the order of diff.Severities. A finding of which retention
// removed everything but its fingerprint has no severity.
func (o *organization) severities(has func(*episode) bool) (total int, counts []int) {
	counts = make([]int, len(diff.Severities))
	for i := range o.findings {
		e := &o.findings[i]
		if !has(e) {
			continue
		}
		total++
		if at := slices.Index(diff.Severities, e.Severity); at >= 0 {
			counts[at]++
		}
	}
	return total, counts
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
		if o.exceptions[i].InForce > 0 {
			inForce++
		}
		if o.exceptionState(&o.exceptions[i]) == exceptionInForce {
			atEnd++
		}
	}
	remark := o.lostRemark("exceptions")
	all := []item{
		{"seen in the period", "", len(o.exceptions), remark},
		{"in force at some time", "", inForce, remark},
		{"in force at the end", "", atEnd, remark},
	}
	if !slices.ContainsFunc(o.since, intact) {
		for i := range all {
			all[i].count, all[i].remark = nil, "not known: no complete snapshot of the period is left"
		}
	}
	return all
}

// lostText says of how many snapshots retention removed something, such as "findings"; it is empty where
// retention removed nothing.
func (o *organization) lostText(what string) string {
	if len(o.pruned) == 0 {
		return ""
	}
	return fmt.Sprintf("retention removed the %s of %s", what, report.Count(len(o.pruned), "snapshot"))
}

// lostRemark is the remark on a count that lostText is about.
func (o *organization) lostRemark(what string) string {
	if len(o.pruned) == 0 {
		return ""
	}
	return "at least: " + o.lostText(what)
}
