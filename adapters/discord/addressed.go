package discord

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/adapters/discord/command"
	"github.com/watchbell/watchbell/adapters/discord/directory"
	"github.com/watchbell/watchbell/adapters/discord/payload"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// said is what somebody wrote to the bot: by a mention in a channel, or directly. It implements bot.Incoming. Discord
// waits for no answer, and shows none to one person alone, so the answer is a direct message.
type said struct {
	a       *Adapter
	m       payload.Message
	raw     json.RawMessage
	account bot.Account
}

// keptSaid is the kind of what is kept of it, which Discord has no interaction of.
const keptSaid = -2

// takeMessage carries out what somebody writes to the bot. Most messages are between people, and their words do not
// even reach us. An answer to one of our messages mentions us by itself; only a mention that was typed counts.
func (a *Adapter) takeMessage(ctx context.Context, raw json.RawMessage) error {
	var m payload.Message
	if err := json.Unmarshal(raw, &m); err != nil {
		return err
	}
	if m.Author.Bot || m.Author.System || m.Webhook != "" || m.Type != ordinary && m.Type != reply {
		return nil
	}
	self, err := a.directory.Whoami(ctx)
	if err != nil {
		return err
	}
	if m.Guild != "" && (!self.Serves(m.Guild) || !mentionOf(self).MatchString(m.Content)) {
		return nil
	}
	a.o.Core.Take(ctx, Platform, a.said(m, raw))
	return nil
}

// Kinds of messages that people write.
const (
	ordinary = 0
	reply    = 19
)

func mentionOf(self *directory.Self) *regexp.Regexp {
	return regexp.MustCompile(`<@!?` + self.User + `>`)
}

func (a *Adapter) said(m payload.Message, raw json.RawMessage) *said {
	return &said{
		a: a, m: m, raw: raw, account: bot.Account{Platform: Platform, Workspace: m.Guild, User: m.Author.ID},
	}
}

// Key implements bot.Incoming.
func (s *said) Key() string { return "discord/said/" + s.m.ID }

// Back implements bot.Incoming.
func (s *said) Back() string {
	kept, err := json.Marshal(map[string]any{"type": keptSaid, "said": s.raw})
	if err != nil {
		return ""
	}
	return string(kept)
}

func (a *Adapter) resumeSaid(back string) (bot.Incoming, error) {
	var kept struct {
		Said json.RawMessage `json:"said"`
	}
	var m payload.Message
	if err := errors.Join(json.Unmarshal([]byte(back), &kept), json.Unmarshal(kept.Said, &m)); err != nil {
		return nil, err
	}
	return a.said(m, kept.Said), nil
}

// Do implements bot.Incoming.
func (s *said) Do(ctx context.Context) bot.Reply {
	receive := s.a.receive.Load()
	self, err := s.a.directory.Whoami(ctx)
	if receive == nil || err != nil {
		return *refuse(bot.Unready, justStarted)
	}
	place := directory.Conversation(s.m.Guild, s.m.ChannelID)
	if s.m.Guild != "" {
		place = s.a.placeOf(ctx, s.m.Guild, s.m.ChannelID)
	} else {
		var home bot.Account
		err := patiently(ctx, func() (err error) { // nobody waits for an acknowledgement
			home, err = s.a.directory.Home(ctx, s.m.Author.ID)
			return err
		})
		switch {
		case errors.Is(err, bot.ErrGone):
			return *refuse(bot.Refused, notServed)
		case err != nil:
			s.a.log.Warn("guild not found", "error", s.a.api.Redact(err))
			return *refuse(bot.Unready, cannotTell("which server you belong to"))
		}
		s.account, place.Workspace = home, home.Workspace
	}
	text, refused := s.line(ctx, self)
	if refused != nil {
		return *refused
	}
	r := (*receive)(ctx, bot.Request{Key: s.Key(), From: s.account, Place: place, Text: text})
	if r.Form != nil { // which nothing can open yet: there is no press to answer
		r.Message = &bot.Message{
			Tone: bot.Info, Sections: []bot.Section{bot.Para("Your form “" + r.Form.Title + "” is ready.")},
			Actions: []bot.Action{{Label: "Open the form", Style: bot.Primary, Token: r.Form.Token}},
		}
		r.Form = nil
	}
	return r
}

// line is what somebody wrote as a command. Without a noun the first one is meant, and without words its help.
func (s *said) line(ctx context.Context, self *directory.Self) (string, *bot.Reply) {
	met := func(user string) bot.Account {
		return bot.Account{Platform: Platform, Workspace: s.account.Workspace, User: user}
	}
	words, err := command.Mentions(mentionOf(self).ReplaceAllString(s.m.Content, ""), command.Names{
		Person: func(user string) (string, error) {
			who, err := s.a.o.Core.PersonOf(ctx, met(user))
			return string(who), err
		},
		Channel: func(channel string) (string, error) {
			return s.a.directory.ChannelName(ctx, directory.Conversation(s.account.Workspace, channel))
		},
	})
	var unknown *command.UnknownMention
	if errors.As(err, &unknown) {
		s.a.log.Warn("a mention was not looked up", "id", unknown.ID, "error", s.a.api.Redact(unknown.Err))
		return "", refuse(bot.Refused, cannotTell(unknown.Question))
	}
	nouns := s.a.o.Layout.Nouns()
	words = strings.TrimPrefix(value.Line(words), "/")
	first, _, _ := strings.Cut(words, " ")
	known := slices.ContainsFunc(append(nouns, "help"), func(noun string) bool { return strings.EqualFold(first, noun) })
	switch {
	case words == "" && len(s.m.Attachments) > 0:
		return "", refuse(bot.Refused, "Watchbell does nothing with a file here. Write what you want, for example: "+
			nouns[0]+" help")
	case words == "":
		words = nouns[0] + " help"
	case !known:
		words = nouns[0] + " " + words
	}
	return "/" + words, nil
}

// Answer implements bot.Incoming.
func (s *said) Answer(ctx context.Context, r bot.Reply) { s.Late(ctx, r) }

// Hold implements bot.Incoming.
func (s *said) Hold(context.Context, bool) {}

// Late implements bot.Incoming.
func (s *said) Late(ctx context.Context, r bot.Reply) {
	if r.Message == nil {
		return
	}
	place := directory.Conversation(s.account.Workspace, s.m.ChannelID)
	for n, part := range s.a.Split(*r.Message) {
		key := s.Key()
		if n > 0 {
			key += "/" + string(rune('0'+n%10))
		}
		err := patiently(ctx, func() error { return s.a.Whisper(ctx, place, s.account, part, key) })
		if err != nil {
			s.a.log.Warn("an answer did not reach anybody", "user", s.account.User, "error", s.a.api.Redact(err))
			return
		}
	}
}
