package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

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
	// Response gives the bytes of the answer of Exchanges[i].
	Response func(i int) ([]byte, error)
	// AuditLog is nil where the log was not to be read. Candidates are entries of it for each of Changes, newest first.
	AuditLog   *AuditLog
	Candidates [][]ona.AuditLogEntry
	// Acceptances are the exceptions that concern the organization.
	Acceptances []finding.Acceptance

	baseline Snapshot // the zero Snapshot without one
}

// SaveComplete stores a complete snapshot in one transaction: all of it or nothing. It fails when Snapshot.BaselineID is not the last
// complete snapshot of the organization, for then the changes would belong to another pair.
func (s *Store) SaveComplete(ctx context.Context, c Collected) (Snapshot, error) {
	doing := "storing the snapshot of organization " + c.Snapshot.OrganizationID
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return Snapshot{}, fmt.Errorf("%s: %w", doing, explain(err))
	}
	defer rollback(tx)
	header := c.Snapshot
	header.Outcome = Complete
	if c.baseline, err = readBaseline(ctx, tx, header); err != nil {
		return Snapshot{}, fmt.Errorf("%s: %w", doing, explain(err))
	}
	if header.ID, err = nextSnapshotID(ctx, tx); err != nil {
		return Snapshot{}, fmt.Errorf("%s: %w", doing, explain(err))
	}
	key, err := organizationKey(ctx, tx, header.OrganizationID)
	if err != nil {
		return Snapshot{}, fmt.Errorf("%s: %w", doing, explain(err))
	}
	if err := storeWhole(ctx, tx, &header, key, c); err != nil {
		return Snapshot{}, fmt.Errorf("%s: %w", doing, explain(err))
	}
	return header, commit(tx, doing)
}

// storeWhole writes the header before the configurations that refer to it: while a reference has no header yet, SQLite looks for it in all
// rows of all organizations when the header comes (https://www.sqlite.org/foreignkeys.html#fk_deferred).
func storeWhole(ctx context.Context, tx *sql.Tx, header *Snapshot, key int64, c Collected) error {
	differences, err := compareInventory(ctx, tx, header, key, c.Inventory)
	if err != nil {
		return err
	}
	if err := storeRecords(ctx, tx, header, key, c); err != nil {
		return err
	}
	for _, d := range differences {
		if err := d.write(ctx, tx, key, header.ID); err != nil {
			return err
		}
	}
	return nil
}

// SaveFailed stores that an organization's snapshot could not be taken: the header with its reason, and the findings that follow.
func (s *Store) SaveFailed(ctx context.Context, header Snapshot, findings []finding.Finding) (Snapshot, error) {
	doing := "storing the failed snapshot of " + header.Source
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return Snapshot{}, fmt.Errorf("%s: %w", doing, explain(err))
	}
	defer rollback(tx)
	header.Outcome = Failed
	header.BaselineID = 0
	if header.ID, err = nextSnapshotID(ctx, tx); err != nil {
		return Snapshot{}, fmt.Errorf("%s: %w", doing, explain(err))
	}
	if err := storeRecords(ctx, tx, &header, 0, Collected{Findings: findings}); err != nil {
		return Snapshot{}, fmt.Errorf("%s: %w", doing, explain(err))
	}
	return header, commit(tx, doing)
}

func readBaseline(ctx context.Context, tx *sql.Tx, header Snapshot) (Snapshot, error) {
	last, _, err := lastComplete(ctx, tx, header.OrganizationID, 0)
	if err == nil && last.ID != header.BaselineID {
		err = fmt.Errorf("its baseline is snapshot %d, but the last complete snapshot is %d now", header.BaselineID, last.ID)
	}
	return last, err
}

func nextSnapshotID(ctx context.Context, tx *sql.Tx) (int64, error) {
	var id int64
	err := tx.QueryRowContext(ctx, "SELECT coalesce(max(id), 0) + 1 FROM snapshots").Scan(&id)
	return id, err
}

// compareInventory finds what has to be written so that the inventory holds for the organization, and sets the counts and the hash of what is
// then stored. What could not be read is left as it was: the snapshot's views do not show it.
func compareInventory(ctx context.Context, tx *sql.Tx, header *Snapshot, key int64, inventory ona.Inventory) ([]difference, error) {
	digest := newDigester()
	defer digest.close()
	var all []difference
	compare := func(t table, l listing) error {
		d, err := t.compare(ctx, tx, key, l, digest.of(t.form))
		all = append(all, d)
		return err
	}
	if err := compare(organizationKind.table, organizationKind.rows([]ona.Organization{inventory.Organization})); err != nil {
		return nil, err
	}
	if inventory.Policies != nil {
		one := []policies{{organizationID: header.OrganizationID, OrganizationPolicies: *inventory.Policies}}
		if err := compare(policiesKind.table, policiesKind.rows(one)); err != nil {
			return nil, err
		}
	}
	scim := inventory.SCIM
	if err := compare(scimKind.table, scimKind.rows(scim)); err != nil {
		return nil, err
	}
	header.SCIMConfigurations = len(scim)
	if inventory.SSONotAssessed == "" {
		if err := compare(ssoKind.table, ssoKind.rows([]ona.SSOConfiguration(inventory.SSO))); err != nil {
			return nil, err
		}
		header.SSOConfigurations = len(inventory.SSO)
	}
	header.ContentSHA256 = digest.close()
	return all, nil
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

// storeRecords writes the header and what hangs on it, and sets the hashes: one over the exchanges, the changes, the findings and what
// these were judged by, and the chain's value over the previous snapshot's, the run and the header. key is the organization's, 0 for a failed
// snapshot.
func storeRecords(ctx context.Context, tx *sql.Tx, header *Snapshot, key int64, c Collected) error {
	open, carried, err := firstSeen(ctx, tx, *header, c.Findings)
	if err != nil {
		return err
	}
	changes := changeRows(header.ID, c.Changes, c.Candidates)
	findings := findingValues(c.Findings, open)
	judged := judgementRows(header.ID, c, carried)
	header.Changes, header.FailingFindings = len(changes), countFailing(c.Findings)
	header.RecordsSHA256 = recordsHash(c.Exchanges, changes, findings, judged)
	if header.ChainSHA256, err = chainValue(ctx, tx, *header); err != nil {
		return err
	}
	if err := insertRows(ctx, tx, "snapshots", snapshotColumns, [][]any{headerRow(*header)}); err != nil {
		return err
	}
	if err := insertRows(ctx, tx, "stored_changes", changeColumns, changes); err != nil {
		return err
	}
	if header.Outcome == Failed {
		return storeFailedFindings(ctx, tx, header.ID, findings)
	}
	if err := storeExchanges(ctx, tx, *header, key, c); err != nil {
		return err
	}
	if err := findingTable.replace(ctx, tx, key, header.ID, listed(findingRows(findings, header.TakenAt, c.baseline.TakenAt))); err != nil {
		return err
	}
	return storeJudgement(ctx, tx, judged)
}

func recordsHash(exchanges []Exchange, changes, findings [][]any, judged []judgement) string {
	digest := evidence.NewDigest()
	for _, e := range exchanges {
		digest.Add(exchangeForm, exchangeValues(e))
	}
	for _, c := range changes {
		digest.Add(changeForm, c[1:])
	}
	for _, f := range findings {
		digest.Add(findingForm, f)
	}
	for _, j := range judged {
		for _, r := range j.rows {
			digest.Add(j.form, r[1:])
		}
	}
	return digest.Sum()
}

func storeExchanges(ctx context.Context, tx *sql.Tx, header Snapshot, key int64, c Collected) error {
	if err := storeResponses(ctx, tx, c.Exchanges, c.Response); err != nil {
		return err
	}
	if err := exchangeTable.replace(ctx, tx, key, header.ID, listed(exchangeRows(c.Exchanges))); err != nil {
		return err
	}
	return insertRows(ctx, tx, "exchange_times", []string{"snapshot_id", "times"}, [][]any{{header.ID, exchangeTimes(header.TakenAt, c.Exchanges)}})
}

func storeFailedFindings(ctx context.Context, tx *sql.Tx, snapshotID int64, values [][]any) error {
	rows := make([][]any, 0, len(values))
	for _, v := range values {
		rows = append(rows, append([]any{snapshotID}, v...))
	}
	return insertRows(ctx, tx, "failed_findings", append([]string{"snapshot_id"}, findingColumns...), rows)
}

// chainValue is the hash over the chain's last value, the header and the run that it belongs to.
func chainValue(ctx context.Context, tx *sql.Tx, header Snapshot) (string, error) {
	previous, err := lastChainValue(ctx, tx)
	if err != nil {
		return "", err
	}
	run, err := queryAll(ctx, tx, "reading the run", func(rows *sql.Rows) ([]any, error) { return scanValues(rows, len(runColumns)) },
		"SELECT "+strings.Join(runColumns, ", ")+" FROM runs WHERE id = ?", header.RunID)
	if err != nil {
		return "", err
	}
	if len(run) == 0 {
		return "", fmt.Errorf("run %d: %w", header.RunID, ErrNotFound)
	}
	row := headerRow(header)
	return evidence.Chain(previous, runForm, run[0], snapshotForm, row[:len(row)-1]), nil
}

func lastChainValue(ctx context.Context, tx *sql.Tx) (string, error) {
	var value string
	err := tx.QueryRowContext(ctx, "SELECT chain_sha256 FROM snapshots ORDER BY id DESC LIMIT 1").Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}
