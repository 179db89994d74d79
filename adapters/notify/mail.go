package notify

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Mail is the server by which mail goes. Port 465 is TLS from the start; any other has to offer STARTTLS, unless the
// server is on this machine.
type Mail struct {
	Server   string // host:port
	From     string
	User     string // "" where the server asks for none
	Password string
}

const mailService = "mail"

// readMail reads a mail address. isMail is false when it is an address of another kind.
func (n *Notifier) readMail(raw string) (a bot.Address, isMail bool, err error) {
	bare, scheme := strings.CutPrefix(raw, "mailto:")
	if !scheme && (strings.Contains(raw, "://") || !strings.Contains(raw, "@")) {
		return a, false, nil
	}
	if n.o.Mail.Server == "" {
		return a, true, invalid(
			"no mail server is configured, so no mail can be sent. An administrator sets notify.mail in the configuration",
		)
	}
	read, err := mail.ParseAddress(bare)
	if err != nil || read.Address != bare || read.Name != "" || strings.ContainsFunc(bare, unsafe) || len(bare) > 254 {
		return a, true, invalid("it is no mail address. Write one like ana@example.com")
	}
	user, domain, _ := strings.Cut(bare, "@")
	return bot.Address{Service: mailService, Label: masked(user) + "@" + domain, Secret: bare}, true, nil
}

// mail sends a note by the configured server.
func (n *Notifier) mail(ctx context.Context, to string, note bot.Note) error {
	if n.o.Mail.Server == "" {
		return permanent("no mail server is configured any more")
	}
	ctx, cancel := context.WithTimeout(ctx, 2*answerTime)
	defer cancel()
	err := n.handOver(ctx, to, letter(n.o.Mail.From, to, note))
	var said *textproto.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errNoTLS):
		return permanent("the mail server does not offer STARTTLS, so nothing was sent")
	case errors.As(err, &said) && said.Code >= 500:
		return permanent("the mail server answered %d", said.Code)
	case errors.As(err, &said):
		return fmt.Errorf("the mail server answered %d", said.Code)
	}
	return errors.New("the mail server cannot be reached")
}

var errNoTLS = errors.New("no STARTTLS")

// handOver gives a letter to the server.
func (n *Notifier) handOver(ctx context.Context, to string, letter []byte) error {
	m := n.o.Mail
	host, port, err := net.SplitHostPort(m.Server)
	if err != nil {
		return err
	}
	conn, err := (&net.Dialer{Timeout: connectTime}).DialContext(ctx, "tcp", m.Server)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if until, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(until)
	}
	secure := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, RootCAs: n.o.Roots}
	if port == "465" {
		conn = tls.Client(conn, secure)
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return err
	}
	if offered, _ := c.Extension("STARTTLS"); offered && port != "465" {
		err = c.StartTLS(secure)
	} else if port != "465" && !here(host) {
		err = errNoTLS
	}
	if err == nil && m.User != "" {
		err = c.Auth(smtp.PlainAuth("", m.User, m.Password, host))
	}
	if err == nil {
		err = c.Mail(m.From)
	}
	if err == nil {
		err = c.Rcpt(to)
	}
	if err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err = w.Write(letter); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_ = c.Quit() // the letter is theirs already
	return nil
}

// here reports whether a host is this machine.
func here(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// letter is a note as a mail.
func letter(from, to string, n bot.Note) []byte {
	var b bytes.Buffer
	id := make([]byte, 12)
	_, _ = rand.Read(id) // never fails
	_, domain, _ := strings.Cut(from, "@")
	for _, h := range [][2]string{
		{"From", from}, {"To", to}, {"Subject", mime.QEncoding.Encode("utf-8", oneLine(n.Title))},
		{"Date", time.Now().UTC().Format(time.RFC1123Z)}, {"Message-ID", "<" + hex.EncodeToString(id) + "@" + domain + ">"},
		{"MIME-Version", "1.0"}, {"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "quoted-printable"}, {"Auto-Submitted", "auto-generated"},
		{"X-Priority", "1"},
	} {
		b.WriteString(h[0] + ": " + h[1] + "\r\n")
	}
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(strings.ReplaceAll(withLink(n), "\n", "\r\n") + "\r\n")) // into memory
	_ = w.Close()
	return b.Bytes()
}
