package finding_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
)

func exception(rule, subject string, expires time.Time) finding.Exception {
	return finding.Exception{RuleID: rule, SubjectID: subject, Owner: "jane@acme.example",
		Reason: "it is being replaced", Ticket: "SEC-1", Expires: expires}
}

// the last day of an exception, as its midnight.
func date(month time.Month, day int) time.Time {
	return time.Date(2026, month, day, 0, 0, 0, 0, time.UTC)
}

func failures() []finding.Finding {
	return []finding.Finding{
		{RuleID: "SCIM-007", Status: finding.Fail, SubjectType: diff.SCIMConfiguration, SubjectID: "scim-1",
			Observed: "Disabled."},
		{RuleID: "SCIM-007", Status: finding.Fail, SubjectType: diff.SCIMConfiguration, SubjectID: "scim-2",
			Observed: "Disabled."},
		{RuleID: "SCIM-010", Status: finding.NotAssessed, SubjectType: diff.Organization, SubjectID: "org-1",
			Observed: "No SSO."},
		{RuleID: "SCIM-014", Status: finding.Pass, SubjectType: diff.Organization, SubjectID: "org-1",
			Observed: "All named."},
		{RuleID: "RUN-001", Status: finding.Fail, SubjectType: diff.Organization, SubjectID: "org-1",
			Observed: "Not complete."},
	}
}

func TestAnExceptionHoldsToTheEndOfItsLastDay(t *testing.T) {
	x := exception("SCIM-007", "scim-1", date(11, 22))
	for at, want := range map[time.Time]bool{
		date(11, 22):                   true,
		date(11, 23).Add(-time.Second): true,
		date(11, 23):                   false,
		date(11, 23).In(time.FixedZone("far west", -10*3600)):                   false,
		time.Date(2026, 11, 23, 1, 0, 0, 0, time.FixedZone("Helsinki", 2*3600)): true,
	} {
		if got := x.InForce(at); got != want {
			t.Errorf("in force at %v: %v, want %v", at, got, want)
		}
	}
}

func TestAccept(t *testing.T) {
	later := date(12, 31)
	inOrganization := exception("SCIM-007", "", later)
	inOrganization.OrganizationID = "org-1"
	elsewhere := inOrganization
	elsewhere.OrganizationID = "org-2"
	for _, c := range []struct {
		name       string
		exceptions []finding.Exception
		want       []string // the statuses of the findings that differ from failures()
		bearings   []finding.Bearing
	}{
		{"a subject", []finding.Exception{exception("SCIM-007", "scim-1", later)},
			[]string{"excepted scim-1"}, []finding.Bearing{finding.Applied}},
		{"an organization", []finding.Exception{inOrganization},
			[]string{"excepted scim-1", "excepted scim-2"}, []finding.Bearing{finding.Applied}},
		{"another organization", []finding.Exception{elsewhere}, nil, nil},
		{"expired", []finding.Exception{exception("SCIM-007", "scim-1", date(11, 22))}, nil,
			[]finding.Bearing{finding.Applied}},
		{"nothing to match", []finding.Exception{exception("SCIM-007", "scim-9", later)}, nil,
			[]finding.Bearing{finding.Unmatched}},
		{"a rule that passes", []finding.Exception{exception("SCIM-014", "scim-1", later)}, nil,
			[]finding.Bearing{finding.Unmatched}},
		{"not assessed", []finding.Exception{exception("SCIM-010", "scim-1", later)}, nil, []finding.Bearing{finding.Open}},
		{"a run that is not complete", []finding.Exception{exception("RUN-001", "org-1", later)}, nil,
			[]finding.Bearing{finding.Unmatched}},
		{"the one that holds longest", []finding.Exception{exception("SCIM-007", "scim-1", date(11, 22)),
			exception("SCIM-007", "scim-1", later)},
			[]string{"excepted scim-1"}, []finding.Bearing{finding.Unmatched, finding.Applied}},
	} {
		t.Run(c.name, func(t *testing.T) {
			findings := failures()
			acceptances := finding.Accept(findings, "org-1", c.exceptions, takenAt)
			var got []string
			for i, f := range findings {
				if f.Status != failures()[i].Status {
					got = append(got, short(f))
				}
				if (f.Status == finding.Excepted) != (f.OriginalStatus == finding.Fail) {
					t.Errorf("%s: original status %q", short(f), f.OriginalStatus)
				}
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("findings (-want +got):\n%s", d)
			}
			var bearings []finding.Bearing
			for _, a := range acceptances {
				bearings = append(bearings, a.Bearing)
			}
			if d := cmp.Diff(c.bearings, bearings); d != "" {
				t.Errorf("bearings (-want +got):\n%s", d)
			}
		})
	}
}

func TestAFailureNamesTheExceptionThatExpired(t *testing.T) {
	findings := failures()
	acceptances := finding.Accept(findings, "org-1", []finding.Exception{exception("SCIM-007", "scim-1", date(11, 22))},
		takenAt)
	if findings[0].Status != finding.Fail ||
		!strings.Contains(findings[0].Observed, "by jane@acme.example (SEC-1) was last valid on 2026-11-22.") {
		t.Errorf("%s: %s", short(findings[0]), findings[0].Observed)
	}
	if acceptances[0].InForce || len(acceptances[0].Findings) != 1 || strings.Contains(findings[1].Observed, "exception") {
		t.Errorf("%+v, %s", acceptances[0], findings[1].Observed)
	}
}
