package job

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/diff"
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/ona"
)

var (
	listings = flag.Int("listings", 200, "how many nights TestWhatIsCompleteWasSoAtOneMoment lists")
	seed     = flag.Uint64("seed", 1, "the seed of TestWhatIsCompleteWasSoAtOneMoment")
)

// simulated is one list of the simulated server, with what it was during a night.
type simulated struct {
	list, name string // the method and the field with the name
	rows       *[]demo.Row
	// states are those of the list since the first request of a listing in this night, seen is how
	// many of them were there at the last request.
	states []string
	seen   int
	// touched are the configurations with which something happened this night.
	touched map[any]bool
}

// state is a list as text: each configuration with its name, which no two versions share.
func (s *simulated) state() string {
	var all []string
	for _, row := range *s.rows {
		all = append(all, fmt.Sprint(row["id"], " ", row[s.name]))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// moving is a simulated organization whose lists change while they are read.
type moving struct {
	*rand.Rand
	state  *demo.State
	server *demo.Server
	lists  []*simulated
	ticks  int
	// restless is how probable a change is before each request, left how many may follow this night.
	restless float64
	left     int
	// mostly is what happens this night: 0 removals, 1 new names, 2 moves, 3 a mixture.
	mostly int
	// twice says that a configuration may change more than once in a night.
	twice bool
}

func newMoving(random *rand.Rand) *moving {
	w := &moving{Rand: random, state: demo.NewState("moving")}
	w.server = demo.NewServerWith(w.state)
	w.server.Now = time.Now
	// Either tokens are positions, and no version of a configuration comes back, or tokens name rows,
	// and a configuration changes at most once while the list is read.
	w.server.PageKey = []string{"", "", "id", "name", "displayName"}[w.IntN(5)]
	w.twice = w.server.PageKey == ""
	w.server.PageTokenInQuery = w.IntN(2) == 0
	w.lists = []*simulated{
		{list: ona.ListSCIMConfigurations, name: "name", rows: &w.state.SCIM},
		{list: ona.ListSSOConfigurations, name: "displayName", rows: &w.state.SSO},
	}
	for _, s := range w.lists {
		s.touched = map[any]bool{}
		for range w.IntN(7) {
			w.add(s)
		}
	}
	w.state.Before = w.before
	return w
}

// before changes the lists before a request, and keeps each state.
func (w *moving) before(method string, _ int) {
	for ; w.left > 0 && w.Float64() < w.restless; w.left-- {
		s := w.lists[w.IntN(len(w.lists))]
		w.change(s)
		if len(s.states) > 0 {
			s.states = append(s.states, s.state())
		}
	}
	for _, s := range w.lists {
		if s.list != method {
			continue
		}
		if len(s.states) == 0 {
			s.states = append(s.states, s.state())
		}
		s.seen = len(s.states)
	}
}

func (w *moving) add(s *simulated) {
	w.ticks++
	row := demo.Row{"id": demo.ID("moving", s.list, fmt.Sprint(w.ticks)), s.name: w.newName()}
	*s.rows = slices.Insert(slices.Clone(*s.rows), w.IntN(len(*s.rows)+1), row)
	s.touched[row["id"]] = true
}

// newName is a name that no configuration had before, anywhere in the order of names.
func (w *moving) newName() string {
	w.ticks++
	return fmt.Sprintf("%03d version %d", w.IntN(1000), w.ticks)
}

// change adds, removes, renames or moves a configuration. A removed one never comes back.
func (w *moving) change(s *simulated) {
	rows := slices.Clone(*s.rows)
	i := len(rows)
	if w.IntN(4) > 0 {
		i = w.IntN(len(rows) + 1)
	}
	if i == len(rows) || !w.twice && s.touched[rows[i]["id"]] {
		w.add(s)
		return
	}
	row := rows[i]
	s.touched[row["id"]] = true
	rows = slices.Delete(rows, i, i+1)
	switch what := w.mostly; {
	case what == 0 || what > 2 && w.IntN(2) == 0: // removed
	case what == 1: // renamed, and in its place
		row = maps.Clone(row)
		row[s.name] = w.newName()
		rows = slices.Insert(rows, i, row)
	default: // moved
		rows = slices.Insert(rows, w.IntN(len(rows)+1), row)
	}
	*s.rows = rows
}

var (
	getFaults = []demo.Fault{
		{Code: "permission_denied"}, {Code: "unimplemented"}, {Code: "unimplemented", Status: http.StatusNotFound},
		{Text: "404 page not found", Status: http.StatusNotFound}, {Code: "invalid_argument"},
	}
	anyFaults = []demo.Fault{
		{Code: "internal"}, {Code: "unavailable", Times: 1}, {Code: "resource_exhausted",
			Times: 2}, {Code: "permission_denied"},
		{Code: "unimplemented"}, {Text: "<html>", Status: http.StatusBadGateway, Times: 1}, {Code: "unauthenticated"},
	}
	methods = []string{
		ona.GetAuthenticatedIdentity, ona.GetOrganization, ona.GetOrganizationPolicies, ona.ListSCIMConfigurations,
		ona.ListSSOConfigurations, ona.GetSCIMConfiguration, ona.GetSSOConfiguration,
	}
)

// evening changes the lists before a night and chooses the faults of the night.
func (w *moving) evening() {
	for range w.IntN(4) {
		w.change(w.lists[w.IntN(len(w.lists))])
	}
	clear(w.state.Faults)
	clear(w.state.Beside)
	clear(w.state.Cut)
	w.restless = []float64{0, 0.1, 0.3, 0.5}[w.IntN(4)]
	w.left, w.mostly = 10, w.IntN(4)
	list := w.lists[w.IntN(len(w.lists))]
	switch w.IntN(8) {
	case 0, 1:
		w.state.Faults[ona.GetSCIMConfiguration] = getFaults[w.IntN(len(getFaults))]
		w.state.Faults[ona.GetSSOConfiguration] = getFaults[w.IntN(len(getFaults))]
	case 2:
		w.state.Faults[methods[w.IntN(len(methods))]] = anyFaults[w.IntN(len(anyFaults))]
	case 3:
		w.state.Beside[list.list] = []demo.Row{{"hasMore": true}, {"errors": []any{"x"}}, {"cursor": "x"},
			{"traceId": "x"}}[w.IntN(4)]
	}
	for _, s := range w.lists {
		s.states, s.seen = nil, 0
		clear(s.touched)
	}
}

// cutShort lets a listing end too early, on a night without a change: only then are all the
// configurations that it hides known from the night before.
func (w *moving) cutShort() {
	list := w.lists[w.IntN(len(w.lists))]
	clear(w.state.Faults)
	w.restless = 0
	w.state.Cut[list.list] = w.IntN(len(*list.rows) + 1)
}

// TestWhatIsCompleteWasSoAtOneMoment lists organizations that change between any two requests, with
// pages of random sizes, both kinds of page tokens, and faults in every method. What a night calls
// complete is a state that the list had at one moment between the first and the last request, and
// what it calls removed is gone when the night ends.
func TestWhatIsCompleteWasSoAtOneMoment(t *testing.T) {
	counts := map[string]int{}
	for n := 0; n < *listings; {
		random := rand.New(rand.NewPCG(*seed, uint64(n)))
		w := newMoving(random)
		baseline, found := ona.Inventory{}, false
		for i := range 20 {
			w.server.SetNight(i + 1)
			w.evening()
			if found && i%5 == 4 && sameAsServer(w, baseline) {
				w.cutShort()
			}
			name := fmt.Sprintf("-seed %d, world %d, night %d, page key %q", *seed, n, i, w.server.PageKey)
			if inventory, ok := w.night(t, name, baseline, found, counts); ok {
				baseline, found = inventory, true
			}
		}
		n += 20
	}
	t.Logf("nights: %v", counts)
	for _, count := range []string{
		"complete", "not complete", "incomplete_listing", "several pages", "three listings", "moved", "the API confirms",
		"a second listing confirms", "cut short",
	} {
		if counts[count] == 0 {
			t.Errorf("no night has %q: %v", count, counts)
		}
	}
}

// sameAsServer reports whether the server has what the baseline has.
func sameAsServer(w *moving, baseline ona.Inventory) bool {
	return w.lists[0].state() == stateOf(baseline.SCIM, baseline.SSO)[0] &&
		w.lists[1].state() == stateOf(baseline.SCIM, baseline.SSO)[1]
}

// stateOf is an inventory as text, see simulated.state.
func stateOf(scim []ona.SCIMConfiguration, sso []ona.SSOConfiguration) [2]string {
	var all [2][]string
	for _, c := range scim {
		all[0] = append(all[0], c.ID+" "+c.Name)
	}
	for _, c := range sso {
		all[1] = append(all[1], c.ID+" "+c.DisplayName)
	}
	return [2]string{strings.Join(all[0], "\n"), strings.Join(all[1], "\n")}
}

// night lists the organization and holds what is claimed about it against what it was.
func (w *moving) night(
	t *testing.T, name string, baseline ona.Inventory, found bool, counts map[string]int,
) (ona.Inventory, bool) {
	t.Helper()
	api := httptest.NewServer(w.server)
	transport := fetch.NewTransport(1)
	options := fetch.Options{
		BaseURL: api.URL + "/api", Token: fetch.Token(w.state.Token), PageSize: 1 + w.IntN(3), Transport: transport,
		Limits: fetch.Limits{MaxTries: 2}, Now: time.Now, Sleep: func(context.Context, time.Duration) error { return nil },
	}
	one := &task{night: &night{Options: Options{TakenAt: time.Now()}}, source: fetch.Source{Name: "moving"},
		options: options}
	err := one.collect(t.Context())
	if err == nil && found {
		one.changes = diff.Compute(baseline, one.inventory, func(diff.SubjectType, string) bool { return false })
		err = one.confirmRemovals(t.Context())
	}
	// The server may still answer requests that the night has given up.
	transport.CloseIdleConnections()
	api.Close()
	if len(w.state.Cut) > 0 {
		counts["cut short"]++
	}
	if err != nil {
		failure, _ := errors.AsType[*fetch.Error](err)
		counts["not complete"]++
		counts[failure.Code]++
		return ona.Inventory{}, false
	}
	counts["complete"]++
	claimed := stateOf(one.inventory.SCIM, one.inventory.SSO)
	for i, l := range []ona.Listing{one.header.SCIMListing, one.header.SSOListing} {
		s := w.lists[i]
		if s.name == "displayName" && one.inventory.SSONotAssessed != "" {
			continue
		}
		if l.Pages > 1 {
			counts["several pages"]++
		}
		if l.Listings > 2 {
			counts["three listings"]++
		}
		if s.seen > 1 {
			counts["moved"]++
		}
		if !slices.Contains(s.states[:s.seen], claimed[i]) {
			t.Errorf("%s: %s is called complete with\n%s\nwhich is none of its states:\n%s", name, s.list, claimed[i],
				strings.Join(s.states[:s.seen], "\n--\n"))
		}
	}
	for _, c := range one.changes {
		if c.Kind != diff.Removed {
			continue
		}
		if strings.Contains(c.Note, "second listing only") {
			counts["a second listing confirms"]++
		} else {
			counts["the API confirms"]++
		}
		for _, s := range w.lists {
			if strings.Contains(s.state(), c.SubjectID) {
				t.Errorf("%s: %s is called removed and is there: %s", name, c.SubjectID, c.Note)
			}
		}
	}
	return one.inventory, true
}
