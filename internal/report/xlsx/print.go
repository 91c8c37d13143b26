package xlsx

import (
	"errors"
	"fmt"

	"github.com/xuri/excelize/v2"
)

// The papers of excelize.PageLayoutOptions.
const (
	paperA3 = 8
	paperA4 = 9
)

// setPrinting makes the sheet landscape, one page wide and as many high as it takes, with its header
// row on each. A sheet that A4 would show too small to be read is on A3.
func (w *writer) setPrinting(p *part) error {
	fit, orientation, wide, high, paper := true, "landscape", 1, 0, paperA4
	if across(p.widths) > pageWidth {
		paper = paperA3
	}
	side, end, footer := 0.4, 0.6, 0.3 // inches
	last := p.end()
	if len(p.remarks) > 0 {
		last += 1 + len(p.remarks)
	}
	err := errors.Join(
		w.SetSheetDimension(p.name, fmt.Sprintf("A1:%s%d", column(max(0, len(p.widths)-1)), max(1, last))),
		w.SetSheetProps(p.name, &excelize.SheetPropsOptions{FitToPage: &fit}),
		w.SetPageLayout(p.name, &excelize.PageLayoutOptions{
			Size: &paper, Orientation: &orientation, FitToWidth: &wide, FitToHeight: &high,
		}),
		w.SetPageMargins(p.name, &excelize.PageLayoutMarginsOptions{
			Left: &side, Right: &side, Top: &end, Bottom: &end, Header: &footer, Footer: &footer,
		}),
		w.SetHeaderFooter(p.name, &excelize.HeaderFooterOptions{
			OddFooter: "&L" + w.book.Footer + "&C&A&RPage &P of &N",
		}))
	if err != nil || p.header() == 0 {
		return err
	}
	rows := fmt.Sprintf("'%s'!$%d:$%d", p.name, p.header(), p.header())
	return w.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: rows, Scope: p.name})
}
