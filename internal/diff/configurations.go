package diff

import (
	"fmt"
	"slices"
)

// configurations is what the comparison knows about one type of configuration.
type configurations[T any] struct {
	subject SubjectType
	plural  string
	fields  []field[T]
	id      func(*T) string
	// name is what a person calls the configuration.
	name      func(*T) string
	unknown   func(*T) unknownFields
	canonical func(*T) string
}

// pair is a configuration in the two inventories; one side is nil where that inventory lacks it.
type pair[T any] struct{ before, after *T }

// match walks two lists in lockstep and returns every id of either once, in order. It panics when a
// list is not sorted by id or holds an id twice: it would show removals that never were.
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

// compare returns the changes of the configurations, and those of the organization that stand for a
// field of all of them.
func (t configurations[T]) compare(pairs []pair[T],
	seen func(SubjectType, string) bool) (rows, summaries []Change) {
	summaries, summarised := t.summarise(pairs)
	for _, p := range pairs {
		switch {
		case p.before == nil:
			row := Change{Kind: Added, After: t.canonical(p.after)}
			if seen != nil && seen(t.subject, t.id(p.after)) {
				row.Kind = Reappeared
			}
			rows = append(rows, t.about(p.after, row))
		case p.after == nil:
			rows = append(rows, t.about(p.before, Change{Kind: Removed, Before: t.canonical(p.before)}))
		default:
			rows = append(rows, t.changed(p, summarised)...)
		}
	}
	return rows, summaries
}

func (t configurations[T]) changed(p pair[T], summarised map[string]bool) []Change {
	rows := differences(t.fields, p.before, p.after, t.unknown(p.before), t.unknown(p.after), summarised)
	for i := range rows {
		rows[i] = t.about(p.after, rows[i])
	}
	sortByPrecedence(rows)
	if len(rows) > 1 {
		rows = slices.DeleteFunc(rows, idleUpdatedAt)
	}
	return rows
}

// about fills in the subject of a change.
func (t configurations[T]) about(c *T, row Change) Change {
	row.SubjectType, row.SubjectID, row.SubjectName = t.subject, t.id(c), t.name(c)
	return row
}

// idleUpdatedAt is a change of updatedAt that other changes of the SCIM configuration explain: one
// that did not move back.
func idleUpdatedAt(c Change) bool {
	return c.SubjectType == SCIMConfiguration && c.Field == updatedAtField && c.Kind != UpdatedAtRegressed
}
