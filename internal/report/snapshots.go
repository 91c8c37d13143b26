package report

import (
	"cmp"
	"strings"

	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// field is a column of the table of snapshots, with the value of one of them.
type field struct {
	column table.Column
	value  any
}

// snapshotTable has one row for each organization: how its snapshot was made. The evidence shows
// each of its cells that has a value as a line of its own, under the column's title.
func (r *report) snapshotTable() *table.Table {
	var columns []table.Column
	for _, f := range snapshotFields(&Organization{}) {
		columns = append(columns, f.column)
	}
	t := table.New("", r.Zone(), columns...)
	t.Key = "snapshots"
	for i := range r.Organizations {
		fields := snapshotFields(r.Organizations[i])
		cells := make([]any, len(fields))
		for j, f := range fields {
			cells[j] = f.value
		}
		t.Add(i, cells...)
	}
	return t
}

func snapshotFields(o *Organization) []field {
	s := &o.Snapshot
	complete := func(value any) any { return onlyIf(o.complete(), value) }
	sso := func(value any) any { return complete(Unless(s.SSONotAssessed, value)) }
	failed := func(text, none string) any { return onlyIf(!o.complete(), cmp.Or(text, none)) }
	all := []field{
		{table.Int("Snapshot", "snapshot_id"), int(s.ID)},
		{table.Text("Outcome", "outcome"), Word(s.Outcome)},
		{table.Time("Taken at", "taken_at"), s.TakenAt},
		{table.Text("Source (label in the settings)", "source"), s.Source},
		{table.Text("Organization ID", "id"), or(s.OrganizationID, Unknown)},
		{table.Text("Organization name", "name"), or(s.OrganizationName, Unknown)},
		{table.Text("Organization tier", "tier"), or(s.OrganizationTier, NotReported)},
		{table.Text("Base URL", "base_url"), s.BaseURL},
		{table.Text("Identity", "identity"), or(strings.TrimSpace(s.Principal+" "+s.PrincipalID), Unknown)},
		{table.Int("Retries", "retries"), s.Retries},
		{table.Text("Local clock minus server clock", "server_clock_offset"), clockCell(s)},
		{table.Lists("Unknown fields in answers", "unknown_fields"), table.List{Items: s.UnknownFields, None: "none"}},
		{table.Lists("Notes of the collector", "notes"), table.List{Items: s.Notes, Separator: "; ", None: "none"}},
		{table.Int("Pages read", "pages"), s.Pages},
		{table.Text("Error code", "error_code"), failed(s.ErrorCode, "none")},
		{table.Text("Error", "error"), failed(s.Error, "no reason was stored")},
		{table.Int("Baseline snapshot", "baseline_id"), complete(or(idOf(o.Baseline), baselineText))},
		{table.Int("SCIM pages", "scim_pages"), complete(s.SCIMListing.Pages)},
		{table.Text("SCIM rows of each page", "scim_rows_per_page"), complete(s.SCIMListing.RowsPerPage)},
		{table.Text("SCIM final page token", "scim_final_token"), complete(finalToken(s.SCIMListing))},
		{table.Int("SCIM records received", "scim_received"), complete(s.SCIMReceived)},
		{table.Int("SCIM distinct ids", "scim_distinct"), complete(s.SCIMDistinct)},
		{table.Int("SCIM rows stored", "scim_configurations"), complete(s.SCIMConfigurations)},
		{table.Int("SCIM configurations enabled", "scim_enabled"), complete(o.enabled())},
		{table.Int("SSO pages", "sso_pages"), sso(s.SSOListing.Pages)},
		{table.Text("SSO rows of each page", "sso_rows_per_page"), sso(s.SSOListing.RowsPerPage)},
		{table.Text("SSO final page token", "sso_final_token"), sso(finalToken(s.SSOListing))},
		{table.Int("SSO records received", "sso_received"), sso(s.SSOReceived)},
		{table.Int("SSO distinct ids", "sso_distinct"), sso(s.SSODistinct)},
		{table.Int("SSO rows stored", "sso_configurations"), sso(s.SSOConfigurations)},
		{table.Text("Organization policies", "policies"), complete(Unless(s.PoliciesNotAssessed, "assessed"))},
		{table.Text("content_sha256", "content_sha256"), complete(s.ContentSHA256)},
		{table.Text("chain_sha256", "chain_sha256"), complete(s.ChainSHA256)},
	}
	return append(all, comparedFields(o)...)
}

func onlyIf(condition bool, value any) any {
	if condition {
		return value
	}
	return nil
}

// comparedFields are what the snapshot was compared with, and how the audit log was read for that;
// for JSON alone why values are null, and the policies as the API sent them.
func comparedFields(o *Organization) []field {
	var taken, restricted, policies any
	if o.Baseline != nil {
		taken = o.Baseline.TakenAt
	}
	if o.Policies != nil {
		restricted, policies = o.Policies.RestrictAccountCreationToSCIM, o.Policies.Raw
	}
	l := cmp.Or(o.AuditLog, new(snapshot.AuditLog))
	log := func(value any) any { return onlyIf(o.AuditLog != nil, Unless(l.NotAssessed, value)) }
	return []field{
		{table.Time("Baseline taken at", "baseline_taken_at"), taken},
		{table.Bool("Account creation restricted to SCIM", "restrict_account_creation_to_scim"), restricted},
		{table.Time("Audit log read back to, by the server's clock", "audit_log_since"), onlyIf(o.AuditLog != nil, l.Since)},
		{table.Int("Audit log pages", "audit_log_pages"), log(l.Pages)},
		{table.Int("Audit log entries received", "audit_log_received"), log(l.Received)},
		{table.Int("Audit log entries in the period", "audit_log_entries"), log(len(l.Entries))},
		{table.Text("Audit log entries that may be missing", "audit_log_lacking"), log(cmp.Or(l.Lacking, "none"))},
		{table.Text("", "sso_not_assessed").OnlyInJSON(), o.Snapshot.SSONotAssessed},
		{table.Text("", "policies_not_assessed").OnlyInJSON(), o.Snapshot.PoliciesNotAssessed},
		{table.Text("", "audit_log_not_assessed").OnlyInJSON(), l.NotAssessed},
		{table.Time("", "audit_log_until").OnlyInJSON(), table.Instant(l.Until, "")},
		{table.Int("", "sso_baseline_id").OnlyInJSON(), or(idOf(o.SSOBaseline), "")},
		{table.Int("", "policies_baseline_id").OnlyInJSON(), or(idOf(o.PoliciesBaseline), "")},
		{table.Int("", "last_complete_id").OnlyInJSON(), or(idOf(o.LastComplete), "")},
		{table.Raw("policies_raw"), policies},
	}
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

// idOf is the id of a snapshot, 0 of none.
func idOf(s *snapshot.Snapshot) int {
	if s == nil {
		return 0
	}
	return int(s.ID)
}

func clockCell(s *snapshot.Snapshot) any {
	if !s.ServerClockKnown {
		return table.Why("unknown: no answer carried a date")
	}
	return s.ServerClockOffset.String()
}

// finalToken says whether the last page itself said that it is the last.
func finalToken(l snapshot.Listing) string {
	if l.FinalTokenEmpty {
		return "empty: the listing is whole"
	}
	return "not empty: the listing is not whole"
}

// evidence is how the run was made, without its exchanges: the run, each snapshot, and the
// thresholds that its rules used.
func (r *report) evidence() []Fact {
	all := append(r.runFacts(), r.writerFacts()...)
	for i := range r.Organizations {
		all = append(all, transposed(r.snapshots, i)...)
		for j, o := range r.judged[i].outcomes[:len(r.Rules)] {
			if o.expected != "" && o.expected != r.Rules[j].Expected {
				all = append(all, Fact{i, "Threshold of " + o.rule.ID, o.expected})
			}
		}
	}
	return all
}

// runFacts are the run's own row of the register.
func (r *report) runFacts(keys ...string) []Fact {
	t := table.New("", r.Zone(), RunColumns...)
	t.Add(table.RunLevel, RunCells(&r.Run)...)
	return transposed(t, 0, keys...)
}

// writerFacts names the version that wrote the report where it is not the one that made the run.
func (r *report) writerFacts() []Fact {
	if r.writer() == r.Run.ToolVersion {
		return nil
	}
	return []Fact{{table.RunLevel, "Report written again by", "auditor " + r.writer()}}
}
