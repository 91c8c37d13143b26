package finding

import (
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/ona"
)

// LeaverList is a list of e-mail addresses of people who have left, from human resources or the
// identity provider.
type LeaverList struct {
	// SHA256 is that of the file, in hex; DatedAt is when it was last written, UTC, whole seconds.
	SHA256    string
	DatedAt   time.Time
	addresses map[string]bool
}

// NewLeaverList returns a list. Addresses that differ only in letter case or surrounding spaces are
// one entry.
func NewLeaverList(sha256 string, datedAt time.Time, addresses []string) *LeaverList {
	l := &LeaverList{SHA256: sha256, DatedAt: datedAt.UTC().Truncate(time.Second), addresses: make(map[string]bool)}
	for _, address := range addresses {
		l.addresses[comparedForm(address)] = true
	}
	return l
}

// Redacted returns the list as it compares with members whose addresses are stored as salted
// hashes; the list itself if by is nil.
func (l *LeaverList) Redacted(by *ona.Redaction) *LeaverList {
	if l == nil || by == nil {
		return l
	}
	redacted := &LeaverList{SHA256: l.SHA256, DatedAt: l.DatedAt, addresses: make(map[string]bool, len(l.addresses))}
	for address := range l.addresses {
		redacted.addresses[by.Email(address)] = true
	}
	return redacted
}

// comparedForm returns what of an address is compared.
func comparedForm(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

// Leavers is what a list of leavers says about one organization. Nothing about an address is
// guessed: plus-addresses and aliases do not match.
type Leavers struct {
	SHA256  string    `json:"sha256"`
	DatedAt time.Time `json:"dated_at"`
	// Entries is the number of different addresses on the list, Unmatched how many of them no
	// member of the organization has, whatever its status.
	Entries   int `json:"entries"`
	Unmatched int `json:"unmatched"`
	// Members has the user ids of the members on the list who have access, sorted.
	Members []string `json:"members,omitempty"`
}

// Match compares the list with the members of an inventory. It returns nil without a list, and if
// the members were not read.
func (l *LeaverList) Match(inventory *ona.Inventory) *Leavers {
	if l == nil || inventory.MembersNotAssessed != "" {
		return nil
	}
	found := &Leavers{SHA256: l.SHA256, DatedAt: l.DatedAt, Entries: len(l.addresses)}
	matched := make(map[string]bool)
	for _, m := range inventory.Members {
		address := comparedForm(m.Email)
		if !l.addresses[address] {
			continue
		}
		matched[address] = true
		if HasAccess(m) {
			found.Members = append(found.Members, m.UserID)
		}
	}
	slices.Sort(found.Members)
	found.Unmatched = found.Entries - len(matched)
	return found
}
