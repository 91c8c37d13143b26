package notify_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/notify"
)

// mailbox is an SMTP server that keeps what it receives, after the refusals.
type mailbox struct {
	mu       sync.Mutex
	refusals []*smtp.SMTPError
	// refused has the answers to a recipient, in order; the recipient is accepted from then on. An
	// answer with code 5xx stays. An attachment is refused with noAttachment; with code 0, the
	// connection ends.
	refused      map[string][]*smtp.SMTPError
	noAttachment *smtp.SMTPError
	largest      int64 // bytes of a message; 0 without a limit
	fullName     bool  // EHLO needs a name with a domain
	tries        int
	names        []string // in EHLO
	messages     []string
	logins       []string
	to           []string
}

func (m *mailbox) NewSession(c *smtp.Conn) (smtp.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.names = append(m.names, c.Hostname())
	if m.fullName && !strings.Contains(c.Hostname(), ".") && !strings.HasPrefix(c.Hostname(), "[") {
		return nil, &smtp.SMTPError{Code: 504, EnhancedCode: smtp.EnhancedCode{5, 5, 2},
			Message: "need fully-qualified hostname"}
	}
	return &session{m, c.Conn()}, nil
}

type session struct {
	box  *mailbox
	conn net.Conn
}

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
	if answers := s.box.refused[to]; len(answers) > 0 {
		if answers[0].Code < 500 {
			s.box.refused[to] = answers[1:]
		}
		return answers[0]
	}
	s.box.to = append(s.box.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	if s.box.noAttachment != nil && strings.Contains(string(text), "audit.xlsx") {
		if s.box.noAttachment.Code == 0 {
			return s.conn.Close()
		}
		return s.box.noAttachment
	}
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
	server.ErrorLog, server.MaxMessageBytes = log.New(io.Discard, "", 0), box.largest
	server.Domain, server.TLSConfig = "localhost", &tls.Config{Certificates: web.TLS.Certificates}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := notify.Email{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, TLS: notify.StartTLS,
		Username: "auditor", Password: "correct", From: "auditor@example.com", To: []string{"a@example.com", "b@example.com"},
		TLSConfig: &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}}
	server.AllowInsecureAuth = true
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
			m.Attach = true
			if err := m.Send(t.Context(), withWorkbook(t, "a workbook")); err != nil {
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
	if err := m.Send(t.Context(), message()); err != nil || box.tries != 3 || len(box.messages) != 1 {
		t.Errorf("error %v after %d tries, %d messages", err, box.tries, len(box.messages))
	}
}

func TestEmailThatIsRefusedFails(t *testing.T) {
	box := &mailbox{refusals: []*smtp.SMTPError{{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1},
		Message: "no relaying"}}}
	m := serveMail(t, box, false)
	if err := m.Send(t.Context(), message()); err == nil || !strings.Contains(err.Error(), "no relaying") ||
		box.tries != 1 {
		t.Errorf("error %v after %d tries", err, box.tries)
	}
}

func TestEmailNeverGoesOutInTheClearUnasked(t *testing.T) {
	box := &mailbox{}
	m := serveMail(t, box, false)
	m.TLSConfig = &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "127.0.0.1"} // the certificate is not trusted
	err := m.Send(t.Context(), message())
	if err == nil || len(box.messages)+len(box.logins) > 0 {
		t.Errorf("error %v, %d messages, logins %v", err, len(box.messages), box.logins)
	}
	if err != nil && strings.Contains(err.Error(), "correct") {
		t.Errorf("the error shows the password: %v", err)
	}
}

// withWorkbook returns a message with a workbook, to send as an attachment.
func withWorkbook(t *testing.T, content string) *notify.Message {
	t.Helper()
	m := message()
	m.Workbook = filepath.Join(t.TempDir(), "audit.xlsx")
	if err := os.WriteFile(m.Workbook, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return m
}

// received parses the only message that the server has.
func (m *mailbox) received(t *testing.T) *mail.Message {
	t.Helper()
	if len(m.messages) != 1 {
		t.Fatalf("%d messages, want 1", len(m.messages))
	}
	parsed, err := mail.ReadMessage(strings.NewReader(m.messages[0]))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func refusal(code int, text string) *smtp.SMTPError {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: text}
}

func TestRecipientsWhoAreAcceptedGetTheMail(t *testing.T) {
	for name, test := range map[string]struct {
		refused map[string][]*smtp.SMTPError
		to      []string
		want    []string // in the error
	}{
		"one is refused": {
			map[string][]*smtp.SMTPError{"a@example.com": {refusal(550, "no such user")}},
			[]string{"b@example.com"},
			[]string{"recipient a@example.com is refused", "no such user", "delivered to b@example.com"},
		},
		"one is accepted later": {
			map[string][]*smtp.SMTPError{"a@example.com": {refusal(450, "come back"), refusal(450, "come back")}},
			[]string{"b@example.com", "a@example.com"}, nil,
		},
		"one is never accepted": {
			map[string][]*smtp.SMTPError{"a@example.com": slices.Repeat([]*smtp.SMTPError{refusal(450, "come back")}, 9)},
			[]string{"b@example.com"}, []string{"recipient a@example.com", "come back", "delivered to b@example.com"},
		},
		"one is refused later": {
			map[string][]*smtp.SMTPError{"a@example.com": {refusal(450, "come back"), refusal(550, "no such user")}},
			[]string{"b@example.com"}, []string{"recipient a@example.com is refused: 550", "; delivered to b@example.com"},
		},
		"all are refused": {
			map[string][]*smtp.SMTPError{
				"a@example.com": {refusal(550, "no such user")}, "b@example.com": {refusal(550, "mailbox full")}},
			nil, []string{"a@example.com is refused", "b@example.com is refused", "mailbox full", "no recipient is left"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			box := &mailbox{refused: test.refused}
			m := serveMail(t, box, false)
			err := m.Send(t.Context(), message())
			if (err == nil) != (test.want == nil) {
				t.Fatalf("error %v, want %q", err, test.want)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %v, want %q in it", err, want)
				}
			}
			if len(test.to) > 0 && err != nil && strings.Contains(err.Error(), "no recipient is left") {
				t.Errorf("error %v, but %v got the mail", err, test.to)
			}
			if d := cmp.Diff(test.to, box.to); d != "" {
				t.Errorf("accepted recipients (-want +got):\n%s", d)
			}
			if got := len(box.messages); got != len(test.to) && got != 1 {
				t.Errorf("%d messages for %v", got, test.to)
			}
		})
	}
}

func TestMailThatIsRefusedForItsAttachmentIsSentWithout(t *testing.T) {
	for name, box := range map[string]*mailbox{
		"the server announces its limit":     {largest: 20_000},
		"the server refuses the message":     {noAttachment: refusal(552, "message too big")},
		"the server refuses the attachment":  {noAttachment: refusal(554, "no spreadsheets here")},
		"the server has no space for it":     {noAttachment: refusal(452, "insufficient storage")},
		"the server ends the connection":     {noAttachment: &smtp.SMTPError{}},
		"the workbook is no longer readable": {},
	} {
		t.Run(name, func(t *testing.T) {
			m := serveMail(t, box, false)
			m.Attach = true
			sent := withWorkbook(t, strings.Repeat("a workbook", 10_000))
			if name == "the workbook is no longer readable" {
				sent.Workbook = filepath.Join(t.TempDir(), "nowhere.xlsx")
			}
			err := m.Send(t.Context(), sent)
			if err == nil || !strings.Contains(err.Error(), "the workbook is not attached: ") ||
				!strings.Contains(err.Error(), "delivered to a@example.com, b@example.com") {
				t.Errorf("error %v", err)
			}
			text := body(t, box.received(t))
			if !strings.Contains(text, "globex: ") || !strings.Contains(text, "The workbook is not attached: ") {
				t.Errorf("the mail does not say that the workbook is missing:\n%s", text)
			}
			if strings.Contains(box.messages[0], "audit.xlsx\"") {
				t.Error("the mail has an attachment")
			}
		})
	}
}

func TestMailThatIsTooLargeInItselfFailsOnce(t *testing.T) {
	box := &mailbox{largest: 100}
	m := serveMail(t, box, false)
	if err := m.Send(t.Context(), message()); err == nil || !strings.Contains(err.Error(), "552") || box.tries != 1 {
		t.Errorf("error %v after %d tries", err, box.tries)
	}
}

func TestMailWithoutTLSLogsInOnThisMachineOnly(t *testing.T) {
	box := &mailbox{}
	m := serveMail(t, box, false)
	m.TLS = notify.None
	if err := m.Send(t.Context(), message()); err != nil || len(box.logins) != 1 {
		t.Errorf("error %v, logins %v", err, box.logins)
	}
	for _, host := range []string{"127.0.0.1", "::1", "localhost"} {
		if m.Host = host; m.Validate() != nil {
			t.Errorf("%s is refused: %v", host, m.Validate())
		}
	}
	for _, host := range []string{"mail.example.com", "10.0.0.1", "localhost.example.com"} {
		m.Host = host
		if err := m.Validate(); err == nil || !strings.Contains(err.Error(), "in the clear") {
			t.Errorf("%s: error %v", host, err)
		}
	}
	m.Username = ""
	if err := m.Validate(); err != nil {
		t.Errorf("without a login there is no password to protect: %v", err)
	}
}

func TestTheNameInEHLOHasADomainOrIsAnAddress(t *testing.T) {
	box := &mailbox{fullName: true}
	m := serveMail(t, box, false)
	if err := m.Send(t.Context(), message()); err != nil {
		t.Errorf("%v after EHLO %q", err, box.names)
	}
	m.HELO = "auditor.example.com"
	if err := m.Send(t.Context(), message()); err != nil || box.names[len(box.names)-1] != "auditor.example.com" {
		t.Errorf("%v after EHLO %q", err, box.names)
	}
	m.HELO = "vm"
	err := m.Send(t.Context(), message())
	if err == nil || !strings.Contains(err.Error(), "as vm") || !strings.Contains(err.Error(), "fully-qualified") {
		t.Errorf("error %v does not say which name was refused", err)
	}
	for _, name := range []string{"vm\r\nRSET", "a b", "<vm>"} {
		if m.HELO = name; m.Validate() == nil {
			t.Errorf("helo %q is accepted", name)
		}
	}
}

func TestMailSaysThatItIsAutomatic(t *testing.T) {
	box := &mailbox{}
	m := serveMail(t, box, false)
	m.From = "SCIM audit <auditor@example.com>"
	if err := m.Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	header := box.received(t).Header
	if got := header.Get("Auto-Submitted"); got != "auto-generated" {
		t.Errorf("Auto-Submitted: %q", got)
	}
	if got := header.Get("Message-ID"); !strings.HasSuffix(got, "@example.com>") {
		t.Errorf("Message-ID: %q", got)
	}
}

func TestTheCheckOfMailLogsInAndSendsNothing(t *testing.T) {
	box := &mailbox{}
	m := serveMail(t, box, false)
	found, err := m.Check(t.Context())
	if err != nil || !strings.Contains(found, "accepts the login of auditor") || box.tries+len(box.messages) > 0 {
		t.Errorf("%q, error %v, %d messages", found, err, len(box.messages))
	}
	m.Password = "wrong"
	if _, err := m.Check(t.Context()); err == nil || strings.Contains(err.Error(), "wrong\"") {
		t.Errorf("a wrong password: error %v", err)
	}
	m.TLSConfig = &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "127.0.0.1"}
	if _, err := m.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate that is not trusted: error %v", err)
	}
}

// body returns the text of a message.
func body(t *testing.T, m *mail.Message) string {
	t.Helper()
	text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAddressesAreCheckedBeforeAnythingIsSent(t *testing.T) {
	for _, m := range []notify.Email{
		{Host: "localhost", Port: 25, From: "nobody", To: []string{"a@example.com"}},
		{Host: "localhost", Port: 25, From: "a@example.com", To: []string{"b@example.com\r\nBcc: c@example.com"}},
		{Host: "localhost", Port: 99999, From: "a@example.com", To: []string{"b@example.com"}},
		{Host: "localhost", Port: 25, From: "a@example.com"},
	} {
		if err := m.Validate(); err == nil {
			t.Errorf("%+v is accepted", m)
		}
	}
}
