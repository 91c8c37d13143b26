package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"scim-auditor/internal/ona"
)

// maxListings is how often one list is read at most. Between two listings that agree the list stood
// still, so a list that changes all the time fails the run instead of being read for ever.
const maxListings = 3

// Listing counts the pages and rows that were read.
type Listing struct {
	ona.Listing
	// Received is the number of rows in the pages of the last listing, Distinct the number of ids.
	Received, Distinct int
	// PagesRead is the number of pages of all listings.
	PagesRead int
	// Counted is how many rows the server counted itself, by the last listing. It is zero, with an
	// empty CountRelation, if it did not count them.
	Counted       int
	CountRelation string
}

// listed is the result of listing.read.
type listed[T any] struct {
	Listing
	rows []T
}

// listing describes how one type of configuration is listed.
type listing[T configuration] struct {
	source
	// noun is the name of a row in notes.
	noun   string
	decode func(jsontext.Value, fieldSet) (*T, error)
	// ids returns the ids of a configuration and its organization.
	ids func(*T) (id, organizationID string)
	// received returns the JSON of a configuration as received.
	received func(*T) []byte
}

// configuration is a type whose values are equal if and only if their canonical JSON is equal.
type configuration interface{ Canonical() string }

func scimListing() listing[ona.SCIMConfiguration] {
	return listing[ona.SCIMConfiguration]{
		source:   source{method: ona.ListSCIMConfigurations, field: "scimConfigurations"},
		noun:     "SCIM configuration",
		decode:   decodeSCIM,
		ids:      func(c *ona.SCIMConfiguration) (string, string) { return c.ID, c.OrganizationID },
		received: func(c *ona.SCIMConfiguration) []byte { return c.Raw },
	}
}

func ssoListing(organizationID string) listing[ona.SSOConfiguration] {
	return listing[ona.SSOConfiguration]{
		source: source{
			method: ona.ListSSOConfigurations, field: "ssoConfigurations",
			request: request{OrganizationID: organizationID},
		},
		noun:     "SSO configuration",
		decode:   decodeSSO,
		ids:      func(c *ona.SSOConfiguration) (string, string) { return c.ID, c.OrganizationID },
		received: func(c *ona.SSOConfiguration) []byte { return c.Raw },
	}
}

// read reads the list until a listing proves a state of it, and returns that listing's rows sorted
// by id, each id once. One page is one answer, so it shows the list at one instant. Several pages
// show it at several instants: two listings must agree in ids and content. A listing with an id on
// two pages, or with a page token that the server refuses, counts for nothing. If read fails, it
// returns no rows, and the counts until then.
func (l listing[T]) read(ctx context.Context, r *reader) (listed[T], error) {
	l.kept = r.client.settings.Pages
	if l.kept == nil { // most pages of the second listing have the bytes of the first
		l.kept = &Pages{}
		l.kept.Next()
	}
	var last listed[T] // the last listing that can be compared
	var moved *Error
	for n := 1; n <= maxListings; n++ {
		next, unusable, err := l.readOnce(ctx, r)
		next.Listings, next.PagesRead = n, last.PagesRead+next.Pages
		switch {
		case err != nil:
			return listed[T]{Listing: next.Listing}, err
		case unusable != nil:
			moved, last.PagesRead = unusable, next.PagesRead
			r.note("%s: listing %d was not used: %v", l.method, n, unusable.Err)
			continue
		case next.Pages == 1:
			return next, nil
		case last.FinalTokenEmpty: // there is a whole listing before this one
			if moved = l.difference(last.rows, next.rows); moved == nil {
				next.Agreeing = 2
				return next, nil
			}
			r.note("%s: listing %d differs from the one before it: %v", l.method, n, moved.Err)
		}
		last = next
	}
	last.Listings = maxListings
	moved.Err = fmt.Errorf("no two of %d listings agree, as if the list changed while it was read: %w",
		maxListings, moved.Err)
	return listed[T]{Listing: last.Listing}, moved
}

// readOnce reads all pages. It returns unusable if an id is on two pages: then the order moved
// while the pages were read, and another row may be on none. It also returns unusable if the server
// refuses a page token: the token may be a position beyond the end of a list that became shorter.
// So it does if the server counted other rows than it listed.
func (l listing[T]) readOnce(ctx context.Context, r *reader) (all listed[T], unusable *Error, err error) {
	rows := map[string]place[T]{} // by id
	var sizes []int               // of the pages
	defer func() { all.RowsPerPage = groupEqual(sizes) }()
	for p, err := range r.pages(ctx, l.source) {
		if e, ok := errors.AsType[*Error](err); ok && e.Page > 1 && e.Status == http.StatusBadRequest {
			e.Code, e.Err = CodeIncompleteListing, fmt.Errorf("the server refuses the page token: %w", e.Err)
			return all, e, nil
		}
		if err != nil {
			return all, nil, err
		}
		all.Pages, all.Received = p.number, all.Received+len(p.rows)
		sizes = append(sizes, len(p.rows))
		if p.count != nil && p.number == 1 {
			all.Counted, all.CountRelation = p.count.value, p.count.relation
		}
		unusable, err = l.addRows(r, p, rows)
		if all.Distinct = len(rows); err != nil || unusable != nil {
			return all, unusable, err
		}
		if err := checkTotal(p, all.Received); err != nil {
			return all, nil, &Error{Code: CodeIncompleteListing, Method: l.method, Page: p.number, Err: err}
		}
	}
	if l.counted && len(rows) == 0 {
		return all, nil, &Error{Code: CodeIncompleteListing, Method: l.method, Err: errors.New(
			"no member is listed, but every organization has one")}
	}
	if err := all.checkCount(); err != nil {
		return all, &Error{Code: CodeIncompleteListing, Method: l.method, Err: err}, nil
	}
	all.FinalTokenEmpty, all.Agreeing = true, 1
	all.rows = make([]T, 0, len(rows))
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		all.rows = append(all.rows, *rows[id].row)
	}
	return all, nil, nil
}

// same reports whether two rows have the same content. Most have the same bytes, which are quicker
// to compare.
func (l listing[T]) same(a, b *T) bool {
	return bytes.Equal(l.received(a), l.received(b)) || (*a).Canonical() == (*b).Canonical()
}

// difference returns an error that names the first configuration in which two listings differ, and
// how many do; nil if they agree. The rows are sorted by id.
func (l listing[T]) difference(before, after []T) *Error {
	known := make(map[string]*T, len(before))
	for i := range before {
		id, _ := l.ids(&before[i])
		known[id] = &before[i]
	}
	differing := map[string]string{} // what is different, by id
	for i := range after {
		id, _ := l.ids(&after[i])
		switch row := known[id]; {
		case row == nil:
			differing[id] = "is new"
		case !l.same(row, &after[i]):
			differing[id] = "has other content"
		}
		delete(known, id)
	}
	for id := range known {
		differing[id] = "is missing"
	}
	if len(differing) == 0 {
		return nil
	}
	first := slices.Min(slices.Collect(maps.Keys(differing)))
	return &Error{Code: CodeIncompleteListing, Method: l.method, Err: fmt.Errorf(
		"configurations that differ: %d, the first is %s, which %s", len(differing), first, differing[first])}
}

// groupEqual formats numbers in order and counts equal neighbours: "99 x 100, 37".
func groupEqual(numbers []int) string {
	var parts []string
	for i := 0; i < len(numbers); {
		n := 1
		for i+n < len(numbers) && numbers[i+n] == numbers[i] {
			n++
		}
		part := strconv.Itoa(numbers[i])
		if n > 1 {
			part = fmt.Sprintf("%d x %d", n, numbers[i])
		}
		parts = append(parts, part)
		i += n
	}
	return strings.Join(parts, ", ")
}

// place is a row and the page that has it.
type place[T any] struct {
	row  *T
	page int
}

// addRows adds the rows of a page. It returns repeated for an id that another page has too. An id
// that one page has twice is kept once and noted if the content is the same, because nothing can
// move within one answer; otherwise it is an error.
func (l listing[T]) addRows(r *reader, p page, rows map[string]place[T]) (repeated *Error, err error) {
	for i := range p.rows {
		row, err := l.row(p, i, r.unknown)
		if err != nil {
			return nil, undecodable(l.method, p, i, l.conceal(err))
		}
		id, organizationID := l.ids(row)
		if failure := r.checkOrganization(organizationID); failure != nil {
			failure.Method, failure.Page, failure.ConfigurationID = l.method, p.number, id
			return nil, failure
		}
		before, known := rows[id]
		switch {
		case !known:
			rows[id] = place[T]{row, p.number}
		case before.page != p.number:
			return &Error{Code: CodeIncompleteListing, Method: l.method, Page: p.number, Err: fmt.Errorf(
				"configuration %s is on page %d and again on page %d: the order moved, so another may be on no page",
				id, before.page, p.number)}, nil
		case !l.same(row, before.row):
			return nil, &Error{
				Code: CodeIncompleteListing, Method: l.method, Page: p.number, ConfigurationID: id,
				Err: errors.New("it is listed twice with different content on one page"),
			}
		default:
			r.note("%s %s is listed more than once with the same content on page %d; it is kept once",
				l.noun, id, p.number)
		}
	}
	return nil, nil
}

// undecodable returns an error that names the row by its id, or by its number in the page if it has
// no printable id.
func undecodable(method string, p page, index int, err error) *Error {
	id := configurationID(p.rows[index])
	if id == "" {
		err = fmt.Errorf("row %d: %w", index+1, err)
	}
	failure := notAsDocumented(method, err)
	failure.Page, failure.ConfigurationID = p.number, id
	return failure
}

// checkNext refuses a next token that repeats, or that goes beyond the page limit, and notes an
// empty page before the last one. tokens maps each token to the page that had it.
func (r *reader) checkNext(s source, p page, tokens map[string]int) error {
	if p.next() == "" {
		return nil
	}
	incomplete := &Error{Code: CodeIncompleteListing, Method: s.method, Page: p.number}
	if before, ok := tokens[p.next()]; ok {
		incomplete.Err = fmt.Errorf(
			"its next page token repeats that of page %d, so the listing would never end", before)
		return incomplete
	}
	tokens[p.next()] = p.number
	if most := r.client.settings.MaxPages; p.number >= most {
		incomplete.Err = fmt.Errorf("reading stopped at the limit of %d pages; the list has more", most)
		return incomplete
	}
	if len(p.rows) == 0 {
		r.note("%s: page %d is empty and not the last; the listing continued", s.method, p.number)
	}
	return nil
}

// checkPage refuses a response that looks like an empty listing or like the last page but may be
// neither.
func checkPage(p page, field string) error {
	if p.rows == nil && len(p.unknown) > 0 {
		return fmt.Errorf("it has no field %s, but the unknown fields %s", field, names(p.unknown))
	}
	// The types limit the depth of known fields, and decoding a row checks its unknown fields.
	if p.unknown.depth() > maxDepth-1 || p.pagination.Unknown.depth() > maxDepth-2 {
		return errTooDeep
	}
	return checkBeside(p)
}
