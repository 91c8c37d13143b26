package diff

import (
	"cmp"
	"slices"
)

// Confirmation is what the API answered about a configuration that the listing no longer has.
type Confirmation struct {
	// Confirmed is true when the API answered not_found.
	Confirmed bool
	// Why is the answer that contradicts the removal, or the reason why there is none. It reads
	// after a colon.
	Why string
}

// Removals returns the subjects of the changes that say Removed, in their order.
func Removals(changes []Change) []Subject {
	var subjects []Subject
	for _, c := range changes {
		if c.Kind == Removed {
			subjects = append(subjects, Subject{c.SubjectType, c.SubjectID})
		}
	}
	return subjects
}

// Confirm returns the changes with a note on each removal: whether the API confirms it. The API was
// not asked about a removal without a result.
func Confirm(changes []Change, results map[Subject]Confirmation) []Change {
	changes = slices.Clone(changes)
	for i := range changes {
		c := &changes[i]
		if c.Kind != Removed {
			continue
		}
		result := results[Subject{c.SubjectType, c.SubjectID}]
		if result.Confirmed {
			c.AddNote("removal confirmed: the API answers not_found")
		} else {
			c.AddNote("removed, not confirmed: " + cmp.Or(result.Why, "the API was not asked"))
		}
	}
	return changes
}
