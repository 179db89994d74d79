package web

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

var (
	_ bot.Platform        = (*Chat)(nil)
	_ bot.ChannelOpener   = (*Chat)(nil)
	_ bot.ChannelFinder   = (*Chat)(nil)
	_ bot.ChannelArchiver = (*Chat)(nil)
	_ bot.TopicSetter     = (*Chat)(nil)
	_ bot.Pinner          = (*Chat)(nil)
	_ bot.Inviter         = (*Chat)(nil)
	_ bot.DirectMessenger = (*Chat)(nil)
	_ bot.Whisperer       = (*Chat)(nil)
	_ bot.Linker          = (*Chat)(nil)
	_ bot.TokenSizer      = (*Chat)(nil)
)

// TokenSize implements bot.TokenSizer. A page carries any length; this much is longer than any of our buttons needs.
func (c *Chat) TokenSize() int { return 2000 }

// The sources of keys. Each has a prefix of its own, so that none can take the key of another.
const (
	botKey      = "bot/"      // posts and channels of the bot
	sayKey      = "say/"      // what people write
	answerKey   = "answer/"   // answers to what people do
	standardKey = "standard/" // channels that exist from the start
	directKey   = "direct/"   // channels of one person and the bot
)

const (
	maxName  = 80
	maxTopic = 250
)

func formatID(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// parseID reads an id of ours. What is none names nothing, so it is gone.
func parseID(s string) (int64, error) {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id <= 0 || formatID(id) != s {
		return 0, fmt.Errorf("id %q: %w", value.Cut(s, 40), bot.ErrGone)
	}
	return id, nil
}

func parseRef(ref bot.MessageRef) (channel, id int64, err error) {
	if channel, err = parseID(ref.Channel); err == nil {
		id, err = parseID(ref.ID)
	}
	return channel, id, err
}

// Post implements bot.Platform.
func (c *Chat) Post(ctx context.Context, to bot.Conversation, m bot.Message, key string) (bot.MessageRef, error) {
	p, err := c.add(ctx, to, Post{Key: botKey + key, Message: m})
	if err != nil {
		return bot.MessageRef{}, err
	}
	return reference(p), nil
}

// add saves a post in a conversation.
func (c *Chat) add(ctx context.Context, to bot.Conversation, p Post) (Post, error) {
	var err error
	if p.Channel, err = parseID(to.Channel); err != nil {
		return p, fmt.Errorf("channel: %w", err)
	}
	if to.Thread != "" {
		if p.Thread, err = parseID(to.Thread); err != nil {
			return p, fmt.Errorf("thread: %w", err)
		}
	}
	p.Made = c.o.Clock.Now()
	defer c.feed.nudge()
	return c.o.Store.AddPost(ctx, p)
}

func conversation(p Post) bot.Conversation {
	return bot.Conversation{Platform: Platform, Channel: formatID(p.Channel), Thread: formatID(p.Thread)}
}

func reference(p Post) bot.MessageRef {
	return bot.MessageRef{Conversation: conversation(p), ID: formatID(p.ID)}
}

// Edit implements bot.Platform.
func (c *Chat) Edit(ctx context.Context, ref bot.MessageRef, m bot.Message) error {
	channel, id, err := parseRef(ref)
	if err != nil {
		return err
	}
	defer c.feed.nudge()
	return c.o.Store.EditPost(ctx, channel, id, m, c.o.Clock.Now())
}

// Pin implements bot.Pinner.
func (c *Chat) Pin(ctx context.Context, ref bot.MessageRef) error {
	channel, id, err := parseRef(ref)
	if err != nil {
		return err
	}
	defer c.feed.nudge()
	return c.o.Store.PinPost(ctx, channel, id)
}

// OpenChannel implements bot.ChannelOpener.
func (c *Chat) OpenChannel(ctx context.Context, name, key string) (bot.Conversation, error) {
	slug := value.Slug(name, maxName)
	if slug == "" {
		slug = "channel"
	}
	return c.open(ctx, Channel{Key: botKey + key, Name: slug})
}

func (c *Chat) open(ctx context.Context, ch Channel) (bot.Conversation, error) {
	ch.Made = c.o.Clock.Now()
	defer c.feed.nudge()
	made, err := c.o.Store.OpenChannel(ctx, ch)
	return bot.Conversation{Platform: Platform, Channel: formatID(made.ID)}, err
}

// FindChannel implements bot.ChannelFinder. bot.ErrGone: there is none of that name.
func (c *Chat) FindChannel(ctx context.Context, name string) (bot.Conversation, error) {
	if err := c.openStandard(ctx); err != nil {
		return bot.Conversation{}, err
	}
	ch, err := c.o.Store.ChannelNamed(ctx, strings.TrimPrefix(strings.ToLower(name), "#"))
	if errors.Is(err, bot.ErrNoSuch) || err == nil && (ch.Archived || ch.Person != "") {
		return bot.Conversation{}, fmt.Errorf("channel %q: %w", name, bot.ErrGone)
	}
	return bot.Conversation{Platform: Platform, Channel: formatID(ch.ID)}, err
}

// Archive implements bot.ChannelArchiver.
func (c *Chat) Archive(ctx context.Context, to bot.Conversation) error {
	id, err := parseID(to.Channel)
	if err != nil {
		return err
	}
	defer c.feed.nudge()
	if err := c.o.Store.Archive(ctx, id); !errors.Is(err, bot.ErrGone) {
		return err
	}
	return nil
}

// SetTopic implements bot.TopicSetter.
func (c *Chat) SetTopic(ctx context.Context, to bot.Conversation, topic string) error {
	id, err := parseID(to.Channel)
	if err != nil {
		return err
	}
	defer c.feed.nudge()
	return c.o.Store.SetTopic(ctx, id, value.Cut(value.Line(topic), maxTopic))
}

// Invite implements bot.Inviter.
func (c *Chat) Invite(ctx context.Context, to bot.Conversation, who bot.Account) error {
	id, err := parseID(to.Channel)
	if err != nil {
		return err
	}
	p, err := c.person(ctx, who)
	if err != nil {
		return err
	}
	defer c.feed.nudge()
	return c.o.Store.SetMember(ctx, id, p.ID, true)
}

// person finds whose account it is.
func (c *Chat) person(ctx context.Context, who bot.Account) (bot.Person, error) {
	p, ok, err := c.people.with(ctx, who)
	if err != nil {
		return bot.Person{}, err
	}
	if !ok {
		return p, &bot.PermanentError{Err: fmt.Errorf("nobody has the account %q on %s", who.User, Platform)}
	}
	return p, nil
}

// Direct implements bot.DirectMessenger.
func (c *Chat) Direct(ctx context.Context, who bot.Account) (bot.Conversation, error) {
	p, err := c.person(ctx, who)
	if err != nil {
		return bot.Conversation{}, err
	}
	return c.direct(ctx, p.ID)
}

func (c *Chat) direct(ctx context.Context, who bot.PersonID) (bot.Conversation, error) {
	return c.open(ctx, Channel{Key: directKey + string(who), Name: "@" + string(who), Person: who})
}

// Whisper implements bot.Whisperer.
func (c *Chat) Whisper(ctx context.Context, to bot.Conversation, who bot.Account, m bot.Message, key string) error {
	p, err := c.person(ctx, who)
	if err != nil {
		return err
	}
	_, err = c.add(ctx, to, Post{Key: botKey + key, Only: p.ID, Message: m})
	return err
}

// Link implements bot.Linker.
func (c *Chat) Link(_ context.Context, ref bot.MessageRef) string {
	if _, _, err := parseRef(ref); c.o.URL == "" || err != nil {
		return ""
	}
	return strings.TrimRight(c.o.URL, "/") + "/to/" + ref.Channel + "/" + ref.ID
}

var linkPath = regexp.MustCompile(`/to/([0-9]{1,18})/([0-9]{1,18})(/thread)?$`)

// here reports whether a host is this machine, under any of its names or the listener's own address.
func (c *Chat) here(host string) bool {
	return ThisMachine(host) || c.o.Listener != nil && host == c.o.Listener.Addr().String()
}

// MessageAt implements bot.LinkReader. A link is one of this chat at the address that people use, or at one of this
// machine.
func (c *Chat) MessageAt(_ context.Context, link string) (ref bot.MessageRef, ok bool) {
	u, err := url.Parse(link)
	if err != nil {
		return ref, false
	}
	ours, err := url.Parse(c.o.URL)
	if !c.here(u.Host) && (err != nil || ours.Host == "" || !strings.EqualFold(ours.Host, u.Host)) {
		return ref, false
	}
	m := linkPath.FindStringSubmatch(u.Path)
	if m == nil {
		return ref, false
	}
	return bot.MessageRef{Conversation: bot.Conversation{Platform: Platform, Channel: m[1]}, ID: m[2]}, true
}
