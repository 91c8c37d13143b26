package diff

import (
	"fmt"
	"slices"
	"strings"

	"scim-auditor/internal/ona"
)

// AddNote appends a remark to the note.
func (c *Change) AddNote(text string) {
	if c.Note != "" {
		text = c.Note + "; " + text
	}
	c.Note = text
}

// noteIfUnreported adds a note if the API did not report the value before or does not report it
// now.
func (c *Change) noteIfUnreported() {
	switch {
	case c.Before == "":
		c.AddNote("was not reported before")
	case c.After == "":
		c.AddNote("is no longer reported")
	}
}

// maxListed is the highest number of subjects that a note names; the inventory has the rest.
const maxListed = 10

// enumerate names the first few items and says how many more there are.
func enumerate(items []string) string {
	if len(items) <= maxListed {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:maxListed], ", "), len(items)-maxListed)
}

// quoteName returns a configuration's name and id for a note.
func quoteName(name, id string) string { return Quoted(name) + " (" + id + ")" }

// quoting escapes what could end a quoted text. Invisible characters stay: reports show each of
// them in one form.
var quoting = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// Quoted returns free text in quotation marks, because it could look like the text around it.
func Quoted(text string) string { return `"` + quoting.Replace(text) + `"` }

// NoteRemoval adds to a Removed change what confirms the removal.
func (c *Change) NoteRemoval(removal ona.Removal) {
	if removal.Confirmed {
		c.AddNote("removal confirmed: the API answers not_found")
	} else {
		c.AddNote("removal confirmed by a second listing only: " + removal.Reason)
	}
}

// labelLinks sets the labels of changed links, and of whole SCIM configurations that are linked, to
// the names that the SSO configurations had in each snapshot.
func labelLinks(rows []Change, before, after ona.Inventory) {
	for i := range rows {
		switch c := &rows[i]; c.Kind {
		case SSOLinked, SSORelinked, SSOUnlinked:
			c.BeforeLabel, c.AfterLabel = linkLabel(before, c.Before), linkLabel(after, c.After)
		case Removed:
			c.BeforeLabel = linkedName(before, c.SubjectID)
		case Added, Reappeared:
			c.AfterLabel = linkedName(after, c.SubjectID)
		}
	}
}

func linkLabel(inventory ona.Inventory, id string) string {
	sso := findSSO(inventory, id)
	switch {
	case id == "":
		return ""
	case inventory.SSONotAssessed != "":
		return "name not assessed"
	case sso == nil:
		return "not in the SSO list"
	}
	return ssoConfigurations.name(sso)
}

// linkedName returns the name of the SSO configuration to which a SCIM configuration links, empty
// if the inventory lacks it.
func linkedName(inventory ona.Inventory, scimID string) string {
	i, _ := slices.BinarySearchFunc(inventory.SCIM, scimID, func(c ona.SCIMConfiguration, id string) int {
		return strings.Compare(c.ID, id)
	})
	if sso := findSSO(inventory, inventory.SCIM[i].SSOConfigurationID); sso != nil {
		return ssoConfigurations.name(sso)
	}
	return ""
}

// findSSO returns the SSO configuration with an id, nil if the inventory lacks it.
func findSSO(inventory ona.Inventory, id string) *ona.SSOConfiguration {
	i, found := slices.BinarySearchFunc(inventory.SSO, id, func(c ona.SSOConfiguration, id string) int {
		return strings.Compare(c.ID, id)
	})
	if !found {
		return nil
	}
	return &inventory.SSO[i]
}

// noteLinks adds to each change of an SSO configuration which SCIM configurations link to it. For a
// removed SSO configuration it also names those that linked to it only in the baseline.
func noteLinks(rows []Change, pairs []pair[ona.SCIMConfiguration]) {
	if len(rows) == 0 {
		return
	}
	kinds := make(map[string]Kind) // a removed configuration has no other change
	for _, row := range rows {
		kinds[row.SubjectID] = row.Kind
	}
	links := make(map[string][]string)
	for _, p := range pairs {
		b, a := p.before, p.after
		if a != nil && kinds[a.SSOConfigurationID] != "" {
			links[a.SSOConfigurationID] = append(links[a.SSOConfigurationID], quoteName(a.Name, a.ID))
		}
		if b != nil && kinds[b.SSOConfigurationID] == Removed &&
			(a == nil || a.SSOConfigurationID != b.SSOConfigurationID) {
			links[b.SSOConfigurationID] = append(links[b.SSOConfigurationID], quoteName(b.Name, b.ID+", no longer"))
		}
	}
	for i := range rows {
		if linked := links[rows[i].SubjectID]; len(linked) > 0 {
			rows[i].AddNote("linked by: " + enumerate(linked))
		} else {
			rows[i].AddNote("no SCIM configuration links to it")
		}
	}
}

// place is where a SCIM configuration provisions accounts. A new configuration in the place of a
// removed one probably replaces it.
type place struct{ organizationID, ssoConfigurationID string }

// noteReplacements adds to each added or removed SCIM configuration which one it probably replaces,
// or which one probably replaced it. It skips configurations without a link, which have no place.
func noteReplacements(rows []Change, pairs []pair[ona.SCIMConfiguration]) {
	places := make(map[string]place)
	gone, come := make(map[place][]string), make(map[place][]string)
	move := func(c *ona.SCIMConfiguration, to map[place][]string) {
		if c.SSOConfigurationID != "" {
			at := place{c.OrganizationID, c.SSOConfigurationID}
			places[c.ID], to[at] = at, append(to[at], c.ID)
		}
	}
	for _, p := range pairs {
		switch {
		case p.after == nil:
			move(p.before, gone)
		case p.before == nil:
			move(p.after, come)
		}
	}
	for i := range rows {
		switch at := places[rows[i].SubjectID]; rows[i].Kind {
		case Removed:
			rows[i].noteCounterparts("probably replaced by ", come[at])
		case Added, Reappeared:
			rows[i].noteCounterparts("probably replaces ", gone[at])
		}
	}
}

func (c *Change) noteCounterparts(text string, ids []string) {
	if len(ids) > 1 {
		text += "one of "
	}
	if len(ids) > 0 {
		c.AddNote(text + enumerate(ids))
	}
}
