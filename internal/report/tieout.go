package report

import (
	"fmt"
	"slices"
	"strings"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/snapshot"
)

// tieOut is one count from two independent sources.
type tieOut struct {
	organization  int
	check         string // both sources, in words
	first, second any    // ints, or nil where there is no number
	verdict       verdict
	remark        string
}

// The methods whose answers are listings.
const (
	methodSCIM = "/ListSCIMConfigurations"
	methodSSO  = "/ListSSOConfigurations"
	// statusOK is the HTTP status of an answer with a page; a refusal has none.
	statusOK = 200
)

// tieOuts checks every count of the report against a second source: what came over the wire, what the collector counted, what the store's
// views hold, and what the files show.
func (v *view) tieOuts() []tieOut {
	if v.ties != nil {
		return v.ties
	}
	inventory, sso := v.inventoryTable(), v.ssoTable()
	for i, o := range v.each() {
		if !o.complete() {
			v.ties = append(v.ties, tieOut{i, "all", nil, nil, notChecked, wordNotComplete})
			continue
		}
		s := &o.Snapshot
		v.tieListing(i, listing{"SCIM", methodSCIM, s.SCIMReceived, s.SCIMDistinct, s.SCIMConfigurations, o.ViewSCIM, inventory, ""})
		v.tieListing(i, listing{"SSO", methodSSO, s.SSOReceived, s.SSODistinct, s.SSOConfigurations, o.ViewSSO, sso, s.SSONotAssessed})
		v.tiePages(i)
		v.tieBaseline(i)
	}
	v.tieRun(inventory)
	return v.ties
}

func (v *view) tie(organization int, check string, first, second int, remark string) {
	t := tieOut{organization, check, first, second, ties, ""}
	if first != second {
		t.verdict, t.remark = doesNotTie, remark
	}
	v.ties = append(v.ties, t)
}

func (v *view) untied(organization int, check, why string) {
	v.ties = append(v.ties, tieOut{organization, check, nil, nil, notChecked, why})
}

type listing struct {
	name, method                     string
	received, distinct, stored, view int
	table                            *table
	notAssessed                      string
}

// tieListing follows the records of one listing from the wire to the sheet.
func (v *view) tieListing(organization int, l listing) {
	if l.notAssessed != "" {
		v.untied(organization, l.name+" records", l.notAssessed)
		return
	}
	o := &v.Organizations[organization]
	if len(o.Exchanges) == 0 {
		v.untied(organization, l.name+" records in the stored exchanges = records counted by the collector", "no exchange is stored")
	} else {
		v.tie(organization, l.name+" records in the stored exchanges = records counted by the collector", o.records(l.method), l.received, "")
	}
	v.tie(organization, l.name+" records received = distinct ids", l.received, l.distinct,
		"an id was listed more than once: "+orText(strings.Join(o.Snapshot.Notes, "; "), "no note says why"))
	v.tie(organization, l.name+" distinct ids = rows stored", l.distinct, l.stored, "")
	v.tie(organization, l.name+" rows stored = rows of the database view", l.stored, l.view, "")
	v.tie(organization, l.name+" rows of the database view = rows of the sheet "+l.table.name, l.view, l.table.sizeOf(organization), "")
}

func (o *Organization) records(method string) int {
	n := 0
	for i := range o.Exchanges {
		if strings.HasSuffix(o.Exchanges[i].Method, method) {
			n += o.Exchanges[i].Records
		}
	}
	return n
}

func (v *view) tiePages(organization int) {
	const check = "Pages in the stored exchanges = pages counted by the collector"
	o := &v.Organizations[organization]
	if len(o.Exchanges) == 0 {
		v.untied(organization, check, "no exchange is stored")
		return
	}
	pages := 0
	for i := range o.Exchanges {
		e := &o.Exchanges[i]
		if e.Status == statusOK && (strings.HasSuffix(e.Method, methodSCIM) || strings.HasSuffix(e.Method, methodSSO)) {
			pages++
		}
	}
	v.tie(organization, check, pages, o.Snapshot.Pages, "")
}

// tieBaseline checks that the changes explain the difference between the two snapshots' sizes.
func (v *view) tieBaseline(organization int) {
	o := &v.Organizations[organization]
	const formula = " in the baseline + added + reappeared − removed = "
	if o.Baseline == nil {
		v.untied(organization, "Configurations"+formula+"configurations now", baselineText)
		return
	}
	moved := func(subject diff.SubjectType) int {
		return o.changes(subject, diff.Added, diff.Reappeared) - o.changes(subject, diff.Removed)
	}
	v.tie(organization, "SCIM configurations"+formula+"rows of the database view",
		o.Baseline.SCIMConfigurations+moved(diff.SCIMConfiguration), o.ViewSCIM, "")
	const check = "SSO configurations" + formula + "rows of the database view"
	switch {
	case o.Snapshot.SSONotAssessed != "":
		v.untied(organization, check, o.Snapshot.SSONotAssessed)
	case o.SSOBaseline == nil:
		v.untied(organization, check, "no earlier snapshot could read them")
	default:
		v.tie(organization, check, o.SSOBaseline.SSOConfigurations+moved(diff.SSOConfiguration), o.ViewSSO, "")
	}
}

// tieRun checks the run register, which counts in the database, against the sheets.
func (v *view) tieRun(inventory *table) {
	findings, failed := v.findingTable(), 0
	for _, n := range v.failedBySeverity() {
		failed += n
	}
	v.tie(runLevel, "SCIM configurations in the run register = rows of the sheet Inventory", v.Run.SCIMConfigurations, inventory.size(), "")
	v.tie(runLevel, "Changes in the run register = rows of the sheet Changes", v.Run.Changes, v.changeTable().size(), "")
	v.tie(runLevel, "Failed findings in the run register = failed findings summed over severities", v.Run.FailedFindings, failed, "")
	rows := 0
	for r := range findings.rows {
		if plain(r.cells[1]) == "fail" {
			rows++
		}
	}
	v.tie(runLevel, "Failed findings summed over severities = rows with fail in the sheet Findings", failed, rows, "")
}

// failedBySeverity counts failed findings in the order of diff.Severities.
func (v *view) failedBySeverity() []int {
	counts := make([]int, len(diff.Severities))
	for i, s := range diff.Severities {
		counts[i] = v.total(func(o *Organization) int { return o.failedAs(s) })
	}
	return counts
}

func (o *Organization) failedAs(severity diff.Severity) int {
	n := 0
	for i := range o.Findings {
		if failedSeverity(&o.Findings[i]) == severity {
			n++
		}
	}
	return n
}

// failedSeverity is the severity of a finding that failed, empty for another.
func failedSeverity(f *snapshot.Finding) diff.Severity {
	if f.Status != finding.Fail {
		return ""
	}
	return f.Severity
}

// tieOutText counts the tie-outs by their verdict.
func (v *view) tieOutText() string {
	counts := make(map[verdict]int)
	for _, t := range v.tieOuts() {
		counts[t.verdict]++
	}
	return fmt.Sprintf("%d tie, %d do not tie, %d not assessed", counts[ties], counts[doesNotTie], counts[notChecked])
}

// untied are those of which the two counts differ.
func untied(all []tieOut) []tieOut {
	return slices.DeleteFunc(slices.Clone(all), func(t tieOut) bool { return t.verdict != doesNotTie })
}

// alarm says what does not tie; scope names what it is about.
func (t *tieOut) alarm(scope string) string {
	return fmt.Sprintf("A count does not tie: %s: %s: %s, %s", scope, t.check, shown(t.first), shown(t.second))
}

// tieOutTable has a row for each tie-out; scope names what a row is about.
func tieOutTable(ties []tieOut, scope func(organization int) string) *table {
	return &table{
		columns: []column{
			{"Organization", "organization"}, {"Tie-out", "check"}, {"First", "first"}, {"Second", "second"}, {"Result", "result"}, {"Remark", "remark"},
		},
		rows: func(yield func(row) bool) {
			for _, t := range ties {
				if !yield(row{t.organization, []any{scope(t.organization), t.check, t.first, t.second, t.verdict, t.remark}}) {
					return
				}
			}
		},
	}
}
