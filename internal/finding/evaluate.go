package finding

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
)

// ForeignOrganization is the error code of a collection in which the API returned an object of
// another organization than the token's.
const ForeignOrganization = "foreign_organization"

// Evaluate evaluates every rule on a complete inventory. For each rule it returns one finding for
// each subject that fails or could not be assessed, or exactly one Pass for the organization if
// there is no such subject. So every rule has at least one finding; only rules about members have
// none if the settings do not ask for members. Findings are in the order of the register, then
// sorted by subject type and id.
func Evaluate(in Input, t Thresholds) []Finding {
	e := newEvaluation(in, t)
	findings := make([]Finding, 0, len(register))
	for _, rule := range register {
		if rule.OfMembers() && !in.Inventory.MembersRequested() {
			continue
		}
		for _, r := range e.judge(rule) {
			findings = append(findings, e.finding(rule, r))
		}
	}
	return findings
}

// EvaluateFailed returns the findings for an organization whose collection was not complete.
// RUN-001 fails with the error's code and text; SCIM-020 fails with the text if the code is
// ForeignOrganization; every other rule is NotAssessed. Rules about members have findings only if
// members is true: the settings ask for them. organizationID is empty if it is not known.
func EvaluateFailed(organizationID, name, code, errText string, members bool) []Finding {
	e := &evaluation{organization: subject{diff.Organization, organizationID, name}}
	findings := make([]Finding, 0, len(register))
	for _, rule := range register {
		if rule.OfMembers() && !members {
			continue
		}
		r := notAssessed("The collection was not complete.")
		switch {
		case rule.ID == runNotComplete && code != "":
			r = fail("The collection was not complete (%s): %s", code, errText)
		case rule.ID == runNotComplete:
			r = fail("The collection was not complete: %s", errText)
		case rule.ID == foreignConfiguration && code == ForeignOrganization:
			r = fail("The collection met an object of another organization: %s", errText)
		}
		findings = append(findings, e.finding(rule, r.of(e.organization)))
	}
	return findings
}

// evaluation is an Input with the values that several rules derive from it.
type evaluation struct {
	Input
	limits       Thresholds
	organization subject
	scim         []configuration
	// The numbers of SCIM configurations; ownerless ones have no organization id.
	enabled, linked, ownerless int
	// unreported is how many leave allowUnverifiedEmailAccountLinking out.
	unreported int
	sso        map[string]*ona.SSOConfiguration // by id
	links      map[string][]subject             // enabled SCIM configurations, by the SSO configuration
	names      map[diff.Subject]string          // of every configuration in the inventory
	candidates [][]ona.AuditLogEntry            // of each change
	numbers    *strings.Replacer                // for Rule.Passed
}

// configuration is a SCIM configuration, with the time since which its token's expiry has been
// seen.
type configuration struct {
	*ona.SCIMConfiguration
	since ExpirySince
}

func (c configuration) subject() subject { return subject{diff.SCIMConfiguration, c.ID, c.Name} }

func newEvaluation(in Input, t Thresholds) *evaluation {
	e := &evaluation{
		Input:        in,
		limits:       t,
		organization: subject{diff.Organization, in.Inventory.Organization.ID, in.Inventory.Organization.Name},
		scim:         make([]configuration, len(in.Inventory.SCIM)),
		sso:          make(map[string]*ona.SSOConfiguration, len(in.Inventory.SSO)),
		links:        make(map[string][]subject),
		names:        make(map[diff.Subject]string, len(in.Inventory.SCIM)+len(in.Inventory.SSO)),
		candidates:   in.AuditLog.Candidates(in.Changes, t.ClockSkew),
	}
	for i := range in.Inventory.SCIM {
		e.scim[i] = configuration{&in.Inventory.SCIM[i], ExpirySince{At: e.TakenAt}}
		e.add(&e.scim[i])
	}
	for i := range in.Inventory.SSO {
		c := &in.Inventory.SSO[i]
		e.sso[c.ID] = c
		e.names[diff.Subject{Type: diff.SSOConfiguration, ID: c.ID}] = c.DisplayName
	}
	e.numbers = e.count()
	return e
}

func (e *evaluation) add(c *configuration) {
	if e.ExpirySince != nil {
		c.since = e.ExpirySince(c.SCIMConfiguration)
	}
	link := c.SSOConfigurationID
	if link != "" {
		e.linked++
	}
	if c.OrganizationID == "" {
		e.ownerless++
	}
	if c.AllowUnverifiedEmailAccountLinking == nil {
		e.unreported++
	}
	if c.Enabled {
		e.enabled++
	}
	if c.Enabled && link != "" {
		e.links[link] = append(e.links[link], c.subject())
	}
	e.names[diff.Subject{Type: diff.SCIMConfiguration, ID: c.ID}] = c.Name
}

// judge returns the rows for a rule, sorted by subject.
func (e *evaluation) judge(rule Rule) []row {
	if why, off := e.TurnedOff[rule.ID]; off && CanBeTurnedOff(rule.ID) {
		return []row{notAssessed("turned off: %s", why).of(e.organization)}
	}
	if rule.needs != nil {
		if why := rule.needs(e); why != "" {
			return []row{notAssessed("%s", why).of(e.organization)}
		}
	}
	var rows []row
	if rule.each != nil {
		rows = e.each(rule.each)
	} else {
		rows = rule.all(e)
	}
	if len(rows) == 0 {
		return []row{{status: Pass, subject: e.organization, observed: e.numbers.Replace(rule.Passed)}}
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.subject.kind, b.subject.kind), cmp.Compare(a.subject.id, b.subject.id))
	})
	return rows
}

// count returns a replacer that puts the numbers of the inventory into Rule.Passed.
func (e *evaluation) count() *strings.Replacer {
	listed := cmp.Or(ssoRead(e), fmt.Sprintf("%d SSO configurations were listed.", len(e.Inventory.SSO)))
	withAccess := 0
	for i := range e.Inventory.Members {
		if HasAccess(e.Inventory.Members[i]) {
			withAccess++
		}
	}
	var leavers Leavers
	if e.Leavers != nil {
		leavers = *e.Leavers
	}
	members := len(e.Inventory.Members)
	return strings.NewReplacer(
		"{members}", strconv.Itoa(members), "{active}", strconv.Itoa(withAccess),
		"{inactive}", strconv.Itoa(members-withAccess), "{tokens}", strconv.Itoa(len(e.Inventory.MemberTokens)),
		"{leavers}", strconv.Itoa(leavers.Entries), "{unmatched}", strconv.Itoa(leavers.Unmatched),
		"{scim}", strconv.Itoa(len(e.scim)), "{sso}", strconv.Itoa(len(e.sso)), "{sso listed}", listed,
		"{enabled}", strconv.Itoa(e.enabled), "{disabled}", strconv.Itoa(len(e.scim)-e.enabled),
		"{linked}", strconv.Itoa(e.linked), "{targets}", strconv.Itoa(len(e.links)),
		"{ownerless}", strconv.Itoa(e.ownerless), "{own}", strconv.Itoa(len(e.scim)-e.ownerless),
		"{unreported}", strconv.Itoa(e.unreported),
		"{invite}", strconv.Itoa(len(e.Inventory.Organization.InviteDomains)),
		"{changes}", strconv.Itoa(len(e.Changes)), "{entries}", strconv.Itoa(e.AuditLog.sinceBaseline()))
}

// each returns the rows for the SCIM configurations that are not in order.
func (e *evaluation) each(judge func(*evaluation, configuration) row) []row {
	var rows []row
	for _, c := range e.scim {
		if r := judge(e, c); r != inOrder {
			rows = append(rows, r.of(c.subject()))
		}
	}
	return rows
}

func (e *evaluation) finding(rule Rule, r row) Finding {
	severity := cmp.Or(r.severity, rule.Severity)
	if severity == ByRule {
		severity = diff.High // the highest possible
	}
	return Finding{
		RuleID:      rule.ID,
		Severity:    severity,
		Status:      r.status,
		SubjectType: r.subject.kind,
		SubjectID:   r.subject.id,
		SubjectName: r.subject.name,
		Observed:    r.observed,
		Fingerprint: Fingerprint(rule.ID, e.organization.id, r.subject.kind, r.subject.id),
	}
}

// row is the outcome of a rule for one subject.
type row struct {
	status   Status
	severity diff.Severity // empty means the rule's severity
	subject  subject
	observed string
}

type subject struct {
	kind     diff.SubjectType
	id, name string
}

// inOrder is the row for a subject that passes.
var inOrder row

func fail(format string, args ...any) row {
	return row{status: Fail, observed: fmt.Sprintf(format, args...)}
}

func failIf(broken bool, format string, args ...any) row {
	if !broken {
		return inOrder
	}
	return fail(format, args...)
}

func notAssessed(format string, args ...any) row {
	return row{status: NotAssessed, observed: fmt.Sprintf(format, args...)}
}

func (r row) of(s subject) row {
	r.subject = s
	return r
}

// as returns the row with a severity other than the rule's.
func (r row) as(s diff.Severity) row {
	r.severity = s
	return r
}
