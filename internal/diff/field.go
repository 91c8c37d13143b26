package diff

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"scim-auditor/internal/ona"
)

// schema is how two values of an API object are compared.
type schema[T any] struct {
	fields  []field[T]
	unknown func(*T) map[string]json.RawMessage
}

// field is one field of an API object.
type field[T any] struct {
	// name is the API's.
	name string
	// kind is what a difference is, unless refine says otherwise.
	kind Kind
	// text is the value as Change.Before and Change.After hold it; two values are the same if and only if their texts are.
	text func(*T) string
	// instant stands in place of text for a time; to write every instant of an inventory as text would take most of the comparison.
	instant func(*T) time.Time
	// refine completes a change whose meaning depends on the two values; nil when kind says all.
	refine func(row *Change, before, after *T)
	// optional is set for a field that some servers do not report; its value is then empty.
	optional bool
}

// value is the plain text of the field.
func (f field[T]) value(c *T) string {
	if f.instant != nil {
		return ona.FormatTime(f.instant(c))
	}
	return f.text(c)
}

func (f field[T]) same(before, after *T) bool {
	if f.instant != nil {
		return f.instant(before).Equal(f.instant(after))
	}
	return f.text(before) == f.text(after)
}

// reported is true when an optional field has a value.
func (f field[T]) reported(c *T) bool {
	if f.instant != nil {
		return !f.instant(c).IsZero()
	}
	return f.text(c) != ""
}

// differences returns one change for each field that differs and is not told elsewhere, without the subject.
func (s schema[T]) differences(before, after *T, summarised map[string]bool) []Change {
	var rows []Change
	for _, f := range s.fields {
		if f.same(before, after) || summarised[f.name] {
			continue
		}
		row := Change{Kind: f.kind, Field: f.name, Before: f.value(before), After: f.value(after)}
		if f.refine != nil {
			f.refine(&row, before, after)
		}
		rows = append(rows, row)
	}
	return append(rows, unknownDifferences(s.unknown(before), s.unknown(after), summarised)...)
}

// unknownDifferences compares fields that this version does not know by their canonical JSON.
func unknownDifferences(before, after map[string]json.RawMessage, summarised map[string]bool) []Change {
	if len(before) == 0 && len(after) == 0 {
		return nil
	}
	names := slices.Concat(slices.Collect(maps.Keys(before)), slices.Collect(maps.Keys(after)))
	slices.Sort(names)
	var rows []Change
	for _, name := range slices.Compact(names) {
		if bytes.Equal(before[name], after[name]) || summarised[name] {
			continue
		}
		row := Change{Kind: FieldChanged, Field: name, Before: string(before[name]), After: string(after[name])}
		row.noteUnreported()
		rows = append(rows, row)
	}
	return rows
}

// unreported is the refine of a field where the empty text means that the API did not report it.
func unreported[T any](row *Change, _, _ *T) { row.noteUnreported() }

// jsonText is a set or a map as canonical JSON, empty when it has no elements.
func jsonText(value any, elements int) string {
	if elements == 0 {
		return ""
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		// Strings, and slices and maps of them, always encode.
		panic("diff: encoding a set: " + err.Error())
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}
