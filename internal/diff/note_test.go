package diff

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/ona"
)

func TestARemovalNotesWhatTheAPIAnswered(t *testing.T) {
	var notes []string
	for _, answer := range []ona.Removal{{Confirmed: true}, {Reason: "permission_denied"}, {Reason: "the limit of 100 questions was reached"}} {
		c := Change{Kind: Removed, Note: "probably replaced by other"}
		c.NoteRemoval(answer)
		notes = append(notes, c.Note)
	}
	want := []string{
		"probably replaced by other; removal confirmed: the API answers not_found",
		"probably replaced by other; removed, not confirmed: permission_denied",
		"probably replaced by other; removed, not confirmed: the limit of 100 questions was reached",
	}
	if d := cmp.Diff(want, notes); d != "" {
		t.Errorf("notes (-want +got):\n%s", d)
	}
}
