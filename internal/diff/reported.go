package diff

import (
	"fmt"
	"iter"
	"maps"
	"slices"
)

// reports counts the configurations that report a field.
type reports struct {
	// before and after count over a whole inventory, keptBefore and keptAfter over the configurations that are in both.
	before, after, keptBefore, keptAfter int
}

// first is true when it is the server that has begun to report the field: no configuration of the baseline has it, one of them has it now.
func (r *reports) first() bool { return r.before == 0 && r.keptAfter > 0 }

// lost is true when it is the server that has ceased to report the field. One configuration alone could have lost it by an edit.
func (r *reports) lost() bool { return r.after == 0 && r.keptBefore > 1 }

// summarise returns one change for each field that the server has begun or ceased to report, and the names of these fields. A lost token
// expiry is not among them: an auditor must see for each token that nobody knows any longer when it ends.
func (t configurations[T]) summarise(before, after []T) ([]Change, map[string]bool) {
	var rows []Change
	summarised := make(map[string]bool)
	counts := t.countReports(before, after)
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		switch r := counts[name]; {
		case r.first():
			rows = append(rows, t.firstReported(name, r, before, after))
		case r.lost() && name != expiryField:
			rows = append(rows, t.noLongerReported(name, r, before, after))
		default:
			continue
		}
		summarised[name] = true
	}
	return rows, summarised
}

func (t configurations[T]) countReports(before, after []T) map[string]*reports {
	counts := make(map[string]*reports)
	of := func(name string) *reports {
		if counts[name] == nil {
			counts[name] = new(reports)
		}
		return counts[name]
	}
	for b, a := range pairs(before, after, t.id) {
		kept := 0
		if b != nil && a != nil {
			kept = 1
		}
		for name := range t.reported(b) {
			r := of(name)
			r.before, r.keptBefore = r.before+1, r.keptBefore+kept
		}
		for name := range t.reported(a) {
			r := of(name)
			r.after, r.keptAfter = r.after+1, r.keptAfter+kept
		}
	}
	return counts
}

// reported yields, in no order, the names of the optional and the unknown fields that the configuration has; none for nil.
func (t configurations[T]) reported(c *T) iter.Seq[string] {
	return func(yield func(string) bool) {
		if c == nil {
			return
		}
		for _, f := range t.fields {
			if f.optional && f.reported(c) && !yield(f.name) {
				return
			}
		}
		for name := range t.unknown(c) {
			if !yield(name) {
				return
			}
		}
	}
}

// optionalText is the value of an optional or unknown field, empty when it is not reported.
func (t configurations[T]) optionalText(c *T, name string) string {
	for _, f := range t.fields {
		if f.optional && f.name == name {
			return f.value(c)
		}
	}
	return string(t.unknown(c)[name])
}

func (t configurations[T]) firstReported(name string, r *reports, before, after []T) Change {
	row := summary(FieldFirstReported, name, r, len(before), len(after))
	row.AddNote("of " + t.plural)
	reporters, affirmed := t.reporters(after, name)
	row.AddNote(reporters)
	if name == unverifiedField && affirmed {
		// A server that leaves out false looks the same when somebody allows it for the first time.
		row.Severity = High
	}
	return row
}

func (t configurations[T]) noLongerReported(name string, r *reports, before, after []T) Change {
	row := summary(FieldChanged, name, r, len(before), len(after))
	row.AddNote(fmt.Sprintf("no longer reported by any of %d %s", len(after), t.plural))
	reporters, _ := t.reporters(before, name)
	row.AddNote("was " + reporters)
	return row
}

func summary(k Kind, name string, r *reports, before, after int) Change {
	return Change{
		Kind:   k,
		Field:  name,
		Before: fmt.Sprintf("%d of %d", r.before, before),
		After:  fmt.Sprintf("%d of %d", r.after, after),
	}
}

// reporters says whom the field is about: for a boolean those where it is true, which would be a change of its own were it not summarised;
// for any other field those that report it, unless all do. affirmed is true when one of them says true.
func (t configurations[T]) reporters(all []T, name string) (who string, affirmed bool) {
	var reporting, affirming list
	boolean := true
	for i := range all {
		c := &all[i]
		text := t.optionalText(c, name)
		if text == "" {
			continue
		}
		reporting.add(named(t.name(c), t.id(c)))
		if text == "true" {
			affirming.add(named(t.name(c), t.id(c)))
		}
		boolean = boolean && (text == "true" || text == "false")
	}
	affirmed = affirming.len() > 0
	switch {
	case boolean && !affirmed:
		return "true for none", affirmed
	case boolean:
		return "true for: " + affirming.String(), affirmed
	case reporting.len() == len(all):
		return "reported by each", affirmed
	default:
		return "reported by: " + reporting.String(), affirmed
	}
}
