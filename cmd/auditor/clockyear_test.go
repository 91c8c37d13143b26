//go:build unix

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
)

// missetting is a stretch in which the clock of the machine is off.
type missetting struct {
	from, to time.Time // truly
	off      time.Duration
}

// wrong reports whether a run in it counts for no night.
func (m missetting) wrong() bool { return m.off.Abs() > time.Hour }

// missettings are the stretches of a year.
type missettings []missetting

// tenMissettings returns one in each tenth of the nights, which lasts from an hour to a quarter of it:
// off by two hours to ten years, and two by less than an hour.
func tenMissettings(random *rand.Rand, nights int) (all missettings) {
	each := nights / 10
	for i := range 10 {
		m := missetting{from: demo.Night(3 + each*i + random.IntN(each/2)).Add(time.Duration(1+random.IntN(24*60-2)) * time.Minute)}
		m.to = m.from.Add(time.Duration(60+random.IntN(each*24*60/4)) * time.Minute)
		switch i % 5 {
		case 0:
			m.off = time.Duration(1+random.IntN(59)) * time.Minute
		case 1, 2:
			m.off = time.Duration(2+random.IntN(46))*time.Hour + 7*time.Minute
		default:
			m.off = time.Duration(1+random.IntN(10*365)) * 24 * time.Hour
		}
		if random.IntN(2) == 0 {
			m.off = -m.off
		}
		all = append(all, m)
	}
	return all
}

// at returns how the clock is at an instant.
func (all missettings) at(instant time.Time) (m missetting) {
	for _, m := range all {
		if !instant.Before(m.from) && instant.Before(m.to) {
			return m
		}
	}
	return missetting{}
}

// lastTime returns the last 02:00 UTC up to an instant.
func lastTime(instant time.Time) time.Time {
	at := time.Date(instant.Year(), instant.Month(), instant.Day(), 2, 0, 0, 0, time.UTC)
	if at.After(instant) {
		at = at.AddDate(0, 0, -1)
	}
	return at
}

// soakVariable sets the number of nights of the tests that make many nights in which the machine fails.
const soakVariable = "AUDITOR_TEST_SOAK"

// soakNights returns the number of nights that is set, or else this one.
func soakNights(t *testing.T, nights int) int {
	t.Helper()
	text := os.Getenv(soakVariable)
	if text == "" {
		return nights
	}
	set, err := strconv.Atoi(text)
	if err != nil || set < 40 {
		t.Fatalf("%s=%s is not a number from 40 on", soakVariable, text)
	}
	return set
}

// The clock of a server goes wrong ten times. When it is right again, the last night is done
// that passed meanwhile.
func TestServeWhileTheClockGoesWrongTenTimes(t *testing.T) {
	skipIfShort(t)
	nights := soakNights(t, 80)
	all := tenMissettings(rand.New(rand.NewPCG(uint64(nights), 17)), nights)
	var mu sync.Mutex
	right := demo.Night(1).Add(time.Minute)
	var attempts []attempt
	var s *site
	s = newSite(t, func(server *demo.Server) {
		server.Now = func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return right
		}
		server.Intercept = func(w http.ResponseWriter, r *http.Request, method string, next http.Handler) {
			if method == ona.GetAuthenticatedIdentity { // a run begins
				s.state.SCIM[0]["name"] = fmt.Sprint("renamed ", len(attempts)/7)
				m := all.at(server.Now())
				local := server.Now().Add(m.off).Truncate(time.Second)
				a := attempt{startedAt: local, scheduledFor: lastTime(local), clockWrong: m.wrong(), mayBe: []string{"complete"}, world: s.trueWorld()}
				if m.wrong() {
					a.mayBe = []string{"failed"}
				}
				attempts = append(attempts, a)
			}
			next.ServeHTTP(w, r)
		}
	})
	s.state.SCIM = []demo.Row{configuration(1)}
	s.night = 1
	synctest.Test(t, func(t *testing.T) {
		start, begin := time.Now(), right
		s.clock = func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			right = begin.Add(time.Since(start))
			return right.Add(all.at(right).off)
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Duration(nights)*24*time.Hour)
		defer stop()
		s.ctx = ctx
		if code := s.tonight("serve", "--schedule", "0 2 * * *", "--formats", "csv", "-q"); code != exitComplete {
			t.Errorf("exit code %d\n%s", code, &s.printed)
		}
	})
	s.ctx = t.Context()
	s.clock = func() time.Time { return demo.Night(nights).Add(time.Hour) }
	o := &oracle{s: s, database: s.path("auditor.db")}
	o.after(attempts...)
	all.expectNights(t, s, nights)
	s.verify(exitComplete)
}

// expectNights expects a complete run of every night that did not pass while the clock was wrong, and
// of the last that did.
func (all missettings) expectNights(t *testing.T, s *site, nights int) {
	t.Helper()
	s.printed.Reset()
	s.tonight("runs", "--json")
	_, register := registerOf(t, s.printed.Bytes())
	statuses := make(map[time.Time]string)
	missed := 0
	for _, n := range register {
		statuses[n.ScheduledFor] = n.Status
	}
	for n := 2; n <= nights; n++ {
		night, want := demo.Night(n), "complete"
		if m := all.at(night); m.wrong() && demo.Night(n+1).Before(m.to) {
			want = "missed"
			missed++
		}
		if got := statuses[night]; got != want {
			t.Errorf("night %s is %q, want %s; the clock: %+v", night, got, want, all.at(night))
		}
	}
	t.Logf("%d of %d nights passed while the clock was wrong and were not caught up", missed, nights)
}
