//go:build unix

package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/settings"
)

// duringTheList returns a site whose API calls do once, while the SCIM configurations are listed.
func duringTheList(t *testing.T, do func(s *site)) *site {
	var s *site
	var once sync.Once
	s = newSite(t, func(server *demo.Server) {
		server.Intercept = func(w http.ResponseWriter, r *http.Request, method string, next http.Handler) {
			if method == ona.ListSCIMConfigurations && s.night == 3 {
				once.Do(func() { do(s) })
			}
			next.ServeHTTP(w, r)
		}
	})
	s.state.SCIM = []demo.Row{configuration(0), configuration(1)}
	s.mustRun("--formats", "csv")
	s.mustRun("--formats", "csv")
	return s
}

// must fails the test at an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A volume that goes away, or an operator who copies a backup back, while a run collects.
func TestADatabaseThatGoesAwayDuringARunFailsIt(t *testing.T) {
	for name, move := range map[string]func(s *site){
		"removed": func(s *site) { must(s.t, os.Remove(s.path("auditor.db"))) },
		"replaced": func(s *site) {
			must(s.t, os.WriteFile(s.path("new.db"), readAll(s.t, s.path("backup.db")), 0o600))
			must(s.t, os.Rename(s.path("new.db"), s.path("auditor.db")))
		},
		"moved and replaced": func(s *site) {
			must(s.t, os.Rename(s.path("auditor.db"), s.path("old.db")))
			must(s.t, os.WriteFile(s.path("auditor.db"), readAll(s.t, s.path("backup.db")), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := duringTheList(t, move)
			if code := s.tonight("backup", s.path("backup.db")); code != exitComplete {
				t.Fatal(&s.printed)
			}
			backup := readAll(t, s.path("backup.db"))
			s.printed.Reset()
			if code := s.run("--formats", "csv"); code != exitFailed {
				t.Errorf("exit code %d", code)
			}
			s.expect("auditor.db: the database file was removed or replaced while it was in use",
				"auditor: hint: nothing was written into the file that is there now")
			if strings.Contains(s.printed.String(), "COMPLETE  2 SCIM") {
				t.Errorf("it says that the night is complete:\n%s", &s.printed)
			}
			now, err := os.ReadFile(s.path("auditor.db"))
			if name == "removed" {
				if err == nil {
					t.Error("there is a database again")
				}
				return
			}
			if err != nil || !bytes.Equal(backup, now) {
				t.Errorf("the file that replaced the database was changed (%v)", err)
			}
			s.mustRun("--formats", "csv") // goes on from the backup
			if d := cmp.Diff([]string{"ok"}, s.query("PRAGMA integrity_check")); d != "" {
				t.Errorf("integrity (-want +got):\n%s", d)
			}
		})
	}
}

func readAll(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	must(t, err)
	return content
}

// Without the file of the lock a second run begins beside the first.
func TestALockThatIsLostStoresNothing(t *testing.T) {
	for name, lose := range map[string]func(s *site){
		"removed": func(s *site) { must(s.t, os.Remove(s.path("auditor.db.lock"))) },
		"replaced": func(s *site) {
			must(s.t, os.WriteFile(s.path("new.lock"), nil, 0o600))
			must(s.t, os.Rename(s.path("new.lock"), s.path("auditor.db.lock")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := duringTheList(t, lose)
			s.printed.Reset()
			if code := s.run("--formats", "csv"); code != exitFailed {
				t.Errorf("exit code %d", code)
			}
			s.expect("auditor.db.lock: the lock file was removed or replaced while the lock was held",
				"auditor: hint: another run may have begun")
			if got := s.query("SELECT max(run_id), count(*) FROM snapshots")[0]; got != "2|2" {
				t.Errorf("the last run and the number of snapshots are %s", got)
			}
			s.mustRun("--formats", "csv")
			s.verify(exitComplete)
		})
	}
}

// Every path to a database has the same lock, so that no run begins while another works.
func TestTheLockBelongsToTheRealPath(t *testing.T) {
	s := duringTheList(t, func(s *site) {
		other := &site{t: s.t, folder: s.folder, state: s.state, ctx: s.ctx, url: s.url, night: s.night}
		if code := other.tonight("run", "--db", s.path("link.db")); code != exitFailed {
			s.t.Errorf("a second run through a link: exit code %d\n%s", code, &other.printed)
		}
		other.expect("another run of auditor is using this database", "auditor.db.lock")
	})
	must(t, os.Symlink("auditor.db", s.path("link.db")))
	s.mustRun("--formats", "csv")
	if got := s.query("SELECT group_concat(outcome) FROM runs")[0]; got != "complete,complete,complete" {
		t.Errorf("the runs are %s", got)
	}
	// The second name of a file has another folder, and another lock.
	must(t, os.Link(s.path("auditor.db"), s.path("second.db")))
	s.night++
	for _, name := range []string{"auditor.db", "second.db"} {
		for _, command := range []string{"run", "runs", "verify"} {
			s.refused(exitUsage, []string{command, "--db", s.path(name)}, "the file has several names", "(2 hard links)")
		}
	}
	must(t, os.Remove(s.path("second.db")))
	must(t, os.Symlink("nowhere/auditor.db", s.path("lost.db")))
	s.refused(exitUsage, []string{"run", "--db", s.path("lost.db"), "--out", s.path("elsewhere")},
		"it is a link to nowhere/auditor.db, which does not exist")
}

// What is neither a file nor missing is refused before it is opened: opening a pipe waits for its
// other end, and a device would be replaced.
func TestAPlaceThatIsNoFileIsRefused(t *testing.T) {
	s, _, _ := threeNights(t)
	s.night++
	pipe := s.path("pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("no FIFO can be made here: ", err)
	}
	refused := func(want int, texts []string, command ...string) {
		t.Helper()
		ended := make(chan bool)
		go func() {
			defer close(ended)
			s.refused(want, command, texts...)
		}()
		select {
		case <-ended:
		case <-time.After(time.Minute):
			t.Fatalf("%q waits", command)
		}
	}
	noFile := []string{"not a database of auditor", "is not a regular file"}
	for _, path := range []string{pipe, "/dev/null", s.folder} {
		for _, command := range []string{"run", "runs", "verify", "backup"} {
			args := []string{command, "--db", path}
			if command == "backup" {
				args = append(args, s.path("copy.db"))
			}
			refused(exitUsage, noFile, args...)
		}
	}
	refused(exitUsage, []string{"--db: :memory: would keep the database only until the command ends"}, "run", "--db", ":memory:")
	refused(exitUsage, []string{"--out: the name of the folder of the reports is empty"}, "run", "--out", "")
	lock := s.path("auditor.db.lock")
	must(t, os.Remove(lock))
	must(t, os.Rename(pipe, lock))
	refused(exitFailed, []string{"locking the database: " + lock + " is not a regular file"}, "run")
	s.printed.Reset()
	if code := s.tonight("check"); code != exitFailed {
		t.Errorf("check: exit code %d", code)
	}
	s.expect("locking the database: " + lock + " is not a regular file")
	must(t, os.Rename(lock, pipe))
	must(t, os.Remove(s.path("reports/.lock")))
	must(t, os.Rename(pipe, s.path("reports/.lock")))
	refused(exitFailed, []string{"opening the lock of the folder: ", "is not a regular file"}, "report", "--run", "1")
}

// Root could replace a device with a file of metrics.
func TestOnlyAFileOfMetricsIsReplaced(t *testing.T) {
	s := newSite(t, nil)
	s.state.SCIM = []demo.Row{configuration(0)}
	device := s.path("device")
	if err := syscall.Mkfifo(device, 0o600); err != nil {
		t.Skip("no FIFO can be made here: ", err)
	}
	s.mustRun("--formats", "csv", "--metrics-file", device)
	s.expect("writing the metrics: " + device + " is not a regular file")
	if info, err := os.Lstat(device); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("it was replaced: %v, %v", info, err)
	}
	must(t, os.Symlink("real.prom", s.path("link.prom")))
	must(t, os.WriteFile(s.path("real.prom"), nil, 0o644))
	s.mustRun("--formats", "csv", "--metrics-file", s.path("link.prom"))
	if info, err := os.Lstat(s.path("link.prom")); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v, %v", info, err)
	}
	if !strings.Contains(readFile(t, s.path("real.prom")), "auditor_run_complete") {
		t.Error("the file has no metrics")
	}
}

func TestReportsInTheWorkingFolder(t *testing.T) {
	s := newSite(t, nil)
	s.state.SCIM = []demo.Row{configuration(0)}
	t.Chdir(s.folder)
	s.mustRun("--formats", "csv", "--out", ".")
	s.mustRun("--formats", "csv", "--out", "./")
	for _, name := range []string{runFolder(1), runFolder(2), "latest"} {
		if _, err := os.Stat(s.path(name)); err != nil {
			t.Error(err)
		}
	}
}

// "auditor run -v 2>&1 | head" must not lose the night.
func TestARunGoesOnWithoutAReaderOfItsLog(t *testing.T) {
	s := newSite(t, nil)
	s.state.SCIM = []demo.Row{configuration(0)}
	reader, writer, err := os.Pipe()
	must(t, err)
	must(t, reader.Close())
	p := s.program(nil, "run", "-v")
	p.Stderr = writer
	if code := p.execute(t); code != exitComplete {
		t.Errorf("exit code %d\n%s", code, &p.stdout)
	}
	must(t, writer.Close())
	if got := s.query("SELECT outcome FROM runs"); len(got) != 1 || got[0] != "complete" {
		t.Errorf("the runs are %q", got)
	}
}

// What could not be printed is a failure and no wrong usage, and so is a machine without descriptors.
func TestAFailureOfTheMachineIsNoWrongUsage(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("this system has no /dev/full")
	}
	for _, args := range [][]string{{"version"}, {"rules"}, {"--help"}, {"run", "--help"}, {"completion", "bash"}, {"check"}} {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		must(t, err)
		p := newProcess(t, t.TempDir(), []string{"ONA_TOKEN=t", "GITPOD_BASE_URL=http://127.0.0.1:1/api"}, args...)
		p.Stdout = full
		if code := p.execute(t); code != exitFailed {
			t.Errorf("%q: exit code %d", args, code)
		}
		must(t, full.Close())
		p.expect(t, "no space left on device")
	}
	for _, errno := range exhausted {
		err := &settings.Error{Err: fmt.Errorf("reading the config file: %w", errno)}
		if f := asFailure(err); f.code != exitFailed || f.hint == "" {
			t.Errorf("%v: exit code %d, hint %q", err, f.code, f.hint)
		}
	}
}
