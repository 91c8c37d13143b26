package evidence

import (
	"crypto/sha256"
	"encoding/hex"
)

// Link returns the link of a fact in the ledger: the SHA-256, in hex, over the previous link and
// the record of the fact. The previous link is written as a netstring; for the first fact it is an
// empty text.
func Link(previous string, fact Form, values []any) string {
	sum := sha256.Sum256(fact.Append(appendNetstring(nil, previous), values))
	return hex.EncodeToString(sum[:])
}
