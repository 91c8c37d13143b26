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

// Sentence counts the tie-outs, and names each that does not tie in full.
func (t TieOuts) Sentence() string {
	ties := len(t) - len(t.Different())
	for _, one := range t {
		if one.Verdict == NotChecked {
			ties--
		}
	}
	text := fmt.Sprintf("%d of %d tie", ties, len(t))
	for _, one := range t {
		if one.Verdict == DoesNotTie {
			text += fmt.Sprintf("; does not tie: %s (%s and %s)", one.Check, table.Shown(one.First), table.Shown(one.Second))
		}
	}
	if n := len(t) - ties - len(t.Different()); n > 0 {
		text += fmt.Sprintf("; %d not assessed", n)
	}
	return text
}

// summed returns the tie-outs with those of the same check that all tie, or were not assessed for
// the same reason, as one for each database with the sums of both counts. levelOf returns the level
// of the database of an organization.
func (t TieOuts) summed(levelOf func(organization int) int) TieOuts {
	var all TieOuts
	type same struct {
		level                  int
		check, verdict, remark string
	}
	at, organizations := make(map[same]int), make(map[same]int)
	for _, one := range t {
		key := same{levelOf(one.Organization), one.Check, one.Verdict, one.Remark}
		n, known := at[key]
		switch {
		case one.Organization < 0 || one.Verdict == DoesNotTie:
			all = append(all, one)
			continue
		case !known:
			n, at[key] = len(all), len(all)
			all = append(all, TieOut{Organization: key.level, Check: one.Check, Verdict: one.Verdict, Remark: one.Remark})
		}
		organizations[key]++
		all[n].First, all[n].Second = plus(all[n].First, one.First), plus(all[n].Second, one.Second)
	}
	for key, n := range at {
		all[n].Check += ", in each of " + Count(organizations[key], "organization")
	}
	return all
}

// plus adds two counts, nil if not known. The sum is that of the counts that are known.
func plus(a, b any) any {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return a.(int) + b.(int)
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

// listedTwice is a part of the collector's note on a row that one page has twice, which is harmless.
const listedTwice = "is listed more than once with the same content"

// tieRows compares the counts of one list step by step, from the stored exchanges to the sheet.
func (t *TieOuts) tieRows(
	organization int, o *Organization, sheet *table.Table, name string, recorded, received, distinct, stored, view int,
) {
	t.Compare(organization, name+" records in the stored exchanges = records counted by the collector", recorded,
		received, "")
	notes := cmp.Or(strings.Join(o.Snapshot.Notes, "; "), "no note gives the reason")
	const check = " records received = distinct ids"
	isRepeat := func(note string) bool {
		return strings.HasPrefix(strings.ToLower(note), strings.ToLower(name)) && strings.Contains(note, listedTwice)
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
