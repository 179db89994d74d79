package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// event is something that happened in a workspace: those parts of Slack's events that we look at.
type event struct {
	Team           string    `json:"team_id"`
	ID             string    `json:"event_id"`
	Time           int64     `json:"event_time"`
	Event          happening `json:"event"`
	Foreign        bool      `json:"is_ext_shared_channel"` // it happened in a channel that another organisation shares
	Authorizations []struct {
		Team       string `json:"team_id"`
		Enterprise string `json:"enterprise_id"`
	} `json:"authorizations"`
}

// happening is what happened.
type happening struct {
	Type        string          `json:"type"`
	Subtype     string          `json:"subtype"`
	User        json.RawMessage `json:"user"`        // an id, or in user_change all of the user
	UserTeam    string          `json:"user_team"`   // in shared channels, of messages
	SourceTeam  string          `json:"source_team"` // the same, where a message was written
	Bot         string          `json:"bot_id"`
	Channel     json.RawMessage `json:"channel"` // an id, or in channel_rename all of the channel
	ChannelType string          `json:"channel_type"`
	Text        string          `json:"text"`
	TS          string          `json:"ts"`
	Thread      string          `json:"thread_ts"`
	Reaction    string          `json:"reaction"`
	Tab         string          `json:"tab"`
	Item        struct {
		Type    string `json:"type"`
		Channel string `json:"channel"`
		TS      string `json:"ts"`
		Message struct {
			TS string `json:"ts"`
		} `json:"message"` // of a pin
	} `json:"item"`

	ChannelID string `json:"channel_id"` // of a pin or a file
	UserID    string `json:"user_id"`    // of a file
	FileID    string `json:"file_id"`

	MessageTS string `json:"message_ts"` // of links
	Source    string `json:"source"`
	Links     []struct {
		URL string `json:"url"`
	} `json:"links"`
}

// idOf reads an id that some events give by itself and others inside of an object.
func idOf(raw json.RawMessage) string {
	var id string
	if json.Unmarshal(raw, &id) == nil {
		return id
	}
	var object struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(raw, &object)
	return object.ID
}

// takeEvent takes what people say to the bot or mark with an emoji. Everything else only makes us look again, and is acknowledged at once.
func (a *Adapter) takeEvent(ctx context.Context, w way, payload json.RawMessage) error {
	var e event
	if err := json.Unmarshal(payload, &e); err != nil {
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
func (a *Adapter) asks(e event) bool {
	in := e.Event
	switch in.Type {
	case "app_mention", "message":
		said := in.Subtype == "" || in.Subtype == "file_share"
		return said && in.Bot == "" && idOf(in.User) != "" && (in.Type == "app_mention" || in.direct())
	case "reaction_added":
		return a.o.Reactions[in.Reaction] != "" && in.Item.Type == "message"
	case "pin_added", "file_shared":
		return a.o.Keep != "" && in.keeps()
	}
	return false
}

func (in happening) direct() bool { return in.Type == "message" && in.ChannelType == "im" }

// installed is the workspace, and the organisation if there is one, that an event was sent for. The event's own team is where it happened,
// which in a shared channel may be another company's workspace.
func (e *event) installed() (team, enterprise string) {
	if len(e.Authorizations) == 0 {
		return e.Team, ""
	}
	first := e.Authorizations[0]
	return cmp.Or(first.Team, e.Team), first.Enterprise
}

func (e *event) caller(a *Adapter) caller {
	in := e.Event
	team, enterprise := e.installed()
	account := a.from(cmp.Or(idOf(in.User), in.UserID), cmp.Or(in.UserTeam, in.SourceTeam), team, enterprise)
	c := caller{account: account, team: team, enterprise: enterprise, direct: in.direct(), quiet: in.Type == "reaction_added" || in.keeps()}
	c.place = bot.Conversation{Platform: Platform, Workspace: cmp.Or(enterprise, team), Channel: idOf(in.Channel), Thread: in.Thread}
	if c.quiet {
		c.place.Channel, c.place.Thread = cmp.Or(in.Item.Channel, in.ChannelID), ""
	}
	return c
}

// noticed is something that happened and asks for nothing.
func (a *Adapter) noticed(ctx context.Context, e event) {
	team, enterprise := e.installed()
	if ok, err := a.serves(ctx, team, enterprise); !ok {
		if err != nil {
			a.log.Warn("workspace not checked", "error", a.api.Redact(err))
		}
		return
	}
	switch in := e.Event; in.Type {
	case "app_home_opened":
		if in.Tab == "" || in.Tab == "home" {
			a.publishHome(ctx, e.caller(a).account)
		}
	case "link_shared":
		a.unfurl(ctx, e)
	case "user_change":
		a.userChanged(ctx, e)
	case "channel_rename", "channel_archive", "channel_deleted", "channel_created", "channel_unarchive", "group_rename", "group_archive", "group_deleted":
		a.found.forget()
	case "tokens_revoked", "app_uninstalled":
		a.api.Lost("the app was removed from the workspace: install it again and set SLACK_BOT_TOKEN")
	}
}

// told carries out what an event asks for.
func (i *incoming) told(ctx context.Context, e event) bot.Reply {
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
func (i *incoming) addressed(ctx context.Context, in happening) bot.Reply {
	text := in.Text
	if id, err := i.a.whoami(ctx); err == nil {
		text = strings.TrimSpace(strings.Replace(text, "<@"+id.user+">", "", 1))
	}
	text, refused := i.spelled(ctx, text)
	if refused != nil {
		return *refused
	}
	text = value.Line(text)
	help := i.a.o.Commands[0] + " help"
	noun, _, _ := strings.Cut(strings.TrimPrefix(text, "/"), " ")
	known := strings.EqualFold(noun, "help") || slices.ContainsFunc(i.a.o.Commands, func(name string) bool { return strings.EqualFold(noun, name) })
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

// marked carries out a command on a message that somebody marked: with an emoji, or by pinning it. Most messages belong to nothing.
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
func (a *Adapter) messageAt(ctx context.Context, c bot.Conversation, ts string) (m message, ok bool) {
	err := a.api.Call(ctx, func(ctx context.Context) error {
		list, _, _, err := a.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{ChannelID: c.Channel, Timestamp: ts, Oldest: ts, Latest: ts, Inclusive: true, Limit: 2})
		for _, found := range list {
			if found.Timestamp == ts {
				m, ok = message{TS: ts, Thread: found.ThreadTimestamp, Text: found.Text, User: found.User, Bot: found.BotID}, true
			}
		}
		return err
	}, "conversations.replies")
	if err != nil {
		a.log.Warn("a message that somebody reacted to was not read", "error", a.api.Redact(err))
	}
	return m, ok
}
