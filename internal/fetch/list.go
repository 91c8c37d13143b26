package fetch

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"net/url"
	"strconv"
	"strings"
	"sync"
)

// source is where the pages of a list come from.
type source struct {
	method string
	// field is the answer's member that holds the rows.
	field   string
	parse   func([]byte) (wireSCIMPage, error)
	request func(paginationRequest) any
}

var scimSource = source{
	method: methodListSCIM, field: "scimConfigurations", parse: scimPage,
	request: func(p paginationRequest) any { return listSCIMRequest{p} },
}

func ssoSource(organizationID string) source {
	return source{
		method: methodListSSO, field: "ssoConfigurations", parse: ssoPage,
		request: func(p paginationRequest) any { return listSSORequest{organizationID, p} },
	}
}

// answerType is the name of the answer's message, as it stands before its unknown fields.
func (s source) answerType() string {
	return s.method[strings.LastIndexByte(s.method, '/')+1:] + "Response"
}

// listing is a source and what its rows are.
type listing[T canonical] struct {
	source
	// noun is what a row is in the notes.
	noun   string
	decode func([]byte, fieldSet) (record[T], error)
}

// canonical values are the same if and only if their canonical JSON is.
type canonical interface{ Canonical() string }

// readList reads a list, whose first page is under way, to its end: sorted by id, each id once. It counts into tally as it goes.
func readList[T canonical](ctx context.Context, c *collector, l listing[T], first <-chan response, tally *Listing) ([]T, error) {
	rows := rowSet[T]{listing: l, collector: c}
	err := rows.read(ctx, first, tally)
	// Also beside an error: what is amiss with the pages before the one that failed is told first.
	list, repeated := rows.unique()
	tally.Distinct = len(list)
	if err := cmp.Or(repeated, err); err != nil {
		tally.FinalTokenEmpty = false
		return nil, err
	}
	return list, nil
}

// read takes in every page of the list.
func (s *rowSet[T]) read(ctx context.Context, first <-chan response, tally *Listing) error {
	for p, err := range s.collector.pages(ctx, s.source, first) {
		if err != nil {
			return err
		}
		tally.Pages, tally.Received = p.number, tally.Received+len(p.rows)
		tally.RowsPerPage = append(tally.RowsPerPage, len(p.rows))
		if err := s.add(p); err != nil {
			return err
		}
		tally.FinalTokenEmpty = p.next == ""
	}
	return nil
}

// pages gives the pages of a list in order, from the first one that is under way, and ends after the last one or with an error. While a page
// is looked into and the caller works on it, the next ones are already under way; the collector stays the caller's, since only the requests
// run beside it.
func (c *collector) pages(ctx context.Context, s source, first <-chan response) iter.Seq2[page, error] {
	return func(yield func(page, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		ended, came := make(chan struct{}), make(chan response, 1)
		var ahead sync.WaitGroup
		ahead.Go(func() { c.client.readAhead(ctx, s, first, came, ended) })
		defer ahead.Wait()
		defer cancel()
		defer close(ended)
		asked := map[string]int{}
		for number := 1; ; number++ {
			p, err := c.openPage(s, number, <-came)
			if err == nil {
				err = c.follow(s, p, asked)
			}
			if err != nil {
				yield(page{}, err)
				return
			}
			c.seal()
			if !yield(p, nil) || p.next == "" {
				return
			}
		}
	}
}

// readAhead requests one page after the other, each as soon as the one before has come: a request that waited for another goroutine would
// add to every round trip. It ends where the list ends or goes wrong, which is for the collector to tell: should that want another page after
// all, it gets an answer without a body, which is an error.
func (c *Client) readAhead(ctx context.Context, s source, first <-chan response, came chan<- response, ended <-chan struct{}) {
	asked := map[string]bool{}
	r := <-first
	for number := 1; ; number++ {
		next := ""
		if r.err == nil {
			next = peekToken(r.Body)
		}
		select {
		case came <- r:
		case <-ended:
			return
		}
		if next == "" || asked[next] || number >= c.settings.MaxPages {
			break
		}
		asked[next] = true
		r = c.requestPage(ctx, s, number+1, next)
	}
	close(came)
}

// response is what came of a request.
type response struct {
	answer
	err error
}

// begin lets a request run beside the collector.
func begin(ahead *sync.WaitGroup, request func() response) <-chan response {
	came := make(chan response, 1)
	ahead.Go(func() { came <- request() })
	return came
}

// requestOnce sends a call outside a listing.
func (c *Client) requestOnce(ctx context.Context, method string, request any) response {
	a, err := c.ask(ctx, call{method: method}, request)
	return response{a, err}
}

// requestPage sends the page token in the body, where Connect servers read it, and in the query, where the API's own SDKs send it.
func (c *Client) requestPage(ctx context.Context, s source, number int, token string) response {
	size := c.settings.PageSize
	query := url.Values{"pageSize": {strconv.Itoa(size)}}
	if token != "" {
		query.Set("token", token)
	}
	a, err := c.ask(ctx, call{method: s.method, page: number, query: query}, s.request(paginationRequest{PageSize: size, Token: token}))
	return response{a, err}
}

// openPage reads the frame of a page: its rows, not yet looked into, and the next token.
func (c *collector) openPage(s source, number int, r response) (page, error) {
	if r.err != nil {
		c.record(r.answer, 0)
		return page{}, r.err
	}
	w, err := s.parse(r.Body)
	c.record(r.answer, len(w.Rows))
	id := ""
	if err != nil {
		id = brokenRow(r.Body, s.field)
	} else {
		err = checkPage(w, s.field)
	}
	if err != nil {
		failure := notAsDocumented(s.method, err)
		failure.Page, failure.ConfigurationID = number, id
		return page{}, failure
	}
	c.fields.add(s.answerType(), w.Unknown)
	c.fields.add(s.answerType()+".pagination", w.Pagination.Unknown)
	return page{number: number, rows: w.Rows.of(r.Body), next: w.Pagination.NextToken}, nil
}

// follow refuses a next token that would lead in a circle or on for ever, and notes an empty page before the end. asked holds, by token, the
// page that gave it.
func (c *collector) follow(s source, p page, asked map[string]int) error {
	if p.next == "" {
		return nil
	}
	incomplete := &Error{Code: CodeIncompleteListing, Method: s.method, Page: p.number}
	if before, ok := asked[p.next]; ok {
		incomplete.Err = fmt.Errorf("the next page token is the one that page %d gave: the pages go in a circle", before)
		return incomplete
	}
	asked[p.next] = p.number
	if most := c.client.settings.MaxPages; p.number >= most {
		incomplete.Err = fmt.Errorf("the list goes on after %d pages, which is as many as are read", most)
		return incomplete
	}
	if len(p.rows) == 0 {
		c.Notes = append(c.Notes, fmt.Sprintf("%s: page %d is empty and not the last; the listing went on", s.method, p.number))
	}
	return nil
}
