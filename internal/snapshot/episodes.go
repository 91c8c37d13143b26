package snapshot

import (
	"context"
	"slices"
	"time"

	"scim-auditor/internal/finding"
)

// Episode is a finding from when it opened until it closed, as a range of snapshots shows it. A finding that
// closes and opens again has two episodes.
type Episode struct {
	// Finding is as in the last snapshot that shows it.
	finding.Finding
	Title, Expected, Remedy string    // as the rules of that snapshot word them
	FirstSeen               time.Time // may be before the range
	// LastID is the last snapshot in the range in which it was open. A finding that a snapshot could not
	// assess stays open.
	LastID int64
	// LastSeen is the last snapshot, up to LastID, in which it failed or was excepted.
	LastSeen time.Time
}

// Episodes returns the findings that were open in the snapshots of an organization with an id above after, up
// to upTo, in no specified order. It skips pruned snapshots.
func (s *Store) Episodes(ctx context.Context, organizationID string, after, upTo int64) ([]Episode, error) {
	all, err := s.queryEpisodes(ctx, organizationID, upTo)
	if err != nil {
		return nil, err
	}
	carried, err := s.carried(ctx, organizationID, after, upTo)
	if err != nil {
		return nil, err
	}
	type stretch struct {
		fingerprint string
		firstSeen   int64 // Unix time
	}
	at := make(map[stretch]int, len(all))
	for i, e := range all {
		at[stretch{e.Fingerprint, e.FirstSeen.Unix()}] = i
	}
	for _, c := range carried {
		i, ok := at[stretch{c.Fingerprint, c.FirstSeen.Unix()}]
		switch {
		case !ok:
			all = append(all, c) // retention removed the snapshots with its texts
		case all[i].LastID < c.LastID:
			all[i].LastID, all[i].LastSeen, all[i].Status, all[i].OriginalStatus = c.LastID, c.LastSeen, c.Status, ""
		}
	}
	return slices.DeleteFunc(all, func(e Episode) bool { return e.LastID <= after }), nil
}

// lastShowing selects the last snapshot with an id above ?2, up to ?3, that shows the version v.
const lastShowing = `(
	SELECT max(s.id)
	FROM whole_snapshots s
	WHERE s.organization_key = v.organization_key AND s.id > ?2 AND s.id <= ?3
	  AND s.id >= v.valid_from AND (v.valid_to IS NULL OR s.id < v.valid_to)
)`

// queryEpisodes returns the episodes up to a snapshot, without those of findings that could not be assessed.
// With max as the only aggregate SQLite takes the other columns from the row that has the maximum:
// https://www.sqlite.org/lang_select.html#bareagg.
func (s *Store) queryEpisodes(ctx context.Context, organizationID string, upTo int64) ([]Episode, error) {
	return queryAll(ctx, s.db, "reading the findings of a period", func(r *reader) Episode {
		return Episode{
			Finding: readFinding(r), FirstSeen: r.instant(), LastID: r.number(), LastSeen: r.instant(),
			Title: r.text(), Expected: r.text(), Remedy: r.text(),
		}
	}, `WITH open AS MATERIALIZED (
		  SELECT `+openColumns+`, `+lastShowing+` AS last_id
		  FROM organizations o
		  JOIN finding_versions v ON v.organization_key = o.key
		  WHERE o.id = ?1 AND v.status IN ('fail', 'excepted') AND v.first_seen IS NOT NULL
		  UNION ALL
		  SELECT `+openColumns+`, v.snapshot_id
		  FROM organizations o
		  JOIN stored_snapshots s ON s.organization_key = o.key AND s.outcome = 'failed' AND s.id > ?2 AND s.id <= ?3
		  JOIN failed_findings v ON v.snapshot_id = s.id
		  WHERE o.id = ?1 AND v.status = 'fail' AND v.first_seen IS NOT NULL
		)
		SELECT `+openColumns+`, max(v.last_id), s.taken_at, w.title, w.expected, w.remedy
		FROM open v
		JOIN stored_snapshots s ON s.id = v.last_id
		LEFT JOIN rule_wordings w ON w.rule_set_id = s.rule_set_id AND w.rule_id = v.rule_id
		GROUP BY v.id, v.first_seen
		ORDER BY v.rule_id, v.subject_type, v.subject_id, v.first_seen, v.id`, organizationID, 0, upTo)
}

// openColumns are the columns of the version v that readFinding reads, and first_seen.
const openColumns = `v.id, v.rule_id, v.severity, v.status, v.original_status, v.subject_type, v.subject_id,
	v.subject_name, v.observed, v.first_seen`

// Carried returns the findings that a complete snapshot could not assess and that therefore stay open. They
// have no texts.
func (s *Store) Carried(ctx context.Context, h Snapshot) ([]Episode, error) {
	return s.carried(ctx, h.OrganizationID, h.ID-1, h.ID)
}

// carried returns the findings that stayed open because complete snapshots could not assess them.
func (s *Store) carried(ctx context.Context, organizationID string, after, upTo int64) ([]Episode, error) {
	return queryAll(ctx, s.db, "reading findings that stay open", func(r *reader) Episode {
		e := Episode{Finding: finding.Finding{Status: finding.NotAssessed}}
		e.Fingerprint, e.FirstSeen, e.LastID = r.text(), r.instant(), r.number()
		e.RuleID, e.LastSeen = r.text(), r.instant()
		return e
	}, `SELECT id, first_seen, max(last_id), rule_id, last_seen
		FROM (
		  SELECT v.*, `+lastShowing+` AS last_id
		  FROM organizations o
		  JOIN carried_finding_versions v ON v.organization_key = o.key
		  WHERE o.id = ?1
		)
		WHERE last_id IS NOT NULL
		GROUP BY id, first_seen
		ORDER BY rule_id, id, first_seen`, organizationID, after, upTo)
}
