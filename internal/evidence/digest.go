// Package evidence makes what was collected checkable by a stranger: hashes over records in a format that a few lines of any language
// recompute.
package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strconv"
)

// Form is how one kind of row is written as a record: the kind, then each value that is not absent after its column's name, the columns
// sorted by name, then a line feed. Kind, names and values are netstrings (the length in bytes in decimal, a colon, the bytes, a comma:
// https://cr.yp.to/proto/netstrings.txt), integers in decimal. No two different rows give the same bytes, and a column that is added later
// leaves the records of rows that do not have it as they were.
type Form struct {
	kind  []byte
	order []int    // of the columns, sorted by name
	names [][]byte // as netstrings, in the order of the columns
}

// NewForm is the form of rows of a kind with these columns.
func NewForm(kind string, columns ...string) Form {
	f := Form{kind: appendNetstring(nil, kind)}
	for i, c := range columns {
		f.order = append(f.order, i)
		f.names = append(f.names, appendNetstring(nil, c))
	}
	slices.SortFunc(f.order, func(a, b int) int {
		if columns[a] < columns[b] {
			return -1
		}
		return 1
	})
	return f
}

// Append appends the record of a row, a value for each column: a string, an integer, or nil where it is absent.
func (f Form) Append(to []byte, values []any) []byte {
	to = append(to, f.kind...)
	for _, i := range f.order {
		switch v := values[i].(type) {
		case nil:
			continue
		case string:
			to = append(to, f.names[i]...)
			to = appendNetstring(to, v)
		case int64:
			to = append(to, f.names[i]...)
			to = appendNetstring(to, strconv.FormatInt(v, 10))
		default:
			to = append(to, f.names[i]...)
			to = appendNetstring(to, fmt.Sprint(v))
		}
	}
	return append(to, '\n')
}

func appendNetstring(to []byte, text string) []byte {
	to = strconv.AppendInt(to, int64(len(text)), 10)
	to = append(to, ':')
	to = append(to, text...)
	return append(to, ',')
}

// Check is a short check of one record: the first eight bytes of its SHA-256, big-endian.
func Check(record []byte) int64 {
	sum := sha256.Sum256(record)
	var check int64
	for _, b := range sum[:8] {
		check = check<<8 | int64(b)
	}
	return check
}

// Digest is a SHA-256 over records.
type Digest struct {
	hash   hash.Hash
	record []byte
}

// NewDigest is a Digest over no records.
func NewDigest() *Digest {
	return &Digest{hash: sha256.New()}
}

// Add adds the record of a row.
func (d *Digest) Add(f Form, values []any) {
	d.record = f.Append(d.record[:0], values)
	d.hash.Write(d.record)
}

// Sum is the SHA-256 of the records so far, in hex.
func (d *Digest) Sum() string {
	return hex.EncodeToString(d.hash.Sum(nil))
}

// Chain is the value of a snapshot in the chain: the SHA-256, in hex, over the value of the snapshot before (a netstring; empty for the
// first), the record of its run and its own.
func Chain(previous string, run Form, runValues []any, snapshot Form, values []any) string {
	record := snapshot.Append(run.Append(appendNetstring(nil, previous), runValues), values)
	sum := sha256.Sum256(record)
	return hex.EncodeToString(sum[:])
}
