package slack

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/adapters/slack/block"
	"github.com/watchbell/watchbell/adapters/slack/directory"
	"github.com/watchbell/watchbell/adapters/slack/webapi"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// join brings the bot back into a public channel that it was removed from. A private one it cannot enter by itself.
func (a *Adapter) join(ctx context.Context, channel string) error {
	err := a.api.Call(ctx, func(ctx context.Context) error {
		_, _, _, err := a.api.JoinConversationContext(ctx, channel)
		return err
	}, "conversations.join")
	if webapi.Code(err) != "" {
		return fmt.Errorf("the bot was removed from channel %s: %w", channel, errors.Join(err, bot.ErrGone))
	}
	return err
}

// OpenChannel implements bot.ChannelOpener. A name that is taken gets a number. bot.ErrRefused: the workspace does not
// let us.
func (a *Adapter) OpenChannel(ctx context.Context, name, key string) (bot.Conversation, error) {
	id, err := a.directory.Whoami(ctx)
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
		channel, err := a.create(ctx, try, id.Team)
		switch c := webapi.Code(err); {
		case err == nil:
			return bot.Conversation{Platform: Platform, Workspace: id.Workspace, Channel: channel}, a.describe(ctx, channel, key)
		case c == "name_taken" && n <= 12:
			if bot.Again(ctx) {
				if channel, found, err := a.orphan(ctx, try, key, id); err != nil || found {
					return bot.Conversation{Platform: Platform, Workspace: id.Workspace, Channel: channel}, err
				}
			}
		case slices.Contains([]string{
			"restricted_action", "user_is_restricted", "not_allowed_token_type", "missing_scope", "too_many_channels",
			"no_permission",
		}, c):
			return bot.Conversation{}, fmt.Errorf("create channel: %w", errors.Join(bot.ErrRefused, err))
		default:
			return bot.Conversation{}, err
		}
	}
}

func (a *Adapter) create(ctx context.Context, name, team string) (id string, err error) {
	err = a.api.Call(ctx, func(ctx context.Context) error {
		c, err := a.api.CreateConversationContext(ctx, slack.CreateConversationParams{ChannelName: name, TeamID: team})
		if err == nil {
			id = c.ID
		}
		return err
	}, "conversations.create")
	return id, err
}

// purpose is what a channel of ours says it is for, and what it is known again by: the name of the installation tells
// its INC-1 from another's.
func (a *Adapter) purpose(ctx context.Context, key string) (string, error) {
	parts := strings.Split(key, "/")
	installation, err := a.o.Core.Installation(ctx)
	return "Opened by Watchbell for " + parts[min(1, len(parts)-1)] + " (installation " + installation + ").", err
}

func (a *Adapter) describe(ctx context.Context, channel, key string) error {
	purpose, err := a.purpose(ctx, key)
	if err != nil {
		return err
	}
	return a.api.Optional("purpose", a.api.Call(ctx, func(ctx context.Context) error {
		_, err := a.api.SetPurposeOfConversationContext(ctx, channel, purpose)
		return err
	}, "conversations.setPurpose"))
}

// orphan finds a channel that we opened for the key without learning of it, because the answer was lost.
func (a *Adapter) orphan(
	ctx context.Context, name, key string, id *directory.Self,
) (channel string, found bool, err error) {
	c, err := a.directory.Named(ctx, name, id.Team)
	if err != nil || c == nil {
		return "", false, err
	}
	purpose, err := a.purpose(ctx, key)
	if err != nil {
		return "", false, err
	}
	fresh := a.o.Now().Sub(c.Created.Time()) < lookBack
	if c.Creator != id.User || !fresh || c.Purpose.Value != "" && c.Purpose.Value != purpose {
		return "", false, nil
	}
	return c.ID, true, a.describe(ctx, c.ID, key)
}

// SetTopic implements bot.TopicSetter.
func (a *Adapter) SetTopic(ctx context.Context, c bot.Conversation, topic string) error {
	return a.api.Optional("topic", a.api.Call(ctx, func(ctx context.Context) error {
		_, err := a.api.SetTopicOfConversationContext(ctx, c.Channel, block.Escape(value.Cut(value.Line(topic), maxTopic/2)))
		return err
	}, "conversations.setTopic"))
}

// Pin implements bot.Pinner. A channel that takes no more pins goes without.
func (a *Adapter) Pin(ctx context.Context, ref bot.MessageRef) error {
	err := a.api.Call(ctx, func(ctx context.Context) error {
		return a.api.AddPinContext(ctx, ref.Channel, slack.NewRefToMessage(ref.Channel, ref.ID))
	}, "pins.add")
	if webapi.Code(err) == "already_pinned" {
		return nil
	}
	return a.api.Optional("pin", err)
}

// Bookmark implements bot.Bookmarker.
func (a *Adapter) Bookmark(ctx context.Context, c bot.Conversation, title, url string) error {
	var have []slack.Bookmark
	err := a.api.Call(ctx, func(ctx context.Context) (err error) {
		have, err = a.api.ListBookmarksContext(ctx, c.Channel)
		return err
	}, "bookmarks.list")
	if err != nil {
		return a.api.Optional("bookmark", err)
	}
	i := slices.IndexFunc(have, func(b slack.Bookmark) bool { return b.Title == title })
	return a.api.Optional("bookmark", a.api.Call(ctx, func(ctx context.Context) error {
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
	err := a.api.Call(ctx, func(ctx context.Context) error {
		_, err := a.api.InviteUsersToConversationContext(ctx, c.Channel, who.User)
		return err
	}, "conversations.invite")
	switch webapi.Code(err) {
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
	err := a.api.Call(
		ctx, func(ctx context.Context) error { return a.api.ArchiveConversationContext(ctx, c.Channel) },
		"conversations.archive",
	)
	if webapi.Code(err) == "already_archived" || errors.Is(err, bot.ErrGone) {
		return nil
	}
	return a.api.Optional("archive", err)
}
