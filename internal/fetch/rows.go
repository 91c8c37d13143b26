package fetch

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// rowSet is the rows of a list read so far.
type rowSet[T canonical] struct {
	listing[T]
	collector *collector
	// records are pointers, so that the growing list does not copy a million configurations again and again.
	records []*record[T]
	byID    map[string]*record[T]
}

// decoded is what came of a row.
type decoded[T canonical] struct {
	record[T]
	err error
}

// decodeAll decodes the rows of a page, in several goroutines where there are processors for them: it is most of the work of a listing.
func (s *rowSet[T]) decodeAll(rows []jsontext.Value) []decoded[T] {
	results := make([]decoded[T], len(rows))
	size := max(minChunk, (len(rows)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	var fields []fieldSet
	var group sync.WaitGroup
	for start := 0; start < len(rows); start += size {
		seen := fieldSet{}
		fields = append(fields, seen)
		group.Go(func() {
			for i := start; i < min(start+size, len(rows)); i++ {
				results[i].record, results[i].err = s.decode(rows[i], seen)
			}
		})
	}
	group.Wait()
	for _, seen := range fields {
		maps.Copy(s.collector.fields, seen)
	}
	return results
}

// minChunk is the number of rows from which another goroutine is worth its start.
const minChunk = 20

// add decodes the rows of a page and takes each in, unless its id is there already with the same content.
func (s *rowSet[T]) add(p page) error {
	results := s.decodeAll(p.rows)
	for i := range results {
		r := &results[i]
		if r.err != nil {
			return s.undecodable(p, i, r.err)
		}
		if own := s.collector.Identity.OrganizationID; r.organizationID != "" && r.organizationID != own {
			return s.fault(&Error{Code: CodeForeignOrganization, Err: fmt.Errorf(
				"it belongs to organization %s, the token to %s", r.organizationID, own)}, p.number, r.id)
		}
		if first, ok := s.byID[r.id]; ok {
			if err := s.again(first, &r.record, p.number); err != nil {
				return err
			}
			continue
		}
		s.byID[r.id] = &r.record
		s.records = append(s.records, &r.record)
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

// again judges an id that is listed more than once.
func (s *rowSet[T]) again(first, second *record[T], number int) error {
	if first.value.Canonical() != second.value.Canonical() {
		return s.fault(&Error{Code: CodeIncompleteListing, Err: errors.New(
			"it is listed twice with different content: it changed while it was being listed, or the pages overlap")}, number, first.id)
	}
	s.collector.Notes = append(s.collector.Notes,
		fmt.Sprintf("%s %s is listed more than once with the same content, again on page %d; it is kept once", s.noun, first.id, number))
	return nil
}

func (s *rowSet[T]) fault(failure *Error, number int, id string) error {
	failure.Method, failure.Page, failure.ConfigurationID = s.method, number, id
	return failure
}

func (s *rowSet[T]) sorted() []T {
	slices.SortFunc(s.records, func(a, b *record[T]) int { return cmp.Compare(a.id, b.id) })
	values := make([]T, len(s.records))
	for i, r := range s.records {
		values[i] = r.value
	}
	return values
}
