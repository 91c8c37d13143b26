package diff

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/ona"
)

func TestARemovalNotesWhatConfirmsIt(t *testing.T) {
	var notes []string
	for _, answer := range []ona.Removal{{Confirmed: true}, {Reason: "permission_denied"}} {
		c := Change{Kind: Removed, Note: "probably replaced by other"}
		c.NoteRemoval(answer)
		notes = append(notes, c.Note)
	}
	want := []string{
		"probably replaced by other; removal confirmed: the API answers not_found",
		"probably replaced by other; removal confirmed by a second listing only: permission_denied",
	}
	if d := cmp.Diff(want, notes); d != "" {
		t.Errorf("notes (-want +got):\n%s", d)
	}
}
