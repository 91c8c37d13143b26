package xlsx

import (
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
	size := fmt.Sprintf("A1:%s%d", column(max(1, len(p.widths))-1), p.end())
	if err := w.SetSheetDimension(p.name, size); err != nil {
		return err
	}
	fit, orientation, wide, high, paper := true, "landscape", 1, 0, paperA4
	if sum(p.widths) > smallPageWidth {
		paper = paperA3
	}
	if err := w.SetSheetProps(p.name, &excelize.SheetPropsOptions{FitToPage: &fit}); err != nil {
		return err
	}
	if err := w.SetPageLayout(p.name, &excelize.PageLayoutOptions{
		Size: &paper, Orientation: &orientation, FitToWidth: &wide, FitToHeight: &high,
	}); err != nil {
		return err
	}
	side, end, footer := 0.4, 0.6, 0.3 // inches
	if err := w.SetPageMargins(p.name, &excelize.PageLayoutMarginsOptions{
		Left: &side, Right: &side, Top: &end, Bottom: &end, Header: &footer, Footer: &footer,
	}); err != nil {
		return err
	}
	if err := w.SetHeaderFooter(p.name, &excelize.HeaderFooterOptions{
		OddFooter: "&L" + w.book.Footer + "&C&A&RPage &P of &N",
	}); err != nil {
		return err
	}
	if p.header() == 0 {
		return nil
	}
	return w.SetDefinedName(&excelize.DefinedName{
		Name:     "_xlnm.Print_Titles",
		RefersTo: fmt.Sprintf("'%s'!$%d:$%d", p.name, p.header(), p.header()),
		Scope:    p.name,
	})
}
