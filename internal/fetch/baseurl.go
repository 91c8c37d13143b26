package fetch

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

var errBaseURL = errors.New("the base URL is not a URL such as https://app.gitpod.io/api")

// ParseBaseURL reads a base URL, such as https://app.gitpod.io/api. It removes a trailing slash, a
// query and a fragment, and adds nothing. It accepts plain http only for a loopback address. The
// error shows nothing of a value that may hold a password.
func ParseBaseURL(s string) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return "", errors.New("the base URL is empty")
	case inQuotes(s):
		return "", errors.New("the base URL is in quotes: remove them")
	case strings.Contains(s, "@"):
		// A password with a slash, a question mark or a hash sign is no userinfo for url.Parse.
		return "", errors.New(
			"the base URL contains a user name or password, or an @: remove it, the token is a setting of its own")
	}
	u, err := url.Parse(s)
	if err != nil {
		return "", errBaseURL // the error of url.Parse shows the value
	}
	if err := checkBaseURL(u); err != nil {
		return "", err
	}
	return u.Scheme + "://" + u.Host + strings.TrimRight(u.EscapedPath(), "/"), nil
}

// BaseURLFromHost makes a base URL from the value of ONA_HOST, such as app.gitpod.io. It adds
// https:// unless the value has a scheme, and /api unless the path ends in it, then calls
// ParseBaseURL.
func BaseURLFromHost(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s != "" && !strings.Contains(s, "://") && !inQuotes(s) {
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
	case u.Scheme != "https" && u.Scheme != "http":
		return errors.New("the base URL must begin with https://")
	case u.Hostname() == "":
		return errors.New("the base URL has no host")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return fmt.Errorf("the base URL would send the token to %s over plain http: use https", u.Host)
	}
	return nil
}

// CheckProxy refuses a value of HTTPS_PROXY or HTTP_PROXY that is not a URL, or whose password
// makes it another one. The error does not show the value.
func CheckProxy(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Host == "" {
		u, err = url.Parse("http://" + s) // as net/http does
	}
	if err != nil || u.Hostname() == "" || strings.Contains(u.Path+u.RawQuery+u.Fragment, "@") {
		return errors.New("it is not a URL such as http://proxy.example:3128; " +
			"in a user name or password, / ? # and @ are written %2F %3F %23 and %40")
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

// maxRedirects is the highest number of redirects that one request follows.
const maxRedirects = 5

// checkRedirect follows a redirect only as a POST to the same scheme, host and port. net/http drops
// the Authorization header for another host, so that a valid token would look invalid, and turns
// the POST into a GET on 301, 302 and 303.
func checkRedirect(next *http.Request, via []*http.Request) error {
	from, to := origin(via[len(via)-1].URL), origin(next.URL)
	reason := ""
	switch {
	case !strings.EqualFold(from, to):
		reason = fmt.Sprintf("refusing the redirect from %s to %s: the token is only for the first", from, to)
	case next.Method != http.MethodPost:
		reason = fmt.Sprintf("refusing the redirect at %s, which would turn the POST into a %s", from, next.Method)
	case len(via) > maxRedirects:
		reason = fmt.Sprintf("more than %d redirects at %s", maxRedirects, from)
	default:
		return nil
	}
	refused := &Error{Code: CodeRedirectRefused, Err: errors.New(plain(reason))}
	if next.Response != nil {
		refused.Status = next.Response.StatusCode
	}
	return refused
}

// origin returns scheme, host and port, without a port that is the scheme's default.
func origin(u *url.URL) string {
	host := u.Host
	switch u.Scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	return u.Scheme + "://" + host
}
