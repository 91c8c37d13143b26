package settings

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestASecretInTheWrongSettingIsNotShown pastes a secret where a setting asks for something else.
// The error names the setting and does not show the secret.
func TestASecretInTheWrongSettingIsNotShown(t *testing.T) {
	const secret = "Sup3rSecretValue0123456789"
	for _, c := range []struct {
		name, config string
		variables    map[string]string
		want         string
	}{
		{"a password with a slash", "base_url: https://admin:x/" + secret + "@host/api", nil,
			"the base URL contains a user name or password"},
		{"a password with a slash in an entry", "organizations: [{name: a, token_env: A_TOKEN, base_url: 'https://admin:1/" +
			secret + "@host'}]", nil,
			`auditor.yaml:1:17: organizations: organization "a": the base URL contains a user name or password`},
		{"a user name without a password", "base_url: https://" + secret + "@host/api", nil,
			"the base URL contains a user name"},
		{"a port that is a password", "base_url: https://admin:" + secret, nil,
			"the base URL is not a URL such as https://app.gitpod.io/api"},
		{"ONA_HOST", "", map[string]string{"ONA_HOST": "admin:" + secret + "@host"},
			"environment variable ONA_HOST: the base URL contains a user name"},
		{"the token as base URL", "base_url: https://host/" + secret, map[string]string{"ONA_TOKEN": secret},
			"base_url contains the token"},
		{"the token as id", "organization: " + secret, map[string]string{"ONA_TOKEN": secret},
			"organization_id contains the token"},
		{"the token as token_env", "organizations: [{name: a, token_env: " + secret + "}]", nil,
			"the environment variable that token_env names is not set; its name is not shown"},
		{"a token with dots as token_env", "organizations: [{name: a, token_env: v1." + secret + "}]", nil,
			"auditor.yaml:1:17: organizations: token_env needs the name of an environment variable, not the secret itself"},
		{"the token as token_file", "token_file: " + secret, nil,
			"; its name is not shown, because it may be the secret itself"},
		{"a URL as url_env", "notify: [{type: slack, url_env: 'https://hooks.example/" + secret + "'}]", nil,
			"auditor.yaml:1:10: notify: url_env needs the name of an environment variable, not the secret itself"},
		{"a key as url_env", "notify: [{type: slack, url_env: " + secret + "}]", nil,
			"the environment variable that url_env names is not set"},
		{"a URL as url_file", "notify: [{type: slack, url_file: 'https://h.example/" + secret + "'}]", nil,
			"reading the file that url_file names"},
		{"a password as password_env", "notify: [{type: email, smtp: 'h:25', from: a@b.c, to: [d@e.f], username: u, password_env: " + secret + "}]", nil,
			"the environment variable that password_env names is not set"},
		{"a password as password_file", "notify: [{type: email, smtp: 'h:25', from: a@b.c, to: [d@e.f], username: u, password_file: " + secret + "}]", nil,
			"reading the file that password_file names"},
		{"a URL as smtp", "notify: [{type: email, smtp: 'smtp://admin:" + secret + "@h:25', from: a@b.c, to: [d@e.f]}]", nil,
			"auditor.yaml:1:10: notify: smtp: expected a host and a port such as smtp.example.com:587"},
		{"a proxy", "", map[string]string{"HTTPS_PROXY": "http://admin:x/" + secret + "@proxy:3128"},
			"environment variable HTTPS_PROXY: it is not a URL"},
		{"a token in quotes", "", map[string]string{"ONA_API_KEY": `"` + secret + `"`},
			"environment variable ONA_API_KEY: the token is in quotes"},
	} {
		err := loadAll(t, c.config, c.variables)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		} else if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "admin") {
			t.Errorf("%s: the error shows the secret: %v", c.name, err)
		}
	}
}

// loadAll returns the first error of the settings, the sources and the notifications.
func loadAll(t *testing.T, config string, variables map[string]string) error {
	t.Helper()
	s, err := load(t, config, variables, nil)
	if err != nil {
		return err
	}
	if _, err := s.Notifications(); err != nil {
		return err
	}
	sources, err := s.Sources(slog.New(slog.DiscardHandler))
	if err == nil && sources[0].Err != nil {
		err = sources[0].Err
	}
	return err
}

func TestANameThatLooksLikeOneIsShown(t *testing.T) {
	for config, want := range map[string]string{
		"organizations: [{name: a, token_env: GLOBEX_ONA_TOKEN}]": "environment variable GLOBEX_ONA_TOKEN, which token_env names, is not set",
		"organizations: [{name: a, token_file: nowhere.txt}]":     "reading the file that token_file names: open nowhere.txt: ",
		"token_file: " + filepath.Join(t.TempDir(), "ona-token"):  "ona-token: ",
	} {
		if err := loadAll(t, config, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", config, err, want)
		}
	}
}

func TestTheBaseURLAndTheTokenHaveTheSDKsNamesToo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("of-the-file"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name                string
		variables           map[string]string
		wantURL, wantSecret string
	}{
		{"SDK 1.x", map[string]string{"ONA_API_KEY": "Bearer of-sdk", "ONA_BASE_URL": "https://app.ona.com/api/?x=1"},
			"https://app.ona.com/api", "of-sdk"},
		{"taken as written", map[string]string{"ONA_API_KEY": "of-sdk", "ONA_BASE_URL": "https://ona.example.com"},
			"https://ona.example.com", "of-sdk"},
		{"before the older SDKs", map[string]string{"ONA_API_KEY": "of-sdk", "GITPOD_API_KEY": "of-older",
			"ONA_BASE_URL":    "https://new.example/api",
			"GITPOD_BASE_URL": "https://old.example/api"}, "https://new.example/api", "of-sdk"},
		{"after ONA_TOKEN", map[string]string{"ONA_TOKEN": "of-cli", "ONA_API_KEY": "of-sdk",
			"ONA_BASE_URL": "https://new.example/api",
			"ONA_HOST":     "host.example"}, "https://new.example/api", "of-cli"},
		{"after its own", map[string]string{"ONA_API_KEY": "of-sdk", "AUDITOR_TOKEN_FILE": file,
			"AUDITOR_BASE_URL": "https://own.example/api",
			"ONA_BASE_URL":     "https://new.example/api"}, "https://own.example/api", "of-the-file"},
		{"a host with /api, a slash and a query", map[string]string{"ONA_TOKEN": "of-cli",
			"ONA_HOST": "app.gitpod.io/api/?x"}, "https://app.gitpod.io/api", "of-cli"},
	} {
		s, err := load(t, "", c.variables, nil)
		if err != nil {
			t.Fatal(err)
		}
		sources, err := s.Sources(slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := sources[0].Fetch; got.BaseURL != c.wantURL || string(got.Token) != c.wantSecret {
			t.Errorf("%s: base URL %s and another token than %s; want %s", c.name, got.BaseURL, c.wantSecret, c.wantURL)
		}
	}
}
