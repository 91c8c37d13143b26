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

// String counts the tie-outs by verdict.
func (t TieOuts) String() string {
	counts := make(map[string]int)
	for _, one := range t {
		counts[one.Verdict]++
	}
	return fmt.Sprintf("%d tie, %d do not tie, %d not assessed", counts[Ties], counts[DoesNotTie], counts[NotChecked])
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

// TieOutKeys are the columns of the tie-outs in a summary: texts first, then numbers.
var TieOutKeys = []string{"organization", "check", "remark", "first", "second", "result"}

// The methods that return lists of configurations.
const (
	methodSCIM = "/ListSCIMConfigurations"
	methodSSO  = "/ListSSOConfigurations"
	// statusOK is the HTTP status of a response with a page.
	statusOK = 200
)

// tieOuts compares every count in the report with a second source: the stored exchanges, the counts
// of the collector, the views of the database, and the rows of the files.
func (r *report) tieOuts() TieOuts {
	var all TieOuts
	for i, o := range r.Organizations {
		if !o.complete() {
			all.NotAssessed(i, "all", NotComplete)
			continue
		}
		s := &o.Snapshot
		all.tieListing(i, o, listing{"SCIM", methodSCIM, s.SCIMListing.Pages, s.SCIMReceived, s.SCIMDistinct, s.SCIMConfigurations, o.ViewSCIM,
			r.inventory, ""})
		all.tieListing(i, o, listing{"SSO", methodSSO, s.SSOListing.Pages, s.SSOReceived, s.SSODistinct, s.SSOConfigurations, o.ViewSSO,
			r.sso, s.SSONotAssessed})
		const pages = "Pages in the stored exchanges = pages counted by the collector"
		all.tieExchanges(i, o, pages, s.Pages, func(e *snapshot.Exchange) int {
			isPage := strings.HasSuffix(e.Method, methodSCIM) || strings.HasSuffix(e.Method, methodSSO)
			if isPage && e.Status == statusOK {
				return 1
			}
			return 0
		})
		all.tieBaseline(i, o)
	}
	return append(all, r.runTieOuts()...)
}

// listing has the counts of one list of configurations from each source.
type listing struct {
	name, method                            string
	pages, received, distinct, stored, view int
	table                                   *table.Table
	notAssessed                             string
}

// tieListing compares the counts of one list step by step, from the exchanges to the sheet.
func (t *TieOuts) tieListing(organization int, o *Organization, l listing) {
	if l.notAssessed != "" {
		t.NotAssessed(organization, l.name+" records", l.notAssessed)
		return
	}
	earlier := -l.pages // pages of listings before the last one, which is the one that is stored
	for i := range o.Exchanges {
		if e := &o.Exchanges[i]; strings.HasSuffix(e.Method, l.method) && e.Status == statusOK {
			earlier++
		}
	}
	wire := l.name + " records in the stored exchanges = records counted by the collector"
	t.tieExchanges(organization, o, wire, l.received, func(e *snapshot.Exchange) int {
		if !strings.HasSuffix(e.Method, l.method) {
			return 0
		}
		if earlier--; earlier >= 0 {
			return 0
		}
		return e.Records
	})
	notes := cmp.Or(strings.Join(o.Snapshot.Notes, "; "), "no note gives the reason")
	t.Compare(organization, l.name+" records received = distinct ids", l.received, l.distinct,
		"an id was listed more than once; "+notes)
	t.Compare(organization, l.name+" distinct ids = rows stored", l.distinct, l.stored, "")
	t.Compare(organization, l.name+" rows stored = rows of the database view", l.stored, l.view, "")
	t.Compare(organization, l.name+" rows of the database view = rows of the sheet "+l.table.Name, l.view,
		l.table.Size(organization), "")
}

// tieExchanges compares the sum of a number over the stored exchanges with the collector's count.
func (t *TieOuts) tieExchanges(
	organization int, o *Organization, check string, counted int, number func(*snapshot.Exchange) int,
) {
	if len(o.Exchanges) == 0 {
		t.NotAssessed(organization, check, "no exchanges are stored")
		return
	}
	sum := 0
	for i := range o.Exchanges {
		sum += number(&o.Exchanges[i])
	}
	t.Compare(organization, check, sum, counted, "")
}

// tieBaseline compares the changes with the difference between the sizes of the two snapshots.
func (t *TieOuts) tieBaseline(organization int, o *Organization) {
	const formula = " in the baseline + added + reappeared − removed = "
	if o.Baseline == nil {
		t.NotAssessed(organization, "Configurations"+formula+"configurations now", baselineText)
		return
	}
	t.Compare(organization, "SCIM configurations"+formula+"rows of the database view",
		o.Baseline.SCIMConfigurations+o.netAdded(diff.SCIMConfiguration), o.ViewSCIM, "")
	const check = "SSO configurations" + formula + "rows of the database view"
	switch {
	case o.Snapshot.SSONotAssessed != "":
		t.NotAssessed(organization, check, o.Snapshot.SSONotAssessed)
	case o.SSOBaseline == nil:
		t.NotAssessed(organization, check, noEarlier)
	default:
		t.Compare(organization, check, o.SSOBaseline.SSOConfigurations+o.netAdded(diff.SSOConfiguration), o.ViewSSO, "")
	}
}

// runTieOuts compares the counts of the run register in the database with the sheets.
func (r *report) runTieOuts() (all TieOuts) {
	failed, rows := 0, 0
	for _, n := range r.failedBySeverity() {
		failed += n
	}
	status := r.findings.Column("status")
	for _, row := range r.findings.Rows {
		if table.Plain(row.Cells[status]) == string(finding.Fail) {
			rows++
		}
	}
	all.Compare(table.RunLevel, "SCIM configurations in the run register = rows of the sheet Inventory",
		r.Run.SCIMConfigurations, len(r.inventory.Rows), "")
	all.Compare(table.RunLevel, "Changes in the run register = rows of the sheet Changes", r.Run.Changes,
		len(r.changes.Rows), "")
	all.Compare(table.RunLevel, "Failed findings in the run register = failed findings summed over severities",
		r.Run.FailedFindings, failed, "")
	all.Compare(table.RunLevel, "Failed findings summed over severities = rows with fail in the sheet Findings",
		failed, rows, "")
	return all
}
