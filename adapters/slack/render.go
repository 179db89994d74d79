package slack

import (
	"context"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/adapters/slack/block"
	"github.com/watchbell/watchbell/bot"
)

// TokenSize implements bot.TokenSizer.
func (a *Adapter) TokenSize() int { return block.TokenSize }

// MaxInputs implements bot.InputLimiter.
func (a *Adapter) MaxInputs() int { return block.MaxInputs }

// content is a message as an option of the calls that send it.
func (a *Adapter) content(m bot.Message) slack.MsgOption { return block.Content(m, a.o.Zone) }

// modal shows a form.
func (a *Adapter) modal(ctx context.Context, f bot.Form, m block.Meta) slack.ModalViewRequest {
	return block.Modal(f, m, a.o.Zone, func(id bot.PersonID) string {
		account, ok, err := a.o.Core.AccountOf(ctx, id, Platform)
		if err != nil || !ok {
			return ""
		}
		return account.User
	})
}

// saying is a modal that only tells something.
func (a *Adapter) saying(m bot.Message, in block.Meta) slack.ModalViewRequest {
	return block.Notice(m, in, a.o.Zone)
}
