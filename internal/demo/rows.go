package demo

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/ona"
)

// configuration is a SCIM or an SSO configuration of the story.
type configuration struct {
	// Key is what the id follows from.
	Key, Name, About string
	// Link is the key of the SSO configuration of a SCIM configuration, Created its instant.
	Link, Created string
	// Issuer and Domains, separated by spaces, belong to an SSO configuration.
	Issuer, Domains string
	// Set are the fields that differ from those of row; null removes one.
	Set Row
}

// row returns what the API reports of the configuration. A SCIM configuration is enabled, and its
// token expires one year after its creation, which is at the instant unless Created is set. An SSO
// configuration is active and of the organization's own provider.
func (c configuration) row(s *State, kind string, at time.Time) Row {
	row := Row{"id": ID(s.Name, kind, c.Key), "organizationId": s.ID}
	if kind == "scim" {
		created := cmp.Or(c.Created, at.Format(time.RFC3339))
		row["enabled"], row["createdAt"], row["updatedAt"] = true, created, created
		row["tokenExpiresAt"] = createdAt(row).AddDate(1, 0, 0).Format(time.RFC3339Nano)
		if c.Name != "" {
			row["name"] = c.Name
		}
		if c.Link != "" {
			row["ssoConfigurationId"] = ID(s.Name, "sso", c.Link)
		}
	} else {
		row["displayName"], row["issuerUrl"], row["clientId"] = c.Name, c.Issuer, "ona-"+c.Key
		row["providerType"], row["state"] = ona.ProviderTypeCustom, ona.SSOStateActive
		if list := strings.Fields(c.Domains); len(list) > 0 {
			row["emailDomain"], row["emailDomains"] = list[0], list
		}
	}
	set(row, c.Set)
	return row
}

// logBeginning fills the audit log with the creation of the first configurations.
func (s *State) logBeginning() {
	oldestFirst := func(a, b Row) int { return createdAt(a).Compare(createdAt(b)) }
	for _, row := range slices.SortedFunc(slices.Values(s.SCIM), oldestFirst) {
		if created := createdAt(row); created.Before(Night(1)) {
			s.Log(created, ona.ResourceTypeSCIMConfiguration, row["id"], "created SCIM configuration")
		}
	}
	s.Log(Night(1).Add(-3*time.Hour), "RESOURCE_TYPE_ENVIRONMENT", ID(s.Name, "environment"), "started environment")
}

// createdAt is when a row of the story was created.
func createdAt(row Row) time.Time {
	at, err := time.Parse(time.RFC3339, row["createdAt"].(string))
	if err != nil {
		panic("demo: " + err.Error())
	}
	return at
}

// set sets fields of a row; nil removes a field.
func set(row, fields Row) {
	for name, value := range fields {
		if value == nil {
			delete(row, name)
		} else {
			row[name] = value
		}
	}
}
