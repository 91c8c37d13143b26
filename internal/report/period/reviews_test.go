package period

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/report"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

func TestEachRunIsReviewedOrSaidNotToBe(t *testing.T) {
	store := nightsOfNovember(t)
	review := func(run int64, day int, approved bool) {
		t.Helper()
		_, err := store.AddReview(t.Context(), snapshot.Review{ReviewedAt: november(day), RunID: run, Reviewer: "=jane|",
			Conclusion: "as planned", Approved: approved, OSUser: "auditor", Host: "host"})
		if err != nil {
			t.Fatal(err)
		}
	}
	review(2, 3, false)
	review(2, 4, true)
	review(6, 6, false)
	review(4, 20, false) // after the report was written
	span := inNovember(6)
	span.Now = november(7)
	d := readPeriod(t, store, span)
	var got [][]string
	for _, row := range d.sheet("Reviews").Rows {
		cell := func(key string) string { return table.Plain(row.Cells[d.sheet("Reviews").Column(key)]) }
		got = append(got, []string{cell("run_id"), cell("reviewed"), cell("reviewer"), cell("days_after"), cell("approved")})
	}
	want := [][]string{
		{"2", "reviewed", "=jane|", "2", "false"}, {"2", "reviewed", "=jane|", "3", "true"},
		{"3", "not reviewed", "", "", ""}, {"4", "not reviewed", "", "", ""}, {"5", "not reviewed", "", "", ""},
		{"6", "reviewed", "=jane|", "0", "false"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if text := d.sheet("Reviews").Remarks[0].Text; text != "2 of 5 runs reviewed." {
		t.Error(text)
	}
}

func TestAPeriodIsGreenOnlyIfEveryPartWasReadInEveryNight(t *testing.T) {
	store := nightsOfNovember(t)
	for _, c := range []struct {
		from, to time.Time
		want     report.State
	}{
		{november(5), november(6), report.Amber}, // Birch's SSO configurations cannot be read
		{november(1), november(6), report.Red},
		{november(3), november(3).Add(time.Hour), report.Green},
	} {
		span := inNovember(6)
		span.From, span.To = c.from, c.to
		if d := readPeriod(t, store, span); d.state() != c.want {
			t.Errorf("from %s to %s: %s instead of %s: %s", c.from, c.to, d.state(), c.want, d.status)
		}
	}
}

func TestARunOfAPeriodIsReviewedAlsoIfItsClockWasWrong(t *testing.T) {
	store := nightly(t, []visited{acmeWith()})
	visit(t, store, snapshot.Run{StartedAt: november(1).AddDate(10, 0, 0), Trigger: "manual"}, visited{source: "acme"})
	visit(t, store, scheduled(november(2)), acmeWith())
	if _, err := store.AddReview(t.Context(), snapshot.Review{ReviewedAt: november(3), RunID: 2, Reviewer: "jane",
		Conclusion: "as planned", OSUser: "auditor", Host: "host"}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"2 reviewed not known: the clock of the run was wrong or not confirmed", "3 not reviewed ",
	}
	d := readPeriod(t, store, inNovember(2))
	if d := cmp.Diff(want, rowsOf(d.sheet("Reviews"), "run_id", "reviewed", "days_after")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
