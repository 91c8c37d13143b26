package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

var night = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

// database returns a database whose run has n organizations, with ids and names of its own.
func database(letter string, n int, shard string) *Database {
	m := fleet(n)
	for i, o := range m.Organizations {
		o.Snapshot.OrganizationID = fmt.Sprintf("0f5a1c52-%s-%04d", letter, i)
		o.Snapshot.OrganizationName = fmt.Sprintf("%s-%04d", letter, i)
		o.Snapshot.Source = o.Snapshot.OrganizationName
	}
	m.Run.Shard, m.Run.CompleteOrganizations, m.Run.FailedOrganizations = shard, n, 0
	m.Head = evidence.Head{DatabaseID: "db-" + letter, Run: m.Run.ID, Number: 9, SHA256: strings.Repeat("a", 64)}
	return &Database{Model: m, ID: "db-" + letter}
}

func TestANightOverTwoDatabasesTiesInEachAndInSum(t *testing.T) {
	r := newReport(Together(night, []*Database{database("b", 80, "1/2"), database("a", 60, "0/2")}), Options{})
	if !r.Complete() || r.headline.State == Red {
		t.Errorf("headline %v, alarms %v", r.headline, r.alarms())
	}
	if r.Organizations[0].name() != "a-0000" || r.Run.CompleteOrganizations != 140 || len(r.Organizations) != 140 {
		t.Errorf("%d organizations, the first is %s", len(r.Organizations), r.Organizations[0].name())
	}
	ties := r.tieTable()
	counts := make(map[string]string)
	for _, row := range ties.Rows {
		cell := func(key string) string { return table.Shown(row.Cells[ties.Column(key)]) }
		counts[cell("database_id")+" "+cell("check")] = cell("first") + " " + cell("second")
	}
	for check, want := range map[string]string{
		"db-a SCIM configurations in the run register = rows of the sheet Inventory":                        "180 180",
		"db-b SCIM configurations in the run register = rows of the sheet Inventory":                        "240 240",
		" SCIM configurations in the run registers summed over the databases = rows of the sheet Inventory": "420 420",
		" Organizations summed over the databases = different organizations":                                "140 140",
		"db-b SCIM rows stored = rows of the database view, in each of 80 organizations":                    "240 240",
		" Organizations in the run registers summed over the databases = rows of the sheet Organizations":   "140 140",
		"db-a Failed findings summed over severities = rows with fail in the sheet Findings":                "180 180",
		"db-a SCIM distinct ids = rows stored, in each of 60 organizations":                                 "180 180",
		" Changes in the run registers summed over the databases = rows of the sheet Changes":               "0 0",
		"db-b Failed findings in the run register = failed findings summed over severities":                 "240 240",
	} {
		if counts[check] != want {
			t.Errorf("%q: %q, want %q", check, counts[check], want)
		}
	}
	for _, all := range append(r.csvTables(), r.overview) {
		for _, row := range all.Rows {
			if all == r.outcomes {
				continue // counts each rule over all organizations of a fleet
			}
			made := row.Made()
			if id := table.Shown(made.Cells[all.Column("database_id")]); id != "db-a" && id != "db-b" {
				t.Fatalf("%s has a row of the database %q", all.Name, id)
			}
		}
	}
}

func TestANightIsNotCompleteWithoutEveryShard(t *testing.T) {
	none := &Database{ID: "db-z", Lacks: "it has no run that has ended"}
	failed := database("f", 2, "")
	failed.Organizations[1].Snapshot.Outcome, failed.Run.Outcome = snapshot.Failed, snapshot.Failed
	for name, test := range map[string]struct {
		databases []*Database
		gaps      []string
	}{
		"all shards": {[]*Database{database("a", 1, "0/2"), database("b", 1, "1/2")}, nil},
		"no shards":  {[]*Database{database("a", 1, ""), database("b", 1, "")}, nil},
		"a shard missing": {[]*Database{database("a", 1, "0/3"), database("b", 1, "2/3")},
			[]string{"shard 1/3 is in none of the databases"}},
		"a shard twice": {[]*Database{database("a", 1, "0/1"), database("b", 1, "0/1")},
			[]string{"the databases db-a and db-b are both of shard 0/1"}},
		"two numbers of shards": {[]*Database{database("a", 1, "0/2"), database("b", 1, "1/3")},
			[]string{"the database db-b is of shard 1/3, but the database db-a is one of 2 shards"}},
		"a database without the night": {[]*Database{database("a", 1, ""), none},
			[]string{"the database db-z lacks the night of 2026-11-23: it has no run that has ended"}},
	} {
		m := Together(night, test.databases)
		if d := cmp.Diff(test.gaps, m.Gaps); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		if m.Complete() != (test.gaps == nil) {
			t.Errorf("%s: complete %t", name, m.Complete())
		}
		if headline := m.Headline(0).Text; test.gaps != nil && !strings.HasPrefix(headline, "NOT COMPLETE: "+test.gaps[0]) {
			t.Errorf("%s: %s", name, headline)
		}
	}
	if Together(night, []*Database{database("a", 1, ""), failed}).Complete() {
		t.Error("a failed run makes the night complete")
	}
	r := newReport(Together(night, []*Database{none}), Options{}) // no run at all
	if text := r.alarms(); len(text) != 1 || len(r.Organizations) != 0 {
		t.Errorf("alarms: %q", text)
	}
}

func TestANightOverSeveralDatabasesSaysWhatRetentionRemoved(t *testing.T) {
	a, b := database("a", 1, "0/2"), database("b", 1, "1/2")
	b.PrunedAt = night.AddDate(0, 0, 9)
	want := "Retention removed snapshots of the database db-b at 2026-12-02 00:00:00 UTC, after this run. "
	all := newReport(Together(night, []*Database{a, b}), Options{}).alarms()
	if len(all) != 1 || !strings.HasPrefix(all[0], want) {
		t.Errorf("alarms: %q", all)
	}
}

func TestAFleetWithoutChartsHasNoEmptySheet(t *testing.T) {
	for _, m := range []*Model{fleet(FleetSize + 1),
		Together(night, []*Database{database("a", 60, "0/2"), database("b", 60, "1/2")})} {
		for _, sheet := range newReport(m, Options{}).book.Sheets {
			if sheet.Table == nil && len(sheet.Lines) == 0 {
				t.Errorf("the sheet %s is empty", sheet.Name)
			}
		}
	}
}

func TestTheNightOfARunIsTheDayOfItsSchedule(t *testing.T) {
	for _, test := range []struct{ scheduled, started, want string }{
		{"2026-11-23T02:00:00Z", "2026-11-24T01:00:00Z", "2026-11-23"},
		{"", "2026-11-24T01:00:00Z", "2026-11-24"},
		{"", "2026-11-24T01:00:00+02:00", "2026-11-23"},
	} {
		var r snapshot.Run
		r.StartedAt, _ = time.Parse(time.RFC3339, test.started)
		r.ScheduledFor, _ = time.Parse(time.RFC3339, test.scheduled)
		if got := NightOf(&r).Format(time.DateOnly); got != test.want {
			t.Errorf("%v: %s, want %s", test, got, test.want)
		}
	}
}
