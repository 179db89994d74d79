// Package oidc lets people sign in where their company does, by OpenID Connect: authorization code with PKCE. It says
// who a provider says somebody is, and knows nothing of people, sessions or pages.
//
//	Start ──> browser ──> provider ──> browser ──> Finish ──> code for tokens ──> Claims
//	  └───────── Attempt: state, nonce, verifier, in this browser only ─────┘
//
// A provider is trusted to name its own users and nothing else: what it sends is bounded in size and time, and each of
// its answers has to be for us, for this attempt, from it, and fresh. package oidctest is one that lies.
package oidc

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"
)

type joseAlgorithm = jose.SignatureAlgorithm

// Lasts is how long somebody may take at the provider.
const Lasts = 10 * time.Minute

// Attempt is what has to be remembered of an attempt to sign in until the browser comes back. It is a secret of this
// browser.
type Attempt struct {
	Provider, State, Nonce, Verifier string

	Began time.Time
}

// Kind says what went wrong, as far as it matters to people.
type Kind string

const (
	Stale       Kind = "stale"       // the answer does not belong to the attempt: start again
	Declined    Kind = "declined"    // the provider did not let them in, or they turned back
	Unreachable Kind = "unreachable" // the provider does not answer
	Refused     Kind = "refused"     // the provider's answer is not to be trusted
)

// Error is why nobody is signed in. Its text is for the log: people are not told how an answer was found out.
type Error struct {
	Kind   Kind
	Reason error
}

func (e *Error) Error() string { return string(e.Kind) + ": " + e.Reason.Error() }

func (e *Error) Unwrap() error { return e.Reason }

func refuse(kind Kind, format string, args ...any) *Error {
	return &Error{kind, fmt.Errorf(format, args...)}
}

// Start begins an attempt. The browser has to be sent to the address.
func (p *Provider) Start(ctx context.Context) (Attempt, string, error) {
	d, err := p.discover(ctx)
	if err != nil {
		return Attempt{}, "", &Error{Unreachable, err}
	}
	a := Attempt{
		Provider: p.c.Name, State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Began: p.o.Now(),
	}
	return a, d.oauth.AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), nil
}

// Finish reads the provider's answer, which the browser brought, and says who it is about. It is called once for an
// attempt, whatever comes of it.
func (p *Provider) Finish(ctx context.Context, a Attempt, answer url.Values) (Claims, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*p.o.Patience)
	defer cancel()
	if a.Provider != p.c.Name {
		return Claims{}, refuse(Stale, "the attempt is one of %s", cut(a.Provider))
	}
	d, err := p.discover(ctx)
	if err != nil {
		return Claims{}, &Error{Unreachable, err}
	}
	code, failed := p.returned(d, a, answer)
	if failed != nil {
		return Claims{}, failed
	}
	token, err := p.exchange(ctx, d, a, code)
	if err != nil {
		return Claims{}, err
	}
	said, err := p.verified(ctx, d, a, token)
	if err != nil {
		return Claims{}, &Error{Refused, err}
	}
	if said, err = p.complete(ctx, d, said, token); err != nil {
		return Claims{}, &Error{Refused, err}
	}
	c, err := said.about(p.c.Groups)
	if err != nil {
		return Claims{}, &Error{Refused, err}
	}
	c.Issuer = p.c.Issuer
	return c, nil
}

// returned takes the code out of the browser's request, which anybody can have made up.
func (p *Provider) returned(d *discovered, a Attempt, answer url.Values) (string, *Error) {
	for _, name := range []string{"state", "code", "iss", "error"} {
		if len(answer[name]) > 1 {
			return "", refuse(Stale, "%s is there twice", name)
		}
	}
	if subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(a.State)) != 1 {
		return "", refuse(Stale, "the state is not the one of this attempt")
	}
	switch issuer := answer.Get("iss"); { // before anything else is believed, also an error
	case answer.Has("iss") && issuer != p.c.Issuer:
		return "", refuse(Refused, "the answer is from the issuer %q", cut(issuer))
	case !answer.Has("iss") && d.namesItself:
		return "", refuse(Refused, "the answer does not say its issuer, and this provider always does")
	}
	if answer.Has("error") {
		return "", refuse(Declined, "the provider says %q", cut(answer.Get("error")))
	}
	code := answer.Get("code")
	if code == "" || len(code) > 8<<10 {
		return "", refuse(Refused, "the answer has no code")
	}
	return code, nil
}

// exchange gets the tokens for a code.
func (p *Provider) exchange(ctx context.Context, d *discovered, a Attempt, code string) (*oauth2.Token, error) {
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := d.oauth.Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	var refused *oauth2.RetrieveError
	var sent *url.Error
	switch {
	case errors.As(err, &refused), err != nil && !errors.As(err, &sent):
		return nil, refuse(Refused, "tokens for the code: %w", plain(err))
	case err != nil:
		return nil, refuse(Unreachable, "tokens for the code: %w", plain(err))
	case !strings.EqualFold(token.TokenType, "Bearer"):
		return nil, refuse(Refused, "tokens for the code: their type is %q", cut(token.TokenType))
	}
	return token, nil
}

// verified is what the id token says, after everything that can be checked about it.
func (p *Provider) verified(ctx context.Context, d *discovered, a Attempt, token *oauth2.Token) (object, error) {
	raw, ok := token.Extra("id_token").(string)
	if !ok || raw == "" {
		return nil, errors.New("there is no id token")
	}
	checked, err := d.verification.Verify(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("id token: %w", plain(err))
	}
	var payload json.RawMessage
	if err := checked.Claims(&payload); err != nil {
		return nil, fmt.Errorf("id token: %w", plain(err))
	}
	said, err := readObject(payload)
	if err != nil {
		return nil, fmt.Errorf("id token: %w", err)
	}
	want := expected{issuer: p.c.Issuer, client: p.c.ClientID, nonce: a.Nonce, began: a.Began, now: p.o.Now()}
	if err := said.check(want); err != nil {
		return nil, fmt.Errorf("id token: %w", err)
	}
	if _, there := said["at_hash"]; there {
		if err := checked.VerifyAccessToken(token.AccessToken); err != nil {
			return nil, fmt.Errorf("id token: %w", plain(err))
		}
	}
	return said, nil
}

// complete asks the provider for what the id token does not say, where some providers keep the address and the groups.
// The id token counts where both say something.
func (p *Provider) complete(ctx context.Context, d *discovered, said object, token *oauth2.Token) (object, error) {
	_, hasEmail := said["email"]
	_, hasGroups := said[p.c.Groups]
	if d.userinfo == "" || hasEmail && (hasGroups || len(p.c.Roles) == 0) {
		return said, nil
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.userinfo, nil)
	if err != nil {
		return nil, fmt.Errorf("userinfo: %w", plain(err))
	}
	r.Header.Set("Authorization", "Bearer "+token.AccessToken)
	data, err := answerOf(p.client, r)
	if err != nil {
		return nil, fmt.Errorf("userinfo: %w", plain(err))
	}
	more, err := readObject(data)
	if err != nil {
		return nil, fmt.Errorf("userinfo: %w", err)
	}
	mine, err := said.subject()
	if err != nil {
		return nil, err
	}
	if theirs, err := more.subject(); err != nil || theirs != mine {
		return nil, errors.New("userinfo: it is about somebody else")
	}
	claims := []string{p.c.Groups, "name", "preferred_username"}
	if !hasEmail { // an address and whether it is verified belong together
		delete(said, "email_verified")
		claims = append(claims, "email", "email_verified")
	}
	for _, name := range claims {
		if value, there := more[name]; there && said[name] == nil {
			said[name] = value
		}
	}
	return said, nil
}
