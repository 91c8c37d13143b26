package fetch

import (
	"context"
	"fmt"
	"time"

	"scim-auditor/internal/ona"
)

// auditLogDisorder is how much newer than an entry before it an entry may be: the log is sorted
// from new to old only roughly.
const auditLogDisorder = time.Hour

// AuditLogQuery selects entries of the audit log.
type AuditLogQuery struct {
	// SubjectTypes and SubjectIDs select entries; an empty list selects all.
	SubjectTypes, SubjectIDs []string
	// Since is the instant on the server's clock at which reading stops. The API has no reliable
	// filter by time.
	Since time.Time
	// MaxPages is the highest number of pages to read; less than 1 counts as 1.
	MaxPages int
}

// AuditLog is the result of ListAuditLogs, with the evidence.
type AuditLog struct {
	ona.AuditLog
	Evidence
}

// ListAuditLogs reads the audit log from its newest entry back to q.Since. It returns an error only
// if ctx is cancelled or times out. Every other failure, usually a missing permission of the token,
// is in NotAssessed.
func (c *Client) ListAuditLogs(ctx context.Context, q AuditLogQuery) (*AuditLog, error) {
	r := c.newReader("")
	l := &logReader{query: q, seen: map[string]*ona.AuditLogEntry{}}
	err := l.read(ctx, r)
	l.log.Evidence, l.log.UnknownFields = r.Evidence, r.unknown.sorted()
	switch {
	case ctx.Err() != nil && err != nil:
		return &l.log, err
	case err != nil:
		l.log.Entries, l.log.Lacking, l.log.CompleteFrom = nil, "", time.Time{}
		l.log.NotAssessed = err.Error()
	}
	return &l.log, nil
}

// logReader is a ListAuditLogs in progress.
type logReader struct {
	query AuditLogQuery
	log   AuditLog
	// seen has the entries by id; oldest is the earliest instant so far.
	seen     map[string]*ona.AuditLogEntry
	oldest   time.Time
	unsorted bool
}

func (l *logReader) read(ctx context.Context, r *reader) error {
	filter := auditLogFilter{l.query.SubjectIDs, l.query.SubjectTypes}
	s := source{method: ona.ListAuditLogs, field: "entries", request: request{Filter: &filter}}
	for p, err := range r.pages(ctx, s) {
		if err != nil {
			return err
		}
		pastSince, err := l.add(p, r.unknown)
		if err != nil || pastSince {
			return err
		}
		if p.next() != "" && p.number >= max(l.query.MaxPages, 1) {
			l.markIncomplete(fmt.Sprintf("reading stopped at the limit of %d pages; the log has more", p.number))
			if !l.unsorted {
				// The pages that were not read may hold entries that are this much newer.
				l.log.CompleteFrom = l.oldest.Add(auditLogDisorder)
			}
			return nil
		}
	}
	return nil
}

// add adds a page's entries. pastSince is true if the page has entries and all are older than
// requested: reading can stop.
func (l *logReader) add(p page, unknown fieldSet) (pastSince bool, err error) {
	l.log.Pages, l.log.Received = p.number, l.log.Received+len(p.rows)
	pastSince = len(p.rows) > 0
	for i, raw := range p.rows {
		entry, err := decodeEntry(raw, unknown)
		if err != nil {
			return false, undecodable(ona.ListAuditLogs, p, i, err)
		}
		if err := l.addEntry(entry); err != nil {
			return false, &Error{Code: CodeIncompleteListing, Method: ona.ListAuditLogs, Page: p.number, Err: err}
		}
		pastSince = pastSince && entry.CreatedAt.Before(l.query.Since.Add(-auditLogDisorder))
	}
	return pastSince, nil
}

// addEntry keeps an entry, unless an earlier page had it: new entries at the head of the log push
// older ones onto the next page.
func (l *logReader) addEntry(entry *ona.AuditLogEntry) error {
	if before, repeated := l.seen[entry.ID]; repeated {
		if before.Canonical() != entry.Canonical() {
			return fmt.Errorf("entry %s is listed twice with different content", entry.ID)
		}
		return nil
	}
	l.seen[entry.ID] = entry
	if !l.oldest.IsZero() && entry.CreatedAt.After(l.oldest.Add(auditLogDisorder)) {
		l.unsorted = true
		l.markIncomplete("the audit log is not in newest-first order, so older pages may hold entries that were not read")
	}
	if l.oldest.IsZero() || entry.CreatedAt.Before(l.oldest) {
		l.oldest = entry.CreatedAt
	}
	l.log.Entries = append(l.log.Entries, *entry)
	return nil
}

// markIncomplete keeps the first reason why entries may be missing.
func (l *logReader) markIncomplete(reason string) {
	if l.log.Lacking == "" {
		l.log.Lacking = reason
	}
}
