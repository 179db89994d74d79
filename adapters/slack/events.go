package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/adapters/slack/payload"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// takeEvent takes what people say to the bot or mark with an emoji. Everything else only makes us look again, and is
// acknowledged at once.
func (a *Adapter) takeEvent(ctx context.Context, w way, raw json.RawMessage) error {
	var e payload.Event
	if err := json.Unmarshal(raw, &e); err != nil {
		return err
	}
	if a.asks(e) {
		a.take(ctx, w, what{Event: &e}, nil)
		return nil
	}
	a.ack(w, nil, false)
	a.background("event", func() { a.noticed(ctx, e) })
	return nil
}

// asks reports whether somebody wants something. Most emoji stand for nothing.
func (a *Adapter) asks(e payload.Event) bool {
	in := e.Event
	switch in.Type {
	case "app_mention", "message":
		said := in.Subtype == "" || in.Subtype == "file_share"
		return said && in.Bot == "" && payload.ID(in.User) != "" && (in.Type == "app_mention" || in.Direct())
	case "reaction_added":
		return a.o.Reactions[in.Reaction] != "" && in.Item.Type == "message"
	case "pin_added", "file_shared":
		return a.o.Keep != "" && in.Keeps()
	}
	return false
}

func (a *Adapter) eventCaller(e *payload.Event) caller {
	in := e.Event
	team, enterprise := e.Installed()
	account := a.directory.From(
		cmp.Or(payload.ID(in.User), in.UserID), cmp.Or(in.UserTeam, in.SourceTeam), team, enterprise,
	)
	c := caller{
		account: account, team: team, enterprise: enterprise, direct: in.Direct(),
		quiet: in.Type == "reaction_added" || in.Keeps(),
	}
	c.place = bot.Conversation{
		Platform: Platform, Workspace: cmp.Or(enterprise, team), Channel: payload.ID(in.Channel), Thread: in.Thread,
	}
	if c.quiet {
		c.place.Channel, c.place.Thread = cmp.Or(in.Item.Channel, in.ChannelID), ""
	}
	return c
}

// noticed is something that happened and asks for nothing.
func (a *Adapter) noticed(ctx context.Context, e payload.Event) {
	team, enterprise := e.Installed()
	if ok, err := a.directory.Serves(ctx, team, enterprise); !ok {
		if err != nil {
			a.log.Warn("workspace not checked", "error", a.api.Redact(err))
		}
		return
	}
	switch in := e.Event; in.Type {
	case "app_home_opened":
		if in.Tab == "" || in.Tab == "home" {
			a.publishHome(ctx, a.eventCaller(&e).account)
		}
	case "link_shared":
		a.unfurl(ctx, e)
	case "user_change":
		a.directory.Changed(ctx, e)
	case "channel_rename", "channel_archive", "channel_deleted", "channel_created", "channel_unarchive", "group_rename",
		"group_archive", "group_deleted":
		a.directory.ForgetNames()
	case "tokens_revoked", "app_uninstalled":
		a.api.Lost("the app was removed from the workspace: install it again and set SLACK_BOT_TOKEN")
	}
}

// told carries out what an event asks for.
func (i *incoming) told(ctx context.Context, e payload.Event) bot.Reply {
	switch e.Event.Type {
	case "reaction_added":
		return i.marked(ctx, e.Event.Item.TS, i.a.o.Reactions[e.Event.Reaction])
	case "pin_added":
		return i.pinned(ctx, e)
	case "file_shared":
		return i.filed(ctx, e)
	}
	return i.addressed(ctx, e.Event)
}

const noFiles = "Watchbell does nothing with a file here. Type what you want, for example: "

// addressed is what people say to the bot: in a thread, where Slack has no slash commands, or directly.
func (i *incoming) addressed(ctx context.Context, in payload.Happening) bot.Reply {
	text := in.Text
	if id, err := i.a.directory.Whoami(ctx); err == nil {
		text = strings.TrimSpace(strings.Replace(text, "<@"+id.User+">", "", 1))
	}
	text, refused := i.spelled(ctx, text)
	if refused != nil {
		return *refused
	}
	text = value.Line(text)
	help := i.a.o.Commands[0] + " help"
	noun, _, _ := strings.Cut(strings.TrimPrefix(text, "/"), " ")
	known := strings.EqualFold(noun, "help") ||
		slices.ContainsFunc(i.a.o.Commands, func(name string) bool { return strings.EqualFold(noun, name) })
	switch {
	case text == "" && in.Subtype == "file_share":
		return says(bot.Refused, noFiles+help)
	case text == "":
		text = help
	case !known:
		text = i.a.o.Commands[0] + " " + strings.TrimPrefix(text, "/")
	}
	return i.opened(ctx, i.receive(ctx, bot.Request{Text: "/" + strings.TrimPrefix(text, "/")}))
}

// marked carries out a command on a message that somebody marked: with an emoji, or by pinning it. Most messages belong
// to nothing.
func (i *incoming) marked(ctx context.Context, ts, command string) bot.Reply {
	place := i.caller.place
	m, ok := i.a.messageAt(ctx, place, ts)
	if !ok || m.Bot != "" {
		return bot.Reply{Status: bot.Refused}
	}
	place.Thread = m.Thread
	return i.record(ctx, place, command, i.a.quote(ctx, place, m))
}

// messageAt reads one message. Of a thread Slack gives its first message too, whatever is asked for.
func (a *Adapter) messageAt(ctx context.Context, c bot.Conversation, ts string) (m payload.Message, ok bool) {
	err := a.api.Call(ctx, func(ctx context.Context) error {
		list, _, _, err := a.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
			ChannelID: c.Channel, Timestamp: ts, Oldest: ts, Latest: ts, Inclusive: true, Limit: 2,
		})
		for _, found := range list {
			if found.Timestamp == ts {
				m, ok = payload.Message{
					TS: ts, Thread: found.ThreadTimestamp, Text: found.Text, User: found.User, Bot: found.BotID,
				}, true
			}
		}
		return err
	}, "conversations.replies")
	if err != nil {
		a.log.Warn("a message that somebody reacted to was not read", "error", a.api.Redact(err))
	}
	return m, ok
}
