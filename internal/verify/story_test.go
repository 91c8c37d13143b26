package verify_test

import (
	"net/http/httptest"
	"path/filepath"
	"testing"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/fetch"
)

// TestEveryNightOfTheStoryIsDoneAgain takes the nights of the demo, in which nearly everything
// happens.
func TestEveryNightOfTheStoryIsDoneAgain(t *testing.T) {
	h := newHouse(t, filepath.Join(t.TempDir(), "auditor.db"))
	server := demo.NewServer()
	api := httptest.NewServer(server)
	defer api.Close()
	for night := 1; night <= demo.Nights; night++ {
		server.SetNight(night)
		h.options.Sources = nil
		for _, o := range server.Organizations() {
			h.options.Sources = append(h.options.Sources, fetch.Source{Name: o.Name, Fetch: fetch.Options{
				BaseURL: api.URL + "/api", Token: fetch.Token(o.Token), PageSize: 25, Now: h.clock,
			}})
		}
		h.run()
	}
	h.close()
	found := verifyAgain(t, h.path, h.reports, toolVersion)
	expectNoProblem(t, found)
	if a := found.Again; a.Decoded < 20 || a.Compared != a.Decoded || a.Reports != demo.Nights || len(a.NotDone) > 0 {
		t.Errorf("done again: %+v", a)
	}
}
