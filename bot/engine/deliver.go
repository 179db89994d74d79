package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Platforms names the attached platforms that can open channels, in the order they were attached.
func (b *Bot) Platforms() []string {
	var names []string
	for _, p := range b.platforms {
		if _, ok := p.(bot.ChannelOpener); ok {
			names = append(names, p.Name())
		}
	}
	return names
}

// Health says of each platform "ok", or why it cannot be reached right now.
func (b *Bot) Health() map[string]string {
	state := map[string]string{}
	for _, p := range b.platforms {
		state[p.Name()] = "ok"
		if h, can := p.(bot.Healthy); can {
			if err := h.Health(); err != nil {
				state[p.Name()] = err.Error()
			}
		}
	}
	return state
}

func (b *Bot) platform(name string) (bot.Platform, error) {
	for _, p := range b.platforms {
		if p.Name() == name {
			return p, nil
		}
	}
	return nil, fmt.Errorf("platform %q is not attached", name)
}

// stepOf is the kind of thing a key names: "incident.card" of "incident.card/INC-42/web".
func stepOf(key string) string { kind, _, _ := strings.Cut(key, "/"); return kind }

// Post posts m for key, once: a second call returns the message of the first. One that is too long for its platform
// goes on in its thread.
func (b *Bot) Post(
	ctx context.Context, key, object string, to bot.Conversation, m bot.Message,
) (bot.MessageRef, error) {
	return b.long(ctx, key, object, to, m, b.postOne)
}

func (b *Bot) postOne(
	ctx context.Context, key, object string, to bot.Conversation, m bot.Message,
) (bot.MessageRef, error) {
	p, err := b.store.Posted(ctx, key)
	if err == nil {
		return p.Ref, nil
	}
	if !errors.Is(err, bot.ErrNoSuch) {
		return bot.MessageRef{}, err
	}
	return b.post(ctx, bot.Posted{Key: key, Object: object}, to, m)
}

func (b *Bot) post(ctx context.Context, p bot.Posted, to bot.Conversation, m bot.Message) (bot.MessageRef, error) {
	platform, err := b.platform(to.Platform)
	if err != nil {
		return bot.MessageRef{}, err
	}
	if m, err = b.seal(ctx, m, to.Platform, to.Workspace); err != nil {
		return bot.MessageRef{}, err
	}
	key := p.Key
	if p.Round > 0 {
		key = fmt.Sprintf("%s#%d", p.Key, p.Round)
	}
	if p.Ref, err = platform.Post(ctx, to, m, key); err != nil {
		b.metrics.DeliveryFailed(to.Platform, stepOf(p.Key))
		return bot.MessageRef{}, fmt.Errorf("post %s: %w", p.Key, err)
	}
	b.step(stepOf(p.Key) + ":sent")
	// After a crash the platform may have answered with the message of an earlier attempt, which says what was true then.
	// So what it shows counts as unknown, and the next Show edits it.
	p.Digest = ""
	if err := b.store.SavePosted(ctx, p); err != nil {
		return bot.MessageRef{}, err
	}
	b.step(stepOf(p.Key) + ":stored")
	return p.Ref, nil
}

// Show makes the message of key look like m: it posts it the first time, edits it later, leaves it alone when nothing
// changed, and posts it anew when somebody removed it. One that is too long for its platform goes on in its thread.
func (b *Bot) Show(
	ctx context.Context, key, object string, to bot.Conversation, m bot.Message,
) (bot.MessageRef, error) {
	return b.long(ctx, key, object, to, m, b.showOne)
}

func (b *Bot) showOne(
	ctx context.Context, key, object string, to bot.Conversation, m bot.Message,
) (bot.MessageRef, error) {
	p, err := b.store.Posted(ctx, key)
	if errors.Is(err, bot.ErrNoSuch) {
		return b.post(ctx, bot.Posted{Key: key, Object: object}, to, m)
	}
	if err != nil {
		return bot.MessageRef{}, err
	}
	if p.Ref.Conversation != to { // the thing moved to another channel, so the message is made anew there
		p.Round++
		return b.post(ctx, p, to, m)
	}
	platform, err := b.platform(p.Ref.Platform)
	if err != nil {
		return bot.MessageRef{}, err
	}
	sealed, err := b.seal(ctx, m, p.Ref.Platform, p.Ref.Workspace)
	if err != nil {
		return bot.MessageRef{}, err
	}
	if d := digest(sealed); d != p.Digest {
		p.Digest = d
		err = platform.Edit(ctx, p.Ref, sealed)
		if errors.Is(err, bot.ErrGone) {
			p.Round++
			return b.post(ctx, p, to, m)
		}
		if err != nil {
			b.metrics.DeliveryFailed(p.Ref.Platform, stepOf(key))
			return bot.MessageRef{}, fmt.Errorf("edit %s: %w", key, err)
		}
		b.step(stepOf(key) + ":edited")
		if err := b.store.SavePosted(ctx, p); err != nil {
			return bot.MessageRef{}, err
		}
	}
	return p.Ref, nil
}

// ObjectOf finds the thing that a message of ours is about, or ErrNoSuch when we did not post it.
func (b *Bot) ObjectOf(ctx context.Context, ref bot.MessageRef) (string, error) {
	if ref.ID == "" {
		return b.store.ObjectAt(ctx, ref.Conversation)
	}
	return b.store.ObjectOf(ctx, ref)
}

// PostedIn reports whether a message of ours stands in a channel: one of its threads may be where people work on
// something.
func (b *Bot) PostedIn(ctx context.Context, c bot.Conversation) (bool, error) {
	return b.store.PostedIn(ctx, c)
}

// MessageAt finds the message that an address leads to, or ErrNoSuch when no platform knows the address.
func (b *Bot) MessageAt(ctx context.Context, link string) (bot.MessageRef, error) {
	for _, p := range b.platforms {
		if reader, can := p.(bot.LinkReader); can {
			if ref, ok := reader.MessageAt(ctx, link); ok {
				return ref, nil
			}
		}
	}
	return bot.MessageRef{}, bot.ErrNoSuch
}

// PostedAt is where the message of key stands, or ErrNoSuch.
func (b *Bot) PostedAt(ctx context.Context, key string) (bot.MessageRef, error) {
	p, err := b.store.Posted(ctx, key)
	return p.Ref, err
}

// StandsFor makes a message that exists the one of a further key: several things told in one message are told.
func (b *Bot) StandsFor(ctx context.Context, key, object string, ref bot.MessageRef) error {
	return b.store.SavePosted(ctx, bot.Posted{Key: key, Object: object, Ref: ref})
}

// Whisper shows m to one person in a conversation, or as a direct message where the platform cannot, once per key.
func (b *Bot) Whisper(
	ctx context.Context, key, object string, to bot.Conversation, who bot.PersonID, m bot.Message,
) error {
	account, ok, err := b.account(ctx, who, to.Platform)
	if err != nil || !ok {
		return err
	}
	p, err := b.platform(to.Platform)
	if err != nil {
		return err
	}
	w, can := p.(bot.Whisperer)
	if !can {
		return b.Direct(ctx, key, object, who, m)
	}
	if m, err = b.seal(ctx, m, to.Platform, to.Workspace); err != nil {
		return err
	}
	return w.Whisper(ctx, to, account, m, key)
}

// Direct sends m to a person alone on each platform they have an account on, once per key.
func (b *Bot) Direct(ctx context.Context, key, object string, who bot.PersonID, m bot.Message) error {
	return b.DirectOr(ctx, key, object, who, m, nil)
}

// DirectOr is Direct. Where somebody lets nobody write to them, or has left, they are mentioned instead in the
// conversation that otherwise gives for the platform, with the message.
func (b *Bot) DirectOr(
	ctx context.Context, key, object string, who bot.PersonID, m bot.Message,
	otherwise func(platform string) (bot.Conversation, bool, error),
) error {
	do := func(to bot.Conversation) error {
		_, err := b.Post(ctx, key+"/"+to.Platform, object, to, m)
		return err
	}
	return b.directlyOr(ctx, who, do, func(platform string) (bool, error) {
		if otherwise == nil {
			return false, nil
		}
		to, ok, err := otherwise(platform)
		if err != nil || !ok {
			return false, err
		}
		called := m
		called.Sections = append([]bot.Section{
			bot.Para(who, ", this is for you. It could not be sent to you directly."),
		}, m.Sections...)
		_, err = b.Post(ctx, key+"/"+platform+"/mention", object, to, called)
		return err == nil, err
	})
}

// WasDirected reports whether the message of key stands wherever Direct sends it to a person, so that Direct would do
// nothing.
func (b *Bot) WasDirected(ctx context.Context, key string, who bot.PersonID) (bool, error) {
	for _, p := range b.platforms {
		if _, can := p.(bot.DirectMessenger); !can {
			continue
		}
		_, ok, err := b.account(ctx, who, p.Name())
		if err == nil && ok {
			_, err = b.store.Posted(ctx, key+"/"+p.Name())
		}
		if errors.Is(err, bot.ErrNoSuch) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// DirectOn is Direct on one platform: nothing where the person has no account there.
func (b *Bot) DirectOn(ctx context.Context, platform, key, object string, who bot.PersonID, m bot.Message) error {
	return b.directly(ctx, who, func(to bot.Conversation) error {
		if to.Platform != platform {
			return nil
		}
		_, err := b.Post(ctx, key+"/"+to.Platform, object, to, m)
		return err
	})
}

// DirectTo sends m to one account alone, once per key. Where there are no direct messages, nothing happens.
func (b *Bot) DirectTo(ctx context.Context, to bot.Account, key, object string, m bot.Message) error {
	p, err := b.platform(to.Platform)
	if err != nil {
		return nil // nobody is told by the command line, say
	}
	dm, can := p.(bot.DirectMessenger)
	if !can {
		return nil
	}
	at, err := dm.Direct(ctx, to)
	if err == nil {
		_, err = b.Post(ctx, key, object, at, m)
	}
	return err
}

// DirectShow makes the message of key that a person alone sees look like m, on each platform they have an account on.
func (b *Bot) DirectShow(ctx context.Context, key, object string, who bot.PersonID, m bot.Message) error {
	return b.directly(ctx, who, func(to bot.Conversation) error {
		_, err := b.Show(ctx, key+"/"+to.Platform, object, to, m)
		return err
	})
}

// directly does something in each of somebody's conversations with the bot. A platform that cannot be reached keeps
// nothing from the others. One on which they let nobody write to them, or that no longer knows them, is left out:
// WasDirected tells.
func (b *Bot) directly(ctx context.Context, who bot.PersonID, do func(bot.Conversation) error) error {
	return b.directlyOr(ctx, who, do, func(string) (bool, error) { return false, nil })
}

// directlyOr is directly. otherwise reaches somebody on a platform by another way, and reports whether it did.
func (b *Bot) directlyOr(
	ctx context.Context, who bot.PersonID, do func(bot.Conversation) error, otherwise func(platform string) (bool, error),
) error {
	var later, never error
	for _, p := range b.platforms {
		dm, can := p.(bot.DirectMessenger)
		account, ok, err := b.account(ctx, who, p.Name())
		if err != nil {
			return err
		}
		if !can || !ok {
			continue
		}
		to, err := dm.Direct(ctx, account)
		if err == nil {
			err = do(to)
		}
		if unreachable(err) {
			if reached, otherErr := otherwise(p.Name()); reached || otherErr != nil {
				err = otherErr
			}
		}
		var permanent *bot.PermanentError
		switch {
		case unreachable(err):
			b.log.Warn("a direct message reaches nobody", "platform", p.Name(), "person", who, "error", err)
		case errors.As(err, &permanent):
			never = errors.Join(never, err)
		case err != nil && later == nil:
			later = err
		}
	}
	if later != nil {
		return later
	}
	return never
}

// unreachable reports that somebody lets nobody write to them, or is not there any more.
func unreachable(err error) bool {
	return errors.Is(err, bot.ErrRefused) || errors.Is(err, bot.ErrGone)
}

// Names are what people are called, for documents that no platform renders.
func (b *Bot) Names(ctx context.Context) (map[bot.PersonID]string, error) {
	people, err := b.store.People(ctx)
	names := make(map[bot.PersonID]string, len(people))
	for _, p := range people {
		names[p.ID] = p.Name
	}
	return names, err
}

// ZoneOf is a person's time zone, the installation's when they have none of their own.
func (b *Bot) ZoneOf(ctx context.Context, who bot.PersonID) (*time.Location, error) {
	people, err := b.store.PeopleNamed(ctx, string(who))
	if err != nil || len(people) == 0 {
		return b.zone, err
	}
	return b.location(people[0]), nil
}

func (b *Bot) account(ctx context.Context, who bot.PersonID, platform string) (bot.Account, bool, error) {
	people, err := b.store.PeopleNamed(ctx, string(who))
	if err != nil {
		return bot.Account{}, false, err
	}
	for _, p := range people {
		if p.ID != who {
			continue
		}
		if a, ok := on(p, platform); ok {
			return a, true, nil
		}
		return b.findAccount(ctx, p, platform)
	}
	return bot.Account{}, false, nil
}

func on(p bot.Person, platform string) (bot.Account, bool) {
	i := slices.IndexFunc(p.Accounts, func(a bot.Account) bool { return a.Platform == platform })
	if i < 0 {
		return bot.Account{}, false
	}
	return p.Accounts[i], true
}
