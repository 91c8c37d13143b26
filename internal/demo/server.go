// Package demo is a simulated Ona API whose organizations change night by night. `auditor demo`
// runs the job against it, and tests use it as their server. Its content is invented and always the
// same: it reads no clock, draws no random number and opens no connection. It answers as the API's
// documentation says, and is stricter where a client could be wrong without noticing: it refuses a
// request field that the method does not have.
package demo

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Nights is how many nights the story of NewServer lasts. Nothing changes after the last one.
const Nights = 7

// ReviewedNight is the night whose run is reviewed and approved.
const ReviewedNight = 6

// Night returns the instant of night n in the simulated calendar, UTC; night 1 is 2026-11-16 at
// 02:00.
func Night(n int) time.Time {
	return time.Date(2026, 11, 15+n, 2, 0, 0, 0, time.UTC)
}

// Server is the simulated API, an http.Handler for POST /api/gitpod.v1.<Service>/<Method>. The Date
// of every answer is Now, or the instant of the night if Now is nil. It is safe for concurrent
// requests; its exported fields must be set before the first of them.
type Server struct {
	// Intercept, unless nil, handles every request below /api/ instead of the server. The method is
	// the path after /api/; next is the server's own handler.
	Intercept func(w http.ResponseWriter, r *http.Request, method string, next http.Handler)
	// PageTokenInQuery makes the server read page tokens from the query parameter "token" only.
	// Otherwise it reads them from the request body only, as Connect servers do.
	PageTokenInQuery bool
	// PageKey, unless empty, is the field by which listings are sorted. A page token then names the
	// last row of its page, and the next page begins behind that row. Otherwise a token is a
	// position in the list.
	PageKey string
	// Now is the server's clock.
	Now func() time.Time

	// worlds holds, for each organization, its states from night 1 on; the last state stays in
	// force.
	worlds [][]*State

	mu    sync.Mutex
	night int
	// met counts the requests of this night, by organization and method.
	met map[[2]string]int
}

// Organization is an organization on the server, with the token that can read it.
type Organization struct {
	Name, ID, Token string
	// Members is set if the story has members of the organization.
	Members bool
}

// NewServer returns a server with the organizations of the story (see Story), in night 1.
func NewServer() *Server {
	s := NewServerWith()
	for _, t := range tales() {
		s.worlds = append(s.worlds, t.nights())
	}
	return s
}

// NewServerWith returns a server with the given organizations, which are the same every night. The
// caller may change the states while no request is under way.
func NewServerWith(states ...*State) *Server {
	s := &Server{night: 1, met: map[[2]string]int{}}
	for _, state := range states {
		s.worlds = append(s.worlds, []*State{state})
	}
	return s
}

// SetNight starts night n, counted from 1, and resets the counts for faults that hit only the first
// requests in a night.
func (s *Server) SetNight(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.night = n
	clear(s.met)
}

// Organizations returns the organizations in a fixed order.
func (s *Server) Organizations() []Organization {
	var all []Organization
	for _, nights := range s.worlds {
		all = append(all, Organization{
			Name: nights[0].Name, ID: nights[0].ID, Token: nights[0].Token, Members: len(nights[0].Members) > 0,
		})
	}
	return all
}

// ServeHTTP answers an API request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := Night(s.tonight())
	if s.Now != nil {
		now = s.Now()
	}
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
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
		http.Error(w, "the Content-Type must be application/json", http.StatusUnsupportedMediaType)
		return
	}
	if object, fault := s.call(w, r); fault != nil {
		fault.Write(w)
	} else {
		writeJSON(w, http.StatusOK, object)
	}
}

// call finds the method and the organization of a request and returns the answer.
func (s *Server) call(w http.ResponseWriter, r *http.Request) (Row, *Fault) {
	name := strings.TrimPrefix(r.URL.Path, "/api/")
	m, ok := methods[name]
	if !ok {
		return nil, &Fault{Code: "unimplemented", Message: "there is no method " + name}
	}
	state := s.authenticate(r.Header.Get("Authorization"))
	if state == nil {
		return nil, &Fault{Code: "unauthenticated", Message: "the request carries no valid token"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		return nil, &Fault{Code: "invalid_argument", Message: "reading the request: " + err.Error()}
	}
	request, err := m.decode(body)
	if s.PageTokenInQuery {
		request.Pagination.Token = r.URL.Query().Get("token")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if fault := s.scripted(state, name); fault != nil {
		return nil, fault
	}
	if err != nil {
		return nil, &Fault{Code: "invalid_argument", Message: err.Error()}
	}
	c := call{state, name, s.PageKey, request}
	if slices.Contains(m.fields, organizationField) {
		if fault := c.checkOrganization(); fault != nil {
			return nil, fault
		}
	}
	return m.answer(c)
}

// authenticate returns tonight's state of the organization whose token is in an Authorization
// header; nil if there is none.
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

// scripted counts the request and returns the fault that is set for it; nil if there is none. The
// caller holds the lock.
func (s *Server) scripted(state *State, method string) *Fault {
	key := [2]string{state.ID, method}
	s.met[key]++
	if state.Before != nil {
		state.Before(method, s.met[key])
	}
	fault, ok := state.Faults[method]
	if !ok || fault.Times > 0 && s.met[key] > fault.Times {
		return nil
	}
	return &fault
}

func (s *Server) tonight() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.night
}

// writeJSON writes a response with sorted keys, so that the same night has the same bytes.
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
	_, _ = b.WriteTo(w) // The client may have gone away.
}
