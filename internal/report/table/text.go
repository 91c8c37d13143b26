package table

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible replaces what a reader cannot see by its code point in double brackets: control, format
// and bidirectional characters, fillers without a glyph, and bytes that are not UTF-8.
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

// isPrintable reports whether a text has only printable ASCII characters. It is the fast path.
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
	n := 0
	for _, r := range s {
		n++
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
	// Altered counts cells of a workbook with hidden characters made visible, Cut those whose text
	// is too long for a cell. Guarded counts the altered cells of CSV.
	Altered, Cut, Guarded int
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
	units, end := 0, 0
	for i, r := range s {
		if units+len(cutMarker) <= MaxCellUnits {
			end = i // the marker has fewer units than bytes, so it fits after this point
		}
		units++
		if r > 0xFFFF {
			units++
		}
	}
	if units <= MaxCellUnits {
		return s, false
	}
	return s[:end] + cutMarker, true
}
