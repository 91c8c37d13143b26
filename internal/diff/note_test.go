package diff

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestConfirmSaysWhatCameOfAsking(t *testing.T) {
	changes := []Change{
		{Kind: Removed, SubjectType: SCIMConfiguration, SubjectID: "gone", Note: "probably replaced by other"},
		{Kind: Disabled, SubjectType: SCIMConfiguration, SubjectID: "kept"},
		{Kind: Removed, SubjectType: SCIMConfiguration, SubjectID: "refused"},
		{Kind: Removed, SubjectType: SCIMConfiguration, SubjectID: "skipped"},
		{Kind: Removed, SubjectType: SSOConfiguration, SubjectID: "gone"},
	}
	asked := []Subject{{SCIMConfiguration, "gone"}, {SCIMConfiguration, "refused"}, {SCIMConfiguration, "skipped"},
		{SSOConfiguration, "gone"}}
	if d := cmp.Diff(asked, Removals(changes)); d != "" {
		t.Errorf("removals (-want +got):\n%s", d)
	}

	confirmed := Confirm(changes, map[Subject]Confirmation{
		{SCIMConfiguration, "gone"}:    {Confirmed: true},
		{SCIMConfiguration, "kept"}:    {Confirmed: true},
		{SCIMConfiguration, "refused"}: {Why: "permission_denied"},
		{SCIMConfiguration, "skipped"}: {Why: "the limit of 100 questions was reached"},
	})
	var notes []string
	for _, c := range confirmed {
		notes = append(notes, c.Note)
	}
	want := []string{
		"probably replaced by other; removal confirmed: the API answers not_found",
		"",
		"removed, not confirmed: permission_denied",
		"removed, not confirmed: the limit of 100 questions was reached",
		"removed, not confirmed: the API was not asked",
	}
	if d := cmp.Diff(want, notes); d != "" {
		t.Errorf("notes (-want +got):\n%s", d)
	}
	if changes[2].Note != "" {
		t.Errorf("the changes that were handed in have changed: %+v", changes[2])
	}
}
