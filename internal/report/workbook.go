package report

import (
	"fmt"
	"io"
	"sort"
	"strconv"
	"sync"
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
	about  imprint
	styles []int
	marks  conditional
	limit  int // rows a sheet
	sheets []*sheet
	tables map[string][]byte // parts, by name
	buffer []byte            // for one sheet after the other
}

// imprint is what a workbook says of itself beside its sheets.
type imprint struct {
	title, subject, identifier, creator string
	// footer stands at the left below each printed page.
	footer string
	// at is the instant of the document and of all its parts, so that the same report gives the same bytes.
	at time.Time
}

func (v *view) writeWorkbook(w io.Writer, limit int) error {
	run := &v.Run
	return writeWorkbook(w, v.begin, v.contents(), imprint{
		title:      reportTitle,
		subject:    fmt.Sprintf("Run %d of %s: %s", run.ID, utc(run.StartedAt), v.status()),
		identifier: strconv.FormatInt(run.ID, 10),
		creator:    "auditor " + v.writer(),
		footer:     fmt.Sprintf("Run %d of %s", run.ID, utc(run.StartedAt)),
		at:         run.StartedAt,
	}, limit)
}

// newBook begins a workbook: it has the styles, and no sheet yet.
func newBook() (b *book, err error) {
	b = &book{File: excelize.NewFile(), tables: make(map[string][]byte)}
	b.Theme = nil // it is in the package already, and excelize would only encode it once more
	if b.marks, err = newConditional(b.File); err != nil {
		return nil, err
	}
	b.styles, err = newStyles(b.File)
	return b, err
}

// ahead begins to make something at once, beside what the caller does; the function that it gives waits for it.
func ahead[T any](begin func() (T, error)) func() (T, error) {
	once := sync.OnceValues(begin)
	go func() { _, _ = once() }() // whoever waits for it gets the error
	return once
}

// writeWorkbook writes all sheets. A table of more rows than limit goes on in another sheet.
func writeWorkbook(w io.Writer, begin func() (*book, error), contents []*content, about imprint, limit int) (err error) {
	b, err := begin()
	if err != nil {
		return err
	}
	b.about, b.limit = about, limit
	defer func() {
		if closing := b.Close(); err == nil && closing != nil {
			err = fmt.Errorf("closing the workbook: %w", closing)
		}
	}()
	for _, c := range contents {
		if err := b.add(c); err != nil {
			return fmt.Errorf("sheet %s: %w", c.name, err)
		}
	}
	if err := b.setProperties(); err != nil {
		return fmt.Errorf("setting the document's properties: %w", err)
	}
	// Excelize adds the types of pictures, which a chart could have, in the order of a map.
	types := b.ContentTypes.Defaults
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
		if v.Has(FormatXLSX) {
			v.contents()
		} else {
			v.tallied = &tally{csv: v.guarded()}
		}
	}
	return *v.tallied
}

// contents is the sheets in their order. What becomes of their cells is counted on the way and stands in the evidence, so that sheet is
// measured last.
func (v *view) contents() []*content {
	if v.sheets != nil {
		return v.sheets
	}
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
		if c.table != nil {
			c.table = v.localized(c.table)
		}
		c.measure(counted)
	}
	counted.csv = v.guarded()
	evidence.lines = append(evidence.lines, evidenceLines(counted.facts(&v.Options, v.files()), v.scope)...)
	evidence.lines = append(evidence.lines, line{}, line{lookHeading, []any{"Exchanges with the API"}})
	evidence.measure(new(tally))
	v.sheets, v.tallied = all, counted
	return all
}

func (v *view) evidenceContent() *content {
	c := &content{name: "Evidence", table: v.exchangeTable(), widths: []float64{minWidth, minWidth, hashWidth}}
	c.lines = append(c.lines,
		line{lookTitle, []any{"Evidence of run " + strconv.FormatInt(v.Run.ID, 10)}},
		line{lookHeader, []any{"Organization", "Item", "Value"}})
	c.lines = append(c.lines, evidenceLines(v.facts(), v.scope)...)
	return c
}

func evidenceLines(facts []fact, scope func(organization int) string) []line {
	lines := make([]line, len(facts))
	for i, f := range facts {
		lines[i] = line{lookPlain, []any{scope(f.organization), f.item, f.value}}
	}
	return lines
}

// setProperties says in the document itself what it is.
func (b *book) setProperties() error {
	creator, at := Visible(b.about.creator), b.about.at.UTC().Format(time.RFC3339)
	if err := b.SetAppProps(&excelize.AppProperties{Application: "auditor"}); err != nil {
		return err
	}
	return b.SetDocProps(&excelize.DocProperties{
		Title:          b.about.title,
		Subject:        Visible(b.about.subject),
		Creator:        creator,
		LastModifiedBy: creator,
		Identifier:     b.about.identifier,
		Created:        at,
		Modified:       at,
		Language:       "en",
	})
}

const reportTitle = "SCIM and SSO configuration audit"
