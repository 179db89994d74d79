package discord

import (
	"context"
	"errors"

	"github.com/watchbell/watchbell/adapters/discord/command"
	"github.com/watchbell/watchbell/adapters/discord/look"
	"github.com/watchbell/watchbell/adapters/discord/payload"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

const maxQuote = 3000

// names look up whom and what people mention.
func (i *incoming) names(ctx context.Context) command.Names {
	return command.Names{
		Person: func(user string) (string, error) {
			who, err := i.a.o.Core.PersonOf(ctx, i.met(user))
			return string(who), err
		},
		Channel: func(channel string) (string, error) {
			return i.a.directory.ChannelName(ctx, bot.Conversation{Workspace: i.caller.place.Workspace, Channel: channel})
		},
	}
}

// met is the account of somebody whom the caller names.
func (i *incoming) met(user string) bot.Account {
	return bot.Account{Platform: Platform, Workspace: i.caller.account.Workspace, User: user}
}

// called carries out a command: typed, or one of a message's menu.
func (i *incoming) called(ctx context.Context) bot.Reply {
	r, err := i.a.o.Layout.Request(i.in.Data, i.names(ctx))
	var unknown *command.UnknownMention
	var people *bot.Error
	switch {
	case errors.As(err, &unknown):
		i.a.log.Warn("a mention was not looked up", "id", unknown.ID, "error", i.a.api.Redact(unknown.Err))
		return *refuse(bot.Refused, cannotTell(unknown.Question))
	case errors.As(err, &people):
		return bot.Reply{Status: bot.Refused, Message: &bot.Message{
			Tone: bot.Warning, Sections: []bot.Section{{Text: people.Words()}},
		}}
	case err != nil:
		i.a.log.Error("a command was not understood", "command", i.in.Data.Name, "error", err)
		return *refuse(bot.Unready, notRecorded)
	}
	if i.in.Data.Type == payload.MessageCommand {
		if m, ok := i.in.Data.Resolved.Messages[i.in.Data.Target]; ok {
			r.Place, r.Quote = i.caller.place, i.a.quote(ctx, i.caller.place, &m)
		}
	}
	return i.receive(ctx, r)
}

const cannotTakeOn = " cannot take this on: guests, bots and people who left the server are excluded. " +
	"Choose somebody else."

// clicked carries out a button or a menu.
func (i *incoming) clicked(ctx context.Context) bot.Reply {
	d := i.in.Data
	r := bot.Request{Token: i.id.Token}
	switch i.id.Kind {
	case look.SendID:
		r.Values = map[string]string{}
	case look.MoreID:
		if len(d.Values) > 0 {
			r.Token = look.ReadID(d.Values[0]).Token
		}
	case look.PressID:
		if len(d.Values) == 0 {
			break
		}
		r.Choice = d.Values[0]
		if d.Kind == look.UserSelect {
			who, err := i.a.o.Core.PersonOf(ctx, i.met(d.Values[0]))
			switch {
			case errors.Is(err, bot.ErrNoSuch):
				person := bot.Span{Kind: bot.PersonSpan, Text: "This person", User: d.Values[0]}
				return bot.Reply{Status: bot.Refused, Message: &bot.Message{
					Tone: bot.Warning, Sections: []bot.Section{bot.Para(person, cannotTakeOn)},
				}}
			case err != nil:
				i.a.log.Warn("somebody who was chosen was not looked up", "error", i.a.api.Redact(err))
				return *refuse(bot.Unready, cannotTell("who this person is"))
			}
			r.Choice = "@" + string(who)
		}
	}
	return i.receive(ctx, r)
}

// quote is a message that somebody points at.
func (a *Adapter) quote(ctx context.Context, in bot.Conversation, m *payload.Message) *bot.Quote {
	ref := bot.MessageRef{Conversation: in, ID: m.ID}
	self := a.directory.Known()
	text, err := command.Mentions(m.Content, command.Names{
		Person: func(user string) (string, error) {
			who, err := a.o.Core.PersonOf(ctx, bot.Account{Platform: Platform, Workspace: in.Workspace, User: user})
			return string(who), err
		},
		Channel: func(channel string) (string, error) {
			return a.directory.ChannelName(ctx, bot.Conversation{Workspace: in.Workspace, Channel: channel})
		},
	})
	if err != nil {
		a.log.Info("a mention in a message was not looked up", "error", a.api.Redact(err))
	}
	for _, f := range m.Attachments {
		text += "\n[file: " + value.Line(f.Filename) + "]"
	}
	q := &bot.Quote{
		Ours: self != nil && m.Author.ID == self.User, Text: value.Cut(text, maxQuote), At: payload.When(m.ID), Ref: ref,
		Link: a.Link(ctx, ref), Author: m.Author.GlobalName,
	}
	if q.Author == "" {
		q.Author = m.Author.Name
	}
	account := bot.Account{Platform: Platform, Workspace: in.Workspace, User: m.Author.ID}
	if p, err := a.Profile(ctx, account); err == nil {
		q.Author = p.Name
	}
	return q
}
