// Package web is the built-in chat: a platform of its own beside Slack and Discord, served to browsers by the program
// itself.
//
// Pages are rendered on the server; one stream of server-sent events per open page keeps them live. What is said is
// kept in a Store, so any number of instances on one database show the same chat, and what one writes the others show
// within a second.
//
//	browser ── POST /act ──> receive.go ──> bot.Receive ──> answer, kept as a post for one person only
//	browser <── SSE ──────── events.go <── feed.go <── Store.Changes <── Post, Edit, … of platform.go
//
// Nothing in a page comes from elsewhere, and no text of people ever becomes markup: see guard.go and package markup.
package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/watchbell/watchbell/adapters/web/bell"
	"github.com/watchbell/watchbell/adapters/web/console"
	"github.com/watchbell/watchbell/adapters/web/markup"
	"github.com/watchbell/watchbell/bot/ask"

	"github.com/watchbell/watchbell/bot"
)

// Options are what a Chat is made of. Store and People are needed.
type Options struct {
	Name     string      // of the installation, shown above the channels; default Watchbell
	Bell     *bell.Pages // of those who are told beyond chat; nil: there are none
	URL      string      // where browsers find it, for links from elsewhere; default made from the Listener's address
	Channels []string    // that exist from the start, the first is where people land; default incidents, general
	Store    Store
	People   func(ctx context.Context) ([]bot.Person, error)
	Zone     *time.Location // of people who have none of their own; default UTC
	Clock    bot.Clock      // default bot.SystemClock
	Log      *slog.Logger   // default: discard

	// Complete suggests how typed text could go on. Optional.
	Complete func(ctx context.Context, text string) []ask.Suggestion
	// Options finds choices for an input of an open form by what is typed into it. Optional: without it a form offers
	// those that it came with.
	Options func(ctx context.Context, from bot.Account, token, input, words string) ([]bot.Option, error)
	// Where finds the message that shows a thing, like INC-1, for links to it. Optional.
	Where func(ctx context.Context, id string) (bot.MessageRef, error)
	// Calendar is what the page of the calendar shows. Optional.
	Calendar CalendarOf
	// Reports are shown on pages of their own. Optional.
	Reports Reports
	// Console is what the pages around the chat are made from. Optional: without it there is the chat alone.
	Console console.Core
	// Shortcuts are offered in the menu of every message. Optional.
	Shortcuts func() []Shortcut

	// Visitors says who is behind a request: sessions, or the personas of the demo. Without it the chat is only kept, and
	// its pages refuse everybody.
	Visitors Visitors
	// Listener is where pages are served, already open. Without one the chat is only kept, and Handler may be used.
	Listener net.Listener
	// Patience is how long a browser waits for an answer before it is told that the answer will follow; default 2 s.
	Patience time.Duration
}

// Shortcut is a command that is offered on every message.
type Shortcut struct {
	Command string // its name, like "incident.declare"
	Label   string
	Ours    bool // offered on the bot's messages only
}

// Platform is the platform's name in accounts and conversations.
const Platform = markup.Platform

// Chat is the platform. Its methods are safe for concurrent use, and work before Run and without it.
type Chat struct {
	o       Options
	log     *slog.Logger
	feed    *feed
	people  people
	receive atomic.Pointer[func(context.Context, bot.Request) bot.Reply]
	rooms   standardRooms
	busy    sync.WaitGroup // requests being carried out
	stop    chan struct{}  // closed when streams have to end
	stopped sync.Once
	served  atomic.Bool // somebody serves its pages
}

// New makes the chat. It touches neither the store nor the listener yet.
func New(o Options) *Chat {
	if o.Name == "" {
		o.Name = "Watchbell"
	}
	if len(o.Channels) == 0 {
		o.Channels = []string{"incidents", "general"}
	}
	if o.Clock == nil {
		o.Clock = bot.SystemClock{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Visitors == nil {
		o.Visitors = closed{}
	}
	if o.Patience == 0 {
		o.Patience = 2 * time.Second
	}
	if o.URL == "" && o.Listener != nil {
		o.URL = "http://" + browserAddress(o.Listener.Addr())
	}
	return &Chat{
		o: o, log: o.Log, feed: newFeed(o.Store, o.Log), people: people{all: o.People, zone: o.Zone},
		stop: make(chan struct{}),
	}
}

// browserAddress is what people type to reach an address: one that means every interface is localhost for them.
func browserAddress(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// Address is where browsers find the pages, "" when none are served.
func (c *Chat) Address() string { return c.o.URL }

// Name implements bot.Platform.
func (c *Chat) Name() string { return Platform }

// How long a stopping chat waits for requests, and answers for one person are kept.
const (
	stopTime   = 5 * time.Second
	forgetAge  = 7 * 24 * time.Hour
	forgetTick = time.Hour
)

// Run implements bot.Platform. It serves the pages until ctx ends; then streams end first, and requests under way have
// five seconds.
func (c *Chat) Run(ctx context.Context, receive func(context.Context, bot.Request) bot.Reply) error {
	c.receive.Store(&receive)
	failed := make(chan error, 1)
	srv := &http.Server{}
	if c.o.Listener != nil {
		srv = c.server()
		go func() { failed <- srv.Serve(c.o.Listener) }()
	}
	forget := time.NewTicker(forgetTick)
	defer forget.Stop()
	for {
		select {
		case err := <-failed:
			return err
		case <-forget.C:
			if err := c.o.Store.Forget(ctx, c.o.Clock.Now().Add(-forgetAge)); err != nil && ctx.Err() == nil {
				c.log.Error("forget old answers", "error", err)
			}
		case <-ctx.Done():
			return c.shutdown(ctx, srv)
		}
	}
}

func (c *Chat) shutdown(ctx context.Context, srv *http.Server) error {
	c.stopped.Do(func() { close(c.stop) })
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	err := srv.Shutdown(ctx)
	idle := make(chan struct{})
	go func() { c.busy.Wait(); close(idle) }()
	select {
	case <-idle:
	case <-ctx.Done():
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return srv.Close()
	}
	return err
}

// server has time-outs for everything; events.go lifts those of a stream.
func (c *Chat) server() *http.Server {
	return &http.Server{
		Handler:           c.Handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      15 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(c.log.Handler(), slog.LevelDebug),
	}
}

// Health implements bot.Healthy: until Run was called, what people do does not reach the bot, and they are asked to
// wait. Without anybody who serves the pages nobody reaches it.
func (c *Chat) Health() error {
	if c.receive.Load() == nil {
		return errors.New("is starting")
	}
	if !c.served.Load() {
		return errors.New("is not served")
	}
	return nil
}
