package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// status returns the first sentences of the report: the headline and the counts.
func (r *report) status() string {
	h, total := r.headline, Count(len(r.Organizations), "organization")
	if !r.Complete() {
		return h.Text + "."
	}
	findings := 0
	for _, j := range r.evaluated {
		findings += j.counts[finding.Fail]
	}
	return fmt.Sprintf("%s. %s; %s; %s.", h.Text, total, h.Changes, Count(findings, "failed finding"))
}

// alarms returns the first lines of a report: why it is not complete, every failed tie-out, and
// that retention removed what it would say.
func (r *report) alarms() []string {
	var all []string
	for _, gap := range r.Gaps {
		all = append(all, NotComplete+": "+gap)
	}
	for n, d := range r.withRun() {
		if d.Run.Outcome != snapshot.Complete && d.Run.Error != "" && d.incomplete() == 0 { // else each organization says why
			all = append(all, fmt.Sprintf("%s: %s: %s", NotComplete, r.names.Of(r.level(n)), OneLine(d.Run.Error)))
		}
	}
	for i, o := range r.Organizations {
		if !o.complete() {
			all = append(all, r.notComplete(i))
		}
	}
	for _, t := range r.ties.Different() {
		all = append(all, t.Alarm(&r.names))
	}
	for _, d := range r.withRun() {
		if d.PrunedAt.IsZero() {
			continue
		}
		of := ""
		if r.Databases != nil {
			of = " of the database " + d.ID
		}
		all = append(all, fmt.Sprintf("Retention removed snapshots%s at %s, after this run. What this report says of earlier "+
			"nights (ages, timeline, trend, differences) can be less than the report of the night says.", of, UTC(d.PrunedAt)))
	}
	return all
}

// notComplete says why an organization is not complete, and what follows.
func (r *report) notComplete(organization int) string {
	return fmt.Sprintf("%s: %s: %s. %s", NotComplete, r.label(organization), r.Organizations[organization].reason(),
		r.nothingKnown(organization))
}

// nothingKnown says what the report lacks of an organization that is not complete.
func (r *report) nothingKnown(organization int) string {
	o := r.Organizations[organization]
	last := "It has no earlier complete snapshot."
	if o.LastComplete != nil {
		last = "Its last complete snapshot was taken at " + UTC(o.LastComplete.TakenAt) + "."
	}
	return "This run has no inventory and no changes for this organization. " + last
}

// alarm adds to a table why organizations without a complete snapshot have no rows.
func (r *report) alarm(t *table.Table) {
	for i, o := range r.Organizations {
		if !o.complete() {
			t.Alarm(i, r.notComplete(i))
		}
	}
}

func (o *Organization) reason() string {
	reason := strings.TrimSuffix(cmp.Or(o.Snapshot.Error, "no reason was recorded"), ".")
	if code := o.Snapshot.ErrorCode; code != "" && !strings.HasSuffix(reason, "("+code+")") {
		reason = code + ": " + reason
	}
	return reason
}

// sentence returns one sentence with the counts of a complete organization.
func (r *report) sentence(organization int) string {
	o := r.Organizations[organization]
	sso := Count(len(o.SSO), "SSO configuration")
	if o.Snapshot.SSONotAssessed != "" {
		sso = "SSO configurations not assessed"
	}
	counted := Count(len(o.SCIM), "SCIM configuration") + " and " + sso
	failed := Count(r.evaluated[organization].counts[finding.Fail], "failed finding")
	if o.first() {
		return fmt.Sprintf("%s: %s: %s, %s.", r.label(organization), baselineText, counted, failed)
	}
	changes := "no changes" + o.ofSCIM()
	if len(o.Changes) > 0 {
		changes = Count(len(o.Changes), "change")
	}
	return fmt.Sprintf("%s: complete: %s, %s since the baseline snapshot taken at %s, %s.", r.label(organization), counted,
		changes, UTC(o.Baseline.TakenAt), failed)
}

// ofSCIM limits the text "no changes" if something else was not compared.
func (o *Organization) ofSCIM() string {
	if notAssessed, _ := o.comparisonNotes(); len(notAssessed) > 0 {
		return " of SCIM configurations"
	}
	return ""
}

// TieOut is one count from two independent sources.
type TieOut struct {
	Organization  int
	Check         string // both sources, in words
	First, Second any    // ints, nil if not assessed
	Verdict       string
	Remark        string
}

// The verdicts of tie-outs.
const (
	Ties       = "ties"
	DoesNotTie = "does not tie"
	NotChecked = "not assessed"
)

// TieOuts are all tie-outs of a report.
type TieOuts []TieOut

// Compare adds a tie-out of two counts. The remark is used if they differ.
func (t *TieOuts) Compare(organization int, check string, first, second int, remark string) {
	one := TieOut{organization, check, first, second, Ties, ""}
	if first != second {
		one.Verdict, one.Remark = DoesNotTie, remark
	}
	*t = append(*t, one)
}

// NotAssessed adds a tie-out that could not be made.
func (t *TieOuts) NotAssessed(organization int, check, reason string) {
	*t = append(*t, TieOut{organization, check, nil, nil, NotChecked, reason})
}

// Different returns the failed tie-outs: those whose counts differ.
func (t TieOuts) Different() TieOuts {
	return slices.DeleteFunc(slices.Clone(t), func(one TieOut) bool { return one.Verdict != DoesNotTie })
}

// Alarm returns the alarm for a failed tie-out.
func (t *TieOut) Alarm(names *Names) string {
	return fmt.Sprintf("Failed tie-out for %s: %s (%s and %s)", names.Of(t.Organization), t.Check,
		table.Shown(t.First), table.Shown(t.Second))
}

// Table returns a table with a row for each tie-out.
func (t TieOuts) Table(names *Names) *table.Table {
	all := table.New("", nil, columnsOf["Tie-outs"]...)
	all.Key = "tie_outs"
	for _, one := range t {
		all.Add(one.Organization, names.Of(one.Organization), one.Check, one.First, one.Second,
			Word(one.Verdict), one.Remark)
	}
	return all
}

// The methods that return lists of configurations.
const (
	methodSCIM = "/ListSCIMConfigurations"
	methodSSO  = "/ListSSOConfigurations"
	// methodMembers lists the members of an organization.
	methodMembers = "/ListMembers"
	// statusOK is the HTTP status of a response with a page.
	statusOK = 200
)

// tieOuts compares every count in the report with a second source: the stored exchanges, the
// counts of the collector, the views of the database, and the rows of the files.
func (r *report) tieOuts() TieOuts {
	var all TieOuts
	for i, o := range r.Organizations {
		if !o.complete() {
			all.NotAssessed(i, "all", NotComplete)
			continue
		}
		s := &o.Snapshot
		scim, scimPages := o.recorded(methodSCIM, s.SCIMListing.Pages)
		sso, ssoPages := o.recorded(methodSSO, s.SSOListing.Pages)
		all.tieListings(i, o, "SCIM", methodSCIM, s.SCIMListing)
		all.tieRows(i, o, r.inventory, "SCIM", scim, s.SCIMReceived, s.SCIMDistinct, s.SCIMConfigurations, o.ViewSCIM)
		if s.SSONotAssessed != "" {
			all.NotAssessed(i, "SSO records", s.SSONotAssessed)
		} else {
			all.tieListings(i, o, "SSO", methodSSO, s.SSOListing)
			all.tieRows(i, o, r.sso, "SSO", sso, s.SSOReceived, s.SSODistinct, s.SSOConfigurations, o.ViewSSO)
		}
		all.Compare(i, "Pages in the stored exchanges = pages counted by the collector",
			scimPages+ssoPages, s.Pages, "")
		all.Compare(i, "Removals among the changes = requests for a missing configuration in the stored exchanges",
			CountOf(o.Changes, func(c snapshot.Change) bool { return c.Kind == diff.Removed }),
			CountOf(o.Exchanges, func(e snapshot.Exchange) bool {
				return strings.HasSuffix(e.Method, "/GetSCIMConfiguration") || strings.HasSuffix(e.Method, "/GetSSOConfiguration")
			}), "")
		if s.DomainsNotAssessed != "" {
			all.NotAssessed(i, "Domain verifications", s.DomainsNotAssessed)
		} else {
			all.Compare(i, "Domain verifications stored = rows of the database view", s.DomainVerifications, o.ViewDomains, "")
			all.Compare(i, "Domain verifications of the database view = rows of the sheet Domains", o.ViewDomains,
				r.domains.Size(i), "")
		}
		all.tieBaseline(i, o)
		if o.membersRequested() {
			r.tieMembers(&all, i, o)
		}
	}
	return append(all, r.runTieOuts()...)
}

// recorded counts the records and the pages of a list in the stored exchanges. The list may have
// been read several times; the records are those of the last reading, which had so many pages.
func (o *Organization) recorded(method string, listed int) (records, pages int) {
	for _, e := range slices.Backward(o.Exchanges) {
		if strings.HasSuffix(e.Method, method) && e.Status == statusOK {
			if pages++; pages <= listed {
				records += e.Records
			}
		}
	}
	return records, pages
}

// tieListings compares how often a list was read with the first pages in the stored exchanges, and
// how many listings agree with what proves that the list is complete: one page, or two listings.
func (t *TieOuts) tieListings(organization int, o *Organization, name, method string, l snapshot.Listing) {
	begun := CountOf(o.Exchanges, func(e snapshot.Exchange) bool {
		return strings.HasSuffix(e.Method, method) && e.Status == statusOK && !continues(&e)
	})
	t.Compare(organization, name+" first pages in the stored exchanges = listings read", begun, l.Listings, "")
	needed := 1
	if l.Pages > 1 {
		needed = 2
	}
	t.Compare(organization, name+" listings that agree = those needed: one of one page, or two", min(l.Agreeing, needed),
		needed, "")
}

// continues reports whether a request asks for a page of a list after the first.
func continues(e *snapshot.Exchange) bool { return strings.Contains(e.Request, `"token":`) }

// fetchedTwice is a part of the collector's note on a row that one page has twice, which is harmless.
const fetchedTwice = "is listed more than once with the same content"

// tieRows compares the counts of one list step by step, from the stored exchanges to the sheet.
func (t *TieOuts) tieRows(
	organization int, o *Organization, sheet *table.Table, name string, recorded, received, distinct, stored, view int,
) {
	t.Compare(organization, name+" records in the stored exchanges = records counted by the collector", recorded,
		received, "")
	notes := cmp.Or(strings.Join(o.Snapshot.Notes, "; "), "no note gives the reason")
	const check = " records received = distinct ids"
	isRepeat := func(note string) bool {
		return strings.HasPrefix(strings.ToLower(note), strings.ToLower(name)) && strings.Contains(note, fetchedTwice)
	}
	if received > distinct && slices.ContainsFunc(o.Snapshot.Notes, isRepeat) {
		t.NotAssessed(organization, name+check, fmt.Sprintf("%d and %d: %s", received, distinct, notes))
	} else {
		t.Compare(organization, name+check, received, distinct, notes)
	}
	t.Compare(organization, name+" distinct ids = rows stored", distinct, stored, "")
	t.Compare(organization, name+" rows stored = rows of the database view", stored, view, "")
	t.Compare(organization, name+" rows of the database view = rows of the sheet "+sheet.Name, view,
		sheet.Size(organization), "")
}

// tieBaseline compares the changes with the difference between the sizes of the two snapshots.
func (t *TieOuts) tieBaseline(organization int, o *Organization) {
	const formula = " in the baseline + added + reappeared − removed = "
	if o.Baseline == nil {
		t.NotAssessed(organization, "Configurations"+formula+"configurations now", baselineText)
		return
	}
	t.Compare(organization, "SCIM configurations"+formula+"rows of the database view",
		o.Baseline.SCIMConfigurations+NetAdded(o.Changes, diff.SCIMConfiguration), o.ViewSCIM, "")
	const check = "SSO configurations" + formula + "rows of the database view"
	switch {
	case o.Snapshot.SSONotAssessed != "":
		t.NotAssessed(organization, check, o.Snapshot.SSONotAssessed)
	case o.comparedWith(snapshot.PartSSO) == nil:
		t.NotAssessed(organization, check, noEarlier)
	default:
		before := o.comparedWith(snapshot.PartSSO).SSOConfigurations
		t.Compare(organization, check, before+NetAdded(o.Changes, diff.SSOConfiguration), o.ViewSSO, "")
	}
}

// runTieOuts compares the counts of the run register in each database with the sheets.
func (r *report) runTieOuts() (all TieOuts) {
	failedRows := make(map[int]int) // by organization
	status := r.findings.Column("status")
	for _, row := range r.findings.Rows {
		if table.Plain(row.Made().Cells[status]) == string(finding.Fail) {
			failedRows[row.Organization]++
		}
	}
	for n, d := range r.withRun() {
		inventory, changes, failed, rows := 0, 0, 0, 0
		for i := d.first; i < d.first+len(d.Organizations); i++ {
			inventory, changes = inventory+r.inventory.Size(i), changes+r.changes.Size(i)
			rows += failedRows[i]
			for _, count := range r.evaluated[i].failed {
				failed += count
			}
		}
		all.Compare(r.level(n), "SCIM configurations in the run register = rows of the sheet Inventory",
			d.Run.SCIMConfigurations, inventory, "")
		all.Compare(r.level(n), "Changes in the run register = rows of the sheet Changes", d.Run.Changes, changes, "")
		all.Compare(r.level(n), "Failed findings in the run register = failed findings summed over severities",
			d.Run.FailedFindings, failed, "")
		all.Compare(r.level(n), "Failed findings summed over severities = rows with fail in the sheet Findings",
			failed, rows, "")
	}
	return append(all, r.databaseTieOuts()...)
}
