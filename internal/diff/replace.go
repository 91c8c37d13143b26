package diff

import "scim-auditor/internal/ona"

// place is where a SCIM configuration provisions accounts: one that comes where another went probably takes over from it.
type place struct{ organizationID, ssoConfigurationID string }

// moves is who left a place and who came to it.
type moves struct{ gone, come list }

// noteReplacements says in the changes of SCIM configurations which ones probably replaced which. Without a link there is no place to take.
func noteReplacements(rows []Change, before, after []ona.SCIMConfiguration) {
	places := make(map[place]*moves)
	at := func(c *ona.SCIMConfiguration) *moves {
		p := place{c.OrganizationID, c.SSOConfigurationID}
		if places[p] == nil {
			places[p] = new(moves)
		}
		return places[p]
	}
	moved := make([]*moves, len(rows)) // beside rows, nil where nobody moved
	for i, row := range rows {
		switch row.Kind {
		case Removed:
			if c := find(before, scimID, row.SubjectID); c.SSOConfigurationID != "" {
				moved[i] = at(c)
				moved[i].gone.add(c.ID)
			}
		case Added, Reappeared:
			if c := find(after, scimID, row.SubjectID); c.SSOConfigurationID != "" {
				moved[i] = at(c)
				moved[i].come.add(c.ID)
			}
		}
	}
	for i, m := range moved {
		if m != nil {
			m.annotate(&rows[i])
		}
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
