package demo

import (
	"slices"
	"strings"
	"time"
)

// respell writes an organization's configurations in another form: rows and sets in another order,
// ids in upper case, instants with an offset and zeros, absent fields as null or as their default.
func respell(s *State) {
	for _, row := range s.SCIM {
		respellRow(row)
		setAbsent(row, Row{
			"enabled": false, "ssoConfigurationId": nil, "tokenExpiresAt": nil, "allowUnverifiedEmailAccountLinking": nil,
		})
	}
	for _, row := range s.SSO {
		respellRow(row)
		if domains, ok := row["emailDomains"].([]string); ok {
			row["emailDomains"] = slices.Clone(domains)
			slices.Reverse(row["emailDomains"].([]string))
		}
		setAbsent(row, Row{
			"emailDomain": "", "emailDomains": nil, "additionalScopes": []string{}, "claims": Row{}, "claimsExpression": nil,
		})
	}
	slices.Reverse(s.SCIM)
	slices.Reverse(s.SSO)
}

// respellRow writes ids in upper case, and instants with nine digits and the offset of India.
func respellRow(row Row) {
	for _, name := range []string{"id", "organizationId", "ssoConfigurationId"} {
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
