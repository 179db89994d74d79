package bot

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Platforms names the attached platforms that can open channels, in the order they were attached.
func (b *Bot) Platforms() []string {
	var names []string
	for _, p := range b.platforms {
		if _, ok := p.(ChannelOpener); ok {
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
		if h, can := p.(Healthy); can {
			if err := h.Health(); err != nil {
				state[p.Name()] = err.Error()
			}
		}
	}
	return state
}

func (b *Bot) platform(name string) (Platform, error) {
	for _, p := range b.platforms {
		if p.Name() == name {
			return p, nil
		}
	}
	return nil, fmt.Errorf("platform %q is not attached", name)
}

// stepOf is the kind of thing a key names: "incident.card" of "incident.card/INC-42/web".
func stepOf(key string) string { kind, _, _ := strings.Cut(key, "/"); return kind }

// Post posts m for key, once: a second call returns the message of the first.
func (b *Bot) Post(ctx context.Context, key, object string, to Conversation, m Message) (MessageRef, error) {
	p, err := b.store.Posted(ctx, key)
	if err == nil {
		return p.Ref, nil
	}
	if !errors.Is(err, ErrNoSuch) {
		return MessageRef{}, err
	}
	return b.post(ctx, Posted{Key: key, Object: object}, to, m)
}

func (b *Bot) post(ctx context.Context, p Posted, to Conversation, m Message) (MessageRef, error) {
	platform, err := b.platform(to.Platform)
	if err != nil {
		return MessageRef{}, err
	}
	if m, err = b.seal(ctx, m, to.Platform); err != nil {
		return MessageRef{}, err
	}
	key := p.Key
	if p.Round > 0 {
		key = fmt.Sprintf("%s#%d", p.Key, p.Round)
	}
	if p.Ref, err = platform.Post(ctx, to, m, key); err != nil {
		b.metrics.DeliveryFailed(to.Platform, stepOf(p.Key))
		return MessageRef{}, fmt.Errorf("post %s: %w", p.Key, err)
	}
	b.step(stepOf(p.Key) + ":sent")
	// After a crash the platform may have answered with the message of an earlier attempt, which says what was true then. So what it shows
	// counts as unknown, and the next Show edits it.
	p.Digest = ""
	if err := b.store.SavePosted(ctx, p); err != nil {
		return MessageRef{}, err
	}
	b.step(stepOf(p.Key) + ":stored")
	return p.Ref, nil
}

// Show makes the message of key look like m: it posts it the first time, edits it later, leaves it alone when nothing
// changed, and posts it anew when somebody removed it.
func (b *Bot) Show(ctx context.Context, key, object string, to Conversation, m Message) (MessageRef, error) {
	p, err := b.store.Posted(ctx, key)
	if errors.Is(err, ErrNoSuch) {
		return b.post(ctx, Posted{Key: key, Object: object}, to, m)
	}
	if err != nil {
		return MessageRef{}, err
	}
	if p.Ref.Conversation != to { // the thing moved to another channel, so the message is made anew there
		p.Round++
		return b.post(ctx, p, to, m)
	}
	platform, err := b.platform(p.Ref.Platform)
	if err != nil {
		return MessageRef{}, err
	}
	sealed, err := b.seal(ctx, m, p.Ref.Platform)
	if err != nil {
		return MessageRef{}, err
	}
	if d := digest(sealed); d != p.Digest {
		p.Digest = d
		err = platform.Edit(ctx, p.Ref, sealed)
		if errors.Is(err, ErrGone) {
			p.Round++
			return b.post(ctx, p, to, m)
		}
		if err != nil {
			b.metrics.DeliveryFailed(p.Ref.Platform, stepOf(key))
			return MessageRef{}, fmt.Errorf("edit %s: %w", key, err)
		}
		b.step(stepOf(key) + ":edited")
		if err := b.store.SavePosted(ctx, p); err != nil {
			return MessageRef{}, err
		}
	}
	return p.Ref, nil
}

// OpenRoom opens a channel for key, once, on the platform.
func (b *Bot) OpenRoom(ctx context.Context, key, object, platform, name string) (Conversation, error) {
	p, err := b.store.Posted(ctx, key)
	switch {
	case err == nil && p.Digest != lostRoom:
		return p.Ref.Conversation, nil
	case errors.Is(err, ErrNoSuch):
		p = Posted{Key: key, Object: object}
	case err != nil:
		return Conversation{}, err
	}
	made := key
	if p.Round > 0 {
		name, made = fmt.Sprintf("%s-r%d", name, p.Round+1), fmt.Sprintf("%s#%d", key, p.Round)
	}
	on, err := b.platform(platform)
	if err != nil {
		return Conversation{}, err
	}
	opener, ok := on.(ChannelOpener)
	if !ok {
		return Conversation{}, &PermanentError{fmt.Errorf("%s cannot open channels", platform)}
	}
	c, err := opener.OpenChannel(ctx, name, made)
	if err != nil {
		b.metrics.DeliveryFailed(platform, stepOf(key))
		return Conversation{}, fmt.Errorf("open channel %s: %w", key, err)
	}
	b.step(stepOf(key) + ":sent")
	p.Ref, p.Digest = MessageRef{Conversation: c}, ""
	err = b.store.SavePosted(ctx, p)
	b.step(stepOf(key) + ":stored")
	return c, err
}

// lostRoom marks, in place of the digest that a channel has none of, a room that was given up.
const lostRoom = "lost"

// UseRoom makes an existing conversation the room of key, where none can be opened.
func (b *Bot) UseRoom(ctx context.Context, key, object string, c Conversation) error {
	return b.store.SavePosted(ctx, Posted{Key: key, Object: object, Ref: MessageRef{Conversation: c}})
}

// LoseRoom gives up the room of key, because somebody archived or deleted it: OpenRoom then opens another. It reports whether c still was
// the room, so that of several who notice only one acts.
func (b *Bot) LoseRoom(ctx context.Context, key string, c Conversation) (bool, error) {
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
	if errors.Is(err, ErrNoSuch) {
		return nil
	}
	if err != nil {
		return err
	}
	if c.Thread == "" {
		if err := ability(b, c.Platform, func(p ChannelArchiver) error { return p.Archive(ctx, c) }); err != nil {
			return err
		}
	}
	_, err = b.LoseRoom(ctx, key, c)
	return err
}

// Room is the channel opened for key, or ErrNoSuch.
func (b *Bot) Room(ctx context.Context, key string) (Conversation, error) {
	p, err := b.store.Posted(ctx, key)
	if err == nil && p.Digest == lostRoom {
		err = ErrNoSuch
	}
	return p.Ref.Conversation, err
}

// PostedAt is where the message of key stands, or ErrNoSuch.
func (b *Bot) PostedAt(ctx context.Context, key string) (MessageRef, error) {
	p, err := b.store.Posted(ctx, key)
	return p.Ref, err
}

// FindChannel finds a channel by name; ok is false where the platform has none of that name or no names.
func (b *Bot) FindChannel(ctx context.Context, platform, name string) (c Conversation, ok bool, err error) {
	p, err := b.platform(platform)
	if err != nil {
		return c, false, err
	}
	finder, can := p.(ChannelFinder)
	if !can {
		return c, false, nil
	}
	c, err = finder.FindChannel(ctx, name)
	if errors.Is(err, ErrGone) {
		return c, false, nil
	}
	return c, err == nil, err
}

// SetTopic sets the topic where the platform has topics.
func (b *Bot) SetTopic(ctx context.Context, c Conversation, topic string) error {
	if c.Thread != "" { // the topic of its channel is not ours
		return nil
	}
	return ability(b, c.Platform, func(p TopicSetter) error { return p.SetTopic(ctx, c, topic) })
}

// Pin pins the message of key where the platform has pins, once for each message that the key ever had.
func (b *Bot) Pin(ctx context.Context, key, object string, ref MessageRef) error {
	p, err := b.store.Posted(ctx, key)
	if err == nil && p.Ref == ref {
		return nil
	}
	if err != nil && !errors.Is(err, ErrNoSuch) {
		return err
	}
	if err := ability(b, ref.Platform, func(p Pinner) error { return p.Pin(ctx, ref) }); err != nil {
		return err
	}
	b.step(stepOf(key) + ":sent")
	return b.store.SavePosted(ctx, Posted{Key: key, Object: object, Ref: ref})
}

// Bookmark puts a link to a message at the top of a channel where the platform has both, once for each message that the key ever had.
func (b *Bot) Bookmark(ctx context.Context, key, object string, c Conversation, title string, ref MessageRef) error {
	p, err := b.store.Posted(ctx, key)
	if err == nil && p.Ref == ref || c.Thread != "" {
		return nil
	}
	if err != nil && !errors.Is(err, ErrNoSuch) {
		return err
	}
	err = ability(b, c.Platform, func(p Bookmarker) error {
		linker, can := p.(Linker)
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
	return b.store.SavePosted(ctx, Posted{Key: key, Object: object, Ref: ref})
}

// StandsFor makes a message that exists the one of a further key: several things told in one message are told.
func (b *Bot) StandsFor(ctx context.Context, key, object string, ref MessageRef) error {
	return b.store.SavePosted(ctx, Posted{Key: key, Object: object, Ref: ref})
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
func (b *Bot) Invite(ctx context.Context, c Conversation, who PersonID) error {
	account, ok, err := b.account(ctx, who, c.Platform)
	if err != nil || !ok {
		return err
	}
	return ability(b, c.Platform, func(p Inviter) error { return p.Invite(ctx, c, account) })
}

// Whisper shows m to one person in a conversation, or as a direct message where the platform cannot, once per key.
func (b *Bot) Whisper(ctx context.Context, key, object string, to Conversation, who PersonID, m Message) error {
	account, ok, err := b.account(ctx, who, to.Platform)
	if err != nil || !ok {
		return err
	}
	p, err := b.platform(to.Platform)
	if err != nil {
		return err
	}
	w, can := p.(Whisperer)
	if !can {
		return b.Direct(ctx, key, object, who, m)
	}
	if m, err = b.seal(ctx, m, to.Platform); err != nil {
		return err
	}
	return w.Whisper(ctx, to, account, m, key)
}

// Direct sends m to a person alone on each platform they have an account on, once per key.
func (b *Bot) Direct(ctx context.Context, key, object string, who PersonID, m Message) error {
	for _, p := range b.platforms {
		dm, can := p.(DirectMessenger)
		account, ok, err := b.account(ctx, who, p.Name())
		if err != nil {
			return err
		}
		if !can || !ok {
			continue
		}
		to, err := dm.Direct(ctx, account)
		if err != nil {
			return err
		}
		if _, err := b.Post(ctx, key+"/"+p.Name(), object, to, m); err != nil {
			return err
		}
	}
	return nil
}

// ZoneOf is a person's time zone, the installation's when they have none of their own.
func (b *Bot) ZoneOf(ctx context.Context, who PersonID) (*time.Location, error) {
	people, err := b.store.PeopleNamed(ctx, string(who))
	if err != nil || len(people) == 0 {
		return b.zone, err
	}
	return b.location(people[0]), nil
}

func (b *Bot) account(ctx context.Context, who PersonID, platform string) (Account, bool, error) {
	people, err := b.store.PeopleNamed(ctx, string(who))
	if err != nil {
		return Account{}, false, err
	}
	for _, p := range people {
		if p.ID != who {
			continue
		}
		if a, ok := p.on(platform); ok {
			return a, true, nil
		}
		return b.findAccount(ctx, p, platform)
	}
	return Account{}, false, nil
}

func (p Person) on(platform string) (Account, bool) {
	i := slices.IndexFunc(p.Accounts, func(a Account) bool { return a.Platform == platform })
	if i < 0 {
		return Account{}, false
	}
	return p.Accounts[i], true
}

func digest(m Message) string {
	data, err := json.Marshal(m)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// seal makes a message ready for a platform: people get their names and accounts there, actions their tokens.
func (b *Bot) seal(ctx context.Context, m Message, platform string) (Message, error) {
	m, err := b.sealPeople(ctx, m, platform)
	if err != nil {
		return m, err
	}
	m.Actions = slices.Clone(m.Actions)
	var refs []Ref
	for i := range m.Actions {
		a := &m.Actions[i]
		ref := Ref{Command: a.Command, Args: a.Args, Choose: a.Choose, Form: a.Form, Values: a.Values, Quote: a.Quote}
		if ref.Token, err = b.token(ctx, ref); err != nil {
			return m, err
		}
		a.Token = ref.Token
		refs = append(refs, ref)
	}
	return m, b.known.save(ctx, b.store, refs)
}

// token derives the token of an action from what it stands for and the installation's secret: the same action keeps its
// token, and nobody can guess another's.
func (b *Bot) token(ctx context.Context, r Ref) (string, error) {
	secret, err := b.secret(ctx)
	if err != nil {
		return "", err
	}
	data, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(slices.Concat(secret, data))
	return base64.RawURLEncoding.EncodeToString(sum[:16]), nil
}

func (b *Bot) sealReply(ctx context.Context, r Reply, platform string) (Reply, error) {
	if r.Message == nil {
		return r, nil
	}
	m, err := b.seal(ctx, *r.Message, platform)
	if err != nil {
		m = *r.Message
		m.Actions = nil
	}
	r.Message = &m
	return r, err
}

// knownTokens remembers which tokens are in the store, so that showing a card again writes nothing.
type knownTokens struct {
	mu     sync.Mutex
	tokens map[string]bool
}

const maxKnownTokens = 20_000 // about 2 MB

func (k *knownTokens) save(ctx context.Context, store Refs, refs []Ref) error {
	k.mu.Lock()
	fresh := slices.DeleteFunc(slices.Clone(refs), func(r Ref) bool { return k.tokens[r.Token] })
	k.mu.Unlock()
	if len(fresh) == 0 {
		return nil
	}
	if err := store.SaveRefs(ctx, fresh); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.tokens == nil || len(k.tokens) > maxKnownTokens {
		k.tokens = map[string]bool{}
	}
	for _, r := range fresh {
		k.tokens[r.Token] = true
	}
	return nil
}
