package demo

import (
	"strings"
	"time"
)

// initech is a small organization whose administrators choose names that could break a report.
// Until night 5 its token may read neither the SSO configurations nor the audit log.
func initech() tale {
	s := NewState("initech")
	s.Organization["name"] = "Initech | Initrode"
	s.Policies = Row{"restrictAccountCreationToScim": true}
	initechConfigurations(s)
	s.logBeginning()
	scimKind.find(s, "formula")["updatedAt"] = "2026-10-05T09:00:00Z"
	s.Faults[ListSSOConfigurations] = denied("reading SSO configurations needs the organization admin role")
	s.Faults[ListAuditLogs] = denied("reading audit logs needs the audit log reader role")
	return tale{base: s, events: initechEvents()}
}

// initechConfigurations adds configurations whose names have a formula, the end of a table cell
// with HTML and a link, text that runs from right to left, a line break, an invisible space,
// Excel's own escape, and as many letters as a name may have.
func initechConfigurations(s *State) {
	created := time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct{ key, name string }{
		{"production", "Okta production"},
		{"formula", `=HYPERLINK("https://phish.example/","Okta production")`},
		{"markdown", "Entra ID | **EMEA** <img src=x onerror=alert(1)> [log in](https://phish.example) `"},
		{"bidi", "Okta \u202enoitcudorp\u202c"},
		{"newline", "Contractors\r\nand\tvendors"},
		{"invisible", "Okta\u200b production"},
		{"escape", "_x0041_ & Söhne 株式会社 🦺"},
		{"long", strings.Repeat("Very long name. ", 8)},
	} {
		s.SCIM = append(s.SCIM, s.scim(c.key, c.name, c.key, created.Format(time.RFC3339), nil))
		s.SSO = append(s.SSO, s.sso(c.key, c.name, "https://login.initech.example/"+c.key, c.key+".initech.example", nil))
		created = created.Add(7 * 24 * time.Hour)
	}
}

func initechEvents() []event {
	// setProduction changes "Okta production" without a trace in updatedAt or the audit log.
	setProduction := func(fields Row) action {
		return func(s *State, _ time.Time) { set(scimKind.find(s, "production"), fields) }
	}
	return []event{
		on(2, `the API no longer reports when the token of "Okta production" expires`,
			setProduction(Row{"tokenExpiresAt": nil})),
		on(3, `the API reports again when the token of "Okta production" expires`,
			setProduction(Row{"tokenExpiresAt": "2027-04-01T09:00:00Z"})),
		on(3, "the configuration with the end of a table cell in its name has another creation time than before",
			scimKind.update("markdown", "", Row{"createdAt": "2026-04-16T09:00:00Z"})),
		onlyOn(4, `"Okta production" no longer says which organization it belongs to, for one night`,
			setProduction(Row{"organizationId": nil})),
		on(5, "the token received the roles that it lacked", func(s *State, _ time.Time) { clear(s.Faults) }),
		on(6, "the configuration with a formula as its name is as it was in a backup of June",
			scimKind.update("formula", "", Row{"updatedAt": "2026-06-12T09:00:00Z"})),
		on(6, "the configuration with a line break in its name has a formula as its name now",
			scimKind.update("newline", "updated", Row{"name": "+cmd|' /C calc'!A0"})),
		on(7, "the sign-in whose name has an invisible space was deleted, so that the link to it leads nowhere",
			ssoKind.remove("invisible")),
	}
}
