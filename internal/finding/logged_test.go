package finding_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
)

func hideLog(in *finding.Input) {
	in.AuditLog = &finding.AuditLog{AuditLog: ona.AuditLog{NotAssessed: "permission denied"}}
}

// logged is a night with these entries, newest first.
func logged(entries ...ona.AuditLogEntry) func(*finding.Input) {
	return func(in *finding.Input) { in.AuditLog.Entries = entries }
}

func and(all ...func(*finding.Input)) func(*finding.Input) {
	return func(in *finding.Input) {
		for _, change := range all {
			change(in)
		}
	}
}

// lacking is a log that is whole only from so long before the snapshot on.
func lacking(wholeSince time.Time) func(*finding.Input) {
	return func(in *finding.Input) {
		in.AuditLog.Lacking, in.AuditLog.CompleteFrom = "reading stopped at the limit of 2 pages", wholeSince
	}
}

func seenBefore(ids ...string) func(*finding.Input) {
	return func(in *finding.Input) {
		in.AuditLog.Seen = func(id string) bool { return strings.Contains(strings.Join(ids, " "), id) }
	}
}

func renamed() diff.Change { return change(diff.Renamed, "name", "Okta", "Okta 2") }

func policyLifted() diff.Change {
	c := change(diff.RestrictionLifted, "restrictAccountCreationToScim", "true", "false")
	c.SubjectType, c.SubjectID, c.SubjectName = diff.Organization, "org-1", "Acme"
	return c
}

func organizationRenamed() diff.Change {
	c := policyLifted()
	c.Kind, c.Field, c.Before, c.After = diff.FieldChanged, "name", "Acme", "Acme 2"
	return c
}

func notCompared(kind diff.SubjectType) func(*finding.Input) {
	return func(in *finding.Input) { delete(in.AuditLog.Compared, kind) }
}

var loggedCases = []ruleCase{
	{"SCIM-018", "the log was not read", func(in *finding.Input) { in.AuditLog = nil },
		[]string{"not_assessed org-1"}, "The audit log was not read."},
	{"SCIM-018", "the log is not readable", hideLog,
		[]string{"not_assessed org-1"}, "could not be read: permission denied"},
	{"SCIM-018", "first snapshot", firstSnapshot, []string{"not_assessed org-1"}, "no baseline"},
	{"SCIM-018", "created and removed",
		logged(entry(after(-time.Hour), "scim-x", "deleted"), entry(after(-2*time.Hour), "scim-x", "created")),
		[]string{"fail high scim-x"},
		`2026-11-23 01:00:00 UTC PRINCIPAL_USER u-7 "deleted"; 2026-11-23 00:00:00 UTC PRINCIPAL_USER u-7 "created".`},
	{"SCIM-018", "in this snapshot", logged(entry(after(-time.Hour), "scim-1", "updated")),
		[]string{"pass org-1"}, "is in a snapshot"},
	{"SCIM-018", "in an older snapshot", and(logged(entry(after(-time.Hour), "scim-0", "deleted")), seenBefore("scim-0")),
		[]string{"pass org-1"}, ""},
	{"SCIM-018", "exactly at the snapshot", logged(entry(takenAt, "scim-x", "created")), []string{"fail high scim-x"}, ""},
	{"SCIM-018", "after the snapshot", logged(entry(after(time.Second), "scim-x", "created")), []string{"pass org-1"}, ""},
	{"SCIM-018", "exactly at the baseline", logged(entry(after(-day), "scim-x", "created")), []string{"pass org-1"}, ""},
	{"SCIM-018", "entries may be missing", and(logged(entry(after(-time.Hour), "scim-x", "created")),
		lacking(after(-2*time.Hour))),
		[]string{"not_assessed org-1", "fail high scim-x"}, "may be missing: reading stopped at the limit of 2 pages"},
	{"SCIM-018", "older entries may be missing", lacking(after(-2 * day)), []string{"pass org-1"}, ""},

	{"SCIM-023", "the log was not read", func(in *finding.Input) { in.AuditLog = nil },
		[]string{"not_assessed org-1"}, "The audit log was not read."},
	{"SCIM-023", "the log is not readable", hideLog,
		[]string{"not_assessed org-1"}, "could not be read: permission denied"},
	{"SCIM-023", "first snapshot", firstSnapshot, []string{"not_assessed org-1"}, "no baseline"},
	{"SCIM-023", "a change with its entry", and(changes(renamed()), logged(entry(after(-time.Hour), "scim-1", "updated"))),
		[]string{"pass org-1"}, "Changes checked: 1, audit-log entries since the baseline: 1."},
	{"SCIM-023", "a change without an entry", changes(renamed()),
		[]string{"fail medium scim-1"}, "says who made it: renamed."},
	{"SCIM-023", "entry exactly 5 minutes ahead of the clock", and(changes(renamed()),
		logged(entry(after(5*time.Minute), "scim-1", "updated"))),
		[]string{"pass org-1"}, ""},
	{"SCIM-023", "entry further ahead", and(changes(renamed()),
		logged(entry(after(5*time.Minute+time.Second), "scim-1", "updated"))),
		[]string{"fail medium scim-1"}, ""},
	{"SCIM-023", "entry long before the baseline", and(changes(renamed()),
		logged(entry(after(-2*day), "scim-1", "created"))),
		[]string{"fail medium scim-1"}, ""},
	{"SCIM-023", "an entry without a change", logged(entry(after(-time.Hour), "scim-1", "updated")),
		[]string{"fail medium scim-1"},
		`changes that the snapshots do not show: 2026-11-23 01:00:00 UTC PRINCIPAL_USER u-7 "updated".`},
	{"SCIM-023", "an entry within the tolerance after the baseline",
		logged(entry(after(-day+5*time.Minute), "scim-1", "updated")),
		[]string{"pass org-1"}, ""},
	{"SCIM-023", "an entry of the next night", logged(entry(after(time.Second), "scim-1", "updated")),
		[]string{"pass org-1"}, ""},
	{"SCIM-023", "the short-lived have their own rule", logged(entry(after(-time.Hour), "scim-x", "created")),
		[]string{"pass org-1"}, ""},
	{"SCIM-023", "a server that reports more", changes(change(diff.TokenExpiryReported, "tokenExpiresAt", "", "")),
		[]string{"pass org-1"}, ""},
	{"SCIM-023", "an entry of another kind of resource",
		logged(entryOf("RESOURCE_TYPE_ENVIRONMENT", after(-time.Hour), "e-1", "started")),
		[]string{"pass org-1"}, "since the baseline: 0."},
	{"SCIM-023", "entries about who gets in", logged(aboutAccess()...), []string{"pass org-1"}, "since the baseline: 0."},
	{"SCIM-018", "entries about who gets in", logged(aboutAccess()...), []string{"pass org-1"}, ""},
	{"SCIM-023", "an invite domain changed", and(logged(aboutAccess()...), changes(diff.Change{
		Kind: diff.InviteDomainAdded, SubjectType: diff.Organization, SubjectID: "org-1", Field: "inviteDomains",
		After: "a.example",
	})), []string{"pass org-1"}, ""},
	{"SCIM-023", "the server leaves out the organization",
		changes(change(diff.OrganizationNotStated, "organizationId", "org-1", "")),
		[]string{"pass org-1"}, ""},
	{"SCIM-023", "a policy changed with an entry under another id", and(changes(policyLifted()),
		logged(entryOf(ona.ResourceTypeOrganizationPolicy, after(-time.Hour), "policy-1", "updated"))),
		[]string{"pass org-1"}, ""},
	{"SCIM-023", "a policy changed without an entry", changes(policyLifted()),
		[]string{"fail medium org-1"}, "restriction_lifted"},
	{"SCIM-023", "a policy entry without a change", and(changes(organizationRenamed()),
		logged(entryOf(ona.ResourceTypeOrganizationPolicy, after(-time.Hour), "org-1", "updated"))),
		[]string{"fail medium org-1"}, `"updated"`},
	{"SCIM-023", "the organization's own name is logged elsewhere", changes(organizationRenamed()),
		[]string{"pass org-1"}, ""},
	{"SCIM-023", "SSO was not compared", and(notCompared(diff.SSOConfiguration),
		logged(entryOf(ona.ResourceTypeSSOConfiguration, after(-time.Hour), "sso-1", "updated"))),
		[]string{"not_assessed org-1"}, "SSO configuration sso-1, which could not be compared"},
	{"SCIM-023", "the policies were not compared", and(notCompared(diff.Organization),
		logged(entryOf(ona.ResourceTypeOrganizationPolicy, after(-time.Hour), "org-1", "updated"))),
		[]string{"not_assessed org-1"}, "entries about the organization's policies, which could not be compared."},
	{"SCIM-023", "entries may be missing", and(changes(renamed(), policyLifted()), lacking(after(-time.Hour))),
		[]string{"not_assessed org-1", "not_assessed scim-1"}, "No audit-log entry was found for restriction_lifted"},
	{"SCIM-023", "a policy entry without a change, and some may be missing", and(lacking(after(-2*time.Hour)),
		logged(entryOf(ona.ResourceTypeOrganizationPolicy, after(-time.Hour), "org-1", "updated"))),
		[]string{"fail medium org-1"}, `"updated". Audit-log entries may be missing`},

	{"SCIM-019", "with an entry", and(
		changes(change(diff.OnlyUpdatedAtChanged, "updatedAt", "", ona.FormatTime(after(-time.Hour)))),
		logged(entry(after(-time.Hour), "scim-1", "set back"))), []string{"fail low scim-1"},
		`The audit log says: 2026-11-23 01:00:00 UTC PRINCIPAL_USER u-7 "set back".`},
	{"SCIM-019", "without an entry in a log that may lack some", and(changes(regressed()), lacking(after(-2*time.Hour))),
		[]string{"fail low scim-1"}, "No entry about it was found in the audit log, and some may be missing."},
	{"SCIM-019", "without an entry", changes(regressed()),
		[]string{"fail low scim-1"}, "The audit log has no entry about it."},
}

func TestEveryCandidateIsKeptNewestFirst(t *testing.T) {
	in := inOrder()
	newest, older := entry(after(-time.Hour), "scim-1", "enabled"), entry(after(-2*time.Hour), "scim-1", "disabled")
	stranger := entryOf("RESOURCE_TYPE_GROUP", after(-3*time.Hour), "scim-1", "assigned")
	logged(newest, older, entry(after(-time.Hour), "scim-2", "updated"), stranger, entry(after(-2*day), "scim-1",
		"created"))(&in)
	reported := change(diff.FieldFirstReported, "later", "", "")
	got := in.AuditLog.Candidates([]diff.Change{renamed(), reported, policyLifted()}, 5*time.Minute)
	if d := cmp.Diff([][]ona.AuditLogEntry{{newest, older, stranger}, nil, nil}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	hideLog(&in)
	if d := cmp.Diff([][]ona.AuditLogEntry{nil}, in.AuditLog.Candidates([]diff.Change{renamed()}, 0)); d != "" {
		t.Errorf("a log that cannot be read (-want +got):\n%s", d)
	}
}

func TestAQuoteIsBounded(t *testing.T) {
	many := make([]ona.AuditLogEntry, 7)
	for i := range many {
		many[i] = entry(takenAt, "scim-1", strings.Repeat("ä", 300))
	}
	many[0].ActorID, many[0].ActorPrincipal = "", ""
	got := finding.Quote(many)
	if strings.Count(got, "ä") != 5*200 || !strings.HasSuffix(got, "; and 2 more") ||
		!strings.Contains(got, "unknown actor") {
		t.Errorf("got %s", got)
	}
}

func TestARuleThatIsTurnedOffSaysWhy(t *testing.T) {
	in := inOrder()
	in.TurnedOff = map[string]string{"SCIM-014": "names are not used here", "RUN-001": "no", "SCIM-020": "no"}
	findings := finding.Evaluate(in, finding.DefaultThresholds())
	if f := ofRule(findings, "SCIM-014")[0]; short(f) != "not_assessed org-1" ||
		f.Observed != "turned off: names are not used here" {
		t.Errorf("%s: %s", short(f), f.Observed)
	}
	for _, id := range []string{"RUN-001", "SCIM-020"} {
		if f := ofRule(findings, id)[0]; f.Status != finding.Pass {
			t.Errorf("%s was turned off", id)
		}
	}
}

// aboutAccess has an entry of each type that is shown and not compared.
func aboutAccess() (entries []ona.AuditLogEntry) {
	for _, kind := range ona.AccessTypes {
		entries = append(entries, entryOf(kind, after(-time.Hour), "org-1", "changed"))
	}
	return entries
}
