package slack

import (
	"context"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/bot"
)

var _ bot.ChannelNamer = (*Adapter)(nil)

// ChannelName implements bot.ChannelNamer. Conversations between people have no name for others.
func (a *Adapter) ChannelName(ctx context.Context, c bot.Conversation) (string, error) {
	var ch *slack.Channel
	err := a.api.Call(ctx, func(ctx context.Context) (err error) {
		ch, err = a.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: c.Channel})
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
