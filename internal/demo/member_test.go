package demo_test

import (
	"fmt"
	"strings"
	"testing"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
)

// members are those that an organization's token may list on a night, by their id.
func members(t *testing.T, server *demo.Server, name string, night int) map[string]demo.Row {
	t.Helper()
	server.SetNight(night)
	o := organization(t, server, name)
	rows := listIfAllowed(t, server, o, ona.ListMembers, "members", fmt.Sprintf(`"organizationId":%q,`, o.ID))
	all := make(map[string]demo.Row)
	for _, row := range rows {
		all[strings.ToLower(row["userId"].(string))] = row
	}
	return all
}

func TestMembersJoinLeaveAndChange(t *testing.T) {
	server := demo.NewServer()
	for _, want := range []struct {
		kind, organization, key string
		night                   int // the first with the change
		field                   string
		before, after           any
	}{
		{"joined", "acme", "jonas", 4, "status", nil, ona.UserStatusActive},
		{"left", "globex", "lena", 5, "status", ona.UserStatusActive, ona.UserStatusLeft},
		{"suspended", "acme", "priya", 2, "status", ona.UserStatusActive, ona.UserStatusSuspended},
		{"reinstated", "acme", "priya", 4, "status", ona.UserStatusSuspended, ona.UserStatusActive},
		{"role_raised", "acme", "tomas", 2, "role", ona.OrganizationRoleMember, ona.OrganizationRoleAdmin},
		{"role_lowered", "acme", "tomas", 5, "role", ona.OrganizationRoleAdmin, ona.OrganizationRoleMember},
		{"login_changed", "globex", "frank", 3, "loginProvider", "github", "custom"},
		{"email_changed", "acme", "sofia", 4, "email", "sofia.rossi@acme.example", "sofia.bianchi@acme.example"},
		{"field_changed", "acme", "sofia", 4, "fullName", "Sofia Rossi", "Sofia Bianchi"},
	} {
		id := demo.ID(want.organization, "user", want.key)
		before := members(t, server, want.organization, want.night-1)[id]
		after := members(t, server, want.organization, want.night)[id]
		if before[want.field] != want.before || after[want.field] != want.after {
			t.Errorf("%s: %v, then %v; want %v, %v", want.kind, before[want.field], after[want.field], want.before, want.after)
		}
	}
}

func TestMembersAreSelectedAndCounted(t *testing.T) {
	server := demo.NewServer()
	o := organization(t, server, "globex")
	ask := func(more string) demo.Row {
		return object(t, post(server, o.Token, ona.ListMembers, fmt.Sprintf(`{"organizationId":%q%s}`, o.ID, more)), 200)
	}
	left := ask(`,"filter":{"statuses":["USER_STATUS_LEFT"]},"count":{"include":true}`)
	if rows := left["members"].([]any); len(rows) != 1 || left["count"].(demo.Row)["value"] != "1" ||
		rows[0].(demo.Row)["userId"] != demo.ID("globex", "user", "edith") {
		t.Errorf("%v", left)
	}
	if all := ask(``); len(all["members"].([]any)) != 5 || all["count"] != nil {
		t.Errorf("%v", all)
	}
}
