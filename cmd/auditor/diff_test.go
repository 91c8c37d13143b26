package main

import (
	"strings"
	"testing"
	"time"

	"scim-auditor/internal/demo"
)

// recordDays makes a run at each of these times, with one more configuration each time. The clock
// of the machine is right at all of them, as far as the server says.
func recordDays(t *testing.T, times ...string) *site {
	t.Helper()
	s := newSite(t, nil)
	for i, text := range times {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		s.clock = func() time.Time { return at }
		s.state.SCIM = append(s.state.SCIM, configuration(i+1))
		s.mustRun("--out", s.path("reports-"+text))
	}
	return s
}

func TestDiffPicksSnapshotsInTheOrderOfRecording(t *testing.T) {
	skipIfShort(t)
	for name, c := range map[string]struct {
		runs []string
		a, b string
		code int
		says []string
	}{
		"two days": {[]string{"2026-11-03T02:00:00Z", "2026-11-04T02:00:00Z"}, "2026-11-03", "2026-11-04", exitComplete,
			[]string{"between snapshot 1 (2026-11-03 02:00:00 UTC) and snapshot 2 (2026-11-04 02:00:00 UTC): 1 change"}},
		"a clock that was set back a day": {
			[]string{"2026-11-03T02:00:00Z", "2026-11-04T02:00:00Z", "2026-11-03T02:00:00Z"}, "2026-11-03", "2026-11-04", exitComplete,
			[]string{"between snapshot 1 (2026-11-03 02:00:00 UTC) and snapshot 2 (2026-11-04 02:00:00 UTC): 1 change",
				"auditor: warning: acme: the clock was set back: snapshot 3 is dated 2026-11-03 02:00:00 UTC, but was recorded " +
					"after snapshot 2, dated 2026-11-04 02:00:00 UTC; comparing snapshot 1, recorded before both"}},
		"a clock that was a day ahead": {
			[]string{"2026-11-03T02:00:00Z", "2026-11-05T02:00:00Z", "2026-11-04T02:00:00Z"}, "2026-11-03", "2026-11-04", exitComplete,
			[]string{"between snapshot 1 (2026-11-03 02:00:00 UTC) and snapshot 3 (2026-11-04 02:00:00 UTC): 2 changes"}},
		"a day without a snapshot": {[]string{"2026-11-03T02:00:00Z"}, "2026-11-03", "2026-11-04", exitUsage,
			[]string{"there is nothing to compare: acme: 2026-11-03 and 2026-11-04 both name snapshot 1, taken at 2026-11-03 02:00:00 UTC"}},
		"one id twice": {[]string{"2026-11-03T02:00:00Z"}, "1", "1", exitUsage, []string{"acme: 1 and 1 both name snapshot 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := recordDays(t, c.runs...)
			s.clock = func() time.Time { return demo.Night(1) }
			printed, code := s.ask("diff", c.a, c.b)
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, want := range c.says {
				if !strings.Contains(printed, want) {
					t.Errorf("it does not say %q:\n%s", want, printed)
				}
			}
		})
	}
}
