package job_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/job"
	"scim-auditor/internal/ona"
)

// removals counts the removed rows whose note contains a text.
func removals(result *job.Result, note string) int {
	n := 0
	for _, c := range result.Organizations[0].Changes {
		if c.Kind == diff.Removed && strings.Contains(c.Note, note) {
			n++
		}
	}
	return n
}

// listedOnly has the subjects of RUN-006 in a result.
func listedOnly(t *testing.T, h *house, result *job.Result) (subjects []string) {
	t.Helper()
	findings, err := h.store.Findings(t.Context(), result.Organizations[0].Snapshot.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if f.RuleID == "RUN-006" && f.Status == finding.Fail {
			subjects = append(subjects, string(f.SubjectType)+" "+f.SubjectID)
		}
	}
	return subjects
}

// withSSO is an organization with n configurations of each kind.
func withSSO(name string, n int) *demo.State {
	state := organization(name, n)
	for i := range n {
		state.SSO = append(state.SSO, demo.Row{"id": demo.ID(name, "sso", fmt.Sprint(i)), "displayName": "Login"})
	}
	return state
}

func TestEveryMissingConfigurationIsAskedForSeveralAtOnce(t *testing.T) {
	acme := organization("acme", 250)
	h := newHouse(t, acme)
	h.mustRun(h.source("default", acme.Token))
	acme.SCIM = acme.SCIM[:1]

	// Four wait for each other, so that the night ends only if they are asked for at once.
	var four sync.WaitGroup
	four.Add(4)
	var asked atomic.Int32
	h.before = func(method string) {
		if method == ona.GetSCIMConfiguration && asked.Add(1) <= 4 {
			four.Done()
			four.Wait()
		}
	}
	result := h.mustRun(h.source("default", acme.Token))
	if n := h.asked[ona.GetSCIMConfiguration]; n != 249 {
		t.Errorf("the API was asked about %d removals, want 249", n)
	}
	if n := removals(result, "removal confirmed: the API answers not_found"); n != 249 {
		t.Errorf("%d removals are confirmed, want 249", n)
	}
	if subjects := listedOnly(t, h, result); subjects != nil || h.asked[ona.ListSCIMConfigurations] != 1 {
		t.Errorf("RUN-006 of %q; listed %d times", subjects, h.asked[ona.ListSCIMConfigurations])
	}
}

// 100 of 300 are deleted, and the listing also ends after 100 of the other 200.
func TestAConfigurationThatIsFoundAgainFailsTheNight(t *testing.T) {
	for _, kind := range []string{"scim", "sso"} {
		t.Run(kind, func(t *testing.T) {
			acme := organization("acme", 300)
			rows, list := &acme.SCIM, ona.ListSCIMConfigurations
			if kind == "sso" {
				acme.SCIM, acme.SSO, rows, list = nil, acme.SCIM, &acme.SSO, ona.ListSSOConfigurations
			}
			h := newHouse(t, acme)
			h.mustRun(h.source("default", acme.Token))
			*rows = (*rows)[:200]
			acme.Cut[list] = 100
			result := h.run(h.source("default", acme.Token))
			if d := cmp.Diff([]string{"default incomplete_listing " + acme.ID}, outcomes(result)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			first := ""
			for _, row := range (*rows)[100:] {
				if id := row["id"].(string); first == "" || id < first {
					first = id
				}
			}
			want := kind + "_configuration " + first +
				" is not in the listing, but the API still has it (and 99 others) (incomplete_listing)"
			if failure := result.Organizations[0].Err; failure == nil || failure.Error() != want || hint(failure) == "" {
				t.Errorf("error %q, want %q; hint %q", failure, want, hint(failure))
			}
		})
	}
}

// refusals are the answers of an API that cannot be asked for a single configuration.
var refusals = map[string]demo.Fault{
	"403":                    {Code: "permission_denied", Message: "not for you"},
	"501":                    {Code: "unimplemented", Message: "no such method"},
	"404 unimplemented":      {Code: "unimplemented", Message: "no such method", Status: http.StatusNotFound},
	"404 of a router":        {Text: "404 page not found", Status: http.StatusNotFound},
	"403 of a proxy":         {Text: "<html>denied</html>", Status: http.StatusForbidden},
	"405":                    {Text: "Method Not Allowed", Status: http.StatusMethodNotAllowed},
	"400":                    {Code: "invalid_argument", Message: "no such field"},
	"400 that has not_found": {Code: "not_found", Message: "bad request", Status: http.StatusBadRequest},
}

func TestWhereTheAPICannotBeAskedASecondListingConfirmsARemoval(t *testing.T) {
	for name, refusal := range refusals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acme := withSSO("acme", 3)
			acme.Faults[ona.GetSCIMConfiguration], acme.Faults[ona.GetSSOConfiguration] = refusal, refusal
			h := newHouse(t, acme)
			h.mustRun(h.source("default", acme.Token))
			gone := []string{"scim_configuration " + acme.SCIM[2]["id"].(string), "sso_configuration " +
				acme.SSO[2]["id"].(string)}
			acme.SCIM, acme.SSO = acme.SCIM[:2], acme.SSO[:2]
			result := h.mustRun(h.source("default", acme.Token))
			if n := removals(result, "removal confirmed by a second listing only: OrganizationService/Get"); n != 2 {
				t.Errorf("changes: %+v", result.Organizations[0].Changes)
			}
			if d := cmp.Diff(gone, listedOnly(t, h, result)); d != "" {
				t.Errorf("RUN-006 (-want +got):\n%s", d)
			}
			if scim, sso := h.asked[ona.ListSCIMConfigurations], h.asked[ona.ListSSOConfigurations]; scim != 2 || sso != 2 {
				t.Errorf("SCIM was listed %d times and SSO %d times, want twice each", scim, sso)
			}
			again := h.mustRun(h.source("default", acme.Token))
			if len(again.Organizations[0].Changes) > 0 || listedOnly(t, h, again) != nil {
				t.Errorf("the night after has changes %+v and RUN-006 of %q", again.Organizations[0].Changes,
					listedOnly(t, h, again))
			}
		})
	}
}

func TestAnEmptyListingThatNothingConfirmsIsNotComplete(t *testing.T) {
	for name, refusal := range refusals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, kind := range []struct{ get, list string }{
				{ona.GetSCIMConfiguration, ona.ListSCIMConfigurations}, {ona.GetSSOConfiguration, ona.ListSSOConfigurations},
			} {
				acme := withSSO("acme", 5)
				acme.Faults[kind.get] = refusal
				h := newHouse(t, acme)
				h.mustRun(h.source("default", acme.Token))
				acme.Cut[kind.list] = 0
				result := h.run(h.source("default", acme.Token))
				if d := cmp.Diff([]string{"default incomplete_listing " + acme.ID}, outcomes(result)); d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
				failure := result.Organizations[0].Err
				want := strings.TrimPrefix(kind.list, ona.ServicePrefix) + ": the listing is empty and nothing can confirm it: "
				if failure == nil || !strings.HasPrefix(failure.Error(), want) || !strings.Contains(failure.Error(), "HTTP 4") &&
					!strings.Contains(failure.Error(), "HTTP 5") {
					t.Errorf("error %q, want %q", failure, want)
				}
			}
		})
	}
}

func TestAnEmptyListingThatTheAPIConfirmsIsComplete(t *testing.T) {
	acme := withSSO("acme", 5)
	h := newHouse(t, acme)
	h.mustRun(h.source("default", acme.Token))
	acme.SCIM, acme.SSO = nil, nil
	if n := removals(h.mustRun(h.source("default", acme.Token)), "the API answers not_found"); n != 10 {
		t.Errorf("%d removals are confirmed, want 10", n)
	}
}

func TestASecondListingThatDisagreesFailsTheNight(t *testing.T) {
	acme := organization("acme", 3)
	acme.Faults[ona.GetSCIMConfiguration] = refusals["501"]
	h := newHouse(t, acme)
	h.mustRun(h.source("default", acme.Token))
	all := acme.SCIM
	acme.SCIM = all[:2]
	acme.Before = func(method string, _ int) {
		if method == ona.GetSCIMConfiguration {
			acme.SCIM = all // what was missing is back
		}
	}
	result := h.run(h.source("default", acme.Token))
	failure := result.Organizations[0].Err
	want := fmt.Sprintf("confirming that scim_configuration %s was removed, which cannot be requested by its id: "+
		"OrganizationService/ListSCIMConfigurations: a second listing does not agree with the first: "+
		"configurations that differ: 1, the first is %s, which is new (incomplete_listing)", all[2]["id"], all[2]["id"])
	if failure == nil || failure.Error() != want {
		t.Errorf("error %q, want %q", failure, want)
	}
}

// A list of several pages is listed twice in any case, and that is the second listing.
func TestTwoListingsThatAgreeNeedNoThirdForARemoval(t *testing.T) {
	acme := organization("acme", 250)
	acme.Faults[ona.GetSCIMConfiguration] = refusals["501"]
	h := newHouse(t, acme)
	h.mustRun(h.source("default", acme.Token))
	if n := h.asked[ona.ListSCIMConfigurations]; n != 6 {
		t.Errorf("250 configurations cost %d requests, want those of two listings of three pages", n)
	}
	acme.SCIM = acme.SCIM[1:]
	result := h.mustRun(h.source("default", acme.Token))
	if n := h.asked[ona.ListSCIMConfigurations]; n != 6 || removals(result, "confirmed by a second listing only") != 1 {
		t.Errorf("%d requests, changes %+v", n, result.Organizations[0].Changes)
	}
}

func TestOnePageCostsOneRequest(t *testing.T) {
	acme := withSSO("acme", 25)
	h := newHouse(t, acme)
	for range 2 {
		h.mustRun(h.source("default", acme.Token))
		if h.asked[ona.ListSCIMConfigurations] != 1 || h.asked[ona.ListSSOConfigurations] != 1 ||
			h.asked[ona.GetSCIMConfiguration] != 0 {
			t.Errorf("requests: %v", h.asked)
		}
	}
}

func TestRunningOutOfTimeWhileRemovalsAreConfirmedIsNotComplete(t *testing.T) {
	acme := organization("acme", 40)
	h := newHouse(t, acme)
	h.mustRun(h.source("default", acme.Token))
	acme.SCIM = acme.SCIM[:1]
	var first sync.Once
	ended := make(chan struct{})
	h.before = func(method string) {
		if method == ona.GetSCIMConfiguration {
			first.Do(func() { <-ended })
		}
	}
	h.timeout = 3 * time.Second
	result := h.run(h.source("default", acme.Token))
	close(ended)
	if d := cmp.Diff([]string{"default timeout " + acme.ID}, outcomes(result)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	failure := result.Organizations[0].Err
	if failure == nil || !strings.Contains(failure.Error(), "the time allowed for the run is over") ||
		len(result.Organizations[0].Changes) > 0 {
		t.Errorf("error %q, changes %v", failure, result.Organizations[0].Changes)
	}
}
