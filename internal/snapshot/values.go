package snapshot

import (
	"encoding/json"
	"fmt"
	"time"

	"scim-auditor/internal/ona"
)

// A value in a row is a string, an int64, a []byte or nil. The functions in this file convert Go values to
// such values and back. An empty text, a zero id and a zero time become nil if the column allows null.

// Instants from auditor are whole seconds; instants from the API keep their precision (ona.TimeLayout).
func formatSeconds(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func nullSeconds(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return formatSeconds(t)
}

func nullInstant(t time.Time) any { return orNull(ona.FormatTime(t)) }

// orNull returns nil for the empty text and for zero.
func orNull[T string | int64](v T) any {
	var none T
	if v == none {
		return nil
	}
	return v
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func nullFlag(b *bool) any {
	if b == nil {
		return nil
	}
	return flag(*b)
}

// jsonText returns a list or a map as JSON, with sorted keys. For an empty value it returns empty.
func jsonText[T []string | map[string]string](v T, empty string) string {
	if len(v) == 0 {
		return empty
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic("snapshot: " + err.Error()) // strings and maps of strings always have a JSON form
	}
	return string(text)
}

// reader reads the values of one row in the order of its columns. The first value with an unexpected type or
// format sets err.
type reader struct {
	values []any
	next   int
	err    error
}

func (r *reader) value() any {
	r.next++
	return r.values[r.next-1]
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = fmt.Errorf("column %d: %w", r.next, err)
	}
}

func (r *reader) text() string  { return read[string](r) }
func (r *reader) number() int64 { return read[int64](r) }

// read returns the zero value for null.
func read[T string | int64](r *reader) T {
	value := r.value()
	v, ok := value.(T)
	if !ok && value != nil {
		r.fail(fmt.Errorf("%v is not a %T", value, v))
	}
	return v
}

func (r *reader) count() int { return int(r.number()) }

func (r *reader) flag() bool { return r.number() != 0 }

// nullFlag returns nil for null.
func (r *reader) nullFlag() *bool {
	if r.values[r.next] == nil {
		r.next++
		return nil
	}
	set := r.flag()
	return &set
}

func (r *reader) seconds() time.Time { return r.time(parseSeconds) }
func (r *reader) instant() time.Time { return r.time(ona.ParseTime) }

func (r *reader) time(parse func(string) (time.Time, error)) time.Time {
	text := r.text()
	if text == "" {
		return time.Time{}
	}
	t, err := parse(text)
	if err != nil {
		r.fail(err)
	}
	return t
}

func parseSeconds(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	return t.UTC(), err
}

func (r *reader) texts() []string { return readJSON[[]string](r) }

// readJSON parses what jsonText or ona.CanonicalUnknown wrote. It returns nil for an empty list or map, as
// package fetch does.
func readJSON[T []string | map[string]string | map[string]json.RawMessage](r *reader) (v T) {
	text := r.text()
	if text == "" || text == "[]" || text == "{}" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		r.fail(err)
	}
	return v
}
