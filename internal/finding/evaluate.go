package finding

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
)

// Evaluate judges a complete inventory by every rule. Findings come in the order of the register, within a rule sorted by subject type and
// id: one for each subject that fails or could not be assessed, or else exactly one Pass for the organization. So every rule has at least
// one finding, and the absence of a finding never says anything.
func Evaluate(in Input, t Thresholds) []Finding {
	e := newEvaluation(in, t)
	findings := make([]Finding, 0, len(register))
	for _, rule := range register {
		findings = append(findings, e.judge(rule)...)
	}
	return findings
}

// EvaluateFailed is what can be said about an organization whose collection was not complete at takenAt (UTC): RUN-001 fails with the
// error's code and text, SCIM-020 with the text where the code is ForeignOrganization, and no other rule could be assessed. organizationID is
// empty where the collection ended before it was known.
func EvaluateFailed(takenAt time.Time, organizationID, name, code, errText string) []Finding {
	e := &evaluation{organization: subject{diff.Organization, organizationID, name}}
	findings := make([]Finding, 0, len(register))
	for _, rule := range register {
		r := row{status: NotAssessed, subject: e.organization, observed: "The collection was not complete."}
		switch {
		case rule.ID == runNotComplete:
			r.status = Fail
			r.observed = fmt.Sprintf("The collection of %s was not complete%s: %s", utc(takenAt), inParentheses(code), errText)
		case rule.ID == foreignConfiguration && code == ForeignOrganization:
			r.status = Fail
			r.observed = fmt.Sprintf("The collection of %s met an object of another organization: %s", utc(takenAt), errText)
		}
		findings = append(findings, e.finding(rule, r, rule.Expected))
	}
	return findings
}

// Fingerprint identifies a finding over all runs: the SHA-256, in hex, of rule, organization id and subject id.
func Fingerprint(ruleID, organizationID, subjectID string) string {
	sum := sha256.Sum256([]byte(ruleID + "\n" + organizationID + "\n" + subjectID))
	return hex.EncodeToString(sum[:])
}

// evaluation is an Input with what several rules derive from it.
type evaluation struct {
	Input
	limits       Thresholds
	organization subject
	scim         []ona.SCIMConfiguration
	enabled      int // SCIM configurations that are enabled
	sso          map[string]ona.SSOConfiguration
	named        map[diff.Subject]string // see names
}

func newEvaluation(in Input, t Thresholds) *evaluation {
	e := &evaluation{
		Input:        in,
		limits:       t,
		organization: subject{diff.Organization, in.Inventory.Organization.ID, in.Inventory.Organization.Name},
		scim:         in.Inventory.SCIM,
		sso:          make(map[string]ona.SSOConfiguration, len(in.Inventory.SSO)),
	}
	for _, c := range e.scim {
		if c.Enabled {
			e.enabled++
		}
	}
	for _, c := range in.Inventory.SSO {
		e.sso[c.ID] = c
	}
	return e
}

// names are the names of all configurations, gathered when the first of them is looked for: few nights have entries to look them up for.
func (e *evaluation) names() map[diff.Subject]string {
	if e.named != nil {
		return e.named
	}
	e.named = make(map[diff.Subject]string, len(e.scim)+len(e.sso))
	for _, c := range e.scim {
		e.named[diff.Subject{Type: diff.SCIMConfiguration, ID: c.ID}] = c.Name
	}
	for _, c := range e.Inventory.SSO {
		e.named[diff.Subject{Type: diff.SSOConfiguration, ID: c.ID}] = c.DisplayName
	}
	return e.named
}

func (e *evaluation) judge(rule Rule) []Finding {
	judged := e.check(rule)
	if len(judged.rows) == 0 {
		judged.rows = []row{{status: Pass, subject: e.organization, observed: judged.pass}}
	}
	slices.SortFunc(judged.rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.subject.kind, b.subject.kind), cmp.Compare(a.subject.id, b.subject.id))
	})
	expected := rule.ExpectedBy(e.limits)
	findings := make([]Finding, len(judged.rows))
	for i, r := range judged.rows {
		findings[i] = e.finding(rule, r, expected)
	}
	return findings
}

// check judges by a rule, unless the settings turn it off.
func (e *evaluation) check(rule Rule) result {
	if why, off := e.TurnedOff[rule.ID]; off && CanBeTurnedOff(rule.ID) {
		return nothingKnown("turned off: " + why)(e)
	}
	return rule.check(e)
}

func (e *evaluation) finding(rule Rule, r row, expected string) Finding {
	return Finding{
		RuleID:      rule.ID,
		Title:       rule.Title,
		Severity:    cmp.Or(r.severity, rule.defaultSeverity()),
		Status:      r.status,
		SubjectType: r.subject.kind,
		SubjectID:   r.subject.id,
		SubjectName: r.subject.name,
		Observed:    r.observed,
		Expected:    expected,
		Fingerprint: Fingerprint(rule.ID, e.organization.id, r.subject.id),
	}
}
