package demo

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"scim-auditor/internal/ona"
)

// request has the fields of all methods' requests.
type request struct {
	OrganizationID      string `json:"organizationId"`
	SCIMConfigurationID string `json:"scimConfigurationId"`
	SSOConfigurationID  string `json:"ssoConfigurationId"`
	Filter              filter `json:"filter"`
	Sort                struct{ Field, Order string }
	Count               struct{ Include bool }
	Pagination          pagination `json:"pagination"`
}

// filter selects the rows whose value is in each list and whose time is From or later and before
// To; an empty list and the zero time match all.
type filter struct {
	SubjectIDs   []string  `json:"subjectIds"`
	SubjectTypes []string  `json:"subjectTypes"`
	ActorIDs     []string  `json:"actorIds"`
	From         time.Time `json:"from"`
	To           time.Time `json:"to"`
	UserIDs      []string  `json:"userIds"`
	Statuses     []string  `json:"statuses"`
	Roles        []string  `json:"roles"`
}

// call is an authenticated request to a method.
type call struct {
	state           *State
	method, pageKey string
	request
}

// method describes how the server answers a method.
type method struct {
	// fields lists the fields that its request may have.
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
	ona.ListDomainVerifications: {append(pageFields, organizationField), func(c call) (Row, *Fault) {
		return c.page("domainVerifications", c.state.Domains)
	}},
	ona.ListMembers: {
		append(pageFields, organizationField, "filter.statuses", "filter.roles", "filter.userIds", "count.include"),
		func(c call) (Row, *Fault) {
			members := slices.DeleteFunc(slices.Clone(c.state.Members), func(m Row) bool {
				return !matches(c.Filter.Statuses, m["status"]) || !matches(c.Filter.Roles, m["role"]) ||
					!matches(c.Filter.UserIDs, m["userId"])
			})
			answer, fault := c.page("members", members)
			if fault == nil && c.Count.Include && c.Pagination.Token == "" {
				answer["count"] = Row{"value": strconv.Itoa(len(members)), "relation": "COUNT_RESPONSE_RELATION_EQ"}
			}
			return answer, fault
		},
	},
	ona.ListPersonalAccessTokens: {append(pageFields, "filter.userIds"), func(c call) (Row, *Fault) {
		return c.page("personalAccessTokens", slices.DeleteFunc(slices.Clone(c.state.Tokens), func(token Row) bool {
			return !matches(c.Filter.UserIDs, token["userId"])
		}))
	}},
	ona.ListAuditLogs: {
		append(pageFields, "filter.subjectIds", "filter.subjectTypes", "filter.actorIds", "filter.from", "filter.to",
			"sort.field", "sort.order"),
		func(c call) (Row, *Fault) { return c.page("entries", c.filtered(c.state.AuditLog)) },
	},
}

// maxIDs is the highest number of ids in a list of a request.
const maxIDs = 25

// decode reads a request body. It refuses a field that the method does not have, a field name with
// different letter case, and what is beyond the API's limits.
func (m method) decode(body []byte) (request, error) {
	var r request
	var sent map[string]any
	for _, into := range []any{&r, &sent} {
		if err := json.Unmarshal(body, into); err != nil {
			return request{}, fmt.Errorf("decoding the request: %w", err)
		}
	}
	if err := m.checkFields("", sent); err != nil {
		return request{}, err
	}
	return r, r.checkLimits()
}

// checkLimits refuses ids that are no UUID, too many ids, and a page size beyond the limits.
func (r request) checkLimits() error {
	for _, ids := range []struct {
		field string
		all   []string
	}{
		{organizationField, only(r.OrganizationID)},
		{"scimConfigurationId", only(r.SCIMConfigurationID)},
		{"ssoConfigurationId", only(r.SSOConfigurationID)},
		{"filter.subjectIds", r.Filter.SubjectIDs},
		{"filter.actorIds", r.Filter.ActorIDs},
		{"filter.userIds", r.Filter.UserIDs},
	} {
		if len(ids.all) > maxIDs {
			return fmt.Errorf("%s: more than %d items: %d", ids.field, maxIDs, len(ids.all))
		}
		for _, id := range ids.all {
			if !uuid.MatchString(id) {
				return fmt.Errorf("%s: %q is not a UUID", ids.field, id)
			}
		}
	}
	if size := r.Pagination.PageSize; size < 0 || size > maxPageSize {
		return fmt.Errorf("pageSize %d is not between 0 and %d", size, maxPageSize)
	}
	return nil
}

var uuid = regexp.MustCompile(`(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// only returns a list of the id; nil if it is empty.
func only(id string) []string {
	if id == "" {
		return nil
	}
	return []string{id}
}

// checkFields returns an error for a field that the request must not have, at any depth.
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

// one returns the response with the row that has the id, under the name of its kind.
func one(kind string, rows []Row, id string) (Row, *Fault) {
	if id == "" {
		return nil, &Fault{Code: "invalid_argument", Message: kind + "Id is required"}
	}
	if i := indexOf(rows, id); i >= 0 {
		return Row{kind: rows[i]}, nil
	}
	return nil, &Fault{Code: "not_found", Message: "there is no " + kind + " " + id}
}

// filtered returns the audit-log entries that match the request's filter, in the requested order.
func (c call) filtered(entries []Row) []Row {
	entries = slices.DeleteFunc(slices.Clone(entries), func(entry Row) bool {
		text, _ := entry["createdAt"].(string)
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			at = c.Filter.From // tests send broken instants
		}
		return !matches(c.Filter.SubjectIDs, entry["subjectId"]) ||
			!matches(c.Filter.SubjectTypes, entry["subjectType"]) ||
			!matches(c.Filter.ActorIDs, entry["actorId"]) ||
			at.Before(c.Filter.From) || !c.Filter.To.IsZero() && !at.Before(c.Filter.To)
	})
	if c.Sort.Order == "SORT_ORDER_ASC" {
		slices.Reverse(entries)
	}
	return entries
}

func matches(wanted []string, value any) bool {
	text, _ := value.(string)
	return len(wanted) == 0 || slices.Contains(wanted, text) || // or an id in upper case
		strings.ToLower(text) != text && slices.Contains(wanted, strings.ToLower(text))
}

// The page sizes of the API, in rows.
const (
	defaultPageSize = 25
	maxPageSize     = 100
)

// pagination is how a request asks for a page.
type pagination struct {
	PageSize int    `json:"pageSize"`
	Token    string `json:"token"`
}

// page returns the requested page of rows. Like the API it omits an empty list, and the pagination
// if all rows fit on one page.
func (c call) page(field string, rows []Row) (Row, *Fault) {
	if cut, ok := c.state.Cut[c.method]; ok {
		rows = rows[:min(cut, len(rows))]
	}
	if c.pageKey != "" {
		rows = slices.SortedFunc(slices.Values(rows), func(a, b Row) int { return cmp.Compare(c.key(a), c.key(b)) })
	}
	start, ok := c.start(rows)
	if !ok {
		return nil, &Fault{Code: "invalid_argument", Message: "the page token is not one of this listing"}
	}
	end := min(start+cmp.Or(c.Pagination.PageSize, defaultPageSize), len(rows))
	answer := maps.Clone(c.state.Beside[c.method])
	if answer == nil {
		answer = Row{}
	}
	if start < end {
		answer[field] = slices.Clone(rows[start:end])
	}
	switch {
	case end < len(rows) && c.pageKey != "":
		answer["pagination"] = Row{"nextToken": c.token(c.key(rows[end-1]))}
	case end < len(rows):
		answer["pagination"] = Row{"nextToken": c.token(strconv.Itoa(end))}
	case start > 0:
		answer["pagination"] = Row{}
	}
	return answer, nil
}

// key is the unique sort key of a row, for page tokens that name a row instead of a position.
func (c call) key(row Row) string { return fmt.Sprint(row[c.pageKey], "\n", idOf(row)) }

// token returns a page token: a hash of method, organization and place, then the place. So a token
// from another method or organization is refused.
func (c call) token(place string) string {
	sum := sha256.Sum256([]byte(c.method + "\n" + c.state.ID + "\n" + place))
	return base64.RawURLEncoding.EncodeToString(append(sum[:9:9], place...))
}

// start returns where the requested page begins; without a token at the first row. It refuses a
// position beyond the end; a token can have one if the list became shorter since.
func (c call) start(rows []Row) (start int, ok bool) {
	token := c.Pagination.Token
	if token == "" {
		return 0, true
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) < 10 || token != c.token(string(raw[9:])) {
		return 0, false
	}
	place := string(raw[9:])
	if c.pageKey != "" {
		start, found := slices.BinarySearchFunc(rows, place, func(row Row, key string) int {
			return cmp.Compare(c.key(row), key)
		})
		if found {
			start++
		}
		return start, true
	}
	start, err = strconv.Atoi(place)
	return start, err == nil && start < len(rows)
}
