package demo_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
)

// entries reads the whole audit log about a configuration, or about everything when the id is
// empty.
func entries(t *testing.T, server *demo.Server, name, id string) []demo.Row {
	t.Helper()
	extra := ""
	if id != "" {
		extra = fmt.Sprintf(`"filter":{"subjectIds":[%q]},`, id)
	}
	rows, _ := list(t, server, organization(t, server, name).Token, ona.ListAuditLogs, "entries", extra, 25)
	return rows
}

func actions(rows []demo.Row) []string {
	var all []string
	for _, row := range rows {
		all = append(all, fmt.Sprint(row["createdAt"], " ", row["action"]))
	}
	return all
}

func TestTheAuditLogIsNewestFirstAndNeverAheadOfTheNight(t *testing.T) {
	server := demo.NewServer()
	for night := 1; night <= demo.Nights; night++ {
		server.SetNight(night)
		for _, name := range []string{"acme", "globex", "umbrella"} {
			newer, ids := demo.Night(night), map[any]bool{}
			for _, entry := range entries(t, server, name, "") {
				at := instant(t, entry, "createdAt")
				if at.After(newer) {
					t.Errorf("%s, night %d: an entry of %s stands after one of %s", name, night, at, newer)
				}
				if newer = at; ids[entry["id"]] {
					t.Errorf("%s, night %d: entry %v is there twice", name, night, entry["id"])
				}
				ids[entry["id"]] = true
			}
		}
	}
}

func TestTheAuditLogHasAnEntryOfAChange(t *testing.T) {
	server := demo.NewServer()
	server.SetNight(4)
	want := []string{
		"2026-11-18T13:30:00Z enabled SCIM configuration",
		"2026-11-16T13:00:00Z disabled SCIM configuration",
		"2026-07-01T07:00:00Z created SCIM configuration",
	}
	if diff := cmp.Diff(want, actions(entries(t, server, "acme", demo.ID("acme", "scim", "contractors")))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	row := find(see(t, server, "acme", 4).scim, demo.ID("acme", "scim", "contractors"))
	if row["updatedAt"] != "2026-11-18T13:30:00Z" {
		t.Errorf("the configuration was updated at %v, which is not when the log says", row["updatedAt"])
	}
}

func TestAChangeMayLackItsEntry(t *testing.T) {
	server := demo.NewServer()
	id := demo.ID("acme", "scim", "contractors")
	server.SetNight(4)
	before := len(entries(t, server, "acme", id))
	server.SetNight(5)
	if after := len(entries(t, server, "acme", id)); after != before {
		t.Errorf("the log has %d entries more about a change that it leaves out", after-before)
	}
}

func TestAnEntryMayLackItsChange(t *testing.T) {
	server := demo.NewServer()
	id := demo.ID("acme", "scim", "okta-production")
	before := find(see(t, server, "acme", 6).scim, id)
	logged := len(entries(t, server, "acme", id))
	if diff := cmp.Diff(before, find(see(t, server, "acme", 7).scim, id)); diff != "" {
		t.Errorf("the configuration changed:\n%s", diff)
	}
	if got := len(entries(t, server, "acme", id)); got != logged+1 {
		t.Errorf("the log has %d entries, want %d", got, logged+1)
	}
}

func TestAConfigurationMayLiveBetweenTwoNights(t *testing.T) {
	server := demo.NewServer()
	id := demo.ID("acme", "scim", "migration")
	for night := 1; night <= demo.Nights; night++ {
		if find(see(t, server, "acme", night).scim, id) != nil {
			t.Errorf("night %d lists the configuration", night)
		}
	}
	want := []string{"2026-11-20T16:30:00Z deleted SCIM configuration", "2026-11-20T15:30:00Z created SCIM configuration"}
	if diff := cmp.Diff(want, actions(entries(t, server, "acme", id))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
