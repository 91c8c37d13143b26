package schedule_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/schedule"
)

func parse(t *testing.T, expression string) *schedule.Schedule {
	t.Helper()
	s, err := schedule.Parse(expression)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	instant, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return instant.UTC()
}

// TestAYearHasEachNightOnce tries each quarter of an hour as the nightly time, to meet the clock
// changes of the zones from every side.
func TestAYearHasEachNightOnce(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		from := time.Date(2026, 1, 1, 0, 0, 0, 0, zone).Add(-time.Second)
		until := time.Date(2026, 12, 31, 23, 59, 59, 0, zone)
		for quarter := range 24 * 4 {
			hour, minute := quarter/4, quarter%4*15
			expression := strings.Join([]string{"CRON_TZ=" + name, time.Date(0, 1, 1, hour, minute, 0, 0,
				time.UTC).Format("4 15"), "* * *"}, " ")
			times := between(parse(t, expression), from, until)
			if len(times) != 365 {
				t.Errorf("%s: %d nights in the year, want 365", expression, len(times))
				continue
			}
			for i, got := range times {
				day := time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
				if shown := got.In(zone).Format(time.DateOnly); shown != day {
					t.Errorf("%s: night %d is on %s, want %s", expression, i+1, shown, day)
				}
			}
		}
	}
}

func TestNext(t *testing.T) {
	for _, test := range []struct{ name, expression, after, want string }{
		{"UTC without a zone", "0 2 * * *", "2026-11-22T02:00:00Z", "2026-11-23T02:00:00Z"},
		{"a descriptor", "@daily", "2026-11-22T02:00:00Z", "2026-11-23T00:00:00Z"},
		{"a weekday by name", "30 4 * * mon", "2026-11-22T02:00:00Z", "2026-11-23T04:30:00Z"},
		{"leap day", "0 2 29 2 *", "2026-11-22T02:00:00Z", "2028-02-29T02:00:00Z"},
		{"every, counted from 1970", "@every 2s", "2026-11-22T02:00:00.7Z", "2026-11-22T02:00:02Z"},
		{"every, at one of its times", "@every 2s", "2026-11-22T02:00:02Z", "2026-11-22T02:00:04Z"},
		{"every of an odd length", "@every 7s", "1970-01-01T00:00:08Z", "1970-01-01T00:00:14Z"},
		{"before the gap", "CRON_TZ=Europe/Berlin 30 2 * * *", "2026-03-28T02:00:00Z", "2026-03-29T01:00:00Z"},
		{"after the gap", "CRON_TZ=Europe/Berlin 30 2 * * *", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"},
		{"the hour that comes twice, first", "CRON_TZ=Europe/Berlin 30 2 * * *", "2026-10-24T12:00:00Z",
			"2026-10-25T00:30:00Z"},
		{"the hour that comes twice, again", "CRON_TZ=Europe/Berlin 30 2 * * *", "2026-10-25T00:30:00Z",
			"2026-10-26T01:30:00Z"},
		{"between the two", "CRON_TZ=America/New_York 30 1 * * *", "2026-11-01T06:15:00Z", "2026-11-02T06:30:00Z"},
		{"hourly by elapsed time in the gap", "CRON_TZ=Europe/Berlin 30 * * * *", "2026-03-29T00:30:00Z",
			"2026-03-29T01:30:00Z"},
		{"hourly by elapsed time, twice", "CRON_TZ=Europe/Berlin 30 * * * *", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if d := cmp.Diff(at(t, test.want), parse(t, test.expression).Next(at(t, test.after))); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestInvalidSchedulesAreRefused(t *testing.T) {
	for _, expression := range []string{"", "  ", "often", "0 2 * *", "61 2 * * *", "0 2 30 2 *",
		"CRON_TZ=Nowhere/Land 0 2 * * *", "CRON_TZ=UTC", "TZ=", "@every x", "0 0 2 * * *"} {
		if s, err := schedule.Parse(expression); err == nil {
			t.Errorf("%q became %v", expression, s)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"0 2 * * *", "@every 1s", "CRON_TZ=Europe/Berlin */5 1-3 * * *", "CRON_TZ=", "@daily"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		s, err := schedule.Parse(expression)
		if err != nil {
			return
		}
		after := time.Date(2026, 10, 24, 0, 0, 0, 0, time.UTC)
		for range 5 {
			next := s.Next(after)
			if next.IsZero() {
				return
			}
			if !next.After(after) {
				t.Fatalf("%q: %v is not after %v", expression, next, after)
			}
			after = next
		}
	})
}

// between returns the times after one instant up to and including another, in order.
func between(s *schedule.Schedule, after, until time.Time) (all []time.Time) {
	for at := s.Next(after); !at.IsZero() && !at.After(until); at = s.Next(at) {
		all = append(all, at)
	}
	return all
}

func TestTheLastTimeOfASchedule(t *testing.T) {
	now := time.Date(2026, 11, 16, 2, 0, 1, 0, time.UTC)
	for expression, want := range map[string]string{
		"0 2 * * *": "2026-11-16T02:00:00Z", "1 2 * * *": "2026-11-15T02:01:00Z", "@yearly": "2026-01-01T00:00:00Z",
		"0 0 29 2 *": "2024-02-29T00:00:00Z", "@every 1s": "2026-11-16T02:00:01Z",
		"CRON_TZ=Europe/Berlin 0 3 * * *": "2026-11-16T02:00:00Z",
	} {
		if got := parse(t, expression).Last(now).Format(time.RFC3339); got != want {
			t.Errorf("the last time of %s up to %s is %s, want %s", expression, now, got, want)
		}
	}
}
