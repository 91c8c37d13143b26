package report

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// FleetSize is the number of organizations above which a report is that of a fleet. It lists what
// needs attention, and counts the rest: passes, parts that were read in full, exchanges that
// succeeded at once, and counts that tie. The database has all of them for each organization.
const FleetSize = 100

// snapshotsSheet has the snapshots of a fleet. Otherwise, the sheet Evidence has them.
const snapshotsSheet = "Snapshots"

func (m *Model) isFleet() bool { return len(m.Organizations) > FleetSize }

// sums has what the report of a fleet keeps of its organizations together.
type sums struct {
	// texts has one copy of each text that the rows of many organizations share.
	texts map[string]string
	// outcomes has those of each rule over all organizations, in the order of the rules.
	outcomes []outcome
	// last has what the last organization had, which the next one shares if it has the same.
	last struct {
		outcomes  []outcome
		parts     []finding.Part
		exchanges []snapshot.Exchange
	}
}

// reduce evaluates the findings of an organization of a fleet, and forgets what the report only
// counts: with thousands of organizations, it would take most of the memory.
func (m *Model) reduce(o *Organization) {
	if m.sums.texts == nil {
		m.sums.texts = make(map[string]string)
	}
	m.reduceFindings(o)
	o.Parts = orLast(&m.sums.last.parts, o.Parts)
	s := &o.Snapshot
	m.sums.share(&s.BaseURL, &s.OrganizationTier, &s.Principal, &s.OwnToken.NotAssessed)
	if b := o.Baseline; b != nil {
		o.Baseline = &snapshot.Snapshot{
			ID: b.ID, TakenAt: b.TakenAt, SCIMConfigurations: b.SCIMConfigurations, SSOConfigurations: b.SSOConfigurations,
		}
	}
	for i := range o.Exchanges {
		if e := &o.Exchanges[i]; !needsAttention(e) {
			counted := snapshot.Exchange{Method: e.Method, Status: e.Status, Records: e.Records}
			if continues(e) {
				counted.Request = e.Request
			}
			*e = counted
		}
	}
	o.Exchanges = orLast(&m.sums.last.exchanges, o.Exchanges)
	for i := range o.SCIM {
		o.share(&o.SCIM[i].OrganizationID)
		o.SCIM[i].Raw = nil
	}
	for i := range o.SSO {
		o.share(&o.SSO[i].OrganizationID)
		m.sums.share(&o.SSO[i].ProviderType, &o.SSO[i].State)
		o.SSO[i].Raw = nil
	}
	for i := range o.Domains {
		o.share(&o.Domains[i].OrganizationID)
		m.sums.share(&o.Domains[i].State)
		o.Domains[i].Raw = nil
	}
	for i := range o.Members {
		o.Members[i].Raw = nil
	}
	for i := range o.MemberTokens {
		o.MemberTokens[i].Raw = nil
	}
}

// reduceFindings forgets the passes.
func (m *Model) reduceFindings(o *Organization) {
	o.evaluated = evaluate(o, m.Rules)
	for _, one := range o.evaluated.outcomes {
		m.sums.add(one)
	}
	shown := slices.DeleteFunc(o.evaluated.outcomes, func(one outcome) bool {
		return one.status() != finding.NotAssessed && one.counts.of(finding.NotAssessed) == 0
	})
	o.evaluated.outcomes = orLast(&m.sums.last.outcomes, shown)
	o.Findings = slices.Clone(slices.DeleteFunc(o.Findings, func(f snapshot.Finding) bool {
		return f.Status == finding.Pass
	}))
	for i := range o.Findings {
		f := &o.Findings[i]
		o.share(&f.OrganizationID, &f.SubjectID, &f.SubjectName)
		m.sums.share(&f.RuleID, &f.Title, &f.Expected, &f.Remedy, &f.Observed,
			(*string)(&f.Severity), (*string)(&f.Status), (*string)(&f.SubjectType))
	}
}

// orLast returns the last value if it is the same, else the value, which is then the last one.
func orLast[T any](last *[]T, value []T) []T {
	if !reflect.DeepEqual(*last, value) {
		*last = slices.Clone(value)
	}
	return *last
}

// share makes texts that are the id or the name of the organization the same copy of it.
func (o *Organization) share(all ...*string) {
	for _, text := range all {
		switch *text {
		case o.Snapshot.OrganizationID:
			*text = o.Snapshot.OrganizationID
		case o.Snapshot.OrganizationName:
			*text = o.Snapshot.OrganizationName
		}
	}
}

// add adds an outcome of one organization.
func (s *sums) add(one outcome) {
	i := slices.IndexFunc(s.outcomes, func(sum outcome) bool { return sum.rule.ID == one.rule.ID })
	if i < 0 {
		i, s.outcomes = len(s.outcomes), append(s.outcomes, outcome{rule: one.rule})
	}
	sum := &s.outcomes[i]
	sum.subjects, sum.expected = sum.subjects+one.subjects, cmp.Or(sum.expected, one.expected)
	for status := range one.counts {
		sum.counts[status] += one.counts[status]
	}
}

func (s *sums) share(all ...*string) {
	for _, text := range all {
		if _, known := s.texts[*text]; !known {
			s.texts[*text] = *text
		}
		*text = s.texts[*text]
	}
}

// add appends a row to a table. A fleet has too many rows to keep their cells.
func (r *report) add(t *table.Table, organization int, cells func() []any) {
	if r.isFleet() {
		t.AddLater(organization, cells)
	} else {
		t.Add(organization, cells()...)
	}
}

// sumRemarks replaces the remarks on single organizations that say the same by one that counts and
// names them. Alarms stay. For programs, each organization with missing rows keeps its remark.
func (r *report) sumRemarks(t *table.Table) {
	type same struct {
		text    string
		missing bool
	}
	organizations := make(map[same][]int)
	var order []same
	var kept, missing []table.Remark
	for _, remark := range t.Remarks {
		if remark.Organization < 0 || remark.Alarm {
			kept = append(kept, remark)
			continue
		}
		key := same{strings.TrimPrefix(remark.Text, r.label(remark.Organization)+": "), remark.Missing}
		if organizations[key] == nil {
			order = append(order, key)
		}
		organizations[key] = append(organizations[key], remark.Organization)
		if remark.Missing {
			missing = append(missing, remark)
		}
	}
	t.ForPrograms = append(slices.Clone(kept), missing...)
	for _, key := range order {
		sum := table.Remark{Organization: table.RunLevel, Text: key.text + ": ", Missing: key.missing}
		if len(organizations[key]) > 1 {
			sum.Text = key.text + ", in each of "
		}
		sum.Text += r.named(organizations[key])
		kept = append(kept, sum)
		if !sum.Missing {
			t.ForPrograms = append(t.ForPrograms, sum)
		}
	}
	t.Remarks = kept
}

// reason is why a rule was not assessed for an organization as a whole. It is zero for any other
// finding.
type reason struct{ rule, text string }

func reasonOf(f *snapshot.Finding) reason {
	if f.Status != finding.NotAssessed || f.SubjectType != diff.Organization {
		return reason{}
	}
	return reason{f.RuleID, f.Observed}
}

// commonReasons returns the reasons that more than FleetSize organizations share, and adds a remark
// on each to the findings, which do not list them.
func (r *report) commonReasons(findings *table.Table) map[reason]bool {
	organizations := make(map[reason][]int)
	var order []reason
	for i, o := range r.Organizations {
		for j := range o.Findings {
			why := reasonOf(&o.Findings[j])
			if why == (reason{}) {
				continue
			}
			if organizations[why] == nil {
				order = append(order, why)
			}
			organizations[why] = append(organizations[why], i)
		}
	}
	common := make(map[reason]bool)
	for _, why := range order {
		if all := organizations[why]; len(all) > FleetSize {
			common[why] = true
			findings.Missing(table.RunLevel, fmt.Sprintf("%s is not assessed: %s %s", why.rule, why.text, r.named(all)))
		}
	}
	return common
}

// needsAttention reports whether the report of a fleet lists an exchange.
func needsAttention(e *snapshot.Exchange) bool { return e.Status != statusOK || len(e.Retries) > 0 }

// fleetRemark says what a table of the report of a fleet leaves out.
func (r *report) fleetRemark(t *table.Table, text string) {
	if r.isFleet() {
		t.Missing(table.RunLevel, fmt.Sprintf("A report on more than %d organizations %s.", FleetSize, text))
	}
}
