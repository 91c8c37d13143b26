package snapshot

import (
	"context"
	"fmt"
	"slices"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
)

// Collected is a complete snapshot to store. The caller sets in Snapshot what the collector found. The store
// sets the id, the outcome, the baseline, the counts of stored rows, the hashes and the link.
type Collected struct {
	Snapshot Snapshot
	// Baseline is what Store.Baseline returned. Changes are the differences from it.
	Baseline  Baseline
	Inventory ona.Inventory
	Changes   []diff.Change
	Findings  []finding.Finding
	Exchanges []Exchange
	// Response returns the bytes of the response in Exchanges[i].
	Response func(i int) ([]byte, error)
	// AuditLog is nil if the log was not read on purpose. Candidates are its entries for each of Changes,
	// newest first.
	AuditLog   *AuditLog
	Candidates [][]ona.AuditLogEntry
	// Acceptances are the exceptions that concern the organization.
	Acceptances []finding.Acceptance
}

// SaveComplete stores a complete snapshot in one transaction. It fails if Baseline is not the last complete
// snapshot of the organization, because the changes would then be relative to another snapshot.
func (s *Store) SaveComplete(ctx context.Context, c Collected) (Snapshot, error) {
	header := c.Snapshot
	header.Outcome, header.BaselineID = Complete, c.Baseline.Snapshot.ID
	doing := "storing the snapshot of organization " + header.OrganizationID
	err := s.inTransaction(ctx, doing, func(tx *transaction) {
		held := readRecords(ctx, tx, header.OrganizationID)
		if held.last.ID != header.BaselineID {
			tx.fail(fmt.Errorf("its baseline is snapshot %d, but the last complete snapshot is now %d",
				header.BaselineID, held.last.ID))
		}
		contents, err := compareContents(&header, c)
		tx.fail(err)
		records, err := held.compare(header, c)
		tx.fail(err)
		parts := partsOf(c)
		header.Changes, header.FailingFindings = len(c.Changes), countFailing(c.Findings)
		header.RecordsSHA256 = hashOf(records, parts)
		writeHeader(ctx, tx, &header, held.organizationKey)
		for _, d := range append(contents, records...) {
			d.write(ctx, tx, held.organizationKey, header.ID)
		}
		storeExchanges(ctx, tx, header.ID, c)
		for _, p := range parts {
			p.write(ctx, tx, header.ID)
		}
	})
	return header, err
}

// SaveFailed stores a failed snapshot: its header, with the reason, and its findings.
func (s *Store) SaveFailed(ctx context.Context, header Snapshot, findings []finding.Finding) (Snapshot, error) {
	header.Outcome, header.BaselineID = Failed, 0
	err := s.inTransaction(ctx, "storing the failed snapshot of "+header.Source, func(tx *transaction) {
		held := readRecords(ctx, tx, header.OrganizationID)
		firstSeen := held.open.firstSeen(formatSeconds(header.TakenAt), findings)
		records, err := compareTables(recordTables, nil, map[*versionTable][][]any{
			findingVersions: findingValues(findings, firstSeen, nil),
		})
		tx.fail(err)
		header.FailingFindings, header.RecordsSHA256 = countFailing(findings), hashOf(records, nil)
		writeHeader(ctx, tx, &header, held.organizationKey)
		var rows [][]any
		for _, v := range records[0].begun {
			rows = append(rows, append([]any{header.ID, v.sha256}, v.values...))
		}
		insertRows(ctx, tx, "failed_findings",
			append([]string{"snapshot_id", "row_sha256"}, findingVersions.columns...), rows)
	})
	return header, err
}

// compareContents returns what to write so that the inventory becomes current, and sets the counts and the
// hash in the header. Versions that could not be read stay current, but the views of the snapshot omit them.
func compareContents(header *Snapshot, c Collected) ([]difference, error) {
	inventory := c.Inventory
	values := map[*versionTable][][]any{
		organizationVersions: {organizationValues(inventory.Organization)},
		scimVersions:         valuesOf(inventory.SCIM, scimValues),
	}
	if inventory.Policies != nil {
		values[policyVersions] = [][]any{policyValues(header.OrganizationID, *inventory.Policies)}
	}
	if inventory.SSONotAssessed == "" {
		values[ssoVersions] = valuesOf(inventory.SSO, ssoValues)
	}
	contents, err := compareTables(contentTables, c.Baseline.content, values)
	header.SCIMConfigurations, header.SSOConfigurations = len(inventory.SCIM), len(inventory.SSO)
	header.ContentSHA256 = hashOf(contents, nil)
	return contents, err
}

// writeHeader sets the id and the link of the header, and writes the header and the link.
func writeHeader(ctx context.Context, tx *transaction, header *Snapshot, key int64) {
	header.ID = nextID(ctx, tx, "stored_snapshots")
	last := lastLink(ctx, tx)
	header.LedgerNumber = last.number + 1
	values := headerValues(*header)
	header.ChainSHA256 = last.add(ctx, tx, "snapshot", header.ID, values).chain
	columns := slices.Clone(snapshotColumns)
	columns[organizationColumn], values[organizationColumn] = "organization_key", orNull(key)
	insertRows(ctx, tx, "stored_snapshots", columns, [][]any{values})
}
