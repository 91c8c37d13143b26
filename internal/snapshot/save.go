package snapshot

import (
	"context"
	"errors"
	"fmt"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/evidence"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
)

// Collected is a complete snapshot to be stored. In Snapshot the caller sets what the collection learnt;
// the store sets the id, the outcome, the baseline, the counts of stored rows, the hashes and the link.
type Collected struct {
	Snapshot Snapshot
	// Baseline is what Store.Baseline returned. Changes are the differences from it.
	Baseline  Baseline
	Inventory ona.Inventory
	Changes   []diff.Change
	Findings  []finding.Finding
	Exchanges []Exchange
	// Response returns the bytes of the answer of Exchanges[i].
	Response func(i int) ([]byte, error)
	// AuditLog is nil where the log was not to be read. Candidates are entries of it for each of Changes,
	// newest first.
	AuditLog   *AuditLog
	Candidates [][]ona.AuditLogEntry
	// Acceptances are the exceptions that concern the organization.
	Acceptances []finding.Acceptance
}

// SaveComplete stores a complete snapshot in one transaction: all of it or nothing. It fails when Baseline
// is not the last complete snapshot of the organization: the changes would belong to another pair.
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
			return fmt.Errorf("its baseline is snapshot %d, but the last complete snapshot is %d now",
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
		header.RecordsSHA256 = recordsHash(records, parts)
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

// SaveFailed stores that the snapshot of an organization could not be taken: the header with its reason,
// and the findings that follow.
func (s *Store) SaveFailed(ctx context.Context, header Snapshot, findings []finding.Finding) (Snapshot, error) {
	header.Outcome, header.BaselineID = Failed, 0
	err := s.inTransaction(ctx, "storing the failed snapshot of "+header.Source, func(tx *transaction) error {
		held, err := readRecords(ctx, tx, header.OrganizationID)
		if err != nil {
			return err
		}
		firstSeen := held.open.firstSeen(formatSeconds(header.TakenAt), findings)
		failed, err := findingVersions.compare(nil, findingValues(findings, firstSeen, nil))
		if err != nil {
			return err
		}
		header.FailingFindings = countFailing(findings)
		header.RecordsSHA256 = recordsHash([]difference{failed, {table: exceptionVersions}, {table: carriedVersions}}, nil)
		if err := writeHeader(ctx, tx, &header, held.organizationKey); err != nil {
			return err
		}
		return writeFailedFindings(ctx, tx, header.ID, failed)
	})
	return header, err
}

// organizationKey is the key of an organization, which it stores when it is new; 0 for an unknown one.
func organizationKey(ctx context.Context, tx querier, id string) (int64, error) {
	if id == "" {
		return 0, nil
	}
	if _, err := execute(ctx, tx, "INSERT INTO organizations (id) VALUES (?) ON CONFLICT DO NOTHING", id); err != nil {
		return 0, err
	}
	return findOrganization(ctx, tx, id)
}

// compareContents finds what has to be written so that the inventory holds, and sets the counts and the
// hash of the header. What could not be read stays as it was: the views of the snapshot do not show it.
func compareContents(header *Snapshot, c Collected) ([]difference, error) {
	held, inventory := c.Baseline.content, c.Inventory
	digest := evidence.NewDigest()
	var all []difference
	var errs []error
	compare := func(t *versionTable, assessed bool, held []version, current [][]any) {
		var hashes []byte
		if assessed {
			d, err := t.compare(held, current)
			all, errs, hashes = append(all, d), append(errs, err), d.hashes
		}
		digest.AddHashes(t.kind, hashes)
	}
	compare(organizationVersions, true, held.organization, [][]any{organizationValues(inventory.Organization)})
	var policies [][]any
	if inventory.Policies != nil {
		policies = [][]any{policyValues(header.OrganizationID, *inventory.Policies)}
	}
	compare(policyVersions, inventory.Policies != nil, held.policies, policies)
	compare(scimVersions, true, held.scim, valuesOf(inventory.SCIM, scimValues))
	compare(ssoVersions, inventory.SSONotAssessed == "", held.sso, valuesOf(inventory.SSO, ssoValues))
	header.SCIMConfigurations, header.SSOConfigurations = len(inventory.SCIM), len(inventory.SSO)
	header.ContentSHA256 = digest.Sum()
	return all, errors.Join(errs...)
}

// writeHeader sets the id and the link of the header, and writes both.
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
