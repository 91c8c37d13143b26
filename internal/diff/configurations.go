package diff

import (
	"encoding/json"
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
	unknown   func(*T) map[string]json.RawMessage
	canonical func(*T) string
}

// pair is a configuration in the two inventories; one side is nil where that inventory lacks it.
type pair[T any] struct{ before, after *T }

// match walks two lists in lockstep and returns every id of either once, in order. It panics when a
// list is not sorted by id or holds an id twice: it would show removals that never were.
func match[T any](before, after []T, id func(*T) string) []pair[T] {
	requireSorted(before, id)
	requireSorted(after, id)
	pairs := make([]pair[T], 0, max(len(before), len(after)))
	for b, a := 0, 0; b < len(before) || a < len(after); {
		switch {
		case a == len(after) || b < len(before) && id(&before[b]) < id(&after[a]):
			pairs = append(pairs, pair[T]{before: &before[b]})
			b++
		case b == len(before) || id(&after[a]) < id(&before[b]):
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

func requireSorted[T any](list []T, id func(*T) string) {
	last := ""
	for i := range list {
		next := id(&list[i])
		if i > 0 && last >= next {
			panic(fmt.Sprintf("diff: inventory not sorted by id: %q before %q", last, next))
		}
		last = next
	}
}

// compare returns the changes of the configurations, and those of the organization that stand for a
// field of all of them.
func (t configurations[T]) compare(pairs []pair[T], opts Options) (rows, summaries []Change) {
	summaries, summarised := t.summarise(pairs)
	for _, p := range pairs {
		switch {
		case p.before == nil:
			rows = append(rows, t.appeared(p.after, opts))
		case p.after == nil:
			rows = append(rows, t.removed(p.before))
		default:
			rows = append(rows, t.changed(p, summarised)...)
		}
	}
	return rows, summaries
}

func (t configurations[T]) appeared(c *T, opts Options) Change {
	row := t.row(c)
	row.Kind, row.After = Added, t.canonical(c)
	if opts.Seen != nil && opts.Seen(t.subject, row.SubjectID) {
		row.Kind = Reappeared
	}
	return row
}

func (t configurations[T]) removed(c *T) Change {
	row := t.row(c)
	row.Kind, row.Before = Removed, t.canonical(c)
	return row
}

func (t configurations[T]) changed(p pair[T], summarised map[string]bool) []Change {
	rows := differences(t.fields, p.before, p.after, summarised)
	rows = append(rows, unknownDifferences(t.unknown(p.before), t.unknown(p.after), summarised)...)
	if len(rows) == 0 {
		return nil
	}
	subject := t.row(p.after)
	for i := range rows {
		rows[i].SubjectType, rows[i].SubjectID, rows[i].SubjectName = t.subject, subject.SubjectID, subject.SubjectName
	}
	sortByPrecedence(rows)
	return withoutIdleUpdatedAt(rows)
}

// row is a change of the configuration with nothing but the subject filled in.
func (t configurations[T]) row(c *T) Change {
	return Change{SubjectType: t.subject, SubjectID: t.id(c), SubjectName: t.name(c)}
}

// withoutIdleUpdatedAt drops the change of updatedAt beside other changes of a SCIM configuration,
// which explain it, unless it moved back.
func withoutIdleUpdatedAt(rows []Change) []Change {
	if len(rows) == 1 {
		return rows
	}
	return slices.DeleteFunc(rows, func(c Change) bool {
		return c.SubjectType == SCIMConfiguration && c.Field == updatedAtField && c.Kind != UpdatedAtRegressed
	})
}
