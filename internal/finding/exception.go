package finding

import (
	"slices"
	"time"

	"scim-auditor/internal/diff"
)

// Exception is the statement of an owner that the failures of a rule are accepted for a time.
type Exception struct {
	RuleID string
	// SubjectID is the one subject that it is for, OrganizationID the organization; at least one is
	// set, and both must match where both are.
	SubjectID, OrganizationID string
	// Owner is who accepts, Reason why, Ticket where it was decided; Ticket may be empty.
	Owner, Reason, Ticket string
	// Expires is the last day, in UTC, on which it is in force, as that day's midnight.
	Expires time.Time
}

// InForce reports whether the exception holds at an instant: up to the end of its last day, UTC.
func (x Exception) InForce(at time.Time) bool { return at.Before(x.Expires.AddDate(0, 0, 1)) }

// CanBeExcepted reports whether the failures of a rule may be accepted. A run that is not complete
// is never accepted.
func CanBeExcepted(ruleID string) bool { return ruleID != runNotComplete }

// Bearing is what an exception did in one snapshot.
type Bearing string

// The bearings.
const (
	// Applied: it covers a failure.
	Applied Bearing = "applied"
	// Open: what it is for could not be assessed.
	Open Bearing = "not_assessed"
	// Unmatched: nothing that it is for fails.
	Unmatched Bearing = "unmatched"
)

// Acceptance is an exception as one snapshot saw it.
type Acceptance struct {
	Exception
	// InForce is false when it had expired.
	InForce bool
	Bearing Bearing
	// Findings are the indices of the failures that it covers, or that it would still cover had it
	// not expired.
	Findings []int
}

// Accept turns each failure that an exception in force covers into Excepted, and adds to one that
// only an expired exception covers that it has expired. It returns the exceptions that concern the
// organization, in their order. Of several that cover a finding the one that holds longest is used.
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

// longest returns the exception that covers a failure and holds longest, nil when none does.
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
	f.Observed += " The exception for it by " + by + " expired with " + a.Expires.Format(time.DateOnly) + "."
}

// leavesOpen reports whether a finding leaves open what the exception is for: the subject's own, or
// the organization's when the whole rule could not be assessed.
func (a *Acceptance) leavesOpen(f Finding) bool {
	return f.Status == NotAssessed && f.RuleID == a.RuleID &&
		(a.SubjectID == "" || a.SubjectID == f.SubjectID || f.SubjectType == diff.Organization)
}
