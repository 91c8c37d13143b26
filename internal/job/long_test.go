package job_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/job"
	"scim-auditor/internal/snapshot"
)

// edit changes what an organization has configured, and some nights what no listing may have.
func edit(random *rand.Rand, acme *demo.State) {
	configurations := make(map[string]demo.Row)
	for _, row := range acme.SCIM {
		if row["organizationId"] == nil && random.IntN(12) > 0 {
			configurations[row["id"].(string)] = row
		}
	}
	for range 8 {
		id := demo.ID("acme", "scim", fmt.Sprint(random.IntN(60)))
		configurations[id] = demo.Row{
			"id": id, "name": fmt.Sprint("Okta ", random.IntN(30)), "enabled": random.IntN(3) > 0, "ssoConfigurationId": fmt.Sprint("sso-", random.IntN(20)),
			"createdAt": "2026-02-01T00:00:00Z", "updatedAt": fmt.Sprintf("2026-06-01T00:00:%02dZ", random.IntN(60)),
			"tokenExpiresAt": fmt.Sprintf("2026-%02d-01T00:00:00Z", 1+random.IntN(12)), "region": fmt.Sprint("r", random.IntN(2)),
		}
	}
	acme.SCIM = nil
	for _, id := range slices.Sorted(maps.Keys(configurations)) {
		acme.SCIM = append(acme.SCIM, configurations[id])
	}
	random.Shuffle(len(acme.SCIM), func(i, j int) { acme.SCIM[i], acme.SCIM[j] = acme.SCIM[j], acme.SCIM[i] })
	switch first := acme.SCIM[0]; random.IntN(8) {
	case 0:
		acme.SCIM = append(acme.SCIM, first) // listed twice
	case 1:
		other := maps.Clone(first)
		other["name"] = "listed twice and edited between"
		acme.SCIM = append(acme.SCIM, other)
	case 2:
		acme.SCIM = append(acme.SCIM, demo.Row{"id": demo.ID("foreign"), "organizationId": demo.ID("globex")})
	}
}

// stored is all that the database and the result tell of a night.
func stored(t *testing.T, h *house, result *job.Result) map[string]any {
	t.Helper()
	of := result.Organizations[0]
	told := map[string]any{"header": of.Snapshot, "changes": of.Changes, "acceptances": of.Acceptances, "error": fmt.Sprint(of.Err)}
	var err error
	if told["findings"], err = h.store.Findings(t.Context(), of.Snapshot.ID); err != nil {
		t.Fatal(err)
	}
	if of.Snapshot.Outcome == snapshot.Complete {
		if told["shown"], err = h.store.Shown(t.Context(), of.Snapshot); err != nil {
			t.Fatal(err)
		}
	}
	return told
}

func TestANightWithAListingTooLongForMemoryIsTheSame(t *testing.T) {
	nights, failures := 0, 0
	for seed := range uint64(6) {
		random := rand.New(rand.NewPCG(seed, 3))
		acme := demo.NewState("acme")
		short, long := newHouse(t, acme), newHouse(t, acme)
		folder := t.TempDir()
		for range 8 {
			edit(random, acme)
			source := func(h *house, most int64) job.Source {
				s := h.source("default", acme.Token)
				s.Fetch.BaseURL, s.Fetch.PageSize, s.Fetch.Folder, s.Fetch.MaxInMemory = short.url, 7, folder, most
				return s
			}
			want := stored(t, short, short.runBy(job.Collect, []job.Source{source(short, 0)}))
			got := stored(t, long, long.runBy(job.Collect, []job.Source{source(long, 1000)}))
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("seed %d, night %d (-in memory +not):\n%s", seed, short.night, d)
			}
			nights++
			if want["error"] != "<nil>" {
				failures++
			}
		}
		if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
			t.Errorf("left: %v %v", left, err)
		}
	}
	if failures == 0 || nights-failures < 20 {
		t.Errorf("%d of %d nights failed: too few, or too many, to say something", failures, nights)
	}
}
