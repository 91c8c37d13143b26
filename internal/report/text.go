package report

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"scim-auditor/internal/ona"
)

// Visible shows what a reader would not see: control, format and bidirectional characters, fillers without a glyph, and bytes that are no
// UTF-8, each as its code point in double brackets. All else stands as it is.
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

// isPrintable says whether a text is of ASCII's printable characters alone, as most are.
func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// hidden says whether a rune leaves no mark of its own on a screen, or stands for a byte that is no UTF-8.
func hidden(r rune) bool {
	if ' ' <= r && r <= '~' {
		return false
	}
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Noncharacter_Code_Point)
}

// The most that a cell of a workbook holds, in UTF-16 code units, and what stands at the end of a text that is longer:
// https://support.microsoft.com/en-us/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
const (
	maxCellUnits = 32_767
	cutMarker    = "… cut, full value in the database"
)

// cut shortens a text that a cell of a workbook cannot hold. Excel counts UTF-16 code units.
func cut(s string) (string, bool) {
	if len(s) <= maxCellUnits { // a rune has no more units than bytes
		return s, false
	}
	units, end := 0, 0
	for i, r := range s {
		if units+len(cutMarker) <= maxCellUnits {
			end = i // the marker's units are fewer than its bytes, so it fits behind this point
		}
		units += max(1, utf16Len(r))
	}
	if units <= maxCellUnits {
		return s, false
	}
	return s[:end] + cutMarker, true
}

func utf16Len(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}

// guard puts a ' before a text that a spreadsheet program would take for a formula when it opens a CSV file:
// https://owasp.org/www-community/attacks/CSV_Injection
func guard(s string) (string, bool) {
	r, _ := utf8.DecodeRuneInString(s)
	if s == "" || !strings.ContainsRune("=+-@\t\r\n＝＋－＠", r) {
		return s, false
	}
	return "'" + s, true
}

// csvText is a text as it stands in a CSV file, which people open in a spreadsheet or print on a terminal. Line breaks and tabs stay; of
// carriage returns, which encoding/csv would drop in silence, the code point is shown.
func csvText(s string) (text string, altered bool) {
	text, _ = guard(s)
	text = visible(text, "\n\t")
	return text, text != s
}

var (
	// markdownSpace turns every line break into a space: none may end a table's row.
	markdownSpace = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\v", " ", "\f", " ", "\u0085", " ", "\u2028", " ", "\u2029", " ")
	// markdownEscape takes the meaning from every character that has one inside a cell or a line, and from what would become a link. No
	// backslash keeps GitHub from linking an address or telling a team that it was mentioned; an empty comment behind the @ does.
	markdownEscape = strings.NewReplacer(
		`\`, `\\`, `|`, `\|`, `<`, `\<`, `>`, `\>`, `&`, `\&`, `*`, `\*`, `_`, `\_`, `[`, `\[`, `]`, `\]`, `!`, `\!`, `~`, `\~`, `#`, `\#`,
		"`", "\\`", `$`, `\$`, `://`, `\://`, `www.`, `www\.`, `@`, `@<!-- -->`)
)

// markdownList is what makes the beginning of a text an item of a list: https://spec.commonmark.org/0.31.2/#list-items
var markdownList = regexp.MustCompile(`^(\d*)([-+.)])( |$)`)

// markdownText is a text that cannot break out of a cell or a line of GitHub Flavored Markdown.
func markdownText(s string) string {
	text := strings.TrimSpace(markdownEscape.Replace(Visible(markdownSpace.Replace(s))))
	return markdownList.ReplaceAllString(text, `${1}\${2}${3}`)
}

// shorten cuts a text to a number of runes, the last of which then is "…".
func shorten(s string, runes int) string {
	if utf8.RuneCountInString(s) <= runes {
		return s
	}
	r := []rune(s)
	return string(r[:runes-1]) + "…"
}

// How a report writes instants: in sentences, and in the names of folders.
const (
	sentenceTime = "2006-01-02 15:04:05 UTC"
	folderTime   = "2006-01-02T150405Z"
)

// utc writes an instant as sentences tell it, in whole seconds.
func utc(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format(sentenceTime)
}

// instantLabel is what a person reads for a changed value that is an instant of the API, empty for every other value.
func instantLabel(value string) string {
	t, err := ona.ParseTime(value)
	if err != nil || t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02 15:04:05.999999999 UTC")
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
