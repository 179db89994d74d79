package slack

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

var (
	_ bot.Platform        = (*Adapter)(nil)
	_ bot.ChannelOpener   = (*Adapter)(nil)
	_ bot.ChannelFinder   = (*Adapter)(nil)
	_ bot.ChannelArchiver = (*Adapter)(nil)
	_ bot.TopicSetter     = (*Adapter)(nil)
	_ bot.Pinner          = (*Adapter)(nil)
	_ bot.Bookmarker      = (*Adapter)(nil)
	_ bot.Inviter         = (*Adapter)(nil)
	_ bot.DirectMessenger = (*Adapter)(nil)
	_ bot.Whisperer       = (*Adapter)(nil)
	_ bot.Linker          = (*Adapter)(nil)
	_ bot.Healthy         = (*Adapter)(nil)
	_ bot.Profiler        = (*Adapter)(nil)
	_ bot.AccountFinder   = (*Adapter)(nil)
	_ bot.GroupReader     = (*Adapter)(nil)
)

// Messages carry the key they were posted for, so that one whose answer was lost is found again.
const (
	metadataType = "watchbell_message"
	metadataKey  = "key"
	// How far back a message is looked for after an answer was lost.
	lookBack  = 24 * time.Hour
	lookPages = 5
	lookPage  = 100
)

const (
	maxTopic = 250
	maxName  = 80
)

// Post implements bot.Platform.
func (a *Adapter) Post(ctx context.Context, to bot.Conversation, m bot.Message, key string) (bot.MessageRef, error) {
	if bot.Again(ctx) {
		ref, found, err := a.find(ctx, to, key)
		if err != nil || found {
			return ref, err
		}
	}
	return a.post(ctx, to, a.content(m), &slack.SlackMetadata{EventType: metadataType, EventPayload: map[string]any{metadataKey: key}})
}

func (a *Adapter) post(ctx context.Context, to bot.Conversation, content slack.MsgOption, mark *slack.SlackMetadata) (bot.MessageRef, error) {
	options := []slack.MsgOption{content, slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl()}
	if to.Thread != "" {
		options = append(options, slack.MsgOptionTS(to.Thread))
	}
	if mark != nil {
		options = append(options, slack.MsgOptionMetadata(*mark))
	}
	var ts string
	send := func() error {
		return a.call(ctx, func(ctx context.Context) (err error) {
			_, ts, err = a.api.PostMessageContext(ctx, to.Channel, options...)
			return err
		}, "chat.postMessage", channelPost+to.Channel)
	}
	err := send()
	if code(err) == "not_in_channel" {
		if err = a.join(ctx, to.Channel); err == nil {
			err = send()
		}
	}
	return bot.MessageRef{Conversation: to, ID: ts}, err
}

// join brings the bot back into a public channel that it was removed from. A private one it cannot enter by itself.
func (a *Adapter) join(ctx context.Context, channel string) error {
	err := a.call(ctx, func(ctx context.Context) error {
		_, _, _, err := a.api.JoinConversationContext(ctx, channel)
		return err
	}, "conversations.join")
	if code(err) != "" {
		return fmt.Errorf("the bot was removed from channel %s: %w", channel, errors.Join(err, bot.ErrGone))
	}
	return err
}

// find looks for a message that was posted for a key.
func (a *Adapter) find(ctx context.Context, to bot.Conversation, key string) (ref bot.MessageRef, found bool, err error) {
	since := fmt.Sprintf("%d.000000", a.o.Now().Add(-lookBack).Unix())
	cursor := ""
	for range lookPages {
		var list []slack.Message
		if list, cursor, err = a.page(ctx, to, since, cursor); err != nil {
			return ref, false, err
		}
		for _, m := range list {
			if m.Metadata.EventType == metadataType && m.Metadata.EventPayload[metadataKey] == key {
				return bot.MessageRef{Conversation: to, ID: m.Timestamp}, true, nil
			}
		}
		if cursor == "" {
			break
		}
	}
	return ref, false, nil
}

func (a *Adapter) page(ctx context.Context, to bot.Conversation, since, cursor string) (list []slack.Message, next string, err error) {
	method := "conversations.history"
	if to.Thread != "" {
		method = "conversations.replies"
	}
	err = a.call(ctx, func(ctx context.Context) error {
		if to.Thread != "" {
			list, _, next, err = a.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
				ChannelID: to.Channel, Timestamp: to.Thread, Oldest: since, Limit: lookPage, Cursor: cursor, IncludeAllMetadata: true})
			return err
		}
		r, err := a.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
			ChannelID: to.Channel, Oldest: since, Limit: lookPage, Cursor: cursor, IncludeAllMetadata: true})
		if err == nil {
			list, next = r.Messages, r.ResponseMetaData.NextCursor
		}
		return err
	}, method)
	if code(err) == "not_in_channel" { // then we have not posted there, as we could not see it
		return nil, "", nil
	}
	return list, next, err
}

// Edit implements bot.Platform.
func (a *Adapter) Edit(ctx context.Context, ref bot.MessageRef, m bot.Message) error {
	return a.call(ctx, func(ctx context.Context) error {
		_, _, _, err := a.api.UpdateMessageContext(ctx, ref.Channel, ref.ID, a.content(m))
		return err
	}, "chat.update", channelEdit+ref.Channel)
}

// OpenChannel implements bot.ChannelOpener. A name that is taken gets a number. bot.ErrRefused: the workspace does not let us.
func (a *Adapter) OpenChannel(ctx context.Context, name, key string) (bot.Conversation, error) {
	id, err := a.whoami(ctx)
	if err != nil {
		return bot.Conversation{}, err
	}
	slug := value.Slug(name, maxName-6)
	if slug == "" {
		slug = "channel"
	}
	for n := 1; ; n++ {
		try := slug
		switch {
		case n > 1 && n < 10:
			try = fmt.Sprintf("%s-%d", slug, n)
		case n >= 10:
			try = slug + "-" + strings.ToLower(rand.Text()[:4])
		}
		channel, err := a.create(ctx, try, id.team)
		switch c := code(err); {
		case err == nil:
			return bot.Conversation{Platform: Platform, Workspace: id.workspace, Channel: channel}, a.describe(ctx, channel, key)
		case c == "name_taken" && n <= 12:
			if bot.Again(ctx) {
				if channel, found, err := a.orphan(ctx, try, key, id); err != nil || found {
					return bot.Conversation{Platform: Platform, Workspace: id.workspace, Channel: channel}, err
				}
			}
		case slices.Contains([]string{"restricted_action", "user_is_restricted", "not_allowed_token_type", "missing_scope", "too_many_channels", "no_permission"}, c):
			return bot.Conversation{}, fmt.Errorf("create channel: %w", errors.Join(bot.ErrRefused, err))
		default:
			return bot.Conversation{}, err
		}
	}
}

func (a *Adapter) create(ctx context.Context, name, team string) (id string, err error) {
	err = a.call(ctx, func(ctx context.Context) error {
		c, err := a.api.CreateConversationContext(ctx, slack.CreateConversationParams{ChannelName: name, TeamID: team})
		if err == nil {
			id = c.ID
		}
		return err
	}, "conversations.create")
	return id, err
}

// purpose is what a channel of ours says it is for, and what it is known again by.
func purpose(key string) string {
	parts := strings.Split(key, "/")
	return "Opened by Watchbell for " + parts[min(1, len(parts)-1)] + "."
}

func (a *Adapter) describe(ctx context.Context, channel, key string) error {
	return a.optional("purpose", a.call(ctx, func(ctx context.Context) error {
		_, err := a.api.SetPurposeOfConversationContext(ctx, channel, purpose(key))
		return err
	}, "conversations.setPurpose"))
}

// orphan finds a channel that we opened for the key without learning of it, because the answer was lost.
func (a *Adapter) orphan(ctx context.Context, name, key string, id *identity) (channel string, found bool, err error) {
	c, err := a.named(ctx, name, id.team)
	if err != nil || c == nil {
		return "", false, err
	}
	fresh := a.o.Now().Sub(c.Created.Time()) < lookBack
	if c.Creator != id.user || !fresh || c.Purpose.Value != "" && c.Purpose.Value != purpose(key) {
		return "", false, nil
	}
	return c.ID, true, a.describe(ctx, c.ID, key)
}

// named finds a channel by its name, nil if there is none that is not archived.
func (a *Adapter) named(ctx context.Context, name, team string) (*slack.Channel, error) {
	for cursor := ""; ; {
		var list []slack.Channel
		err := a.call(ctx, func(ctx context.Context) (err error) {
			list, cursor, err = a.api.GetConversationsContext(ctx, &slack.GetConversationsParameters{
				Cursor: cursor, ExcludeArchived: true, Limit: 999, Types: []string{"public_channel", "private_channel"}, TeamID: team})
			return err
		}, "conversations.list")
		if err != nil {
			return nil, err
		}
		for i := range list {
			if list[i].Name == name {
				return &list[i], nil
			}
		}
		if cursor == "" {
			return nil, nil
		}
	}
}

// FindChannel implements bot.ChannelFinder. A name is looked up once; the id it has then stays, however the channel is renamed.
func (a *Adapter) FindChannel(ctx context.Context, name string) (bot.Conversation, error) {
	id, err := a.whoami(ctx)
	if err != nil {
		return bot.Conversation{}, err
	}
	name = strings.TrimPrefix(strings.ToLower(name), "#")
	if channel, ok := a.found.get(name, a.o.Now()); ok {
		if channel == "" {
			return bot.Conversation{}, fmt.Errorf("channel %q: %w", name, bot.ErrGone)
		}
		return bot.Conversation{Platform: Platform, Workspace: id.workspace, Channel: channel}, nil
	}
	c, err := a.named(ctx, name, id.team)
	if err != nil {
		return bot.Conversation{}, err
	}
	if c == nil {
		a.found.put(name, "", a.o.Now().Add(time.Minute))
		return bot.Conversation{}, fmt.Errorf("channel %q: %w", name, bot.ErrGone)
	}
	a.found.put(name, c.ID, a.o.Now().Add(time.Hour))
	return bot.Conversation{Platform: Platform, Workspace: id.workspace, Channel: c.ID}, nil
}

// SetTopic implements bot.TopicSetter.
func (a *Adapter) SetTopic(ctx context.Context, c bot.Conversation, topic string) error {
	return a.optional("topic", a.call(ctx, func(ctx context.Context) error {
		_, err := a.api.SetTopicOfConversationContext(ctx, c.Channel, escape(value.Cut(value.Line(topic), maxTopic/2)))
		return err
	}, "conversations.setTopic"))
}

// Pin implements bot.Pinner. A channel that takes no more pins goes without.
func (a *Adapter) Pin(ctx context.Context, ref bot.MessageRef) error {
	err := a.call(ctx, func(ctx context.Context) error {
		return a.api.AddPinContext(ctx, ref.Channel, slack.NewRefToMessage(ref.Channel, ref.ID))
	}, "pins.add")
	if code(err) == "already_pinned" {
		return nil
	}
	return a.optional("pin", err)
}

// Bookmark implements bot.Bookmarker.
func (a *Adapter) Bookmark(ctx context.Context, c bot.Conversation, title, url string) error {
	var have []slack.Bookmark
	err := a.call(ctx, func(ctx context.Context) (err error) {
		have, err = a.api.ListBookmarksContext(ctx, c.Channel)
		return err
	}, "bookmarks.list")
	if err != nil {
		return a.optional("bookmark", err)
	}
	i := slices.IndexFunc(have, func(b slack.Bookmark) bool { return b.Title == title })
	return a.optional("bookmark", a.call(ctx, func(ctx context.Context) error {
		if i >= 0 {
			_, err := a.api.EditBookmarkContext(ctx, c.Channel, have[i].ID, slack.EditBookmarkParameters{Link: url})
			return err
		}
		_, err := a.api.AddBookmarkContext(ctx, c.Channel, slack.AddBookmarkParameters{Title: title, Type: "link", Link: url})
		return err
	}, "bookmarks.add"))
}

// Invite implements bot.Inviter.
func (a *Adapter) Invite(ctx context.Context, c bot.Conversation, who bot.Account) error {
	err := a.call(ctx, func(ctx context.Context) error {
		_, err := a.api.InviteUsersToConversationContext(ctx, c.Channel, who.User)
		return err
	}, "conversations.invite")
	switch code(err) {
	case "already_in_channel", "cant_invite_self":
		return nil
	case "not_in_channel":
		if err = a.join(ctx, c.Channel); err == nil {
			return a.Invite(ctx, c, who)
		}
	}
	return err
}

// Archive implements bot.ChannelArchiver.
func (a *Adapter) Archive(ctx context.Context, c bot.Conversation) error {
	err := a.call(ctx, func(ctx context.Context) error { return a.api.ArchiveConversationContext(ctx, c.Channel) }, "conversations.archive")
	if code(err) == "already_archived" || errors.Is(err, bot.ErrGone) {
		return nil
	}
	return a.optional("archive", err)
}

// Direct implements bot.DirectMessenger.
func (a *Adapter) Direct(ctx context.Context, who bot.Account) (bot.Conversation, error) {
	var channel string
	err := a.call(ctx, func(ctx context.Context) error {
		c, _, _, err := a.api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{who.User}, ReturnIM: true})
		if err == nil {
			channel = c.ID
		}
		return err
	}, "conversations.open")
	return bot.Conversation{Platform: Platform, Workspace: who.Workspace, Channel: channel}, err
}

// Whisper implements bot.Whisperer. Slack may lose it, so it only ever repeats what stands elsewhere too. Who is not in the channel is told directly.
func (a *Adapter) Whisper(ctx context.Context, c bot.Conversation, who bot.Account, m bot.Message, key string) error {
	err := a.ephemeral(ctx, c, who.User, a.content(m))
	if code(err) == "user_not_in_channel" || code(err) == "not_in_channel" || errors.Is(err, bot.ErrGone) {
		to, err := a.Direct(ctx, who)
		if err != nil {
			return err
		}
		_, err = a.Post(ctx, to, m, key)
		return err
	}
	return err
}

// Link implements bot.Linker.
func (a *Adapter) Link(ctx context.Context, ref bot.MessageRef) (link string) {
	err := a.call(ctx, func(ctx context.Context) (err error) {
		link, err = a.api.GetPermalinkContext(ctx, &slack.PermalinkParameters{Channel: ref.Channel, Ts: ref.ID})
		return err
	}, "chat.getPermalink")
	if err != nil {
		a.log.Debug("no link", "error", a.redactText(err))
	}
	return link
}
