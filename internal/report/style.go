package report

import (
	"fmt"

	"github.com/xuri/excelize/v2"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// look is how a cell is shown.
type look int

const (
	lookPlain look = iota
	lookLiteral
	lookTime
	lookDay
	lookHeader
	lookHeading
	lookTitle
	lookNote
	lookBlank // an empty box to fill in
	lookBlankDate
	lookCritical
	lookHigh
	lookMedium
	lookLow
	lookInfo
	lookGood
	lookBad
	lookAlarm
	lookAllWell
	looks // their number
)

// palette is text and ground of each look that has a colour. A colour only helps: the cell says the same in words. Every pair has a contrast
// of at least 4.5:1 (WCAG 2.2, 1.4.3).
var palette = map[look]struct{ text, ground string }{
	lookHeader:   {"FFFFFF", "1F4E78"},
	lookCritical: {"FFFFFF", "9C0006"},
	lookHigh:     {"9C0006", "FFC7CE"},
	lookMedium:   {"7F3F00", "FFE0B2"},
	lookLow:      {"1F4E78", "DDEBF7"},
	lookInfo:     {"404040", "EDEDED"},
	lookGood:     {"0B5D1E", "D9EAD3"},
	lookBad:      {"9C0006", "FFC7CE"},
	lookAlarm:    {"FFFFFF", "9C0006"},
	lookAllWell:  {"0B5D1E", "D9EAD3"},
}

// The formats of real dates; the header says that they are UTC.
var (
	dateFormat = "yyyy-mm-dd hh:mm:ss"
	dayFormat  = "yyyy-mm-dd"
)

// numFmtText is the built-in format "@": what is typed into the cell stays text, even when it begins as a formula does.
const numFmtText = 49

// newStyles makes every look once; the result is indexed by look.
func newStyles(f *excelize.File) ([]int, error) {
	ids := make([]int, looks)
	for l := range looks {
		id, err := f.NewStyle(l.style())
		if err != nil {
			return nil, fmt.Errorf("making style %d: %w", l, err)
		}
		ids[l] = id
	}
	return ids, nil
}

func (l look) style() *excelize.Style {
	s := &excelize.Style{
		Font:      &excelize.Font{Family: "Calibri", Size: 11, Color: "000000"},
		Alignment: &excelize.Alignment{Vertical: "top", Horizontal: "left", WrapText: true},
	}
	if c, ok := palette[l]; ok {
		s.Font.Color = c.text
		s.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{c.ground}}
	}
	switch l {
	case lookLiteral:
		s.NumFmt = numFmtText
	case lookTime:
		s.CustomNumFmt = &dateFormat
		s.Alignment = &excelize.Alignment{Vertical: "top", Horizontal: "left"}
	case lookDay:
		s.CustomNumFmt = &dayFormat
	case lookTitle:
		s.Font.Size, s.Font.Bold = 16, true
		s.Alignment = nil
	case lookHeading:
		s.Font.Size, s.Font.Bold = 13, true
		s.Alignment = nil
	case lookGood, lookBad, lookCritical, lookHeader:
		s.Font.Bold = true
	case lookAlarm, lookAllWell:
		s.Font.Bold = true
		s.Alignment = nil
	case lookNote:
		s.Font.Italic = true
		s.Alignment = nil
	case lookBlank:
		s.Border = box()
		s.NumFmt = numFmtText
	case lookBlankDate:
		s.Border = box()
		s.CustomNumFmt = &dateFormat
	}
	return s
}

func box() []excelize.Border {
	var sides []excelize.Border
	for _, side := range []string{"left", "right", "top", "bottom"} {
		sides = append(sides, excelize.Border{Type: side, Color: "7F7F7F", Style: 1})
	}
	return sides
}

// lookOf is the look of the words that have a colour.
func lookOf(v any) look {
	switch v {
	case diff.Critical:
		return lookCritical
	case diff.High, finding.Fail:
		return lookHigh
	case diff.Medium, finding.NotAssessed, notChecked, schedule.CaughtUp:
		return lookMedium
	case diff.Low, finding.Excepted:
		return lookLow
	case diff.Info:
		return lookInfo
	case finding.Pass, snapshot.Complete, schedule.Complete, ties:
		return lookGood
	case snapshot.Failed, missed, snapshot.Running, schedule.Failed, schedule.Missed, schedule.Running, doesNotTie:
		return lookBad
	}
	return lookPlain
}
