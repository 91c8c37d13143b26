package schedule_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/schedule"
)

// follow runs a loop for a while in the time of the synctest bubble and returns the nights that
// were done and skipped, as hours since the beginning, which is 2000-01-01 00:00 UTC.
func follow(t *testing.T, expression string, length time.Duration, busy func(n int) time.Duration,
	clock func() time.Time) (done, skipped []float64) {
	t.Helper()
	start := time.Now()
	ctx, stop := context.WithTimeout(t.Context(), length)
	defer stop()
	active := false
	loop := schedule.Loop{
		Now: clock,
		Do: func(_ context.Context, night time.Time) bool {
			if active {
				t.Error("two at once")
			}
			active = true
			done = append(done, night.Sub(start).Hours())
			time.Sleep(busy(len(done)))
			active = false
			return false
		},
		Skipped: func(g schedule.Gap) {
			skipped = append(skipped, g.First.Sub(start).Hours())
			if g.Nights > 1 {
				skipped = append(skipped, g.Last.Sub(start).Hours())
			}
		},
	}
	loop.Run(ctx, parse(t, expression), start)
	return done, skipped
}

func TestALoopDoesEachNightOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		done, skipped := follow(t, "0 2 * * *", 73*time.Hour, func(int) time.Duration { return time.Minute }, time.Now)
		if d := cmp.Diff([]float64{2, 26, 50}, done); d != "" || skipped != nil {
			t.Errorf("skipped %v, done (-want +got):\n%s", skipped, d)
		}
	})
}

func TestAnOverrunSkips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		overrun := func(n int) time.Duration { return map[int]time.Duration{1: 150 * time.Minute}[n] }
		done, skipped := follow(t, "0 * * * *", 6*time.Hour-time.Minute, overrun, time.Now)
		if d := cmp.Diff([][]float64{{1, 4, 5}, {2, 3}}, [][]float64{done, skipped}); d != "" {
			t.Errorf("done and skipped (-want +got):\n%s", d)
		}
	})
}

func TestAMachineThatSleptDoesTheLastNightOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		clock := func() time.Time {
			now := time.Now()
			if now.Sub(start) > 30*time.Minute {
				now = now.Add(3 * time.Hour)
			}
			return now
		}
		done, skipped := follow(t, "0 * * * *", 31*time.Minute, func(int) time.Duration { return 0 }, clock)
		if d := cmp.Diff([][]float64{{3}, {1, 2}}, [][]float64{done, skipped}); d != "" {
			t.Errorf("done and skipped (-want +got):\n%s", d)
		}
	})
}

func TestALoopFollowsAnotherSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		ctx, stop := context.WithTimeout(t.Context(), 5*time.Hour)
		defer stop()
		changed := make(chan *schedule.Schedule)
		go func() {
			time.Sleep(150 * time.Minute)
			changed <- parse(t, "30 * * * *")
		}()
		var done []float64
		loop := schedule.Loop{Now: time.Now, Changed: changed, Skipped: func(schedule.Gap) { t.Error("skipped") },
			Do: func(_ context.Context, night time.Time) bool {
				done = append(done, night.Sub(start).Hours())
				return false
			}}
		loop.Run(ctx, parse(t, "0 * * * *"), start)
		if d := cmp.Diff([]float64{1, 2, 3.5, 4.5}, done); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}

// The clock runs 100 times as fast as the bubble's, so that reading it every 15 seconds stays
// cheap. The year begins at 2000-01-01 00:00 UTC; both zones move their clocks forward in spring
// and back in autumn.
func TestALoopOverAYearDoesEachNightOnce(t *testing.T) {
	for _, expression := range []string{
		"0 2 * * *", "CRON_TZ=Europe/Berlin 30 2 * * *", "CRON_TZ=Europe/Berlin 0 3 * * *",
		"CRON_TZ=America/New_York 30 1 * * *", "CRON_TZ=America/New_York 15 2 * * *",
	} {
		t.Run(expression, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				clock := func() time.Time { return start.Add(100 * time.Since(start)) }
				ctx, stop := context.WithTimeout(t.Context(), 366*24*time.Hour/100)
				defer stop()
				name, zoned := strings.CutPrefix(strings.Fields(expression)[0], "CRON_TZ=")
				if !zoned {
					name = "UTC"
				}
				zone, err := time.LoadLocation(name)
				if err != nil {
					t.Fatal(err)
				}
				var days []string
				loop := schedule.Loop{Now: clock, Skipped: func(g schedule.Gap) { t.Errorf("lost: %v", g) },
					Do: func(_ context.Context, night time.Time) bool {
						days = append(days, night.In(zone).Format(time.DateOnly))
						return false
					}}
				loop.Run(ctx, parse(t, expression), start)
				var want []string
				for day := range 366 {
					want = append(want, time.Date(2000, 1, 1+day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
				}
				if d := cmp.Diff(want, days); d != "" {
					t.Errorf("days (-want +got):\n%s", d)
				}
			})
		})
	}
}

// The clock of the machine goes wrong for a while. The server's date shows that in the run.
func TestALoopGoesOnWhenTheClockIsRightAgain(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		wrong time.Duration // from the 30th hour
		until float64       // hours
		// unseen says that no server shows that the clock is wrong.
		unseen  bool
		done    []float64
		skipped []float64
	}{
		"ten years ahead":                 {3653 * day, 60, false, []float64{2, 26, 50, 74, 98}, nil},
		"ten years ahead, unseen":         {3653 * day, 60, true, []float64{2, 26, 50, 74, 98}, []float64{50}}, // by what the clock shows
		"two days back":                   {-2 * day, 60, false, []float64{2, 26, 50, 74, 98}, nil},
		"half an hour back":               {-30 * time.Minute, 60, false, []float64{2, 26, 50, 74, 98}, nil},
		"ahead until just before a night": {247 * time.Minute, 73.5, false, []float64{2, 26, 50, 74, 98}, nil},
		"an hour and a half behind":       {-90 * time.Minute, 60, false, []float64{2, 26, 50, 74, 98}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				off := func() time.Duration {
					if at := time.Since(start); at < 30*time.Hour || at.Hours() > c.until {
						return 0
					}
					return c.wrong
				}
				clock := func() time.Time { return time.Now().Add(off()) }
				ctx, stop := context.WithTimeout(t.Context(), 100*time.Hour)
				defer stop()
				var done, skipped []float64
				loop := schedule.Loop{Now: clock,
					Do: func(_ context.Context, night time.Time) bool {
						wrong := off().Abs() > time.Hour && !c.unseen
						if hours := night.Sub(start).Hours(); !wrong && hours < 1000 {
							done = append(done, hours)
						}
						return wrong
					},
					Skipped: func(g schedule.Gap) {
						if first := g.First.Sub(start).Hours(); first < 1000 {
							skipped = append(skipped, first)
						}
					}}
				loop.Run(ctx, parse(t, "0 2 * * *"), start)
				if d := cmp.Diff([][]float64{c.done, c.skipped}, [][]float64{done, skipped}); d != "" {
					t.Errorf("done and skipped (-want +got):\n%s", d)
				}
			})
		})
	}
}
