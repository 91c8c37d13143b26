package demo

import (
	"strings"
	"time"
)

// initech is a small organization whose administrators name things as no report expects. Until night 5 its token may read neither the SSO
// configurations nor the audit log.
func initech() tale {
	s := NewState("initech")
	s.Organization["name"] = "Initech | Initrode"
	s.Policies = Row{"restrictAccountCreationToScim": true}
	s.begin(initechSCIM(), initechSSO())
	find(s.SCIM, ID("initech", "scim", "formula"))["updatedAt"] = "2026-10-05T09:00:00Z"
	s.Faults[ListSSOConfigurations] = Fault{Code: "permission_denied", Message: "reading SSO configurations needs the organization admin role"}
	s.Faults[ListAuditLogs] = Fault{Code: "permission_denied", Message: "reading audit logs needs the audit log reader role"}
	return tale{base: s, events: initechEvents()}
}

// initechSCIM has in its names a formula, a table's end with HTML and a link, text that runs from right to left, a line break, an
// invisible space, Excel's own escape, and as many letters as a name may have.
func initechSCIM() []scim {
	names := []struct{ key, name string }{
		{"production", "Okta production"},
		{"formula", `=HYPERLINK("https://phish.example/","Okta production")`},
		{"markdown", "Entra ID | **EMEA** <img src=x onerror=alert(1)> [log in](https://phish.example) `"},
		{"bidi", "Okta \u202enoitcudorp\u202c"},
		{"newline", "Contractors\r\nand\tvendors"},
		{"invisible", "Okta\u200b production"},
		{"escape", "_x0041_ & Söhne 株式会社 🦺"},
		{"long", strings.Repeat("Very long name. ", 8)},
	}
	var scims []scim
	created := time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)
	for _, n := range names {
		scims = append(scims, scim{key: n.key, name: n.name, sso: n.key, created: created.Format(time.RFC3339), expires: created.AddDate(1, 0, 0).Format(time.RFC3339)})
		created = created.Add(7 * 24 * time.Hour)
	}
	return scims
}

func initechSSO() []sso {
	var ssos []sso
	for _, c := range initechSCIM() {
		ssos = append(ssos, sso{key: c.sso, name: c.name, issuer: "https://login.initech.example/" + c.sso, domains: []string{c.sso + ".initech.example"}})
	}
	return ssos
}

func initechEvents() []event {
	return []event{
		{night: 2, words: `the API no longer tells when the token of "Okta production" expires`, do: func(e *edit) {
			delete(find(e.SCIM, ID("initech", "scim", "production")), "tokenExpiresAt")
		}},
		{night: 3, words: `the API tells again when the token of "Okta production" expires`, do: func(e *edit) {
			find(e.SCIM, ID("initech", "scim", "production"))["tokenExpiresAt"] = "2027-04-01T09:00:00Z"
		}},
		{night: 3, words: "the configuration with a table's end in its name was created at another time than it was before", do: func(e *edit) {
			e.changeSCIM("markdown", "", Row{"createdAt": "2026-04-16T09:00:00Z"})
		}},
		{night: 4, words: `"Okta production" no longer says which organization it belongs to, for one night`, passing: true, do: func(e *edit) {
			delete(find(e.SCIM, ID("initech", "scim", "production")), "organizationId")
		}},
		{night: 5, words: "the token has been given the roles that it lacked", do: func(e *edit) {
			clear(e.Faults)
		}},
		{night: 6, words: "the configuration with a formula as its name is as it was in a backup of June", do: func(e *edit) {
			e.changeSCIM("formula", "", Row{"updatedAt": "2026-06-12T09:00:00Z"})
		}},
		{night: 6, words: "the configuration with a line break in its name was given another formula as its name", do: func(e *edit) {
			e.changeSCIM("newline", "updated SCIM configuration", Row{"name": "+cmd|' /C calc'!A0"})
		}},
		{night: 7, words: "the sign-in whose name has an invisible space was deleted, so that the link to it leads nowhere", do: func(e *edit) {
			e.removeSSO("invisible", "deleted SSO configuration")
		}},
	}
}
