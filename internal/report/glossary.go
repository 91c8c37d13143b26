package report

import (
	"strings"

	"scim-auditor/internal/diff"
)

// term explains a word of the report; subject and severity are set for a kind of change.
type term struct {
	word, subject string
	severity      diff.Severity
	meaning       string
}

func kind(k diff.Kind, severity diff.Severity, meaning string) term {
	return term{string(k), "SCIM configuration", severity, meaning}
}

func ssoKind(k diff.Kind, severity diff.Severity, meaning string) term {
	return term{string(k), "SSO configuration", severity, meaning}
}

func organizationKind(k diff.Kind, severity diff.Severity, meaning string) term {
	return term{string(k), "organization", severity, meaning}
}

var glossary = []term{
	{word: wordComplete, meaning: "Every organization was listed to its last page, every record was stored, and the run ended without an error."},
	{word: wordNotComplete, meaning: "At least one organization could not be listed wholly. Nothing is said about it in this run: its absence from a sheet is no removal."},
	{word: "run", meaning: "One execution of the job over all organizations."},
	{word: "snapshot", meaning: "What one organization's complete listing said at one instant (taken at)."},
	{word: "baseline", meaning: "The last complete snapshot of the same organization, with which the present one is compared. The first complete snapshot has none: it has an inventory and no changes."},
	{word: "change", meaning: "One atomic difference between the snapshot and its baseline. What only time does, such as an expiry, is a finding and no change."},
	{word: "finding", meaning: "The outcome of one rule for one subject at one instant."},
	{word: "fail", meaning: "The rule is not met."},
	{word: "pass", meaning: "The rule was evaluated and is met."},
	{word: "not assessed", meaning: "The rule could not be evaluated; Observed says why. It is neither a pass nor a fail."},
	{word: "excepted", meaning: "An exception on record covers the finding; the original status is kept beside it."},
	{word: "tie-out", meaning: "One count taken from two independent sources. It ties when both are the same number."},
	{word: "days to expiry", meaning: "Whole days from the snapshot to the token's expiry; negative once it has expired; unknown where the API did not report an expiry."},
	{word: "last seen", meaning: "The last snapshot in which the rule failed for the subject, accepted or not."},
	{word: "days open", meaning: "Whole days from the first snapshot of the present stretch in which the rule failed for the subject."},
	{word: "first seen, unchanged since", meaning: "The first snapshot with this id, and the snapshot since which every field is as it is now."},
	{word: "fingerprint", meaning: "SHA-256 of rule, organization id and subject id: it stays the same when the subject is renamed."},
	{word: "not reported", meaning: "The API left the field out. Unknown is not false, and not expired."},
	{word: "actor, candidate entries", meaning: "Audit-log entries about the same subject between the two snapshots: who may have made the change. The newest stands in the actor's columns, several are all in the note."},
	{word: noEntry, meaning: "The audit log was read from one snapshot to the other and does not tell who made the change."},
	{word: "exception", meaning: "Somebody's word, with a reason and a last day, that a failure is accepted. Unmatched: nothing that it is for fails."},
	{word: "⟦U+202E⟧", meaning: "A character that cannot be seen, shown by its code point. The full value stands in the database, and in " + fileJSON + " where that was written."},
	{word: "state, provider type", meaning: "The API's SSO_CONFIGURATION_STATE_… and PROVIDER_TYPE_… without these beginnings."},
	kind(diff.OrganizationChanged, diff.Critical, "The same id now belongs to another organization: an impossible edit."),
	kind(diff.CreatedAtChanged, diff.Critical, "The same id has another creation instant: an impossible edit."),
	kind(diff.Removed, diff.High, "In the baseline and not in the complete listing now. Before holds the whole configuration."),
	kind(diff.Added, diff.Medium, "In no earlier complete snapshot. After holds the whole configuration."),
	kind(diff.Reappeared, diff.High, "Not in the baseline, but in an older complete snapshot."),
	kind(diff.Disabled, diff.High, "Enabled before, not now: provisioning and deprovisioning have stopped."),
	kind(diff.Enabled, diff.Medium, "Not enabled before, enabled now."),
	kind(diff.SSOUnlinked, diff.High, "Linked to an SSO configuration before, to none now."),
	kind(diff.SSORelinked, diff.High, "Linked to another SSO configuration than before."),
	kind(diff.SSOLinked, diff.Low, "Linked to none before, to an SSO configuration now."),
	kind(diff.UnverifiedAllowed, diff.High, "Accounts may now be linked by e-mail addresses that nobody has verified."),
	kind(diff.UnverifiedForbidden, diff.Low, "Accounts may no longer be linked by unverified e-mail addresses."),
	kind(diff.TokenRotated, diff.Medium, "Another token expiry. The expiry can only change with a new token."),
	kind(diff.TokenExpiryReported, diff.Info, "The API now reports a token expiry that it did not report before."),
	kind(diff.TokenExpiryLost, diff.Info, "The API no longer reports the token expiry."),
	kind(diff.Renamed, diff.Low, "Another name, the same id."),
	kind(diff.FieldChanged, diff.Info, "Any other field differs."),
	kind(diff.UpdatedOnly, diff.Info, "Only updatedAt moved: possibly set and set back between the two snapshots."),
	kind(diff.UpdatedAtRegressed, diff.Medium, "updatedAt moved back."),
	ssoKind(diff.Added, diff.Medium, "In no earlier complete snapshot."),
	ssoKind(diff.Removed, diff.High, "In the baseline and not in the complete listing now."),
	ssoKind(diff.Reappeared, diff.Medium, "Not in the baseline, but in an older complete snapshot."),
	ssoKind(diff.Disabled, diff.High, "Active before, not now."),
	ssoKind(diff.Enabled, diff.Medium, "Not active before, active now."),
	ssoKind(diff.Renamed, diff.Low, "Another display name, the same id."),
	ssoKind(diff.IssuerChanged, diff.High, "Another issuer: another identity provider may vouch for users."),
	ssoKind(diff.ClientChanged, diff.Medium, "Another client id at the identity provider."),
	ssoKind(diff.DomainsChanged, diff.Medium, "Other e-mail domains sign in through it."),
	ssoKind(diff.ClaimsChanged, diff.High, "Other claims or claims expression: users may be identified differently."),
	ssoKind(diff.FieldChanged, diff.Low, "Any other field differs."),
	organizationKind(diff.RestrictionLifted, diff.High, "Accounts may now be created otherwise than through SCIM."),
	organizationKind(diff.RestrictionSet, diff.Low, "Accounts may now be created only through SCIM."),
	organizationKind(diff.FieldFirstReported, diff.Info, "A field that no configuration of the baseline reported and that some do now: a newer server, not a change of each row."),
	organizationKind(diff.FieldChanged, diff.Info, "Any other policy differs."),
}

func glossaryTable() *table { return termTable(glossary) }

func termTable(terms []term) *table {
	return &table{
		name:    "Glossary",
		columns: []column{{"Word", "word"}, {"Kind of change of", "subject"}, {"Severity", "severity"}, {"Meaning", "meaning"}},
		rows: func(yield func(row) bool) {
			for _, t := range terms {
				var severity any
				if t.severity != "" {
					severity = t.severity
				}
				if !yield(row{runLevel, []any{strings.TrimSpace(t.word), t.subject, severity, t.meaning}}) {
					return
				}
			}
		},
	}
}
