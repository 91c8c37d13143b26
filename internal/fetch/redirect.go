package fetch

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

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
