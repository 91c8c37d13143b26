package snapshot

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/finding"
)

// Acceptance is an exception as a complete snapshot saw it, so that the report of a past night shows what was accepted then.
type Acceptance struct {
	finding.Exception
	// InForce is false when it had expired.
	InForce bool
	Bearing finding.Bearing
	// Findings is how many findings it covers, or would still cover had it not expired.
	Findings int
}

// exceptionColumns are the columns of the view exceptions as far as they are hashed.
var exceptionColumns = []string{"snapshot_id", "number", "rule_id", "subject_id", "accepted_organization_id", "owner", "reason", "ticket", "expires",
	"in_force", "bearing", "findings"}

var findingExceptionColumns = []string{"snapshot_id", "fingerprint", "exception_number"}

// sameException finds a text of exception_texts by its seven values.
const sameException = `rule_id = ?1 AND subject_id IS ?2 AND accepted_organization_id IS ?3 AND owner = ?4 AND reason = ?5 AND ticket IS ?6 AND expires = ?7`

// storeExceptions keeps each exception's text once, however many snapshots see it. The rows are those of exceptionRows.
func storeExceptions(ctx context.Context, tx *sql.Tx, rows [][]any) error {
	for _, row := range rows {
		text := slices.Clone(row[2:9])
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO exception_texts (rule_id, subject_id, accepted_organization_id, owner, reason, ticket, expires)
			SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
			WHERE NOT EXISTS (SELECT 1 FROM exception_texts WHERE `+sameException+`)`, text...); err != nil {
			return fmt.Errorf("storing an exception of %v: %w", row[2], err)
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO stored_exceptions (snapshot_id, number, exception_key, in_force, bearing)
			SELECT ?8, ?9, key, ?10, ?11
			FROM exception_texts
			WHERE `+sameException, append(text, row[0], row[1], row[9], row[10])...); err != nil {
			return fmt.Errorf("storing an exception of %v: %w", row[2], err)
		}
	}
	return nil
}

// exceptionRows are, for each exception, the snapshot, the number, the text of exception_texts, and what it came to.
func exceptionRows(snapshotID int64, acceptances []finding.Acceptance, findings []finding.Finding) (exceptions, covered [][]any) {
	for i, a := range acceptances {
		exceptions = append(exceptions, []any{snapshotID, i + 1, a.RuleID, nullText(a.SubjectID), nullText(a.OrganizationID), a.Owner, a.Reason,
			nullText(a.Ticket), a.Expires.UTC().Format(time.DateOnly), boolean(a.InForce), string(a.Bearing), int64(len(a.Findings))})
		for _, place := range a.Findings {
			covered = append(covered, []any{snapshotID, findings[place].Fingerprint, i + 1})
		}
	}
	slices.SortFunc(covered, func(a, b []any) int { return strings.Compare(a[1].(string), b[1].(string)) })
	return exceptions, covered
}

// Acceptances are the exceptions that concerned a snapshot's organization, in the order of their file; none for a failed snapshot, in which
// nothing was assessed.
func (s *Store) Acceptances(ctx context.Context, snapshotID int64) ([]Acceptance, error) {
	return queryAll(ctx, s.db, "reading exceptions", func(row *sql.Rows) (Acceptance, error) {
		var a Acceptance
		var subject, organization, ticket sql.NullString
		var expires string
		err := row.Scan(&a.RuleID, &subject, &organization, &a.Owner, &a.Reason, &ticket, &expires, &a.InForce, &a.Bearing, &a.Findings)
		a.SubjectID, a.OrganizationID, a.Ticket = subject.String, organization.String, ticket.String
		if err == nil {
			a.Expires, err = time.Parse(time.DateOnly, expires)
		}
		return a, err
	}, `SELECT rule_id, subject_id, accepted_organization_id, owner, reason, ticket, expires, in_force, bearing, findings
		FROM exceptions
		WHERE snapshot_id = ?
		ORDER BY number`, snapshotID)
}

// addStanding gives the findings of one snapshot what other tables know of them: the exception that covers each, and when one that could
// not be assessed last failed.
func (s *Store) addStanding(ctx context.Context, snapshotID int64, findings []Finding) error {
	acceptances, err := s.Acceptances(ctx, snapshotID)
	if err != nil {
		return err
	}
	numbers, err := byFingerprint[int](ctx, s.db, "SELECT fingerprint, exception_number FROM finding_exceptions WHERE snapshot_id = ? ORDER BY fingerprint", snapshotID)
	if err != nil {
		return err
	}
	lastSeen, err := byFingerprint[string](ctx, s.db, "SELECT fingerprint, last_seen FROM carried_findings WHERE snapshot_id = ? ORDER BY fingerprint", snapshotID)
	if err != nil {
		return err
	}
	for i := range findings {
		f := &findings[i]
		if n, covered := numbers[f.Fingerprint]; covered {
			f.Exception = &acceptances[n-1].Exception
		}
		if f.Status == finding.Fail || f.Status == finding.Excepted {
			f.LastSeen = f.TakenAt
		} else if err := parseSeconds(lastSeen[f.Fingerprint], &f.LastSeen); err != nil {
			return err
		}
	}
	return nil
}

// byFingerprint reads one value for each of a snapshot's findings that has any.
func byFingerprint[T any](ctx context.Context, q querier, query string, snapshotID int64) (map[string]T, error) {
	values := make(map[string]T)
	_, err := queryAll(ctx, q, "reading the standing of findings", func(row *sql.Rows) (string, error) {
		var fingerprint string
		var value T
		err := row.Scan(&fingerprint, &value)
		values[fingerprint] = value
		return fingerprint, err
	}, query, snapshotID)
	return values, err
}
