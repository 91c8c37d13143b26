// Package evidence owns what lets others check the stored data: records of rows, hashes over them,
// the links of the ledger, and the sums of report folders. The format is in docs/verification.md.
package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"strings"
)

// Form is how the rows of one kind are written as records: the kind; then, sorted by the name of
// the column, the name and the value of each column that is not null; then a line feed. Kind, names
// and values are netstrings (https://cr.yp.to/proto/netstrings.txt), integers in decimal. Two
// different rows never have the same record. A column that is added later changes no record in
// which it is null.
type Form struct {
	kind  []byte
	order []int    // indexes of the columns, sorted by name
	names [][]byte // netstrings, in the order of the columns
}

// NewForm returns the form for rows of a kind with these columns.
func NewForm(kind string, columns ...string) Form {
	f := Form{kind: appendNetstring(nil, kind)}
	for i, c := range columns {
		f.order = append(f.order, i)
		f.names = append(f.names, appendNetstring(nil, c))
	}
	slices.SortFunc(f.order, func(a, b int) int { return strings.Compare(columns[a], columns[b]) })
	return f
}

// Append appends the record of a row. Each column has a value: a string, an int64, or nil for null.
func (f Form) Append(to []byte, values []any) []byte {
	to = append(to, f.kind...)
	for _, i := range f.order {
		if values[i] == nil {
			continue
		}
		to = append(to, f.names[i]...)
		switch v := values[i].(type) {
		case string:
			to = appendNetstring(to, v)
		case int64:
			to = appendNetstring(to, strconv.FormatInt(v, 10))
		default:
			to = appendNetstring(to, fmt.Sprint(v))
		}
	}
	return append(to, '\n')
}

// Sum returns the SHA-256 of the record of a row.
func (f Form) Sum(values []any) [sha256.Size]byte {
	return sha256.Sum256(f.Append(nil, values))
}

func appendNetstring(to []byte, text string) []byte {
	to = strconv.AppendInt(to, int64(len(text)), 10)
	to = append(to, ':')
	to = append(to, text...)
	return append(to, ',')
}

// Digest is a SHA-256 over the hashes of rows and over records.
type Digest struct {
	hash   hash.Hash
	record []byte
}

// NewDigest returns an empty Digest.
func NewDigest() *Digest {
	return &Digest{hash: sha256.New()}
}

// AddHashes adds the kind as a netstring, then the hashes: the SHA-256 of each row, concatenated.
func (d *Digest) AddHashes(kind string, hashes []byte) {
	d.hash.Write(appendNetstring(nil, kind))
	d.hash.Write(hashes)
}

// Add adds the record of a row.
func (d *Digest) Add(f Form, values []any) {
	d.record = f.Append(d.record[:0], values)
	d.hash.Write(d.record)
}

// Sum returns the SHA-256, in hex, of everything that was added.
func (d *Digest) Sum() string {
	return hex.EncodeToString(d.hash.Sum(nil))
}
