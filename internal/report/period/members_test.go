package period

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/ona"
	"scim-auditor/internal/report"
)

// withMembers returns an organization with these members, by id and status, whose form has a salt
// unless it is "".
func withMembers(salt string, members ...[2]string) []visited {
	v := acmeWith()
	v.inventory.Members, v.inventory.MembersSalt = []ona.OrganizationMember{}, salt
	for _, m := range members {
		v.inventory.Members = append(v.inventory.Members,
			ona.OrganizationMember{UserID: m[0], FullName: m[0], Email: m[0] + "@a.example", Status: m[1], Raw: []byte(`{}`)})
	}
	return []visited{v}
}

func TestMembersAreCountedOnlyWhereEveryNightComparedThem(t *testing.T) {
	ada, ben := [2]string{"ada", ona.UserStatusActive}, [2]string{"ben", ona.UserStatusActive}
	unclear, off := [2]string{"cy", ""}, []visited{acmeWith()}
	const unknown = " not known: in some nights the settings did not ask for members, or stored them in another form"
	for name, c := range map[string]struct {
		nights                       [][]visited
		start, joined, active, tying string
	}{
		"on": {[][]visited{withMembers("", ada), withMembers("", ada, ben), withMembers("", ada, ben, unclear)},
			"1 snapshot taken at 2026-11-01 02:00:00 UTC", "2 ", "2 of these; 1 whose status is not known", "ties"},
		"off in between": {[][]visited{withMembers("", ada), off, withMembers("", ada, ben), withMembers("", ada, ben)},
			"1 snapshot taken at 2026-11-01 02:00:00 UTC", unknown, "2 of these", "not assessed"},
		"redacted in between": {[][]visited{withMembers("", ada), withMembers("salt", ada, ben), withMembers("", ada, ben),
			withMembers("", ada, ben)},
			"1 snapshot taken at 2026-11-01 02:00:00 UTC", unknown, "2 of these", "not assessed"},
		"off at the start": {[][]visited{off, withMembers("", ada), withMembers("", ada, ben)},
			" not known: the first snapshot that could read them, taken at 2026-11-02 02:00:00 UTC, has 1", "1 ", "2 of these",
			"ties"},
	} {
		t.Run(name, func(t *testing.T) {
			d := readPeriod(t, nightly(t, append([][]visited{nil}, c.nights...)...), inNovember(len(c.nights)))
			var got []string
			for _, row := range rowsOf(d.sheet("Population"), "population", "item", "count", "remark_on_count") {
				for _, item := range []string{"listed at the start", "joined", "active at the end"} {
					if text, is := strings.CutPrefix(row, "Members "+item+" "); is {
						got = append(got, text)
					}
				}
			}
			for _, tie := range d.tied {
				if strings.HasPrefix(tie.Check, "Members listed") {
					got = append(got, tie.Verdict)
				}
			}
			if d := cmp.Diff([]string{c.start, c.joined, c.active, c.tying}, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// When the settings stop asking for members, their findings do not end: the rules do. The report is
// not green over nights in which nobody looked.
func TestAPeriodDoesNotCloseFindingsOfMembersWhoAreNoLongerAskedFor(t *testing.T) {
	ada, off := [2]string{"ada", ona.UserStatusActive}, []visited{acmeWith()}
	on := withMembers("", ada)
	on[0].inventory.Members[0].LoginProvider = ona.LoginProviderGitHub
	d := readPeriod(t, nightly(t, nil, on, off, off), inNovember(3))
	var got []string
	for _, row := range rowsOf(d.sheet("Findings"), "rule_id", "state", "closed_by") {
		if text, is := strings.CutPrefix(row, "MEM-001 "); is {
			got = append(got, text)
		}
	}
	if d := cmp.Diff([]string{stateDropped + " "}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if failed := d.tied.Different(); len(failed) > 0 {
		t.Errorf("failed tie-outs: %+v", failed)
	}
	if text := d.statusText(); d.state() != report.Amber ||
		!strings.Contains(text, "not assessed in full: members in 2 nights, member tokens in 2 nights") {
		t.Errorf("%s: %s", d.state(), text)
	}
}
