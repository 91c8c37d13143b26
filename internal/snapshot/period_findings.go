package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"scim-auditor/internal/finding"
)

// Episode is a finding from when it was first seen without a break until it was open no longer, as a stretch of snapshots shows it.
type Episode struct {
	// Finding is what the last of the snapshots that tells of it says.
	finding.Finding
	FirstSeen time.Time // may be long before the stretch
	// LastID is the last snapshot of the stretch in which it was open; in one that could not assess it, it stays so.
	LastID int64
	// LastSeen is the last snapshot, up to LastID, in which it failed or was excepted.
	LastSeen time.Time
}

// Episodes are the findings that were open in the snapshots of an organization with an id after one and up to another, in no
// certain order. Snapshots that are pruned show none.
func (s *Store) Episodes(ctx context.Context, organizationID string, after, upTo int64) ([]Episode, error) {
	told, err := s.queryEpisodes(ctx, "snapshot_id > ?2 AND snapshot_id <= ?3", organizationID, after, upTo)
	if err != nil {
		return nil, err
	}
	carried, err := s.carried(ctx, organizationID, after, upTo)
	if err != nil || len(carried) == 0 {
		return told, err
	}
	return s.mergeCarried(ctx, organizationID, upTo, told, carried)
}

// queryEpisodes groups the open findings of snapshots. Where max stands alone SQLite takes the other columns from the row that has the maximum:
// https://www.sqlite.org/lang_select.html#bareagg.
func (s *Store) queryEpisodes(ctx context.Context, where string, args ...any) ([]Episode, error) {
	return queryAll(ctx, s.db, "reading the findings of a period", func(row *sql.Rows) (Episode, error) {
		var e Episode
		var firstSeen, taken string
		var original sql.NullString
		err := row.Scan(&e.Fingerprint, &firstSeen, &e.LastID, &taken, &e.RuleID, &e.Title, &e.Severity, &e.Status, &original, &e.SubjectType, &e.SubjectID,
			&e.SubjectName, &e.Observed, &e.Expected)
		e.OriginalStatus = finding.Status(original.String)
		return e, errors.Join(err, parseSeconds(firstSeen, &e.FirstSeen), parseSeconds(taken, &e.LastSeen))
	}, `SELECT fingerprint, first_seen, max(snapshot_id), taken_at, rule_id, title, severity, status, original_status, subject_type, subject_id,
		  subject_name, observed, expected
		FROM findings
		WHERE organization_id = ?1 AND first_seen IS NOT NULL AND status IN ('fail', 'excepted') AND `+where+`
		GROUP BY fingerprint, first_seen
		ORDER BY rule_id, subject_type, subject_id, first_seen, fingerprint`, args...)
}

// Carried are the findings that stay open although a complete snapshot could not assess them. Of their texts they have none.
func (s *Store) Carried(ctx context.Context, h Snapshot) ([]Episode, error) {
	return s.carried(ctx, h.OrganizationID, h.ID-1, h.ID)
}

// carried are the findings that were open while complete snapshots could not assess them.
func (s *Store) carried(ctx context.Context, organizationID string, after, upTo int64) ([]Episode, error) {
	return queryAll(ctx, s.db, "reading findings that stay open", func(row *sql.Rows) (Episode, error) {
		e := Episode{Finding: finding.Finding{Status: finding.NotAssessed}}
		var firstSeen, lastSeen string
		err := row.Scan(&e.Fingerprint, &firstSeen, &e.LastID, &e.RuleID, &lastSeen)
		return e, errors.Join(err, parseSeconds(firstSeen, &e.FirstSeen), parseSeconds(lastSeen, &e.LastSeen))
	}, `SELECT c.fingerprint, c.first_seen, max(c.snapshot_id), c.rule_id, c.last_seen
		FROM carried_findings c
		JOIN snapshots s ON s.id = c.snapshot_id
		WHERE s.organization_id = ?1 AND c.snapshot_id > ?2 AND c.snapshot_id <= ?3
		GROUP BY c.fingerprint, c.first_seen
		ORDER BY c.rule_id, c.fingerprint, c.first_seen`, organizationID, after, upTo)
}

// mergeCarried lets the episodes go on for as long as they were carried, and adds those that were carried alone: with the texts of older
// snapshots, or without where retention removed these.
func (s *Store) mergeCarried(ctx context.Context, organizationID string, upTo int64, told, carried []Episode) ([]Episode, error) {
	older, err := s.queryEpisodes(ctx, "snapshot_id <= ?2 AND fingerprint IN (SELECT fingerprint FROM carried_findings)", organizationID, upTo)
	if err != nil {
		return nil, err
	}
	toldAt, olderAt := places(told), places(older)
	for _, c := range carried {
		if i, ok := toldAt[c.stretch()]; ok {
			if told[i].LastID < c.LastID {
				told[i].LastID, told[i].Status, told[i].OriginalStatus = c.LastID, c.Status, ""
			}
			continue
		}
		if i, ok := olderAt[c.stretch()]; ok {
			c.Finding, c.Status, c.OriginalStatus = older[i].Finding, finding.NotAssessed, ""
		}
		told = append(told, c)
	}
	return told, nil
}

// findingStretch is what tells episodes apart.
type findingStretch struct {
	fingerprint string
	firstSeen   int64 // Unix time
}

func (e *Episode) stretch() findingStretch { return findingStretch{e.Fingerprint, e.FirstSeen.Unix()} }

func places(episodes []Episode) map[findingStretch]int {
	at := make(map[findingStretch]int, len(episodes))
	for i := range episodes {
		at[episodes[i].stretch()] = i
	}
	return at
}
