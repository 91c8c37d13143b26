package fetch

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"path"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
)

// Replay is a transport that answers each request with the stored response to the same request. A
// Client that uses it does again what it did when the responses were stored.
type Replay struct {
	mu sync.Mutex
	at time.Time
	// stored has the exchanges by method and request, in the order in which they were sent.
	stored  map[[2]string][]Exchange
	refused map[[2]string]int // tries that were refused, by method and request
	// pageSize is that of the stored requests; 0 if none is for a page.
	pageSize int
	missing  error
}

// Client returns a client for the API at baseURL that sends its requests to r. pages, unless nil,
// keeps decoded pages from one snapshot to the next. members is set if that was Options.Members.
func (r *Replay) Client(baseURL string, pages *Pages, members bool) (*Client, error) {
	return New(Options{
		BaseURL: baseURL, Token: Token(rand.Text()), PageSize: r.pageSize, Transport: r, Pages: pages, Members: members,
		Sleep: func(context.Context, time.Duration) error { return nil },
		Now:   func() time.Time { return r.at },
	})
}

// NewReplay returns a Replay of the exchanges of one snapshot, with their bodies. at is the instant
// of the snapshot.
func NewReplay(exchanges []Exchange, at time.Time) *Replay {
	r := &Replay{at: at, stored: make(map[[2]string][]Exchange), refused: make(map[[2]string]int)}
	for _, x := range exchanges {
		key := [2]string{x.Method, x.Request}
		r.stored[key] = append(r.stored[key], x)
		var sent request
		if r.pageSize == 0 && json.Unmarshal([]byte(x.Request), &sent) == nil && sent.Pagination != nil {
			r.pageSize = min(sent.Pagination.PageSize, maxPageSize)
		}
	}
	return r
}

// Missing returns an error that names the first request without a stored response; nil if every
// request had one.
func (r *Replay) Missing() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.missing
}

// RoundTrip answers a request. It first refuses as many tries as the stored exchange has, because
// the text of an error counts them.
func (r *Replay) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	service, method := path.Split(req.URL.Path)
	key := [2]string{path.Base(service) + "/" + method, string(body)}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.stored[key]) == 0 {
		failure := &Error{Code: CodeConnection, Err: errors.New("the snapshot has no response to the request " + key[1])}
		if r.missing == nil {
			r.missing = &Error{Code: failure.Code, Method: key[0], Err: failure.Err}
		}
		return nil, failure
	}
	x := r.stored[key][0]
	if r.refused[key] < len(x.Retries) {
		r.refused[key]++
		return response(req, http.StatusServiceUnavailable, nil), nil
	}
	r.refused[key], r.stored[key] = 0, r.stored[key][1:]
	resp := response(req, x.Status, x.Body)
	if !x.ServerDate.IsZero() {
		resp.Header.Set("Date", x.ServerDate.Format(http.TimeFormat))
	}
	return resp, nil
}

func response(req *http.Request, status int, body []byte) *http.Response {
	return &http.Response{
		StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: make(http.Header),
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}
}
