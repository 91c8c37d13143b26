package diff

import (
	"fmt"
	"maps"
	"slices"
)

// reports are the configurations that report a field, in each inventory; keptBefore and keptAfter
// count those of them that are in both inventories.
type reports[T any] struct {
	before, after         []*T
	keptBefore, keptAfter int
}

// summarise returns one change for each field that the server has begun or ceased to report, and
// the names of these fields. A lost token expiry is not among them: an auditor must see each token
// whose end is no longer known.
func (t configurations[T]) summarise(pairs []pair[T]) ([]Change, map[string]bool) {
	var rows []Change
	summarised := make(map[string]bool)
	optional := t.optionalFields(pairs)
	for _, name := range slices.Sorted(maps.Keys(optional)) {
		switch r := findReports(pairs, optional[name]); {
		case len(r.before) == 0 && r.keptAfter > 0:
			rows = append(rows, t.firstReported(name, optional[name], r, pairs))
		// One configuration alone could have lost the field by an edit.
		case len(r.after) == 0 && r.keptBefore > 1 && name != expiryField:
			rows = append(rows, t.noLongerReported(name, optional[name], r, pairs))
		default:
			continue
		}
		summarised[name] = true
	}
	return rows, summarised
}

// optionalFields returns how to read each optional field and each unknown field.
func (t configurations[T]) optionalFields(pairs []pair[T]) map[string]func(*T) value {
	optional := make(map[string]func(*T) value)
	for _, f := range t.fields {
		if f.optional {
			optional[f.name] = f.value
		}
	}
	for _, p := range pairs {
		for _, c := range []*T{p.before, p.after} {
			if c == nil {
				continue
			}
			for name := range t.unknown(c) {
				optional[name] = func(c *T) value { return text(string(t.unknown(c)[name])) }
			}
		}
	}
	return optional
}

// findReports stops when both inventories report the field: there is nothing to summarise.
func findReports[T any](pairs []pair[T], read func(*T) value) reports[T] {
	var r reports[T]
	for _, p := range pairs {
		if len(r.before) > 0 && len(r.after) > 0 {
			break
		}
		if p.before != nil && read(p.before).reported() {
			r.before = append(r.before, p.before)
			if p.after != nil {
				r.keptBefore++
			}
		}
		if p.after != nil && read(p.after).reported() {
			r.after = append(r.after, p.after)
			if p.before != nil {
				r.keptAfter++
			}
		}
	}
	return r
}

func (t configurations[T]) firstReported(name string, read func(*T) value, r reports[T], pairs []pair[T]) Change {
	before, after := sizes(pairs)
	who, affirmed := t.reporters(r.after, after, read)
	row := Change{
		Kind:   FieldFirstReported,
		Field:  name,
		Before: fmt.Sprintf("0 of %d", before),
		After:  fmt.Sprintf("%d of %d", len(r.after), after),
		Note:   "of " + t.plural + "; " + who,
	}
	if name == unverifiedField && affirmed {
		// A server that omits false looks the same when somebody allows it for the first time.
		row.Severity = High
	}
	return row
}

func (t configurations[T]) noLongerReported(name string, read func(*T) value, r reports[T], pairs []pair[T]) Change {
	before, after := sizes(pairs)
	who, _ := t.reporters(r.before, before, read)
	return Change{
		Kind:   FieldChanged,
		Field:  name,
		Before: fmt.Sprintf("%d of %d", len(r.before), before),
		After:  fmt.Sprintf("0 of %d", after),
		Note:   fmt.Sprintf("no longer reported by any of %d %s; was %s", after, t.plural, who),
	}
}

func sizes[T any](pairs []pair[T]) (before, after int) {
	for _, p := range pairs {
		if p.before != nil {
			before++
		}
		if p.after != nil {
			after++
		}
	}
	return before, after
}

// reporters names the configurations that a field is about. For a boolean these are the ones where
// it is true, which would be changes of their own if they were not summarised; for any other field
// those that report it, unless all do. affirmed is true when the field is true for one of them.
func (t configurations[T]) reporters(reporting []*T, all int, read func(*T) value) (who string, affirmed bool) {
	var names, affirming []string
	boolean := true
	for _, c := range reporting {
		name, said := named(t.name(c), t.id(c)), read(c).String()
		names = append(names, name)
		if said == "true" {
			affirming = append(affirming, name)
		}
		boolean = boolean && (said == "true" || said == "false")
	}
	switch affirmed = len(affirming) > 0; {
	case boolean && !affirmed:
		return "true for none", affirmed
	case boolean:
		return "true for: " + enumerate(affirming), affirmed
	case len(reporting) == all:
		return "reported by each", affirmed
	default:
		return "reported by: " + enumerate(names), affirmed
	}
}
