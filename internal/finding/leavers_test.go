package finding_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
)

// Entries that match nobody are counted. Plus-addresses and aliases are not guessed.
func TestALeaverIsAMemberWithExactlyTheAddress(t *testing.T) {
	in := inOrder()
	people(at("ADA@a.example "), at("ben@a.example"), at("cy+x@a.example"), suspended, at("ada@a.example"), at(""))(&in)
	in.Inventory.Members[3].Email = "di@a.example"
	list := finding.NewLeaverList("5e1f", takenAt.Add(time.Millisecond),
		[]string{"ada@a.example", " Ada@A.example", "cy@a.example", "di@A.EXAMPLE", "nobody@a.example"})
	want := &finding.Leavers{SHA256: "5e1f", DatedAt: takenAt, Entries: 4, Unmatched: 2, Members: []string{"u-1", "u-5"}}
	if d := cmp.Diff(want, list.Match(&in.Inventory)); d != "" {
		t.Errorf("leavers (-want +got):\n%s", d)
	}

	redaction := ona.NewRedaction([]byte("salt"))
	for i, m := range in.Inventory.Members {
		in.Inventory.Members[i] = redaction.Member(m)
	}
	if d := cmp.Diff(want, list.Redacted(redaction).Match(&in.Inventory)); d != "" {
		t.Errorf("leavers among redacted members (-want +got):\n%s", d)
	}
}

func TestWithoutAListOrMembersNothingIsCompared(t *testing.T) {
	in := inOrder()
	var none *finding.LeaverList
	if none.Match(&in.Inventory) != nil || none.Redacted(ona.NewRedaction(nil)) != nil {
		t.Error("no list was compared")
	}
	hideMembers(&in)
	if finding.NewLeaverList("5e1f", takenAt, []string{"ada@a.example"}).Match(&in.Inventory) != nil {
		t.Error("a list was compared with members that were not read")
	}
}
