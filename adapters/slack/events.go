package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// event is something that happened in a workspace: those parts of Slack's events that we look at.
type event struct {
	Team  string `json:"team_id"`
	ID    string `json:"event_id"`
	Event struct {
		Type        string          `json:"type"`
		Subtype     string          `json:"subtype"`
		User        json.RawMessage `json:"user"` // an id, or in user_change all of the user
		UserTeam    string          `json:"user_team"`
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
		} `json:"item"`
	} `json:"event"`
	Authorizations []struct {
		Enterprise string `json:"enterprise_id"`
	} `json:"authorizations"`
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

func (a *Adapter) takeEvent(ctx context.Context, payload json.RawMessage) error {
	var e event
	if err := json.Unmarshal(payload, &e); err != nil {
		return err
	}
	if !a.seen.first("event " + e.ID) {
		return nil
	}
	var enterprise string
	if len(e.Authorizations) > 0 {
		enterprise = e.Authorizations[0].Enterprise
	}
	if ok, err := a.serves(ctx, e.Team, enterprise); !ok {
		return err
	}
	in := e.Event
	account := from(idOf(in.User), in.UserTeam, e.Team, enterprise)
	place := bot.Conversation{Platform: Platform, Workspace: cmp.Or(enterprise, e.Team), Channel: idOf(in.Channel)}
	switch in.Type {
	case "app_mention", "message":
		direct := in.Type == "message" && in.ChannelType == "im"
		if in.Bot == "" && in.Subtype == "" && account.User != "" && (direct || in.Type == "app_mention") {
			place.Thread = in.Thread
			a.addressed(ctx, caller{account: account, place: place}, "slack/"+e.ID, in.Text, direct)
		}
	case "reaction_added":
		a.reacted(ctx, account, e)
	case "app_home_opened":
		if in.Tab == "" || in.Tab == "home" {
			a.publishHome(ctx, account)
		}
	case "user_change":
		a.userChanged(ctx, payload)
	case "channel_rename", "channel_archive", "channel_deleted", "channel_created", "channel_unarchive", "group_rename", "group_archive", "group_deleted":
		a.found.forget()
	case "tokens_revoked", "app_uninstalled":
		state := "the app was removed from the workspace: install it again and set SLACK_BOT_TOKEN"
		a.state.Store(&state)
		a.log.Error("Slack", "state", state)
	}
	return nil
}

// addressed is what people say to the bot: in a thread, where Slack has no slash commands, or directly.
func (a *Adapter) addressed(ctx context.Context, c caller, key, text string, direct bool) {
	if id, err := a.whoami(ctx); err == nil {
		text = strings.TrimSpace(strings.Replace(text, "<@"+id.user+">", "", 1))
	}
	text = value.Line(a.typed(ctx, c.account.Workspace, text))
	noun, _, _ := strings.Cut(strings.TrimPrefix(text, "/"), " ")
	known := false
	for _, name := range a.o.Commands {
		known = known || strings.EqualFold(noun, name)
	}
	switch {
	case text == "":
		text = a.o.Commands[0] + " help"
	case !known:
		text = a.o.Commands[0] + " " + strings.TrimPrefix(text, "/")
	}
	if direct {
		c.direct = true
	}
	a.perform(ctx, c, bot.Request{Key: key, Text: "/" + strings.TrimPrefix(text, "/")})
}

// reacted is an emoji that stands for a command on the message. Most emoji stand for nothing, and most messages belong to nothing.
func (a *Adapter) reacted(ctx context.Context, account bot.Account, e event) {
	name := a.o.Reactions[e.Event.Reaction]
	if name == "" || e.Event.Item.Type != "message" {
		return
	}
	place := bot.Conversation{Platform: Platform, Workspace: cmp.Or(account.Workspace, e.Team), Channel: e.Event.Item.Channel}
	m, ok := a.messageAt(ctx, place, e.Event.Item.TS)
	if !ok || m.Bot != "" {
		return
	}
	place.Thread = m.Thread
	q := a.quote(ctx, place, m)
	text := q.Text
	if q.Author != "" {
		text = q.Author + ": " + text
	}
	a.perform(ctx, caller{account: account, place: place, quiet: true}, bot.Request{Key: "slack/" + e.ID, Shortcut: name, Args: map[string]string{"text": text}, Quote: q, NoForms: true})
}

// messageAt reads one message.
func (a *Adapter) messageAt(ctx context.Context, c bot.Conversation, ts string) (m message, ok bool) {
	err := a.call(ctx, func(ctx context.Context) error {
		list, _, _, err := a.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{ChannelID: c.Channel, Timestamp: ts, Oldest: ts, Latest: ts, Inclusive: true, Limit: 1})
		for _, found := range list {
			if found.Timestamp == ts {
				m, ok = message{TS: ts, Thread: found.ThreadTimestamp, Text: found.Text, User: found.User, Bot: found.BotID}, true
			}
		}
		return err
	}, "conversations.replies")
	if err != nil {
		a.log.Warn("a message that somebody reacted to was not read", "error", a.redactText(err))
	}
	return m, ok
}
