package finding_test

import (
	"strings"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
)

func clock(offset time.Duration) func(*finding.Input) {
	return func(in *finding.Input) { in.ServerClockOffset = offset }
}

func times(created, updated time.Time) func(*finding.Input) {
	return func(in *finding.Input) {
		in.Inventory.SCIM[0].CreatedAt, in.Inventory.SCIM[0].UpdatedAt = created, updated
	}
}

// gap returns a gap of a number of nights that begins days after the snapshot.
func gap(days, nights int) finding.Gap {
	first := after(time.Duration(days) * day)
	return finding.Gap{First: first, Last: first.AddDate(0, 0, nights-1), Nights: nights}
}

func gaps(all ...finding.Gap) func(*finding.Input) {
	return func(in *finding.Input) { in.Gaps = all }
}

func laterRuns(n int64) func(*finding.Input) {
	return func(in *finding.Input) {
		for id := range n {
			in.LaterRuns = append(in.LaterRuns, finding.LaterRun{ID: id + 1, StartedAt: after(3650 * day)})
		}
	}
}

func approved(a finding.Approved) func(*finding.Input) {
	return func(in *finding.Input) { in.Approved = &a }
}

var runCases = []ruleCase{
	{"SCIM-021", "local clock exactly 5 minutes ahead", clock(5 * time.Minute),
		[]string{"pass org-1"}, "agrees with the server's."},
	{"SCIM-021", "local clock ahead", clock(5*time.Minute + time.Second),
		[]string{"fail medium org-1"}, "more than 5 min ahead of the server's (5 min 1 s)."},
	{"SCIM-021", "local clock behind", clock(-6 * time.Minute),
		[]string{"fail medium org-1"}, "more than 5 min behind the server's (6 min)."},
	{"SCIM-021", "server's clock unknown", func(in *finding.Input) { in.ServerClockKnown = false },
		[]string{"not_assessed org-1"}, "could not be compared"},
	{"SCIM-021", "updated exactly 5 minutes ahead", times(after(-day), after(5*time.Minute)), []string{"pass org-1"}, ""},
	{"SCIM-021", "updated further ahead", times(after(-day), after(5*time.Minute+time.Second)),
		[]string{"fail medium scim-1"},
		"updatedAt 2026-11-23 02:05:01 UTC is more than 5 min after the snapshot."},
	{"SCIM-021", "both ahead", times(after(2*day), after(day)), []string{"fail medium scim-1"},
		"createdAt 2026-11-25 02:00:00 UTC is more than 5 min after the snapshot. " +
			"updatedAt 2026-11-24 02:00:00 UTC is more than 5 min after the snapshot. " +
			"updatedAt 2026-11-24 02:00:00 UTC is before createdAt"},
	{"SCIM-021", "updated before it was created", times(after(-day), after(-day-time.Millisecond)),
		[]string{"fail medium scim-1"},
		"updatedAt 2026-11-22 01:59:59.999 UTC is before createdAt 2026-11-22 02:00:00 UTC."},
	{"SCIM-021", "updatedAt not reported", times(after(-day), unknown),
		[]string{"not_assessed scim-1"}, "did not report both"},

	{"RUN-001", "a complete listing", unchanged,
		[]string{"pass org-1"}, "1 SCIM configurations. 1 SSO configurations were listed."},
	{"RUN-001", "SSO unreadable", hideSSO,
		[]string{"pass org-1"}, "The SSO configurations could not be read: permission denied"},

	{"RUN-002", "no schedule known", func(in *finding.Input) { in.ScheduleKnown = false },
		[]string{"not_assessed org-1"}, "No schedule is known to this run."},
	{"RUN-002", "one night missed", gaps(gap(-2, 1)),
		[]string{"fail medium 2026-11-21T02:00:00Z"},
		"No complete run exists for the night scheduled at 2026-11-21 02:00:00 UTC."},
	{"RUN-002", "many nights missed", gaps(gap(-20_765, 20_765)), []string{"fail medium 1970-01-16T02:00:00Z"},
		"No complete run exists for 20765 nights, scheduled from 1970-01-16 02:00:00 UTC to 2026-11-22 02:00:00 UTC."},
	{"RUN-002", "two gaps", gaps(gap(-9, 3), gap(-2, 1)),
		[]string{"fail medium 2026-11-14T02:00:00Z", "fail medium 2026-11-21T02:00:00Z"}, "3 nights"},

	{"RUN-007", "no run later than now", unchanged, []string{"pass org-1"}, "confirms the local clock"},
	{"RUN-007", "server's clock unknown", func(in *finding.Input) { in.ServerClockKnown = false },
		[]string{"not_assessed org-1"}, "nothing confirms the local clock"},
	{"RUN-007", "a run in 2036", laterRuns(1), []string{"fail high org-1"},
		"These runs are recorded later than this one and count for no night: run 1 at 2036-11-20 02:00:00 UTC."},
	{"RUN-007", "many runs in 2036", laterRuns(12), []string{"fail high org-1"},
		"; run 10 at 2036-11-20 02:00:00 UTC; and 2 more."},

	{"RUN-003", "another identity", func(in *finding.Input) { in.Principal = "PRINCIPAL_USER u-2" },
		[]string{"fail high org-1"},
		"identity PRINCIPAL_USER u-2 instead of PRINCIPAL_USER u-1."},
	{"RUN-003", "another organization and server", func(in *finding.Input) {
		in.Baseline.OrganizationID, in.Baseline.BaseURL = "org-0", "https://old.test/api"
	}, []string{"fail high org-1"},
		"organization org-1 instead of org-0; base URL https://ona.test/api instead of https://old.test/api."},
	{"RUN-003", "identity of the baseline unknown", func(in *finding.Input) { in.Baseline.Principal = "" },
		[]string{"not_assessed org-1"}, "identity"},
	{"RUN-003", "an older copy of the database", func(in *finding.Input) { in.UnknownReport = "2026-11-23T020000Z-run-7" },
		[]string{"fail high org-1"}, "does not contain the history up to its report 2026-11-23T020000Z-run-7"},
	{"RUN-003", "first snapshot", firstSnapshot, []string{"not_assessed org-1"}, "first snapshot of this organization"},

	{"RUN-004", "two unknown fields", func(in *finding.Input) {
		in.UnknownFields = []string{"SCIMConfiguration.groups", "SSOConfiguration.color"}
	}, []string{"fail info SCIMConfiguration.groups", "fail info SSOConfiguration.color"},
		"field SCIMConfiguration.groups"},

	{"RUN-005", "two parts can no longer be read", func(in *finding.Input) {
		in.Parts = []finding.Part{
			{Name: "SCIM"}, {Name: "SSO", NotAssessed: "permission_denied", LastRead: after(-2 * day)},
			{Name: "audit log", NotAssessed: "HTTP 501.", LastRead: after(-day)},
		}
	}, []string{"fail high SSO", "fail high audit log"},
		"It could not be read: permission_denied. It was last read at 2026-11-21 02:00:00 UTC."},
	{"RUN-005", "a part that was never read", func(in *finding.Input) {
		in.Parts = []finding.Part{{Name: "SSO", NotAssessed: "permission_denied"}, {Name: "audit log", NotDue: true}}
	}, []string{"pass org-1"}, "Every part that an earlier snapshot could read was read."},
	{"RUN-005", "first snapshot", firstSnapshot, []string{"not_assessed org-1"}, "no baseline"},

	{"RUN-008", "nothing approved", func(in *finding.Input) { in.Approved = nil }, []string{"not_assessed org-1"},
		"No baseline of this organization is approved."},
	{"RUN-008", "as approved", approved(finding.Approved{}), []string{"pass org-1"}, "Nothing differs"},
	{"RUN-008", "two changes of one subject", approved(finding.Approved{RunID: 5, By: "jane", At: after(-9 * day),
		Changes: []diff.Change{
			{Kind: diff.Disabled, SubjectType: diff.SCIMConfiguration, SubjectID: "scim-1", Field: "enabled", Before: "true",
				After: "false"},
			{Kind: diff.Renamed, SubjectType: diff.SCIMConfiguration, SubjectID: "scim-1", Field: "name",
				After: strings.Repeat("x", 90)},
		}}), []string{"fail medium scim-1"},
		"Differs from the baseline of run 5, which jane approved at 2026-11-14 02:00:00 UTC: disabled: enabled true → false; " +
			"renamed: name nothing → " + strings.Repeat("x", 79) + "…. No run was reviewed since then."},
	{"RUN-008", "reviewed since", approved(finding.Approved{RunID: 5, ReviewedRun: 7, ReviewedBy: "joe",
		Changes: []diff.Change{{Kind: diff.Added, SubjectType: diff.SCIMConfiguration, SubjectID: "scim-2"}}}),
		[]string{"fail medium scim-2"}, "added. The newest review since then is of run 7 by joe."},
	{"RUN-008", "SSO not compared", approved(finding.Approved{RunID: 5, NotCompared: []string{"SSO"}}),
		[]string{"not_assessed SSO"}, "It could not be compared with the baseline of run 5"},
	{"RUN-006", "a removal that a second listing confirms, beside one that the API confirms", func(in *finding.Input) {
		in.Changes = []diff.Change{
			{Kind: diff.Removed, SubjectType: diff.SSOConfiguration, SubjectID: "same-id", SubjectName: "Okta"},
			{Kind: diff.Removed, SubjectType: diff.SCIMConfiguration, SubjectID: "same-id", SubjectName: "Okta"},
		}
		in.ListedOnly = map[diff.Subject]string{{Type: diff.SSOConfiguration, ID: "same-id"}: "HTTP 501: no such method"}
	}, []string{"fail medium same-id"},
		"Two listings without it agree, but the API does not confirm the removal itself: HTTP 501: no such method."},
	{"RUN-006", "first snapshot", firstSnapshot, []string{"not_assessed org-1"}, "first snapshot of this organization"},
}
