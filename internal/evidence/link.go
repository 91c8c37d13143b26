package evidence

import (
	"crypto/sha256"
	"encoding/hex"
)

// Sum is the SHA-256 of the record of a row.
func (f Form) Sum(values []any) [sha256.Size]byte {
	return sha256.Sum256(f.Append(nil, values))
}

// AddHashes adds the kind, as a netstring, and then the SHA-256 of each of its rows, one after the other.
func (d *Digest) AddHashes(kind string, hashes []byte) {
	d.hash.Write(appendNetstring(nil, kind))
	d.hash.Write(hashes)
}

// Link is the link of a fact in the ledger: the SHA-256, in hex, over the link before (a netstring,
// empty for the first) and the record of the fact.
func Link(previous string, fact Form, values []any) string {
	sum := sha256.Sum256(fact.Append(appendNetstring(nil, previous), values))
	return hex.EncodeToString(sum[:])
}
