// Package fetch is the client of the Ona API. It reads one organization whole, checks every answer at the border and turns it into values of
// package ona. It owns paging, retries and what makes a listing complete: a listing that is not complete is an error, never a shorter list.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// The API's own limit, and the defaults of Options.
const (
	maxPageSize             = 100 // the API's own limit
	defaultMaxPages         = 20_000
	defaultMaxResponseBytes = 32 << 20
	defaultCallTimeout      = time.Minute
	defaultMaxTries         = 6
	defaultMaxWait          = 2 * time.Minute
	defaultUserAgent        = "scim-auditor"
)

// Options says how a Client reaches the API. A zero number stands for its default.
type Options struct {
	// BaseURL carries the path that precedes the service name, such as https://app.gitpod.io/api; see ParseBaseURL.
	BaseURL string
	Token   Token
	// OrganizationID pins the organization: a token of another one is refused before anything is listed. Empty for no pin.
	OrganizationID string
	// PageSize is the rows asked for at once, 1 to 100; 100 by default.
	PageSize int
	Limits
	// Sleep waits for d between two tries, or until ctx is over, and gives ctx's error then; nil for a timer.
	Sleep func(ctx context.Context, d time.Duration) error
	// Transport carries the requests; nil for one of the client's own, see NewTransport.
	Transport http.RoundTripper
	// Now is the clock, which the evidence is stamped with.
	Now func() time.Time
	// Logger gets every request at debug level and every retry at info level, neither with a credential in it; nil for no log.
	Logger    *slog.Logger
	UserAgent string
}

// Limits bound what one organization may cost. A zero stands for the default.
type Limits struct {
	// MaxPages is how many pages of one listing are read before it counts as endless; 20,000 by default.
	MaxPages int
	// MaxResponseBytes bounds one answer after decompression; 32 MiB by default.
	MaxResponseBytes int64
	// CallTimeout bounds one try of one call up to the last byte of its answer; a minute by default.
	CallTimeout time.Duration
	// MaxTries is how often one call is sent at most; 6 by default.
	MaxTries int
	// MaxWait is the longest single wait between two tries; two minutes by default. A server that asks for more ends the call with an error.
	MaxWait time.Duration
}

// Client reads one organization. It is safe for concurrent use.
type Client struct {
	// settings is a pointer so that printing a Client shows an address where the token would be.
	settings *settings
	http     *http.Client
}

// settings is Options after validation, with the defaults filled in.
type settings Options

// New checks the options and returns a Client. It sends nothing. Its errors never show the token.
func New(options Options) (*Client, error) {
	o := settings(options)
	if err := o.validate(); err != nil {
		return nil, err
	}
	o.fillDefaults()
	return &Client{
		settings: &o,
		http:     &http.Client{Transport: o.Transport, CheckRedirect: checkRedirect},
	}, nil
}

// BaseURL is the base URL in use, as ParseBaseURL gave it.
func (c *Client) BaseURL() string { return c.settings.BaseURL }

func (o *settings) validate() (err error) {
	if o.BaseURL, err = ParseBaseURL(o.BaseURL); err != nil {
		return err
	}
	if o.Token, err = ParseToken(string(o.Token)); err != nil {
		return err
	}
	if o.OrganizationID, err = normalID("organization id", strings.TrimSpace(o.OrganizationID)); err != nil {
		return fmt.Errorf("reading the pinned organization: %w", err)
	}
	switch {
	case o.Now == nil:
		return errors.New("fetch options: a clock is needed")
	case o.PageSize < 0 || o.PageSize > maxPageSize:
		return fmt.Errorf("page size %d: the API takes 1 to %d", o.PageSize, maxPageSize)
	case o.MaxPages < 0 || o.MaxResponseBytes < 0 || o.CallTimeout < 0 || o.MaxTries < 0 || o.MaxWait < 0:
		return errors.New("fetch options: a limit is negative")
	}
	return nil
}

func (o *settings) fillDefaults() {
	setDefault(&o.PageSize, maxPageSize)
	setDefault(&o.MaxPages, defaultMaxPages)
	setDefault(&o.MaxResponseBytes, defaultMaxResponseBytes)
	setDefault(&o.CallTimeout, defaultCallTimeout)
	setDefault(&o.MaxTries, defaultMaxTries)
	setDefault(&o.MaxWait, defaultMaxWait)
	setDefault(&o.UserAgent, defaultUserAgent)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Transport == nil {
		o.Transport = NewTransport(1)
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
}

func setDefault[T comparable](value *T, standard T) {
	var zero T
	if *value == zero {
		*value = standard
	}
}
