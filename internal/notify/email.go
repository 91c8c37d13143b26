package notify

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/cenkalti/backoff/v5"
	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// Email sends a message's text by SMTP.
type Email struct {
	Host     string
	Port     int
	TLS      TLS
	Username string // empty for no login
	Password string
	HELO     string // the name for the server; empty for the full name of this host
	From     string
	To       []string
	Attach   bool // whether the message's workbook is attached
	// TLSConfig may be nil; then the certificates of the system apply.
	TLSConfig *tls.Config
}

// Send delivers the message to each recipient that the server accepts. If the server refuses the
// message with the workbook, Send delivers it without. The error names the refused recipients, and
// says why the workbook is missing.
func (m *Email) Send(ctx context.Context, e *Message) error {
	d := &delivery{email: m, content: e, id: rand.Text(), left: slices.Clone(m.To)}
	if m.Attach && e.Workbook != "" {
		var err error
		if d.workbook, err = os.ReadFile(e.Workbook); err != nil {
			d.omit(err)
		}
	}
	if err := retry(ctx, d.try); err != nil {
		d.problems = append(d.problems, err)
	}
	if len(d.problems) > 0 && len(d.delivered) > 0 {
		d.problems = append(d.problems, fmt.Errorf("delivered to %s", strings.Join(d.delivered, ", ")))
	}
	return joinErrors(d.problems)
}

// Check connects, encrypts and logs in.
func (m *Email) Check(ctx context.Context) (found string, err error) {
	client, err := m.connect(ctx)
	if err != nil {
		return "", err
	}
	found = m.address() + " accepts the connection"
	if m.Username != "" {
		found = m.address() + " accepts the login of " + m.Username
	}
	return found, client.Quit()
}

// delivery is the sending of one message. A further try sends it only to the recipients that are
// left.
type delivery struct {
	email     *Email
	content   *Message
	id        string // of the message, the same in every try
	workbook  []byte // nil without an attachment
	omitted   string // why the workbook is missing, in one line
	left      []string
	delivered []string
	problems  []error
}

func (d *delivery) omit(reason error) {
	d.workbook, d.omitted = nil, strings.Join(strings.Fields(reason.Error()), " ")
	d.problems = append(d.problems, fmt.Errorf("the workbook is not attached: %w", reason))
}

// try connects and sends the message once.
func (d *delivery) try(ctx context.Context) error {
	client, err := d.email.connect(ctx)
	if err != nil {
		return permanentIfRefused(err)
	}
	defer func() { _ = client.Close() }()
	if err := d.send(client); err != nil {
		return err
	}
	_ = client.Quit() // the message is delivered
	return nil
}

// send offers the message to the server and, if it is refused because of the workbook, again
// without.
func (d *delivery) send(client *smtp.Client) error {
	text, err := d.text()
	if err != nil {
		return backoff.Permanent(err)
	}
	_, size := client.Extension("SIZE")
	most, _ := strconv.Atoi(size) // 0 without a limit: https://www.rfc-editor.org/rfc/rfc1870
	if d.workbook != nil && most > 0 && len(text) > most {
		d.omit(fmt.Errorf("the server takes at most %d bytes, and the message with it has %d", most, len(text)))
		return d.send(client)
	}
	if err := client.Mail("<" + d.email.sender() + ">"); err != nil {
		return permanentIfRefused(fmt.Errorf("sender %s: %w", d.email.sender(), err))
	}
	accepted, busy, err := d.recipients(client)
	if err != nil {
		return err
	}
	if len(accepted) == 0 {
		return joinErrors(busy)
	}
	w, err := client.Data()
	if err == nil {
		_, err = w.Write(text)
		err = cmp.Or(w.Close(), err) // the response of the server says more than a broken connection
	}
	if err != nil {
		return d.withoutWorkbook(client, fmt.Errorf("sending the message: %w", err))
	}
	d.delivered = append(d.delivered, accepted...)
	d.left = slices.DeleteFunc(d.left, func(to string) bool { return slices.Contains(accepted, to) })
	return joinErrors(busy)
}

// insufficientStorage is the code with which some servers refuse a message for its size as if they
// could take it later.
const insufficientStorage = 452

// withoutWorkbook handles an error for the whole message. If the message has the workbook and the
// server refused it, it is sent without. If the connection broke, the next try is without: some
// servers hang up on a message that is too large.
func (d *delivery) withoutWorkbook(client *smtp.Client, err error) error {
	refusal, answered := errors.AsType[*textproto.Error](err)
	if d.workbook == nil || answered && refusal.Code < 500 && refusal.Code != insufficientStorage {
		return permanentIfRefused(err)
	}
	d.omit(err)
	if !answered || refusal.Code == insufficientStorage {
		return err
	}
	if err := client.Reset(); err != nil {
		return err
	}
	return d.send(client)
}

// recipients offers each recipient that is left. It returns those that the server accepts, and an
// error for each that it may accept later. If it refuses all for good, that is an error.
func (d *delivery) recipients(client *smtp.Client) (accepted []string, busy []error, err error) {
	for _, to := range slices.Clone(d.left) {
		err := client.Rcpt("<" + mailbox(to) + ">")
		refusal, ok := errors.AsType[*textproto.Error](err)
		switch {
		case err == nil:
			accepted = append(accepted, to)
		case !ok:
			return nil, nil, err
		case refusal.Code < 500:
			busy = append(busy, fmt.Errorf("recipient %s: %w", to, err))
		default:
			d.problems = append(d.problems, fmt.Errorf("recipient %s is refused: %w", to, err))
			d.left = slices.DeleteFunc(d.left, func(other string) bool { return other == to })
		}
	}
	if len(d.left)+len(d.delivered) == 0 {
		return nil, nil, backoff.Permanent(errors.New("no recipient is left"))
	}
	return accepted, busy, nil
}

// text returns the message as it goes to the server.
func (d *delivery) text() ([]byte, error) {
	message, err := d.email.message(d.content, d.id)
	if err != nil {
		return nil, err
	}
	text := d.content.Text()
	if d.omitted != "" {
		text += "\nThe workbook is not attached: " + d.omitted + "\n"
	}
	message.SetBodyString(mail.TypeTextPlain, text)
	if d.workbook != nil {
		if err := message.AttachReader(filepath.Base(d.content.Workbook), bytes.NewReader(d.workbook)); err != nil {
			return nil, fmt.Errorf("attaching the workbook: %w", err)
		}
	}
	var all bytes.Buffer
	if _, err := message.WriteTo(&all); err != nil {
		return nil, fmt.Errorf("encoding the message: %w", err)
	}
	return all.Bytes(), nil
}

// message returns the message without its text.
func (m *Email) message(e *Message, id string) (*mail.Msg, error) {
	if len(m.To) == 0 {
		return nil, errors.New("there is no recipient")
	}
	message := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := message.From(m.From); err != nil {
		return nil, fmt.Errorf("sender %q: %w", m.From, err)
	}
	if err := message.To(m.To...); err != nil {
		return nil, fmt.Errorf("recipients %q: %w", m.To, err)
	}
	_, domain, _ := strings.Cut(m.sender(), "@")
	message.SetMessageIDWithValue(id + "@" + domain)
	message.SetDate()
	// Absence notes and other programs do not answer such a message:
	// https://www.rfc-editor.org/rfc/rfc3834#section-5
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	message.SetGenHeader("X-Auto-Response-Suppress", "All") // the same for Microsoft Exchange
	message.Subject(e.Subject)
	return message, nil
}

func (m *Email) sender() string { return mailbox(m.From) }

// permanentIfRefused makes a refusal of the server permanent. Any other error, such as a lost
// connection, may pass.
func permanentIfRefused(err error) error {
	if refusal, ok := errors.AsType[*textproto.Error](err); ok && refusal.Code >= 500 {
		return backoff.Permanent(err)
	}
	return err
}

// joinErrors returns the errors in one line, or nil if there are none.
func joinErrors(all []error) error {
	var joined error
	for _, err := range all {
		if joined == nil {
			joined = err
		} else {
			joined = fmt.Errorf("%w; %w", joined, err)
		}
	}
	return joined
}
