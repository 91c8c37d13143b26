package fetch

import (
	"errors"

	"github.com/go-json-experiment/json/jsontext"
)

// The wire's shapes. json v2 matches names by case, refuses names that occur twice and invalid UTF-8, and takes null for absent. Every shape
// keeps the members that it does not know.

type members map[string]jsontext.Value

// with adds a copy of a member: values are rewritten where they become canonical, and what they were read from is evidence.
func (m members) with(name []byte, value jsontext.Value) members {
	if m == nil {
		m = members{}
	}
	m[string(name)] = value.Clone()
	return m
}

// depth is the deepest nesting of a value.
func (m members) depth() int {
	deepest := 0
	for _, value := range m {
		deepest = max(deepest, depth(value))
	}
	return deepest
}

// rowSpans are where the rows of a page lie in its text. They are not copied out of it: of a long listing that would be half of what is kept.
type rowSpans []span

type span struct{ start, end int }

// UnmarshalJSONFrom finds the rows of a list, and leaves it to the library to say what is wrong with anything else.
func (r *rowSpans) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() != jsontext.KindBeginArray {
		return errors.ErrUnsupported
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	*r = rowSpans{}
	for d.PeekKind() != jsontext.KindEndArray {
		row, err := d.ReadValue()
		if err != nil {
			return err
		}
		end := int(d.InputOffset())
		*r = append(*r, span{end - len(row), end})
	}
	_, err := d.ReadToken()
	return err
}

// of gives the rows as parts of the text that they were found in.
func (r rowSpans) of(text []byte) []jsontext.Value {
	values := make([]jsontext.Value, len(r))
	for i, s := range r {
		values[i] = text[s.start:s.end:s.end]
	}
	return values
}

type wireIdentity struct {
	Subject          *wireSubject `json:"subject"`
	OrganizationID   string       `json:"organizationId"`
	OrganizationTier string       `json:"organizationTier"`
	Unknown          members      `json:",embed"`
}

type wireSubject struct {
	ID        string  `json:"id"`
	Principal string  `json:"principal"`
	Unknown   members `json:",embed"`
}

type wireOrganizationAnswer struct {
	Organization jsontext.Value `json:"organization"`
	Unknown      members        `json:",embed"`
}

type wireOrganization struct {
	ID        string  `json:"id"`
	Name      string  `json:"name"`
	Tier      string  `json:"tier"`
	CreatedAt *string `json:"createdAt"`
	UpdatedAt *string `json:"updatedAt"`
	Unknown   members `json:",embed"`
}

type wirePoliciesAnswer struct {
	Policies jsontext.Value `json:"policies"`
	Unknown  members        `json:",embed"`
}

type wirePolicies struct {
	OrganizationID                string  `json:"organizationId"`
	RestrictAccountCreationToSCIM bool    `json:"restrictAccountCreationToScim"`
	Unknown                       members `json:",embed"`
}

// wireSCIMPage, wireSSOPage and wireAuditPage differ in a name only, so that each converts to the others.
type wireSCIMPage struct {
	Rows       rowSpans       `json:"scimConfigurations"`
	Pagination wirePagination `json:"pagination"`
	Unknown    members        `json:",embed"`
}

type wireSSOPage struct {
	Rows       rowSpans       `json:"ssoConfigurations"`
	Pagination wirePagination `json:"pagination"`
	Unknown    members        `json:",embed"`
}

type wireAuditPage struct {
	Rows       rowSpans       `json:"entries"`
	Pagination wirePagination `json:"pagination"`
	Unknown    members        `json:",embed"`
}

type wireAuditLogEntry struct {
	ID             string  `json:"id"`
	ActorID        string  `json:"actorId"`
	ActorPrincipal string  `json:"actorPrincipal"`
	SubjectID      string  `json:"subjectId"`
	SubjectType    string  `json:"subjectType"`
	Action         string  `json:"action"`
	CreatedAt      *string `json:"createdAt"`
	Unknown        members `json:",embed"`
}

type wirePagination struct {
	NextToken string  `json:"nextToken"`
	Unknown   members `json:",embed"`
}

type wireSSO struct {
	ID             string `json:"id"`
	OrganizationID string `json:"organizationId"`
	DisplayName    string `json:"displayName"`
	IssuerURL      string `json:"issuerUrl"`
	ProviderType   string `json:"providerType"`
	State          string `json:"state"`
	ClientID       string `json:"clientId"`
	EmailDomain    string `json:"emailDomain"`
	// Elements are pointers because proto3 JSON has no null inside a list or a map.
	EmailDomains     []*string          `json:"emailDomains"`
	AdditionalScopes []*string          `json:"additionalScopes"`
	Claims           map[string]*string `json:"claims"`
	ClaimsExpression string             `json:"claimsExpression"`
	Unknown          members            `json:",embed"`
}

// The requests. They hold what the API documents and nothing else, since a server may refuse more.

type paginationRequest struct {
	PageSize int    `json:"pageSize"`
	Token    string `json:"token,omitzero"`
}

type listSCIMRequest struct {
	Pagination paginationRequest `json:"pagination"`
}

type listSSORequest struct {
	OrganizationID string            `json:"organizationId"`
	Pagination     paginationRequest `json:"pagination"`
}

type organizationRequest struct {
	OrganizationID string `json:"organizationId"`
}

type getSCIMRequest struct {
	SCIMConfigurationID string `json:"scimConfigurationId"`
}

type getSSORequest struct {
	SSOConfigurationID string `json:"ssoConfigurationId"`
}

type listAuditLogsRequest struct {
	Filter     auditLogFilter    `json:"filter"`
	Pagination paginationRequest `json:"pagination"`
}

type auditLogFilter struct {
	SubjectIDs   []string `json:"subjectIds,omitzero"`
	SubjectTypes []string `json:"subjectTypes,omitzero"`
}
