package period

import (
	"fmt"
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

// fleetOfNovember stores three nights of more organizations than a report lists in full. In the second night one
// failed, and in the third one was renamed.
func fleetOfNovember(t *testing.T) *Period {
	t.Helper()
	store := reporttest.OpenStore(t)
	if err := store.SetSchedule(t.Context(), snapshot.ScheduleChange{Expression: "0 2 * * *"},
		november(1).Add(-25*time.Hour)); err != nil {
		t.Fatal(err)
	}
	for day := 1; day <= 3; day++ {
		var all []visited
		for n := range report.FleetSize + 1 {
			one := visited{source: fmt.Sprintf("o%03d", n), id: id(1000 + n), name: fmt.Sprintf("Organization %03d", n)}
			c := scimConfiguration(n+1, "Okta", "", made.AddDate(1, 0, 0))
			if day == 3 && n == 7 {
				c.Name = "Entra"
			}
			inv := inventory(c)
			inv.Organization.ID, inv.Organization.Name = one.id, one.name
			if day != 2 || n != 5 {
				one.inventory = &inv
			}
			all = append(all, one)
		}
		visit(t, store, snapshot.Run{StartedAt: november(day), ScheduledFor: november(day),
			Trigger: snapshot.TriggerSchedule}, all...)
	}
	return read(t, store, inNovember(3))
}

func TestThePeriodOfAFleetListsWhatNeedsAttention(t *testing.T) {
	d := newDocument(fleetOfNovember(t), everyFormat)
	if diff := cmp.Diff([]string{
		"2026-11-02T02:00:00Z Organization 005 failed",
		"2026-11-01T02:00:00Z all organizations complete",
		"2026-11-03T02:00:00Z all organizations complete",
	}, rowsOf(d.sheet("Nights"), "night", "organization", "status")); diff != "" {
		t.Errorf("nights (-want +got):\n%s", diff)
	}
	var between []string
	for _, row := range rowsOf(d.sheet("Snapshots"), "organization", "outcome", "role", "changes") {
		if !strings.Contains(row, " closing ") {
			between = append(between, row)
		}
	}
	if diff := cmp.Diff([]string{"Organization 005 failed  "}, between); diff != "" {
		t.Errorf("snapshots that are not the closing ones (-want +got):\n%s", diff)
	}
	if got := len(d.sheet("Snapshots").Rows); got != report.FleetSize+2 {
		t.Errorf("%d snapshots are listed, want the closing one of each organization and the failed one", got)
	}
	if got := d.counts[item{5, "Snapshots", "taken in the period", ""}]; got != 3 {
		t.Errorf("Population counts %v snapshots of an organization, want 3", got)
	}
	if len(d.sheet("Changes").Rows) == 0 {
		t.Error("no change is listed")
	}
	for _, sheet := range []*table.Table{d.sheet("Nights"), d.sheet("Snapshots")} {
		if !slices.ContainsFunc(sheet.Remarks, func(r table.Remark) bool { return strings.Contains(r.Text, "leaves out") }) {
			t.Errorf("the sheet %s does not say that it leaves out rows", sheet.Name)
		}
	}
	expectTies(t, d)
}

func TestSnapshotsOfAFleetThatSayTheSameShareIt(t *testing.T) {
	p := fleetOfNovember(t)
	for i, want := range map[int]int{0: 2, 5: 2, 7: 3} { // the first night has no baseline
		said := make(map[*snapshot.Snapshot]bool)
		for _, s := range p.organizations[i].complete {
			said[s.Snapshot] = true
			stored := s.header()
			if stored.ID != s.ID || !stored.TakenAt.Equal(s.TakenAt) || stored.ContentSHA256 == "" {
				t.Errorf("snapshot %d is %+v for the store", s.ID, stored)
			}
		}
		if len(said) != want {
			t.Errorf("the snapshots of %s say %d different things, want %d", p.organizations[i].name, len(said), want)
		}
	}
}

func TestSampledNightsOfAFleetNameTheFirstOrganizations(t *testing.T) {
	d := newDocument(fleetOfNovember(t), everyFormat)
	rows := rowsOf(d.sheet("Sample"), "complete_for", "not_complete_for")
	if !slices.ContainsFunc(rows, func(row string) bool {
		return strings.Contains(row, "Organization 004 and 95 more") && strings.HasSuffix(row, " Organization 005")
	}) {
		t.Errorf("the sample does not name the organizations of the second night: %q", rows)
	}
}
