package notify

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// TLS is the encryption of an SMTP connection.
type TLS string

// The values of TLS. With None, nothing but a mail server on this machine gets a password.
const (
	StartTLS    TLS = "starttls"
	ImplicitTLS TLS = "tls"
	None        TLS = "none"
)

// heloName is a host name, or an address in brackets:
// https://www.rfc-editor.org/rfc/rfc5321#section-4.1.3
var heloName = regexp.MustCompile(`^([A-Za-z0-9._-]+|\[[A-Za-z0-9.:]+\])$`)

// Validate returns an error if an address or a setting is invalid. It connects to nothing.
func (m *Email) Validate() error {
	if m.Port < 1 || m.Port > 65535 {
		return fmt.Errorf("port %d is not from 1 to 65535", m.Port)
	}
	if m.HELO != "" && !heloName.MatchString(m.HELO) {
		return fmt.Errorf("helo %q; expected a full host name such as auditor.example.com", m.HELO)
	}
	if m.TLS == None && m.Username != "" && !isLoopback(m.Host) {
		return fmt.Errorf("tls none would send the password to %s in the clear; use starttls or tls, or remove username",
			m.Host)
	}
	_, err := m.message(&Message{}, "check")
	return err
}

// isLoopback reports whether a host name or an address is certainly this machine.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

func (m *Email) address() string { return net.JoinHostPort(m.Host, strconv.Itoa(m.Port)) }

// connect connects to the server, encrypts, and logs in. The connection ends when ctx ends.
func (m *Email) connect(ctx context.Context) (*smtp.Client, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", m.address())
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() }) // also ends a greeting or a login that hangs
	client, err := m.greet(ctx, conn)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	deadline, limited := ctx.Deadline()
	if limited {
		err = conn.SetDeadline(deadline)
	}
	return client, err
}

func (m *Email) greet(ctx context.Context, conn net.Conn) (*smtp.Client, error) {
	config := m.TLSConfig
	if config == nil {
		config = &tls.Config{ServerName: m.Host, MinVersion: tls.VersionTLS12}
	}
	name := cmp.Or(m.HELO, fullHostName(ctx), addressLiteral(conn.LocalAddr()))
	policy := mail.TLSMandatory
	logins := []mail.SMTPAuthType{
		mail.SMTPAuthSCRAMSHA256PLUS, mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthSCRAMSHA1PLUS, mail.SMTPAuthSCRAMSHA1,
		mail.SMTPAuthNTLM, mail.SMTPAuthCramMD5, mail.SMTPAuthPlain, mail.SMTPAuthLogin,
	}
	switch m.TLS {
	case ImplicitTLS:
		encrypted := tls.Client(conn, config)
		if err := encrypted.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		conn, policy = encrypted, mail.NoTLS // nothing more to encrypt
	case None:
		if peer, ok := conn.RemoteAddr().(*net.TCPAddr); m.Username != "" && (!ok || !peer.IP.IsLoopback()) {
			return nil, errors.New("the password is not sent, because the server is not on this machine and tls is none")
		}
		policy = mail.NoTLS
		logins = []mail.SMTPAuthType{
			mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthSCRAMSHA1, mail.SMTPAuthCramMD5,
			mail.SMTPAuthPlainNoEnc, mail.SMTPAuthLoginNoEnc,
		}
	}
	options := []mail.Option{
		mail.WithPort(m.Port), mail.WithTLSPolicy(policy), mail.WithTLSConfig(config), mail.WithHELO(name),
		mail.WithDialContextFunc(func(context.Context, string, string) (net.Conn, error) { return conn, nil }),
	}
	if m.Username != "" {
		options = append(options, mail.WithUsername(m.Username), mail.WithPassword(m.Password),
			mail.WithOpportunisticSMTPAuth(logins...))
	}
	client, err := mail.NewClient(m.Host, options...)
	if err != nil {
		return nil, fmt.Errorf("setting up SMTP to %s: %w", m.Host, err)
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s as %s: %w", m.address(), name, err)
	}
	return session, nil
}

// lookupLimit bounds the wait for a name server that does not answer.
const lookupLimit = 3 * time.Second

// fullHostName returns the name of this host with its domain, or "" if it has none: many servers
// refuse a name without a domain in EHLO.
func fullHostName(ctx context.Context) string {
	name, err := os.Hostname()
	if err != nil || strings.Contains(name, ".") {
		return name
	}
	ctx, cancel := context.WithTimeout(ctx, lookupLimit)
	defer cancel()
	full, err := net.DefaultResolver.LookupCNAME(ctx, name)
	if full = strings.TrimSuffix(full, "."); err != nil || !strings.Contains(full, ".") || !heloName.MatchString(full) {
		return ""
	}
	return full
}

// addressLiteral returns the address of this end of a connection as EHLO takes it from a host
// without a full name.
func addressLiteral(local net.Addr) string {
	host, _, _ := net.SplitHostPort(local.String())
	if strings.Contains(host, ":") {
		host, _, _ = strings.Cut("IPv6:"+host, "%")
	}
	return "[" + host + "]"
}

// mailbox returns the address without the name of its owner, such as a@example.com of "Ann
// <a@example.com>".
func mailbox(address string) string {
	parsed, err := netmail.ParseAddress(address)
	if err != nil {
		return address
	}
	return parsed.Address
}
