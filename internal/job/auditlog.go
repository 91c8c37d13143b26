package job

import (
	"context"
	"fmt"
	"slices"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

const (
	// maxLogPages bounds how much of the audit log is read for one organization in a night.
	maxLogPages = 200
	// maxLogSubjects is how many subjects the audit log is asked about in one request, maxLogQuestions how many such requests there are.
	maxLogSubjects  = 50
	maxLogQuestions = 10
	// maxLogTime bounds one reading of the log, so that one that does not answer costs neither the snapshot nor the other organizations.
	maxLogTime = 3 * time.Minute
)

// auditedTypes are the subject types that the audit log is read for.
var auditedTypes = []string{ona.ResourceTypeSCIMConfiguration, ona.ResourceTypeSSOConfiguration, ona.ResourceTypeOrganizationPolicy}

// logReading is the audit log as the rules see it, with how it was read.
type logReading struct {
	finding.AuditLog
	since            time.Time // how far back it was to be read
	pages, received  int
	exchanges        []fetch.Exchange
	notes, newFields []string
}

// readAuditLog reads the audit log back to what the changes are counted from: for the types of subject that are audited, and then for those
// changed subjects that it does not explain. The error is for the end of the run alone.
func (n *night) readAuditLog(ctx context.Context, client *fetch.Client, header snapshot.Snapshot, baseline snapshot.Baseline,
	current ona.Inventory, changes []diff.Change) (*logReading, error) {
	l := &logReading{AuditLog: finding.AuditLog{Since: comparedSince(baseline, current), Until: serverTime(n.TakenAt, header)}}
	l.since = l.Until
	for _, at := range l.Since {
		if at.Before(l.since) {
			l.since = at
		}
	}
	l.since = l.since.Add(-n.Thresholds.ClockSkew)
	read, err := listAuditLogs(ctx, client, fetch.AuditLogQuery{SubjectTypes: auditedTypes, Since: l.since, MaxPages: maxLogPages})
	if err != nil {
		return nil, err
	}
	l.NotAssessed, l.Lacking, l.LackingBefore = read.NotAssessed, read.Lacking, read.LackingBefore
	l.add(read)
	if l.NotAssessed != "" {
		return l, nil
	}
	questions := 0
	for ids := range slices.Chunk(l.unexplained(changes, n.Thresholds.ClockSkew), maxLogSubjects) {
		if questions++; questions > maxLogQuestions {
			l.lack(fmt.Sprintf("it is asked about the first %d changed subjects only", maxLogSubjects*maxLogQuestions))
			break
		}
		read, err := listAuditLogs(ctx, client, fetch.AuditLogQuery{SubjectIDs: ids, Since: l.since, MaxPages: maxLogPages})
		if err != nil {
			return nil, err
		}
		l.add(read)
		if why := read.NotAssessed; why != "" {
			l.lack("it could not be asked about single subjects: " + why)
			break
		}
		if read.Lacking != "" {
			l.lack(read.Lacking)
		}
	}
	return l, nil
}

// seen says which of the SCIM configurations that the audit log tells of the baseline or an older snapshot has.
func seen(baseline snapshot.Baseline, older seenBefore, entries []ona.AuditLogEntry) func(id string) bool {
	if len(entries) == 0 {
		return nil
	}
	told := make(map[string]bool, len(entries))
	for _, entry := range entries {
		told[entry.SubjectID] = true
	}
	inBaseline := make(map[string]bool)
	for _, c := range baseline.Inventory.SCIM {
		if told[c.ID] {
			inBaseline[c.ID] = true
		}
	}
	return func(id string) bool { return inBaseline[id] || older(diff.SCIMConfiguration, id) }
}

// listAuditLogs reads the log within maxLogTime; a log that takes longer could not be read.
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

// lack notes the first reason why entries may be missing, from any time.
func (l *logReading) lack(why string) {
	if l.Lacking == "" {
		l.Lacking, l.LackingBefore = why, time.Time{}
	}
}

// comparedSince is, by type of subject, the instant of the snapshot that the changes are counted from. What was not compared is missing.
func comparedSince(b snapshot.Baseline, current ona.Inventory) map[diff.SubjectType]time.Time {
	since := map[diff.SubjectType]time.Time{diff.SCIMConfiguration: serverTime(b.Snapshot.TakenAt, b.Snapshot)}
	if current.SSONotAssessed == "" && b.SSO.ID != 0 {
		since[diff.SSOConfiguration] = serverTime(b.SSO.TakenAt, b.SSO)
	}
	if current.Policies != nil && b.Policies.ID != 0 {
		since[diff.Organization] = serverTime(b.Policies.TakenAt, b.Policies)
	}
	return since
}

// serverTime is an instant of this machine's clock by the server's, as far as the offset was measured.
func serverTime(at time.Time, h snapshot.Snapshot) time.Time {
	if !h.ServerClockKnown {
		return at
	}
	return at.Add(-h.ServerClockOffset.Truncate(time.Millisecond)) // as it is stored, so that two nights have one border
}

// unexplained are the ids of changed configurations without a candidate, each once.
func (l *logReading) unexplained(changes []diff.Change, tolerance time.Duration) []string {
	explained := make(map[string]bool)
	for i, entries := range l.Candidates(changes, tolerance) {
		explained[changes[i].SubjectID] = explained[changes[i].SubjectID] || len(entries) > 0
	}
	var ids []string
	for _, c := range changes {
		if c.SubjectType != diff.Organization && !explained[c.SubjectID] {
			ids, explained[c.SubjectID] = append(ids, c.SubjectID), true
		}
	}
	return ids
}

// add takes in what one reading gave, as far back as is needed, and keeps the entries newest first, each once.
func (l *logReading) add(read *fetch.AuditLog) {
	known := make(map[string]bool, len(l.Entries))
	for _, e := range l.Entries {
		known[e.ID] = true
	}
	for _, e := range read.Entries {
		if !known[e.ID] && !e.CreatedAt.Before(l.since) {
			l.Entries = append(l.Entries, e)
		}
	}
	slices.SortStableFunc(l.Entries, func(a, b ona.AuditLogEntry) int { return b.CreatedAt.Compare(a.CreatedAt) })
	l.pages, l.received = l.pages+read.Pages, l.received+read.Received
	l.exchanges = append(l.exchanges, read.Exchanges...)
	l.notes, l.newFields = append(l.notes, read.Notes...), append(l.newFields, read.UnknownFields...)
}

// describe adds to the header what the answers had that nobody expected.
func (l *logReading) describe(header *snapshot.Snapshot) {
	header.Notes = slices.Concat(header.Notes, l.notes)
	header.UnknownFields = slices.Concat(header.UnknownFields, l.newFields)
	slices.Sort(header.UnknownFields)
	header.UnknownFields = slices.Compact(header.UnknownFields)
}

// attribute gives each change its candidates; where there are several, its note has them all.
func (l *logReading) attribute(c *snapshot.Collected, tolerance time.Duration) {
	if l == nil {
		return
	}
	c.AuditLog = &snapshot.AuditLog{
		Since: l.since, Until: l.Until, Pages: l.pages, Received: l.received, NotAssessed: l.NotAssessed, Lacking: l.Lacking, Entries: l.Entries,
	}
	c.Candidates = l.Candidates(c.Changes, tolerance)
	for i, entries := range c.Candidates {
		if len(entries) > 1 {
			c.Changes[i].AddNote(fmt.Sprintf("%d audit-log entries may tell who made it: %s", len(entries), finding.Quote(entries)))
		}
	}
}

// judged is what the rules are given.
func (l *logReading) judged() *finding.AuditLog {
	if l == nil {
		return nil
	}
	return &l.AuditLog
}
