package main

import "testing"

// A job that reports every morning must not report an earlier night if no shard has run.
func TestTheReportOfTodayIsNotThatOfAnEarlierNight(t *testing.T) {
	s := newSite(t, nil)
	s.fill()
	s.mustRun()
	s.mustRun("--db", s.path("other.db"), "--out", s.path("other"))
	several := []string{"--db", s.path("auditor.db"), "--db", s.path("other.db"), "--out", s.path("fleet"), "--night", "today"}
	for _, c := range []struct {
		night int
		args  []string
		code  int
		want  string
	}{
		{1, []string{"--night", "today"}, exitComplete, "run 1: "},
		{2, several, exitFailed, "night 2026-11-17 of 2 databases: NOT COMPLETE: the database "},
		{3, []string{"--night", "today"}, exitUsage, "the database lacks the night of 2026-11-18: "},
		{3, several, exitFailed, "night 2026-11-18 of 2 databases: NOT COMPLETE: the database "},
	} {
		s.night = c.night
		s.printed.Reset()
		if code := s.tonight("report", c.args...); code != c.code {
			t.Errorf("%q: exit code %d\n%s", c.args, code, &s.printed)
		}
		s.expect(c.want)
	}
}
