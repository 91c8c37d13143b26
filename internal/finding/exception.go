package finding

import (
	"slices"
	"time"

	"scim-auditor/internal/diff"
)

// Exception is somebody's word that the failures of a rule are accepted for a time.
type Exception struct {
	RuleID string
	// SubjectID is the one subject that it is for, OrganizationID the organization; at least one is set, and both must match where both are.
	SubjectID, OrganizationID string
	// Owner is who accepts, Reason why, Ticket where it was decided; Ticket may be empty.
	Owner, Reason, Ticket string
	// Expires is the last day, in UTC, on which it is in force, as that day's midnight.
	Expires time.Time
}

// InForce says whether the exception holds at an instant: up to the end of its last day, UTC.
func (x Exception) InForce(at time.Time) bool { return at.Before(x.Expires.AddDate(0, 0, 1)) }

// CanBeExcepted says whether the failures of a rule may be accepted. That a run is not complete is never accepted.
func CanBeExcepted(ruleID string) bool { return ruleID != runNotComplete }

// Bearing is what an exception came to in one snapshot.
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
	// Findings are the places of the failures that it covers, or that it would still cover had it not expired.
	Findings []int
}

// Accept turns each failure that an exception in force covers into Excepted, and lets one that only an expired exception covers tell so. It
// gives the exceptions that concern the organization, in their order. Of several that cover a finding one in force goes before one that
// expired, and then the one that holds longest.
func Accept(findings []Finding, organizationID string, exceptions []Exception, takenAt time.Time) []Acceptance {
	var all []Acceptance
	for _, x := range exceptions {
		if x.OrganizationID == "" || x.OrganizationID == organizationID {
			all = append(all, Acceptance{Exception: x, InForce: x.InForce(takenAt), Bearing: Unmatched})
		}
	}
	for i := range findings {
		if best := longest(all, findings[i]); best != nil {
			best.bear(&findings[i], i)
		}
	}
	for i := range all {
		if all[i].Bearing == Unmatched && slices.ContainsFunc(findings, all[i].leavesOpen) {
			all[i].Bearing = Open
		}
	}
	return all
}

// longest is the exception that covers a failure and holds longest, nil when none does.
func longest(all []Acceptance, f Finding) *Acceptance {
	var best *Acceptance
	for i := range all {
		if f.Status == Fail && all[i].covers(f) && (best == nil || all[i].Expires.After(best.Expires)) {
			best = &all[i]
		}
	}
	return best
}

func (a *Acceptance) covers(f Finding) bool {
	return f.RuleID == a.RuleID && CanBeExcepted(f.RuleID) && (a.SubjectID == "" || a.SubjectID == f.SubjectID)
}

// leavesOpen says whether a finding leaves it open what the exception is for: the subject's own, or the organization's when the whole rule
// could not be assessed.
func (a *Acceptance) leavesOpen(f Finding) bool {
	return f.Status == NotAssessed && f.RuleID == a.RuleID &&
		(a.SubjectID == "" || a.SubjectID == f.SubjectID || f.SubjectType == diff.Organization)
}

func (a *Acceptance) bear(f *Finding, place int) {
	a.Bearing, a.Findings = Applied, append(a.Findings, place)
	if a.InForce {
		f.OriginalStatus, f.Status = f.Status, Excepted
		return
	}
	f.Observed += " The exception for it" + a.words() + " expired with " + a.Expires.Format(time.DateOnly) + "."
}

// words is who accepted it and where, as part of a sentence.
func (x Exception) words() string {
	if x.Ticket == "" {
		return " by " + x.Owner
	}
	return " by " + x.Owner + " (" + x.Ticket + ")"
}
