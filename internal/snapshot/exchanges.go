package snapshot

import (
	"bytes"
	"compress/zlib"
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"scim-auditor/internal/ona"
)

// exchangeColumns are the columns of the view exchanges, except snapshot_id.
var exchangeColumns = []string{
	"number", "method", "request", "response_sha256", "status", "sent_at", "duration_us", "server_date", "records",
	"retries",
}

// exchangeValues returns the values of exchangeColumns. It stores sent_at in whole milliseconds.
func exchangeValues(e Exchange) []any {
	return []any{
		int64(e.Number), e.Method, e.Request, e.ResponseSHA256, int64(e.Status),
		ona.FormatTime(time.UnixMilli(e.SentAt.UnixMilli())), e.Duration.Microseconds(), nullSeconds(e.ServerDate),
		int64(e.Records), jsonText(e.Retries, "[]"),
	}
}

// storeExchanges writes the exchanges of a snapshot. It does not store a request or a response twice.
func storeExchanges(ctx context.Context, tx *transaction, snapshotID int64, c Collected) {
	storeResponses(ctx, tx, c)
	for _, e := range c.Exchanges {
		tx.execute(ctx, fmt.Sprintf("storing request %d", e.Number),
			"INSERT INTO requests (method, body) VALUES (?, ?) ON CONFLICT DO NOTHING", e.Method, e.Request)
		tx.execute(ctx, fmt.Sprintf("storing exchange %d", e.Number), `
			INSERT INTO stored_exchanges (snapshot_id, number, request_id, response_id,
			  status, sent_at, duration_us, server_date, records, retries)
			VALUES (?, ?,
			  (SELECT id FROM requests WHERE method = ? AND body = ?),
			  (SELECT id FROM responses WHERE sha256 = ?),
			  ?, ?, ?, ?, ?, ?)`, append([]any{snapshotID}, exchangeValues(e)...)...)
	}
}

// Exchanges returns the requests of a snapshot with their responses, in order.
func (s *Store) Exchanges(ctx context.Context, snapshotID int64) ([]Exchange, error) {
	return queryAll(ctx, s.db, "reading exchanges", func(r *reader) Exchange {
		return Exchange{
			Number: r.count(), Method: r.text(), Request: r.text(), Status: r.count(), SentAt: r.instant(),
			Duration: time.Duration(r.number()) * time.Microsecond, ServerDate: r.instant(), Records: r.count(),
			Retries: r.texts(), ResponseSHA256: r.text(), ResponseSize: r.number(),
		}
	}, `SELECT e.number, e.method, e.request, e.status, e.sent_at, e.duration_us, e.server_date, e.records, e.retries,
		  e.response_sha256, r.size
		FROM exchanges e
		JOIN responses r ON r.sha256 = e.response_sha256
		WHERE e.snapshot_id = ?
		ORDER BY e.number`, snapshotID)
}

// storeResponses stores the bytes of each response once. It restores bytes that retention removed.
func storeResponses(ctx context.Context, tx *transaction, c Collected) {
	bodies := make([][]byte, len(c.Exchanges)) // compressed; nil for those that are stored
	var compressing errgroup.Group
	compressing.SetLimit(runtime.GOMAXPROCS(0)) // on one processor it takes a fifth of the time of a long listing
	for i, e := range c.Exchanges {
		_, stored, err := first(queryAll(ctx, tx, "looking for a stored response", (*reader).number,
			"SELECT 1 FROM responses WHERE sha256 = ? AND body IS NOT NULL", e.ResponseSHA256))
		tx.fail(err)
		if err == nil && !stored {
			compressing.Go(func() (err error) {
				bodies[i], err = compress(c.Response, i)
				return err
			})
		}
	}
	if err := compressing.Wait(); err != nil {
		tx.fail(fmt.Errorf("compressing the responses: %w", err))
	}
	for i, e := range c.Exchanges {
		if bodies[i] != nil {
			tx.execute(ctx, fmt.Sprintf("storing response %d", e.Number), `
				INSERT INTO responses (sha256, size, body, body_crc32)
				VALUES (?, ?, ?, ?)
				ON CONFLICT (sha256) DO UPDATE
				SET body = excluded.body, body_crc32 = excluded.body_crc32
				WHERE body IS NULL`,
				e.ResponseSHA256, e.ResponseSize, bodies[i], int64(crc32.ChecksumIEEE(bodies[i])))
		}
	}
}

// compressors are reused. A new one takes 800 kB; with a thousand small organizations they would take most
// of the memory and time.
var compressors = sync.Pool{New: func() any { return zlib.NewWriter(io.Discard) }}

func compress(response func(i int) ([]byte, error), i int) ([]byte, error) {
	body, err := response(i)
	if err != nil {
		return nil, err
	}
	var compressed bytes.Buffer
	w := compressors.Get().(*zlib.Writer)
	defer compressors.Put(w)
	w.Reset(&compressed)
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return compressed.Bytes(), nil
}
