package fetch

import (
	"bufio"
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"
)

// A listing that is too long for memory is sorted as Knuth's volume 3, section 5.4 has it: as much of it as may be in memory is sorted and
// written out as a run, and whoever reads the listing merges the runs.

// writeRun appends rows that are sorted: of each its place in the listing and its text, which it is decoded from again.
func writeRun[T canonical](s *scratch, rows []*listed[T]) (Section, error) {
	from := s.size
	var head []byte
	for _, r := range rows {
		head = binary.AppendVarint(head[:0], int64(r.page))
		head = binary.AppendVarint(head, int64(r.index))
		head = binary.AppendVarint(head, int64(len(r.raw)))
		if _, err := s.Write(head); err != nil {
			return Section{}, err
		}
		if _, err := s.Write(r.raw); err != nil {
			return Section{}, err
		}
	}
	return s.from(from), nil
}

// run is a run that is being read.
type run[T canonical] struct {
	from   *bufio.Reader
	length int64 // of the whole run
	decode func([]byte, fieldSet) (record[T], error)
	row    *listed[T] // the next one
}

// next reads on, and gives io.EOF at the end.
func (r *run[T]) next() error {
	var head [3]int64
	for i := range head {
		var err error
		if head[i], err = binary.ReadVarint(r.from); err != nil {
			return inRow(i > 0, err)
		}
	}
	if head[2] < 0 || head[2] > r.length {
		return fmt.Errorf("a row of %d bytes in %d", head[2], r.length)
	}
	r.row = &listed[T]{page: int(head[0]), index: int(head[1]), raw: make([]byte, head[2])}
	if _, err := io.ReadFull(r.from, r.row.raw); err != nil {
		return inRow(true, err)
	}
	var err error
	r.row.record, err = r.decode(r.row.raw, fieldSet{})
	return err
}

// inRow makes an error of an end within a row.
func inRow(within bool, err error) error {
	if within && errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// runHeap has the run whose next row comes first on top.
type runHeap[T canonical] []*run[T]

func (h runHeap[T]) Len() int           { return len(h) }
func (h runHeap[T]) Less(i, j int) bool { return h[i].row.compare(h[j].row) < 0 }
func (h runHeap[T]) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *runHeap[T]) Push(any)          { panic("fetch: runs only end") }
func (h *runHeap[T]) Pop() any {
	last := len(*h) - 1
	*h = (*h)[:last]
	return nil
}

// merge gives the rows of all runs, sorted by id and then in the order in which they came.
func merge[T canonical](runs []Section, decode func([]byte, fieldSet) (record[T], error)) iter.Seq2[*listed[T], error] {
	return func(yield func(*listed[T], error) bool) {
		var h runHeap[T]
		for _, s := range runs {
			r := &run[T]{from: s.reader(), length: s.length, decode: decode}
			if err := r.next(); err != nil {
				yield(nil, reading(err))
				return
			}
			h = append(h, r)
		}
		heap.Init(&h)
		for len(h) > 0 {
			if !yield(h[0].row, nil) {
				return
			}
			switch err := h[0].next(); {
			case err == nil:
				heap.Fix(&h, 0)
			case errors.Is(err, io.EOF):
				heap.Pop(&h)
			default:
				yield(nil, reading(err))
				return
			}
		}
	}
}

func reading(err error) error {
	return fmt.Errorf("reading a long listing from a temporary file: %w", err)
}

// longList is a listing in the runs of a file: an ona.List of length configurations.
type longList[T canonical] struct {
	method string
	runs   []Section
	decode func([]byte, fieldSet) (record[T], error)
	length int

	mu  sync.Mutex
	err error
}

// Len is the number of configurations.
func (l *longList[T]) Len() int { return l.length }

// All goes through the list, from several goroutines if need be. Of a configuration that came twice it has the first.
func (l *longList[T]) All() iter.Seq[*T] {
	return func(yield func(*T) bool) {
		last, n := "", 0
		for r, err := range ahead(merge(l.runs, l.decode), func(r *listed[T]) int { return len(r.raw) }) {
			switch {
			case err != nil:
				l.fail(err)
				return
			case r.id == last:
				continue
			}
			last, n = r.id, n+1
			if !yield(&r.value) {
				return
			}
		}
		if n != l.length {
			l.fail(reading(fmt.Errorf("%d of %d configurations are there", n, l.length)))
		}
	}
}

func (l *longList[T]) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = cmp.Or(l.err, unkept(l.method, err))
}

// Err is the first error that All met.
func (l *longList[T]) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}
