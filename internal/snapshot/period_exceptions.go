package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"scim-auditor/internal/finding"
)

// Standing is an exception over a stretch of complete snapshots.
type Standing struct {
	finding.Exception
	// First and Last are the first and the last snapshot that saw it.
	First, Last time.Time
	// Snapshots saw it, in InForce of them it was in force, in Applied of these it covered something, and Findings is the most that it covered
	// at once.
	Snapshots, InForce, Applied, Findings int
	// Open counts the snapshots that could not assess what it is for.
	Open int
}

// Standings are the exceptions that the snapshots of an organization saw, with an id after one and up to another, pruned ones not, sorted by
// rule and subject.
func (s *Store) Standings(ctx context.Context, organizationID string, after, upTo int64) ([]Standing, error) {
	return queryAll(ctx, s.db, "reading the exceptions of a period", func(row *sql.Rows) (Standing, error) {
		var x Standing
		var subject, organization, ticket sql.NullString
		var expires, firstTaken, lastTaken string
		err := row.Scan(&x.RuleID, &subject, &organization, &x.Owner, &x.Reason, &ticket, &expires, &firstTaken, &lastTaken,
			&x.Snapshots, &x.InForce, &x.Applied, &x.Findings, &x.Open)
		x.SubjectID, x.OrganizationID, x.Ticket = subject.String, organization.String, ticket.String
		if err == nil {
			x.Expires, err = time.Parse(time.DateOnly, expires)
		}
		return x, errors.Join(err, parseSeconds(firstTaken, &x.First), parseSeconds(lastTaken, &x.Last))
	}, `SELECT rule_id, subject_id, accepted_organization_id, owner, reason, ticket, expires, min(taken_at), max(taken_at),
		  count(*), sum(in_force), sum(in_force = 1 AND bearing = 'applied'), max(in_force * findings), sum(bearing = 'not_assessed')
		FROM exceptions
		WHERE organization_id = ?1 AND snapshot_id > ?2 AND snapshot_id <= ?3
		GROUP BY rule_id, subject_id, accepted_organization_id, owner, reason, ticket, expires
		ORDER BY rule_id, subject_id, accepted_organization_id, expires, owner, reason, ticket`, organizationID, after, upTo)
}
