package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/job"
)

const (
	alertRules = "packaging/prometheus-alerts.yml"
	dashboard  = "packaging/grafana-dashboard.json"
)

var series = regexp.MustCompile(`(?m)^(auditor_\S+\{.*\}) (\S+)$`)

// scraped is what Prometheus scraped from a real night, every 12 hours.
type scraped struct {
	name   string
	at     time.Time
	values []string       // the metrics at each scrape after the night; "" if they are missing; the last ones stay
	firing map[int]string // the alerts that fire at a scrape, such as 0 for the first one after the night
}

// scrapes is the time between two scrapes, and between two evaluations of the rules.
const scrapes = 12 * time.Hour

// test returns the test of rules for promtool. Promtool evaluates from the year 1970 on, which
// takes minutes up to the night, so the night and the times in its metrics are moved there.
func (s scraped) test() map[string]any {
	const shown, before = 4, 3 // scrapes after and before the night
	seconds := int64(scrapes.Seconds())
	moved := (s.at.Unix()/seconds - before + 1) * seconds
	values := make(map[string][]string)
	for i := range shown {
		for _, m := range series.FindAllStringSubmatch(s.values[min(i, len(s.values)-1)], -1) {
			if values[m[1]] == nil {
				values[m[1]] = slices.Repeat([]string{"_"}, shown)
			}
			values[m[1]][i] = m[2]
			if strings.Contains(m[1], "_timestamp_seconds{") {
				at, _ := strconv.ParseFloat(m[2], 64)
				values[m[1]][i] = fmt.Sprint(int64(at) - moved)
			}
		}
	}
	var input, expected []any
	for _, name := range slices.Sorted(maps.Keys(values)) {
		input = append(input, map[string]any{
			"series": name, "values": fmt.Sprintf("_x%d %s", before, strings.Join(values[name], " "))})
	}
	for _, scrape := range slices.Sorted(maps.Keys(s.firing)) {
		samples := []any{}
		for _, name := range strings.Fields(s.firing[scrape]) {
			samples = append(samples, map[string]any{"labels": fmt.Sprintf(`{alertname=%q}`, name), "value": 1})
		}
		expected = append(expected, map[string]any{
			"expr":      `group by (alertname) (ALERTS{alertstate="firing"})`,
			"eval_time": fmt.Sprintf("%dh", (before+scrape)*int(scrapes.Hours())), "exp_samples": samples})
	}
	return map[string]any{"name": s.name, "interval": "12h", "input_series": input, "promql_expr_test": expected}
}

// TestEachAlertFiresForTheNightThatItIsFor makes the nights, and checks with promtool which alerts
// their metrics fire.
func TestEachAlertFiresForTheNightThatItIsFor(t *testing.T) {
	skipIfShort(t)
	promtool := program(t, "promtool")
	night := func(change func(*demo.State), args ...string) string {
		s := newSite(t, nil)
		s.fill()
		s.run("--formats", "csv")
		if change != nil {
			change(s.state)
		}
		s.run(append(args, "--formats", "csv", "--metrics-file", s.path("auditor.prom"))...)
		return readFile(t, s.path("auditor.prom"))
	}
	at := demo.Night(2)
	day := func(days int) string { return at.AddDate(0, 0, days).Format(time.DateOnly) }
	good := night(nil)
	nights := []scraped{
		{"a good night", at, []string{good}, map[int]string{0: "", 1: "", 3: "AuditorNightMissing"}},
		{"metrics that end", at, []string{good, ""}, map[int]string{0: "", 2: "AuditorMetricsMissing"}},
		{"a failed night", at, []string{night(func(s *demo.State) { s.SCIM[0]["enabled"] = "yes" })},
			map[int]string{0: "AuditorNightMissing AuditorRunNotComplete"}}, // the last complete night is the one before
		{"a token of the auditor that expires", at, []string{night(nil, "--token-expires", day(7))},
			map[int]string{0: "AuditorTokenExpires"}},
		{"a token of the auditor that has expired", at, []string{night(nil, "--token-expires", day(0))},
			map[int]string{0: "AuditorTokenExpired"}},
		{"a configuration whose token has expired", at,
			[]string{night(func(s *demo.State) { s.SCIM[0]["tokenExpiresAt"] = day(-1) + "T00:00:00Z" })},
			map[int]string{0: "AuditorCriticalFindings"}},
		{"a configuration that was removed", at, []string{night(func(s *demo.State) { s.SCIM = s.SCIM[1:] })},
			map[int]string{0: "AuditorSeriousChanges"}},
		servedWithProblems(t),
	}
	var tests []any
	fired := ""
	for _, n := range nights {
		tests = append(tests, n.test())
		fired += fmt.Sprint(n.firing)
	}
	rules, err := filepath.Abs("../../" + alertRules)
	if err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Marshal(map[string]any{
		"rule_files": []string{rules}, "evaluation_interval": "12h", "tests": tests})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "alerts_test.yml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	output(t, "", promtool, "check", "rules", rules)
	output(t, "", promtool, "test", "rules", file)
	for _, m := range regexp.MustCompile(`alert: (\w+)`).FindAllStringSubmatch(readPage(t, alertRules), -1) {
		if !strings.Contains(fired, m[1]) {
			t.Errorf("no night fires the alert %s", m[1])
		}
	}
}

// servedWithProblems returns the metrics of a server before and after a run that could not be
// recorded, a scheduled time that was skipped, and settings that could not be read again.
func servedWithProblems(t *testing.T) scraped {
	t.Helper()
	s := newSite(t, nil)
	s.fill()
	write := func(name, text string) {
		if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("auditor.yaml", "schedule: '@every 1s'\nformats: csv\n")
	d := s.startServing()
	d.until("auditor_run_complete 1")
	_, first := d.get("/metrics")
	write("exceptions.yaml", "exceptions: 7\n")
	d.until(`auditor_runs_total{outcome="error"} [1-9]`)
	if err := os.Remove(s.path("exceptions.yaml")); err != nil {
		t.Fatal(err)
	}
	lock, err := job.Lock(t.Context(), s.path("auditor.db"), "", time.Now())
	for end := time.Now().Add(patience); err != nil && time.Now().Before(end); {
		lock, err = job.Lock(t.Context(), s.path("auditor.db"), "", time.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	d.until("auditor_skipped_nights_total [1-9]")
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	write("auditor.yaml", "schedule: sometimes\n")
	d.signal(syscall.SIGHUP)
	d.until("auditor_settings_reload_failures_total 1")
	_, then := d.get("/metrics")
	at := processTime()
	d.terminate()
	return scraped{"a server with problems", at, []string{first, then}, map[int]string{
		1: "AuditorNightSkipped AuditorRunError AuditorServerStuck AuditorSettingsNotReloaded"}}
}

// until waits until the metrics have a line.
func (d *daemon) until(line string) {
	d.t.Helper()
	re := regexp.MustCompile("(?m)^" + strings.NewReplacer("{", `\{`, "}", `\}`).Replace(line))
	text := ""
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if _, text = d.get("/metrics"); re.MatchString(withoutDatabase(text)) {
			return
		}
	}
	d.t.Fatalf("no %s in:\n%s\n%s", line, text, d.log())
}

// Every expression of the dashboard and of the alerts is valid, and uses only metrics that exist.
func TestTheDashboardShowsMetricsThatExist(t *testing.T) {
	skipIfShort(t)
	promtool := program(t, "promtool")
	s := newSite(t, nil)
	s.fill()
	d := s.startServing("--schedule", "@every 1s", "--formats", "csv", "--token-expires", "2099-01-01")
	served := ""
	for n := 0; !strings.Contains(served, "auditor_changes{"); n++ {
		s.change(func() { s.state.SCIM[0]["name"] = fmt.Sprint("renamed ", n) })
		time.Sleep(50 * time.Millisecond)
		if _, served = d.get("/metrics"); n > int(patience/(50*time.Millisecond)) {
			t.Fatalf("no run shows a change:\n%s", d.log())
		}
	}
	d.terminate()
	output(t, served, promtool, "check", "metrics")
	var board struct {
		Panels []struct {
			Title   string `json:"title"`
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	if err := json.Unmarshal([]byte(readPage(t, dashboard)), &board); err != nil {
		t.Fatal(err)
	}
	var rules strings.Builder
	rules.WriteString("groups:\n  - name: dashboard\n    rules:\n")
	for _, panel := range board.Panels {
		for _, target := range panel.Targets {
			fmt.Fprintf(&rules, "      - record: dashboard:panel:%d\n        expr: %q\n", rules.Len(), target.Expr)
		}
	}
	if n := strings.Count(rules.String(), "record:"); n < 12 {
		t.Errorf("the dashboard has %d expressions", n)
	}
	file := filepath.Join(t.TempDir(), "dashboard.yml")
	if err := os.WriteFile(file, []byte(rules.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	output(t, "", promtool, "check", "rules", file)
	for _, m := range regexp.MustCompile(`\bauditor_[a-z_]+`).FindAllString(rules.String()+readPage(t, alertRules), -1) {
		if !strings.Contains(served, "# TYPE "+m+" ") {
			t.Errorf("%s is no metric of the server", m)
		}
	}
}
