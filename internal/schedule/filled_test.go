package schedule

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDaysStandInWhereNoScheduleWasInForce(t *testing.T) {
	at := func(text string) time.Time {
		instant, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return instant
	}
	since := at("2026-11-16T02:00:00Z")
	for name, c := range map[string]struct {
		periods []Period
		want    []string
	}{
		"no schedule": {nil, []string{"16 00:00", "17 00:00", "18 00:00", "19 00:00"}},
		"a schedule from the second day on": {
			[]Period{{Expression: "0 2 * * *", From: at("2026-11-17T12:00:00Z")}}, []string{"16 00:00", "17 00:00", "18 02:00", "19 02:00"},
		},
		"a schedule from before the first run": {[]Period{{Expression: "0 2 * * *", From: at("2026-11-15T12:00:00Z")}},
			[]string{"16 02:00", "17 02:00", "18 02:00", "19 02:00"}},
		"one that was taken back": {
			[]Period{{Expression: "0 2 * * *", From: at("2026-11-15T12:00:00Z")}, {Expression: None, From: at("2026-11-17T12:00:00Z")}}, []string{"16 02:00",
				"17 02:00", "18 00:00", "19 00:00"},
		},
		"one that ended a second before its time": {
			[]Period{{Expression: "0 2 * * *", From: at("2026-11-15T12:00:00Z")}, {Expression: None, From: at("2026-11-17T01:59:59Z")}}, []string{"16 02:00",
				"17 00:00", "18 00:00", "19 00:00"},
		},
		"one that was replaced between the times of both": {
			[]Period{{Expression: "0 2 * * *", From: at("2026-11-15T12:00:00Z")}, {Expression: "0 1 * * *", From: at("2026-11-17T01:30:00Z")}}, []string{"16 02:00",
				"17 00:00", "18 01:00", "19 01:00"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			add := func(n Night) { got = append(got, n.ScheduledAt.Format("02 15:04")) }
			if err := Each(Filled(c.periods, since), nil, at("2026-11-19T12:00:00Z"), 0, add); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestThePeriodOfANightIsTheLastThatBeganBeforeIt(t *testing.T) {
	began := time.Date(2026, 11, 16, 2, 0, 0, 0, time.UTC)
	periods := []Period{{Expression: "@daily", From: began}, {Expression: "@hourly", From: began.Add(time.Hour)}}
	for after, want := range map[time.Duration]string{0: "", time.Second: "@daily", time.Hour: "@daily",
		2 * time.Hour: "@hourly"} {
		if p, found := InForce(periods, began.Add(after)); p.Expression != want || found != (want != "") {
			t.Errorf("%s after the beginning: %q, %v", after, p.Expression, found)
		}
	}
}
