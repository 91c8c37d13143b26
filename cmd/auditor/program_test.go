package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
)

// sqlite3 runs queries with the sqlite3 program, as docs/database.md says, and returns what it
// prints, a row a line with "|" between the values.
func (s *site) sqlite3(t *testing.T, program, queries string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, program, "-readonly", "-batch", "-bail", "-list", "-noheader", "-cmd", ".timeout 10000", s.path("auditor.db"))
	c.Stdin = strings.NewReader(queries)
	var printed, failed bytes.Buffer
	c.Stdout, c.Stderr = &printed, &failed
	if err := c.Run(); err != nil || failed.Len() > 0 {
		t.Fatalf("sqlite3: %v: %.500s\n%s", err, queries, &failed)
	}
	return strings.TrimSuffix(printed.String(), "\n")
}

// TestTheSqlite3ProgramReadsEveryViewWhileARunWrites reads all views, each whole and all in one
// transaction, before, while and after a run writes.
func TestTheSqlite3ProgramReadsEveryViewWhileARunWrites(t *testing.T) {
	skipIfShort(t)
	program, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("sqlite3 is not installed")
	}
	listing, goOn := make(chan struct{}), make(chan struct{})
	s := newSite(t, func(server *demo.Server) {
		server.Intercept = func(w http.ResponseWriter, r *http.Request, method string, next http.Handler) {
			if method == ona.GetOrganizationPolicies {
				listing <- struct{}{}
				<-goOn
			}
			next.ServeHTTP(w, r)
		}
	})
	s.fill()
	for night := range 3 {
		ended := make(chan error)
		go func() {
			out, err := s.process(t.Context()).CombinedOutput()
			if err != nil {
				err = fmt.Errorf("%w\n%s", err, out)
			}
			ended <- err
		}()
		<-listing
		s.readEveryView(t, program, night, night+1)
		goOn <- struct{}{}
		for running := true; running; {
			select {
			case err := <-ended:
				if err != nil {
					t.Fatal(err)
				}
				running = false
			default:
				s.readEveryView(t, program, night, night+1)
			}
		}
		s.respellNames(int64(night))
	}
	s.readEveryView(t, program, 3, 3)
}

// readEveryView reads what complete snapshots show, as many as before a run or one more, and what
// runs there are.
func (s *site) readEveryView(t *testing.T, program string, before, runs int) {
	t.Helper()
	const count = "SELECT (SELECT count(*) FROM snapshots), (SELECT count(*) FROM scim_configurations), (SELECT count(*) FROM runs);\n"
	views := strings.Fields(s.sqlite3(t, program, "SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name;"))
	if len(views) < 13 {
		t.Fatalf("%d views: %q", len(views), views)
	}
	queries := "BEGIN;\n" + count
	for _, v := range views {
		queries += "SELECT * FROM " + v + ";\n"
	}
	lines := strings.Split(s.sqlite3(t, program, queries+count+"COMMIT;\n"), "\n")
	first, last := lines[0], lines[len(lines)-1]
	known := map[string]bool{fmt.Sprintf("%d|%d|%d", before, 250*before, runs): true, fmt.Sprintf("%d|%d|%d", before+1, 250*(before+1), runs): true}
	if first != last || !known[first] {
		t.Errorf("snapshots, configurations and runs: %s at first, %s at last, with %d complete before run %d", first, last, before, runs)
	}
}
