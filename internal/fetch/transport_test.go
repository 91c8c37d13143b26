package fetch

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"scim-auditor/internal/ona"
)

func TestConnectionsAreUsedAgain(t *testing.T) {
	var dialed atomic.Int64
	var dialer net.Dialer
	transport := NewTransport(1)
	transport.IdleConnTimeout = 0 // else a slow machine closes and opens more
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		dialed.Add(1)
		return dialer.DialContext(ctx, network, address)
	}
	api := newAPI(t, handlers{list: pagesByToken(tokenInBody),
		"ListSSOConfigurations": inOrder(connect(503, CodeUnavailable), ok(ssoBody))})
	exchanges := 0
	for range 10 {
		exchanges += len(collect(t, api, func(o *Options) { o.Transport = transport }).Exchanges)
	}
	// A machine that is busy may see a call wait for a new connection and then take one that has
	// become free.
	if exchanges != 120 || dialed.Load() > 2*CallsAtOnce {
		t.Errorf("%d exchanges over %d connections, want 120 over %d or a few more", exchanges, dialed.Load(), CallsAtOnce)
	}
}

func TestACertificateThatIsNotTrustedIsNotTriedAgain(t *testing.T) {
	server := httptest.NewUnstartedServer(ok(identityBody))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	client := newClient(t, server.URL)
	_, err := client.Collect(context.Background())
	failure, _ := errors.AsType[*Error](err)
	if failure == nil || failure.Code != CodeConnection || failure.Tries != 1 ||
		!strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v, want %s after one try", err, CodeConnection)
	}
}

func TestNobodyListens(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	client := newClient(t, server.URL)
	got, err := client.Collect(context.Background())
	failure, _ := errors.AsType[*Error](err)
	if failure == nil || failure.Code != CodeConnection || failure.Tries != 6 || len(*client.waits) != 5 {
		t.Errorf("got %v after %d waits, want %s after 6 tries", err, len(*client.waits), CodeConnection)
	}
	if len(got.Exchanges) != 0 || got.Unanswered.Method != ona.GetAuthenticatedIdentity ||
		len(got.Unanswered.Retries) != 5 {
		t.Errorf("exchanges %+v, unanswered %+v; want the identity with 5 retries", got.Exchanges, got.Unanswered)
	}
}

func TestTheLogHasEveryTry(t *testing.T) {
	api := newAPI(t, handlers{list: inOrder(connect(503, CodeUnavailable), ok(scimBody))})
	client := newClient(t, api.URL)
	if _, err := client.Collect(context.Background()); err != nil {
		t.Fatal(err)
	}
	lines := client.log.String()
	for _, text := range []string{
		"level=DEBUG msg=\"api request\" method=gitpod.v1.OrganizationService/ListSCIMConfigurations page=1 try=1 status=503 outcome=unavailable",
		"level=INFO msg=\"api request is tried again\" method=gitpod.v1.OrganizationService/ListSCIMConfigurations page=1 try=1 reason=",
		"page=1 try=2 status=200 outcome=ok",
	} {
		if !strings.Contains(lines, text) {
			t.Errorf("the log lacks %q:\n%s", text, lines)
		}
	}
}

func TestAServersTextIsOneShortPlainLine(t *testing.T) {
	if got := plain("a\r\n\tb\x00\u202ec\xff "); got != "a b\uFFFD\uFFFDc\uFFFD" {
		t.Errorf("got %q", got)
	}
	if got := []rune(plain(strings.Repeat("ü", 1000))); len(got) != maxQuoted+1 {
		t.Errorf("%d characters", len(got))
	}
}
