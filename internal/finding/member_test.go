package finding_test

import (
	"strings"
	"testing"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
)

// member is active, signs in through the SSO configurations of the organization and has an address in
// a.example.
func member(id string) ona.OrganizationMember {
	return ona.OrganizationMember{
		UserID: id, FullName: "Ada", Email: "Ada@A.example", Role: ona.OrganizationRoleMember,
		Status: ona.UserStatusActive, LoginProvider: ona.LoginProviderCustom,
	}
}

// people adds a member for each way in which one differs from member.
func people(changes ...func(*ona.OrganizationMember)) func(*finding.Input) {
	return func(in *finding.Input) {
		for _, change := range changes {
			m := member("u-" + string(rune('1'+len(in.Inventory.Members))))
			change(&m)
			in.Inventory.Members = append(in.Inventory.Members, m)
		}
	}
}

func plain(*ona.OrganizationMember) {}

func login(provider string) func(*ona.OrganizationMember) {
	return func(m *ona.OrganizationMember) { m.LoginProvider = provider }
}

func admin(m *ona.OrganizationMember) {
	m.Role, m.LoginProvider = ona.OrganizationRoleAdmin, ona.LoginProviderGitHub
}

func withStatus(status string) func(*ona.OrganizationMember) {
	return func(m *ona.OrganizationMember) { m.Status = status }
}

func at(address string) func(*ona.OrganizationMember) {
	return func(m *ona.OrganizationMember) { m.Email = address }
}

func hideMembers(in *finding.Input) {
	in.Inventory.Members, in.Inventory.MembersNotAssessed = nil, "permission denied"
}

func hideTokens(in *finding.Input) { in.Inventory.MemberTokensNotAssessed = "permission denied" }

func builtin(in *finding.Input) { in.Inventory.SSO[0].ProviderType = ona.ProviderTypeBuiltin }

func scimToken(expires time.Time) func(*finding.Input) {
	return func(in *finding.Input) { in.Inventory.SCIM[0].TokenExpiresAt = expires }
}

// holds adds a personal access token of a member.
func holds(user string, expires time.Time) func(*finding.Input) {
	return func(in *finding.Input) {
		in.Inventory.MemberTokens = append(in.Inventory.MemberTokens,
			ona.PersonalAccessToken{ID: "token-1", UserID: user, Description: `deploy "x"`, ExpiresAt: expires})
	}
}

func leavers(users ...string) func(*finding.Input) {
	return func(in *finding.Input) { in.Leavers = &finding.Leavers{Entries: 5, Unmatched: 4, Members: users} }
}

func all(changes ...func(*finding.Input)) func(*finding.Input) {
	return func(in *finding.Input) {
		for _, change := range changes {
			change(in)
		}
	}
}

var (
	suspended = withStatus(ona.UserStatusSuspended)
	left      = withStatus(ona.UserStatusLeft)
	unstated  = withStatus(ona.UserStatusUnspecified)
)

var memberCases = []ruleCase{
	{"MEM-001", "governed", all(serves("a.example"), people(plain)), []string{"pass org-1"}, "Active members: 1 of 1."},
	{"MEM-001", "governed by one of several domains, in another case", all(serves("", "b.example", "A.Example"),
		people(plain)),
		[]string{"pass org-1"}, ""},
	{"MEM-001", "nobody", people(), []string{"pass org-1"}, "0 of 0"},
	{"MEM-001", "neither suspended nor left ones are judged", people(suspended, left), []string{"pass org-1"},
		"Active members: 0 of 2"},
	{"MEM-001", "github", people(login("github")), []string{"fail medium u-1"},
		"Ada@A.example is active, and the identity provider could not"},
	{"MEM-001", "an admin", people(admin), []string{"fail high u-1"}, "The admin Ada@A.example"},
	{"MEM-001", "google, no built-in sign-in linked", people(login("google")), []string{"fail medium u-1"},
		"no enabled SCIM configuration is linked to a built-in sign-in"},
	{"MEM-001", "google, a built-in sign-in linked", all(builtin, people(login("google"))), []string{"not_assessed u-1"},
		"Okta (scim-1) is linked to a built-in sign-in"},
	{"MEM-001", "google, a built-in sign-in linked by a disabled configuration",
		all(builtin, disable, people(login("google"))),
		[]string{"fail medium u-1"}, ""},
	{"MEM-001", "google, SSO unreadable", all(people(login("google")), hideSSO), []string{"not_assessed u-1"},
		"whether SCIM configuration Okta (scim-1) is linked to a built-in sign-in is not known"},
	{"MEM-001", "google, SSO unreadable, no link", all(people(login("google")), hideSSO, link("")),
		[]string{"fail medium u-1"}, ""},
	{"MEM-001", "the domain's sign-in has no SCIM configuration", all(serves("a.example"), link(""), people(plain)),
		[]string{"fail medium u-1"}, "the domain a.example belongs to SSO configuration Okta sign-in (sso-1), to which no enabled"},
	{"MEM-001", "the domain's sign-in has a disabled SCIM configuration", all(serves("a.example"), disable, people(plain)),
		[]string{"fail medium u-1"}, ""},
	{"MEM-001", "the token expired at the snapshot", all(serves("a.example"), scimToken(takenAt), people(plain)),
		[]string{"not_assessed u-1"}, "the token of SCIM configuration Okta (scim-1) expired at 2026-11-23 02:00:00 UTC"},
	{"MEM-001", "the token's expiry is not reported", all(serves("a.example"), scimToken(time.Time{}), people(plain)),
		[]string{"not_assessed u-1"}, "did not report when the token"},
	{"MEM-001", "the token of one of two is valid", func(in *finding.Input) {
		all(serves("a.example"), scimToken(after(-day)), people(plain))(in)
		addSCIM(in, scim("scim-2", "Entra", "sso-1"))
	}, []string{"pass org-1"}, ""},
	{"MEM-001", "no sign-in has the domain", people(plain), []string{"not_assessed u-1"},
		"no active SSO configuration has the domain a.example"},
	{"MEM-001", "the domain's sign-in is inactive", all(serves("a.example"), state(ona.SSOStateInactive), people(plain)),
		[]string{"not_assessed u-1"}, "no active SSO configuration"},
	{"MEM-001", "the state of the domain's sign-in is not known", all(serves("a.example"), state(""), people(plain)),
		[]string{"not_assessed u-1"}, "did not report the state of SSO configuration Okta sign-in (sso-1)"},
	{"MEM-001", "two sign-ins have the domain", func(in *finding.Input) {
		all(serves("a.example"), people(plain))(in)
		second := sso("sso-2", "Entra sign-in")
		second.EmailDomain = "a.example"
		addSSO(in, second)
	}, []string{"not_assessed u-1"}, "2 SSO configurations that are active or may be have the domain a.example"},
	{"MEM-001", "SSO unreadable", all(people(plain), hideSSO), []string{"not_assessed u-1"}, "could not be read"},
	{"MEM-001", "no address", people(at("")), []string{"not_assessed u-1"},
		"could remove u-1 cannot be told: the API did not report an e-mail"},
	{"MEM-001", "no login provider", people(login("")), []string{"not_assessed u-1"}, "did not report how"},
	{"MEM-001", "a login provider of a newer server", people(login("gitlab")), []string{"not_assessed u-1"},
		"gitlab, which this version does not know"},
	{"MEM-001", "no status", people(unstated), []string{"not_assessed u-1"}, "whether the member is active is not known"},
	{"MEM-001", "members unreadable", hideMembers, []string{"not_assessed org-1"}, "permission denied"},
	{"MEM-001", "each member for itself", all(serves("a.example"), people(plain, login("github"), admin, login("gitlab"))),
		[]string{"fail medium u-2", "fail high u-3", "not_assessed u-4"}, ""},

	{"MEM-002", "an active member", all(people(plain), holds("u-1", after(day))), []string{"pass org-1"},
		"or have left: 0 of 1; personal access tokens listed: 1"},
	{"MEM-002", "suspended", all(people(suspended), holds("u-1", after(day))), []string{"fail high u-1"},
		`is suspended, and has personal access tokens that have not expired: "deploy \"x\"" until 2026-11-24 02:00:00 UTC`},
	{"MEM-002", "left", all(people(left), holds("u-1", after(day))), []string{"fail high u-1"}, "has left"},
	{"MEM-002", "left, expired at the snapshot", all(people(left), holds("u-1", takenAt)), []string{"pass org-1"}, ""},
	{"MEM-002", "left, expiry not reported", all(people(left), holds("u-1", time.Time{})), []string{"not_assessed u-1"},
		"did not report when"},
	{"MEM-002", "no status", all(people(unstated), holds("u-1", after(day))), []string{"not_assessed u-1"},
		"is not known"},
	{"MEM-002", "tokens unreadable", all(people(left), hideTokens), []string{"not_assessed org-1"},
		"personal access tokens of the members could not be read"},
	{"MEM-002", "members unreadable", hideMembers, []string{"not_assessed org-1"}, "permission denied"},

	{"MEM-003", "on the list", all(people(plain), leavers("u-1")), []string{"fail critical u-1"},
		"Ada@A.example is on the list of leavers and is active. Personal access tokens that have not expired: none."},
	{"MEM-003", "on the list, with a token", all(people(plain), holds("u-1", after(day)), leavers("u-1")),
		[]string{"fail critical u-1"}, "deploy"},
	{"MEM-003", "on the list, tokens unreadable", all(people(plain), hideTokens, leavers("u-1")),
		[]string{"fail critical u-1"}, "not assessed, permission denied"},
	{"MEM-003", "not on the list", all(people(plain), leavers()), []string{"pass org-1"},
		"list of leavers: 5; of these no member has 4"},
	{"MEM-003", "suspended", all(people(suspended), leavers("u-1")), []string{"pass org-1"}, ""},
	{"MEM-003", "no status", all(people(unstated), leavers("u-1")), []string{"not_assessed u-1"}, "is not known"},
	{"MEM-003", "no address", all(people(at("")), leavers()), []string{"not_assessed u-1"},
		"did not report an e-mail address"},
	{"MEM-003", "no list", func(in *finding.Input) { in.Leavers = nil }, []string{"not_assessed org-1"},
		"no list of leavers"},
	{"MEM-003", "members unreadable", hideMembers, []string{"not_assessed org-1"}, "permission denied"},
}

func TestRulesAboutMembersHaveNoFindingUnlessTheSettingsAskForMembers(t *testing.T) {
	in := inOrder()
	in.Inventory.MembersNotAssessed = ona.MembersNotRequested
	for _, f := range finding.Evaluate(in, finding.DefaultThresholds()) {
		if strings.HasPrefix(f.RuleID, "MEM-") {
			t.Errorf("%s: %s", f.RuleID, f.Observed)
		}
	}
}

// An entry about a user names who changed a member. Users do other things too, so an entry needs no
// change, and for which changes the API writes an entry is not documented.
func TestEntriesAboutUsersExplainChangesOfMembersAndNeedNone(t *testing.T) {
	in := inOrder()
	in.AuditLog.Compared[diff.Member] = after(-day)
	in.AuditLog.Entries = []ona.AuditLogEntry{
		entryOf(ona.ResourceTypeUser, after(-time.Hour), "u-1", "suspended"),
		entryOf(ona.ResourceTypeUser, after(-time.Hour), "u-2", "signed in"),
		entryOf(ona.ResourceTypeRoleAssignment, after(-time.Hour), "u-1", "assigned"),
		entryOf(ona.ResourceTypeUser, after(-2*day), "u-1", "earlier"),
	}
	in.Changes = append(in.Changes, roleRaised("u-1"), roleRaised("u-3"))
	candidates := in.AuditLog.Candidates(in.Changes, 0)
	if len(candidates[0]) != 2 || len(candidates[1]) != 0 {
		t.Errorf("candidates: %v", candidates)
	}
	for _, rule := range []string{"SCIM-018", "SCIM-023"} {
		if got := short(ofRule(finding.Evaluate(in, finding.DefaultThresholds()), rule)[0]); got != "pass org-1" {
			t.Errorf("%s: %s", rule, got)
		}
	}
}

func roleRaised(user string) diff.Change {
	return diff.Change{Kind: diff.RoleRaised, SubjectType: diff.Member, SubjectID: user, Field: "role"}
}
