package demo

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// call is one request that has been authenticated.
type call struct {
	state  *State
	method string
	body   []byte
	// queryToken is the page token of the query, nil when the server reads page tokens from the body.
	queryToken *string
}

// methods answers each method of the API.
var methods = map[string]func(call) (Row, *Fault){
	GetAuthenticatedIdentity: method(getAuthenticatedIdentity),
	GetOrganization:          method(getOrganization),
	GetOrganizationPolicies:  method(getOrganizationPolicies),
	ListSCIMConfigurations:   method(listSCIMConfigurations),
	GetSCIMConfiguration:     method(getSCIMConfiguration),
	ListSSOConfigurations:    method(listSSOConfigurations),
	GetSSOConfiguration:      method(getSSOConfiguration),
	ListAuditLogs:            method(listAuditLogs),
}

// method reads the request of a method, strictly, before it is answered.
func method[Request any](answer func(call, Request) (Row, *Fault)) func(call) (Row, *Fault) {
	return func(c call) (Row, *Fault) {
		var request Request
		if err := decode(c.body, &request); err != nil {
			return nil, &Fault{Code: "invalid_argument", Message: err.Error()}
		}
		return answer(c, request)
	}
}

// decode reads a request body into a value whose type has every field that the request may have. Names must be spelled exactly.
func decode(body []byte, request any) error {
	if err := json.Unmarshal(body, request); err != nil {
		return fmt.Errorf("decoding the request: %w", err)
	}
	var sent, known map[string]any
	if err := json.Unmarshal(body, &sent); err != nil {
		return fmt.Errorf("decoding the request: %w", err)
	}
	whole, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("listing the request's fields: %w", err)
	}
	if err := json.Unmarshal(whole, &known); err != nil {
		return fmt.Errorf("listing the request's fields: %w", err)
	}
	return checkFields("", sent, known)
}

// checkFields finds a field that was sent and is not known, at any depth.
func checkFields(path string, sent, known map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		value, ok := known[name]
		if !ok {
			return fmt.Errorf("unknown request field %q", path+name)
		}
		inner, isObject := sent[name].(map[string]any)
		if !isObject {
			continue
		}
		fields, _ := value.(map[string]any)
		if err := checkFields(path+name+".", inner, fields); err != nil {
			return err
		}
	}
	return nil
}

type noFields struct{}

func getAuthenticatedIdentity(c call, _ noFields) (Row, *Fault) {
	return c.state.Identity, nil
}

type organizationRequest struct {
	OrganizationID string `json:"organizationId"`
}

func getOrganization(c call, r organizationRequest) (Row, *Fault) {
	if fault := c.checkOrganization(r.OrganizationID); fault != nil {
		return nil, fault
	}
	return Row{"organization": c.state.Organization}, nil
}

func getOrganizationPolicies(c call, r organizationRequest) (Row, *Fault) {
	if fault := c.checkOrganization(r.OrganizationID); fault != nil {
		return nil, fault
	}
	return Row{"policies": c.state.Policies}, nil
}

// checkOrganization refuses any organization but the token's own.
func (c call) checkOrganization(id string) *Fault {
	switch id {
	case c.state.ID:
		return nil
	case "":
		return &Fault{Code: "invalid_argument", Message: "organizationId is required"}
	default:
		return &Fault{Code: "permission_denied", Message: "the token does not belong to organization " + id}
	}
}

type listSCIMRequest struct {
	Pagination pagination `json:"pagination"`
}

func listSCIMConfigurations(c call, r listSCIMRequest) (Row, *Fault) {
	return c.page("scimConfigurations", c.state.SCIM, r.Pagination)
}

type getSCIMRequest struct {
	SCIMConfigurationID string `json:"scimConfigurationId"`
}

func getSCIMConfiguration(c call, r getSCIMRequest) (Row, *Fault) {
	return one("scimConfiguration", c.state.SCIM, r.SCIMConfigurationID)
}

type listSSORequest struct {
	OrganizationID string     `json:"organizationId"`
	Pagination     pagination `json:"pagination"`
}

func listSSOConfigurations(c call, r listSSORequest) (Row, *Fault) {
	if fault := c.checkOrganization(r.OrganizationID); fault != nil {
		return nil, fault
	}
	return c.page("ssoConfigurations", c.state.SSO, r.Pagination)
}

type getSSORequest struct {
	SSOConfigurationID string `json:"ssoConfigurationId"`
}

func getSSOConfiguration(c call, r getSSORequest) (Row, *Fault) {
	return one("ssoConfiguration", c.state.SSO, r.SSOConfigurationID)
}

// one answers with the single row that has an id, under the name of its kind.
func one(kind string, rows []Row, id string) (Row, *Fault) {
	if id == "" {
		return nil, &Fault{Code: "invalid_argument", Message: kind + "Id is required"}
	}
	if i := indexOf(rows, id); i >= 0 {
		return Row{kind: rows[i]}, nil
	}
	return nil, &Fault{Code: "not_found", Message: "there is no " + kind + " " + id}
}

type listAuditLogsRequest struct {
	Filter     auditLogFilter `json:"filter"`
	Pagination pagination     `json:"pagination"`
}

// auditLogFilter wants entries that match every list; an empty list matches all.
type auditLogFilter struct {
	SubjectIDs   []string `json:"subjectIds"`
	SubjectTypes []string `json:"subjectTypes"`
	ActorIDs     []string `json:"actorIds"`
}

func listAuditLogs(c call, r listAuditLogsRequest) (Row, *Fault) {
	entries := slices.DeleteFunc(slices.Clone(c.state.AuditLog), func(entry Row) bool {
		return !matches(r.Filter.SubjectIDs, entry["subjectId"]) ||
			!matches(r.Filter.SubjectTypes, entry["subjectType"]) ||
			!matches(r.Filter.ActorIDs, entry["actorId"])
	})
	return c.page("entries", entries, r.Pagination)
}

func matches(wanted []string, value any) bool {
	text, _ := value.(string)
	return len(wanted) == 0 || slices.Contains(wanted, text)
}
