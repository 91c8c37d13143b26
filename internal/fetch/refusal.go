package fetch

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"scim-auditor/internal/ona"
)

// connectError is the body of a response with a status other than 200
// (https://connectrpc.com/docs/protocol#error-end-stream).
type connectError struct {
	Code    string          `json:"code"`
	Message string          `json:"message"`
	Details []connectDetail `json:"details"`
}

var connectCodes = []string{
	CodeCanceled, CodeUnknown, CodeInvalidArgument, CodeDeadlineExceeded, CodeNotFound, CodeAlreadyExists,
	CodePermissionDenied, CodeResourceExhausted, CodeFailedPrecondition, CodeAborted, CodeOutOfRange,
	CodeUnimplemented, CodeInternal, CodeUnavailable, CodeDataLoss, CodeUnauthenticated,
}

// codeByStatus is for responses without a Connect error, such as a proxy's HTML.
var codeByStatus = map[int]string{
	http.StatusBadRequest:          CodeInvalidArgument,
	http.StatusUnauthorized:        CodeUnauthenticated,
	http.StatusForbidden:           CodePermissionDenied,
	http.StatusNotFound:            CodeNotFound,
	http.StatusRequestTimeout:      CodeDeadlineExceeded,
	http.StatusConflict:            CodeAborted,
	http.StatusTooManyRequests:     CodeResourceExhausted,
	http.StatusInternalServerError: CodeInternal,
	http.StatusNotImplemented:      CodeUnimplemented,
	http.StatusGatewayTimeout:      CodeDeadlineExceeded,
}

// refusal returns the error for a response of a method with a status other than 200.
func (c *Client) refusal(method string, resp *http.Response, body []byte, received time.Time) *Error {
	status := resp.StatusCode
	failure := &Error{Status: status}
	var said connectError
	if err := json.Unmarshal(body, &said); err == nil && slices.Contains(connectCodes, said.Code) {
		failure.Code, failure.connect = said.Code, true
		failure.Err = fmt.Errorf("HTTP %d: %s%s", status, c.quote(said.Message), c.explain(said.Details))
		failure.hint = c.hintFor(method, failure, said.Details)
	} else {
		failure.Code = codeWithoutConnect(status)
		failure.Err = fmt.Errorf("HTTP %d without an API error in the body: %s", status, c.quote(string(body)))
	}
	if mayPass(status, failure.Code) {
		failure.retryable, failure.serverWait = true, requestedWait(said.Details, resp.Header, received)
	}
	return failure
}

// sharedHosts are the hosts that the policy requireCustomDomainAccess makes the API refuse.
var sharedHosts = []string{"app.gitpod.io", "app.ona.com"}

// hintFor returns the key of the hint that fits the server's error better than that of its code;
// empty if there is none. Every token may read its identity and its organization, unless the
// organization admits its own domain only.
func (c *Client) hintFor(method string, failure *Error, details []connectDetail) string {
	isTier := func(d connectDetail) bool { return d.typeName() == tierDetail }
	base, err := url.Parse(c.settings.BaseURL)
	isShared := err == nil && slices.Contains(sharedHosts, strings.ToLower(base.Hostname()))
	switch {
	case failure.Code == CodeFailedPrecondition && slices.ContainsFunc(details, isTier):
		return hintPlan
	case failure.Code == CodePermissionDenied && isShared &&
		(method == ona.GetAuthenticatedIdentity || method == ona.GetOrganization):
		return hintCustomDomain
	}
	return ""
}

func codeWithoutConnect(status int) string {
	if code, ok := codeByStatus[status]; ok {
		return code
	}
	switch {
	case status < 300:
		return CodeMalformedAnswer
	case status < 400:
		return CodeRedirectRefused
	case status >= 500:
		return CodeUnavailable // such as 502 and 503, and 520 to 530, which proxies send
	}
	return CodeUnknown
}

// mayPass reports whether the same request may succeed later. The status takes precedence over the
// code.
func mayPass(status int, code string) bool {
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
		http.StatusNotImplemented:
		return false
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return true
	}
	return status >= 500 ||
		slices.Contains([]string{CodeResourceExhausted, CodeUnavailable, CodeDeadlineExceeded, CodeAborted}, code)
}

// keptRefusal returns the body of a response with a status other than 200 as it is kept. Its text
// may name members: if they are redacted, only the code of a Connect error is kept.
func (c *Client) keptRefusal(body []byte) []byte {
	if c.settings.Redaction == nil {
		return body
	}
	var said connectError
	if err := json.Unmarshal(body, &said); err == nil && slices.Contains(connectCodes, said.Code) {
		return fmt.Appendf(nil, `{"code":%q,"message":%q}`, said.Code, withheldText)
	}
	return []byte(withheldText)
}

// quote returns a server's text for a message, without secrets. If members are redacted, it shows
// nothing of the text.
func (c *Client) quote(text string) string {
	if c.settings.Redaction != nil {
		return withheldText
	}
	if text = plain(c.secrets.redact(text)); text == "" {
		return "no message"
	}
	return text
}

// notAssessed reports whether the API itself answered that the token may not read something or that
// the server has no such method, and returns that answer. A status alone does not count, because a
// proxy's 403 says nothing about the token's rights.
func notAssessed(err error) (reason string, ok bool) {
	e, ok := errors.AsType[*Error](err)
	if !ok || !e.connect {
		return "", false
	}
	denied := e.Status == http.StatusForbidden && e.Code == CodePermissionDenied
	missing := e.Status == http.StatusNotImplemented && e.Code == CodeUnimplemented
	if !denied && !missing {
		return "", false
	}
	return e.Error(), true
}
