package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	"net/mail"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"scim-auditor/internal/demo"
)

// mailServer is an SMTP server that keeps every message.
type mailServer struct{ messages [][]byte }

func (m *mailServer) NewSession(*smtp.Conn) (smtp.Session, error) { return m, nil }
func (m *mailServer) Reset()                                      {}
func (m *mailServer) Logout() error                               { return nil }
func (m *mailServer) Mail(string, *smtp.MailOptions) error        { return nil }
func (m *mailServer) Rcpt(string, *smtp.RcptOptions) error        { return nil }

func (m *mailServer) Data(r io.Reader) error {
	message, err := io.ReadAll(r)
	m.messages = append(m.messages, message)
	return err
}

// TestTheMailOfTheNightsOfTheDemo runs the nights of the demo with the real command, which mails
// each with its workbook. With -v it prints the mail of the fifth night, which has the most serious
// changes, as it arrived.
func TestTheMailOfTheNightsOfTheDemo(t *testing.T) {
	skipIfShort(t)
	box := &mailServer{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(box)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })

	world := demo.NewServer()
	api := httptest.NewServer(world)
	t.Cleanup(api.Close)
	s := &site{t: t, folder: t.TempDir(), url: api.URL + "/api", state: &demo.State{}, ctx: t.Context()}
	s.variables = make(map[string]string)
	config := "organizations:\n"
	for _, organization := range world.Organizations() {
		variable := strings.ToUpper(organization.Name) + "_TOKEN"
		config += fmt.Sprintf("  - {name: %s, token_env: %s}\n", organization.Name, variable)
		s.variables[variable] = organization.Token
	}
	config += fmt.Sprintf("notify:\n  - {type: email, smtp: %q, tls: none, from: SCIM audit <auditor@example.com>, "+
		"to: [security@example.com, audit@example.com], attach: true, on: always, helo: auditor.example.com}\n", listener.Addr())
	if err := os.WriteFile(s.path("auditor.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	for night := 1; night <= demo.Nights; night++ {
		world.SetNight(night)
		s.clock = func() time.Time { return demo.Night(night) }
		s.tonight("run", "--config", s.path("auditor.yaml"), "--formats", "xlsx")
	}
	if len(box.messages) != demo.Nights {
		t.Fatalf("%d messages in %d nights\n%s", len(box.messages), demo.Nights, &s.printed)
	}
	const busiest = 5
	message := box.messages[busiest-1]
	header, text, attached := readMail(t, message)
	for name, want := range map[string]string{
		"From": `"SCIM audit" <auditor@example.com>`, "To": "<security@example.com>, <audit@example.com>",
		"Auto-Submitted": "auto-generated", "Subject": "SCIM audit 2026-11-20 02:00 UTC: ",
	} {
		if !strings.HasPrefix(header.Get(name), want) {
			t.Errorf("%s: %q, want %q", name, header.Get(name), want)
		}
	}
	for _, want := range []string{"run 5 on host\n", "4 of 4 organizations complete, changes: ", "report: ", "auditor head v1 ", "globex: complete, changes: "} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the text:\n%s", want, text)
		}
	}
	if !bytes.HasPrefix(attached, []byte("PK")) {
		t.Error("the attachment is no workbook")
	}
	end := bytes.Index(message, []byte("UEsDB")) // the workbook in base64
	t.Logf("the mail of night %d, up to its attachment:\n%s", busiest, message[:end])
}

// readMail returns the header, the text and the attachment of a message.
func readMail(t *testing.T, message []byte) (header mail.Header, text string, attached []byte) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(message))
	if err != nil {
		t.Fatal(err)
	}
	_, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	var parts [][]byte
	for reader := multipart.NewReader(m.Body, parameters["boundary"]); ; {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		body := base64.NewDecoder(base64.StdEncoding, part)
		if part.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
			body = quotedprintable.NewReader(part)
		}
		content, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, content)
	}
	if len(parts) != 2 {
		t.Fatalf("%d parts, want the text and the workbook", len(parts))
	}
	return m.Header, strings.ReplaceAll(string(parts[0]), "\r\n", "\n"), parts[1]
}
