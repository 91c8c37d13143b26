package period

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/ona"
	"scim-auditor/internal/report"
	"scim-auditor/internal/report/reporttest"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// twoDatabases reads the first three nights of November from two databases: Acme, and Birch, which
// failed in the second night.
func twoDatabases(t *testing.T) *document {
	t.Helper()
	okta := scimConfiguration(1, "Okta", "", made.AddDate(1, 0, 0))
	acme, birch := reporttest.OpenStore(t), reporttest.OpenStore(t)
	for day := 1; day <= 3; day++ {
		shown := acmeWith(okta)
		if day == 3 {
			shown = acmeWith(okta, scimConfiguration(2, "Entra", "", made.AddDate(1, 0, 0)))
		}
		at := snapshot.Run{StartedAt: november(day), ScheduledFor: november(day), Trigger: snapshot.TriggerSchedule}
		visit(t, acme, at, shown)
		if day == 2 {
			visit(t, birch, at, visited{source: "birch"})
		} else {
			visit(t, birch, at, birchWith(okta))
		}
	}
	var periods []*Period
	for _, store := range []*snapshot.Store{acme, birch} {
		p, err := Read(t.Context(), store, inNovember(3))
		if err != nil {
			t.Fatal(err)
		}
		periods = append(periods, p)
	}
	return together(periods, nil, report.Options{ToolVersion: "v1.2.3"})
}

func TestAPeriodOverSeveralDatabasesHasTheRowsOfEach(t *testing.T) {
	d := twoDatabases(t)
	owner := make(map[string]string) // name of the organization → id of its database
	for _, b := range d.databases {
		owner[b.organizations[0].name] = b.id
	}
	for _, all := range d.tables {
		for _, row := range rowsOf(all, "database_id") {
			if row != owner["Acme"] && row != owner["=Birch|"] {
				t.Errorf("%s has a row of the database %q", all.Name, row)
			}
		}
	}
	nights := rowsOf(d.sheet("Nights"), "organization", "status", "database_id")
	slices.Sort(nights)
	want := []string{
		"=Birch| complete " + owner["=Birch|"], "=Birch| complete " + owner["=Birch|"], "=Birch| failed " + owner["=Birch|"],
		"Acme complete " + owner["Acme"], "Acme complete " + owner["Acme"], "Acme complete " + owner["Acme"],
	}
	if d := cmp.Diff(want, nights); d != "" {
		t.Errorf("nights (-want +got):\n%s", d)
	}
	if got := rowsOf(d.sheet("Changes"), "organization", "subject_name", "kind"); len(got) != 1 ||
		got[0] != "Acme Entra added" {
		t.Errorf("changes: %q", got)
	}
	if len(d.tied.Different()) > 0 {
		t.Errorf("tie-outs that differ: %v", d.tied.Different())
	}
}

func TestTheSampleOfEachDatabaseIsNamed(t *testing.T) {
	d := twoDatabases(t)
	for _, b := range d.databases {
		want := "Database " + b.id + ": 3 of 3 nights drawn with the seed 2026110120261103."
		if !slices.ContainsFunc(d.sheet("Sample").Remarks, func(r table.Remark) bool { return r.Text == want }) {
			t.Errorf("no remark %q: %v", want, d.sheet("Sample").Remarks)
		}
	}
}

// One database with a gap makes the whole period not complete.
func TestAPeriodIsNotCompleteIfOneDatabaseIsNot(t *testing.T) {
	d := twoDatabases(t)
	if !strings.HasPrefix(d.status, "NOT COMPLETE: 1 of 6 expected nights of 2 organizations without a complete snapshot") {
		t.Errorf("status: %s", d.status)
	}
	if !slices.ContainsFunc(d.alarms, func(alarm string) bool {
		return strings.HasPrefix(alarm, "NOT COMPLETE: database ") &&
			strings.Contains(alarm, "=Birch|: 1 of 3 expected nights")
	}) {
		t.Errorf("alarms: %q", d.alarms)
	}
}

func TestAPeriodIsNotCompleteWithoutEveryShard(t *testing.T) {
	for name, test := range map[string]struct {
		shards [][]string // of each database, by night
		want   string     // empty for a complete period
	}{
		"all shards":            {[][]string{{"0/2", "0/2"}, {"1/2", "1/2"}}, ""},
		"no shards":             {[][]string{{"", ""}, {"", ""}}, ""},
		"more shards later":     {[][]string{{"0/1", "0/2"}, {"", "1/2"}}, ""},
		"a shard missing":       {[][]string{{"0/3", "0/3"}, {"2/3", "2/3"}}, "shard 1/3 is in none of the databases"},
		"a later shard missing": {[][]string{{"0/2", "0/3"}, {"1/2", "1/3"}}, "shard 2/3 is in none of the databases"},
		"a shard twice":         {[][]string{{"0/1", "0/1"}, {"0/1", "0/1"}}, " are both of shard 0"},
		"two numbers of shards": {[][]string{{"0/2", "0/2"}, {"1/2", "1/3"}}, "in the night of 2026-11-02 the database "},
	} {
		t.Run(name, func(t *testing.T) {
			var periods []*Period
			for i, shards := range test.shards {
				store, shown := reporttest.OpenStore(t), []func(...ona.SCIMConfiguration) visited{acmeWith, birchWith}[i]
				for day, shard := range shards {
					at := november(day + 1)
					visit(t, store, snapshot.Run{StartedAt: at, ScheduledFor: at, Trigger: snapshot.TriggerSchedule, Shard: shard},
						shown())
				}
				p, err := Read(t.Context(), store, inNovember(2))
				if err != nil {
					t.Fatal(err)
				}
				periods = append(periods, p)
			}
			d := together(periods, nil, report.Options{})
			if test.want == "" && len(d.gaps) > 0 || !strings.Contains(strings.Join(d.gaps, "\n"), test.want) {
				t.Errorf("gaps: %q, want %q", d.gaps, test.want)
			}
			if (test.want == "") != strings.HasPrefix(d.status, report.Complete) {
				t.Errorf("status: %s", d.status)
			}
		})
	}
}

func TestAnOrganizationInTwoDatabasesDoesNotTie(t *testing.T) {
	var periods []*Period
	for range 2 {
		store := reporttest.OpenStore(t)
		visit(t, store, snapshot.Run{StartedAt: november(1), ScheduledFor: november(1)}, acmeWith())
		p, err := Read(t.Context(), store, Span{From: november(1), To: november(1).Add(time.Hour), Now: november(9)})
		if err != nil {
			t.Fatal(err)
		}
		periods = append(periods, p)
	}
	d := together(periods, nil, report.Options{})
	different := d.tied.Different()
	if len(different) != 1 || different[0].First != 2 || different[0].Second != 1 {
		t.Errorf("tie-outs that differ: %v", different)
	}
	names := rowsOf(d.sheet("Snapshots"), "organization")
	if len(names) != 2 || names[0] == names[1] {
		t.Errorf("the names of the same organization in two databases: %q", names)
	}
}

// What is so of all databases is said once.
func TestAPeriodThatHasNotEndedIsSaidOnce(t *testing.T) {
	var periods []*Period
	for _, shown := range []func(...ona.SCIMConfiguration) visited{acmeWith, birchWith} {
		store := reporttest.OpenStore(t)
		visit(t, store, snapshot.Run{StartedAt: november(1), ScheduledFor: november(1)}, shown())
		p, err := Read(t.Context(), store, Span{From: november(1), To: november(9), Now: november(2)})
		if err != nil {
			t.Fatal(err)
		}
		periods = append(periods, p)
	}
	d := together(periods, nil, report.Options{})
	said := slices.DeleteFunc(slices.Clone(d.alarms), func(alarm string) bool {
		return !strings.Contains(alarm, "has not ended")
	})
	const want = "NOT COMPLETE: the period has not ended; the report covers it until"
	if len(said) != 1 || !strings.HasPrefix(said[0], want) {
		t.Errorf("alarms: %q", d.alarms)
	}
}
