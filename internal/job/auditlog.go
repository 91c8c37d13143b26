package job

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

const (
	// maxLogPages bounds the pages of one query of the audit log.
	maxLogPages = 200
	// maxLogSubjects is the number of subjects in one query, maxLogQueries the number of such queries.
	maxLogSubjects = 50
	maxLogQueries  = 10
	// maxLogTime bounds one query, so that a log that does not answer costs neither the snapshot nor
	// the other organizations.
	maxLogTime = 3 * time.Minute
)

// auditedTypes are the subject types that the audit log is read for.
var auditedTypes = []string{
	ona.ResourceTypeSCIMConfiguration, ona.ResourceTypeSSOConfiguration, ona.ResourceTypeOrganizationPolicy,
}

// readAuditLog reads the audit log back to the instant that the changes are counted from: for the
// audited types of subject, then for the changed subjects that it does not explain.
func (t *task) readAuditLog(ctx context.Context) error {
	if !t.found {
		return nil
	}
	until := serverTime(t.TakenAt, t.header)
	t.log = &finding.AuditLog{
		AuditLog: ona.AuditLog{Since: until, Until: until}, Compared: t.comparedSince(), Seen: t.seen,
	}
	for _, at := range t.log.Compared {
		if at.Before(t.log.Since) {
			t.log.Since = at
		}
	}
	t.log.Since = t.log.Since.Add(-t.Thresholds.ClockSkew)
	read, err := t.queryLog(ctx, fetch.AuditLogQuery{SubjectTypes: auditedTypes})
	if err != nil {
		return err
	}
	t.log.NotAssessed, t.log.Lacking, t.log.LackingBefore = read.NotAssessed, read.Lacking, read.LackingBefore
	if t.log.NotAssessed == "" {
		if err := t.queryUnexplained(ctx); err != nil {
			return err
		}
	}
	slices.Sort(t.header.UnknownFields)
	t.header.UnknownFields = slices.Compact(t.header.UnknownFields)
	return nil
}

// queryUnexplained reads what the audit log says about changed subjects without a candidate.
func (t *task) queryUnexplained(ctx context.Context) error {
	queries := 0
	for ids := range slices.Chunk(t.unexplained(), maxLogSubjects) {
		if queries++; queries > maxLogQueries {
			t.lack(fmt.Sprintf("it is asked about the first %d changed subjects only", maxLogSubjects*maxLogQueries))
			return nil
		}
		read, err := t.queryLog(ctx, fetch.AuditLogQuery{SubjectIDs: ids})
		if err != nil {
			return err
		}
		if why := read.NotAssessed; why != "" {
			t.lack("it could not be asked about single subjects: " + why)
			return nil
		}
		t.lack(read.Lacking)
	}
	return nil
}

// queryLog reads entries and adds those that are needed: newest first, each once. The error is only
// for the end of the run.
func (t *task) queryLog(ctx context.Context, q fetch.AuditLogQuery) (*fetch.AuditLog, error) {
	q.Since, q.MaxPages = t.log.Since, maxLogPages
	read, err := listAuditLogs(ctx, t.client, q)
	if err != nil {
		return nil, err
	}
	known := make(map[string]bool, len(t.log.Entries))
	for _, e := range t.log.Entries {
		known[e.ID] = true
	}
	for _, e := range read.Entries {
		if !known[e.ID] && !e.CreatedAt.Before(q.Since) {
			t.log.Entries = append(t.log.Entries, e)
		}
	}
	slices.SortStableFunc(t.log.Entries, func(a, b ona.AuditLogEntry) int { return b.CreatedAt.Compare(a.CreatedAt) })
	t.log.Pages += read.Pages
	t.log.Received += read.Received
	t.exchanges = append(t.exchanges, read.Exchanges...)
	t.header.Notes = append(t.header.Notes, read.Notes...)
	t.header.UnknownFields = append(t.header.UnknownFields, read.UnknownFields...)
	return read, nil
}

// listAuditLogs reads the log within maxLogTime. A log that takes longer counts as unreadable.
func listAuditLogs(ctx context.Context, client *fetch.Client, q fetch.AuditLogQuery) (*fetch.AuditLog, error) {
	bounded, cancel := context.WithTimeout(ctx, maxLogTime)
	defer cancel()
	read, err := client.ListAuditLogs(bounded, q)
	if err != nil && ctx.Err() == nil {
		read.Entries, read.NotAssessed = nil, fmt.Sprintf("it took longer than %s", maxLogTime)
		return read, nil
	}
	return read, err
}

// lack keeps the first reason why entries of any time may be missing.
func (t *task) lack(why string) {
	if t.log.Lacking == "" {
		t.log.Lacking, t.log.LackingBefore = why, time.Time{}
	}
}

// seen reports whether the baseline or an older snapshot has a SCIM configuration.
func (t *task) seen(id string) bool {
	_, inBaseline := slices.BinarySearchFunc(t.baseline.Inventory.SCIM, id,
		func(c ona.SCIMConfiguration, id string) int { return strings.Compare(c.ID, id) })
	return inBaseline || t.seenBefore(diff.SCIMConfiguration, id)
}

// comparedSince returns, by type of subject, the instant of the snapshot that the changes are
// counted from. A type that was not compared is missing.
func (t *task) comparedSince() map[diff.SubjectType]time.Time {
	b := t.baseline
	since := map[diff.SubjectType]time.Time{diff.SCIMConfiguration: serverTime(b.Snapshot.TakenAt, b.Snapshot)}
	if t.inventory.SSONotAssessed == "" && b.SSO.ID != 0 {
		since[diff.SSOConfiguration] = serverTime(b.SSO.TakenAt, b.SSO)
	}
	if t.inventory.Policies != nil && b.Policies.ID != 0 {
		since[diff.Organization] = serverTime(b.Policies.TakenAt, b.Policies)
	}
	return since
}

// serverTime converts an instant of this machine's clock to the server's clock, if the offset is
// known. The offset is rounded as it is stored, so that two nights agree on the border between
// them.
func serverTime(at time.Time, h snapshot.Snapshot) time.Time {
	if !h.ServerClockKnown {
		return at
	}
	return at.Add(-h.ServerClockOffset.Truncate(time.Millisecond))
}

// unexplained returns the ids of changed configurations without a candidate, each once.
func (t *task) unexplained() []string {
	explained := make(map[string]bool)
	for i, entries := range t.log.Candidates(t.changes, t.Thresholds.ClockSkew) {
		if len(entries) > 0 {
			explained[t.changes[i].SubjectID] = true
		}
	}
	var ids []string
	for _, c := range t.changes {
		if c.SubjectType != diff.Organization && !explained[c.SubjectID] {
			ids, explained[c.SubjectID] = append(ids, c.SubjectID), true
		}
	}
	return ids
}

// attribute returns the candidates of each change. If a change has several, its note names them
// all.
func attribute(changes []diff.Change, log *finding.AuditLog, tolerance time.Duration) [][]ona.AuditLogEntry {
	candidates := log.Candidates(changes, tolerance)
	for i, entries := range candidates {
		if len(entries) > 1 {
			changes[i].AddNote(fmt.Sprintf(
				"%d audit-log entries may tell who made it: %s", len(entries), finding.Quote(entries)))
		}
	}
	return candidates
}
