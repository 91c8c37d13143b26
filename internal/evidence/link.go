package evidence

import (
	"crypto/sha256"
	"encoding/hex"
)

// Link returns the link of a fact in the ledger: the SHA-256, in hex, over the previous link (a
// netstring, empty for the first link) and the record of the fact.
func Link(previous string, fact Form, values []any) string {
	sum := sha256.Sum256(fact.Append(appendNetstring(nil, previous), values))
	return hex.EncodeToString(sum[:])
}
