//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
)

// oracle keeps what truly happened to a database, by the nights of demo.Night, and holds against it
// what the product says. It shares no code with the product. The schedule "0 2 * * *" is recorded by
// the run of night 1.
type oracle struct {
	s        *site
	database string // path
	runs     []trueRun
	snapshot int // the newest id that was looked at
}

// trueRun is a run that the register knows.
type trueRun struct {
	ID           int64     `json:"id"`
	StartedAt    time.Time `json:"started_at"`
	ScheduledFor time.Time `json:"scheduled_for"`
	Outcome      string    `json:"outcome"`
	ClockWrong   bool      `json:"clock_wrong"`
	// wrong says that the clock was wrong, whatever the register says.
	wrong bool
	// world is what the API had in a run whose snapshot is complete, nil for others.
	world map[string]string
}

// trueNight is a night of the register.
type trueNight struct {
	ScheduledFor time.Time `json:"scheduled_for"`
	Status       string    `json:"status"`
	RunID        int64     `json:"run_id"`
}

// registerOf reads what "auditor runs --json" printed, with each of consecutive missed nights.
func registerOf(t *testing.T, printed []byte) (runs []trueRun, nights []trueNight) {
	t.Helper()
	var got struct {
		Runs   []trueRun
		Nights []struct {
			trueNight
			Last   time.Time `json:"last_scheduled_for"`
			Nights int       `json:"nights"`
		}
	}
	must(t, json.Unmarshal(printed, &got))
	nights = []trueNight{}
	for _, n := range got.Nights {
		for i := n.Nights - 1; i > 0; i-- {
			nights = append(nights, trueNight{n.ScheduledFor.AddDate(0, 0, i), n.Status, n.RunID})
		}
		nights = append(nights, n.trueNight)
		if n.Nights > 0 && !n.Last.Equal(n.ScheduledFor.AddDate(0, 0, n.Nights-1)) {
			t.Errorf("%d nights from %s to %s", n.Nights, n.ScheduledFor, n.Last)
		}
	}
	return got.Runs, nights
}

// attempt is a command that should make a run.
type attempt struct {
	startedAt, scheduledFor time.Time // by the clock of the machine
	clockWrong              bool
	mayBe                   []string // outcomes that are so; "" that no run is recorded
	world                   map[string]string
}

// trueWorld returns name and state of every configuration that the API has, by id.
func (s *site) trueWorld() map[string]string {
	world := make(map[string]string)
	for _, row := range s.state.SCIM {
		world[row["id"].(string)] = fmt.Sprintf("%v|%v", row["name"], row["enabled"])
	}
	return world
}

// after compares the register with what happened before, and with the attempts since.
func (o *oracle) after(attempts ...attempt) {
	o.s.t.Helper()
	o.s.printed.Reset()
	if code := o.s.tonight("runs", "--json", "--db", o.database); code != exitComplete {
		o.s.t.Errorf("runs: exit code %d\n%s", code, &o.s.printed)
		return
	}
	runs, nights := registerOf(o.s.t, o.s.printed.Bytes())
	slices.Reverse(runs)
	for _, a := range attempts {
		o.settle(a, runs)
	}
	var want []trueRun
	for i, r := range o.runs {
		if i+1 < len(o.runs) && r.Outcome == "running" {
			r.Outcome = "failed" // the next run recorded that it was interrupted
			// From then on its snapshot, if there is one, shows that its clock was wrong.
			r.ClockWrong = r.wrong && i < len(runs) && runs[i].ClockWrong
			o.runs[i] = r
		}
		r.wrong, r.world = false, nil
		want = append(want, r)
	}
	if d := cmp.Diff(want, runs, cmp.AllowUnexported(trueRun{})); d != "" {
		o.s.t.Errorf("%s: runs (-want +got):\n%s", o.database, d)
	}
	if d := cmp.Diff(o.nights(), nights); d != "" {
		o.s.t.Errorf("%s: nights (-want +got):\n%s", o.database, d)
	}
	o.compareSnapshots()
}

// settle adds the run of an attempt if the register has it, which must be what the attempt allows.
func (o *oracle) settle(a attempt, recorded []trueRun) {
	o.s.t.Helper()
	outcome := ""
	r := trueRun{ID: int64(len(o.runs) + 1), StartedAt: a.startedAt, ScheduledFor: a.scheduledFor, wrong: a.clockWrong}
	if len(recorded) > len(o.runs) {
		found := recorded[len(o.runs)]
		outcome = found.Outcome
		r.Outcome, r.ClockWrong = outcome, found.ClockWrong
	}
	if !slices.Contains(a.mayBe, outcome) {
		o.s.t.Errorf("%s: the run at %s is %q, want one of %q", o.database, a.startedAt, outcome, a.mayBe)
	}
	if r.ClockWrong && !a.clockWrong || a.clockWrong && outcome == "complete" ||
		a.clockWrong && !r.ClockWrong && slices.Equal(a.mayBe, []string{"failed"}) {
		o.s.t.Errorf("%s: the run at %s is %s with a wrong clock %v, want %v", o.database, a.startedAt, outcome, r.ClockWrong, a.clockWrong)
	}
	if outcome == "" {
		return
	}
	switch complete := queryFile(o.s.t, o.database, fmt.Sprint("SELECT id FROM snapshots WHERE outcome = 'complete' AND run_id = ", r.ID)); {
	case len(complete) == 1:
		r.world = a.world
	case outcome == "complete":
		o.s.t.Errorf("%s: run %d is complete and has %d complete snapshots", o.database, r.ID, len(complete))
	}
	o.runs = append(o.runs, r)
}

// nightOf returns the number of the night that a run stands for, 0 for none.
func (r *trueRun) nightOf(now time.Time) int {
	at := r.ScheduledFor
	if at.IsZero() {
		at = r.StartedAt
	}
	if r.ClockWrong || r.StartedAt.After(now) || at.Before(demo.Night(2)) {
		return 0
	}
	return int(at.Sub(demo.Night(0)) / (24 * time.Hour))
}

// nights returns what the register must say of every night up to now, newest first.
func (o *oracle) nights() []trueNight {
	nights := []trueNight{}
	now := o.s.now()
	for n := 2; !demo.Night(n).After(now); n++ {
		nights = append(nights, trueNight{demo.Night(n), "missed", 0})
	}
	strength := []string{"missed", "failed", "running", "complete"}
	for _, r := range o.runs {
		if n := r.nightOf(now); n > 0 {
			night := &nights[n-2]
			if slices.Index(strength, r.Outcome) >= slices.Index(strength, night.Status) {
				night.Status, night.RunID = r.Outcome, r.ID
			}
		}
	}
	slices.Reverse(nights)
	return nights
}

// compareSnapshots compares the complete snapshots since the last time with the API of their nights,
// their changes with those of the API between them, and RUN-002 with the nights without a run.
func (o *oracle) compareSnapshots() {
	o.s.t.Helper()
	var before map[string]string
	var earlier []trueRun
	for _, r := range o.runs {
		if r.world == nil {
			continue
		}
		if r.ID > int64(o.snapshot) {
			of := fmt.Sprintf(" IN (SELECT id FROM snapshots WHERE outcome = 'complete' AND run_id = %d)", r.ID)
			world := make(map[string]string)
			for _, row := range queryFile(o.s.t, o.database, "SELECT id, name, iif(enabled, 'true', 'false') FROM scim_configurations WHERE snapshot_id"+of) {
				id, rest, _ := strings.Cut(row, "|")
				world[id] = rest
			}
			if d := cmp.Diff(r.world, world); d != "" {
				o.s.t.Errorf("%s: run %d, configurations (-want +got):\n%s", o.database, r.ID, d)
			}
			changes := queryFile(o.s.t, o.database, "SELECT kind, subject_id FROM changes WHERE snapshot_id"+of)
			slices.Sort(changes)
			if d := cmp.Diff(trueChanges(before, r.world), changes); d != "" {
				o.s.t.Errorf("%s: run %d, changes (-want +got):\n%s", o.database, r.ID, d)
			}
			gaps := queryFile(o.s.t, o.database, "SELECT observed FROM findings WHERE rule_id = 'RUN-002' AND status = 'fail' AND snapshot_id"+of+" ORDER BY subject_id")
			if d := cmp.Diff(trueGaps(earlier, r), gaps); d != "" {
				o.s.t.Errorf("%s: run %d, RUN-002 (-want +got):\n%s", o.database, r.ID, d)
			}
			o.snapshot = int(r.ID)
		}
		before, earlier = r.world, append(earlier, r)
	}
}

// trueChanges returns the changes between two worlds, sorted; nil for the first.
func trueChanges(before, after map[string]string) (changes []string) {
	if before == nil {
		return nil
	}
	for id, now := range after {
		was, known := before[id]
		name, enabled, _ := strings.Cut(now, "|")
		nameBefore, enabledBefore, _ := strings.Cut(was, "|")
		switch {
		case !known:
			changes = append(changes, "added|"+id)
			continue
		case enabled != enabledBefore && enabled == "true":
			changes = append(changes, "enabled|"+id)
		case enabled != enabledBefore:
			changes = append(changes, "disabled|"+id)
		}
		if name != nameBefore {
			changes = append(changes, "renamed|"+id)
		}
	}
	for id := range before {
		if _, still := after[id]; !still {
			changes = append(changes, "removed|"+id)
		}
	}
	slices.Sort(changes)
	return changes
}

// trueGaps returns what RUN-002 says in a run of the nights without a complete snapshot, for 35 days.
func trueGaps(earlier []trueRun, run trueRun) (observed []string) {
	if len(earlier) == 0 {
		return nil
	}
	covered := make(map[int]bool)
	for _, r := range append(slices.Clone(earlier), run) {
		covered[r.nightOf(run.StartedAt)] = true
	}
	const form = "2006-01-02 15:04:05 UTC"
	nights := 0
	for n := 2; !demo.Night(n).After(run.StartedAt.Add(24 * time.Hour)); n++ {
		expected := !demo.Night(n).After(run.StartedAt)
		if expected && !covered[n] {
			nights++
			continue
		}
		from, to := demo.Night(n-nights), demo.Night(n-1)
		switch {
		case nights == 0 || to.Before(run.StartedAt.AddDate(0, 0, -35)):
		case nights == 1:
			observed = append(observed, fmt.Sprintf("No complete run exists for the night scheduled at %s.", to.Format(form)))
		default:
			observed = append(observed, fmt.Sprintf("No complete run exists for %d nights, scheduled from %s to %s.", nights, from.Format(form), to.Format(form)))
		}
		nights = 0
	}
	return observed
}
