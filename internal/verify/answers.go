package verify

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash/crc32"
	"io"

	"scim-auditor/internal/snapshot"
)

// checkAnswers recomputes the hash, the size and the CRC of every answer whose bytes are there.
func (v *verifier) checkAnswers(ctx context.Context) error {
	return v.rows.Each(ctx, snapshot.Answers, func(row snapshot.Row) {
		if row.Null("body") {
			v.result.ResponsesRemoved++
			return
		}
		v.result.Responses++
		p := Problem{Subject: "answer " + row.Text("sha256")}
		body := row.Bytes("body")
		v.compare(p, row.Int("body_crc32"), int64(crc32.ChecksumIEEE(body)), "its stored bytes were altered")
		sum, size, err := hashCompressed(body, row.Int("size"))
		if err != nil {
			v.add(p, "its stored bytes cannot be decompressed: %v", err)
			return
		}
		v.compare(p, row.Text("sha256"), sum, "its bytes have another hash")
		v.compare(p, row.Int("size"), size, "its bytes have another size")
	})
}

// hashCompressed stops one byte after the size: an altered body can decompress to any length.
func hashCompressed(body []byte, size int64) (sum string, n int64, err error) {
	r, err := zlib.NewReader(bytes.NewReader(body))
	if err != nil {
		return "", 0, err
	}
	hash := sha256.New()
	n, err = io.Copy(hash, io.LimitReader(r, size+1))
	return hex.EncodeToString(hash.Sum(nil)), n, err
}
