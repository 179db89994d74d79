package slack

import (
	"context"
	"errors"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/adapters/slack/block"
	"github.com/watchbell/watchbell/bot"
)

// answer shows what came of an action to whoever acted, and to nobody else.
func (a *Adapter) answer(ctx context.Context, c caller, r bot.Reply) {
	switch {
	case c.quiet && r.Status != bot.Done:
	case r.Message != nil:
		a.tell(ctx, c, *r.Message)
	case r.Status == bot.Unready:
		a.tell(ctx, c, *says(bot.Unready, notRecorded).Message)
	}
}

// ask opens a form, or fills the modal that is open already. It returns what to tell when Slack no longer lets us: a
// button opens it, with all that was typed so far. A trigger opens one modal within three seconds of the click.
func (a *Adapter) ask(ctx context.Context, c caller, f bot.Form) *bot.Message {
	m := metaOf(c)
	m.Token = f.Token
	view := a.modal(ctx, f, m)
	var err error
	switch {
	case c.view != "":
		if err = a.updateView(ctx, c.view, view); err == nil {
			return nil
		}
	case c.trigger != "":
		if _, err = a.openView(ctx, c.trigger, view); err == nil {
			return nil
		}
	}
	if err != nil {
		a.log.Info("a form opens late", "error", a.api.Redact(err))
	}
	return &bot.Message{Tone: bot.Info,
		Sections: []bot.Section{bot.Para("Your form “" + f.Title + "” is ready. What you typed is kept in it.")},
		Actions:  []bot.Action{{Label: "Open the form", Style: bot.Primary, Token: f.Token}}}
}

// tell shows a message to one person: in the modal they look at, else where they acted, else directly. Slack forgets
// the first two when somebody reloads; what is worth keeping stands on the card.
func (a *Adapter) tell(ctx context.Context, c caller, m bot.Message) {
	var err error
	if c.view != "" {
		if err = a.updateView(ctx, c.view, a.saying(m, metaOf(c))); err == nil {
			return
		}
	}
	if c.home && c.trigger != "" {
		if _, err = a.openView(ctx, c.trigger, a.saying(m, metaOf(c))); err == nil {
			return
		}
	}
	content := a.content(m)
	if c.url != "" {
		if err = a.respond(ctx, c.url, m); err == nil {
			return
		}
	}
	if c.direct {
		if _, err = a.post(ctx, c.place, content, nil); err == nil {
			return
		}
	}
	if c.place.Channel != "" {
		if err = a.ephemeral(ctx, c.place, c.account.User, content); err == nil {
			return
		}
	}
	to, directErr := a.Direct(ctx, c.account)
	if directErr == nil {
		_, directErr = a.post(ctx, to, content, nil)
	}
	if directErr != nil {
		a.log.Error(
			"an answer did not reach anybody", "user", c.account.User, "error", a.api.Redact(errors.Join(err, directErr)),
		)
	}
}

func (a *Adapter) ephemeral(ctx context.Context, to bot.Conversation, user string, content slack.MsgOption) error {
	options := []slack.MsgOption{content}
	if to.Thread != "" {
		options = append(options, slack.MsgOptionTS(to.Thread))
	}
	return a.api.Call(ctx, func(ctx context.Context) error {
		_, err := a.api.PostEphemeralContext(ctx, to.Channel, user, options...)
		return err
	}, "chat.postEphemeral")
}

// openWaiting opens a modal that says to wait, and returns its id; "" when Slack does not let us any more.
func (a *Adapter) openWaiting(ctx context.Context, c caller) string {
	id, err := a.openView(ctx, c.trigger, block.Waiting(metaOf(c)))
	if err != nil {
		a.log.Info("no modal to wait in", "error", a.api.Redact(err))
	}
	return id
}

func (a *Adapter) openView(ctx context.Context, trigger string, view slack.ModalViewRequest) (id string, err error) {
	err = a.api.Call(ctx, func(ctx context.Context) error {
		r, err := a.api.OpenViewContext(ctx, trigger, view)
		if err == nil {
			id = r.ID
		}
		return err
	}, "views.open")
	return id, err
}

func (a *Adapter) updateView(ctx context.Context, id string, view slack.ModalViewRequest) error {
	return a.api.Call(ctx, func(ctx context.Context) error {
		_, err := a.api.UpdateViewContext(ctx, view, "", "", id)
		return err
	}, "views.update")
}
