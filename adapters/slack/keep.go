package slack

import (
	"cmp"
	"context"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/adapters/slack/payload"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// pinned keeps a message that somebody pinned. What we pin ourselves is in the record already.
func (i *incoming) pinned(ctx context.Context, e payload.Event) bot.Reply {
	if i.byUs(ctx) {
		return bot.Reply{Status: bot.Refused}
	}
	return i.marked(ctx, e.Event.Item.Message.TS, i.a.o.Keep)
}

// filed keeps a file that somebody shared where people work on something.
func (i *incoming) filed(ctx context.Context, e payload.Event) bot.Reply {
	place := i.caller.place
	if !i.worksIn(ctx, place) || i.byUs(ctx) {
		return bot.Reply{Status: bot.Refused}
	}
	f, err := i.a.fileInfo(ctx, e.Event.FileID)
	if err != nil {
		i.a.log.Warn("a file that somebody shared was not read", "error", i.a.api.Redact(err))
		return bot.Reply{Status: bot.Refused}
	}
	m := payload.Message{TS: e.Event.TS, User: i.caller.account.User}
	for _, share := range append(f.Shares.Public[place.Channel], f.Shares.Private[place.Channel]...) {
		if found, ok := i.a.messageAt(ctx, place, share.Ts); ok {
			m = found
			place.Thread = share.ThreadTs
		}
	}
	q := i.a.quote(ctx, place, m)
	q.Text, q.Link = fileText(f, q.Text), cmp.Or(f.Permalink, q.Link)
	return i.record(ctx, place, i.a.o.Keep, q)
}

// worksIn reports whether a channel may be where people work on something: it belongs to something, or a message of
// ours stands there, whose thread may. Slack tells of all files of the workspace and not of which thread, so it is
// asked about the files of such channels only.
func (i *incoming) worksIn(ctx context.Context, channel bot.Conversation) bool {
	if _, err := i.a.o.Core.ObjectOf(ctx, bot.MessageRef{Conversation: channel}); err == nil {
		return true
	}
	posted, err := i.a.o.Core.PostedIn(ctx, channel)
	return err == nil && posted
}

// fileText names a file, with what its author said of it.
func fileText(f *slack.File, said string) string {
	text := "shared the file " + value.Cut(value.Line(cmp.Or(f.Name, f.Title, f.ID)), 200)
	if said != "" {
		text += ": " + said
	}
	return text
}

// record carries out a command whose text are the words of a message.
func (i *incoming) record(ctx context.Context, place bot.Conversation, command string, q *bot.Quote) bot.Reply {
	text := q.Text
	if q.Author != "" {
		text = q.Author + ": " + text
	}
	return i.opened(ctx, i.receive(ctx, bot.Request{
		Place: place, Shortcut: command, Args: map[string]string{"text": text}, Quote: q, NoForms: true,
	}))
}

// byUs reports whether we did it ourselves.
func (i *incoming) byUs(ctx context.Context) bool {
	id, err := i.a.directory.Whoami(ctx)
	return err == nil && id.User == i.caller.account.User
}

func (a *Adapter) fileInfo(ctx context.Context, id string) (f *slack.File, err error) {
	err = a.api.Call(ctx, func(ctx context.Context) (err error) {
		f, _, _, err = a.api.GetFileInfoContext(ctx, id, 0, 0)
		return err
	}, "files.info")
	return f, err
}
