package snapshot

import (
	"context"
	"fmt"
	"time"

	"scim-auditor/internal/finding"
)

// Acceptance is an exception as a complete snapshot saw it, so that the report of a past run shows what was
// accepted then.
type Acceptance struct {
	finding.Exception
	// InForce is false when it had expired.
	InForce bool
	Bearing finding.Bearing
	// Findings is the number of findings that it covers, or would cover if it had not expired.
	Findings int
}

// exceptionValues returns the values of exceptionVersions. covering has the number of the exception that
// covers a finding, by the index of the finding.
func exceptionValues(acceptances []finding.Acceptance) (rows [][]any, covering map[int]int64) {
	covering = make(map[int]int64)
	for i, a := range acceptances {
		rows = append(rows, []any{
			fmt.Sprintf("%06d", i+1), a.RuleID, orNull(a.SubjectID), orNull(a.OrganizationID), a.Owner, a.Reason,
			orNull(a.Ticket), a.Expires.UTC().Format(time.DateOnly), flag(a.InForce), string(a.Bearing),
			int64(len(a.Findings)),
		})
		for _, place := range a.Findings {
			covering[place] = int64(i + 1)
		}
	}
	return rows, covering
}

const exceptionColumns = `rule_id, subject_id, accepted_organization_id, owner, reason, ticket, expires`

func readException(r *reader) finding.Exception {
	return finding.Exception{
		RuleID: r.text(), SubjectID: r.text(), OrganizationID: r.text(), Owner: r.text(), Reason: r.text(), Ticket: r.text(),
		Expires: r.time(func(day string) (time.Time, error) { return time.Parse(time.DateOnly, day) }),
	}
}

// Acceptances returns the exceptions for the organization of a snapshot, in the order of their file. A failed
// snapshot has none, because it assessed nothing.
func (s *Store) Acceptances(ctx context.Context, snapshotID int64) ([]Acceptance, error) {
	return queryAll(ctx, s.db, "reading exceptions", func(r *reader) Acceptance {
		return Acceptance{
			Exception: readException(r), InForce: r.flag(), Bearing: finding.Bearing(r.text()), Findings: r.count(),
		}
	}, "SELECT "+exceptionColumns+", in_force, bearing, findings FROM exceptions WHERE snapshot_id = ? ORDER BY number",
		snapshotID)
}

// Standing is an exception over a range of complete snapshots.
type Standing struct {
	finding.Exception
	// First and Last are the first and the last snapshot that saw it.
	First, Last time.Time
	// Snapshots counts the snapshots that saw it, InForce those in which it was in force, Applied those in
	// which it was in force and covered a finding. Findings is the most findings that it covered at once.
	Snapshots, InForce, Applied, Findings int
	// Open counts the snapshots that could not assess its rule.
	Open int
}

// Standings returns the exceptions in the snapshots of an organization with an id above after, up to upTo,
// sorted by rule and subject. It skips pruned snapshots.
func (s *Store) Standings(ctx context.Context, organizationID string, after, upTo int64) ([]Standing, error) {
	return queryAll(ctx, s.db, "reading the exceptions of a period", func(r *reader) Standing {
		return Standing{
			Exception: readException(r), First: r.seconds(), Last: r.seconds(), Snapshots: r.count(),
			InForce: r.count(), Applied: r.count(), Findings: r.count(), Open: r.count(),
		}
	}, `SELECT `+exceptionColumns+`, min(taken_at), max(taken_at),
		  count(*), sum(in_force), sum(in_force = 1 AND bearing = 'applied'), max(in_force * findings),
		  sum(bearing = 'not_assessed')
		FROM exceptions
		WHERE organization_id = ?1 AND snapshot_id > ?2 AND snapshot_id <= ?3
		GROUP BY `+exceptionColumns+`
		ORDER BY rule_id, subject_id, accepted_organization_id, expires, owner, reason, ticket`,
		organizationID, after, upTo)
}
