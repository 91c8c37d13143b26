package finding

import (
	"fmt"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
)

// result is what a check says: a row for each subject that fails or could not be assessed, at most one a subject, and what was observed
// when there is no such row.
type result struct {
	rows []row
	pass string
}

type row struct {
	status   Status
	severity diff.Severity // empty for the rule's own
	subject  subject
	observed string
}

type subject struct {
	kind     diff.SubjectType
	id, name string
}

func scimSubject(c *ona.SCIMConfiguration) subject {
	return subject{diff.SCIMConfiguration, c.ID, c.Name}
}

func ssoSubject(c ona.SSOConfiguration) subject {
	return subject{diff.SSOConfiguration, c.ID, c.DisplayName}
}

// passes says what was observed should no row be added.
func (r *result) passes(format string, args ...any) {
	r.pass = fmt.Sprintf(format, args...)
}

func (r *result) fail(s subject, format string, args ...any) {
	r.failAs("", s, format, args...)
}

func (r *result) failAs(severity diff.Severity, s subject, format string, args ...any) {
	r.rows = append(r.rows, row{Fail, severity, s, fmt.Sprintf(format, args...)})
}

func (r *result) notAssessed(s subject, format string, args ...any) {
	r.rows = append(r.rows, row{NotAssessed, "", s, fmt.Sprintf(format, args...)})
}

// nothingKnown is a check whose source is not read at all.
func nothingKnown(why string) check {
	return whole(func(e *evaluation, r *result) { r.notAssessed(e.organization, "%s", why) })
}

// withSSO runs a check that needs the SSO configurations only where they could be read.
func withSSO(inner check) check {
	return func(e *evaluation, r *result) judging {
		if why := e.Inventory.SSONotAssessed; why != "" {
			return nothingKnown("The SSO configurations could not be read: "+why)(e, r)
		}
		return inner(e, r)
	}
}

// withBaseline runs a check that needs an earlier snapshot only where there is one.
func withBaseline(inner check) check {
	return func(e *evaluation, r *result) judging {
		if e.Baseline == nil {
			return nothingKnown("This is the first snapshot of this organization: there is no baseline to compare with.")(e, r)
		}
		return inner(e, r)
	}
}
