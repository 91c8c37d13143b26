package snapshot

import (
	"encoding/json"
	"fmt"
	"time"

	"scim-auditor/internal/ona"
)

// A value of a row is a string, an int64, a []byte or nil. The functions of this file make such values
// of Go's and read them back; an empty text, a zero id and a zero time are nil where the column allows it.

// Instants of the tool are whole seconds; instants of the API keep what the API sent (ona.TimeLayout).
func formatSeconds(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func nullSeconds(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return formatSeconds(t)
}

func nullInstant(t time.Time) any { return orNull(ona.FormatTime(t)) }

// orNull is nil for the empty text and for zero.
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

// jsonText is a set or a map as JSON, whose keys encoding/json sorts; an empty one is written as empty says.
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

// reader reads the values of one row in the order of its columns. The first value that is not what is
// asked for sets err.
type reader struct {
	values  []any
	scanned []any // pointers to values
	next    int
	err     error
}

func newReader(columns int) *reader {
	r := &reader{values: make([]any, columns), scanned: make([]any, columns)}
	for i := range r.values {
		r.scanned[i] = &r.values[i]
	}
	return r
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

// read is the zero value for null.
func read[T string | int64](r *reader) T {
	value := r.value()
	v, ok := value.(T)
	if !ok && value != nil {
		r.fail(fmt.Errorf("%v is no %T", value, v))
	}
	return v
}

func (r *reader) count() int { return int(r.number()) }

func (r *reader) flag() bool { return r.number() != 0 }

// nullFlag is nil for null.
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

// readJSON reads what jsonText or ona.CanonicalUnknown wrote. An empty set or map is nil, as package fetch
// makes it.
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
