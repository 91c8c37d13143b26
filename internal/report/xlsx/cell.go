package xlsx

import (
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"scim-auditor/internal/report/table"
)

// cell is a value in a workbook: a number, a text, or empty.
type cell struct {
	look     Look
	text     string
	isNumber bool
}

// cellOf returns the cell of a value in a line with this look. Dates before March 1900 and after
// 9999 stay text: Excel assumes a 29 February 1900, and has no later dates
// (https://learn.microsoft.com/en-us/office/troubleshoot/excel/wrongly-assumes-1900-is-leap-year).
func cellOf(l Look, value any) cell {
	switch v := value.(type) {
	case nil:
		return cell{look: l}
	case int:
		return cell{l, strconv.Itoa(v), true}
	case time.Time:
		if v.Before(firstDate) || v.UTC().Year() > 9999 {
			return cell{look: l, text: table.Shown(v)}
		}
		return cell{lookTime, serial(v), true}
	case table.Local: // Excel has no zones: the local time is stored as if it were UTC
		_, offset := v.Zone()
		return cellOf(l, v.UTC().Add(time.Duration(offset)*time.Second))
	case table.Day:
		return cell{lookDay, serial(time.Time(v)), true}
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
	// dayZero is day 0 of Excel for dates after February 1900.
	dayZero   = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	firstDate = time.Date(1900, 3, 1, 0, 0, 0, 0, time.UTC)
)

// serial returns an instant as a number of days for Excel, in UTC. It drops fractions of seconds,
// which Excel would round.
func serial(t time.Time) string {
	const secondsADay = 24 * 60 * 60
	return strconv.FormatFloat(float64(t.Unix()-dayZero.Unix())/secondsADay, 'f', -1, 64)
}

// Heights in points. Rows with wrapped cells have an explicit height, because some programs show
// only the first line without it.
const (
	lineHeight    = 15
	titleHeight   = 22
	headingHeight = 19
)

// height returns the height that a row needs to show all lines of its cells.
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
		if c.isNumber || len(c.text) <= room || table.DisplayWidth(c.text) <= room {
			continue // a text is never wider than its number of bytes
		}
		// Excel breaks a long word anywhere. LibreOffice breaks it after punctuation, which can
		// need one more line.
		lines = max(lines, len(wrap(c.text, room, " ")), len(wrap(c.text, room, " /-")))
	}
	return min(float64(lines)*lineHeight, excelize.MaxRowHeight)
}

// wrap breaks a text into lines of at most width characters. It breaks after a character in breaks
// if the line has one.
func wrap(text string, width int, breaks string) []string {
	var lines []string
	for text != "" {
		end := lineEnd(text, width, breaks)
		lines = append(lines, strings.TrimSpace(text[:end]))
		text = text[end:]
	}
	return lines
}

// lineEnd returns the length of the first line of a text, in bytes. The line ends at the last break
// that fits: before a space, which may be just past the edge, or after another break. Without a
// break it ends at the edge.
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
