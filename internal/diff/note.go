package diff

import (
	"fmt"
	"strings"

	"scim-auditor/internal/ona"
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

// NoteRemoval notes on a Removed change whether the API confirms it.
func (c *Change) NoteRemoval(answer ona.Removal) {
	if answer.Confirmed {
		c.AddNote("removal confirmed: the API answers not_found")
	} else {
		c.AddNote("removed, not confirmed: " + answer.Why)
	}
}
