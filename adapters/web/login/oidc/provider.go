package oidc

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Config is one provider as the configuration names it.
type Config struct {
	Name     string // in addresses and in the log, like company
	Label    string // on the button; default Name
	Issuer   string // exactly as the provider says it
	ClientID string
	Secret   string              // "" for a client that has none
	Roles    map[string][]string // the roles that people of a group get
	Groups   string              // the claim that lists groups; default groups
	Scopes   []string            // beside openid, email and profile
}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// Check refuses what cannot work or is not safe.
func (c Config) Check() error {
	if !nameForm.MatchString(c.Name) {
		return bot.Errorf(
			bot.Invalid, "%q is not a name of a provider. Write 1 to 32 small letters, digits or hyphens, beginning with a "+
				"letter, like company.", bot.Shown(c.Name),
		).About("name")
	}
	u, err := url.Parse(c.Issuer)
	if err == nil {
		err = endpoint(c.Issuer, isLocal(u.Hostname()))
	}
	if err == nil && u.RawQuery != "" {
		err = errors.New("it has a query")
	}
	if err != nil {
		return bot.Errorf(
			bot.Invalid, "%q is not an issuer: %s. Write the address exactly as the provider shows it, like "+
				"https://login.example.com/realms/company.", bot.Shown(c.Issuer), err,
		).About("issuer")
	}
	if c.ClientID == "" || len(c.ClientID) > 255 {
		return bot.Errorf(
			bot.Invalid, "client-id has to be the id of 1 to 255 characters that the provider gave to Watchbell, like watchbell.",
		).About("client-id")
	}
	return nil
}

// RolesOf are the roles that membership in groups gives, each once.
func (c Config) RolesOf(groups []string) []string {
	var roles []string
	for _, g := range groups {
		for _, role := range c.Roles[g] {
			if !slices.Contains(roles, role) {
				roles = append(roles, role)
			}
		}
	}
	slices.Sort(roles)
	return roles
}

// Options are what all providers share. Base is needed.
type Options struct {
	Base     string           // the address of Watchbell, like https://ops.example.com
	Now      func() time.Time // default time.Now
	Patience time.Duration    // for one answer of a provider; default 5 seconds
	Roots    *x509.CertPool   // who may vouch for a provider's address; default the machine's
}

// documentAge is how long a discovery document is used before it is read again.
const documentAge = time.Hour

// Provider is where people sign in. It is safe for concurrent use. It is reached when it is needed for the first time,
// so one that is down does not keep Watchbell from starting.
type Provider struct {
	c      Config
	o      Options
	local  bool
	client *http.Client

	mu    sync.Mutex
	known *discovered
	read  time.Time
}

// discovered is what a provider says of itself, checked.
type discovered struct {
	keys         *keySet
	oauth        oauth2.Config
	userinfo     string
	namesItself  bool // each answer carries its issuer, by RFC 9207
	verification *oidc.IDTokenVerifier
}

// New makes a Provider of a configuration that passed Check.
func New(c Config, o Options) (*Provider, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if c.Label == "" {
		c.Label = c.Name
	}
	if c.Groups == "" {
		c.Groups = "groups"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Patience == 0 {
		o.Patience = patience
	}
	u, err := url.Parse(c.Issuer)
	if err != nil {
		return nil, err
	}
	local := isLocal(u.Hostname())
	return &Provider{c: c, o: o, local: local, client: newClient(local, o.Roots, o.Patience)}, nil
}

// Config is what the provider was made of.
func (p *Provider) Config() Config { return p.c }

// Redirect is the address that has to be registered with the provider. Each provider has its own, so that an answer of
// one never passes for an answer of another.
func (p *Provider) Redirect() string { return p.o.Base + "/login/oidc/" + p.c.Name + "/callback" }

// Reach asks the provider what it is, as the first sign-in would. It returns nil when people could sign in.
func (p *Provider) Reach(ctx context.Context) error {
	d, err := p.discover(ctx)
	if err != nil {
		return err
	}
	keys, err := d.keys.fetch(ctx)
	if err != nil {
		return fmt.Errorf("keys of %s: %w", p.c.Issuer, plain(err))
	}
	if len(keys) == 0 {
		return fmt.Errorf("%s has no key that a token may be signed with", p.c.Issuer)
	}
	return nil
}

func (p *Provider) discover(ctx context.Context) (*discovered, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known != nil && p.o.Now().Sub(p.read) < documentAge {
		return p.known, nil
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, p.client), p.o.Patience)
	defer cancel()
	found, err := oidc.NewProvider(ctx, p.c.Issuer)
	if err != nil {
		return nil, fmt.Errorf("discovery of %s: %w", p.c.Issuer, plain(err))
	}
	d, err := p.accept(found)
	if err != nil {
		return nil, fmt.Errorf("discovery of %s: %w", p.c.Issuer, err)
	}
	p.known, p.read = d, p.o.Now()
	return d, nil
}

// document is what we need of a discovery document, by OpenID Connect Discovery and RFC 9207.
type document struct {
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Keys          string   `json:"jwks_uri"`
	UserInfo      string   `json:"userinfo_endpoint"`
	Algorithms    []string `json:"id_token_signing_alg_values_supported"`
	Challenges    []string `json:"code_challenge_methods_supported"`
	Secrets       []string `json:"token_endpoint_auth_methods_supported"`
	NamesItself   bool     `json:"authorization_response_iss_parameter_supported"`
}

// accept checks what a provider says of itself, and makes of it what signing in needs.
func (p *Provider) accept(found *oidc.Provider) (*discovered, error) {
	var doc document
	if err := found.Claims(&doc); err != nil {
		return nil, errors.New("the document is not what OpenID Connect Discovery describes")
	}
	for _, e := range []struct{ name, address string }{
		{"authorization_endpoint", doc.Authorization}, {"token_endpoint", doc.Token}, {"jwks_uri", doc.Keys},
		{"userinfo_endpoint", doc.UserInfo},
	} {
		if e.address == "" && e.name == "userinfo_endpoint" {
			continue
		}
		if err := endpoint(e.address, p.local); err != nil {
			return nil, fmt.Errorf("%s %q: %w", e.name, cut(e.address), err)
		}
	}
	if len(doc.Challenges) > 0 && !slices.Contains(doc.Challenges, "S256") {
		return nil, errors.New("the provider does not do PKCE with S256, so a stolen code could be used")
	}
	offered := slices.DeleteFunc(slices.Clone(algorithms), func(a joseAlgorithm) bool {
		return !slices.Contains(doc.Algorithms, string(a))
	})
	if len(offered) == 0 {
		return nil, errors.New("the provider signs with no algorithm that is accepted. RS256 and ES256 are")
	}
	style := oauth2.AuthStyleInHeader
	if p.c.Secret == "" || len(doc.Secrets) > 0 && !slices.Contains(doc.Secrets, "client_secret_basic") {
		style = oauth2.AuthStyleInParams
	}
	keys := &keySet{url: doc.Keys, client: p.client, now: p.o.Now}
	names := make([]string, len(offered))
	for i, a := range offered {
		names[i] = string(a)
	}
	return &discovered{
		keys: keys, userinfo: doc.UserInfo, namesItself: doc.NamesItself,
		oauth: oauth2.Config{
			ClientID: p.c.ClientID, ClientSecret: p.c.Secret, RedirectURL: p.Redirect(),
			Endpoint: oauth2.Endpoint{AuthURL: doc.Authorization, TokenURL: doc.Token, AuthStyle: style},
			Scopes:   append([]string{oidc.ScopeOpenID, "email", "profile"}, p.c.Scopes...),
		},
		// Times are checked with everything else, with one bound for clocks that differ.
		verification: oidc.NewVerifier(p.c.Issuer, keys, &oidc.Config{
			ClientID: p.c.ClientID, SupportedSigningAlgs: names, SkipExpiryCheck: true, Now: p.o.Now,
		}),
	}, nil
}

// plain is an error without what a provider sent: go-oidc and oauth2 quote whole answers, which may hold anything.
func plain(err error) error {
	var mismatch *oidc.IssuerMismatchError
	var refused *oauth2.RetrieveError
	var sent *url.Error
	switch {
	case errors.As(err, &mismatch):
		return fmt.Errorf("the provider calls itself %q. The issuer in the configuration has to be exactly that",
			cut(mismatch.Discovered))
	case errors.As(err, &refused):
		if refused.ErrorCode != "" {
			return fmt.Errorf("the provider refused with %q", cut(refused.ErrorCode))
		}
		return fmt.Errorf("HTTP %d", refused.Response.StatusCode)
	case errors.As(err, &sent): // its address may hold a code
		err = sent.Err
	}
	return errors.New(value.Cut(value.Line(err.Error()), 200))
}
