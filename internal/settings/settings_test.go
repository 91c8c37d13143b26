package settings

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"scim-auditor/internal/diff"
)

// allFlags are those of all settings.
func allFlags() *pflag.FlagSet {
	flags := pflag.NewFlagSet("auditor", pflag.ContinueOnError)
	AddFlags(flags, "all")
	AddFlags(flags, "check")
	return flags
}

// A new setting needs a flag and a field of Config.
func TestEveryFlagIsAKeyOfTheConfigFile(t *testing.T) {
	var flags, keys []string
	allFlags().VisitAll(func(f *pflag.Flag) {
		if !slices.Contains([]string{"config", "verbose", "quiet"}, f.Name) {
			flags = append(flags, strings.ReplaceAll(f.Name, "-", "_"))
		}
	})
	for _, field := range yamlFields(reflect.TypeFor[Config]()) {
		if key := field.Tag.Get("yaml"); !slices.Contains([]string{"organizations", "rules", "notify", "evidence"}, key) {
			keys = append(keys, key)
		}
	}
	slices.Sort(flags)
	slices.Sort(keys)
	if d := cmp.Diff(flags, keys); d != "" {
		t.Errorf("(-flags +keys):\n%s", d)
	}
}

// load loads the settings of a command that takes every flag, with a config file of this text.
func load(t *testing.T, config string, variables map[string]string, args map[string]string) (*Settings, error) {
	t.Helper()
	flags := allFlags()
	path := filepath.Join(t.TempDir(), "auditor.yaml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, text := range args {
		if err := flags.Set(name, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := flags.Set("config", path); err != nil {
		t.Fatal(err)
	}
	return Load(flags, func(name string) string { return variables[name] })
}

func TestPrecedenceIsFlagEnvironmentConfigFileDefault(t *testing.T) {
	type values struct {
		DB       string
		PageSize int
		Timeout  time.Duration
		Quiet    bool
		BaseURL  string
	}
	file := "db: file.db\npage_size: 10\ntimeout: 1m\nbase_url: https://file.example/api\n"
	environment := map[string]string{"AUDITOR_DB": "environment.db", "AUDITOR_PAGE_SIZE": "20", "AUDITOR_TIMEOUT": "2m",
		"AUDITOR_QUIET": "true", "ONA_HOST": "host.example"}
	args := map[string]string{"db": "flag.db", "page-size": "30", "timeout": "3m", "quiet": "false",
		"base-url": "https://flag.example"}
	for _, test := range []struct {
		name            string
		file            string
		variables, args map[string]string
		want            values
	}{
		{"default", "", nil, nil, values{"auditor.db", 100, 30 * time.Minute, false, "https://app.gitpod.io/api"}},
		{"config file", file, nil, nil, values{"file.db", 10, time.Minute, false, "https://file.example/api"}},
		{"environment", file, environment, nil, values{"environment.db", 20, 2 * time.Minute, true,
			"https://host.example/api"}},
		{"flag", file, environment, args, values{"flag.db", 30, 3 * time.Minute, false, "https://flag.example"}},
		{"a key without a value", "db:\npage_size: ~\n", nil, nil,
			values{"auditor.db", 100, 30 * time.Minute, false, "https://app.gitpod.io/api"}},
	} {
		s, err := load(t, test.file, test.variables, test.args)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		got := values{s.DB, s.PageSize, s.Timeout, s.Quiet, s.BaseURL}
		if d := cmp.Diff(test.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, d)
		}
	}
}

func TestAWrongVariableIsNamed(t *testing.T) {
	for name, value := range map[string]string{"AUDITOR_PAGE_SIZE": "ten", "AUDITOR_TIMEOUT": "soon",
		"AUDITOR_VERBOSE": "maybe",
		"ONA_HOST":        "ftp://x.example", "AUDITOR_FAIL_ON": "storms", "AUDITOR_LISTEN": "9477"} {
		_, err := load(t, "", map[string]string{name: value}, nil)
		e, ok := errors.AsType[*Error](err)
		if !ok || !strings.HasPrefix(err.Error(), "environment variable "+name+": ") {
			t.Errorf("%s: error %v", name, err)
		} else if e.Hint == "" && name != "AUDITOR_VERBOSE" {
			t.Errorf("%s: no hint for %v", name, err)
		}
	}
}

// A setting that the command does not take is not looked at.
func TestACommandMindsItsOwnSettings(t *testing.T) {
	flags := pflag.NewFlagSet("auditor", pflag.ContinueOnError)
	AddFlags(flags, "all")
	variables := map[string]string{"AUDITOR_PAGE_SIZE": "ten", "ONA_HOST": "host.example"}
	s, err := Load(flags, func(name string) string { return variables[name] })
	if err != nil || s.DB != "auditor.db" || s.PageSize != 0 {
		t.Errorf("%+v, error %v", s, err)
	}
}

func TestTheTokenComesFromTheFileThenONA_TOKENThenGITPOD_API_KEY(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("of-the-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	both := map[string]string{"ONA_TOKEN": "of-ona", "GITPOD_API_KEY": "of-gitpod"}
	for want, given := range map[string]struct{ variables, args map[string]string }{
		"of-the-file": {both, map[string]string{"token-file": file}},
		"of-ona":      {both, nil},
		"of-gitpod":   {map[string]string{"GITPOD_API_KEY": "Bearer of-gitpod"}, nil},
	} {
		s, err := load(t, "", given.variables, given.args)
		if err != nil {
			t.Fatal(err)
		}
		sources, err := s.Sources(slog.New(slog.DiscardHandler))
		if err != nil || len(sources) != 1 || string(sources[0].Fetch.Token) != want || sources[0].Name != "default" {
			t.Errorf("%d sources, error %v, want the token %s", len(sources), err, want)
		}
	}
}

func TestConditionsAreMetFromTheirSeverityOn(t *testing.T) {
	changes, findings := map[diff.Severity]int{diff.Medium: 2}, map[diff.Severity]int{diff.Low: 1, diff.High: 0}
	for text, want := range map[string]bool{
		"changes": true, "changes:medium": true, "changes:high": false, "changes:low": true,
		"findings": true, "findings:medium": false, "findings:low": true, "changes:critical, findings:info": true, "": false,
	} {
		conditions, err := ParseConditions(text)
		met := false
		for _, c := range conditions {
			met = met || c.Met(changes, findings)
		}
		if err != nil || met != want {
			t.Errorf("%q: met %v, error %v, want %v", text, met, err, want)
		}
	}
}
