package report

import (
	"strings"
	"time"
)

// inUTC ends the title of every column, and the name of every fact, whose values are instants.
const inUTC = "(UTC)"

// localTime is an instant as the clocks of its zone show it: a second value beside the one in UTC, never instead of it.
type localTime struct{ time.Time }

// wallClock is what the zone's clocks show, as if it were UTC.
func (t localTime) wallClock() time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// localized is a table with a column named after the zone beside each column of instants. What stands for an instant that is not known
// stands in both.
func (o *Options) localized(t *table) *table {
	zone := o.Zone()
	if zone == nil {
		return t
	}
	with := *t
	with.columns = nil
	var instants []int
	for i, c := range t.columns {
		with.columns = append(with.columns, c)
		if name, ok := strings.CutSuffix(c.title, inUTC); ok {
			instants = append(instants, i)
			with.columns = append(with.columns, column{name + "(" + zone.String() + ")", c.key + "_local"})
		}
	}
	with.rows = func(yield func(row) bool) {
		for r := range t.rows {
			if !yield(row{r.organization, withLocal(r.cells, instants, zone)}) {
				return
			}
		}
	}
	return &with
}

// withLocal has behind each of the cells at instants, which ascend, the same in the zone.
func withLocal(cells []any, instants []int, zone *time.Location) []any {
	all := make([]any, 0, len(cells)+len(instants))
	for i, value := range cells {
		all = append(all, value)
		if len(instants) > 0 && instants[0] == i {
			all, instants = append(all, local(value, zone)), instants[1:]
		}
	}
	return all
}

func local(value any, zone *time.Location) any {
	if t, ok := value.(time.Time); ok {
		return localTime{t.In(zone)}
	}
	return value
}

// localFacts has behind each instant the same in the zone.
func (o *Options) localFacts(facts []fact) []fact {
	zone := o.Zone()
	if zone == nil {
		return facts
	}
	var all []fact
	for _, f := range facts {
		all = append(all, f)
		if name, ok := strings.CutSuffix(f.item, inUTC); ok {
			all = append(all, fact{f.organization, name + "(" + zone.String() + ")", local(f.value, zone)})
		}
	}
	return all
}
