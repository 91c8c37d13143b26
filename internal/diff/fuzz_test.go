package diff

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// seed adds inputs that make inventories with something in them; go test runs them all.
func seed(f *testing.F) {
	f.Add([]byte(nil))
	random := rand.NewChaCha8([32]byte{1})
	for range 300 {
		data := make([]byte, 400)
		_, _ = random.Read(data) // never fails
		f.Add(data)
	}
}

func FuzzAnInventoryDoesNotDifferFromItself(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		first, second := (&generator{data}).inventory(), (&generator{bytes.Clone(data)}).inventory()
		if changes := Compute(first, second, nil); len(changes) > 0 {
			t.Errorf("changes between an inventory and itself: %+v", changes)
		}
	})
}

func FuzzApplyingTheChangesGivesTheOtherInventory(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		g := &generator{data}
		before, after := g.inventory(), g.inventory()
		changes := Compute(before, after, nil)
		got, want := stateOf(before), stateOf(after)
		if err := apply(got, changes); err != nil {
			t.Fatal(err)
		}
		withoutUnreported(got, before, after, changes)
		withoutUnreported(want, before, after, changes)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("baseline with the changes applied (-want +got):\n%s\nchanges:\n%s", d, format(changes))
		}
	})
}

func FuzzEveryChangeIsWellFormed(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		g := &generator{data}
		before, after := g.inventory(), g.inventory()
		changes := Compute(before, after, nil)
		for i, c := range changes {
			if c.Severity == "" || c.SubjectID == "" || c.Before == c.After {
				t.Errorf("incomplete change %+v", c)
			}
			if i > 0 && inOrder(changes[i-1], c) > 0 {
				t.Errorf("out of order:\n%s", format(changes[i-1:i+1]))
			}
		}
		came, went := count(changes, SCIMConfiguration, Added), count(changes, SCIMConfiguration, Removed)
		if len(before.SCIM)+came-went != len(after.SCIM) {
			t.Errorf("%d + %d added - %d removed is not %d", len(before.SCIM), came, went, len(after.SCIM))
		}
	})
}

func FuzzTheOrderOfTheListingDoesNotMatter(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		g := &generator{data}
		before, after := g.inventory(), g.inventory()
		want := Compute(before, after, nil)
		got := Compute(g.shuffledAndSorted(before), g.shuffledAndSorted(after), nil)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("after shuffling (-want +got):\n%s", d)
		}
	})
}
