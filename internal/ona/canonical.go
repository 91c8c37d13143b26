package ona

import (
	"bytes"
	"encoding/json"
	"time"
)

// TimeLayout is the one spelling of an API instant: RFC 3339 in UTC with nine digits, so that texts sort as the instants do.
const TimeLayout = "2006-01-02T15:04:05.000000000Z"

// FormatTime writes an instant of the API in TimeLayout; the zero time, which stands for "not reported", is the empty string.
func FormatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	// The standard layout is formatted several times faster than one of our own.
	var b [len(TimeLayout) + len("+292277020000")]byte
	text := t.UTC().AppendFormat(b[:0], time.RFC3339)
	text = append(text[:len(text)-len("Z")], ".000000000Z"...)
	for at, n := len(text)-2, t.Nanosecond(); n > 0; at, n = at-1, n/10 {
		text[at] += byte(n % 10)
	}
	return string(text)
}

// ParseTime reads what FormatTime wrote.
func ParseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return time.Parse(TimeLayout, s)
}

// Canonical is the configuration as canonical JSON: the API's field names, sorted, fields that are not reported left out, instants as
// FormatTime writes them. Two configurations are the same if and only if their canonical JSON is.
func (c SCIMConfiguration) Canonical() string {
	o := newObject(c.Unknown)
	o.text("id", c.ID)
	o.text("organizationId", c.OrganizationID)
	o.text("name", c.Name)
	o.set("enabled", c.Enabled)
	o.text("ssoConfigurationId", c.SSOConfigurationID)
	o.instant("createdAt", c.CreatedAt)
	o.instant("updatedAt", c.UpdatedAt)
	o.instant("tokenExpiresAt", c.TokenExpiresAt)
	if c.AllowUnverifiedEmailAccountLinking != nil {
		o.set("allowUnverifiedEmailAccountLinking", *c.AllowUnverifiedEmailAccountLinking)
	}
	return o.String()
}

// Canonical is the configuration as canonical JSON, see SCIMConfiguration.Canonical.
func (c SSOConfiguration) Canonical() string {
	o := newObject(c.Unknown)
	o.text("id", c.ID)
	o.text("organizationId", c.OrganizationID)
	o.text("displayName", c.DisplayName)
	o.text("issuerUrl", c.IssuerURL)
	o.text("providerType", c.ProviderType)
	o.text("state", c.State)
	o.text("clientId", c.ClientID)
	o.text("emailDomain", c.EmailDomain)
	if len(c.EmailDomains) > 0 {
		o.set("emailDomains", c.EmailDomains)
	}
	if len(c.AdditionalScopes) > 0 {
		o.set("additionalScopes", c.AdditionalScopes)
	}
	if len(c.Claims) > 0 {
		o.set("claims", c.Claims)
	}
	o.text("claimsExpression", c.ClaimsExpression)
	return o.String()
}

// Canonical is the policies as canonical JSON, see SCIMConfiguration.Canonical.
func (p OrganizationPolicies) Canonical() string {
	o := newObject(p.Unknown)
	o.set("restrictAccountCreationToScim", p.RestrictAccountCreationToSCIM)
	return o.String()
}

// CanonicalUnknown is the fields that this version does not know as one canonical JSON object; empty when there are none.
func CanonicalUnknown(unknown map[string]json.RawMessage) string {
	if len(unknown) == 0 {
		return ""
	}
	return newObject(unknown).String()
}

// object is a JSON object under construction. encoding/json writes a map's keys sorted.
type object map[string]any

func newObject(unknown map[string]json.RawMessage) object {
	o := make(object, len(unknown)+12)
	for name, value := range unknown {
		o[name] = value
	}
	return o
}

func (o object) set(name string, value any) { o[name] = value }

func (o object) text(name, value string) {
	if value != "" {
		o[name] = value
	}
}

func (o object) instant(name string, t time.Time) { o.text(name, FormatTime(t)) }

func (o object) String() string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(map[string]any(o)); err != nil {
		// Only a RawMessage that is no JSON can do this, and package fetch makes none.
		panic("ona: canonical JSON: " + err.Error())
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}
