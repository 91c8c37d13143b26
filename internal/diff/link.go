package diff

import "scim-auditor/internal/ona"

// labelLinks puts the names of the SSO configurations beside their ids, each as its own snapshot has it.
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
	if c := find(inventory.SSO, ssoID, id); c != nil {
		return ssoName(c)
	}
	return "not in the SSO list"
}

// noteLinks says in each change of an SSO configuration which SCIM configurations depend on it. A removed one is still linked by those
// that name it, and was linked by those that have just let go of it.
func noteLinks(rows []Change, before, after []ona.SCIMConfiguration) {
	if len(rows) == 0 {
		return
	}
	linked := make(map[string]*list, len(rows))
	removed := make(map[string]bool)
	for _, row := range rows {
		linked[row.SubjectID] = new(list)
		removed[row.SubjectID] = row.Kind == Removed
	}
	for b, a := range pairs(before, after, scimID) {
		if a != nil && linked[a.SSOConfigurationID] != nil {
			linked[a.SSOConfigurationID].add(named(a.Name, a.ID))
		}
		if b != nil && removed[b.SSOConfigurationID] && (a == nil || a.SSOConfigurationID != b.SSOConfigurationID) {
			linked[b.SSOConfigurationID].add(named(b.Name, b.ID+", no longer"))
		}
	}
	for i := range rows {
		if links := linked[rows[i].SubjectID]; links.len() == 0 {
			rows[i].AddNote("no SCIM configuration links to it")
		} else {
			rows[i].AddNote("linked by: " + links.String())
		}
	}
}
