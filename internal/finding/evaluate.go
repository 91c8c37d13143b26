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
	results := e.judge()
	findings := make([]Finding, 0, len(register))
	for i, rule := range register {
		findings = append(findings, e.findings(rule, results[i])...)
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
	sso          map[string]ona.SSOConfiguration
	// count is the number of SCIM configurations; enabled and linked are those of them that were shown to the rules so far and are so.
	count, enabled, linked int
	since                  ExpirySince // of the SCIM configuration that is shown to the rules
	// named is the names of the configurations that the audit log tells of; one that is missing is not in the inventory.
	named map[diff.Subject]string
}

func newEvaluation(in Input, t Thresholds) *evaluation {
	e := &evaluation{
		Input:        in,
		limits:       t,
		organization: subject{diff.Organization, in.Inventory.Organization.ID, in.Inventory.Organization.Name},
		sso:          make(map[string]ona.SSOConfiguration, len(in.Inventory.SSO)),
		named:        make(map[diff.Subject]string),
	}
	e.count = len(e.Inventory.SCIM)
	for _, c := range in.Inventory.SSO {
		e.sso[c.ID] = c
		e.named[diff.Subject{Type: diff.SSOConfiguration, ID: c.ID}] = c.DisplayName
	}
	return e
}

// judge judges by every rule of the register, in one look at the SCIM configurations.
func (e *evaluation) judge() []result {
	results := make([]result, len(register))
	var each []func(*ona.SCIMConfiguration)
	var ends []func()
	for i, rule := range register {
		at := e.check(rule)(e, &results[i])
		if at.each != nil {
			each = append(each, at.each)
		}
		if at.end != nil {
			ends = append(ends, at.end)
		}
	}
	told := e.AuditLog.subjects()
	for i := range e.Inventory.SCIM {
		c := &e.Inventory.SCIM[i]
		e.look(c, told)
		for _, judge := range each {
			judge(c)
		}
	}
	for _, end := range ends {
		end()
	}
	return results
}

// look takes in what several rules want to know of a SCIM configuration. told is the ids that the audit log tells of.
func (e *evaluation) look(c *ona.SCIMConfiguration, told map[string]bool) {
	if c.Enabled {
		e.enabled++
	}
	if c.SSOConfigurationID != "" {
		e.linked++
	}
	if told[c.ID] {
		e.named[diff.Subject{Type: diff.SCIMConfiguration, ID: c.ID}] = c.Name
	}
	if e.since = (ExpirySince{At: e.TakenAt}); e.ExpirySince != nil {
		e.since = e.ExpirySince(c)
	}
}

// findings are what a rule comes to.
func (e *evaluation) findings(rule Rule, judged result) []Finding {
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

// check is how to judge by a rule, unless the settings turn it off.
func (e *evaluation) check(rule Rule) check {
	if why, off := e.TurnedOff[rule.ID]; off && CanBeTurnedOff(rule.ID) {
		return nothingKnown("turned off: " + why)
	}
	return rule.check
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
