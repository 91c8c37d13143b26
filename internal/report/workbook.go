package report

import (
	"fmt"
	"strconv"

	"scim-auditor/internal/report/table"
	"scim-auditor/internal/report/xlsx"
)

// makeWorkbook makes the sheets in their order, counts the cells of all files, and puts the counts
// into the evidence.
func (r *report) makeWorkbook() {
	run := fmt.Sprintf("Run %d of %s", r.Run.ID, UTC(r.Run.StartedAt))
	evidence := &xlsx.Sheet{Name: "Evidence", Table: r.exchanges, Widths: []float64{0, 0, xlsx.HashWidth}}
	evidence.Add(xlsx.Title, "Evidence of "+r.names.All)
	evidence.AddRows(FactTable(r.facts, &r.names))
	r.book = &xlsx.Book{
		Title: reportTitle, Subject: run + ": " + r.status(), Identifier: strconv.FormatInt(r.Run.ID, 10),
		Creator: "auditor " + r.writer(), Footer: run, At: r.Run.StartedAt,
		Sheets: []*xlsx.Sheet{r.summary()},
	}
	for _, t := range []*table.Table{r.changes, r.inventory, r.sso, r.findings, r.outcomes, r.timeline, r.runs} {
		r.book.Sheets = append(r.book.Sheets, &xlsx.Sheet{Name: t.Name, Table: t})
	}
	r.book.Sheets = append(r.book.Sheets, evidence, &xlsx.Sheet{Name: "Glossary", Table: TermTable(Glossary)})

	r.cells = r.CountCells(r.book, r.csvTables())
	counts := r.cells.Facts(&r.Options, jsonFile, jsonLinesFile)
	for _, f := range counts {
		evidence.Add(xlsx.Plain, r.names.All, f.Item, f.Value)
	}
	r.facts = append(r.facts, counts...)
	evidence.AddHeading("Exchanges with the API")
}
