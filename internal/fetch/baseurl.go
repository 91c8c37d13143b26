package fetch

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// ParseBaseURL reads a base URL, such as https://app.gitpod.io/api. It removes a trailing slash, a
// query and a fragment, and adds nothing. It accepts plain http only to this machine. The error
// never shows a password.
func ParseBaseURL(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", errors.New("the base URL is empty")
	}
	u, err := url.Parse(s)
	if err != nil {
		return "", fmt.Errorf("reading the base URL: %w", withoutURL(err))
	}
	if err := checkBaseURL(u); err != nil {
		return "", err
	}
	return u.Scheme + "://" + u.Host + strings.TrimRight(u.EscapedPath(), "/"), nil
}

// BaseURLFromHost reads a host as ONA_HOST has it, such as app.gitpod.io. It adds https:// unless
// there is a scheme, and /api unless the path ends in it. See ParseBaseURL for the rest.
func BaseURLFromHost(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s != "" && !strings.Contains(s, "://") {
		s = "https://" + s
	}
	base, err := ParseBaseURL(s)
	if err != nil || strings.HasSuffix(base, "/api") {
		return base, err
	}
	return base + "/api", nil
}

func checkBaseURL(u *url.URL) error {
	switch {
	case u.User != nil:
		return errors.New("the base URL has a user name or password in it: leave them out, the token is set apart")
	case u.Scheme != "https" && u.Scheme != "http":
		return errors.New("the base URL must begin with https://")
	case u.Hostname() == "":
		return errors.New("the base URL has no host")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return fmt.Errorf("the base URL would send the token to %s over plain http: use https", u.Host)
	}
	return nil
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// withoutURL removes the URL from an error of net/url or net/http: it may hold a password or a page
// token.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// maxRedirects bounds a chain of redirects within one host.
const maxRedirects = 5

// checkRedirect follows a redirect only as a POST to the same scheme, host and port. To another
// host net/http drops the Authorization, which makes a good token look like a bad one; on 301, 302
// and 303 it turns a POST into a GET.
func checkRedirect(next *http.Request, via []*http.Request) error {
	from, to := origin(via[len(via)-1].URL), origin(next.URL)
	why := ""
	switch {
	case from != to:
		why = fmt.Sprintf("refusing the redirect from %s to %s: the token is only for the first", from, to)
	case next.Method != http.MethodPost:
		why = fmt.Sprintf("refusing the redirect at %s, which would turn the POST into a %s", from, next.Method)
	case len(via) > maxRedirects:
		why = fmt.Sprintf("more than %d redirects at %s", maxRedirects, from)
	default:
		return nil
	}
	refused := &Error{Code: CodeRedirectRefused, Err: errors.New(plain(why))}
	if next.Response != nil {
		refused.Status = next.Response.StatusCode
	}
	return refused
}

// origin returns scheme, host and port, without a port that is the scheme's default.
func origin(u *url.URL) string {
	host := strings.ToLower(u.Host)
	switch u.Scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	return u.Scheme + "://" + host
}
