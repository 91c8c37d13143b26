package xlsx

import (
	"github.com/xuri/excelize/v2"

	"scim-auditor/internal/report/table"
)

// Look is the style of a line or a cell.
type Look int

// The looks of lines.
const (
	Plain Look = iota
	Header
	Heading
	Title
	Note
	Alarm
	Caution
	AllWell
	lookLiteral
	lookTime
	lookDay
	lookTone // the first of the tones; Neutral is Plain
	looks    = lookTone + Look(table.Bad) + 1
)

func toneLook(t table.Tone) Look {
	if t == table.Neutral {
		return Plain
	}
	return lookTone + Look(t)
}

type colors struct{ text, ground string }

// palette has the text and background colours of each look. Every pair has a contrast of at
// least 4.5:1 (WCAG 2.2, 1.4.3).
var palette = map[Look]colors{
	Header:                   {"FFFFFF", "1F4E78"},
	Alarm:                    {"FFFFFF", "9C0006"},
	Caution:                  {"7F3F00", "FFE0B2"},
	AllWell:                  {"0B5D1E", "D9EAD3"},
	toneLook(table.Critical): {"FFFFFF", "9C0006"},
	toneLook(table.High):     {"9C0006", "FFC7CE"},
	toneLook(table.Medium):   {"7F3F00", "FFE0B2"},
	toneLook(table.Low):      {"1F4E78", "DDEBF7"},
	toneLook(table.Info):     {"404040", "EDEDED"},
	toneLook(table.Good):     {"0B5D1E", "D9EAD3"},
	toneLook(table.Bad):      {"9C0006", "FFC7CE"},
}

// numFmtText is the built-in format "@": text typed into the cell stays text, even if it looks
// like a formula.
const numFmtText = 49

func (w *writer) makeStyles() (err error) {
	w.styles = make([]int, looks)
	for l := range looks {
		if w.styles[l], err = w.NewStyle(l.style()); err != nil {
			return err
		}
	}
	bad := palette[toneLook(table.Bad)]
	font := &excelize.Font{Bold: true, Color: bad.text}
	w.expired, err = w.NewConditionalStyle(&excelize.Style{Font: font, Fill: fill(bad.ground)})
	return err
}

func fill(color string) excelize.Fill {
	return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{color}}
}

func (l Look) style() *excelize.Style {
	s := &excelize.Style{
		Font:      &excelize.Font{Family: "Calibri", Size: 11, Color: "000000"},
		Alignment: &excelize.Alignment{Vertical: "top", Horizontal: "left", WrapText: l != lookTime},
	}
	if c, ok := palette[l]; ok {
		s.Font.Color, s.Fill = c.text, fill(c.ground)
	}
	switch l {
	case lookLiteral:
		s.NumFmt = numFmtText
	case lookTime:
		s.CustomNumFmt = new("yyyy-mm-dd hh:mm:ss") // the header says that it is UTC
	case lookDay:
		s.CustomNumFmt = new("yyyy-mm-dd")
	case Title:
		s.Font.Size, s.Font.Bold, s.Alignment = 16, true, nil
	case Heading:
		s.Font.Size, s.Font.Bold, s.Alignment = 13, true, nil
	case Alarm, Caution, AllWell:
		s.Font.Bold, s.Alignment = true, nil
	case Note:
		s.Font.Italic, s.Alignment = true, nil
	case Header, toneLook(table.Critical), toneLook(table.Good), toneLook(table.Bad):
		s.Font.Bold = true
	}
	return s
}
