package fetch

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOneConnectionServesTheWholeCollection(t *testing.T) {
	dialed := 0
	var dialer net.Dialer
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		dialed++
		return dialer.DialContext(ctx, network, address)
	}}
	api := newAPI(t, handlers{list: pagesByToken(tokenInBody), "ListSSOConfigurations": inOrder(connect(503, CodeUnavailable), ok(ssoBody))})
	got := collect(t, api, func(o *Options) { o.Transport = transport })
	if len(got.Exchanges) != 7 || dialed != 1 {
		t.Errorf("%d exchanges over %d connections, want 7 over 1", len(got.Exchanges), dialed)
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
	if failure == nil || failure.Code != CodeConnection || failure.Tries != 1 || !strings.Contains(err.Error(), "certificate") {
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
	if len(got.Exchanges) != 0 {
		t.Errorf("exchanges without an answer: %+v", got.Exchanges)
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
