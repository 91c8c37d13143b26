package ona

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

var (
	// address finds what may be an e-mail address in a text, also in a URL.
	address = regexp.MustCompile(`([^\s"'<>()\[\]{},;:=|\\/]+)(?:@|%40)([\pL\pN](?:[\pL\pN.-]*[\pL\pN])?)`)
	// literal finds the strings in JSON. A page token is found with its name: it must be sent as it is.
	literal   = regexp.MustCompile(`(?s)"(?:nextToken|next_token)"\s*:\s*"(?:[^"\\]|\\.)*"|"(?:[^"\\]|\\.)*"`)
	pageToken = regexp.MustCompile(`^"(?:nextToken|next_token)"\s*:`)
	// mayHave finds what JSON with an address has, whether it is escaped or not.
	mayHave = regexp.MustCompile(`@|%40|\\u0040|\\u0025`)
)

// Answer returns a response of the API with what Email returns in place of each e-mail address.
// Page tokens stay as they are. Nil returns the response as it is.
func (r *Redaction) Answer(body []byte) []byte {
	if r == nil {
		return body
	}
	body = replaceIn(body, r.addresses)
	if !json.Valid(body) {
		body = []byte(r.addresses(string(body)))
	}
	return body
}

func (r *Redaction) addresses(text string) string {
	return address.ReplaceAllStringFunc(text, func(found string) string {
		return r.Email(strings.Replace(found, "%40", "@", 1))
	})
}

// replaceIn replaces texts in the strings of JSON.
func replaceIn(body []byte, replace func(string) string) []byte {
	if !mayHave.Match(body) {
		return body
	}
	return literal.ReplaceAllFunc(body, func(quoted []byte) []byte {
		if !mayHave.Match(quoted) || pageToken.Match(quoted) {
			return quoted
		}
		var text string
		if !utf8.Valid(quoted) || json.Unmarshal(quoted, &text) != nil {
			return []byte(replace(string(quoted))) // it stays JSON that nobody accepts
		}
		if replaced := replace(text); replaced != text {
			return []byte(JSON(replaced))
		}
		return quoted
	})
}

// WithoutAddresses returns an inventory whose texts show only the domains of e-mail addresses and of
// their hashes, so that inventories compare in which these are stored in different forms. Members
// and their tokens stay as they are.
func (v Inventory) WithoutAddresses() Inventory {
	v.SCIM, v.SSO = slices.Clone(v.SCIM), slices.Clone(v.SSO)
	for i := range v.SCIM {
		mask(scimFields, &v.SCIM[i], &v.SCIM[i].Unknown)
	}
	for i := range v.SSO {
		mask(ssoFields, &v.SSO[i], &v.SSO[i].Unknown)
	}
	mask(nil, nil, &v.Organization.Unknown)
	v.Organization.Name = onlyDomains(v.Organization.Name)
	if v.Policies != nil {
		policies := *v.Policies
		mask(policyFields, &policies, &policies.Unknown)
		v.Policies = &policies
	}
	return v
}

func onlyDomains(text string) string {
	return address.ReplaceAllStringFunc(text, func(found string) string {
		return "[address]@" + strings.ToLower(address.FindStringSubmatch(found)[2])
	})
}

// mask replaces the addresses in the fields of an object, and in its unknown fields.
func mask(fields []Field, object any, unknown *Unknown) {
	for _, f := range fields {
		switch p := f.Pointer(object).(type) {
		case *string:
			*p = onlyDomains(*p)
		case *[]string:
			*p = slices.Clone(*p)
			for i := range *p {
				(*p)[i] = onlyDomains((*p)[i])
			}
		case *map[string]string:
			var masked map[string]string
			for name, text := range *p {
				if masked == nil {
					masked = make(map[string]string)
				}
				masked[onlyDomains(name)] = onlyDomains(text)
			}
			*p = masked
		}
	}
	var masked Unknown
	for name, value := range *unknown {
		if masked == nil {
			masked = make(Unknown)
		}
		masked[onlyDomains(name)] = replaceIn(value, onlyDomains)
	}
	*unknown = masked
}
