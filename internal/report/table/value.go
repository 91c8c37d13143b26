package table

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Cell types: nil, string, int, bool, time.Time, json.RawMessage, and those of this file.

// Why is the reason for a missing value. It is null in JSON.
type Why string

// Word is a word from a fixed set, such as a severity.
type Word struct {
	Value string // in CSV and JSON
	Text  string // for people
	Tone  Tone
}

// Tone is how serious a word is. Workbooks show it as a colour, which adds nothing to the word.
type Tone int

// The tones.
const (
	Neutral Tone = iota
	Critical
	High
	Medium
	Low
	Info
	Good
	Bad
)

// List is a list of texts: an array in JSON, one text in other files.
type List struct {
	Items     []string
	Separator string // ", " if empty
	None      string // the text of an empty list
}

// Local is an instant shown in the local time of its zone.
type Local struct{ time.Time }

// Day is a date without a time of day.
type Day time.Time

// InZone returns an instant as Local in a zone, and any other value unchanged.
func InZone(value any, zone *time.Location) any {
	if t, ok := value.(time.Time); ok {
		return Local{t.In(zone)}
	}
	return value
}

// Instant returns the cell of a time, or the reason why it is missing if it is zero.
func Instant(t time.Time, reason string) any {
	if t.IsZero() {
		return Why(reason)
	}
	return t
}

func (l List) text() string {
	if len(l.Items) == 0 {
		return l.None
	}
	separator := l.Separator
	if separator == "" {
		separator = ", "
	}
	return strings.Join(l.Items, separator)
}

// textOf returns the text of a cell that may hold what the API sent.
func textOf(v any) (text string, isText bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case Why:
		return string(v), true
	case Word:
		return v.Text, true
	case List:
		return v.text(), true
	}
	return "", false
}

// Plain returns a cell as machine-readable text: instants in RFC 3339, booleans as true and false.
func Plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case int:
		return strconv.Itoa(v)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case Local:
		return v.Format(time.RFC3339Nano)
	case Day:
		return time.Time(v).Format(time.DateOnly)
	case Word:
		return v.Value
	}
	text, isText := textOf(v)
	if !isText {
		panic(fmt.Sprintf("table: a cell of type %T", v))
	}
	return text
}

// Shown returns a cell as text for people, before any escaping.
func Shown(v any) string {
	switch v := v.(type) {
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case time.Time:
		return v.UTC().Format(time.DateTime)
	case Local:
		return v.Format(time.DateTime)
	case Word:
		return v.Text
	}
	return Plain(v)
}
