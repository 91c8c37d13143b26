package job_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// With no time at all no request begins. The failed snapshot names its organization all the same.
func TestTheEndOfTheRunIsTheCauseWhereverItComes(t *testing.T) {
	acme := organization("acme", 1)
	h := newHouse(t, acme)
	h.mustRun(h.source("default", acme.Token))
	h.timeout = 1
	result := h.run(h.source("default", acme.Token))
	if d := cmp.Diff([]string{"default timeout " + acme.ID}, outcomes(result)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	failure := result.Organizations[0].Err
	if !strings.HasPrefix(failure.Error(), "the time allowed for the run is over") ||
		!strings.Contains(hint(failure), "--timeout") {
		t.Errorf("error %q, hint %q", failure, hint(failure))
	}
	h.timeout = 0
	if again := h.mustRun(h.source("default", acme.Token)).Organizations[0]; again.Snapshot.BaselineID != 1 ||
		len(again.Changes) > 0 {
		t.Errorf("the night after it: %+v, changes %v", again.Snapshot, again.Changes)
	}
}
