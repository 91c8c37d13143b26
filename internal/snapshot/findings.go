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

// findingValues returns the values of findingVersions for each finding, sorted by fingerprint. covering has
// the number of the exception that covers a finding, by the index of the finding.
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

// Findings returns the outcome of every rule in a snapshot, in the order of the rules: rules for
// configurations before rules for runs. It fails with ErrPruned if retention removed them.
func (s *Store) Findings(ctx context.Context, snapshotID int64) ([]Finding, error) {
	h, err := s.Snapshot(ctx, snapshotID)
	if err != nil {
		return nil, err
	}
	details, err := s.readFindingDetails(ctx, h)
	if err != nil {
		return nil, err
	}
	versions, err := s.findingsOf(ctx, h)
	if err != nil {
		return nil, err
	}
	findings, err := readVersions(versions, func(r *reader) Finding {
		f := Finding{SnapshotID: h.ID, TakenAt: h.TakenAt, OrganizationID: h.OrganizationID}
		f.Finding, f.FirstSeen = readFinding(r), r.seconds()
		details.addTo(&f, r.number())
		return f
	})
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(flag(strings.HasPrefix(a.RuleID, "RUN-")), flag(strings.HasPrefix(b.RuleID, "RUN-"))),
			strings.Compare(a.RuleID, b.RuleID),
			cmp.Compare(a.SubjectType, b.SubjectType),
			strings.Compare(a.SubjectID, b.SubjectID))
	})
	return findings, err
}

// findingsOf returns the rows of the findings in a snapshot.
func (s *Store) findingsOf(ctx context.Context, h Snapshot) ([]version, error) {
	if !h.PrunedAt.IsZero() {
		return nil, prunedError(h)
	}
	t := findingVersions
	if h.Outcome == Failed {
		return t.query(ctx, s.db, "SELECT snapshot_id, NULL, row_sha256, "+t.columnsOf(true)+
			" FROM failed_findings WHERE snapshot_id = ?", h.ID)
	}
	key, err := findOrganization(ctx, s.db, h.OrganizationID)
	if err != nil {
		return nil, err
	}
	return t.asOf(ctx, s.db, key, h.ID)
}

// readFinding reads the first columns of findingVersions.
func readFinding(r *reader) finding.Finding {
	return finding.Finding{
		Fingerprint: r.text(), RuleID: r.text(), Severity: diff.Severity(r.text()), Status: finding.Status(r.text()),
		OriginalStatus: finding.Status(r.text()), SubjectType: diff.SubjectType(r.text()), SubjectID: r.text(),
		SubjectName: r.text(), Observed: r.text(),
	}
}

// findingDetails is what other tables have about the findings in a snapshot.
type findingDetails struct {
	wordings    map[string]Wording // by rule id
	acceptances []Acceptance
	lastSeen    map[string]time.Time // of open findings that were not assessed, by fingerprint
}

func (s *Store) readFindingDetails(ctx context.Context, h Snapshot) (findingDetails, error) {
	details := findingDetails{wordings: make(map[string]Wording), lastSeen: make(map[string]time.Time)}
	if h.RuleSetID != 0 {
		rules, err := s.Rules(ctx, h)
		if err != nil {
			return details, err
		}
		for _, w := range rules.Wordings {
			details.wordings[w.RuleID] = w
		}
	}
	carried, err := s.Carried(ctx, h)
	if err != nil {
		return details, err
	}
	for _, c := range carried {
		details.lastSeen[c.Fingerprint] = c.LastSeen
	}
	details.acceptances, err = s.Acceptances(ctx, h.ID)
	return details, err
}

// addTo adds the wording of its rule, its age, and the exception with this number to a finding.
func (details *findingDetails) addTo(f *Finding, exception int64) {
	w := details.wordings[f.RuleID]
	f.Title, f.Expected, f.Remedy = w.Title, w.Expected, w.Remedy
	if exception > 0 && exception <= int64(len(details.acceptances)) {
		f.Exception = &details.acceptances[exception-1].Exception
	}
	f.LastSeen = details.lastSeen[f.Fingerprint]
	if f.Status == finding.Fail || f.Status == finding.Excepted {
		f.LastSeen = f.TakenAt
	}
	if !f.FirstSeen.IsZero() {
		f.DaysOpen = int(f.TakenAt.Sub(f.FirstSeen) / (24 * time.Hour))
	}
}

// Failing counts the failed findings in a snapshot by severity. It fails with ErrPruned if retention removed
// them.
func (s *Store) Failing(ctx context.Context, snapshotID int64) (map[diff.Severity]int, error) {
	h, err := s.Snapshot(ctx, snapshotID)
	if err != nil {
		return nil, err
	}
	versions, err := s.findingsOf(ctx, h)
	findings, damaged := readVersions(versions, readFinding)
	failing := make(map[diff.Severity]int)
	for _, f := range findings {
		if f.Status == finding.Fail {
			failing[f.Severity]++
		}
	}
	return failing, cmp.Or(err, damaged)
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

// RecordRules returns the id of a rule set. It stores the rule set if it differs from the newest one.
func (s *Store) RecordRules(ctx context.Context, set RuleSet) (id int64, err error) {
	digest := evidence.NewDigest()
	var rows [][]any
	for _, w := range set.Wordings {
		values := []any{w.RuleID, w.Title, w.Expected, w.Remedy, orNull(w.TurnedOff)}
		digest.Add(wordingForm, values)
		rows = append(rows, values)
	}
	sum := digest.Sum()
	err = s.inTransaction(ctx, "recording the rules", func(tx *transaction) (err error) {
		id, _, err = first(queryAll(ctx, tx, "reading the rules", (*reader).number,
			"SELECT iif(thresholds = ? AND sha256 = ?, id, 0) FROM rule_sets ORDER BY id DESC LIMIT 1", set.Thresholds, sum))
		if err != nil || id != 0 {
			return err
		}
		if id, err = nextID(ctx, tx, "rule_sets"); err != nil {
			return err
		}
		err = recordRow(ctx, tx, "rule_set", "rule_sets", ruleSetColumns, []any{id, set.Thresholds, sum})
		if err != nil {
			return err
		}
		for i, values := range rows {
			rows[i] = append([]any{id}, values...)
		}
		return insertRows(ctx, tx, "rule_wordings", append([]string{"rule_set_id"}, wordingColumns...), rows)
	})
	return id, err
}

// Rules returns the rule set of a snapshot, or ErrNotFound if none was recorded.
func (s *Store) Rules(ctx context.Context, h Snapshot) (RuleSet, error) {
	thresholds, found, err := first(queryAll(ctx, s.db, "reading the rules", (*reader).text,
		"SELECT thresholds FROM rule_sets WHERE id = ?", h.RuleSetID))
	if err == nil && !found {
		err = fmt.Errorf("the rules of snapshot %d: %w", h.ID, ErrNotFound)
	}
	if err != nil {
		return RuleSet{}, err
	}
	set := RuleSet{Thresholds: thresholds}
	set.Wordings, err = queryAll(ctx, s.db, "reading the rules", func(r *reader) Wording {
		return Wording{RuleID: r.text(), Title: r.text(), Expected: r.text(), Remedy: r.text(), TurnedOff: r.text()}
	}, "SELECT rule_id, title, expected, remedy, turned_off FROM rule_wordings WHERE rule_set_id = ? ORDER BY rule_id",
		h.RuleSetID)
	return set, err
}

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
