package main

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"scim-auditor/internal/demo"
)

// expectAbsent looks for texts in everything that a process printed and in every file of its
// folder.
func (p *process) expectAbsent(t *testing.T, folder string, texts ...string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || filepath.Base(path) == "auditor.yaml" {
			return err
		}
		content, err := os.ReadFile(path)
		for _, text := range texts {
			if bytes.Contains(content, []byte(text)) {
				t.Errorf("%q is in %s", text, path)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	for _, text := range texts {
		if strings.Contains(p.stdout.String()+p.stderr.String(), text) {
			t.Errorf("%q is printed:\n%s%s", text, &p.stdout, &p.stderr)
		}
	}
}

// TestASettingWithASecretIsRefusedByItsName starts the real command with a secret where none
// belongs.
func TestASettingWithASecretIsRefusedByItsName(t *testing.T) {
	for _, c := range []struct {
		name, config string
		variables    []string
		says         []string
	}{
		{"a password with a slash in the base URL", "base_url: https://admin:Sup3r/Secret@host\n", nil,
			[]string{"auditor: error: ", "the base URL contains a user name or password", "auditor: hint: check --base-url, ONA_BASE_URL"}},
		{"the same in the environment", "", []string{"ONA_BASE_URL=https://admin:Sup3r/Secret@host/api"}, []string{"the base URL contains a user name or password"}},
		{"the same as proxy", "", []string{"HTTPS_PROXY=http://admin:Sup3r/Secret@host:3128"},
			[]string{"auditor: error: environment variable HTTPS_PROXY: it is not a URL such as http://proxy.example:3128", "auditor: hint: correct HTTPS_PROXY"}},
		{"a token as token_env", "organizations:\n- name: acme\n  token_env: v1.Sup3r/Secret\n", nil,
			[]string{"auditor.yaml:2:", "token_env needs the name of an environment variable, not the secret itself"}},
		{"a URL as url_env", "notify:\n- type: slack\n  url_env: https://hooks.example/Sup3r/Secret\n", nil,
			[]string{"auditor.yaml:2:", "url_env needs the name of an environment variable, not the secret itself"}},
		{"a token in quotes", "", []string{`ONA_TOKEN="Sup3r/Secret"`}, []string{"environment variable ONA_TOKEN: the token is in quotes"}},
	} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "auditor.yaml"), []byte(c.config), 0o600); err != nil {
			t.Fatal(err)
		}
		p := newProcess(t, folder, append([]string{"ONA_TOKEN=a-token-of-nobody"}, c.variables...), "run", "-v")
		if code := p.execute(t); code != exitUsage {
			t.Errorf("%s: exit code %d, want %d", c.name, code, exitUsage)
		}
		p.expect(t, c.says...)
		p.expectAbsent(t, folder, "Sup3r", "Secret")
	}
}

// TestAProxyThatRepeatsItsPasswordIsNotQuoted has a proxy with a password that repeats it: in its
// refusal of a tunnel, and in a page that it sends in place of the API.
func TestAProxyThatRepeatsItsPasswordIsNotQuoted(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("SSL_CERT_FILE counts on Linux only")
	}
	t.Parallel() // the tries wait for seconds
	credentials := base64.StdEncoding.EncodeToString([]byte("admin:Sup3rSecret"))
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 407 "+r.Header.Get("Proxy-Authorization")+"\r\nContent-Length: 0\r\n\r\n")
		_ = conn.Close()
	}))
	t.Cleanup(refusing.Close)
	server, certificates := secureSite(t, respond(http.StatusForbidden, "<html>Proxy-Authorization: Basic "+credentials+"</html>"))
	var tunnels atomic.Int64
	passing := tunnel(t, server.Listener.Addr().String(), &tunnels)
	state := demo.NewState("acme")
	for _, c := range []struct{ proxy, says string }{
		{refusing.URL, "[text that repeats the proxy's user and password]"},
		{passing.URL, "HTTP 403 without an API error in the body: [text that repeats the proxy's user and password]"},
	} {
		folder := t.TempDir()
		proxy := strings.Replace(c.proxy, "http://", "http://admin:Sup3rSecret@", 1)
		p := newProcess(t, folder, []string{"ONA_TOKEN=" + state.Token, "ONA_HOST=example.com", "SSL_CERT_FILE=" + certificates,
			"HTTPS_PROXY=" + proxy}, "run", "-v")
		if code := p.execute(t); code != exitFailed {
			t.Errorf("exit code %d, want %d", code, exitFailed)
		}
		p.expect(t, c.says)
		p.expectAbsent(t, folder, "Sup3rSecret", strings.TrimRight(credentials, "=")[:20])
	}
}
