package snapshot

import (
	"scim-auditor/internal/diff"
	"scim-auditor/internal/evidence"
	"scim-auditor/internal/ona"
)

var (
	changeColumns = []string{"snapshot_id", "number", "severity", "kind", "subject_type", "subject_id", "subject_name", "field", "before", "after",
		"before_label", "after_label", "note", "actor_id", "actor_principal", "actor_action", "actor_at"}
	snapshotColumns = []string{"id", "run_id", "source", "organization_id", "organization_name", "organization_tier", "base_url", "principal_id",
		"principal", "taken_at", "outcome", "baseline_id", "error_code", "error", "pages", "scim_pages", "scim_rows_per_page",
		"scim_final_token_empty", "sso_pages", "sso_rows_per_page", "sso_final_token_empty", "scim_received", "scim_distinct", "scim_configurations",
		"sso_received", "sso_distinct", "sso_configurations", "sso_not_assessed", "policies_not_assessed", "retries", "server_clock_offset_ms",
		"notes", "unknown_fields", "changes", "failing_findings", "content_sha256", "records_sha256", "chain_sha256"}
	// runColumns are what is known when a run begins and never changes.
	runColumns = []string{"id", "started_at", "scheduled_for", "trigger", "tool_version", "host"}
)

// What is hashed of a snapshot: its row but for the chain's own value, its run, and its changes without their snapshot_id.
var (
	snapshotForm = evidence.NewForm("snapshot", snapshotColumns[:len(snapshotColumns)-1]...)
	runForm      = evidence.NewForm("run", runColumns...)
	changeForm   = evidence.NewForm("change", changeColumns[1:]...)
)

// headerRow is the values of snapshotColumns, of which the chain's own value is the last.
func headerRow(h Snapshot) []any {
	var offset any
	if h.ServerClockKnown {
		offset = h.ServerClockOffset.Milliseconds()
	}
	return []any{h.ID, h.RunID, h.Source, nullText(h.OrganizationID), nullText(h.OrganizationName), nullText(h.OrganizationTier), h.BaseURL,
		nullText(h.PrincipalID), nullText(h.Principal), formatSeconds(h.TakenAt), string(h.Outcome), nullID(h.BaselineID), nullText(h.ErrorCode),
		nullText(h.Error), h.Pages, h.SCIMListing.Pages, h.SCIMListing.RowsPerPage, boolean(h.SCIMListing.FinalTokenEmpty),
		h.SSOListing.Pages, h.SSOListing.RowsPerPage, boolean(h.SSOListing.FinalTokenEmpty), h.SCIMReceived, h.SCIMDistinct, h.SCIMConfigurations, h.SSOReceived, h.SSODistinct, h.SSOConfigurations,
		nullText(h.SSONotAssessed), nullText(h.PoliciesNotAssessed), h.Retries, offset, jsonText(h.Notes, "[]"), jsonText(h.UnknownFields, "[]"),
		h.Changes, h.FailingFindings, nullText(h.ContentSHA256), h.RecordsSHA256, h.ChainSHA256}
}

func changeRows(snapshotID int64, changes []diff.Change, candidates [][]ona.AuditLogEntry) [][]any {
	rows := make([][]any, 0, len(changes))
	for i, c := range changes {
		actor := newest(candidates, i)
		rows = append(rows, []any{snapshotID, int64(i + 1), string(c.Severity), string(c.Kind), string(c.SubjectType), c.SubjectID, c.SubjectName,
			nullText(c.Field), nullText(c.Before), nullText(c.After), nullText(c.BeforeLabel), nullText(c.AfterLabel), nullText(c.Note),
			nullText(actor.ActorID), nullText(actor.ActorPrincipal), nullText(actor.Action), nullInstant(actor.CreatedAt)})
	}
	return rows
}
