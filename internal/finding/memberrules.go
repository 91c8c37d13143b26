package finding

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
)

func memberSubject(m *ona.OrganizationMember) subject {
	return subject{diff.Member, m.UserID, diff.MemberName(*m)}
}

// notGoverned judges each member who has access.
func notGoverned(e *evaluation) (rows []row) {
	governor := NewGovernor(&e.Inventory, e.TakenAt)
	for i := range e.Inventory.Members {
		m := &e.Inventory.Members[i]
		if !HasAccess(*m) {
			continue
		}
		switch g := governor.Of(*m); {
		case g.Class == CannotBeTold:
			rows = append(rows, notAssessed("Whether the identity provider could remove %s cannot be told: %s.",
				addressed(m), g.Reason).of(memberSubject(m)))
		case g.Class == NotGoverned && m.Role == ona.OrganizationRoleAdmin:
			rows = append(rows, fail("The admin %s is active, and the identity provider could not remove the account: %s.",
				addressed(m), g.Reason).as(diff.High).of(memberSubject(m)))
		case g.Class == NotGoverned:
			rows = append(rows, fail("The member %s is active, and the identity provider could not remove the account: %s.",
				addressed(m), g.Reason).of(memberSubject(m)))
		}
	}
	return rows
}

// addressed returns the e-mail address of a member, or else the id.
func addressed(m *ona.OrganizationMember) string { return beginning(cmp.Or(m.Email, m.UserID)) }

// tokensLeft judges each member who is suspended or has left, or whose status is not known.
func tokensLeft(e *evaluation) (rows []row) {
	tokens := e.tokensByMember()
	for i := range e.Inventory.Members {
		m := &e.Inventory.Members[i]
		valid, unknown := e.unexpired(tokens[m.UserID])
		switch {
		case m.Status == ona.UserStatusActive:
		case len(valid) > 0 && !HasAccess(*m):
			rows = append(rows, fail("The member %s %s, and has personal access tokens that have not expired: %s. Whether "+
				"they still work cannot be told.", addressed(m), statusWords[m.Status], enumerate(valid)).of(memberSubject(m)))
		case len(valid) > 0:
			rows = append(rows, notAssessed("Whether the member %s is active is not known (status %s); personal access tokens "+
				"that have not expired: %s.", addressed(m), beginning(m.Status), enumerate(valid)).of(memberSubject(m)))
		case len(unknown) > 0:
			rows = append(rows, notAssessed("The API did not report when personal access tokens of the member %s expire: %s.",
				addressed(m), enumerate(unknown)).of(memberSubject(m)))
		}
	}
	return rows
}

var statusWords = map[string]string{ona.UserStatusSuspended: "is suspended", ona.UserStatusLeft: "has left"}

// stillActive judges each member on the list of leavers who has access, and each who has no address
// to compare.
func stillActive(e *evaluation) (rows []row) {
	tokens := e.tokensByMember()
	for i := range e.Inventory.Members {
		m := &e.Inventory.Members[i]
		_, listed := slices.BinarySearch(e.Leavers.Members, m.UserID)
		switch {
		case !HasAccess(*m):
		case listed && m.Status == ona.UserStatusActive:
			rows = append(rows, fail("The member %s is on the list of leavers and is active. Personal access tokens that "+
				"have not expired: %s.", addressed(m), e.tokenText(tokens[m.UserID])).of(memberSubject(m)))
		case listed:
			rows = append(rows, notAssessed("The member %s is on the list of leavers, and whether it is active is not known "+
				"(status %s).", addressed(m), beginning(m.Status)).of(memberSubject(m)))
		case m.Email == "":
			rows = append(rows, notAssessed("The API did not report an e-mail address that could be compared with the list "+
				"of leavers.").of(memberSubject(m)))
		}
	}
	return rows
}

func (e *evaluation) tokensByMember() map[string][]*ona.PersonalAccessToken {
	tokens := make(map[string][]*ona.PersonalAccessToken)
	for i := range e.Inventory.MemberTokens {
		t := &e.Inventory.MemberTokens[i]
		tokens[t.UserID] = append(tokens[t.UserID], t)
	}
	return tokens
}

// unexpired describes the tokens that have not expired, and those whose expiry is not known.
func (e *evaluation) unexpired(tokens []*ona.PersonalAccessToken) (valid, unknown []string) {
	for _, t := range tokens {
		name := t.ID
		if t.Description != "" {
			name = diff.Quoted(beginning(t.Description))
		}
		switch {
		case t.ExpiresAt.IsZero():
			unknown = append(unknown, name)
		case t.ExpiresAt.After(e.TakenAt):
			valid = append(valid, fmt.Sprintf("%s until %s", name, utc(t.ExpiresAt)))
		}
	}
	return valid, unknown
}

// tokenText says which tokens of a member have not expired.
func (e *evaluation) tokenText(tokens []*ona.PersonalAccessToken) string {
	if why := e.Inventory.MemberTokensNotAssessed; why != "" {
		return "not assessed, " + strings.TrimSuffix(why, ".")
	}
	valid, unknown := e.unexpired(tokens)
	text := cmp.Or(enumerate(valid), "none")
	if len(unknown) > 0 {
		text += "; of unknown expiry: " + enumerate(unknown)
	}
	return text
}
