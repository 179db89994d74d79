package discord

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/directory"
	"github.com/watchbell/watchbell/adapters/discord/look"
	"github.com/watchbell/watchbell/adapters/discord/payload"
	"github.com/watchbell/watchbell/adapters/discord/rest"
	"github.com/watchbell/watchbell/bot"
)

var (
	_ bot.Platform        = (*Adapter)(nil)
	_ bot.ChannelOpener   = (*Adapter)(nil)
	_ bot.WorkspaceOpener = (*Adapter)(nil)
	_ bot.ChannelFinder   = (*Adapter)(nil)
	_ bot.ChannelNamer    = (*Adapter)(nil)
	_ bot.ChannelArchiver = (*Adapter)(nil)
	_ bot.TopicSetter     = (*Adapter)(nil)
	_ bot.Pinner          = (*Adapter)(nil)
	_ bot.Inviter         = (*Adapter)(nil)
	_ bot.DirectMessenger = (*Adapter)(nil)
	_ bot.Whisperer       = (*Adapter)(nil)
	_ bot.Linker          = (*Adapter)(nil)
	_ bot.LinkReader      = (*Adapter)(nil)
	_ bot.Uploader        = (*Adapter)(nil)
	_ bot.Healthy         = (*Adapter)(nil)
	_ bot.Splitter        = (*Adapter)(nil)
	_ bot.Profiler        = (*Adapter)(nil)
	_ bot.GroupReader     = (*Adapter)(nil)
	_ bot.TokenSizer      = (*Adapter)(nil)
)

// TokenSize implements bot.TokenSizer.
func (a *Adapter) TokenSize() int { return look.TokenSize }

// Split implements bot.Splitter.
func (a *Adapter) Split(m bot.Message) []bot.Message { return look.Split(m) }

// Below implements bot.Splitter: a direct message has no threads.
func (a *Adapter) Below(first bot.MessageRef) bot.Conversation {
	c := first.Conversation
	if _, direct := a.direct.Load(c.Channel); c.Thread == "" && !direct {
		c.Thread = first.ID
	}
	return c
}

// Profile implements bot.Profiler.
func (a *Adapter) Profile(ctx context.Context, who bot.Account) (bot.Profile, error) {
	return a.directory.Profile(ctx, who)
}

// GroupMembers implements bot.GroupReader: groups are roles of the guild.
func (a *Adapter) GroupMembers(ctx context.Context, group string) ([]bot.Account, error) {
	return a.directory.GroupMembers(ctx, group)
}

// FindChannel implements bot.ChannelFinder.
func (a *Adapter) FindChannel(ctx context.Context, name string) (bot.Conversation, error) {
	return a.directory.FindChannel(ctx, name)
}

// ChannelName implements bot.ChannelNamer.
func (a *Adapter) ChannelName(ctx context.Context, c bot.Conversation) (string, error) {
	return a.directory.ChannelName(ctx, c)
}

// How far back a message is looked for after an answer was lost.
const (
	lookBack  = 24 * time.Hour
	lookPages = 5
	lookPage  = 100
)

// mark is what a message of ours is known again by: the ids of its first two components, and a nonce that Discord
// itself compares for a few minutes. All are made of the installation, the key and the place.
type mark struct {
	nonce         string
	outer, inside int
}

func (a *Adapter) markOf(ctx context.Context, to bot.Conversation, key string) (mark, error) {
	installation, err := a.o.Core.Installation(ctx)
	if err != nil {
		return mark{}, err
	}
	sum := sha256.Sum256([]byte(installation + "\x00" + key + "\x00" + to.Channel + "\x00" + to.Thread))
	// Ids are positive numbers of 31 bits, and no two of a message are equal: these differ in their last bit.
	number := func(from int) int { return int(binary.BigEndian.Uint32(sum[from:]) >> 1) }
	return mark{
		nonce: base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:15]),
		outer: number(16) | 1, inside: number(20) &^ 1,
	}, nil
}

// posting is a message with its mark.
type posting struct {
	look.Body
	Nonce       string       `json:"nonce,omitempty"`
	Enforce     bool         `json:"enforce_nonce,omitempty"`
	Attachments []attachment `json:"attachments,omitempty"`
}

type attachment struct {
	ID          string `json:"id"` // the number of the file, in Discord's type of ids
	Filename    string `json:"filename"`
	Description string `json:"description,omitempty"`
}

func (m mark) on(b look.Body) posting {
	b.Components = slices.Clone(b.Components)
	c := &b.Components[0]
	c.ID = m.outer
	if len(c.Components) > 0 {
		c.Components = slices.Clone(c.Components)
		c.Components[0].ID = m.inside
	}
	return posting{Body: b, Nonce: m.nonce, Enforce: true}
}

// is reports whether a message has the mark.
func (m mark) is(components json.RawMessage) bool {
	var list []struct {
		ID         int
		Components []struct{ ID int }
	}
	return json.Unmarshal(components, &list) == nil && len(list) > 0 && list[0].ID == m.outer &&
		len(list[0].Components) > 0 && list[0].Components[0].ID == m.inside
}

// Post implements bot.Platform. Discord itself knows a second message of a nonce for a few minutes; later it is looked
// for by its mark.
func (a *Adapter) Post(ctx context.Context, to bot.Conversation, m bot.Message, key string) (bot.MessageRef, error) {
	body := look.Message(m)
	if len(body.Lost) > 0 {
		a.log.Warn("a message was cut", "key", key, "what", body.Lost)
	}
	return a.post(ctx, to, body, key, nil)
}

func (a *Adapter) post(
	ctx context.Context, to bot.Conversation, body look.Body, key string, files []rest.File,
) (bot.MessageRef, error) {
	mark, err := a.markOf(ctx, to, key)
	if err != nil {
		return bot.MessageRef{}, err
	}
	if bot.Again(ctx) {
		ref, found, err := a.find(ctx, to, mark)
		if err != nil || found {
			return ref, err
		}
	}
	p := mark.on(body)
	for n, f := range files {
		p.Attachments = append(p.Attachments, attachment{ID: strconv.Itoa(n), Filename: f.Name})
	}
	sent, err := a.send(ctx, to, rest.Call{Body: p, Files: files})
	if rest.Code(err) == rest.UnknownMessage { // a first attempt arrived, and somebody deleted it since
		again, markErr := a.markOf(ctx, to, key+"#again")
		if markErr != nil {
			return bot.MessageRef{}, markErr
		}
		p.Nonce = again.nonce
		sent, err = a.send(ctx, to, rest.Call{Body: p, Files: files})
	}
	return bot.MessageRef{Conversation: to, ID: sent.ID}, err
}

// send posts into a channel, or into the thread of one, which is opened or woken where that is needed.
func (a *Adapter) send(ctx context.Context, to bot.Conversation, c rest.Call) (payload.Message, error) {
	var m payload.Message
	c.Method, c.Route, c.Args = "POST", "channels/%s/messages", []string{channelOf(to)}
	err := a.api.Do(ctx, c, &m)
	switch code := rest.Code(err); {
	case to.Thread != "" && code == rest.UnknownChannel:
		err = a.openThread(ctx, to)
	case to.Thread != "" && code == rest.ArchivedThread:
		err = a.wake(ctx, to.Thread)
	default:
		return m, err
	}
	if err == nil {
		err = a.api.Do(ctx, c, &m)
	}
	return m, err
}

// channelOf is what Discord calls the place: a thread is a channel, with the id of the message that it hangs on.
func channelOf(c bot.Conversation) string {
	if c.Thread != "" {
		return c.Thread
	}
	return c.Channel
}

// find looks for a message of ours with a mark among the latest of a conversation.
func (a *Adapter) find(ctx context.Context, to bot.Conversation, is mark) (ref bot.MessageRef, found bool, err error) {
	self, err := a.directory.Whoami(ctx)
	if err != nil {
		return ref, false, err
	}
	after := payload.IDAt(a.o.Now().Add(-lookBack))
	before := ""
	for range lookPages {
		query := url.Values{"limit": {fmt.Sprint(lookPage)}}
		if before != "" {
			query.Set("before", before)
		}
		var page []payload.Message
		err := a.api.Do(ctx, rest.Call{
			Method: "GET", Route: "channels/%s/messages", Args: []string{channelOf(to)}, Query: query.Encode(),
		}, &page)
		if to.Thread != "" && rest.Code(err) == rest.UnknownChannel {
			return ref, false, nil // it is opened with its first message
		}
		if err != nil {
			return ref, false, err
		}
		for _, m := range page {
			if m.Author.ID == self.User && is.is(m.Components) {
				return bot.MessageRef{Conversation: to, ID: m.ID}, true, nil
			}
			before = m.ID
		}
		if len(page) < lookPage || older(before, after) {
			break
		}
	}
	return ref, false, nil
}

// older reports whether one id was made before another.
func older(a, b string) bool { return len(a) < len(b) || len(a) == len(b) && a < b }

// Edit implements bot.Platform.
func (a *Adapter) Edit(ctx context.Context, ref bot.MessageRef, m bot.Message) error {
	body := look.Message(m).Edit()
	if len(body.Lost) > 0 {
		a.log.Warn("a message was cut", "message", ref.ID, "what", body.Lost)
	}
	call := rest.Call{
		Method: "PATCH", Route: "channels/%s/messages/%s", Args: []string{channelOf(ref.Conversation), ref.ID}, Body: body,
	}
	err := a.api.Do(ctx, call, nil)
	if ref.Thread != "" && rest.Code(err) == rest.ArchivedThread {
		if err = a.wake(ctx, ref.Thread); err == nil {
			err = a.api.Do(ctx, call, nil)
		}
	}
	return err
}

// Upload implements bot.Uploader.
func (a *Adapter) Upload(ctx context.Context, to bot.Conversation, f bot.File, key string) (bot.MessageRef, error) {
	file := rest.File{Name: look.FileName(f.Name), Type: f.Type, Data: f.Data}
	ref, err := a.post(ctx, to, look.Upload(f), key, []rest.File{file})
	var refused *rest.Error
	if errors.As(err, &refused) && slices.Contains([]int{rest.MissingPermissions, rest.MissingAccess}, refused.Code) {
		err = errors.Join(bot.ErrRefused, err)
	}
	return ref, err
}

// Direct implements bot.DirectMessenger.
func (a *Adapter) Direct(ctx context.Context, who bot.Account) (bot.Conversation, error) {
	var c payload.Channel
	err := a.api.Do(ctx, rest.Call{
		Method: "POST", Route: "users/@me/channels", Body: map[string]string{"recipient_id": who.User},
	}, &c)
	if err == nil {
		a.direct.Store(c.ID, true)
	}
	return directory.Conversation(who.Workspace, c.ID), err
}

// Whisper implements bot.Whisperer. Discord shows something to one person alone only as the answer to what they did, so
// they are told directly; who lets nobody write to them is mentioned in the conversation.
func (a *Adapter) Whisper(ctx context.Context, c bot.Conversation, who bot.Account, m bot.Message, key string) error {
	to, err := a.Direct(ctx, who)
	if err == nil {
		_, err = a.Post(ctx, to, m, key)
	}
	if code := rest.Code(err); code != rest.ClosedDirect || c.Channel == "" {
		return err
	}
	person := bot.Span{Kind: bot.PersonSpan, Text: who.User, User: who.User}
	_, err = a.Post(ctx, c, bot.Message{Tone: bot.Info, Sections: []bot.Section{bot.Para(
		person, ", there is news for you that only you may read. Let members of this server write to you (Privacy Settings "+
			"of the server, Direct Messages), or ask Watchbell here.",
	)}}, key+"/closed")
	return err
}

// permalink is the address of a message.
var permalink = regexp.MustCompile(
	`^https://(?:ptb\.|canary\.)?discord(?:app)?\.com/channels/(\d{1,20})/(\d{1,20})/(\d{1,20})$`,
)

// MessageAt implements bot.LinkReader.
func (a *Adapter) MessageAt(ctx context.Context, link string) (ref bot.MessageRef, ok bool) {
	m := permalink.FindStringSubmatch(link)
	if m == nil {
		return ref, false
	}
	return bot.MessageRef{Conversation: a.placeOf(ctx, m[1], m[2]), ID: m[3]}, true
}

// Link implements bot.Linker.
func (a *Adapter) Link(_ context.Context, ref bot.MessageRef) string {
	return "https://discord.com/channels/" + ref.Workspace + "/" + channelOf(ref.Conversation) + "/" + ref.ID
}
