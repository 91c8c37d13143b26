package report

import (
	"strings"
	"testing"
	"time"

	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// complete returns the example without the organization that failed.
func complete() *Model {
	m := example()
	m.Run.Outcome, m.Run.Error = snapshot.Complete, ""
	m.Organizations = m.Organizations[:2]
	m.Run.FailedFindings = 4
	return m
}

func TestEachCountThatDiffersIsFound(t *testing.T) {
	for _, c := range []struct {
		check  string
		change func(*Model)
	}{
		{"SCIM records in the stored exchanges", func(m *Model) { m.Organizations[0].Exchanges[1].Records = 4 }},
		{"SCIM records received = distinct ids", func(m *Model) { m.Organizations[0].Snapshot.SCIMDistinct = 2 }},
		{"SCIM distinct ids = rows stored", func(m *Model) { m.Organizations[0].Snapshot.SCIMConfigurations = 2 }},
		{"SCIM rows stored = rows of the database view", func(m *Model) { m.Organizations[0].ViewSCIM = 2 }},
		{"SCIM rows of the database view = rows of the sheet",
			func(m *Model) { m.Organizations[0].SCIM = m.Organizations[0].SCIM[1:] }},
		{"Pages in the stored exchanges", func(m *Model) { m.Organizations[0].Snapshot.Pages = 3 }},
		{"SCIM configurations in the baseline", func(m *Model) { m.Organizations[0].Changes = m.Organizations[0].Changes[1:] }},
		{"Changes in the run register", func(m *Model) { m.Run.Changes = 0 }},
		{"Failed findings in the run register", func(m *Model) { m.Run.FailedFindings = 0 }},
		{"Failed findings summed over severities", func(m *Model) { m.Organizations[0].Findings[0].Severity = "grave" }},
	} {
		m := complete()
		c.change(m)
		found := false
		for _, alarm := range newReport(m, Options{}).alarms() {
			found = found || strings.Contains(alarm, "Failed tie-out") && strings.Contains(alarm, c.check)
		}
		if !found {
			t.Errorf("no alarm about: %s", c.check)
		}
	}
}

func TestDaysAreWholeAndNegativeOncePast(t *testing.T) {
	for offset, want := range map[time.Duration]int{
		0: 0, time.Second: 0, 23 * time.Hour: 0, 24 * time.Hour: 1, -time.Second: -1, -24 * time.Hour: -1,
		-25 * time.Hour: -2,
	} {
		if got := DaysBetween(tonight, tonight.Add(offset)); got != want {
			t.Errorf("%s: %d instead of %d", offset, got, want)
		}
	}
}

func TestMoreThanFiftyRowsAreCountedInMarkdown(t *testing.T) {
	m := complete()
	for i := range 250 {
		m.Organizations[0].SCIM = append(m.Organizations[0].SCIM, scimConfiguration(1000+i, "more", "", time.Time{}))
	}
	r := newReport(m, Options{})
	text := r.templateData(r.view(FormatMD, markdownRows, fileName))["SCIM"].(table.Markdown).String()
	if rows := strings.Count(text, "\n| "); rows != 1+50 { // the line below the header counts too
		t.Errorf("%d rows", rows)
	}
	if !strings.Contains(text, "\n\n204 more in inventory.csv") {
		t.Errorf("the rest is not told: %s", text[len(text)-100:])
	}
}

func TestOrganizationsOfTheSameNameAreTold(t *testing.T) {
	m := complete()
	m.Organizations[1].Snapshot.OrganizationName = "Acme"
	v := newReport(m, Options{})
	if v.label(0) != "Acme (acme)" || v.label(1) != "Acme (birch)" {
		t.Errorf("both are named %q and %q", v.label(0), v.label(1))
	}
}
