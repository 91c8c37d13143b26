package snapshot

import (
	"encoding/json"
	"fmt"
	"time"

	"scim-auditor/internal/ona"
)

// rowOf returns the values of an object of the API for the columns of its version table: its fields
// in the order of their declaration, then unknown_fields and raw.
func rowOf[T any](object *T) []any {
	var row []any
	for _, f := range ona.FieldsOf[T]() {
		row = append(row, storedValue(f.Pointer(object)))
	}
	unknown, raw := ona.Received(object)
	return append(row, orNull(ona.CanonicalUnknown(*unknown)), string(*raw))
}

func rowsOf[T any](objects []T) [][]any {
	rows := make([][]any, len(objects))
	for i := range objects {
		rows[i] = rowOf(&objects[i])
	}
	return rows
}

// readObject is the way back from rowOf.
func readObject[T any](r *reader) (object T) {
	for _, f := range ona.FieldsOf[T]() {
		r.into(f.Pointer(&object))
	}
	unknown, raw := ona.Received(&object)
	*unknown = r.unknown()
	if text := r.text(); text != "" { // empty if the row was read without its JSON
		*raw = json.RawMessage(text)
	}
	return object
}

// readPolicies skips the id of the organization, which is the id of the row.
func readPolicies(r *reader) ona.OrganizationPolicies {
	_ = r.text()
	return readObject[ona.OrganizationPolicies](r)
}

// storedValue returns the value of a field, to which pointer points.
func storedValue(pointer any) any {
	switch p := pointer.(type) {
	case *bool:
		return flag(*p)
	case **bool:
		return nullFlag(*p)
	case *time.Time:
		return nullInstant(*p)
	case *[]string:
		return jsonText(*p, "[]")
	case *map[string]string:
		return jsonText(*p, "{}")
	}
	return *pointer.(*string)
}

// into reads the next value into a field, to which pointer points.
func (r *reader) into(pointer any) {
	switch p := pointer.(type) {
	case *bool:
		*p = r.flag()
	case **bool:
		*p = r.nullFlag()
	case *time.Time:
		*p = r.instant()
	case *[]string:
		*p = r.texts()
	case *map[string]string:
		*p = readJSON[map[string]string](r)
	case *string:
		*p = r.text()
	}
}

func (r *reader) unknown() map[string]json.RawMessage {
	return readJSON[map[string]json.RawMessage](r)
}

func valuesOf[T any](all []T, values func(T) []any) [][]any {
	rows := make([][]any, len(all))
	for i, v := range all {
		rows[i] = values(v)
	}
	return rows
}

func readVersions[T any](versions []version, read func(*reader) T) ([]T, error) {
	var all []T
	for _, v := range versions {
		if v.object != nil && *v.object != nil {
			all = append(all, (*v.object).(T))
			continue
		}
		r := reader{values: v.values}
		object := read(&r)
		if r.err != nil {
			return nil, fmt.Errorf("the row %s: %w: %w", v.id(), ErrDamaged, r.err)
		}
		if all = append(all, object); v.object != nil {
			*v.object = object
		}
	}
	return all, nil
}
