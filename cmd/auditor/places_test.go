//go:build !windows

package main

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/snapshot"
)

// refused runs a command and expects its exit code, these texts, and that nothing was asked of the
// API or made beside the files of before.
func (s *site) refused(want int, command []string, texts ...string) {
	s.t.Helper()
	before, asked := strings.Join(s.files(), "\n"), s.asked.Load()
	s.printed.Reset()
	if code := s.tonight(command[0], command[1:]...); code != want {
		s.t.Errorf("%q: exit code %d, want %d", command, code, want)
	}
	s.expect(texts...)
	if d := cmp.Diff(before, strings.Join(s.files(), "\n")); d != "" || s.asked.Load() != asked {
		s.t.Errorf("%q: %d requests, files (-before +after):\n%s", command, s.asked.Load()-asked, d)
	}
}

// files returns the paths of everything below the folder, without the files of locks.
func (s *site) files() (all []string) {
	s.t.Helper()
	err := filepath.WalkDir(s.folder, func(path string, _ os.DirEntry, err error) error {
		if !strings.HasSuffix(path, ".lock") {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

// A volume that is not mounted looks like a first night. Its baseline would hide every change since
// the last report.
func TestADatabaseThatIsGoneIsNoFirstNight(t *testing.T) {
	s, _, _ := threeNights(t)
	database, id := s.path("auditor.db"), s.query("SELECT database_id FROM databases")[0]
	if err := os.Remove(database); err != nil {
		t.Fatal(err)
	}
	gone := "the database " + database + " does not exist, but " +
		s.path("reports/2026-11-18T020000Z-run-3") + " is the report of an earlier run (database " + id +
		", which may be another one)"
	s.night++
	s.refused(exitUsage, []string{"run", "-q"}, gone, `run "auditor run --new-database" once`)
	s.refused(exitUsage, []string{"serve", "--schedule", "0 2 * * *"}, gone)
	if code := s.tonight("check"); code != exitFailed {
		t.Errorf("check: exit code %d", code)
	}
	s.expect(gone)
	if err := os.WriteFile(database, nil, 0o600); err != nil { // an empty file is as good as none
		t.Fatal(err)
	}
	s.refused(exitUsage, []string{"run"}, gone)

	if code := s.tonight("run", "--new-database"); code != exitComplete {
		t.Fatalf("exit code %d\n%s", code, &s.printed)
	}
	want := []string{"1|2026-11-18T020000Z-run-3"}
	if d := cmp.Diff(want, s.query("SELECT l.number, d.earlier_report FROM ledger l JOIN databases d WHERE l.kind = 'database'")); d != "" {
		t.Errorf("the ledger (-want +got):\n%s", d)
	}
	const note = "the database was created with --new-database, although the report folder had the report " +
		"2026-11-18T020000Z-run-3 of an earlier run"
	if text := readFile(t, s.path("reports/2026-11-19T020000Z-run-1/audit.json")); !strings.Contains(text, note) {
		t.Errorf("the report does not say %q", note)
	}
	s.night++
	s.refused(exitUsage, []string{"run", "--new-database"}, "--new-database: the database "+database+" exists")
	if code := s.tonight("run"); code != exitComplete {
		t.Errorf("the night after: exit code %d\n%s", code, &s.printed)
	}
}

// The lost runs have higher ids than those of the database.
func TestReportsOfLostRunsAreNotKeptInsteadOfThoseOfTheDatabase(t *testing.T) {
	s, _, backup := threeNights(t)
	s.run()
	s.run()
	copyFile(t, backup, s.path("auditor.db"))
	s.run()
	s.printed.Reset()
	s.prune("--keep-reports", "2")
	folders, err := filepath.Glob(s.path("reports/*-run-*"))
	must(t, err)
	var got []string
	for _, folder := range folders {
		got = append(got, filepath.Base(folder))
	}
	want := []string{
		"2026-11-17T020000Z-run-2", "2026-11-18T020000Z-run-3", "2026-11-19T020000Z-run-4", "2026-11-20T020000Z-run-5",
		"2026-11-21T020000Z-run-3",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("reports (-want +got):\n%s\n%s", d, &s.printed)
	}
}

// An older copy of the database knows nothing of the nights after it. The first run with it would
// use their ids again.
func TestAnOlderCopyOfTheDatabaseIsNoticed(t *testing.T) {
	skipIfShort(t)
	s, _, backup := threeNights(t)
	copyFile(t, backup, s.path("auditor.db"))
	var received string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		received = string(body)
	}))
	t.Cleanup(server.Close)
	writeText(t, s.path("auditor.yaml"), "notify:\n  - {type: webhook, on: failure, url: "+server.URL+"}\n")
	const lacks = "the database does not contain the history of a report that was written from it: " +
		"report 2026-11-18T020000Z-run-3: "
	night := func(want int) {
		t.Helper()
		s.printed.Reset()
		received = ""
		if code := s.run("--config", s.path("auditor.yaml"), "--metrics-file", s.path("auditor.prom")); code != want {
			t.Errorf("exit code %d, want %d\n%s", code, want, &s.printed)
		}
	}
	night(exitFailed)
	s.expect("run 3 at 2026-11-19 02:00:00 UTC: NOT COMPLETE: "+lacks, "an older copy of the database may be in its place")
	if !strings.Contains(received, lacks) {
		t.Errorf("the notification is %s", received)
	}
	// Every place says the same of the run.
	const folder = "2026-11-19T020000Z-run-3"
	if got := s.query("SELECT outcome, error LIKE '" + lacks + "%' FROM runs WHERE id = 3"); got[0] != "failed|1" {
		t.Errorf("the register has %v", got)
	}
	if text := readFile(t, s.path("reports/"+folder+"/audit.md")); !strings.Contains(text, "NOT COMPLETE: "+lacks) {
		t.Errorf("audit.md does not say %q:\n%.800s", lacks, text)
	}
	if latest, err := os.Readlink(s.path("reports/latest")); latest != folder || err != nil {
		t.Errorf("latest is %s, %v", latest, err)
	}
	if text := readFile(t, s.path("auditor.prom")); !regexp.MustCompile(`(?m)^auditor_run_complete\S* 0$`).MatchString(text) {
		t.Errorf("the metrics:\n%s", text)
	}
	s.printed.Reset()
	if code := s.tonight("check"); code != exitFailed {
		t.Errorf("check: exit code %d", code)
	}
	s.expect(lacks)
	const failing = "SELECT observed FROM findings WHERE rule_id = 'RUN-003' AND status = 'fail' AND snapshot_id = 3"
	want := []string{"The database does not contain the history up to its report 2026-11-18T020000Z-run-3: an older or an " +
		"altered copy of the database is in use."}
	if d := cmp.Diff(want, s.query(failing)); d != "" {
		t.Errorf("finding (-want +got):\n%s", d)
	}
	night(exitFailed) // the report of the lost run 3 is still there
	// Verify names the report. It does the work of both nights again with what they knew.
	s.printed.Reset()
	if code := s.tonight("verify"); code != exitFailed || strings.Contains(s.printed.String(), "doing the work again") {
		t.Errorf("verify: exit code %d\n%s", code, &s.printed)
	}
	if err := os.RemoveAll(s.path("reports/2026-11-18T020000Z-run-3")); err != nil {
		t.Fatal(err)
	}
	night(exitComplete)
	s.verify(exitComplete)
}

// Reports of another database are no history of this one.
func TestTheReportsOfAnotherDatabaseAreNotMissed(t *testing.T) {
	s, _, _ := threeNights(t)
	for night := range 2 {
		args := []string{"--db", s.path("other.db"), "--formats", "csv"}
		if night == 0 {
			args = append(args, "--new-database")
		}
		if code := s.run(args...); code != exitComplete {
			t.Fatalf("exit code %d\n%s", code, &s.printed)
		}
	}
	s.mustRun()
	if got := s.query("SELECT count(*) FROM findings WHERE rule_id = 'RUN-003' AND status = 'fail'"); got[0] != "0" {
		t.Errorf("%s findings", got[0])
	}
}

// copyFile writes the content of a file to another path, as an operator's cp does after rm.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.Remove(to)
	}
	if err == nil {
		err = os.WriteFile(to, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Two databases whose runs begin in the same second write into one folder: no report is lost, and
// each command finds its own.
func TestTwoDatabasesShareAReportFolder(t *testing.T) {
	s := newSite(t, nil)
	s.state.SCIM = []demo.Row{configuration(0)}
	databases := []string{s.path("one.db"), s.path("two.db")}
	for night := range 3 {
		s.night++
		for i, database := range databases {
			args := []string{"--db", database, "--formats", "csv"}
			if night == 0 && i == 1 {
				args = append(args, "--new-database")
			}
			if code := s.tonight("run", args...); code != exitComplete {
				t.Fatalf("exit code %d\n%s", code, &s.printed)
			}
		}
	}
	id := queryFile(t, databases[1], "SELECT substr(database_id, 1, 8) FROM databases")[0]
	first := queryFile(t, databases[0], "SELECT substr(database_id, 1, 8) FROM databases")[0]
	want := []string{
		runFolder(1), runFolder(1) + "-" + id, runFolder(2), runFolder(2) + "-" + id, runFolder(3), runFolder(3) + "-" + id,
		"latest", "latest-" + first, "latest-" + id,
	}
	slices.Sort(want)
	if d := cmp.Diff(want, s.reportFolders()); d != "" {
		t.Errorf("reports (-want +got):\n%s", d)
	}
	for link, want := range map[string]string{"latest-" + first: runFolder(3), "latest-" + id: runFolder(3) + "-" + id} {
		if got, err := os.Readlink(filepath.Join(s.path("reports"), link)); got != want || err != nil {
			t.Errorf("%s points to %s (%v)", link, got, err)
		}
	}
	for i, database := range databases {
		s.printed.Reset()
		if code := s.tonight("verify", "--db", database); code != exitComplete {
			t.Errorf("verify %s: exit code %d\n%s", database, code, &s.printed)
		}
		s.expect("3 report folders", "only its files were checked, a report of another database: ", "3 reports written")
		s.printed.Reset()
		if code := s.tonight("report", "--db", database, "--run", "2", "--formats", "csv"); code != exitComplete {
			t.Errorf("report: exit code %d", code)
		}
		s.expect("report: " + filepath.Join(s.path("reports"), want[2+i]) + "\n")
		s.printed.Reset()
		if code := s.tonight("pack", "--db", database, "--run", "2", s.path(fmt.Sprint(i, ".zip"))); code != exitComplete {
			t.Errorf("pack: exit code %d\n%s", code, &s.printed)
		}
		s.expect("report: " + filepath.Join(s.path("reports"), want[2+i]) + "\n")
	}
	s.printed.Reset()
	if code := s.tonight("prune", "--db", databases[1], "--keep-reports", "2"); code != exitComplete {
		t.Errorf("prune: exit code %d\n%s", code, &s.printed)
	}
	s.expect("removed 1 report folder")
	if d := cmp.Diff(append(want[:1:1], want[2:]...), s.reportFolders()); d != "" {
		t.Errorf("after the prune (-want +got):\n%s", d)
	}
	must(t, os.WriteFile(filepath.Join(s.path("reports"), runFolder(1), "changes.csv"), nil, 0o600)) // of databases[0]
	s.printed.Reset()
	if code := s.tonight("verify", "--db", databases[1]); code != exitFailed {
		t.Errorf("an altered report of another database: exit code %d\n%s", code, &s.printed)
	}
	s.expect(runFolder(1) + ": changes.csv")
}

// A wrong clock dates a report before the other database, or the other database after all reports.
func TestTheReportOfAnotherDatabaseWhoseClockWasWrongIsNotTakenForItsHistory(t *testing.T) {
	skipIfShort(t)
	const year = 365 * 24 * time.Hour
	for name, c := range map[string]struct{ one, two time.Duration }{
		"the other in 2016":           {0, -10 * year},
		"its own first run in 2036":   {10 * year, 0},
		"the other in 2036":           {0, 10 * year},
		"both first runs are in 2036": {10 * year, 10 * year},
	} {
		t.Run(name, func(t *testing.T) {
			s := newClockSite(t)
			for night := 1; night <= 3; night++ {
				s.nightly(night, c.one, "--db", s.path("one.db"))
				args := []string{"--db", s.path("two.db")}
				if night == 1 {
					args = append(args, "--new-database")
				}
				s.nightly(night, c.two, args...)
				c.one, c.two = 0, 0
			}
			for _, database := range []string{"one.db", "two.db"} {
				s.verify(exitComplete, "--db", s.path(database))
			}
		})
	}
}

// A run that wrote no report leaves its name to the run of another database in the same second.
func TestAReportMayHaveTheNameOfARunOfAnotherDatabaseWithoutOne(t *testing.T) {
	s := newSite(t, nil)
	s.state.SCIM = []demo.Row{configuration(0)}
	night := func(want int, database string, args ...string) {
		t.Helper()
		if code := s.tonight("run", append(args, "--db", s.path(database), "--formats", "csv")...); code != want {
			t.Fatalf("exit code %d\n%s", code, &s.printed)
		}
	}
	s.night = 1
	night(exitComplete, "one.db")
	night(exitComplete, "two.db", "--new-database")
	s.night = 2
	must(t, os.WriteFile(s.path("file"), nil, 0o600))
	night(exitFailed, "one.db", "--out", s.path("file"))
	night(exitComplete, "two.db")
	for _, database := range []string{"one.db", "two.db"} {
		if text := s.verify(exitComplete, "--db", s.path(database)); !strings.Contains(text, "only its files were checked, a report of another database: ") {
			t.Errorf("%s: it names no report of the other:\n%s", database, text)
		}
	}
}

// A user_version that somebody changed by hand must not look like a file of another version.
func TestAnAlteredVersionIsNamedWithItsRemedy(t *testing.T) {
	s, _, _ := threeNights(t)
	for _, version := range []int{0, 3, 99} {
		s.alter(fmt.Sprint("PRAGMA user_version = ", version))
		for _, command := range []string{"verify", "run", "check"} {
			s.printed.Reset()
			if code := s.tonight(command); code == exitComplete {
				t.Errorf("%s: exit code %d", command, code)
			}
			s.expect(fmt.Sprint("another program changed its user_version: it is ", version, ", and the tables are those of version "),
				fmt.Sprint("PRAGMA user_version = ", snapshot.SchemaVersion))
		}
	}
	s.alter(fmt.Sprint("PRAGMA user_version = ", snapshot.SchemaVersion))
	s.verify(exitComplete)
}

// alter executes a statement as another program does.
func (s *site) alter(statement string) {
	s.t.Helper()
	db, err := sql.Open("sqlite", s.path("auditor.db"))
	if err == nil {
		_, err = db.ExecContext(s.t.Context(), statement)
	}
	if err := errors.Join(err, db.Close()); err != nil {
		s.t.Fatal(err)
	}
}

// Connections that do nothing must not take the file descriptors that a run needs, nor keep a probe
// waiting.
func TestIdleConnectionsAreBounded(t *testing.T) {
	address, stop, err := serveHTTP(t.Context(), "127.0.0.1:0", http.NotFoundHandler(), maxConnections)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stop() }()
	connect := func() net.Conn {
		t.Helper()
		var dialer net.Dialer
		c, err := dialer.DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	ask := func(c net.Conn) error {
		_, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if err == nil {
			_, err = http.ReadResponse(bufio.NewReader(c), nil)
		}
		return err
	}
	var idle []net.Conn
	for i := range 244 {
		c := connect()
		if i%2 == 0 { // the others never ask anything
			if err := ask(c); err != nil {
				t.Fatal(err)
			}
		}
		idle = append(idle, c)
	}
	if err := ask(connect()); err != nil {
		t.Error(err)
	}
	// Long before they have done nothing for too long, all but so many are closed.
	for deadline := time.Now().Add(idleTimeout / 2); len(idle) >= maxConnections; {
		idle = slices.DeleteFunc(idle, func(c net.Conn) bool {
			must(t, c.SetReadDeadline(time.Now().Add(time.Millisecond)))
			_, err := c.Read(make([]byte, 1))
			return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
		})
		if time.Now().After(deadline) {
			t.Fatalf("%d idle connections are open, want fewer than %d", len(idle), maxConnections)
		}
	}
}

// A report that is written again after a prune cannot say all that the first did, and says so first.
func TestAReportAfterAPruneSaysSoAtItsTop(t *testing.T) {
	s, _, _ := threeNights(t)
	const pruned = "Retention removed snapshots at 2026-11-18 02:00:00 UTC, after this run."
	write := func(out string) string {
		t.Helper()
		if code := s.tonight("report", "--run", "3", "--formats", "md,json", "--out", s.path(out)); code != exitComplete {
			t.Fatal(&s.printed)
		}
		folder := s.path(out + "/2026-11-18T020000Z-run-3/")
		return readFile(t, folder+"/audit.md") + readFile(t, folder+"/audit.json")
	}
	if strings.Contains(write("before"), "Retention removed snapshots") {
		t.Error("it says so before the prune")
	}
	s.prune("--keep-last", "1")
	if text := write("after"); !strings.Contains(text, pruned) || strings.Index(text, "Retention removed") > 1000 {
		t.Errorf("%q is not at the top of\n%.2000s", pruned, text)
	}
	s.mustRun("--formats", "md") // a report of a night after the prune is not another one later
	if text := readFile(t, s.path("reports/2026-11-19T020000Z-run-4/audit.md")); strings.Contains(text, "Retention removed") {
		t.Error("the report of the night after the prune says so")
	}
	s.verify(exitComplete)
}
