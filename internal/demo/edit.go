package demo

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"scim-auditor/internal/ona"
)

// The subject types of audit log entries that the auditor asks for, and one that it does not.
const (
	subjectSCIM        = "RESOURCE_TYPE_SCIM_CONFIGURATION"
	subjectSSO         = "RESOURCE_TYPE_SSO_CONFIG"
	subjectPolicy      = "RESOURCE_TYPE_ORGANIZATION_POLICY"
	subjectEnvironment = "RESOURCE_TYPE_ENVIRONMENT"
)

// scim is a SCIM configuration as the story writes it. Its id follows from the key.
type scim struct {
	key, name string
	// sso is the key of the linked SSO configuration, which need not exist; empty when there is no link.
	sso string
	// created and expires are RFC 3339; expires is empty when the API does not report it.
	created, expires string
	disabled         bool
	more             Row
}

// sso is an SSO configuration as the story writes it. Its id follows from the key.
type sso struct {
	key, name, issuer string
	domains           []string
	builtin, inactive bool
	more              Row
}

// edit is an event under way: the state that it changes and the instant at which it does.
type edit struct {
	*State
	at time.Time
}

func (s *State) scimRow(c scim) Row {
	row := Row{
		"id":             ID(s.Name, "scim", c.key),
		"organizationId": s.ID,
		"createdAt":      c.created,
		"updatedAt":      c.created,
	}
	if !c.disabled {
		row["enabled"] = true
	}
	if c.sso != "" {
		row["ssoConfigurationId"] = ID(s.Name, "sso", c.sso)
	}
	setText(row, "name", c.name)
	setText(row, "tokenExpiresAt", c.expires)
	maps.Copy(row, c.more)
	return row
}

func (s *State) ssoRow(c sso) Row {
	row := Row{
		"id":             ID(s.Name, "sso", c.key),
		"organizationId": s.ID,
		"displayName":    c.name,
		"issuerUrl":      c.issuer,
		"providerType":   ona.ProviderTypeCustom,
		"state":          ona.SSOStateActive,
		"clientId":       "ona-" + c.key,
	}
	if c.builtin {
		row["providerType"] = ona.ProviderTypeBuiltin
	}
	if c.inactive {
		row["state"] = ona.SSOStateInactive
	}
	if len(c.domains) > 0 {
		row["emailDomain"] = c.domains[0]
		row["emailDomains"] = c.domains
	}
	maps.Copy(row, c.more)
	return row
}

// begin fills a state with its first configurations and with audit log entries for their creation.
func (s *State) begin(scims []scim, ssos []sso) {
	for _, c := range ssos {
		s.SSO = append(s.SSO, s.ssoRow(c))
	}
	for _, c := range scims {
		s.SCIM = append(s.SCIM, s.scimRow(c))
	}
	for _, row := range slices.SortedFunc(slices.Values(s.SCIM), oldestFirst) {
		if created := instantOf(row); created.Before(Night(1)) {
			s.log(created, subjectSCIM, row["id"].(string), "created SCIM configuration")
		}
	}
	s.log(Night(1).Add(-3*time.Hour), subjectEnvironment, ID(s.Name, "environment"), "started environment")
}

func oldestFirst(a, b Row) int { return instantOf(a).Compare(instantOf(b)) }

// instantOf is when a row of the story was created.
func instantOf(row Row) time.Time {
	at, err := time.Parse(time.RFC3339, row["createdAt"].(string))
	if err != nil {
		panic("demo: " + err.Error())
	}
	return at
}

// log puts an entry at the head of the audit log.
func (s *State) log(at time.Time, subjectType, subject, action string) {
	s.AuditLog = slices.Insert(s.AuditLog, 0, Row{
		"id":             ID(s.Name, "audit", strconv.Itoa(len(s.AuditLog)+1)),
		"actorId":        ID(s.Name, "user", "identity-team"),
		"actorPrincipal": "PRINCIPAL_USER",
		"subjectId":      subject,
		"subjectType":    subjectType,
		"action":         action,
		"createdAt":      at.Format(time.RFC3339),
	})
}

// entry logs what the event does, unless the action is empty: then the audit log does not tell it.
func (e *edit) entry(subjectType, subject, action string) {
	if action != "" {
		e.log(e.at, subjectType, subject, action)
	}
}

// changeSCIM sets fields of a configuration, and its updatedAt unless the fields do; a nil value leaves the field out of the answers.
func (e *edit) changeSCIM(key, action string, fields Row) {
	row := find(e.SCIM, ID(e.Name, "scim", key))
	row["updatedAt"] = e.at.Format(time.RFC3339)
	set(row, fields)
	e.entry(subjectSCIM, row["id"].(string), action)
}

// changeSSO sets fields of an SSO configuration, see changeSCIM.
func (e *edit) changeSSO(key, action string, fields Row) {
	row := find(e.SSO, ID(e.Name, "sso", key))
	set(row, fields)
	e.entry(subjectSSO, row["id"].(string), action)
}

// changePolicies sets policies of the organization, see changeSCIM.
func (e *edit) changePolicies(action string, fields Row) {
	set(e.Policies, fields)
	e.entry(subjectPolicy, e.ID, action)
}

func (e *edit) addSCIM(c scim, action string) {
	c.created = e.at.Format(time.RFC3339)
	row := e.scimRow(c)
	e.SCIM = append(e.SCIM, row)
	e.entry(subjectSCIM, row["id"].(string), action)
}

func (e *edit) addSSO(c sso, action string) {
	row := e.ssoRow(c)
	e.SSO = append(e.SSO, row)
	e.entry(subjectSSO, row["id"].(string), action)
}

func (e *edit) removeSCIM(key string) {
	id := ID(e.Name, "scim", key)
	e.move(&e.SCIM, &e.removed, id)
	e.entry(subjectSCIM, id, "deleted SCIM configuration")
}

func (e *edit) removeSSO(key, action string) {
	id := ID(e.Name, "sso", key)
	e.move(&e.SSO, &e.removed, id)
	e.entry(subjectSSO, id, action)
}

// restoreSCIM brings a removed configuration back as it was, under its old id.
func (e *edit) restoreSCIM(key, action string) {
	id := ID(e.Name, "scim", key)
	e.move(&e.removed, &e.SCIM, id)
	e.entry(subjectSCIM, id, action)
}

// restoreSSO brings a removed SSO configuration back, see restoreSCIM.
func (e *edit) restoreSSO(key, action string) {
	id := ID(e.Name, "sso", key)
	e.move(&e.removed, &e.SSO, id)
	e.entry(subjectSSO, id, action)
}

// move takes the row with an id out of one list and puts it at the end of another.
func (e *edit) move(from, to *[]Row, id string) {
	row := find(*from, id)
	*from = slices.DeleteFunc(*from, func(r Row) bool { return r["id"] == id })
	*to = append(*to, row)
}

// find returns the row with an id. The story names only rows that there are; one that is missing is a slip in the story.
func find(rows []Row, id string) Row {
	i := indexOf(rows, id)
	if i < 0 {
		panic(fmt.Sprintf("demo: the story changes %s, which is not there", id))
	}
	return rows[i]
}

func set(row, fields Row) {
	for name, value := range fields {
		if value == nil {
			delete(row, name)
		} else {
			row[name] = value
		}
	}
}

func setText(row Row, name, value string) {
	if value != "" {
		row[name] = value
	}
}
