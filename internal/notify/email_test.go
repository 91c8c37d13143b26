package notify_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"scim-auditor/internal/notify"
)

// mailbox is an SMTP server that keeps what it receives, after the refusals.
type mailbox struct {
	mu       sync.Mutex
	refusals []*smtp.SMTPError
	tries    int
	messages []string
	logins   []string
	to       []string
}

func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{m}, nil }

type session struct{ box *mailbox }

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func (s *session) Mail(string, *smtp.MailOptions) error {
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	s.box.tries++
	if len(s.box.refusals) == 0 {
		return nil
	}
	refusal := s.box.refusals[0]
	s.box.refusals = s.box.refusals[1:]
	return refusal
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	s.box.to = append(s.box.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	s.box.messages = append(s.box.messages, string(text))
	return err
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		s.box.mu.Lock()
		defer s.box.mu.Unlock()
		s.box.logins = append(s.box.logins, username)
		if password != "correct" {
			return errors.New("wrong password")
		}
		return nil
	}), nil
}

// serveMail starts the server on loopback and returns what is needed to reach it.
func serveMail(t *testing.T, box *mailbox, implicit bool) notify.Email {
	t.Helper()
	web := httptest.NewUnstartedServer(nil) // for its certificate, which is for 127.0.0.1
	web.StartTLS()
	t.Cleanup(web.Close)
	pool := x509.NewCertPool()
	pool.AddCert(web.Certificate())
	server := smtp.NewServer(box)
	server.Domain, server.TLSConfig = "localhost", &tls.Config{Certificates: web.TLS.Certificates}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := notify.Email{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, TLS: notify.StartTLS,
		Username: "auditor", Password: "correct", From: "auditor@example.com", To: []string{"a@example.com", "b@example.com"},
		TLSConfig: &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}}
	if implicit {
		m.TLS, listener = notify.ImplicitTLS, tls.NewListener(listener, server.TLSConfig)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return m
}

func TestEmailIsSentOverTLSWithTheReport(t *testing.T) {
	for name, implicit := range map[string]bool{"STARTTLS": false, "implicit TLS": true} {
		t.Run(name, func(t *testing.T) {
			box := &mailbox{}
			m := serveMail(t, box, implicit)
			workbook := filepath.Join(t.TempDir(), "audit.xlsx")
			if err := os.WriteFile(workbook, []byte("a workbook"), 0o600); err != nil {
				t.Fatal(err)
			}
			m.Attach = true
			sent := message()
			sent.Workbook = workbook
			if err := m.Send(t.Context(), sent); err != nil {
				t.Fatal(err)
			}
			if len(box.messages) != 1 || len(box.to) != 2 || len(box.logins) != 1 {
				t.Fatalf("%d messages to %v with logins %v", len(box.messages), box.to, box.logins)
			}
			for _, want := range []string{
				"Subject: SCIM audit: NOT COMPLETE", "From: <auditor@example.com>",
				"globex: ", `filename="audit.xlsx"`, "YSB3b3JrYm9vaw==",
			} {
				if !strings.Contains(box.messages[0], want) {
					t.Errorf("the message lacks %q:\n%s", want, box.messages[0])
				}
			}
		})
	}
}

func TestEmailIsTriedAgainWhenTheServerIsBusy(t *testing.T) {
	busy := &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "busy"}
	box := &mailbox{refusals: []*smtp.SMTPError{busy, busy}}
	m := serveMail(t, box, false)
	if err := deliver(t, &m); err != nil || box.tries != 3 || len(box.messages) != 1 {
		t.Errorf("error %v after %d tries, %d messages", err, box.tries, len(box.messages))
	}
}

func TestEmailThatIsRefusedFails(t *testing.T) {
	box := &mailbox{refusals: []*smtp.SMTPError{{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "no relaying"}}}
	m := serveMail(t, box, false)
	if err := deliver(t, &m); err == nil || !strings.Contains(err.Error(), "no relaying") || box.tries != 1 {
		t.Errorf("error %v after %d tries", err, box.tries)
	}
}

func TestEmailNeverGoesOutInTheClearUnasked(t *testing.T) {
	box := &mailbox{}
	m := serveMail(t, box, false)
	m.TLSConfig = &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "127.0.0.1"} // the certificate is not trusted
	err := deliver(t, &m)
	if err == nil || len(box.messages)+len(box.logins) > 0 {
		t.Errorf("error %v, %d messages, logins %v", err, len(box.messages), box.logins)
	}
	if err != nil && strings.Contains(err.Error(), "correct") {
		t.Errorf("the error shows the password: %v", err)
	}
}

func TestAddressesAreCheckedBeforeAnythingIsSent(t *testing.T) {
	for _, m := range []notify.Email{
		{Host: "localhost", Port: 25, From: "nobody", To: []string{"a@example.com"}},
		{Host: "localhost", Port: 25, From: "a@example.com", To: []string{"b@example.com\r\nBcc: c@example.com"}},
		{Host: "localhost", Port: 99999, From: "a@example.com", To: []string{"b@example.com"}},
		{Host: "localhost", Port: 25, From: "a@example.com"},
	} {
		if err := m.Check(); err == nil {
			t.Errorf("%+v is accepted", m)
		}
	}
}
