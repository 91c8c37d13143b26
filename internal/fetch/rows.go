package fetch

import (
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"slices"

	"scim-auditor/internal/ona"
)

// rowSet is the rows of a list read so far.
type rowSet[T canonical] struct {
	listing[T]
	collector *collector
	// rows are pointers, so that the growing list does not copy a million configurations again and again.
	rows []*listed[T]
	// runs are the rows before them, where those are too many for memory; written is the hashes of their ids.
	runs    []Section
	written []uint64
}

// listed is a decoded row and where it came from.
type listed[T canonical] struct {
	record[T]
	raw         []byte
	page, index int
}

// add decodes the rows of a page and takes each in. It is one goroutine's work: shared out to two it
// took no less time.
func (s *rowSet[T]) add(p page) error {
	decoded := make([]listed[T], len(p.rows))
	for i, raw := range p.rows {
		r := &decoded[i]
		r.page, r.index, r.raw = p.number, i, raw
		var err error
		if r.record, err = s.decode(raw, s.collector.fields); err != nil {
			return s.undecodable(p, i, err)
		}
		if own := s.collector.Identity.OrganizationID; r.organizationID != "" && r.organizationID != own {
			return s.fault(&Error{Code: CodeForeignOrganization, Err: fmt.Errorf(
				"it belongs to organization %s, the token to %s", r.organizationID, own)}, p.number, r.id)
		}
		s.rows = append(s.rows, r)
	}
	return nil
}

// undecodable names the row by its id, or by its place in the page where it has none that can be shown.
func (s *rowSet[T]) undecodable(p page, index int, err error) error {
	id := configurationID(p.rows[index])
	if id == "" {
		err = fmt.Errorf("row %d: %w", index+1, err)
	}
	return s.fault(notAsDocumented(s.method, err), p.number, id)
}

// spill moves the rows and the answers that are in memory to the collection's file.
func (s *rowSet[T]) spill() error {
	c := s.collector
	if c.scratch == nil {
		file, err := newScratch(c.client.settings.Folder)
		if err != nil {
			return unkept(s.method, err)
		}
		c.scratch = file
	}
	if len(s.rows) > 0 {
		s.sort()
		written, err := writeRun(c.scratch, s.rows)
		if err != nil {
			return unkept(s.method, err)
		}
		for _, r := range s.rows {
			s.written = append(s.written, maphash.String(hashSeed, r.id))
		}
		s.runs, s.rows = append(s.runs, written), nil
	}
	return unkept(s.method, c.keepAnswers())
}

var hashSeed = maphash.MakeSeed()

// mayRepeat is false when no id of the rows in the file came twice, which is nearly always so and saves a look at them all.
func (s *rowSet[T]) mayRepeat() bool {
	slices.Sort(s.written)
	return len(slices.Compact(s.written)) < len(s.written)
}

// unkept is the error for what could not be kept in a file, or read from it again.
func unkept(method string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Code: CodeTemporaryFile, Method: method, Err: err}
}

// sort sorts the rows in memory by id and then by the order in which they came.
func (s *rowSet[T]) sort() { slices.SortFunc(s.rows, (*listed[T]).compare) }

// unique gives the list: sorted by id, each id once. It is an error when an id came more than once with different content; the list is unique
// even so. A map of the ids would find them at once, but took an eighth of a long listing's time.
func (s *rowSet[T]) unique() (ona.List[T], error) {
	if len(s.runs) > 0 {
		return s.uniqueInFile()
	}
	s.sort()
	list := make(ona.Slice[T], 0, len(s.rows))
	repeats, _ := s.repeats(func(yield func(*listed[T], error) bool) { // memory can always be read
		for _, r := range s.rows {
			if !yield(r, nil) {
				return
			}
		}
	}, func(r *listed[T]) { list = append(list, r.value) })
	return list, s.judge(repeats)
}

// uniqueInFile is unique for a listing that is too long for memory.
func (s *rowSet[T]) uniqueInFile() (ona.List[T], error) {
	list := &longList[T]{method: s.method, decode: s.decode}
	if err := s.spill(); err != nil {
		return list, err
	}
	list.runs = s.runs
	list.length = len(s.written)
	if !s.mayRepeat() {
		return list, nil
	}
	repeats, err := s.repeats(merge(s.runs, s.decode), func(*listed[T]) {})
	list.length -= len(repeats) // of what was written, so that rows that are gone are missed
	return list, cmp.Or(unkept(s.method, err), s.judge(repeats))
}

// repeats goes through rows that are sorted, and gives the first with an id to first and each other beside it back.
func (s *rowSet[T]) repeats(sorted iter.Seq2[*listed[T], error], first func(*listed[T])) (repeats []repeat[T], err error) {
	var kept *listed[T]
	for r, err := range sorted {
		switch {
		case err != nil:
			return repeats, err
		case kept != nil && kept.id == r.id:
			repeats = append(repeats, repeat[T]{kept, r})
		default:
			kept = r
			first(r)
		}
	}
	return repeats, nil
}

func (r *listed[T]) compare(other *listed[T]) int {
	return cmp.Or(cmp.Compare(r.id, other.id), r.compareArrival(other))
}

func (r *listed[T]) compareArrival(other *listed[T]) int {
	return cmp.Or(cmp.Compare(r.page, other.page), cmp.Compare(r.index, other.index))
}

// repeat is a row whose id came before.
type repeat[T canonical] struct{ first, second *listed[T] }

// judge notes the repeats in the order in which they came, and refuses the first whose content is another.
func (s *rowSet[T]) judge(repeats []repeat[T]) error {
	slices.SortFunc(repeats, func(a, b repeat[T]) int { return a.second.compareArrival(b.second) })
	for _, again := range repeats {
		if err := s.judgeOne(again); err != nil {
			return err
		}
	}
	return nil
}

func (s *rowSet[T]) judgeOne(again repeat[T]) error {
	first, second := again.first, again.second
	if first.value.Canonical() != second.value.Canonical() {
		return s.fault(&Error{Code: CodeIncompleteListing, Err: errors.New(
			"it is listed twice with different content: it changed while it was being listed, or the pages overlap")}, second.page, first.id)
	}
	s.collector.Notes = append(s.collector.Notes,
		fmt.Sprintf("%s %s is listed more than once with the same content, again on page %d; it is kept once", s.noun, first.id, second.page))
	return nil
}

func (s *rowSet[T]) fault(failure *Error, number int, id string) error {
	failure.Method, failure.Page, failure.ConfigurationID = s.method, number, id
	return failure
}
