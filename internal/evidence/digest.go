// Package evidence makes what was collected checkable by a stranger: hashes over records in a format that a few lines of any language
// recompute.
package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strconv"
)

// Digest is a SHA-256 over records of values. Each value is written as a netstring (its length in bytes in decimal, a colon, the bytes,
// a comma: https://cr.yp.to/proto/netstrings.txt), an absent value as "-,", integers in decimal; a record ends with a line feed. No two
// different sequences of records give the same bytes.
type Digest struct {
	hash hash.Hash
}

// NewDigest is a Digest over no records.
func NewDigest() *Digest {
	return &Digest{hash: sha256.New()}
}

// Record adds a record. A value is a string, an integer, or nil where it is absent.
func (d *Digest) Record(values ...any) {
	for _, v := range values {
		if v == nil {
			d.hash.Write([]byte("-,"))
			continue
		}
		text := fmt.Sprint(v)
		d.hash.Write([]byte(strconv.Itoa(len(text)) + ":" + text + ","))
	}
	d.hash.Write([]byte{'\n'})
}

// Sum is the SHA-256 of the records so far, in hex.
func (d *Digest) Sum() string {
	return hex.EncodeToString(d.hash.Sum(nil))
}
