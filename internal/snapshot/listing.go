package snapshot

import (
	"fmt"
	"iter"
	"slices"
)

// listing gives rows sorted by id, the same each time that it is ranged over; every row is then its receiver's to change. It is ranged over
// in a goroutine of its own while a statement runs, so it must not use the connection that the statement runs on.
type listing = iter.Seq2[row, error]

func listed(rows []row) listing {
	return func(yield func(row, error) bool) {
		for _, r := range rows {
			if !yield(row{values: slices.Clone(r.values)}, nil) {
				return
			}
		}
	}
}

// reader reads a listing in a goroutine of its own, some rows ahead: on two processors rows are made while SQLite works on those before.
type reader struct {
	row row // the present one, while more
	// more is false at the end of the listing, and at an error.
	more bool
	err  error

	chunks chan chunk
	quit   chan struct{}
	rest   chunk
}

// chunk is some rows of a listing in order, and what ended the listing after them.
type chunk struct {
	rows []row
	err  error
}

// A chunk has so many rows, or fewer when they are large.
const rowsPerChunk, bytesPerChunk = 256, 1 << 20

// readAhead begins to read at the first row. The reader must be closed.
func readAhead(l listing) *reader {
	r := &reader{chunks: make(chan chunk, 2), quit: make(chan struct{})}
	go func() {
		defer close(r.chunks)
		for c := range chunked(l) {
			select {
			case r.chunks <- c:
			case <-r.quit:
				return
			}
		}
	}()
	r.next()
	return r
}

// chunked cuts a listing into chunks. It finds a row that is out of order: comparing such a listing would tell of removals that are none.
func chunked(l listing) iter.Seq[chunk] {
	return func(yield func(chunk) bool) {
		var c chunk
		var last string
		size, first := 0, true
		for r, err := range l {
			if err == nil && !first && r.id() <= last {
				err = fmt.Errorf("row %q comes after row %q", r.id(), last)
			}
			if c.err = err; err != nil {
				break
			}
			last, first = r.id(), false
			size += r.size()
			if c.rows = append(c.rows, r); len(c.rows) == rowsPerChunk || size > bytesPerChunk {
				if !yield(c) {
					return
				}
				c.rows, size = make([]row, 0, rowsPerChunk), 0
			}
		}
		yield(c)
	}
}

func (r *reader) next() {
	for len(r.rest.rows) == 0 && r.rest.err == nil {
		var ok bool
		if r.rest, ok = <-r.chunks; !ok {
			r.more = false
			return
		}
	}
	if r.more = len(r.rest.rows) > 0; !r.more {
		r.err = r.rest.err
		return
	}
	r.row, r.rest.rows = r.rest.rows[0], r.rest.rows[1:]
}

// close returns when the listing is no longer ranged over.
func (r *reader) close() {
	close(r.quit)
	for range r.chunks { // until its goroutine has closed it
	}
}
