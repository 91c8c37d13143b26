package job_test

import (
	"slices"
	"testing"
	"time"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

// leaverFindings returns the status of MEM-003 for each subject.
func leaverFindings(t *testing.T, h *house, s snapshot.Snapshot) (all []string) {
	t.Helper()
	findings, err := h.store.Findings(t.Context(), s.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if f.RuleID == "MEM-003" {
			all = append(all, string(f.Status)+" "+f.SubjectName)
		}
	}
	return all
}

// The database keeps what decides, and not the list: the work can be done again without it.
func TestAnActiveMemberOnTheListOfLeaversFailsUntilSuspended(t *testing.T) {
	state := people()
	h := newHouse(t, state)
	source := collecting(h.source("acme", state.Token), nil)
	without := h.mustRun(source).Organizations[0]
	h.leavers = finding.NewLeaverList("5e1f", time.Date(2026, 11, 15, 16, 0, 0, 0, time.UTC),
		[]string{"ada.berg@acme.example", "bo+test@acme.example", "nobody@acme.example"})
	listed := h.mustRun(source).Organizations[0]
	state.Members[0]["status"] = ona.UserStatusSuspended
	suspended := h.mustRun(source).Organizations[0]
	for _, c := range []struct {
		snapshot snapshot.Snapshot
		want     string
	}{
		{without.Snapshot, "not_assessed acme"}, {listed.Snapshot, "fail Ada Berg"}, {suspended.Snapshot, "pass acme"},
	} {
		if got := leaverFindings(t, h, c.snapshot); len(got) != 1 || got[0] != c.want {
			t.Errorf("night %d: %q, want %q", c.snapshot.RunID, got, c.want)
		}
	}
	l := listed.Snapshot.Leavers
	if l == nil || l.SHA256 != "5e1f" || l.Entries != 3 || l.Unmatched != 2 ||
		!slices.Equal(l.Members, []string{demo.ID("acme", "user", "ada")}) {
		t.Errorf("stored about the list: %+v", l)
	}
	if l := suspended.Snapshot.Leavers; l == nil || l.Unmatched != 2 || len(l.Members) != 0 {
		t.Errorf("stored about the list after the suspension: %+v", l)
	}
	checkAgain(t, h.store, "")
}

// The audit log names who changed a member, and the members name the actor.
func TestChangesOfMembersHaveTheirEntriesAndTheNamesOfTheActors(t *testing.T) {
	state := people()
	state.Members = append(state.Members, person("identity-team", "Ines Duarte",
		"ines@acme.example")) // whom State.Log names
	h := newHouse(t, state)
	source := collecting(h.source("acme", state.Token), nil)
	h.mustRun(source)
	state.Members[0]["role"] = ona.OrganizationRoleAdmin
	state.Log(demo.Night(2).Add(-time.Hour), ona.ResourceTypeUser, demo.ID("acme", "user", "ada"), "changed role")
	changes := h.mustRun(source).Organizations[0].Changes
	if len(changes) != 1 || changes[0].ActorName != "Ines Duarte" || changes[0].ActorAction != "changed role" {
		t.Errorf("changes %+v", changes)
	}
	checkAgain(t, h.store, "")
}
