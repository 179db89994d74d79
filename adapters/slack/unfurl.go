package slack

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"strings"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/adapters/slack/block"
	"github.com/watchbell/watchbell/adapters/slack/payload"
	"github.com/watchbell/watchbell/bot"
)

const (
	maxUnfurls  = 5    // of one message
	maxReaders  = 1000 // in a channel; a link in a larger one stays a link
	readersPage = 200  // what Slack recommends
)

var linkedID = regexp.MustCompile(`^(?:/[a-z]+)?/([A-Z]{2,5}-[0-9]{1,9})/?$`)

// linked is the id that an address of ours leads to, "" for other addresses.
func (a *Adapter) linked(address string) string {
	ours, err := url.Parse(a.o.Links)
	u, err2 := url.Parse(address)
	if err != nil || err2 != nil || ours.Host == "" || !strings.EqualFold(u.Host, ours.Host) || u.Scheme != ours.Scheme {
		return ""
	}
	path, inside := strings.CutPrefix(u.Path, strings.TrimRight(ours.Path, "/"))
	if found := linkedID.FindStringSubmatch(path); inside && found != nil {
		return found[1]
	}
	return ""
}

// unfurl shows below a message what its links lead to, when everybody in the channel may see that. What somebody still
// writes is not looked at, and neither is a channel that another organisation shares: who reads there is not for us to
// know.
func (a *Adapter) unfurl(ctx context.Context, e payload.Event) {
	in, c := e.Event, a.eventCaller(&e)
	if a.o.Links == "" || e.Foreign || in.Source == "composer" || in.MessageTS == "" || c.place.Channel == "" {
		return
	}
	ids := map[string]string{}
	for _, l := range in.Links {
		if id := a.linked(l.URL); id != "" && len(ids) < maxUnfurls {
			ids[l.URL] = id
		}
	}
	if len(ids) == 0 {
		return
	}
	readers, err := a.readers(ctx, c.place)
	if err != nil {
		a.log.Info("links stay links", "channel", c.place.Channel, "error", a.api.Redact(err))
		return
	}
	unfurls := map[string]slack.Attachment{}
	for address, id := range ids {
		m, err := a.o.Core.Preview(ctx, id, c.account, readers)
		switch {
		case err == nil:
			unfurls[address] = slack.Attachment{
				Fallback: block.Fallback(m, a.o.Zone), Blocks: slack.Blocks{BlockSet: block.Message(m, a.o.Zone)},
			}
		case !errors.Is(err, bot.ErrNoSuch):
			a.log.Error("preview", "id", id, "error", err)
		}
	}
	if len(unfurls) > 0 {
		a.sendUnfurls(ctx, c.place.Channel, in.MessageTS, unfurls)
	}
}

func (a *Adapter) sendUnfurls(ctx context.Context, channel, ts string, unfurls map[string]slack.Attachment) {
	err := a.api.Call(ctx, func(ctx context.Context) error {
		_, _, _, err := a.api.UnfurlMessageContext(ctx, channel, ts, unfurls)
		return err
	}, "chat.unfurl")
	if err != nil {
		a.log.Warn("links were not unfurled", "channel", channel, "error", a.api.Redact(err))
	}
}

var errManyReaders = errors.New("too many people are in the channel to know whether each may see it")

// readers lists everybody in a channel but us.
func (a *Adapter) readers(ctx context.Context, in bot.Conversation) ([]bot.Account, error) {
	ours, err := a.directory.Whoami(ctx)
	if err != nil {
		return nil, err
	}
	var list []bot.Account
	cursor := ""
	for len(list) < maxReaders {
		var users []string
		err := a.api.Call(ctx, func(ctx context.Context) (err error) {
			users, cursor, err = a.api.GetUsersInConversationContext(ctx, &slack.GetUsersInConversationParameters{
				ChannelID: in.Channel, Cursor: cursor, Limit: readersPage,
			})
			return err
		}, "conversations.members")
		if err != nil {
			return nil, err
		}
		for _, user := range users {
			if user != ours.User {
				list = append(list, bot.Account{Platform: Platform, Workspace: in.Workspace, User: user})
			}
		}
		if cursor == "" {
			return list, nil
		}
	}
	return nil, errManyReaders
}
