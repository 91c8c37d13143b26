package job

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

const (
	// maxLogPages is the highest number of pages that one query of the audit log reads.
	maxLogPages = 200
	// maxLogQueries is the highest number of queries by subject.
	maxLogQueries = 20
	// maxLogTime is the time limit for one query, so that a slow audit log neither fails the
	// snapshot nor delays the other organizations.
	maxLogTime = 3 * time.Minute
)

// auditedTypes lists the subject types whose audit-log entries are compared with the changes.
var auditedTypes = []string{
	ona.ResourceTypeSCIMConfiguration, ona.ResourceTypeSSOConfiguration, ona.ResourceTypeOrganizationPolicy,
}

// readAuditLog reads the audit log since the snapshot that the changes are compared with: by the
// audited subject types and, at the same time, by those that are only shown; then for each changed
// subject that has no entry yet.
func (t *task) readAuditLog(ctx context.Context) error {
	if !t.found {
		return nil
	}
	t.beginAuditLog()
	var audited, access *fetch.AuditLog
	group, both := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		audited, err = t.requestLog(both, fetch.AuditLogQuery{SubjectTypes: auditedTypes})
		return err
	})
	group.Go(func() (err error) {
		access, err = t.requestLog(both, fetch.AuditLogQuery{SubjectTypes: ona.AccessTypes})
		return err
	})
	if err := group.Wait(); err != nil {
		return err
	}
	t.addLog(audited)
	t.log.NotAssessed, t.log.Lacking, t.log.CompleteFrom = audited.NotAssessed, audited.Lacking, audited.CompleteFrom
	if t.log.NotAssessed != "" {
		t.addEvidence(access.Evidence)
	} else {
		if err := t.queryUnexplained(ctx); err != nil {
			return err
		}
		t.addAccess(access)
		if err := t.queryMembers(ctx); err != nil {
			return err
		}
		t.nameActors()
	}
	t.header.AuditLogNotAssessed, t.header.AuditLogLacking = t.log.NotAssessed, t.log.Lacking
	slices.Sort(t.header.UnknownFields)
	t.header.UnknownFields = slices.Compact(t.header.UnknownFields)
	return nil
}

// beginAuditLog sets since when the log is to be read.
func (t *task) beginAuditLog() {
	until := serverTime(t.TakenAt, t.header)
	t.log = &finding.AuditLog{
		AuditLog: ona.AuditLog{Since: until, Until: until}, Compared: t.comparedSince(), Seen: t.seen,
	}
	for _, at := range t.log.Compared {
		if at.Before(t.log.Since) {
			t.log.Since = at
		}
	}
	t.log.Since = t.log.Since.Add(-t.Thresholds.ClockSkew).Truncate(time.Second)
}

// queryUnexplained reads the entries about changed subjects that have no candidate yet.
func (t *task) queryUnexplained(ctx context.Context) error {
	queries := 0
	for ids := range slices.Chunk(t.unexplained(), fetch.MaxFilterIDs) {
		if queries++; queries > maxLogQueries {
			t.markIncomplete(fmt.Sprintf(
				"only the first %d changed subjects were looked up in the log", fetch.MaxFilterIDs*maxLogQueries))
			return nil
		}
		read, err := t.queryLog(ctx, fetch.AuditLogQuery{SubjectIDs: ids})
		if err != nil {
			return err
		}
		if why := read.NotAssessed; why != "" {
			t.markIncomplete("single subjects could not be looked up in the log: " + why)
			return nil
		}
		t.markIncomplete(read.Lacking)
	}
	return nil
}

// addAccess adds the entries that a report shows without a comparison. That some are missing is
// noted; it leaves the comparison of the others complete.
func (t *task) addAccess(read *fetch.AuditLog) {
	t.addLog(read)
	if why := cmp.Or(read.NotAssessed, read.Lacking); why != "" {
		t.header.Notes = append(t.header.Notes, "audit-log entries about the organization, its domains, roles, tokens and "+
			"service accounts may be missing: "+why)
	}
}

// queryMembers reads the entries about changed members, the most serious changes first. That some
// are missing is noted; it leaves the comparison of the others complete.
func (t *task) queryMembers(ctx context.Context) error {
	lacking := ""
	ids := t.changedMembers()
	if most := fetch.MaxFilterIDs * maxLogQueries; len(ids) > most {
		lacking = fmt.Sprintf("only %d of %d changed members were looked up in the log", most, len(ids))
		ids = ids[:most]
	}
	for some := range slices.Chunk(ids, fetch.MaxFilterIDs) {
		read, err := t.queryLog(ctx, fetch.AuditLogQuery{SubjectIDs: some})
		if err != nil {
			return err
		}
		lacking = cmp.Or(lacking, read.NotAssessed, read.Lacking)
		if read.NotAssessed != "" {
			break
		}
	}
	if lacking != "" {
		t.header.Notes = append(t.header.Notes, "audit-log entries about members may be missing: "+lacking)
	}
	return nil
}

// changedMembers returns the user ids of changed members, each once.
func (t *task) changedMembers() []string {
	var ids []string
	seen := make(map[string]bool)
	for _, severity := range diff.Severities {
		for i := range t.changes {
			c := &t.changes[i]
			if c.SubjectType == diff.Member && c.Severity == severity && !seen[c.SubjectID] {
				ids, seen[c.SubjectID] = append(ids, c.SubjectID), true
			}
		}
	}
	return ids
}

// nameActors sets the names of the actors that are members now or were in the baseline. Redacted
// members have no names, and nobody is named while the settings do not ask for names.
func (t *task) nameActors() {
	if t.header.MembersSetting != snapshot.MembersOn {
		return
	}
	for i := range t.log.Entries {
		e := &t.log.Entries[i]
		for _, inventory := range []*ona.Inventory{&t.inventory, &t.baseline.Inventory} {
			if e.ActorName == "" && inventory.MembersSalt == "" {
				e.ActorName = memberName(inventory.Members, e.ActorID)
			}
		}
	}
}

func memberName(members []ona.OrganizationMember, id string) string {
	i, found := slices.BinarySearchFunc(members, id, func(m ona.OrganizationMember, id string) int {
		return strings.Compare(m.UserID, id)
	})
	if !found {
		return ""
	}
	return diff.MemberName(members[i])
}

// queryLog reads entries and adds them.
func (t *task) queryLog(ctx context.Context, q fetch.AuditLogQuery) (*fetch.AuditLog, error) {
	read, err := t.requestLog(ctx, q)
	if err != nil {
		return nil, err
	}
	t.addLog(read)
	return read, nil
}

// requestLog reads entries between t.log.Since and the end of the snapshot.
func (t *task) requestLog(ctx context.Context, q fetch.AuditLogQuery) (*fetch.AuditLog, error) {
	q.Since, q.MaxPages, q.PageBack = t.log.Since, maxLogPages, t.pageBack
	// The end of the query is exclusive; a change may be logged later than it happened. Both ends
	// are whole seconds, so that most organizations of a run send the same requests, which are
	// stored once.
	q.Until = t.log.Until.Add(t.Thresholds.ClockSkew + 2*time.Second).Truncate(time.Second)
	return listAuditLogs(ctx, t.client, q)
}

// listAuditLogs reads the log within maxLogTime. A log that takes longer counts as unreadable. It
// returns an error only if ctx is cancelled or times out.
func listAuditLogs(ctx context.Context, client *fetch.Client, q fetch.AuditLogQuery) (*fetch.AuditLog, error) {
	bounded, cancel := context.WithTimeout(ctx, maxLogTime)
	defer cancel()
	read, err := client.ListAuditLogs(bounded, q)
	if err != nil && ctx.Err() == nil {
		read.Entries, read.NotAssessed = nil, fmt.Sprintf("reading took longer than %s", maxLogTime)
		return read, nil
	}
	return read, err
}

// addLog adds the entries that were read: newest first, each once.
func (t *task) addLog(read *fetch.AuditLog) {
	t.pageBack = read.PageBack
	known := make(map[string]bool, len(t.log.Entries))
	for _, e := range t.log.Entries {
		known[e.ID] = true
	}
	for _, e := range read.Entries {
		if !known[e.ID] {
			t.log.Entries = append(t.log.Entries, e)
		}
	}
	slices.SortStableFunc(t.log.Entries, func(a, b ona.AuditLogEntry) int { return b.CreatedAt.Compare(a.CreatedAt) })
	t.log.Pages += read.Pages
	t.log.Received += read.Received
	t.addEvidence(read.Evidence)
}

// markIncomplete keeps the first reason why entries may be missing. It does nothing if reason
// is "".
func (t *task) markIncomplete(reason string) {
	if t.log.Lacking == "" {
		t.log.Lacking, t.log.CompleteFrom = reason, time.Time{}
	}
}

// seen reports whether the baseline or an older snapshot has a SCIM configuration.
func (t *task) seen(id string) bool {
	_, inBaseline := slices.BinarySearchFunc(t.baseline.Inventory.SCIM, id,
		func(c ona.SCIMConfiguration, id string) int { return strings.Compare(c.ID, id) })
	return inBaseline || t.seenBefore(diff.SCIMConfiguration, id)
}

// comparedSince returns, by subject type, when the snapshot was taken that the changes are
// compared with. It has no entry for a type that was not compared.
func (t *task) comparedSince() map[diff.SubjectType]time.Time {
	b := &t.baseline
	since := map[diff.SubjectType]time.Time{diff.SCIMConfiguration: serverTime(b.Snapshot.TakenAt, b.Snapshot)}
	if sso := b.Of(snapshot.PartSSO); t.inventory.SSONotAssessed == "" && sso.ID != 0 {
		since[diff.SSOConfiguration] = serverTime(sso.TakenAt, sso)
	}
	if policies := b.Of(snapshot.PartPolicies); t.inventory.Policies != nil && policies.ID != 0 {
		since[diff.Organization] = serverTime(policies.TakenAt, policies)
	}
	members := b.Of(snapshot.PartMembers)
	if t.inventory.MembersNotAssessed == "" && b.Inventory.MembersNotAssessed == "" && members.ID != 0 {
		since[diff.Member] = serverTime(members.TakenAt, members)
	}
	return since
}

// serverTime converts an instant of this machine's clock to the server's clock, if the offset
// is known. The offset is rounded as it is stored, so that consecutive runs compute the same
// instant for the same snapshot.
func serverTime(at time.Time, h snapshot.Snapshot) time.Time {
	if !h.ServerClockKnown {
		return at
	}
	return at.Add(-h.ServerClockOffset.Truncate(time.Millisecond))
}

// unexplained returns the ids of changed configurations that have no candidate, each once. Members
// are looked up in queryMembers.
func (t *task) unexplained() []string {
	explained := make(map[string]bool)
	for i, entries := range t.log.Candidates(t.changes, t.Thresholds.ClockSkew) {
		if len(entries) > 0 {
			explained[t.changes[i].SubjectID] = true
		}
	}
	var ids []string
	for _, c := range t.changes {
		if c.SubjectType != diff.Organization && c.SubjectType != diff.Member && !explained[c.SubjectID] {
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
				"%d audit-log entries may name who made it: %s", len(entries), finding.Quote(entries)))
		}
	}
	return candidates
}
