package snapshot

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
)

// snapshotColumns are the columns in the record of a snapshot: those of the view snapshots,
// except chain_sha256 and pruned_at.
var snapshotColumns = []string{
	"id", "run_id", "source", "organization_id", "organization_name", "organization_tier", "base_url", "principal_id",
	"principal", "taken_at", "outcome", "baseline_id", "error_code", "error", "pages",
	"scim_pages", "scim_rows_per_page", "scim_final_token_empty", "scim_listings", "scim_agreeing",
	"sso_pages", "sso_rows_per_page", "sso_final_token_empty", "sso_listings", "sso_agreeing",
	"scim_received", "scim_distinct", "scim_configurations", "sso_received", "sso_distinct", "sso_configurations",
	"domain_verifications", "members_setting", "members_salt_id",
	"member_pages", "member_rows_per_page", "member_final_token_empty", "member_listings", "member_agreeing",
	"members_received", "members_distinct", "members", "members_counted", "members_count_relation", "member_tokens",
	"sso_not_assessed", "policies_not_assessed", "domains_not_assessed", "members_not_assessed",
	"member_tokens_not_assessed", "leavers", "audit_log_not_assessed", "audit_log_lacking",
	"own_tokens", "own_token_ends_at", "own_token_not_assessed",
	"retries", "server_clock_offset_ms", "notes", "unknown_fields",
	"changes", "failing_findings", "content_sha256", "records_sha256", "rule_set_id", "ledger_number",
}

// organizationColumn is the index of organization_id. The table stored_snapshots has
// organization_key instead.
const organizationColumn = 3

func headerValues(h Snapshot) []any {
	var offset, counted any
	if h.MembersCountRelation != "" {
		counted = int64(h.MembersCounted)
	}
	if h.ServerClockKnown {
		offset = h.ServerClockOffset.Milliseconds()
	}
	return []any{
		h.ID, h.RunID, h.Source, orNull(h.OrganizationID), orNull(h.OrganizationName), orNull(h.OrganizationTier),
		h.BaseURL, orNull(h.PrincipalID), orNull(h.Principal), formatSeconds(h.TakenAt), string(h.Outcome),
		orNull(h.BaselineID), orNull(h.ErrorCode), orNull(h.Error), int64(h.Pages),
		int64(h.SCIMListing.Pages), h.SCIMListing.RowsPerPage, flag(h.SCIMListing.FinalTokenEmpty),
		int64(h.SCIMListing.Listings), int64(h.SCIMListing.Agreeing),
		int64(h.SSOListing.Pages), h.SSOListing.RowsPerPage, flag(h.SSOListing.FinalTokenEmpty),
		int64(h.SSOListing.Listings), int64(h.SSOListing.Agreeing),
		int64(h.SCIMReceived), int64(h.SCIMDistinct), int64(h.SCIMConfigurations),
		int64(h.SSOReceived), int64(h.SSODistinct), int64(h.SSOConfigurations),
		int64(h.DomainVerifications), string(h.MembersSetting), orNull(h.MembersSaltID),
		int64(h.MemberListing.Pages), h.MemberListing.RowsPerPage, flag(h.MemberListing.FinalTokenEmpty),
		int64(h.MemberListing.Listings), int64(h.MemberListing.Agreeing),
		int64(h.MembersReceived), int64(h.MembersDistinct), int64(h.Members), counted, orNull(h.MembersCountRelation),
		int64(h.MemberTokens), orNull(h.SSONotAssessed), orNull(h.PoliciesNotAssessed),
		orNull(h.DomainsNotAssessed), orNull(h.MembersNotAssessed), orNull(h.MemberTokensNotAssessed), leaversText(h.Leavers),
		orNull(h.AuditLogNotAssessed), orNull(h.AuditLogLacking),
		int64(h.OwnToken.Tokens), nullInstant(h.OwnToken.Ends), orNull(h.OwnToken.NotAssessed), int64(h.Retries), offset,
		jsonText(h.Notes, "[]"), jsonText(h.UnknownFields, "[]"), int64(h.Changes), int64(h.FailingFindings),
		orNull(h.ContentSHA256), h.RecordsSHA256, orNull(h.RuleSetID), h.LedgerNumber,
	}
}

func readHeader(r *reader) Snapshot {
	h := Snapshot{
		ID: r.number(), RunID: r.number(), Source: r.text(), OrganizationID: r.text(), OrganizationName: r.text(),
		OrganizationTier: r.text(), BaseURL: r.text(), PrincipalID: r.text(), Principal: r.text(), TakenAt: r.instant(),
		Outcome: Outcome(r.text()), BaselineID: r.number(), ErrorCode: r.text(), Error: r.text(), Pages: r.count(),
		SCIMListing: readListing(r), SSOListing: readListing(r),
		SCIMReceived: r.count(), SCIMDistinct: r.count(), SCIMConfigurations: r.count(),
		SSOReceived: r.count(), SSODistinct: r.count(), SSOConfigurations: r.count(),
		DomainVerifications: r.count(), MembersSetting: MembersSetting(r.text()), MembersSaltID: r.text(),
		MemberListing: readListing(r), MembersReceived: r.count(), MembersDistinct: r.count(), Members: r.count(),
		MembersCounted: r.count(), MembersCountRelation: r.text(), MemberTokens: r.count(),
		SSONotAssessed: r.text(), PoliciesNotAssessed: r.text(), DomainsNotAssessed: r.text(),
		MembersNotAssessed: r.text(), MemberTokensNotAssessed: r.text(), Leavers: readLeavers(r),
		AuditLogNotAssessed: r.text(), AuditLogLacking: r.text(),
		OwnToken: ona.OwnToken{Tokens: r.count(), Ends: r.instant(), NotAssessed: r.text()}, Retries: r.count(),
	}
	h.ServerClockKnown = r.values[r.next] != nil
	h.ServerClockOffset = time.Duration(r.number()) * time.Millisecond
	h.Notes, h.UnknownFields = r.texts(), r.texts()
	h.Changes, h.FailingFindings = r.count(), r.count()
	h.ContentSHA256, h.RecordsSHA256 = r.text(), r.text()
	h.RuleSetID, h.LedgerNumber, h.ChainSHA256, h.PrunedAt = r.number(), r.number(), r.text(), r.instant()
	return h
}

// leaversText returns what a list of leavers says as JSON, nil without a list.
func leaversText(l *finding.Leavers) any {
	if l == nil {
		return nil
	}
	return ona.JSON(l)
}

func readLeavers(r *reader) *finding.Leavers {
	text := r.text()
	if text == "" {
		return nil
	}
	l := new(finding.Leavers)
	if err := json.Unmarshal([]byte(text), l); err != nil {
		r.fail(fmt.Errorf("the list of leavers: %w", err))
	}
	return l
}

func readListing(r *reader) Listing {
	return Listing{
		Pages: r.count(), RowsPerPage: r.text(), FinalTokenEmpty: r.flag(), Listings: r.count(), Agreeing: r.count(),
	}
}

func querySnapshots(ctx context.Context, q querier, where string, args ...any) ([]Snapshot, error) {
	return queryAll(ctx, q, "reading snapshots", readHeader, snapshotQuery+where, args...)
}

// snapshotQuery selects what readHeader reads.
var snapshotQuery = "SELECT " + strings.Join(snapshotColumns, ", ") + ", chain_sha256, pruned_at FROM snapshots "

// Snapshot returns the snapshot with this id, or ErrNotFound.
func (s *Store) Snapshot(ctx context.Context, id int64) (Snapshot, error) {
	h, found, err := first(querySnapshots(ctx, s.db, "WHERE id = ?", id))
	if err == nil && !found {
		err = fmt.Errorf("snapshot %d: %w", id, ErrNotFound)
	}
	return h, err
}

// Snapshots returns the snapshots of a run, sorted by source.
func (s *Store) Snapshots(ctx context.Context, runID int64) ([]Snapshot, error) {
	return querySnapshots(ctx, s.db, "WHERE run_id = ? ORDER BY source, id", runID)
}

// LeftOut returns the last snapshot of each organization that the runs from an earlier run on
// collected and a run did not, sorted by source. An organization that this run could not identify
// counts as collected.
func (s *Store) LeftOut(ctx context.Context, earlierRun, runID int64) ([]Snapshot, error) {
	return querySnapshots(ctx, s.db, `
		WHERE id IN (
		    SELECT max(id)
		    FROM snapshots
		    WHERE run_id >= ?1 AND run_id < ?2 AND organization_id IS NOT NULL
		    GROUP BY organization_id
		  )
		  AND organization_id NOT IN (
		    SELECT organization_id FROM snapshots WHERE run_id = ?2 AND organization_id IS NOT NULL
		  )
		  AND source NOT IN (SELECT source FROM snapshots WHERE run_id = ?2 AND organization_id IS NULL)
		ORDER BY source, id`, earlierRun, runID)
}

// CompleteSnapshots returns the complete snapshots of an organization that are not pruned,
// oldest first. An empty organizationID selects every organization.
func (s *Store) CompleteSnapshots(ctx context.Context, organizationID string) ([]Snapshot, error) {
	return querySnapshots(ctx, s.db, `
		WHERE outcome = 'complete' AND pruned_at IS NULL AND (?1 = '' OR organization_id = ?1)
		ORDER BY id`, organizationID)
}

// LastComplete returns the newest complete snapshot of the organization with an id below before
// (0: any id).
func (s *Store) LastComplete(ctx context.Context, organizationID string, before int64) (Snapshot, bool, error) {
	return lastComplete(ctx, s.db, organizationID, before, "")
}

// lastComplete returns the newest complete snapshot that also satisfies the SQL condition
// `and`.
func lastComplete(
	ctx context.Context, q querier, organizationID string, before int64, and string,
) (Snapshot, bool, error) {
	return first(querySnapshots(ctx, q, `
		WHERE organization_id = ?1 AND outcome = 'complete' AND (?2 = 0 OR id < ?2) `+and+`
		ORDER BY id DESC
		LIMIT 1`, organizationID, before))
}

// Pinned returns the newest complete snapshot of a source with an id below before (0: any id).
// Later snapshots of the source must be from the same organization.
func (s *Store) Pinned(ctx context.Context, source string, before int64) (Snapshot, bool, error) {
	return first(querySnapshots(ctx, s.db, `
		WHERE source = ?1 AND outcome = 'complete' AND (?2 = 0 OR id < ?2)
		ORDER BY id DESC
		LIMIT 1`, source, before))
}

// MembersSaltID returns the SaltID with which members were last redacted; empty if they never were.
func (s *Store) MembersSaltID(ctx context.Context) (string, error) {
	id, _, err := first(queryAll(ctx, s.db, "reading the salt of redacted members", (*reader).text, `
		SELECT members_salt_id FROM stored_snapshots WHERE members_salt_id IS NOT NULL ORDER BY id DESC LIMIT 1`))
	return id, err
}

func checkPruned(h Snapshot) error {
	if h.PrunedAt.IsZero() {
		return nil
	}
	return fmt.Errorf("the inventory of snapshot %d: %w on %s", h.ID, ErrPruned, formatSeconds(h.PrunedAt))
}

// notPruned returns ErrPruned if retention removed the rows of a snapshot. Otherwise it never
// had any.
func (s *Store) notPruned(ctx context.Context, snapshotID int64) error {
	h, err := s.Snapshot(ctx, snapshotID)
	return cmp.Or(err, checkPruned(h))
}

// LatestComplete returns the newest complete snapshot of each organization that was taken until an
// instant (the zero time: all), sorted by id. It
// reads no other snapshot, so that its time does not grow with the number of runs.
func (s *Store) LatestComplete(ctx context.Context, until time.Time) ([]Snapshot, error) {
	return querySnapshots(ctx, s.db, `WHERE id IN (
		SELECT (
			SELECT s.id
			FROM snapshots s
			WHERE s.organization_id = o.id AND s.outcome = 'complete' AND (?1 IS NULL OR s.taken_at <= ?1)
			ORDER BY s.id DESC
			LIMIT 1
		)
		FROM organizations o
	) ORDER BY id`, nullSeconds(until))
}

// EachSnapshotBetween calls do for each snapshot taken from one instant to another, both included,
// by id. It includes pruned snapshots. The instants are whole seconds.
func (s *Store) EachSnapshotBetween(ctx context.Context, from, to time.Time, do func(Snapshot)) error {
	return queryEach(ctx, s.db, "reading snapshots", func(r *reader) {
		if h := readHeader(r); r.err == nil {
			do(h)
		}
	}, snapshotQuery+"WHERE taken_at >= ? AND taken_at <= ? ORDER BY id", formatSeconds(from), formatSeconds(to))
}

// CompleteBefore returns the newest complete snapshot of each organization that was taken
// before an instant by the runs up to upTo, sorted by id. It includes pruned snapshots.
func (s *Store) CompleteBefore(ctx context.Context, upTo int64, at time.Time) ([]Snapshot, error) {
	return querySnapshots(ctx, s.db, `WHERE id IN (
		SELECT max(id)
		FROM stored_snapshots
		WHERE outcome = 'complete' AND run_id <= ? AND taken_at < ?
		GROUP BY organization_key
	) ORDER BY id`, upTo, formatSeconds(at))
}

// FirstFailedBefore returns the oldest failed snapshot of each source and organization that was
// taken before an instant by the runs up to upTo, sorted by id.
func (s *Store) FirstFailedBefore(ctx context.Context, upTo int64, at time.Time) ([]Snapshot, error) {
	return querySnapshots(ctx, s.db, `WHERE id IN (
		SELECT min(id)
		FROM stored_snapshots
		WHERE outcome = 'failed' AND run_id <= ? AND taken_at < ?
		GROUP BY source, organization_key
	) ORDER BY id`, upTo, formatSeconds(at))
}

// NetChanges returns the differences between two complete snapshots of one organization, and
// ignores those in between. It does not compare what either could not read. It fails with
// ErrPruned if either is pruned.
func (s *Store) NetChanges(ctx context.Context, before, after Snapshot) ([]diff.Change, error) {
	old, oldErr := s.Inventory(ctx, before)
	current, currentErr := s.Inventory(ctx, after)
	seen, seenErr := s.SeenBefore(ctx, before)
	if err := cmp.Or(oldErr, currentErr, seenErr); err != nil {
		return nil, err
	}
	return diff.Compute(old, current, seen), nil
}

// Counts has counts from the views over a range of snapshots of one organization, as a second
// source for the counts in a report.
type Counts struct {
	Complete            int // snapshots
	Changes             int
	SCIMAdded, SSOAdded int // configurations that were added or reappeared
	SCIMGone, SSOGone   int // configurations that were removed
}

// Counts counts over the snapshots of an organization with an id above after, up to upTo.
func (s *Store) Counts(ctx context.Context, organizationID string, after, upTo int64) (Counts, error) {
	c, _, err := first(queryAll(ctx, s.db, "counting over snapshots", func(r *reader) Counts {
		return Counts{
			Complete: r.count(), Changes: r.count(),
			SCIMAdded: r.count(), SSOAdded: r.count(), SCIMGone: r.count(), SSOGone: r.count(),
		}
	}, `SELECT
		  (SELECT count(*) FROM snapshots WHERE organization_id = ?1 AND outcome = 'complete' AND id > ?2 AND id <= ?3),
		  count(*),
		  count(*) FILTER (WHERE subject_type = 'scim_configuration' AND kind IN ('added', 'reappeared')),
		  count(*) FILTER (WHERE subject_type = 'sso_configuration' AND kind IN ('added', 'reappeared')),
		  count(*) FILTER (WHERE subject_type = 'scim_configuration' AND kind = 'removed'),
		  count(*) FILTER (WHERE subject_type = 'sso_configuration' AND kind = 'removed')
		FROM changes
		WHERE organization_id = ?1 AND snapshot_id > ?2 AND snapshot_id <= ?3`, organizationID, after, upTo))
	return c, err
}
