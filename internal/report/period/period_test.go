package period

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/report"
	"scim-auditor/internal/report/reporttest"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

func TestAFailedNightBelongsToTheOrganizationOfItsSource(t *testing.T) {
	store := reporttest.OpenStore(t)
	visit(t, store, snapshot.Run{StartedAt: november(1)}, visited{source: "acme"}, visited{source: "cedar"})
	visit(t, store, snapshot.Run{StartedAt: november(2)}, acmeWith(), visited{source: "cedar"})
	visit(t, store, snapshot.Run{StartedAt: november(3)}, visited{source: "acme"}, visited{source: "cedar"})
	d := readPeriod(t, store, inNovember(3))
	want := []string{"Acme failed", "Acme complete", "Acme failed", "cedar failed", "cedar failed", "cedar failed"}
	if d := cmp.Diff(want, rowsOf(d.sheet("Nights"), "organization", "status")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	alarm := "NOT COMPLETE: cedar: there is no complete snapshot in the period; " +
		"there is none before the period either."
	if !slices.Contains(d.alarms, alarm) {
		t.Errorf("no alarm %q in %q", alarm, d.alarms)
	}
	// The second night closed the RUN-001 of the first; the RUN-001 of the third is open.
	states := rowsOf(d.sheet("Findings"), "organization", "rule_id", "state", "first_seen", "closed_by")
	for _, state := range []string{
		"Acme RUN-001 open at the end 2026-11-03T02:00:00Z ",
		"Acme RUN-001 closed in the period 2026-11-01T02:00:00Z 2026-11-02T02:00:00Z",
	} {
		if !slices.Contains(states, state) {
			t.Errorf("no finding %q in %q", state, states)
		}
	}
	expectTies(t, d)
}

func TestAPeriodSaysWhatRetentionRemoved(t *testing.T) {
	store := nightsOfNovember(t)
	retention := snapshot.Retention{Before: november(3).Add(time.Hour)}
	if _, err := store.Prune(t.Context(), retention, november(10), false); err != nil {
		t.Fatal(err)
	}
	d := readPeriod(t, store, inNovember(6))
	const alarm = "NOT COMPLETE: Acme: retention deleted the content of 4 snapshots (the latest taken at " +
		"2026-11-03 02:00:00 UTC). Their findings and exceptions, and 3 changes in the period, can no longer be shown."
	if !slices.Contains(d.alarms, alarm) {
		t.Errorf("no alarm %q in %q", alarm, d.alarms)
	}
	const net = "Acme: net change between the snapshots taken at 2026-11-05 09:00:00 UTC and 2026-11-06 02:00:00 UTC: " +
		"1 row; retention deleted the content of the first complete snapshot, taken at 2026-10-31 02:00:00 UTC; " +
		"differences before 2026-11-05 09:00:00 UTC are not included"
	if !slices.ContainsFunc(d.sheet("Net change").Remarks, func(r table.Remark) bool { return r.Text == net }) {
		t.Errorf("no remark %q in %v", net, d.sheet("Net change").Remarks)
	}
	got := rowsOf(d.sheet("Population"), "organization", "item", "count", "remark_on_count")
	for _, want := range []string{
		"Acme in the period 1 at least: retention deleted the 3 changes of 4 snapshots",
		"Acme at the start 2 snapshot taken at 2026-10-31 02:00:00 UTC", "Acme removed by retention 3 ",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no count %q in %q", want, got)
		}
	}
	expectTies(t, d)
	untied := 0
	for _, result := range rowsOf(d.ties, "result") {
		if result == report.NotChecked {
			untied++
		}
	}
	if untied < 4 {
		t.Errorf("%d tie-outs are not assessed", untied)
	}
}

// TestOfAPeriodThatRetentionRemovedWhollyTheNightsAreLeft: the register keeps the nights and their
// counts.
func TestOfAPeriodThatRetentionRemovedWhollyTheNightsAreLeft(t *testing.T) {
	store := nightsOfNovember(t)
	visit(t, store, snapshot.Run{StartedAt: november(20)}, acmeWith(), birchWith())
	if _, err := store.Prune(t.Context(), snapshot.Retention{Before: november(10)}, november(21), false); err != nil {
		t.Fatal(err)
	}
	d := readPeriod(t, store, inNovember(6))
	want := []string{
		"=Birch| caught_up", "=Birch| complete", "Acme complete", "Acme failed", "Acme complete", "Acme missed",
		"Acme caught_up", "Acme complete",
	}
	if d := cmp.Diff(want, rowsOf(d.sheet("Nights"), "organization", "status")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for _, sheet := range []*table.Table{d.sheet("Net change"), d.sheet("Changes"), d.sheet("Findings"), d.sheet("Exceptions")} {
		if len(sheet.Rows) > 0 || !slices.ContainsFunc(sheet.Remarks, func(r table.Remark) bool { return r.Missing }) {
			t.Errorf("%s has %d rows, and says %v", sheet.Name, len(sheet.Rows), sheet.Remarks)
		}
	}
	expectTies(t, d)
	file(t, d, "period.xlsx")
}

func TestWhatAPeriodDoesNotCoverIsSaid(t *testing.T) {
	store := nightsOfNovember(t)
	for name, c := range map[string]struct {
		change func(*Span)
		alarm  string
	}{
		"before the first run": {
			func(s *Span) { s.From = s.From.AddDate(0, -1, 0) },
			"NOT COMPLETE: there is no data before 2026-10-31 02:00:00 UTC, " +
				"the start of the first run recorded in this database.",
		},
		"not ended": {
			func(s *Span) { s.To, s.Now = s.To.AddDate(0, 1, 0), november(6).Add(time.Hour) },
			"NOT COMPLETE: the period has not ended; the report covers it until 2026-11-06 03:00:00 UTC.",
		},
		"nothing ran any more": {
			func(s *Span) { s.From, s.To = november(8), november(10) },
			"NOT COMPLETE: no run in the period has a snapshot of any organization: 3 nights (3 missed).",
		},
		"a single failed night": {
			func(s *Span) { s.From, s.To = november(2), november(2).Add(time.Hour) },
			"NOT COMPLETE: Acme: there is no complete snapshot in the period; " +
				"the last one was taken at 2026-11-01 02:00:00 UTC.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			span := inNovember(6)
			c.change(&span)
			d := readPeriod(t, store, span)
			if len(d.gaps) == 0 || !strings.HasPrefix(d.status, "NOT COMPLETE: ") || !slices.Contains(d.alarms, c.alarm) {
				t.Errorf("%s\nno alarm %q in %q", d.status, c.alarm, d.alarms)
			}
			file(t, d, "period.xlsx")
			file(t, d, "period.md")
		})
	}
}

func TestAWholePeriodIsComplete(t *testing.T) {
	span := inNovember(6)
	span.From = november(5).Truncate(24 * time.Hour)
	d := readPeriod(t, nightsOfNovember(t), span)
	if want := "COMPLETE FOR SCIM, policies, domains and audit log ONLY: 4 expected nights of 2 organizations, " +
		"each with a complete snapshot; not assessed in full: SSO in 2 nights."; d.status != want {
		t.Errorf("%q instead of %q: %q", d.status, want, d.alarms)
	}
}

func TestThereIsNoReportOfAPeriodBeforeTheFirstRun(t *testing.T) {
	span := inNovember(6)
	span.From, span.To = span.From.AddDate(0, -2, 0), span.To.AddDate(0, -2, 0)
	for _, store := range []*snapshot.Store{nightsOfNovember(t), reporttest.OpenStore(t)} {
		if _, err := Read(t.Context(), store, span); !errors.Is(err, ErrNothingKnown) {
			t.Errorf("the error is %v", err)
		}
	}
}

// TestNoChangeIsBetweenTwoPeriods: a schedule at midnight takes a snapshot at the first instant of
// a period. Only the report on that period has its changes.
func TestNoChangeIsBetweenTwoPeriods(t *testing.T) {
	store := reporttest.OpenStore(t)
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
		shown += len(d.sheet("Changes").Rows)
		if len(d.gaps) > 0 || len(d.organizations[0].nights) != 2 {
			t.Errorf("from the %d. on: %s", first, d.status)
		}
		expectTies(t, d)
	}
	if shown != 1 {
		t.Errorf("the two reports have %d changes, want 1", shown)
	}
}

// TestWithoutAScheduleEachDayIsANight: a day on which nothing ran is reported, although no schedule
// expected a run.
func TestWithoutAScheduleEachDayIsANight(t *testing.T) {
	store := reporttest.OpenStore(t)
	visit(t, store, snapshot.Run{StartedAt: november(1), Trigger: "manual"}, acmeWith())
	visit(t, store, snapshot.Run{StartedAt: november(3), Trigger: "manual"}, acmeWith())
	d := readPeriod(t, store, inNovember(3))
	const withoutSchedule = "no scheduled time was in force: UTC day"
	want := []string{
		"2026-11-01T00:00:00Z complete " + withoutSchedule, "2026-11-02T00:00:00Z missed " + withoutSchedule,
		"2026-11-03T00:00:00Z complete " + withoutSchedule,
	}
	if d := cmp.Diff(want, rowsOf(d.sheet("Nights"), "night", "status", "expected_by")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if !strings.HasPrefix(d.notes[0], "No scheduled time was in force on 3 UTC days: ") {
		t.Errorf("the notes are %q", d.notes)
	}
	span := inNovember(5)
	span.Now = november(5) // the fourth is over without a run, the fifth is not over
	d = readPeriod(t, store, span)
	want = []string{"complete", "missed", "complete", "missed", "due"}
	if got := rowsOf(d.sheet("Nights"), "status"); !slices.Equal(got, want) {
		t.Errorf("nights %q", got)
	}
}

func TestAnOrganizationThatARunLeftOutMissedTheNight(t *testing.T) {
	store := reporttest.OpenStore(t)
	visit(t, store, snapshot.Run{StartedAt: november(1)}, acmeWith(), birchWith())
	visit(t, store, snapshot.Run{StartedAt: november(2)}, acmeWith())
	d := readPeriod(t, store, inNovember(2))
	want := []string{
		"=Birch| complete ", "=Birch| missed run 2 has no snapshot of this organization",
		"Acme complete ", "Acme complete ",
	}
	if d := cmp.Diff(want, rowsOf(d.sheet("Nights"), "organization", "status", "reason")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	span := inNovember(2)
	span.From = november(2).Truncate(24 * time.Hour)
	d = readPeriod(t, store, span)
	if len(d.organizations) != 1 || len(d.absent) != 1 || d.absent[0].OrganizationID != birchID {
		t.Errorf("%d organizations, absent %v", len(d.organizations), d.absent)
	}
	const status = "COMPLETE: 1 expected night of 1 organization, each with a complete snapshot; " +
		"1 organization known earlier without a snapshot in this period."
	if d.status != status {
		t.Errorf("%q instead of %q", d.status, status)
	}
}

// TestAComparisonOverNightsFromBeforeThePeriodSaysSo: a change found in the first night of the
// period may have happened in earlier nights without a snapshot.
func TestAComparisonOverNightsFromBeforeThePeriodSaysSo(t *testing.T) {
	store := reporttest.OpenStore(t)
	expires := november(1).AddDate(0, 6, 0)
	a, b := scimConfiguration(1, "Okta", id(101), expires), scimConfiguration(2, "Entra", id(102), expires)
	visit(t, store, snapshot.Run{StartedAt: november(1)}, acmeWith(a))
	visit(t, store, snapshot.Run{StartedAt: november(3)}, visited{source: "acme"})
	visit(t, store, snapshot.Run{StartedAt: november(5)}, acmeWith(a, b))
	visit(t, store, snapshot.Run{StartedAt: november(6)}, acmeWith(a))
	span := inNovember(6)
	span.From = november(5).Truncate(24 * time.Hour)
	want := []string{
		"added 2026-11-01T02:00:00Z net change over 3 nights without a complete snapshot",
		"removed 2026-11-05T02:00:00Z with the snapshot before",
	}
	got := rowsOf(readPeriod(t, store, span).sheet("Changes"), "kind", "baseline_taken_at", "comparison")
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestOneSnapshotAloneHasNoCountOfChanges: nothing was compared, so "0" and "ties" would be false.
func TestOneSnapshotAloneHasNoCountOfChanges(t *testing.T) {
	store := reporttest.OpenStore(t)
	only := scimConfiguration(1, "Okta", id(101), november(1).AddDate(0, 6, 0))
	visit(t, store, snapshot.Run{StartedAt: november(6)}, acmeWith(only))
	d := readPeriod(t, store, inNovember(6))
	const want = "Changes  not known: the only complete snapshot has no baseline to compare with"
	if got := rowsOf(d.sheet("Population"), "population", "count", "remark_on_count"); !slices.Contains(got, want) {
		t.Errorf("no %q in %q", want, got)
	}
	for _, tie := range d.tieOuts() {
		needsTwo := strings.Contains(tie.Check, "= at the end") ||
			strings.HasPrefix(tie.Check, "Findings open in the opening snapshot =")
		if needsTwo && tie.Verdict != report.NotChecked {
			t.Errorf("%s: %s", tie.Check, tie.Verdict)
		}
	}
}
