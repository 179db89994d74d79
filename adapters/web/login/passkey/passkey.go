// Package passkey checks what authenticators say: that somebody made a passkey for these pages, and that it is used now.
// It knows nothing of sessions or pages, and keeps nothing.
//
//	BeginMake ──> options ──> browser ──> authenticator ──> answer ──> Make ──> Passkey, to be kept
//	BeginUse  ──> options ──> browser ──> authenticator ──> answer ──> Use  ──> Passkey, with its new counter
//	       └──────── Ceremony: the challenge, in this browser, once ───────┘
//
// The authenticator has to verify its user, by a fingerprint, a face or a PIN, and to keep who it is for. So a passkey
// is two factors, and nobody types a name.
package passkey

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Lasts is how long somebody may take to use their authenticator.
const Lasts = 5 * time.Minute

// Most is how many passkeys one person may have.
const Most = 20

// Passkey is one of somebody's passkeys, as it is kept.
type Passkey struct {
	ID         []byte // by which authenticators name it
	Person     bot.PersonID
	Handle     []byte // what authenticators call the person
	Name       string // by which its person knows it
	Key        []byte // the public key
	Counter    uint32 // how often it was used, as its authenticator counts; 0 for those that do not
	Synced     bool   // it may be on several devices of its person
	Transports []string
	Made, Used time.Time // Used is zero before its first use
}

// Refusal is why an answer does not count. Its text is for the log: people are not told how it was found out.
type Refusal struct{ reason string }

func (r *Refusal) Error() string { return r.reason }

// Refusals that callers tell apart from others.
var (
	ErrUnknown = &Refusal{"no passkey like this is kept"}
	ErrCopied  = &Refusal{"the passkey counted back, so there may be a copy of it"}
)

// Ceremony is what has to be remembered between the two halves. It is a secret of this browser.
type Ceremony struct {
	Person  bot.PersonID // who makes one; "" when one is used
	Session webauthn.SessionData
}

// Site is the pages that passkeys are for. It is safe for concurrent use.
type Site struct {
	auth   *webauthn.WebAuthn
	secret []byte
}

// Fits says why passkeys do not work on pages at an address, or nil.
func Fits(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return bot.Errorf(bot.Invalid, "%q is not an address of pages, like https://ops.example.com.", bot.Shown(address))
	}
	host := u.Hostname()
	if _, err := netip.ParseAddr(host); err == nil {
		return bot.Errorf(
			bot.Invalid, "Passkeys need a name, and %s is an address. Give the server a name with https, like "+
				"https://ops.example.com, or open it as http://localhost on its own machine.", host,
		)
	}
	if u.Scheme != "https" && !strings.EqualFold(host, "localhost") {
		return bot.Errorf(
			bot.Invalid, "Passkeys need https, and browsers find %s by http. Put a proxy with TLS before the server and set "+
				"web.url, like https://ops.example.com.", bot.Shown(address),
		)
	}
	return nil
}

// New makes the Site of pages at an address that Fits. The secret is the installation's.
func New(address, name string, secret []byte) (*Site, error) {
	if err := Fits(address); err != nil {
		return nil, err
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	yes := true
	auth, err := webauthn.New(&webauthn.Config{
		RPID: strings.ToLower(u.Hostname()), RPDisplayName: value.Cut(name, 64), RPOrigins: []string{u.Scheme + "://" + u.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			UserVerification: protocol.VerificationRequired, ResidentKey: protocol.ResidentKeyRequirementRequired,
			RequireResidentKey: &yes,
		},
		Timeouts: webauthn.TimeoutsConfig{ // whoever keeps the Ceremony says when it is over
			Login:        webauthn.TimeoutConfig{Timeout: Lasts, TimeoutUVD: Lasts},
			Registration: webauthn.TimeoutConfig{Timeout: Lasts, TimeoutUVD: Lasts},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys of %s: %w", address, err)
	}
	return &Site{auth, secret}, nil
}

// holder is somebody as the library asks for them.
type holder struct {
	handle     []byte
	name, full string
	keys       []webauthn.Credential
}

func (h holder) WebAuthnID() []byte                         { return h.handle }
func (h holder) WebAuthnName() string                       { return h.name }
func (h holder) WebAuthnDisplayName() string                { return h.full }
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

// handle is what authenticators call somebody. It says nothing of them to whoever holds a lost key in their hand.
func (s *Site) handle(who bot.PersonID) ([]byte, error) {
	return hkdf.Key(sha256.New, s.secret, nil, "watchbell/passkey/1/"+string(who), 32)
}

// BeginMake begins to make a passkey of somebody who has others already. The options are for the browser.
func (s *Site) BeginMake(who bot.Person, others []Passkey) (options any, c Ceremony, err error) {
	handle, err := s.handle(who.ID)
	if err != nil {
		return nil, c, err
	}
	exclude := make([]protocol.CredentialDescriptor, len(others)) // so that one authenticator has one of them
	for i, o := range others {
		known := o.credential()
		exclude[i] = known.Descriptor()
	}
	created, session, err := s.auth.BeginRegistration(
		holder{handle: handle, name: string(who.ID), full: value.Cut(who.Name, 64)},
		webauthn.WithExclusions(exclude),
	)
	if err != nil {
		return nil, c, fmt.Errorf("passkey options: %w", err)
	}
	return created.Response, Ceremony{who.ID, *session}, nil
}

// Make checks what an authenticator answered and returns the passkey that it made.
func (s *Site) Make(c Ceremony, answer []byte, name string, now time.Time) (Passkey, error) {
	handle, err := s.handle(c.Person)
	if err != nil {
		return Passkey{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return Passkey{}, explained(err)
	}
	made, err := s.auth.CreateCredential(holder{handle: handle}, c.Session, parsed)
	if err != nil {
		return Passkey{}, explained(err)
	}
	if len(made.ID) == 0 || len(made.ID) > maxID || len(made.PublicKey) > maxKey {
		return Passkey{}, &Refusal{"the passkey has no id, or a very long one"}
	}
	p := Passkey{
		ID: made.ID, Person: c.Person, Handle: handle, Name: Named(name, now), Key: made.PublicKey,
		Counter: made.Authenticator.SignCount, Synced: made.Flags.BackupEligible, Made: now,
	}
	for _, t := range made.Transport {
		if len(p.Transports) < 8 && len(t) <= 16 {
			p.Transports = append(p.Transports, string(t))
		}
	}
	return p, nil
}

const (
	maxID  = 1023 // by WebAuthn, section 4, credential id
	maxKey = 2048
)

// Named is the name of a passkey, whatever somebody typed.
func Named(typed string, now time.Time) string {
	if name := value.Cut(value.Line(typed), 60); name != "" {
		return name
	}
	return "Passkey of " + now.UTC().Format("2 January 2006")
}

// BeginUse begins to use one of anybody's passkeys. The authenticator says whose.
func (s *Site) BeginUse() (options any, c Ceremony, err error) {
	asked, session, err := s.auth.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, c, fmt.Errorf("passkey options: %w", err)
	}
	return asked.Response, Ceremony{Session: *session}, nil
}

// Use checks what an authenticator answered and returns the passkey that was used, with its new counter. find returns
// ErrUnknown for one that is not kept. With ErrCopied the passkey is returned too: it is somebody's, but not to be
// trusted.
func (s *Site) Use(c Ceremony, answer []byte, now time.Time, find func(id []byte) (Passkey, error)) (Passkey, error) {
	if c.Person != "" {
		return Passkey{}, &Refusal{"the answer is to the making of a passkey"}
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return Passkey{}, explained(err)
	}
	var used Passkey
	var lost error // of the database, which is nobody's fault
	checked, err := s.auth.ValidateDiscoverableLogin(func(id, handle []byte) (webauthn.User, error) {
		if used, lost = find(id); lost != nil {
			return nil, lost
		}
		if !bytes.Equal(handle, used.Handle) {
			return nil, &Refusal{"the passkey is somebody else's"}
		}
		return holder{handle: used.Handle, keys: []webauthn.Credential{used.credential()}}, nil
	}, c.Session, parsed)
	switch {
	case lost != nil:
		return Passkey{}, lost
	case err != nil:
		return Passkey{}, explained(err)
	case checked.Authenticator.CloneWarning:
		return used, ErrCopied
	}
	used.Counter, used.Used = checked.Authenticator.SignCount, now
	return used, nil
}

// credential is the passkey as the library knows it.
func (p Passkey) credential() webauthn.Credential {
	c := webauthn.Credential{
		ID: p.ID, PublicKey: p.Key, Flags: webauthn.CredentialFlags{BackupEligible: p.Synced},
		Authenticator: webauthn.Authenticator{SignCount: p.Counter},
	}
	for _, t := range p.Transports {
		c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
	}
	return c
}

// explained is what the library found wrong, in one short line for the log.
func explained(err error) error {
	var e *protocol.Error
	if errors.As(err, &e) {
		return &Refusal{value.Cut(value.Line(strings.TrimSpace(e.Details+" "+e.DevInfo)), 200)}
	}
	return &Refusal{value.Cut(value.Line(err.Error()), 200)}
}
