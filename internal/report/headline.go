package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
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
	Amber State = "amber" // complete, but a part was not read in full, or a part or an organization is no longer asked for
	Red   State = "red"   // not complete, or two counts that must agree differ
)

// Headline is what every report and every message says first about a run. As JSON it is the member
// "headline".
type Headline struct {
	State State `json:"state"`
	// Text is COMPLETE, "COMPLETE FOR SCIM ONLY: SSO, policies not assessed" with the parts that
	// were and were not read, or NOT COMPLETE and why.
	Text string `json:"text"`
	// Changes says in words how much changed since the baseline.
	Changes string `json:"changes"`
	// NotAssessed says in words what was not read: "SSO, policies not assessed", or what the settings
	// asked for until now. It is empty if everything was read in full.
	NotAssessed string `json:"not_assessed"`
}

// CoverageStatus says how much of a part was read.
type CoverageStatus string

// The statuses of coverage.
const (
	Assessed       CoverageStatus = "assessed"
	AssessedInPart CoverageStatus = "assessed_in_part"
	NotAssessed    CoverageStatus = "not_assessed"
	// NoLongerAsked is the status in the first snapshot whose settings do not ask for a part that
	// those before asked for. Later snapshots do not have the part: turning it off is no fault.
	NoLongerAsked CoverageStatus = "no_longer_asked_for"
	NotDue        CoverageStatus = "not_due" // the audit log of a first snapshot, which has no changes
	NotCollected  CoverageStatus = "failed"  // the organization could not be collected
)

// Coverage says how much of one part of an organization a run read.
type Coverage struct {
	Part   string         `json:"part"` // as snapshot.PartSCIM
	Status CoverageStatus `json:"status"`
	Reason string         `json:"reason,omitempty"` // empty if Assessed
	// LastRead is when the part was last read before, if it was not read now; zero if never.
	LastRead time.Time `json:"last_read,omitzero"`
}

// HidesChanges reports whether changes of the part are not known. The other parts have none.
func (c Coverage) HidesChanges() bool {
	compared := c.Part == snapshot.PartMembers ||
		slices.ContainsFunc(snapshot.ComparedParts, func(p snapshot.Compared) bool { return p.Part == c.Part })
	return compared && (c.Status == NotAssessed || c.Status == NoLongerAsked)
}

// Coverage returns the coverage of each part, SCIM first, those that the settings no longer ask for
// last.
func (o *Organization) Coverage() []Coverage {
	all := make([]Coverage, 0, len(o.Parts))
	for _, part := range o.Parts {
		c := Coverage{part.Name, Assessed, cmp.Or(part.NotAssessed, part.Lacking), part.LastRead}
		switch {
		case !o.complete():
			c.Status, c.Reason = NotCollected, o.reason()
		case part.NotDue:
			c.Status, c.Reason = NotDue, "a first snapshot has no changes to look up"
		case part.NotAssessed != "":
			c.Status = NotAssessed
		case part.Lacking != "":
			c.Status = AssessedInPart
		}
		all = append(all, c)
	}
	return append(all, o.dropped()...)
}

// coverageTable has a row for each part of each organization.
func (r *report) coverageTable() *table.Table {
	t := table.New("", r.Zone(), columnsOf["Coverage"]...)
	t.Key = "coverage"
	r.fleetRemark(t, "lists only the parts that were not read in full")
	for i, o := range r.Organizations {
		for _, c := range o.Coverage() {
			if r.isFleet() && (c.Status == Assessed || c.Status == NotDue) {
				continue
			}
			t.Add(i, r.label(i), c.Part, Word(c.Status), table.Instant(c.LastRead, ""), c.Reason)
		}
	}
	return r.withDatabase(t)
}

// Headline returns the headline of the run. failedTieOuts is the number of counts that differ from
// their second source.
func (m *Model) Headline(failedTieOuts int) Headline {
	covered, gaps := m.gaps()
	leftOut := m.leftOutInWords()
	h := Headline{Green, Complete, m.changesInWords(), gaps}
	if leftOut != "" {
		h.NotAssessed = strings.TrimPrefix(gaps+"; "+leftOut, "; ")
	}
	switch {
	case !m.Complete():
		h.State, h.Text = Red, NotComplete+": "+m.notCompleteReason()
		return h
	case gaps != "":
		h.State, h.Text = Amber, fmt.Sprintf("%s FOR %s ONLY: %s", Complete, InWords(covered), h.NotAssessed)
	case leftOut != "":
		h.State, h.Text = Amber, fmt.Sprintf("%s FOR %d OF %d ORGANIZATIONS ONLY: %s", Complete, len(m.Organizations),
			len(m.Organizations)+len(m.LeftOut), leftOut)
	}
	if failedTieOuts > 0 {
		h.State, h.Text = Red, fmt.Sprintf("%s, but %s failed", h.Text, Count(failedTieOuts, "tie-out"))
	}
	return h
}

// details returns how much changed and how much is wrong, for beside the headline.
func (r *report) details() string {
	changes := r.headline.Changes
	if changes == "" {
		return ""
	}
	return changes + "; failed findings: " + SeverityText(r.failedBySeverity())
}

// notCompleteReason returns why the run is not complete.
func (m *Model) notCompleteReason() string {
	failed := m.incomplete()
	switch {
	case len(m.Gaps) > 1:
		return fmt.Sprintf("%s; and %s", m.Gaps[0], Count(len(m.Gaps)-1, "more reason"))
	case len(m.Gaps) == 1:
		return m.Gaps[0]
	case m.Run.UnknownReport != "":
		reason, _, _ := strings.Cut(m.Run.Error, "\n") // the others are of organizations
		return OneLine(reason)
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

// namesOf returns the names of the organizations that match, the first ones if there are many.
func (m *Model) namesOf(match func(*Organization) bool) string {
	var names []string
	for _, o := range m.Organizations {
		if match(o) {
			names = append(names, o.name())
		}
	}
	return FirstOf(names, pageNames, ", ")
}

// leftOutInWords names the organizations that the settings no longer ask for; empty if there are
// none.
func (m *Model) leftOutInWords() string {
	var names []string
	for _, s := range m.LeftOut {
		names = append(names, leftOutName(s))
	}
	switch len(names) {
	case 0:
		return ""
	case 1:
		return "organization " + names[0] + " " + coverageInWords[NoLongerAsked]
	}
	return "organizations " + FirstOf(names, pageNames, ", ") + " " + coverageInWords[NoLongerAsked]
}

func leftOutName(s snapshot.Snapshot) string { return cmp.Or(s.OrganizationName, s.Source) }

// gaps returns the parts that were read in full in every complete organization, and in words those
// that were not.
func (m *Model) gaps() (covered []string, gaps string) {
	var all [][]Coverage
	for _, o := range m.Organizations {
		if o.complete() {
			all = append(all, o.Coverage())
		}
	}
	return gapsIn(all)
}

// NotAssessedInWords names the parts of one organization that were not read in full: "SSO, policies
// not assessed; audit log assessed only in part". It is empty if there is none.
func NotAssessedInWords(coverage []Coverage) string {
	_, gaps := gapsIn([][]Coverage{coverage})
	return gaps
}

// gapsIn returns the parts that every organization read in full, and in words those that were not
// read in full, each with the number of organizations unless it is all of them.
func gapsIn(organizations [][]Coverage) (covered []string, gaps string) {
	counts := make(map[string]map[CoverageStatus]int)
	var parts []string
	for _, coverage := range organizations {
		for _, c := range coverage {
			if counts[c.Part] == nil {
				counts[c.Part], parts = make(map[CoverageStatus]int), append(parts, c.Part)
			}
			counts[c.Part][c.Status]++
		}
	}
	total := len(organizations)
	of := Count(total, "organization") // the first number has the noun
	var all []string
	for _, status := range []CoverageStatus{NotAssessed, AssessedInPart, NoLongerAsked} {
		var names []string
		for _, part := range parts {
			switch n := counts[part][status]; {
			case n == total:
				names = append(names, part)
			case n > 0:
				names, of = append(names, fmt.Sprintf("%s (%d of %s)", part, n, of)), strconv.Itoa(total)
			}
		}
		if len(names) > 0 {
			all = append(all, strings.Join(names, ", ")+" "+coverageInWords[status])
		}
	}
	covered = slices.DeleteFunc(parts, func(part string) bool { return counts[part][Assessed] < total })
	return covered, strings.Join(all, "; ")
}

var coverageInWords = map[CoverageStatus]string{
	NotAssessed: "not assessed", AssessedInPart: "assessed only in part", NoLongerAsked: "no longer asked for",
}

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
			limited = limited || o.ofSCIM() != ""
		}
	}
	var all []string
	switch {
	case compared == 0:
	case changes > 0:
		all = append(all, Count(changes, "change"))
	case limited:
		all = append(all, "no "+snapshot.PartSCIM+" changes")
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
