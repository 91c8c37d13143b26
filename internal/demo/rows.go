package demo

import (
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/ona"
)

// scim is a SCIM configuration of the story. Its id follows from key, its link from the key sso; an
// empty text omits the field. It is enabled, and its token expires one year after its creation,
// unless more sets other values; nil removes a field.
func (s *State) scim(key, name, sso, created string, more Row) Row {
	row := Row{
		"id":             ID(s.Name, "scim", key),
		"organizationId": s.ID,
		"enabled":        true,
		"createdAt":      created,
		"updatedAt":      created,
	}
	row["tokenExpiresAt"] = createdAt(row).AddDate(1, 0, 0).Format(time.RFC3339Nano)
	if name != "" {
		row["name"] = name
	}
	if sso != "" {
		row["ssoConfigurationId"] = ID(s.Name, "sso", sso)
	}
	set(row, more)
	return row
}

// sso is an SSO configuration of the story: active, of the organization's own provider, with e-mail
// domains that are separated by spaces, unless more sets other values; nil removes a field.
func (s *State) sso(key, name, issuer, domains string, more Row) Row {
	row := Row{
		"id":             ID(s.Name, "sso", key),
		"organizationId": s.ID,
		"displayName":    name,
		"issuerUrl":      issuer,
		"providerType":   ona.ProviderTypeCustom,
		"state":          ona.SSOStateActive,
		"clientId":       "ona-" + key,
	}
	if list := strings.Fields(domains); len(list) > 0 {
		row["emailDomain"] = list[0]
		row["emailDomains"] = list
	}
	set(row, more)
	return row
}

// logBeginning fills the audit log with the creation of the first configurations.
func (s *State) logBeginning() {
	oldestFirst := func(a, b Row) int { return createdAt(a).Compare(createdAt(b)) }
	for _, row := range slices.SortedFunc(slices.Values(s.SCIM), oldestFirst) {
		if created := createdAt(row); created.Before(Night(1)) {
			s.log(created, scimKind.subjectType, row["id"], "created SCIM configuration")
		}
	}
	s.log(Night(1).Add(-3*time.Hour), "RESOURCE_TYPE_ENVIRONMENT", ID(s.Name, "environment"), "started environment")
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
