package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/settings"
)

// ask reads the rows of a query on the demo's database, each as its values with "|" between them.
func ask(t *testing.T, folder, query string) []string {
	t.Helper()
	s := &site{t: t, folder: folder}
	return s.query(query)
}

// Over the demo's nights every rule fails at least once and passes at least once, except RUN-007,
// which fails only on a machine whose clock was wrong.
func TestEveryRuleFailsAndPassesInTheDemo(t *testing.T) {
	skipIfShort(t)
	folder, _ := playTheDemo(t)
	rows := ask(t, folder, "SELECT DISTINCT rule_id || ' ' || status FROM findings WHERE status IN ('fail', 'pass')")
	for _, rule := range finding.Rules() {
		for _, status := range []string{"fail", "pass"} {
			if rule.ID+status != "RUN-007fail" && !slices.Contains(rows, rule.ID+" "+status) {
				t.Errorf("%s: %s is never seen", rule.ID, status)
			}
		}
	}
}

func TestAnExceptionOfTheDemoHoldsAndExpires(t *testing.T) {
	skipIfShort(t)
	folder, _ := playTheDemo(t)
	got := ask(t, folder, `
		SELECT substr(f.taken_at, 1, 10), f.status, f.original_status, x.in_force, x.owner, f.days_open
		FROM findings f
		LEFT JOIN exceptions x ON x.snapshot_id = f.snapshot_id AND x.number = f.exception_number
		WHERE f.rule_id = 'SCIM-007' AND f.subject_id = '`+demo.ID("acme", "scim", "onelogin")+`'
		ORDER BY f.snapshot_id`)
	want := []string{
		"2026-11-16|excepted|fail|1|grace@acme.example|0",
		"2026-11-17|excepted|fail|1|grace@acme.example|1",
		"2026-11-18|excepted|fail|1|grace@acme.example|2",
		"2026-11-19|excepted|fail|1|grace@acme.example|3",
		"2026-11-20|fail||0|grace@acme.example|4",
		"2026-11-21|fail||0|grace@acme.example|5",
		"2026-11-22|fail||0|grace@acme.example|6",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// What the demo's audit log and its changes say of each other is what the story says.
func TestWhoDidItInTheDemo(t *testing.T) {
	skipIfShort(t)
	folder, _ := playTheDemo(t)
	id := func(organization, kind, key string) string { return demo.ID(organization, kind, key) }
	if d := cmp.Diff([]string{
		"2026-11-18|SCIM-023|" + id("globex", "sso", "google"),
		"2026-11-20|SCIM-023|" + id("acme", "scim", "contractors"),
		"2026-11-21|SCIM-018|" + id("acme", "scim", "migration"),
		"2026-11-21|SCIM-023|" + id("initech", "scim", "formula"),
		"2026-11-22|SCIM-023|" + id("acme", "scim", "okta-production"),
	}, ask(t, folder, `SELECT substr(taken_at, 1, 10), rule_id, subject_id FROM findings
		WHERE rule_id IN ('SCIM-018', 'SCIM-023') AND status = 'fail' ORDER BY taken_at, rule_id, organization_id`)); d != "" {
		t.Errorf("failures (-want +got):\n%s", d)
	}
	actor := id("acme", "user", "identity-team")
	if d := cmp.Diff([]string{
		"disabled|" + actor + "|PRINCIPAL_USER|disabled SCIM configuration|2026-11-16T13:00:00.000000000Z|1",
	}, ask(t, folder, `SELECT kind, actor_id, actor_principal, actor_action, actor_at,
		  (SELECT count(*) FROM change_candidates x WHERE x.snapshot_id = c.snapshot_id AND x.change_number = c.number)
		FROM changes c
		WHERE subject_id = '`+id("acme", "scim", "contractors")+`' AND taken_at LIKE '2026-11-17%'`)); d != "" {
		t.Errorf("actor (-want +got):\n%s", d)
	}
	unread := ask(t, folder, "SELECT count(*) FROM findings WHERE rule_id IN ('SCIM-018', 'SCIM-023') AND status <> 'not_assessed' AND taken_at < '2026-11-20' AND organization_id = '"+demo.ID("initech")+"'")
	if unread[0] != "0" {
		t.Error("initech's rules say something while its audit log cannot be read")
	}
}

func TestTheRulesDocumentIsWhatTheRegisterSays(t *testing.T) {
	const path = "../../docs/rules.md"
	var want bytes.Buffer
	if err := writeRulesDocument(&want); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, want.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want.String(), string(got)); d != "" {
		t.Errorf("docs/rules.md is not what the register says; go test ./cmd/auditor -update writes it (-register +file):\n%s", d)
	}
}

// What docs/rules.md shows of the settings must be what the command takes, and the defaults the
// rules' own.
func TestTheRulesDocumentShowsSettingsThatAreTaken(t *testing.T) {
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(rulesDocument, -1)
	if len(blocks) != 2 {
		t.Fatalf("%d examples", len(blocks))
	}
	flags := pflag.NewFlagSet("auditor", pflag.ContinueOnError)
	settings.AddFlags(flags, "all")
	settings.AddFlags(flags, "except")
	for i, name := range []string{"config", "exceptions-file"} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(blocks[i][1]), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := flags.Set(name, path); err != nil {
			t.Fatal(err)
		}
	}
	s, err := settings.Load(flags, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	if s.Thresholds != finding.DefaultThresholds() || s.Rules.Disabled["SCIM-014"] == "" {
		t.Errorf("thresholds %+v, turned off %v", s.Thresholds, s.Rules.Disabled)
	}
	exceptions, err := s.Exceptions()
	if err != nil || len(exceptions) != 1 || exceptions[0].RuleID != "SCIM-007" {
		t.Errorf("exceptions %+v, error %v", exceptions, err)
	}
}
