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
	"slices"
	"sync"
)

// compressors are used again: a new one is 800 kB, most of what a thousand small organizations would cost in memory and time.
var compressors = sync.Pool{New: func() any { return zlib.NewWriter(io.Discard) }}

// storeResponses keeps the bytes of each answer once. An answer whose bytes retention removed and that comes again has them again.
func storeResponses(ctx context.Context, tx *sql.Tx, exchanges []Exchange, response func(i int) ([]byte, error)) error {
	lacking, err := withoutBytes(ctx, tx, exchanges)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(lacking, compressedAtOnce) {
		for i, c := range compressAll(len(some), func(i int) ([]byte, error) { return response(some[i]) }) {
			e := exchanges[some[i]]
			if c.err != nil {
				return fmt.Errorf("compressing answer %d: %w", e.Number, c.err)
			}
			if _, err := tx.ExecContext(ctx, `
				INSERT INTO responses (sha256, size, body, body_crc32)
				VALUES (?, ?, ?, ?)
				ON CONFLICT (sha256) DO UPDATE
				SET body = excluded.body, body_crc32 = excluded.body_crc32
				WHERE body IS NULL`,
				e.ResponseSHA256, c.size, c.body, int64(crc32.ChecksumIEEE(c.body))); err != nil {
				return fmt.Errorf("storing answer %d: %w", e.Number, err)
			}
		}
	}
	return nil
}

// withoutBytes are the places of the exchanges whose answer's bytes are not stored: few on a quiet night, and the others need not be compressed.
func withoutBytes(ctx context.Context, tx *sql.Tx, exchanges []Exchange) ([]int, error) {
	var lacking []int
	for i, e := range exchanges {
		var stored bool
		err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM responses WHERE sha256 = ? AND body IS NOT NULL)", e.ResponseSHA256).Scan(&stored)
		if err != nil {
			return nil, fmt.Errorf("looking for answer %d: %w", e.Number, err)
		}
		if !stored {
			lacking = append(lacking, i)
		}
	}
	return lacking, nil
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
