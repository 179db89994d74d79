// Package login signs people in on the web and knows who is behind a request.
//
//	a way (link, recovery code, passkey, OIDC, …) ── Proof ──> Enter ──> Session + cookie
//	a request ── cookie ──> Who ──> person, in the one read that says whether they are still active
//
// A session is a row, and its browser keeps the secret of which the row has the hash. So a session works on every
// instance, and ends everywhere with the next request: when it is over, when its person or an administrator ends it, or
// when the person is deactivated.
//
// Ways of signing in that need more than this package are rooms of their own below it, which know nothing of sessions.
// What connects one is a Way. The configuration lists the ways that are on; the addresses of the others answer 404.
package login

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"

	"github.com/watchbell/watchbell/bot"
)

// Options are what a Service is made of. Store, URL and People are needed.
type Options struct {
	Name    string         // of the installation, shown on the pages
	URL     string         // where browsers find it, like https://ops.example.com or http://localhost:8080
	On      []string       // the ways that are on, by their names
	Proxies []netip.Prefix // whose X-Forwarded-For is believed
	Store   Store
	People  func(ctx context.Context) ([]bot.Person, error)
	Clock   bot.Clock    // default bot.SystemClock
	Log     *slog.Logger // default: discard
	// Direct writes to somebody alone, once per key. *engine.Bot does. Optional.
	Direct func(ctx context.Context, key, object string, who bot.PersonID, m bot.Message) error
	Doors  func() []Door // of the server, for the page of the first administrator; optional
}

// Door is one way in or out of the server, as the first administrator sees it.
type Door struct {
	Name string
	Note string // where it is, or what opens it
	Open bool
}

// Service is the sign-in. It is safe for concurrent use.
type Service struct {
	o       Options
	site    *url.URL
	ways    []Way
	log     *slog.Logger
	failed  *throttle // attempts by address
	invited *throttle // links asked for, by person
}

// ChatLink is the name of the way that needs no room of its own: a link that somebody asks for in chat.
const ChatLink = "chat-link"

// Names are the ways that the configuration can list.
var Names = []string{"oidc", "passkey", ChatLink}

// New makes the sign-in, with the ways that need rooms of their own.
func New(o Options, ways ...Way) (*Service, error) {
	site, err := url.Parse(o.URL)
	if err != nil || site.Host == "" {
		return nil, fmt.Errorf("the address %q of the pages is none: %w", o.URL, err)
	}
	if o.Clock == nil {
		o.Clock = bot.SystemClock{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Name == "" {
		o.Name = "Watchbell"
	}
	return &Service{
		o: o, site: site, ways: ways, log: o.Log,
		failed: newThrottle(failuresMost, failuresWithin), invited: newThrottle(linksMost, linksWithin),
	}, nil
}

// On reports whether a way of signing in is on.
func (s *Service) On(way string) bool { return slices.Contains(s.o.On, way) }

// recovers reports whether recovery codes are on. Where people sign in elsewhere only, that place decides who gets in.
func (s *Service) recovers() bool {
	return slices.ContainsFunc(s.o.On, func(name string) bool { return name != "oidc" })
}

// Address is the full address of a page.
func (s *Service) Address(path string) string { return s.site.Scheme + "://" + s.site.Host + path }

// SignIn is where somebody signs in surely enough and goes on to a page. Whoever has done so already is led on at once.
func (s *Service) SignIn(page string, enough bot.Assurance) string {
	return s.Address("/login?sure=" + queryEscape(string(enough)) + "&next=" + queryEscape(page))
}

// encrypted reports whether browsers reach the pages by https.
func (s *Service) encrypted() bool { return s.site.Scheme == "https" }

// offers reports whether a way that is a room of its own is there and on.
func (s *Service) offers(name string) bool {
	return s.On(name) && slices.ContainsFunc(s.ways, func(w Way) bool { return w.Name() == name })
}

// Way connects a way of signing in that is a room of its own. What it has on pages are optional interfaces.
type Way interface {
	// Name is what the configuration lists it by.
	Name() string
	// Routes are its addresses, as patterns of http.ServeMux, and what answers there: below /login/<name>/ for everybody,
	// below /me/security/<name>/ for whoever is signed in. They are only served while the way is on.
	Routes(s *Service) map[string]http.Handler
}

// Starter is a Way that stands on the sign-in page.
type Starter interface {
	// Starts are its buttons there; next is the page to lead on to.
	Starts(next string) []Start
}

// Start is a button of the sign-in page.
type Start struct {
	Label  string
	Icon   string // of the pictures in layout.html
	Action string // the address that its form is sent to
	Fields map[string]string
	Get    bool   // the action is a page to go to, and the button a link
	Ask    *Ask   // what is asked before
	Script string // the address of a script that takes the form over, which then carries data-<Name>; "" is none
}

// Ask is one line of text that a Start asks for.
type Ask struct{ Name, Label, Example string }

// Holder is a Way of which people have something here that they see and manage on the page of their security.
type Holder interface {
	// Section is what somebody has, as one panel of that page.
	Section(ctx context.Context, s *Service, who bot.Person) (Section, error)
}

// Section is a panel on the page of somebody's security.
type Section struct {
	Title string
	Note  string
	Items []Item
	Add   []Start // the buttons that add one
	Empty string  // what stands there without items
}

// Item is a line of a Section.
type Item struct {
	ID     string
	Label  string
	Note   string
	Action string // where the form with the id is sent that removes it; "" cannot be removed
	Button string // its label, like Remove
}
