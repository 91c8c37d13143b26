package snapshot

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"scim-auditor/internal/ona"
)

// exchangeColumns are the columns of the view exchanges but for snapshot_id.
var exchangeColumns = []string{
	"number", "method", "request", "response_sha256", "status", "sent_at", "duration_us", "server_date", "records", "retries",
}

// exchangeValues are the values of exchangeColumns. The time of sending is stored in whole milliseconds.
func exchangeValues(e Exchange) []any {
	return []any{
		int64(e.Number), e.Method, e.Request, e.ResponseSHA256, int64(e.Status),
		ona.FormatTime(time.UnixMilli(e.SentAt.UnixMilli())), e.Duration.Microseconds(), nullSeconds(e.ServerDate),
		int64(e.Records), jsonText(e.Retries, "[]"),
	}
}

// storeExchanges writes the exchanges of a snapshot. A request and an answer that are stored already are not
// stored again.
func storeExchanges(ctx context.Context, tx *sql.Tx, snapshotID int64, exchanges []Exchange, response func(i int) ([]byte, error)) error {
	if err := storeResponses(ctx, tx, exchanges, response); err != nil {
		return err
	}
	request, err := tx.PrepareContext(ctx, "INSERT INTO requests (method, body) VALUES (?, ?) ON CONFLICT DO NOTHING")
	if err != nil {
		return err
	}
	exchange, err := tx.PrepareContext(ctx, `
		INSERT INTO stored_exchanges (snapshot_id, number, request_id, response_id,
		  status, sent_at, duration_us, server_date, records, retries)
		VALUES (?, ?,
		  (SELECT id FROM requests WHERE method = ? AND body = ?),
		  (SELECT id FROM responses WHERE sha256 = ?),
		  ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	for _, e := range exchanges {
		if _, err := request.ExecContext(ctx, e.Method, e.Request); err != nil {
			return fmt.Errorf("storing request %d: %w", e.Number, err)
		}
		if _, err := exchange.ExecContext(ctx, append([]any{snapshotID}, exchangeValues(e)...)...); err != nil {
			return fmt.Errorf("storing exchange %d: %w", e.Number, err)
		}
	}
	return nil
}

// Exchanges are the requests of a snapshot with their answers, in order.
func (s *Store) Exchanges(ctx context.Context, snapshotID int64) ([]Exchange, error) {
	return queryAll(ctx, s.db, "reading exchanges", func(r *reader) Exchange {
		return Exchange{
			Number: r.count(), Method: r.text(), Request: r.text(), Status: r.count(), SentAt: r.instant(),
			Duration: time.Duration(r.number()) * time.Microsecond, ServerDate: r.seconds(), Records: r.count(),
			Retries: r.texts(), ResponseSHA256: r.text(), ResponseSize: r.number(),
		}
	}, `SELECT e.number, e.method, e.request, e.status, e.sent_at, e.duration_us, e.server_date, e.records, e.retries,
		  e.response_sha256, r.size
		FROM exchanges e
		JOIN responses r ON r.sha256 = e.response_sha256
		WHERE e.snapshot_id = ?
		ORDER BY e.number`, snapshotID)
}
