package report

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// november is a day of the month in which the nights of these tests are, at two in the morning.
func november(day int) time.Time { return time.Date(2026, 11, day, 2, 0, 0, 0, time.UTC) }

// visited is what a run made of one organization: its inventory, or nil where it failed.
type visited struct {
	source, id, name string
	inventory        *ona.Inventory
}

// acmeWith is Acme with these configurations.
func acmeWith(configurations ...snapshot.SCIMConfiguration) visited {
	inv := inventory(configurations...)
	return visited{"acme", acmeID, "Acme", &inv}
}

func birchWith(configurations ...snapshot.SCIMConfiguration) visited {
	inv := inventory(configurations...)
	inv.Organization = ona.Organization{ID: birchID, Name: "=Birch|", Raw: []byte(`{}`)}
	inv.SSO, inv.SSONotAssessed = nil, "permission_denied: not an admin"
	return visited{"birch", birchID, "=Birch|", &inv}
}

// visit stores a run with what it made of each organization, and gives its id.
func visit(t *testing.T, store *snapshot.Store, run snapshot.Run, all ...visited) int64 {
	t.Helper()
	run.ToolVersion, run.Host = "v1.2.3", "audit-01"
	id, err := store.BeginRun(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	outcome, reason := snapshot.Complete, ""
	for _, l := range all {
		if l.inventory == nil {
			outcome, reason = snapshot.Failed, l.source+": HTTP 503"
		}
		l.store(t, store, id, run.StartedAt)
	}
	if err := store.FinishRun(t.Context(), id, run.StartedAt.Add(time.Minute), outcome, reason); err != nil {
		t.Fatal(err)
	}
	return id
}

func (l visited) store(t *testing.T, store *snapshot.Store, run int64, at time.Time) {
	t.Helper()
	header := snapshot.Snapshot{RunID: run, RuleSetID: recordRules(t, store), Source: l.source, OrganizationID: l.id, OrganizationName: l.name, BaseURL: "https://app.gitpod.io/api", TakenAt: at}
	if l.inventory == nil {
		header.ErrorCode, header.Error = "unavailable", "fetching page 2: HTTP 503"
		if _, err := store.SaveFailed(t.Context(), header, finding.EvaluateFailed(l.id, l.name, header.ErrorCode, header.Error)); err != nil {
			t.Fatal(err)
		}
		return
	}
	baseline, found, err := store.Baseline(t.Context(), l.id)
	if err != nil {
		t.Fatal(err)
	}
	var changes []diff.Change
	if found {
		changes = diff.Compute(baseline.Inventory, *l.inventory, diff.Options{})
	}
	header.SCIMReceived, header.SCIMDistinct = len(l.inventory.SCIM), len(l.inventory.SCIM)
	header.SSOReceived, header.SSODistinct = len(l.inventory.SSO), len(l.inventory.SSO)
	header.SSONotAssessed, header.PoliciesNotAssessed = l.inventory.SSONotAssessed, l.inventory.PoliciesNotAssessed
	findings := finding.Evaluate(finding.Input{TakenAt: at, Inventory: *l.inventory, Changes: changes}, finding.DefaultThresholds())
	accepted := finding.Accept(findings, l.id, []finding.Exception{
		{RuleID: "SCIM-007", SubjectID: id(2), Owner: "jane@acme.example", Reason: "replaced | soon", Expires: november(4).Truncate(24 * time.Hour)},
	}, at)
	if _, err := store.SaveComplete(t.Context(), snapshot.Collected{
		Snapshot: header, Baseline: baseline, Inventory: *l.inventory, Changes: changes, Findings: findings, Acceptances: accepted,
	}); err != nil {
		t.Fatal(err)
	}
}

// nightsOfNovember is a store with a complete night before the period, then one each day: complete, failed, complete, missed, caught up, complete;
// and with Birch, which is there from the fifth on.
func nightsOfNovember(t *testing.T) *snapshot.Store {
	t.Helper()
	store := newStore(t)
	expires := november(1).AddDate(0, 6, 0)
	a, b, c := scimConfiguration(1, "Okta", id(101), expires), scimConfiguration(2, "Entra", id(102), expires), scimConfiguration(3, "=new", id(101), expires)
	disabled := b
	disabled.Enabled = false
	if err := store.SetSchedule(t.Context(), "0 2 * * *", november(1).Add(-25*time.Hour)); err != nil {
		t.Fatal(err)
	}
	run := func(at time.Time) snapshot.Run {
		return snapshot.Run{StartedAt: at, ScheduledFor: at, Trigger: snapshot.TriggerSchedule}
	}
	visit(t, store, run(november(1).AddDate(0, 0, -1)), acmeWith(a, b))
	visit(t, store, run(november(1)), acmeWith(a, disabled))
	visit(t, store, run(november(2)), visited{source: "acme"})
	visit(t, store, run(november(3)), acmeWith(disabled, c))
	late := run(november(5))
	late.StartedAt, late.Trigger = november(5).Add(7*time.Hour), snapshot.TriggerCatchUp
	visit(t, store, late, acmeWith(disabled, c), birchWith(a))
	visit(t, store, run(november(6)), acmeWith(b, c), birchWith(a))
	return store
}

// inNovember is the period from the first to a day of November, of which the report is made later.
func inNovember(last int) Span {
	span := Span{From: november(1).Truncate(24 * time.Hour), To: november(last + 1).Truncate(24 * time.Hour).Add(-time.Second), Now: november(28), Sample: 3}
	span.Seed = DefaultSeed(span.From, span.To)
	return span
}

func readPeriod(t *testing.T, store *snapshot.Store, span Span) *periodView {
	t.Helper()
	p, err := ReadPeriod(t.Context(), store, span)
	if err != nil {
		t.Fatal(err)
	}
	return newPeriodView(p, Options{ToolVersion: "v9"})
}

// writtenCSV are the rows of a table as its CSV file has them, below the header.
func writtenCSV(t *testing.T, v *periodView, table *table) (header []string, rows [][]string) {
	t.Helper()
	var b bytes.Buffer
	if err := v.frame().write(&b, table); err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all[0], all[1:]
}

// columnsOf are some columns of a table, each row in one text.
func columnsOf(t *table, keys ...string) []string {
	var all []string
	for r := range t.pick(keys...).rows {
		var texts []string
		for _, c := range r.cells {
			texts = append(texts, plain(c))
		}
		all = append(all, strings.Join(texts, " "))
	}
	return all
}

func TestPeriodSaysWhatItsNightsFound(t *testing.T) {
	v := readPeriod(t, nightsOfNovember(t), inNovember(6))
	var b bytes.Buffer
	if err := v.writeMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "period.md", b.String())
	b.Reset()
	for _, table := range []*table{v.populationTable(), v.nightTable(), v.sampleTable(), v.findingTable(), v.exceptionTable()} {
		fmt.Fprintf(&b, "-- %s --\n", table.file)
		if err := v.frame().write(&b, table); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "period.csv.txt", strings.ReplaceAll(b.String(), "\r\n", "\n"))
}

func TestPopulationsOfAPeriodTieOut(t *testing.T) {
	v := readPeriod(t, nightsOfNovember(t), inNovember(6))
	for _, tie := range v.tieOuts() {
		if tie.verdict == doesNotTie || tie.verdict == notChecked && v.Organizations[tie.organization].name != "=Birch|" {
			t.Errorf("%s: %s: %v, %v: %s %s", v.scope(tie.organization), tie.check, tie.first, tie.second, tie.verdict, tie.remark)
		}
	}
	o := &v.Organizations[slices.IndexFunc(v.Organizations, func(o periodOrganization) bool { return o.id == acmeID })]
	want := map[schedule.Status]int{schedule.Complete: 3, schedule.CaughtUp: 1, schedule.Failed: 1, schedule.Missed: 1}
	if d := cmp.Diff(want, o.nightCounts()); d != "" {
		t.Errorf("nights (-want +got):\n%s", d)
	}
}

func TestWorkbookOfAPeriodHasTypedCells(t *testing.T) {
	v := readPeriod(t, nightsOfNovember(t), inNovember(6))
	var b bytes.Buffer
	if err := v.writeWorkbook(&b); err != nil {
		t.Fatal(err)
	}
	checkPackage(t, b.Bytes())
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	want := []string{"Summary", "Population", "Nights", "Sample", "Net change", "Changes", "Findings", "Exceptions", "Snapshots", "Runs", "Evidence", "Glossary", "Sign-off"}
	if d := cmp.Diff(want, f.GetSheetList()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	text := dump(t, f)
	for _, line := range []string{
		"A2 text: NOT COMPLETE: 2 of 8 expected nights of 2 organizations without a complete snapshot.",
		"A2 date: 2026-11-05 02:00:00", // of the sheet Nights, for =Birch|
		"B2 text: =Birch|",
		"C2 text: caught up",
		"E2 number: 2", // of the sheet Population
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("no cell %q", line)
		}
	}
}

func TestASheetThatIsTooWideForA4IsOnA3(t *testing.T) {
	v := readPeriod(t, nightsOfNovember(t), inNovember(6))
	var b bytes.Buffer
	if err := v.writeWorkbook(&b); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for sheet, want := range map[string]int{"Summary": paperA4, "Population": paperA4, "Exceptions": paperA3, "Snapshots": paperA3, "Sign-off": paperA4} {
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
		p, err := ReadPeriod(t.Context(), store, span)
		if err != nil {
			t.Fatal(err)
		}
		folder, err := WritePeriod(t.TempDir(), p, Options{Formats: allFormats})
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(folder) != "2026-11-01--2026-11-06-period" {
			t.Errorf("folder %s", folder)
		}
		if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("folder %v, %v", info.Mode(), err)
		}
		return contentsOf(t, folder)
	}
	before := write(november(20))
	visit(t, store, snapshot.Run{StartedAt: november(21), Trigger: "manual"}, acmeWith())
	if d := cmp.Diff(before, write(november(28))); d != "" {
		t.Errorf("(-before +after):\n%s", d)
	}
	for _, name := range []string{PeriodWorkbookFile, PeriodMarkdownFile, filePeriodJSON, filePeriodJSONLines, "nights.csv", fileManifest, fileSums} {
		if before[name] == "" {
			t.Errorf("no file %s", name)
		}
	}
}

func TestThePeriodsFilesAreThoseOfTheFormats(t *testing.T) {
	p, err := ReadPeriod(t.Context(), nightsOfNovember(t), inNovember(6))
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	folder, err := WritePeriod(t.TempDir(), p, Options{Formats: []Format{FormatCSV}, Location: zone})
	if err != nil {
		t.Fatal(err)
	}
	files := contentsOf(t, folder)
	if files[PeriodWorkbookFile] != "" || files[filePeriodJSON] != "" {
		t.Errorf("files that are not of the format: %d", len(files))
	}
	if !strings.Contains(files["nights.csv"], "night,night_local,") || !strings.Contains(files["nights.csv"], "2026-11-01T02:00:00Z,2026-11-01T03:00:00+01:00,") {
		t.Errorf("no local times in %s", files["nights.csv"])
	}
}

func TestJSONOfAPeriodHasEveryRowAndTheLinesToo(t *testing.T) {
	v := readPeriod(t, nightsOfNovember(t), inNovember(6))
	var whole, lines bytes.Buffer
	if err := errors.Join(v.writeJSON(&whole), v.writeJSONLines(&lines)); err != nil {
		t.Fatal(err)
	}
	var report map[string]json.RawMessage
	if err := json.Unmarshal(whole.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	byType := make(map[string]int)
	for line := range strings.Lines(lines.String()) {
		var l struct{ Type string }
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		byType[l.Type]++
	}
	for _, table := range v.tables() {
		var rows []map[string]any
		if err := json.Unmarshal(report[listName(table)], &rows); err != nil {
			t.Fatalf("%s: %v", table.name, err)
		}
		if len(rows) != table.size() || byType[listName(table)] != table.size() {
			t.Errorf("%s has %d rows, %d in the JSON, %d lines", table.name, table.size(), len(rows), byType[listName(table)])
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

// TestTheSampleCanBeDrawnAgain draws it as the report tells it, from the file of the nights.
func TestTheSampleCanBeDrawnAgain(t *testing.T) {
	v := readPeriod(t, nightsOfNovember(t), inNovember(6))
	header, rows := writtenCSV(t, v, v.nightTable())
	at := slices.Index(header, "night")
	keys := make(map[string]string)
	for _, row := range rows {
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
	if d := cmp.Diff(want, columnsOf(v.sampleTable(), "night", "sample_key")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	v.Sample = 100
	if got := v.sampleTable().size(); got != 6 {
		t.Errorf("a sample of 100 from 6 nights has %d", got)
	}
}

func TestAFailedNightBelongsToTheOrganizationOfItsSource(t *testing.T) {
	store := newStore(t)
	visit(t, store, snapshot.Run{StartedAt: november(1)}, visited{source: "acme"}, visited{source: "cedar"})
	visit(t, store, snapshot.Run{StartedAt: november(2)}, acmeWith(), visited{source: "cedar"})
	visit(t, store, snapshot.Run{StartedAt: november(3)}, visited{source: "acme"}, visited{source: "cedar"})
	v := readPeriod(t, store, inNovember(3))
	want := []string{"Acme failed", "Acme complete", "Acme failed", "cedar failed", "cedar failed", "cedar failed"}
	if d := cmp.Diff(want, columnsOf(v.nightTable(), "organization", "status")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	alarm := "NOT COMPLETE: cedar: nothing is known of its configurations in the period: it has no complete snapshot at all."
	if !slices.Contains(v.alarms(), alarm) {
		t.Errorf("no alarm %q in %q", alarm, v.alarms())
	}
	// RUN-001 of the first night was closed by the second, that of the third is open.
	states := columnsOf(v.findingTable(), "organization", "rule_id", "state", "first_seen", "closed_by")
	for _, state := range []string{
		"Acme RUN-001 open at the end 2026-11-03T02:00:00Z ", "Acme RUN-001 closed in the period 2026-11-01T02:00:00Z 2026-11-02T02:00:00Z",
	} {
		if !slices.Contains(states, state) {
			t.Errorf("no finding %q in %q", state, states)
		}
	}
	for _, tie := range v.tieOuts() {
		if tie.verdict == doesNotTie {
			t.Errorf("%s does not tie: %v, %v", tie.check, tie.first, tie.second)
		}
	}
}

func TestAPeriodSaysWhatRetentionRemoved(t *testing.T) {
	store := nightsOfNovember(t)
	if _, err := store.Prune(t.Context(), snapshot.Retention{Before: november(3).Add(time.Hour)}, november(10), false); err != nil {
		t.Fatal(err)
	}
	v := readPeriod(t, store, inNovember(6))
	const alarm = "NOT COMPLETE: Acme: retention removed what 4 snapshots had, the last of them that of 2026-11-03 02:00:00 UTC: their findings and " +
		"exceptions are not known any more, nor 3 changes of the period."
	if !slices.Contains(v.alarms(), alarm) {
		t.Errorf("no alarm %q in %q", alarm, v.alarms())
	}
	const net = "Acme: net change between the snapshots of 2026-11-05 09:00:00 UTC and 2026-11-06 02:00:00 UTC: 1 row; retention removed the snapshot of " +
		"2026-10-31 02:00:00 UTC, with which the period begins, and what came before the first of them"
	if !slices.ContainsFunc(v.netTable().remarks, func(r remark) bool { return r.text == net }) {
		t.Errorf("no remark %q in %v", net, v.netTable().remarks)
	}
	for _, want := range []string{"Acme in the period 1 at least: 3 changes removed by retention", "Acme at the start 2 snapshot of 2026-10-31 02:00:00 UTC",
		"Acme removed by retention 3 "} {
		if got := columnsOf(v.populationTable(), "organization", "item", "count", "remark_on_count"); !slices.Contains(got, want) {
			t.Errorf("no count %q in %q", want, got)
		}
	}
	untied := 0
	for _, tie := range v.tieOuts() {
		switch tie.verdict {
		case doesNotTie:
			t.Errorf("%s does not tie: %v, %v", tie.check, tie.first, tie.second)
		case notChecked:
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
	v := readPeriod(t, store, inNovember(6))
	want := []string{"=Birch| caught_up", "=Birch| complete", "Acme complete", "Acme failed", "Acme complete", "Acme missed", "Acme caught_up", "Acme complete"}
	if d := cmp.Diff(want, columnsOf(v.nightTable(), "organization", "status")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for _, table := range []*table{v.netTable(), v.changeTable(), v.findingTable(), v.exceptionTable()} {
		if table.size() > 0 || !slices.ContainsFunc(table.remarks, func(r remark) bool { return r.lacking }) {
			t.Errorf("%s has %d rows, and says %v", table.name, table.size(), table.remarks)
		}
	}
	for _, tie := range v.tieOuts() {
		if tie.verdict == doesNotTie {
			t.Errorf("%s does not tie: %v, %v", tie.check, tie.first, tie.second)
		}
	}
	if err := v.writeWorkbook(&bytes.Buffer{}); err != nil {
		t.Error(err)
	}
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
			v := readPeriod(t, store, span)
			if v.complete() || !strings.HasPrefix(v.status(), "NOT COMPLETE: ") || !slices.Contains(v.alarms(), c.alarm) {
				t.Errorf("%s\nno alarm %q in %q", v.status(), c.alarm, v.alarms())
			}
			if err := v.writeWorkbook(&bytes.Buffer{}); err != nil {
				t.Error(err)
			}
			if err := v.writeMarkdown(&bytes.Buffer{}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAWholePeriodIsComplete(t *testing.T) {
	span := inNovember(6)
	span.From = november(5).Truncate(24 * time.Hour)
	v := readPeriod(t, nightsOfNovember(t), span)
	if want := "COMPLETE: 4 expected nights of 2 organizations, each with a complete snapshot."; v.status() != want {
		t.Errorf("%q instead of %q: %q", v.status(), want, v.alarms())
	}
}

func TestThereIsNoReportOfAPeriodBeforeTheFirstRun(t *testing.T) {
	span := inNovember(6)
	span.From, span.To = span.From.AddDate(0, -2, 0), span.To.AddDate(0, -2, 0)
	for _, store := range []*snapshot.Store{nightsOfNovember(t), newStore(t)} {
		if _, err := ReadPeriod(context.Background(), store, span); !errors.Is(err, ErrNothingKnown) {
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
	told := 0
	for _, first := range []int{1, 3} {
		v := readPeriod(t, store, Span{From: midnight(first), To: midnight(first + 2).Add(-time.Second), Now: november(28)})
		told += v.changeTable().size()
		if !v.complete() || len(v.Organizations[0].nights) != 2 {
			t.Errorf("from the %d. on: %s", first, v.status())
		}
		for _, tie := range v.tieOuts() {
			if tie.verdict == doesNotTie {
				t.Errorf("from the %d. on: %s: %v, %v", first, tie.check, tie.first, tie.second)
			}
		}
	}
	if told != 1 {
		t.Errorf("the two reports tell %d changes, want 1", told)
	}
}

// TestWithoutAScheduleEachDayIsANight: a day on which nothing ran is told, although nobody said that something was to run.
func TestWithoutAScheduleEachDayIsANight(t *testing.T) {
	store := newStore(t)
	visit(t, store, snapshot.Run{StartedAt: november(1), Trigger: "manual"}, acmeWith())
	visit(t, store, snapshot.Run{StartedAt: november(3), Trigger: "manual"}, acmeWith())
	v := readPeriod(t, store, inNovember(3))
	want := []string{
		"2026-11-01T00:00:00Z complete " + withoutSchedule, "2026-11-02T00:00:00Z missed " + withoutSchedule, "2026-11-03T00:00:00Z complete " + withoutSchedule,
	}
	if d := cmp.Diff(want, columnsOf(v.nightTable(), "night", "status", "expected_by")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if !slices.ContainsFunc(v.notes(), func(n string) bool { return strings.HasPrefix(n, "On 3 UTC days no schedule was in force") }) {
		t.Errorf("the notes are %q", v.notes())
	}
	span := inNovember(5)
	span.Now = november(5) // the fourth is over without a run, the fifth is not over
	v = readPeriod(t, store, span)
	if got := columnsOf(v.nightTable(), "status"); !slices.Equal(got, []string{"complete", "missed", "complete", "missed", "due"}) {
		t.Errorf("nights %q", got)
	}
}

func TestAnOrganizationThatARunLeftOutMissedTheNight(t *testing.T) {
	store := newStore(t)
	visit(t, store, snapshot.Run{StartedAt: november(1)}, acmeWith(), birchWith())
	visit(t, store, snapshot.Run{StartedAt: november(2)}, acmeWith())
	v := readPeriod(t, store, inNovember(2))
	want := []string{"=Birch| complete ", "=Birch| missed run 2 has no snapshot of it", "Acme complete ", "Acme complete "}
	if d := cmp.Diff(want, columnsOf(v.nightTable(), "organization", "status", "reason")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	span := inNovember(2)
	span.From = november(2).Truncate(24 * time.Hour)
	v = readPeriod(t, store, span)
	if len(v.Organizations) != 1 || len(v.Absent) != 1 || v.Absent[0].OrganizationID != birchID {
		t.Errorf("%d organizations, absent %v", len(v.Organizations), v.Absent)
	}
	if want := "COMPLETE: 1 expected night of 1 organization, each with a complete snapshot; not in the period, and known before: 1 organization."; v.status() != want {
		t.Errorf("%q instead of %q", v.status(), want)
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
	v := readPeriod(t, store, inNovember(6))
	if got := v.Organizations[0].changesText(); !strings.HasPrefix(got, "none can be told: ") {
		t.Errorf("the changes are told as %q", got)
	}
	for _, tie := range v.tieOuts() {
		if (strings.Contains(tie.check, "= at the end") || strings.HasPrefix(tie.check, "Findings open in the opening snapshot =")) && tie.verdict != notChecked {
			t.Errorf("%s: %s", tie.check, tie.verdict)
		}
	}
	if d := cmp.Diff([]string{"Acme "}, columnsOf(v.overviewTable(), "organization", "changes")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
