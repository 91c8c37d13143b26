package fetch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"scim-auditor/internal/ona"
)

// Listing counts the pages and rows that were read.
type Listing struct {
	ona.Listing
	// Received is the number of rows in the pages that were read, Distinct the number of ids.
	Received, Distinct int
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
}

// configuration is a type whose values are equal if and only if their canonical JSON is equal.
type configuration interface{ Canonical() string }

func scimListing() listing[ona.SCIMConfiguration] {
	return listing[ona.SCIMConfiguration]{
		source: source{method: ona.ListSCIMConfigurations, field: "scimConfigurations"},
		noun:   "SCIM configuration",
		decode: decodeSCIM,
		ids:    func(c *ona.SCIMConfiguration) (string, string) { return c.ID, c.OrganizationID },
	}
}

func ssoListing(organizationID string) listing[ona.SSOConfiguration] {
	return listing[ona.SSOConfiguration]{
		source: source{
			method: ona.ListSSOConfigurations, field: "ssoConfigurations",
			request: request{OrganizationID: organizationID},
		},
		noun:   "SSO configuration",
		decode: decodeSSO,
		ids:    func(c *ona.SSOConfiguration) (string, string) { return c.ID, c.OrganizationID },
	}
}

// read reads the whole listing and returns its rows sorted by id, each id once. If it fails, it
// returns no rows, and the counts of what was read before the error.
func (l listing[T]) read(ctx context.Context, r *reader) (all listed[T], err error) {
	rows := map[string]*T{} // by id
	var sizes []int         // of the pages
	defer func() { all.RowsPerPage = groupEqual(sizes) }()
	for p, err := range r.pages(ctx, l.source) {
		if err != nil {
			return all, err
		}
		all.Pages, all.Received = p.number, all.Received+len(p.rows)
		sizes = append(sizes, len(p.rows))
		err = l.addRows(r, p, rows)
		if all.Distinct = len(rows); err != nil {
			return all, err
		}
	}
	all.FinalTokenEmpty = true
	all.rows = make([]T, 0, len(rows))
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		all.rows = append(all.rows, *rows[id])
	}
	return all, nil
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

// addRows adds the rows of a page. An id that repeats with the same content is kept once and noted.
// An id that repeats with different content is an error: the listing is not complete.
func (l listing[T]) addRows(r *reader, p page, rows map[string]*T) error {
	for i := range p.rows {
		row, err := l.row(p, i, r.unknown)
		if err != nil {
			return undecodable(l.method, p, i, err)
		}
		id, organizationID := l.ids(row)
		if failure := r.checkOrganization(organizationID); failure != nil {
			failure.Method, failure.Page, failure.ConfigurationID = l.method, p.number, id
			return failure
		}
		before, repeated := rows[id]
		switch {
		case !repeated:
			rows[id] = row
		case (*row).Canonical() != (*before).Canonical():
			return &Error{
				Code: CodeIncompleteListing, Method: l.method, Page: p.number, ConfigurationID: id, Err: errors.New(
					"it is listed twice with different content: it changed during the listing, or the pages overlap"),
			}
		default:
			r.note("%s %s is listed more than once with the same content, again on page %d; it is kept once",
				l.noun, id, p.number)
		}
	}
	return nil
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
	if name := lookalikeToken(p.unknown); name != "" {
		return fmt.Errorf("field %s looks like a page token, which belongs in pagination.nextToken", name)
	}
	if name := lookalikeToken(p.pagination.Unknown); name != "" && p.next() == "" {
		return fmt.Errorf("field pagination.%s looks like a page token, which belongs in nextToken", name)
	}
	return nil
}

// lookalikeToken returns the name of an unknown field that looks like a next page token, such as
// next_token from a server that writes protobuf field names. Ignoring it would lose the next pages.
func lookalikeToken(unknown members) string {
	for _, name := range slices.Sorted(maps.Keys(unknown)) {
		folded := strings.ToLower(strings.ReplaceAll(name, "_", ""))
		value := string(unknown[name])
		if slices.Contains([]string{"nexttoken", "nextpagetoken", "nextcursor"}, folded) && value != "null" && value != `""` {
			return plain(name)
		}
	}
	return ""
}
