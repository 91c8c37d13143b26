package demo

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"scim-auditor/internal/ona"
)

// request has every field that the request of a method may have.
type request struct {
	OrganizationID      string         `json:"organizationId"`
	SCIMConfigurationID string         `json:"scimConfigurationId"`
	SSOConfigurationID  string         `json:"ssoConfigurationId"`
	Filter              auditLogFilter `json:"filter"`
	Pagination          pagination     `json:"pagination"`
}

// auditLogFilter selects the entries that match every list; an empty list matches all.
type auditLogFilter struct {
	SubjectIDs   []string `json:"subjectIds"`
	SubjectTypes []string `json:"subjectTypes"`
	ActorIDs     []string `json:"actorIds"`
}

// call is an authenticated request of a method.
type call struct {
	state  *State
	method string
	request
}

// method is how the server answers a method.
type method struct {
	// fields are those that its request may have.
	fields []string
	answer func(call) (Row, *Fault)
}

const organizationField = "organizationId"

var pageFields = []string{"pagination.pageSize", "pagination.token"}

var methods = map[string]method{
	ona.GetAuthenticatedIdentity: {nil, func(c call) (Row, *Fault) { return c.state.Identity, nil }},
	ona.GetOrganization: {[]string{organizationField}, func(c call) (Row, *Fault) {
		return Row{"organization": c.state.Organization}, nil
	}},
	ona.GetOrganizationPolicies: {[]string{organizationField}, func(c call) (Row, *Fault) {
		return Row{"policies": c.state.Policies}, nil
	}},
	ona.ListSCIMConfigurations: {pageFields, func(c call) (Row, *Fault) {
		return c.page("scimConfigurations", c.state.SCIM)
	}},
	ona.GetSCIMConfiguration: {[]string{"scimConfigurationId"}, func(c call) (Row, *Fault) {
		return one("scimConfiguration", c.state.SCIM, c.SCIMConfigurationID)
	}},
	ona.ListSSOConfigurations: {append(pageFields, organizationField), func(c call) (Row, *Fault) {
		return c.page("ssoConfigurations", c.state.SSO)
	}},
	ona.GetSSOConfiguration: {[]string{"ssoConfigurationId"}, func(c call) (Row, *Fault) {
		return one("ssoConfiguration", c.state.SSO, c.SSOConfigurationID)
	}},
	ona.ListAuditLogs: {
		append(pageFields, "filter.subjectIds", "filter.subjectTypes", "filter.actorIds"),
		func(c call) (Row, *Fault) { return c.page("entries", c.filtered(c.state.AuditLog)) },
	},
}

// decode reads a request body. A field that the method does not have is refused, and so is one that
// is spelled in another case.
func (m method) decode(body []byte) (request, error) {
	var r request
	var sent map[string]any
	for _, into := range []any{&r, &sent} {
		if err := json.Unmarshal(body, into); err != nil {
			return request{}, fmt.Errorf("decoding the request: %w", err)
		}
	}
	return r, m.checkFields("", sent)
}

// checkFields finds a field that the request may not have, at any depth.
func (m method) checkFields(path string, sent map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		known := func(field string) bool { return field == path+name || strings.HasPrefix(field, path+name+".") }
		if !slices.ContainsFunc(m.fields, known) {
			return fmt.Errorf("unknown request field %q", path+name)
		}
		inner, _ := sent[name].(map[string]any)
		if err := m.checkFields(path+name+".", inner); err != nil {
			return err
		}
	}
	return nil
}

// checkOrganization refuses any organization but the token's own.
func (c call) checkOrganization() *Fault {
	switch c.OrganizationID {
	case c.state.ID:
		return nil
	case "":
		return &Fault{Code: "invalid_argument", Message: "organizationId is required"}
	}
	return &Fault{Code: "permission_denied", Message: "the token does not belong to organization " + c.OrganizationID}
}

// one answers with the row that has an id, under the name of its kind.
func one(kind string, rows []Row, id string) (Row, *Fault) {
	if id == "" {
		return nil, &Fault{Code: "invalid_argument", Message: kind + "Id is required"}
	}
	if i := indexOf(rows, id); i >= 0 {
		return Row{kind: rows[i]}, nil
	}
	return nil, &Fault{Code: "not_found", Message: "there is no " + kind + " " + id}
}

// filtered are the entries of the audit log that the request asks for.
func (c call) filtered(entries []Row) []Row {
	return slices.DeleteFunc(slices.Clone(entries), func(entry Row) bool {
		return !matches(c.Filter.SubjectIDs, entry["subjectId"]) ||
			!matches(c.Filter.SubjectTypes, entry["subjectType"]) ||
			!matches(c.Filter.ActorIDs, entry["actorId"])
	})
}

func matches(wanted []string, value any) bool {
	text, _ := value.(string)
	return len(wanted) == 0 || slices.Contains(wanted, text)
}
