package diff

import (
	"fmt"
	"strings"
)

// AddNote appends to what the note says already.
func (c *Change) AddNote(text string) {
	if c.Note != "" {
		text = c.Note + "; " + text
	}
	c.Note = text
}

// noteUnreported says it when one of the two values is missing and not merely empty.
func (c *Change) noteUnreported() {
	switch {
	case c.Before == "":
		c.AddNote("was not reported before")
	case c.After == "":
		c.AddNote("is no longer reported")
	}
}

// listed is how many subjects a note names; a cell is for reading, and the rest is in the inventory.
const listed = 10

// list is subjects that a note names: the first few, and how many more there are.
type list struct {
	items []string
	more  int
}

func (l *list) add(item string) {
	if len(l.items) == listed {
		l.more++
		return
	}
	l.items = append(l.items, item)
}

func (l *list) len() int { return len(l.items) + l.more }

func (l *list) String() string {
	text := strings.Join(l.items, ", ")
	if l.more > 0 {
		text += fmt.Sprintf(" and %d more", l.more)
	}
	return text
}

// named is how a note names a configuration. The name is quoted: it is free text and could look like the rest of the note.
func named(name, id string) string { return fmt.Sprintf("%q (%s)", name, id) }
