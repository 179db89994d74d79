package slack

import (
	"context"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/adapters/slack/block"
	"github.com/watchbell/watchbell/bot"
)

// publishHome shows somebody their Home tab: what is theirs and what waits for them.
func (a *Adapter) publishHome(ctx context.Context, who bot.Account) {
	messages, err := a.o.Core.Home(ctx, who)
	if err != nil {
		a.log.Error("home tab", "user", who.User, "error", err)
		messages = []bot.Message{
			{
				Tone: bot.Warning,
				Sections: []bot.Section{
					bot.Para("Watchbell cannot reach its database just now. Please open this page again in a moment."),
				},
			},
		}
	}
	view := slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: block.Home(messages, a.o.Zone)}}
	err = a.api.Call(ctx, func(ctx context.Context) error {
		_, err := a.api.PublishViewContext(ctx, slack.PublishViewContextRequest{UserID: who.User, View: view})
		return err
	}, "views.publish")
	if err != nil {
		a.log.Warn("home tab not shown", "user", who.User, "error", a.api.Redact(err))
	}
}
