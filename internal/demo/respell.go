package demo

import (
	"slices"
	"strings"
	"time"
)

// respell writes an organization's configurations as another server might that means the same: rows and sets in another order, ids in
// upper case, instants with an offset and trailing zeros, absent fields as null or as their default.
func respell(s *State) {
	for _, row := range s.SCIM {
		respellRow(row, "id", "organizationId", "ssoConfigurationId")
		setAbsent(row, Row{"enabled": false, "ssoConfigurationId": nil, "tokenExpiresAt": nil, "allowUnverifiedEmailAccountLinking": nil})
	}
	for _, row := range s.SSO {
		respellRow(row, "id", "organizationId")
		if domains, ok := row["emailDomains"].([]string); ok {
			row["emailDomains"] = reversed(domains)
		}
		setAbsent(row, Row{"emailDomain": "", "emailDomains": nil, "additionalScopes": []string{}, "claims": Row{}, "claimsExpression": nil})
	}
	s.SCIM, s.SSO = reversed(s.SCIM), reversed(s.SSO)
}

// respellRow writes ids in upper case, and instants with nine digits in the time of India.
func respellRow(row Row, ids ...string) {
	for _, name := range ids {
		if id, ok := row[name].(string); ok {
			row[name] = strings.ToUpper(id)
		}
	}
	for _, name := range []string{"createdAt", "updatedAt", "tokenExpiresAt"} {
		text, _ := row[name].(string)
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			row[name] = at.In(time.FixedZone("IST", 5*3600+1800)).Format("2006-01-02T15:04:05.000000000Z07:00")
		}
	}
}

func setAbsent(row, defaults Row) {
	for name, value := range defaults {
		if _, ok := row[name]; !ok {
			row[name] = value
		}
	}
}

func reversed[T any](list []T) []T {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}
