package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/watchbell/watchbell/adapters/slack/block"
	"github.com/watchbell/watchbell/adapters/slack/directory"
	"github.com/watchbell/watchbell/adapters/slack/payload"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// caller is somebody who acts, and how to reach them with an answer.
type caller struct {
	account    bot.Account
	place      bot.Conversation
	team       string // of the workspace that it happened in
	enterprise string
	trigger    string // opens a modal within three seconds, once
	url        string // takes five answers within half an hour
	view       string // the modal the answer belongs in
	on         string // the message whose button it began with; "" when only this person sees it
	home       bool   // acted on their Home tab
	quiet      bool   // nobody expects an answer to what went wrong
	direct     bool   // talks with the bot alone: answers are messages that stay
}

func (a *Adapter) commandCaller(in *payload.Command) caller {
	account := a.directory.From(in.User, "", in.Team, in.Enterprise)
	place := bot.Conversation{Platform: Platform, Workspace: account.Workspace, Channel: in.Channel}
	return caller{
		account: account, place: place, team: in.Team, enterprise: in.Enterprise, trigger: in.Trigger, url: in.ResponseURL,
	}
}

func (a *Adapter) interactionCaller(in *payload.Interaction) caller {
	c := caller{trigger: in.Trigger, url: in.ResponseURL}
	if in.Team != nil {
		c.team, c.enterprise = in.Team.ID, in.Team.EnterpriseID
	}
	if in.Enterprise != nil {
		c.enterprise = in.Enterprise.ID
	}
	c.account = a.directory.From(in.User.ID, in.User.Team, c.team, c.enterprise)
	c.place = bot.Conversation{
		Platform: Platform, Workspace: cmp.Or(c.enterprise, c.team), Channel: in.Container.Channel,
		Thread: in.Container.Thread,
	}
	if in.Channel != nil && in.Channel.ID != "" {
		c.place.Channel = in.Channel.ID
	}
	if in.Type == "block_actions" && in.Message != nil && !in.Container.Ephemeral {
		c.on = in.Message.TS
	}
	switch v := in.View; {
	case v == nil:
	case v.Type == "home":
		c.home = true
	default:
		m := block.ReadMeta(v.Metadata)
		c.place.Channel, c.place.Thread, c.url, c.on = m.Channel, m.Thread, m.URL, m.On
	}
	return c
}

const (
	notServed   = "This Watchbell does not serve your workspace. Its operator can add it to SLACK_WORKSPACES."
	justStarted = "Watchbell is just starting. Please try again in a moment."
)

// met is the account of somebody whom the caller names. They were met through our installation, wherever the caller is
// from.
func (c *caller) met(user string) bot.Account {
	return bot.Account{Platform: Platform, Workspace: c.place.Workspace, User: user}
}

// served is nil when the workspace that something happened in is served. When it is not, or Slack does not say who we
// are, it tells so.
func (a *Adapter) served(ctx context.Context, c caller) *bot.Reply {
	ok, err := a.directory.Serves(ctx, c.team, c.enterprise)
	switch {
	case err != nil:
		a.log.Warn("workspace not checked", "error", a.api.Redact(err))
		r := starting()
		return &r
	case !ok:
		a.log.Warn("a workspace that is not served", "team", c.team, "enterprise", c.enterprise)
		r := says(bot.Refused, notServed)
		return &r
	}
	return nil
}

// takeCommand takes a slash command.
func (a *Adapter) takeCommand(ctx context.Context, w way, in *payload.Command) error {
	if in.Check == "1" { // Slack looks whether we are there
		a.ack(w, nil, false)
		return nil
	}
	a.take(ctx, w, what{Command: in}, nil)
	return nil
}

// takeInteraction takes a click, a shortcut or a submitted modal. Everything else, a modal that was closed say, needs
// nothing but an acknowledgement.
func (a *Adapter) takeInteraction(ctx context.Context, w way, raw json.RawMessage) error {
	var in payload.Interaction
	if err := json.Unmarshal(raw, &in); err != nil {
		return err
	}
	known := false
	switch in.Type {
	case "block_suggestion":
		return a.suggest(ctx, w, &in)
	case "block_actions":
		known = len(in.Actions) > 0
	case "shortcut", "message_action":
		known = in.Command() != ""
	case "view_submission":
		known = in.View != nil
	}
	if !known {
		a.ack(w, nil, false)
		return nil
	}
	a.take(ctx, w, what{Action: &in}, raw)
	return nil
}

// cannotTell is what people are told when Slack does not say who somebody is, or which channel is meant.
func cannotTell(question string) string {
	return "Watchbell cannot find out " + question + " just now, so nothing was done. Please try again in a moment."
}

// spelled is what somebody typed, or a refusal where Slack does not tell whom they mean: a label is no name, so nobody
// is guessed.
func (i *incoming) spelled(ctx context.Context, text string) (string, *bot.Reply) {
	text, err := i.a.directory.Typed(ctx, i.caller.place.Workspace, text)
	var unknown *directory.UnknownMention
	if !errors.As(err, &unknown) {
		return text, nil
	}
	i.a.log.Warn("a mention was not looked up", "id", unknown.ID, "error", i.a.api.Redact(unknown.Err))
	r := says(bot.Refused, cannotTell(unknown.Question))
	return "", &r
}

// typed carries out a slash command.
func (i *incoming) typed(ctx context.Context, in payload.Command) bot.Reply {
	text, refused := i.spelled(ctx, in.Text)
	if refused != nil {
		return *refused
	}
	return i.opened(ctx, i.receive(ctx, bot.Request{Text: strings.TrimSpace(in.Command + " " + text)}))
}

const cannotTakeOn = " cannot take this on: guests of other organisations, bots and deactivated people are " +
	"excluded. Choose somebody else."

// clicked carries out a button or a menu. Its action id is the token.
func (i *incoming) clicked(ctx context.Context, in payload.Interaction) bot.Reply {
	act := in.Actions[0]
	r := bot.Request{Token: act.ID}
	if _, token, found := strings.Cut(r.Token, " "); found { // several actions of one message may stand for the same
		r.Token = token
	}
	switch {
	case act.Option != nil && r.Token == block.MoreAction:
		r.Token = act.Option.Value
	case act.Option != nil:
		r.Choice = act.Option.Value
	case act.User != "":
		who, err := i.a.o.Core.PersonOf(ctx, i.caller.met(act.User))
		if err != nil && !errors.Is(err, bot.ErrNoSuch) {
			i.a.log.Warn("somebody who was chosen was not looked up", "user", act.User, "error", i.a.api.Redact(err))
			return says(bot.Refused, cannotTell("who this person is"))
		}
		if err != nil {
			person := bot.Span{Kind: bot.PersonSpan, Text: "This person", User: act.User}
			return bot.Reply{
				Status:  bot.Refused,
				Message: &bot.Message{Tone: bot.Warning, Sections: []bot.Section{bot.Para(person, cannotTakeOn)}},
			}
		}
		r.Choice = "@" + string(who)
	}
	if in.View != nil && in.View.Type != "home" {
		i.show(in.View.ID)
	}
	end := i.patiently(ctx)
	reply := i.receive(ctx, r)
	end()
	return i.opened(ctx, reply)
}

// chosen carries out a shortcut, of the lightning menu or of a message's menu. A modal opens at once and is filled when
// everything is known.
func (i *incoming) chosen(ctx context.Context, in payload.Interaction) bot.Reply {
	i.wait(ctx)
	r := bot.Request{Shortcut: in.Command(), Place: i.caller.place}
	if in.Message != nil {
		r.Quote = i.a.quote(ctx, r.Place, *in.Message)
		r.Place.Thread = in.Message.Thread
	}
	return i.opened(ctx, i.receive(ctx, r))
}

// quote is a message that somebody points at.
func (a *Adapter) quote(ctx context.Context, in bot.Conversation, m payload.Message) *bot.Quote {
	in.Thread = m.Thread
	ref := bot.MessageRef{Conversation: in, ID: m.TS}
	ours := a.directory.Known()
	q := &bot.Quote{
		Ours: ours != nil && ours.Posted(m.Bot, m.User),
		Text: value.Cut(a.directory.Quoted(ctx, in.Workspace, m.Text), 3000), At: payload.When(m.TS), Ref: ref,
		Link: a.Link(ctx, ref),
	}
	if m.User != "" {
		if p, err := a.Profile(ctx, bot.Account{Platform: Platform, Workspace: in.Workspace, User: m.User}); err == nil {
			q.Author = p.Name
		}
	}
	return q
}
