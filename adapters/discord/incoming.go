package discord

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/watchbell/watchbell/adapters/discord/look"
	"github.com/watchbell/watchbell/adapters/discord/payload"
	"github.com/watchbell/watchbell/bot"
)

// caller is somebody who acts, and where.
type caller struct {
	account bot.Account
	place   bot.Conversation
	on      string // the message whose button it began with; "" when only this person sees it
	direct  bool   // talks with the bot alone
}

// incoming is one thing that somebody did, from its arrival to its answer. It implements bot.Incoming: nothing is
// acknowledged before it is stored, and the answer goes into the acknowledgement.
type incoming struct {
	a      *Adapter
	way    way
	in     *payload.Interaction
	raw    json.RawMessage
	id     look.ID // of what was pressed or submitted
	caller caller

	mu   sync.Mutex
	held bool // acknowledged while Do still runs
	kept bool // put off, and stored
}

var (
	_ bot.Incoming = (*incoming)(nil)
	_ bot.Resumer  = (*Adapter)(nil)
)

const (
	notServed   = "This Watchbell does not serve your server. Its operator can add it to DISCORD_GUILDS."
	userInstall = "Watchbell works in the servers that it was added to, not as an app of your own."
	justStarted = "Watchbell is just starting. Please try again in a moment."
	notRecorded = "Not recorded. Please repeat."
	done        = "Done."
)

// takeInteraction takes whatever somebody did.
func (a *Adapter) takeInteraction(ctx context.Context, w way, raw json.RawMessage) error {
	in := &payload.Interaction{}
	if err := json.Unmarshal(raw, in); err != nil {
		return err
	}
	i := a.incoming(w, in, raw)
	switch in.Type {
	case payload.Ping:
		return w.respond(ctx, in, response{Type: pong}, false)
	case payload.Autocomplete:
		return i.suggest(ctx)
	case payload.Command, payload.ModalSubmit:
	case payload.Component:
		if i.byItself(ctx) {
			return nil
		}
	default:
		return errors.New("an interaction of an unknown kind")
	}
	a.o.Core.Take(ctx, Platform, i)
	return nil
}

func (a *Adapter) incoming(w way, in *payload.Interaction, raw json.RawMessage) *incoming {
	i := &incoming{a: a, way: w, in: in, raw: raw, id: look.ReadID(in.Data.CustomID)}
	channel, thread := in.Place()
	c := caller{
		account: bot.Account{Platform: Platform, Workspace: in.Guild, User: in.Actor().ID},
		place:   bot.Conversation{Platform: Platform, Workspace: in.Guild, Channel: channel, Thread: thread},
		direct:  in.Guild == "",
	}
	if in.Message != nil && !in.Message.Ephemeral() { // of a modal too: it is the message whose button opened it
		c.on = in.Message.ID
	}
	i.caller = c
	return i
}

// byItself answers a press that asks us nothing: the question whether somebody is sure, and its No.
func (i *incoming) byItself(ctx context.Context) bool {
	switch i.id.Kind {
	case look.AskID:
		var shown []look.Component
		if i.in.Message == nil || json.Unmarshal(i.in.Message.Components, &shown) != nil {
			return false
		}
		question, ok := look.Asked(shown, i.in.Data.CustomID)
		if !ok {
			return false
		}
		i.respond(ctx, response{answerMessage, question.Ephemeral()})
	case look.CancelID:
		i.respond(ctx, response{answerUpdate, look.Text("Nothing was done.", bot.Neutral).Edit()})
	default:
		return false
	}
	return true
}

// Resume implements bot.Resumer.
func (a *Adapter) Resume(back string) (bot.Incoming, error) {
	in := &payload.Interaction{}
	if err := json.Unmarshal([]byte(back), in); err != nil {
		return nil, err
	}
	switch in.Type {
	case keptReaction:
		return a.resumeReaction(back)
	case keptSaid:
		return a.resumeSaid(back)
	}
	i := a.incoming(gone{}, in, json.RawMessage(back))
	i.kept, i.held = true, true
	return i, nil
}

// Key implements bot.Incoming.
func (i *incoming) Key() string { return "discord/" + i.in.ID }

// Back implements bot.Incoming.
func (i *incoming) Back() string { return string(i.raw) }

// served is nil when the guild that something happened in is served. When it is not, or Discord does not say who we
// are, it tells so. Who talks with the bot alone acts in the guild that they share with it.
func (i *incoming) served(ctx context.Context) *bot.Reply {
	self, err := i.a.directory.Whoami(ctx)
	if err != nil {
		i.a.log.Warn("guild not checked", "error", i.a.api.Redact(err))
		return refuse(bot.Unready, justStarted)
	}
	if i.caller.account.User == "" || i.byUserInstall() {
		return refuse(bot.Refused, userInstall)
	}
	if i.caller.direct {
		account, err := i.a.directory.Home(ctx, i.caller.account.User)
		switch {
		case errors.Is(err, bot.ErrGone):
			return refuse(bot.Refused, notServed)
		case err != nil:
			i.a.log.Warn("guild not found", "error", i.a.api.Redact(err))
			return refuse(bot.Unready, cannotTell("which server you belong to"))
		}
		i.caller.account, i.caller.place.Workspace = account, account.Workspace
		return nil
	}
	switch {
	case !self.Serves(i.in.Guild):
		i.a.log.Warn("a guild that is not served", "guild", i.in.Guild)
		return refuse(bot.Refused, notServed)
	case i.in.Member == nil:
		return refuse(bot.Refused, userInstall)
	}
	i.a.directory.Saw(i.caller.account, i.in.Member)
	return nil
}

// byUserInstall reports whether somebody acts by an app that they installed for themselves, which may be anywhere, also
// in a direct message between others. Messages with the bot alone are of the guild "0".
func (i *incoming) byUserInstall() bool {
	home := i.in.Guild
	if i.caller.direct {
		home = "0"
	}
	return i.in.Owners != nil && i.in.InstalledIn() != home
}

// Do implements bot.Incoming.
func (i *incoming) Do(ctx context.Context) bot.Reply {
	if refused := i.served(ctx); refused != nil {
		return *refused
	}
	switch i.in.Type {
	case payload.Command:
		return i.called(ctx)
	case payload.ModalSubmit:
		return i.submitted(ctx)
	}
	return i.clicked(ctx)
}

// receive passes a request on.
func (i *incoming) receive(ctx context.Context, r bot.Request) bot.Reply {
	r.Key, r.From, r.On = i.Key(), i.caller.account, i.caller.on
	_, r.Again = i.way.(gone)
	if r.Place.Channel == "" {
		r.Place = i.caller.place
	}
	receive := i.a.receive.Load()
	if receive == nil {
		return *refuse(bot.Unready, justStarted)
	}
	return (*receive)(ctx, r)
}

// refuse is a reply of the adapter's own.
func refuse(s bot.Status, text string) *bot.Reply {
	return &bot.Reply{Status: s, Message: &bot.Message{Tone: bot.Warning, Sections: []bot.Section{bot.Para(text)}}}
}

// cannotTell is what people are told when Discord does not say who somebody is.
func cannotTell(question string) string {
	return "Watchbell cannot find out " + question + " just now, so nothing was done. Please try again in a moment."
}

// suggest answers an option that asks for what fits the words somebody types. It changes nothing, so it is answered
// right away; without an answer people may still type on.
func (i *incoming) suggest(ctx context.Context) error {
	choices := []any{}
	if i.served(ctx) == nil {
		found, err := i.a.o.Layout.Suggest(ctx, i.a.o.Core, i.caller.account, i.caller.place, i.in.Data)
		if err != nil {
			i.a.log.Warn("no suggestions", "command", i.in.Data.Name, "error", err)
		}
		for _, c := range found {
			choices = append(choices, c)
		}
	}
	return i.way.respond(ctx, i.in, response{answerChoices, map[string]any{"choices": choices}}, false)
}
