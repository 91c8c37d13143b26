package snapshot

import (
	"context"
	"encoding/json"

	"scim-auditor/internal/diff"
)

// shownTables has the tables of configurations with the type of their subjects.
var shownTables = map[*versionTable]diff.SubjectType{
	scimVersions: diff.SCIMConfiguration, ssoVersions: diff.SSOConfiguration,
}

// skipReporting moves the beginning of shown versions back to the version before, as long as they
// differ only because the API began or ceased to report a field for all configurations. Such a
// snapshot has a change of the organization and none of the configuration. earlier has the
// configurations with an earlier version.
func (s *Store) skipReporting(
	ctx context.Context, h Snapshot, shown versions, earlier map[diff.Subject]beginning,
) error {
	for table, subjectType := range shownTables {
		open := make(map[int64][]*version) // by the snapshot that began the version
		for i := range shown[table] {
			v := &shown[table][i]
			if _, found := earlier[diff.Subject{Type: subjectType, ID: v.id()}]; found {
				open[v.validFrom] = append(open[v.validFrom], v)
			}
		}
		for len(open) > 0 {
			moved, err := s.moveBack(ctx, h, table, subjectType, open)
			if err != nil {
				return err
			}
			open = moved
		}
	}
	return nil
}

// moveBack moves versions back by one version where it can, and returns those by their new
// beginning.
func (s *Store) moveBack(
	ctx context.Context, h Snapshot, table *versionTable, subjectType diff.SubjectType, open map[int64][]*version,
) (map[int64][]*version, error) {
	var snapshots []int64
	for snapshotID := range open {
		snapshots = append(snapshots, snapshotID)
	}
	list, err := json.Marshal(snapshots)
	if err != nil {
		return nil, err
	}
	type place struct {
		snapshotID int64
		id         string
	}
	changed, reporting := make(map[place]bool), make(map[int64]bool)
	_, err = queryAll(ctx, s.db, "reading which configurations changed", func(r *reader) bool {
		at, kind := place{r.number(), ""}, diff.SubjectType(r.text())
		at.id = r.text()
		reporting[at.snapshotID] = reporting[at.snapshotID] || kind == diff.Organization
		if kind == subjectType {
			changed[at] = true
		}
		return true
	}, `SELECT snapshot_id, subject_type, subject_id
		FROM stored_changes
		WHERE snapshot_id IN (SELECT value FROM json_each(?1))
		ORDER BY snapshot_id, number`, string(list))
	if err != nil {
		return nil, err
	}
	moved := make(map[int64][]*version)
	for snapshotID, begun := range open {
		if !reporting[snapshotID] {
			continue
		}
		before, err := s.endedAt(ctx, h, table, snapshotID)
		if err != nil {
			return nil, err
		}
		for _, v := range begun {
			if b, found := before[v.id()]; found && !changed[place{snapshotID, v.id()}] {
				v.validFrom, v.since = b.validFrom, b.since
				moved[v.validFrom] = append(moved[v.validFrom], v)
			}
		}
	}
	return moved, nil
}

// endedAt returns the versions that ended at a snapshot, by id, with validFrom and since alone.
func (s *Store) endedAt(
	ctx context.Context, h Snapshot, table *versionTable, snapshotID int64,
) (map[string]version, error) {
	ended := make(map[string]version)
	_, err := queryAll(ctx, s.db, "reading the versions before", func(r *reader) bool {
		id := r.text()
		ended[id] = version{validFrom: r.number(), since: r.instant()}
		return true
	}, `SELECT v.id, v.valid_from, s.taken_at
		FROM `+table.name+` v JOIN stored_snapshots s ON s.id = v.valid_from
		WHERE v.organization_key = `+keyOf+` AND v.valid_to = ?2
		ORDER BY v.id`, h.OrganizationID, snapshotID)
	return ended, err
}
