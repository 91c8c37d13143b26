package report

import (
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// line is a row of a sheet that is not of a table.
type line struct {
	look  look
	cells []any
}

// looked is a cell with a look of its own.
type looked struct {
	look  look
	value any
}

// content is what one sheet shows: lines, then a table, then what there is to remark about it.
type content struct {
	name   string
	lines  []line
	table  *table
	widths []float64 // of the columns, in characters
	fixed  []float64 // of the first columns, whatever they hold
	// finish adds what is neither row nor cell, such as a chart.
	finish func(f *excelize.File, sheet string) error
}

// Widths of columns, in characters.
const (
	minWidth       = 9
	maxWidth       = 60
	hashWidth      = 68  // a SHA-256 in hex
	squeezed       = 45  // the least that a wide column is squeezed to
	pageWidth      = 400 // what an A3 page shows across in a size that can be read
	smallPageWidth = 220 // what an A4 page shows likewise
	filterButton   = 3   // room for the button in a header
)

// measure sets the widths so that the content fits, and counts the cells that will be altered or cut.
func (c *content) measure(t *tally) {
	widths := slices.Clone(c.widths)
	grow := func(i, width int) {
		for len(widths) <= i {
			widths = append(widths, minWidth)
		}
		widths[i] = max(widths[i], float64(min(width, maxWidth)))
	}
	for _, l := range c.lines {
		for i, value := range l.cells {
			width := t.width(value)
			if l.look == lookPlain || l.look == lookHeader {
				grow(i, width+1)
			}
		}
	}
	if c.table != nil {
		for i, column := range c.table.columns {
			grow(i, longestWord(column.title)+filterButton)
		}
		for r := range c.table.rows {
			for i, value := range r.cells {
				grow(i, t.width(value)+1)
			}
		}
		for _, r := range c.table.remarks {
			t.width(r.text)
		}
	}
	widths = squeeze(widths)
	for i, width := range c.fixed {
		grow(i, minWidth)
		widths[i] = width
	}
	c.widths = widths
}

// squeeze narrows the widest columns, but for the first with the id, so that the sheet can be read when it is printed one page wide.
func squeeze(widths []float64) []float64 {
	for limit := float64(maxWidth); limit >= squeezed && sum(widths) > pageWidth; limit-- {
		for i := range widths[min(1, len(widths)):] {
			widths[i+1] = min(widths[i+1], limit)
		}
	}
	return widths
}

func sum(widths []float64) (n float64) {
	for _, width := range widths {
		n += width
	}
	return n
}

// width is the number of columns of text that a cell takes, and counts what becomes of its text.
func (t *tally) width(value any) int {
	text, isText := value.(string)
	if !isText {
		return displayWidth(shown(value))
	}
	shownText, altered, shortened := cellText(text)
	if altered {
		t.altered++
	}
	if shortened {
		t.cut++
	}
	return displayWidth(shownText)
}

// displayWidth counts the runes from U+1100 on, most of them East Asian, as two columns.
func displayWidth(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x1100 {
			n++
		}
	}
	return n
}

func longestWord(s string) int {
	longest := 0
	for word := range strings.FieldsSeq(s) {
		longest = max(longest, displayWidth(word))
	}
	return longest
}

// cellText is a text as a cell of the workbook shows it.
func cellText(s string) (text string, altered, shortened bool) {
	text = Visible(s)
	altered = text != s
	text, shortened = cut(text)
	return text, altered, shortened
}

// cell is a value as a sheet holds it: nothing, a text, or a number.
type cell struct {
	look look
	text string
	// number is true when text is the number as XML has it.
	number bool
}

// newCell is the cell of a value in a line of this look. Dates that Excel does not count, or counts wrongly, stay text: those before March
// 1900, for it knows a 29th of February of that year (https://learn.microsoft.com/en-us/office/troubleshoot/excel/wrongly-assumes-1900-is-leap-year),
// and those after 9999.
func newCell(l look, value any) cell {
	switch v := value.(type) {
	case looked:
		return newCell(v.look, v.value)
	case nil:
		return cell{look: l}
	case string:
		text, _, _ := cellText(v)
		if _, risky := guard(text); risky && l == lookPlain {
			l = lookLiteral
		}
		return cell{look: l, text: text}
	case int:
		return cell{l, strconv.Itoa(v), true}
	case time.Time:
		if v.Before(firstDate) || v.UTC().Year() > 9999 {
			return cell{look: l, text: shown(v)}
		}
		return cell{lookTime, serial(v), true}
	case localTime:
		return newCell(l, v.wallClock())
	case day:
		return cell{lookDay, serial(time.Time(v)), true}
	default:
		if l == lookPlain {
			l = lookOf(value)
		}
		return cell{look: l, text: shown(value)}
	}
}

var (
	// dayZero is what Excel counts days from, for dates after February 1900.
	dayZero   = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	firstDate = time.Date(1900, 3, 1, 0, 0, 0, 0, time.UTC)
)

// serial is an instant as Excel counts it, in days and UTC. Whole seconds, because Excel rounds what it does not show.
func serial(t time.Time) string {
	const secondsADay = 24 * 60 * 60
	return strconv.FormatFloat(float64(t.Unix()-dayZero.Unix())/secondsADay, 'f', -1, 64)
}

// Heights in points. Only a program with a screen can measure text, so rows whose cells wrap are given their height: programs that do not do
// so themselves would show the first line alone.
const (
	lineHeight    = 15
	titleHeight   = 22
	headingHeight = 19
	maxHeight     = 409 // https://support.microsoft.com/en-us/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
)

// height is what a row needs to show all lines of its cells.
func (c *content) height(l look, cells []cell) float64 {
	switch l {
	case lookTitle:
		return titleHeight
	case lookHeading:
		return headingHeight
	case lookNote, lookAlarm, lookAllWell:
		return lineHeight
	}
	lines := 1
	for i, cell := range cells {
		room := int(c.widths[i]) - 1
		if cell.number || len(cell.text) <= room || displayWidth(cell.text) <= room { // no text is wider than it has bytes
			continue
		}
		// Excel breaks a long word anywhere, LibreOffice after punctuation, which can take a line more.
		lines = max(lines, lineCount(cell.text, room, " "), lineCount(cell.text, room, " /-"))
	}
	return min(float64(lines)*lineHeight, maxHeight)
}

// wrapped breaks a text into lines of at most width characters, after one of the characters in breaks where there are any.
func wrapped(text string, width int, breaks string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for text != "" {
			end := lineEnd(text, width, breaks)
			if !yield(strings.TrimSpace(text[:end])) {
				return
			}
			text = text[end:]
		}
	}
}

// lineEnd is where the first line of a text ends, in bytes: before a space that may stand beyond the edge, or behind any other break, the last
// one that fits; at the edge where there is none.
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

// lineCount is the number of lines of a wrapped text.
func lineCount(text string, width int, breaks string) int {
	n := 0
	for range wrapped(text, width, breaks) {
		n++
	}
	return n
}
