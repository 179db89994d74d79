// Package slack brings Watchbell into Slack workspaces: slash commands, buttons, modals, shortcuts, mentions, reactions
// and the Home tab come in, by Socket Mode or by HTTP; cards, updates and channels go out. What people do is carried
// out, stored and then acknowledged, with the answer where Slack takes one; everything that goes out keeps to Slack's
// limits, and waits as long as Slack is down.
//
// slack.go holds the adapter and its start, socket.go and http.go the two ways in, way.go how each acknowledges,
// incoming.go what happens from an arrival to its answer, receive.go and its neighbours what comes in, answer.go and
// respond.go how it is answered, platform.go and channels.go what goes out, keep.go and unfurl.go what becomes of pins,
// files and links, suggest.go how choices are found. The rooms below: payload is what Slack sends, block how things
// look, webapi makes every call of the Web API, directory knows who is who.
package slack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/watchbell/watchbell/adapters/slack/directory"
	"github.com/watchbell/watchbell/adapters/slack/payload"
	"github.com/watchbell/watchbell/adapters/slack/webapi"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/front"
)

// Platform is the name of this platform.
const Platform = directory.Platform

// Options say how to reach Slack and whom to serve.
type Options struct {
	BotToken      string // xoxb-…
	AppToken      string // xapp-…, for Socket Mode
	SigningSecret string // for HTTP; one of the two ways is needed
	APIURL        string // default https://slack.com/api/
	// Workspaces are the ids of the workspaces or organisations that are served; by default that of the bot token.
	Workspaces []string
	Core       Core
	Memory     directory.Memory  // of who we are; nil: it is asked at each start
	Shortcuts  []Shortcut        // on messages
	Commands   []string          // nouns, like "incident"; the first is meant when somebody names none
	Reactions  map[string]string // commands by the emoji that carries them out on a message, like "pushpin"
	Keep       string            // the command that is carried out on messages that somebody pins and on files; "" is none
	// where pages of ours are, like https://watchbell.example.com; links to things there are unfurled
	Links string
	Zone  *time.Location
	Log   *slog.Logger
	Now   func() time.Time

	Timeout  time.Duration // of one call; default 10 s
	Patience time.Duration // how long a click may take before a modal says to wait; default 1.5 s
	Retry    time.Duration // pause between attempts to connect; default 5 s
	Deaf     time.Duration // how long no socket may be open before that is a problem; default 15 s
	Settle   time.Duration // after a modal waits, how long before it is filled: Slack has to show it first; default 0.3 s
}

// Core is what the adapter asks the bot beside passing requests to it. *bot.Bot has it.
type Core interface {
	PersonOf(ctx context.Context, a bot.Account) (bot.PersonID, error)
	AccountOf(ctx context.Context, p bot.PersonID, platform string) (bot.Account, bool, error)
	Home(ctx context.Context, from bot.Account) ([]bot.Message, error)
	// Installation names this installation: what it posts carries the name.
	Installation(ctx context.Context) (string, error)
	// ObjectOf finds what a message of ours, or the channel of a reference without an id, belongs to; bot.ErrNoSuch if
	// nothing.
	ObjectOf(ctx context.Context, ref bot.MessageRef) (string, error)
	// PostedIn reports whether a message of ours stands in a channel.
	PostedIn(ctx context.Context, c bot.Conversation) (bool, error)
	Preview(ctx context.Context, id string, from bot.Account, readers []bot.Account) (bot.Message, error)
	Options(ctx context.Context, from bot.Account, token, input, words string) ([]bot.Option, error)
	Learn(ctx context.Context, list []bot.Profile, age time.Duration) error
	// Take carries out what came in, and answers it in time or keeps it.
	Take(ctx context.Context, platform string, in bot.Incoming)
}

// Shortcut is a command offered on messages.
type Shortcut struct {
	Command string // like "incident.note"
	Label   string
}

// Adapter implements bot.Platform and the abilities that Slack has.
type Adapter struct {
	o   Options
	api *webapi.Client
	log *slog.Logger

	directory *directory.Reader
	receive   atomic.Pointer[func(context.Context, bot.Request) bot.Reply]
	answered  *recently
	responder *http.Client // for response URLs
	verifier  *payload.Verifier
	door      *front.Door // of Handler
	hearing   hearing
	working   sync.WaitGroup
}

// CheckTokens refuses tokens of the wrong kind in a sentence that names the variable and what it has to begin with.
func CheckTokens(botToken, appToken, signingSecret string) error {
	switch {
	case !strings.HasPrefix(botToken, "xoxb-"):
		return bot.Errorf(
			bot.Invalid,
			"SLACK_BOT_TOKEN is not a bot token: it has to begin with xoxb-. Copy the Bot User OAuth Token from your app's "+
				"page \"OAuth & Permissions\".",
		)
	case appToken != "" && !strings.HasPrefix(appToken, "xapp-"):
		return bot.Errorf(
			bot.Invalid,
			"SLACK_APP_TOKEN is not an app-level token: it has to begin with xapp-. Make one with the scope "+
				"connections:write on your app's page \"Basic Information\".",
		)
	case appToken == "" && signingSecret == "":
		return bot.Errorf(
			bot.Invalid,
			"SLACK_BOT_TOKEN alone is not enough. For Socket Mode set SLACK_APP_TOKEN (xapp-…), for HTTP set "+
				"SLACK_SIGNING_SECRET.",
		)
	case strings.HasPrefix(signingSecret, "xoxb-"), strings.HasPrefix(signingSecret, "xapp-"):
		return bot.Errorf(
			bot.Invalid,
			"SLACK_SIGNING_SECRET holds a token. Copy the Signing Secret from your app's page \"Basic Information\".",
		)
	}
	return nil
}

// New makes the adapter. It asks Slack nothing yet: the other platforms have to work while Slack is down.
func New(o Options) *Adapter { return newAdapter(o, nil) }

// newAdapter is New with another transport for the calls of the Web API, nil for the usual one.
func newAdapter(o Options, transport http.RoundTripper) *Adapter {
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	o.Patience = cmp.Or(o.Patience, 1500*time.Millisecond)
	o.Retry = cmp.Or(o.Retry, 5*time.Second)
	o.Deaf = cmp.Or(o.Deaf, 15*time.Second)
	o.Settle = cmp.Or(o.Settle, 300*time.Millisecond)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	a := &Adapter{
		o: o, log: o.Log, answered: newRecently(o.Now), responder: newResponder(),
		verifier: payload.NewVerifier(o.SigningSecret), door: front.NewDoor(),
	}
	a.api = webapi.New(webapi.Options{BotToken: o.BotToken, AppToken: o.AppToken, Secrets: []string{o.SigningSecret},
		URL: o.APIURL, Timeout: o.Timeout, Log: o.Log, Now: o.Now, Transport: transport})
	a.directory = directory.New(directory.Options{
		API: a.api, Token: o.BotToken, Workspaces: o.Workspaces, Core: o.Core, Memory: o.Memory,
		Retry: o.Retry, Log: o.Log, Now: o.Now,
	})
	return a
}

// Name implements bot.Platform.
func (a *Adapter) Name() string { return Platform }

// Health implements bot.Healthy: Slack answers and takes our token, and where it reaches us by sockets one is open.
func (a *Adapter) Health() error {
	for _, problem := range []string{a.api.Problem(), a.hearing.problem()} {
		if problem != "" {
			return errors.New(problem)
		}
	}
	return nil
}

// Run implements bot.Platform. It returns only when ctx ends: a revoked token or a dead Slack must not stop what works
// without Slack.
func (a *Adapter) Run(ctx context.Context, receive func(context.Context, bot.Request) bot.Reply) error {
	if a.o.AppToken == "" && a.o.SigningSecret == "" {
		return bot.Errorf(
			bot.Invalid,
			"Without SLACK_SIGNING_SECRET anybody could act as anybody, so Slack's requests are not taken. Copy it from your "+
				"app's page \"Basic Information\".",
		)
	}
	a.receive.Store(&receive)
	ctx, stop := context.WithCancel(ctx)
	defer a.working.Wait()
	defer stop() // what goes on beside ends also when nothing can be served
	a.background("who we and our people are", func() { a.directory.KeepCurrent(ctx) })
	if a.o.AppToken == "" {
		a.background("who am I", func() { _, _ = a.directory.Whoami(ctx) })
		<-ctx.Done() // whoever puts the program together serves Handler
		a.door.Close()
		return nil
	}
	a.hearing.begin(a.o.Deaf, a.tellDeaf)
	defer a.hearing.end()
	var connections sync.WaitGroup
	for n := range 2 { // Slack closes each from time to time, and what it sends meanwhile would be lost
		connections.Go(func() { a.connect(ctx, n) })
	}
	connections.Wait()
	return nil
}

// background does what goes on beside a request, or after its acknowledgement. A fault in it must not end the program.
func (a *Adapter) background(what string, do func()) {
	a.working.Go(func() {
		defer func() {
			if p := recover(); p != nil {
				a.log.Error("panic in the Slack adapter", "what", what, "panic", fmt.Sprint(p))
			}
		}()
		do()
	})
}
