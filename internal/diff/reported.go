package diff

import (
	"fmt"
	"maps"
	"slices"
)

// reports holds the configurations that report a field, for each inventory. keptBefore and
// keptAfter count those that are in both inventories.
type reports[T any] struct {
	before, after         []*T
	keptBefore, keptAfter int
}

// compareReporting returns one change for each field that the server started or stopped reporting,
// and the names of these fields. It does not cover a token expiry that is no longer reported: an
// auditor must see each such token.
func (t configurations[T]) compareReporting(pairs []pair[T]) ([]Change, map[string]bool) {
	var rows []Change
	covered := make(map[string]bool)
	optional, before, after := t.survey(pairs)
	for _, name := range slices.Sorted(maps.Keys(optional)) {
		r := findReports(pairs, optional[name])
		row := Change{
			Field:  name,
			Before: fmt.Sprintf("%d of %d", len(r.before), before),
			After:  fmt.Sprintf("%d of %d", len(r.after), after),
		}
		switch {
		case len(r.before) == 0 && r.keptAfter > 0:
			row.Kind = FieldFirstReported
			row.Note = "of " + t.plural + "; " + t.reporters(r.after, after, optional[name])
		// If only one configuration had the field, an edit could have removed it.
		case len(r.after) == 0 && r.keptBefore > 1 && name != expiryField:
			row.Kind = FieldChanged
			row.Note = fmt.Sprintf("no longer reported by any of %d %s; was %s", after, t.plural,
				t.reporters(r.before, before, optional[name]))
		default:
			continue
		}
		rows, covered[name] = append(rows, row), true
	}
	return rows, covered
}

// survey returns how to read each optional field and each unknown field, and the number of
// configurations in each inventory.
func (t configurations[T]) survey(pairs []pair[T]) (optional map[string]func(*T) value, before, after int) {
	optional = make(map[string]func(*T) value)
	for _, f := range t.fields {
		if f.optional {
			optional[f.name] = f.value
		}
	}
	add := func(c *T, n *int) {
		if c == nil {
			return
		}
		*n++
		for name := range t.unknown(c) {
			optional[name] = func(c *T) value { return text(string(t.unknown(c)[name])) }
		}
	}
	for _, p := range pairs {
		add(p.before, &before)
		add(p.after, &after)
	}
	return optional, before, after
}

// findReports stops once both inventories report the field: the server then reports it as before.
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

// reporters names the configurations that a field's change concerns: for a boolean those whose
// value is true, for any other field those that report it.
func (t configurations[T]) reporters(reporting []*T, all int, read func(*T) value) string {
	var names, affirming []string
	boolean := true
	for _, c := range reporting {
		name, said := quoteName(t.name(c), t.id(c)), read(c).String()
		names = append(names, name)
		if said == "true" {
			affirming = append(affirming, name)
		}
		boolean = boolean && (said == "true" || said == "false")
	}
	switch {
	case boolean && len(affirming) == 0:
		return "true for none"
	case boolean:
		return "true for: " + enumerate(affirming)
	case len(reporting) == all:
		return "reported by each"
	default:
		return "reported by: " + enumerate(names)
	}
}
