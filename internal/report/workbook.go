package report

import (
	"fmt"
	"io"
	"sort"
	"strconv"
	"time"

	"github.com/xuri/excelize/v2"
)

// excelRows is the number of rows that a sheet can have:
// https://support.microsoft.com/en-us/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
const excelRows = 1_048_576

// book is a workbook under construction. Excelize makes all of the package but the rows: these are written straight into the archive, since
// excelize would hold them all.
type book struct {
	*excelize.File
	view   *view
	styles []int
	limit  int // rows a sheet
	sheets []*sheet
}

// writeWorkbook writes all sheets. A table of more rows than limit goes on in another sheet.
func (v *view) writeWorkbook(w io.Writer, limit int) (err error) {
	f := excelize.NewFile()
	defer func() {
		if closing := f.Close(); err == nil && closing != nil {
			err = fmt.Errorf("closing the workbook: %w", closing)
		}
	}()
	b := &book{File: f, view: v, limit: limit}
	if b.styles, err = newStyles(f); err != nil {
		return err
	}
	for _, c := range v.contents() {
		if err := b.add(c); err != nil {
			return fmt.Errorf("sheet %s: %w", c.name, err)
		}
	}
	if err := b.setProperties(); err != nil {
		return fmt.Errorf("setting the document's properties: %w", err)
	}
	// Excelize adds the types of pictures, which a chart could have, in the order of a map.
	types := f.ContentTypes.Defaults
	sort.Slice(types, func(i, j int) bool { return types[i].Extension < types[j].Extension })
	if err := b.pack(w); err != nil {
		return fmt.Errorf("packing the workbook: %w", err)
	}
	return nil
}

// zipTime is an instant that the MS-DOS dates of a zip archive can hold: from 1980 on.
func zipTime(t time.Time) time.Time {
	earliest := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	if t.Before(earliest) {
		return earliest
	}
	return t.UTC()
}

// cells says what becomes of the cells of the workbook and of the CSV files.
func (v *view) cells() tally {
	if v.tallied == nil {
		v.contents()
	}
	return *v.tallied
}

// contents is the sheets in their order. What becomes of their cells is counted on the way and stands in the evidence, so that sheet is
// measured last.
func (v *view) contents() []*content {
	evidence := v.evidenceContent()
	all := []*content{
		v.summaryContent(),
		{name: "Changes", table: v.changeTable()},
		{name: "Inventory", table: v.inventoryTable()},
		{name: "SSO", table: v.ssoTable()},
		{name: "Findings", table: v.findingTable()},
		{name: "Rules", table: v.ruleTable()},
		{name: "Timeline", table: v.timelineTable()},
		{name: "Runs", table: v.runTable()},
		evidence,
		{name: "Glossary", table: glossaryTable()},
		v.signOffContent(),
	}
	counted := new(tally)
	for _, c := range all {
		c.measure(counted)
	}
	counted.csv = v.guardedCells()
	evidence.lines = append(evidence.lines, v.evidenceLines(counted.facts())...)
	evidence.lines = append(evidence.lines, line{}, line{lookHeading, []any{"Exchanges with the API"}})
	evidence.measure(new(tally))
	v.tallied = counted
	return all
}

func (v *view) evidenceContent() *content {
	c := &content{name: "Evidence", table: v.exchangeTable()}
	c.lines = append(c.lines,
		line{lookTitle, []any{"Evidence of run " + strconv.FormatInt(v.Run.ID, 10)}},
		line{lookHeader, []any{"Organization", "Item", "Value"}})
	c.lines = append(c.lines, v.evidenceLines(v.facts())...)
	return c
}

func (v *view) evidenceLines(facts []fact) []line {
	lines := make([]line, len(facts))
	for i, f := range facts {
		lines[i] = line{lookPlain, []any{v.scope(f.organization), f.item, f.value}}
	}
	return lines
}

// setProperties says in the document itself what it is. Its times are the run's, so that the same run gives the same bytes.
func (b *book) setProperties() error {
	run := &b.view.Run
	creator := "auditor " + Visible(run.ToolVersion)
	started := run.StartedAt.UTC().Format(time.RFC3339)
	if err := b.SetAppProps(&excelize.AppProperties{Application: "auditor"}); err != nil {
		return err
	}
	return b.SetDocProps(&excelize.DocProperties{
		Title:          reportTitle,
		Subject:        fmt.Sprintf("Run %d of %s: %s", run.ID, utc(run.StartedAt), Visible(b.view.status())),
		Creator:        creator,
		LastModifiedBy: creator,
		Identifier:     strconv.FormatInt(run.ID, 10),
		Created:        started,
		Modified:       started,
		Language:       "en",
	})
}

const reportTitle = "SCIM and SSO configuration audit"
