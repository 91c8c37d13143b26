package finding

import (
	"slices"
	"time"

	"scim-auditor/internal/diff"
)

// Exception is an owner's statement that failures of a rule are accepted until a date.
type Exception struct {
	RuleID string
	// SubjectID is the subject and OrganizationID the organization that the exception covers. At
	// least one is set; if both are, both must match.
	SubjectID, OrganizationID string
	// Owner is who accepts the failure, Reason why, and Ticket, which may be empty, where it was
	// decided.
	Owner, Reason, Ticket string
	// Expires is the last day on which it is in force, at 00:00 UTC.
	Expires time.Time
}

// InForce reports whether the exception is in force at an instant; its last day ends at 24:00 UTC.
func (x Exception) InForce(at time.Time) bool { return at.Before(x.Expires.AddDate(0, 0, 1)) }

// CanBeExcepted reports whether failures of a rule may be accepted. A run that is not complete
// cannot be accepted.
func CanBeExcepted(ruleID string) bool { return ruleID != runNotComplete }

// Bearing is what an exception did in one snapshot.
type Bearing string

// The bearings.
const (
	// Applied means that it covers a failure.
	Applied Bearing = "applied"
	// Open means that its subject could not be assessed.
	Open Bearing = "not_assessed"
	// Unmatched means that it covers no failure.
	Unmatched Bearing = "unmatched"
)

// Acceptance is the effect of an exception on the findings of one snapshot.
type Acceptance struct {
	Exception
	// InForce is false if the exception had expired.
	InForce bool
	Bearing Bearing
	// Findings has the indices of the failures that it covers or, if it has expired, would cover.
	Findings []int
}

// Accept sets each failure that an exception in force covers to Excepted. If only an expired
// exception covers a failure, Accept adds to its text that the exception expired. If several
// exceptions cover a failure, it uses the one that expires last. It returns the exceptions for the
// organization, in the order of the parameter.
func Accept(findings []Finding, organizationID string, exceptions []Exception, takenAt time.Time) []Acceptance {
	var all []Acceptance
	for _, x := range exceptions {
		if x.OrganizationID == "" || x.OrganizationID == organizationID {
			all = append(all, Acceptance{Exception: x, InForce: x.InForce(takenAt), Bearing: Unmatched})
		}
	}
	for i := range findings {
		if a := longest(all, findings[i]); a != nil {
			a.Bearing, a.Findings = Applied, append(a.Findings, i)
			a.apply(&findings[i])
		}
	}
	for i := range all {
		if all[i].Bearing == Unmatched && slices.ContainsFunc(findings, all[i].leavesOpen) {
			all[i].Bearing = Open
		}
	}
	return all
}

// longest returns the exception that covers a failure and expires last; nil if none covers it.
func longest(all []Acceptance, f Finding) *Acceptance {
	var best *Acceptance
	for i := range all {
		a := &all[i]
		covers := f.Status == Fail && f.RuleID == a.RuleID && CanBeExcepted(f.RuleID) &&
			(a.SubjectID == "" || a.SubjectID == f.SubjectID)
		if covers && (best == nil || a.Expires.After(best.Expires)) {
			best = a
		}
	}
	return best
}

func (a *Acceptance) apply(f *Finding) {
	if a.InForce {
		f.OriginalStatus, f.Status = f.Status, Excepted
		return
	}
	by := a.Owner
	if a.Ticket != "" {
		by += " (" + a.Ticket + ")"
	}
	f.Observed += " The exception for it by " + by + " was last valid on " + a.Expires.Format(time.DateOnly) + "."
}

// leavesOpen reports whether a finding says that the subject of the exception could not be
// assessed. If a whole rule could not be assessed, its finding is about the organization.
func (a *Acceptance) leavesOpen(f Finding) bool {
	return f.Status == NotAssessed && f.RuleID == a.RuleID &&
		(a.SubjectID == "" || a.SubjectID == f.SubjectID || f.SubjectType == diff.Organization)
}
