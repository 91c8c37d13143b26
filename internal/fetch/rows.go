package fetch

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// rowSet is the rows of a list read so far.
type rowSet[T canonical] struct {
	listing[T]
	collector *collector
	// rows are pointers, so that the growing list does not copy a million configurations again and again.
	rows []*listed[T]
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

// unique sorts the rows by id and keeps each id once. An id that came more than once with different content is an error; the list is unique
// even so.
func (s *rowSet[T]) unique() ([]T, error) {
	slices.SortFunc(s.rows, (*listed[T]).compare)
	list := make([]T, 0, len(s.rows))
	var repeats []repeat[T]
	var kept *listed[T]
	for _, r := range s.rows {
		if kept != nil && kept.id == r.id {
			repeats = append(repeats, repeat[T]{kept, r})
			continue
		}
		kept = r
		list = append(list, r.value)
	}
	return list, s.judge(repeats)
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
