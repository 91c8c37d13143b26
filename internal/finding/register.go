package finding

import (
	"bytes"
	"cmp"
	_ "embed" // the wording of the rules
	"encoding/json"
)

// Rules that the code names.
const (
	runNotComplete       = "RUN-001"
	foreignConfiguration = "SCIM-020"
)

// judgement is how a rule is evaluated.
type judgement struct {
	// needs returns why the data for the rule is missing; empty if it is there. Nil means that the
	// rule needs nothing more than the inventory.
	needs func(*evaluation) string
	// A rule has either each or all. each judges one SCIM configuration. all returns one row for
	// each subject that is not in order.
	each func(*evaluation, configuration) row
	all  func(*evaluation) []row
}

var judgements = map[string]judgement{
	"SCIM-001":           {each: expiredWhile(true)},
	"SCIM-002":           {each: expiresSoon},
	"SCIM-003":           {each: expiredWhile(false)},
	"SCIM-004":           {each: expiryReported},
	"SCIM-005":           {each: lifetime},
	"SCIM-006":           {each: rotation},
	"SCIM-007":           {each: disabled},
	"SCIM-008":           {all: noneEnabled},
	"SCIM-009":           {each: unlinked},
	"SCIM-010":           {needs: ssoRead, each: linkMissing},
	"SCIM-011":           {needs: ssoRead, each: linkInactive},
	"SCIM-012":           {all: sharedLinks},
	"SCIM-013":           {needs: ssoRead, all: notProvisioned},
	"SCIM-014":           {each: unnamed},
	"SCIM-015":           {all: sharedNames},
	"SCIM-016":           {each: unverifiedLinking},
	"SCIM-017":           {needs: baseline, all: enabledAgain},
	"SCIM-018":           {needs: logSinceBaseline, all: shortLived},
	"SCIM-019":           {needs: baseline, all: updatedOnly},
	foreignConfiguration: {each: foreign},
	"SCIM-021":           {all: clockAnomalies},
	"SCIM-023":           {needs: logSinceBaseline, all: logMismatches},
	"SCIM-025":           {needs: policiesRead, all: notRestricted},
	"SCIM-026":           {all: joinByInvitation},
	"SCIM-027":           {needs: domainsRead, all: unverifiedDomains},
	"MEM-001":            {needs: membersRead, all: notGoverned},
	"MEM-002":            {needs: memberTokensRead, all: tokensLeft},
	"MEM-003":            {needs: leaversKnown, all: stillActive},
	runNotComplete:       {all: incomplete},
	"RUN-002":            {needs: scheduleKnown, all: missedNights},
	"RUN-003":            {all: otherSource},
	"RUN-004":            {all: unknownFields},
	"RUN-005":            {needs: baseline, all: lostParts},
	"RUN-006":            {needs: baseline, all: listedOnly},
	"RUN-007":            {all: clockConfirmed},
	"RUN-008":            {needs: approval, all: unapproved},
}

//go:embed rules.json
var rulesFile []byte

// register has every rule in the order of the file and of reports: by id, rules about the run last.
// The id of a removed rule is never used again.
var register = readRegister()

func readRegister() []Rule {
	var rules []Rule
	d := json.NewDecoder(bytes.NewReader(rulesFile))
	d.DisallowUnknownFields()
	if err := d.Decode(&rules); err != nil {
		panic("finding: rules.json: " + err.Error()) // part of the program
	}
	for i := range rules {
		rules[i].judgement = judgements[rules[i].ID]
	}
	return rules
}

// The functions below are the needs of rules.

// unread says that a part of the organization could not be read; empty without a reason.
func unread(part, reason string) string {
	if reason == "" {
		return ""
	}
	return "The " + part + " could not be read: " + reason
}

// unless returns the text, or nothing if what a rule needs is there.
func unless(there bool, text string) string {
	if there {
		return ""
	}
	return text
}

func ssoRead(e *evaluation) string { return unread("SSO configurations", e.Inventory.SSONotAssessed) }

func domainsRead(e *evaluation) string {
	return unread("domain verifications", e.Inventory.DomainsNotAssessed)
}

func membersRead(e *evaluation) string { return unread("members", e.Inventory.MembersNotAssessed) }

func memberTokensRead(e *evaluation) string {
	return cmp.Or(membersRead(e),
		unread("personal access tokens of the members", e.Inventory.MemberTokensNotAssessed))
}

func policiesRead(e *evaluation) string {
	return unless(e.Inventory.Policies != nil,
		"The organization's policies could not be read: "+e.Inventory.PoliciesNotAssessed)
}

func leaversKnown(e *evaluation) string {
	return cmp.Or(membersRead(e), unless(e.Leavers != nil, "The settings have no list of leavers."))
}

func baseline(e *evaluation) string {
	return unless(e.Baseline != nil,
		"This is the first snapshot of this organization: there is no baseline to compare with.")
}

func logSinceBaseline(e *evaluation) string {
	if e.Baseline == nil || e.AuditLog == nil {
		return cmp.Or(baseline(e), "The audit log was not read.")
	}
	return unread("audit log", e.AuditLog.NotAssessed)
}

func approval(e *evaluation) string {
	return unless(e.Approved != nil, "No baseline of this organization is approved.")
}

func scheduleKnown(e *evaluation) string {
	return unless(e.ScheduleKnown, "No schedule is known to this run.")
}
