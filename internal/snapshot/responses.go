package snapshot

import (
	"bytes"
	"compress/zlib"
	"context"
	"database/sql"
	"fmt"
)

// storeResponses keeps the bytes of each answer once.
func storeResponses(ctx context.Context, tx *sql.Tx, exchanges []Exchange, bodies [][]byte) error {
	for i, e := range exchanges {
		var compressed bytes.Buffer
		w := zlib.NewWriter(&compressed)
		if _, err := w.Write(bodies[i]); err != nil {
			return fmt.Errorf("compressing answer %d: %w", e.Number, err)
		}
		if err := w.Close(); err != nil {
			return fmt.Errorf("compressing answer %d: %w", e.Number, err)
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO responses (sha256, size, body) VALUES (?, ?, ?) ON CONFLICT (sha256) DO NOTHING",
			e.ResponseSHA256, len(bodies[i]), compressed.Bytes())
		if err != nil {
			return fmt.Errorf("storing answer %d: %w", e.Number, err)
		}
	}
	return nil
}
