package table

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible shows what a reader would not see: control, format and bidirectional characters, fillers
// without a glyph, and bytes that are not UTF-8, each as its code point in double brackets.
func Visible(s string) string { return visible(s, "") }

// visible leaves the characters in keep as they are.
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

// isPrintable reports whether a text has only printable ASCII characters, as most do.
func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// hidden reports whether a rune leaves no mark on a screen, or stands for a byte that is not UTF-8.
func hidden(r rune) bool {
	if ' ' <= r && r <= '~' {
		return false
	}
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Noncharacter_Code_Point)
}

// DisplayWidth counts the runes from U+1100 on, most of them East Asian, as two columns.
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

// CellText is the text of a value as a cell of a workbook shows it.
func CellText(value any) string {
	text, _ := cut(Visible(Shown(value)))
	return text
}

// Counts are the cells that a file shows in another form than the database holds.
type Counts struct {
	// Altered and Cut are cells of a workbook: hidden characters made visible, and texts that are
	// longer than a cell can be. Guarded is the same for CSV.
	Altered, Cut, Guarded int
}

// Count adds a value, and returns its CellText.
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

// MaxCellUnits is the most that a cell of a workbook holds, in UTF-16 code units:
// https://support.microsoft.com/en-us/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
const MaxCellUnits = 32_767

// cutMarker ends a text that is longer.
const cutMarker = "… cut, full value in the database"

// cut shortens a text that a cell of a workbook cannot hold.
func cut(s string) (string, bool) {
	if len(s) <= MaxCellUnits { // a rune has no more units than bytes
		return s, false
	}
	units, end := 0, 0
	for i, r := range s {
		if units+len(cutMarker) <= MaxCellUnits {
			end = i // the marker has fewer units than bytes, so it fits behind this point
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
