package fetch

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"scim-auditor/internal/ona"
)

// MaxFilterIDs is the highest number of ids that the API takes in one filter.
const MaxFilterIDs = 25

// auditLogDisorder is how much newer than an entry before it an entry may be: the log is sorted
// from new to old only roughly.
const auditLogDisorder = time.Hour

// packedSize is the size of a page from which on it is kept compressed, in bytes.
const packedSize = 16 << 10

// What is kept of one entry.
const (
	maxEntryText    = 4000 // characters of a text
	maxEntryUnknown = 4000 // bytes of the unknown fields
)

// AuditLogQuery selects entries of the audit log.
type AuditLogQuery struct {
	// SubjectTypes and SubjectIDs select entries; an empty list selects all. There are at most
	// MaxFilterIDs ids.
	SubjectTypes, SubjectIDs []string
	// Since and Until are on the server's clock. Entries from Since on and before Until are read; a
	// zero Until is no bound.
	Since, Until time.Time
	// MaxPages is the highest number of pages to read; less than 1 counts as 1.
	MaxPages int
	// PageBack is set for a server that does not know the filter by time: the log is read from its
	// newest entry back to Since.
	PageBack bool
}

// AuditLog is the result of ListAuditLogs, with the evidence.
type AuditLog struct {
	ona.AuditLog
	// PageBack is set if the server does not know the filter by time.
	PageBack bool
	Evidence
}

// errUnfiltered is the error for an entry that the filter by time excludes.
var errUnfiltered = errors.New("an entry lies outside of the time that was asked for")

// ListAuditLogs reads the entries between two instants, oldest first. If the server does not know
// the filter by time (before 2026-04), it reads from the newest entry back. It returns an error
// only if ctx is cancelled or times out. Every other failure, usually a missing permission of the
// token, is in NotAssessed.
func (c *Client) ListAuditLogs(ctx context.Context, q AuditLogQuery) (*AuditLog, error) {
	r := c.newReader("")
	l := newLogReader(q)
	err := l.read(ctx, r)
	if !q.PageBack && ctx.Err() == nil && refusesFilter(err) {
		refusal, pages, received := err, l.log.Pages, l.log.Received
		q.PageBack = true
		l = newLogReader(q)
		if err = l.read(ctx, r); err == nil {
			r.note("%s: the server does not filter by time, so the log was read from its newest entry back: %v",
				ona.ListAuditLogs, refusal)
		}
		l.log.Pages, l.log.Received = l.log.Pages+pages, l.log.Received+received
	}
	if l.shortened > 0 {
		r.note("%s: %d entries are kept with texts cut after %d characters or without unknown fields of more than "+
			"%d bytes; the stored answers have all of them", ona.ListAuditLogs, l.shortened, maxEntryText, maxEntryUnknown)
	}
	l.log.PageBack = q.PageBack && err == nil
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

// refusesFilter reports whether an error may mean that the server does not know the filter by time:
// it refuses the first request, or ignores the filter.
func refusesFilter(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (errors.Is(err, errUnfiltered) || e.Status == http.StatusBadRequest && e.Page == 1)
}

// logReader is a reading of the log in progress.
type logReader struct {
	query AuditLogQuery
	log   AuditLog
	// seen has the SHA-256 of the entries by id; oldest is the earliest instant so far.
	seen     map[string][sha256.Size]byte
	oldest   time.Time
	unsorted bool
	// shortened counts the entries that are not kept in full.
	shortened int
}

func newLogReader(q AuditLogQuery) *logReader {
	return &logReader{query: q, seen: map[string][sha256.Size]byte{}}
}

func (l *logReader) read(ctx context.Context, r *reader) error {
	q := l.query
	body := request{Filter: &filter{SubjectIDs: q.SubjectIDs, SubjectTypes: q.SubjectTypes}}
	if !q.PageBack {
		body.Filter.From, body.Filter.To = ona.FormatTime(q.Since), ona.FormatTime(q.Until)
		body.Sort = &sort{Field: "createdAt", Order: "SORT_ORDER_ASC"}
	}
	s := source{
		method: ona.ListAuditLogs, field: "entries", private: r.client.settings.Redaction != nil, request: body,
	}
	for p, err := range r.pages(ctx, s) {
		if err != nil {
			return err
		}
		pastSince, err := l.add(r, s, p)
		if err != nil || pastSince {
			return err
		}
		if err := checkTotal(p, l.log.Received); err != nil {
			return &Error{Code: CodeIncompleteListing, Method: ona.ListAuditLogs, Page: p.number, Err: err}
		}
		// The pages of a long log would take more memory than all else. A new compressor takes 1
		// MB.
		if last := &r.Exchanges[len(r.Exchanges)-1]; len(last.Body) >= packedSize {
			if err := last.pack(); err != nil {
				return err
			}
		}
		if p.next() != "" && p.number >= max(q.MaxPages, 1) {
			l.markIncomplete(fmt.Sprintf("reading stopped at the limit of %d pages; the log has more", p.number))
			if q.PageBack && !l.unsorted {
				// The pages that were not read may hold entries that are this much newer.
				l.log.CompleteFrom = l.oldest.Add(auditLogDisorder)
			}
			return nil
		}
	}
	return nil
}

// add adds a page's entries. pastSince is true if the log is read from its newest entry back and
// all entries of the page are older than requested: reading can stop.
func (l *logReader) add(r *reader, s source, p page) (pastSince bool, err error) {
	l.log.Pages, l.log.Received = p.number, l.log.Received+len(p.rows)
	pastSince = l.query.PageBack && len(p.rows) > 0
	for i, raw := range p.rows {
		entry, err := decodeEntry(raw, r.unknown)
		if err != nil {
			return false, undecodable(ona.ListAuditLogs, p, i, s.conceal(err))
		}
		r.client.redactEntry(entry)
		if err := l.addEntry(entry); err != nil {
			return false, &Error{Code: CodeIncompleteListing, Method: ona.ListAuditLogs, Page: p.number, Err: err}
		}
		pastSince = pastSince && entry.CreatedAt.Before(l.query.Since.Add(-auditLogDisorder))
	}
	return pastSince, nil
}

// addEntry keeps an entry of the time that was asked for, unless an earlier page had it: new
// entries at the head of the log push older ones onto the next page.
func (l *logReader) addEntry(entry *ona.AuditLogEntry) error {
	sum := sha256.Sum256([]byte(entry.Canonical()))
	if before, repeated := l.seen[entry.ID]; repeated {
		if before != sum {
			return fmt.Errorf("entry %s is listed twice with different content", entry.ID)
		}
		return nil
	}
	l.seen[entry.ID] = sum
	asked := !entry.CreatedAt.Before(l.query.Since) &&
		(l.query.Until.IsZero() || entry.CreatedAt.Before(l.query.Until))
	if l.query.PageBack {
		l.checkOrder(entry.CreatedAt)
	} else if !asked {
		return fmt.Errorf("entry %s of %s: %w", entry.ID, entry.CreatedAt.Format(ona.DisplayTime), errUnfiltered)
	}
	if asked {
		l.keep(entry)
	}
	return nil
}

func (l *logReader) checkOrder(at time.Time) {
	if !l.oldest.IsZero() && at.After(l.oldest.Add(auditLogDisorder)) {
		l.unsorted = true
		l.markIncomplete("the audit log is not in newest-first order, so older pages may hold entries that were not read")
	}
	if l.oldest.IsZero() || at.Before(l.oldest) {
		l.oldest = at
	}
}

// keep keeps what a report shows of an entry. The stored answers have the rest.
func (l *logReader) keep(entry *ona.AuditLogEntry) {
	kept, cut := *entry, false
	kept.Raw = nil
	for _, text := range []*string{&kept.Action, &kept.ActorPrincipal, &kept.SubjectType, &kept.Kind} {
		if runes := []rune(*text); len(runes) > maxEntryText {
			*text, cut = string(runes[:maxEntryText])+"…", true
		}
	}
	if len(ona.CanonicalUnknown(kept.Unknown)) > maxEntryUnknown {
		kept.Unknown, cut = nil, true
	}
	if cut {
		l.shortened++
	}
	l.log.Entries = append(l.log.Entries, kept)
}

// markIncomplete keeps the first reason why entries may be missing.
func (l *logReader) markIncomplete(reason string) {
	if l.log.Lacking == "" {
		l.log.Lacking = reason
	}
}

// pack compresses the body.
func (x *Exchange) pack() error {
	var packed bytes.Buffer
	w, err := zlib.NewWriterLevel(&packed, zlib.BestSpeed)
	if err == nil {
		_, err = w.Write(x.Body)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return fmt.Errorf("compressing an answer: %w", err)
	}
	x.Body, x.Packed = nil, packed.Bytes()
	return nil
}

// Response returns the body of the response.
func (x *Exchange) Response() ([]byte, error) {
	if x.Packed == nil {
		return x.Body, nil
	}
	unpacked, err := zlib.NewReader(bytes.NewReader(x.Packed))
	if err != nil {
		return nil, fmt.Errorf("decompressing an answer: %w", err)
	}
	body, err := io.ReadAll(unpacked)
	if err != nil {
		return nil, fmt.Errorf("decompressing an answer: %w", err)
	}
	return body, nil
}
