package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/watchbell/watchbell/bot"
)

// deliverer posts or shows one message for a key.
type deliverer func(ctx context.Context, key, object string, to bot.Conversation, m bot.Message) (bot.MessageRef, error)

// long delivers a message, and what does not fit into it below it: in its thread, or where a place has none after it.
// Each of the further messages has a key of its own, and one that is needed no more says so.
func (b *Bot) long(
	ctx context.Context, key, object string, to bot.Conversation, m bot.Message, deliver deliverer,
) (bot.MessageRef, error) {
	platform, err := b.platform(to.Platform)
	if err != nil {
		return bot.MessageRef{}, err
	}
	s, can := platform.(bot.Splitter)
	if !can {
		return deliver(ctx, key, object, to, m)
	}
	sealed, err := b.seal(ctx, m, to.Platform, to.Workspace) // whose names and tokens take room
	if err != nil {
		return bot.MessageRef{}, err
	}
	parts := s.Split(sealed)
	first, err := deliver(ctx, key, object, to, parts[0])
	if err != nil {
		return first, err
	}
	for n, part := range parts[1:] {
		if _, err := deliver(ctx, further(key, n), object, s.Below(first), part); err != nil {
			return first, err
		}
	}
	return first, b.endAfter(ctx, key, object, len(parts)-1, deliver)
}

// further is the key of what follows a message that was too long.
func further(key string, n int) string { return fmt.Sprintf("%s+%d", key, n+1) }

// endAfter takes back what stands below from when the message was longer.
func (b *Bot) endAfter(ctx context.Context, key, object string, n int, show deliverer) error {
	for ; ; n++ {
		p, err := b.store.Posted(ctx, further(key, n))
		if errors.Is(err, bot.ErrNoSuch) {
			return nil
		}
		if err == nil {
			_, err = show(ctx, further(key, n), object, p.Ref.Conversation, bot.Say("… (nothing more)"))
		}
		if err != nil {
			return err
		}
	}
}
