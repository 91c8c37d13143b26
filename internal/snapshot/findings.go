package snapshot

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
)

// findingValues are the values of findingVersions for each finding, sorted by fingerprint. covering is, by
// the place of a finding, the number of the exception that covers it.
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

// Findings are the outcome of every rule in a snapshot, in the order of the rules: those of configurations
// before those of runs. ErrPruned when retention removed them.
func (s *Store) Findings(ctx context.Context, snapshotID int64) ([]Finding, error) {
	h, err := s.Snapshot(ctx, snapshotID)
	if err != nil {
		return nil, err
	}
	about, err := s.readStanding(ctx, h)
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
		about.complete(&f, r.number())
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

// findingsOf are the rows of the findings of a snapshot.
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

// standing is what other tables say about the findings of a snapshot.
type standing struct {
	wordings    map[string]Wording // by rule id
	acceptances []Acceptance
	lastSeen    map[string]time.Time // of those that stay open, by fingerprint
}

func (s *Store) readStanding(ctx context.Context, h Snapshot) (standing, error) {
	about := standing{wordings: make(map[string]Wording), lastSeen: make(map[string]time.Time)}
	if h.RuleSetID != 0 {
		rules, err := s.Rules(ctx, h)
		if err != nil {
			return about, err
		}
		for _, w := range rules.Wordings {
			about.wordings[w.RuleID] = w
		}
	}
	carried, err := s.Carried(ctx, h)
	if err != nil {
		return about, err
	}
	for _, c := range carried {
		about.lastSeen[c.Fingerprint] = c.LastSeen
	}
	about.acceptances, err = s.Acceptances(ctx, h.ID)
	return about, err
}

// complete adds to a finding the wording of its rule, its age, and the exception with a number.
func (about *standing) complete(f *Finding, exception int64) {
	w := about.wordings[f.RuleID]
	f.Title, f.Expected, f.Remedy = w.Title, w.Expected, w.Remedy
	if exception > 0 && exception <= int64(len(about.acceptances)) {
		f.Exception = &about.acceptances[exception-1].Exception
	}
	f.LastSeen = about.lastSeen[f.Fingerprint]
	if f.Status == finding.Fail || f.Status == finding.Excepted {
		f.LastSeen = f.TakenAt
	}
	if !f.FirstSeen.IsZero() {
		f.DaysOpen = int(f.TakenAt.Sub(f.FirstSeen) / (24 * time.Hour))
	}
}

// Failing counts the failed findings of a snapshot by severity; ErrPruned when retention removed them.
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
