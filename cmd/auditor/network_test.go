package main

import (
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
)

// secureSite is a simulated API behind TLS with a certificate for example.com, which only
// SSL_CERT_FILE trusts.
func secureSite(t *testing.T, handler http.Handler) (server *httptest.Server, certificates string) {
	t.Helper()
	server = httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	certificates = filepath.Join(t.TempDir(), "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}
	if err := os.WriteFile(certificates, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return server, certificates
}

// tunnel is a proxy that connects whatever it is asked for with one address, and counts.
func tunnel(t *testing.T, address string, asked *atomic.Int64) *httptest.Server {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || r.Host != "example.com:443" || r.Header.Get("Authorization") != "" {
			http.Error(w, "only tunnels to example.com", http.StatusForbidden)
			return
		}
		asked.Add(1)
		var dialer net.Dialer
		far, err := dialer.DialContext(r.Context(), "tcp", address)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		near, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n")
		// What the client sent at once may be in the buffer already.
		go func() { _, _ = io.Copy(far, buffered); _ = far.Close() }()
		_, _ = io.Copy(near, far)
		_ = near.Close()
	}))
	t.Cleanup(proxy.Close)
	return proxy
}

func TestProxyCertificatesAndHTTP2OfTheEnvironment(t *testing.T) {
	state := demo.NewState("acme")
	state.SCIM = []demo.Row{configuration(0)}
	api := demo.NewServerWith(state)
	api.Now = processTime
	var overHTTP2 atomic.Int64
	server, certificates := secureSite(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 {
			overHTTP2.Add(1)
		}
		api.ServeHTTP(w, r)
	}))
	var tunnels atomic.Int64
	proxy := tunnel(t, server.Listener.Addr().String(), &tunnels)
	variables := []string{"ONA_TOKEN=" + state.Token, "ONA_HOST=example.com", "HTTPS_PROXY=" + proxy.URL}

	if runtime.GOOS == "linux" { // elsewhere the system's own store decides
		p := newProcess(t, t.TempDir(), append(variables, "SSL_CERT_FILE="+certificates), "run", "-v")
		if code := p.execute(t); code != exitComplete {
			t.Fatalf("exit code %d\n%s", code, &p.stderr)
		}
		// A busy machine may open a second tunnel while the first is being made.
		if n := tunnels.Load(); n == 0 || n > 2 || overHTTP2.Load() != 6 {
			t.Errorf("%d tunnels through the proxy and %d requests over HTTP/2, want 1 and 6", n, overHTTP2.Load())
		}
		p.expect(t, `msg="api request"`, "duration=", "COMPLETE")
		if strings.Contains(p.stderr.String(), state.Token) || strings.Contains(p.stderr.String(), "Authorization") {
			t.Errorf("-v shows the credential:\n%s", &p.stderr)
		}
	}

	p := newProcess(t, t.TempDir(), variables, "run")
	if code := p.execute(t); code != exitFailed {
		t.Errorf("exit code %d with a certificate that nobody trusts, want %d", code, exitFailed)
	}
	p.expect(t, "NOT COMPLETE  connection", "certificate", "auditor: hint: check the base URL, name resolution, the proxy settings (HTTPS_PROXY) and the certificates")
}

// TestARedirectFromHTTPSToHTTPIsRefused lures the command away on the night between two good ones.
func TestARedirectFromHTTPSToHTTPIsRefused(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("SSL_CERT_FILE counts on Linux only")
	}
	var lured atomic.Int64
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { lured.Add(1) }))
	defer plain.Close()
	s := newSite(t, nil)
	fillHostile(s.state)
	api := demo.NewServerWith(s.state)
	api.Now = processTime
	var luring atomic.Bool
	server, certificates := secureSite(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if luring.Load() {
			http.Redirect(w, r, plain.URL+"/api", http.StatusPermanentRedirect)
			return
		}
		api.ServeHTTP(w, r)
	}))
	s.url = server.URL + "/api"
	for _, night := range []struct {
		lures bool
		code  int
		says  []string
	}{
		{false, exitComplete, []string{"COMPLETE"}},
		{true, exitFailed, []string{"NOT COMPLETE  redirect_refused", server.URL, plain.URL, "name it in the base URL"}},
		{false, exitComplete, []string{"no changes"}},
	} {
		luring.Store(night.lures)
		p := s.program([]string{"SSL_CERT_FILE=" + certificates}, "run", "-v")
		if code := p.execute(t); code != night.code {
			t.Errorf("exit code %d, want %d\n%s", code, night.code, &p.stderr)
		}
		p.expect(t, night.says...)
	}
	if lured.Load() != 0 {
		t.Error("the redirect was followed")
	}
	if d := cmp.Diff([]string{"complete||4", "failed||0", "complete|1|4"}, s.query("SELECT outcome, baseline_id, scim_configurations FROM snapshots ORDER BY id")); d != "" {
		t.Errorf("snapshots (-want +got):\n%s", d)
	}
}

// A server that sends more than it said is reported as a broken answer and nothing else: net/http
// would print the surplus on its own.
func TestBytesThatNobodyAskedForAreNotPrinted(t *testing.T) {
	s := newSite(t, func(server *demo.Server) {
		server.Intercept = func(w http.ResponseWriter, r *http.Request, method string, next http.Handler) {
			if method == ona.ListSCIMConfigurations {
				wire("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}surplus \x1b[31m")(w, r)
				return
			}
			next.ServeHTTP(w, r)
		}
	})
	p := s.program(nil, "run", "-v")
	if code := p.execute(t); code != exitComplete {
		t.Errorf("exit code %d\n%s", code, &p.stderr)
	}
	if strings.Contains(p.stderr.String(), "surplus") || strings.Contains(p.stderr.String(), "Unsolicited") {
		t.Errorf("printed:\n%s", &p.stderr)
	}
}
