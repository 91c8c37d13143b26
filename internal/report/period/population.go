package period

import (
	"cmp"
	"context"
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

type item struct {
	organization     int
	population, name string
	severity         diff.Severity // empty for all severities
}

// The names of items that the summary and the tie-outs use too.
const (
	atStart     = "at the start"
	atEnd       = "at the end"
	inPeriod    = "in the period"
	openAtStart = "open at the start"
	opened      = "opened"
)

// countPopulations makes the sheet Population, with the size of each population and of its
// parts.
func (d *document) countPopulations() {
	d.counts = make(map[item]any)
	d.table("Population")
	d.countDays()
	for _, o := range d.organizations {
		d.countNights(o)
		d.countCoverage(o)
		d.countSnapshots(o)
		d.countConfigurations(o, &o.scim)
		d.countConfigurations(o, &o.sso)
		d.countMembers(o)
		d.countChanges(o)
		d.countFindings(o)
		d.countExceptions(o)
	}
}

// count adds a row. The count is an int, or nil if it is not known; the remark then says why.
func (d *document) count(x item, count any, remark string) {
	d.counts[x] = count
	d.sheet("Population").Add(x.organization, x.population, d.names.Of(x.organization), x.name, report.Word(x.severity),
		count, remark)
}

// nightStatuses is the order in which nights are counted. The last two are omitted if 0.
var nightStatuses = []schedule.Status{
	schedule.Complete, schedule.CaughtUp, schedule.Failed, schedule.Missed, schedule.Running, schedule.Due,
}

// countDays counts the UTC days of the period, and the runs that stand for no expected night.
func (d *document) countDays() {
	expected := d.expectedDays()
	days := int(d.lastDay().Sub(d.firstDay())/day) + 1
	ran, beside, others, nights := 0, 0, 0, d.nightsOfRuns()
	for id, r := range d.runs {
		if !d.ranIn(r) {
			continue
		}
		ran++
		if _, isOther := d.others[id]; isOther {
			others++
		} else if len(nights[r]) == 0 {
			beside++
		}
	}
	cut := ""
	if d.isCut(d.firstDay()) || d.isCut(d.lastDay()) {
		cut = "a day of which the period has a part: without one in this part"
	}
	d.count(item{table.RunLevel, "Days", inPeriod, ""}, days, "UTC; the sheet Nights has each")
	d.count(item{table.RunLevel, "Days", "without an expected night", ""}, days-len(expected), cut)
	d.count(item{table.RunLevel, "Runs", inPeriod, ""}, ran, "")
	d.count(item{table.RunLevel, "Runs", "that stand for no expected night", ""}, beside, "")
	d.count(item{table.RunLevel, "Runs", "in a night for which another run counts", ""}, others, "")
}

func (d *document) countNights(o *organization) {
	d.count(item{o.index, "Nights", "expected", ""}, len(o.nights), "")
	for i, status := range nightStatuses {
		n := report.CountOf(o.nights, func(n organizationNight) bool { return n.status == status })
		if i < 4 || n > 0 {
			d.count(item{o.index, "Nights", inWords(status), ""}, n, "")
		}
	}
}

func inWords(s schedule.Status) string { return strings.ReplaceAll(string(s), "_", " ") }

func (d *document) countSnapshots(o *organization) {
	n := report.CountOf(o.snapshots, complete)
	d.count(item{o.index, "Snapshots", "taken in the period", ""}, len(o.snapshots), "")
	d.count(item{o.index, "Snapshots", "complete", ""}, n, "")
	d.count(item{o.index, "Snapshots", "failed", ""}, len(o.snapshots)-n, "")
	d.count(item{o.index, "Snapshots", "removed by retention", ""}, report.CountOf(o.snapshots, pruned), "")
}

// countChanges counts the changes by severity and kind, the most serious first.
func (d *document) countChanges(o *organization) {
	count, remark := any(len(o.changes)), atLeast(o.lostChanges())
	switch {
	case o.closing == nil:
		count, remark = nil, "not known: "+noneAfterOpening
	case len(o.complete) < 2:
		count, remark = nil, "not known: the only complete snapshot has no baseline to compare with"
	}
	d.count(item{o.index, "Changes", inPeriod, ""}, count, remark)
	counts := make(map[item]int)
	for _, c := range o.changes {
		counts[item{o.index, "Changes", string(c.SubjectType) + " " + string(c.Kind), c.Severity}]++
	}
	for _, x := range slices.SortedFunc(maps.Keys(counts), func(a, b item) int {
		return cmp.Or(compareSeverities(a.severity, b.severity), cmp.Compare(a.name, b.name))
	}) {
		d.count(x, counts[x], "")
	}
}

func compareSeverities(a, b diff.Severity) int {
	return cmp.Compare(slices.Index(diff.Severities, a), slices.Index(diff.Severities, b))
}

const thereAtFirst = "of these, there in the first complete snapshot"

// countFindings counts the findings in all and by severity. Optional items are omitted if 0.
func (d *document) countFindings(o *organization) {
	counts := o.findingCounts()
	remark := atLeast(o.lostOf("findings"))
	if len(o.complete) == 0 {
		remark = "at least: there is no complete snapshot to evaluate the other rules"
	}
	remarks := map[diff.Severity]string{"": remark}
	for _, name := range []string{openAtStart, opened, thereAtFirst, stateClosed, stateOpen, stateDropped, stateUnknown} {
		isOptional := name == thereAtFirst || name == stateDropped || name == stateUnknown
		for _, severity := range append([]diff.Severity{""}, diff.Severities...) {
			x := item{o.index, "Findings", name, severity}
			if counts[x] > 0 || severity == "" && !isOptional {
				d.count(x, counts[x], remarks[severity])
			}
		}
	}
}

func (o *organization) findingCounts() map[item]int {
	counts := make(map[item]int)
	for i := range o.findings {
		e := &o.findings[i]
		names := []string{opened, e.state}
		switch e.opened {
		case openedBefore:
			names[0] = openAtStart
		case openedWithFirst:
			names = append(names, thereAtFirst)
		}
		for _, name := range names {
			// The severity is empty if retention has left no snapshot with the finding.
			for _, severity := range slices.Compact([]diff.Severity{"", e.Severity}) {
				counts[item{o.index, "Findings", name, severity}]++
			}
		}
	}
	return counts
}

func (d *document) countExceptions(o *organization) {
	counts, remark := []any{
		len(o.exceptions),
		report.CountOf(o.exceptions, func(x snapshot.Standing) bool { return x.InForce > 0 }),
		report.CountOf(o.exceptions, func(x snapshot.Standing) bool { return o.exceptionState(&x) == exceptionInForce }),
	}, atLeast(o.lostOf("exceptions"))
	if !slices.ContainsFunc(o.since, intact) {
		counts, remark = make([]any, 3), "not known: the period has no complete snapshot with its content"
	}
	for i, name := range []string{"seen in the period", "in force at some time", "in force at the end"} {
		d.count(item{o.index, "Exceptions", name, ""}, counts[i], remark)
	}
}

// lostOf returns a text on the rows that retention deleted from a count or a sheet, or "".
func (o *organization) lostOf(what string) string {
	if len(o.pruned) == 0 {
		return ""
	}
	return fmt.Sprintf("retention deleted the %s of %s", what, report.Count(len(o.pruned), "snapshot"))
}

func (o *organization) lostChanges() string {
	if o.lost == 0 {
		return ""
	}
	return o.lostOf(report.Count(o.lost, "change"))
}

// atLeast returns the remark on a count that may be too small, "" without a reason.
func atLeast(reason string) string {
	if reason == "" {
		return ""
	}
	return "at least: " + reason
}

// ends are the two snapshots in which the configurations or the members are counted.
type ends struct {
	plural string
	kind   diff.SubjectType
	size   func(*taken) int
	// first and last are those nearest to the start and the end of the period that could read them,
	// nil if there is none.
	first, last *taken
}

// readConfigurations finds the snapshots in which the configurations are counted. The first for
// SSO configurations is the last snapshot before the period that could read them, else the
// first in the period.
func (o *organization) readConfigurations(ctx context.Context, store *snapshot.Store) (err error) {
	o.scim = ends{plural: "SCIM configurations", kind: diff.SCIMConfiguration, last: o.closing,
		size: func(s *taken) int { return s.SCIMConfigurations }}
	o.sso = ends{plural: "SSO configurations", kind: diff.SSOConfiguration,
		size: func(s *taken) int { return s.SSOConfigurations }}
	if o.opening != nil {
		o.before = make(map[string]*taken)
		for _, c := range snapshot.ComparedParts {
			if o.before[c.Part], err = snapshotOrNil(store.LastRead(ctx, o.id, c.Part, o.opening.ID)); err != nil {
				return err
			}
		}
		o.sso.first = o.before[snapshot.PartSSO]
	}
	for _, s := range o.complete {
		o.scim.first = cmp.Or(o.scim.first, s)
		if s != o.opening && s.SSONotAssessed == "" {
			o.sso.first, o.sso.last = cmp.Or(o.sso.first, s), s
		}
	}
	return nil
}

func snapshotOrNil(s snapshot.Snapshot, ok bool, err error) (*taken, error) {
	if err != nil || !ok {
		return nil, err
	}
	return newTaken(s, nil), nil
}

// unknown returns why the numbers of added and removed ones are not known, or "".
func (c *ends) unknown() string {
	switch {
	case c.first == nil:
		return "not assessed: no snapshot could read them"
	case c.last == nil:
		return "not known: no later snapshot in the period could read them"
	case c.first.ID == c.last.ID:
		return "not known: only one snapshot could read them"
	}
	return ""
}

func (d *document) countConfigurations(o *organization, c *ends) {
	added := any(report.CountKinds(o.changes, c.kind, diff.Added, diff.Reappeared))
	removed, remark := any(report.CountKinds(o.changes, c.kind, diff.Removed)), atLeast(o.lostChanges())
	if reason := c.unknown(); reason != "" {
		added, removed, remark = nil, nil, reason
	}
	isStart := o.opening == nil || c.first == nil || c.first.ID <= o.opening.ID
	d.countIn(item{o.index, c.plural, atStart, ""}, c, c.first, isStart, "first")
	d.count(item{o.index, c.plural, "added or reappeared", ""}, added, remark)
	d.count(item{o.index, c.plural, "removed", ""}, removed, remark)
	d.countIn(item{o.index, c.plural, atEnd, ""}, c, c.last, c.last == o.closing, "last")
}

// countIn counts the configurations or the members in the first or the last snapshot that could read
// them.
// known reports whether this is the count at the start or the end of the period.
func (d *document) countIn(x item, c *ends, s *taken, known bool, which string) {
	switch {
	case s == nil:
		d.count(x, nil, c.unknown())
	case known:
		d.count(x, c.size(s), "snapshot taken at "+report.UTC(s.TakenAt))
	default:
		d.count(x, nil, fmt.Sprintf("not known: the %s snapshot that could read them, taken at %s, has %d",
			which, report.UTC(s.TakenAt), c.size(s)))
	}
}
