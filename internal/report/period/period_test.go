package period

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"scim-auditor/internal/report"
	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares with a file, or rewrites it.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s differs (-want +got); go test -update rewrites it:\n%s", path, d)
	}
}

func TestPeriodSaysWhatItsNightsFound(t *testing.T) {
	d := readPeriod(t, nightsOfNovember(t), inNovember(6))
	golden(t, "testdata/period.md", string(file(t, d, MarkdownFile)))
	var b strings.Builder
	for _, name := range []string{"population.csv", "nights.csv", "sample.csv", "findings.csv", "exceptions.csv"} {
		fmt.Fprintf(&b, "-- %s --\n%s", name, file(t, d, name))
	}
	golden(t, "testdata/period.csv.txt", strings.ReplaceAll(b.String(), "\r\n", "\n"))
}

func TestPopulationsOfAPeriodTieOut(t *testing.T) {
	d := readPeriod(t, nightsOfNovember(t), inNovember(6))
	for _, tie := range d.tieOuts() {
		if tie.Verdict == report.DoesNotTie || tie.Verdict == report.NotChecked && d.organizations[tie.Organization].name != "=Birch|" {
			t.Errorf("%s: %s: %v, %v: %s %s", d.names.Of(tie.Organization), tie.Check, tie.First, tie.Second, tie.Verdict, tie.Remark)
		}
	}
	o := d.organizations[slices.IndexFunc(d.organizations, func(o *organization) bool { return o.id == acmeID })]
	want := []item{
		{name: "expected", count: 6}, {name: "complete", count: 3}, {name: "caught up", count: 1}, {name: "failed", count: 1},
		{name: "missed", count: 1},
	}
	if !slices.Equal(want, o.nightItems()) {
		t.Errorf("nights %v, want %v", o.nightItems(), want)
	}
}

// workbook is the workbook of a period.
func workbook(t *testing.T, d *document) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(file(t, d, WorkbookFile)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestWorkbookOfAPeriodHasTypedCells(t *testing.T) {
	f := workbook(t, readPeriod(t, nightsOfNovember(t), inNovember(6)))
	want := []string{
		"Summary", "Population", "Nights", "Sample", "Net change", "Changes", "Findings", "Exceptions", "Snapshots", "Runs",
		"Evidence", "Glossary",
	}
	if d := cmp.Diff(want, f.GetSheetList()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for _, c := range []struct{ sheet, cell, value string }{
		{"Summary", "A2", "NOT COMPLETE: 2 of 8 expected nights of 2 organizations without a complete snapshot."},
		{"Nights", "A2", "2026-11-05 02:00:00"},
		{"Nights", "B2", "=Birch|"},
		{"Nights", "C2", "caught up"},
		{"Population", "E2", "2"},
	} {
		if got, err := f.GetCellValue(c.sheet, c.cell); got != c.value || err != nil {
			t.Errorf("%s!%s is %q, %v, want %q", c.sheet, c.cell, got, err, c.value)
		}
	}
	for _, cell := range []string{"A2", "J2", "L2"} {
		if kind, err := f.GetCellType("Nights", cell); kind != excelize.CellTypeUnset || err != nil {
			t.Errorf("Nights!%s is no number: type %d, %v", cell, kind, err)
		}
	}
}

func TestASheetThatIsTooWideForA4IsOnA3(t *testing.T) {
	f := workbook(t, readPeriod(t, nightsOfNovember(t), inNovember(6)))
	const paperA3, paperA4 = 8, 9 // of excelize.PageLayoutOptions
	for sheet, want := range map[string]int{
		"Summary": paperA4, "Population": paperA4, "Exceptions": paperA3, "Snapshots": paperA3,
	} {
		layout, err := f.GetPageLayout(sheet)
		if err != nil {
			t.Fatal(err)
		}
		if *layout.Size != want {
			t.Errorf("%s is on paper %d instead of %d", sheet, *layout.Size, want)
		}
	}
}

func TestReportOfAPeriodIsTheSameAtAnyTime(t *testing.T) {
	store := nightsOfNovember(t)
	write := func(now time.Time) map[string]string {
		span := inNovember(6)
		span.Now = now
		path, _, err := Write(t.TempDir(), read(t, store, span), report.Options{Formats: allFormats})
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(path) != "2026-11-01--2026-11-06-period" {
			t.Errorf("folder %s", path)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("folder %v, %v", info.Mode(), err)
		}
		return contentsOf(t, path)
	}
	before := write(november(20))
	visit(t, store, snapshot.Run{StartedAt: november(21), Trigger: "manual"}, acmeWith())
	if d := cmp.Diff(before, write(november(28))); d != "" {
		t.Errorf("(-before +after):\n%s", d)
	}
	for _, name := range []string{
		WorkbookFile, MarkdownFile, jsonFile, jsonLinesFile, "nights.csv", folder.ManifestFile, folder.SumsFile,
	} {
		if before[name] == "" {
			t.Errorf("no file %s", name)
		}
	}
}

func TestThePeriodsFilesAreThoseOfTheFormats(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	opts := report.Options{Formats: []report.Format{report.FormatCSV}, Location: zone}
	path, _, err := Write(t.TempDir(), read(t, nightsOfNovember(t), inNovember(6)), opts)
	if err != nil {
		t.Fatal(err)
	}
	files := contentsOf(t, path)
	if files[WorkbookFile] != "" || files[jsonFile] != "" {
		t.Errorf("files that are not of the format: %d", len(files))
	}
	nights := files["nights.csv"]
	if !strings.Contains(nights, "night,night_local,") || !strings.Contains(nights, "2026-11-01T02:00:00Z,2026-11-01T03:00:00+01:00,") {
		t.Errorf("no local times in %s", nights)
	}
}

func TestJSONOfAPeriodHasEveryRowAndTheLinesToo(t *testing.T) {
	d := readPeriod(t, nightsOfNovember(t), inNovember(6))
	var report map[string]json.RawMessage
	if err := json.Unmarshal(file(t, d, jsonFile), &report); err != nil {
		t.Fatal(err)
	}
	byType := make(map[string]int)
	for line := range strings.Lines(string(file(t, d, jsonLinesFile))) {
		var l struct{ Type string }
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		byType[l.Type]++
	}
	for _, table := range d.tables() {
		var rows []map[string]any
		if err := json.Unmarshal(report[table.Key], &rows); err != nil {
			t.Fatalf("%s: %v", table.Name, err)
		}
		if len(rows) != len(table.Rows) || byType[table.Key] != len(table.Rows) {
			t.Errorf("%s has %d rows, %d in the JSON, %d lines", table.Name, len(table.Rows), len(rows), byType[table.Key])
		}
	}
	var night struct{ Night, Organization, Status string }
	var nights []json.RawMessage
	if err := errors.Join(json.Unmarshal(report["nights"], &nights), json.Unmarshal(nights[0], &night)); err != nil {
		t.Fatal(err)
	}
	if night.Night != "2026-11-05T02:00:00Z" || night.Organization != "=Birch|" || night.Status != "caught_up" {
		t.Errorf("the first night is %+v", night)
	}
}

// TestTheSampleCanBeDrawnAgain draws it as the report says, from the file of the nights.
func TestTheSampleCanBeDrawnAgain(t *testing.T) {
	d := readPeriod(t, nightsOfNovember(t), inNovember(6))
	rows, err := csv.NewReader(bytes.NewReader(file(t, d, "nights.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.Index(rows[0], "night")
	keys := make(map[string]string)
	for _, row := range rows[1:] {
		sum := sha256.Sum256([]byte(fmt.Sprintf("%d|%s", 2026110120261106, row[at])))
		keys[hex.EncodeToString(sum[:])] = row[at]
	}
	var want []string
	order := make([]string, 0, len(keys))
	for key := range keys {
		order = append(order, key)
	}
	slices.Sort(order)
	for _, key := range order[:3] {
		want = append(want, keys[key]+" "+key)
	}
	if d := cmp.Diff(want, columnsOf(d.sheets.sample, "night", "sample_key")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	d.Sample = 100
	if got := len(d.sampleTable().Rows); got != 6 {
		t.Errorf("a sample of 100 from 6 nights has %d", got)
	}
}

func TestAFailedNightBelongsToTheOrganizationOfItsSource(t *testing.T) {
	store := newStore(t)
	visit(t, store, snapshot.Run{StartedAt: november(1)}, visited{source: "acme"}, visited{source: "cedar"})
	visit(t, store, snapshot.Run{StartedAt: november(2)}, acmeWith(), visited{source: "cedar"})
	visit(t, store, snapshot.Run{StartedAt: november(3)}, visited{source: "acme"}, visited{source: "cedar"})
	d := readPeriod(t, store, inNovember(3))
	want := []string{"Acme failed", "Acme complete", "Acme failed", "cedar failed", "cedar failed", "cedar failed"}
	if d := cmp.Diff(want, columnsOf(d.sheets.nights, "organization", "status")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	alarm := "NOT COMPLETE: cedar: nothing is known of its configurations in the period: it has no complete snapshot at all."
	if !slices.Contains(d.alarms, alarm) {
		t.Errorf("no alarm %q in %q", alarm, d.alarms)
	}
	// RUN-001 of the first night was closed by the second, that of the third is open.
	states := columnsOf(d.sheets.findings, "organization", "rule_id", "state", "first_seen", "closed_by")
	for _, state := range []string{
		"Acme RUN-001 open at the end 2026-11-03T02:00:00Z ", "Acme RUN-001 closed in the period 2026-11-01T02:00:00Z 2026-11-02T02:00:00Z",
	} {
		if !slices.Contains(states, state) {
			t.Errorf("no finding %q in %q", state, states)
		}
	}
	expectTies(t, d)
}

func TestAPeriodSaysWhatRetentionRemoved(t *testing.T) {
	store := nightsOfNovember(t)
	if _, err := store.Prune(t.Context(), snapshot.Retention{Before: november(3).Add(time.Hour)}, november(10), false); err != nil {
		t.Fatal(err)
	}
	d := readPeriod(t, store, inNovember(6))
	const alarm = "NOT COMPLETE: Acme: retention removed what 4 snapshots had, the last of them that of 2026-11-03 02:00:00 UTC: their findings and " +
		"exceptions are not known any more, nor 3 changes of the period."
	if !slices.Contains(d.alarms, alarm) {
		t.Errorf("no alarm %q in %q", alarm, d.alarms)
	}
	const net = "Acme: net change between the snapshots of 2026-11-05 09:00:00 UTC and 2026-11-06 02:00:00 UTC: 1 row; retention removed the snapshot of " +
		"2026-10-31 02:00:00 UTC, with which the period begins, and what came before the first of them"
	if !slices.ContainsFunc(d.sheets.net.Remarks, func(r table.Remark) bool { return r.Text == net }) {
		t.Errorf("no remark %q in %v", net, d.sheets.net.Remarks)
	}
	for _, want := range []string{"Acme in the period 1 at least: retention removed the 3 changes of 4 snapshots", "Acme at the start 2 snapshot of 2026-10-31 02:00:00 UTC",
		"Acme removed by retention 3 "} {
		if got := columnsOf(d.sheets.population, "organization", "item", "count", "remark_on_count"); !slices.Contains(got, want) {
			t.Errorf("no count %q in %q", want, got)
		}
	}
	expectTies(t, d)
	untied := 0
	for _, result := range columnsOf(d.ties, "result") {
		if result == report.NotChecked {
			untied++
		}
	}
	if untied < 4 {
		t.Errorf("%d tie-outs are not assessed", untied)
	}
}

// TestOfAPeriodThatRetentionRemovedWhollyTheNightsAreLeft: the register keeps them, with their counts.
func TestOfAPeriodThatRetentionRemovedWhollyTheNightsAreLeft(t *testing.T) {
	store := nightsOfNovember(t)
	visit(t, store, snapshot.Run{StartedAt: november(20)}, acmeWith(), birchWith())
	if _, err := store.Prune(t.Context(), snapshot.Retention{Before: november(10)}, november(21), false); err != nil {
		t.Fatal(err)
	}
	d := readPeriod(t, store, inNovember(6))
	want := []string{"=Birch| caught_up", "=Birch| complete", "Acme complete", "Acme failed", "Acme complete", "Acme missed", "Acme caught_up", "Acme complete"}
	if d := cmp.Diff(want, columnsOf(d.sheets.nights, "organization", "status")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for _, sheet := range []*table.Table{d.sheets.net, d.sheets.changes, d.sheets.findings, d.sheets.exceptions} {
		if len(sheet.Rows) > 0 || !slices.ContainsFunc(sheet.Remarks, func(r table.Remark) bool { return r.Missing }) {
			t.Errorf("%s has %d rows, and says %v", sheet.Name, len(sheet.Rows), sheet.Remarks)
		}
	}
	expectTies(t, d)
	file(t, d, WorkbookFile)
}

func TestWhatAPeriodDoesNotCoverIsSaid(t *testing.T) {
	store := nightsOfNovember(t)
	for name, c := range map[string]struct {
		change func(*Span)
		alarm  string
	}{
		"before the first run": {
			func(s *Span) { s.From = s.From.AddDate(0, -1, 0) },
			"NOT COMPLETE: nothing is known from before 2026-10-31 02:00:00 UTC, when the first run of the database began.",
		},
		"not ended": {
			func(s *Span) { s.To, s.Now = s.To.AddDate(0, 1, 0), november(6).Add(time.Hour) },
			"NOT COMPLETE: the period has not ended: this is what was known on 2026-11-06 03:00:00 UTC.",
		},
		"nothing ran any more": {
			func(s *Span) { s.From, s.To = november(8), november(10) },
			"NOT COMPLETE: no run of the period has a snapshot of any organization: 3 nights (3 missed).",
		},
		"a single failed night": {
			func(s *Span) { s.From, s.To = november(2), november(2).Add(time.Hour) },
			"NOT COMPLETE: Acme: nothing is known of its configurations in the period: its last complete snapshot is of 2026-11-01 02:00:00 UTC.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			span := inNovember(6)
			c.change(&span)
			d := readPeriod(t, store, span)
			if len(d.gaps) == 0 || !strings.HasPrefix(d.status, "NOT COMPLETE: ") || !slices.Contains(d.alarms, c.alarm) {
				t.Errorf("%s\nno alarm %q in %q", d.status, c.alarm, d.alarms)
			}
			file(t, d, WorkbookFile)
			file(t, d, MarkdownFile)
		})
	}
}

func TestAWholePeriodIsComplete(t *testing.T) {
	span := inNovember(6)
	span.From = november(5).Truncate(24 * time.Hour)
	d := readPeriod(t, nightsOfNovember(t), span)
	if want := "COMPLETE: 4 expected nights of 2 organizations, each with a complete snapshot."; d.status != want {
		t.Errorf("%q instead of %q: %q", d.status, want, d.alarms)
	}
}

func TestThereIsNoReportOfAPeriodBeforeTheFirstRun(t *testing.T) {
	span := inNovember(6)
	span.From, span.To = span.From.AddDate(0, -2, 0), span.To.AddDate(0, -2, 0)
	for _, store := range []*snapshot.Store{nightsOfNovember(t), newStore(t)} {
		if _, err := Read(t.Context(), store, span); !errors.Is(err, ErrNothingKnown) {
			t.Errorf("the error is %v", err)
		}
	}
}

// TestNoChangeIsBetweenTwoPeriods: a schedule at midnight takes a snapshot at the first instant of a period. What that shows is in no other report.
func TestNoChangeIsBetweenTwoPeriods(t *testing.T) {
	store := newStore(t)
	expires := november(1).AddDate(0, 6, 0)
	a, b := scimConfiguration(1, "Okta", id(101), expires), scimConfiguration(2, "Entra", id(102), expires)
	midnight := func(day int) time.Time { return november(day).Truncate(24 * time.Hour) }
	visit(t, store, snapshot.Run{StartedAt: midnight(1)}, acmeWith(a))
	visit(t, store, snapshot.Run{StartedAt: midnight(2)}, acmeWith(a))
	visit(t, store, snapshot.Run{StartedAt: midnight(3)}, acmeWith(a, b))
	visit(t, store, snapshot.Run{StartedAt: midnight(4)}, acmeWith(a, b))
	shown := 0
	for _, first := range []int{1, 3} {
		d := readPeriod(t, store, Span{From: midnight(first), To: midnight(first + 2).Add(-time.Second), Now: november(28)})
		shown += len(d.sheets.changes.Rows)
		if len(d.gaps) > 0 || len(d.organizations[0].nights) != 2 {
			t.Errorf("from the %d. on: %s", first, d.status)
		}
		expectTies(t, d)
	}
	if shown != 1 {
		t.Errorf("the two reports have %d changes, want 1", shown)
	}
}

// TestWithoutAScheduleEachDayIsANight: a day on which nothing ran is told, although nobody said that something was to run.
func TestWithoutAScheduleEachDayIsANight(t *testing.T) {
	store := newStore(t)
	visit(t, store, snapshot.Run{StartedAt: november(1), Trigger: "manual"}, acmeWith())
	visit(t, store, snapshot.Run{StartedAt: november(3), Trigger: "manual"}, acmeWith())
	d := readPeriod(t, store, inNovember(3))
	want := []string{
		"2026-11-01T00:00:00Z complete " + withoutSchedule, "2026-11-02T00:00:00Z missed " + withoutSchedule, "2026-11-03T00:00:00Z complete " + withoutSchedule,
	}
	if d := cmp.Diff(want, columnsOf(d.sheets.nights, "night", "status", "expected_by")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if !slices.ContainsFunc(d.notes, func(n string) bool { return strings.HasPrefix(n, "On 3 UTC days no schedule was in force") }) {
		t.Errorf("the notes are %q", d.notes)
	}
	span := inNovember(5)
	span.Now = november(5) // the fourth is over without a run, the fifth is not over
	d = readPeriod(t, store, span)
	if got := columnsOf(d.sheets.nights, "status"); !slices.Equal(got, []string{"complete", "missed", "complete", "missed", "due"}) {
		t.Errorf("nights %q", got)
	}
}

func TestAnOrganizationThatARunLeftOutMissedTheNight(t *testing.T) {
	store := newStore(t)
	visit(t, store, snapshot.Run{StartedAt: november(1)}, acmeWith(), birchWith())
	visit(t, store, snapshot.Run{StartedAt: november(2)}, acmeWith())
	d := readPeriod(t, store, inNovember(2))
	want := []string{"=Birch| complete ", "=Birch| missed run 2 has no snapshot of it", "Acme complete ", "Acme complete "}
	if d := cmp.Diff(want, columnsOf(d.sheets.nights, "organization", "status", "reason")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	span := inNovember(2)
	span.From = november(2).Truncate(24 * time.Hour)
	d = readPeriod(t, store, span)
	if len(d.organizations) != 1 || len(d.absent) != 1 || d.absent[0].OrganizationID != birchID {
		t.Errorf("%d organizations, absent %v", len(d.organizations), d.absent)
	}
	if want := "COMPLETE: 1 expected night of 1 organization, each with a complete snapshot; not in the period, and known before: 1 organization."; d.status != want {
		t.Errorf("%q instead of %q", d.status, want)
	}
}

// TestAComparisonOverNightsFromBeforeThePeriodSaysSo: what was found in the first night of the period may have happened in any of them.
func TestAComparisonOverNightsFromBeforeThePeriodSaysSo(t *testing.T) {
	store := newStore(t)
	expires := november(1).AddDate(0, 6, 0)
	a, b := scimConfiguration(1, "Okta", id(101), expires), scimConfiguration(2, "Entra", id(102), expires)
	visit(t, store, snapshot.Run{StartedAt: november(1)}, acmeWith(a))
	visit(t, store, snapshot.Run{StartedAt: november(3)}, visited{source: "acme"})
	visit(t, store, snapshot.Run{StartedAt: november(5)}, acmeWith(a, b))
	visit(t, store, snapshot.Run{StartedAt: november(6)}, acmeWith(a))
	span := inNovember(6)
	span.From = november(5).Truncate(24 * time.Hour)
	want := []string{
		"added 2026-11-01T02:00:00Z net change over 3 nights without a complete snapshot", "removed 2026-11-05T02:00:00Z with the snapshot before",
	}
	if d := cmp.Diff(want, columnsOf(readPeriod(t, store, span).changeTable(), "kind", "baseline_taken_at", "comparison")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestOneSnapshotAloneTellsOfNoChanges: "no changes" and "ties" would be said of something that was never compared.
func TestOneSnapshotAloneTellsOfNoChanges(t *testing.T) {
	store := newStore(t)
	visit(t, store, snapshot.Run{StartedAt: november(6)}, acmeWith(scimConfiguration(1, "Okta", id(101), november(1).AddDate(0, 6, 0))))
	d := readPeriod(t, store, inNovember(6))
	if got := d.organizations[0].changeItems()[0]; got.count != nil || !strings.HasPrefix(got.remark, "not known: ") {
		t.Errorf("the changes are %v", got)
	}
	for _, tie := range d.tieOuts() {
		if (strings.Contains(tie.Check, "= at the end") || strings.HasPrefix(tie.Check, "Findings open in the opening snapshot =")) && tie.Verdict != report.NotChecked {
			t.Errorf("%s: %s", tie.Check, tie.Verdict)
		}
	}
}
