package report

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

func (v *periodView) writeWorkbook(w io.Writer) error {
	return writeWorkbook(w, newBook, v.contents(), imprint{
		title:      periodTitle,
		subject:    v.String() + ": " + v.status(),
		identifier: v.name(),
		creator:    "auditor " + v.ToolVersion,
		footer:     "Period " + v.From.UTC().Format(time.DateOnly) + " to " + v.To.UTC().Format(time.DateOnly),
		at:         v.known(),
	}, excelRows)
}

// contents is the sheets in their order.
func (v *periodView) contents() []*content {
	if v.sheets != nil {
		return v.sheets
	}
	evidence := &content{name: "Evidence", lines: []line{
		{lookTitle, []any{"Evidence of the period " + v.String()}},
		{lookHeader, []any{"Organization", "Item", "Value"}},
	}}
	evidence.lines = append(evidence.lines, evidenceLines(v.localFacts(v.evidence()), v.scope)...)
	all := []*content{v.summaryContent()}
	for _, t := range v.tables() {
		all = append(all, &content{name: t.name, table: t})
	}
	all = append(all, evidence, &content{name: "Glossary", table: periodGlossaryTable()}, v.signOffContent())
	counted := new(tally)
	for _, c := range all {
		if c.table != nil {
			c.table = v.localized(c.table)
		}
		c.measure(counted)
	}
	counted.csv = v.guarded()
	evidence.lines = append(evidence.lines, evidenceLines(counted.facts(&v.Options, v.files()), v.scope)...)
	evidence.measure(new(tally))
	v.sheets, v.tallied = all, counted
	return all
}

// cells says what becomes of the cells of the workbook and of the CSV files.
func (v *periodView) cells() tally {
	if v.tallied == nil {
		if v.Has(FormatXLSX) {
			v.contents()
		} else {
			v.tallied = &tally{csv: v.guarded()}
		}
	}
	return *v.tallied
}

// guarded is 0 without CSV files.
func (v *periodView) guarded() int {
	if !v.Has(FormatCSV) {
		return 0
	}
	return guardedCells(v.csvTables())
}

func (v *periodView) csvTables() []*table {
	all := v.tables()
	for i, t := range all {
		all[i] = v.localized(t)
	}
	return all
}

// signOffContent is the form that a preparer and a reviewer fill in.
func (v *periodView) signOffContent() *content {
	c := &content{name: "Sign-off", widths: []float64{30, hashWidth}}
	c.lines = append(c.lines,
		line{lookTitle, []any{"Sign-off"}},
		line{lookPlain, []any{"Period", v.String()}},
		line{lookPlain, []any{"Status", v.status()}})
	for i, o := range v.each() {
		state := wordNotComplete
		if o.closing != nil {
			state = o.closing.ChainSHA256
		}
		c.lines = append(c.lines, line{lookPlain, []any{v.labels[i] + ": chain_sha256 of the closing snapshot", state}})
	}
	c.addForm(v.known())
	return c
}

func snapshotText(s *snapshot.Snapshot) string {
	if s == nil {
		return "none"
	}
	return fmt.Sprintf("snapshot %d of %s", s.ID, utc(s.TakenAt))
}

// evidence is what the report rests on, and how it can be made again.
func (v *periodView) evidence() []fact {
	all := []fact{
		{runLevel, "Tool", "auditor " + v.ToolVersion},
		{runLevel, "Period from (UTC)", v.From},
		{runLevel, "Period to, included (UTC)", v.To},
		{runLevel, "Known up to (UTC)", v.known()},
		{runLevel, "First run of the database (UTC)", v.Began},
	}
	for _, s := range v.schedulesInForce() {
		all = append(all, fact{runLevel, "Schedule in force", s})
	}
	all = append(all,
		fact{runLevel, "Nights of the period", v.runNights()},
		fact{runLevel, "A night counts as missed after", schedule.Grace.String()},
		fact{runLevel, "Sample: size asked for", v.Sample},
		fact{runLevel, "Sample: seed", strconv.FormatInt(v.Seed, 10)},
		fact{runLevel, "Sample: order", "SHA-256, in hex, of the seed, a vertical bar and the night, such as " + strconv.FormatInt(v.Seed, 10) + "|" + sampleForm(v.From)})
	for i, o := range v.each() {
		all = append(all,
			fact{i, "Organization ID", orText(o.id, unknown)},
			fact{i, "Opening snapshot", snapshotText(o.opening)},
			fact{i, "Closing snapshot", snapshotText(o.closing)},
			fact{i, "Snapshots of the period", len(o.snapshots)},
			fact{i, "of them removed by retention", o.prunedWithin()},
			fact{i, "Net change from", snapshotText(o.net.before)},
			fact{i, "Net change to", snapshotText(o.net.after)})
	}
	return all
}
