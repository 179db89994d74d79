// Package notify tells people something beyond chat: by a service on their phone, by mail, by Web Push.
//
// Each service is one entry of the table in services.go. An address names a service and where to reach somebody with
// it; it is a secret. Where a host is part of it, that has to be one that the configuration lists: this is checked when
// the address is given and again before each note, and the guarded client checks what the host's name resolves to when
// it connects.
//
//	address ──Read──> service, label, secret          kept sealed by whoever asks
//	secret, note ──Notify──> shoutrrr, our own senders, SMTP or Web Push ──> guarded client ──> the service
//
// What a service says about a failure may repeat the address, so its words are never passed on: outcome.go makes a
// sentence of what the guarded client saw.
package notify

import (
	"context"
	"crypto/x509"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// Options are what a Notifier is made of.
type Options struct {
	Hosts   []string // that people may name, like ntfy.sh, ntfy.example.com:8443 or *.example.com; nil: DefaultHosts
	Mail    Mail     // the server by which mail goes; the zero value sends none
	Keys    func(ctx context.Context) (Keys, error)
	Contact string // an https address or mail address at which a push service finds us; default our project's

	// What tests replace: how names are resolved, how checked addresses are dialled, and who is trusted for TLS.
	Lookup func(ctx context.Context, host string) ([]net.IPAddr, error)
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
	Roots  *x509.CertPool
}

// DefaultHosts are ntfy's public server and the fixed public hosts of the services offered.
func DefaultHosts() []string {
	return []string{"ntfy.sh", "api.pushover.net", "api.telegram.org", "*.logic.azure.com", "*.api.powerplatform.com"}
}

// Notifier reads addresses and sends notes. It is safe for concurrent use.
type Notifier struct {
	o     Options
	guard *guard
}

var _ bot.Notifier = (*Notifier)(nil)

// New makes a Notifier. It connects to nothing yet.
func New(o Options) *Notifier {
	if o.Hosts == nil {
		o.Hosts = DefaultHosts()
	}
	if !strings.HasPrefix(o.Contact, "https://") && !strings.Contains(o.Contact, "@") {
		o.Contact = "https://github.com/watchbell/watchbell"
	}
	return &Notifier{o: o, guard: newGuard(o)}
}

// maxAddress is how long an address may be; a subscription of a browser is longer than any other.
const maxAddress = 2000

// Read implements bot.Notifier.
func (n *Notifier) Read(raw string) (bot.Address, error) {
	raw = strings.TrimSpace(raw)
	if len(raw) > maxAddress {
		return bot.Address{}, invalid("it has %d characters; at most %d are allowed", len(raw), maxAddress)
	}
	if strings.HasPrefix(raw, "{") {
		return readSubscription(raw)
	}
	if a, isMail, err := n.readMail(raw); isMail {
		return a, err
	}
	_, a, _, err := n.parse(raw)
	return a, err
}

// Notify implements bot.Notifier.
func (n *Notifier) Notify(ctx context.Context, to bot.Address, note bot.Note) error {
	switch to.Service {
	case Push:
		return n.push(ctx, to.Secret, note)
	case mailService:
		return n.mail(ctx, to.Secret, note)
	}
	s, _, u, err := n.parse(to.Secret)
	if err != nil { // it was allowed when it was given
		return &bot.PermanentError{Err: err}
	}
	c := n.guard.client(ctx, n.listed)
	return c.outcome(s.send(c, u, note))
}

// Services names what is offered, for help: those whose host is listed, or can be.
func (n *Notifier) Services() []string {
	var names []string
	for _, s := range services {
		if s.host == "" || n.listed(s.host+":443") {
			names = append(names, s.name)
		}
	}
	if n.o.Mail.Server != "" {
		names = append(names, mailService)
	}
	return names
}

// parse finds the service of an address and checks it.
func (n *Notifier) parse(raw string) (service, bot.Address, *url.URL, error) {
	none := func(err error) (service, bot.Address, *url.URL, error) { return service{}, bot.Address{}, nil, err }
	scheme, _, _ := strings.Cut(raw, "://")
	k := slices.IndexFunc(services, func(s service) bool { return s.scheme == strings.ToLower(scheme) })
	if k < 0 {
		return none(invalid("it begins with none of the services. Offered are %s", strings.Join(n.Services(), ", ")))
	}
	s := services[k]
	u, err := url.Parse(raw)
	if err != nil || u.Fragment != "" || u.Opaque != "" || strings.ContainsFunc(raw, unsafe) {
		return none(invalid("it is no address of %s. Write %s", s.name, s.example))
	}
	for key := range u.Query() {
		if !slices.Contains(s.query, key) && !slices.Contains(s.query, "*") {
			return none(invalid("%s takes no %q behind the question mark. Write %s", s.name, bot.Shown(key), s.example))
		}
	}
	host := s.host + ":443"
	if s.host == "" {
		if host, err = hostOf(u); err != nil {
			return none(err)
		}
	}
	if !n.listed(host) {
		return none(invalid(
			"the host %s is not one that people may name here. An administrator lists hosts in the configuration, under "+
				"notify.hosts; listed are %s", strings.TrimSuffix(host, ":443"), strings.Join(n.o.Hosts, ", "),
		))
	}
	label, err := s.read(u)
	if err != nil {
		return none(invalid("%v. Write %s", err, s.example))
	}
	return s, bot.Address{Service: s.name, Label: label, Secret: raw}, u, nil
}

// hostName is a name as DNS has it; what looks like a number in any notation is none.
var hostName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

var portForm = regexp.MustCompile(`^[1-9][0-9]{0,4}$`)

// hostOf is the host of an address with its port. Addresses in numbers, of any notation, name no host.
func hostOf(u *url.URL) (string, error) {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if port == "" {
		port = "443"
	}
	if len(host) > 253 || !hostName.MatchString(host) || !portForm.MatchString(port) {
		return "", invalid("%q is not the name of a host. Write one like ntfy.sh", bot.Shown(u.Host))
	}
	return net.JoinHostPort(host, port), nil
}

// listed reports whether people may name a host with its port.
func (n *Notifier) listed(host string) bool {
	return slices.ContainsFunc(n.o.Hosts, func(entry string) bool { return covers(entry, host) })
}

// covers reports whether an entry of the list means a host with its port.
func covers(entry, host string) bool {
	entry = strings.ToLower(entry)
	if !strings.Contains(entry, ":") {
		entry += ":443"
	}
	if rest, wild := strings.CutPrefix(entry, "*."); wild {
		return strings.HasSuffix(host, "."+rest)
	}
	return entry == host
}

// unsafe are characters that no address has.
func unsafe(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' || r > 0x7f }

// invalid refuses an address. Its words never repeat more of it than the host.
func invalid(format string, args ...any) error {
	e := bot.Errorf(bot.Invalid, "Address: "+format+".", args...)
	return e.About("address")
}
