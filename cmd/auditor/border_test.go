package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
)

var fieldName = regexp.MustCompile(`"[a-z]+[a-zA-Z]*":`)

// asInProto rewrites the field names of a body from lowerCamelCase to the names in the .proto file.
func asInProto(body string) string {
	return fieldName.ReplaceAllStringFunc(body, func(name string) string {
		var b strings.Builder
		for _, r := range name {
			if r >= 'A' && r <= 'Z' {
				b.WriteByte('_')
			}
			b.WriteString(strings.ToLower(string(r)))
		}
		return b.String()
	})
}

// TestAServerThatChangesItsSpellingChangesNothing compares a night of field names in lowerCamelCase
// with a night of the names in the .proto file.
func TestAServerThatChangesItsSpellingChangesNothing(t *testing.T) {
	proto := false
	s := newSite(t, func(server *demo.Server) {
		server.Intercept = func(w http.ResponseWriter, r *http.Request, _ string, next http.Handler) {
			recorder := httptest.NewRecorder()
			next.ServeHTTP(recorder, r)
			body := recorder.Body.String()
			if proto {
				body = asInProto(body)
			}
			w.WriteHeader(recorder.Code)
			_, _ = w.Write([]byte(body))
		}
	})
	fillHostile(s.state)
	s.mustRun("--page-size", "2") // the baseline
	s.mustRun("--page-size", "2")
	proto = true
	s.mustRun("--page-size", "2")
	if changes := s.query("SELECT kind, subject_id, field, before, after FROM changes"); len(changes) > 0 {
		t.Errorf("another spelling of the same fields is a change: %q", changes)
	}
	want := s.query("SELECT rule_id, subject_id, status, severity FROM findings WHERE snapshot_id = 2 ORDER BY 1, 2")
	if d := cmp.Diff(want, s.query("SELECT rule_id, subject_id, status, severity FROM findings WHERE snapshot_id = 3 ORDER BY 1, 2")); d != "" {
		t.Errorf("findings (-camel +proto):\n%s", d)
	}
	if unknown := s.query("SELECT unknown_fields FROM snapshots WHERE id = 3"); strings.Contains(unknown[0], "_") {
		t.Errorf("unknown fields: %q", unknown)
	}
}

// TestNumbersInUnknownFieldsAreComparedAsWritten changes a number by less than a float64 can hold,
// and spells another one differently.
func TestNumbersInUnknownFieldsAreComparedAsWritten(t *testing.T) {
	s := newSite(t, nil)
	fillHostile(s.state)
	numbers := func(huge, small, long, same string) {
		s.state.SCIM[0] = configuration(0)
		for name, value := range map[string]string{"huge": huge, "small": small, "long": long, "same": same} {
			s.state.SCIM[0][name] = json.RawMessage(value)
		}
	}
	numbers("1e400", "0.1", "[9007199254740993.5]", `{"a":1.0,"b":1e2}`)
	s.mustRun()
	numbers("1e500", "0.10000000000000000001", "[9007199254740993.25]", `{"b":100,"a":1}`)
	s.mustRun()
	want := []string{
		"huge|1e400|1e500", "long|[9007199254740993.5]|[9007199254740993.25]", "small|0.1|0.10000000000000000001",
	}
	if d := cmp.Diff(want, s.query("SELECT field, before, after FROM changes ORDER BY field")); d != "" {
		t.Errorf("changes (-want +got):\n%s", d)
	}
	for _, file := range []string{"changes.csv", "audit.json", "audit.md"} {
		text, err := os.ReadFile(s.report(file))
		if err != nil {
			t.Fatal(err)
		}
		for _, number := range []string{"1e500", "0.10000000000000000001", "9007199254740993.25"} {
			if !strings.Contains(string(text), number) {
				t.Errorf("%s does not show %s", file, number)
			}
		}
	}
}
