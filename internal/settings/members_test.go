package settings

import (
	"log/slog"
	"strings"
	"testing"
)

func TestMembersAreCollectedWhereTheSettingsSaySo(t *testing.T) {
	for config, want := range map[string]string{
		"":                "false",
		"members: true\n": "true",
		"members: true\norganizations: [{name: a, token_env: T}, {name: b, token_env: T, members: false}]\n": "true false",
		"organizations: [{name: a, token_env: T}, {name: b, token_env: T, members: true}]\n":                 "false true",
	} {
		s, err := load(t, config, map[string]string{"ONA_TOKEN": "a-token-of-a-test", "T": "a-token-of-a-test"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		sources, err := s.Sources(slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, source := range sources {
			got = append(got, map[bool]string{true: "true", false: "false"}[source.Fetch.Members])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: members %q, want %q", config, got, want)
		}
	}
	s, err := load(t, "", map[string]string{"AUDITOR_MEMBERS": "true"}, map[string]string{"members-redact": "true"})
	if err != nil || !s.Members || !s.MembersRedact {
		t.Errorf("environment and flag: %v, %v, error %v", s.Members, s.MembersRedact, err)
	}
}

func TestThereIsNothingToRedactWithoutMembers(t *testing.T) {
	_, err := load(t, "members_redact: true\n", nil, nil)
	if err == nil || !strings.Contains(err.Error(), "no members are collected") ||
		!strings.Contains(err.Error(), "members_redact") {
		t.Errorf("error %v", err)
	}
	if _, err := load(t, "members_redact: true\norganizations: [{name: a, token_env: T, members: true}]\n", nil,
		nil); err != nil {
		t.Error(err)
	}
}
