package ona

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"unicode"
)

// Redaction replaces what says who a member is by salted hashes. Nil replaces nothing.
type Redaction struct{ salt []byte }

// NewRedaction returns a redaction with a secret salt. The same salt gives the same hashes, so that
// redacted members can be compared from night to night.
func NewRedaction(salt []byte) *Redaction { return &Redaction{salt} }

// redactedBytes is how much of a hash is kept: enough that no two members have the same.
const redactedBytes = 16

// hash returns 32 hexadecimal digits for a text. Without the salt nobody can try out which text it
// belongs to.
func (r *Redaction) hash(use, text string) string {
	h := hmac.New(sha256.New, r.salt)
	h.Write([]byte(use + "\n" + text))
	return hex.EncodeToString(h.Sum(nil)[:redactedBytes])
}

// Text returns what is stored of any other text that may say who a member is: a hash.
func (r *Redaction) Text(text string) string { return r.hash("text", text) }

// Email returns what is stored of an e-mail address: a hash of the whole address without
// surrounding spaces and in lower case, then its domain, as in "0f…9c@acme.example". What follows
// the last @ and does not have the characters of a domain is left out. Nil returns the address as
// it is; an empty address stays empty.
func (r *Redaction) Email(address string) string {
	if r == nil || address == "" {
		return address
	}
	address = strings.ToLower(strings.TrimSpace(address))
	hashed := r.hash("email", address)
	at := strings.LastIndexByte(address, '@')
	if domain := address[at+1:]; at >= 0 && !strings.ContainsFunc(domain, notInDomain) {
		hashed += "@" + domain
	}
	return hashed
}

// notInDomain reports whether a character is in no domain, but in a text such as a name in
// parentheses.
func notInDomain(r rune) bool {
	return r != '.' && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

// Member returns what is stored of a member: no name and no picture, hashes of its address and of
// its unknown fields, and no JSON as received.
func (r *Redaction) Member(m OrganizationMember) OrganizationMember {
	if r == nil {
		return m
	}
	m.FullName, m.AvatarURL, m.Email = "", "", r.Email(m.Email)
	m.Unknown = r.Fields(m.Unknown)
	m.Raw = json.RawMessage(m.Canonical())
	return m
}

// Token returns what is stored of a member's token: no description, which may contain a name, and
// no JSON as received.
func (r *Redaction) Token(t PersonalAccessToken) PersonalAccessToken {
	if r == nil {
		return t
	}
	t.Description, t.Unknown = "", r.Fields(t.Unknown)
	t.Raw = json.RawMessage(t.Canonical())
	return t
}

// Fields returns what is stored of unknown fields: hashes of their values, so that a change is
// still seen.
func (r *Redaction) Fields(unknown Unknown) Unknown {
	if unknown == nil {
		return nil
	}
	hashed := make(Unknown, len(unknown))
	for name, value := range unknown {
		hashed[name] = json.RawMessage(JSON(r.hash(name, string(value))))
	}
	return hashed
}

// SaltID identifies the salt without revealing it; empty for nil.
func (r *Redaction) SaltID() string {
	if r == nil {
		return ""
	}
	return r.hash("salt", "")
}
