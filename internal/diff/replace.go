package diff

import "scim-auditor/internal/ona"

// place is where a SCIM configuration provisions accounts: one that comes where another went probably takes over from it.
type place struct{ organizationID, ssoConfigurationID string }

// moves is who left a place and who came to it.
type moves struct{ gone, come list }

// replacements finds out which SCIM configurations probably replaced which. Without a link there is no place to take.
type replacements struct {
	places map[place]*moves
	moved  map[int]*moves // by the place of a change among the others
}

// see takes in a configuration that was removed or that appeared.
func (r *replacements) see(change int, k Kind, c *ona.SCIMConfiguration) {
	if c.SSOConfigurationID == "" {
		return
	}
	if r.places == nil {
		r.places, r.moved = make(map[place]*moves), make(map[int]*moves)
	}
	p := place{c.OrganizationID, c.SSOConfigurationID}
	if r.places[p] == nil {
		r.places[p] = new(moves)
	}
	r.moved[change] = r.places[p]
	if k == Removed {
		r.places[p].gone.add(c.ID)
	} else {
		r.places[p].come.add(c.ID)
	}
}

// note says it in the changes.
func (r *replacements) note(rows []Change) {
	for i, m := range r.moved {
		m.annotate(&rows[i])
	}
}

func (m *moves) annotate(row *Change) {
	text, others := "probably replaces ", &m.gone
	if row.Kind == Removed {
		text, others = "probably replaced by ", &m.come
	}
	switch others.len() {
	case 0:
	case 1:
		row.AddNote(text + others.String())
	default:
		row.AddNote(text + "one of " + others.String())
	}
}
