package period

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/report/reporttest"
	"scim-auditor/internal/snapshot"
)

// scheduled returns a run that was scheduled for an instant.
func scheduled(at time.Time) snapshot.Run {
	return snapshot.Run{StartedAt: at, ScheduledFor: at, Trigger: snapshot.TriggerSchedule}
}

// nightly returns a store with a run each night at two in the morning, from the last night of
// October on, with the results of each. A night without results was missed.
func nightly(t *testing.T, nights ...[]visited) *snapshot.Store {
	t.Helper()
	store := reporttest.OpenStore(t)
	if err := store.SetSchedule(t.Context(), snapshot.ScheduleChange{Expression: "0 2 * * *"}, november(-1)); err != nil {
		t.Fatal(err)
	}
	for i, all := range nights {
		if all != nil {
			visit(t, store, scheduled(november(i)), all...)
		}
	}
	return store
}

func expectGap(t *testing.T, d *document, want string) {
	t.Helper()
	if gaps := strings.Join(d.gaps, "\n"); !strings.Contains(gaps, want) {
		t.Errorf("%s\n%s\nwant %q", d.status, gaps, want)
	}
}

func TestNightsThatWereExpectedOfNoOrganizationOfThePeriodAreGaps(t *testing.T) {
	acme, birch := []visited{acmeWith()}, []visited{birchWith()}
	d := readPeriod(t, nightly(t, acme, nil, nil, nil, birch, birch, birch), inNovember(6))
	expectGap(t, d, "nights not assigned to any organization: 3 of 3 nights without a complete snapshot: "+
		"2026-11-01 02:00:00 (missed)")
	want := []string{
		"2026-11-04T02:00:00Z =Birch| complete", "2026-11-05T02:00:00Z =Birch| complete",
		"2026-11-06T02:00:00Z =Birch| complete", "2026-11-01T02:00:00Z all organizations missed",
		"2026-11-02T02:00:00Z all organizations missed", "2026-11-03T02:00:00Z all organizations missed",
	}
	if d := cmp.Diff(want, rowsOf(d.sheet("Nights"), "night", "organization", "status")); d != "" {
		t.Errorf("the sheet Nights, which a sample is drawn from (-want +got):\n%s", d)
	}
}

func TestNightsSinceAnOrganizationWasFirstTriedInVainAreExpectedOfIt(t *testing.T) {
	both := []visited{acmeWith(), birchWith()}
	d := readPeriod(t, nightly(t, []visited{{source: "acme"}, birchWith()}, []visited{birchWith()}, both), inNovember(2))
	expectGap(t, d, "Acme: 1 of 2 expected nights without a complete snapshot: 2026-11-01 02:00:00 (missed)")
	for _, note := range d.notes {
		if strings.Contains(note, "earlier nights are not assigned to this organization") {
			t.Error(note)
		}
	}
}

func TestANightWhoseTimeHasJustComeIsAGapOfAPeriodThatHasEnded(t *testing.T) {
	span := inNovember(2)
	span.To, span.Now = november(2), november(2).Add(time.Minute)
	d := readPeriod(t, nightly(t, []visited{acmeWith()}, []visited{acmeWith()}), span)
	expectGap(t, d, "Acme: 1 expected night had no result yet at 2026-11-02 02:01:00 UTC: "+
		"2026-11-02 02:00:00 (due)")
}

func TestASourceThatFailedWithAndWithoutItsOrganizationIsOneOrganization(t *testing.T) {
	known, unknown := visited{source: "acme", id: acmeID, name: "Acme"}, visited{source: "acme"}
	d := readPeriod(t, nightly(t, nil, []visited{known}, []visited{unknown}), inNovember(2))
	want := []string{"2026-11-01T02:00:00Z failed", "2026-11-02T02:00:00Z failed"}
	if d := cmp.Diff(want, rowsOf(d.sheet("Nights"), "night", "status")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestASampledNightNamesTheReportOfEachRunThatHasAPartOfIt(t *testing.T) {
	store := nightly(t, nil, []visited{acmeWith(), {source: "birch", id: birchID}})
	again := snapshot.Run{StartedAt: november(1).Add(time.Hour), Trigger: "manual"}
	visit(t, store, again, visited{source: "acme", id: acmeID}, birchWith())
	d := readPeriod(t, store, inNovember(1))
	want := []string{"=Birch|, Acme  2026-11-01T020000Z-run-1, 2026-11-01T030000Z-run-2"}
	if d := cmp.Diff(want, rowsOf(d.sheet("Sample"), "complete_for", "not_complete_for", "report_folder")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
