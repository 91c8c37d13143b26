package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
)

// soak is a site with one organization, two databases on volumes of their own, and one report
// folder. The server's clock is right.
type soak struct {
	*site
	random *rand.Rand
	right  time.Time
	wrong  time.Duration
	// during is called once, at the next list of the SCIM configurations.
	during func()
	number int // of configurations that ever were
}

// volume is a database with the register that is true.
type volume struct {
	oracle
	folder string
	calls  int    // disk calls of a run that meets no harm
	older  []byte // a copy of the database
	newer  bool   // a report was written since the copy
}

func newSoak(t *testing.T, seed uint64) *soak {
	s := &soak{random: rand.New(rand.NewPCG(seed, 17))}
	s.site = newSite(t, func(server *demo.Server) {
		server.Now = func() time.Time { return s.right }
		server.Intercept = func(w http.ResponseWriter, r *http.Request, method string, next http.Handler) {
			if method == ona.ListSCIMConfigurations && s.during != nil {
				act := s.during
				s.during = nil
				act()
			}
			next.ServeHTTP(w, r)
		}
	})
	s.clock = func() time.Time { return s.right.Add(s.wrong) }
	s.state.SSO = []demo.Row{{"id": demo.ID("sso", "0"), "displayName": "Login", "state": "SSO_CONFIGURATION_STATE_ACTIVE",
		"providerType": "PROVIDER_TYPE_CUSTOM", "issuerUrl": "https://login.example"}}
	for range 4 {
		s.add()
	}
	return s
}

func (s *soak) add() {
	s.number++
	row := configuration(s.number)
	row["ssoConfigurationId"] = demo.ID("sso", "0")
	s.state.SCIM = append(s.state.SCIM, row)
}

// evening changes the world.
func (s *soak) evening() {
	s.world.Lock()
	defer s.world.Unlock()
	for s.random.IntN(2) == 0 {
		i := s.random.IntN(len(s.state.SCIM))
		switch row := s.state.SCIM[i]; s.random.IntN(4) {
		case 0:
			s.add()
		case 1:
			if len(s.state.SCIM) > 2 {
				s.state.SCIM = slices.Delete(s.state.SCIM, i, i+1)
			}
		case 2:
			row["enabled"] = !row["enabled"].(bool)
		case 3:
			row["name"] = fmt.Sprint("renamed ", s.random.IntN(1000))
		}
	}
}

// args are those of the nightly run.
func (v *volume) args() []string {
	return []string{"--db", v.database, "--schedule", "0 2 * * *", "--formats", "csv"}
}

// try begins an attempt to make the run of this night.
func (s *soak) try(mayBe ...string) attempt {
	now := s.now()
	a := attempt{startedAt: now, world: s.trueWorld(), mayBe: mayBe, clockWrong: s.wrong.Abs() > time.Hour}
	last := time.Date(now.Year(), now.Month(), now.Day(), 2, 0, 0, 0, time.UTC)
	if now.Sub(last) >= 0 && now.Sub(last) < 5*time.Minute {
		a.scheduledFor = last
	}
	return a
}

// command runs the nightly run of a volume in this process, and expects its exit code and texts.
func (s *soak) command(v *volume, want int, texts ...string) {
	s.t.Helper()
	s.printed.Reset()
	if code := s.tonight("run", v.args()...); code != want {
		s.t.Errorf("exit code %d, want %d\n%s", code, want, &s.printed)
	}
	s.expect(texts...)
	if want != exitComplete && !strings.Contains(s.printed.String(), "auditor: error: ") {
		s.t.Errorf("no error is printed:\n%s", &s.printed)
	}
}

var reportLine = regexp.MustCompile(`(?m)^report: (.+)$`)

// expectReport expects the report that the last command printed.
func (s *soak) expectReport(v *volume, printed string) {
	s.t.Helper()
	m := reportLine.FindStringSubmatch(printed)
	if m == nil {
		s.t.Errorf("it names no report:\n%s", printed)
		return
	}
	manifest, err := os.ReadFile(filepath.Join(m[1], "manifest.json"))
	if id := queryFile(s.t, v.database, "SELECT database_id FROM databases")[0]; err != nil || !strings.Contains(string(manifest), id) {
		s.t.Errorf("the report %s is not of database %s (%v)", m[1], id, err)
	}
}

// moved moves a file away until back is called, which removes what came in its place.
func (s *soak) moved(path string) (back func()) {
	s.t.Helper()
	must(s.t, os.Rename(path, path+".away"))
	return func() {
		must(s.t, os.RemoveAll(path))
		must(s.t, os.Rename(path+".away", path))
	}
}

// faults are what a night may meet. Each returns what was attempted.
var faults = map[string]func(*soak, *volume) []attempt{
	"the machine is off": func(*soak, *volume) []attempt { return nil },
	"the run is late": func(s *soak, v *volume) []attempt {
		s.right = s.right.Add(3 * time.Hour)
		return aGoodRun(s, v)
	},
	"the clock is twenty minutes off": func(s *soak, v *volume) []attempt {
		s.wrong = time.Duration(s.random.IntN(41)-20) * time.Minute
		s.right = s.right.Add(-s.wrong) // cron follows the machine's clock
		return aGoodRun(s, v)
	},
	"the clock is wrong": func(s *soak, v *volume) []attempt {
		s.misset()
		a := s.try("failed")
		s.command(v, exitFailed, "so the run counts for no night")
		return []attempt{a}
	},
	"the token is revoked": func(s *soak, v *volume) []attempt {
		s.variables = map[string]string{"ONA_TOKEN": "revoked"}
		defer func() { s.variables = nil }()
		a := s.try("failed")
		s.command(v, exitFailed, "NOT COMPLETE")
		return []attempt{a}
	},
	"the process is killed":            func(s *soak, v *volume) []attempt { return s.harmed(v, harm{}) },
	"the disk is full":                 func(s *soak, v *volume) []attempt { return s.harmed(v, harm{errno: syscall.ENOSPC, forGood: true}) },
	"the disk cannot be read for once": func(s *soak, v *volume) []attempt { return s.harmed(v, harm{errno: syscall.EIO}) },
	"the process is killed while the clock is wrong": func(s *soak, v *volume) []attempt {
		s.misset()
		return s.harmed(v, harm{})
	},
	"the database's volume is gone": func(s *soak, v *volume) []attempt {
		defer s.moved(v.folder)()
		asked := s.asked.Load()
		s.command(v, exitUsage, "is the report of an earlier run")
		if s.asked.Load() != asked {
			s.t.Error("it asked the API")
		}
		return nil
	},
	"the database's volume goes during the run": func(s *soak, v *volume) []attempt {
		a := s.try("running")
		var back func()
		s.during = func() { back = s.moved(v.folder) }
		defer func() { back() }()
		s.command(v, exitFailed, "was removed or replaced while")
		return []attempt{a}
	},
	"the volume of the reports is empty": func(s *soak, v *volume) []attempt {
		defer s.moved(s.path("reports"))()
		return aGoodRun(s, v)
	},
	"the report folder is no folder": func(s *soak, v *volume) []attempt {
		defer s.moved(s.path("reports"))()
		must(s.t, os.WriteFile(s.path("reports"), nil, 0o600))
		a := s.try("complete")
		s.command(v, exitFailed)
		return []attempt{a}
	},
	"an older copy is in place of the database": func(s *soak, v *volume) []attempt {
		if !v.newer {
			return aGoodRun(s, v)
		}
		defer s.moved(v.folder)()
		must(s.t, os.Mkdir(v.folder, 0o700))
		must(s.t, os.WriteFile(v.database, v.older, 0o600))
		s.command(v, exitFailed, "the database does not contain the history of a report that was written from it")
		if m := reportLine.FindStringSubmatch(s.printed.String()); m != nil { // it is evidence of what went wrong
			must(s.t, os.RemoveAll(m[1]))
		}
		return nil
	},
}

// misset sets the clock of the machine wrong by two hours to ten years.
func (s *soak) misset() {
	s.wrong = time.Duration(2+s.random.IntN(48)) * time.Hour
	if s.random.IntN(2) == 0 {
		s.wrong = time.Duration(s.random.IntN(10*365*24)+2) * time.Hour
	}
	if s.random.IntN(2) == 0 {
		s.wrong = -s.wrong
	}
}

func aGoodRun(s *soak, v *volume) []attempt {
	s.t.Helper()
	a := s.try("complete")
	s.command(v, exitComplete)
	s.expectReport(v, s.printed.String())
	return []attempt{a}
}

// harmed makes a run in a process of its own that meets a harm at one of its disk calls.
func (s *soak) harmed(v *volume, h harm) []attempt {
	s.t.Helper()
	s.variables = map[string]string{clockVariable: s.now().Format(time.RFC3339)}
	defer func() { s.variables = nil }()
	if v.calls > 0 {
		h.call = 1 + s.random.IntN(v.calls)
	}
	a := s.try("complete")
	calls, printed, code := s.intercept(s.t, h, append([]string{"run", "--out", s.path("reports")}, v.args()...))
	switch {
	case code == exitComplete:
		s.expectReport(v, printed)
	case code == -1 && h.errno == 0:
		a.mayBe = []string{"", "running", "complete"}
	case code == exitFailed && strings.Contains(printed, "auditor: error: "):
		a.mayBe = []string{"", "running", "failed", "complete"}
	default:
		s.t.Errorf("%d disk calls, harm at %d: exit code %d\n%s", len(calls), h.call, code, printed)
	}
	if a.clockWrong {
		a.mayBe = append(a.mayBe, "failed")
	}
	if h.call == 0 {
		v.calls = len(calls)
	}
	return []attempt{a}
}

// TestNightsOfFaultsClaimNothingThatDidNotHappen makes nights of two databases that share a report
// folder. In most nights something goes wrong with the machine. An oracle keeps what truly happened.
func TestNightsOfFaultsClaimNothingThatDidNotHappen(t *testing.T) {
	skipIfShort(t)
	nights := soakNights(t, 40)
	s := newSoak(t, uint64(nights))
	names := slices.Sorted(maps.Keys(faults))
	var volumes []*volume
	for _, name := range []string{"one", "two"} {
		folder := s.path(name)
		volumes = append(volumes, &volume{folder: folder, oracle: oracle{s: s.site, database: filepath.Join(folder, "auditor.db")}})
	}
	met := make(map[string]int)
	for night := 1; night <= nights; night++ {
		s.evening()
		for i, v := range volumes {
			s.right, s.wrong = demo.Night(night), 0
			var attempts []attempt
			fault := names[s.random.IntN(len(names))]
			switch {
			case night == 1:
				fault = "nothing, it is the first run"
				attempts = []attempt{s.try("complete")}
				args := v.args()
				if i > 0 {
					args = append(args, "--new-database")
				}
				if code := s.tonight("run", args...); code != exitComplete {
					t.Fatalf("exit code %d\n%s", code, &s.printed)
				}
			case night == 2:
				fault = "nothing, its calls are counted"
				attempts = s.harmed(v, harm{})
			case night == nights || s.random.IntN(3) == 0:
				fault = "nothing"
				attempts = aGoodRun(s, v)
				s.keepCopy(v)
			default:
				attempts = faults[fault](s, v)
			}
			met[fault]++
			s.wrong, s.during = 0, nil
			s.right = s.right.Add(time.Hour)
			v.after(attempts...)
			if night%20 == 0 || night == nights {
				s.verify(exitComplete, "--db", v.database)
			}
			if t.Failed() {
				t.Fatalf("night %d of database %d, %s", night, i+1, fault)
			}
		}
		if night%20 == 0 || night == nights {
			s.expectReports(volumes)
		}
	}
	if left, _ := filepath.Glob(s.path("reports/.2*")); len(left) > 0 {
		t.Errorf("parts of reports were left: %v", left)
	}
	for _, name := range slices.Sorted(maps.Keys(met)) {
		t.Logf("%4d times: %s", met[name], name)
	}
}

// keepCopy sometimes copies the database, after a run that ended well.
func (s *soak) keepCopy(v *volume) {
	v.newer = v.older != nil
	if s.random.IntN(3) == 0 {
		v.older, v.newer = readAll(s.t, v.database), false
	}
}

// expectReports expects each report folder to be of a run of one of the databases, and that no run
// has two.
func (s *soak) expectReports(volumes []*volume) {
	s.t.Helper()
	owners := make(map[string]*volume)
	for _, v := range volumes {
		owners[queryFile(s.t, v.database, "SELECT database_id FROM databases")[0]] = v
	}
	folders, err := filepath.Glob(s.path("reports/2*/manifest.json"))
	must(s.t, err)
	seen := make(map[string]string)
	for _, path := range folders {
		var m struct {
			DatabaseID string    `json:"database_id"`
			RunID      int64     `json:"run_id"`
			StartedAt  time.Time `json:"started_at"`
		}
		must(s.t, json.Unmarshal(readAll(s.t, path), &m))
		v, run := owners[m.DatabaseID], fmt.Sprint(m.DatabaseID, " ", m.RunID)
		if v == nil || seen[run] != "" || m.RunID > int64(len(v.runs)) || !v.runs[m.RunID-1].StartedAt.Equal(m.StartedAt) {
			s.t.Errorf("%s is of run %d of database %s at %s; another: %q", path, m.RunID, m.DatabaseID, m.StartedAt, seen[run])
		}
		seen[run] = path
	}
}
