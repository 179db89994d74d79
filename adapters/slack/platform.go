package slack

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/adapters/slack/webapi"
	"github.com/watchbell/watchbell/bot"
)

var (
	_ bot.Platform        = (*Adapter)(nil)
	_ bot.ChannelOpener   = (*Adapter)(nil)
	_ bot.ChannelFinder   = (*Adapter)(nil)
	_ bot.ChannelNamer    = (*Adapter)(nil)
	_ bot.ChannelArchiver = (*Adapter)(nil)
	_ bot.TopicSetter     = (*Adapter)(nil)
	_ bot.Pinner          = (*Adapter)(nil)
	_ bot.Bookmarker      = (*Adapter)(nil)
	_ bot.Inviter         = (*Adapter)(nil)
	_ bot.DirectMessenger = (*Adapter)(nil)
	_ bot.Whisperer       = (*Adapter)(nil)
	_ bot.Linker          = (*Adapter)(nil)
	_ bot.Healthy         = (*Adapter)(nil)
	_ bot.Profiler        = (*Adapter)(nil)
	_ bot.AccountFinder   = (*Adapter)(nil)
	_ bot.GroupReader     = (*Adapter)(nil)
	_ bot.TokenSizer      = (*Adapter)(nil)
	_ bot.LinkReader      = (*Adapter)(nil)
	_ bot.InputLimiter    = (*Adapter)(nil)
)

// Messages carry the key they were posted for and the installation that posted them, so that one whose answer was lost
// is found again, and nobody else's: several installations may speak through one app, and other apps may copy our
// marks.
const (
	metadataType         = "watchbell_message"
	metadataKey          = "key"
	metadataInstallation = "installation"
	// How far back a message is looked for after an answer was lost.
	lookBack  = 24 * time.Hour
	lookPages = 5
	lookPage  = 100
)

const (
	maxTopic = 250
	maxName  = 80
)

// Post implements bot.Platform.
func (a *Adapter) Post(ctx context.Context, to bot.Conversation, m bot.Message, key string) (bot.MessageRef, error) {
	if bot.Again(ctx) {
		ref, found, err := a.find(ctx, to, key)
		if err != nil || found {
			return ref, err
		}
	}
	installation, err := a.o.Core.Installation(ctx)
	if err != nil {
		return bot.MessageRef{}, err
	}
	mark := map[string]any{metadataKey: key, metadataInstallation: installation}
	return a.post(ctx, to, a.content(m), &slack.SlackMetadata{EventType: metadataType, EventPayload: mark})
}

func (a *Adapter) post(
	ctx context.Context, to bot.Conversation, content slack.MsgOption, mark *slack.SlackMetadata,
) (bot.MessageRef, error) {
	options := []slack.MsgOption{content, slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl()}
	if to.Thread != "" {
		options = append(options, slack.MsgOptionTS(to.Thread))
	}
	if mark != nil {
		options = append(options, slack.MsgOptionMetadata(*mark))
	}
	var ts string
	send := func() error {
		return a.api.Call(ctx, func(ctx context.Context) (err error) {
			_, ts, err = a.api.PostMessageContext(ctx, to.Channel, options...)
			return err
		}, "chat.postMessage", webapi.ChannelPost+to.Channel)
	}
	err := send()
	if webapi.Code(err) == "not_in_channel" {
		if err = a.join(ctx, to.Channel); err == nil {
			err = send()
		}
	}
	return bot.MessageRef{Conversation: to, ID: ts}, err
}

// find looks for a message that this installation posted for a key.
func (a *Adapter) find(
	ctx context.Context, to bot.Conversation, key string,
) (ref bot.MessageRef, found bool, err error) {
	installation, err := a.o.Core.Installation(ctx)
	if err != nil {
		return ref, false, err
	}
	return a.findBy(ctx, to, func(m slack.Message) bool {
		mark := m.Metadata.EventPayload
		return m.Metadata.EventType == metadataType && mark[metadataKey] == key && mark[metadataInstallation] == installation
	})
}

// findBy looks for a message of our own bot among the latest of a conversation.
func (a *Adapter) findBy(
	ctx context.Context, to bot.Conversation, is func(slack.Message) bool,
) (ref bot.MessageRef, found bool, err error) {
	ours, err := a.directory.Whoami(ctx)
	if err != nil {
		return ref, false, err
	}
	since := fmt.Sprintf("%d.000000", a.o.Now().Add(-lookBack).Unix())
	cursor := ""
	for range lookPages {
		list, next, err := a.page(ctx, to, since, cursor)
		if webapi.Code(err) == "not_in_channel" { // one may post to a public channel from outside, but not look into it
			if err = a.join(ctx, to.Channel); err == nil {
				list, next, err = a.page(ctx, to, since, cursor)
			}
		}
		if err != nil {
			return ref, false, err
		}
		cursor = next
		for _, m := range list {
			if ours.Posted(m.BotID, m.User) && is(m) {
				return bot.MessageRef{Conversation: to, ID: m.Timestamp}, true, nil
			}
		}
		if cursor == "" {
			break
		}
	}
	return ref, false, nil
}

func (a *Adapter) page(
	ctx context.Context, to bot.Conversation, since, cursor string,
) (list []slack.Message, next string, err error) {
	method := "conversations.history"
	if to.Thread != "" {
		method = "conversations.replies"
	}
	err = a.api.Call(ctx, func(ctx context.Context) error {
		if to.Thread != "" {
			list, _, next, err = a.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
				ChannelID: to.Channel, Timestamp: to.Thread, Oldest: since, Limit: lookPage, Cursor: cursor,
				IncludeAllMetadata: true})
			return err
		}
		r, err := a.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
			ChannelID: to.Channel, Oldest: since, Limit: lookPage, Cursor: cursor, IncludeAllMetadata: true})
		if err == nil {
			list, next = r.Messages, r.ResponseMetaData.NextCursor
		}
		return err
	}, method)
	return list, next, err
}

// Edit implements bot.Platform.
func (a *Adapter) Edit(ctx context.Context, ref bot.MessageRef, m bot.Message) error {
	return a.api.Call(ctx, func(ctx context.Context) error {
		_, _, _, err := a.api.UpdateMessageContext(ctx, ref.Channel, ref.ID, a.content(m))
		return err
	}, "chat.update", webapi.ChannelEdit+ref.Channel)
}

// Direct implements bot.DirectMessenger.
func (a *Adapter) Direct(ctx context.Context, who bot.Account) (bot.Conversation, error) {
	var channel string
	err := a.api.Call(ctx, func(ctx context.Context) error {
		c, _, _, err := a.api.OpenConversationContext(ctx, &slack.OpenConversationParameters{
			Users: []string{who.User}, ReturnIM: true,
		})
		if err == nil {
			channel = c.ID
		}
		return err
	}, "conversations.open")
	return bot.Conversation{Platform: Platform, Workspace: who.Workspace, Channel: channel}, err
}

// Whisper implements bot.Whisperer. Slack may lose it, so it only ever repeats what stands elsewhere too. Who is not in
// the channel is told directly.
func (a *Adapter) Whisper(ctx context.Context, c bot.Conversation, who bot.Account, m bot.Message, key string) error {
	err := a.ephemeral(ctx, c, who.User, a.content(m))
	if webapi.Code(err) == "user_not_in_channel" || webapi.Code(err) == "not_in_channel" || errors.Is(err, bot.ErrGone) {
		to, err := a.Direct(ctx, who)
		if err != nil {
			return err
		}
		_, err = a.Post(ctx, to, m, key)
		return err
	}
	return err
}

// permalink is what Slack gives as the address of a message, also of one in a thread.
var permalink = regexp.MustCompile(
	`^https://[a-z0-9.-]+\.slack(?:-gov)?\.com/archives/([A-Z0-9]+)/p(\d{10})(\d{6})(?:\?.*)?$`,
)

// MessageAt implements bot.LinkReader.
func (a *Adapter) MessageAt(ctx context.Context, link string) (ref bot.MessageRef, ok bool) {
	m := permalink.FindStringSubmatch(link)
	if m == nil {
		return ref, false
	}
	ours, err := a.directory.Whoami(ctx)
	if err != nil {
		return ref, false
	}
	return bot.MessageRef{
		Conversation: bot.Conversation{Platform: Platform, Workspace: ours.Workspace, Channel: m[1]}, ID: m[2] + "." + m[3],
	}, true
}

// Link implements bot.Linker.
func (a *Adapter) Link(ctx context.Context, ref bot.MessageRef) (link string) {
	err := a.api.Call(ctx, func(ctx context.Context) (err error) {
		link, err = a.api.GetPermalinkContext(ctx, &slack.PermalinkParameters{Channel: ref.Channel, Ts: ref.ID})
		return err
	}, "chat.getPermalink")
	if err != nil {
		a.log.Debug("no link", "error", a.api.Redact(err))
	}
	return link
}
