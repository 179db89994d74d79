package directory

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/adapters/slack/webapi"
	"github.com/watchbell/watchbell/bot"
)

// ChannelName implements bot.ChannelNamer. Conversations between people have no name for others.
func (r *Reader) ChannelName(ctx context.Context, c bot.Conversation) (string, error) {
	var ch *slack.Channel
	err := r.o.API.Call(ctx, func(ctx context.Context) (err error) {
		ch, err = r.o.API.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: c.Channel})
		return err
	}, "conversations.info")
	if err != nil {
		return "", err
	}
	if ch.IsIM || ch.IsMpIM {
		return "", nil
	}
	return ch.Name, nil
}

// FindChannel implements bot.ChannelFinder. A name is looked up once; the id it has then stays, however the channel is
// renamed.
func (r *Reader) FindChannel(ctx context.Context, name string) (bot.Conversation, error) {
	id, err := r.Whoami(ctx)
	if err != nil {
		return bot.Conversation{}, err
	}
	name = strings.TrimPrefix(strings.ToLower(name), "#")
	if channel, ok := r.found.get(name, r.o.Now()); ok {
		if channel == "" {
			return bot.Conversation{}, fmt.Errorf("channel %q: %w", name, bot.ErrGone)
		}
		return bot.Conversation{Platform: Platform, Workspace: id.Workspace, Channel: channel}, nil
	}
	c, err := r.Named(ctx, name, id.Team)
	if err != nil {
		return bot.Conversation{}, err
	}
	if c == nil {
		r.found.put(name, "", r.o.Now().Add(time.Minute))
		return bot.Conversation{}, fmt.Errorf("channel %q: %w", name, bot.ErrGone)
	}
	r.found.put(name, c.ID, r.o.Now().Add(time.Hour))
	return bot.Conversation{Platform: Platform, Workspace: id.Workspace, Channel: c.ID}, nil
}

// Named finds a channel of a team by its name, nil if there is none that is not archived. In a large workspace that
// takes many pages: it waits for its turn in between, for a new attempt would begin with the first page again.
func (r *Reader) Named(ctx context.Context, name, team string) (*slack.Channel, error) {
	for cursor := ""; ; {
		var list []slack.Channel
		var next string
		err := r.o.API.Call(ctx, func(ctx context.Context) (err error) {
			list, next, err = r.o.API.GetConversationsContext(ctx, &slack.GetConversationsParameters{
				Cursor: cursor, ExcludeArchived: true, Limit: 999, Types: []string{"public_channel", "private_channel"},
				TeamID: team})
			return err
		}, "conversations.list")
		var wait *bot.RetryAfterError
		if errors.Is(err, webapi.ErrBusy) && errors.As(err, &wait) && webapi.Pause(ctx, wait.After) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for i := range list {
			if list[i].Name == name {
				return &list[i], nil
			}
		}
		if cursor = next; cursor == "" {
			return nil, nil
		}
	}
}
