package diff

import (
	"slices"
	"strings"

	"scim-auditor/internal/ona"
)

// labelLinks puts the names of the SSO configurations beside their ids, each from its own snapshot.
func labelLinks(rows []Change, before, after ona.Inventory) {
	for i := range rows {
		switch c := &rows[i]; c.Kind {
		case SSOLinked, SSORelinked, SSOUnlinked:
			c.BeforeLabel, c.AfterLabel = linkLabel(before, c.Before), linkLabel(after, c.After)
		}
	}
}

func linkLabel(inventory ona.Inventory, id string) string {
	switch {
	case id == "":
		return ""
	case inventory.SSONotAssessed != "":
		return "name not assessed"
	}
	i, found := slices.BinarySearchFunc(inventory.SSO, id, func(c ona.SSOConfiguration, id string) int {
		return strings.Compare(c.ID, id)
	})
	if !found {
		return "not in the SSO list"
	}
	return ssoConfigurations.name(&inventory.SSO[i])
}

// noteLinks adds to each change of an SSO configuration which SCIM configurations link to it. For a
// removed one these are also the SCIM configurations that linked to it in the baseline.
func noteLinks(rows []Change, pairs []pair[ona.SCIMConfiguration]) {
	if len(rows) == 0 {
		return
	}
	kinds := make(map[string]Kind) // Removed stands alone
	for _, row := range rows {
		kinds[row.SubjectID] = row.Kind
	}
	links := make(map[string][]string)
	for _, p := range pairs {
		b, a := p.before, p.after
		if a != nil && kinds[a.SSOConfigurationID] != "" {
			links[a.SSOConfigurationID] = append(links[a.SSOConfigurationID], named(a.Name, a.ID))
		}
		if b != nil && kinds[b.SSOConfigurationID] == Removed &&
			(a == nil || a.SSOConfigurationID != b.SSOConfigurationID) {
			links[b.SSOConfigurationID] = append(links[b.SSOConfigurationID], named(b.Name, b.ID+", no longer"))
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

// place is where a SCIM configuration provisions accounts: one that comes where another went
// probably replaces it.
type place struct{ organizationID, ssoConfigurationID string }

// noteReplacements adds to added and removed SCIM configurations which one probably replaced which.
// A configuration without a link has no place to take.
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
			rows[i].noteOneOf("probably replaced by ", come[at])
		case Added, Reappeared:
			rows[i].noteOneOf("probably replaces ", gone[at])
		}
	}
}

func (c *Change) noteOneOf(text string, ids []string) {
	if len(ids) > 1 {
		text += "one of "
	}
	if len(ids) > 0 {
		c.AddNote(text + enumerate(ids))
	}
}
