package notifytest

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
)

// Letter is a mail that the server took.
type Letter struct {
	From, To, Data string
	TLS            bool
	User           string // who signed in
}

// MailServer speaks SMTP with STARTTLS.
type MailServer struct {
	Address string
	Refuse  int         // answered to every recipient; 0 is none
	Plain   atomic.Bool // it offers no STARTTLS

	o       *Outside
	mu      sync.Mutex
	letters []Letter
}

// MailServer starts a mail server.
func (o *Outside) MailServer() *MailServer {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		o.T.Fatal(err)
	}
	m := &MailServer{Address: l.Addr().String(), o: o}
	o.T.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go m.serve(conn)
		}
	}()
	return m
}

// Letters are those so far.
func (m *MailServer) Letters() []Letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Letter(nil), m.letters...)
}

func (m *MailServer) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	say := func(line string) { _, _ = fmt.Fprintf(conn, "%s\r\n", line) } // the other side notices
	var letter Letter
	say("220 mail.example.com ESMTP")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch strings.ToUpper(word) {
		case "EHLO", "HELO":
			say("250-mail.example.com")
			if !letter.TLS && !m.Plain.Load() {
				say("250-STARTTLS")
			}
			say("250 AUTH PLAIN")
		case "STARTTLS":
			say("220 go ahead")
			secure := tls.Server(conn, m.o.server.TLS)
			if secure.Handshake() != nil {
				return
			}
			conn, in, letter = secure, bufio.NewReader(secure), Letter{TLS: true}
		case "AUTH":
			_, secret, _ := strings.Cut(rest, " ")
			plain, _ := base64.StdEncoding.DecodeString(secret)
			if !letter.TLS || !strings.HasSuffix(string(plain), "\x00hunter2") {
				say("535 no")
				continue
			}
			letter.User = strings.Split(string(plain), "\x00")[1]
			say("235 welcome")
		case "MAIL":
			letter.From = rest
			say("250 ok")
		case "RCPT":
			if m.Refuse != 0 {
				say(fmt.Sprintf("%d no such user hunter2", m.Refuse))
				continue
			}
			letter.To = rest
			say("250 ok")
		case "DATA":
			say("354 go on")
			var data strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				data.WriteString(strings.TrimPrefix(line, "."))
			}
			letter.Data = data.String()
			m.mu.Lock()
			m.letters = append(m.letters, letter)
			m.mu.Unlock()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("500 what")
		}
	}
}
