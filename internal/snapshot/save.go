package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/evidence"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
)

// Collected is a complete snapshot to be stored. Of Snapshot the caller sets what the collection told; the store sets the id, the outcome,
// the counts of stored rows and the hashes.
type Collected struct {
	Snapshot  Snapshot
	Inventory ona.Inventory
	Changes   []diff.Change
	Findings  []finding.Finding
	Exchanges []Exchange
	// Responses are the bytes of the answers, in the order of Exchanges.
	Responses [][]byte
}

// SaveComplete stores a complete snapshot in one transaction: all of it or nothing. It fails when Snapshot.BaselineID is not the last
// complete snapshot of the organization, for then the changes would belong to another pair.
func (s *Store) SaveComplete(ctx context.Context, c Collected) (Snapshot, error) {
	doing := "storing the snapshot of organization " + c.Snapshot.OrganizationID
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return Snapshot{}, fmt.Errorf("%s: %w", doing, err)
	}
	defer rollback(tx)
	header := c.Snapshot
	header.Outcome = Complete
	if err := checkBaseline(ctx, tx, header); err != nil {
		return Snapshot{}, fmt.Errorf("%s: %w", doing, err)
	}
	if header.ID, err = nextSnapshotID(ctx, tx); err != nil {
		return Snapshot{}, fmt.Errorf("%s: %w", doing, err)
	}
	if err := storeInventory(ctx, tx, &header, c.Inventory); err != nil {
		return Snapshot{}, fmt.Errorf("%s: %w", doing, err)
	}
	if err := storeRecords(ctx, tx, &header, c); err != nil {
		return Snapshot{}, fmt.Errorf("%s: %w", doing, err)
	}
	return header, commit(tx, doing)
}

// SaveFailed stores that an organization's snapshot could not be taken: the header with its reason, and the findings that follow.
func (s *Store) SaveFailed(ctx context.Context, header Snapshot, findings []finding.Finding) (Snapshot, error) {
	doing := "storing the failed snapshot of " + header.Source
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return Snapshot{}, fmt.Errorf("%s: %w", doing, err)
	}
	defer rollback(tx)
	header.Outcome = Failed
	header.BaselineID = 0
	if header.ID, err = nextSnapshotID(ctx, tx); err != nil {
		return Snapshot{}, fmt.Errorf("%s: %w", doing, err)
	}
	if err := storeRecords(ctx, tx, &header, Collected{Findings: findings}); err != nil {
		return Snapshot{}, fmt.Errorf("%s: %w", doing, err)
	}
	return header, commit(tx, doing)
}

func checkBaseline(ctx context.Context, tx *sql.Tx, header Snapshot) error {
	last, _, err := lastComplete(ctx, tx, header.OrganizationID, 0)
	if err != nil {
		return err
	}
	if last.ID != header.BaselineID {
		return fmt.Errorf("its baseline is snapshot %d, but the last complete snapshot is %d now", header.BaselineID, last.ID)
	}
	return nil
}

func nextSnapshotID(ctx context.Context, tx *sql.Tx) (int64, error) {
	var id int64
	err := tx.QueryRowContext(ctx, "SELECT coalesce(max(id), 0) + 1 FROM snapshots").Scan(&id)
	return id, err
}

// storeInventory replaces what holds for the organization and sets the counts and the hash of what is stored. What could not be read is
// left as it was: the snapshot's views do not show it.
func storeInventory(ctx context.Context, tx *sql.Tx, header *Snapshot, inventory ona.Inventory) error {
	key, err := organizationKey(ctx, tx, header.OrganizationID)
	if err != nil {
		return err
	}
	digest := evidence.NewDigest()
	if _, err := store(ctx, tx, digest, organizationKind, key, header.ID, []ona.Organization{inventory.Organization}); err != nil {
		return err
	}
	if inventory.Policies != nil {
		listing := []policies{{organizationID: header.OrganizationID, OrganizationPolicies: *inventory.Policies}}
		if _, err := store(ctx, tx, digest, policiesKind, key, header.ID, listing); err != nil {
			return err
		}
	}
	if header.SCIMConfigurations, err = store(ctx, tx, digest, scimKind, key, header.ID, inventory.SCIM); err != nil {
		return err
	}
	if inventory.SSONotAssessed == "" {
		if header.SSOConfigurations, err = store(ctx, tx, digest, ssoKind, key, header.ID, inventory.SSO); err != nil {
			return err
		}
	}
	header.ContentSHA256 = digest.Sum()
	return nil
}

// store replaces the rows of one kind, adds what is now stored to the digest, and counts it.
func store[T any](ctx context.Context, tx *sql.Tx, digest *evidence.Digest, k kind[T], key, snapshotID int64, listing []T) (int, error) {
	stored, err := k.replace(ctx, tx, key, snapshotID, listing)
	if err != nil {
		return 0, err
	}
	for _, value := range stored {
		digest.Record(append([]any{k.name, k.id(value)}, k.values(value)...)...)
	}
	return len(stored), nil
}

func organizationKey(ctx context.Context, tx *sql.Tx, id string) (int64, error) {
	if _, err := tx.ExecContext(ctx, "INSERT INTO organizations (id) VALUES (?) ON CONFLICT (id) DO NOTHING", id); err != nil {
		return 0, err
	}
	key, _, err := findOrganization(ctx, tx, id)
	return key, err
}

func findOrganization(ctx context.Context, q querier, id string) (key int64, found bool, err error) {
	keys, err := queryAll(ctx, q, "reading organizations", func(row *sql.Rows) (int64, error) {
		var key int64
		return key, row.Scan(&key)
	}, "SELECT key FROM organizations WHERE id = ?", id)
	if err != nil || len(keys) == 0 {
		return 0, false, err
	}
	return keys[0], true, nil
}

// storeRecords writes the header and what hangs on it, and sets the chain's value: a hash over the previous snapshot's value, the header,
// the exchanges, the changes and the findings.
func storeRecords(ctx context.Context, tx *sql.Tx, header *Snapshot, c Collected) error {
	carried, err := firstSeen(ctx, tx, *header, c.Findings)
	if err != nil {
		return err
	}
	exchanges := exchangeRows(header.ID, c.Exchanges)
	changes := changeRows(header.ID, c.Changes)
	findings := findingRows(header.ID, c.Findings, carried)
	previous, err := lastChainValue(ctx, tx)
	if err != nil {
		return err
	}
	chain := evidence.NewDigest()
	row := headerRow(*header)
	chain.Record(previous)
	chain.Record(row[:len(row)-1]...)
	for _, rows := range [][][]any{exchanges, changes, findings} {
		for _, r := range rows {
			chain.Record(r...)
		}
	}
	header.ChainSHA256 = chain.Sum()
	if err := insertRows(ctx, tx, "snapshots", snapshotColumns, [][]any{headerRow(*header)}); err != nil {
		return err
	}
	if err := storeResponses(ctx, tx, c.Exchanges, c.Responses); err != nil {
		return err
	}
	if err := insertRows(ctx, tx, "exchanges", exchangeColumns, exchanges); err != nil {
		return err
	}
	if err := insertRows(ctx, tx, "stored_changes", changeColumns, changes); err != nil {
		return err
	}
	return insertRows(ctx, tx, "stored_findings", findingColumns, findings)
}

func lastChainValue(ctx context.Context, tx *sql.Tx) (string, error) {
	var value string
	err := tx.QueryRowContext(ctx, "SELECT chain_sha256 FROM snapshots ORDER BY id DESC LIMIT 1").Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}

// firstSeen says, by fingerprint, since when each finding that is open has been open: as the organization's baseline or a failed snapshot
// after it says, else since this snapshot.
func firstSeen(ctx context.Context, tx *sql.Tx, header Snapshot, findings []finding.Finding) (map[string]string, error) {
	type seen struct{ fingerprint, at string }
	known, err := queryAll(ctx, tx, "reading open findings", func(row *sql.Rows) (seen, error) {
		var s seen
		return s, row.Scan(&s.fingerprint, &s.at)
	}, `SELECT f.fingerprint, min(f.first_seen)
		FROM stored_findings f
		JOIN snapshots s ON s.id = f.snapshot_id
		WHERE s.organization_id = ?1
		  AND f.first_seen IS NOT NULL
		  AND s.id >= (SELECT coalesce(max(b.id), 0) FROM snapshots b WHERE b.organization_id = ?1 AND b.outcome = 'complete')
		GROUP BY f.fingerprint
		ORDER BY f.fingerprint`, header.OrganizationID)
	if err != nil {
		return nil, err
	}
	before := make(map[string]string, len(known))
	for _, k := range known {
		before[k.fingerprint] = k.at
	}
	open := make(map[string]string, len(before))
	for _, f := range findings {
		at, carried := before[f.Fingerprint]
		switch {
		case f.Status == finding.Pass || f.Status == finding.NotAssessed && !carried:
			continue
		case !carried:
			at = formatSeconds(header.TakenAt)
		}
		open[f.Fingerprint] = at
	}
	return open, nil
}
