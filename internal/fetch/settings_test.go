package fetch

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestParseToken(t *testing.T) {
	for given, want := range map[string]string{
		"abc.def": "abc.def", " abc.def\r\n": "abc.def", "Bearer abc.def": "abc.def", "bearer   abc.def\n": "abc.def",
		"Bearerabc": "Bearerabc",
	} {
		if got, err := ParseToken(given); err != nil || string(got) != want {
			t.Errorf("ParseToken(%q) = %q, %v; want %q", given, string(got), err, want)
		}
	}
	for _, given := range []string{"", " \n", "Bearer", "Bearer ", "secret\nvalue", "secret\x00value", "secret value",
		"secrét", "secret\u200bvalue",
		`"secret"`, "'secret'", "secret\"", "“secret”", `Bearer "secret"`, `"Bearer secret"`} {
		got, err := ParseToken(given)
		if err == nil {
			t.Errorf("ParseToken(%q) = %q, want an error", given, string(got))
		} else if strings.Contains(err.Error(), "secr") {
			t.Errorf("the error shows the value: %v", err)
		} else if strings.ContainsAny(given, "\"'“") != strings.Contains(err.Error(), "the token is in quotes") {
			t.Errorf("%q: %v", given, err)
		}
	}
}

func TestATokenNeverShows(t *testing.T) {
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "token", testToken, "options", Options{Token: testToken})
	encoded, err := json.Marshal(map[string]any{"token": testToken, "list": []Token{testToken}})
	if err != nil {
		t.Fatal(err)
	}
	shown := []string{log.String(), string(encoded), testToken.String(), testToken.GoString()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%10.3s"} {
		shown = append(shown, fmt.Sprintf(verb, testToken), fmt.Sprintf(verb, Options{Token: testToken}),
			fmt.Sprintf(verb, []Token{testToken}))
	}
	for _, text := range shown {
		if strings.Contains(text, string(testToken)) || strings.Contains(text, fmt.Sprintf("%x", string(testToken))) {
			t.Errorf("shows the token: %s", text)
		}
		if !strings.Contains(text, "[token]") {
			t.Errorf("does not say that there is a token: %s", text)
		}
	}
}

func TestBaseURLs(t *testing.T) {
	for _, c := range []struct {
		given, want string
		parse       func(string) (string, error)
	}{
		{"https://app.gitpod.io/api", "https://app.gitpod.io/api", ParseBaseURL},
		{" https://app.gitpod.io/api/?x=1#y\n", "https://app.gitpod.io/api", ParseBaseURL},
		{"https://proxy.example:8443/a%2Fb//", "https://proxy.example:8443/a%2Fb", ParseBaseURL},
		{"https://app.gitpod.io", "https://app.gitpod.io", ParseBaseURL},
		{"http://localhost:80/api", "http://localhost:80/api", ParseBaseURL},
		{"http://127.8.9.1/api", "http://127.8.9.1/api", ParseBaseURL},
		{"http://[::1]:9/api", "http://[::1]:9/api", ParseBaseURL},
		{"app.gitpod.io", "https://app.gitpod.io/api", BaseURLFromHost},
		{"app.gitpod.io:443/api/", "https://app.gitpod.io:443/api", BaseURLFromHost},
		{"https://app.gitpod.io/?x", "https://app.gitpod.io/api", BaseURLFromHost},
		{"http://localhost:8080", "http://localhost:8080/api", BaseURLFromHost},
	} {
		if got, err := c.parse(c.given); err != nil || got != c.want {
			t.Errorf("%q gives %q, %v; want %q", c.given, got, err, c.want)
		}
	}
	for _, given := range []string{
		"", "app.gitpod.io/api", "localhost:8080", "ftp://app.gitpod.io", "https://", "https:///api", "https://:443/api",
		"http://app.gitpod.io/api",
		"http://localhost.example/api", "http://10.0.0.1/api", "https://user:hunter2@app.gitpod.io/api",
		"https://user:hunter2@app.gitpod.io:port/api", "https://a b/api",
		"https://admin:hunter2/x@app.gitpod.io", "https://admin:1/hunter2@app.gitpod.io",
		"https://admin:1?hunter2@app.gitpod.io/api",
		"https://admin:1#hunter2@app.gitpod.io/api", "https://admin:hunter2", "hunter2://x%zz", `"https://app.gitpod.io/api"`,
	} {
		got, err := ParseBaseURL(given)
		if err == nil {
			t.Errorf("%q is accepted as %q", given, got)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error shows a password: %v", err)
		}
	}
	for _, given := range []string{"", "http://app.gitpod.io", "user:hunter2@app.gitpod.io",
		"user:1/hunter2@app.gitpod.io", `"app.gitpod.io"`} {
		if got, err := BaseURLFromHost(given); err == nil {
			t.Errorf("host %q is accepted as %q", given, got)
		}
	}
}

func TestOptionsThatMakeNoClient(t *testing.T) {
	good := Options{BaseURL: "https://api.example", Token: testToken, Now: time.Now}
	if c, err := New(good); err != nil || c.settings.BaseURL != good.BaseURL {
		t.Fatalf("good options: %v", err)
	}
	for name, change := range map[string]func(*Options){
		"base URL": func(o *Options) { o.BaseURL = "http://api.example" }, "token": func(o *Options) { o.Token = "" },
		"clock":     func(o *Options) { o.Now = nil },
		"page size": func(o *Options) { o.PageSize = 101 }, "wait": func(o *Options) { o.MaxWait = -1 },
		"organization": func(o *Options) { o.OrganizationID = "a\x00" },
	} {
		options := good
		change(&options)
		if _, err := New(options); err == nil {
			t.Errorf("a bad %s is accepted", name)
		}
	}
}
