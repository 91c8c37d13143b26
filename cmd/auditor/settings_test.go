package main

import (
	"os"
	"strings"
	"testing"
)

func TestAWrongSettingIsNamedAsItsUserGaveIt(t *testing.T) {
	for content, want := range map[string]string{
		"db: x.db\npage_size: 0": ":2:12: page_size: 0 is not from 1 to 100",
		"page_size: ten":         `:1:12: page_size: "ten"; expected a whole number`,
		"concurrency: 0":         ":1:14: concurrency: 0 is less than 1",
		"timeout: soon":          `:1:10: timeout: time: invalid duration "soon"`,
		"token_expires: soon":    `:1:16: token_expires: "soon" is not a date`,
		"organizations: [{name: a, token_env: A, token_expires: soon}]": `:1:17: organizations: token_expires: "soon" is not a date`,
		"formats: doc": ":1:10: formats: ", "timezone: Mars": ":1:11: timezone: ", "template: nowhere": ":1:11: template: reading the template",
		"timeout: 0s":                     ":1:10: timeout: 0s is not a positive duration",
		"log_format: xml":                 `:1:13: log_format: "xml" is neither text nor json`,
		"schedule: often":                 `:1:11: schedule: "often": expected exactly 5 fields`,
		"fail_on: storms":                 `:1:10: fail_on: unknown value "storms"`,
		"organizations: acme":             ":1:16: organizations: a string; expected a list",
		"organizations:\n- token_file: x": ":2:13: organizations: the entry has no name",
		"organizations:\n- name: a":       `:2:7: organizations: "a" needs one of token_env and token_file`,
		"organizations:\n- nam: a":        `:2:3: unknown field "nam"; expected one of name, base_url, token_env, token_file, token_expires, organization_id`,
		"notify:\n- type: slack":          ":2:7: notify: set url_env or url_file",
		"notify:\n- type: email\n  to: x": ":3:7: notify[0].to: a string; expected a list",
		"notify: [{attach: maybe}]":       `:1:19: notify[0].attach: "maybe"; expected true or false`,
		"rules: {thresholds: {x: 1}}":     `:1:22: unknown field "x"; expected one of token_expiry_high_days,`,
		"rules: {disabled: [SCIM-001]}":   ":1:19: rules.disabled: a list; expected keys with values",
		"page_size: 1\npage_size: 2":      ":2:1: ",
		"a: [":                            ":1:4: ",
		"page_size: 1\n---\npage_size: 2": ":2:1: a second YAML document",
		"organizations: [{name: a, token_env: A, base_url: 'ftp://x'}]": ":1:17: organizations: organization \"a\": the base URL must begin with https://",
	} {
		s := newSite(t, nil)
		config := s.path("auditor.yaml")
		if err := os.WriteFile(config, []byte(content+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		code := s.tonight("run", "--config", config)
		if code != exitUsage || !strings.Contains(s.printed.String(), "auditor: error: config file "+config+want) {
			t.Errorf("%q: exit code %d, want %d and %s in\n%s", content, code, exitUsage, want, &s.printed)
		}
		if _, err := os.Stat(s.path("auditor.db")); err == nil {
			t.Errorf("%q: a database was made", content)
		}
	}
}

func TestTheDatabasesFolderIsMade(t *testing.T) {
	s := newSite(t, nil)
	for _, command := range []string{"check", "run"} {
		if code := s.tonight(command, "--db", s.path("new/folder/auditor.db")); code != exitComplete {
			t.Errorf("%s: exit code %d\n%s", command, code, &s.printed)
		}
	}
	if info, err := os.Stat(s.path("new/folder")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v", info, err)
	}
}
