package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"scim-auditor/internal/demo"
)

// program returns the path of a program of this machine, or skips the test.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skip(name + " is not installed")
	}
	return path
}

// execute runs a program and returns what it prints. It fails the test if the program fails.
func output(t *testing.T, stdin string, name string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, args...)
	command.Stdin = strings.NewReader(stdin)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// The real exporter drops a series of one file that another file has too
// (prometheus/node_exporter#753).
func TestTheNodeExporterServesTheMetricsOfTwoJobsInOneFolder(t *testing.T) {
	exporter := program(t, "prometheus-node-exporter")
	folder := t.TempDir()
	good, bad := newSite(t, nil), newSite(t, nil)
	bad.fill()
	bad.state.SCIM[0]["enabled"] = "yes"
	for name, s := range map[string]*site{"good.prom": good, "bad.prom": bad} {
		s.run("--metrics-file", filepath.Join(folder, name))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close() // the exporter takes the port
	ctx, stop := context.WithCancel(t.Context())
	command := exec.CommandContext(ctx, exporter, "--collector.disable-defaults", "--collector.textfile",
		"--collector.textfile.directory", folder, "--web.listen-address", address)
	var log bytes.Buffer
	command.Stdout, command.Stderr = &log, &log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = command.Wait()
	})
	served := ""
	for end := time.Now().Add(patience); served == "" && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if resp, err := http.Get("http://" + address + "/metrics"); err == nil {
			text, _ := io.ReadAll(resp.Body)
			_, served = resp.Body.Close(), string(text)
		}
	}
	values := regexp.MustCompile(`(?m)^auditor_run_complete\{database="[0-9a-f]{32}"\} (\d)$`).FindAllStringSubmatch(served, -1)
	if len(values) != 2 || values[0][1] == values[1][1] || !strings.Contains(served, "node_textfile_scrape_error 0") {
		t.Errorf("the outcomes of the runs: %v in:\n%s\n", values, served)
	}
}

func TestEverySeriesHasTheDatabase(t *testing.T) {
	s := newSite(t, nil)
	s.fill()
	s.run("--metrics-file", s.path("auditor.prom"), "--token-expires", "2027-01-01")
	for line := range strings.Lines(readFile(t, s.path("auditor.prom"))) {
		if !strings.HasPrefix(line, "#") && !strings.Contains(line, `database="`) {
			t.Errorf("a series without a database: %s", line)
		}
	}
	if promtool, err := exec.LookPath("promtool"); err == nil {
		output(t, readFile(t, s.path("auditor.prom")), promtool, "check", "metrics")
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// withoutDatabase returns metrics without the label that tells databases apart.
func withoutDatabase(metrics string) string {
	return strings.ReplaceAll(regexp.MustCompile(`database="[0-9a-f]{32}",?`).ReplaceAllString(metrics, ""), "{}", "")
}

// The line of README.md and docs/operation.md runs with the variables that cron sets, and no
// others.
func TestTheLineForCronWorksWithTheEnvironmentOfCron(t *testing.T) {
	sh := program(t, "sh")
	auditor := program(t, "auditor")
	line := regexp.MustCompile(`(?m)^ *0 2 \* \* \*  (.+)$`)
	for _, page := range []string{"README.md", "docs/operation.md"} {
		m := line.FindStringSubmatch(readPage(t, page))
		if m == nil {
			t.Fatalf("%s has no line for cron", page)
		}
		s := newSite(t, nil)
		for _, folder := range []string{"auditor", "go/bin"} {
			if err := os.MkdirAll(s.path(folder), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		// go install puts the program here.
		if err := os.Symlink(auditor, s.path("go/bin/auditor")); err != nil {
			t.Fatal(err)
		}
		config := "base_url: " + s.url + "\n"
		for name, text := range map[string]string{"token": s.state.Token, "auditor.yaml": config} {
			if err := os.WriteFile(s.path("auditor/"+name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		// As in crontab(5).
		command := exec.CommandContext(t.Context(), sh, "-c", m[1])
		command.Env = []string{processClock(), "HOME=" + s.folder, "LOGNAME=auditor", "SHELL=/bin/sh", "PATH=/usr/bin:/bin"}
		out, err := command.CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("%s: %s: %v\n%s", page, m[1], err, out)
		}
	}
}

func TestAValueOfAnEnvFileInQuotesIsNamed(t *testing.T) {
	for variable, want := range map[string]string{
		"ONA_TOKEN":        "environment variable ONA_TOKEN: the token is in quotes",
		"AUDITOR_SCHEDULE": "environment variable AUDITOR_SCHEDULE: the value is in quotes",
		"GITPOD_BASE_URL":  "environment variable GITPOD_BASE_URL: the value is in quotes",
	} {
		for _, quote := range []string{`"`, "'"} {
			s := newSite(t, nil)
			value := map[string]string{"ONA_TOKEN": s.state.Token, "AUDITOR_SCHEDULE": "0 2 * * *", "GITPOD_BASE_URL": s.url}[variable]
			s.variables = map[string]string{variable: quote + value + quote}
			code := s.tonight("run")
			if code != exitUsage || !strings.Contains(s.printed.String(), want) || strings.Contains(s.printed.String(), s.state.Token) {
				t.Errorf("%s: exit code %d\n%s", variable, code, &s.printed)
			}
		}
	}
}

func TestExceptSaysWhichRunsReadTheFile(t *testing.T) {
	s := newSite(t, nil)
	t.Chdir(s.folder)
	folder, err := filepath.EvalSymlinks(s.folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("service.yaml", []byte("exceptions_file: accepted.yaml\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		filepath.Join(folder, "exceptions.yaml") + ": SCIM-009 is accepted":  nil,
		"read only by runs in the folder " + folder + ", because no setting": nil,
		filepath.Join(folder, "accepted.yaml") + ": SCIM-009 is accepted":    {"--config", "service.yaml"},
		"the config file service.yaml names this file":                       {"--config", "service.yaml"},
		"--exceptions-file names this file":                                  {"--exceptions-file", "other.yaml"},
	} {
		s.printed.Reset()
		code := s.tonight("except", append([]string{"SCIM-009", demo.ID("acme", "1"), "--owner", "jane", "--reason", "known",
			"--expires", "2999-12-31"}, args...)...)
		if code != exitComplete || !strings.Contains(s.printed.String(), want) {
			t.Errorf("exit code %d, want %q in\n%s", code, want, &s.printed)
		}
	}
}

// The settings of the packages name the file that except writes, and a run reads it as it is
// installed.
func TestThePackagedSettingsNameTheExceptionsFile(t *testing.T) {
	s := newSite(t, nil)
	text := readPage(t, "packaging/auditor.yaml")
	const installed = "exceptions_file: /etc/auditor/exceptions.yaml\n"
	if !strings.Contains(text, installed) || !strings.Contains(readPage(t, "packaging/goreleaser.yaml"), "dst: /etc/auditor/exceptions.yaml") {
		t.Errorf("the packages have no exceptions file, or do not name it:\n%s", text)
	}
	if err := os.WriteFile(s.path("exceptions.yaml"), []byte(readPage(t, "packaging/exceptions.yaml")), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if code := s.run("--exceptions-file", s.path("exceptions.yaml")); code != exitComplete {
			t.Errorf("exit code %d\n%s", code, &s.printed)
		}
		s.tonight("except", "SCIM-009", demo.ID("acme", "1"), "--owner", "jane", "--reason", "known",
			"--expires", "2999-12-31", "--exceptions-file", s.path("exceptions.yaml"))
	}
	if got := readFile(t, s.path("exceptions.yaml")); !strings.HasPrefix(got, "# Accepted findings") || !strings.Contains(got, "SCIM-009") {
		t.Errorf("the exceptions file:\n%s", got)
	}
}

func TestLitestreamMayReplicateTheDatabase(t *testing.T) {
	skipIfShort(t)
	s := newSite(t, nil)
	s.fill()
	s.run()
	s.query("CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)")
	s.query("CREATE TABLE _litestream_lock (id INTEGER)")
	for _, command := range [][]string{{"run"}, {"verify"}, {"check"}, {"backup", s.path("copy.db")}} {
		if code := s.tonight(command[0], command[1:]...); code != exitComplete {
			t.Errorf("%v: exit code %d\n%s", command, code, &s.printed)
		}
	}
	const want = "not auditor's and not checked: table _litestream_lock, table _litestream_seq of Litestream\n"
	if !strings.Contains(s.printed.String(), want) {
		t.Errorf("%q is not in\n%s", want, &s.printed)
	}
}

// The metadata for Datasette names only what the database has, and its queries run.
func TestTheMetadataForDatasetteFitsTheDatabase(t *testing.T) {
	skipIfShort(t)
	var metadata struct {
		Databases map[string]struct {
			Tables  map[string]any               `yaml:"tables"`
			Queries map[string]map[string]string `yaml:"queries"`
		} `yaml:"databases"`
	}
	if err := yaml.Unmarshal([]byte(readPage(t, "packaging/datasette.yaml")), &metadata); err != nil {
		t.Fatal(err)
	}
	folder, _ := playTheDemo(t)
	s := &site{t: t, folder: folder}
	database := metadata.Databases["auditor"]
	if len(database.Tables) < 20 || len(database.Queries) < 3 {
		t.Fatalf("%d tables, %d queries", len(database.Tables), len(database.Queries))
	}
	for name := range database.Tables {
		s.query("SELECT * FROM " + name + " LIMIT 1") // fails for a name that does not exist
	}
	for name, query := range database.Queries {
		if len(s.query(query["sql"])) == 0 {
			t.Errorf("the query %s has no rows", name)
		}
	}
}
