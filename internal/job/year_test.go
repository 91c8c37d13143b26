package job_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/diff"
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/report"
	"scim-auditor/internal/snapshot"
)

var (
	nights        = flag.Int("nights", 12, "how many nights TestAFailedNightIsFollowedByACompleteOne runs")
	organizations = flag.Int("organizations", 6, "how many organizations it has")
	faulty        = flag.Float64("faulty", 0.1, "how many of its requests meet a fault, 0 to 1")
	yearSeed      = flag.Uint64("year-seed", 1, "its seed")
)

// yearly is one organization in the year, with what really happened to it.
type yearly struct {
	state *demo.State
	seed  uint64
	// faulty is how probable a fault is at each request, 0 to 1.
	faulty float64
	mu     sync.Mutex
	night  int
	// lists are what SCIM and SSO were at each change of this night; the first state is that at its
	// beginning, the last that at its end.
	lists [2][]map[string]string
	// met counts the requests of this night by method, failing those that met a fault.
	met, failing map[string]int
	// tonight has the faults of the night by method, lasting those that stay for more than one request
	// with the night of their end.
	tonight map[string][]fault
	lasting map[string]lasting
	// claimed is what the last snapshot says that could read the list; nil before the first.
	claimed [2]map[string]string
	names   int
	streak  int
}

type lasting struct {
	fault
	requests, until int
}

// random returns numbers that depend on the place only, because requests come at the same time.
func (o *yearly) random(place ...any) *rand.Rand {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, o.state.Name, o.night, place)
	return rand.New(rand.NewPCG(o.seed, h.Sum64()))
}

// rows returns the lists of the server, with the name of the field that a change alters.
func (o *yearly) rows(list int) (*[]demo.Row, string) {
	return []*[]demo.Row{&o.state.SCIM, &o.state.SSO}[list], []string{"name", "displayName"}[list]
}

// change adds, removes, renames, disables, or moves a configuration. Nothing that was removed or
// renamed comes back as it was, see docs/completeness.md.
func (o *yearly) change(random *rand.Rand, onlyRemove bool) {
	list := random.IntN(2)
	all, field := o.rows(list)
	rows := slices.Clone(*all)
	i, what := random.IntN(len(rows)+1), random.IntN(5)
	o.names++
	name := fmt.Sprintf("%03d version %d", random.IntN(1000), o.names)
	switch {
	case onlyRemove && i == len(rows):
	case onlyRemove:
		rows = slices.Delete(rows, i, i+1)
	case i == len(rows), what == 0 && len(rows) < 9:
		id := demo.ID(o.state.Name, field, fmt.Sprint(o.names))
		rows = slices.Insert(rows, i, demo.Row{"id": id, field: name, "organizationId": o.state.ID})
	case what == 1:
		rows = slices.Delete(rows, i, i+1)
	case what == 2:
		row := rows[i]
		rows = slices.Delete(rows, i, i+1)
		rows = slices.Insert(rows, random.IntN(len(rows)+1), row)
	default:
		rows[i] = maps.Clone(rows[i])
		rows[i][field] = name
	}
	*all = rows
	o.keep(list)
}

// keep adds what a list is now to the states of the night.
func (o *yearly) keep(list int) {
	rows, field := o.rows(list)
	now := map[string]string{}
	for _, row := range *rows {
		now[row["id"].(string)] = row[field].(string)
	}
	o.lists[list] = append(o.lists[list], now)
}

// evening begins a night: what happens in the organization by day, and which faults are over.
func (o *yearly) evening(night int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.night = night
	random := o.random("evening")
	for random.IntN(3) == 0 {
		o.change(random, false)
	}
	if random.IntN(100) == 0 { // somebody clears the house
		for range 20 {
			o.change(random, true)
		}
	}
	o.met, o.failing, o.tonight = map[string]int{}, map[string]int{}, map[string][]fault{}
	maps.DeleteFunc(o.lasting, func(_ string, l lasting) bool { return l.until < night })
	for list := range o.lists {
		o.lists[list] = nil
		o.keep(list)
	}
}

// before changes a list between two requests of a listing.
func (o *yearly) before(method string, n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if random := o.random("before", method, n); random.Float64() < o.faulty && strings.Contains(method, "List") {
		o.change(random, false)
	}
}

// meet returns the fault that a request meets; nil if there is none.
func (o *yearly) meet(method string) *fault {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.met[method]++
	random := o.random("meet", method, o.met[method])
	l, hit := o.lasting[method]
	if hit && l.requests > 0 {
		if l.requests--; l.requests == 0 {
			l.until = 0 // it is over, even in this night
		}
		o.lasting[method] = l
	}
	if hit = hit && (l.until >= o.night || l.requests > 0); !hit {
		probability := o.faulty
		if method == ona.GetSCIMConfiguration || method == ona.GetSSOConfiguration {
			probability = min(10*o.faulty, 0.5) // they are rare
		}
		if random.Float64() >= probability {
			return nil
		}
		l = lasting{fault: faults[random.IntN(len(faults))]}
		if (method == ona.ListSCIMConfigurations || method == ona.ListSSOConfigurations) && random.IntN(3) == 0 {
			l.fault = lacksRows
		}
		switch {
		case l.once && len(o.tonight[method]) > 0:
			return nil
		case l.once:
		case random.IntN(2) == 0:
			l.requests, l.until = 1+random.IntN(3), o.night
			o.lasting[method] = l
		default:
			l.until = o.night + random.IntN(3)
			o.lasting[method] = l
		}
	}
	o.failing[method]++
	o.tonight[method] = append(o.tonight[method], l.fault)
	return &l.fault
}

// cut removes the rows that the last snapshot had. What no snapshot had and the only page hides
// cannot be known, see docs/completeness.md.
func (o *yearly) cut(answer []byte) []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all map[string]any
	if json.Unmarshal(answer, &all) != nil {
		return answer
	}
	for list, field := range []string{"scimConfigurations", "ssoConfigurations"} {
		rows, _ := all[field].([]any)
		all[field] = slices.DeleteFunc(rows, func(row any) bool {
			_, known := o.claimed[list][row.(map[string]any)["id"].(string)]
			return known
		})
		if rows == nil {
			delete(all, field)
		}
	}
	cut, _ := json.Marshal(all) // it was JSON
	return cut
}

// mayFail says what may fail the night; empty if nothing did happen that can.
func (o *yearly) mayFail() string {
	var all []string
	for method, met := range o.tonight {
		for _, f := range met {
			if !f.passes || o.failing[method] >= maxTries {
				all = append(all, method+" "+f.name)
			}
		}
	}
	if len(o.lists[0]) > 1 || len(o.lists[1]) > 1 {
		all = append(all, "the lists changed while they were read")
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ", ")
}

// check holds a snapshot against what really was. It returns an error that says what is not so.
func (o *yearly) check(in ona.Inventory, changes []snapshot.Change) error {
	claimed := [2]map[string]string{{}, {}}
	for _, c := range in.SCIM {
		claimed[0][c.ID] = c.Name
	}
	for _, c := range in.SSO {
		claimed[1][c.ID] = c.DisplayName
	}
	if in.SSONotAssessed != "" {
		if len(o.tonight[ona.ListSSOConfigurations]) == 0 {
			return errors.New("SSO is not assessed without a reason: " + in.SSONotAssessed)
		}
		claimed[1] = nil
	}
	var errs []error
	for list, now := range claimed {
		if now == nil {
			continue
		}
		if !slices.ContainsFunc(o.lists[list], func(state map[string]string) bool { return maps.Equal(state, now) }) {
			errs = append(errs, fmt.Errorf("list %d is called %v, and was %v", list, now, o.lists[list]))
		}
		var want, got []string
		for id, name := range now {
			switch before, ok := o.claimed[list][id]; {
			case o.claimed[list] == nil || before == name:
			case ok:
				want = append(want, "renamed "+id)
			default:
				want = append(want, "added "+id)
			}
		}
		for id := range o.claimed[list] {
			if _, ok := now[id]; !ok {
				want = append(want, "removed "+id)
				if _, there := o.lists[list][len(o.lists[list])-1][id]; there {
					errs = append(errs, fmt.Errorf("%s is called removed and is there", id))
				}
			}
		}
		for _, c := range changes {
			if c.SubjectType == []diff.SubjectType{diff.SCIMConfiguration, diff.SSOConfiguration}[list] {
				got = append(got, strings.Replace(string(c.Kind), string(diff.Reappeared), "added", 1)+" "+c.SubjectID)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(want, got) {
			errs = append(errs, fmt.Errorf("changes of list %d: %v, and happened: %v", list, got, want))
		}
		o.claimed[list] = now
	}
	return errors.Join(errs...)
}

// TestAFailedNightIsFollowedByACompleteOne runs many nights of many organizations in which
// configurations come, change and go, and requests meet faults of every kind, for one request, a
// few or several nights. A night fails only while something is wrong, what a snapshot says was so,
// and it has every change since the snapshot before it. A year: -nights 365 -organizations 100
// -faulty 0.01.
func TestAFailedNightIsFollowedByACompleteOne(t *testing.T) {
	byToken := map[string]*yearly{}
	var all []*yearly
	var states []*demo.State
	for i := range *organizations {
		o := &yearly{state: demo.NewState(fmt.Sprintf("org-%03d", i)), seed: *yearSeed, faulty: *faulty,
			lasting: map[string]lasting{}}
		o.state.Before = o.before
		byToken["Bearer "+o.state.Token] = o
		all, states = append(all, o), append(states, o.state)
	}
	h := newHouse(t, states...)
	h.concurrency, h.formats = 4, []report.Format{report.FormatCSV}
	h.server.Intercept = func(w http.ResponseWriter, r *http.Request, method string, next http.Handler) {
		o := byToken[r.Header.Get("Authorization")]
		if f := o.meet(method); f != nil {
			f.answer(o, w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	}
	var sources []fetch.Source
	for i, o := range all {
		source := h.source(o.state.Name, o.state.Token)
		source.Fetch.CallTimeout = 5 * time.Second // an answer that does not come
		source.Fetch.MaxTries, source.Fetch.Sleep = maxTries, noWait
		source.Fetch.PageSize = []int{100, 2, 3}[i%3]
		sources = append(sources, source)
	}
	codes, kinds := map[string]int{}, map[string]int{}
	failed, longest, complete := 0, 0, 0
	for night := 1; night <= *nights+1; night++ {
		for _, o := range all {
			o.evening(night)
			if night > *nights { // everything is well at last
				o.faulty = 0
				clear(o.lasting)
			}
		}
		result := h.run(sources...)
		if result.ReportError != nil {
			t.Errorf("night %d: the report: %v", night, result.ReportError)
		}
		for i, got := range result.Organizations {
			o := all[i]
			place := fmt.Sprintf("-year-seed %d, night %d, %s", *yearSeed, night, o.state.Name)
			for _, met := range o.tonight {
				for _, f := range met {
					kinds[f.name]++
				}
			}
			may := o.mayFail()
			if got.Err != nil {
				failed++
				o.streak++
				longest = max(longest, o.streak)
				codes[got.Snapshot.ErrorCode]++
				if _, remote := errors.AsType[*fetch.Error](got.Err); may == "" || !remote {
					t.Errorf("%s fails without a reason: %v", place, got.Err)
				}
				continue
			}
			o.streak = 0
			complete++
			inventory, err := h.store.Inventory(t.Context(), got.Snapshot)
			if err == nil {
				err = o.check(inventory, got.Changes)
			}
			if err != nil {
				t.Errorf("%s, in spite of %q: %v", place, may, err)
			}
		}
	}
	for _, o := range all {
		if o.streak > 0 {
			t.Errorf("%s is not complete at the end", o.state.Name)
		}
	}
	t.Logf("%d complete, %d not complete: %v; the longest streak of one organization: %d nights; faults: %v",
		complete, failed, codes, longest, kinds)
	if failed == 0 || complete == 0 {
		t.Error("nothing failed, or everything did")
	}
}
