package fetch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"scim-auditor/internal/ona"
)

const methodListAuditLogs = servicePrefix + "EventService/ListAuditLogs"

// auditLogOverlap is how much further back than asked for the log is read, so that entries a little out of order are not missed.
const auditLogOverlap = time.Hour

// AuditLogQuery says which entries of the audit log are read.
type AuditLogQuery struct {
	// SubjectTypes and SubjectIDs narrow the log down; an empty list is any.
	SubjectTypes, SubjectIDs []string
	// Since is how far back the log is read, as the server's clock has it. The API has no reliable filter by time.
	Since time.Time
	// MaxPages bounds the reading; at least 1.
	MaxPages int
}

// AuditLog is what one reading of the audit log gave.
type AuditLog struct {
	// Entries are newest first, each id once, and may reach further back than Since.
	Entries []ona.AuditLogEntry
	// Pages is the number of pages read, Received the entries in them.
	Pages, Received int
	// NotAssessed says why the log could not be read; Entries is then empty and says nothing.
	NotAssessed string
	// Lacking says why entries since Since may be missing from Entries; empty when none are. LackingBefore is then the instant from which on
	// the entries are whole; the zero time when that is not known.
	Lacking       string
	LackingBefore time.Time
	// Exchanges, Notes and UnknownFields are as in a Collection.
	Exchanges     []Exchange
	Notes         []string
	UnknownFields []string
}

// ListAuditLogs reads the audit log from its newest entry back to q.Since. The error is for the end of ctx alone: whatever else keeps the
// log from being read, the token's rights above all, is told in AuditLog.NotAssessed.
func (c *Client) ListAuditLogs(ctx context.Context, q AuditLogQuery) (*AuditLog, error) {
	r := &logReader{collector: &collector{client: c, fields: fieldSet{}}, query: q, seen: map[string]string{}}
	err := r.read(ctx)
	r.seal()
	r.log.Exchanges, r.log.UnknownFields = r.Exchanges, r.fields.sorted()
	r.log.Notes = append(r.log.Notes, r.Notes...)
	switch {
	case ctx.Err() != nil && err != nil:
		return &r.log, err
	case err != nil:
		r.log.Entries, r.log.Lacking, r.log.LackingBefore = nil, "", time.Time{}
		r.log.NotAssessed = err.Error()
	}
	return &r.log, nil
}

// logReader is one ListAuditLogs under way.
type logReader struct {
	*collector
	query AuditLogQuery
	log   AuditLog
	// seen is the canonical entries by id, oldest the earliest instant so far.
	seen   map[string]string
	oldest time.Time
}

func (r *logReader) read(ctx context.Context) error {
	s := source{method: methodListAuditLogs, field: "entries", parse: auditPage, request: func(p paginationRequest) any {
		return listAuditLogsRequest{auditLogFilter{r.query.SubjectIDs, r.query.SubjectTypes}, p}
	}}
	asked := map[string]int{}
	token := ""
	for number := 1; ; number++ {
		p, err := r.openPage(s, number, r.client.requestPage(ctx, s, number, token))
		if err == nil {
			err = r.follow(s, p, asked)
		}
		if err != nil {
			return err
		}
		reached, err := r.take(p)
		if err != nil {
			return err
		}
		switch {
		case p.next == "" || reached:
			return nil
		case number >= max(r.query.MaxPages, 1):
			r.log.LackingBefore = r.oldest
			r.log.lack(fmt.Sprintf("the log goes on after %d pages, which is as many as are read", number))
			return nil
		}
		token = p.next
	}
}

// take adds a page's entries and says whether all of them are older than what is asked for, so that the log need not be read further.
func (r *logReader) take(p page) (reached bool, err error) {
	r.log.Pages, r.log.Received = p.number, r.log.Received+len(p.rows)
	reached = len(p.rows) > 0
	for i, raw := range p.rows {
		entry, err := decodeAuditLogEntry(raw, r.fields)
		if err != nil {
			failure := notAsDocumented(methodListAuditLogs, fmt.Errorf("row %d: %w", i+1, err))
			failure.Page = p.number
			return false, failure
		}
		if err := r.add(entry); err != nil {
			return false, &Error{Code: CodeIncompleteListing, Method: methodListAuditLogs, Page: p.number, Err: err}
		}
		reached = reached && entry.CreatedAt.Before(r.query.Since.Add(-auditLogOverlap))
	}
	return reached, nil
}

// add keeps an entry. While the log is read it grows at its head, so that entries come again on the next page.
func (r *logReader) add(entry ona.AuditLogEntry) error {
	text := entry.Canonical()
	if before, ok := r.seen[entry.ID]; ok {
		if before != text {
			return fmt.Errorf("entry %s is listed twice with different content", entry.ID)
		}
		return nil
	}
	r.seen[entry.ID] = text
	if !r.oldest.IsZero() && entry.CreatedAt.After(r.oldest.Add(auditLogOverlap)) {
		r.log.lack("the log is not sorted from new to old, so where to end could not be told")
	}
	if r.oldest.IsZero() || entry.CreatedAt.Before(r.oldest) {
		r.oldest = entry.CreatedAt
	}
	r.log.Entries = append(r.log.Entries, entry)
	return nil
}

// lack notes the first reason why entries may be missing.
func (l *AuditLog) lack(why string) {
	if l.Lacking == "" {
		l.Lacking = why
	}
}

func auditPage(body []byte) (wireSCIMPage, error) {
	var w wireAuditPage
	err := decodeObject(body, &w)
	return wireSCIMPage(w), err
}

func decodeAuditLogEntry(raw []byte, fields fieldSet) (ona.AuditLogEntry, error) {
	var w wireAuditLogEntry
	if err := decodeObject(raw, &w); err != nil {
		return ona.AuditLogEntry{}, err
	}
	var c checker
	entry := ona.AuditLogEntry{
		ID:             c.requiredID("id", w.ID),
		ActorID:        c.id("actorId", w.ActorID),
		ActorPrincipal: w.ActorPrincipal,
		SubjectID:      c.id("subjectId", w.SubjectID),
		SubjectType:    w.SubjectType,
		Action:         w.Action,
		CreatedAt:      c.instant("createdAt", w.CreatedAt),
		Unknown:        c.unknown(fields, "AuditLogEntry", w.Unknown),
		Raw:            raw,
	}
	if c.err == nil && entry.CreatedAt.IsZero() {
		c.err = errors.New("field createdAt is missing")
	}
	return entry, c.err
}
