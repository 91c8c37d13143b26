package diff

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"scim-auditor/internal/ona"
)

// texts is an API object as the texts that a change holds, by field.
type texts map[string]string

// policies stands beside the types of subject: changes of policies are reported as changes of the
// organization but have field names of their own.
const policies SubjectType = "policies"

// stateOf is an inventory as the texts of everything that a diff can speak about.
func stateOf(in ona.Inventory) map[Subject]texts {
	state := make(map[Subject]texts)
	for i := range in.SCIM {
		c := &in.SCIM[i]
		state[Subject{SCIMConfiguration, c.ID}] = textsOf(c.Canonical())
	}
	for _, c := range in.SSO {
		state[Subject{SSOConfiguration, c.ID}] = textsOf(c.Canonical())
	}
	for _, m := range in.Members {
		state[Subject{Member, m.UserID}] = textsOf(m.Canonical())
	}
	if in.Policies != nil {
		state[Subject{policies, "org"}] = textsOf(in.Policies.Canonical())
	}
	organization := texts{"name": in.Organization.Name, "tier": in.Organization.Tier,
		"createdAt": ona.FormatTime(in.Organization.CreatedAt)}
	for name, value := range in.Organization.Unknown {
		organization[name] = string(value)
	}
	for _, domain := range in.Organization.InviteDomains {
		organization[inviteField+domain] = domain
	}
	maps.DeleteFunc(organization, func(_, text string) bool { return text == "" })
	state[Subject{Organization, "org"}] = organization
	return state
}

// inviteField begins the name of a field for each invite domain, because each is a change of its
// own.
const inviteField = "inviteDomains "

// unquoted are the fields whose plain text is not their JSON.
var unquoted = []string{
	"id", "organizationId", "name", "ssoConfigurationId", "createdAt", "updatedAt", "tokenExpiresAt",
	"displayName", "issuerUrl", "providerType", "state", "clientId", "emailDomain", "claimsExpression",
	"userId", "role", "status", "loginProvider", "memberSince", "fullName", "email",
}

func textsOf(canonical string) texts {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(canonical), &fields); err != nil {
		panic(err)
	}
	out := make(texts)
	if fields["enabled"] != nil { // a SCIM configuration
		out[unverifiedField] = "false" // what the API leaves out
	}
	for name, value := range fields {
		out[name] = string(value)
		if slices.Contains(unquoted, name) {
			var text string
			if err := json.Unmarshal(value, &text); err != nil {
				panic(err)
			}
			out[name] = text
		}
	}
	return out
}

// apply makes the changes to the state. A change whose Before is not what the state holds is an
// error.
func apply(state map[Subject]texts, changes []Change) error {
	for _, c := range changes {
		if _, _, ok := summarised(c); ok {
			continue
		}
		subject := Subject{c.SubjectType, c.SubjectID}
		if strings.Contains(c.Note, "organization policy") {
			subject.Type = policies
		}
		if err := applyOne(state, subject, c); err != nil {
			return fmt.Errorf("%s of %v: %w", c.Kind, subject, err)
		}
	}
	return nil
}

func applyOne(state map[Subject]texts, subject Subject, c Change) error {
	held, exists := state[subject]
	whole := subject.Type != Member || c.Field == ""
	switch {
	case !exists && subject.Type == Member && c.Before == "" && c.Field == StatusField:
		return nil // a member who has access to nothing, see withoutUnreported
	case whole && slices.Contains([]Kind{Added, Reappeared, Joined, Reinstated}, c.Kind):
		if exists {
			return fmt.Errorf("is there already")
		}
		state[subject] = textsOf(c.After)
		return nil
	case whole && (c.Kind == Removed || c.Kind == Left):
		if !exists || !maps.Equal(held, textsOf(c.Before)) {
			return fmt.Errorf("holds %v, not %s", held, c.Before)
		}
		delete(state, subject)
		return nil
	}
	if c.Field == "inviteDomains" {
		c.Field = inviteField + c.Before + c.After
	}
	if !exists || held[c.Field] != c.Before {
		return fmt.Errorf("%s holds %s, not %s", c.Field, strconv.Quote(held[c.Field]), strconv.Quote(c.Before))
	}
	held[c.Field] = c.After
	if c.After == "" {
		delete(held, c.Field)
	}
	return nil
}

// summarised says for which field of which type of configuration a change of the organization
// stands.
func summarised(c Change) (t SubjectType, field string, ok bool) {
	if c.Kind != FieldFirstReported && !strings.HasPrefix(c.Note, "no longer reported by any") {
		return "", "", false
	}
	if strings.Contains(c.Note, " members") {
		return Member, c.Field, true
	}
	if strings.Contains(c.Note, "SSO configurations") {
		return SSOConfiguration, c.Field, true
	}
	return SCIMConfiguration, c.Field, true
}

// withoutUnreported takes out of a state what the changes do not report field by field: summarised
// fields, updatedAt beside other changes, the picture of a member, members who are suspended or have
// left in the only inventory that lists them, and what one of the two inventories could not read.
func withoutUnreported(state map[Subject]texts, before, after ona.Inventory, changes []Change) {
	kept := func(s Subject) bool { return stateOf(before)[s] != nil && stateOf(after)[s] != nil }
	for subject, held := range state {
		var rows, updatedAt int
		for _, c := range changes {
			if t, field, ok := summarised(c); ok && t == subject.Type && kept(subject) {
				delete(held, field)
			}
			if c.SubjectType == subject.Type && c.SubjectID == subject.ID {
				rows++
				if c.Field == "updatedAt" {
					updatedAt++
				}
			}
		}
		if subject.Type == SCIMConfiguration && kept(subject) && rows > 0 && updatedAt == 0 {
			delete(held, "updatedAt")
		}
		if subject.Type == Member {
			delete(held, "avatarUrl")
		}
	}
	maps.DeleteFunc(state, func(s Subject, _ texts) bool {
		noSSO := before.SSONotAssessed != "" || after.SSONotAssessed != ""
		noPolicies := before.Policies == nil || after.Policies == nil
		noMembers := before.MembersNotAssessed != "" || after.MembersNotAssessed != ""
		withoutAccess := func(in ona.Inventory) bool {
			status := stateOf(in)[s][StatusField]
			return status == ona.UserStatusSuspended || status == ona.UserStatusLeft
		}
		oneSided := s.Type == Member && !kept(s) && (withoutAccess(before) || withoutAccess(after))
		return s.Type == SSOConfiguration && noSSO || s.Type == policies && noPolicies ||
			s.Type == Member && noMembers || oneSided
	})
}
