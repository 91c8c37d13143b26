package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// snapshotTable has one row for each organization on how its snapshot was made. The evidence shows
// each cell with a value on its own line, under the column's title.
func (r *report) snapshotTable() *table.Table {
	t := table.New("", r.Zone(), columnsOf["Snapshots"]...)
	t.Key = "snapshots"
	for i, o := range r.Organizations {
		t.Add(i, slices.Concat(snapshotCells(o), listingCells(o), comparedCells(o))...)
	}
	return t
}

// snapshotCells returns the cells on how the snapshot was made.
func snapshotCells(o *Organization) []any {
	s := &o.Snapshot
	cells := []any{
		int(s.ID), Word(s.Outcome), s.TakenAt, s.Source, or(s.OrganizationID, Unknown), or(s.OrganizationName, Unknown),
		or(s.OrganizationTier, NotReported), s.BaseURL, or(strings.TrimSpace(s.Principal+" "+s.PrincipalID), Unknown),
		s.Retries, clockCell(s), table.List{Items: s.UnknownFields, None: "none"},
		table.List{Items: s.Notes, Separator: "; ", None: "none"}, s.Pages,
	}
	if o.complete() {
		return append(cells, nil, nil)
	}
	return append(cells, cmp.Or(s.ErrorCode, "none"), cmp.Or(s.Error, "no reason was recorded"))
}

// listingCells returns the cells of a complete snapshot from its baseline to its hashes.
func listingCells(o *Organization) []any {
	s := &o.Snapshot
	if !o.complete() {
		return make([]any, 17) // the number of cells below
	}
	cells := []any{
		or(idOf(o.Baseline), baselineText), s.SCIMListing.Pages, s.SCIMListing.RowsPerPage, finalToken(s.SCIMListing),
		s.SCIMReceived, s.SCIMDistinct, s.SCIMConfigurations, o.enabled(),
	}
	for _, value := range []any{
		s.SSOListing.Pages, s.SSOListing.RowsPerPage, finalToken(s.SSOListing), s.SSOReceived, s.SSODistinct,
		s.SSOConfigurations,
	} {
		cells = append(cells, Unless(s.SSONotAssessed, value))
	}
	return append(cells, Unless(s.PoliciesNotAssessed, "assessed"), s.ContentSHA256, s.ChainSHA256)
}

// comparedCells returns the cells on the baselines and the audit log. The last ones are only in
// JSON: why values are null, and the policies as the API sent them.
func comparedCells(o *Organization) []any {
	var taken, restricted, policies any
	if o.Baseline != nil {
		taken = o.Baseline.TakenAt
	}
	if o.Policies != nil {
		restricted, policies = o.Policies.RestrictAccountCreationToSCIM, jsontext.Value(o.Policies.Raw)
	}
	l := cmp.Or(o.AuditLog, new(snapshot.AuditLog))
	log := []any{nil, nil, nil, nil, nil}
	if o.AuditLog != nil {
		log = []any{l.Since}
		for _, value := range []any{l.Pages, l.Received, len(l.Entries), cmp.Or(l.Lacking, "none")} {
			log = append(log, Unless(l.NotAssessed, value))
		}
	}
	return slices.Concat([]any{taken, restricted}, log, []any{
		o.Snapshot.SSONotAssessed, o.Snapshot.PoliciesNotAssessed, l.NotAssessed, table.Instant(l.Until, ""),
		or(idOf(o.SSOBaseline), ""), or(idOf(o.PoliciesBaseline), ""), or(idOf(o.LastComplete), ""), policies,
	})
}

func (o *Organization) enabled() int {
	n := 0
	for i := range o.SCIM {
		if o.SCIM[i].Enabled {
			n++
		}
	}
	return n
}

// idOf returns the id of a snapshot, 0 for nil.
func idOf(s *snapshot.Snapshot) int {
	if s == nil {
		return 0
	}
	return int(s.ID)
}

func clockCell(s *snapshot.Snapshot) any {
	if !s.ServerClockKnown {
		return table.Why("unknown: no response had a date")
	}
	return s.ServerClockOffset.String()
}

// finalToken returns whether the last page had the empty page token that ends a list.
func finalToken(l snapshot.Listing) string {
	if l.FinalTokenEmpty {
		return "empty: the listing is complete"
	}
	return "not empty: the listing is not complete"
}

// evidence returns facts on how the run was made, without its exchanges: on the run, on each
// snapshot, and on the thresholds that its rules used.
func (r *report) evidence() []Fact {
	all := append(r.runFacts(), r.writerFacts()...)
	for i := range r.Organizations {
		all = append(all, rowFacts(r.snapshots, i)...)
		for j, o := range r.evaluated[i].outcomes[:len(r.Rules)] {
			if o.expected != "" && o.expected != r.Rules[j].Expected {
				all = append(all, Fact{i, "Threshold of " + o.rule.ID, o.expected})
			}
		}
	}
	return all
}

// runFacts returns the cells of the run as facts.
func (r *report) runFacts(keys ...string) []Fact {
	t := table.New("", r.Zone(), RunColumns...)
	t.Add(table.RunLevel, RunCells(&r.Run)...)
	return rowFacts(t, 0, keys...)
}

// writerFacts names the version that wrote the report, if another version made the run.
func (r *report) writerFacts() []Fact {
	if r.writer() == r.Run.ToolVersion {
		return nil
	}
	return []Fact{{table.RunLevel, "Report written again by", "auditor " + r.writer()}}
}
