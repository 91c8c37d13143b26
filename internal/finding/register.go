package finding

import (
	"bytes"
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

// ssoRead is needed by rules about SSO configurations.
func ssoRead(e *evaluation) string {
	if reason := e.Inventory.SSONotAssessed; reason != "" {
		return "The SSO configurations could not be read: " + reason
	}
	return ""
}

// policiesRead is needed by rules about the organization's policies.
func policiesRead(e *evaluation) string {
	if e.Inventory.Policies == nil {
		return "The organization's policies could not be read: " + e.Inventory.PoliciesNotAssessed
	}
	return ""
}

// domainsRead is needed by rules about domain verifications.
func domainsRead(e *evaluation) string {
	if reason := e.Inventory.DomainsNotAssessed; reason != "" {
		return "The domain verifications could not be read: " + reason
	}
	return ""
}

// membersRead is needed by rules about members.
func membersRead(e *evaluation) string {
	if reason := e.Inventory.MembersNotAssessed; reason != "" {
		return "The members could not be read: " + reason
	}
	return ""
}

// memberTokensRead is needed by the rule about the personal access tokens of members.
func memberTokensRead(e *evaluation) string {
	if why := membersRead(e); why != "" {
		return why
	}
	if reason := e.Inventory.MemberTokensNotAssessed; reason != "" {
		return "The personal access tokens of the members could not be read: " + reason
	}
	return ""
}

// leaversKnown is needed by the rule about members who have left the company.
func leaversKnown(e *evaluation) string {
	if why := membersRead(e); why != "" {
		return why
	}
	if e.Leavers == nil {
		return "The settings have no list of leavers."
	}
	return ""
}

// baseline is needed by rules that compare with an earlier snapshot.
func baseline(e *evaluation) string {
	if e.Baseline == nil {
		return "This is the first snapshot of this organization: there is no baseline to compare with."
	}
	return ""
}

// logSinceBaseline is needed by rules about the audit log.
func logSinceBaseline(e *evaluation) string {
	switch {
	case e.Baseline == nil:
		return baseline(e)
	case e.AuditLog == nil:
		return "The audit log was not read."
	case e.AuditLog.NotAssessed != "":
		return "The audit log could not be read: " + e.AuditLog.NotAssessed
	}
	return ""
}

// approval is needed by the rule about the approved baseline.
func approval(e *evaluation) string {
	if e.Approved == nil {
		return "No baseline of this organization is approved."
	}
	return ""
}

// scheduleKnown is needed by rules about scheduled nights.
func scheduleKnown(e *evaluation) string {
	if !e.ScheduleKnown {
		return "No schedule is known to this run."
	}
	return ""
}
