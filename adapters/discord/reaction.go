package discord

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/watchbell/watchbell/adapters/discord/directory"
	"github.com/watchbell/watchbell/adapters/discord/payload"
	"github.com/watchbell/watchbell/adapters/discord/rest"
	"github.com/watchbell/watchbell/bot"
)

// reaction is an emoji that stands for a command. It implements bot.Incoming; Discord waits for no answer to it, and
// sends it once.
type reaction struct {
	a       *Adapter
	e       payload.Reaction
	raw     json.RawMessage
	command string
	account bot.Account

	// of one that was missed: the message as it was read, and where
	read  *payload.Message
	place bot.Conversation
}

// takeReaction carries out the command that an emoji stands for on the message below which somebody put it. Most emoji
// stand for nothing, and nobody expects an answer.
func (a *Adapter) takeReaction(ctx context.Context, raw json.RawMessage) error {
	var e payload.Reaction
	if err := json.Unmarshal(raw, &e); err != nil {
		return err
	}
	self, err := a.directory.Whoami(ctx)
	if a.o.Reactions[e.Emoji.Name] == "" || err != nil || !self.Serves(e.Guild) || e.User == self.User || e.Member == nil {
		return err
	}
	in := a.reaction(e, raw)
	a.directory.Saw(in.account, e.Member)
	a.o.Core.Take(ctx, Platform, in)
	return nil
}

// Key implements bot.Incoming.
func (r *reaction) Key() string {
	return "discord/reaction/" + r.e.Message + "/" + r.e.User + "/" + r.e.Emoji.Name
}

// Back implements bot.Incoming. What is kept has the shape of an interaction, of a kind that Discord does not have.
func (r *reaction) Back() string {
	kept, err := json.Marshal(map[string]any{"type": keptReaction, "reaction": r.raw})
	if err != nil {
		return ""
	}
	return string(kept)
}

const keptReaction = -1

func (a *Adapter) resumeReaction(back string) (bot.Incoming, error) {
	var kept struct {
		Reaction json.RawMessage `json:"reaction"`
	}
	var e payload.Reaction
	if err := errors.Join(json.Unmarshal([]byte(back), &kept), json.Unmarshal(kept.Reaction, &e)); err != nil {
		return nil, err
	}
	return a.reaction(e, kept.Reaction), nil
}

func (a *Adapter) reaction(e payload.Reaction, raw json.RawMessage) *reaction {
	return &reaction{
		a: a, e: e, raw: raw, command: a.o.Reactions[e.Emoji.Name],
		account: bot.Account{Platform: Platform, Workspace: e.Guild, User: e.User},
	}
}

// Do implements bot.Incoming.
func (r *reaction) Do(ctx context.Context) bot.Reply {
	receive := r.a.receive.Load()
	if receive == nil {
		return *refuse(bot.Unready, justStarted)
	}
	m, place, err := r.message(ctx)
	if err != nil {
		r.a.log.Warn("a message that somebody reacted to was not read", "error", r.a.api.Redact(err))
		return bot.Reply{Status: bot.Refused}
	}
	if m.Author.Bot {
		return bot.Reply{Status: bot.Refused}
	}
	q := r.a.quote(ctx, place, m)
	text := q.Text
	if q.Author != "" {
		text = q.Author + ": " + text
	}
	return (*receive)(ctx, bot.Request{
		Key: r.Key(), From: r.account, Place: place, Shortcut: r.command, Args: map[string]string{"text": text}, Quote: q,
		NoForms: true, Paced: r.read != nil, // people put them one by one, and they come all at once
	})
}

// message is the one that somebody reacted to, and where it stands.
func (r *reaction) message(ctx context.Context) (m *payload.Message, in bot.Conversation, err error) {
	if r.read != nil {
		return r.read, r.place, nil
	}
	err = patiently(ctx, func() (err error) { // what takes long is kept, and carried out whatever happens here
		m, err = r.a.messageAt(ctx, r.e.Channel, r.e.Message)
		return err
	})
	if err != nil {
		return nil, in, err
	}
	return m, r.a.placeOf(ctx, r.e.Guild, r.e.Channel), nil
}

// placeOf is a channel, or where it is a thread its parent with the thread.
func (a *Adapter) placeOf(ctx context.Context, guild, channel string) bot.Conversation {
	list, err := a.directory.Channels(ctx, guild, false)
	if err == nil {
		for _, c := range list {
			if c.ID == channel {
				return directory.Conversation(guild, channel)
			}
		}
	}
	// Threads are not among a guild's channels.
	if c, err := a.channel(ctx, channel); err == nil && c.IsThread() {
		place := directory.Conversation(guild, c.Parent)
		place.Thread = channel
		return place
	}
	return directory.Conversation(guild, channel)
}

// Answer implements bot.Incoming.
func (r *reaction) Answer(ctx context.Context, reply bot.Reply) { r.Late(ctx, reply) }

// Hold implements bot.Incoming.
func (r *reaction) Hold(context.Context, bool) {}

// Late implements bot.Incoming: what was recorded shows where it belongs, and most that was not belongs nowhere.
func (r *reaction) Late(context.Context, bot.Reply) {}

// messageAt reads one message.
func (a *Adapter) messageAt(ctx context.Context, channel, id string) (*payload.Message, error) {
	m := &payload.Message{}
	err := a.api.Do(
		ctx, rest.Call{Method: "GET", Route: "channels/%s/messages/%s", Args: []string{channel, id}}, m,
	)
	return m, err
}
