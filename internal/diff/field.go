package diff

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"scim-auditor/internal/ona"
)

// field is how one field of an API object is compared.
type field[T any] struct {
	// name is the API's name.
	name string
	// kind is the kind of a change, unless refine sets another.
	kind Kind
	// refine completes a change whose kind or note depends on the two values; nil if none does.
	refine func(row *Change, before, after value)
	// optional marks a field that some servers do not report; its value is then empty.
	optional bool
	// absent is the value that a field counts as if the API leaves it out; empty if it counts as
	// none.
	absent string
	// value reads the field; compared sets it.
	value func(*T) value
}

// compared sets how the values of fields are read.
func compared[T any](fields []field[T]) []field[T] {
	declared := ona.FieldsOf[T]()
	for i := range fields {
		at := slices.IndexFunc(declared, func(f ona.Field) bool { return f.Name == fields[i].name })
		fields[i].value = func(object *T) value { return valueAt(declared[at].Pointer(object)) }
	}
	return fields
}

// valueAt returns the value to which pointer points: a truth value as "true" or "false", a set or a
// map as canonical JSON.
func valueAt(pointer any) value {
	switch p := pointer.(type) {
	case *string:
		return text(*p)
	case *time.Time:
		return value{instant: *p}
	case *bool:
		return text(strconv.FormatBool(*p))
	case **bool:
		if *p != nil {
			return text(strconv.FormatBool(**p))
		}
	case *[]string:
		if len(*p) > 0 {
			return text(ona.JSON(*p))
		}
	case *map[string]string:
		if len(*p) > 0 {
			return text(ona.JSON(*p))
		}
	}
	return value{}
}

// value is the text or the instant that a field holds. An instant is formatted only if it differs:
// to format every instant would take most of the time of a comparison.
type value struct {
	text    string
	instant time.Time
}

func text(s string) value { return value{text: s} }

func (v value) String() string {
	if v.instant.IsZero() {
		return v.text
	}
	return ona.FormatTime(v.instant)
}

func (v value) equal(other value) bool { return v.text == other.text && v.instant.Equal(other.instant) }

func (v value) reported() bool { return v.text != "" || !v.instant.IsZero() }

// unknownFields holds the fields that this version does not know, each as canonical JSON.
type unknownFields = map[string]json.RawMessage

// differences returns one change for each field that differs, without the subject. It skips covered
// fields, which have a change of the organization instead.
func differences[T any](fields []field[T], before, after *T, unknownBefore, unknownAfter unknownFields,
	covered map[string]bool) []Change {
	var rows []Change
	for i := range fields {
		f := &fields[i]
		was, is := f.value(before), f.value(after)
		if was.equal(is) || covered[f.name] {
			continue
		}
		row := Change{
			Kind: f.kind, Field: f.name, Before: cmp.Or(was.String(), f.absent), After: cmp.Or(is.String(), f.absent),
		}
		if row.Before == row.After {
			continue
		}
		if f.refine != nil {
			f.refine(&row, was, is)
		}
		rows = append(rows, row)
	}
	for _, name := range names(unknownBefore, unknownAfter) {
		before, after := unknownBefore[name], unknownAfter[name]
		if !bytes.Equal(before, after) && !covered[name] {
			row := Change{Kind: FieldChanged, Field: name, Before: string(before), After: string(after)}
			row.noteIfUnreported()
			rows = append(rows, row)
		}
	}
	return rows
}

// names returns the field names in before and after, sorted, each once.
func names(before, after unknownFields) []string {
	if len(before) == 0 && len(after) == 0 {
		return nil
	}
	all := slices.AppendSeq(slices.Collect(maps.Keys(before)), maps.Keys(after))
	slices.Sort(all)
	return slices.Compact(all)
}

// refineBoolean returns a refine function that sets the kind on if the new value is true, else off.
func refineBoolean(on, off Kind) func(row *Change, before, after value) {
	return func(row *Change, _, after value) {
		row.Kind = off
		if after.text == "true" {
			row.Kind = on
		}
	}
}

// refineUnreported is for a field whose empty value means that the API did not report it.
func refineUnreported(row *Change, _, _ value) { row.noteIfUnreported() }
