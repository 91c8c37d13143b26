// Package fetch is the client for the Ona API. It reads one organization completely, checks every
// response and converts it to the types of package ona. It owns paging, retries and the check that
// a listing is complete: an incomplete listing is an error, never a shorter list.
package fetch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"scim-auditor/internal/ona"
)

const maxPageSize = 100 // the API's own limit

// Options says how a Client reaches the API. A number that is zero means its default.
type Options struct {
	// BaseURL includes the path before the service name, as in https://app.gitpod.io/api; see
	// ParseBaseURL.
	BaseURL string
	Token   Token
	// OrganizationID pins the organization: a token of another organization is refused before
	// anything is listed. Empty means no pin.
	OrganizationID string
	// PageSize is the number of rows in a page, 1 to 100; 100 by default.
	PageSize int
	Limits
	// Sleep waits for d between two tries and returns ctx's error if ctx ends first. Nil means a
	// real timer.
	Sleep func(ctx context.Context, d time.Duration) error
	// Transport sends the requests; nil means NewTransport(1).
	Transport http.RoundTripper
	// Pages keeps the pages that were decoded; nil keeps none.
	Pages *Pages
	// Members requests the members of the organization and their tokens. Redaction, unless nil,
	// replaces what says who they are.
	Members   bool
	Redaction *ona.Redaction
	// Now is the clock for the times in the evidence.
	Now func() time.Time
	// Logger logs every request at debug level and every retry at info level, without credentials;
	// nil means no log.
	Logger    *slog.Logger
	UserAgent string
}

// Limits bound the calls for one organization. Zero means the default.
type Limits struct {
	// MaxPages is the highest number of pages in one listing; 20,000 by default. A longer listing
	// fails.
	MaxPages int
	// MaxResponseBytes bounds one response after decompression; 32 MiB by default.
	MaxResponseBytes int64
	// CallTimeout bounds one try of a call, including reading the body; a minute by default.
	CallTimeout time.Duration
	// MaxTries is how many times one call is sent at most; 6 by default.
	MaxTries int
	// MaxWait is the longest wait between two tries; two minutes by default. If a server asks for
	// more, the call fails.
	MaxWait time.Duration
}

// Source is one organization to collect.
type Source struct {
	// Name is its label in logs and reports, "default" if the settings list no organizations.
	Name string
	// Fetch says how to reach the API. OrganizationID is set if the operator named an organization.
	Fetch Options
	// TokenExpires is the day on which the token expires, at 00:00 UTC; zero if the settings do not
	// say.
	TokenExpires time.Time
	// Err says why the organization cannot be collected, such as a token that does not exist; nil
	// if it can. The snapshot fails with this error.
	Err error
}

// Client reads one organization. It is safe for concurrent use.
type Client struct {
	// settings is a pointer, so that printing a Client shows an address and not the options.
	settings *Options
	secrets  *secrets
	http     *http.Client
}

// New validates the options and returns a Client. It sends nothing. Its errors never show the
// token.
func New(options Options) (*Client, error) {
	if err := options.validate(); err != nil {
		return nil, err
	}
	options.fillDefaults()
	base, err := url.Parse(options.BaseURL)
	if err != nil {
		return nil, errBaseURL
	}
	var proxy *url.URL
	if _, replayed := options.Transport.(*Replay); !replayed { // a Replay opens no connection
		if proxy, err = environmentProxy(base); err != nil {
			return nil, err
		}
	}
	secrets := newSecrets(options.Token, proxy)
	secrets.addresses = options.Redaction != nil
	return &Client{
		settings: &options,
		secrets:  secrets,
		http:     &http.Client{Transport: options.Transport, CheckRedirect: checkRedirect},
	}, nil
}

// Identity says whose token it is. If it fails, it returns an *Error.
func (c *Client) Identity(ctx context.Context) (ona.Identity, error) {
	return c.newReader("").identity(ctx)
}

func (o *Options) validate() (err error) {
	if o.BaseURL, err = ParseBaseURL(o.BaseURL); err != nil {
		return err
	}
	if o.Token, err = ParseToken(string(o.Token)); err != nil {
		return err
	}
	if o.OrganizationID, err = ona.ParseID(strings.TrimSpace(o.OrganizationID)); err != nil {
		return fmt.Errorf("reading the pinned organization: %w", err)
	}
	switch {
	case o.Now == nil:
		return errors.New("fetch options: the clock is missing")
	case o.PageSize < 0 || o.PageSize > maxPageSize:
		return fmt.Errorf("page size %d: the API takes 1 to %d", o.PageSize, maxPageSize)
	case o.MaxPages < 0 || o.MaxResponseBytes < 0 || o.CallTimeout < 0 || o.MaxTries < 0 || o.MaxWait < 0:
		return errors.New("fetch options: a limit is negative")
	}
	return nil
}

func (o *Options) fillDefaults() {
	o.PageSize = cmp.Or(o.PageSize, maxPageSize)
	o.MaxPages = cmp.Or(o.MaxPages, 20_000)
	o.MaxResponseBytes = cmp.Or(o.MaxResponseBytes, 32<<20)
	o.CallTimeout = cmp.Or(o.CallTimeout, time.Minute)
	o.MaxTries = cmp.Or(o.MaxTries, 6)
	o.MaxWait = cmp.Or(o.MaxWait, 2*time.Minute)
	o.UserAgent = cmp.Or(o.UserAgent, "scim-auditor")
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
