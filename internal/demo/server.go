// Package demo is a simulated Ona API whose organizations change night by night: `auditor demo` shows the job on it and tests use it as
// the server. What is on it is invented and always the same: it reads no clock, draws no random number and opens no connection. It
// answers as the API's documentation says, and is stricter where a client could be wrong without noticing it: a request field that the
// method does not have is refused.
package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Nights is how many nights the story of NewServer lasts. After the last one its world stands still.
const Nights = 7

// The methods of the API that the server knows, as they stand in the path after /api/.
const (
	GetAuthenticatedIdentity = "gitpod.v1.IdentityService/GetAuthenticatedIdentity"
	GetOrganization          = "gitpod.v1.OrganizationService/GetOrganization"
	GetOrganizationPolicies  = "gitpod.v1.OrganizationService/GetOrganizationPolicies"
	ListSCIMConfigurations   = "gitpod.v1.OrganizationService/ListSCIMConfigurations"
	GetSCIMConfiguration     = "gitpod.v1.OrganizationService/GetSCIMConfiguration"
	ListSSOConfigurations    = "gitpod.v1.OrganizationService/ListSSOConfigurations"
	GetSSOConfiguration      = "gitpod.v1.OrganizationService/GetSSOConfiguration"
	ListAuditLogs            = "gitpod.v1.EventService/ListAuditLogs"
)

// maxRequest is the size of the largest request body that is read, in bytes.
const maxRequest = 1 << 20

// Night is the instant of night n of the simulated calendar, UTC; night 1 is 2026-11-16 at 02:00.
func Night(n int) time.Time {
	return time.Date(2026, 11, 15+n, 2, 0, 0, 0, time.UTC)
}

// Server is the simulated API, an http.Handler for POST /api/gitpod.v1.<Service>/<Method>. Every answer's Date is the instant of the
// night. It is safe for concurrent requests; its exported fields are set before the first of them.
type Server struct {
	// Intercept, when it is not nil, gets every request below /api/ in place of the server. The method is the path after /api/, such as
	// ListSCIMConfigurations; next answers as the server does without an Intercept.
	Intercept func(w http.ResponseWriter, r *http.Request, method string, next http.Handler)
	// PageTokenInQuery makes the server read page tokens from the query parameter "token" only. Without it the server reads them from
	// the request body only, as Connect servers do.
	PageTokenInQuery bool

	// worlds holds, for each organization, its states from night 1 on; the last one stays in force.
	worlds [][]*State

	mu    sync.Mutex
	night int
	// met counts the requests of this night that met a fault, by organization and method.
	met map[[2]string]int
}

// Organization is an organization of the server and the token that reads it.
type Organization struct {
	Name, ID, Token string
}

// NewServer returns a server with the organizations of the story (see Story), in night 1.
func NewServer() *Server {
	s := &Server{night: 1, met: map[[2]string]int{}}
	for _, t := range tales() {
		s.worlds = append(s.worlds, t.nights())
	}
	return s
}

// NewServerWith returns a server with the given organizations, which stay as they are every night. The states remain the caller's, who
// may change them while no request is under way.
func NewServerWith(states ...*State) *Server {
	s := &Server{night: 1, met: map[[2]string]int{}}
	for _, state := range states {
		s.worlds = append(s.worlds, []*State{state})
	}
	return s
}

// SetNight makes it night n, counted from 1, at its very beginning: faults that hit only the first requests of a night are armed again.
func (s *Server) SetNight(n int) {
	if n < 1 {
		panic(fmt.Sprintf("demo: there is no night %d, the first is 1", n))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.night = n
	clear(s.met)
}

// Organizations returns the organizations in a fixed order.
func (s *Server) Organizations() []Organization {
	var all []Organization
	for _, nights := range s.worlds {
		all = append(all, Organization{Name: nights[0].Name, ID: nights[0].ID, Token: nights[0].Token})
	}
	return all
}

// ServeHTTP answers a request of the API.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", Night(s.tonight()).Format(http.TimeFormat))
	name, ok := strings.CutPrefix(r.URL.Path, "/api/")
	switch {
	case !ok:
		http.NotFound(w, r)
	case s.Intercept != nil:
		s.Intercept(w, r, name, http.HandlerFunc(s.answer))
	default:
		s.answer(w, r)
	}
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "a Connect method is called with POST", http.StatusMethodNotAllowed)
		return
	}
	if r.Header.Get("Content-Type") != "application/json" {
		w.Header().Set("Accept-Post", "application/json")
		http.Error(w, "the Content-Type must be application/json", http.StatusUnsupportedMediaType)
		return
	}
	object, fault := s.call(w, r)
	if fault != nil {
		fault.Write(w)
		return
	}
	writeJSON(w, http.StatusOK, object)
}

// call finds the method and the organization of a request and lets the one answer for the other.
func (s *Server) call(w http.ResponseWriter, r *http.Request) (Row, *Fault) {
	name := strings.TrimPrefix(r.URL.Path, "/api/")
	do, ok := methods[name]
	if !ok {
		return nil, &Fault{Code: "unimplemented", Message: "there is no method " + name}
	}
	state := s.authenticate(r.Header.Get("Authorization"))
	if state == nil {
		return nil, &Fault{Code: "unauthenticated", Message: "the request carries no valid token"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		return nil, &Fault{Code: "invalid_argument", Message: "reading the request: " + err.Error()}
	}
	if fault := s.scripted(state, name); fault != nil {
		return nil, fault
	}
	c := call{state: state, method: name, body: body}
	if s.PageTokenInQuery {
		token := r.URL.Query().Get("token")
		c.queryToken = &token
	}
	return do(c)
}

// authenticate returns tonight's state of the organization that an Authorization header's token belongs to, nil when there is none.
func (s *Server) authenticate(header string) *State {
	token, ok := strings.CutPrefix(header, "Bearer ")
	if !ok || token == "" {
		return nil
	}
	night := s.tonight()
	for _, nights := range s.worlds {
		if state := nights[min(night, len(nights))-1]; state.Token == token {
			return state
		}
	}
	return nil
}

// scripted returns the fault that the story has in store for this request, nil when there is none or it has passed.
func (s *Server) scripted(state *State, method string) *Fault {
	fault, ok := state.Faults[method]
	if !ok {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := [2]string{state.ID, method}
	s.met[key]++
	if fault.Times > 0 && s.met[key] > fault.Times {
		return nil
	}
	return &fault
}

func (s *Server) tonight() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.night
}

// writeJSON writes an answer whole. Rows are written with their keys sorted, so that the same night gives the same bytes.
func writeJSON(w http.ResponseWriter, status int, value any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		http.Error(w, "demo: a row is no JSON: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// A client that has gone away is no concern of the server's.
	_, _ = b.WriteTo(w)
}
