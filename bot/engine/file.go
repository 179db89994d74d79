package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/watchbell/watchbell/bot"
)

// Upload uploads f for key, once: a second call returns the message of the first. A platform that takes no files is
// ErrRefused.
func (b *Bot) Upload(ctx context.Context, key, object string, to bot.Conversation, f bot.File) (bot.MessageRef, error) {
	p, err := b.store.Posted(ctx, key)
	if err == nil {
		return p.Ref, nil
	}
	if !errors.Is(err, bot.ErrNoSuch) {
		return bot.MessageRef{}, err
	}
	platform, err := b.platform(to.Platform)
	if err != nil {
		return bot.MessageRef{}, err
	}
	u, can := platform.(bot.Uploader)
	if !can {
		return bot.MessageRef{}, fmt.Errorf("upload %s: %w", key, bot.ErrRefused)
	}
	ref, err := u.Upload(ctx, to, f, key)
	if err != nil {
		b.metrics.DeliveryFailed(to.Platform, stepOf(key))
		return bot.MessageRef{}, fmt.Errorf("upload %s: %w", key, err)
	}
	b.step(stepOf(key) + ":sent")
	if err := b.store.SavePosted(ctx, bot.Posted{Key: key, Object: object, Ref: ref}); err != nil {
		return bot.MessageRef{}, err
	}
	b.step(stepOf(key) + ":stored")
	return ref, nil
}

// DirectUpload uploads f to a person alone, on one platform, once per key.
func (b *Bot) DirectUpload(ctx context.Context, key, object string, who bot.Account, f bot.File) error {
	platform, err := b.platform(who.Platform)
	if err != nil {
		return err
	}
	dm, can := platform.(bot.DirectMessenger)
	if !can {
		return fmt.Errorf("upload %s: %w", key, bot.ErrRefused)
	}
	to, err := dm.Direct(ctx, who)
	if err != nil {
		return err
	}
	_, err = b.Upload(ctx, key, object, to, f)
	return err
}
