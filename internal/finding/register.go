package finding

import (
	"bytes"
	_ "embed" // the wording of the rules
	"encoding/json"
)

// The ids of rules that the code treats apart.
const (
	runNotComplete       = "RUN-001"
	foreignConfiguration = "SCIM-020"
)

// judgement is how a rule is evaluated.
type judgement struct {
	// needs, where it is not nil, returns why what the rule looks at is missing; empty when it is
	// there.
	needs func(*evaluation) string
	// each judges one SCIM configuration; all returns a row for each subject that is not in order, at
	// most one a subject. A rule has one of the two.
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
	"SCIM-025":           {needs: policiesRead, all: policyOff},
	runNotComplete:       {all: incomplete},
	"RUN-002":            {needs: scheduleKnown, all: missedNights},
	"RUN-003":            {needs: baseline, all: otherSource},
	"RUN-004":            {all: unknownFields},
}

//go:embed rules.json
var rulesFile []byte

// register is every rule in the order of the file, in which reports show them: by id, those about
// the run last. The id of a removed rule is not used again.
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
