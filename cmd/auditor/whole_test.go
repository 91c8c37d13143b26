package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
)

// page is a page of a listing as the API's server writes it.
type page struct {
	SCIM       []demo.Row `json:"scimConfigurations"`
	Pagination demo.Row   `json:"pagination,omitempty"`
}

// edited sends a page of the SCIM listing after do has changed it.
func edited(do func(*page)) func(http.ResponseWriter, []byte) {
	return func(w http.ResponseWriter, body []byte) {
		var p page
		if err := json.Unmarshal(body, &p); err != nil {
			panic(err)
		}
		do(&p)
		changed, err := json.MarshalIndent(p, "", "\t")
		if err != nil {
			panic(err)
		}
		_, _ = w.Write(changed)
	}
}

// strangeAnswers are ways to send the pages of a listing that are unusual and lose nothing.
var strangeAnswers = map[string]struct {
	send func(w http.ResponseWriter, body []byte)
	note string // what the evidence says of it
}{
	"gzip": {send: func(w http.ResponseWriter, body []byte) { gzipped(body)(w, nil) }},
	"a byte at a time": {send: func(w http.ResponseWriter, body []byte) {
		for i := range body {
			_, _ = w.Write(body[i : i+1])
			_ = http.NewResponseController(w).Flush()
		}
	}},
	"an informational answer before": {send: func(w http.ResponseWriter, body []byte) {
		w.WriteHeader(http.StatusEarlyHints)
		_, _ = w.Write(body)
	}},
	"another content type": {send: func(w http.ResponseWriter, body []byte) {
		w.Header().Set("Content-Type", "text/plain; charset=us-ascii")
		_, _ = w.Write(body)
	}},
	"null for what is absent": {send: edited(func(p *page) {
		for _, row := range p.SCIM {
			row["allowUnverifiedEmailAccountLinking"] = nil
		}
		if p.Pagination["nextToken"] == nil {
			p.Pagination = demo.Row{"nextToken": nil}
		}
	})},
	"ids in capitals": {send: edited(func(p *page) {
		for _, row := range p.SCIM {
			row["id"] = strings.ToUpper(row["id"].(string))
		}
	})},
	"a configuration twice": {
		send: edited(func(p *page) { p.SCIM = append(p.SCIM, p.SCIM[0]) }),
		note: "is listed more than once with the same content",
	},
	"more about the pages": {send: edited(func(p *page) {
		p.Pagination = demo.Row{"nextToken": p.Pagination["nextToken"], "totalSize": 4}
	})},
}

// TestAStrangeAnswerThatIsWholeIsACompleteNight sends each the night after a plain one: nothing is
// missing, and nothing has changed.
func TestAStrangeAnswerThatIsWholeIsACompleteNight(t *testing.T) {
	for name, c := range strangeAnswers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			strange := false
			s := newSite(t, func(server *demo.Server) {
				server.Intercept = func(w http.ResponseWriter, r *http.Request, method string, next http.Handler) {
					if !strange || method != ona.ListSCIMConfigurations {
						next.ServeHTTP(w, r)
						return
					}
					plain := httptest.NewRecorder()
					next.ServeHTTP(plain, r)
					c.send(w, plain.Body.Bytes())
				}
			})
			fillHostile(s.state)
			s.mustRun("--page-size", "2")
			strange = true
			s.mustRun("--page-size", "2")
			s.expectUnchangedNights(t)
			if c.note != "" && len(s.query("SELECT notes FROM snapshots WHERE id = 2 AND notes LIKE '%"+c.note+"%'")) != 1 {
				t.Errorf("the notes do not say %q: %q", c.note, s.query("SELECT notes FROM snapshots"))
			}
		})
	}
}

// TestAnEmptyPageBeforeTheEndIsReadOver lists an empty page that has a next one before each page.
func TestAnEmptyPageBeforeTheEndIsReadOver(t *testing.T) {
	s := newSite(t, func(server *demo.Server) {
		server.Intercept = func(w http.ResponseWriter, r *http.Request, method string, next http.Handler) {
			if method != ona.ListSCIMConfigurations {
				next.ServeHTTP(w, r)
				return
			}
			var asked struct {
				Pagination struct {
					PageSize int    `json:"pageSize"`
					Token    string `json:"token,omitempty"`
				} `json:"pagination"`
			}
			if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
				panic(err)
			}
			token, behind := strings.CutPrefix(asked.Pagination.Token, "behind the empty page: ")
			if !behind {
				ok(`{"scimConfigurations":[],"pagination":{"nextToken":"behind the empty page: `+token+`"}}`)(w, r)
				return
			}
			asked.Pagination.Token = token
			body, err := json.Marshal(asked)
			if err != nil {
				panic(err)
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			next.ServeHTTP(w, r)
		}
	})
	fillHostile(s.state)
	s.mustRun("--page-size", "2")
	s.mustRun("--page-size", "2")
	s.expectUnchangedNights(t)
	if d := cmp.Diff([]string{"4|0, 2, 0, 2|1", "4|0, 2, 0, 2|1"}, s.query("SELECT scim_pages, scim_rows_per_page, scim_final_token_empty FROM snapshots")); d != "" {
		t.Errorf("pages (-want +got):\n%s", d)
	}
	if notes := s.query("SELECT notes FROM snapshots WHERE id = 1")[0]; !strings.Contains(notes, "page 1 is empty and not the last") || !strings.Contains(notes, "page 3") {
		t.Errorf("the notes do not name the empty pages: %s", notes)
	}
}

// expectUnchangedNights looks at two nights on which the four configurations of fillHostile were
// there.
func (s *site) expectUnchangedNights(t *testing.T) {
	t.Helper()
	if d := cmp.Diff([]string{"complete||4|4", "complete|1|4|4"}, s.query("SELECT outcome, baseline_id, scim_distinct, scim_configurations FROM snapshots")); d != "" {
		t.Errorf("snapshots (-want +got):\n%s", d)
	}
	if changes := s.query("SELECT * FROM changes"); len(changes) > 0 {
		t.Errorf("changes: %q", changes)
	}
	if d := cmp.Diff([]string{"1"}, s.query("SELECT count(DISTINCT content_sha256) FROM snapshots")); d != "" {
		t.Errorf("contents (-want +got):\n%s", d)
	}
}
