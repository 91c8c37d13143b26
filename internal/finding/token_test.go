package finding_test

import (
	"time"

	"scim-auditor/internal/finding"
)

// expiresAt moves the expiry of scim-1.
func expiresAt(t time.Time) func(*finding.Input) {
	return func(in *finding.Input) { in.Inventory.SCIM[0].TokenExpiresAt = t }
}

func disabledExpiresAt(t time.Time) func(*finding.Input) {
	return func(in *finding.Input) {
		in.Inventory.SCIM[0].Enabled = false
		in.Inventory.SCIM[0].TokenExpiresAt = t
	}
}

// token sets what is known of the age of scim-1's token: createdAt, the first snapshot with its
// expiry, whether a rotation was seen, and the expiry.
func token(created time.Time, since finding.ExpirySince, expires time.Time) func(*finding.Input) {
	return func(in *finding.Input) {
		in.Inventory.SCIM[0].CreatedAt = created
		in.Inventory.SCIM[0].TokenExpiresAt = expires
		seenSince(in, "scim-1", since)
	}
}

func seen(at time.Time) finding.ExpirySince    { return finding.ExpirySince{At: at} }
func rotated(at time.Time) finding.ExpirySince { return finding.ExpirySince{At: at, Rotated: true} }

// unseen makes this the first snapshot with scim-1.
func unseen(created, expires time.Time) func(*finding.Input) {
	return func(in *finding.Input) {
		token(created, finding.ExpirySince{}, expires)(in)
		in.ExpirySince = nil
	}
}

var unknown time.Time

var tokenCases = []ruleCase{
	{"SCIM-001", "expired yesterday", expiresAt(after(-day)),
		[]string{"fail critical scim-1"}, "expired at 2026-11-22 02:00:00 UTC"},
	{"SCIM-001", "expires at the very instant", expiresAt(takenAt),
		[]string{"fail critical scim-1"}, "2026-11-23 02:00:00 UTC"},
	{"SCIM-001", "expires a second later", expiresAt(after(time.Second)), []string{"pass org-1"}, "enabled: 1 of 1"},
	{"SCIM-001", "unknown expiry is not expired", expiresAt(unknown),
		[]string{"not_assessed scim-1"}, "did not report when the token expires"},
	{"SCIM-001", "disabled is another rule's", disabledExpiresAt(after(-day)), []string{"pass org-1"}, "enabled: 0 of 1"},
	{"SCIM-001", "one fails and one is not known", func(in *finding.Input) {
		c := scim("scim-0", "Entra", "")
		c.TokenExpiresAt = unknown
		addSCIM(in, c)
		expiresAt(after(-day))(in)
	}, []string{"not_assessed scim-0", "fail critical scim-1"}, ""},

	{"SCIM-002", "a second left", expiresAt(after(time.Second)),
		[]string{"fail high scim-1"}, "expires at 2026-11-23 02:00:01 UTC."},
	{"SCIM-002", "exactly 7 days left", expiresAt(after(7 * day)),
		[]string{"fail high scim-1"}, "expires at 2026-11-30 02:00:00 UTC."},
	{"SCIM-002", "over 7 days left", expiresAt(after(7*day + time.Second)), []string{"fail medium scim-1"}, ""},
	{"SCIM-002", "exactly 30 days left", expiresAt(after(30 * day)), []string{"fail medium scim-1"}, ""},
	{"SCIM-002", "over 30 days left", expiresAt(after(30*day + time.Hour)),
		[]string{"fail info scim-1"}, "expires at 2026-12-23 03:00:00 UTC."},
	{"SCIM-002", "exactly 90 days left", expiresAt(after(90 * day)), []string{"fail info scim-1"}, ""},
	{"SCIM-002", "over 90 days left", expiresAt(after(90*day + time.Second)),
		[]string{"pass org-1"}, "No token that is still valid expires within the limits."},
	{"SCIM-002", "already expired", expiresAt(takenAt), []string{"pass org-1"}, "is still valid"},
	{"SCIM-002", "disabled counts too", disabledExpiresAt(after(day)),
		[]string{"fail high scim-1"}, "is disabled and its token expires at"},
	{"SCIM-002", "unknown expiry", expiresAt(unknown), []string{"not_assessed scim-1"}, ""},

	{"SCIM-003", "disabled and expired", disabledExpiresAt(takenAt),
		[]string{"fail low scim-1"}, "is disabled and its token expired"},
	{"SCIM-003", "disabled, not expired", disabledExpiresAt(after(day)), []string{"pass org-1"}, "disabled: 1 of 1"},
	{"SCIM-003", "disabled, unknown expiry", disabledExpiresAt(unknown), []string{"not_assessed scim-1"}, ""},
	{"SCIM-003", "enabled is another rule's", expiresAt(after(-day)), []string{"pass org-1"}, "disabled: 0 of 1"},

	{"SCIM-004", "expiry not reported", expiresAt(unknown), []string{"fail info scim-1"}, "did not report"},

	{"SCIM-005", "rotated into exactly 365 days", token(after(-500*day), rotated(after(-day)), after(364*day)),
		[]string{"pass org-1"}, "longer than the limit"},
	{"SCIM-005", "rotated into more", token(after(-500*day), rotated(after(-day)), after(364*day+time.Hour)),
		[]string{"fail medium scim-1"}, "at least 365 days 1 h: its rotation was first seen at 2026-11-22"},
	{"SCIM-005", "never rotated, longer since first seen", token(after(-500*day), seen(after(-300*day)), after(100*day)),
		[]string{"fail medium scim-1"}, "at least 400 days: it was first seen at 2026-01-27"},
	{"SCIM-005", "first snapshot, expires too late", unseen(after(-1000*day), after(366*day)),
		[]string{"fail medium scim-1"}, "at least 366 days: it was first seen at 2026-11-23"},
	{"SCIM-005", "estimated from createdAt", token(after(-300*day), seen(after(-day)), after(200*day)),
		[]string{"fail medium scim-1"}, "estimated 500 days, from createdAt"},
	{"SCIM-005", "exactly 365 days from createdAt", unseen(after(-165*day), after(200*day)), []string{"pass org-1"}, ""},
	{"SCIM-005", "estimate that no token can have", unseen(after(-700*day), after(200*day)),
		[]string{"not_assessed scim-1"}, "longer than any token can live"},
	{"SCIM-005", "createdAt not reported", unseen(unknown, after(200*day)),
		[]string{"not_assessed scim-1"}, "did not report createdAt"},
	{"SCIM-005", "expires before it was created", token(after(-day), seen(after(-day)), after(-2*day)),
		[]string{"not_assessed scim-1"}, "not after createdAt"},
	{"SCIM-005", "unknown expiry", expiresAt(unknown), []string{"not_assessed scim-1"}, "did not report when"},

	{"SCIM-006", "rotation seen exactly 365 days ago", token(after(-900*day), rotated(after(-365*day)), after(day)),
		[]string{"fail medium scim-1"}, "since at least 2025-11-23 02:00:00 UTC"},
	{"SCIM-006", "rotation seen a second less ago", token(after(-900*day), rotated(after(-365*day+time.Second)),
		after(day)),
		[]string{"pass org-1"}, "less than the limit"},
	{"SCIM-006", "same expiry for 400 days", token(after(-900*day), seen(after(-400*day)), after(day)),
		[]string{"fail medium scim-1"}, "since at least 2025-10-19 02:00:00 UTC, the first snapshot with its expiry."},
	{"SCIM-006", "old, but seen for a short time only", token(after(-900*day), seen(after(-10*day)), after(day)),
		[]string{"not_assessed scim-1"}, "has been seen only since 2026-11-13"},
	{"SCIM-006", "created less than 365 days ago", unseen(after(-365*day+time.Second), after(day)),
		[]string{"pass org-1"}, ""},
	{"SCIM-006", "created exactly 365 days ago", unseen(after(-365*day), after(day+time.Second)),
		[]string{"not_assessed scim-1"}, ""},
	{"SCIM-006", "expires whole days after it was created", unseen(after(-365*day), after(day)),
		[]string{"fail medium scim-1"}, "exactly 366 days after the configuration was created"},
	{"SCIM-006", "whole days, but longer than any token lives", unseen(after(-800*day), after(day)),
		[]string{"not_assessed scim-1"}, ""},
	{"SCIM-006", "whole days, but a rotation was seen", token(after(-400*day), rotated(after(-day)), after(day)),
		[]string{"pass org-1"}, ""},
	{"SCIM-006", "createdAt not reported", unseen(unknown, after(day)),
		[]string{"not_assessed scim-1"}, "did not report createdAt"},
	{"SCIM-006", "old, unknown expiry", token(after(-900*day), seen(after(-400*day)), unknown),
		[]string{"not_assessed scim-1"}, "A rotation shows as another expiry"},
	{"SCIM-006", "new, unknown expiry", expiresAt(unknown), []string{"pass org-1"}, ""},
}
