package diff

import (
	"fmt"
	"slices"
)

// configurations is what the comparison knows about one type of configuration.
type configurations[T interface{ Canonical() string }] struct {
	subject SubjectType
	plural  string
	fields  []field[T]
	id      func(*T) string
	// name is the name that reports show.
	name    func(*T) string
	unknown func(*T) unknownFields
}

// pair is a configuration in the two inventories; a side is nil if it is not in that inventory.
type pair[T any] struct{ before, after *T }

// match pairs two lists by id and returns one pair for each id, in order. It panics if a list is
// not sorted by id or holds an id twice: the result would show removals that did not happen.
func (t configurations[T]) match(before, after []T) []pair[T] {
	t.requireSorted(before)
	t.requireSorted(after)
	pairs := make([]pair[T], 0, max(len(before), len(after)))
	for b, a := 0, 0; b < len(before) || a < len(after); {
		switch {
		case a == len(after) || b < len(before) && t.id(&before[b]) < t.id(&after[a]):
			pairs = append(pairs, pair[T]{before: &before[b]})
			b++
		case b == len(before) || t.id(&after[a]) < t.id(&before[b]):
			pairs = append(pairs, pair[T]{after: &after[a]})
			a++
		default:
			pairs = append(pairs, pair[T]{&before[b], &after[a]})
			b++
			a++
		}
	}
	return pairs
}

func (t configurations[T]) requireSorted(list []T) {
	for i := 1; i < len(list); i++ {
		if last, next := t.id(&list[i-1]), t.id(&list[i]); last >= next {
			panic(fmt.Sprintf("diff: inventory not sorted by id: %q before %q", last, next))
		}
	}
}

// compare returns the changes of the configurations and, as fieldChanges, the changes of the
// organization that replace the changes of one field in many configurations.
func (t configurations[T]) compare(pairs []pair[T],
	seen func(SubjectType, string) bool) (rows, fieldChanges []Change) {
	fieldChanges, covered := t.compareReporting(pairs)
	for _, p := range pairs {
		switch {
		case p.before == nil:
			row := Change{Kind: Added, After: (*p.after).Canonical()}
			if seen != nil && seen(t.subject, t.id(p.after)) {
				row.Kind = Reappeared
			}
			rows = append(rows, t.about(p.after, row))
		case p.after == nil:
			rows = append(rows, t.about(p.before, Change{Kind: Removed, Before: (*p.before).Canonical()}))
		default:
			rows = append(rows, t.changed(p, covered)...)
		}
	}
	return rows, fieldChanges
}

func (t configurations[T]) changed(p pair[T], covered map[string]bool) []Change {
	rows := differences(t.fields, p.before, p.after, t.unknown(p.before), t.unknown(p.after), covered)
	for i := range rows {
		rows[i] = t.about(p.after, rows[i])
	}
	sortByPrecedence(rows)
	if len(rows) > 1 {
		rows = slices.DeleteFunc(rows, isExplainedUpdatedAt)
	}
	return rows
}

// about fills in the subject of a change.
func (t configurations[T]) about(c *T, row Change) Change {
	row.SubjectType, row.SubjectID, row.SubjectName = t.subject, t.id(c), t.name(c)
	return row
}

// isExplainedUpdatedAt reports whether other changes of a SCIM configuration explain that updatedAt
// changed. They do not explain an updatedAt that moved back.
func isExplainedUpdatedAt(c Change) bool {
	return c.SubjectType == SCIMConfiguration && c.Field == updatedAtField && c.Kind != UpdatedAtRegressed
}
