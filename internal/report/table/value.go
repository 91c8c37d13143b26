package table

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Cell types: nil, string, int, bool, time.Time, jsontext.Value, and those of this file.

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
	return strings.Join(l.Items, cmp.Or(l.Separator, ", "))
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

// Plain returns a cell as machine-readable text: instants in RFC 3339, booleans as true and
// false.
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

// Visible replaces what a reader cannot see by its code point in double brackets: control,
// format and bidirectional characters, fillers without a glyph, and bytes that are not UTF-8.
func Visible(s string) string { return visible(s, "") }

// visible does the same, but keeps the characters in keep.
func visible(s, keep string) string {
	if isPrintable(s) || !strings.ContainsFunc(s, hidden) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, "⟦0x%02X⟧", s[i])
		case hidden(r) && !strings.ContainsRune(keep, r):
			fmt.Fprintf(&b, "⟦U+%04X⟧", r)
		default:
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

// isPrintable reports whether a text has printable ASCII characters only, as most cells have.
func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// hidden reports whether a rune is invisible on a screen, or replaces a byte that is not UTF-8.
func hidden(r rune) bool {
	if ' ' <= r && r <= '~' {
		return false
	}
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Noncharacter_Code_Point)
}

// DisplayWidth returns the width of a text in columns. Runes from U+1100 on, most of them East
// Asian, count as two.
func DisplayWidth(s string) int {
	if isPrintable(s) {
		return len(s)
	}
	n := utf8.RuneCountInString(s)
	for _, r := range s {
		if r >= 0x1100 {
			n++
		}
	}
	return n
}

// CellText returns the text of a value in a cell of a workbook.
func CellText(value any) string {
	text, _ := cut(Visible(Shown(value)))
	return text
}

// Counts counts the cells that a file shows in another form than the database.
type Counts struct {
	// Altered counts cells of a workbook with hidden characters made visible, Cut those whose
	// text is too long for a cell. Guarded counts the altered cells of CSV.
	Altered int `json:"workbook_altered"`
	Cut     int `json:"workbook_cut"`
	Guarded int `json:"csv_guarded"`
}

// Count counts a value, and returns its CellText.
func (c *Counts) Count(value any) string {
	shown := Shown(value)
	visible := Visible(shown)
	text, isCut := cut(visible)
	if visible != shown {
		c.Altered++
	}
	if isCut {
		c.Cut++
	}
	if plain, isText := textOf(value); isText && csvText(plain) != plain {
		c.Guarded++
	}
	return text
}

// MaxCellUnits is the maximum length of a text in a cell of a workbook, in UTF-16 code units:
// https://support.microsoft.com/en-us/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
const MaxCellUnits = 32_767

// cutMarker ends a text that was cut.
const cutMarker = "… cut, full value in the database"

// cut shortens a text that is too long for a cell of a workbook, and reports whether it did.
func cut(s string) (string, bool) {
	if len(s) <= MaxCellUnits { // a rune never has more units than bytes
		return s, false
	}
	units, end := utf16.Encode([]rune(s)), MaxCellUnits-len(cutMarker) // the marker has fewer units than bytes
	if len(units) <= MaxCellUnits {
		return s, false
	}
	if utf16.DecodeRune(rune(units[end-1]), rune(units[end])) != utf8.RuneError {
		end-- // keep both units of a rune together
	}
	return string(utf16.Decode(units[:end])) + cutMarker, true
}
