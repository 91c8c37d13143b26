package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
)

// nightsVariable sets the number of nights in TestAReportDoesNotGrowWithTheNights, a multiple of 50.
const nightsVariable = "AUDITOR_TEST_NIGHTS"

// TestAReportDoesNotGrowWithTheNights compares the report of night 100, when the register and the
// timeline are full, with that of the last night. Each night renames a configuration.
func TestAReportDoesNotGrowWithTheNights(t *testing.T) {
	skipIfShort(t)
	nights := 150
	if text := os.Getenv(nightsVariable); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n <= 100 || n%50 != 0 {
			t.Fatalf("%s=%s is not a multiple of 50 above 100", nightsVariable, text)
		}
		nights = n
	}
	s := newSite(t, nil)
	for n := range 3 {
		s.state.SCIM = append(s.state.SCIM, configuration(n))
	}
	for n := range nights {
		s.state.SCIM[0]["name"] = fmt.Sprintf("Okta in round %d", n%2)
		if n%50 == 0 { // without new tokens, the findings would change
			for _, row := range s.state.SCIM {
				row["tokenExpiresAt"] = demo.Night(n+1).AddDate(0, 0, 200).Format(time.RFC3339)
			}
		}
		if code := s.run("--formats", "jsonl", "-q"); code != exitComplete {
			t.Fatalf("night %d: exit code %d\n%s", n+1, code, &s.printed)
		}
		if err := os.RemoveAll(s.path("reports")); err != nil {
			t.Fatal(err)
		}
	}
	early, earlyLines := s.reportSize("100")
	late, lateLines := s.reportSize(strconv.Itoa(nights))
	t.Logf("%d bytes after 100 nights, %d bytes after %d nights", early, late, nights)
	if late > early*11/10 {
		t.Errorf("the report grew from %d to %d bytes", early, late)
	}
	if d := cmp.Diff(earlyLines, lateLines); d != "" {
		t.Errorf("rows of the tables (-night 100 +night %d):\n%s", nights, d)
	}
}

// reportSize writes the report of a run in all formats. It returns the bytes of its files, and the
// number of lines of each CSV file.
func (s *site) reportSize(run string) (size int64, lines map[string]int) {
	s.t.Helper()
	if code := s.tonight("report", "--run", run, "-q"); code != exitComplete {
		s.t.Fatalf("report of run %s: exit code %d\n%s", run, code, &s.printed)
	}
	lines = make(map[string]int)
	files, err := filepath.Glob(filepath.Join(s.path("reports"), "*-run-"+run, "*"))
	if err != nil || len(files) == 0 {
		s.t.Fatalf("run %s has the files %v (%v)", run, files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			s.t.Fatal(err)
		}
		size += int64(len(text))
		if name, isCSV := strings.CutSuffix(filepath.Base(file), ".csv"); isCSV {
			lines[name] = strings.Count(string(text), "\r\n")
		}
	}
	return size, lines
}

// TestAQuietNightGrowsTheDatabaseLittle measures nights without a change over organizations of three
// configurations.
func TestAQuietNightGrowsTheDatabaseLittle(t *testing.T) {
	skipIfShort(t)
	const organizations, first, last, limit = 100, 3, 8, 1300
	var states []*demo.State
	s := &site{t: t, folder: t.TempDir(), ctx: t.Context(), variables: make(map[string]string)}
	config := "organizations:\n"
	for n := range organizations {
		state := demo.NewState(fmt.Sprintf("org-%d", n))
		for i := range 3 {
			row := configuration(i)
			row["id"], row["organizationId"] = demo.ID(state.Name, fmt.Sprint(i)), state.ID
			state.SCIM = append(state.SCIM, row)
		}
		states = append(states, state)
		s.variables[fmt.Sprintf("TOKEN_%d", n)] = state.Token
		config += fmt.Sprintf("  - {name: org-%d, token_env: TOKEN_%d}\n", n, n)
	}
	s.state = states[0]
	server := demo.NewServerWith(states...)
	server.Now = s.now
	api := httptest.NewServer(server)
	t.Cleanup(api.Close)
	s.url = api.URL + "/api"
	writeText(t, s.path("auditor.yaml"), config)
	size := make(map[int]int64)
	for n := range last {
		if code := s.run("-q", "--formats", "md", "--config", s.path("auditor.yaml")); code != exitComplete {
			t.Fatalf("night %d: exit code %d\n%s", n+1, code, &s.printed)
		}
		info, err := os.Stat(s.path("auditor.db"))
		if err != nil {
			t.Fatal(err)
		}
		size[n+1] = info.Size()
	}
	growth := (size[last] - size[first]) / ((last - first) * organizations)
	t.Logf("%d bytes an organization and night", growth)
	if growth > limit {
		t.Errorf("a quiet night grows the database by %d bytes an organization, more than %d", growth, limit)
	}
}
