package diff

import (
	"fmt"
	"slices"
)

// reports counts the configurations that report a field.
type reports struct {
	// before and after count over a whole inventory, keptBefore and keptAfter over the
	// configurations that are in both.
	before, after, keptBefore, keptAfter int
}

// first is true when the server has begun to report the field: no configuration of the baseline
// reports it, and one that was there reports it now.
func (r reports) first() bool { return r.before == 0 && r.keptAfter > 0 }

// lost is true when the server has ceased to report the field. One configuration alone could have
// lost it by an edit.
func (r reports) lost() bool { return r.after == 0 && r.keptBefore > 1 }

// summarise returns one change for each field that the server has begun or ceased to report, and
// the names of these fields. A lost token expiry is not among them: an auditor must see each token
// whose end is no longer known.
func (t configurations[T]) summarise(pairs []pair[T]) ([]Change, map[string]bool) {
	var rows []Change
	summarised := make(map[string]bool)
	for _, name := range t.optionalNames(pairs) {
		switch r := t.count(pairs, name); {
		case r.first():
			rows = append(rows, t.firstReported(name, r, pairs))
		case r.lost() && name != expiryField:
			rows = append(rows, t.noLongerReported(name, r, pairs))
		default:
			continue
		}
		summarised[name] = true
	}
	return rows, summarised
}

// optionalNames returns the optional fields and every unknown field of the configurations, sorted.
func (t configurations[T]) optionalNames(pairs []pair[T]) []string {
	set := make(map[string]bool)
	for _, f := range t.fields {
		set[f.name] = f.optional
	}
	for _, p := range pairs {
		for _, c := range []*T{p.before, p.after} {
			if c == nil {
				continue
			}
			for name := range t.unknown(c) {
				set[name] = true
			}
		}
	}
	var names []string
	for name, optional := range set {
		if optional {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// optionalValue returns how to read an optional or unknown field.
func (t configurations[T]) optionalValue(name string) func(*T) value {
	for _, f := range t.fields {
		if f.name == name {
			return f.value
		}
	}
	return func(c *T) value { return value{text: string(t.unknown(c)[name])} }
}

// count stops counting when both inventories report the field: there is nothing to summarise.
func (t configurations[T]) count(pairs []pair[T], name string) reports {
	var r reports
	read := t.optionalValue(name)
	for _, p := range pairs {
		if r.before > 0 && r.after > 0 {
			break
		}
		before := p.before != nil && read(p.before).reported()
		after := p.after != nil && read(p.after).reported()
		if before {
			r.before++
		}
		if after {
			r.after++
		}
		if before && p.after != nil {
			r.keptBefore++
		}
		if after && p.before != nil {
			r.keptAfter++
		}
	}
	return r
}

func (t configurations[T]) firstReported(name string, r reports, pairs []pair[T]) Change {
	before, after := sides(pairs)
	row := summary(FieldFirstReported, name, r, len(before), len(after))
	row.AddNote("of " + t.plural)
	reporters, affirmed := t.reporters(after, name)
	row.AddNote(reporters)
	if name == unverifiedField && affirmed {
		// A server that omits false looks the same when somebody allows it for the first time.
		row.Severity = High
	}
	return row
}

func (t configurations[T]) noLongerReported(name string, r reports, pairs []pair[T]) Change {
	before, after := sides(pairs)
	row := summary(FieldChanged, name, r, len(before), len(after))
	row.AddNote(fmt.Sprintf("no longer reported by any of %d %s", len(after), t.plural))
	reporters, _ := t.reporters(before, name)
	row.AddNote("was " + reporters)
	return row
}

// sides returns the two inventories that the pairs come from.
func sides[T any](pairs []pair[T]) (before, after []*T) {
	for _, p := range pairs {
		if p.before != nil {
			before = append(before, p.before)
		}
		if p.after != nil {
			after = append(after, p.after)
		}
	}
	return before, after
}

func summary(k Kind, name string, r reports, before, after int) Change {
	return Change{
		Kind:   k,
		Field:  name,
		Before: fmt.Sprintf("%d of %d", r.before, before),
		After:  fmt.Sprintf("%d of %d", r.after, after),
	}
}

// reporters names the configurations that the field is about. For a boolean these are the ones
// where it is true, which would be changes of their own if they were not summarised; for any other
// field those that report it, unless all do. affirmed is true when the field is true for one of them.
func (t configurations[T]) reporters(all []*T, name string) (who string, affirmed bool) {
	var reporting, affirming []string
	boolean := true
	read := t.optionalValue(name)
	for _, c := range all {
		text := read(c).String()
		if text == "" {
			continue
		}
		reporting = append(reporting, named(t.name(c), t.id(c)))
		if text == "true" {
			affirming = append(affirming, named(t.name(c), t.id(c)))
		}
		boolean = boolean && (text == "true" || text == "false")
	}
	affirmed = len(affirming) > 0
	switch {
	case boolean && !affirmed:
		return "true for none", affirmed
	case boolean:
		return "true for: " + enumerate(affirming), affirmed
	case len(reporting) == len(all):
		return "reported by each", affirmed
	default:
		return "reported by: " + enumerate(reporting), affirmed
	}
}
