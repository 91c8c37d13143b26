package snapshot

import (
	"context"
	"fmt"

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
	err := s.inTransaction(ctx, doing, func(tx *transaction) error {
		held, err := readRecords(ctx, tx, header.OrganizationID)
		if err != nil {
			return err
		}
		if held.last.ID != header.BaselineID {
			return fmt.Errorf("its baseline is snapshot %d, but the last complete snapshot is now %d",
				header.BaselineID, held.last.ID)
		}
		contents, err := compareContents(&header, c)
		if err != nil {
			return err
		}
		records, err := held.compare(header, c)
		if err != nil {
			return err
		}
		parts := partsOf(c)
		header.Changes, header.FailingFindings = len(c.Changes), countFailing(c.Findings)
		header.RecordsSHA256 = hashOf(records, parts)
		if err := writeHeader(ctx, tx, &header, held.organizationKey); err != nil {
			return err
		}
		for _, d := range append(contents, records...) {
			if err := d.write(ctx, tx, held.organizationKey, header.ID); err != nil {
				return err
			}
		}
		if err := storeExchanges(ctx, tx, header.ID, c); err != nil {
			return err
		}
		return writeParts(ctx, tx, header.ID, parts)
	})
	return header, err
}

// SaveFailed stores a failed snapshot: its header, with the reason, and its findings.
func (s *Store) SaveFailed(ctx context.Context, header Snapshot, findings []finding.Finding) (Snapshot, error) {
	header.Outcome, header.BaselineID = Failed, 0
	err := s.inTransaction(ctx, "storing the failed snapshot of "+header.Source, func(tx *transaction) error {
		held, err := readRecords(ctx, tx, header.OrganizationID)
		if err != nil {
			return err
		}
		firstSeen := held.open.firstSeen(formatSeconds(header.TakenAt), findings)
		records, err := compareTables(recordTables, nil, map[*versionTable][][]any{
			findingVersions: findingValues(findings, firstSeen, nil),
		})
		if err != nil {
			return err
		}
		header.FailingFindings, header.RecordsSHA256 = countFailing(findings), hashOf(records, nil)
		if err := writeHeader(ctx, tx, &header, held.organizationKey); err != nil {
			return err
		}
		return writeFailedFindings(ctx, tx, header.ID, records[0])
	})
	return header, err
}

// organizationKey returns the key of an organization, and stores a new organization. It returns 0 for an
// empty id.
func organizationKey(ctx context.Context, tx querier, id string) (int64, error) {
	if id == "" {
		return 0, nil
	}
	if _, err := execute(ctx, tx, "INSERT INTO organizations (id) VALUES (?) ON CONFLICT DO NOTHING", id); err != nil {
		return 0, err
	}
	return findOrganization(ctx, tx, id)
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
func writeHeader(ctx context.Context, tx querier, header *Snapshot, key int64) (err error) {
	if header.ID, err = nextID(ctx, tx, "stored_snapshots"); err != nil {
		return err
	}
	last, err := lastLink(ctx, tx)
	if err != nil {
		return err
	}
	header.LedgerNumber = last.number + 1
	values := headerValues(*header)
	next, err := last.add(ctx, tx, "snapshot", header.ID, values)
	if err != nil {
		return err
	}
	header.ChainSHA256 = next.chain
	columns := append([]string(nil), snapshotColumns...)
	columns[organizationColumn], values[organizationColumn] = "organization_key", orNull(key)
	return insertRows(ctx, tx, "stored_snapshots", columns, [][]any{values})
}
