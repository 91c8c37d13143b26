package job_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"time"

	"scim-auditor/internal/demo"
)

// maxTries is how often a client of the year sends one call, the default of fetch.
const maxTries = 6

// fault is one way in which a server or something before it fails a request.
type fault struct {
	name string
	// passes says that the client sends the request again.
	passes bool
	// once says that the fault hits one request only, never the same request on another night.
	once   bool
	answer func(o *yearly, w http.ResponseWriter, r *http.Request, next http.Handler)
}

func scripted(f demo.Fault) func(*yearly, http.ResponseWriter, *http.Request, http.Handler) {
	return func(_ *yearly, w http.ResponseWriter, _ *http.Request, _ http.Handler) { f.Write(w) }
}

func body(text string) func(*yearly, http.ResponseWriter, *http.Request, http.Handler) {
	return func(_ *yearly, w http.ResponseWriter, _ *http.Request, _ http.Handler) { _, _ = w.Write([]byte(text)) }
}

// altered sends the server's answer after change.
func altered(change func(o *yearly, answer []byte) []byte) func(*yearly, http.ResponseWriter, *http.Request,
	http.Handler) {
	return func(o *yearly, w http.ResponseWriter, r *http.Request, next http.Handler) {
		got := httptest.NewRecorder()
		next.ServeHTTP(got, r)
		maps.Copy(w.Header(), got.Header())
		w.WriteHeader(got.Code)
		_, _ = w.Write(change(o, got.Body.Bytes()))
	}
}

// beside adds a member to an answer.
func beside(member string) func(*yearly, []byte) []byte {
	return func(_ *yearly, answer []byte) []byte {
		if bytes.HasPrefix(answer, []byte(`{"`)) {
			member += ","
		}
		return bytes.Replace(answer, []byte("{"), []byte("{"+member), 1)
	}
}

// lacksRows is a fault that only a listing can have.
var lacksRows = fault{"a page that lacks rows", false, true, altered((*yearly).cut)}

// faults are the ways in which any request fails.
var faults = []fault{
	{"HTTP 500", true, false, scripted(demo.Fault{Code: "internal"})},
	{"HTTP 503", true, false, scripted(demo.Fault{Code: "unavailable"})},
	{"HTTP 504", true, false, scripted(demo.Fault{Code: "deadline_exceeded"})},
	{"HTTP 408", true, false, scripted(demo.Fault{Code: "deadline_exceeded", Status: http.StatusRequestTimeout})},
	{"HTTP 409", true, false, scripted(demo.Fault{Code: "aborted"})},
	{"HTTP 429", true, false, scripted(demo.Fault{Code: "resource_exhausted", RetryDelay: time.Second})},
	{"HTTP 502 with HTML", true, false, scripted(demo.Fault{Text: "<html>bad gateway</html>",
		Status: http.StatusBadGateway})},
	{"HTTP 524 with HTML", true, false, scripted(demo.Fault{Text: "<html>a timeout occurred</html>", Status: 524})},
	{"no answer", true, false, func(*yearly, http.ResponseWriter, *http.Request,
		http.Handler) {
		panic(http.ErrAbortHandler)
	}},
	{"half an answer", true, false, func(_ *yearly, w http.ResponseWriter, r *http.Request, next http.Handler) {
		got := httptest.NewRecorder()
		next.ServeHTTP(got, r)
		w.Header().Set("Content-Length", fmt.Sprint(got.Body.Len()))
		_, _ = w.Write(got.Body.Bytes()[:got.Body.Len()/2])
	}},
	{"an answer that does not come", true, true, func(_ *yearly, _ http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body) // only then the server sees that the client gives up
		<-r.Context().Done()
	}},
	{"JSON that ends too early", false, false, altered(func(_ *yearly,
		answer []byte) []byte {
		return answer[:len(answer)/2]
	})},
	{"an empty body", false, false, body("")},
	{"HTML with HTTP 200", false, false, body("<html>please sign in</html>")},
	{"JSON of another form", false, false, body(`[]`)},
	{"fields of another type", false, false, body(`{"subject":1,"organization":[],"policies":[],"scimConfigurations":{},` +
		`"ssoConfigurations":{},"domainVerifications":{},"entries":{},"scimConfiguration":[],"ssoConfiguration":[]}`)},
	{"errors beside the answer", false, false, altered(beside(`"errors":["shard 3"]`))},
	{"more beside the answer", false, false, altered(beside(`"hasMore":true`))},
	{"another organization", false, false, altered(func(o *yearly, answer []byte) []byte {
		return bytes.ReplaceAll(answer, []byte(o.state.ID), []byte(demo.ID("somebody else")))
	})},
	{"HTTP 400", false, false, scripted(demo.Fault{Code: "invalid_argument"})},
	{"no plan", false, false, scripted(demo.Fault{Code: "failed_precondition"})},
	{"HTTP 401", false, false, scripted(demo.Fault{Code: "unauthenticated"})},
	{"HTTP 403", false, false, scripted(demo.Fault{Code: "permission_denied"})},
	{"HTTP 403 with HTML", false, false, scripted(demo.Fault{Text: "<html>denied</html>", Status: http.StatusForbidden})},
	{"HTTP 404 with text", false, false, scripted(demo.Fault{Text: "404 page not found", Status: http.StatusNotFound})},
	{"HTTP 501", false, false, scripted(demo.Fault{Code: "unimplemented"})},
	{"a redirect", false, false, func(_ *yearly, w http.ResponseWriter, r *http.Request, _ http.Handler) {
		http.Redirect(w, r, "https://elsewhere.example/", http.StatusPermanentRedirect)
	}},
}
