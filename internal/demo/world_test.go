package demo_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
)

// world is what the API says of one organization on one night.
type world struct {
	at            time.Time
	scim, sso     []demo.Row
	domains       []demo.Row
	policies, org demo.Row
}

// see reads everything of an organization that its token may read on a night.
func see(t *testing.T, server *demo.Server, name string, night int) world {
	t.Helper()
	server.SetNight(night)
	o := organization(t, server, name)
	own := fmt.Sprintf(`{"organizationId":%q}`, o.ID)
	w := world{at: demo.Night(night)}
	w.org = object(t, post(server, o.Token, ona.GetOrganization, own), 200)["organization"].(demo.Row)
	if answer := post(server, o.Token, ona.GetOrganizationPolicies, own); answer.StatusCode == http.StatusOK {
		w.policies = object(t, answer, 200)["policies"].(demo.Row)
	}
	w.scim = listIfAllowed(t, server, o, ona.ListSCIMConfigurations, "scimConfigurations", "")
	w.sso = listIfAllowed(t, server, o, ona.ListSSOConfigurations, "ssoConfigurations",
		fmt.Sprintf(`"organizationId":%q,`, o.ID))
	w.domains = listIfAllowed(t, server, o, ona.ListDomainVerifications, "domainVerifications",
		fmt.Sprintf(`"organizationId":%q,`, o.ID))
	return w
}

// listIfAllowed reads a listing, and retries a first request that is refused as busy. A listing
// that the token may not read is nil.
func listIfAllowed(t *testing.T, s *demo.Server, o demo.Organization, method, field, extra string) []demo.Row {
	t.Helper()
	first := post(s, o.Token, method, "{"+strings.TrimSuffix(extra, ",")+"}")
	if first.StatusCode == http.StatusForbidden || first.StatusCode == http.StatusNotImplemented {
		return nil
	}
	rows, _ := list(t, s, o.Token, method, field, extra, 25)
	return rows
}

func (w world) rows(subject string) []demo.Row {
	switch subject {
	case "scim":
		return w.scim
	case "sso":
		return w.sso
	case "domain":
		return w.domains
	case "organization":
		return []demo.Row{w.org}
	default:
		return []demo.Row{w.policies}
	}
}

// normal is a row in the one spelling that all spellings of it have in common, as text.
func normal(row demo.Row) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(row)) {
		value := row[name]
		text, _ := value.(string)
		switch {
		case strings.HasSuffix(strings.ToLower(name), "id") && name != "clientId":
			value = strings.ToLower(text)
		case strings.HasSuffix(name, "At"):
			at, err := time.Parse(time.RFC3339, text)
			value = ona.FormatTime(at)
			if err != nil {
				value = text
			}
		case name == "emailDomains" && value != nil:
			value = slices.Sorted(slices.Values(texts(value)))
		}
		if s := fmt.Sprint(value); s != "" && s != "<nil>" && s != "false" && s != "[]" && s != "map[]" {
			fmt.Fprintf(&b, "%s=%s\n", name, s)
		}
	}
	return b.String()
}

func texts(list any) []string {
	var all []string
	for _, item := range list.([]any) {
		all = append(all, item.(string))
	}
	return all
}

// normals is the normal form of rows, sorted.
func normals(rows []demo.Row) []string {
	var all []string
	for _, row := range rows {
		all = append(all, normal(row))
	}
	slices.Sort(all)
	return all
}

// instant reads a field of a row; it is the zero time when the row lacks the field.
func instant(t *testing.T, row demo.Row, field string) time.Time {
	t.Helper()
	text, _ := row[field].(string)
	if text == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatalf("%s of %v: %v", field, row["name"], err)
	}
	return at
}

// find returns the row with an id, nil when there is none.
func find(rows []demo.Row, id string) demo.Row {
	for _, row := range rows {
		if row["id"] == id {
			return row
		}
	}
	return nil
}
