package snapshot

import (
	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
)

var (
	changeColumns = []string{"snapshot_id", "number", "severity", "kind", "subject_type", "subject_id", "subject_name", "field", "before", "after",
		"before_label", "after_label", "note"}
	findingColumns = []string{"snapshot_id", "number", "rule_id", "title", "severity", "status", "original_status", "subject_type", "subject_id",
		"subject_name", "observed", "expected", "fingerprint", "first_seen"}
	exchangeColumns = []string{"snapshot_id", "number", "method", "request", "status", "sent_at", "duration_us", "server_date", "records", "retries",
		"response_sha256"}
	snapshotColumns = []string{"id", "run_id", "source", "organization_id", "organization_name", "organization_tier", "base_url", "principal_id",
		"principal", "taken_at", "outcome", "baseline_id", "error_code", "error", "pages", "scim_pages", "scim_rows_per_page",
		"scim_final_token_empty", "sso_pages", "sso_rows_per_page", "sso_final_token_empty", "scim_received", "scim_distinct", "scim_configurations",
		"sso_received", "sso_distinct", "sso_configurations", "sso_not_assessed", "policies_not_assessed", "retries", "server_clock_offset_ms",
		"notes", "unknown_fields", "content_sha256", "chain_sha256"}
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
		nullText(h.ContentSHA256), h.ChainSHA256}
}

func exchangeRows(snapshotID int64, exchanges []Exchange) [][]any {
	rows := make([][]any, 0, len(exchanges))
	for _, e := range exchanges {
		rows = append(rows, []any{snapshotID, e.Number, e.Method, e.Request, e.Status, ona.FormatTime(e.SentAt), e.Duration.Microseconds(),
			nullSeconds(e.ServerDate), e.Records, jsonText(e.Retries, "[]"), e.ResponseSHA256})
	}
	return rows
}

func changeRows(snapshotID int64, changes []diff.Change) [][]any {
	rows := make([][]any, 0, len(changes))
	for i, c := range changes {
		rows = append(rows, []any{snapshotID, i + 1, string(c.Severity), string(c.Kind), string(c.SubjectType), c.SubjectID, c.SubjectName, nullText(c.Field),
			nullText(c.Before), nullText(c.After), nullText(c.BeforeLabel), nullText(c.AfterLabel), nullText(c.Note)})
	}
	return rows
}

func findingRows(snapshotID int64, findings []finding.Finding, firstSeen map[string]string) [][]any {
	rows := make([][]any, 0, len(findings))
	for i, f := range findings {
		rows = append(rows, []any{snapshotID, i + 1, f.RuleID, f.Title, string(f.Severity), string(f.Status), nullText(string(f.OriginalStatus)),
			string(f.SubjectType), f.SubjectID, f.SubjectName, f.Observed, f.Expected, f.Fingerprint, nullText(firstSeen[f.Fingerprint])})
	}
	return rows
}
