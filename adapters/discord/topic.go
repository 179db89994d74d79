package discord

import (
	"context"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// SetTopic implements bot.TopicSetter. Discord takes two changes of a channel in ten minutes, so it is asked what the
// topic is first, and one that has to wait is a *bot.RetryAfterError.
func (a *Adapter) SetTopic(ctx context.Context, c bot.Conversation, topic string) error {
	topic = value.Cut(value.Line(topic), maxTopic)
	there, err := a.channel(ctx, c.Channel)
	if err == nil && there.Topic != topic {
		err = a.change(ctx, c.Channel, "", map[string]any{"topic": topic})
	}
	return a.api.Optional("topic", err)
}
