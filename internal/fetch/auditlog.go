package fetch

import (
	"context"
	"fmt"
	"time"

	"scim-auditor/internal/ona"
)

// auditLogOverlap is how much further back than requested the log is read, because entries may be a
// little out of order.
const auditLogOverlap = time.Hour

// AuditLogQuery says which entries of the audit log are read.
type AuditLogQuery struct {
	// SubjectTypes and SubjectIDs select entries; an empty list selects all.
	SubjectTypes, SubjectIDs []string
	// Since is how far back the log is read, by the server's clock. The API has no reliable filter by
	// time.
	Since time.Time
	// MaxPages bounds the pages that are read; at least 1.
	MaxPages int
}

// AuditLog is one reading of the audit log, with the evidence.
type AuditLog struct {
	// Entries are newest first, each id once, and may reach further back than Since.
	Entries []ona.AuditLogEntry
	// Pages is the number of pages read, Received the number of entries in them.
	Pages, Received int
	// NotAssessed says why the log could not be read; Entries is then empty and means nothing.
	NotAssessed string
	// Lacking says why entries since Since may be missing from Entries; empty if none are.
	// LackingBefore is then the instant from which on the entries are complete; the zero time if that
	// is not known.
	Lacking       string
	LackingBefore time.Time
	Evidence
}

// ListAuditLogs reads the audit log from its newest entry back to q.Since. The error is only for
// the end of ctx. AuditLog.NotAssessed has every other reason why the log could not be read, above
// all the token's rights.
func (c *Client) ListAuditLogs(ctx context.Context, q AuditLogQuery) (*AuditLog, error) {
	r := c.newReader("")
	l := &logReader{query: q, seen: map[string]*ona.AuditLogEntry{}}
	err := l.read(ctx, r)
	l.log.Evidence, l.log.UnknownFields = r.Evidence, r.unknown.sorted()
	switch {
	case ctx.Err() != nil && err != nil:
		return &l.log, err
	case err != nil:
		l.log.Entries, l.log.Lacking, l.log.LackingBefore = nil, "", time.Time{}
		l.log.NotAssessed = err.Error()
	}
	return &l.log, nil
}

// logReader is a ListAuditLogs in progress.
type logReader struct {
	query AuditLogQuery
	log   AuditLog
	// seen has the entries by id; oldest is the earliest instant so far.
	seen   map[string]*ona.AuditLogEntry
	oldest time.Time
}

func (l *logReader) read(ctx context.Context, r *reader) error {
	filter := auditLogFilter{l.query.SubjectIDs, l.query.SubjectTypes}
	s := source{method: ona.ListAuditLogs, field: "entries", request: request{Filter: &filter}}
	for p, err := range r.pages(ctx, s) {
		if err != nil {
			return err
		}
		reached, err := l.add(p, r.unknown)
		if err != nil || reached {
			return err
		}
		if p.next() != "" && p.number >= max(l.query.MaxPages, 1) {
			l.lack(fmt.Sprintf("the log goes on after %d pages, which is as many as are read", p.number))
			l.log.LackingBefore = l.oldest
			return nil
		}
	}
	return nil
}

// add adds a page's entries. It returns true if all of them are older than requested, so that the
// log need not be read further.
func (l *logReader) add(p page, unknown fieldSet) (reached bool, err error) {
	l.log.Pages, l.log.Received = p.number, l.log.Received+len(p.rows)
	reached = len(p.rows) > 0
	for i, raw := range p.rows {
		entry, err := decodeEntry(raw, unknown)
		if err != nil {
			return false, undecodable(ona.ListAuditLogs, p, i, err)
		}
		if err := l.addEntry(entry); err != nil {
			return false, &Error{Code: CodeIncompleteListing, Method: ona.ListAuditLogs, Page: p.number, Err: err}
		}
		reached = reached && entry.CreatedAt.Before(l.query.Since.Add(-auditLogOverlap))
	}
	return reached, nil
}

// addEntry keeps an entry. The log grows at its head while it is read, so that entries come again
// on the next page.
func (l *logReader) addEntry(entry *ona.AuditLogEntry) error {
	if before, repeated := l.seen[entry.ID]; repeated {
		if before.Canonical() != entry.Canonical() {
			return fmt.Errorf("entry %s is listed twice with different content", entry.ID)
		}
		return nil
	}
	l.seen[entry.ID] = entry
	if !l.oldest.IsZero() && entry.CreatedAt.After(l.oldest.Add(auditLogOverlap)) {
		l.lack("the log is not sorted from new to old, so its end for this night is not known")
	}
	if l.oldest.IsZero() || entry.CreatedAt.Before(l.oldest) {
		l.oldest = entry.CreatedAt
	}
	l.log.Entries = append(l.log.Entries, *entry)
	return nil
}

// lack keeps the first reason why entries may be missing.
func (l *logReader) lack(why string) {
	if l.log.Lacking == "" {
		l.log.Lacking = why
	}
}
