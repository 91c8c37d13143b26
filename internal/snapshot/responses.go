package snapshot

import (
	"bytes"
	"compress/zlib"
	"context"
	"database/sql"
	"fmt"
	"hash/crc32"
	"io"
	"sync"
)

// compressors are used again: a new one is 800 kB, most of what a thousand small organizations would cost in memory and time.
var compressors = sync.Pool{New: func() any { return zlib.NewWriter(io.Discard) }}

// storeResponses keeps the bytes of each answer once. An answer whose bytes retention removed and that comes again has them again.
func storeResponses(ctx context.Context, tx *sql.Tx, exchanges []Exchange, bodies [][]byte) error {
	for i, e := range exchanges {
		compressed, err := compress(bodies[i])
		if err != nil {
			return fmt.Errorf("compressing answer %d: %w", e.Number, err)
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO responses (sha256, size, body, body_crc32)
			VALUES (?, ?, ?, ?)
			ON CONFLICT (sha256) DO UPDATE
			SET body = excluded.body, body_crc32 = excluded.body_crc32
			WHERE body IS NULL`,
			e.ResponseSHA256, len(bodies[i]), compressed, int64(crc32.ChecksumIEEE(compressed))); err != nil {
			return fmt.Errorf("storing answer %d: %w", e.Number, err)
		}
	}
	return nil
}

func compress(body []byte) ([]byte, error) {
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
