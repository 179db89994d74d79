// Package discord brings Watchbell into Discord servers: slash commands, buttons, menus, modals, message commands and
// reactions come in, by the gateway or by HTTP; cards, updates, channels and files go out. What people do is carried
// out, stored and then acknowledged, with the answer in the acknowledgement; everything that goes out keeps to
// Discord's limits, and waits as long as Discord is down.
//
// discord.go holds the adapter and its start, gateway.go and http.go the two ways in, way.go how each acknowledges,
// incoming.go what happens from an arrival to its answer, receive.go and form.go what comes in, answer.go how it is
// answered, platform.go, channels.go and files.go what goes out. The rooms below: payload is what Discord sends, look
// how things look, command how the command tree is laid out, rest makes every call of the API, directory knows who is
// who.
package discord

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

	"github.com/watchbell/watchbell/adapters/discord/command"
	"github.com/watchbell/watchbell/adapters/discord/directory"
	"github.com/watchbell/watchbell/adapters/discord/payload"
	"github.com/watchbell/watchbell/adapters/discord/rest"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/front"
)

// Platform is the name of this platform.
const Platform = directory.Platform

// Options say how to reach Discord and whom to serve.
type Options struct {
	Token     string   // of the bot
	PublicKey string   // of the application: interactions come by HTTP; "" is by the gateway
	APIURL    string   // default https://discord.com
	Guilds    []string // ids of those that are served; by default the only one that the bot is in
	Core      Core
	Memory    directory.Memory // of who we are; nil: it is asked at each start
	Lease     Lease            // of the gateway, for several instances; nil: this is the only one
	Owner     string           // who we are in the lease
	Lent      time.Duration    // for how long the lease is taken each time; default 24 s
	Layout    *command.Layout
	Reactions map[string]string // commands by the emoji that carries them out on a message, like "📌"
	Zone      *time.Location
	Log       *slog.Logger
	Now       func() time.Time

	Timeout time.Duration // of one call; default 10 s
	Retry   time.Duration // pause between attempts to connect; default 5 s, the least that Discord allows
	Deaf    time.Duration // how long the gateway may be closed before that is a problem; default 15 s
}

// Core is what the adapter asks the bot beside passing requests to it. *engine.Bot has it.
type Core interface {
	command.Core
	PersonOf(ctx context.Context, a bot.Account) (bot.PersonID, error)
	AccountOf(ctx context.Context, p bot.PersonID, platform string) (bot.Account, bool, error)
	ZoneOf(ctx context.Context, p bot.PersonID) (*time.Location, error)
	// Options are the choices of an input of somebody's open form that fit words.
	Options(ctx context.Context, from bot.Account, token, input, words string) ([]bot.Option, error)
	// Installation names this installation: what it posts carries the name.
	Installation(ctx context.Context) (string, error)
	// OpenRooms are the conversations on a platform in which people work on what is open.
	OpenRooms(ctx context.Context, platform string) ([]bot.Conversation, error)
	// CarriedOut reports whether the action of a key was carried out.
	CarriedOut(ctx context.Context, key string) (bool, error)
	// Take carries out what came in, and answers it in time or keeps it.
	Take(ctx context.Context, platform string, in bot.Incoming)
}

// Lease is a right that one instance at a time has. *storage.Store has it.
type Lease interface {
	// Hold takes or prolongs the lease of a name for an owner. It returns whether the owner has it, for so long from the
	// moment it was called.
	Hold(ctx context.Context, name, owner string, d time.Duration) (bool, error)
	// Release gives it up, so that another one need not wait.
	Release(ctx context.Context, name, owner string) error
}

// Adapter implements bot.Platform and the abilities that Discord has.
type Adapter struct {
	o   Options
	api *rest.Client
	log *slog.Logger

	directory *directory.Reader
	verifier  *payload.Verifier
	door      *front.Door // of Handler
	receive   atomic.Pointer[func(context.Context, bot.Request) bot.Reply]
	hearing   hearing
	working   sync.WaitGroup
	reading   sync.Mutex             // held while reactions are read that were missed
	direct    sync.Map               // ids of channels that are one person's and ours
	laidOut   atomic.Pointer[string] // why a guild has not got our commands, "" when all have
}

// CheckSettings refuses settings of the wrong kind in a sentence that names the variable and what it has to look like.
func CheckSettings(token, publicKey string, guilds []string) error {
	switch {
	case token == "":
		return bot.Errorf(
			bot.Invalid,
			"DISCORD_BOT_TOKEN is not set. Copy the token from your application's page “Bot” in Discord's developer portal.",
		)
	case strings.Count(token, ".") != 2 || strings.ContainsAny(token, " \t\r\n"):
		return bot.Errorf(
			bot.Invalid,
			"DISCORD_BOT_TOKEN is not a bot token: these have three parts with dots between them and no spaces. Copy it from "+
				"your application's page “Bot” in Discord's developer portal.",
		)
	}
	if publicKey != "" {
		if _, err := payload.NewVerifier(publicKey); err != nil {
			return bot.Errorf(
				bot.Invalid,
				"DISCORD_PUBLIC_KEY is not a public key: it has to be 64 hexadecimal digits. Copy it from your application's page "+
					"“General Information” in Discord's developer portal.",
			)
		}
	}
	for _, g := range guilds {
		if payload.When(g).IsZero() || len(g) < 17 || len(g) > 20 {
			return bot.Errorf(
				bot.Invalid,
				"DISCORD_GUILDS holds %q, which is no server's id: it has 17 to 20 digits, like 1166401852345036800. Switch on "+
					"Developer Mode in Discord's settings, right-click the server and choose Copy Server ID.", bot.Shown(g),
			)
		}
	}
	return nil
}

// New makes the adapter. It asks Discord nothing yet: the other platforms have to work while Discord is down.
func New(o Options) (*Adapter, error) {
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	o.Retry = cmp.Or(o.Retry, 5*time.Second)
	o.Deaf = cmp.Or(o.Deaf, 15*time.Second)
	o.Lent = cmp.Or(o.Lent, leaseFor)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	a := &Adapter{o: o, log: o.Log, door: front.NewDoor()}
	if o.PublicKey != "" {
		var err error
		if a.verifier, err = payload.NewVerifier(o.PublicKey); err != nil {
			return nil, err
		}
	}
	var err error
	a.api, err = rest.New(rest.Options{Token: o.Token, URL: o.APIURL, Timeout: o.Timeout, Log: o.Log, Now: o.Now})
	if err != nil {
		return nil, err
	}
	a.directory = directory.New(directory.Options{
		API: a.api, Token: o.Token, Guilds: o.Guilds, Memory: o.Memory, Log: o.Log, Now: o.Now,
	})
	return a, nil
}

// Name implements bot.Platform.
func (a *Adapter) Name() string { return Platform }

// Health implements bot.Healthy: Discord answers and takes our token, our commands are there, and where it reaches us
// by the gateway that is open, here or in another instance.
func (a *Adapter) Health() error {
	problems := []string{a.api.Problem(), a.hearing.problem()}
	if p := a.laidOut.Load(); p != nil {
		problems = append(problems, *p)
	}
	for _, p := range problems {
		if p != "" {
			return errors.New(p)
		}
	}
	return nil
}

// Run implements bot.Platform. It returns only when ctx ends: a revoked token or a dead Discord must not stop what
// works without Discord.
func (a *Adapter) Run(ctx context.Context, receive func(context.Context, bot.Request) bot.Reply) error {
	a.receive.Store(&receive)
	ctx, stop := context.WithCancel(ctx)
	defer a.working.Wait()
	defer stop() // what goes on beside ends also when nothing can be served
	a.background("registering commands", func() { a.register(ctx) })
	if a.verifier != nil {
		<-ctx.Done() // whoever puts the program together serves Handler
		a.door.Close()
		return nil
	}
	a.hearing.begin(a.o.Deaf, a.tellDeaf)
	defer a.hearing.end()
	a.listen(ctx)
	return nil
}

// background does what goes on beside a request, or after its acknowledgement. A fault in it must not end the program.
func (a *Adapter) background(what string, do func()) {
	a.working.Go(func() {
		defer func() {
			if p := recover(); p != nil {
				a.log.Error("panic in the Discord adapter", "what", what, "panic", fmt.Sprint(p))
			}
		}()
		do()
	})
}

// Handler takes Discord's interactions at /discord/interactions. Each is carried out in its own goroutine. When Run
// ends, none is under way any more, and later ones get a 503.
func (a *Adapter) Handler() http.Handler {
	return a.door.Guard(front.Front{Log: a.log}, http.HandlerFunc(a.route))
}
