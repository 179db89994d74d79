package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/watchbell/watchbell/bot"
)

// OpenRoom opens a channel for key, once, on the platform that in names, and in its workspace where the platform serves
// several.
func (b *Bot) OpenRoom(
	ctx context.Context, key, object string, in bot.Conversation, name string,
) (bot.Conversation, error) {
	p, err := b.store.Posted(ctx, key)
	switch {
	case err == nil && p.Digest != lostRoom:
		return p.Ref.Conversation, nil
	case errors.Is(err, bot.ErrNoSuch):
		p = bot.Posted{Key: key, Object: object}
	case err != nil:
		return bot.Conversation{}, err
	}
	made := key
	if p.Round > 0 {
		name, made = fmt.Sprintf("%s-r%d", name, p.Round+1), fmt.Sprintf("%s#%d", key, p.Round)
	}
	c, err := b.openChannel(ctx, in, name, made)
	if err != nil {
		b.metrics.DeliveryFailed(in.Platform, stepOf(key))
		return bot.Conversation{}, fmt.Errorf("open channel %s: %w", key, err)
	}
	b.step(stepOf(key) + ":sent")
	p.Ref, p.Digest = bot.MessageRef{Conversation: c}, ""
	err = b.store.SavePosted(ctx, p)
	b.step(stepOf(key) + ":stored")
	return c, err
}

func (b *Bot) openChannel(ctx context.Context, in bot.Conversation, name, key string) (bot.Conversation, error) {
	on, err := b.platform(in.Platform)
	if err != nil {
		return bot.Conversation{}, err
	}
	if opener, ok := on.(bot.WorkspaceOpener); ok {
		return opener.OpenChannelIn(ctx, in.Workspace, name, key)
	}
	if opener, ok := on.(bot.ChannelOpener); ok {
		return opener.OpenChannel(ctx, name, key)
	}
	return bot.Conversation{}, &bot.PermanentError{Err: fmt.Errorf("%s cannot open channels", in.Platform)}
}

// lostRoom marks, in place of the digest that a channel has none of, a room that was given up.
const lostRoom = "lost"

// UseRoom makes an existing conversation the room of key, where none can be opened.
func (b *Bot) UseRoom(ctx context.Context, key, object string, c bot.Conversation) error {
	return b.store.SavePosted(ctx, bot.Posted{Key: key, Object: object, Ref: bot.MessageRef{Conversation: c}})
}

// LoseRoom gives up the room of key, because somebody archived or deleted it: OpenRoom then opens another. It reports
// whether c still was the room, so that of several who notice only one acts.
func (b *Bot) LoseRoom(ctx context.Context, key string, c bot.Conversation) (bool, error) {
	p, err := b.store.Posted(ctx, key)
	if err != nil || p.Ref.Conversation != c || p.Digest == lostRoom {
		return false, err
	}
	p.Round++
	p.Digest = lostRoom
	return true, b.store.SavePosted(ctx, p)
}

// CloseRoom archives the room of key where the platform can, and gives it up. Without a room nothing happens.
func (b *Bot) CloseRoom(ctx context.Context, key string) error {
	c, err := b.Room(ctx, key)
	if errors.Is(err, bot.ErrNoSuch) {
		return nil
	}
	if err != nil {
		return err
	}
	if c.Thread == "" {
		if err := ability(b, c.Platform, func(p bot.ChannelArchiver) error { return p.Archive(ctx, c) }); err != nil {
			return err
		}
	}
	_, err = b.LoseRoom(ctx, key, c)
	return err
}

// Room is the channel opened for key, or ErrNoSuch.
func (b *Bot) Room(ctx context.Context, key string) (bot.Conversation, error) {
	p, err := b.store.Posted(ctx, key)
	if err == nil && p.Digest == lostRoom {
		err = bot.ErrNoSuch
	}
	return p.Ref.Conversation, err
}

// OpenRooms are the conversations on a platform in which people work on what is open.
func (b *Bot) OpenRooms(ctx context.Context, platform string) ([]bot.Conversation, error) {
	var all []bot.Conversation
	for _, rooms := range b.rooms {
		list, err := rooms(ctx, platform)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

// FindChannel finds a channel by name; ok is false where the platform has none of that name or no names.
func (b *Bot) FindChannel(ctx context.Context, platform, name string) (c bot.Conversation, ok bool, err error) {
	p, err := b.platform(platform)
	if err != nil {
		return c, false, err
	}
	finder, can := p.(bot.ChannelFinder)
	if !can {
		return c, false, nil
	}
	c, err = finder.FindChannel(ctx, name)
	if errors.Is(err, bot.ErrGone) {
		return c, false, nil
	}
	return c, err == nil, err
}

// SetTopic sets the topic where the platform has topics.
func (b *Bot) SetTopic(ctx context.Context, c bot.Conversation, topic string) error {
	if c.Thread != "" { // the topic of its channel is not ours
		return nil
	}
	return ability(b, c.Platform, func(p bot.TopicSetter) error { return p.SetTopic(ctx, c, topic) })
}

// Pin pins the message of key where the platform has pins, once for each message that the key ever had.
func (b *Bot) Pin(ctx context.Context, key, object string, ref bot.MessageRef) error {
	p, err := b.store.Posted(ctx, key)
	if err == nil && p.Ref == ref {
		return nil
	}
	if err != nil && !errors.Is(err, bot.ErrNoSuch) {
		return err
	}
	if err := ability(b, ref.Platform, func(p bot.Pinner) error { return p.Pin(ctx, ref) }); err != nil {
		return err
	}
	b.step(stepOf(key) + ":sent")
	return b.store.SavePosted(ctx, bot.Posted{Key: key, Object: object, Ref: ref})
}

// Bookmark puts a link to a message at the top of a channel where the platform has both, once for each message that the
// key ever had.
func (b *Bot) Bookmark(
	ctx context.Context, key, object string, c bot.Conversation, title string, ref bot.MessageRef,
) error {
	p, err := b.store.Posted(ctx, key)
	if err == nil && p.Ref == ref || c.Thread != "" {
		return nil
	}
	if err != nil && !errors.Is(err, bot.ErrNoSuch) {
		return err
	}
	err = ability(b, c.Platform, func(p bot.Bookmarker) error {
		linker, can := p.(bot.Linker)
		if !can {
			return nil
		}
		url := linker.Link(ctx, ref)
		if url == "" {
			return nil
		}
		return p.Bookmark(ctx, c, title, url)
	})
	if err != nil {
		return err
	}
	return b.store.SavePosted(ctx, bot.Posted{Key: key, Object: object, Ref: ref})
}

// ability calls do when the platform has the ability A; one that lacks it is no error.
func ability[A any](b *Bot, platform string, do func(A) error) error {
	p, err := b.platform(platform)
	if err != nil {
		return err
	}
	if a, ok := p.(A); ok {
		return do(a)
	}
	return nil
}

// Invite brings a person into a channel. Somebody without an account on that platform is left out.
func (b *Bot) Invite(ctx context.Context, c bot.Conversation, who bot.PersonID) error {
	account, ok, err := b.account(ctx, who, c.Platform)
	if err != nil || !ok {
		return err
	}
	return ability(b, c.Platform, func(p bot.Inviter) error { return p.Invite(ctx, c, account) })
}

// ChannelName is the name of a channel as people know it, "" where nobody can tell.
func (b *Bot) ChannelName(ctx context.Context, c bot.Conversation) (string, error) {
	p, err := b.platform(c.Platform)
	if err != nil {
		return "", nil // of a platform that is not here, the command line say
	}
	n, can := p.(bot.ChannelNamer)
	if !can || c.Channel == "" {
		return "", nil
	}
	name, err := n.ChannelName(ctx, c)
	if errors.Is(err, bot.ErrGone) {
		return "", nil
	}
	return name, err
}
