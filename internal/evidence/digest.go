package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
)

// Digest is a SHA-256 over the hashes of rows and over records.
type Digest struct {
	hash   hash.Hash
	record []byte
}

// NewDigest is a Digest over nothing.
func NewDigest() *Digest {
	return &Digest{hash: sha256.New()}
}

// AddHashes adds the kind, as a netstring, and then the SHA-256 of each of its rows, one after the other.
func (d *Digest) AddHashes(kind string, hashes []byte) {
	d.hash.Write(appendNetstring(nil, kind))
	d.hash.Write(hashes)
}

// Add adds the record of a row.
func (d *Digest) Add(f Form, values []any) {
	d.record = f.Append(d.record[:0], values)
	d.hash.Write(d.record)
}

// Sum is the SHA-256, in hex, of what was added.
func (d *Digest) Sum() string {
	return hex.EncodeToString(d.hash.Sum(nil))
}

// Link is the link of a fact in the ledger: the SHA-256, in hex, over the link before (a netstring,
// empty for the first) and the record of the fact.
func Link(previous string, fact Form, values []any) string {
	sum := sha256.Sum256(fact.Append(appendNetstring(nil, previous), values))
	return hex.EncodeToString(sum[:])
}
