package evidence_test

import (
	"strings"
	"testing"
	"time"

	"scim-auditor/internal/evidence"
)

func TestAHeadIsReadAsItIsWritten(t *testing.T) {
	h := evidence.Head{
		DatabaseID: strings.Repeat("0a", 16), Run: 7, TakenAt: time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC), Number: 31,
		SHA256: strings.Repeat("5f", 32),
	}
	want := "auditor head v1 " + h.DatabaseID + " 7 2026-11-23T02:00:00Z 31 " + h.SHA256
	if h.String() != want {
		t.Errorf("%q", h)
	}
	if got, err := evidence.ParseHead(want); err != nil || got != h {
		t.Errorf("%+v, %v", got, err)
	}
	for _, line := range []string{
		"", "auditor head v1", want + " ", " " + want, want + "\n", strings.ToUpper(want), strings.Replace(want, "v1", "v2", 1),
		strings.Replace(want, " 7 ", " 0 ", 1), strings.Replace(want, " 7 ", " -7 ", 1), strings.Replace(want, " 31 ", " x ", 1),
		strings.Replace(want, "-11-", "-13-", 1), strings.Replace(want, "Z", "+", 1), strings.TrimSuffix(want, "f"),
		strings.Replace(want, " 7 ", " 99999999999999999999 ", 1),
	} {
		if got, err := evidence.ParseHead(line); err == nil || !strings.Contains(err.Error(), "malformed head") {
			t.Errorf("%q is read as %+v (%v)", line, got, err)
		}
	}
}
