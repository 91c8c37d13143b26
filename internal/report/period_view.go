package report

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// periodView is the model of a period with what all its files need of it.
type periodView struct {
	*Period
	Options
	labels []string // of the organizations, unique

	// What the files share is computed once, when it is first asked for.
	ties    []tieOut
	sheets  []*content
	tallied *tally
}

func newPeriodView(p *Period, opts Options) *periodView {
	v := &periodView{Period: p, Options: opts, labels: make([]string, len(p.Organizations))}
	for i := range p.Organizations {
		v.labels[i] = p.Organizations[i].name
	}
	distinguish(v.labels, func(i int) string { return cmp.Or(p.Organizations[i].id, p.Organizations[i].source) })
	return v
}

func (v *periodView) prepare() {
	v.tieOuts()
	v.cells()
}

func (v *periodView) each() iter.Seq2[int, *periodOrganization] {
	return func(yield func(int, *periodOrganization) bool) {
		for i := range v.Organizations {
			if !yield(i, &v.Organizations[i]) {
				return
			}
		}
	}
}

// scope names what a row is about: an organization, or all of them.
func (v *periodView) scope(organization int) string {
	if organization == runLevel {
		return "all organizations"
	}
	return v.labels[organization]
}

// rowsOfPeriod yields a row for each item of each organization.
func rowsOfPeriod[T any](v *periodView, items func(*periodOrganization) []T, cells func(label string, o *periodOrganization, item *T) []any) iter.Seq[row] {
	return func(yield func(row) bool) {
		for i, o := range v.each() {
			list := items(o)
			for j := range list {
				if !yield(row{i, cells(v.labels[i], o, &list[j])}) {
					return
				}
			}
		}
	}
}

// tables are what the workbook, the JSON and the CSV files have.
func (v *periodView) tables() []*table {
	return []*table{
		v.populationTable(), v.nightTable(), v.sampleTable(), v.netTable(), v.changeTable(), v.findingTable(), v.exceptionTable(), v.snapshotTable(),
		v.runTable(),
	}
}

// nightStatuses is the order in which nights are counted.
var nightStatuses = []schedule.Status{schedule.Complete, schedule.CaughtUp, schedule.Failed, schedule.Missed, schedule.Running, schedule.Due}

// nightCounts counts the nights of an organization by status.
func (o *periodOrganization) nightCounts() map[schedule.Status]int {
	counts := make(map[schedule.Status]int, len(nightStatuses))
	for i := range o.nights {
		counts[o.nights[i].status]++
	}
	return counts
}

// lacks says whether a night has no complete snapshot of the organization.
func (n *organizationNight) lacks() bool { return lacks(n.status) }

func lacks(s schedule.Status) bool {
	return s != schedule.Complete && s != schedule.CaughtUp && s != schedule.Due
}

// lacking are those of the nights that have no complete snapshot.
func lacking(nights []organizationNight) []organizationNight {
	return slices.DeleteFunc(slices.Clone(nights), func(n organizationNight) bool { return !n.lacks() })
}

// compared says whether a snapshot of the period was compared with one before it.
func (o *periodOrganization) compared() bool {
	return o.closing != nil && o.closing.ID != o.scimOpening().ID
}

const onlySnapshot = "the only complete snapshot, which has nothing to be compared with"

// pruned are the snapshots of the period, and of its opening, that retention emptied.
func (o *periodOrganization) pruned() []*snapshot.Snapshot {
	all := o.within()
	if o.opening != nil {
		all = append([]*snapshot.Snapshot{o.opening}, all...)
	}
	return slices.DeleteFunc(all, func(s *snapshot.Snapshot) bool { return s.PrunedAt.IsZero() })
}

// prunedWithin counts those taken in the period.
func (o *periodOrganization) prunedWithin() int {
	n := 0
	for i := range o.snapshots {
		if !o.snapshots[i].PrunedAt.IsZero() {
			n++
		}
	}
	return n
}

// lostChanges counts the changes of the period that retention removed.
func (o *periodOrganization) lostChanges() int {
	n := 0
	for _, s := range o.within() {
		if !s.PrunedAt.IsZero() {
			n += s.Changes
		}
	}
	return n
}

// reason says why a night is as it is for an organization.
func (v *periodView) reason(n *organizationNight) string {
	text := ""
	switch n.status {
	case schedule.Failed:
		text = n.whyFailed()
	case schedule.CaughtUp:
		text = "a run that began on " + utc(n.began()) + " stands for it"
	case schedule.Missed:
		text = n.whyMissed()
	case schedule.Running:
		text = "a run has not ended"
	case schedule.Due:
		text = "its time has come only now"
		if n.expression == "" {
			text = "the day is not over"
		}
	}
	if n.snapshot != nil && !n.snapshot.PrunedAt.IsZero() {
		text += "; retention removed its rows on " + utc(n.snapshot.PrunedAt)
	}
	return strings.TrimPrefix(text, "; ")
}

func (n *organizationNight) began() time.Time {
	if n.snapshot == nil {
		return n.run.StartedAt
	}
	return n.snapshot.TakenAt
}

func (n *organizationNight) whyFailed() string {
	switch {
	case n.snapshot == nil:
		return n.whyMissed()
	case n.snapshot.ErrorCode == "":
		return cmp.Or(oneLine(n.snapshot.Error), "no reason was stored")
	}
	return n.snapshot.ErrorCode + ": " + cmp.Or(oneLine(n.snapshot.Error), "no reason was stored")
}

func (n *organizationNight) whyMissed() string {
	switch {
	case n.run == nil:
		return "no run was made"
	case n.run.Error != "":
		return fmt.Sprintf("run %d has no snapshot of it: %s", n.run.ID, oneLine(n.run.Error))
	default:
		return fmt.Sprintf("run %d has no snapshot of it", n.run.ID)
	}
}
