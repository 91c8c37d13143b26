package demo

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/ona"
)

// configuration is a SCIM configuration, an SSO configuration, a domain verification, a member or a
// personal access token of the story.
type configuration struct {
	// Key is what the id is computed from.
	Key, Name, About string
	// Link is the key of the SSO configuration to which a SCIM configuration links; Created is when
	// the SCIM configuration was created.
	Link, Created string
	// Issuer and Domains, separated by spaces, belong to an SSO configuration. The name of a domain
	// verification is its domain.
	Issuer, Domains string
	// Email belongs to a member. The user of a token is Link, and its description the name.
	Email string
	// Set has the fields that differ from the defaults of row; null removes a field.
	Set Row
}

// row returns the configuration as the API reports it. A SCIM configuration is enabled, was created
// at the instant unless Created is set, and its token expires one year later. An SSO configuration
// is active and has a custom provider. A domain is not verified yet. A member is active, no admin,
// and signs in with a custom provider; its token ends after 90 days.
func (c configuration) row(s *State, kind string, at time.Time) Row {
	row := Row{"id": ID(s.Name, kind, c.Key), "organizationId": s.ID}
	switch kind {
	case "user":
		row = Row{
			"userId": row["id"], "fullName": c.Name, "email": c.Email, "memberSince": cmp.Or(c.Created, at.Format(time.RFC3339)),
			"role": ona.OrganizationRoleMember, "status": ona.UserStatusActive, "loginProvider": ona.LoginProviderCustom,
		}
	case "token":
		user := ID(s.Name, "user", c.Link)
		row = Row{
			"id": row["id"], "userId": user, "creator": Row{"id": user, "principal": ona.PrincipalUser}, "description": c.Name,
			"createdAt": cmp.Or(c.Created, at.Format(time.RFC3339)),
		}
		row["expiresAt"] = createdAt(row).AddDate(0, 0, 90).Format(time.RFC3339)
	case "domain":
		row["domain"], row["state"] = c.Name, "DOMAIN_VERIFICATION_STATE_PENDING"
	case "scim":
		created := cmp.Or(c.Created, at.Format(time.RFC3339))
		row["enabled"], row["createdAt"], row["updatedAt"] = true, created, created
		row["tokenExpiresAt"] = createdAt(row).AddDate(1, 0, 0).Format(time.RFC3339Nano)
		if c.Name != "" {
			row["name"] = c.Name
		}
		if c.Link != "" {
			row["ssoConfigurationId"] = ID(s.Name, "sso", c.Link)
		}
	case "sso":
		row["displayName"], row["issuerUrl"], row["clientId"] = c.Name, c.Issuer, "ona-"+c.Key
		row["providerType"], row["state"] = ona.ProviderTypeCustom, ona.SSOStateActive
		if list := strings.Fields(c.Domains); len(list) > 0 {
			row["emailDomain"], row["emailDomains"] = list[0], list
		}
	}
	set(row, c.Set)
	return row
}

// verifyDomains adds a verification of each e-mail domain of the SSO configurations.
func (s *State) verifyDomains() {
	for _, row := range s.SSO {
		domains, _ := row["emailDomains"].([]string)
		for _, domain := range domains {
			s.Domains = append(s.Domains, Row{
				"id": ID(s.Name, "domain", domain), "organizationId": s.ID, "domain": domain, "state": ona.DomainVerified,
				"verifiedAt": "2025-03-03T09:30:00Z",
			})
		}
	}
}

// logBeginning adds the creation of the first configurations to the audit log.
func (s *State) logBeginning() {
	oldestFirst := func(a, b Row) int { return createdAt(a).Compare(createdAt(b)) }
	for _, row := range slices.SortedFunc(slices.Values(s.SCIM), oldestFirst) {
		if created := createdAt(row); created.Before(Night(1)) {
			s.Log(created, ona.ResourceTypeSCIMConfiguration, row["id"], "created SCIM configuration")
		}
	}
	s.Log(Night(1).Add(-3*time.Hour), "RESOURCE_TYPE_ENVIRONMENT", ID(s.Name, "environment"), "started environment")
}

// createdAt returns when a row was created.
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

// respell changes the form of an organization's configurations but not their meaning: it reorders
// rows and sets, and writes ids in upper case, instants with an offset and nine digits, and absent
// fields as null or as their default.
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
	for _, row := range slices.Concat(s.Domains, s.Members, s.Tokens) {
		respellRow(row)
	}
	for _, row := range s.Members {
		setAbsent(row, Row{"avatarUrl": ""})
	}
	slices.Reverse(s.SCIM)
	slices.Reverse(s.SSO)
	slices.Reverse(s.Domains)
	slices.Reverse(s.Members)
}

// respellRow writes ids in upper case, and instants with nine digits and the offset of India.
func respellRow(row Row) {
	for _, name := range []string{"id", "organizationId", "ssoConfigurationId", "userId"} {
		if id, ok := row[name].(string); ok {
			row[name] = strings.ToUpper(id)
		}
	}
	for _, name := range []string{"createdAt", "updatedAt", "tokenExpiresAt", "verifiedAt", "memberSince", "expiresAt"} {
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
