package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/cenkalti/backoff/v5"
	"github.com/wneessen/go-mail"
)

// TLS is the encryption of an SMTP connection.
type TLS string

// The values of TLS. None is for a mail server on this machine.
const (
	StartTLS    TLS = "starttls"
	ImplicitTLS TLS = "tls"
	None        TLS = "none"
)

// Email sends a message's text by SMTP.
type Email struct {
	Host     string
	Port     int
	TLS      TLS
	Username string // empty for no login
	Password string
	From     string
	To       []string
	Attach   bool // whether the message's workbook is attached
	// TLSConfig may be nil; then the certificates of the system apply.
	TLSConfig *tls.Config
}

// Check returns an error if an address or a setting is invalid. It sends nothing.
func (m *Email) Check() error {
	if _, err := m.client(); err != nil {
		return err
	}
	_, err := m.message(&Message{})
	return err
}

// Send sends the message once.
func (m *Email) Send(ctx context.Context, e *Message) error {
	message, err := m.message(e)
	if err != nil {
		return backoff.Permanent(err)
	}
	client, err := m.client()
	if err != nil {
		return backoff.Permanent(err)
	}
	err = client.DialAndSendWithContext(ctx, message)
	if failure, ok := errors.AsType[*mail.SendError](err); ok && !failure.IsTemp() && failure.ErrorCode() >= 500 {
		return backoff.Permanent(err)
	}
	return err
}

func (m *Email) client() (*mail.Client, error) {
	options := []mail.Option{mail.WithPort(m.Port), mail.WithTLSPolicy(mail.TLSMandatory)}
	switch m.TLS {
	case ImplicitTLS:
		options = append(options, mail.WithSSL())
	case None:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if m.TLSConfig != nil {
		options = append(options, mail.WithTLSConfig(m.TLSConfig))
	}
	if m.Username != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover),
			mail.WithUsername(m.Username), mail.WithPassword(m.Password))
	}
	client, err := mail.NewClient(m.Host, options...)
	if err != nil {
		return nil, fmt.Errorf("setting up SMTP to %s: %w", m.Host, err)
	}
	return client, nil
}

func (m *Email) message(e *Message) (*mail.Msg, error) {
	if len(m.To) == 0 {
		return nil, errors.New("there is no recipient")
	}
	message := mail.NewMsg()
	if err := message.From(m.From); err != nil {
		return nil, fmt.Errorf("sender %q: %w", m.From, err)
	}
	if err := message.To(m.To...); err != nil {
		return nil, fmt.Errorf("recipients %q: %w", m.To, err)
	}
	message.SetMessageID()
	message.SetDate()
	message.Subject(e.Subject)
	message.SetBodyString(mail.TypeTextPlain, e.Text)
	if m.Attach && e.Workbook != "" {
		message.AttachFile(e.Workbook)
	}
	return message, nil
}
