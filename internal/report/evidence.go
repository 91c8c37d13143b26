package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"scim-auditor/internal/report/table"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// Names has the names that the rows of a report show: All for RunLevel, one of Databases for a
// DatabaseLevel, else an organization.
type Names struct {
	All           string
	Organizations []string // unique
	Databases     []string // of a report over several databases
}

// NewNames returns unique names. Names that several organizations share are followed by the
// distinguishing text in parentheses.
func NewNames(all string, organizations, distinguishing []string) Names {
	n := Names{All: all, Organizations: slices.Clone(organizations)}
	seen := make(map[string]int)
	for _, name := range organizations {
		seen[name]++
	}
	for i, name := range organizations {
		if seen[name] > 1 {
			n.Organizations[i] += " (" + distinguishing[i] + ")"
		}
	}
	return n
}

// Of returns the name of an organization, of the run of a database, or All for RunLevel.
func (n *Names) Of(organization int) string {
	switch {
	case organization == table.RunLevel:
		return n.All
	case organization < table.RunLevel:
		return n.Databases[table.DatabaseOf(organization)]
	}
	return n.Organizations[organization]
}

// Fact is one line of the evidence or of a summary.
type Fact struct {
	Organization int
	Item         string
	Value        any
}

// rowFacts returns a row as facts: each visible cell with a value becomes a fact under its
// column's title, and each instant a second one with its local time. Keys select the columns;
// no keys select all.
func (r *report) rowFacts(t *table.Table, row int, keys ...string) []Fact {
	var facts []Fact
	for _, i := range t.Indexes(keys) {
		if value := t.Rows[row].Made().Cells[i]; value != nil {
			facts = append(facts, Fact{t.Rows[row].Organization, t.Columns[i].Title, value})
		}
	}
	return r.Localized(facts)
}

// Localized adds the local time after each instant.
func (o *Options) Localized(facts []Fact) []Fact {
	zone := o.Zone()
	if zone == nil {
		return facts
	}
	var all []Fact
	for _, f := range facts {
		all = append(all, f)
		if name, ok := strings.CutSuffix(f.Item, table.InUTC); ok {
			item := name + "(" + zone.String() + ")"
			all = append(all, Fact{f.Organization, item, table.InZone(f.Value, zone)})
		}
	}
	return all
}

// FactTable returns a table with a row for each fact.
func FactTable(facts []Fact, names *Names) *table.Table {
	t := table.New("", nil, columnsOf["Facts"]...)
	for _, f := range facts {
		t.Add(f.Organization, names.Of(f.Organization), f.Item, f.Value)
	}
	return t
}

// snapshotTable has one row for each organization on how its snapshot was made. The evidence
// shows each cell with a value on its own line, under the column's title.
func (r *report) snapshotTable() *table.Table {
	t := table.New("", nil, columnsOf["Snapshots"]...)
	t.Key = "snapshots"
	for i, o := range r.Organizations {
		r.add(t, i, func() []any { return slices.Concat(snapshotCells(o), listingCells(o), comparedCells(o)) })
	}
	return t
}

func snapshotCells(o *Organization) []any {
	s := &o.Snapshot
	cells := []any{
		int(s.ID), Word(s.Outcome), s.TakenAt, s.Source, or(s.OrganizationID, Unknown), or(s.OrganizationName, Unknown),
		or(s.OrganizationTier, NotReported), s.BaseURL, or(strings.TrimSpace(s.Principal+" "+s.PrincipalID), Unknown),
		tokenEnd(o), s.Retries, clockCell(s), table.List{Items: s.UnknownFields, None: "none"},
		table.List{Items: s.Notes, Separator: "; ", None: "none"}, s.Pages,
	}
	if o.complete() {
		return append(cells, nil, nil)
	}
	return append(cells, cmp.Or(s.ErrorCode, "none"), cmp.Or(s.Error, "no reason was recorded"))
}

// tokenEnd says when the token of the snapshot ends. A failed snapshot may not have read it.
func tokenEnd(o *Organization) any {
	if !o.complete() {
		return nil
	}
	return o.Snapshot.OwnToken.String()
}

// listingCells returns the cells of a complete snapshot from its baseline to its hashes.
func listingCells(o *Organization) []any {
	s := &o.Snapshot
	if !o.complete() {
		return make([]any, 21) // the number of cells below
	}
	cells := []any{
		or(idOf(o.Baseline), baselineText), s.SCIMListing.Pages, s.SCIMListing.RowsPerPage, finalToken(s.SCIMListing),
		s.SCIMListing.Listings, s.SCIMListing.Agreeing, s.SCIMReceived, s.SCIMDistinct, s.SCIMConfigurations, o.enabled(),
	}
	for _, value := range []any{
		s.SSOListing.Pages, s.SSOListing.RowsPerPage, finalToken(s.SSOListing), s.SSOListing.Listings, s.SSOListing.Agreeing,
		s.SSOReceived, s.SSODistinct, s.SSOConfigurations,
	} {
		cells = append(cells, Unless(s.SSONotAssessed, value))
	}
	return append(cells, Unless(s.PoliciesNotAssessed, "assessed"), s.ContentSHA256, s.ChainSHA256)
}

// comparedCells returns the cells on the baselines and the audit log. The last ones are only in
// JSON: why values are null, and the policies as the API sent them.
func comparedCells(o *Organization) []any {
	var taken, restricted, policies, invite, domains any
	if o.complete() {
		invite = table.List{Items: o.InviteDomains, None: "none"}
		domains = Unless(o.Snapshot.DomainsNotAssessed, o.Snapshot.DomainVerifications)
	}
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
	return slices.Concat([]any{taken, restricted, invite, domains}, log, []any{
		o.Snapshot.SSONotAssessed, o.Snapshot.PoliciesNotAssessed, o.Snapshot.DomainsNotAssessed, l.NotAssessed,
		table.Instant(l.Until, ""),
		or(idOf(o.comparedWith(snapshot.PartSSO)), ""), or(idOf(o.comparedWith(snapshot.PartPolicies)), ""),
		or(idOf(o.LastComplete), ""), policies,
	})
}

func (o *Organization) enabled() int {
	return CountOf(o.SCIM, func(c snapshot.SCIMConfiguration) bool { return c.Enabled })
}

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
// snapshot, and on the thresholds that its rules used. The snapshots of a fleet have a sheet of
// their own.
func (r *report) evidence() []Fact {
	all := r.runFacts()
	if r.writer() != r.Run.ToolVersion {
		all = append(all, Fact{table.RunLevel, "Report written again by", "auditor " + r.writer()})
	}
	if r.isFleet() {
		return append(all, thresholds(table.RunLevel, r.sums.outcomes)...)
	}
	for i := range r.Organizations {
		all = append(all, r.rowFacts(r.snapshots, i)...)
		all = append(all, thresholds(i, r.evaluated[i].outcomes)...)
	}
	return all
}

// thresholds returns what rules expected if it is not the default of this version.
func thresholds(organization int, outcomes []outcome) (all []Fact) {
	for _, o := range outcomes {
		known := o.rule.Expected != "" // to this version
		if known && o.expected != "" && o.expected != o.rule.Expected {
			all = append(all, Fact{organization, "Threshold of " + o.rule.ID, o.expected})
		}
	}
	return all
}

func (r *report) runFacts() (all []Fact) {
	t := table.New("", nil, RunColumns...)
	for n, d := range r.withRun() {
		t.Add(r.level(n), RunCells(&d.Run)...)
		all = append(all, r.rowFacts(t, n)...)
		if r.Databases != nil {
			all = append(all, Fact{r.level(n), "Shard", or(d.Run.Shard, "none")}, Fact{r.level(n), "Ledger", d.Head.String()})
		}
	}
	return all
}

// RunColumns are the columns of a table of runs.
var RunColumns = columnsOf["Runs"]

// RunCells returns the cells of a run.
func RunCells(r *snapshot.Run) []any {
	return []any{
		int(r.ID), Word(r.Outcome), r.StartedAt, table.Instant(r.FinishedAt, "not finished"),
		table.Instant(r.ScheduledFor, "not scheduled"), r.Trigger, r.CompleteOrganizations, r.FailedOrganizations,
		r.SCIMConfigurations, r.Changes, r.FailedFindings, OneLine(r.Error), r.ToolVersion, r.Host,
	}
}

// runTable lists the last runs up to this one, and the gaps of nights without a run in the last
// days, newest first.
func (r *report) runTable() *table.Table {
	t := r.table("Runs")
	for n, d := range r.withRun() {
		for i := range d.Runs {
			t.Add(r.level(n), RunCells(&d.Runs[i])...)
		}
		none := "no run started"
		if slices.ContainsFunc(d.Runs, func(r snapshot.Run) bool { return r.ClockWrong }) {
			none = "no run started by a right and confirmed clock"
		}
		for _, gap := range schedule.Missing(d.Nights) {
			reason := none
			if gap.Nights > 1 {
				reason = fmt.Sprintf("%s on %d nights, the last at %s", none, gap.Nights, UTC(gap.Last))
			}
			t.Add(r.level(n), table.Why("none"), Word(schedule.Missed), nil, nil, gap.First.UTC(), "", nil, nil, nil, nil,
				nil, reason, "", "")
		}
	}
	started, scheduled := t.Column("started_at"), t.Column("scheduled_for")
	at := func(row table.Row) time.Time { return cmp.Or(row.Cells[started], row.Cells[scheduled]).(time.Time) }
	// The nights of a database have different times. A run comes before a night with the same time.
	slices.SortStableFunc(t.Rows, func(a, b table.Row) int {
		return cmp.Or(at(b).Compare(at(a)), cmp.Compare(b.Organization, a.Organization))
	})
	t.Remark(table.RunLevel, fmt.Sprintf("The last %d runs, and the nights missed since %s. auditor runs lists all.",
		shownRuns, UTC(r.Since())))
	return t
}

// exchangeTable lists the requests behind the snapshots, in the order of sending.
func (r *report) exchangeTable() *table.Table {
	t := r.table("Exchanges")
	r.fleetRemark(t, "lists the exchanges that were sent again or have another status than 200; "+
		"the view exchanges of the database has all")
	for i, o := range r.Organizations {
		for j := range o.Exchanges {
			e := &o.Exchanges[j]
			if r.isFleet() && !needsAttention(e) {
				continue
			}
			t.Add(i, r.label(i), e.Method, e.Request, e.Number, e.Status, e.SentAt, int(e.Duration.Milliseconds()), e.Records,
				table.List{Items: e.Retries, Separator: "; ", None: "none"}, table.Instant(e.ServerDate, "none sent"),
				int(e.ResponseSize), e.ResponseSHA256)
		}
		if len(o.Exchanges) == 0 {
			t.Missing(i, r.label(i)+": no exchanges are stored")
		}
	}
	return t
}

// auditLogTable lists the stored entries of the audit log, for JSON.
func (r *report) auditLogTable() *table.Table {
	t := r.table("Audit log")
	for i, o := range r.Organizations {
		entries := cmp.Or(o.AuditLog, new(snapshot.AuditLog)).Entries
		for j := range entries {
			e := &entries[j]
			r.add(t, i, func() []any {
				return []any{
					e.ID, e.CreatedAt, e.ActorID, e.ActorName, e.ActorPrincipal, e.SubjectID, e.SubjectType, e.Kind,
					e.Action,
				}
			})
		}
	}
	return t
}
