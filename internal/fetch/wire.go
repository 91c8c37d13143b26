package fetch

import (
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// The frames of answers. json v2 matches names by case, refuses names that occur twice and invalid
// UTF-8, and reads null as absent. Every frame keeps the members that it does not know.

type members map[string]jsontext.Value

// depth returns the deepest nesting of a value.
func (m members) depth() int {
	deepest := 0
	for _, value := range m {
		deepest = max(deepest, depth(value))
	}
	return deepest
}

type wireIdentity struct {
	Subject          wireSubject `json:"subject"`
	OrganizationID   string      `json:"organizationId"`
	OrganizationTier string      `json:"organizationTier"`
	Unknown          members     `json:",embed"`
}

type wireSubject struct {
	ID        string  `json:"id"`
	Principal string  `json:"principal"`
	Unknown   members `json:",embed"`
}

type wirePagination struct {
	NextToken string  `json:"nextToken"`
	Unknown   members `json:",embed"`
}

// request is the body of a call. Each call sets only what the API documents for its method, because
// a server may refuse other fields.
type request struct {
	OrganizationID      string             `json:"organizationId,omitzero"`
	SCIMConfigurationID string             `json:"scimConfigurationId,omitzero"`
	SSOConfigurationID  string             `json:"ssoConfigurationId,omitzero"`
	Filter              *auditLogFilter    `json:"filter,omitzero"`
	Pagination          *paginationRequest `json:"pagination,omitzero"`
}

type paginationRequest struct {
	PageSize int    `json:"pageSize"`
	Token    string `json:"token,omitzero"`
}

type auditLogFilter struct {
	SubjectIDs   []string `json:"subjectIds,omitzero"`
	SubjectTypes []string `json:"subjectTypes,omitzero"`
}

// fieldSet collects the fields of answers that this version does not know, as Type.field.
type fieldSet map[string]struct{}

func (f fieldSet) add(owner, name string) { f[owner+"."+plain(name)] = struct{}{} }

func (f fieldSet) addAll(owner string, unknown members) {
	for name := range unknown {
		f.add(owner, name)
	}
}

func (f fieldSet) sorted() []string { return slices.Sorted(maps.Keys(f)) }

func names(unknown members) string {
	return plain(strings.Join(slices.Sorted(maps.Keys(unknown)), ", "))
}
