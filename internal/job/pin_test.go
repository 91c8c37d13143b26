package job_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/job"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/report"
	"scim-auditor/internal/snapshot"
)

// TestARenamedLabelGoesOnWithItsOrganizationOnly renames the label of a source, with the token of
// the same organization and with that of another one.
func TestARenamedLabelGoesOnWithItsOrganizationOnly(t *testing.T) {
	acme, globex := organization("acme", 2), organization("globex", 1)
	h := newHouse(t, acme, globex)
	h.mustRun(h.source("acme", acme.Token))

	for range 2 { // the second night is refused as the first was
		moved := h.run(h.source("acme-prod", globex.Token))
		if d := cmp.Diff([]string{"acme-prod organization_mismatch "}, outcomes(moved)); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		failure := moved.Organizations[0].Err
		want := fmt.Sprintf("IdentityService/GetAuthenticatedIdentity: the token belongs to organization %s, which has no complete snapshot "+
			"yet, and the label \"acme-prod\" is new, while organization %s \"acme\", last collected as \"acme\" at 2026-11-16 02:00:00 UTC, "+
			"is no longer collected: if the label was renamed, this is the token of another organization (organization_mismatch)", globex.ID, acme.ID)
		if d := cmp.Diff(want, failure.Error()); d != "" {
			t.Errorf("error (-want +got):\n%s", d)
		}
		if !strings.Contains(hint(failure), "name the new one with --organization, in a list of organizations with organization_id") {
			t.Errorf("hint: %s", hint(failure))
		}
		if n := h.asked[ona.ListSCIMConfigurations]; n != 0 {
			t.Errorf("the other organization was listed %d times", n)
		}
	}

	renamed := h.mustRun(h.source("acme-prod", acme.Token)).Organizations[0]
	if renamed.Snapshot.BaselineID != 1 || len(renamed.Changes) != 0 {
		t.Errorf("the history does not go on: baseline %d, changes %v", renamed.Snapshot.BaselineID, renamed.Changes)
	}
	want := []string{"the organization was collected as \"acme\" up to snapshot 1 at 2026-11-16 02:00:00 UTC; its history goes on as \"acme-prod\""}
	if d := cmp.Diff(want, renamed.Snapshot.Notes); d != "" {
		t.Errorf("notes (-want +got):\n%s", d)
	}
	if next := h.mustRun(h.source("acme-prod", acme.Token)).Organizations[0]; len(next.Snapshot.Notes) > 0 ||
		h.asked[ona.GetAuthenticatedIdentity] != 1 {
		t.Errorf("the night after it: notes %q, %d questions for the identity", next.Snapshot.Notes,
			h.asked[ona.GetAuthenticatedIdentity])
	}
}

func TestANewLabelMayBringANewOrganization(t *testing.T) {
	acme, globex, initech := organization("acme", 1), organization("globex", 1), organization("initech", 1)
	named := func(s fetch.Source, id string) fetch.Source {
		s.Fetch.OrganizationID = id
		return s
	}
	for _, c := range []struct {
		name    string
		sources func(h *house) []fetch.Source
		want    []string
	}{
		{"beside the old one", func(h *house) []fetch.Source {
			return []fetch.Source{h.source("default", acme.Token), h.source("globex", globex.Token)}
		}, []string{"default complete " + acme.ID, "globex complete " + globex.ID}},
		{"beside the old one under a new label", func(h *house) []fetch.Source {
			return []fetch.Source{h.source("globex", globex.Token), h.source("acme", acme.Token)}
		}, []string{"globex complete " + globex.ID, "acme complete " + acme.ID}},
		{"in place of the old one, by its id", func(h *house) []fetch.Source {
			return []fetch.Source{named(h.source("globex", globex.Token), globex.ID)}
		}, []string{"globex complete " + globex.ID}},
		{"in place of the old one", func(h *house) []fetch.Source {
			return []fetch.Source{h.source("globex", globex.Token), h.source("initech", initech.Token)}
		}, []string{"globex organization_mismatch ", "initech organization_mismatch "}},
		{"without a token that works", func(h *house) []fetch.Source {
			return []fetch.Source{h.source("globex", "no-such-token"), {Name: "initech", Err: fmt.Errorf("no token")}}
		}, []string{"globex unauthenticated ", "initech no_token "}},
	} {
		h := newHouse(t, acme, globex, initech)
		h.mustRun(h.source("default", acme.Token))
		if d := cmp.Diff(c.want, outcomes(h.run(c.sources(h)...))); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

func TestANewLabelWithTheTokenOfAnotherSourceIsADuplicate(t *testing.T) {
	acme, globex := organization("acme", 1), organization("globex", 1)
	h := newHouse(t, acme, globex)
	h.mustRun(h.source("acme", acme.Token), h.source("globex", globex.Token))
	result := h.run(h.source("acme-prod", globex.Token), h.source("globex", globex.Token))
	if d := cmp.Diff([]string{"acme-prod duplicate_organization ", "globex complete " + globex.ID},
		outcomes(result)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestAnOrganizationThatIsNoLongerCollectedIsReported removes a source from the settings.
func TestAnOrganizationThatIsNoLongerCollectedIsReported(t *testing.T) {
	acme, globex := organization("acme", 1), organization("globex", 1)
	h := newHouse(t, acme, globex)
	h.mustRun(h.source("acme", acme.Token), h.source("globex", globex.Token))
	want := []string{"organization " + globex.ID +
		" \"globex\", last collected as \"globex\" at 2026-11-16 02:00:00 UTC, is no longer collected"}
	for range 2 {
		result := h.mustRun(h.source("acme", acme.Token))
		if d := cmp.Diff(want, result.Organizations[0].Snapshot.Notes); d != "" {
			t.Errorf("notes (-want +got):\n%s", d)
		}
	}
	back := h.mustRun(h.source("acme", acme.Token), h.source("globex", globex.Token))
	if notes := back.Organizations[0].Snapshot.Notes; len(notes) > 0 {
		t.Errorf("it is collected again, but the notes say %q", notes)
	}
	pins, err := job.ReadPins(t.Context(), h.store, []fetch.Source{h.source("acme", acme.Token)}, job.Others{}, 1)
	if err != nil || len(pins.Left) != 1 || pins.Left[0].OrganizationID != globex.ID {
		t.Errorf("left: %+v, error %v", pins, err)
	}
}

// TestAnOrganizationThatWasLeftOutSinceAnInterruptedRunIsNamed kills a run after some of its
// organizations.
func TestAnOrganizationThatWasLeftOutSinceAnInterruptedRunIsNamed(t *testing.T) {
	acme, birch, cedar := organization("acme", 1), organization("birch", 1), organization("cedar", 1)
	h := newHouse(t, acme, birch, cedar)
	h.mustRun(h.source("acme", acme.Token), h.source("birch", birch.Token))
	h.night++
	killed, err := h.store.BeginRun(t.Context(), snapshot.Run{
		StartedAt: h.clock(), Trigger: "manual", ToolVersion: "test", Host: "host",
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*demo.State{acme, cedar} {
		if _, err := h.store.SaveFailed(t.Context(), snapshot.Snapshot{
			RunID: killed, RuleSetID: 1, Source: s.Name, OrganizationID: s.ID, OrganizationName: s.Name, BaseURL: h.url,
			TakenAt: h.clock(), ErrorCode: fetch.CodeInternal, Error: "it is only a test",
		}, nil); err != nil {
			t.Fatal(err)
		}
	}
	result := h.mustRun(h.source("acme", acme.Token))
	const want = "COMPLETE FOR 1 OF 3 ORGANIZATIONS ONLY: organizations birch, cedar no longer asked for"
	if result.Headline.Text != want {
		t.Errorf("%s, want %s", result.Headline.Text, want)
	}
	model, err := report.Read(t.Context(), h.store, killed)
	if err != nil {
		t.Fatal(err)
	}
	if len(model.LeftOut) > 0 {
		t.Errorf("the interrupted run did not come to every organization, but its report says that %s is left out",
			model.LeftOut[0].Source)
	}
}
