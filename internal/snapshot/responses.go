package snapshot

import (
	"bytes"
	"compress/zlib"
	"context"
	"database/sql"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"sync"
)

// compressors are used again: a new one is 800 kB, most of what a thousand small organizations would cost in memory and time.
var compressors = sync.Pool{New: func() any { return zlib.NewWriter(io.Discard) }}

// storeResponses keeps the bytes of each answer once. An answer whose bytes retention removed and that comes again has them again.
func storeResponses(ctx context.Context, tx *sql.Tx, exchanges []Exchange, response func(i int) ([]byte, error)) error {
	for first := 0; first < len(exchanges); first += compressedAtOnce {
		some := exchanges[first:min(first+compressedAtOnce, len(exchanges))]
		for i, c := range compressAll(len(some), func(i int) ([]byte, error) { return response(first + i) }) {
			if c.err != nil {
				return fmt.Errorf("compressing answer %d: %w", some[i].Number, c.err)
			}
			if _, err := tx.ExecContext(ctx, `
				INSERT INTO responses (sha256, size, body, body_crc32)
				VALUES (?, ?, ?, ?)
				ON CONFLICT (sha256) DO UPDATE
				SET body = excluded.body, body_crc32 = excluded.body_crc32
				WHERE body IS NULL`,
				some[i].ResponseSHA256, c.size, c.body, int64(crc32.ChecksumIEEE(c.body))); err != nil {
				return fmt.Errorf("storing answer %d: %w", some[i].Number, err)
			}
		}
	}
	return nil
}

// compressedAtOnce is how many answers of a long listing are in memory while they are stored.
const compressedAtOnce = 64

type compressed struct {
	body []byte
	size int // before
	err  error
}

// answersPerCompressor is how many answers are compressed sooner than another compressor is made.
const answersPerCompressor = 8

// compressAll compresses n answers on all processors: on one it would take a fifth of the time of a long listing.
func compressAll(n int, response func(i int) ([]byte, error)) []compressed {
	all := make([]compressed, n)
	workers := min(runtime.GOMAXPROCS(0), 1+n/answersPerCompressor)
	var working sync.WaitGroup
	for w := range workers {
		working.Go(func() {
			for i := w; i < n; i += workers {
				body, err := response(i)
				if err == nil {
					all[i].size = len(body)
					all[i].body, err = compress(body)
				}
				all[i].err = err
			}
		})
	}
	working.Wait()
	return all
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
