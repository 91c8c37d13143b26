package xlsx

import (
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"scim-auditor/internal/report/table"
)

// cell is a value as a workbook has it: a number or a text, or neither.
type cell struct {
	look     Look
	text     string
	number   float64
	isNumber bool
}

// cellOf returns a value of a line with this look. Dates that Excel does not count, or counts
// wrongly, stay text: those before March 1900, for it has a 29th of February in that year, and
// those after 9999
// (https://learn.microsoft.com/en-us/office/troubleshoot/excel/wrongly-assumes-1900-is-leap-year).
func cellOf(l Look, value any) cell {
	switch v := value.(type) {
	case nil:
		return cell{look: l}
	case int:
		return cell{look: l, number: float64(v), isNumber: true}
	case time.Time:
		if v.Before(firstDate) || v.UTC().Year() > 9999 {
			return cell{look: l, text: table.Shown(v)}
		}
		return cell{look: lookTime, number: serial(v), isNumber: true}
	case table.Local: // what the clocks of the zone show, as if they showed UTC
		_, offset := v.Zone()
		return cellOf(l, v.UTC().Add(time.Duration(offset)*time.Second))
	case table.Day:
		return cell{look: lookDay, number: serial(time.Time(v)), isNumber: true}
	case table.Word:
		if l == Plain {
			l = toneLook(v.Tone)
		}
	}
	text := table.CellText(value)
	if l == Plain && table.IsFormula(text) {
		l = lookLiteral
	}
	return cell{look: l, text: text}
}

var (
	// dayZero is what Excel counts days from, for dates after February 1900.
	dayZero   = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	firstDate = time.Date(1900, 3, 1, 0, 0, 0, 0, time.UTC)
)

// serial is an instant as Excel counts it, in days and UTC. Whole seconds, because Excel rounds
// what it does not show.
func serial(t time.Time) float64 {
	const secondsADay = 24 * 60 * 60
	return float64(t.Unix()-dayZero.Unix()) / secondsADay
}

// Heights in points. Only a program with a screen can measure text, so rows whose cells wrap are
// given their height: programs that do not do so themselves would show the first line alone.
const (
	lineHeight    = 15
	titleHeight   = 22
	headingHeight = 19
)

// height is what a row needs to show all lines of its cells.
func height(l Look, cells []cell, widths []float64) float64 {
	switch l {
	case Title:
		return titleHeight
	case Heading:
		return headingHeight
	case Note, Alarm, AllWell:
		return lineHeight
	}
	lines := 1
	for i, c := range cells {
		room := int(widths[i]) - 1
		if len(c.text) <= room || table.DisplayWidth(c.text) <= room {
			continue // no text is wider than it has bytes
		}
		// Excel breaks a long word anywhere, LibreOffice after punctuation, which can take one more.
		lines = max(lines, len(wrapped(c.text, room, " ")), len(wrapped(c.text, room, " /-")))
	}
	return min(float64(lines)*lineHeight, excelize.MaxRowHeight)
}

// wrapped breaks a text into lines of at most width characters, after one of the characters in
// breaks where there are any.
func wrapped(text string, width int, breaks string) []string {
	var lines []string
	for text != "" {
		end := lineEnd(text, width, breaks)
		lines = append(lines, strings.TrimSpace(text[:end]))
		text = text[end:]
	}
	return lines
}

// lineEnd is where the first line of a text ends, in bytes: before a space that may stand beyond
// the edge, or behind any other break, the last one that fits; at the edge where there is none.
func lineEnd(text string, width int, breaks string) int {
	last, characters := 0, 0
	for i, r := range text {
		if i > 0 && r == ' ' {
			last = i
		}
		if characters++; characters > width {
			if last > 0 {
				return last
			}
			return i
		}
		if i > 0 && r != ' ' && strings.ContainsRune(breaks, r) {
			last = i + 1 // a break is one byte
		}
	}
	return len(text)
}
