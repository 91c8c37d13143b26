package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/evidence"
	"scim-auditor/internal/finding"
)

// findingValues returns the values of findingVersions for each finding, sorted by fingerprint.
// covering has the number of the exception that covers a finding, by the index of the finding.
func findingValues(findings []finding.Finding, firstSeen map[string]string, covering map[int]int64) [][]any {
	rows := make([][]any, len(findings))
	for i, f := range findings {
		rows[i] = []any{
			f.Fingerprint, f.RuleID, string(f.Severity), string(f.Status), orNull(string(f.OriginalStatus)),
			string(f.SubjectType), f.SubjectID, f.SubjectName, f.Observed, orNull(firstSeen[f.Fingerprint]),
			orNull(covering[i]),
		}
	}
	slices.SortFunc(rows, func(a, b []any) int { return strings.Compare(a[0].(string), b[0].(string)) })
	return rows
}

func countFailing(findings []finding.Finding) int {
	n := 0
	for _, f := range findings {
		if f.Status == finding.Fail {
			n++
		}
	}
	return n
}

// Findings returns the outcome of every rule in a snapshot, in the order of the rules: rules
// for configurations before rules for runs. It fails with ErrPruned if retention removed them.
func (s *Store) Findings(ctx context.Context, snapshotID int64) ([]Finding, error) {
	h, err := s.Snapshot(ctx, snapshotID)
	if err := cmp.Or(err, checkPruned(h)); err != nil {
		return nil, err
	}
	acceptances, err := s.Acceptances(ctx, h.ID)
	if err != nil {
		return nil, err
	}
	return queryAll(ctx, s.db, "reading findings", func(r *reader) Finding {
		f := Finding{
			SnapshotID: h.ID, TakenAt: h.TakenAt, OrganizationID: h.OrganizationID, Finding: readFinding(r),
			Title: r.text(), Expected: r.text(), Remedy: r.text(),
			FirstSeen: r.instant(), DaysOpen: r.count(), LastSeen: r.instant(),
		}
		if number := r.count(); number > 0 && number <= len(acceptances) {
			f.Exception = &acceptances[number-1].Exception
		}
		return f
	}, `SELECT f.fingerprint, f.rule_id, f.severity, f.status, f.original_status, f.subject_type, f.subject_id,
		  f.subject_name, f.observed, f.title, f.expected, f.remedy, f.first_seen, f.days_open,
		  CASE
		    WHEN f.status IN ('fail', 'excepted') THEN f.taken_at
		    WHEN f.first_seen IS NOT NULL THEN (
		      SELECT c.last_seen
		      FROM carried_findings c
		      WHERE c.snapshot_id = f.snapshot_id AND c.fingerprint = f.fingerprint
		    )
		  END, f.exception_number
		FROM findings f
		WHERE f.snapshot_id = ?
		ORDER BY f.rule_id LIKE 'RUN-%', f.rule_id, f.subject_type, f.subject_id`, h.ID)
}

func readFinding(r *reader) finding.Finding {
	return finding.Finding{
		Fingerprint: r.text(), RuleID: r.text(), Severity: diff.Severity(r.text()), Status: finding.Status(r.text()),
		OriginalStatus: finding.Status(r.text()), SubjectType: diff.SubjectType(r.text()), SubjectID: r.text(),
		SubjectName: r.text(), Observed: r.text(),
	}
}

// Failing counts the failed findings in a snapshot by severity. It fails with ErrPruned if
// retention removed them.
func (s *Store) Failing(ctx context.Context, snapshotID int64) (map[diff.Severity]int, error) {
	failing := make(map[diff.Severity]int)
	err := queryEach(ctx, s.db, "counting failed findings", func(r *reader) {
		severity := diff.Severity(r.text())
		failing[severity] = r.count()
	}, "SELECT severity, count(*) FROM findings WHERE snapshot_id = ? AND status = 'fail' GROUP BY severity", snapshotID)
	if err == nil && len(failing) == 0 {
		err = s.notPruned(ctx, snapshotID)
	}
	return failing, err
}

// RuleSet has the rules and thresholds that produced the findings of snapshots.
type RuleSet struct {
	Thresholds string    // a JSON object
	Wordings   []Wording // sorted by RuleID
}

// Wording is the text of one rule in a rule set.
type Wording struct {
	RuleID, Title, Expected, Remedy string
	TurnedOff                       string // why the settings turn the rule off; empty if it is evaluated
}

var (
	ruleSetColumns = []string{"id", "thresholds", "sha256"}
	wordingColumns = []string{"rule_id", "title", "expected", "remedy", "turned_off"}
	wordingForm    = evidence.NewForm("rule_wording", wordingColumns...)
)

// RecordRules returns the id of a rule set. It stores the rule set if it differs from the
// newest one.
func (s *Store) RecordRules(ctx context.Context, set RuleSet) (id int64, err error) {
	digest := evidence.NewDigest()
	var rows [][]any
	for _, w := range set.Wordings {
		values := []any{w.RuleID, w.Title, w.Expected, w.Remedy, orNull(w.TurnedOff)}
		digest.Add(wordingForm, values)
		rows = append(rows, values)
	}
	sum := digest.Sum()
	err = s.inTransaction(ctx, "recording the rules", func(tx *transaction) {
		var err error
		id, _, err = first(queryAll(ctx, tx, "reading the rules", (*reader).number,
			"SELECT iif(thresholds = ? AND sha256 = ?, id, 0) FROM rule_sets ORDER BY id DESC LIMIT 1", set.Thresholds, sum))
		tx.fail(err)
		if id != 0 {
			return
		}
		id = nextID(ctx, tx, "rule_sets")
		recordRow(ctx, tx, "rule_set", "rule_sets", ruleSetColumns, []any{id, set.Thresholds, sum})
		for i, values := range rows {
			rows[i] = append([]any{id}, values...)
		}
		insertRows(ctx, tx, "rule_wordings", append([]string{"rule_set_id"}, wordingColumns...), rows)
	})
	return id, err
}

// Acceptance is an exception as a complete snapshot saw it, so that the report of a past run
// shows what was accepted then.
type Acceptance struct {
	finding.Exception
	// InForce is false when it had expired.
	InForce bool
	Bearing finding.Bearing
	// Findings is the number of findings that it covers, or would cover if it had not expired.
	Findings int
}

// exceptionValues returns the values of exceptionVersions. covering has the number of the
// exception that covers a finding, by the index of the finding.
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
		Expires: r.time(time.DateOnly),
	}
}

// Acceptances returns the exceptions for the organization of a snapshot, in the order of their
// file. A failed snapshot has none, because it assessed nothing.
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
	// Snapshots counts the snapshots that saw it, InForce those in which it was in force,
	// Applied those in which it was in force and covered a finding. Findings is the most
	// findings that it covered at once.
	Snapshots, InForce, Applied, Findings int
	// Open counts the snapshots that could not assess its rule.
	Open int
}

// Standings returns the exceptions in the snapshots of an organization with an id above after,
// up to upTo, sorted by rule and subject. It skips pruned snapshots.
func (s *Store) Standings(ctx context.Context, organizationID string, after, upTo int64) ([]Standing, error) {
	return queryAll(ctx, s.db, "reading the exceptions of a period", func(r *reader) Standing {
		return Standing{
			Exception: readException(r), First: r.instant(), Last: r.instant(), Snapshots: r.count(),
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

// Episode is a finding from when it opened until it closed, as a range of snapshots shows it. A
// finding that closes and opens again has two episodes.
type Episode struct {
	// Finding is as in the last snapshot that shows it.
	finding.Finding
	Title, Expected, Remedy string    // as the rules of that snapshot word them
	FirstSeen               time.Time // may be before the range
	// LastID is the last snapshot in the range in which it was open. A finding that a snapshot
	// could not assess stays open.
	LastID int64
	// LastSeen is the last snapshot, up to LastID, in which it failed or was excepted.
	LastSeen time.Time
}

// Episodes returns the findings that were open in the snapshots of an organization with an id
// above after, up to upTo, in no specified order. It skips pruned snapshots.
func (s *Store) Episodes(ctx context.Context, organizationID string, after, upTo int64) ([]Episode, error) {
	all, err := s.queryEpisodes(ctx, organizationID, upTo)
	carried, carriedErr := s.carried(ctx, organizationID, after, upTo)
	if err := cmp.Or(err, carriedErr); err != nil {
		return nil, err
	}
	key := func(e Episode) string { return e.Fingerprint + formatSeconds(e.FirstSeen) }
	at := make(map[string]int, len(all))
	for i, e := range all {
		at[key(e)] = i
	}
	for _, c := range carried {
		i, ok := at[key(c)]
		switch {
		case !ok:
			all = append(all, c) // retention removed the snapshots with its texts
		case all[i].LastID < c.LastID:
			all[i].LastID, all[i].LastSeen, all[i].Status, all[i].OriginalStatus = c.LastID, c.LastSeen, c.Status, ""
		}
	}
	return slices.DeleteFunc(all, func(e Episode) bool { return e.LastID <= after }), nil
}

// lastShowing selects the last snapshot with an id above ?2, up to ?3, that shows the version
// v.
const lastShowing = `(
	SELECT max(s.id)
	FROM whole_snapshots s
	WHERE s.organization_key = v.organization_key AND s.id > ?2 AND s.id <= ?3
	  AND s.id >= v.valid_from AND (v.valid_to IS NULL OR s.id < v.valid_to)
)`

// queryEpisodes returns the episodes up to a snapshot, without those of findings that could not
// be assessed. With max as the only aggregate SQLite takes the other columns from the row that
// has the maximum: https://www.sqlite.org/lang_select.html#bareagg.
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

// Carried returns the findings that a complete snapshot could not assess and that therefore
// stay open. They have no texts.
func (s *Store) Carried(ctx context.Context, h Snapshot) ([]Episode, error) {
	return s.carried(ctx, h.OrganizationID, h.ID-1, h.ID)
}

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
