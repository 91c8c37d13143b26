package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// AddNote appends to the note.
func (c *Change) AddNote(text string) {
	if c.Note != "" {
		text = c.Note + "; " + text
	}
	c.Note = text
}

// noteUnreported notes that one of the two values is missing and not merely empty.
func (c *Change) noteUnreported() {
	switch {
	case c.Before == "":
		c.AddNote("was not reported before")
	case c.After == "":
		c.AddNote("is no longer reported")
	}
}

// maxListed bounds how many subjects a note names; the inventory has the rest.
const maxListed = 10

// enumerate names the first few items and says how many more there are.
func enumerate(items []string) string {
	if len(items) <= maxListed {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:maxListed], ", "), len(items)-maxListed)
}

// named is how a note names a configuration. The name is quoted: it is free text and could look
// like the rest of the note.
func named(name, id string) string { return fmt.Sprintf("%q (%s)", name, id) }

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
