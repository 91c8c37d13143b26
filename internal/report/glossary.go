package report

import (
	"scim-auditor/internal/diff"
	"scim-auditor/internal/report/table"
)

// Term explains a word of a report; Subject and Severity are set for a kind of change.
type Term struct {
	Word, Subject string
	Severity      diff.Severity
	Meaning       string
}

func kind(k diff.Kind, severity diff.Severity, meaning string) Term {
	return Term{string(k), "SCIM configuration", severity, meaning}
}

func ssoKind(k diff.Kind, severity diff.Severity, meaning string) Term {
	return Term{string(k), "SSO configuration", severity, meaning}
}

func organizationKind(k diff.Kind, severity diff.Severity, meaning string) Term {
	return Term{string(k), "organization", severity, meaning}
}

// Glossary explains the words of a run's report, the kinds of change last.
var Glossary = []Term{
	{Word: Complete, Meaning: "Every organization was listed to its last page, every record was stored, and the " +
		"run ended without an error."},
	{Word: NotComplete, Meaning: "At least one organization could not be listed wholly. Nothing is said about it " +
		"in this run: its absence from a sheet is no removal."},
	{Word: "run", Meaning: "One execution of the job over all organizations."},
	{Word: "snapshot", Meaning: "What one organization's complete listing said at one instant (taken at)."},
	{Word: "baseline", Meaning: "The last complete snapshot of the same organization, with which the present one " +
		"is compared. The first complete snapshot has none: it has an inventory and no changes."},
	{Word: "change", Meaning: "One atomic difference between the snapshot and its baseline. What only time does, " +
		"such as an expiry, is a finding and no change."},
	{Word: "finding", Meaning: "The outcome of one rule for one subject at one instant."},
	{Word: "fail", Meaning: "The rule is not met."},
	{Word: "pass", Meaning: "The rule was evaluated and is met."},
	{Word: "not assessed", Meaning: "The rule could not be evaluated; Observed says why. It is neither a pass " +
		"nor a fail."},
	{Word: "excepted", Meaning: "An exception on record covers the finding; the original status is kept beside it."},
	{Word: "tie-out", Meaning: "One count taken from two independent sources. It ties when both are the same " +
		"number."},
	{Word: "days to expiry", Meaning: "Whole days from the snapshot to the token's expiry; negative once it has " +
		"expired; unknown where the API did not report an expiry."},
	{Word: "last seen", Meaning: "The last snapshot in which the rule failed for the subject, accepted or not."},
	{Word: "days open", Meaning: "Whole days from the first snapshot of the present stretch in which the rule " +
		"failed for the subject."},
	{Word: "first seen, unchanged since", Meaning: "The first snapshot with this id, and the snapshot since " +
		"which every field is as it is now."},
	{Word: "fingerprint", Meaning: "SHA-256 of rule, organization id and subject id: it stays the same when the " +
		"subject is renamed."},
	{Word: "not reported", Meaning: "The API left the field out. Unknown is not false, and not expired."},
	{Word: "actor, candidate entries", Meaning: "Audit-log entries about the same subject between the two " +
		"snapshots: who may have made the change. The newest stands in the actor's columns, several are all in the " +
		"note."},
	{Word: noEntry, Meaning: "The audit log was read from one snapshot to the other and does not tell who made " +
		"the change."},
	{Word: "exception", Meaning: "Somebody's word, with a reason and a last day, that a failure is accepted. " +
		"Unmatched: nothing that it is for fails."},
	{Word: "⟦U+202E⟧", Meaning: "A character that cannot be seen, shown by its code point. The full value stands " +
		"in the database, and in " + jsonFile + " where that was written."},
	{Word: "state, provider type", Meaning: "The API's SSO_CONFIGURATION_STATE_… and PROVIDER_TYPE_… without " +
		"these beginnings."},
	kind(diff.OrganizationChanged, diff.Critical, "The same id now belongs to another organization: an "+
		"impossible edit."),
	kind(diff.CreatedAtChanged, diff.Critical, "The same id has another creation instant: an impossible edit."),
	kind(diff.Removed, diff.High, "In the baseline and not in the complete listing now. Before holds the whole "+
		"configuration."),
	kind(diff.Added, diff.Medium, "In no earlier complete snapshot. After holds the whole configuration."),
	kind(diff.Reappeared, diff.High, "Not in the baseline, but in an older complete snapshot."),
	kind(diff.Disabled, diff.High, "Enabled before, not now: provisioning and deprovisioning have stopped."),
	kind(diff.Enabled, diff.Medium, "Not enabled before, enabled now."),
	kind(diff.SSOUnlinked, diff.High, "Linked to an SSO configuration before, to none now."),
	kind(diff.SSORelinked, diff.High, "Linked to another SSO configuration than before."),
	kind(diff.SSOLinked, diff.Low, "Linked to none before, to an SSO configuration now."),
	kind(diff.UnverifiedAllowed, diff.High, "Accounts may now be linked by e-mail addresses that nobody has "+
		"verified."),
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
	organizationKind(diff.FieldFirstReported, diff.Info, "A field that no configuration of the baseline reported "+
		"and that some do now: a newer server, not a change of each row."),
	organizationKind(diff.FieldChanged, diff.Info, "Any other policy differs."),
}

// TermTable has a row for each term.
func TermTable(terms []Term) *table.Table {
	t := table.New("Glossary", nil, table.Text("Word", "word"), table.Text("Kind of change of", "subject"),
		table.Text("Severity", "severity"), table.Text("Meaning", "meaning"))
	for _, term := range terms {
		t.Add(table.RunLevel, term.Word, term.Subject, Word(term.Severity), term.Meaning)
	}
	return t
}
