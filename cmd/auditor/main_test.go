package main

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/job"
)

const (
	// processesBegin is what the clock of every process shows when the tests begin, far from midnight:
	// no test depends on the day on which it runs.
	processesBegin = "2026-11-27T12:00:00Z"
	// beginVariable sets another instant, to look for what fails on some day or at midnight.
	beginVariable = "AUDITOR_TEST_BEGIN"
	// offsetVariable is how far that clock is ahead of the clock of the machine.
	offsetVariable = "AUDITOR_TEST_CLOCK_OFFSET"
)

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(limited(executeByClock))
	}
	if os.Getenv(offsetVariable) == "" {
		begin, err := time.Parse(time.RFC3339, cmp.Or(os.Getenv(beginVariable), processesBegin))
		if err == nil {
			err = os.Setenv(offsetVariable, time.Until(begin).String())
		}
		if err != nil {
			panic(err)
		}
	}
	testscript.Main(m, map[string]func(){"auditor": func() { os.Exit(execute(processTime)) }})
}

// processTime is the time by the clock of the processes that the tests start, and of the servers that
// these ask.
func processTime() time.Time {
	offset, err := time.ParseDuration(os.Getenv(offsetVariable))
	if err != nil {
		panic(err)
	}
	return time.Now().Add(offset)
}

// processClock is a variable that passes that clock on to a process.
func processClock() string { return offsetVariable + "=" + os.Getenv(offsetVariable) }

// TestScripts runs the real command in a folder of its own with an empty environment, against a
// simulated API that a script steers.
func TestScripts(t *testing.T) {
	skipIfShort(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Values[apiKey{}] = &api{}
			env.Vars = append(env.Vars, processClock())
			today := processTime().UTC().Format(time.DateOnly)
			env.Setenv("TODAY", today)
			env.Setenv("PERIOD", "reports/out/"+today+"--"+today+"-period")
			env.Setenv("MANY_LINES", "one\ntwo")
			env.Setenv("LONG", strings.Repeat("x", 201))
			env.Defer(func() { env.Values[apiKey{}].(*api).stop() })
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"api":    apiCommand,
			"lock":   lockCommand,
			"exit":   exitCommand,
			"absent": absentCommand,
			"latest": latestCommand,
			"later":  laterCommand,
		},
	})
}

type apiKey struct{}

// api is a simulated API under a script's control.
type api struct {
	mu      sync.RWMutex // nothing orders a script's commands and the requests of other processes
	server  *demo.Server
	http    *httptest.Server
	states  map[string]*demo.State
	answers map[string]answer // by method, in place of the server's
}

// answer is what an intercepted method answers with.
type answer struct {
	status int
	body   string
}

func (a *api) stop() {
	if a.http != nil {
		a.http.Close()
	}
}

// apiCommand steers the simulated API:
//
//	api start NAME…              start it with empty organizations; sets $BASE_URL, and $TOKEN_NAME and $ID_NAME for each
//	api scim NAME FILE           the organization's SCIM configurations are the JSON array in FILE
//	api sso NAME FILE            likewise its SSO configurations
//	api members NAME FILE        likewise its members
//	api answer METHOD STATUS FILE   METHOD, without its service, answers with STATUS and FILE
//	api answer METHOD            METHOD answers again
func apiCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: api start|scim|sso|answer …")
	}
	a := ts.Value(apiKey{}).(*api)
	a.mu.Lock()
	defer a.mu.Unlock()
	switch args[0] {
	case "start":
		a.start(ts, args[1:])
	case "scim":
		a.states[args[1]].SCIM = readRows(ts, args[2])
	case "members":
		a.states[args[1]].Members = readRows(ts, args[2])
	case "sso":
		a.states[args[1]].SSO = readRows(ts, args[2])
	case "answer":
		delete(a.answers, args[1])
		if len(args) == 4 {
			status, err := strconv.Atoi(args[2])
			ts.Check(err)
			a.answers[args[1]] = answer{status, ts.ReadFile(args[3])}
		}
	default:
		ts.Fatalf("api %s is not known", args[0])
	}
}

func (a *api) start(ts *testscript.TestScript, names []string) {
	a.states, a.answers = make(map[string]*demo.State), make(map[string]answer)
	var states []*demo.State
	for _, name := range names {
		state := demo.NewState(name)
		a.states[name] = state
		states = append(states, state)
		ts.Setenv("TOKEN_"+strings.ToUpper(name), state.Token)
		ts.Setenv("ID_"+strings.ToUpper(name), state.ID)
	}
	a.server = demo.NewServerWith(states...)
	a.server.Intercept = func(w http.ResponseWriter, r *http.Request, method string, next http.Handler) {
		w.Header().Set("Date", processTime().UTC().Format(http.TimeFormat))
		a.mu.RLock()
		defer a.mu.RUnlock()
		_, short, _ := strings.Cut(method, "/")
		if answer, ok := a.answers[short]; ok {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(answer.status)
			_, _ = w.Write([]byte(answer.body))
			return
		}
		next.ServeHTTP(w, r)
	}
	a.http = httptest.NewServer(a.server)
	ts.Setenv("BASE_URL", a.http.URL+"/api")
}

func readRows(ts *testscript.TestScript, file string) []demo.Row {
	var rows []demo.Row
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(file)), &rows))
	return rows
}

// lockCommand holds the lock of a database until the script ends: lock DATABASE.
func lockCommand(ts *testscript.TestScript, _ bool, args []string) {
	lock, err := job.Lock(context.Background(), ts.MkAbs(args[0]), "", processTime())
	ts.Check(err)
	ts.Defer(func() { ts.Check(lock.Close()) })
}

// exitCommand runs a program and checks its exit code: exit CODE PROGRAM ARGUMENT….
func exitCommand(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if err != nil {
		exited, ok := err.(interface{ ExitCode() int })
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = exited.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// absentCommand checks that a text is in no file below the working folder: absent TEXT.
func absentCommand(ts *testscript.TestScript, _ bool, args []string) {
	root := ts.MkAbs(".")
	for _, file := range filesBelow(ts, root) {
		content, err := os.ReadFile(file)
		ts.Check(err)
		if strings.Contains(string(content), args[0]) {
			ts.Fatalf("%s contains it", file)
		}
	}
}

// laterCommand waits for the next second, because auditor's instants are whole seconds.
func laterCommand(*testscript.TestScript, bool, []string) {
	now := processTime()
	time.Sleep(now.Truncate(time.Second).Add(time.Second).Sub(now))
}

// latestCommand sets $LATEST to the folder of the newest report: latest OUT.
func latestCommand(ts *testscript.TestScript, _ bool, args []string) {
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	newest := ""
	for _, e := range entries {
		if e.IsDir() {
			newest = e.Name()
		}
	}
	ts.Setenv("LATEST", args[0]+"/"+newest)
}
