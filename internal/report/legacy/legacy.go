// Package legacy writes the report of a period until its own package does.
package legacy

import (
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	stdjson "encoding/json"
	"errors"
	"fmt"
	json2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofrs/flock"
	"github.com/klauspost/compress/flate"
	"github.com/xuri/excelize/v2"
	"golang.org/x/sync/errgroup"
	"io"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"scim-auditor/internal/diff"
	"scim-auditor/internal/durable"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	tables "scim-auditor/internal/report/table"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
	"scim-auditor/reports/templates"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"text/template"
	"time"
	"unicode"
	"unicode/utf8"
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

// What stands for an actor that is not known, and why it is not.
const (
	actorNotKnown = "not known"
	noEntry       = "no audit-log entry"
	noEntryFound  = "no audit-log entry found, and some may be missing"
	logNotRead    = "not assessed: the audit log was not read"
)

var changeColumns = []column{
	{"Subject ID", "subject_id"},
	{"Taken at (UTC)", "taken_at"},
	{"Organization", "organization"},
	{"Severity", "severity"},
	{"Kind", "kind"},
	{"Subject type", "subject_type"},
	{"Subject name", "subject_name"},
	{"Field", "field"},
	{"Before", "before"},
	{"Before, label", "before_label"},
	{"After", "after"},
	{"After, label", "after_label"},
	{"Actor ID", "actor_id"},
	{"Actor kind", "actor_principal"},
	{"Actor's action", "actor_action"},
	{"Action at (UTC)", "actor_at"},
	{"Candidate entries", "candidates"},
	{"Note", "note"},
}

func (v *view) changeTable() *table {
	return &table{
		name:    "Changes",
		file:    fileChanges,
		columns: changeColumns,
		rows: rowsOf(v, func(o *Organization) []snapshot.Change { return o.Changes },
			func(i int, o *Organization, c *snapshot.Change) []any { return changeCells(v.label(i), o.AuditLog, c) }),
		remarks: v.changeRemarks(),
	}
}

func changeCells(organization string, log *snapshot.AuditLog, c *snapshot.Change) []any {
	actor, action, at := orText(c.ActorID, actorNotKnown), c.ActorAction, instant(c.ActorAt, "")
	if len(c.Candidates) == 0 && c.ActorID == "" {
		actor, action = whyNoActor(log), ""
	}
	return []any{
		c.SubjectID, c.TakenAt, organization, c.Severity, string(c.Kind), string(c.SubjectType), c.SubjectName, c.Field,
		c.Before, orText(c.BeforeLabel, instantLabel(c.Before)), c.After, orText(c.AfterLabel, instantLabel(c.After)),
		actor, c.ActorPrincipal, action, at, len(c.Candidates), c.Note,
	}
}

// whyNoActor says why a change has no candidate.
func whyNoActor(log *snapshot.AuditLog) string {
	switch {
	case log == nil:
		return logNotRead
	case log.NotAssessed != "":
		return "not assessed: " + log.NotAssessed
	case log.Lacking != "":
		return noEntryFound
	}
	return noEntry
}

// changeRemarks says for each organization what its rows compare, or why it has none.
func (v *view) changeRemarks() []remark {
	var all []remark
	for i, o := range v.each() {
		switch {
		case !o.complete():
			all = append(all, remark{i, v.notComplete(i), true})
		case o.first():
			all = append(all, remark{i, v.label(i) + ": " + baselineText, true})
		case len(o.Changes) == 0:
			all = append(all, remark{i, fmt.Sprintf("%s: no changes%s since the baseline snapshot of %s", v.label(i), o.ofSCIM(), utc(o.Baseline.TakenAt)), false})
		default:
			all = append(all, remark{i, fmt.Sprintf("%s: net change between the snapshots of %s and %s: %s", v.label(i), utc(o.Baseline.TakenAt),
				utc(o.Snapshot.TakenAt), count(len(o.Changes), "row")), false})
		}
		all = append(all, v.notCompared(i)...)
	}
	return all
}

// ofSCIM bounds what "no changes" can say where the SSO configurations were not compared.
func (o *Organization) ofSCIM() string {
	if o.Snapshot.SSONotAssessed != "" || o.SSOBaseline == nil {
		return " of SCIM configurations"
	}
	return ""
}

// notCompared names the parts of a complete snapshot whose changes cannot be told, or that were compared with an older snapshot.
func (v *view) notCompared(organization int) []remark {
	o := &v.Organizations[organization]
	if !o.complete() || o.Baseline == nil {
		return nil
	}
	var all []remark
	for _, part := range []struct {
		what, notAssessed string
		baseline          *snapshot.Snapshot
	}{
		{"SSO configurations", o.Snapshot.SSONotAssessed, o.SSOBaseline},
		{"organization policies", o.Snapshot.PoliciesNotAssessed, o.PoliciesBaseline},
	} {
		label := v.label(organization) + ": "
		switch {
		case part.notAssessed != "":
			all = append(all, remark{organization, label + "changes of " + part.what + " not assessed: " + part.notAssessed, true})
		case part.baseline == nil:
			all = append(all, remark{organization, label + "changes of " + part.what + " not assessed: no earlier snapshot could read them", true})
		case part.baseline.ID != o.Baseline.ID:
			all = append(all, remark{organization, fmt.Sprintf("%s%s compared with the snapshot of %s, the last that could read them",
				label, part.what, utc(part.baseline.TakenAt)), false})
		}
	}
	return all
}

var timelineColumns = []column{
	{"Subject ID", "subject_id"},
	{"Taken at (UTC)", "taken_at"},
	{"Organization", "organization"},
	{"Subject type", "subject_type"},
	{"Subject name", "subject_name"},
	{"Kind", "kind"},
	{"Severity", "severity"},
	{"Field", "field"},
	{"Before", "before"},
	{"After", "after"},
	{"Actor ID", "actor_id"},
	{"Note", "note"},
	{"Snapshot", "snapshot"},
	{"Baseline snapshot", "baseline"},
}

// timelineTable has a row for each transition that complete snapshots have shown, this run's included, oldest first.
func (v *view) timelineTable() *table {
	t := &table{name: "Timeline", file: fileTimeline, columns: timelineColumns}
	t.rows = func(yield func(row) bool) {
		for i := range v.Timeline {
			c := &v.Timeline[i]
			organization, name := runLevel, c.OrganizationID
			if known, ok := v.byID[c.OrganizationID]; ok {
				organization, name = known, v.label(known)
			}
			if !yield(row{organization, []any{
				c.SubjectID, c.TakenAt, name, string(c.SubjectType), c.SubjectName, string(c.Kind), c.Severity, c.Field,
				orText(c.BeforeLabel, orText(instantLabel(c.Before), c.Before)), orText(c.AfterLabel, orText(instantLabel(c.After), c.After)),
				orText(c.ActorID, actorNotKnown), c.Note, int(c.SnapshotID), int(c.BaselineID),
			}}) {
				return
			}
		}
	}
	t.remarks = append(v.lacking(), v.noTransitions()...)
	return t
}

func (v *view) noTransitions() []remark {
	var all []remark
	for i, o := range v.each() {
		seen := false
		for j := range v.Timeline {
			seen = seen || v.Timeline[j].OrganizationID == o.id()
		}
		if o.complete() && !seen {
			all = append(all, remark{i, v.label(i) + ": no transition in any complete snapshot up to " + utc(o.Snapshot.TakenAt), false})
		}
	}
	return all
}

// daysKey is the key of the column whose cells have a bar.
const daysKey = "days_to_expiry"

// barDays is how many days to expiry fill a cell's bar: two years, the longest life of a token.
const barDays = "730"

// conditional is the formats that a program applies by the cells' values, also to those that a person sorts or filters.
type conditional struct {
	row, expired int
}

func newConditional(f *excelize.File) (conditional, error) {
	var c conditional
	var err error
	if c.row, err = f.NewConditionalStyle(&excelize.Style{Border: []excelize.Border{{Type: "bottom", Color: "D9D9D9", Style: 1}}}); err != nil {
		return c, err
	}
	bad := palette[lookBad]
	c.expired, err = f.NewConditionalStyle(&excelize.Style{
		Font: &excelize.Font{Bold: true, Color: bad.text},
		Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{bad.ground}},
	})
	return c, err
}

// addConditional rules a line beneath each row of the table, and gives the days to a token's expiry a bar, or a ground once it has expired.
func (b *book) addConditional(s *sheet) error {
	if s.count == 0 {
		return nil
	}
	first, last := s.header()+1, s.header()+s.count
	if i := slices.IndexFunc(s.table.columns, func(c column) bool { return c.key == daysKey }); i >= 0 {
		cells := fmt.Sprintf("%s%d:%s%d", s.names[i], first, s.names[i], last)
		if err := b.SetConditionalFormat(s.name, cells, []excelize.ConditionalFormatOptions{
			{Type: "cell", Criteria: "<", Value: "0", StopIfTrue: true, Format: &b.marks.expired},
			{Type: "data_bar", Criteria: "=", MinType: "num", MinValue: "0", MaxType: "num", MaxValue: barDays, BarColor: "#9DC3E6"},
		}); err != nil {
			return fmt.Errorf("the bars of %s: %w", s.table.columns[i].title, err)
		}
	}
	cells := fmt.Sprintf("A%d:%s%d", first, s.names[len(s.table.columns)-1], last)
	return b.SetConditionalFormat(s.name, cells, []excelize.ConditionalFormatOptions{{Type: "formula", Criteria: "TRUE", Format: &b.marks.row}})
}

// csvTables are the tables that have a CSV file each.
func (v *view) csvTables() []*table {
	all := []*table{
		v.changeTable(), v.inventoryTable(), v.ssoTable(), v.findingTable(), v.exceptionTable(), v.ruleTable(), v.timelineTable(), v.runTable(), v.exchangeTable(),
	}
	for i, t := range all {
		all[i] = v.localized(t)
	}
	return all
}

// frame is the columns that every CSV file of a report has before and behind those of its table: who a row is about, and last a remark. A row
// with a remark stands for rows that are not there because nothing is known; it has no other values.
type frame struct {
	before, behind []string // keys of the columns
	// around gives the values of an organization, or of runLevel; the texts among them are guarded.
	around func(organization int) (before, behind []string)
}

func (v *view) frame() frame {
	return frame{
		before: []string{"run_id", "organization_id", "organization"},
		behind: []string{"snapshot_outcome"},
		around: func(organization int) (before, behind []string) {
			id, outcome := "", ""
			if organization != runLevel {
				o := &v.Organizations[organization]
				id, outcome = o.id(), string(o.Snapshot.Outcome)
			}
			return []string{strconv.FormatInt(v.Run.ID, 10), csvCell(id), csvCell(v.label(organization))}, []string{outcome}
		},
	}
}

func (v *view) writeCSV(w io.Writer, t *table) error { return v.frame().write(w, t) }

// write writes a table as RFC 4180 has it: comma, CRLF. Instants are RFC 3339 in UTC.
func (f frame) write(w io.Writer, t *table) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	header := slices.Clone(f.before)
	for _, column := range t.columns {
		if column.key != "organization" {
			header = append(header, column.key)
		}
	}
	if err := c.Write(append(append(header, f.behind...), "remark")); err != nil {
		return fmt.Errorf("writing the header of %s: %w", t.file, err)
	}
	for record := range f.records(t) {
		if err := c.Write(record); err != nil {
			return fmt.Errorf("writing a row of %s: %w", t.file, err)
		}
	}
	c.Flush()
	if err := c.Error(); err != nil {
		return fmt.Errorf("writing %s: %w", t.file, err)
	}
	return nil
}

// records yields the rows of a table, then its remarks on what is lacking.
func (f frame) records(t *table) func(func([]string) bool) {
	return func(yield func([]string) bool) {
		for r := range t.rows {
			if !yield(f.record(t, r.organization, r.cells, "")) {
				return
			}
		}
		for _, r := range t.remarks {
			if r.lacking && !yield(f.record(t, r.organization, make([]any, len(t.columns)), r.text)) {
				return
			}
		}
	}
}

func (f frame) record(t *table, organization int, cells []any, remark string) []string {
	record, behind := f.around(organization)
	for i, column := range t.columns {
		if column.key != "organization" {
			record = append(record, csvCell(cells[i]))
		}
	}
	return append(append(record, behind...), csvCell(remark))
}

// csvCell guards texts; numbers, of which some are negative, stand as they are.
func csvCell(value any) string {
	s, isText := value.(string)
	if !isText {
		return plain(value)
	}
	s, _ = csvText(s)
	return s
}

// guarded is 0 without CSV files.
func (v *view) guarded() int {
	if !v.Has(FormatCSV) {
		return 0
	}
	return guardedCells(v.csvTables())
}

// guardedCells counts the cells of all CSV files that differ from what the database holds.
func guardedCells(tables []*table) int {
	n := 0
	for _, t := range tables {
		for r := range t.rows {
			for _, value := range r.cells {
				if s, isText := value.(string); isText {
					if _, altered := csvText(s); altered {
						n++
					}
				}
			}
		}
	}
	return n
}

// fact is one thing that the evidence tells.
type fact struct {
	organization int
	item         string
	value        any
}

// facts is how the run was made, without its exchanges: the run, each snapshot, and the thresholds that its rules used.
func (v *view) facts() []fact {
	all := v.runFacts()
	for i, o := range v.each() {
		for _, f := range snapshotFacts(&o.Snapshot) {
			all = append(all, fact{i, f.item, f.value})
		}
		if o.Baseline != nil {
			all = append(all, fact{i, "Baseline taken at (UTC)", o.Baseline.TakenAt})
		}
		if o.Policies != nil {
			all = append(all, fact{i, "Account creation restricted to SCIM", o.Policies.RestrictAccountCreationToSCIM})
		}
		all = append(all, logFacts(i, o)...)
		all = append(all, v.thresholds(i)...)
	}
	return v.localFacts(all)
}

func (v *view) runFacts() []fact {
	r := &v.Run
	facts := []fact{
		{runLevel, "Run", int(r.ID)},
		{runLevel, "Outcome", r.Outcome},
		{runLevel, "Error", orText(oneLine(r.Error), "none")},
		{runLevel, "Trigger", r.Trigger},
		{runLevel, "Started at (UTC)", r.StartedAt},
		{runLevel, "Finished at (UTC)", instant(r.FinishedAt, "not finished")},
		{runLevel, "Scheduled for (UTC)", instant(r.ScheduledFor, "not scheduled")},
		{runLevel, "Tool", "auditor " + r.ToolVersion},
		{runLevel, "Host", r.Host},
	}
	return append(facts, v.writerFacts()...)
}

// writerFacts names the version that wrote the report where it is not the one that made the run.
func (v *view) writerFacts() []fact {
	if v.writer() == v.Run.ToolVersion {
		return nil
	}
	return []fact{{runLevel, "Report written again by", "auditor " + v.writer()}}
}

func snapshotFacts(s *snapshot.Snapshot) []fact {
	facts := []fact{
		{item: "Snapshot", value: int(s.ID)},
		{item: "Outcome", value: s.Outcome},
		{item: "Taken at (UTC)", value: s.TakenAt},
		{item: "Source (label in the settings)", value: s.Source},
		{item: "Organization ID", value: orText(s.OrganizationID, unknown)},
		{item: "Organization name", value: orText(s.OrganizationName, unknown)},
		{item: "Organization tier", value: orText(s.OrganizationTier, notReported)},
		{item: "Base URL", value: s.BaseURL},
		{item: "Identity", value: orText(strings.TrimSpace(s.Principal+" "+s.PrincipalID), unknown)},
		{item: "Retries", value: s.Retries},
		{item: "Local clock minus server clock", value: clockText(s.ServerClockOffset, s.ServerClockKnown)},
		{item: "Unknown fields in answers", value: orText(strings.Join(s.UnknownFields, ", "), "none")},
		{item: "Notes of the collector", value: orText(strings.Join(s.Notes, "; "), "none")},
	}
	if s.Outcome != snapshot.Complete {
		return append(facts,
			fact{item: "Pages read before it failed", value: s.Pages},
			fact{item: "Error code", value: orText(s.ErrorCode, "none")},
			fact{item: "Error", value: orText(s.Error, "no reason was stored")})
	}
	return append(facts,
		fact{item: "Baseline snapshot", value: baselineID(s.BaselineID)},
		fact{item: "Pages", value: s.Pages},
		fact{item: "SCIM pages", value: s.SCIMListing.Pages},
		fact{item: "SCIM rows of each page", value: s.SCIMListing.RowsPerPage},
		fact{item: "SCIM final page token", value: finalToken(s.SCIMListing)},
		fact{item: "SCIM records received", value: s.SCIMReceived},
		fact{item: "SCIM distinct ids", value: s.SCIMDistinct},
		fact{item: "SCIM rows stored", value: s.SCIMConfigurations},
		fact{item: "SSO pages", value: unless(s.SSONotAssessed, s.SSOListing.Pages)},
		fact{item: "SSO rows of each page", value: unless(s.SSONotAssessed, s.SSOListing.RowsPerPage)},
		fact{item: "SSO final page token", value: unless(s.SSONotAssessed, finalToken(s.SSOListing))},
		fact{item: "SSO records received", value: unless(s.SSONotAssessed, s.SSOReceived)},
		fact{item: "SSO distinct ids", value: unless(s.SSONotAssessed, s.SSODistinct)},
		fact{item: "SSO rows stored", value: unless(s.SSONotAssessed, s.SSOConfigurations)},
		fact{item: "Organization policies", value: unless(s.PoliciesNotAssessed, "assessed")},
		fact{item: "content_sha256", value: s.ContentSHA256},
		fact{item: "chain_sha256", value: s.ChainSHA256})
}

// finalToken says whether the last page itself told that it is the last.
func finalToken(l snapshot.Listing) string {
	if l.FinalTokenEmpty {
		return "empty: the listing is whole"
	}
	return "not empty: the listing is not whole"
}

// logFacts is how the audit log was read for a snapshot that has a baseline.
func logFacts(organization int, o *Organization) []fact {
	l := o.AuditLog
	if l == nil {
		return nil
	}
	return []fact{
		{organization, "Audit log read back to, by the server's clock (UTC)", l.Since},
		{organization, "Audit log pages", unless(l.NotAssessed, l.Pages)},
		{organization, "Audit log entries received", unless(l.NotAssessed, l.Received)},
		{organization, "Audit log entries in the period", unless(l.NotAssessed, len(l.Entries))},
		{organization, "Audit log entries that may be missing", unless(l.NotAssessed, orText(l.Lacking, "none"))},
	}
}

// unless is a value, or why it was not assessed.
func unless(notAssessed string, value any) any {
	if notAssessed != "" {
		return "not assessed: " + notAssessed
	}
	return value
}

func baselineID(id int64) any {
	if id == 0 {
		return baselineText
	}
	return int(id)
}

func clockText(offset time.Duration, known bool) string {
	if !known {
		return "unknown: no answer carried a date"
	}
	return offset.String()
}

// thresholds is what was in order by each rule that compares with a number, as its findings say it: a finding's Expected is the rule's own,
// followed by the thresholds in use.
func (v *view) thresholds(organization int) []fact {
	var all []fact
	for i := range v.Rules {
		rule := &v.Rules[i]
		if expected := v.Organizations[organization].expected(rule); expected != rule.Expected {
			all = append(all, fact{organization, "Threshold of " + rule.ID, expected})
		}
	}
	return all
}

func (o *Organization) expected(rule *finding.Rule) string {
	for i := range o.Findings {
		if o.Findings[i].RuleID == rule.ID {
			return o.Findings[i].Expected
		}
	}
	return rule.Expected
}

// tally counts the cells that a file shows in another form than the database holds.
type tally struct {
	altered int // of the workbook: hidden characters made visible
	cut     int // of the workbook: longer than a cell can be
	csv     int // of the CSV files: guarded against being read as a formula, or hidden characters made visible
}

// facts tells of the files that the report has.
func (t *tally) facts(o *Options, files []file) []fact {
	var facts []fact
	if o.Has(FormatXLSX) {
		facts = append(facts,
			fact{runLevel, "Workbook cells with hidden characters made visible", t.altered},
			fact{runLevel, "Workbook cells cut at " + fmt.Sprint(maxCellUnits) + " characters", t.cut})
	}
	if o.Has(FormatCSV) {
		facts = append(facts, fact{runLevel, "CSV cells with a leading ' against formulas, or hidden characters made visible", t.csv})
	}
	whole := []string{"the database"}
	for _, f := range files {
		if (f.format == FormatJSON || f.format == FormatJSONL) && o.Has(f.format) {
			whole = append(whole, f.name)
		}
	}
	return append(facts, fact{runLevel, "Full, unaltered values", strings.Join(whole, ", ")})
}

// factTable has a row for each fact; scope names what it is about.
func factTable(facts []fact, scope func(organization int) string) *table {
	return &table{
		columns: []column{{"Organization", "organization"}, {"Item", "item"}, {"Value", "value"}},
		rows: func(yield func(row) bool) {
			for _, f := range facts {
				if !yield(row{f.organization, []any{scope(f.organization), f.item, f.value}}) {
					return
				}
			}
		},
	}
}

var exceptionColumns = []column{
	{"Rule", "rule_id"},
	{"State", "state"},
	{"Bearing", "bearing"},
	{"Organization", "organization"},
	{"Subject ID", "subject_id"},
	{"For organization ID", "accepted_organization_id"},
	{"Accepted by", "owner"},
	{"Last day, in UTC", "expires"},
	{"Reason", "reason"},
	{"Ticket", "ticket"},
	{"Findings", "findings"},
}

// accepted is an exception in one organization, or in none of the run's when organization is runLevel.
type accepted struct {
	organization int
	*snapshot.Acceptance
}

// exceptions is the exceptions of the run. One that names no organization stands with those in which it bears on something, and once for
// the run where it does in none.
func (v *view) exceptions() []accepted {
	bears := make(map[finding.Exception]bool)
	for _, o := range v.each() {
		for _, a := range o.Acceptances {
			bears[a.Exception] = bears[a.Exception] || a.Bearing != finding.Unmatched
		}
	}
	var all []accepted
	told := make(map[finding.Exception]bool)
	for i, o := range v.each() {
		for j := range o.Acceptances {
			a := &o.Acceptances[j]
			switch {
			case a.Bearing != finding.Unmatched || a.OrganizationID != "" || len(v.Organizations) == 1:
				all = append(all, accepted{i, a})
			case !bears[a.Exception] && !told[a.Exception]:
				all, told[a.Exception] = append(all, accepted{runLevel, v.anywhere(*a)}), true
			}
		}
	}
	return all
}

// anywhere is an exception that bears on nothing in the organizations that were assessed.
func (v *view) anywhere(a snapshot.Acceptance) *snapshot.Acceptance {
	if v.incomplete() > 0 {
		a.Bearing = finding.Open
	}
	return &a
}

func (a accepted) state() string {
	if a.InForce {
		return "in force"
	}
	return "expired"
}

// exceptionTable has every exception with who accepted what until when, and whether it covers anything.
func (v *view) exceptionTable() *table {
	var rows []row
	for _, a := range v.exceptions() {
		rows = append(rows, row{a.organization, []any{
			a.RuleID, a.state(), string(a.Bearing), v.label(a.organization), a.SubjectID, a.OrganizationID, a.Owner,
			day(a.Expires), a.Reason, a.Ticket, a.Findings,
		}})
	}
	return &table{name: "Exceptions", file: fileExceptions, columns: exceptionColumns, rows: rowList(rows), remarks: v.exceptionRemarks()}
}

// exceptionRemarks says where it is not known whether an exception matches anything.
func (v *view) exceptionRemarks() []remark {
	var all []remark
	for i, o := range v.each() {
		if !o.complete() {
			all = append(all, remark{i, fmt.Sprintf("%s: %s: which of its findings are accepted was not assessed", wordNotComplete, v.label(i)), true})
		}
	}
	return all
}

// exceptionSummary is the exceptions as the summary's columns hold them.
func (v *view) exceptionSummary() *table {
	t := &table{columns: []column{
		{"Organization", "organization"}, {"Accepted by, and why", "reason"}, {"For, and what came of it", "bearing"}, {"State", "state"},
		{"Rule", "rule_id"}, {"Last day, in UTC", "expires"},
	}}
	var rows []row
	for _, a := range v.exceptions() {
		by := a.Owner + ": " + a.Reason
		if a.Ticket != "" {
			by += " (" + a.Ticket + ")"
		}
		rows = append(rows, row{a.organization, []any{v.scope(a.organization), by, a.cameTo(), a.state(), a.RuleID, day(a.Expires)}})
	}
	t.rows, t.remarks = rowList(rows), v.exceptionRemarks()
	return t
}

// cameTo says what an exception is for and what it did.
func (a accepted) cameTo() string {
	subject := orText(a.SubjectID, "every subject of organization "+a.OrganizationID)
	result := "matches nothing that fails"
	switch {
	case a.Bearing == finding.Open:
		result = "not assessed: what it is for could not be"
	case a.Bearing == finding.Applied && a.InForce:
		result = "covers " + count(a.Findings, "finding")
	case a.Bearing == finding.Applied:
		result = "expired: fails again in " + count(a.Findings, "finding")
	}
	return subject + ": " + result
}

// The files of a report folder.
const (
	WorkbookFile   = "audit.xlsx"
	MarkdownFile   = "audit.md"
	fileJSON       = "audit.json"
	fileJSONLines  = "audit.jsonl"
	fileChanges    = "changes.csv"
	fileInventory  = "inventory.csv"
	fileSSO        = "sso.csv"
	fileFindings   = "findings.csv"
	fileExceptions = "exceptions.csv"
	fileRules      = "rules.csv"
	fileTimeline   = "timeline.csv"
	fileRuns       = "runs.csv"
	fileExchanges  = "exchanges.csv"
	fileManifest   = "manifest.json"
	fileSums       = "SHA256SUMS"
)

// file is one file of a report folder.
type file struct {
	name   string
	format Format
	write  func(io.Writer) error
}

// files are what the report consists of, but for the two that list them.
func (v *view) files() []file {
	all := []file{
		{WorkbookFile, FormatXLSX, func(w io.Writer) error { return v.writeWorkbook(w, excelRows) }},
		{MarkdownFile, FormatMD, v.writeMarkdown},
		{fileJSON, FormatJSON, v.writeJSON},
		{fileJSONLines, FormatJSONL, v.writeJSONLines},
	}
	for _, t := range v.csvTables() {
		all = append(all, file{t.file, FormatCSV, func(w io.Writer) error { return v.writeCSV(w, t) }})
	}
	return all
}

var findingColumns = []column{
	{"Rule", "rule_id"},
	{"Status", "status"},
	{"Severity", "severity"},
	{"Organization", "organization"},
	{"Title", "title"},
	{"Subject name", "subject_name"},
	{"Subject ID", "subject_id"},
	{"Subject type", "subject_type"},
	{"Observed", "observed"},
	{"Expected", "expected"},
	{"Original status", "original_status"},
	{"Accepted by, until when, why", "accepted"},
	{"First seen (UTC)", "first_seen"},
	{"Last seen (UTC)", "last_seen"},
	{"Days open", "days_open"},
	{"SOC 2", "soc2"},
	{"ISO 27001", "iso_27001"},
	{"NIST 800-53", "nist_800_53"},
	{"PCI DSS", "pci_dss"},
	{"Fingerprint", "fingerprint"},
}

// frameworkCells are the controls that a rule supports, a cell for each framework.
func frameworkCells(r *finding.Rule) []any {
	cells := make([]any, len(finding.Frameworks))
	for i, framework := range finding.Frameworks {
		cells[i] = strings.Join(r.Controls(framework), ", ")
	}
	return cells
}

// findingTable has every outcome but a pass, of each organization the failed and most serious first; the passes are counted in the rules.
func (v *view) findingTable() *table {
	return &table{
		name:    "Findings",
		file:    fileFindings,
		columns: findingColumns,
		rows: func(yield func(row) bool) {
			for i, o := range v.each() {
				for _, f := range o.notPassed() {
					if !yield(row{i, v.findingCells(i, f)}) {
						return
					}
				}
			}
		},
		remarks: v.findingRemarks(),
	}
}

func (v *view) findingCells(organization int, f *snapshot.Finding) []any {
	var days, original any
	if !f.FirstSeen.IsZero() {
		days = f.DaysOpen
	}
	if f.OriginalStatus != "" {
		original = f.OriginalStatus
	}
	cells := []any{
		f.RuleID, f.Status, f.Severity, v.label(organization), f.Title, f.SubjectName, f.SubjectID, string(f.SubjectType),
		f.Observed, f.Expected, original, acceptedText(f), instant(f.FirstSeen, ""), instant(f.LastSeen, ""), days,
	}
	return append(append(cells, frameworkCells(findRule(v.Rules, f.RuleID))...), f.Fingerprint)
}

// acceptedText tells the exception that covers a finding; one that expired is named in what was observed.
func acceptedText(f *snapshot.Finding) string {
	x := f.Exception
	if x == nil || f.Status != finding.Excepted {
		return ""
	}
	text := fmt.Sprintf("%s until %s: %s", x.Owner, x.Expires.Format(time.DateOnly), x.Reason)
	if x.Ticket != "" {
		text += " (" + x.Ticket + ")"
	}
	return text
}

// findRule finds a rule of this version; one that it does not have is empty.
func findRule(rules []finding.Rule, id string) *finding.Rule {
	for i := range rules {
		if rules[i].ID == id {
			return &rules[i]
		}
	}
	return &finding.Rule{}
}

// notPassed sorts by status and severity and else keeps the stored order, which is that of the rules.
func (o *Organization) notPassed() []*snapshot.Finding {
	var all []*snapshot.Finding
	for i := range o.Findings {
		if o.Findings[i].Status != finding.Pass {
			all = append(all, &o.Findings[i])
		}
	}
	slices.SortStableFunc(all, func(a, b *snapshot.Finding) int {
		return cmp.Or(
			cmp.Compare(slices.Index(statuses, a.Status), slices.Index(statuses, b.Status)),
			cmp.Compare(slices.Index(diff.Severities, a.Severity), slices.Index(diff.Severities, b.Severity)))
	})
	return all
}

// statuses is the order in which findings are told.
var statuses = []finding.Status{finding.Fail, finding.NotAssessed, finding.Excepted, finding.Pass}

func (v *view) findingRemarks() []remark {
	all := v.lacking()
	for i, o := range v.each() {
		switch {
		case !o.complete():
		case len(o.Findings) == 0:
			all = append(all, remark{i, v.label(i) + ": not assessed: no outcome of any rule is stored", true})
		case len(o.Findings) == o.findings(finding.Pass):
			all = append(all, remark{i, v.label(i) + ": none: every rule passed", false})
		}
	}
	return all
}

var ruleColumns = []column{
	{"Rule", "rule_id"},
	{"Title", "title"},
	{"Organization", "organization"},
	{"Outcome", "outcome"},
	{"Severity", "severity"},
	{"Fail", "fail"},
	{"Not assessed", "not_assessed"},
	{"Excepted", "excepted"},
	{"Pass", "pass"},
	{"Why it matters", "why"},
	{"Remedy", "remedy"},
	{"SOC 2", "soc2"},
	{"ISO 27001", "iso_27001"},
	{"NIST 800-53", "nist_800_53"},
	{"PCI DSS", "pci_dss"},
}

// ruleTable has every rule for every organization with how often it had which outcome.
func (v *view) ruleTable() *table {
	return &table{
		name:    "Rules",
		file:    fileRules,
		columns: ruleColumns,
		rows: rowsOf(v, v.rulesOf, func(i int, o *Organization, r *finding.Rule) []any {
			counts := o.outcomes(r.ID)
			var severity any = r.Severity
			if counts[finding.Fail] == 0 {
				severity = string(r.Severity) // in no colour: nothing is wrong
			}
			return append([]any{
				r.ID, r.Title, v.label(i), outcome(counts), severity, counts[finding.Fail], counts[finding.NotAssessed], counts[finding.Excepted],
				counts[finding.Pass], r.Why, r.Remedy,
			}, frameworkCells(r)...)
		}),
		remarks: []remark{{runLevel, "A mapping to a control says what a rule supports; no rule alone satisfies a control.", false}},
	}
}

// rulesOf is every rule, and behind them those of stored findings that this version does not have.
func (v *view) rulesOf(o *Organization) []finding.Rule {
	rules := slices.Clone(v.Rules)
	for i := range o.Findings {
		f := &o.Findings[i]
		if !slices.ContainsFunc(rules, func(r finding.Rule) bool { return r.ID == f.RuleID }) {
			rules = append(rules, finding.Rule{ID: f.RuleID, Title: f.Title, Severity: f.Severity})
		}
	}
	return rules
}

func (o *Organization) outcomes(rule string) map[finding.Status]int {
	counts := make(map[finding.Status]int, len(statuses))
	for i := range o.Findings {
		if o.Findings[i].RuleID == rule {
			counts[o.Findings[i].Status]++
		}
	}
	return counts
}

// outcome is the gravest status of a rule; a rule without any stored outcome was not assessed.
func outcome(counts map[finding.Status]int) finding.Status {
	for _, status := range statuses {
		if counts[status] > 0 {
			return status
		}
	}
	return finding.NotAssessed
}

// severityCounts says how many changes or findings there are of each severity that occurs, the most serious first.
func severityCounts[T any](items []T, severity func(*T) diff.Severity) string {
	var texts []string
	for _, s := range diff.Severities {
		n := 0
		for i := range items {
			if severity(&items[i]) == s {
				n++
			}
		}
		if n > 0 {
			texts = append(texts, fmt.Sprintf("%d %s", n, s))
		}
	}
	return orText(strings.Join(texts, ", "), "none")
}

// folderRun stands between the time and the run id in the name of a report folder.
const folderRun = "-run-"

// The names of the folders of a run and of a period, as regular expressions.
const (
	folderInstant    = `[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{6}Z)?`
	folderRunForm    = folderInstant + folderRun + `[0-9]+`
	folderPeriodForm = folderInstant + `--` + folderInstant + folderPeriod
)

var folderName = regexp.MustCompile(`^(?:` + folderRunForm + `|` + folderPeriodForm + `)$`)

// FolderOf says by its name whether a folder is a report, and of which run; 0 for that of a period.
func FolderOf(name string) (run int64, isReport bool) {
	if !folderName.MatchString(name) {
		return 0, false
	}
	_, run = splitFolder(name)
	return run, true
}

// Writer writes the report of a run, once.
type Writer struct {
	opts  Options
	begin func() (*book, error)
}

// Begin makes, beside what the caller does until it writes, what a report has whatever it tells.
func Begin(opts Options) *Writer {
	w := &Writer{opts, newBook}
	if opts.Has(FormatXLSX) {
		w.begin = ahead(newBook)
	}
	return w
}

// Write renders all files of a run into <dir>/<started at as 2026-11-23T020000Z>-run-<id>, makes <dir>/latest point to it unless that
// already points to a newer run, and returns the folder's path. The folder appears as a whole or not at all: a report of the same run that
// is there is replaced as a whole, and after an error it is as it was. Files have mode 0600, folders 0700.
func (w *Writer) Write(dir string, m *Model) (string, error) {
	path := filepath.Join(dir, m.folder())
	v := newView(m, w.opts)
	v.begin = w.begin
	if err := writeFolder(path, v, w.opts); err != nil {
		return "", fmt.Errorf("writing the report %s: %w", path, err)
	}
	if err := setLatest(dir, m.folder()); err != nil {
		return path, fmt.Errorf("the report %s is written, but not named as the latest: %w", path, err)
	}
	return path, nil
}

// document is what a report folder is made of: the files, and the manifest that names them.
type document interface {
	// prepare computes what the files share; after it they can be written at the same time.
	prepare()
	files() []file
	writeManifest(w io.Writer, files []written) error
}

// writeFolder writes those files of a document whose formats the options name.
func writeFolder(path string, d document, opts Options) (err error) {
	parent, name := filepath.Split(path)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return err
	}
	done, err := beginWriting(parent)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	temporary, err := os.MkdirTemp(parent, "."+name+"-") // mode 0700
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(temporary))
		}
	}()
	if err := writeFiles(temporary, d, opts); err != nil {
		return err
	}
	return replaceFolder(temporary, path)
}

// atOnce is how many files are written at the same time: the workbook, the first, takes as long as all others together.
const atOnce = 2

// writeFiles writes every file, then the manifest that names them, then the sums of all. While some are written, those before go to the disk.
func writeFiles(dir string, d document, opts Options) (err error) {
	var toDisk, writing errgroup.Group
	defer func() { err = errors.Join(err, toDisk.Wait()) }()
	d.prepare()
	files := slices.DeleteFunc(d.files(), func(f file) bool { return !opts.Has(f.format) })
	done := make([]written, len(files)+1)
	write := func(i int, f file) (err error) {
		done[i], err = writeFile(dir, f, &toDisk)
		return err
	}
	writing.SetLimit(atOnce)
	for i, f := range files {
		writing.Go(func() error { return write(i, f) })
	}
	if err := writing.Wait(); err != nil {
		return err
	}
	manifest := file{name: fileManifest, write: func(w io.Writer) error { return d.writeManifest(w, done[:len(files)]) }}
	if err := write(len(files), manifest); err != nil {
		return err
	}
	_, err = writeFile(dir, file{name: fileSums, write: func(w io.Writer) error { return writeSums(w, done) }}, &toDisk)
	return err
}

// writeFile writes one file, takes its hash on the way, and leaves it to toDisk to get it to the disk itself.
func writeFile(dir string, f file, toDisk *errgroup.Group) (w written, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", f.name, err)
		}
	}()
	out, err := os.OpenFile(filepath.Join(dir, f.name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return written{}, err
	}
	defer toDisk.Go(func() error {
		if err := errors.Join(out.Sync(), out.Close()); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		return nil
	})
	sum := sha256.New()
	buffer := bufio.NewWriter(io.MultiWriter(out, sum))
	if err := f.write(buffer); err != nil {
		return written{}, err
	}
	if err := buffer.Flush(); err != nil {
		return written{}, err
	}
	info, err := out.Stat()
	if err != nil {
		return written{}, err
	}
	return written{f.name, info.Size(), hex.EncodeToString(sum.Sum(nil))}, nil
}

// replaceFolder puts a finished folder in the place of path. What is there is moved aside first, moved back if the new one cannot take its
// place, and removed last.
func replaceFolder(finished, path string) error {
	if err := durable.SyncFolder(finished); err != nil {
		return err
	}
	old := finished + ".old"
	err := os.Rename(path, old)
	replacing := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("moving the earlier report aside: %w", err)
	}
	if err := os.Rename(finished, path); err != nil {
		if replacing {
			err = errors.Join(err, os.Rename(old, path))
		}
		return err
	}
	if err := durable.SyncFolder(filepath.Dir(path)); err != nil {
		return err
	}
	if replacing {
		if err := os.RemoveAll(old); err != nil {
			return fmt.Errorf("removing the earlier report: %w", err)
		}
	}
	return nil
}

// term explains a word of the report; subject and severity are set for a kind of change.
type term struct {
	word, subject string
	severity      diff.Severity
	meaning       string
}

func kind(k diff.Kind, severity diff.Severity, meaning string) term {
	return term{string(k), "SCIM configuration", severity, meaning}
}

func ssoKind(k diff.Kind, severity diff.Severity, meaning string) term {
	return term{string(k), "SSO configuration", severity, meaning}
}

func organizationKind(k diff.Kind, severity diff.Severity, meaning string) term {
	return term{string(k), "organization", severity, meaning}
}

var glossary = []term{
	{word: wordComplete, meaning: "Every organization was listed to its last page, every record was stored, and the run ended without an error."},
	{word: wordNotComplete, meaning: "At least one organization could not be listed wholly. Nothing is said about it in this run: its absence from a sheet is no removal."},
	{word: "run", meaning: "One execution of the job over all organizations."},
	{word: "snapshot", meaning: "What one organization's complete listing said at one instant (taken at)."},
	{word: "baseline", meaning: "The last complete snapshot of the same organization, with which the present one is compared. The first complete snapshot has none: it has an inventory and no changes."},
	{word: "change", meaning: "One atomic difference between the snapshot and its baseline. What only time does, such as an expiry, is a finding and no change."},
	{word: "finding", meaning: "The outcome of one rule for one subject at one instant."},
	{word: "fail", meaning: "The rule is not met."},
	{word: "pass", meaning: "The rule was evaluated and is met."},
	{word: "not assessed", meaning: "The rule could not be evaluated; Observed says why. It is neither a pass nor a fail."},
	{word: "excepted", meaning: "An exception on record covers the finding; the original status is kept beside it."},
	{word: "tie-out", meaning: "One count taken from two independent sources. It ties when both are the same number."},
	{word: "days to expiry", meaning: "Whole days from the snapshot to the token's expiry; negative once it has expired; unknown where the API did not report an expiry."},
	{word: "last seen", meaning: "The last snapshot in which the rule failed for the subject, accepted or not."},
	{word: "days open", meaning: "Whole days from the first snapshot of the present stretch in which the rule failed for the subject."},
	{word: "first seen, unchanged since", meaning: "The first snapshot with this id, and the snapshot since which every field is as it is now."},
	{word: "fingerprint", meaning: "SHA-256 of rule, organization id and subject id: it stays the same when the subject is renamed."},
	{word: "not reported", meaning: "The API left the field out. Unknown is not false, and not expired."},
	{word: "actor, candidate entries", meaning: "Audit-log entries about the same subject between the two snapshots: who may have made the change. The newest stands in the actor's columns, several are all in the note."},
	{word: noEntry, meaning: "The audit log was read from one snapshot to the other and does not tell who made the change."},
	{word: "exception", meaning: "Somebody's word, with a reason and a last day, that a failure is accepted. Unmatched: nothing that it is for fails."},
	{word: "⟦U+202E⟧", meaning: "A character that cannot be seen, shown by its code point. The full value stands in the database, and in " + fileJSON + " where that was written."},
	{word: "state, provider type", meaning: "The API's SSO_CONFIGURATION_STATE_… and PROVIDER_TYPE_… without these beginnings."},
	kind(diff.OrganizationChanged, diff.Critical, "The same id now belongs to another organization: an impossible edit."),
	kind(diff.CreatedAtChanged, diff.Critical, "The same id has another creation instant: an impossible edit."),
	kind(diff.Removed, diff.High, "In the baseline and not in the complete listing now. Before holds the whole configuration."),
	kind(diff.Added, diff.Medium, "In no earlier complete snapshot. After holds the whole configuration."),
	kind(diff.Reappeared, diff.High, "Not in the baseline, but in an older complete snapshot."),
	kind(diff.Disabled, diff.High, "Enabled before, not now: provisioning and deprovisioning have stopped."),
	kind(diff.Enabled, diff.Medium, "Not enabled before, enabled now."),
	kind(diff.SSOUnlinked, diff.High, "Linked to an SSO configuration before, to none now."),
	kind(diff.SSORelinked, diff.High, "Linked to another SSO configuration than before."),
	kind(diff.SSOLinked, diff.Low, "Linked to none before, to an SSO configuration now."),
	kind(diff.UnverifiedAllowed, diff.High, "Accounts may now be linked by e-mail addresses that nobody has verified."),
	kind(diff.UnverifiedForbidden, diff.Low, "Accounts may no longer be linked by unverified e-mail addresses."),
	kind(diff.TokenRotated, diff.Medium, "Another token expiry. The expiry can only change with a new token."),
	kind(diff.TokenExpiryReported, diff.Info, "The API now reports a token expiry that it did not report before."),
	kind(diff.TokenExpiryLost, diff.Info, "The API no longer reports the token expiry."),
	kind(diff.Renamed, diff.Low, "Another name, the same id."),
	kind(diff.FieldChanged, diff.Info, "Any other field differs."),
	kind(diff.UpdatedOnly, diff.Info, "Only updatedAt moved: possibly set and set back between the two snapshots."),
	kind(diff.UpdatedAtRegressed, diff.Medium, "updatedAt moved back."),
	ssoKind(diff.Added, diff.Medium, "In no earlier complete snapshot."),
	ssoKind(diff.Removed, diff.High, "In the baseline and not in the complete listing now."),
	ssoKind(diff.Reappeared, diff.Medium, "Not in the baseline, but in an older complete snapshot."),
	ssoKind(diff.Disabled, diff.High, "Active before, not now."),
	ssoKind(diff.Enabled, diff.Medium, "Not active before, active now."),
	ssoKind(diff.Renamed, diff.Low, "Another display name, the same id."),
	ssoKind(diff.IssuerChanged, diff.High, "Another issuer: another identity provider may vouch for users."),
	ssoKind(diff.ClientChanged, diff.Medium, "Another client id at the identity provider."),
	ssoKind(diff.DomainsChanged, diff.Medium, "Other e-mail domains sign in through it."),
	ssoKind(diff.ClaimsChanged, diff.High, "Other claims or claims expression: users may be identified differently."),
	ssoKind(diff.FieldChanged, diff.Low, "Any other field differs."),
	organizationKind(diff.RestrictionLifted, diff.High, "Accounts may now be created otherwise than through SCIM."),
	organizationKind(diff.RestrictionSet, diff.Low, "Accounts may now be created only through SCIM."),
	organizationKind(diff.FieldFirstReported, diff.Info, "A field that no configuration of the baseline reported and that some do now: a newer server, not a change of each row."),
	organizationKind(diff.FieldChanged, diff.Info, "Any other policy differs."),
}

func glossaryTable() *table { return termTable(glossary) }

func termTable(terms []term) *table {
	return &table{
		name:    "Glossary",
		columns: []column{{"Word", "word"}, {"Kind of change of", "subject"}, {"Severity", "severity"}, {"Meaning", "meaning"}},
		rows: func(yield func(row) bool) {
			for _, t := range terms {
				var severity any
				if t.severity != "" {
					severity = t.severity
				}
				if !yield(row{runLevel, []any{strings.TrimSpace(t.word), t.subject, severity, t.meaning}}) {
					return
				}
			}
		},
	}
}

var inventoryColumns = []column{
	{"ID", "id"},
	{"Name", "name"},
	{"Organization", "organization"},
	{"Enabled", "enabled"},
	{"Token expires at (UTC)", "token_expires_at"},
	{"Days to expiry", daysKey},
	{"SSO configuration ID", "sso_configuration_id"},
	{"SSO name", "sso_name"},
	{"SSO state", "sso_state"},
	{"SSO issuer", "sso_issuer"},
	{"Unverified e-mail linking", "allow_unverified_email_account_linking"},
	{"Created at (UTC)", "created_at"},
	{"Updated at (UTC)", "updated_at"},
	{"Other fields", "other_fields"},
	{"First seen (UTC)", "first_seen"},
	{"Unchanged since (UTC)", "unchanged_since"},
	{"Last seen (UTC)", "last_seen"},
	{"Open findings", "open_findings"},
	{"Rules", "open_finding_rules"},
}

const (
	notReported = "not reported"
	notLinked   = "not linked"
	unknown     = "unknown"
)

func (v *view) inventoryTable() *table {
	open := v.openFindings()
	return &table{
		name:    "Inventory",
		file:    fileInventory,
		columns: inventoryColumns,
		rows: rowsOf(v, func(o *Organization) []snapshot.SCIMConfiguration { return o.SCIM },
			func(i int, o *Organization, c *snapshot.SCIMConfiguration) []any {
				rules := open[subjectKey{i, diff.SCIMConfiguration, c.ID}]
				cells := []any{c.ID, c.Name, v.label(i), c.Enabled, instant(c.TokenExpiresAt, unknown), daysToExpiry(o, c)}
				cells = append(cells, linkedCells(o, c)...)
				return append(cells,
					reported(c.AllowUnverifiedEmailAccountLinking), instant(c.CreatedAt, notReported), instant(c.UpdatedAt, notReported),
					ona.CanonicalUnknown(c.Unknown), c.FirstSeen, c.UnchangedSince, o.Snapshot.TakenAt, len(rules), strings.Join(rules, ", "))
			}),
		remarks: v.inventoryRemarks(),
	}
}

// daysToExpiry counts whole days from the snapshot to the token's expiry, negative once it has expired.
func daysToExpiry(o *Organization, c *snapshot.SCIMConfiguration) any {
	if c.TokenExpiresAt.IsZero() {
		return unknown
	}
	return daysBetween(o.Snapshot.TakenAt, c.TokenExpiresAt)
}

// linkedCells is id, name, state and issuer of the linked SSO configuration, or why there is none to show.
func linkedCells(o *Organization, c *snapshot.SCIMConfiguration) []any {
	why, short := "", unknown
	switch linked := o.sso(c.SSOConfigurationID); {
	case c.SSOConfigurationID == "":
		why, short = notLinked, notLinked
	case o.Snapshot.SSONotAssessed != "":
		why, short = "not assessed: "+o.Snapshot.SSONotAssessed, string(notChecked)
	case linked == nil:
		why = "not among the SSO configurations"
	default:
		return []any{linked.ID, linked.DisplayName, stateWord(linked.State), linked.IssuerURL}
	}
	return []any{c.SSOConfigurationID, why, short, short}
}

// stateWord and providerWord are the API's names without what all of them begin with.
func stateWord(state string) string {
	return strings.ToLower(strings.TrimPrefix(state, "SSO_CONFIGURATION_STATE_"))
}

func providerWord(provider string) string {
	return strings.ToLower(strings.TrimPrefix(provider, "PROVIDER_TYPE_"))
}

func reported(b *bool) any {
	if b == nil {
		return notReported
	}
	return *b
}

func (v *view) inventoryRemarks() []remark {
	all := v.lacking()
	for i, o := range v.each() {
		if o.complete() && len(o.SCIM) == 0 {
			all = append(all, remark{i, fmt.Sprintf("%s: none: a complete list without any SCIM configuration", v.label(i)), false})
		}
	}
	return all
}

var ssoColumns = []column{
	{"ID", "id"},
	{"Display name", "display_name"},
	{"Organization", "organization"},
	{"State", "state"},
	{"Provider type", "provider_type"},
	{"Issuer", "issuer_url"},
	{"Client ID", "client_id"},
	{"E-mail domain", "email_domain"},
	{"E-mail domains", "email_domains"},
	{"Additional scopes", "additional_scopes"},
	{"Claims", "claims"},
	{"Claims expression", "claims_expression"},
	{"Other fields", "other_fields"},
	{"Linked SCIM configurations", "scim_configurations"},
	{"First seen (UTC)", "first_seen"},
	{"Unchanged since (UTC)", "unchanged_since"},
	{"Last seen (UTC)", "last_seen"},
	{"Open findings", "open_findings"},
	{"Rules", "open_finding_rules"},
}

func (v *view) ssoTable() *table {
	open, links := v.openFindings(), v.links()
	return &table{
		name:    "SSO",
		file:    fileSSO,
		columns: ssoColumns,
		rows: rowsOf(v, func(o *Organization) []snapshot.SSOConfiguration { return o.SSO },
			func(i int, o *Organization, c *snapshot.SSOConfiguration) []any {
				key := subjectKey{i, diff.SSOConfiguration, c.ID}
				return []any{
					c.ID, c.DisplayName, v.label(i), stateWord(c.State), providerWord(c.ProviderType), c.IssuerURL, c.ClientID, c.EmailDomain,
					strings.Join(c.EmailDomains, ", "), strings.Join(c.AdditionalScopes, ", "), claimsText(c.Claims), c.ClaimsExpression,
					ona.CanonicalUnknown(c.Unknown), strings.Join(links[key], ", "),
					c.FirstSeen, c.UnchangedSince, o.Snapshot.TakenAt, len(open[key]), strings.Join(open[key], ", "),
				}
			}),
		remarks: v.ssoRemarks(),
	}
}

func (v *view) ssoRemarks() []remark {
	all := v.lacking()
	for i, o := range v.each() {
		switch {
		case !o.complete():
		case o.Snapshot.SSONotAssessed != "":
			all = append(all, remark{i, v.label(i) + ": not assessed: " + o.Snapshot.SSONotAssessed, true})
		case len(o.SSO) == 0:
			all = append(all, remark{i, v.label(i) + ": none: a complete list without any SSO configuration", false})
		}
	}
	return all
}

// claimsText is a map as JSON; encoding/json sorts its keys.
func claimsText(claims map[string]string) string {
	if len(claims) == 0 {
		return ""
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(claims); err != nil {
		panic("report: claims as JSON: " + err.Error()) // a map of strings can always be encoded
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// subjectKey finds what belongs to a configuration.
type subjectKey struct {
	organization int
	kind         diff.SubjectType
	id           string
}

// openFindings lists the rules that fail for each configuration.
func (v *view) openFindings() map[subjectKey][]string {
	if v.open != nil {
		return v.open
	}
	v.open = make(map[subjectKey][]string)
	for i, o := range v.each() {
		for j := range o.Findings {
			if f := &o.Findings[j]; f.Status == finding.Fail {
				key := subjectKey{i, f.SubjectType, f.SubjectID}
				v.open[key] = append(v.open[key], f.RuleID)
			}
		}
	}
	return v.open
}

// links lists the SCIM configurations that link to each SSO configuration, by name and id.
func (v *view) links() map[subjectKey][]string {
	links := make(map[subjectKey][]string)
	for i, o := range v.each() {
		for j := range o.SCIM {
			if c := &o.SCIM[j]; c.SSOConfigurationID != "" {
				key := subjectKey{i, diff.SSOConfiguration, c.SSOConfigurationID}
				links[key] = append(links[key], strings.TrimSpace(c.Name+" "+c.ID))
			}
		}
	}
	return links
}

// jsonSchema is the version of the form of audit.json. Fields may be added under the same version; none changes its meaning or goes away.
const jsonSchema = "auditor-report/1"

// jsonReport is the whole report. Every value stands as the database holds it; instants are RFC 3339 in UTC, and null where unknown.
type jsonReport struct {
	jsonHead
	Organizations []jsonOrganization `json:"organizations"`
	TieOuts       []jsonTieOut       `json:"tie_outs"`
	Timeline      []jsonChange       `json:"timeline"`
	Runs          []jsonRun          `json:"runs"`
	Trend         []jsonTrend        `json:"trend"`
	Rules         []jsonRule         `json:"rules"`
}

// jsonHead is what the report as a whole is.
type jsonHead struct {
	Schema   string  `json:"schema"`
	Status   string  `json:"status"`
	Complete bool    `json:"complete"`
	Run      jsonRun `json:"run"`
	// ReportToolVersion is the version that wrote the report, the run's own the one that made the run.
	ReportToolVersion string    `json:"report_tool_version"`
	Cells             jsonCells `json:"cells"`
}

// jsonCells counts what other files show in another form than this one.
type jsonCells struct {
	WorkbookAltered int `json:"workbook_altered"`
	WorkbookCut     int `json:"workbook_cut"`
	CSVGuarded      int `json:"csv_guarded"`
}

type jsonRun struct {
	ID                    int64            `json:"id"`
	StartedAt             *time.Time       `json:"started_at"`
	FinishedAt            *time.Time       `json:"finished_at"`
	ScheduledFor          *time.Time       `json:"scheduled_for"`
	Trigger               string           `json:"trigger"`
	Outcome               snapshot.Outcome `json:"outcome"`
	Error                 string           `json:"error"`
	ToolVersion           string           `json:"tool_version"`
	Host                  string           `json:"host"`
	CompleteOrganizations int              `json:"complete_organizations"`
	FailedOrganizations   int              `json:"failed_organizations"`
	SCIMConfigurations    int              `json:"scim_configurations"`
	Changes               int              `json:"changes"`
	FailedFindings        int              `json:"failed_findings"`
}

type jsonTieOut struct {
	OrganizationID string  `json:"organization_id"`
	Check          string  `json:"check"`
	First          any     `json:"first"`
	Second         any     `json:"second"`
	Result         verdict `json:"result"`
	Remark         string  `json:"remark"`
}

type jsonRule struct {
	ID       string        `json:"id"`
	Title    string        `json:"title"`
	Severity string        `json:"severity"`
	Why      string        `json:"why"`
	Remedy   string        `json:"remedy"`
	Expected string        `json:"expected"`
	Supports []jsonControl `json:"supports"`
}

type jsonControl struct {
	Framework string `json:"framework"`
	ID        string `json:"id"`
}

// jsonForm is how values are written: in the same order each time, and what is not known as null.
var jsonForm = json2.JoinOptions(json2.Deterministic(true), json2.FormatNilSliceAsNull(true), json2.FormatNilMapAsNull(true))

func (v *view) headJSON() jsonHead {
	counted := v.cells()
	return jsonHead{jsonSchema, v.status(), v.Complete(), runJSON(&v.Run), v.writer(), jsonCells{counted.altered, counted.cut, counted.csv}}
}

func (v *view) tieOutJSON(t *tieOut) jsonTieOut {
	id := ""
	if t.organization != runLevel {
		id = v.Organizations[t.organization].id()
	}
	return jsonTieOut{id, t.check, t.first, t.second, t.verdict, t.remark}
}

func (v *view) writeJSON(w io.Writer) error {
	report := jsonReport{
		jsonHead:      v.headJSON(),
		Organizations: []jsonOrganization{},
		TieOuts:       []jsonTieOut{},
		Timeline:      each(v.Timeline, changeJSON),
		Runs:          each(v.Runs, runJSON),
		Trend:         each(v.trend(), trendJSON),
		Rules:         each(v.Rules, ruleJSON),
	}
	for i := range v.Organizations {
		report.Organizations = append(report.Organizations, v.organizationJSON(i))
	}
	for _, t := range v.tieOuts() {
		report.TieOuts = append(report.TieOuts, v.tieOutJSON(&t))
	}
	// Version 2 of the library writes as it goes; the first would hold the whole text twice.
	e := jsontext.NewEncoder(w, jsontext.WithIndent("  "), jsontext.AllowInvalidUTF8(true))
	if err := json2.MarshalEncode(e, report, jsonForm); err != nil {
		return fmt.Errorf("writing %s: %w", fileJSON, err)
	}
	return nil
}

// each converts a list; an empty one is an empty list, not null.
func each[T, J any](items []T, convert func(*T) J) []J {
	all := make([]J, len(items))
	for i := range items {
		all[i] = convert(&items[i])
	}
	return all
}

// known is nil for an instant that is not known.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func runJSON(r *snapshot.Run) jsonRun {
	return jsonRun{
		r.ID, known(r.StartedAt), known(r.FinishedAt), known(r.ScheduledFor), r.Trigger, r.Outcome, r.Error, r.ToolVersion, r.Host,
		r.CompleteOrganizations, r.FailedOrganizations, r.SCIMConfigurations, r.Changes, r.FailedFindings,
	}
}

func ruleJSON(r *finding.Rule) jsonRule {
	return jsonRule{r.ID, r.Title, string(r.Severity), r.Why, r.Remedy, r.Expected, each(r.Supports, func(c *finding.Control) jsonControl {
		return jsonControl{c.Framework, c.ID}
	})}
}

func policiesJSON(p *ona.OrganizationPolicies) *jsonPolicies {
	if p == nil {
		return nil
	}
	return &jsonPolicies{p.RestrictAccountCreationToSCIM, orEmpty(p.Unknown), raw(p.Raw)}
}

// raw is an object as received, null where the database does not hold it.
func raw(object stdjson.RawMessage) stdjson.RawMessage {
	if len(object) == 0 {
		return stdjson.RawMessage("null")
	}
	return object
}

func orEmpty(unknown map[string]stdjson.RawMessage) map[string]stdjson.RawMessage {
	if unknown == nil {
		return map[string]stdjson.RawMessage{}
	}
	return unknown
}

// jsonException is an exception as the organization's snapshot saw it.
type jsonException struct {
	RuleID         string          `json:"rule_id"`
	SubjectID      string          `json:"subject_id"`
	OrganizationID string          `json:"organization_id"`
	Owner          string          `json:"owner"`
	Reason         string          `json:"reason"`
	Ticket         string          `json:"ticket"`
	Expires        string          `json:"expires"`
	InForce        bool            `json:"in_force"`
	Bearing        finding.Bearing `json:"bearing"`
	Findings       int             `json:"findings"`
}

// jsonAuditLog is how the audit log was read; null where it was not to be read.
type jsonAuditLog struct {
	Since       *time.Time  `json:"since"`
	Until       *time.Time  `json:"until"`
	Pages       int         `json:"pages"`
	Received    int         `json:"received"`
	NotAssessed string      `json:"not_assessed"`
	Lacking     string      `json:"lacking"`
	Entries     []jsonEntry `json:"entries"`
}

type jsonEntry struct {
	ID             string     `json:"id"`
	CreatedAt      *time.Time `json:"created_at"`
	ActorID        string     `json:"actor_id"`
	ActorPrincipal string     `json:"actor_principal"`
	SubjectID      string     `json:"subject_id"`
	SubjectType    string     `json:"subject_type"`
	Action         string     `json:"action"`
}

func exceptionJSON(a *snapshot.Acceptance) jsonException {
	return jsonException{
		a.RuleID, a.SubjectID, a.OrganizationID, a.Owner, a.Reason, a.Ticket, a.Expires.Format(time.DateOnly), a.InForce, a.Bearing, a.Findings,
	}
}

func auditLogJSON(l *snapshot.AuditLog) *jsonAuditLog {
	if l == nil {
		return nil
	}
	return &jsonAuditLog{known(l.Since), known(l.Until), l.Pages, l.Received, l.NotAssessed, l.Lacking, each(l.Entries, entryJSON)}
}

func entryJSON(e *ona.AuditLogEntry) jsonEntry {
	return jsonEntry{e.ID, known(e.CreatedAt), e.ActorID, e.ActorPrincipal, e.SubjectID, e.SubjectType, e.Action}
}

// jsonOrganization is one organization of the run. Of one that is not complete, inventory and changes are null: nothing is known.
type jsonOrganization struct {
	jsonStanding
	SCIM       []jsonSCIM      `json:"scim_configurations"`
	SSO        []jsonSSO       `json:"sso_configurations"`
	Changes    []jsonChange    `json:"changes"`
	Findings   []jsonFinding   `json:"findings"`
	Exceptions []jsonException `json:"exceptions"`
	AuditLog   *jsonAuditLog   `json:"audit_log"`
	Exchanges  []jsonExchange  `json:"exchanges"`
}

// jsonStanding is how an organization stands, without its lists.
type jsonStanding struct {
	Name             string        `json:"name"`
	Standing         string        `json:"standing"`
	Snapshot         jsonSnapshot  `json:"snapshot"`
	Baseline         *jsonSnapshot `json:"baseline"`
	SSOBaseline      *int64        `json:"sso_baseline_id"`
	PoliciesBaseline *int64        `json:"policies_baseline_id"`
	LastComplete     *jsonSnapshot `json:"last_complete"`
	Policies         *jsonPolicies `json:"policies"`
}

type jsonSnapshot struct {
	ID                  int64            `json:"id"`
	RunID               int64            `json:"run_id"`
	Source              string           `json:"source"`
	OrganizationID      string           `json:"organization_id"`
	OrganizationName    string           `json:"organization_name"`
	OrganizationTier    string           `json:"organization_tier"`
	BaseURL             string           `json:"base_url"`
	PrincipalID         string           `json:"principal_id"`
	Principal           string           `json:"principal"`
	TakenAt             *time.Time       `json:"taken_at"`
	Outcome             snapshot.Outcome `json:"outcome"`
	BaselineID          int64            `json:"baseline_id"`
	ErrorCode           string           `json:"error_code"`
	Error               string           `json:"error"`
	Pages               int              `json:"pages"`
	SCIMListing         jsonListing      `json:"scim_listing"`
	SSOListing          *jsonListing     `json:"sso_listing"`
	SCIMReceived        int              `json:"scim_received"`
	SCIMDistinct        int              `json:"scim_distinct"`
	SCIMConfigurations  int              `json:"scim_configurations"`
	SSOReceived         int              `json:"sso_received"`
	SSODistinct         int              `json:"sso_distinct"`
	SSOConfigurations   int              `json:"sso_configurations"`
	SSONotAssessed      string           `json:"sso_not_assessed"`
	PoliciesNotAssessed string           `json:"policies_not_assessed"`
	Retries             int              `json:"retries"`
	ServerClockOffsetMS *int64           `json:"server_clock_offset_ms"`
	Notes               []string         `json:"notes"`
	UnknownFields       []string         `json:"unknown_fields"`
	ContentSHA256       string           `json:"content_sha256"`
	ChainSHA256         string           `json:"chain_sha256"`
}

// jsonListing is how a list was read; rows_per_page has equal neighbours together, such as "99 x 100, 37".
type jsonListing struct {
	Pages           int    `json:"pages"`
	RowsPerPage     string `json:"rows_per_page"`
	FinalTokenEmpty bool   `json:"final_token_empty"`
}

type jsonSCIM struct {
	ID                                 string                     `json:"id"`
	OrganizationID                     string                     `json:"organization_id"`
	Name                               string                     `json:"name"`
	Enabled                            bool                       `json:"enabled"`
	SSOConfigurationID                 string                     `json:"sso_configuration_id"`
	CreatedAt                          *time.Time                 `json:"created_at"`
	UpdatedAt                          *time.Time                 `json:"updated_at"`
	TokenExpiresAt                     *time.Time                 `json:"token_expires_at"`
	DaysToExpiry                       *int                       `json:"days_to_expiry"`
	AllowUnverifiedEmailAccountLinking *bool                      `json:"allow_unverified_email_account_linking"`
	UnknownFields                      map[string]json.RawMessage `json:"unknown_fields"`
	FirstSeen                          *time.Time                 `json:"first_seen"`
	UnchangedSince                     *time.Time                 `json:"unchanged_since"`
	OpenFindings                       []string                   `json:"open_findings"`
	Raw                                json.RawMessage            `json:"raw"`
}

type jsonSSO struct {
	ID               string                     `json:"id"`
	OrganizationID   string                     `json:"organization_id"`
	DisplayName      string                     `json:"display_name"`
	IssuerURL        string                     `json:"issuer_url"`
	ProviderType     string                     `json:"provider_type"`
	State            string                     `json:"state"`
	ClientID         string                     `json:"client_id"`
	EmailDomain      string                     `json:"email_domain"`
	EmailDomains     []string                   `json:"email_domains"`
	AdditionalScopes []string                   `json:"additional_scopes"`
	Claims           map[string]string          `json:"claims"`
	ClaimsExpression string                     `json:"claims_expression"`
	UnknownFields    map[string]json.RawMessage `json:"unknown_fields"`
	FirstSeen        *time.Time                 `json:"first_seen"`
	UnchangedSince   *time.Time                 `json:"unchanged_since"`
	OpenFindings     []string                   `json:"open_findings"`
	Raw              json.RawMessage            `json:"raw"`
}

type jsonPolicies struct {
	RestrictAccountCreationToSCIM bool                       `json:"restrict_account_creation_to_scim"`
	UnknownFields                 map[string]json.RawMessage `json:"unknown_fields"`
	Raw                           json.RawMessage            `json:"raw"`
}

type jsonChange struct {
	SnapshotID     int64            `json:"snapshot_id"`
	BaselineID     int64            `json:"baseline_id"`
	TakenAt        *time.Time       `json:"taken_at"`
	OrganizationID string           `json:"organization_id"`
	Severity       diff.Severity    `json:"severity"`
	Kind           diff.Kind        `json:"kind"`
	SubjectType    diff.SubjectType `json:"subject_type"`
	SubjectID      string           `json:"subject_id"`
	SubjectName    string           `json:"subject_name"`
	Field          string           `json:"field"`
	Before         string           `json:"before"`
	After          string           `json:"after"`
	BeforeLabel    string           `json:"before_label"`
	AfterLabel     string           `json:"after_label"`
	ActorID        string           `json:"actor_id"`
	ActorPrincipal string           `json:"actor_principal"`
	ActorAction    string           `json:"actor_action"`
	ActorAt        *time.Time       `json:"actor_at"`
	Note           string           `json:"note"`
	Candidates     []jsonEntry      `json:"candidates"`
}

type jsonFinding struct {
	RuleID         string           `json:"rule_id"`
	Title          string           `json:"title"`
	Severity       diff.Severity    `json:"severity"`
	Status         finding.Status   `json:"status"`
	OriginalStatus finding.Status   `json:"original_status"`
	SubjectType    diff.SubjectType `json:"subject_type"`
	SubjectID      string           `json:"subject_id"`
	SubjectName    string           `json:"subject_name"`
	Observed       string           `json:"observed"`
	Expected       string           `json:"expected"`
	Fingerprint    string           `json:"fingerprint"`
	FirstSeen      *time.Time       `json:"first_seen"`
	DaysOpen       *int             `json:"days_open"`
	LastSeen       *time.Time       `json:"last_seen"`
}

type jsonExchange struct {
	Number         int        `json:"number"`
	Method         string     `json:"method"`
	Request        string     `json:"request"`
	Status         int        `json:"status"`
	SentAt         *time.Time `json:"sent_at"`
	DurationMS     int64      `json:"duration_ms"`
	ServerDate     *time.Time `json:"server_date"`
	Records        int        `json:"records"`
	Retries        []string   `json:"retries"`
	ResponseSHA256 string     `json:"response_sha256"`
	ResponseSize   int64      `json:"response_size"`
}

func (v *view) organizationJSON(i int) jsonOrganization {
	o := &v.Organizations[i]
	j := jsonOrganization{jsonStanding: v.standingJSON(i), Findings: each(o.Findings, findingJSON), Exchanges: each(o.Exchanges, exchangeJSON)}
	if !o.complete() {
		return j
	}
	j.Exceptions, j.AuditLog = each(o.Acceptances, exceptionJSON), auditLogJSON(o.AuditLog)
	j.SCIM = each(o.SCIM, func(c *snapshot.SCIMConfiguration) jsonSCIM { return v.scimJSON(i, c) })
	if o.Snapshot.SSONotAssessed == "" {
		j.SSO = each(o.SSO, func(c *snapshot.SSOConfiguration) jsonSSO { return v.ssoJSON(i, c) })
	}
	if !o.first() {
		j.Changes = each(o.Changes, changeJSON)
	}
	return j
}

func (v *view) standingJSON(i int) jsonStanding {
	o := &v.Organizations[i]
	return jsonStanding{
		v.label(i), v.headline(i), snapshotJSON(&o.Snapshot), optionalSnapshot(o.Baseline), optionalID(o.SSOBaseline), optionalID(o.PoliciesBaseline),
		optionalSnapshot(o.LastComplete), policiesJSON(o.Policies),
	}
}

func optionalSnapshot(s *snapshot.Snapshot) *jsonSnapshot {
	if s == nil {
		return nil
	}
	j := snapshotJSON(s)
	return &j
}

func optionalID(s *snapshot.Snapshot) *int64 {
	if s == nil {
		return nil
	}
	return &s.ID
}

func snapshotJSON(s *snapshot.Snapshot) jsonSnapshot {
	var offset *int64
	if s.ServerClockKnown {
		ms := s.ServerClockOffset.Milliseconds()
		offset = &ms
	}
	var sso *jsonListing
	if s.SSONotAssessed == "" {
		sso = (*jsonListing)(&s.SSOListing)
	}
	return jsonSnapshot{
		s.ID, s.RunID, s.Source, s.OrganizationID, s.OrganizationName, s.OrganizationTier, s.BaseURL, s.PrincipalID, s.Principal,
		known(s.TakenAt), s.Outcome, s.BaselineID, s.ErrorCode, s.Error, s.Pages, jsonListing(s.SCIMListing), sso, s.SCIMReceived, s.SCIMDistinct, s.SCIMConfigurations,
		s.SSOReceived, s.SSODistinct, s.SSOConfigurations, s.SSONotAssessed, s.PoliciesNotAssessed, s.Retries, offset,
		list(s.Notes), list(s.UnknownFields), s.ContentSHA256, s.ChainSHA256,
	}
}

func (v *view) scimJSON(organization int, c *snapshot.SCIMConfiguration) jsonSCIM {
	open := v.openFindings()[subjectKey{organization, diff.SCIMConfiguration, c.ID}]
	var days *int
	if n, ok := daysToExpiry(&v.Organizations[organization], c).(int); ok {
		days = &n
	}
	return jsonSCIM{
		c.ID, c.OrganizationID, c.Name, c.Enabled, c.SSOConfigurationID, known(c.CreatedAt), known(c.UpdatedAt), known(c.TokenExpiresAt), days,
		c.AllowUnverifiedEmailAccountLinking, orEmpty(c.Unknown), known(c.FirstSeen), known(c.UnchangedSince), list(open), raw(c.Raw),
	}
}

func (v *view) ssoJSON(organization int, c *snapshot.SSOConfiguration) jsonSSO {
	open := v.openFindings()[subjectKey{organization, diff.SSOConfiguration, c.ID}]
	claims := c.Claims
	if claims == nil {
		claims = map[string]string{}
	}
	return jsonSSO{
		c.ID, c.OrganizationID, c.DisplayName, c.IssuerURL, c.ProviderType, c.State, c.ClientID, c.EmailDomain, list(c.EmailDomains),
		list(c.AdditionalScopes), claims, c.ClaimsExpression, orEmpty(c.Unknown), known(c.FirstSeen), known(c.UnchangedSince), list(open), raw(c.Raw),
	}
}

func changeJSON(c *snapshot.Change) jsonChange {
	return jsonChange{
		c.SnapshotID, c.BaselineID, known(c.TakenAt), c.OrganizationID, c.Severity, c.Kind, c.SubjectType, c.SubjectID, c.SubjectName, c.Field,
		c.Before, c.After, c.BeforeLabel, c.AfterLabel, c.ActorID, c.ActorPrincipal, c.ActorAction, known(c.ActorAt), c.Note,
		each(c.Candidates, entryJSON),
	}
}

func findingJSON(f *snapshot.Finding) jsonFinding {
	var days *int
	if !f.FirstSeen.IsZero() {
		days = &f.DaysOpen
	}
	return jsonFinding{
		f.RuleID, f.Title, f.Severity, f.Status, f.OriginalStatus, f.SubjectType, f.SubjectID, f.SubjectName, f.Observed, f.Expected,
		f.Fingerprint, known(f.FirstSeen), days, known(f.LastSeen),
	}
}

func exchangeJSON(e *snapshot.Exchange) jsonExchange {
	return jsonExchange{
		e.Number, e.Method, e.Request, e.Status, known(e.SentAt), e.Duration.Milliseconds(), known(e.ServerDate), e.Records, list(e.Retries),
		e.ResponseSHA256, e.ResponseSize,
	}
}

// list is an empty list instead of null.
func list(items []string) []string {
	if items == nil {
		return []string{}
	}
	return items
}

// jsonLine is a line of audit.jsonl: what Type names, as audit.json has it. Organization and its id are empty for what belongs to the run.
type jsonLine struct {
	Type           string `json:"type"`
	RunID          int64  `json:"run_id"`
	OrganizationID string `json:"organization_id"`
	Organization   string `json:"organization"`
	Data           any    `json:"data"`
}

// jsonEnd is the last line. A file without it, or with another number of lines before it, is not whole.
type jsonEnd struct {
	Lines int `json:"lines"`
}

// lineWriter writes lines until one cannot be written.
type lineWriter struct {
	*view
	encoder *jsontext.Encoder
	lines   int
	err     error
}

func (w *lineWriter) add(organization int, kind string, data any) {
	if w.err != nil {
		return
	}
	l := jsonLine{kind, w.Run.ID, "", w.label(organization), data}
	if organization != runLevel {
		l.OrganizationID = w.Organizations[organization].id()
	}
	w.lines++
	w.err = json2.MarshalEncode(w.encoder, l, jsonForm)
}

func addLines[T, J any](w *lineWriter, organization int, kind string, items []T, convert func(*T) J) {
	for i := range items {
		w.add(organization, kind, convert(&items[i]))
	}
}

// writeJSONLines writes what audit.json has, an object a line, and nothing of it is held.
func (v *view) writeJSONLines(out io.Writer) error {
	w := &lineWriter{view: v, encoder: jsontext.NewEncoder(out, jsontext.AllowInvalidUTF8(true))}
	w.add(runLevel, "report", v.headJSON())
	for i := range v.Organizations {
		w.organization(i)
	}
	addLines(w, runLevel, "timeline", v.Timeline, changeJSON)
	addLines(w, runLevel, "run", v.Runs, runJSON)
	addLines(w, runLevel, "trend", v.trend(), trendJSON)
	addLines(w, runLevel, "rule", v.Rules, ruleJSON)
	for _, t := range v.tieOuts() {
		w.add(t.organization, "tie_out", v.tieOutJSON(&t))
	}
	w.add(runLevel, "end", jsonEnd{w.lines})
	if w.err != nil {
		return fmt.Errorf("writing %s: %w", fileJSONLines, w.err)
	}
	return nil
}

// organization writes what is known of one organization; of one that is not complete, that it is not.
func (w *lineWriter) organization(i int) {
	o := &w.Organizations[i]
	w.add(i, "organization", w.standingJSON(i))
	addLines(w, i, "finding", o.Findings, findingJSON)
	addLines(w, i, "exchange", o.Exchanges, exchangeJSON)
	if !o.complete() {
		return
	}
	addLines(w, i, "scim_configuration", o.SCIM, func(c *snapshot.SCIMConfiguration) jsonSCIM { return w.scimJSON(i, c) })
	if o.Snapshot.SSONotAssessed == "" {
		addLines(w, i, "sso_configuration", o.SSO, func(c *snapshot.SSOConfiguration) jsonSSO { return w.ssoJSON(i, c) })
	}
	if !o.first() {
		addLines(w, i, "change", o.Changes, changeJSON)
	}
	addLines(w, i, "exception", o.Acceptances, exceptionJSON)
	if o.AuditLog != nil {
		w.add(i, "audit_log", auditLogJSON(o.AuditLog))
	}
}

// The names under which the newest report is found: a symbolic link, or where there can be none a text file with the folder's name.
const (
	latestLink = "latest"
	latestText = "latest.txt"
)

// setLatest makes the newest report of dir be found under one name. It never moves back to an older run, unless the newer is gone.
func setLatest(dir, folder string) error {
	current, err := readLatest(dir)
	if err != nil {
		return err
	}
	if newer(current, folder) {
		if _, err := os.Stat(filepath.Join(dir, current)); err == nil {
			return nil
		}
	}
	if durable.Symlink(folder, filepath.Join(dir, latestLink)) == nil {
		return removeIfThere(filepath.Join(dir, latestText)) // of an earlier time when there could be no link
	}
	return durable.WriteFile(filepath.Join(dir, latestText), []byte(folder+"\n"), 0o600)
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// readLatest is the name of the folder that counts as the newest so far, empty when there is none.
func readLatest(dir string) (string, error) {
	if target, err := os.Readlink(filepath.Join(dir, latestLink)); err == nil {
		return filepath.Base(target), nil
	}
	text, err := os.ReadFile(filepath.Join(dir, latestText))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(text)), err
}

// newer says whether the folder a is of a later run than b. Names that are no report folder's are older than all.
func newer(a, b string) bool {
	aTime, aRun := splitFolder(a)
	bTime, bRun := splitFolder(b)
	return cmp.Or(strings.Compare(aTime, bTime), cmp.Compare(aRun, bRun)) > 0
}

func splitFolder(name string) (started string, run int64) {
	started, id, found := strings.Cut(name, folderRun)
	run, err := strconv.ParseInt(id, 10, 64)
	if !found || err != nil {
		return "", 0
	}
	return started, run
}

// folderLock is locked by everybody who writes a report into the folder it is in: shared while one is written, and alone to remove what
// a process left there that was killed. It ends with the process, however that ends.
const folderLock = ".lock"

// beginWriting holds the lock of a folder of reports until done is called. It removes leftovers first if nobody else is writing.
func beginWriting(dir string) (done func() error, err error) {
	lock := flock.New(filepath.Join(dir, folderLock), flock.SetPermissions(0o600))
	alone, err := lock.TryLock()
	if alone {
		removeLeftovers(dir)
		err = lock.Unlock()
	}
	if err == nil {
		err = lock.RLock() // waits no longer than for another to remove leftovers
	}
	if opening := (*fs.PathError)(nil); errors.As(err, &opening) {
		return nil, fmt.Errorf("opening the lock of the folder: %w", err)
	}
	// Any other error is of a file system without locks. There nobody is ever alone, so nothing is removed.
	return lock.Close, nil
}

// leftover is the name of a temporary folder of writeFolder, or of an earlier report that replaceFolder moved aside, with that of the report.
var leftover = regexp.MustCompile(`^\.(` + folderRunForm + `|` + folderPeriodForm + `)-[0-9]+(\.old)?$`)

// removeLeftovers removes what nobody will finish. An earlier report that was moved aside goes back where no new one has taken its place. What
// cannot be removed stays for the next time: the report does not depend on it.
func removeLeftovers(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		parts := leftover.FindStringSubmatch(e.Name())
		if parts == nil || !e.IsDir() {
			continue
		}
		path, place := filepath.Join(dir, e.Name()), filepath.Join(dir, parts[1])
		if _, err := os.Lstat(place); strings.HasSuffix(e.Name(), ".old") && errors.Is(err, fs.ErrNotExist) {
			_ = os.Rename(path, place)
			continue
		}
		_ = os.RemoveAll(path)
	}
}

// inUTC ends the title of every column, and the name of every fact, whose values are instants.
const inUTC = "(UTC)"

// localTime is an instant as the clocks of its zone show it: a second value beside the one in UTC, never instead of it.
type localTime struct{ time.Time }

// wallClock is what the zone's clocks show, as if it were UTC.
func (t localTime) wallClock() time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// localized is a table with a column named after the zone beside each column of instants. What stands for an instant that is not known
// stands in both.
func (o *Options) localized(t *table) *table {
	zone := o.Zone()
	if zone == nil {
		return t
	}
	with := *t
	with.columns = nil
	var instants []int
	for i, c := range t.columns {
		with.columns = append(with.columns, c)
		if name, ok := strings.CutSuffix(c.title, inUTC); ok {
			instants = append(instants, i)
			with.columns = append(with.columns, column{name + "(" + zone.String() + ")", c.key + "_local"})
		}
	}
	with.rows = func(yield func(row) bool) {
		for r := range t.rows {
			if !yield(row{r.organization, withLocal(r.cells, instants, zone)}) {
				return
			}
		}
	}
	return &with
}

// withLocal has behind each of the cells at instants, which ascend, the same in the zone.
func withLocal(cells []any, instants []int, zone *time.Location) []any {
	all := make([]any, 0, len(cells)+len(instants))
	for i, value := range cells {
		all = append(all, value)
		if len(instants) > 0 && instants[0] == i {
			all, instants = append(all, local(value, zone)), instants[1:]
		}
	}
	return all
}

func local(value any, zone *time.Location) any {
	if t, ok := value.(time.Time); ok {
		return localTime{t.In(zone)}
	}
	return value
}

// localFacts has behind each instant the same in the zone.
func (o *Options) localFacts(facts []fact) []fact {
	zone := o.Zone()
	if zone == nil {
		return facts
	}
	var all []fact
	for _, f := range facts {
		all = append(all, f)
		if name, ok := strings.CutSuffix(f.item, inUTC); ok {
			all = append(all, fact{f.organization, name + "(" + zone.String() + ")", local(f.value, zone)})
		}
	}
	return all
}

// manifestSchema is the version of the form of manifest.json.
const manifestSchema = "auditor-manifest/1"

// written is a file as it lies in the folder.
type written struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`   // bytes
	SHA256 string `json:"sha256"` // in hex
}

// manifest says what a report folder holds and of which run it is. It names every file but itself and SHA256SUMS, which names it.
type manifest struct {
	Schema    string    `json:"schema"`
	RunID     int64     `json:"run_id"`
	StartedAt time.Time `json:"started_at"`
	Complete  bool      `json:"complete"`
	// ToolVersion is of the tool that made the run, ReportToolVersion of the one that wrote these files.
	ToolVersion       string             `json:"tool_version"`
	ReportToolVersion string             `json:"report_tool_version"`
	Snapshots         []manifestSnapshot `json:"snapshots"`
	Files             []written          `json:"files"`
}

// manifestSnapshot is what the database holds of one organization; the hashes are empty where its snapshot is not complete.
type manifestSnapshot struct {
	ID             int64            `json:"id"`
	OrganizationID string           `json:"organization_id"`
	Organization   string           `json:"organization"`
	Outcome        snapshot.Outcome `json:"outcome"`
	ContentSHA256  string           `json:"content_sha256"`
	ChainSHA256    string           `json:"chain_sha256"`
}

func (v *view) writeManifest(w io.Writer, files []written) error {
	return encodeManifest(w, manifest{
		Schema:      manifestSchema,
		RunID:       v.Run.ID,
		StartedAt:   v.Run.StartedAt.UTC(),
		Complete:    v.Complete(),
		ToolVersion: v.Run.ToolVersion, ReportToolVersion: v.writer(),
		Snapshots: v.manifestSnapshots(),
		Files:     sorted(files),
	})
}

func encodeManifest(w io.Writer, m any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(m); err != nil {
		return fmt.Errorf("writing %s: %w", fileManifest, err)
	}
	return nil
}

func (v *view) manifestSnapshots() []manifestSnapshot {
	all := []manifestSnapshot{}
	for i, o := range v.each() {
		s := &o.Snapshot
		all = append(all, manifestSnapshot{s.ID, o.id(), v.label(i), s.Outcome, s.ContentSHA256, s.ChainSHA256})
	}
	return all
}

// writeSums writes what sha256sum -c reads: https://www.gnu.org/software/coreutils/manual/html_node/cksum-output-modes.html
func writeSums(w io.Writer, files []written) error {
	for _, f := range sorted(files) {
		if _, err := fmt.Fprintf(w, "%s  %s\n", f.SHA256, f.Name); err != nil {
			return fmt.Errorf("writing %s: %w", fileSums, err)
		}
	}
	return nil
}

func sorted(files []written) []written {
	return slices.SortedFunc(slices.Values(files), func(a, b written) int { return cmp.Compare(a.Name, b.Name) })
}

// templateName is the built-in template in reports/templates.
const templateName = "report.md.tmpl"

// Markdown is what a template of the Markdown report can use. Every text is GitHub Flavored Markdown already, with the texts of the API
// escaped, so that a template writes them as they are. docs/templates.md tells the same to those who write one.
type Markdown struct {
	Title string
	// Complete says whether every organization of the run is complete; Status is one sentence that begins with COMPLETE or NOT COMPLETE.
	Complete bool
	Status   string
	// Alarms is what must stand at the top: why the run is not complete, which counts do not tie.
	Alarms []string
	// Run is one sentence on the run, Organizations one on how each complete organization stands.
	Run           string
	Organizations []string
	RunID         int64
	// StartedAt is like 2026-11-23 02:00:00 UTC.
	StartedAt string
	// ToolVersion is the version that wrote the report.
	ToolVersion string

	TieOuts, Changes, Findings, Exceptions, SCIM, SSO, Rules, Timeline, Runs, Evidence, Exchanges MarkdownTable
}

// tables are the tables, for what is done to each.
func (m *Markdown) tables() []*MarkdownTable {
	return []*MarkdownTable{&m.TieOuts, &m.Changes, &m.Findings, &m.Exceptions, &m.SCIM, &m.SSO, &m.Rules, &m.Timeline, &m.Runs, &m.Evidence, &m.Exchanges}
}

func (v *view) writeMarkdown(w io.Writer) error {
	return executeTemplate(w, v.Template, templateName, v.markdown())
}

// executeTemplate executes a template with the data, the built-in one of this name when it is nil.
func executeTemplate(w io.Writer, t *Template, builtInName string, data any) error {
	if t == nil {
		var err error
		if t, err = builtIn(builtInName); err != nil {
			return err
		}
	}
	if err := t.execute(w, data); err != nil {
		return fmt.Errorf("making the Markdown report: %w", err)
	}
	return nil
}

func (v *view) markdown() Markdown {
	counted := v.cells()
	m := Markdown{
		Title:       reportTitle,
		Complete:    v.Complete(),
		Status:      markdownText(v.status()),
		Run:         markdownText(v.runSentence()),
		RunID:       v.Run.ID,
		StartedAt:   utc(v.Run.StartedAt),
		ToolVersion: markdownText(v.writer()),
		TieOuts:     v.markdownTable(tieOutTable(v.tieOuts(), v.scope)),
		Changes:     v.markdownTable(v.changesToRead()),
		Findings:    v.markdownTable(v.findingTable(), "status", "severity", "rule_id", "organization", "subject_name", "subject_id", "observed", "days_open", "accepted"),
		Exceptions: v.markdownTable(v.exceptionTable(), "state", "bearing", "rule_id", "organization", "subject_id", "owner", "expires", "reason", "ticket",
			"findings"),
		SCIM: v.markdownTable(v.inventoryTable(), "name", "id", "organization", "enabled", "token_expires_at", "days_to_expiry", "sso_name",
			"open_finding_rules"),
		SSO:       v.markdownTable(v.ssoTable(), "display_name", "id", "organization", "state", "provider_type", "issuer_url", "email_domains", "open_finding_rules"),
		Rules:     v.markdownTable(v.ruleTable(), "rule_id", "title", "organization", "outcome", "severity", "fail", "not_assessed", "excepted", "pass"),
		Timeline:  v.markdownTable(v.timelineTable(), "taken_at", "organization", "subject_name", "subject_id", "kind", "severity", "field", "before", "after", "note"),
		Runs:      v.markdownTable(v.runTable(), "id", "outcome", "started_at", "trigger", "organizations_complete", "organizations_failed", "changes", "error"),
		Evidence:  v.markdownTable(factTable(append(v.facts(), counted.facts(&v.Options, v.files())...), v.scope)),
		Exchanges: v.markdownTable(v.exchangeTable(), "organization", "number", "method", "request", "status", "sent_at", "records", "retries", "response_sha256"),
	}
	for _, alarm := range v.alarms() {
		m.Alarms = append(m.Alarms, markdownText(alarm))
	}
	for i, o := range v.each() {
		if o.complete() { // one that is not stands among the alarms
			m.Organizations = append(m.Organizations, markdownText(v.headline(i)))
		}
	}
	return m
}

// markdownTable is a table of which the Markdown shows the columns of these keys, or all.
func (v *view) markdownTable(t *table, keys ...string) MarkdownTable {
	return v.tableBeside(WorkbookFile, t, keys)
}

// tableBeside is a table as Markdown beside a workbook with this name.
func (o *Options) tableBeside(workbook string, t *table, keys []string) MarkdownTable {
	rest := "the database"
	switch {
	case t.file != "" && o.Has(FormatCSV):
		rest = t.file
	case o.Has(FormatXLSX):
		rest = workbook
	}
	shown := t
	if len(keys) > 0 {
		shown = t.pick(keys...)
	}
	return MarkdownTable{o.localized(t), o.localized(shown), rest}
}

// writer is the version that writes the report.
func (v *view) writer() string { return orText(v.ToolVersion, v.Run.ToolVersion) }

func (v *view) runSentence() string {
	r := &v.Run
	scheduled := "not scheduled"
	if !r.ScheduledFor.IsZero() {
		scheduled = "scheduled for " + utc(r.ScheduledFor)
	}
	written := ""
	if v.writer() != r.ToolVersion {
		written = " This report was written again by auditor " + v.writer() + "."
	}
	return fmt.Sprintf("Run %d of %s (%s, trigger %s), made by auditor %s on %s.%s", r.ID, utc(r.StartedAt), scheduled, r.Trigger, r.ToolVersion, r.Host, written)
}

// How much of a table and of a value Markdown shows.
const (
	markdownRows  = 200
	markdownRunes = 160
)

// changesToRead has what a person reads of a change: labels where there are any, and of long values the beginning.
func (v *view) changesToRead() *table {
	t := v.changeTable()
	return &table{
		file: t.file,
		columns: []column{
			{"Severity", "severity"}, {"Kind", "kind"}, {"Organization", "organization"}, {"Subject", "subject"}, {"Subject ID", "subject_id"},
			{"Field", "field"}, {"Before", "before"}, {"After", "after"}, {"Actor", "actor"}, {"Note", "note"},
		},
		rows: rowsOf(v, func(o *Organization) []snapshot.Change { return o.Changes },
			func(i int, o *Organization, c *snapshot.Change) []any {
				actor := strings.TrimSpace(c.ActorAction + " " + c.ActorID)
				return []any{
					c.Severity, string(c.Kind), v.label(i), c.SubjectName, c.SubjectID, c.Field,
					readable(c.Before, c.BeforeLabel), readable(c.After, c.AfterLabel), orText(actor, whyNoActor(o.AuditLog)), c.Note,
				}
			}),
		remarks: t.remarks,
	}
}

// readable is a changed value as a person reads it.
func readable(value, label string) string {
	text := orText(label, orText(instantLabel(value), value))
	return shorten(text, markdownRunes)
}

// markdownTable is a table of GitHub Flavored Markdown with the remarks beneath; rest is where the rows are that it leaves out.
func markdownTable(t *table, rest string) string {
	var b strings.Builder
	size := t.size()
	if size > 0 {
		markdownRow(&b, titles(t.columns))
		markdownRow(&b, slices.Repeat([]string{"---"}, len(t.columns)))
	}
	n := 0
	for r := range t.rows {
		if n++; n > markdownRows {
			break
		}
		cells := make([]string, len(r.cells))
		for i, value := range r.cells {
			cells[i] = markdownText(shown(value))
		}
		markdownRow(&b, cells)
	}
	if size > markdownRows {
		fmt.Fprintf(&b, "\n%d more in %s\n", size-markdownRows, rest)
	}
	if len(t.remarks) > 0 && size > 0 {
		b.WriteString("\n")
	}
	for _, r := range t.remarks {
		fmt.Fprintf(&b, "- %s\n", markdownText(r.text))
	}
	if size == 0 && len(t.remarks) == 0 {
		b.WriteString("none\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func markdownRow(b *strings.Builder, cells []string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

// Model is everything that a report says about one run. All times are UTC.
type Model struct {
	Run           snapshot.Run
	Organizations []Organization
	// Runs is the register, newest first, up to and including Run.
	Runs []snapshot.Run
	// Totals is what the runs of the trend add up to, by run.
	Totals map[int64]*snapshot.Totals
	// Nights are the nights that a schedule expected up to the beginning of Run, oldest first; none when no schedule is recorded.
	Nights []schedule.Night
	// Timeline holds every change of the run's organizations in complete snapshots up to this run, oldest first.
	Timeline []snapshot.Change
	// Rules are the rules that findings are judged by, in the order of the report.
	Rules []finding.Rule
}

// Organization is what a run knows of one organization, or that it knows nothing. Of a snapshot that is not complete only Snapshot,
// LastComplete, Findings and Exchanges are set.
type Organization struct {
	Snapshot snapshot.Snapshot
	// Baseline is the snapshot that Changes compares with, nil for the first complete snapshot of an organization.
	Baseline *snapshot.Snapshot
	// SSOBaseline and PoliciesBaseline are what these were compared with: Baseline, or where it could not read them the last complete snapshot
	// that could, nil when there is none.
	SSOBaseline, PoliciesBaseline *snapshot.Snapshot
	// LastComplete is the newest complete snapshot before one that is not complete, nil when there is none.
	LastComplete *snapshot.Snapshot
	snapshot.Shown
	Changes   []snapshot.Change
	Findings  []snapshot.Finding
	Exchanges []snapshot.Exchange
	// AuditLog is how the audit log was read, nil where it was not to be read. Acceptances are the exceptions that concern the organization.
	AuditLog    *snapshot.AuditLog
	Acceptances []snapshot.Acceptance
	// ViewSCIM and ViewSSO are rows counted through the store's views: the second source of the tie-outs.
	ViewSCIM, ViewSSO int
}

// Complete says whether every organization of the run has a complete snapshot and the run itself ended so.
func (m *Model) Complete() bool {
	return m.Run.Outcome == snapshot.Complete && len(m.Organizations) > 0 && m.incomplete() == 0
}

func (m *Model) incomplete() int {
	n := 0
	for i := range m.Organizations {
		if !m.Organizations[i].complete() {
			n++
		}
	}
	return n
}

// folder is the name of the run's report folder; names sort as the runs do.
func (m *Model) folder() string {
	return m.Run.StartedAt.UTC().Format(folderTime) + folderRun + strconv.FormatInt(m.Run.ID, 10)
}

func (o *Organization) complete() bool { return o.Snapshot.Outcome == snapshot.Complete }

// first says whether this is the first complete snapshot of the organization, which has an inventory and no changes.
func (o *Organization) first() bool { return o.complete() && o.Baseline == nil }

// name is what people call the organization: its name, else the one it had, else its label in the settings, else its id.
func (o *Organization) name() string {
	switch {
	case o.Snapshot.OrganizationName != "":
		return o.Snapshot.OrganizationName
	case o.LastComplete != nil && o.LastComplete.OrganizationName != "":
		return o.LastComplete.OrganizationName
	case o.Snapshot.Source != "":
		return o.Snapshot.Source
	default:
		return o.Snapshot.OrganizationID
	}
}

// id is the organization's id, that of its last complete snapshot where this one failed before it was known.
func (o *Organization) id() string {
	if o.Snapshot.OrganizationID == "" && o.LastComplete != nil {
		return o.LastComplete.OrganizationID
	}
	return o.Snapshot.OrganizationID
}

// sso finds a linked SSO configuration, nil when the organization's list lacks it.
func (o *Organization) sso(id string) *snapshot.SSOConfiguration {
	i, found := slices.BinarySearchFunc(o.SSO, id, func(c snapshot.SSOConfiguration, id string) int { return strings.Compare(c.ID, id) })
	if !found {
		return nil
	}
	return &o.SSO[i]
}

func (o *Organization) changes(subject diff.SubjectType, kinds ...diff.Kind) int {
	n := 0
	for i := range o.Changes {
		for _, kind := range kinds {
			if o.Changes[i].SubjectType == subject && o.Changes[i].Kind == kind {
				n++
			}
		}
	}
	return n
}

func (o *Organization) findings(status finding.Status) int {
	n := 0
	for i := range o.Findings {
		if o.Findings[i].Status == status {
			n++
		}
	}
	return n
}

// daysBetween counts whole days from one instant to another, rounded down, so that what ended an hour ago is at -1.
func daysBetween(from, to time.Time) int {
	days := int(to.Sub(from) / (24 * time.Hour))
	if to.Before(from) && to.Sub(from)%(24*time.Hour) != 0 {
		days--
	}
	return days
}

// Options is what a caller may set about a report. The zero value is the defaults.
type Options struct {
	// Formats are the kinds of files to write; none for DefaultFormats. The two files that list the others are always written.
	Formats []Format
	// Template takes the place of the built-in template of the Markdown file, nil for the built-in.
	Template *Template
	// Location is the zone of a second column beside each column of instants, nil or UTC for none.
	Location *time.Location
	// ToolVersion is the version that writes the report. It is named where it is not the one that made the run.
	ToolVersion string
}

// Format is a kind of file of a report, by the ending of its name.
type Format string

// The formats.
const (
	FormatXLSX  Format = "xlsx"
	FormatMD    Format = "md"
	FormatJSON  Format = "json"
	FormatCSV   Format = "csv"
	FormatJSONL Format = "jsonl"
)

// DefaultFormats are what a report has when nobody says otherwise.
var DefaultFormats = []Format{FormatXLSX, FormatMD, FormatJSON, FormatCSV}

var allFormats = append(slices.Clone(DefaultFormats), FormatJSONL)

// ParseFormats reads a comma-separated list of formats; each counts once.
func ParseFormats(text string) ([]Format, error) {
	var formats []Format
	for name := range strings.SplitSeq(text, ",") {
		f := Format(strings.ToLower(strings.TrimSpace(name)))
		if !slices.Contains(allFormats, f) {
			return nil, fmt.Errorf("format %q is none of %s", strings.TrimSpace(name), formatNames())
		}
		if !slices.Contains(formats, f) {
			formats = append(formats, f)
		}
	}
	return formats, nil
}

func formatNames() string {
	names := make([]string, len(allFormats))
	for i, f := range allFormats {
		names[i] = string(f)
	}
	return strings.Join(names, ", ")
}

// Has says whether the report has files of a format.
func (o *Options) Has(f Format) bool {
	if len(o.Formats) == 0 {
		return slices.Contains(DefaultFormats, f)
	}
	return slices.Contains(o.Formats, f)
}

// Zone is the location of local times, nil where there is none beside UTC.
func (o *Options) Zone() *time.Location {
	if o.Location == nil || o.Location.String() == "UTC" {
		return nil
	}
	return o.Location
}

// Rest names where the rows of a table are that Markdown leaves out, beside a workbook with this
// name.
func (o *Options) Rest(t *tables.Table, workbook string) string {
	switch {
	case t.File != "" && o.Has(FormatCSV):
		return t.File
	case o.Has(FormatXLSX):
		return workbook
	}
	return "the database"
}

// topRows is how much of a long list the summary shows.
const topRows = 10

// overviewTable has how each organization stands, those that are not complete first.
func (v *view) overviewTable() *table {
	t := &table{columns: append([]column{
		{"Organization", "organization"}, {"Compared with", "compared"}, {"To know beside the numbers", "beside"}, {"SCIM", "scim_configurations"},
		{"SSO", "sso_configurations"}, {"Changes", "changes"},
	}, severityColumns()...)}
	var failed, rows []row
	for i, o := range v.each() {
		if !o.complete() {
			failed = append(failed, row{i, []any{looked{lookBad, v.label(i)}, "nothing", wordNotComplete + ": " + o.reason()}})
			continue
		}
		cells := []any{v.label(i), o.comparedText(), v.besideText(i), len(o.SCIM), unlessKnown(o.Snapshot.SSONotAssessed, len(o.SSO)), unlessKnown(o.noChanges(), len(o.Changes))}
		for _, severity := range diff.Severities {
			cells = append(cells, o.failedAs(severity))
		}
		rows = append(rows, row{i, cells})
	}
	t.rows = rowList(append(failed, rows...))
	return t
}

// unlessKnown is a number, or nothing where there is none.
func unlessKnown(why string, n int) any {
	if why != "" {
		return nil
	}
	return n
}

func (o *Organization) noChanges() string {
	if o.first() {
		return baselineText
	}
	return ""
}

func (o *Organization) comparedText() string {
	if o.Baseline == nil {
		return baselineText
	}
	return fmt.Sprintf("the snapshot of %s", utc(o.Baseline.TakenAt))
}

// besideText says what the numbers of an organization do not.
func (v *view) besideText(organization int) string {
	o := &v.Organizations[organization]
	var texts []string
	if why := o.Snapshot.SSONotAssessed; why != "" && o.first() { // else its changes are not assessed, below
		texts = append(texts, "SSO configurations not assessed: "+why)
	}
	if why := o.Snapshot.PoliciesNotAssessed; why != "" && o.first() {
		texts = append(texts, "organization policies not assessed: "+why)
	}
	for _, r := range v.notCompared(organization) {
		texts = append(texts, strings.TrimPrefix(r.text, v.label(organization)+": "))
	}
	if n := o.findings(finding.NotAssessed); n > 0 {
		texts = append(texts, count(n, "outcome")+" not assessed")
	}
	if n := o.findings(finding.Excepted); n > 0 {
		texts = append(texts, count(n, "finding")+" accepted")
	}
	return strings.Join(texts, "; ")
}

// topChangeTable has the most serious changes of all organizations.
func (v *view) topChangeTable() *table {
	t := &table{columns: []column{
		{"Organization", "organization"}, {"Change", "kind"}, {"Before, after, and who may have made it", "values"}, {"Severity", "severity"},
	}}
	t.rows, t.remarks = mostSerious(v, func(o *Organization) []snapshot.Change { return o.Changes },
		func(c *snapshot.Change) diff.Severity { return c.Severity },
		func(i int, o *Organization, c *snapshot.Change) []any {
			return []any{v.label(i), string(c.Kind) + ": " + orText(c.SubjectName, c.SubjectID), o.changeText(c), c.Severity}
		}, "Changes")
	for i, o := range v.each() {
		if !o.complete() {
			t.remarks = append(t.remarks, remark{i, wordNotComplete + ": " + v.label(i) + ": nothing is known of its changes", true})
		}
	}
	return t
}

// changeText tells a change in a line. What was added or removed as a whole stands in the sheet Changes.
func (o *Organization) changeText(c *snapshot.Change) string {
	var text string
	if c.Field != "" {
		text = fmt.Sprintf("%s: %s → %s. ", c.Field, orText(readable(c.Before, c.BeforeLabel), "nothing"), orText(readable(c.After, c.AfterLabel), "nothing"))
	}
	who := strings.TrimSpace(c.ActorAction + " " + c.ActorID)
	return text + orText(who, whyNoActor(o.AuditLog))
}

// topFindingTable has the most serious failed findings of all organizations.
func (v *view) topFindingTable() *table {
	t := &table{columns: []column{
		{"Organization", "organization"}, {"Finding", "title"}, {"Subject and observation", "observed"}, {"Severity", "severity"}, {"Rule", "rule_id"},
		{"Days open", "days_open"},
	}}
	t.rows, t.remarks = mostSerious(v, func(o *Organization) []snapshot.Finding { return o.Findings }, failedSeverity,
		func(i int, _ *Organization, f *snapshot.Finding) []any {
			return []any{v.label(i), f.Title, orText(f.SubjectName, f.SubjectID) + ": " + f.Observed, f.Severity, f.RuleID, f.DaysOpen}
		}, "Findings")
	return t
}

// mostSerious is the first rows of what all organizations have, and a remark on how many more the sheet has; what has no severity is left out.
func mostSerious[T any](v *view, items func(*Organization) []T, severity func(*T) diff.Severity, cells func(int, *Organization, *T) []any,
	sheet string) (iter.Seq[row], []remark) {
	var rows []row
	rest := 0
	for _, s := range diff.Severities {
		for i, o := range v.each() {
			list := items(o)
			for j := range list {
				switch {
				case severity(&list[j]) != s:
				case len(rows) == topRows:
					rest++
				default:
					rows = append(rows, row{i, cells(i, o, &list[j])})
				}
			}
		}
	}
	if rest == 0 {
		return rowList(rows), nil
	}
	return rowList(rows), []remark{{runLevel, fmt.Sprintf("%d more in the sheet %s", rest, sheet), false}}
}

// Span is what a report of a period is asked for.
type Span struct {
	// From and To are the ends of the period, both included, UTC, whole seconds.
	From, To time.Time
	// Now is the instant of the report: what a period that has not ended shows is known up to then. A report of one that has does not depend on
	// it.
	Now time.Time
	// Sample is how many nights are drawn, Seed what they are drawn by; DefaultSeed makes one.
	Sample int
	Seed   int64
}

// DefaultSeed derives a seed from a period: the digits of its first and its last day, such as 2026100120261231.
func DefaultSeed(from, to time.Time) int64 {
	day := func(t time.Time) int64 {
		year, month, day := t.UTC().Date()
		return int64(year)*10_000 + int64(month)*100 + int64(day)
	}
	return day(from)*100_000_000 + day(to)
}

// Period is everything that a report says about a period. All times are UTC.
type Period struct {
	Span
	// Began is when the first run of the database began.
	Began time.Time
	// Schedules have been in force, oldest first.
	Schedules []snapshot.Schedule
	// Runs are those that began in the period, and those of its nights that began later; oldest first.
	Runs []snapshot.Run
	// Nights are the nights of the period that were expected, oldest first, with what became of each for the run as a whole.
	Nights        []periodNight
	Organizations []periodOrganization
	// Absent are the last complete snapshots of the organizations that were known before the period and that no run in it has.
	Absent []snapshot.Snapshot
	Rules  []finding.Rule

	byID map[int64]*snapshot.Run // every run of the database
}

// periodNight is a night of the period.
type periodNight struct {
	schedule.Night
	// expression is the schedule that expected it, empty for a UTC day on which none was in force.
	expression string
	run        *snapshot.Run // nil when there was none
	// key is what the sample is drawn by, draw the night's place in the order of the keys, from 1.
	key  string
	draw int
}

// periodOrganization is what the store has about one organization in a period.
type periodOrganization struct {
	id, source, name string
	// opening is its last complete snapshot before the period, nil where it had none yet; closing its last one up to the end,
	// nil where there is none after the opening.
	opening, closing *snapshot.Snapshot
	begins           time.Time // when it was first tried; nights before that were not expected of it unless there is an opening snapshot
	// snapshots are those of the period, failed and pruned ones too, in order.
	snapshots []snapshot.Snapshot
	byID      map[int64]*snapshot.Snapshot // snapshots and the opening one
	nights    []organizationNight
	gap       int // nights between the opening snapshot and the period
	net       netChange
	// changes are those of the snapshots after the opening one, oldest first.
	changes  []periodChange
	episodes []episode
	// earlier are failed snapshots after the opening one and before the period, whose findings are among the episodes.
	earlier []*snapshot.Snapshot
	// startsWith and endsWith are what the snapshots at the two ends themselves leave open.
	startsWith, endsWith openFindings
	standings            []snapshot.Standing
	// sso are the snapshots that the SSO configurations are counted in, at the start and at the end; nil where none could read them.
	ssoOpening, ssoClosing *snapshot.Snapshot
	// policiesOpening is the last snapshot before the period that could read the policies, nil where there is none.
	policiesOpening *snapshot.Snapshot
	counts          snapshot.Counts
}

// organizationNight is a night as one organization saw it.
type organizationNight struct {
	*periodNight
	status   schedule.Status
	snapshot *snapshot.Snapshot // nil when there is none
}

// netChange is what differs between the first and the last whole snapshot of a period.
type netChange struct {
	before, after *snapshot.Snapshot // nil where there are no two
	changes       []diff.Change
}

// periodChange is a change with how the audit log was read for its snapshot.
type periodChange struct {
	snapshot.Change
	log *snapshot.AuditLog
}

// episode is a finding of the period.
type episode struct {
	snapshot.Episode
	// closedBy is the first snapshot that could tell and in which it was open no longer, nil where there is none.
	closedBy *snapshot.Snapshot
	// unknown says that it may have closed: retention removed every complete snapshot after its last one.
	unknown bool
}

// ended says whether the period was over when the report was made.
func (p *Period) ended() bool { return p.To.Before(p.Now) }

// known is up to when the report can know: the end of the period, or the instant of the report.
func (p *Period) known() time.Time {
	if p.ended() {
		return p.To
	}
	return p.Now
}

// contains says whether an instant is in the period.
func (s *Span) contains(t time.Time) bool { return !t.Before(s.From) && !t.After(s.To) }

// name is the period as names of files have it: by its days, or by its instants where it does not begin and end with a day.
func (s *Span) name() string {
	layout := folderTime
	if s.days() {
		layout = time.DateOnly
	}
	return s.From.UTC().Format(layout) + "--" + s.To.UTC().Format(layout)
}

// days says whether the period is of whole days.
func (s *Span) days() bool {
	day := func(t time.Time) bool { return t.Equal(t.Truncate(24 * time.Hour)) }
	return day(s.From.UTC()) && day(s.To.UTC().Add(time.Second))
}

// String is the period as sentences tell it.
func (s *Span) String() string {
	if s.days() {
		return s.From.UTC().Format(time.DateOnly) + " to " + s.To.UTC().Format(time.DateOnly) + " (UTC, both days included)"
	}
	return utc(s.From) + " to " + utc(s.To)
}

// sampleKey is what the nights are ordered by to draw a sample: SHA-256, in hex, over the seed, a vertical bar and the night in RFC 3339.
func (s *Span) sampleKey(night time.Time) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d|%s", s.Seed, sampleForm(night)))
	return hex.EncodeToString(sum[:])
}

// sampled says whether a night is in the sample.
func (p *Period) sampled(n *periodNight) bool { return n.draw <= p.Sample }

// The files of the report of a period, beside the tables.
const (
	PeriodWorkbookFile  = "period.xlsx"
	PeriodMarkdownFile  = "period.md"
	filePeriodJSON      = "period.json"
	filePeriodJSONLines = "period.jsonl"
)

// folderPeriod ends the name of the report folder of a period.
const folderPeriod = "-period"

// WritePeriod renders all files of a period into <dir>/<from>--<to>-period, as Write does those of a run, and returns the folder's path. The latest
// report of a run stays what it is.
func WritePeriod(dir string, p *Period, opts Options) (string, error) {
	path := filepath.Join(dir, p.name()+folderPeriod)
	if err := writeFolder(path, newPeriodView(p, opts), opts); err != nil {
		return "", fmt.Errorf("writing the report %s: %w", path, err)
	}
	return path, nil
}

// Status is one sentence that begins with COMPLETE or NOT COMPLETE.
func (p *Period) Status() string { return newPeriodView(p, Options{}).status() }

func (v *periodView) files() []file {
	all := []file{
		{PeriodWorkbookFile, FormatXLSX, v.writeWorkbook},
		{PeriodMarkdownFile, FormatMD, v.writeMarkdown},
		{filePeriodJSON, FormatJSON, v.writeJSON},
		{filePeriodJSONLines, FormatJSONL, v.writeJSONLines},
	}
	for _, t := range v.csvTables() {
		all = append(all, file{t.file, FormatCSV, func(w io.Writer) error { return v.frame().write(w, t) }})
	}
	return all
}

// frame puts the period and the organization before every row of a CSV file.
func (v *periodView) frame() frame {
	from, to := v.From.UTC().Format(time.RFC3339), v.To.UTC().Format(time.RFC3339)
	return frame{
		before: []string{"period_from", "period_to", "organization_id", "organization"},
		around: func(organization int) (before, behind []string) {
			id, label := "", ""
			if organization != runLevel {
				id, label = v.Organizations[organization].id, v.labels[organization]
			}
			return []string{from, to, csvCell(id), csvCell(label)}, nil
		},
	}
}

// periodManifest says what the report folder of a period holds. It names every file but itself and SHA256SUMS, which names it.
type periodManifest struct {
	Schema      string    `json:"schema"`
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
	KnownUntil  time.Time `json:"known_until"`
	Complete    bool      `json:"complete"`
	ToolVersion string    `json:"tool_version"`
	Sample      int       `json:"sample"`
	Seed        int64     `json:"seed"`
	// Chain has the last snapshot of each organization that the report rests on.
	Chain []chainLink `json:"chain"`
	Files []written   `json:"files"`
}

type chainLink struct {
	OrganizationID string `json:"organization_id"`
	SnapshotID     int64  `json:"snapshot_id"`
	ChainSHA256    string `json:"chain_sha256"`
}

const periodManifestSchema = "auditor-period-manifest/1"

func (v *periodView) writeManifest(w io.Writer, files []written) error {
	m := periodManifest{
		Schema: periodManifestSchema, From: v.From.UTC(), To: v.To.UTC(), KnownUntil: v.known().UTC(), Complete: v.complete(), ToolVersion: v.ToolVersion,
		Sample: v.Sample, Seed: v.Seed, Chain: []chainLink{}, Files: sorted(files),
	}
	for _, o := range v.each() {
		last := o.snapshots[len(o.snapshots)-1]
		m.Chain = append(m.Chain, chainLink{o.id, last.ID, last.ChainSHA256})
	}
	return encodeManifest(w, m)
}

// readEpisodes finds the findings of the period, when each was closed, and how many the snapshots at its two ends themselves tell as open.
func (o *periodOrganization) readEpisodes(ctx context.Context, store *snapshot.Store) error {
	all, err := o.storedEpisodes(ctx, store)
	if err != nil {
		return err
	}
	for _, e := range all {
		if o.byID[e.LastID] == nil { // it failed after the opening snapshot and before the period
			failed, err := store.Snapshot(ctx, e.LastID)
			if err != nil {
				return err
			}
			o.byID[e.LastID], o.earlier = &failed, append(o.earlier, &failed)
		}
		o.episodes = append(o.episodes, o.follow(e))
	}
	slices.SortFunc(o.episodes, func(a, b episode) int {
		return cmp.Or(
			cmp.Compare(a.state(), b.state()),
			cmp.Compare(slices.Index(diff.Severities, a.Severity), slices.Index(diff.Severities, b.Severity)),
			cmp.Compare(a.RuleID, b.RuleID), cmp.Compare(a.SubjectType, b.SubjectType), cmp.Compare(a.SubjectID, b.SubjectID),
			a.FirstSeen.Compare(b.FirstSeen), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
	if o.startsWith, err = openIn(ctx, store, o.opening, nil); err != nil {
		return err
	}
	last := cmp.Or(o.closing, o.opening)
	o.endsWith, err = openIn(ctx, store, last, o.failedAfter(last))
	return err
}

// storedEpisodes are those of the organization from its opening snapshot on, and those of failed snapshots that did not know it.
func (o *periodOrganization) storedEpisodes(ctx context.Context, store *snapshot.Store) ([]snapshot.Episode, error) {
	var all []snapshot.Episode
	if o.id != "" {
		var err error
		if all, err = store.Episodes(ctx, o.id, max(o.after(), 1)-1, o.upTo()); err != nil {
			return nil, err
		}
	}
	for _, s := range o.within() {
		if s.OrganizationID != "" || !s.PrunedAt.IsZero() {
			continue
		}
		findings, err := store.Findings(ctx, s.ID)
		if err != nil {
			return nil, err
		}
		for _, f := range findings {
			if !f.FirstSeen.IsZero() {
				all = append(all, snapshot.Episode{Finding: f.Finding, FirstSeen: f.FirstSeen, LastID: s.ID, LastSeen: f.TakenAt})
			}
		}
	}
	return all, nil
}

// follow finds the snapshot that closed a finding: the next one that retention has left whole, since the last one in which it was open is its last.
func (o *periodOrganization) follow(e snapshot.Episode) episode {
	followed := episode{Episode: e}
	for _, s := range o.within() {
		switch {
		case s.ID <= e.LastID || s.Outcome != snapshot.Complete:
		case whole(s):
			followed.closedBy, followed.unknown = s, false
			return followed
		default:
			followed.unknown = true
		}
	}
	return followed
}

func (o *periodOrganization) failedAfter(s *snapshot.Snapshot) []*snapshot.Snapshot {
	var all []*snapshot.Snapshot
	for _, f := range append(slices.Clone(o.earlier), o.within()...) {
		if f.Outcome == snapshot.Failed && (s == nil || f.ID > s.ID) {
			all = append(all, f)
		}
	}
	return all
}

// openFindings are those that a complete snapshot and the failed ones after it leave open, as these tell it themselves.
type openFindings struct {
	count int
	// accepted tells, by fingerprint, the exceptions that cover them.
	accepted map[string]string
}

// openIn reads them; none are known where retention removed a snapshot.
func openIn(ctx context.Context, store *snapshot.Store, complete *snapshot.Snapshot, failed []*snapshot.Snapshot) (openFindings, error) {
	type key struct {
		fingerprint string
		first       int64
	}
	found, open := openFindings{accepted: make(map[string]string)}, make(map[key]bool)
	looks := failed
	if complete != nil {
		looks = append([]*snapshot.Snapshot{complete}, failed...)
	}
	for _, s := range looks {
		if !s.PrunedAt.IsZero() {
			continue
		}
		findings, err := store.Findings(ctx, s.ID)
		if err != nil {
			return found, err
		}
		for i := range findings {
			if f := &findings[i]; !f.FirstSeen.IsZero() {
				open[key{f.Fingerprint, f.FirstSeen.Unix()}], found.accepted[f.Fingerprint] = true, acceptedText(f)
			}
		}
	}
	if complete != nil {
		carried, err := store.Carried(ctx, *complete)
		if err != nil {
			return found, err
		}
		for _, c := range carried {
			open[key{c.Fingerprint, c.FirstSeen.Unix()}] = true
		}
	}
	found.count = len(open)
	return found, nil
}

// episodeState is how a finding stands at the end of the period, in the order in which they are told.
type episodeState int

const (
	episodeOpen episodeState = iota
	episodeNotKnown
	episodeClosed
)

func (e *episode) state() episodeState {
	switch {
	case e.closedBy != nil:
		return episodeClosed
	case e.unknown:
		return episodeNotKnown
	}
	return episodeOpen
}

// before says whether a finding was open in the opening snapshot.
func (o *periodOrganization) before(e *episode) bool {
	return o.opening != nil && !e.FirstSeen.After(o.opening.TakenAt)
}

// daysOpen is whole days from when the finding was first seen to the snapshot that closed it, else to the last one in which it was open.
func (o *periodOrganization) daysOpen(e *episode) int {
	until := cmp.Or(e.closedBy, o.byID[e.LastID])
	return daysBetween(e.FirstSeen, until.TakenAt)
}

// title is the finding's rule in words, also where no snapshot that tells it is left.
func (p *Period) title(e *episode) string {
	return cmp.Or(e.Title, findRule(p.Rules, e.RuleID).Title)
}

// periodGlossary explains the words of the report of a period; the kinds of change are those of the report of a run.
var periodGlossary = []term{
	{word: wordComplete, meaning: "Every night of the period has a complete snapshot of every organization that it was expected of, and retention has left all of them."},
	{word: wordNotComplete, meaning: "At least one night has no complete snapshot of an organization, or a part of the period is not known. The first lines of the Summary say what."},
	{word: "night", meaning: "A time at which the schedule in force expected a run. Where no schedule was in force, each UTC day from the first run on counts as one, at its beginning."},
	{word: "complete, caught up", meaning: "A complete snapshot stands for the night: taken in it, or by a run that was made later on purpose and before the next night."},
	{word: "failed", meaning: "The night was tried and no snapshot of it is complete. Nothing is said about the organization then."},
	{word: "missed", meaning: "Nothing was tried for the organization. What was configured then nobody can say any more."},
	{word: "opening snapshot", meaning: "The last complete snapshot before the period: what the period begins with."},
	{word: "closing snapshot", meaning: "The last complete snapshot in the period: what it ends with."},
	{word: "net change", meaning: "What differs between two snapshots, whatever happened and was undone between them."},
	{word: "comparison", meaning: "Each change was found between a snapshot and the complete one before. Where nights without a complete snapshot lie between, it is the net change over these."},
	{word: "population", meaning: "All items of one kind in the period. A sample is only worth what its population is: the tie-outs hold each count against a second source."},
	{word: "draw", meaning: "The place of a night in the order by the SHA-256 of seed|night, which anybody can recompute. The sample is the first of them."},
	{word: "first seen, last seen", meaning: "The first snapshot of the present stretch in which the rule failed for the subject, which may be before the period, and the last one of the period in which it did, accepted or not."},
	{word: "closed by", meaning: "The first complete snapshot in which the finding was open no longer: the rule passed, or its subject was gone."},
	{word: "days open", meaning: "Whole days from first seen to closed by; of a finding that is open, to the last snapshot of the period in which it was."},
	{word: "status", meaning: "What the rule last said while the finding was open: fail, excepted where an exception covers it, not assessed where it could not be evaluated and so stays open."},
	{word: "withdrawn", meaning: "The exception is in no exceptions file any more that the closing snapshot was judged with."},
	{word: "removed by retention", meaning: "\"auditor prune\" removed what a snapshot had. Its row in the register, its counts and its hashes stay."},
	{word: "tie-out", meaning: "One count taken from two independent sources. It ties when both are the same number."},
	{word: "fingerprint", meaning: "SHA-256 of rule, organization id and subject id: it stays the same when the subject is renamed."},
}

// periodGlossaryTable has these words and the kinds of change.
func periodGlossaryTable() *table {
	terms := slices.Clone(periodGlossary)
	for _, t := range glossary {
		if t.subject != "" {
			terms = append(terms, t)
		}
	}
	return termTable(terms)
}

// periodSchema is the version of the form of period.json. Fields may be added under the same version; none changes its meaning or goes away.
const periodSchema = "auditor-period/1"

// jsonPeriod is the report of a period. Its lists are the tables, with the keys of the CSV files' columns; instants are RFC 3339 in UTC, and what
// is not known is null or the words that say why.
type jsonPeriod struct {
	jsonPeriodHead
	TieOuts    jsonTable `json:"tie_outs"`
	Population jsonTable `json:"population"`
	Nights     jsonTable `json:"nights"`
	Sample     jsonTable `json:"sample"`
	NetChange  jsonTable `json:"net_change"`
	Changes    jsonTable `json:"changes"`
	Findings   jsonTable `json:"findings"`
	Exceptions jsonTable `json:"exceptions"`
	Snapshots  jsonTable `json:"snapshots"`
	Runs       jsonTable `json:"runs"`
}

type jsonPeriodHead struct {
	Schema            string    `json:"schema"`
	Status            string    `json:"status"`
	Complete          bool      `json:"complete"`
	From              time.Time `json:"from"`
	To                time.Time `json:"to"`
	KnownUntil        time.Time `json:"known_until"`
	FirstRunAt        time.Time `json:"first_run_at"`
	ReportToolVersion string    `json:"report_tool_version"`
	SampleSize        int       `json:"sample_size"`
	// Seed is a text: it may have more digits than a number of JavaScript holds.
	Seed      string         `json:"seed"`
	Schedules []jsonSchedule `json:"schedules"`
	Alarms    []string       `json:"alarms"`
	Notes     []string       `json:"notes"`
	Remarks   []jsonRemark   `json:"remarks"`
	Cells     jsonCells      `json:"cells"`
}

// jsonSchedule is a schedule that was ever in force; expression is "none" where one was taken back.
type jsonSchedule struct {
	Expression string    `json:"expression"`
	ValidFrom  time.Time `json:"valid_from"`
}

// jsonRemark is what a reader must know beside the rows of a list.
type jsonRemark struct {
	List           string `json:"list"`
	OrganizationID string `json:"organization_id"`
	Text           string `json:"text"`
}

// jsonTable is a table as a list of objects.
type jsonTable struct {
	view  *periodView
	table *table
}

// MarshalJSONTo implements json.MarshalerTo: the rows are written as they come.
func (t jsonTable) MarshalJSONTo(e *jsontext.Encoder) error {
	if err := e.WriteToken(jsontext.BeginArray); err != nil {
		return err
	}
	for r := range t.table.rows {
		if err := t.view.rowJSON(t.table, r).MarshalJSONTo(e); err != nil {
			return err
		}
	}
	return e.WriteToken(jsontext.EndArray)
}

// jsonRow is a row of a table: members in the order of the columns.
type jsonRow struct {
	names  []string
	values []any
}

func (v *periodView) rowJSON(t *table, r row) jsonRow {
	object := jsonRow{[]string{"organization_id", "organization"}, []any{v.idOf(r.organization), ""}}
	if r.organization != runLevel {
		object.values[1] = v.labels[r.organization]
	}
	for i, c := range t.columns {
		if c.key == "organization" {
			continue
		}
		object.names, object.values = append(object.names, c.key), append(object.values, r.cells[i])
	}
	return object
}

// MarshalJSONTo implements json.MarshalerTo.
func (r jsonRow) MarshalJSONTo(e *jsontext.Encoder) error {
	if err := e.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	for i, name := range r.names {
		if err := e.WriteToken(jsontext.String(name)); err != nil {
			return err
		}
		if err := e.WriteToken(tokenOf(r.values[i])); err != nil {
			return err
		}
	}
	return e.WriteToken(jsontext.EndObject)
}

// tokenOf is a cell as JSON.
func tokenOf(value any) jsontext.Token {
	switch value := value.(type) {
	case nil:
		return jsontext.Null
	case int:
		return jsontext.Int(int64(value))
	case bool:
		return jsontext.Bool(value)
	}
	return jsontext.String(plain(value))
}

func (v *periodView) idOf(organization int) string {
	if organization == runLevel {
		return ""
	}
	return v.Organizations[organization].id
}

func (v *periodView) headJSON() jsonPeriodHead {
	counted := v.cells()
	head := jsonPeriodHead{
		Schema: periodSchema, Status: v.status(), Complete: v.complete(), From: v.From.UTC(), To: v.To.UTC(), KnownUntil: v.known().UTC(),
		FirstRunAt: v.Began.UTC(), ReportToolVersion: v.ToolVersion, SampleSize: v.Sample, Seed: fmt.Sprint(v.Seed), Schedules: []jsonSchedule{},
		Alarms: append([]string{}, v.alarms()...), Notes: append([]string{}, v.notes()...), Remarks: []jsonRemark{},
		Cells: jsonCells{counted.altered, counted.cut, counted.csv},
	}
	for _, s := range v.Schedules {
		head.Schedules = append(head.Schedules, jsonSchedule{s.Expression, s.From.UTC()})
	}
	for _, t := range v.tables() {
		for _, r := range t.remarks {
			head.Remarks = append(head.Remarks, jsonRemark{listName(t), v.idOf(r.organization), r.text})
		}
	}
	return head
}

// listName is what a table is called in JSON.
func listName(t *table) string { return strings.TrimSuffix(t.file, ".csv") }

func (v *periodView) tieOutTable() *table {
	t := tieOutTable(v.tieOuts(), v.scope)
	t.file = "tie_outs.csv"
	return t
}

func (v *periodView) writeJSON(w io.Writer) error {
	list := func(t *table) jsonTable { return jsonTable{v, t} }
	e := jsontext.NewEncoder(w, jsontext.WithIndent("  "), jsontext.AllowInvalidUTF8(true))
	if err := json2.MarshalEncode(e, jsonPeriod{
		v.headJSON(), list(v.tieOutTable()), list(v.populationTable()), list(v.nightTable()), list(v.sampleTable()), list(v.netTable()), list(v.changeTable()),
		list(v.findingTable()), list(v.exceptionTable()), list(v.snapshotTable()), list(v.runTable()),
	}, jsonForm); err != nil {
		return fmt.Errorf("writing %s: %w", filePeriodJSON, err)
	}
	return nil
}

// jsonPeriodLine is a line of period.jsonl: the head, then the rows of each list, whose name is the type, and the end with the number of lines
// before it.
type jsonPeriodLine struct {
	Type string `json:"type"`
	Data any    `json:"data"`
}

func (v *periodView) writeJSONLines(w io.Writer) error {
	e := jsontext.NewEncoder(w, jsontext.AllowInvalidUTF8(true))
	lines := 0
	add := func(kind string, data any) error {
		lines++
		if err := json2.MarshalEncode(e, jsonPeriodLine{kind, data}, jsonForm); err != nil {
			return fmt.Errorf("writing %s: %w", filePeriodJSONLines, err)
		}
		return nil
	}
	if err := add("period", v.headJSON()); err != nil {
		return err
	}
	for _, t := range append([]*table{v.tieOutTable()}, v.tables()...) {
		for r := range t.rows {
			if err := add(listName(t), v.rowJSON(t, r)); err != nil {
				return err
			}
		}
	}
	return add("end", jsonEnd{lines})
}

// periodTemplate is the built-in template in reports/templates.
const periodTemplate = "period.md.tmpl"

// PeriodMarkdown is what the template of a period's Markdown uses, escaped as in Markdown.
type PeriodMarkdown struct {
	Title  string
	Status string
	// Alarms is what must stand at the top: why the period is not complete, which counts do not tie.
	Alarms []string
	// Period is one sentence on the period, Organizations how each organization stands.
	Period        string
	Organizations []PeriodStanding
	// Notes is what else a reader must know.
	Notes []string

	TieOuts, Lacking, Population, Sample, NetChange, Changes, Findings, Exceptions, Nights, Snapshots, Evidence MarkdownTable
}

// PeriodStanding is how one organization stands over the period.
type PeriodStanding struct {
	Name  string
	Facts []string
}

// writeMarkdown writes the built-in template: the user's own is one for the report of a run.
func (v *periodView) writeMarkdown(w io.Writer) error {
	return executeTemplate(w, nil, periodTemplate, v.markdown())
}

func (v *periodView) markdown() PeriodMarkdown {
	counted := v.cells()
	m := PeriodMarkdown{
		Title:      periodTitle,
		Status:     markdownText(v.status()),
		Period:     markdownText(v.sentence()),
		TieOuts:    v.markdownTable(tieOutTable(v.tieOuts(), v.scope)),
		Lacking:    v.markdownTable(v.lackingTable(), "night", "organization", "status", "reason", "run_id"),
		Population: v.markdownTable(v.populationTable()),
		Sample:     v.markdownTable(v.sampleTable(), "draw", "night", "status", "run_id", "complete_for", "not_complete_for", "report_folder"),
		NetChange:  v.markdownTable(v.readable(v.netTable()), "severity", "kind", "organization", "subject_name", "subject_id", "field", "before", "after", "note"),
		Changes: v.markdownTable(v.readable(v.changeTable()), "taken_at", "severity", "kind", "organization", "subject_name", "subject_id", "field", "before", "after",
			"actor_id", "comparison", "note"),
		Findings: v.markdownTable(v.findingTable(), "state", "status", "severity", "rule_id", "organization", "subject_name", "opened", "first_seen", "closed_by",
			"days_open", "observed"),
		Exceptions: v.markdownTable(v.exceptionTable(), "rule_id", "state", "organization", "subject_id", "owner", "expires", "reason", "ticket", "in_force", "applied"),
		Nights:     v.markdownTable(v.nightTable(), "night", "organization", "status", "sampled", "draw", "run_id", "snapshot_id", "changes", "failed_findings"),
		Snapshots:  v.markdownTable(v.snapshotTable(), "snapshot_id", "organization", "outcome", "taken_at", "role", "run_id", "pruned_at", "chain_sha256"),
		Evidence:   v.markdownTable(factTable(append(v.localFacts(v.evidence()), counted.facts(&v.Options, v.files())...), v.scope)),
	}
	for _, alarm := range v.alarms() {
		m.Alarms = append(m.Alarms, markdownText(alarm))
	}
	for _, note := range v.notes() {
		m.Notes = append(m.Notes, markdownText(note+"."))
	}
	for i, o := range v.each() {
		standing := PeriodStanding{Name: markdownText(v.labels[i])}
		for _, f := range v.standing(o) {
			standing.Facts = append(standing.Facts, markdownText(f.item+": "+shown(f.value)))
		}
		m.Organizations = append(m.Organizations, standing)
	}
	return m
}

func (v *periodView) markdownTable(t *table, keys ...string) MarkdownTable {
	return v.tableBeside(PeriodWorkbookFile, t, keys)
}

func (v *periodView) sentence() string {
	return fmt.Sprintf("%s, known up to %s; %s; sample: %d nights drawn with the seed %d; written by auditor %s.",
		v.String(), utc(v.known()), v.runNights(), v.sampleTable().size(), v.Seed, v.ToolVersion)
}

// readable is a table of changes with labels where there are any, and of long values the beginning.
func (v *periodView) readable(t *table) *table {
	at := make(map[string]int, len(t.columns))
	for i, c := range t.columns {
		at[c.key] = i
	}
	with := *t
	with.rows = func(yield func(row) bool) {
		for r := range t.rows {
			for _, key := range []string{"before", "after"} {
				value, _ := r.cells[at[key]].(string)
				label, _ := r.cells[at[key+"_label"]].(string)
				r.cells[at[key]] = readable(value, label)
			}
			if !yield(r) {
				return
			}
		}
	}
	return &with
}

// readNights finds the nights of the period, what became of them, and the order in which a sample is drawn from them. It gives the periods of the
// schedules, with every UTC day for a night where none was in force.
func (p *Period) readNights(runs []snapshot.Run) ([]schedule.Period, error) {
	periods := make([]schedule.Period, len(p.Schedules))
	for i, s := range p.Schedules {
		periods[i] = schedule.Period(s)
	}
	filled := schedule.Filled(periods, p.Began)
	all := make([]schedule.Run, len(runs))
	p.byID = make(map[int64]*snapshot.Run, len(runs))
	for i := range runs {
		r := &runs[i]
		p.byID[r.ID] = r
		all[i] = nightRun(r, r.ID, r.Outcome)
	}
	nights, err := schedule.Nights(filled, all, p.Now, schedule.Grace)
	if err != nil {
		return nil, err
	}
	shown := make(map[int64]bool)
	for _, n := range nights {
		if !p.contains(n.ScheduledAt) {
			continue
		}
		night := periodNight{Night: n, run: p.byID[n.RunID], key: p.sampleKey(n.ScheduledAt)}
		if in, found := schedule.InForce(periods, n.ScheduledAt); found && in.Expression != schedule.None {
			night.expression = in.Expression
		}
		night.Status = night.judge(n.Status, p.Now)
		p.Nights = append(p.Nights, night)
		shown[n.RunID] = true
	}
	p.draw()
	for i := range runs {
		if p.contains(runs[i].StartedAt) || shown[runs[i].ID] {
			p.Runs = append(p.Runs, runs[i])
		}
	}
	return filled, nil
}

// judge lets a UTC day that stands for a night be missed only when it is over.
func (n *periodNight) judge(status schedule.Status, now time.Time) schedule.Status {
	if status == schedule.Missed && n.expression == "" && now.Before(n.ScheduledAt.Add(24*time.Hour)) {
		return schedule.Due
	}
	return status
}

func nightRun(r *snapshot.Run, id int64, outcome snapshot.Outcome) schedule.Run {
	return schedule.Run{
		ID: id, StartedAt: r.StartedAt, ScheduledFor: r.ScheduledFor, Complete: outcome == snapshot.Complete, Running: outcome == snapshot.Running,
		CatchUp: r.Trigger == snapshot.TriggerCatchUp,
	}
}

// draw gives each night its place in the order of the keys.
func (p *Period) draw() {
	order := make([]*periodNight, len(p.Nights))
	for i := range p.Nights {
		order[i] = &p.Nights[i]
	}
	slices.SortFunc(order, func(a, b *periodNight) int { return cmp.Compare(a.key, b.key) })
	for i, n := range order {
		n.draw = i + 1
	}
}

// judgeNights says what became of each night for the organization. Those before it was first tried are none of its: nothing says that it was to be
// collected then. Of the snapshots after the period, later has those that may belong to its last night.
func (o *periodOrganization) judgeNights(p *Period, periods []schedule.Period, later []snapshot.Snapshot) error {
	mine := make(map[int64]*snapshot.Snapshot)
	var looks []schedule.Run
	add := func(s *snapshot.Snapshot) {
		mine[s.ID] = s
		looks = append(looks, nightRun(p.byID[s.RunID], s.ID, s.Outcome))
	}
	for i := range o.snapshots {
		add(&o.snapshots[i])
	}
	for i := range later {
		if s := &later[i]; o.id != "" && s.OrganizationID == o.id || s.Outcome == snapshot.Failed && s.Source == o.source {
			add(s)
		}
	}
	nights, err := schedule.Nights(periods, looks, p.Now, schedule.Grace)
	if err != nil {
		return err
	}
	for _, n := range nights {
		night := p.night(n.ScheduledAt)
		if night == nil && o.opening != nil && n.ScheduledAt.After(o.opening.TakenAt) && n.ScheduledAt.Before(p.From) && lacks(n.Status) {
			o.gap++
		}
		if night == nil || o.opening == nil && n.RunID == 0 && n.ScheduledAt.Before(o.begins) {
			continue
		}
		status := night.judge(n.Status, p.Now)
		if status == schedule.Missed && night.Status == schedule.Running {
			status = schedule.Running
		}
		o.nights = append(o.nights, organizationNight{night, status, mine[n.RunID]})
	}
	return nil
}

// since counts the nights of the period from the one on that an instant belongs to.
func (p *Period) since(at time.Time) int {
	i, found := p.place(at)
	if !found && i > 0 {
		i--
	}
	return len(p.Nights) - i
}

// unclaimed are the nights of the period that were not expected of any of its organizations.
func (p *Period) unclaimed() []organizationNight {
	claimed := make(map[*periodNight]bool)
	for i := range p.Organizations {
		for _, n := range p.Organizations[i].nights {
			claimed[n.periodNight] = true
		}
	}
	var all []organizationNight
	for i := range p.Nights {
		if n := &p.Nights[i]; !claimed[n] {
			all = append(all, organizationNight{n, n.Status, nil})
		}
	}
	return all
}

// night finds a night of the period by its instant, nil where it has none.
func (p *Period) night(at time.Time) *periodNight {
	i, found := p.place(at)
	if !found {
		return nil
	}
	return &p.Nights[i]
}

func (p *Period) place(at time.Time) (int, bool) {
	return slices.BinarySearchFunc(p.Nights, at, func(n periodNight, at time.Time) int { return n.ScheduledAt.Compare(at) })
}

var populationColumns = []column{
	{"Population", "population"},
	{"Organization", "organization"},
	{"Item", "item"},
	{"Severity", "severity"},
	{"Count", "count"},
	{"Remark", "remark_on_count"},
}

// populationTable is the size of each population, by what it is made of. A count that is not known is empty, and its remark says why.
func (v *periodView) populationTable() *table {
	t := &table{name: "Population", file: "population.csv", columns: populationColumns}
	var rows []row
	for i, o := range v.each() {
		add := func(population, item string, severity, count any, remark string) {
			rows = append(rows, row{i, []any{population, v.labels[i], item, severity, count, remark}})
		}
		o.countNights(add)
		o.countSnapshots(add)
		o.countConfigurations(add)
		o.countChanges(add)
		o.countFindings(add)
		o.countExceptions(v.bearing(o), add)
	}
	t.rows = rowList(rows)
	return t
}

// counting takes one count of a population.
type counting func(population, item string, severity, count any, remark string)

// The populations.
const (
	populationNights     = "Nights"
	populationSnapshots  = "Snapshots"
	populationSCIM       = "SCIM configurations"
	populationSSO        = "SSO configurations"
	populationChanges    = "Changes"
	populationFindings   = "Findings"
	populationExceptions = "Exceptions"
)

func (o *periodOrganization) countNights(add counting) {
	days := 0
	for i := range o.nights {
		if o.nights[i].expression == "" {
			days++
		}
	}
	remark := ""
	if days > 0 {
		remark = fmt.Sprintf("of them %s on which no schedule was in force", count(days, "UTC day"))
	}
	add(populationNights, "expected", nil, len(o.nights), remark)
	counts := o.nightCounts()
	for _, status := range nightStatuses {
		if counts[status] > 0 || status != schedule.Running && status != schedule.Due {
			add(populationNights, word(status), nil, counts[status], "")
		}
	}
}

func (o *periodOrganization) countSnapshots(add counting) {
	complete, failed := 0, 0
	for i := range o.snapshots {
		s := &o.snapshots[i]
		if s.Outcome == snapshot.Complete {
			complete++
		} else {
			failed++
		}
	}
	add(populationSnapshots, "taken in the period", nil, len(o.snapshots), "")
	add(populationSnapshots, "complete", nil, complete, "")
	add(populationSnapshots, "failed", nil, failed, "")
	add(populationSnapshots, "removed by retention", nil, o.prunedWithin(), "")
}

func (o *periodOrganization) countConfigurations(add counting) {
	o.countKind(add, populationSCIM, diff.SCIMConfiguration, o.scimOpening(), o.closing, scimCount)
	o.countKind(add, populationSSO, diff.SSOConfiguration, o.ssoOpening, o.ssoClosing, ssoCount)
}

func scimCount(s *snapshot.Snapshot) int { return s.SCIMConfigurations }
func ssoCount(s *snapshot.Snapshot) int  { return s.SSOConfigurations }

// scimOpening is the snapshot that the SCIM configurations are counted in at the start: the opening one, else the first complete one of the period.
func (o *periodOrganization) scimOpening() *snapshot.Snapshot {
	if o.opening != nil {
		return o.opening
	}
	for _, s := range o.within() {
		if s.Outcome == snapshot.Complete {
			return s
		}
	}
	return nil
}

// countKind counts the configurations of one kind at the start, what was added and removed, and those at the end.
func (o *periodOrganization) countKind(add counting, population string, subject diff.SubjectType, opening, closing *snapshot.Snapshot, of func(*snapshot.Snapshot) int) {
	if opening == nil {
		for _, item := range []string{"at the start", "added or reappeared", "removed", "at the end"} {
			add(population, item, nil, nil, "not assessed: no snapshot could read them")
		}
		return
	}
	switch start := "snapshot of " + utc(opening.TakenAt); {
	case o.startsWithout(opening):
		add(population, "at the start", nil, nil, fmt.Sprintf("not known: the %s is the first that could read them, and has %d", start, of(opening)))
	case o.opening == nil:
		add(population, "at the start", nil, of(opening), start+", the first that has them")
	default:
		add(population, "at the start", nil, of(opening), start)
	}
	if closing == nil {
		for _, item := range []string{"added or reappeared", "removed", "at the end"} {
			add(population, item, nil, nil, "not known: no snapshot of the period after that could read them")
		}
		return
	}
	if opening.ID == closing.ID {
		add(population, "added or reappeared", nil, nil, oneRead)
		add(population, "removed", nil, nil, oneRead)
	} else {
		lost := ""
		if n := o.lostChanges(); n > 0 {
			lost = fmt.Sprintf("at least: %s removed by retention", count(n, "change"))
		}
		added, removed := o.moved(subject)
		add(population, "added or reappeared", nil, added, lost)
		add(population, "removed", nil, removed, lost)
	}
	if end := "snapshot of " + utc(closing.TakenAt); o.endsWithout(closing) {
		add(population, "at the end", nil, nil, fmt.Sprintf("not known: the %s is the last that could read them, and has %d", end, of(closing)))
	} else {
		add(population, "at the end", nil, of(closing), end)
	}
}

const oneRead = "not known: one snapshot alone could read them"

// startsWithout says whether the configurations that are counted first in a snapshot could not be read when the period began.
func (o *periodOrganization) startsWithout(first *snapshot.Snapshot) bool {
	return o.opening != nil && first.ID > o.opening.ID
}

// endsWithout says whether the configurations that are counted last in a snapshot could not be read when the period ended.
func (o *periodOrganization) endsWithout(last *snapshot.Snapshot) bool {
	return last.ID != o.closing.ID
}

// moved counts the configurations of one kind that the changes of the period brought and took.
func (o *periodOrganization) moved(subject diff.SubjectType) (added, removed int) {
	for i := range o.changes {
		switch c := &o.changes[i]; {
		case c.SubjectType != subject:
		case c.Kind == diff.Added || c.Kind == diff.Reappeared:
			added++
		case c.Kind == diff.Removed:
			removed++
		}
	}
	return added, removed
}

// countChanges counts the changes by severity and kind.
func (o *periodOrganization) countChanges(add counting) {
	type key struct {
		severity diff.Severity
		kind     string
	}
	counts := make(map[key]int)
	var order []key
	for _, severity := range diff.Severities {
		for i := range o.changes {
			c := &o.changes[i]
			if c.Severity != severity {
				continue
			}
			k := key{severity, string(c.SubjectType) + " " + string(c.Kind)}
			if counts[k] == 0 {
				order = append(order, k)
			}
			counts[k]++
		}
	}
	remark := ""
	switch lost := o.lostChanges(); {
	case lost > 0:
		remark = fmt.Sprintf("at least: %s removed by retention", count(lost, "change"))
	case o.closing == nil:
		remark = "no complete snapshot in the period after the opening one: no change can be told"
	case !o.compared():
		remark = onlySnapshot + ": no change can be told"
	}
	var all any = len(o.changes)
	if !o.compared() {
		all = nil
	}
	add(populationChanges, "in the period", nil, all, remark)
	for _, k := range order {
		add(populationChanges, k.kind, k.severity, counts[k], "")
	}
}

func (o *periodOrganization) countFindings(add counting) {
	items := []struct {
		item     string
		optional bool // told only when there are any
		of       func(*episode) bool
	}{
		{"open at the start", false, o.before},
		{"opened", false, func(e *episode) bool { return !o.before(e) }},
		{"of these, there in the first complete snapshot", true, func(e *episode) bool { return o.opening == nil && o.isFirst(e) }},
		{"closed in the period", false, func(e *episode) bool { return e.state() == episodeClosed }},
		{"open at the end", false, func(e *episode) bool { return e.state() == episodeOpen }},
		{"not known at the end", true, func(e *episode) bool { return e.state() == episodeNotKnown }},
	}
	remark := ""
	if n := len(o.pruned()); n > 0 {
		remark = fmt.Sprintf("at least: retention removed the findings of %s", count(n, "snapshot"))
	}
	for _, x := range items {
		total := 0
		bySeverity := make(map[diff.Severity]int)
		for i := range o.episodes {
			if e := &o.episodes[i]; x.of(e) {
				total++
				bySeverity[e.Severity]++
			}
		}
		if total == 0 && x.optional {
			continue
		}
		add(populationFindings, x.item, nil, total, remark)
		for _, severity := range diff.Severities {
			if bySeverity[severity] > 0 {
				add(populationFindings, x.item, severity, bySeverity[severity], "")
			}
		}
	}
}

func (o *periodOrganization) countExceptions(standings []snapshot.Standing, add counting) {
	inForce, atEnd := 0, 0
	for i := range standings {
		if standings[i].InForce > 0 {
			inForce++
		}
		if o.standingState(&standings[i]) == "in force" {
			atEnd++
		}
	}
	remark := ""
	if n := len(o.pruned()); n > 0 {
		remark = fmt.Sprintf("at least: retention removed the exceptions of %s", count(n, "snapshot"))
	}
	counts := []any{len(standings), inForce, atEnd}
	if !slices.ContainsFunc(o.within(), whole) {
		counts, remark = make([]any, len(counts)), "not known: no complete snapshot of the period is left"
	}
	for i, item := range []string{"seen in the period", "in force at some time", "in force at the end"} {
		add(populationExceptions, item, nil, counts[i], remark)
	}
}

// total sums a count over the organizations.
func (v *periodView) total(of func(*periodOrganization) int) int {
	n := 0
	for _, o := range v.each() {
		n += of(o)
	}
	return n
}

// ErrNothingKnown is the reason why there is no report of a period that ended before the first run of the database.
var ErrNothingKnown = errors.New("nothing is known of the period")

// ReadPeriod builds the model of a period from the store. A period in which nothing is complete, or of which retention removed the rows, is
// read too: its report says so. The error wraps ErrNothingKnown where the database begins after the period.
func ReadPeriod(ctx context.Context, store *snapshot.Store, span Span) (*Period, error) {
	p := &Period{Span: span, Rules: finding.Rules()}
	if err := p.read(ctx, store); err != nil {
		return nil, fmt.Errorf("reading the period %s for its report: %w", span.String(), err)
	}
	return p, nil
}

func (p *Period) read(ctx context.Context, store *snapshot.Store) error {
	runs, err := store.Runs(ctx, 0, 0)
	if err != nil {
		return err
	}
	slices.Reverse(runs) // oldest first
	if len(runs) == 0 {
		return fmt.Errorf("%w: the database has no run", ErrNothingKnown)
	}
	p.Began = runs[0].StartedAt
	if p.Began.After(p.To) {
		return fmt.Errorf("%w: the first run of the database began on %s", ErrNothingKnown, utc(p.Began))
	}
	if p.Schedules, err = store.Schedules(ctx); err != nil {
		return err
	}
	periods, err := p.readNights(runs)
	if err != nil {
		return err
	}
	all, err := store.SnapshotsBetween(ctx, p.From, p.To)
	if err != nil {
		return err
	}
	later, err := store.SnapshotsBetween(ctx, p.To.Add(time.Second), p.nextNight(periods))
	if err != nil {
		return err
	}
	known, err := store.CompleteBefore(ctx, p.From)
	if err != nil {
		return err
	}
	tried, err := store.FirstFailedBefore(ctx, p.From)
	if err != nil {
		return err
	}
	p.gather(known, tried, all)
	for i := range p.Organizations {
		o := &p.Organizations[i]
		if err := o.judgeNights(p, periods, later); err != nil {
			return err
		}
		if err := o.read(ctx, store); err != nil {
			return fmt.Errorf("organization %s: %w", o.name, err)
		}
	}
	return nil
}

// nextNight is the first night after the period. A snapshot that was taken before it may belong to the last night of the period.
func (p *Period) nextNight(periods []schedule.Period) time.Time {
	next := p.To.Add(24 * time.Hour)
	if in, found := schedule.InForce(periods, p.To); found {
		if s, err := schedule.Parse(in.Expression); err == nil { // readNights has parsed it
			next = s.Next(p.To)
		}
	}
	return next
}

// gather makes the organizations of the snapshots. A failed snapshot that did not know its organization belongs to the one that its source had
// last, else to the one that it has next; where there is neither, the source stands for an organization that is not known. From before the period
// are known the last complete snapshots, and tried the first failed ones.
func (p *Period) gather(known, tried, all []snapshot.Snapshot) {
	owners := make(map[string]string)                                                // by source
	for _, outcome := range []snapshot.Outcome{snapshot.Failed, snapshot.Complete} { // the complete ones are sure
		for i := len(all) - 1; i >= 0; i-- {
			if s := &all[i]; s.Outcome == outcome && s.OrganizationID != "" {
				owners[s.Source] = s.OrganizationID
			}
		}
	}
	openings := make(map[string]*snapshot.Snapshot)
	for i := range known {
		owners[known[i].Source], openings[known[i].OrganizationID] = known[i].OrganizationID, &known[i]
	}
	begins := make(map[string]time.Time)
	for i := len(tried) - 1; i >= 0; i-- {
		begins[cmp.Or(tried[i].OrganizationID, owners[tried[i].Source], tried[i].Source)] = tried[i].TakenAt
	}
	places := make(map[string]int)
	for i := range all {
		s := &all[i]
		if s.Outcome == snapshot.Complete {
			owners[s.Source] = s.OrganizationID
		}
		id := cmp.Or(s.OrganizationID, owners[s.Source])
		key := cmp.Or(id, s.Source)
		place, found := places[key]
		if !found {
			place = len(p.Organizations)
			places[key] = place
			p.Organizations = append(p.Organizations, periodOrganization{id: id, opening: openings[id], begins: cmp.Or(begins[key], s.TakenAt)})
		}
		o := &p.Organizations[place]
		o.snapshots = append(o.snapshots, *s)
	}
	for i := range p.Organizations {
		p.Organizations[i].describe()
	}
	slices.SortStableFunc(p.Organizations, func(a, b periodOrganization) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.id, b.id)) })
	for i := range known {
		if _, found := places[known[i].OrganizationID]; !found {
			p.Absent = append(p.Absent, known[i])
		}
	}
}

// describe finds the name and the closing snapshot.
func (o *periodOrganization) describe() {
	o.byID = make(map[int64]*snapshot.Snapshot)
	if o.opening != nil {
		o.byID[o.opening.ID], o.name, o.source = o.opening, o.opening.OrganizationName, o.opening.Source
	}
	for i := range o.snapshots {
		s := &o.snapshots[i]
		o.byID[s.ID], o.source = s, s.Source
		if s.Outcome != snapshot.Complete {
			continue
		}
		o.name = s.OrganizationName
		if o.opening == nil || s.ID > o.opening.ID {
			o.closing = s
		}
	}
	o.name = cmp.Or(o.name, o.source, o.id)
}

// after and upTo bound the snapshots whose changes and findings the period shows: those after the opening one.
func (o *periodOrganization) after() int64 {
	if o.opening == nil {
		return 0
	}
	return o.opening.ID
}

func (o *periodOrganization) upTo() int64 { return o.snapshots[len(o.snapshots)-1].ID }

// within yields the snapshots of the period after the opening one.
func (o *periodOrganization) within() []*snapshot.Snapshot {
	var all []*snapshot.Snapshot
	for i := range o.snapshots {
		if o.snapshots[i].ID > o.after() {
			all = append(all, &o.snapshots[i])
		}
	}
	return all
}

// whole says whether a snapshot is complete and retention has left what it had.
func whole(s *snapshot.Snapshot) bool { return s.Outcome == snapshot.Complete && s.PrunedAt.IsZero() }

// read fills in what the store has about the organization.
func (o *periodOrganization) read(ctx context.Context, store *snapshot.Store) error {
	if err := o.readChanges(ctx, store); err != nil {
		return err
	}
	if err := o.readNet(ctx, store); err != nil {
		return err
	}
	if err := o.readEpisodes(ctx, store); err != nil {
		return err
	}
	if o.id == "" {
		return nil
	}
	var err error
	if o.standings, err = store.Standings(ctx, o.id, o.after(), o.upTo()); err != nil {
		return err
	}
	if o.counts, err = store.Counts(ctx, o.id, o.after(), o.upTo()); err != nil {
		return err
	}
	return o.readOptional(ctx, store)
}

func (o *periodOrganization) readChanges(ctx context.Context, store *snapshot.Store) error {
	for _, s := range o.within() {
		if !whole(s) || s.Changes == 0 {
			continue
		}
		changes, err := store.Changes(ctx, s.ID)
		if err != nil {
			return err
		}
		log, err := store.AuditLog(ctx, s.ID)
		if err != nil {
			return err
		}
		for _, c := range changes {
			o.changes = append(o.changes, periodChange{c, log})
		}
	}
	return nil
}

// readNet compares the first and the last snapshot that retention has left whole.
func (o *periodOrganization) readNet(ctx context.Context, store *snapshot.Store) error {
	var complete []*snapshot.Snapshot
	if o.opening != nil && whole(o.opening) {
		complete = append(complete, o.opening)
	}
	for _, s := range o.within() {
		if whole(s) {
			complete = append(complete, s)
		}
	}
	if len(complete) < 2 {
		return nil
	}
	o.net.before, o.net.after = complete[0], complete[len(complete)-1]
	var err error
	o.net.changes, err = store.NetChanges(ctx, *o.net.before, *o.net.after)
	return err
}

// readOptional finds the snapshots in which the SSO configurations are counted: at the start the last one that could read them, else the first one
// of the period; at the end the last one. Of the policies it finds the last one before the period.
func (o *periodOrganization) readOptional(ctx context.Context, store *snapshot.Store) error {
	if o.opening != nil {
		var err error
		if o.ssoOpening, err = optional(store.LastWithSSO(ctx, o.id, o.opening.ID)); err != nil {
			return err
		}
		if o.policiesOpening, err = optional(store.LastWithPolicies(ctx, o.id, o.opening.ID)); err != nil {
			return err
		}
	}
	for _, s := range o.within() {
		if s.Outcome == snapshot.Complete && s.SSONotAssessed == "" {
			if o.ssoOpening == nil {
				o.ssoOpening = s
			}
			o.ssoClosing = s
		}
	}
	return nil
}

// complete says whether every expected night of the period has a complete snapshot of every organization, and all of them are known.
func (v *periodView) complete() bool { return len(v.gaps()) == 0 }

// gaps is every reason why the report does not cover the whole of the period.
func (v *periodView) gaps() []string {
	var all []string
	if !v.ended() {
		all = append(all, fmt.Sprintf("the period has not ended: this is what was known on %s", utc(v.Now)))
	}
	if v.From.Before(v.Began.Truncate(24 * time.Hour)) {
		all = append(all, fmt.Sprintf("nothing is known from before %s, when the first run of the database began", utc(v.Began)))
	}
	if len(v.Nights) == 0 {
		all = append(all, "no night was expected in the period")
	}
	if len(v.Organizations) == 0 && len(v.Nights) > 0 {
		all = append(all, fmt.Sprintf("no run of the period has a snapshot of any organization: %s", v.runNights()))
	}
	for i, o := range v.each() {
		all = append(all, v.gapsOf(i, o)...)
	}
	if len(v.Organizations) > 0 {
		all = append(all, v.gapsOfNights("expected of none of the organizations", "night", v.unclaimed())...)
	}
	return all
}

// gapsOfNights names the nights that have no complete snapshot, or none yet.
func (v *periodView) gapsOfNights(label, noun string, nights []organizationNight) []string {
	var all []string
	if without := lacking(nights); len(without) > 0 {
		all = append(all, fmt.Sprintf("%s: %d of %s without a complete snapshot: %s", label, len(without), count(len(nights), noun), nightList(without)))
	}
	due := slices.DeleteFunc(slices.Clone(nights), func(n organizationNight) bool { return n.status != schedule.Due })
	if v.ended() && len(due) > 0 { // of a period that has not ended it is told already that it has not
		all = append(all, fmt.Sprintf("%s: of %s nothing was known yet on %s: %s", label, count(len(due), noun), utc(v.Now), nightList(due)))
	}
	return all
}

// nightList tells some nights.
func nightList(nights []organizationNight) string {
	var all []string
	for _, n := range nights[:min(len(nights), shownNights)] {
		all = append(all, fmt.Sprintf("%s (%s)", shown(n.ScheduledAt), word(n.status)))
	}
	text := strings.Join(all, ", ")
	if more := len(nights) - len(all); more > 0 {
		text += fmt.Sprintf(" and %d more in the sheet Nights", more)
	}
	return text
}

// runNights counts what became of the nights for the runs as a whole.
func (v *periodView) runNights() string {
	var parts []string
	for _, status := range nightStatuses {
		if n := v.inPeriod(status); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, word(status)))
		}
	}
	return fmt.Sprintf("%s (%s)", count(len(v.Nights), "night"), strings.Join(parts, ", "))
}

// shownNights is how many nights a sentence names.
const shownNights = 10

func (v *periodView) gapsOf(organization int, o *periodOrganization) []string {
	label := v.labels[organization]
	all := v.gapsOfNights(label, "expected night", o.nights)
	if o.closing == nil {
		last := "it has no complete snapshot at all"
		if o.opening != nil {
			last = "its last complete snapshot is of " + utc(o.opening.TakenAt)
		}
		all = append(all, fmt.Sprintf("%s: nothing is known of its configurations in the period: %s", label, last))
	}
	if pruned := o.pruned(); len(pruned) > 0 {
		all = append(all, fmt.Sprintf("%s: retention removed what %s had, the last of them that of %s: their findings and exceptions are not known any more, nor %s of the period",
			label, count(len(pruned), "snapshot"), utc(pruned[len(pruned)-1].TakenAt), count(o.lostChanges(), "change")))
	}
	return all
}

// status is the sentence that the report opens with.
func (v *periodView) status() string {
	nights := v.total(func(o *periodOrganization) int { return len(o.nights) })
	without := v.total(func(o *periodOrganization) int { return len(lacking(o.nights)) })
	what := fmt.Sprintf("%s of %s", count(nights, "expected night"), count(len(v.Organizations), "organization"))
	rest := ""
	if n := len(v.Absent); n > 0 {
		rest = fmt.Sprintf("; not in the period, and known before: %s", count(n, "organization"))
	}
	if n := len(untied(v.tieOuts())); n > 0 {
		rest += fmt.Sprintf("; tie-outs that do not tie: %d", n)
	}
	if v.complete() {
		return fmt.Sprintf("%s: %s, each with a complete snapshot%s.", wordComplete, what, rest)
	}
	if without > 0 {
		return fmt.Sprintf("%s: %d of %s without a complete snapshot%s.", wordNotComplete, without, what, rest)
	}
	return fmt.Sprintf("%s: %s%s.", wordNotComplete, v.gaps()[0], rest)
}

// alarms is what must stand at the very top: every gap, and every count that does not tie.
func (v *periodView) alarms() []string {
	var all []string
	for _, gap := range v.gaps() {
		all = append(all, wordNotComplete+": "+gap+".")
	}
	for _, t := range untied(v.tieOuts()) {
		all = append(all, t.alarm(v.scope(t.organization)))
	}
	return all
}

// notes is what a reader must know and what is no gap: what could not be assessed, and what the populations rest on.
func (v *periodView) notes() []string {
	var all []string
	days := 0
	for i := range v.Nights {
		if v.Nights[i].expression == "" {
			days++
		}
	}
	if days > 0 {
		all = append(all, fmt.Sprintf("On %s no schedule was in force: each counts as one night, and nothing tells when a run was expected", count(days, "UTC day")))
	}
	for _, s := range v.Absent {
		all = append(all, fmt.Sprintf("%s (%s) is not in the populations: it was known before the period, and no run in it has a snapshot of it; its last complete one is of %s",
			cmp.Or(s.OrganizationName, s.Source), s.OrganizationID, utc(s.TakenAt)))
	}
	for i, o := range v.each() {
		all = append(all, v.notesOf(v.labels[i], o)...)
	}
	return all
}

func (v *periodView) notesOf(label string, o *periodOrganization) []string {
	var all []string
	if o.opening == nil && o.closing != nil {
		all = append(all, fmt.Sprintf("%s: it has no complete snapshot from before the period: its first one, of %s, is what the period is compared with",
			label, utc(o.scimOpening().TakenAt)))
	}
	sso, policies := o.unread(func(s *snapshot.Snapshot) string { return s.SSONotAssessed }), o.unread(func(s *snapshot.Snapshot) string { return s.PoliciesNotAssessed })
	all = append(all, notRead(label, "SSO configurations", sso)...)
	all = append(all, notRead(label, "organization policies", policies)...)
	logs := 0
	for i := range o.changes {
		if l := o.changes[i].log; l == nil || l.NotAssessed != "" {
			logs++
		}
	}
	if logs > 0 {
		all = append(all, fmt.Sprintf("%s: who made %s is not assessed: the audit log was not read", label, count(logs, "change")))
	}
	return all
}

// unread are the complete snapshots of the period that could not read a part.
func (o *periodOrganization) unread(why func(*snapshot.Snapshot) string) []string {
	var all []string
	for i := range o.snapshots {
		if s := &o.snapshots[i]; s.Outcome == snapshot.Complete && why(s) != "" {
			all = append(all, why(s))
		}
	}
	return all
}

func notRead(label, what string, reasons []string) []string {
	if len(reasons) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s: %s not assessed in %s: %s", label, what, count(len(reasons), "complete snapshot"), reasons[len(reasons)-1])}
}

const periodTitle = "SCIM and SSO configuration audit of a period"

// summaryContent is the sheet that says the essence of the period.
func (v *periodView) summaryContent() *content {
	c := &content{name: "Summary", fixed: summaryGrid}
	c.lines = append(c.lines, line{lookTitle, []any{periodTitle + ": " + v.String()}})
	standing := lookAlarm
	if v.complete() {
		standing = lookAllWell
	}
	c.lines = append(c.lines, textLines(standing, v.status(), len(summaryGrid))...)
	for _, alarm := range v.alarms() {
		c.lines = append(c.lines, textLines(lookAlarm, alarm, len(summaryGrid))...)
	}
	c.facts("Period", v.localFacts(v.periodFacts()))
	for _, text := range howToUse {
		c.lines = append(c.lines, line{lookNote, []any{text}})
	}
	c.block("Organizations, and their failed findings that are open at the end by severity", v.overviewTable())
	c.block("Nights without a complete snapshot", v.lackingTable())
	c.lines = append(c.lines, line{}, line{lookHeading, []any{"What else to know"}})
	for _, note := range v.notes() {
		c.lines = append(c.lines, textLines(lookNote, note+".", 1)...)
	}
	c.block("What is wrong at the end: the most serious findings", v.openTable())
	c.block("Changes by severity and kind", v.kindTable())
	c.block("Tie-outs: each count from two sources", tieOutTable(v.tieOuts(), v.scope).pick("organization", "check", "remark", "first", "second", "result"))
	for i, o := range v.each() {
		c.facts("Organization "+v.labels[i], v.standing(o))
	}
	return c
}

// howToUse tells an auditor where to go on.
var howToUse = []string{
	"The populations to sample from are the sheets Nights, Changes, Findings and Exceptions, whole. Population counts them; Sample draws nights, each with the report folder of its run.",
	"To check the files: sha256sum -c SHA256SUMS in their folder; to check the database, whose hashes stand in the sheet Snapshots: auditor verify.",
}

// overviewTable has how each organization stands.
func (v *periodView) overviewTable() *table {
	t := &table{columns: append([]column{
		{"Organization", "organization"}, {"Nights", "nights"}, {"SCIM configurations", "scim_text"}, {"SCIM at the end", "scim_configurations"},
		{"SSO at the end", "sso_configurations"}, {"Changes", "changes"},
	}, severityColumns()...)}
	var rows []row
	for i, o := range v.each() {
		cells := []any{v.labels[i], o.nightsText(), o.configurationsText(diff.SCIMConfiguration, o.scimOpening(), o.closing, scimCount), nil, nil, nil}
		if o.closing != nil {
			cells[3] = o.closing.SCIMConfigurations
		}
		if o.compared() {
			cells[5] = len(o.changes)
		}
		if o.ssoClosing != nil && !o.endsWithout(o.ssoClosing) {
			cells[4] = o.ssoClosing.SSOConfigurations
		}
		for _, severity := range diff.Severities {
			if o.opening == nil && o.closing == nil {
				cells = append(cells, nil)
			} else {
				cells = append(cells, o.openAs(severity))
			}
		}
		rows = append(rows, row{i, cells})
	}
	t.rows = rowList(rows)
	return t
}

// openAs counts the findings that are open at the end and that no exception covers.
func (o *periodOrganization) openAs(severity diff.Severity) int {
	n := 0
	for i := range o.episodes {
		if e := &o.episodes[i]; e.fails() && e.Severity == severity {
			n++
		}
	}
	return n
}

// fails says whether a finding is open at the end and failed when it was last assessed.
func (e *episode) fails() bool { return e.state() == episodeOpen && e.Status == finding.Fail }

// facts adds a heading with facts beneath.
func (c *content) facts(heading string, facts []fact) {
	c.lines = append(c.lines, line{}, line{lookHeading, []any{heading}})
	for _, f := range facts {
		c.lines = append(c.lines, line{lookPlain, []any{f.item, f.value}})
	}
}

func (v *periodView) periodFacts() []fact {
	facts := []fact{
		{item: "From (UTC)", value: v.From},
		{item: "To, included (UTC)", value: v.To},
		{item: "Known up to (UTC)", value: v.known()},
		{item: "First run of the database (UTC)", value: v.Began},
		{item: "Nights for the runs as a whole", value: v.runNights()},
		{item: "Runs", value: len(v.Runs)},
	}
	for _, s := range v.schedulesInForce() {
		facts = append(facts, fact{item: "Schedule in force", value: s})
	}
	return append(facts,
		fact{item: "Sample", value: fmt.Sprintf("%d of %s, drawn with the seed %d", v.sampleTable().size(), count(len(v.Nights), "night"), v.Seed)},
		fact{item: "Tool", value: "auditor " + v.ToolVersion})
}

// schedulesInForce are the schedules of the period in sentences.
func (v *periodView) schedulesInForce() []string {
	var all []string
	since := func(s snapshot.Schedule) string {
		if s.Expression == schedule.None {
			return "none since " + utc(s.From)
		}
		return s.Expression + " since " + utc(s.From)
	}
	for i, s := range v.Schedules {
		next := i+1 < len(v.Schedules)
		if s.From.After(v.To) || next && !v.Schedules[i+1].From.After(v.From) {
			continue
		}
		text := since(s)
		if next && !v.Schedules[i+1].From.After(v.To) {
			text += " until " + utc(v.Schedules[i+1].From)
		}
		all = append(all, text)
	}
	if len(all) == 0 {
		return []string{"none is recorded: each UTC day counts as one night"}
	}
	return all
}

// standing is how one organization stands over the period.
func (v *periodView) standing(o *periodOrganization) []fact {
	opening := "none: no complete snapshot before the period"
	if o.opening != nil {
		opening = snapshotText(o.opening)
	}
	closing := "none in the period after the opening one"
	if o.closing != nil {
		closing = snapshotText(o.closing)
	}
	return []fact{
		{item: "Organization ID", value: orText(o.id, unknown)},
		{item: "Opening snapshot", value: opening},
		{item: "Closing snapshot", value: closing},
		{item: populationNights, value: o.nightsText()},
		{item: populationSCIM, value: o.configurationsText(diff.SCIMConfiguration, o.scimOpening(), o.closing, scimCount)},
		{item: populationSSO, value: o.configurationsText(diff.SSOConfiguration, o.ssoOpening, o.ssoClosing, ssoCount)},
		{item: "Net change", value: strings.TrimPrefix(o.netText(), "net change ")},
		{item: populationChanges, value: o.changesText()},
		{item: populationFindings, value: o.findingsText()},
		{item: populationExceptions, value: count(len(v.bearing(o)), "exception")},
	}
}

// nightsText says what the expected nights came to: "7 expected = 5 complete + 1 caught up + 1 missed".
func (o *periodOrganization) nightsText() string {
	counts := o.nightCounts()
	var parts []string
	for _, status := range nightStatuses {
		if counts[status] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[status], word(status)))
		}
	}
	return fmt.Sprintf("%d expected = %s", len(o.nights), orText(strings.Join(parts, " + "), "none"))
}

func (o *periodOrganization) configurationsText(subject diff.SubjectType, opening, closing *snapshot.Snapshot, of func(*snapshot.Snapshot) int) string {
	switch {
	case opening == nil:
		return "not assessed: no snapshot could read them"
	case closing == nil:
		return fmt.Sprintf("%d at the start; nothing is known after that", of(opening))
	}
	start, end := fmt.Sprintf("%d at the start", of(opening)), fmt.Sprintf("%d at the end", of(closing))
	if o.startsWithout(opening) {
		start = fmt.Sprintf("%d in the snapshot of %s, the first that could read them", of(opening), utc(opening.TakenAt))
	}
	if o.endsWithout(closing) {
		end = fmt.Sprintf("%d in the snapshot of %s, the last that could read them", of(closing), utc(closing.TakenAt))
	}
	switch {
	case opening.ID == closing.ID:
		return fmt.Sprintf("%d in the snapshot of %s, the only one that has them; what was added and removed is not known", of(closing), utc(closing.TakenAt))
	case o.lostChanges() > 0:
		return start + ", " + end + "; what was added and removed is not wholly known: retention removed changes"
	}
	added, removed := o.moved(subject)
	return fmt.Sprintf("%s + %d added or reappeared − %d removed = %s", start, added, removed, end)
}

func (o *periodOrganization) changesText() string {
	switch {
	case o.closing == nil:
		return "none can be told"
	case !o.compared():
		return "none can be told: " + onlySnapshot
	case len(o.changes) == 0 && o.lostChanges() == 0:
		return "no changes" + o.ofSCIM() + " between the snapshots of " + utc(o.scimOpening().TakenAt) + " and " + utc(o.closing.TakenAt)
	}
	text := severityCounts(o.changes, func(c *periodChange) diff.Severity { return c.Severity })
	if n := o.lostChanges(); n > 0 {
		text += fmt.Sprintf("; %d more removed by retention", n)
	}
	return fmt.Sprintf("%d: %s", len(o.changes), text)
}

// ofSCIM bounds what "no changes" can say where the last snapshot could not read the SSO configurations, or no snapshot before could.
func (o *periodOrganization) ofSCIM() string {
	if o.ssoClosing == nil || o.closing.SSONotAssessed != "" || o.ssoOpening.ID > o.scimOpening().ID {
		return " of SCIM configurations"
	}
	return ""
}

func (o *periodOrganization) findingsText() string {
	before, closed := 0, 0
	var open []episode
	for i := range o.episodes {
		e := &o.episodes[i]
		if o.before(e) {
			before++
		}
		switch e.state() {
		case episodeClosed:
			closed++
		case episodeOpen:
			open = append(open, *e)
		}
	}
	opened := fmt.Sprintf("%d opened", len(o.episodes)-before)
	if n := o.firstSeenWhole(); n > 0 {
		opened += fmt.Sprintf(" (%d of them there in the first complete snapshot)", n)
	}
	return fmt.Sprintf("%d open at the start + %s − %d closed = %d open at the end (%s)", before, opened, closed, len(open),
		severityCounts(open, func(e *episode) diff.Severity { return e.Severity }))
}

// firstSeenWhole counts the findings that were there when the organization was first seen: since when nobody knows.
func (o *periodOrganization) firstSeenWhole() int {
	n := 0
	for i := range o.episodes {
		if o.opening == nil && o.isFirst(&o.episodes[i]) {
			n++
		}
	}
	return n
}

// openTable has the most serious findings of all organizations that are open at the end.
func (v *periodView) openTable() *table {
	t := &table{columns: []column{
		{"Organization", "organization"}, {"Finding", "title"}, {"Subject and observation", "observed"}, {"Severity", "severity"}, {"Rule", "rule_id"},
		{"Days open", "days_open"},
	}}
	var rows []row
	rest := 0
	for _, severity := range diff.Severities {
		for i, o := range v.each() {
			for j := range o.episodes {
				e := &o.episodes[j]
				switch {
				case e.Severity != severity || !e.fails():
				case len(rows) == topRows:
					rest++
				default:
					rows = append(rows, row{i, []any{v.labels[i], v.title(e), orText(e.SubjectName, e.SubjectID) + ": " + e.Observed, e.Severity, e.RuleID, o.daysOpen(e)}})
				}
			}
		}
	}
	t.rows = rowList(rows)
	if rest > 0 {
		t.remarks = []remark{{runLevel, fmt.Sprintf("%d more in the sheet Findings", rest), false}}
	}
	return t
}

// summaryNights is how many nights without a complete snapshot the summary shows.
const summaryNights = 50

// lackingTable has the nights without a complete snapshot.
func (v *periodView) lackingTable() *table {
	t := &table{columns: []column{
		{"Organization", "organization"}, {"Night (UTC)", "night"}, {"Reason", "reason"}, {"Status", "status"}, {"Run", "run_id"},
	}}
	var rows []row
	rest := 0
	add := func(organization int, nights []organizationNight) {
		for _, n := range lacking(nights) {
			if len(rows) == summaryNights {
				rest++
				continue
			}
			var run any
			if n.run != nil {
				run = int(n.run.ID)
			}
			rows = append(rows, row{organization, []any{v.scope(organization), n.ScheduledAt, v.reason(&n), n.status, run}})
		}
	}
	for i, o := range v.each() {
		add(i, o.nights)
	}
	add(runLevel, v.unclaimed())
	t.rows = rowList(rows)
	if rest > 0 {
		t.remarks = []remark{{runLevel, fmt.Sprintf("%d more in the sheet Nights", rest), false}}
	}
	return t
}

// kindTable counts the changes of all organizations by severity and kind.
func (v *periodView) kindTable() *table {
	t := &table{columns: []column{
		{"Subject type", "subject_type"}, {"Kind", "kind"}, {"Organizations", "organizations"}, {"Severity", "severity"}, {"Changes", "changes"},
	}}
	type key struct {
		severity diff.Severity
		subject  diff.SubjectType
		kind     diff.Kind
	}
	counts, organizations := make(map[key]int), make(map[key][]string)
	for i, o := range v.each() {
		for j := range o.changes {
			c := &o.changes[j]
			k := key{c.Severity, c.SubjectType, c.Kind}
			counts[k]++
			if !slices.Contains(organizations[k], v.labels[i]) {
				organizations[k] = append(organizations[k], v.labels[i])
			}
		}
	}
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b key) int {
		return cmp.Or(cmp.Compare(slices.Index(diff.Severities, a.severity), slices.Index(diff.Severities, b.severity)),
			cmp.Compare(a.subject, b.subject), cmp.Compare(a.kind, b.kind))
	})
	var rows []row
	for _, k := range keys {
		rows = append(rows, row{runLevel, []any{string(k.subject), string(k.kind), strings.Join(organizations[k], ", "), k.severity, counts[k]}})
	}
	t.rows = rowList(rows)
	return t
}

// netTable is what differs between the first and the last snapshot of each organization. Nobody can be said to have made a net change.
func (v *periodView) netTable() *table {
	full := &table{name: "Net change", file: "net_change.csv", columns: changeColumns}
	full.rows = rowsOfPeriod(v, func(o *periodOrganization) []diff.Change { return o.net.changes },
		func(label string, _ *periodOrganization, c *diff.Change) []any {
			return changeCells(label, nil, &snapshot.Change{Change: *c})
		})
	t := full.pick("subject_id", "organization", "severity", "kind", "subject_type", "subject_name", "field", "before", "before_label", "after", "after_label", "note")
	for i, o := range v.each() {
		t.remarks = append(t.remarks, remark{i, v.labels[i] + ": " + o.netText(), o.net.after == nil})
		for _, part := range o.net.unread() {
			t.remarks = append(t.remarks, remark{i, fmt.Sprintf("%s: net change of %s not assessed: the snapshot of %s could not read them: %s",
				v.labels[i], part.what, utc(part.snapshot.TakenAt), part.why), true})
		}
	}
	return t
}

// netText says between what the net change is.
func (o *periodOrganization) netText() string {
	if o.net.after == nil {
		return "no net change can be told: there are no two complete snapshots that retention has left"
	}
	text := fmt.Sprintf("net change between the snapshots of %s and %s: %s", utc(o.net.before.TakenAt), utc(o.net.after.TakenAt), count(len(o.net.changes), "row"))
	switch start := o.scimOpening(); {
	case o.net.before.ID != start.ID:
		text += fmt.Sprintf("; retention removed the snapshot of %s, with which the period begins, and what came before the first of them", utc(start.TakenAt))
	case o.opening == nil:
		text += "; the first of them is the organization's first complete snapshot in the database"
	}
	if o.closing != nil && o.net.after.ID != o.closing.ID {
		text += fmt.Sprintf("; retention removed the closing snapshot of %s", utc(o.closing.TakenAt))
	}
	for _, part := range o.net.unread() {
		text += "; " + part.what + " not assessed"
	}
	return text
}

// unreadPart is a part that one of two compared snapshots could not read.
type unreadPart struct {
	what, why string
	snapshot  *snapshot.Snapshot
}

// unread is what was not compared.
func (n *netChange) unread() []unreadPart {
	if n.after == nil {
		return nil
	}
	var all []unreadPart
	for _, s := range []*snapshot.Snapshot{n.before, n.after} {
		if s.SSONotAssessed != "" {
			all = append(all, unreadPart{"SSO configurations", s.SSONotAssessed, s})
		}
		if s.PoliciesNotAssessed != "" {
			all = append(all, unreadPart{"organization policies", s.PoliciesNotAssessed, s})
		}
	}
	slices.SortStableFunc(all, func(a, b unreadPart) int { return -cmp.Compare(a.what, b.what) })
	return slices.CompactFunc(all, func(a, b unreadPart) bool { return a.what == b.what })
}

// changeTable has every change that a snapshot of the period shows, oldest first.
func (v *periodView) changeTable() *table {
	t := &table{
		name: "Changes", file: fileChanges,
		columns: append(append([]column{}, changeColumns...), column{"Compared with (UTC)", "baseline_taken_at"}, column{"Comparison", "comparison"}),
		rows: rowsOfPeriod(v, func(o *periodOrganization) []periodChange { return o.changes },
			func(label string, o *periodOrganization, c *periodChange) []any {
				baseline, comparison := o.comparison(c)
				return append(changeCells(label, c.log, &c.Change), baseline, comparison)
			}),
	}
	for i, o := range v.each() {
		if o.opening == nil && o.closing != nil {
			t.remarks = append(t.remarks, remark{i, v.labels[i] + ": its first complete snapshot, which has nothing to be compared with, is in the period", false})
		}
		if n := o.lostChanges(); n > 0 {
			t.remarks = append(t.remarks, remark{i, fmt.Sprintf("%s: %s: %s removed by retention are not known any more", wordNotComplete, v.labels[i], count(n, "change")), true})
		}
		if o.closing == nil {
			t.remarks = append(t.remarks, remark{i, fmt.Sprintf("%s: %s: no complete snapshot in the period after the opening one: no change can be told",
				wordNotComplete, v.labels[i]), true})
		}
	}
	return t
}

// comparison is the instant of the snapshot that a change was found against, and whether nights lie between that nobody knows.
func (o *periodOrganization) comparison(c *periodChange) (baseline any, text string) {
	b, s := o.comparedWith(c), o.byID[c.SnapshotID]
	if b == nil {
		return nil, "" // it was compared with a snapshot that is not of this organization's period
	}
	if b.ID != c.BaselineID {
		return b.TakenAt, "net change since the last snapshot that could read it"
	}
	between := 0
	if b == o.opening {
		between = o.gap
	}
	for i := range o.nights {
		n := &o.nights[i]
		if n.lacks() && n.ScheduledAt.After(b.TakenAt) && n.ScheduledAt.Before(s.TakenAt) {
			between++
		}
	}
	if between == 0 {
		return b.TakenAt, "with the snapshot before"
	}
	return b.TakenAt, fmt.Sprintf("net change over %s without a complete snapshot", count(between, "night"))
}

// comparedWith is the snapshot that a change was found against: the one before, or where that could not read the SSO configurations or the policies
// the last one that could.
func (o *periodOrganization) comparedWith(c *periodChange) *snapshot.Snapshot {
	unread, older := func(*snapshot.Snapshot) string { return "" }, (*snapshot.Snapshot)(nil)
	switch {
	case c.SubjectType == diff.SSOConfiguration:
		unread, older = func(s *snapshot.Snapshot) string { return s.SSONotAssessed }, o.ssoOpening
	case c.Kind == diff.RestrictionSet || c.Kind == diff.RestrictionLifted:
		unread, older = func(s *snapshot.Snapshot) string { return s.PoliciesNotAssessed }, o.policiesOpening
	}
	b := o.byID[c.BaselineID]
	for b != nil && unread(b) != "" {
		if b == o.opening {
			return older
		}
		b = o.byID[b.BaselineID]
	}
	return b
}

var standingColumns = []column{
	{"Rule", "rule_id"},
	{"State at the end", "state"},
	{"Organization", "organization"},
	{"Subject ID", "subject_id"},
	{"For organization ID", "accepted_organization_id"},
	{"Accepted by", "owner"},
	{"Last day, in UTC", "expires"},
	{"Reason", "reason"},
	{"Ticket", "ticket"},
	{"First snapshot with it (UTC)", "first_seen"},
	{"Last snapshot with it (UTC)", "last_seen"},
	{"Snapshots with it", "snapshots"},
	{"In force in", "in_force"},
	{"Covered something in", "applied"},
	{"Most findings at once", "findings"},
}

// exceptionTable has the exceptions that the snapshots of the period saw. One that names no organization stands with those in which it covered
// something or might have, and with the first where it did in none.
func (v *periodView) exceptionTable() *table {
	t := &table{
		name: "Exceptions", file: fileExceptions, columns: standingColumns,
		rows: rowsOfPeriod(v, v.bearing, func(label string, o *periodOrganization, x *snapshot.Standing) []any {
			return []any{
				x.RuleID, o.standingState(x), label, x.SubjectID, x.OrganizationID, x.Owner, day(x.Expires), x.Reason, x.Ticket,
				x.First, x.Last, x.Snapshots, x.InForce, x.Applied, x.Findings,
			}
		}),
	}
	for i, o := range v.each() {
		if n := len(o.pruned()); n > 0 {
			t.remarks = append(t.remarks, remark{i, fmt.Sprintf("%s: %s: retention removed the exceptions of %s", wordNotComplete, v.labels[i], count(n, "snapshot")), true})
		}
	}
	return t
}

// bearing are the exceptions that are told with an organization.
func (v *periodView) bearing(o *periodOrganization) []snapshot.Standing {
	var all []snapshot.Standing
	for i := range o.standings {
		x := &o.standings[i]
		if x.OrganizationID != "" || x.Applied+x.Open > 0 || v.firstWith(x) == o && !v.bears(x) {
			all = append(all, *x)
		}
	}
	return all
}

func (v *periodView) firstWith(x *snapshot.Standing) *periodOrganization {
	for _, o := range v.each() {
		for i := range o.standings {
			if o.standings[i].Exception == x.Exception {
				return o
			}
		}
	}
	return nil
}

// bears says whether an exception covered something, or might have, in any organization.
func (v *periodView) bears(x *snapshot.Standing) bool {
	for _, o := range v.each() {
		for i := range o.standings {
			if s := &o.standings[i]; s.Exception == x.Exception && s.Applied+s.Open > 0 {
				return true
			}
		}
	}
	return false
}

// standingState is how an exception stood in the closing snapshot.
func (o *periodOrganization) standingState(x *snapshot.Standing) string {
	switch {
	case o.closing == nil || !whole(o.closing):
		return "not known"
	case x.Last.Before(o.closing.TakenAt):
		return "withdrawn"
	case x.InForce == 0 || !x.Exception.InForce(o.closing.TakenAt):
		return "expired"
	}
	return "in force"
}

var periodFindingColumns = []column{
	{"Rule", "rule_id"},
	{"State", "state"},
	{"Status", "status"},
	{"Severity", "severity"},
	{"Organization", "organization"},
	{"Title", "title"},
	{"Subject name", "subject_name"},
	{"Subject ID", "subject_id"},
	{"Subject type", "subject_type"},
	{"Opened", "opened"},
	{"First seen (UTC)", "first_seen"},
	{"Last seen (UTC)", "last_seen"},
	{"Closed by the snapshot of (UTC)", "closed_by"},
	{"Days open", "days_open"},
	{"Accepted at the end by, until when, why", "accepted"},
	{"Observed", "observed"},
	{"Expected", "expected"},
	{"SOC 2", "soc2"},
	{"ISO 27001", "iso_27001"},
	{"NIST 800-53", "nist_800_53"},
	{"PCI DSS", "pci_dss"},
	{"Fingerprint", "fingerprint"},
}

// The states of a finding at the end of the period.
var episodeStates = map[episodeState]string{episodeOpen: "open at the end", episodeNotKnown: "not known: removed by retention", episodeClosed: "closed in the period"}

// findingTable has every finding that was open at some time in the period.
func (v *periodView) findingTable() *table {
	t := &table{
		name: "Findings", file: fileFindings, columns: periodFindingColumns,
		rows: rowsOfPeriod(v, func(o *periodOrganization) []episode { return o.episodes }, func(label string, o *periodOrganization, e *episode) []any {
			var closed any
			if e.closedBy != nil {
				closed = e.closedBy.TakenAt
			}
			cells := []any{
				e.RuleID, episodeStates[e.state()], e.Status, e.Severity, label, v.title(e), e.SubjectName, e.SubjectID, string(e.SubjectType),
				v.opened(o, e), e.FirstSeen, e.LastSeen, closed, o.daysOpen(e), o.accepted(e), e.Observed, e.Expected,
			}
			return append(append(cells, frameworkCells(findRule(v.Rules, e.RuleID))...), e.Fingerprint)
		}),
	}
	for i, o := range v.each() {
		if n := len(o.pruned()); n > 0 {
			t.remarks = append(t.remarks, remark{i, fmt.Sprintf("%s: %s: retention removed the findings of %s: what was open in these alone is not here",
				wordNotComplete, v.labels[i], count(n, "snapshot")), true})
		}
	}
	return t
}

// accepted tells the exception that covers a finding at the end.
func (o *periodOrganization) accepted(e *episode) string {
	if e.state() != episodeOpen {
		return ""
	}
	return o.endsWith.accepted[e.Fingerprint]
}

// opened says when a finding was opened, seen from the period.
func (v *periodView) opened(o *periodOrganization, e *episode) string {
	switch {
	case o.before(e):
		return "before the period"
	case e.FirstSeen.Before(v.From) && o.opening != nil:
		return "before the period, after the opening snapshot"
	case e.FirstSeen.Before(v.From):
		return "before the period"
	case o.opening == nil && o.isFirst(e):
		return "with the first complete snapshot"
	}
	return "in the period"
}

// isFirst says whether a finding was first seen in the organization's first complete snapshot: since when it had been there nobody knows.
func (o *periodOrganization) isFirst(e *episode) bool {
	for _, s := range o.within() {
		if s.Outcome == snapshot.Complete {
			return e.FirstSeen.Equal(s.TakenAt)
		}
	}
	return false
}

// withoutSchedule stands for the schedule of a UTC day on which none was in force.
const withoutSchedule = "no schedule was in force: UTC day"

var nightColumns = []column{
	{"Night (UTC)", "night"},
	{"Organization", "organization"},
	{"Status", "status"},
	{"Reason", "reason"},
	{"Sampled", "sampled"},
	{"Draw", "draw"},
	{"Expected by", "expected_by"},
	{"Run", "run_id"},
	{"Snapshot", "snapshot_id"},
	{"Began at (UTC)", "began_at"},
	{"Minutes after the night", "minutes_late"},
	{"SCIM configurations", "scim_configurations"},
	{"SSO configurations", "sso_configurations"},
	{"Changes", "changes"},
	{"Failed findings", "failed_findings"},
}

// nightTable is the population of nights: each that was expected of each organization, with what became of it, then those that were expected of
// none of them.
func (v *periodView) nightTable() *table {
	t := &table{name: "Nights", file: "nights.csv", columns: nightColumns}
	cells := func(label string, n *organizationNight) []any {
		return append([]any{n.ScheduledAt, label, n.status, v.reason(n), v.sampled(n.periodNight), n.draw, n.expectedBy()}, n.snapshotCells()...)
	}
	t.rows = func(yield func(row) bool) {
		for i, o := range v.each() {
			for j := range o.nights {
				if !yield(row{i, cells(v.labels[i], &o.nights[j])}) {
					return
				}
			}
		}
		for _, n := range v.unclaimed() {
			if !yield(row{runLevel, cells(v.scope(runLevel), &n)}) {
				return
			}
		}
	}
	t.remarks = v.nightRemarks()
	return t
}

func (n *periodNight) expectedBy() string { return cmp.Or(n.expression, withoutSchedule) }

// snapshotCells is what is known of the snapshot of a night; nothing where there is none.
func (n *organizationNight) snapshotCells() []any {
	s := n.snapshot
	if s == nil {
		return make([]any, 8)
	}
	cells := []any{int(s.RunID), int(s.ID), s.TakenAt, nil, nil, nil, nil, nil}
	if n.expression != "" {
		cells[3] = int(s.TakenAt.Sub(n.ScheduledAt) / time.Minute)
	}
	if s.Outcome == snapshot.Complete {
		copy(cells[4:], []any{s.SCIMConfigurations, s.SSOConfigurations, s.Changes, s.FailingFindings})
		if s.SSONotAssessed != "" {
			cells[5] = string(notChecked) // the sheet Snapshots says why
		}
	}
	return cells
}

func (v *periodView) nightRemarks() []remark {
	var all []remark
	for i, o := range v.each() {
		if o.opening == nil && v.contains(o.begins) {
			all = append(all, remark{i, fmt.Sprintf("%s: its first snapshot is of %s; no night before that was expected of it", v.labels[i],
				utc(o.begins)), false})
		}
	}
	return all
}

var sampleColumns = []column{
	{"Draw", "draw"},
	{"Night (UTC)", "night"},
	{"Status", "status"},
	{"Run", "run_id"},
	{"Began at (UTC)", "began_at"},
	{"Complete for", "complete_for"},
	{"Not complete for", "not_complete_for"},
	{"Report folder of each run", "report_folder"},
	{"SHA-256 of seed|night", "sample_key"},
}

// sampleTable is the nights that are drawn, in the order in which they are.
func (v *periodView) sampleTable() *table {
	drawn := make([]*periodNight, min(max(v.Sample, 0), len(v.Nights)))
	for i := range v.Nights {
		if n := &v.Nights[i]; v.sampled(n) {
			drawn[n.draw-1] = n
		}
	}
	return &table{
		name: "Sample", file: "sample.csv", columns: sampleColumns,
		rows: func(yield func(row) bool) {
			for _, n := range drawn {
				if !yield(row{runLevel, v.sampleCells(n)}) {
					return
				}
			}
		},
		remarks: []remark{
			{runLevel, fmt.Sprintf("Drawn: %d of %s, with the seed %d.", len(drawn), count(len(v.Nights), "night"), v.Seed), false},
			{runLevel, "To draw it again: write each night of the sheet Nights once, as in " + sampleForm(v.From) +
				", behind the seed and a vertical bar; take the SHA-256 of each text in hexadecimal; sort by it; the first are the sample.", false},
		},
	}
}

// sampleForm is how a night is written to be drawn.
func sampleForm(night time.Time) string { return night.UTC().Format(time.RFC3339) }

func (v *periodView) sampleCells(n *periodNight) []any {
	var complete, without []string
	runs := make(map[int64]*snapshot.Run)
	claimed := false
	for i, o := range v.each() {
		for j := range o.nights {
			own := &o.nights[j]
			if own.periodNight != n {
				continue
			}
			claimed = true
			if own.snapshot != nil {
				runs[own.snapshot.RunID] = v.byID[own.snapshot.RunID]
			}
			switch {
			case own.lacks():
				without = append(without, v.labels[i])
			case own.snapshot != nil:
				complete = append(complete, v.labels[i])
			}
		}
	}
	if !claimed && lacks(n.Status) {
		without = []string{v.scope(runLevel)}
	}
	cells := []any{n.draw, n.ScheduledAt, n.Status, nil, nil, strings.Join(complete, ", "), strings.Join(without, ", "), "none", n.key}
	if n.run != nil {
		cells[3], cells[4], runs[n.run.ID] = int(n.run.ID), n.run.StartedAt, n.run
	}
	var folders []string
	for _, id := range slices.Sorted(maps.Keys(runs)) {
		folders = append(folders, (&Model{Run: *runs[id]}).folder())
	}
	if len(folders) > 0 {
		cells[7] = strings.Join(folders, ", ")
	}
	return cells
}

// inPeriod are the nights of a status among the period's.
func (p *Period) inPeriod(status schedule.Status) int {
	n := 0
	for i := range p.Nights {
		if p.Nights[i].Status == status {
			n++
		}
	}
	return n
}

var snapshotColumns = []column{
	{"Snapshot", "snapshot_id"},
	{"Organization", "organization"},
	{"Outcome", "outcome"},
	{"Taken at (UTC)", "taken_at"},
	{"In the period", "role"},
	{"Run", "run_id"},
	{"Trigger", "trigger"},
	{"Compared with snapshot", "baseline_id"},
	{"Compared with (UTC)", "baseline_taken_at"},
	{"SCIM configurations", "scim_configurations"},
	{"SSO configurations", "sso_configurations"},
	{"Changes", "changes"},
	{"Failed findings", "failed_findings"},
	{"Policies", "policies"},
	{"Removed by retention (UTC)", "pruned_at"},
	{"Error", "error"},
	{"Identity", "identity"},
	{"Base URL", "base_url"},
	{"Tool version", "tool_version"},
	{"content_sha256", "content_sha256"},
	{"chain_sha256", "chain_sha256"},
}

// snapshotTable is the register of snapshots: those of the period, and the opening one of each organization.
func (v *periodView) snapshotTable() *table {
	return &table{
		name: "Snapshots", file: "snapshots.csv", columns: snapshotColumns,
		rows: rowsOfPeriod(v, (*periodOrganization).registered, func(label string, o *periodOrganization, s *snapshot.Snapshot) []any {
			r := v.byID[s.RunID]
			cells := []any{int(s.ID), label, s.Outcome, s.TakenAt, o.role(s), int(s.RunID), r.Trigger}
			if s.Outcome == snapshot.Complete {
				cells = append(cells, o.baselineCells(s)...)
				cells = append(cells, s.SCIMConfigurations, unless(s.SSONotAssessed, s.SSOConfigurations), s.Changes, s.FailingFindings,
					unless(s.PoliciesNotAssessed, "assessed"))
			} else {
				cells = append(cells, make([]any, 7)...)
			}
			reason := strings.TrimPrefix(s.ErrorCode+": "+oneLine(s.Error), ": ")
			return append(cells, instant(s.PrunedAt, ""), reason, strings.TrimSpace(s.Principal+" "+s.PrincipalID), s.BaseURL, r.ToolVersion,
				s.ContentSHA256, s.ChainSHA256)
		}),
	}
}

func (o *periodOrganization) registered() []snapshot.Snapshot {
	if o.opening == nil {
		return o.snapshots
	}
	return append([]snapshot.Snapshot{*o.opening}, o.snapshots...)
}

// role says what a snapshot is for the period.
func (o *periodOrganization) role(s *snapshot.Snapshot) string {
	switch {
	case o.opening != nil && s.ID == o.opening.ID:
		return "opening"
	case o.closing != nil && s.ID == o.closing.ID:
		return "closing"
	}
	return ""
}

func (o *periodOrganization) baselineCells(s *snapshot.Snapshot) []any {
	if s.BaselineID == 0 {
		return []any{"none: first complete snapshot", nil}
	}
	if b := o.byID[s.BaselineID]; b != nil {
		return []any{int(b.ID), b.TakenAt}
	}
	return []any{int(s.BaselineID), nil}
}

// runTable is the run register of the period, oldest first.
func (v *periodView) runTable() *table {
	nights := make(map[int64][]string)
	for i := range v.Nights {
		n := &v.Nights[i]
		if n.run != nil {
			nights[n.run.ID] = append(nights[n.run.ID], shown(n.ScheduledAt))
		}
	}
	return &table{
		name: "Runs", file: fileRuns, columns: append(append([]column{}, runColumns...), column{"Stands for the nights", "nights"}),
		rows: func(yield func(row) bool) {
			for i := range v.Runs {
				r := &v.Runs[i]
				if !yield(row{runLevel, append(runCells(r), orText(strings.Join(nights[r.ID], ", "), "none"))}) {
					return
				}
			}
		},
		remarks: []remark{{runLevel, "Of several runs in one night, the last that is complete stands for it, else the last.", false}},
	}
}

// tieOuts checks each population against a second source: what the snapshots themselves tell, what the store's views count, and what the sheets
// show.
func (v *periodView) tieOuts() []tieOut {
	if v.ties != nil {
		return v.ties
	}
	nights, changes := v.nightTable(), v.changeTable()
	for i, o := range v.each() {
		v.tieNights(i, nights)
		if o.id == "" {
			v.untied(i, "all but the nights", "its id is not known: no snapshot of it was ever complete")
			continue
		}
		v.tie(i, "Complete snapshots in the database after the opening one = those of the sheet Snapshots", o.counts.Complete, o.completeWithin())
		v.tie(i, "Changes that the snapshots counted − removed by retention = rows of the sheet Changes", o.toldChanges()-o.lostChanges(), changes.sizeOf(i))
		v.tie(i, "Changes in the database view = rows of the sheet Changes", o.counts.Changes, changes.sizeOf(i))
		v.tieConfigurations(i, populationSCIM, o.scimOpening(), o.closing, scimCount, o.counts.SCIMAdded-o.counts.SCIMGone)
		v.tieConfigurations(i, populationSSO, o.ssoOpening, o.ssoClosing, ssoCount, o.counts.SSOAdded-o.counts.SSOGone)
		v.tieNet(i)
		v.tieFindings(i)
	}
	different := make(map[string]bool)
	for r := range nights.rows {
		different[plain(r.cells[0])] = true
	}
	v.tie(runLevel, "Nights of the schedules in the period = different nights of the sheet Nights", len(v.Nights), len(different))
	return v.ties
}

func (v *periodView) tie(organization int, check string, first, second int) {
	t := tieOut{organization, check, first, second, ties, ""}
	if first != second {
		t.verdict = doesNotTie
	}
	v.ties = append(v.ties, t)
}

func (v *periodView) untied(organization int, check, why string) {
	v.ties = append(v.ties, tieOut{organization, check, nil, nil, notChecked, why})
}

func (v *periodView) tieNights(organization int, nights *table) {
	o, expected := &v.Organizations[organization], len(v.Nights)
	if o.opening == nil {
		expected = v.since(o.begins)
	}
	v.tie(organization, "Nights of the schedules since it was first tried = rows of the sheet Nights", expected, nights.sizeOf(organization))
}

func (o *periodOrganization) completeWithin() int {
	n := 0
	for _, s := range o.within() {
		if s.Outcome == snapshot.Complete {
			n++
		}
	}
	return n
}

func (o *periodOrganization) toldChanges() int {
	n := 0
	for _, s := range o.within() {
		n += s.Changes
	}
	return n
}

func (v *periodView) tieConfigurations(organization int, population string, opening, closing *snapshot.Snapshot, of func(*snapshot.Snapshot) int, moved int) {
	check := population + " at the start + added + reappeared − removed = at the end"
	switch o := &v.Organizations[organization]; {
	case opening == nil || closing == nil:
		v.untied(organization, check, "no two snapshots could read them")
	case opening.ID == closing.ID:
		v.untied(organization, check, "one snapshot alone could read them")
	case o.lostChanges() > 0:
		v.untied(organization, check, "retention removed changes of the period")
	default:
		v.tie(organization, check, of(opening)+moved, of(closing))
	}
}

// tieNet holds the net change against the sizes of the two snapshots that it is between.
func (v *periodView) tieNet(organization int) {
	const check = "SCIM configurations at the start + net added − net removed = at the end"
	n := &v.Organizations[organization].net
	if n.after == nil {
		v.untied(organization, check, "there are no two complete snapshots that retention has left")
		return
	}
	moved := 0
	for i := range n.changes {
		switch c := &n.changes[i]; {
		case c.SubjectType != diff.SCIMConfiguration:
		case c.Kind == diff.Added || c.Kind == diff.Reappeared:
			moved++
		case c.Kind == diff.Removed:
			moved--
		}
	}
	v.tie(organization, check, n.before.SCIMConfigurations+moved, n.after.SCIMConfigurations)
}

func (v *periodView) tieFindings(organization int) {
	o := &v.Organizations[organization]
	before, closed := 0, 0
	for i := range o.episodes {
		e := &o.episodes[i]
		if o.before(e) {
			before++
		}
		if e.state() == episodeClosed {
			closed++
		}
	}
	const start, end = "Findings open in the opening snapshot = those of the sheet Findings from before the period",
		"Findings open in the opening snapshot + opened − closed = open in the closing snapshot"
	if len(o.pruned()) > 0 {
		v.untied(organization, start, "retention removed findings of the period")
		v.untied(organization, end, "retention removed findings of the period")
		return
	}
	if o.opening == nil {
		v.untied(organization, start, "there is no complete snapshot before the period")
	} else {
		v.tie(organization, start, o.startsWith.count, before)
	}
	v.tie(organization, end, o.startsWith.count+len(o.episodes)-before-closed, o.endsWith.count)
}

// periodView is the model of a period with what all its files need of it.
type periodView struct {
	*Period
	Options
	labels []string // of the organizations, unique

	// What the files share is computed once, when it is first asked for.
	ties    []tieOut
	sheets  []*content
	tallied *tally
}

func newPeriodView(p *Period, opts Options) *periodView {
	v := &periodView{Period: p, Options: opts, labels: make([]string, len(p.Organizations))}
	for i := range p.Organizations {
		v.labels[i] = p.Organizations[i].name
	}
	distinguish(v.labels, func(i int) string { return cmp.Or(p.Organizations[i].id, p.Organizations[i].source) })
	return v
}

func (v *periodView) prepare() {
	v.tieOuts()
	v.cells()
}

func (v *periodView) each() iter.Seq2[int, *periodOrganization] {
	return func(yield func(int, *periodOrganization) bool) {
		for i := range v.Organizations {
			if !yield(i, &v.Organizations[i]) {
				return
			}
		}
	}
}

// scope names what a row is about: an organization, or all of them.
func (v *periodView) scope(organization int) string {
	if organization == runLevel {
		return "all organizations"
	}
	return v.labels[organization]
}

// rowsOfPeriod yields a row for each item of each organization.
func rowsOfPeriod[T any](v *periodView, items func(*periodOrganization) []T, cells func(label string, o *periodOrganization, item *T) []any) iter.Seq[row] {
	return func(yield func(row) bool) {
		for i, o := range v.each() {
			list := items(o)
			for j := range list {
				if !yield(row{i, cells(v.labels[i], o, &list[j])}) {
					return
				}
			}
		}
	}
}

// tables are what the workbook, the JSON and the CSV files have.
func (v *periodView) tables() []*table {
	return []*table{
		v.populationTable(), v.nightTable(), v.sampleTable(), v.netTable(), v.changeTable(), v.findingTable(), v.exceptionTable(), v.snapshotTable(),
		v.runTable(),
	}
}

// nightStatuses is the order in which nights are counted.
var nightStatuses = []schedule.Status{schedule.Complete, schedule.CaughtUp, schedule.Failed, schedule.Missed, schedule.Running, schedule.Due}

// nightCounts counts the nights of an organization by status.
func (o *periodOrganization) nightCounts() map[schedule.Status]int {
	counts := make(map[schedule.Status]int, len(nightStatuses))
	for i := range o.nights {
		counts[o.nights[i].status]++
	}
	return counts
}

// lacks says whether a night has no complete snapshot of the organization.
func (n *organizationNight) lacks() bool { return lacks(n.status) }

func lacks(s schedule.Status) bool {
	return s != schedule.Complete && s != schedule.CaughtUp && s != schedule.Due
}

// lacking are those of the nights that have no complete snapshot.
func lacking(nights []organizationNight) []organizationNight {
	return slices.DeleteFunc(slices.Clone(nights), func(n organizationNight) bool { return !n.lacks() })
}

// compared says whether a snapshot of the period was compared with one before it.
func (o *periodOrganization) compared() bool {
	return o.closing != nil && o.closing.ID != o.scimOpening().ID
}

const onlySnapshot = "the only complete snapshot, which has nothing to be compared with"

// pruned are the snapshots of the period, and of its opening, that retention emptied.
func (o *periodOrganization) pruned() []*snapshot.Snapshot {
	all := o.within()
	if o.opening != nil {
		all = append([]*snapshot.Snapshot{o.opening}, all...)
	}
	return slices.DeleteFunc(all, func(s *snapshot.Snapshot) bool { return s.PrunedAt.IsZero() })
}

// prunedWithin counts those taken in the period.
func (o *periodOrganization) prunedWithin() int {
	n := 0
	for i := range o.snapshots {
		if !o.snapshots[i].PrunedAt.IsZero() {
			n++
		}
	}
	return n
}

// lostChanges counts the changes of the period that retention removed.
func (o *periodOrganization) lostChanges() int {
	n := 0
	for _, s := range o.within() {
		if !s.PrunedAt.IsZero() {
			n += s.Changes
		}
	}
	return n
}

// reason says why a night is as it is for an organization.
func (v *periodView) reason(n *organizationNight) string {
	text := ""
	switch n.status {
	case schedule.Failed:
		text = n.whyFailed()
	case schedule.CaughtUp:
		text = "a run that began on " + utc(n.began()) + " stands for it"
	case schedule.Missed:
		text = n.whyMissed()
	case schedule.Running:
		text = "a run has not ended"
	case schedule.Due:
		text = "its time has come only now"
		if n.expression == "" {
			text = "the day is not over"
		}
	}
	if n.snapshot != nil && !n.snapshot.PrunedAt.IsZero() {
		text += "; retention removed its rows on " + utc(n.snapshot.PrunedAt)
	}
	return strings.TrimPrefix(text, "; ")
}

func (n *organizationNight) began() time.Time {
	if n.snapshot == nil {
		return n.run.StartedAt
	}
	return n.snapshot.TakenAt
}

func (n *organizationNight) whyFailed() string {
	switch {
	case n.snapshot == nil:
		return n.whyMissed()
	case n.snapshot.ErrorCode == "":
		return cmp.Or(oneLine(n.snapshot.Error), "no reason was stored")
	}
	return n.snapshot.ErrorCode + ": " + cmp.Or(oneLine(n.snapshot.Error), "no reason was stored")
}

func (n *organizationNight) whyMissed() string {
	switch {
	case n.run == nil:
		return "no run was made"
	case n.run.Error != "":
		return fmt.Sprintf("run %d has no snapshot of it: %s", n.run.ID, oneLine(n.run.Error))
	default:
		return fmt.Sprintf("run %d has no snapshot of it", n.run.ID)
	}
}

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

// Read builds the model of a run from the store. A run that is still open, or that has no snapshot, is read too: its report says that it is
// not complete.
func Read(ctx context.Context, store *snapshot.Store, runID int64) (*Model, error) {
	m, err := read(ctx, store, runID)
	if err != nil {
		return nil, fmt.Errorf("reading run %d for its report: %w", runID, err)
	}
	return m, nil
}

func read(ctx context.Context, store *snapshot.Store, runID int64) (*Model, error) {
	run, err := store.Run(ctx, runID)
	if err != nil {
		return nil, err
	}
	runs, err := store.Runs(ctx, runID, 0)
	if err != nil {
		return nil, err
	}
	snapshots, err := store.Snapshots(ctx, runID)
	if err != nil {
		return nil, err
	}
	m := &Model{Run: run, Runs: runs, Rules: finding.Rules(), Organizations: make([]Organization, len(snapshots))}
	if m.Nights, err = store.Nights(ctx, runID, run.StartedAt, 0); err != nil {
		return nil, err
	}
	if m.Totals, err = store.Totals(ctx, runs[min(trendRuns, len(runs))-1].ID, runID); err != nil {
		return nil, err
	}
	for i, s := range snapshots {
		o := &m.Organizations[i]
		o.Snapshot = s
		if err := o.read(ctx, store, runs); err != nil {
			return nil, fmt.Errorf("snapshot %d of %s: %w", s.ID, o.name(), err)
		}
	}
	return m, m.readTimeline(ctx, store)
}

// read fills in what the store has about o.Snapshot.
func (o *Organization) read(ctx context.Context, store *snapshot.Store, runs []snapshot.Run) error {
	var err error
	if o.Findings, err = store.Findings(ctx, o.Snapshot.ID); err != nil {
		return err
	}
	if o.Exchanges, err = store.Exchanges(ctx, o.Snapshot.ID); err != nil {
		return err
	}
	if !o.complete() {
		o.LastComplete, err = lastComplete(ctx, store, o.Snapshot, runs)
		return err
	}
	if err := o.readBaselines(ctx, store); err != nil {
		return fmt.Errorf("its baseline: %w", err)
	}
	return o.readInventory(ctx, store)
}

// readBaselines finds what the snapshot was compared with. What the baseline could not read was compared with the last complete snapshot
// that could, which retention may have removed since: it leaves the newest such one alone, so that none was skipped then.
func (o *Organization) readBaselines(ctx context.Context, store *snapshot.Store) error {
	if o.Snapshot.BaselineID == 0 {
		return nil
	}
	baseline, err := store.Snapshot(ctx, o.Snapshot.BaselineID)
	if err != nil {
		return err
	}
	o.Baseline, o.SSOBaseline, o.PoliciesBaseline = &baseline, &baseline, &baseline
	if baseline.SSONotAssessed != "" {
		if o.SSOBaseline, err = optional(store.LastWithSSO(ctx, o.Snapshot.OrganizationID, baseline.ID)); err != nil {
			return err
		}
	}
	if baseline.PoliciesNotAssessed != "" {
		o.PoliciesBaseline, err = optional(store.LastWithPolicies(ctx, o.Snapshot.OrganizationID, baseline.ID))
	}
	return err
}

// optional is nil for a snapshot that is not there.
func optional(s snapshot.Snapshot, found bool, err error) (*snapshot.Snapshot, error) {
	if err != nil || !found {
		return nil, err
	}
	return &s, nil
}

func (o *Organization) readInventory(ctx context.Context, store *snapshot.Store) error {
	id := o.Snapshot.ID
	var err error
	if o.Shown, err = store.Shown(ctx, o.Snapshot); err != nil {
		return err
	}
	if o.Changes, err = store.Changes(ctx, id); err != nil {
		return err
	}
	if o.AuditLog, err = store.AuditLog(ctx, id); err != nil {
		return err
	}
	if o.Acceptances, err = store.Acceptances(ctx, id); err != nil {
		return err
	}
	o.ViewSCIM, o.ViewSSO, err = store.CountRows(ctx, id)
	return err
}

// lastComplete finds the newest complete snapshot before one that is not. Where that failed before the organization's id was known, its label
// in the settings is what the two have in common.
func lastComplete(ctx context.Context, store *snapshot.Store, failed snapshot.Snapshot, runs []snapshot.Run) (*snapshot.Snapshot, error) {
	if failed.OrganizationID != "" {
		return optional(store.LastComplete(ctx, failed.OrganizationID, failed.ID))
	}
	for _, run := range runs {
		snapshots, err := store.Snapshots(ctx, run.ID)
		if err != nil {
			return nil, err
		}
		for i := range snapshots {
			s := &snapshots[i]
			if s.Source == failed.Source && s.Outcome == snapshot.Complete && s.ID < failed.ID {
				return s, nil
			}
		}
	}
	return nil, nil
}

// readTimeline reads the transitions of all organizations into one list, oldest first.
func (m *Model) readTimeline(ctx context.Context, store *snapshot.Store) error {
	for i := range m.Organizations {
		o := &m.Organizations[i]
		if o.id() == "" {
			continue
		}
		changes, err := store.Timeline(ctx, o.id(), o.Snapshot.ID)
		if err != nil {
			return err
		}
		m.Timeline = append(m.Timeline, changes...)
	}
	slices.SortStableFunc(m.Timeline, func(a, b snapshot.Change) int { return a.TakenAt.Compare(b.TakenAt) })
	return nil
}

var runColumns = []column{
	{"Run", "id"},
	{"Outcome", "outcome"},
	{"Started at (UTC)", "started_at"},
	{"Finished at (UTC)", "finished_at"},
	{"Scheduled for (UTC)", "scheduled_for"},
	{"Trigger", "trigger"},
	{"Organizations complete", "organizations_complete"},
	{"Organizations failed", "organizations_failed"},
	{"SCIM configurations", "scim_configurations"},
	{"Changes", "changes"},
	{"Failed findings", "failed_findings"},
	{"Error", "error"},
	{"Tool version", "tool_version"},
	{"Host", "host"},
}

// missed is the outcome of a scheduled night that no complete run stands for.
const missed = snapshot.Outcome("missed")

// missedRule is the rule whose findings name such nights, by their instant in RFC 3339.
const missedRule = "RUN-002"

// runTable has every run up to this one and every night that RUN-002 found missed, newest first.
func (v *view) runTable() *table {
	type entry struct {
		at    time.Time
		cells []any
	}
	var entries []entry
	for i := range v.Runs {
		r := &v.Runs[i]
		entries = append(entries, entry{r.StartedAt, runCells(r)})
	}
	for _, night := range v.missedNights() {
		entries = append(entries, entry{night.at, []any{
			"none", missed, nil, nil, night.at, "", nil, nil, nil, nil, nil, night.why(), "", "",
		}})
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return b.at.Compare(a.at) })
	return &table{name: "Runs", file: fileRuns, columns: runColumns, rows: func(yield func(row) bool) {
		for _, e := range entries {
			if !yield(row{runLevel, e.cells}) {
				return
			}
		}
	}}
}

func runCells(r *snapshot.Run) []any {
	return []any{
		int(r.ID), r.Outcome, r.StartedAt, instant(r.FinishedAt, "not finished"), instant(r.ScheduledFor, "not scheduled"), r.Trigger,
		r.CompleteOrganizations, r.FailedOrganizations, r.SCIMConfigurations, r.Changes, r.FailedFindings, oneLine(r.Error), r.ToolVersion, r.Host,
	}
}

// missedNight is a night without a run.
type missedNight struct {
	at time.Time
	// organizations are those of this run that RUN-002 found to miss it; none for a night that an earlier report told.
	organizations []string
}

func (n missedNight) why() string {
	if len(n.organizations) == 0 {
		return "no run was made"
	}
	return "no complete run for: " + strings.Join(n.organizations, ", ")
}

// missedNights are the nights that the register has no run for, and those that RUN-002 names. One that was tried in vain has its run's row.
func (v *view) missedNights() []missedNight {
	var nights []missedNight
	tried := make(map[time.Time]bool)
	for _, n := range v.Nights {
		if tried[n.ScheduledAt] = n.Status != schedule.Missed; !tried[n.ScheduledAt] {
			nights = append(nights, missedNight{at: n.ScheduledAt})
		}
	}
	for i, o := range v.each() {
		for j := range o.Findings {
			f := &o.Findings[j]
			if f.RuleID != missedRule || f.Status != finding.Fail {
				continue
			}
			at, err := time.Parse(time.RFC3339, f.SubjectID)
			if err != nil || tried[at.UTC()] {
				continue // no night, or one with a run; the finding itself stands in the findings
			}
			k := slices.IndexFunc(nights, func(n missedNight) bool { return n.at.Equal(at) })
			if k < 0 {
				k = len(nights)
				nights = append(nights, missedNight{at: at.UTC()})
			}
			nights[k].organizations = append(nights[k].organizations, v.label(i))
		}
	}
	slices.SortFunc(nights, func(a, b missedNight) int { return cmp.Or(b.at.Compare(a.at)) })
	return nights
}

var exchangeColumns = []column{
	{"Organization", "organization"},
	{"Method", "method"},
	{"Request body", "request"},
	{"Number", "number"},
	{"HTTP status", "status"},
	{"Sent at (UTC)", "sent_at"},
	{"Duration (ms)", "duration_ms"},
	{"Records", "records"},
	{"Retries", "retries"},
	{"Server date (UTC)", "server_date"},
	{"Answer's bytes", "response_size"},
	{"Answer's SHA-256", "response_sha256"},
}

// exchangeTable has every request whose answer the run is made of, in the order of sending.
func (v *view) exchangeTable() *table {
	t := &table{
		name:    "Evidence",
		file:    fileExchanges,
		columns: exchangeColumns,
		rows: rowsOf(v, func(o *Organization) []snapshot.Exchange { return o.Exchanges },
			func(i int, _ *Organization, e *snapshot.Exchange) []any {
				return []any{
					v.label(i), e.Method, e.Request, e.Number, e.Status, e.SentAt, int(e.Duration.Milliseconds()), e.Records,
					orText(strings.Join(e.Retries, "; "), "none"), instant(e.ServerDate, "none sent"), int(e.ResponseSize), e.ResponseSHA256,
				}
			}),
	}
	for i, o := range v.each() {
		if len(o.Exchanges) == 0 {
			t.remarks = append(t.remarks, remark{i, v.label(i) + ": no exchange is stored", true})
		}
	}
	return t
}

// remarkWidth is the most characters of a remark in one row.
const remarkWidth = 150

// sheet is one sheet of the workbook: lines, then rows of a table below their header, then remarks.
type sheet struct {
	*content
	name        string
	lines       []line
	skip, count int // of the table's rows
	remarks     []line
	names       []string // of the columns: A, B and so on
}

// add plans a content, as several sheets where it has more rows than one can hold.
func (b *book) add(c *content) error {
	remarks := c.remarkLines()
	if c.table == nil {
		return b.addSheet(&sheet{content: c, name: c.name, lines: c.lines, remarks: remarks})
	}
	total := c.table.size()
	room := b.limit - len(c.lines) - 2 - len(remarks) // below the header, above an empty row and the remarks
	for number, skip := 1, 0; ; number++ {
		s := &sheet{content: c, name: c.name, skip: skip, count: min(total-skip, room)}
		skip += s.count
		if number == 1 {
			s.lines = c.lines
		} else {
			s.name = fmt.Sprintf("%s (%d)", c.name, number)
		}
		if skip == total {
			s.remarks = remarks
		}
		if err := b.addSheet(s); err != nil || skip == total {
			return err
		}
	}
}

// header is the row with the titles of the table's columns, 0 without a table.
func (s *sheet) header() int {
	if s.table == nil {
		return 0
	}
	return len(s.lines) + 1
}

// last is the last row.
func (s *sheet) last() int {
	last := max(1, len(s.lines), s.header()+s.count)
	if len(s.remarks) > 0 {
		last += 1 + len(s.remarks)
	}
	return last
}

// remarkLines is what stands beneath a table; one without rows says so.
func (c *content) remarkLines() []line {
	if c.table == nil {
		return nil
	}
	var lines []line
	columns := c.columnsOf(remarkWidth)
	for _, r := range c.table.remarks {
		l := lookNote
		if strings.HasPrefix(r.text, wordNotComplete) {
			l = lookAlarm
		}
		lines = append(lines, textLines(l, r.text, columns)...)
	}
	if len(lines) == 0 && c.table.size() == 0 {
		lines = append(lines, line{lookNote, []any{"none"}})
	}
	return lines
}

// textLines is a text that stands alone, in as many rows as it needs and with the ground of its look over a number of columns.
func textLines(l look, text string, columns int) []line {
	var lines []line
	for part := range wrapped(Visible(text), remarkWidth, " ") {
		cells := make([]any, columns)
		cells[0] = part
		lines = append(lines, line{l, cells})
	}
	return lines
}

func headerCells(t *table) []any {
	cells := make([]any, len(t.columns))
	for i, title := range titles(t.columns) {
		cells[i] = title
	}
	return cells
}

// columnsOf is the number of columns that a text of this many characters spreads over.
func (c *content) columnsOf(characters float64) int {
	for i, width := range c.widths {
		if characters -= width; characters <= 0 {
			return i + 1
		}
	}
	return len(c.widths)
}

// addSheet makes the sheet with everything but its rows.
func (b *book) addSheet(s *sheet) error {
	if len(b.sheets) == 0 {
		if err := b.SetSheetName(b.GetSheetName(0), s.name); err != nil {
			return err
		}
	} else if _, err := b.NewSheet(s.name); err != nil {
		return err
	}
	b.sheets = append(b.sheets, s)
	for i := range max(1, len(s.widths)) {
		name, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return err
		}
		s.names = append(s.names, name)
	}
	if err := b.SetSheetDimension(s.name, fmt.Sprintf("A1:%s%d", s.names[len(s.names)-1], s.last())); err != nil {
		return err
	}
	for _, set := range []func(*sheet) error{b.setPrinting, b.setColumns, b.addTable, b.addConditional} {
		if err := set(s); err != nil {
			return err
		}
	}
	if s.finish != nil {
		return s.finish(b.File, s.name)
	}
	return nil
}

// addTable makes the rows a table object. Excelize takes the names of its columns from the header's cells, and would stretch a table without
// rows.
func (b *book) addTable(s *sheet) error {
	if s.count == 0 {
		return nil
	}
	header := headerCells(s.table)
	if err := b.SetSheetRow(s.name, fmt.Sprintf("A%d", s.header()), &header); err != nil {
		return err
	}
	if err := b.AddTable(s.name, &excelize.Table{
		Range:     fmt.Sprintf("A%d:%s%d", s.header(), s.names[len(s.table.columns)-1], s.header()+s.count),
		Name:      "audit_" + strings.NewReplacer(" (", "_", ")", "", " ", "_").Replace(s.name), // a bare SSO is a column of a sheet
		StyleName: "TableStyleMedium2",
	}); err != nil {
		return err
	}
	return b.setTableAside()
}

// setTableAside takes the newest table out of excelize's hands but for its number: before it adds another, it would decode all of them twice,
// which took a sixth of the time of a small workbook. Our sheets' names, and with them the tables', are unique.
func (b *book) setTableAside() error {
	id := len(b.tables) + 1
	name := fmt.Sprintf("xl/tables/table%d.xml", id)
	part, ok := b.Pkg.Swap(name, fmt.Appendf(nil, `<table id="%d"/>`, id))
	if !ok {
		return fmt.Errorf("excelize has not made %s", name)
	}
	b.tables[name] = part.([]byte)
	return nil
}

// setColumns sets the widths, and freezes the header and the id column of a data sheet.
func (b *book) setColumns(s *sheet) error {
	for i, width := range s.widths {
		if err := b.SetColWidth(s.name, s.names[i], s.names[i], width); err != nil {
			return err
		}
	}
	if s.header() != 1 {
		return nil
	}
	return b.SetPanes(s.name, &excelize.Panes{
		Freeze: true, XSplit: 1, YSplit: 1, TopLeftCell: "B2", ActivePane: "bottomRight",
		Selection: []excelize.Selection{{SQRef: "B2", ActiveCell: "B2", Pane: "bottomRight"}},
	})
}

// The papers of excelize.PageLayoutOptions.
const (
	paperA3 = 8
	paperA4 = 9
)

// setPrinting makes the sheet landscape, one page wide and as many high as it takes, with its header row on each. A sheet that A4 would show too small
// to be read is on A3.
func (b *book) setPrinting(s *sheet) error {
	fit, orientation, wide, high, paper := true, "landscape", 1, 0, paperA4
	if sum(s.widths) > smallPageWidth {
		paper = paperA3
	}
	if err := b.SetSheetProps(s.name, &excelize.SheetPropsOptions{FitToPage: &fit}); err != nil {
		return err
	}
	if err := b.SetPageLayout(s.name, &excelize.PageLayoutOptions{
		Size: &paper, Orientation: &orientation, FitToWidth: &wide, FitToHeight: &high,
	}); err != nil {
		return err
	}
	side, end, footer := 0.4, 0.6, 0.3 // inches
	if err := b.SetPageMargins(s.name, &excelize.PageLayoutMarginsOptions{
		Left: &side, Right: &side, Top: &end, Bottom: &end, Header: &footer, Footer: &footer,
	}); err != nil {
		return err
	}
	if err := b.SetHeaderFooter(s.name, &excelize.HeaderFooterOptions{
		OddFooter: "&L" + b.about.footer + "&C&A&RPage &P of &N",
	}); err != nil {
		return err
	}
	if s.header() == 0 {
		return nil
	}
	return b.SetDefinedName(&excelize.DefinedName{
		Name: "_xlnm.Print_Titles", RefersTo: fmt.Sprintf("'%s'!$%d:$%d", s.name, s.header(), s.header()), Scope: s.name,
	})
}

// sheetData writes the rows of a sheet as SpreadsheetML, ECMA-376 Part 1, 18.3.1.80. Texts stand in their cells: a table of all texts would
// have to be held until the end.
type sheetData struct {
	out    io.Writer
	sheet  *sheet
	styles []int
	row    int // the last one written
	cells  []cell
	buffer []byte
}

// flushAt is when the buffer is written out, in bytes.
const flushAt = 1 << 16

// writeSheet writes what excelize made of the sheet, with the rows in their place.
func (b *book) writeSheet(w io.Writer, s *sheet, made []byte) error {
	const begin, end = "<sheetData>", "</sheetData>"
	before, rest, found := bytes.Cut(made, []byte(begin))
	_, after, closed := bytes.Cut(rest, []byte(end))
	if !found || !closed {
		return errors.New("it has no place for the rows")
	}
	d := &sheetData{out: w, sheet: s, styles: b.styles, buffer: b.buffer[:0]}
	d.buffer = append(append(d.buffer, before...), begin...)
	if err := d.write(); err != nil {
		return err
	}
	d.buffer = append(append(d.buffer, end...), after...)
	b.buffer = d.buffer
	return d.flush()
}

func (d *sheetData) write() error {
	if err := d.writeLines(d.sheet.lines); err != nil {
		return err
	}
	if d.sheet.table != nil {
		if err := d.writeTable(); err != nil {
			return err
		}
	}
	if len(d.sheet.remarks) == 0 {
		return nil
	}
	d.row++ // an empty row, or the table would grow over the remarks when someone types into it
	return d.writeLines(d.sheet.remarks)
}

func (d *sheetData) writeLines(lines []line) error {
	for _, l := range lines {
		if err := d.writeRow(l.look, l.cells); err != nil {
			return err
		}
	}
	return nil
}

// writeTable writes the header and the sheet's share of the rows.
func (d *sheetData) writeTable() error {
	if err := d.writeRow(lookHeader, headerCells(d.sheet.table)); err != nil {
		return err
	}
	number, end := 0, d.sheet.skip+d.sheet.count
	for r := range d.sheet.table.rows {
		if number++; number <= d.sheet.skip {
			continue
		}
		if number > end {
			return nil
		}
		if err := d.writeRow(lookPlain, r.cells); err != nil {
			return err
		}
	}
	if number < end {
		return fmt.Errorf("table %s ended %d rows early", d.sheet.table.name, end-number)
	}
	return nil
}

func (d *sheetData) writeRow(l look, values []any) error {
	d.row++
	if len(values) == 0 {
		return nil
	}
	d.cells = d.cells[:0]
	for _, value := range values {
		d.cells = append(d.cells, newCell(l, value))
	}
	row := strconv.Itoa(d.row)
	d.add(`<row r="`, row, `" ht="`)
	d.buffer = strconv.AppendFloat(d.buffer, d.sheet.height(l, d.cells), 'f', -1, 64)
	d.add(`" customHeight="1">`)
	for i, c := range d.cells {
		d.writeCell(d.sheet.names[i], row, c)
	}
	d.add(`</row>`)
	if len(d.buffer) < flushAt {
		return nil
	}
	return d.flush()
}

func (d *sheetData) flush() error {
	_, err := d.out.Write(d.buffer)
	d.buffer = d.buffer[:0]
	return err
}

func (d *sheetData) add(texts ...string) {
	for _, s := range texts {
		d.buffer = append(d.buffer, s...)
	}
}

// writeCell leaves out a cell that shows nothing.
func (d *sheetData) writeCell(column, row string, c cell) {
	if c.text == "" && c.look == lookPlain {
		return
	}
	d.add(`<c r="`, column, row, `" s="`)
	d.buffer = strconv.AppendInt(d.buffer, int64(d.styles[c.look]), 10)
	switch {
	case c.text == "":
		d.add(`"/>`)
	case c.number:
		d.add(`"><v>`, c.text, `</v></c>`)
	default:
		d.add(`" t="inlineStr"><is><t xml:space="preserve">`)
		d.writeText(c.text)
		d.add(`</t></is></c>`)
	}
}

// writeText writes a text that is shown as it is. Cells have no character that XML cannot hold: those are made visible before.
func (d *sheetData) writeText(s string) {
	begin := 0
	for i := range len(s) {
		var instead string
		switch {
		case s[i] == '&':
			instead = "&amp;"
		case s[i] == '<':
			instead = "&lt;"
		case s[i] == '>':
			instead = "&gt;"
		case isEscape(s[i:]):
			instead = "_x005F_"
		default:
			continue
		}
		d.add(s[begin:i], instead)
		begin = i + 1
	}
	d.add(s[begin:])
}

// isEscape says whether a text begins with what a program that reads the cell takes for a character, such as _x0041_: ECMA-376 Part 1,
// 22.9.2.19 ST_Xstring.
func isEscape(s string) bool {
	const digits = "0123456789abcdefABCDEF"
	return len(s) >= len("_x0041_") && s[0] == '_' && s[1] == 'x' && s[6] == '_' && strings.Trim(s[2:6], digits) == ""
}

// conclusions are what a reviewer can come to. Excel joins them with commas, so none has one.
var conclusions = []string{"No exception noted", "Exceptions noted: see ticket", "Report not accepted"}

// formField is a box of the sign-off that a person fills in.
type formField struct {
	title, prompt string
	look          look
	validate      func(*excelize.DataValidation, time.Time) error
}

var formFields = []formField{
	{"Prepared by", "Name of the preparer", lookBlank, shortText},
	{"Prepared on (UTC)", "A date not before what is signed off", lookBlankDate, notBefore},
	{"Reviewed by", "Name of the reviewer, another person than the preparer", lookBlank, shortText},
	{"Reviewed on (UTC)", "A date not before what is signed off", lookBlankDate, notBefore},
	{"Conclusion", "One of the list", lookBlank, oneConclusion},
	{"Ticket", "Where the exceptions are followed up", lookBlank, shortText},
	{"Remarks", "Up to 1000 characters", lookBlank, longText},
}

// signOffContent is the form that a preparer and a reviewer fill in.
func (v *view) signOffContent() *content {
	c := &content{name: "Sign-off", widths: []float64{30, hashWidth}}
	c.lines = append(c.lines,
		line{lookTitle, []any{"Sign-off"}},
		line{lookPlain, []any{"Run", int(v.Run.ID)}},
		line{lookPlain, []any{"Started at (UTC)", v.Run.StartedAt}},
		line{lookPlain, []any{"Status", v.status()}})
	for i, o := range v.each() {
		state := wordNotComplete
		if o.complete() {
			state = o.Snapshot.ChainSHA256
		}
		c.lines = append(c.lines, line{lookPlain, []any{v.label(i) + ": chain_sha256", state}})
	}
	c.addForm(v.Run.StartedAt)
	return c
}

// addForm adds the boxes to fill in, for what nobody can have looked at before an instant.
func (c *content) addForm(earliest time.Time) {
	c.lines = append(c.lines, line{})
	first := len(c.lines) + 1
	for _, field := range formFields {
		c.lines = append(c.lines, line{lookPlain, []any{field.title, looked{field.look, nil}}})
	}
	c.finish = func(f *excelize.File, sheet string) error { return validateForm(f, sheet, first, earliest) }
}

// validateForm lets only what belongs there into the boxes, of which the topmost is in the row first.
func validateForm(f *excelize.File, sheet string, first int, started time.Time) error {
	for i, field := range formFields {
		validation := excelize.NewDataValidation(true)
		validation.SetSqref(fmt.Sprintf("B%d", first+i))
		validation.SetInput(field.title, field.prompt)
		validation.SetError(excelize.DataValidationErrorStyleStop, field.title, field.prompt)
		if err := field.validate(validation, started); err != nil {
			return fmt.Errorf("validating %s: %w", field.title, err)
		}
		if err := f.AddDataValidation(sheet, validation); err != nil {
			return fmt.Errorf("validating %s: %w", field.title, err)
		}
	}
	return nil
}

func shortText(d *excelize.DataValidation, _ time.Time) error {
	return d.SetRange(1, 200, excelize.DataValidationTypeTextLength, excelize.DataValidationOperatorBetween)
}

func longText(d *excelize.DataValidation, _ time.Time) error {
	return d.SetRange(1, 1000, excelize.DataValidationTypeTextLength, excelize.DataValidationOperatorBetween)
}

func oneConclusion(d *excelize.DataValidation, _ time.Time) error { return d.SetDropList(conclusions) }

// notBefore allows dates from the day of the run to the last one that Excel knows, as Excel counts days.
func notBefore(d *excelize.DataValidation, started time.Time) error {
	epoch := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	const lastDay = 2_958_465 // 9999-12-31
	return d.SetRange(daysBetween(epoch, started), lastDay, excelize.DataValidationTypeDate, excelize.DataValidationOperatorBetween)
}

// The words that a report opens with.
const (
	wordComplete    = "COMPLETE"
	wordNotComplete = "NOT COMPLETE"
)

// status is the sentence that a report opens with.
func (v *view) status() string {
	total := len(v.Organizations)
	switch failed := v.incomplete(); {
	case v.Complete():
		return fmt.Sprintf("%s: %s collected, %s, %s%s.", wordComplete, count(total, "organization"),
			count(v.total((*Organization).changeCount), "change"), count(v.total((*Organization).failCount), "failed finding"), v.untiedText())
	case total == 0:
		return wordNotComplete + ": no organization was collected."
	case failed > 0:
		return fmt.Sprintf("%s: %d of %s could not be collected.", wordNotComplete, failed, count(total, "organization"))
	case v.Run.Outcome == snapshot.Running:
		return wordNotComplete + ": the run has not ended."
	default:
		return wordNotComplete + ": the run failed after its organizations were collected."
	}
}

// untiedText warns where a complete run has counts that do not tie.
func (v *view) untiedText() string {
	n := len(untied(v.tieOuts()))
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", but tie-outs that do not tie: %d", n)
}

func (v *view) total(of func(*Organization) int) int {
	n := 0
	for _, o := range v.each() {
		n += of(o)
	}
	return n
}

func (o *Organization) changeCount() int { return len(o.Changes) }

func (o *Organization) failCount() int { return o.findings(finding.Fail) }

// alarms is what must stand at the very top of a report: every reason why it is not complete, and every count that does not tie.
func (v *view) alarms() []string {
	var all []string
	if v.Run.Outcome != snapshot.Complete && v.Run.Error != "" && v.incomplete() == 0 { // else each organization says why
		all = append(all, fmt.Sprintf("%s: run %d: %s", wordNotComplete, v.Run.ID, oneLine(v.Run.Error)))
	}
	for i, o := range v.each() {
		if !o.complete() {
			all = append(all, v.notComplete(i))
		}
	}
	for _, t := range untied(v.tieOuts()) {
		all = append(all, t.alarm(v.scope(t.organization)))
	}
	return all
}

// oneLine writes the reasons of a run, a line for each organization, as one line.
func oneLine(reasons string) string { return strings.ReplaceAll(reasons, "\n", "; ") }

// scope names what a row without an organization is about.
func (v *view) scope(organization int) string {
	if organization == runLevel {
		return "run " + fmt.Sprint(v.Run.ID)
	}
	return v.label(organization)
}

// notComplete says why nothing is known about an organization.
func (v *view) notComplete(organization int) string {
	o := &v.Organizations[organization]
	last := "It has no earlier complete snapshot."
	if o.LastComplete != nil {
		last = "Its last complete snapshot is of " + utc(o.LastComplete.TakenAt) + "."
	}
	return fmt.Sprintf("%s: %s: %s. Nothing is said about it in this run: no inventory, no changes. %s",
		wordNotComplete, v.label(organization), o.reason(), last)
}

// reason is why a snapshot is not complete.
func (o *Organization) reason() string {
	reason := strings.TrimSuffix(orText(o.Snapshot.Error, "no reason was stored"), ".")
	if o.Snapshot.ErrorCode != "" {
		reason = o.Snapshot.ErrorCode + ": " + reason
	}
	return reason
}

// headline says in one line how an organization stands.
func (v *view) headline(organization int) string {
	o := &v.Organizations[organization]
	switch {
	case !o.complete():
		return v.notComplete(organization)
	case o.first():
		return fmt.Sprintf("%s: %s: %s, %s.", v.label(organization), baselineText, v.counted(o), count(o.failCount(), "failed finding"))
	default:
		return fmt.Sprintf("%s: complete: %s, %s since the baseline snapshot of %s, %s.", v.label(organization), v.counted(o),
			o.changesText(), utc(o.Baseline.TakenAt), count(o.failCount(), "failed finding"))
	}
}

const baselineText = "baseline: first complete snapshot, nothing to compare with"

func (o *Organization) changesText() string {
	if len(o.Changes) == 0 {
		return "no changes" + o.ofSCIM()
	}
	return count(len(o.Changes), "change")
}

func (v *view) counted(o *Organization) string {
	sso := count(len(o.SSO), "SSO configuration")
	if o.Snapshot.SSONotAssessed != "" {
		sso = "SSO configurations not assessed"
	}
	return count(len(o.SCIM), "SCIM configuration") + " and " + sso
}

// lacking is the remark of every organization about which a table can say nothing.
func (v *view) lacking() []remark {
	var all []remark
	for i, o := range v.each() {
		if !o.complete() {
			all = append(all, remark{i, v.notComplete(i), true})
		}
	}
	return all
}

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

// summaryGrid is the widths of the summary's columns, in characters: two texts, a long text, three numbers and five short ones. Its tables
// begin with texts and end with numbers.
var summaryGrid = []float64{26, 42, maxWidth, 13, 13, 13, 9, 9, 9, 9, 9}

// summaryContent is the sheet that says the essence of the run: whether it is complete, what it is about, what changed, what is wrong, what
// was not looked at, and how to check all that.
func (v *view) summaryContent() *content {
	c := &content{name: "Summary", fixed: summaryGrid}
	c.lines = append(c.lines, line{lookTitle, []any{reportTitle + " of " + utc(v.Run.StartedAt)}})
	standing := lookAlarm
	if v.Complete() {
		standing = lookAllWell
	}
	c.lines = append(c.lines, textLines(standing, v.status(), len(summaryGrid))...)
	for _, alarm := range v.alarms() {
		c.lines = append(c.lines, textLines(lookAlarm, alarm, len(summaryGrid))...)
	}
	c.lines = append(c.lines, v.runLines()...)
	for _, text := range whereToLook {
		c.lines = append(c.lines, line{lookNote, []any{text}})
	}
	c.block("Organizations, and their failed findings by severity", v.overviewTable())
	c.block("What changed: the most serious", v.topChangeTable())
	c.block("What is wrong: the most serious findings", v.topFindingTable())
	c.block("What was not assessed", v.notAssessedTable())
	c.block("Exceptions: findings that somebody has accepted", v.exceptionSummary())
	first := len(c.lines) + 3 // below an empty row and the heading
	c.lines = append(c.lines, line{}, line{lookHeading, []any{fmt.Sprintf("The last %d runs", trendRuns)}})
	for range chartRows {
		c.lines = append(c.lines, line{lookPlain, []any{nil}}) // a row of the usual height, whatever the program
	}
	c.rows(v.trendTable())
	last := len(c.lines)
	c.finish = func(f *excelize.File, sheet string) error {
		return addTrendCharts(f, sheet, first, first+chartRows, last)
	}
	c.block("Tie-outs: each count from two sources", tieOutTable(v.tieOuts(), v.scope).pick("organization", "check", "remark", "first", "second", "result"))
	for i := range v.Organizations {
		c.lines = append(c.lines, v.organizationLines(i)...)
	}
	return c
}

// whereToLook is what a reader who has never seen the report needs to know.
var whereToLook = []string{
	"In full: Changes (since the last complete snapshot), Findings (what is wrong), Rules (all that was judged), Inventory and SSO (what is configured), Timeline, Runs.",
	"How it was collected: Evidence. What the words mean: Glossary. To check the files: sha256sum -c SHA256SUMS in their folder; to check the database: auditor verify.",
}

// block adds a small table as lines, with a heading.
func (c *content) block(heading string, t *table) {
	c.lines = append(c.lines, line{}, line{lookHeading, []any{heading}})
	c.rows(t)
}

// rows adds a small table as lines.
func (c *content) rows(t *table) {
	c.lines = append(c.lines, line{lookHeader, headerCells(t)})
	before := len(c.lines)
	for r := range t.rows {
		c.lines = append(c.lines, line{lookPlain, r.cells})
	}
	if len(c.lines) == before && len(t.remarks) == 0 {
		c.lines = append(c.lines, line{lookNote, []any{"none"}})
	}
	for _, r := range t.remarks {
		c.lines = append(c.lines, textLines(lookNote, r.text, 1)...)
	}
}

func (v *view) runLines() []line {
	r := &v.Run
	lines := []line{{}, {lookHeading, []any{"Run"}}}
	facts := []fact{
		{item: "Run", value: int(r.ID)},
		{item: "Outcome", value: r.Outcome},
		{item: "Started at (UTC)", value: r.StartedAt},
		{item: "Scheduled for (UTC)", value: instant(r.ScheduledFor, "not scheduled")},
		{item: "Trigger", value: r.Trigger},
		{item: "Tool", value: "auditor " + r.ToolVersion},
		{item: "Failed findings", value: v.severityText()},
		{item: "Tie-outs", value: v.tieOutText()},
	}
	for _, f := range v.localFacts(append(facts, v.writerFacts()...)) {
		lines = append(lines, line{lookPlain, []any{f.item, f.value}})
	}
	return lines
}

// severityText counts failed findings over all organizations by severity.
func (v *view) severityText() string {
	var texts []string
	for i, n := range v.failedBySeverity() {
		if n > 0 {
			texts = append(texts, fmt.Sprintf("%d %s", n, diff.Severities[i]))
		}
	}
	return orText(strings.Join(texts, ", "), "none")
}

// organizationLines is how one organization stands.
func (v *view) organizationLines(organization int) []line {
	lines := []line{{}, {lookHeading, []any{"Organization " + v.label(organization)}}}
	for _, f := range v.localFacts(v.standing(organization)) {
		lines = append(lines, line{lookPlain, []any{f.item, f.value}})
	}
	return lines
}

func (v *view) standing(organization int) []fact {
	o := &v.Organizations[organization]
	facts := []fact{
		{item: "Outcome", value: o.Snapshot.Outcome},
		{item: "Organization ID", value: orText(o.id(), unknown)},
		{item: "Taken at (UTC)", value: o.Snapshot.TakenAt},
	}
	if !o.complete() {
		return append(facts, fact{item: "What is known", value: v.notComplete(organization)})
	}
	compared, changes := baselineText, baselineText
	if o.Baseline != nil {
		compared = fmt.Sprintf("%s (snapshot %d) to %s (snapshot %d)", utc(o.Baseline.TakenAt), o.Baseline.ID, utc(o.Snapshot.TakenAt), o.Snapshot.ID)
		changes = o.changesText()
		if len(o.Changes) > 0 {
			changes += ": " + severityCounts(o.Changes, func(c *snapshot.Change) diff.Severity { return c.Severity })
		}
	}
	return append(facts,
		fact{item: "Period", value: compared},
		fact{item: "SCIM configurations", value: len(o.SCIM)},
		fact{item: "of them enabled", value: o.enabled()},
		fact{item: "SSO configurations", value: unless(o.Snapshot.SSONotAssessed, len(o.SSO))},
		fact{item: "Changes", value: changes},
		fact{item: "Failed findings", value: severityCounts(o.Findings, failedSeverity)},
		fact{item: "Accepted by exceptions", value: o.findings(finding.Excepted)},
		fact{item: "Outcomes not assessed", value: o.findings(finding.NotAssessed)},
		fact{item: "Restricted to SCIM", value: o.restriction()})
}

func (o *Organization) enabled() int {
	n := 0
	for i := range o.SCIM {
		if o.SCIM[i].Enabled {
			n++
		}
	}
	return n
}

// restriction says whether accounts are created through SCIM only.
func (o *Organization) restriction() any {
	if o.Policies == nil {
		return "not assessed: " + orText(o.Snapshot.PoliciesNotAssessed, "no reason was stored")
	}
	return o.Policies.RestrictAccountCreationToSCIM
}

func rowList(rows []row) iter.Seq[row] {
	return func(yield func(row) bool) {
		for _, r := range rows {
			if !yield(r) {
				return
			}
		}
	}
}

// notAssessedTable has a row for each rule that could not be evaluated for some subject, and one for all that is unknown of a failed snapshot.
func (v *view) notAssessedTable() *table {
	t := &table{columns: []column{
		{"Organization", "organization"}, {"Not assessed", "title"}, {"Why", "observed"}, {"Outcomes", "outcomes"}, {"Rule", "rule_id"},
	}}
	var rows []row
	for i, o := range v.each() {
		if !o.complete() {
			rows = append(rows, row{i, []any{v.label(i), "everything", wordNotComplete}})
			continue
		}
		for _, r := range v.rulesOf(o) {
			n, why := o.unassessed(r.ID)
			if n > 0 {
				rows = append(rows, row{i, []any{v.label(i), r.Title, why, n, r.ID}})
			}
		}
	}
	t.rows = rowList(rows)
	return t
}

// unassessed counts what a rule could not assess, with the first reason. A rule without any stored outcome counts as one.
func (o *Organization) unassessed(rule string) (n int, why string) {
	seen := false
	for i := range o.Findings {
		f := &o.Findings[i]
		if f.RuleID != rule {
			continue
		}
		seen = true
		if f.Status == finding.NotAssessed {
			n, why = n+1, orText(why, f.Observed)
		}
	}
	if !seen {
		return 1, "no outcome of this rule is stored"
	}
	return n, why
}

// A table is one set of rows that the workbook, Markdown and CSV all write. A cell is a string, an int, a bool, a time.Time, a localTime, a
// day, nil, or one of the words that have a colour: diff.Severity, finding.Status, schedule.Status, snapshot.Outcome, verdict.
type table struct {
	name    string // of the sheet
	file    string // of the CSV file
	columns []column
	rows    iter.Seq[row]
	remarks []remark
	// sizes counts the rows by organization; nil until it is asked for.
	sizes map[int]int
}

type column struct {
	title string // of the sheet, unique in its table
	key   string // of the CSV file
}

type row struct {
	organization int // index into Model.Organizations, or runLevel
	cells        []any
}

// runLevel marks a row or a remark that belongs to no single organization.
const runLevel = -1

// remark is what a reader must know beside the rows.
type remark struct {
	organization int
	text         string
	// lacking is true where the remark stands for rows that are not there because nothing is known; then it is a row of the CSV file too.
	lacking bool
}

// verdict is the word on a tie-out.
type verdict string

// The verdicts.
const (
	ties       verdict = "ties"
	doesNotTie verdict = "does not tie"
	notChecked verdict = "not assessed"
)

// day is a date without a time of day.
type day time.Time

// view is the model with what all files need of it.
type view struct {
	*Model
	Options
	labels []string       // of the organizations, unique
	byID   map[string]int // organization id → index

	// What the files share is computed once, when it is first asked for.
	ties    []tieOut
	open    map[subjectKey][]string
	sheets  []*content
	tallied *tally

	begin func() (*book, error) // of the workbook
}

func newView(m *Model, opts Options) *view {
	v := &view{Model: m, Options: opts, begin: newBook, labels: make([]string, len(m.Organizations)), byID: make(map[string]int)}
	for i := range m.Organizations {
		o := &m.Organizations[i]
		v.labels[i], v.byID[o.id()] = o.name(), i
	}
	distinguish(v.labels, func(i int) string { return orText(m.Organizations[i].Snapshot.Source, m.Organizations[i].id()) })
	return v
}

func (v *view) prepare() {
	v.openFindings()
	v.tieOuts()
	v.cells()
}

// distinguish puts behind each name that several have what tells them apart.
func distinguish(names []string, by func(i int) string) {
	seen := make(map[string]int)
	for _, name := range names {
		seen[name]++
	}
	for i, name := range names {
		if seen[name] > 1 {
			names[i] += " (" + by(i) + ")"
		}
	}
}

// label names the organization of a row.
func (v *view) label(organization int) string {
	if organization == runLevel {
		return ""
	}
	return v.labels[organization]
}

// each yields the organizations with their index.
func (v *view) each() iter.Seq2[int, *Organization] {
	return func(yield func(int, *Organization) bool) {
		for i := range v.Organizations {
			if !yield(i, &v.Organizations[i]) {
				return
			}
		}
	}
}

// rowsOf yields a row for each item of each organization.
func rowsOf[T any](v *view, items func(*Organization) []T, cells func(i int, o *Organization, item *T) []any) iter.Seq[row] {
	return func(yield func(row) bool) {
		for i, o := range v.each() {
			list := items(o)
			for j := range list {
				if !yield(row{i, cells(i, o, &list[j])}) {
					return
				}
			}
		}
	}
}

// size counts the rows.
func (t *table) size() int {
	n := 0
	for _, rows := range t.rowsByOrganization() {
		n += rows
	}
	return n
}

// sizeOf counts the rows of one organization.
func (t *table) sizeOf(organization int) int { return t.rowsByOrganization()[organization] }

// rowsByOrganization counts the rows when it is first asked for: a report may hold a thousand organizations.
func (t *table) rowsByOrganization() map[int]int {
	if t.sizes == nil {
		t.sizes = make(map[int]int)
		for r := range t.rows {
			t.sizes[r.organization]++
		}
	}
	return t.sizes
}

// plain is a cell as machine-readable text: instants in RFC 3339, truth as true and false.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case int:
		return strconv.Itoa(v)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case localTime:
		return v.Format(time.RFC3339Nano)
	case day:
		return time.Time(v).Format(time.DateOnly)
	case finding.Status:
		return string(v)
	case schedule.Status:
		return string(v)
	default:
		return word(v)
	}
}

// shown is a cell as a person reads it.
func shown(v any) string {
	switch v := v.(type) {
	case bool:
		return yesNo(v)
	case time.Time:
		return v.UTC().Format(time.DateTime)
	case localTime:
		return v.Format(time.DateTime)
	case finding.Status, schedule.Status:
		return word(v)
	default:
		return plain(v)
	}
}

// word is the text of a cell that has a colour, empty for every other type.
func word(v any) string {
	switch v := v.(type) {
	case diff.Severity:
		return string(v)
	case finding.Status:
		return strings.ReplaceAll(string(v), "_", " ")
	case snapshot.Outcome:
		return string(v)
	case schedule.Status:
		return strings.ReplaceAll(string(v), "_", " ")
	case verdict:
		return string(v)
	}
	return ""
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// instant is a time's cell; what is not known is said in words.
func instant(t time.Time, unknown string) any {
	if t.IsZero() {
		return unknown
	}
	return t
}

// orText is a text's cell; an empty one is said in words.
func orText(s, empty string) string {
	if s == "" {
		return empty
	}
	return s
}

func titles(columns []column) []string {
	all := make([]string, len(columns))
	for i, c := range columns {
		all[i] = c.title
	}
	return all
}

// pick is a table with some of its columns, named by their keys.
func (t *table) pick(keys ...string) *table {
	index := make([]int, len(keys))
	columns := make([]column, len(keys))
	for i, key := range keys {
		index[i] = slices.IndexFunc(t.columns, func(c column) bool { return c.key == key })
		columns[i] = t.columns[index[i]]
	}
	rows := func(yield func(row) bool) {
		for r := range t.rows {
			cells := make([]any, len(index))
			for i, from := range index {
				cells[i] = r.cells[from]
			}
			if !yield(row{r.organization, cells}) {
				return
			}
		}
	}
	return &table{name: t.name, file: t.file, columns: columns, rows: rows, remarks: t.remarks}
}

// Template is a text/template of the Markdown report. What it can use is Markdown.
type Template struct{ parsed *template.Template }

// ParseTemplate reads the text of a template and tries it, so that what is wrong is found before there is anything to report: with everything
// that a report with local times of this zone, nil for none, can have, and with nothing. An error begins with name, line and column.
func ParseTemplate(name, text string, zone *time.Location) (*Template, error) {
	t, err := parse(name, text)
	if err != nil {
		return nil, err
	}
	for _, m := range []Markdown{everything(zone), nothing(zone)} {
		if err := t.execute(io.Discard, m); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func parse(name, text string) (*Template, error) {
	parsed, err := template.New(name).Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, located(err)
	}
	return &Template{parsed}, nil
}

func (t *Template) execute(w io.Writer, data any) error {
	err := t.parsed.Execute(w, data)
	if problem, ok := errors.AsType[template.ExecError](err); ok {
		return located(problem)
	}
	return err
}

// located is an error of text/template without its first word, so that it begins with the place.
func located(err error) error {
	if text, ok := strings.CutPrefix(err.Error(), "template: "); ok {
		return errors.New(text)
	}
	return err
}

// builtIn is a template in reports/templates.
func builtIn(name string) (*Template, error) {
	text, err := templates.Files.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading the built-in template: %w", err)
	}
	return parse(name, string(text))
}

// MarkdownTable is a table as a template can use it. Written as it is, it is a table of GitHub Flavored Markdown with no more than 200 rows,
// and its remarks.
type MarkdownTable struct {
	table *table
	shown *table // what of it the Markdown shows
	rest  string // where the rows are that the Markdown leaves out
}

// String is the table as Markdown. It needs an empty line before and after it.
func (t MarkdownTable) String() string { return markdownTable(t.shown, t.rest) }

// Len is the number of rows.
func (t MarkdownTable) Len() int { return t.table.size() }

// Rows yields all rows, each as its values by the keys of all columns, also those that the Markdown does not show.
func (t MarkdownTable) Rows() iter.Seq[map[string]string] {
	return func(yield func(map[string]string) bool) {
		for r := range t.table.rows {
			values := make(map[string]string, len(r.cells))
			for i, c := range t.table.columns {
				values[c.key] = markdownText(shown(r.cells[i]))
			}
			if !yield(values) {
				return
			}
		}
	}
}

// Remarks is what must be known beside the rows: why an organization has none, what could not be assessed.
func (t MarkdownTable) Remarks() []string {
	all := make([]string, len(t.table.remarks))
	for i, r := range t.table.remarks {
		all[i] = markdownText(r.text)
	}
	return all
}

// nothing is the report of a run without organizations.
func nothing(zone *time.Location) Markdown {
	return newView(&Model{}, Options{Location: zone}).markdown()
}

// everything is a report that has one of each, of empty values.
func everything(zone *time.Location) Markdown {
	m := nothing(zone)
	m.Complete, m.Alarms, m.Organizations = true, []string{""}, []string{""}
	for _, t := range m.tables() {
		one := *t.table
		one.rows = rowList([]row{{runLevel, make([]any, len(one.columns))}})
		one.remarks = []remark{{organization: runLevel}}
		t.table, t.shown = &one, &one
	}
	return m
}

// WriteMarkdown executes a template with the data, the built-in one of this name when it is nil.
func WriteMarkdown(w io.Writer, t *Template, builtInName string, data any) error {
	return executeTemplate(w, t, builtInName, data)
}

// Visible shows what a reader would not see: control, format and bidirectional characters, fillers without a glyph, and bytes that are no
// UTF-8, each as its code point in double brackets. All else stands as it is.
func Visible(s string) string { return visible(s, "") }

// visible leaves the characters in keep as they are.
func visible(s, keep string) string {
	if isPrintable(s) || !strings.ContainsFunc(s, hidden) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, "⟦0x%02X⟧", s[i])
		case hidden(r) && !strings.ContainsRune(keep, r):
			fmt.Fprintf(&b, "⟦U+%04X⟧", r)
		default:
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

// isPrintable says whether a text is of ASCII's printable characters alone, as most are.
func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// hidden says whether a rune leaves no mark of its own on a screen, or stands for a byte that is no UTF-8.
func hidden(r rune) bool {
	if ' ' <= r && r <= '~' {
		return false
	}
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Noncharacter_Code_Point)
}

// The most that a cell of a workbook holds, in UTF-16 code units, and what stands at the end of a text that is longer:
// https://support.microsoft.com/en-us/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
const (
	maxCellUnits = 32_767
	cutMarker    = "… cut, full value in the database"
)

// cut shortens a text that a cell of a workbook cannot hold. Excel counts UTF-16 code units.
func cut(s string) (string, bool) {
	if len(s) <= maxCellUnits { // a rune has no more units than bytes
		return s, false
	}
	units, end := 0, 0
	for i, r := range s {
		if units+len(cutMarker) <= maxCellUnits {
			end = i // the marker's units are fewer than its bytes, so it fits behind this point
		}
		units += max(1, utf16Len(r))
	}
	if units <= maxCellUnits {
		return s, false
	}
	return s[:end] + cutMarker, true
}

func utf16Len(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}

// guard puts a ' before a text that a spreadsheet program would take for a formula when it opens a CSV file:
// https://owasp.org/www-community/attacks/CSV_Injection
func guard(s string) (string, bool) {
	r, _ := utf8.DecodeRuneInString(s)
	if s == "" || !strings.ContainsRune("=+-@\t\r\n＝＋－＠", r) {
		return s, false
	}
	return "'" + s, true
}

// csvText is a text as it stands in a CSV file, which people open in a spreadsheet or print on a terminal. Line breaks and tabs stay; of
// carriage returns, which encoding/csv would drop in silence, the code point is shown.
func csvText(s string) (text string, altered bool) {
	text, _ = guard(s)
	text = visible(text, "\n\t")
	return text, text != s
}

var (
	// markdownSpace turns every line break into a space: none may end a table's row.
	markdownSpace = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\v", " ", "\f", " ", "\u0085", " ", "\u2028", " ", "\u2029", " ")
	// markdownEscape takes the meaning from every character that has one inside a cell or a line, and from what would become a link. No
	// backslash keeps GitHub from linking an address or telling a team that it was mentioned; an empty comment behind the @ does.
	markdownEscape = strings.NewReplacer(
		`\`, `\\`, `|`, `\|`, `<`, `\<`, `>`, `\>`, `&`, `\&`, `*`, `\*`, `_`, `\_`, `[`, `\[`, `]`, `\]`, `!`, `\!`, `~`, `\~`, `#`, `\#`,
		"`", "\\`", `$`, `\$`, `://`, `\://`, `www.`, `www\.`, `@`, `@<!-- -->`)
)

// markdownList is what makes the beginning of a text an item of a list: https://spec.commonmark.org/0.31.2/#list-items
var markdownList = regexp.MustCompile(`^(\d*)([-+.)])( |$)`)

// markdownText is a text that cannot break out of a cell or a line of GitHub Flavored Markdown.
func markdownText(s string) string {
	text := strings.TrimSpace(markdownEscape.Replace(Visible(markdownSpace.Replace(s))))
	return markdownList.ReplaceAllString(text, `${1}\${2}${3}`)
}

// shorten cuts a text to a number of runes, the last of which then is "…".
func shorten(s string, runes int) string {
	if utf8.RuneCountInString(s) <= runes {
		return s
	}
	r := []rune(s)
	return string(r[:runes-1]) + "…"
}

// How a report writes instants: in sentences, and in the names of folders.
const (
	sentenceTime = "2006-01-02 15:04:05 UTC"
	folderTime   = "2006-01-02T150405Z"
)

// utc writes an instant as sentences tell it, in whole seconds.
func utc(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format(sentenceTime)
}

// instantLabel is what a person reads for a changed value that is an instant of the API, empty for every other value.
func instantLabel(value string) string {
	t, err := ona.ParseTime(value)
	if err != nil || t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02 15:04:05.999999999 UTC")
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// tieOut is one count from two independent sources.
type tieOut struct {
	organization  int
	check         string // both sources, in words
	first, second any    // ints, or nil where there is no number
	verdict       verdict
	remark        string
}

// The methods whose answers are listings.
const (
	methodSCIM = "/ListSCIMConfigurations"
	methodSSO  = "/ListSSOConfigurations"
	// statusOK is the HTTP status of an answer with a page; a refusal has none.
	statusOK = 200
)

// tieOuts checks every count of the report against a second source: what came over the wire, what the collector counted, what the store's
// views hold, and what the files show.
func (v *view) tieOuts() []tieOut {
	if v.ties != nil {
		return v.ties
	}
	inventory, sso := v.inventoryTable(), v.ssoTable()
	for i, o := range v.each() {
		if !o.complete() {
			v.ties = append(v.ties, tieOut{i, "all", nil, nil, notChecked, wordNotComplete})
			continue
		}
		s := &o.Snapshot
		v.tieListing(i, listing{"SCIM", methodSCIM, s.SCIMReceived, s.SCIMDistinct, s.SCIMConfigurations, o.ViewSCIM, inventory, ""})
		v.tieListing(i, listing{"SSO", methodSSO, s.SSOReceived, s.SSODistinct, s.SSOConfigurations, o.ViewSSO, sso, s.SSONotAssessed})
		v.tiePages(i)
		v.tieBaseline(i)
	}
	v.tieRun(inventory)
	return v.ties
}

func (v *view) tie(organization int, check string, first, second int, remark string) {
	t := tieOut{organization, check, first, second, ties, ""}
	if first != second {
		t.verdict, t.remark = doesNotTie, remark
	}
	v.ties = append(v.ties, t)
}

func (v *view) untied(organization int, check, why string) {
	v.ties = append(v.ties, tieOut{organization, check, nil, nil, notChecked, why})
}

type listing struct {
	name, method                     string
	received, distinct, stored, view int
	table                            *table
	notAssessed                      string
}

// tieListing follows the records of one listing from the wire to the sheet.
func (v *view) tieListing(organization int, l listing) {
	if l.notAssessed != "" {
		v.untied(organization, l.name+" records", l.notAssessed)
		return
	}
	o := &v.Organizations[organization]
	if len(o.Exchanges) == 0 {
		v.untied(organization, l.name+" records in the stored exchanges = records counted by the collector", "no exchange is stored")
	} else {
		v.tie(organization, l.name+" records in the stored exchanges = records counted by the collector", o.records(l.method), l.received, "")
	}
	v.tie(organization, l.name+" records received = distinct ids", l.received, l.distinct,
		"an id was listed more than once: "+orText(strings.Join(o.Snapshot.Notes, "; "), "no note says why"))
	v.tie(organization, l.name+" distinct ids = rows stored", l.distinct, l.stored, "")
	v.tie(organization, l.name+" rows stored = rows of the database view", l.stored, l.view, "")
	v.tie(organization, l.name+" rows of the database view = rows of the sheet "+l.table.name, l.view, l.table.sizeOf(organization), "")
}

func (o *Organization) records(method string) int {
	n := 0
	for i := range o.Exchanges {
		if strings.HasSuffix(o.Exchanges[i].Method, method) {
			n += o.Exchanges[i].Records
		}
	}
	return n
}

func (v *view) tiePages(organization int) {
	const check = "Pages in the stored exchanges = pages counted by the collector"
	o := &v.Organizations[organization]
	if len(o.Exchanges) == 0 {
		v.untied(organization, check, "no exchange is stored")
		return
	}
	pages := 0
	for i := range o.Exchanges {
		e := &o.Exchanges[i]
		if e.Status == statusOK && (strings.HasSuffix(e.Method, methodSCIM) || strings.HasSuffix(e.Method, methodSSO)) {
			pages++
		}
	}
	v.tie(organization, check, pages, o.Snapshot.Pages, "")
}

// tieBaseline checks that the changes explain the difference between the two snapshots' sizes.
func (v *view) tieBaseline(organization int) {
	o := &v.Organizations[organization]
	const formula = " in the baseline + added + reappeared − removed = "
	if o.Baseline == nil {
		v.untied(organization, "Configurations"+formula+"configurations now", baselineText)
		return
	}
	moved := func(subject diff.SubjectType) int {
		return o.changes(subject, diff.Added, diff.Reappeared) - o.changes(subject, diff.Removed)
	}
	v.tie(organization, "SCIM configurations"+formula+"rows of the database view",
		o.Baseline.SCIMConfigurations+moved(diff.SCIMConfiguration), o.ViewSCIM, "")
	const check = "SSO configurations" + formula + "rows of the database view"
	switch {
	case o.Snapshot.SSONotAssessed != "":
		v.untied(organization, check, o.Snapshot.SSONotAssessed)
	case o.SSOBaseline == nil:
		v.untied(organization, check, "no earlier snapshot could read them")
	default:
		v.tie(organization, check, o.SSOBaseline.SSOConfigurations+moved(diff.SSOConfiguration), o.ViewSSO, "")
	}
}

// tieRun checks the run register, which counts in the database, against the sheets.
func (v *view) tieRun(inventory *table) {
	findings, failed := v.findingTable(), 0
	for _, n := range v.failedBySeverity() {
		failed += n
	}
	v.tie(runLevel, "SCIM configurations in the run register = rows of the sheet Inventory", v.Run.SCIMConfigurations, inventory.size(), "")
	v.tie(runLevel, "Changes in the run register = rows of the sheet Changes", v.Run.Changes, v.changeTable().size(), "")
	v.tie(runLevel, "Failed findings in the run register = failed findings summed over severities", v.Run.FailedFindings, failed, "")
	rows := 0
	for r := range findings.rows {
		if plain(r.cells[1]) == "fail" {
			rows++
		}
	}
	v.tie(runLevel, "Failed findings summed over severities = rows with fail in the sheet Findings", failed, rows, "")
}

// failedBySeverity counts failed findings in the order of diff.Severities.
func (v *view) failedBySeverity() []int {
	counts := make([]int, len(diff.Severities))
	for i, s := range diff.Severities {
		counts[i] = v.total(func(o *Organization) int { return o.failedAs(s) })
	}
	return counts
}

func (o *Organization) failedAs(severity diff.Severity) int {
	n := 0
	for i := range o.Findings {
		if failedSeverity(&o.Findings[i]) == severity {
			n++
		}
	}
	return n
}

// failedSeverity is the severity of a finding that failed, empty for another.
func failedSeverity(f *snapshot.Finding) diff.Severity {
	if f.Status != finding.Fail {
		return ""
	}
	return f.Severity
}

// tieOutText counts the tie-outs by their verdict.
func (v *view) tieOutText() string {
	counts := make(map[verdict]int)
	for _, t := range v.tieOuts() {
		counts[t.verdict]++
	}
	return fmt.Sprintf("%d tie, %d do not tie, %d not assessed", counts[ties], counts[doesNotTie], counts[notChecked])
}

// untied are those of which the two counts differ.
func untied(all []tieOut) []tieOut {
	return slices.DeleteFunc(slices.Clone(all), func(t tieOut) bool { return t.verdict != doesNotTie })
}

// alarm says what does not tie; scope names what it is about.
func (t *tieOut) alarm(scope string) string {
	return fmt.Sprintf("A count does not tie: %s: %s: %s, %s", scope, t.check, shown(t.first), shown(t.second))
}

// tieOutTable has a row for each tie-out; scope names what a row is about.
func tieOutTable(ties []tieOut, scope func(organization int) string) *table {
	return &table{
		columns: []column{
			{"Organization", "organization"}, {"Tie-out", "check"}, {"First", "first"}, {"Second", "second"}, {"Result", "result"}, {"Remark", "remark"},
		},
		rows: func(yield func(row) bool) {
			for _, t := range ties {
				if !yield(row{t.organization, []any{scope(t.organization), t.check, t.first, t.second, t.verdict, t.remark}}) {
					return
				}
			}
		},
	}
}

// trendRuns is how many runs the trend shows at most.
const trendRuns = 30

// trendRun is one run of the trend. Numbers that are not known are nil: those of a run that is not complete do not count every organization.
type trendRun struct {
	*snapshot.Run
	scim, sso, changes any
	failing            []any // in the order of diff.Severities
	why                string
}

// trend is the last runs, oldest first.
func (v *view) trend() []trendRun {
	var all []trendRun
	for i := min(trendRuns, len(v.Runs)) - 1; i >= 0; i-- {
		all = append(all, v.trendRun(&v.Runs[i]))
	}
	return all
}

func (v *view) trendRun(r *snapshot.Run) trendRun {
	t := trendRun{Run: r, failing: make([]any, len(diff.Severities))}
	if r.Outcome != snapshot.Complete {
		t.why = oneLine(r.Error)
		return t
	}
	t.scim, t.changes = r.SCIMConfigurations, r.Changes
	totals := v.Totals[r.ID]
	if totals == nil {
		return t
	}
	if totals.SSOKnown {
		t.sso = totals.SSOConfigurations
	} else {
		t.why = "SSO configurations not assessed"
	}
	if totals.Failing == nil {
		t.why = "pruned: failed findings no longer known by severity"
		return t
	}
	for i, severity := range diff.Severities {
		t.failing[i] = totals.Failing[severity]
	}
	return t
}

// The columns of the trend's numbers, in the summary's grid.
const (
	trendSCIM    = "D"
	trendSSO     = "E"
	trendChanges = "F"
)

var trendFailing = []string{"G", "H", "I", "J", "K"} // in the order of diff.Severities

// trendTable has the numbers of the charts. Its third column says why numbers are missing; a local time takes the second column, and what
// stands there goes into the third, so that the numbers keep their places.
func (v *view) trendTable() *table {
	t := &table{columns: []column{{"Started at " + inUTC, "started_at"}, {"Run", "run"}, {"Why a number is missing", "why"}}}
	zone := v.Zone()
	if zone != nil {
		t.columns = []column{t.columns[0], {"Started at (" + zone.String() + ")", "started_at_local"}, {"Run", "run"}}
	}
	t.columns = append(t.columns, column{"SCIM", "scim_configurations"}, column{"SSO", "sso_configurations"}, column{"Changes", "changes"})
	t.columns = append(t.columns, severityColumns()...)
	var rows []row
	for _, r := range v.trend() {
		run := fmt.Sprintf("%d: %s", r.ID, r.Outcome)
		cells := []any{r.StartedAt, run, r.why}
		if zone != nil {
			if r.why != "" {
				run += ": " + r.why
			}
			cells = []any{r.StartedAt, local(r.StartedAt, zone), run}
		}
		rows = append(rows, row{runLevel, append(append(cells, r.scim, r.sso, r.changes), r.failing...)})
	}
	t.rows = rowList(rows)
	return t
}

func severityColumns() []column {
	columns := make([]column, len(diff.Severities))
	for i, s := range diff.Severities {
		columns[i] = column{string(s), "failed_" + string(s)}
	}
	return columns
}

// chartRows is how many empty rows the charts need above the trend's table.
const chartRows = 13

// addTrendCharts draws the rows below the trend's header, up to last, in the rows from first on, on a page that begins with their heading.
func addTrendCharts(f *excelize.File, sheet string, first, header, last int) error {
	if last <= header {
		return nil
	}
	if err := f.InsertPageBreak(sheet, fmt.Sprintf("A%d", first-1)); err != nil { // no chart is cut
		return fmt.Errorf("breaking the page above the charts: %w", err)
	}
	series := func(column, color, marker string) excelize.ChartSeries {
		fill := excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{color}}
		s := excelize.ChartSeries{
			Name:       fmt.Sprintf("%s!$%s$%d", sheet, column, header),
			Categories: fmt.Sprintf("%s!$A$%d:$A$%d", sheet, header+1, last),
			Values:     fmt.Sprintf("%s!$%s$%d:$%s$%d", sheet, column, header+1, column, last),
			Fill:       fill,
		}
		if marker != "" {
			s.Line, s.Marker = excelize.LineOptions{Width: 2}, excelize.ChartMarker{Symbol: marker, Size: 6, Fill: fill}
		}
		return s
	}
	var failing []excelize.ChartSeries
	for i, column := range trendFailing {
		failing = append(failing, series(column, severityColors[i], ""))
	}
	for _, c := range []struct {
		cell, title string
		kind        excelize.ChartType
		width       uint // pixels
		series      []excelize.ChartSeries
	}{
		{"A", "Configurations", excelize.Line, 430, []excelize.ChartSeries{series(trendSCIM, "1F4E78", "circle"), series(trendSSO, "E07B00", "square")}},
		{"C", "Changes", excelize.Col, 410, []excelize.ChartSeries{series(trendChanges, "1F4E78", "")}},
		{"D", "Failed findings by severity", excelize.ColStacked, 560, failing},
	} {
		if err := f.AddChart(sheet, fmt.Sprintf("%s%d", c.cell, first), trendChart(c.title, c.kind, c.width, c.series)); err != nil {
			return fmt.Errorf("the chart %s: %w", c.title, err)
		}
	}
	return nil
}

// severityColors differ in lightness too, in the order of diff.Severities.
var severityColors = []string{"5C0004", "C0272D", "E8862E", "F5C98A", "BFBFBF"}

func trendChart(title string, kind excelize.ChartType, width uint, series []excelize.ChartSeries) *excelize.Chart {
	zero, never, font := 0.0, false, excelize.Font{Size: 8, Color: "404040"}
	return &excelize.Chart{
		Type:         kind,
		Series:       series,
		Title:        excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: title, Font: &excelize.Font{Size: 10, Bold: true, Color: "404040"}}}},
		VaryColors:   &never,
		Dimension:    excelize.ChartDimension{Width: width, Height: (chartRows - 2) * 20},
		Legend:       excelize.ChartLegend{Position: "bottom"},
		XAxis:        excelize.ChartAxis{NumFmt: excelize.ChartNumFmt{CustomNumFmt: "mm-dd"}, Font: font},
		YAxis:        excelize.ChartAxis{NumFmt: excelize.ChartNumFmt{CustomNumFmt: "0"}, Minimum: &zero, MajorGridLines: true, Font: font},
		ShowBlanksAs: "gap", // a run that is not complete is no zero
	}
}

// jsonTrend is one run of the last 30, null where a number is not known.
type jsonTrend struct {
	RunID              int64 `json:"run_id"`
	SCIMConfigurations any   `json:"scim_configurations"`
	SSOConfigurations  any   `json:"sso_configurations"`
	Changes            any   `json:"changes"`
	// FailedFindings is by severity.
	FailedFindings map[diff.Severity]any `json:"failed_findings"`
	Why            string                `json:"why"`
}

func trendJSON(t *trendRun) jsonTrend {
	j := jsonTrend{RunID: t.ID, SCIMConfigurations: t.scim, SSOConfigurations: t.sso, Changes: t.changes, Why: t.why}
	if t.failing[0] == nil {
		return j
	}
	j.FailedFindings = make(map[diff.Severity]any, len(diff.Severities))
	for i, severity := range diff.Severities {
		j.FailedFindings[severity] = t.failing[i]
	}
	return j
}

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

// skeleton is the parts of a package as excelize writes them, by name. It is an excelize.ZipWriter.
type skeleton map[string]*bytes.Buffer

// Create begins a part.
func (p skeleton) Create(name string) (io.Writer, error) {
	p[name] = new(bytes.Buffer)
	return p[name], nil
}

// AddFS is a method of excelize.ZipWriter that excelize does not use.
func (p skeleton) AddFS(fs.FS) error {
	return fmt.Errorf("adding a file system to a workbook: %w", fs.ErrInvalid)
}

// Close has nothing to end: the parts are packed later.
func (p skeleton) Close() error { return nil }

// pack writes the archive. Its parts are sorted by name and carry the document's instant; the rows of a sheet are made while they are compressed.
func (b *book) pack(w io.Writer) error {
	all := make(skeleton)
	b.SetZipWriter(func(io.Writer) excelize.ZipWriter { return all })
	if err := b.Write(io.Discard); err != nil {
		return err
	}
	rows := make(map[string]*sheet, len(b.sheets))
	for i, s := range b.sheets {
		rows[fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1)] = s
	}
	for name, part := range b.tables {
		all[name] = bytes.NewBuffer(part)
	}
	archive := zip.NewWriter(w)
	compressor, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		return fmt.Errorf("beginning to compress: %w", err)
	}
	archive.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) {
		compressor.Reset(out) // one part after the other: a new one for each took most of the time of a small workbook
		return compressor, nil
	})
	for _, name := range slices.Sorted(maps.Keys(all)) {
		part, err := archive.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: zipTime(b.about.at)})
		if err != nil {
			return fmt.Errorf("beginning the part %s: %w", name, err)
		}
		if s, ok := rows[name]; ok {
			err = b.writeSheet(part, s, all[name].Bytes())
		} else {
			_, err = part.Write(all[name].Bytes())
		}
		if err != nil {
			return fmt.Errorf("writing the part %s: %w", name, err)
		}
	}
	return archive.Close()
}
