package engine

import (
	"context"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/ask"
)

// shown reports whether the card of what a command was used on shows what was done, where it was used: on that card, or
// in the place that belongs to the thing. An answer that offers more to do is more than an acknowledgement.
func (b *Bot) shown(ctx context.Context, c *bot.Call, r bot.Reply) bool {
	object := ask.Object(c)
	if !c.Command.OnCard || r.Status != bot.Done || r.Message == nil || len(r.Message.Actions) > 0 || object == "" {
		return false
	}
	if c.On != "" {
		card, err := b.store.Posted(ctx, bot.CardKey(c.Command.Noun(), object, c.Place.Platform))
		if err == nil && card.Ref.ID == c.On && card.Ref.Channel == c.Place.Channel {
			return true
		}
	}
	here, err := b.store.ObjectAt(ctx, c.Place)
	return err == nil && here == object
}
