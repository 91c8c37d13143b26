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
