package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// caller is somebody who acts, and how to reach them with an answer.
type caller struct {
	account bot.Account
	place   bot.Conversation
	trigger string // opens a modal within three seconds, once
	url     string // takes five answers within half an hour
	view    string // the modal the answer belongs in
	home    bool   // acted on their Home tab
	quiet   bool   // nobody expects an answer to what went wrong
	direct  bool   // talks with the bot alone: answers are messages that stay
}

// take acknowledges and carries out what came in.
func (a *Adapter) take(ctx context.Context, e envelope) {
	var once sync.Once
	answer := e.ack
	e.ack = func(body any) { once.Do(func() { answer(body) }) }
	receive := a.receive.Load()
	if receive == nil {
		e.ack(nil)
		return
	}
	var err error
	switch e.kind {
	case "slash_commands":
		err = a.takeCommand(ctx, e)
	case "interactive":
		err = a.takeInteraction(ctx, e)
	case "events_api":
		e.ack(nil)
		err = a.takeEvent(ctx, e.payload)
	default:
		e.ack(nil)
	}
	if err != nil {
		e.ack(nil)
		a.log.Error("what Slack sent was not understood", "kind", e.kind, "error", a.redactText(err))
	}
}

// from makes the account of a user. Those of another workspace, in a channel shared with it, are accounts there; in an organisation of many
// workspaces everybody is an account of the organisation.
func from(user, userTeam, team, enterprise string) bot.Account {
	workspace := cmp.Or(enterprise, team)
	if enterprise == "" && userTeam != "" {
		workspace = userTeam
	}
	return bot.Account{Platform: Platform, Workspace: workspace, User: user}
}

const (
	notServed   = "This Watchbell does not serve your workspace. Its operator can add it to SLACK_WORKSPACES."
	justStarted = "Watchbell is just starting. Please try again in a moment."
)

// served reports whether a workspace is served; when it is not, or Slack does not say who we are, the caller is told so.
func (a *Adapter) served(ctx context.Context, c caller, team, enterprise string) bool {
	ok, err := a.serves(ctx, team, enterprise)
	switch {
	case err != nil:
		a.log.Warn("workspace not checked", "error", a.redactText(err))
		a.tell(ctx, c, bot.Message{Tone: bot.Warning, Sections: []bot.Section{bot.Para(justStarted)}})
	case !ok:
		a.log.Warn("a workspace that is not served", "team", team, "enterprise", enterprise)
		a.tell(ctx, c, bot.Message{Tone: bot.Warning, Sections: []bot.Section{bot.Para(notServed)}})
	}
	return ok && err == nil
}

func (a *Adapter) takeCommand(ctx context.Context, e envelope) error {
	var in command
	if err := json.Unmarshal(e.payload, &in); err != nil {
		return err
	}
	e.ack(nil)
	if !a.seen.first("command " + in.Trigger) {
		return nil
	}
	account := from(in.User, "", in.Team, in.Enterprise)
	c := caller{account: account, place: bot.Conversation{Platform: Platform, Workspace: account.Workspace, Channel: in.Channel}, trigger: in.Trigger, url: in.ResponseURL}
	if a.served(ctx, c, in.Team, in.Enterprise) {
		text := in.Command + " " + a.typed(ctx, account.Workspace, in.Text)
		a.perform(ctx, c, bot.Request{Key: "slack/" + in.Trigger, Text: strings.TrimSpace(text)})
	}
	return nil
}

func (a *Adapter) takeInteraction(ctx context.Context, e envelope) error {
	var in interaction
	if err := json.Unmarshal(e.payload, &in); err != nil {
		return err
	}
	var teamID, enterprise string
	if in.Team != nil {
		teamID, enterprise = in.Team.ID, in.Team.EnterpriseID
	}
	if in.Enterprise != nil {
		enterprise = in.Enterprise.ID
	}
	account := from(in.User.ID, in.User.Team, teamID, enterprise)
	c := caller{account: account, place: bot.Conversation{Platform: Platform, Workspace: cmp.Or(enterprise, teamID)}, trigger: in.Trigger, url: in.ResponseURL}
	if in.Channel != nil {
		c.place.Channel = in.Channel.ID
	}
	c.place.Channel = cmp.Or(c.place.Channel, in.Container.Channel)
	c.place.Thread = in.Container.Thread
	switch in.Type {
	case "block_actions":
		e.ack(nil)
		if a.seen.first("action "+in.Trigger) && a.served(ctx, c, teamID, enterprise) {
			a.click(ctx, c, in)
		}
	case "shortcut", "message_action":
		e.ack(nil)
		if a.seen.first("shortcut "+in.Trigger) && a.served(ctx, c, teamID, enterprise) {
			a.shortcut(ctx, c, in)
		}
	case "view_submission":
		ok, err := a.serves(ctx, teamID, enterprise)
		if err != nil { // the modal stays, with all that was typed
			if first := firstInput(e.payload); first != "" {
				e.ack(wrong(map[string]string{first: justStarted}))
			}
			return err
		}
		if !ok {
			e.ack(updated(a.saying(bot.Say(notServed), meta{})))
			return nil
		}
		a.submitted(ctx, e, c, in)
	default: // a modal that was closed: nothing hangs on it
		e.ack(nil)
	}
	return nil
}

// click is a button or a menu. Its action id is the token.
func (a *Adapter) click(ctx context.Context, c caller, in interaction) {
	if len(in.Actions) == 0 {
		return
	}
	act := in.Actions[0]
	r := bot.Request{Key: "slack/" + in.Trigger, Token: act.ID}
	if _, token, found := strings.Cut(r.Token, " "); found { // several actions of one message may stand for the same
		r.Token = token
	}
	switch {
	case act.Option != nil:
		r.Choice = act.Option.Value
	case act.User != "":
		who, err := a.o.Core.PersonOf(ctx, bot.Account{Platform: Platform, Workspace: c.account.Workspace, User: act.User})
		if err != nil {
			a.tell(ctx, c, bot.Message{Tone: bot.Warning, Sections: []bot.Section{bot.Para(bot.Span{Kind: bot.PersonSpan, Text: "This person", User: act.User},
				" cannot take this on: guests of other organisations, bots and deactivated people can not. Choose somebody else.")}})
			return
		}
		r.Choice = "@" + string(who)
	}
	if in.View != nil {
		if in.View.Type == "home" {
			c.home = true
			a.perform(ctx, c, r)
			a.publishHome(ctx, c.account)
			return
		}
		c.view = in.View.ID
		m := readMeta(in.View.Metadata)
		c.place, c.url = m.place(c.place), m.URL
	}
	a.perform(ctx, c, r)
}

// shortcut is one of the lightning menu, or of a message's menu. A modal opens at once and is filled when everything is known.
func (a *Adapter) shortcut(ctx context.Context, c caller, in interaction) {
	name, ok := strings.CutPrefix(in.Callback, shortcutPrefix)
	if !ok {
		if name, ok = strings.CutPrefix(in.Callback, globalPrefix); !ok {
			return
		}
	}
	c.view = a.openWaiting(ctx, c)
	r := bot.Request{Key: "slack/" + in.Trigger, Shortcut: name}
	if in.Message != nil {
		r.Quote = a.quote(ctx, c.place, *in.Message)
		c.place.Thread = in.Message.Thread
	}
	a.perform(ctx, c, r)
}

// quote is a message that somebody points at.
func (a *Adapter) quote(ctx context.Context, in bot.Conversation, m message) *bot.Quote {
	in.Thread = m.Thread
	ref := bot.MessageRef{Conversation: in, ID: m.TS}
	q := &bot.Quote{Text: value.Cut(a.typed(ctx, in.Workspace, m.Text), 3000), At: when(m.TS), Ref: ref, Link: a.Link(ctx, ref)}
	if m.User != "" {
		if p, err := a.Profile(ctx, bot.Account{Platform: Platform, Workspace: in.Workspace, User: m.User}); err == nil {
			q.Author = p.Name
		}
	}
	return q
}

// perform carries out a request and shows its answer. Patience is how long the person sees nothing; then a modal says that it goes on,
// while the trigger still can open one.
func (a *Adapter) perform(ctx context.Context, c caller, r bot.Request) {
	reply := a.asked(ctx, c, r)
	select {
	case got := <-reply:
		a.answer(ctx, c, got)
		return
	case <-time.After(a.o.Patience):
	}
	if c.view == "" && c.trigger != "" && r.Text == "" {
		c.view = a.openWaiting(ctx, c)
	}
	a.answer(ctx, c, <-reply)
}

// asked passes a request on.
func (a *Adapter) asked(ctx context.Context, c caller, r bot.Request) <-chan bot.Reply {
	r.From, r.Place = c.account, c.place
	reply := make(chan bot.Reply, 1)
	a.background("request", func() {
		answered := false
		defer func() {
			if !answered { // the core recovers from its own faults; this one is ours
				reply <- bot.Reply{Status: bot.Unready}
			}
		}()
		got := (*a.receive.Load())(ctx, r)
		answered = true
		reply <- got
	})
	return reply
}
