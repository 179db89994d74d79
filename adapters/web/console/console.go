// Package console is the pages around the chat: Home, lists, the page of each thing, and forms. It knows no capability
// by name. What there is to see comes from the views of capabilities as values of package bot, and what people do on a
// page goes through the one door, like anything else.
//
//	browser ── GET /incidents/INC-1 ──> page.go ──> bot.Receive (the view's command) ──> bot.Page ──> look.go, templates
//	browser ── POST /do ──────────────> act.go ───> bot.Receive ──> a form, or back to the page with the answer
//
// Pages are HTML with links and forms, and work without script.
package console

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/ask"
)

// Core is what the console asks of the bot.
type Core interface {
	Tree() *ask.Tree
	// Views are all pages, ViewsOf those that somebody may look at.
	Views() []bot.View
	ViewsOf(ctx context.Context, from bot.Account, scopes []string) ([]bot.View, error)
	// Board is what stands on Home, Watched what is in sight on every page.
	Board(ctx context.Context, from bot.Account) ([]bot.Panel, error)
	Watched(ctx context.Context, from bot.Account) ([]bot.Panel, error)
	// Answered is what somebody was told about an action that was carried out before; nil: nothing is known of it.
	Answered(ctx context.Context, key string) (*bot.Reply, error)
}

// Options are what a Console is made of. All but Log are needed.
type Options struct {
	Name    string // of the installation
	Version string // of the style sheet and the script
	Core    Core
	Receive func(ctx context.Context, r bot.Request) bot.Reply
	Clock   bot.Clock
	Log     *slog.Logger
}

// Console serves the pages. Its methods are safe for concurrent use.
type Console struct{ o Options }

// New makes a console.
func New(o Options) *Console {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Console{o}
}

// Viewer is who a page is made for.
type Viewer struct {
	bot.Person
	Account bot.Account
	People  []bot.Person     // everybody who is active, by name
	Private bot.Conversation // where the bot tells them something alone
	Rooms   []Room
	Events  string // the address of the stream that tells when something changed
	Demo    bool   // they may act as anybody
	// Assured is how surely a request comes from them.
	Assured func() bot.Assurance
}

// Room is a channel of the chat.
type Room struct {
	Name, Path string
	Unread     int64
	Ours       bool // where the bot writes to them alone
}

// Handler answers a request of a viewer. Its errors are for people, or ours.
type Handler func(w http.ResponseWriter, r *http.Request, v Viewer) error

// Routes are all addresses of the console.
func (c *Console) Routes() map[string]Handler {
	return map[string]Handler{
		"GET /{$}":                c.home,
		"GET /go":                 c.goTo,
		"GET /do/{command}":       c.open,
		"POST /do":                c.act,
		"GET /{view}":             c.list,
		"GET /{view}/{id}":        c.thing,
		"GET /{view}/{id}/{part}": c.part,
	}
}

// pathOf is the address of a thing's page, "" when it has none.
func (c *Console) pathOf(id string) string {
	prefix, _, ok := strings.Cut(id, "-")
	if !ok {
		return ""
	}
	for _, v := range c.o.Core.Views() {
		if v.One != nil && v.One.Prefix == prefix {
			return thingPath(v, id)
		}
	}
	return ""
}

// performTime is how long somebody waits for a request. It is carried out to its end all the same.
const performTime = 12 * time.Second
