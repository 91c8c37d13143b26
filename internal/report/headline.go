package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// State is the colour of a headline.
type State string

// The states.
const (
	Green State = "green" // every part of every organization was read in full
	Amber State = "amber" // complete, but a part was not read, or not in full
	Red   State = "red"   // not complete, or two counts that must agree differ
)

// Headline is what every report and every message says first about a run. As JSON it is the member
// "headline".
type Headline struct {
	State State `json:"state"`
	// Text is COMPLETE, "COMPLETE FOR SCIM ONLY: SSO, policies not assessed" with the parts that were
	// and were not read, or NOT COMPLETE and why.
	Text string `json:"text"`
	// Changes says in words how much changed since the baseline.
	Changes string `json:"changes"`
	// NotAssessed says in words what was not read: "SSO, policies not assessed". It is empty if
	// everything was read in full.
	NotAssessed string `json:"not_assessed"`
}

// CoverageStatus says how much of a part was read.
type CoverageStatus string

// The statuses of coverage.
const (
	Assessed       CoverageStatus = "assessed"
	AssessedInPart CoverageStatus = "assessed_in_part"
	NotAssessed    CoverageStatus = "not_assessed"
	NotDue         CoverageStatus = "not_due" // the audit log of a first snapshot, which has no changes
	NotCollected   CoverageStatus = "failed"  // the organization could not be collected
)

// Coverage says how much of one part of an organization a run read.
type Coverage struct {
	Part   string         `json:"part"` // PartSCIM and so on
	Status CoverageStatus `json:"status"`
	Reason string         `json:"reason,omitempty"` // empty if Assessed
	// LastRead is when the part was last read before, if it was not read now; zero if never.
	LastRead time.Time `json:"last_read,omitzero"`
}

// The parts of an organization, in the order of Organization.Coverage.
const (
	PartSCIM     = "SCIM"
	PartSSO      = "SSO"
	PartPolicies = "policies"
	PartAuditLog = "audit log"
)

// Coverage returns the coverage of each part, SCIM first.
func (o *Organization) Coverage() []Coverage {
	s := &o.Snapshot
	if !o.complete() {
		var all []Coverage
		for _, part := range []string{PartSCIM, PartSSO, PartPolicies, PartAuditLog} {
			all = append(all, Coverage{part, NotCollected, o.reason(), takenAt(o.LastComplete)})
		}
		return all
	}
	all := []Coverage{{Part: PartSCIM, Status: Assessed}, {Part: PartSSO, Status: Assessed},
		{Part: PartPolicies, Status: Assessed}, {Part: PartAuditLog, Status: Assessed}}
	if s.SSONotAssessed != "" {
		all[1] = Coverage{PartSSO, NotAssessed, s.SSONotAssessed, takenAt(o.SSOBaseline)}
	}
	if s.PoliciesNotAssessed != "" {
		all[2] = Coverage{PartPolicies, NotAssessed, s.PoliciesNotAssessed, takenAt(o.PoliciesBaseline)}
	}
	switch log := o.AuditLog; {
	case o.Baseline == nil:
		all[3] = Coverage{Part: PartAuditLog, Status: NotDue, Reason: "a first snapshot has no changes to look up"}
	case log == nil:
		all[3] = Coverage{Part: PartAuditLog, Status: NotAssessed, Reason: "it was not read"}
	case log.NotAssessed != "":
		all[3] = Coverage{Part: PartAuditLog, Status: NotAssessed, Reason: log.NotAssessed}
	case log.Lacking != "":
		all[3] = Coverage{Part: PartAuditLog, Status: AssessedInPart, Reason: log.Lacking}
	}
	return all
}

// coverageTable has a row for each part of each organization.
func (r *report) coverageTable() *table.Table {
	t := table.New("", r.Zone(), columnsOf["Coverage"]...)
	t.Key = "coverage"
	for i, o := range r.Organizations {
		for _, c := range o.Coverage() {
			t.Add(i, r.label(i), c.Part, Word(c.Status), table.Instant(c.LastRead, ""), c.Reason)
		}
	}
	return t
}

// takenAt returns when a snapshot was taken, the zero time for nil.
func takenAt(s *snapshot.Snapshot) time.Time {
	if s == nil {
		return time.Time{}
	}
	return s.TakenAt
}

// Headline returns the headline of the run. failedTieOuts is the number of counts that differ from
// their second source.
func (m *Model) Headline(failedTieOuts int) Headline {
	covered, gaps := m.gaps()
	h := Headline{Green, Complete, m.changesInWords(), gaps}
	switch {
	case !m.Complete():
		h.State, h.Text = Red, NotComplete+": "+m.notCompleteReason()
		return h
	case gaps != "":
		h.State, h.Text = Amber, fmt.Sprintf("%s FOR %s ONLY: %s", Complete, strings.Join(covered, ", "), gaps)
	}
	if failedTieOuts > 0 {
		h.State, h.Text = Red, fmt.Sprintf("%s, but %s failed", h.Text, Count(failedTieOuts, "tie-out"))
	}
	return h
}

// sentence returns the headline with how much changed.
func (h Headline) sentence() string {
	if h.Changes == "" {
		return h.Text
	}
	return h.Text + " — " + h.Changes
}

// notCompleteReason returns why the run is not complete.
func (m *Model) notCompleteReason() string {
	failed := m.incomplete()
	switch {
	case len(m.Organizations) == 0:
		return "no organization was collected"
	case failed == 1 && len(m.Organizations) == 1:
		return OneLine(m.Organizations[0].reason())
	case failed > 0:
		return fmt.Sprintf("%d of %s could not be collected: %s", failed, Count(len(m.Organizations), "organization"),
			m.namesOf(func(o *Organization) bool { return !o.complete() }))
	case m.Run.Outcome == snapshot.Running:
		return "the run has not ended"
	}
	return "the run failed after its organizations were collected"
}

// namedOrganizations is the highest number of organizations that a headline names.
const namedOrganizations = 5

// namesOf returns the names of the organizations that match, the first ones if there are many.
func (m *Model) namesOf(match func(*Organization) bool) string {
	var names []string
	for _, o := range m.Organizations {
		if match(o) {
			names = append(names, o.name())
		}
	}
	if more := len(names) - namedOrganizations; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:namedOrganizations], ", "), more)
	}
	return strings.Join(names, ", ")
}

// gaps returns the parts that were read in full in every complete organization, and in words those
// that were not: "SSO, policies not assessed", followed by the number of organizations unless it is
// all of them.
func (m *Model) gaps() (covered []string, gaps string) {
	counts := make(map[string]map[CoverageStatus]int)
	var parts []string
	for _, o := range m.Organizations {
		if !o.complete() {
			continue
		}
		for _, c := range o.Coverage() {
			if counts[c.Part] == nil {
				counts[c.Part], parts = make(map[CoverageStatus]int), append(parts, c.Part)
			}
			counts[c.Part][c.Status]++
		}
	}
	total := len(m.Organizations) - m.incomplete()
	var all []string
	for _, status := range []CoverageStatus{NotAssessed, AssessedInPart} {
		var names []string
		for _, part := range parts {
			switch n := counts[part][status]; {
			case n == total:
				names = append(names, part)
			case n > 0:
				names = append(names, fmt.Sprintf("%s (%d of %s)", part, n, Count(total, "organization")))
			}
		}
		if len(names) > 0 {
			all = append(all, strings.Join(names, ", ")+" "+coverageInWords[status])
		}
	}
	covered = slices.DeleteFunc(parts, func(part string) bool { return counts[part][Assessed] < total })
	return covered, strings.Join(all, "; ")
}

var coverageInWords = map[CoverageStatus]string{NotAssessed: "not assessed", AssessedInPart: "assessed only in part"}

// changesInWords returns how much changed: "no SCIM changes" if more could not be compared.
func (m *Model) changesInWords() string {
	compared, first, changes, limited := 0, 0, 0, false
	for _, o := range m.Organizations {
		switch {
		case o.first():
			first++
		case o.complete():
			compared++
			changes += len(o.Changes)
			limited = limited || o.SSOBaseline == nil || o.PoliciesBaseline == nil ||
				o.Snapshot.SSONotAssessed != "" || o.Snapshot.PoliciesNotAssessed != ""
		}
	}
	var all []string
	switch {
	case compared == 0:
	case changes > 0:
		all = append(all, Count(changes, "change"))
	case limited:
		all = append(all, "no "+PartSCIM+" changes")
	default:
		all = append(all, "no changes")
	}
	switch {
	case first > 0 && first == len(m.Organizations):
		all = append(all, firstInWords)
	case first > 0:
		all = append(all, firstInWords+" for "+m.namesOf((*Organization).first))
	}
	if m.incomplete() > 0 {
		failed := func(o *Organization) bool { return !o.complete() }
		all = append(all, "changes not known for "+m.namesOf(failed))
	}
	return strings.Join(all, "; ")
}

// firstInWords says that an organization has no changes yet.
const firstInWords = "baseline: nothing to compare with"
