package fetch

import (
	"context"
	"iter"
	"net/url"
	"path"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// source is the method that lists the pages, with the fixed part of its request.
type source struct {
	method string
	// field is the name of the response field that holds the rows.
	field   string
	request request
	// kept keeps the pages, whose rows are decoded through listing.row; nil keeps none.
	kept *Pages
	// counted is set if the first page says how many rows the list has.
	counted bool
	// private keeps of the requests and the responses nothing that may say who a member is.
	private bool
}

// page is one response of a listing. Its rows are not decoded yet.
type page struct {
	number     int
	token      string // that requested it
	rows       []jsontext.Value
	pagination wirePagination
	// count is what the server counted; nil if it did not count.
	count   *rowCount
	unknown members
	// decoded has the rows that were decoded before, body the response; nil if the page is not
	// kept.
	decoded *decodedRows
	body    []byte
}

// next returns the token for the next page; empty on the last page.
func (p page) next() string { return p.pagination.NextToken }

// pages yields the pages of a listing in order and stops after the last one or an error.
func (r *reader) pages(ctx context.Context, s source) iter.Seq2[page, error] {
	return func(yield func(page, error) bool) {
		tokens := map[string]int{}
		token := ""
		for number := 1; ; number++ {
			p, err := r.readPage(ctx, s, number, token)
			if err == nil {
				err = r.checkNext(s, p, tokens)
			}
			token = p.next()
			if !yield(p, err) || err != nil || token == "" {
				return
			}
		}
	}
}

// requestPage sends the page token in the body, where Connect servers read it, and in the query,
// where the API's own SDKs send it.
func (c *Client) requestPage(ctx context.Context, s source, number int, token string) (Exchange, error) {
	size := c.settings.PageSize
	query := url.Values{"pageSize": {strconv.Itoa(size)}}
	if token != "" {
		query.Set("token", token)
	}
	body := s.request
	body.Pagination = &paginationRequest{PageSize: size, Token: token}
	return c.get(ctx, call{method: s.method, page: number, query: query, request: body})
}

// readPage requests a page, keeps it as evidence and splits it into its rows and the next token.
func (r *reader) readPage(ctx context.Context, s source, number int, token string) (page, error) {
	x, err := r.client.requestPage(ctx, s, number, token)
	if err != nil {
		r.record(r.client.withheld(s, x, token))
		return page{}, err
	}
	p, err := s.kept.read(s, x, token)
	if p.number, x.Records = number, len(p.rows); p.body != nil {
		x.Body = p.body // the same bytes are in memory once
	}
	r.record(r.client.withheld(s, x, token))
	if err != nil {
		failure := notAsDocumented(s.method, s.conceal(err))
		failure.Page, failure.ConfigurationID = number, brokenRow(x.Body, s.field)
		return page{}, failure
	}
	message := path.Base(s.method) + "Response"
	r.unknown.addAll(message, p.unknown)
	r.unknown.addAll(message+".pagination", p.pagination.Unknown)
	return p, nil
}

// parsePage splits a response into its rows and the next token, and checks it. token is that of the
// request.
func parsePage(body []byte, s source, token string) (page, error) {
	p, err := splitPage(body, s)
	p.token = token
	if err == nil {
		err = checkPage(p, s.field)
	}
	return p, err
}

func splitPage(body []byte, s source) (p page, err error) {
	if p.unknown, err = readMembers(body); err != nil {
		return p, err
	}
	if rows := p.unknown.take(s.field); rows != nil {
		if err := json.Unmarshal(rows, &p.rows); err != nil {
			return p, describeField(s.field, err)
		}
	}
	if s.counted {
		if p.count, err = takeCount(p.unknown); err != nil {
			return p, err
		}
	}
	if p.pagination.Unknown, err = p.unknown.object("pagination"); err != nil {
		return p, err
	}
	p.pagination.NextToken, err = p.pagination.Unknown.text("pagination.nextToken")
	return p, err
}

// brokenRow returns the id of the first row that is not valid JSON; empty if there is no such row
// or it has no id.
func brokenRow(body []byte, field string) string {
	answer, err := readMembers(body, lenient)
	var rows []jsontext.Value
	if err != nil || json.Unmarshal(answer[field], &rows, lenient) != nil {
		return ""
	}
	for _, row := range rows {
		if !row.IsValid() {
			return configurationID(row)
		}
	}
	return ""
}
