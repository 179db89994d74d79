package discord

import (
	"context"
	"errors"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/look"
	"github.com/watchbell/watchbell/adapters/discord/payload"
	"github.com/watchbell/watchbell/adapters/discord/rest"
	"github.com/watchbell/watchbell/bot"
)

// Answer implements bot.Incoming.
func (i *incoming) Answer(ctx context.Context, r bot.Reply) {
	if r.Status == bot.Unready && r.Message == nil && r.Form == nil {
		r = *refuse(bot.Unready, notRecorded)
	}
	r, further := divided(r)
	if len(further) > 0 { // they may only come after it
		i.mu.Lock()
		i.held = true
		i.mu.Unlock()
	}
	err := i.respond(ctx, i.answer(ctx, r))
	switch {
	case err != nil && worthTelling(r):
		// Discord shows that it failed, and yet it is done: they are told by another way.
		i.a.background("answer", func() { i.directly(context.WithoutCancel(ctx), r) })
	case err == nil && len(further) > 0:
		i.a.background("answer", func() { i.goOn(context.WithoutCancel(ctx), further) })
	}
}

// divided is a reply that fits, and what is said after it.
func divided(r bot.Reply) (bot.Reply, []bot.Message) {
	if r.Message == nil || r.Form != nil {
		return r, nil
	}
	parts := look.Split(*r.Message)
	r.Message = &parts[0]
	return r, parts[1:]
}

// goOn says the rest of an answer that was too long, to who acted alone.
func (i *incoming) goOn(ctx context.Context, parts []bot.Message) {
	for _, m := range parts {
		err := patiently(ctx, func() error {
			err := i.a.api.Do(ctx, rest.Call{
				Method: "POST", Route: "webhooks/%s/%s", Args: []string{i.in.Application, i.in.Token},
				Body: i.only(look.Message(m)),
			}, nil)
			if rest.Code(err) == rest.UnknownWebhook { // Discord has not seen the answer yet that this one follows
				err = &bot.RetryAfterError{After: time.Second, Err: err}
			}
			return err
		})
		if err != nil {
			i.a.log.Warn("the rest of an answer did not reach Discord", "error", i.a.api.Redact(err))
			return
		}
	}
}

// respond sends the acknowledgement.
func (i *incoming) respond(ctx context.Context, r response) error {
	i.mu.Lock()
	goesOn := i.held
	i.mu.Unlock()
	err := i.way.respond(ctx, i.in, r, goesOn)
	if err != nil {
		i.a.log.Warn("an answer did not reach Discord", "error", i.a.api.Redact(err))
	}
	return err
}

// answer is the acknowledgement that holds the answer.
func (i *incoming) answer(ctx context.Context, r bot.Reply) response {
	switch {
	case r.Form != nil && i.in.Type != payload.ModalSubmit:
		modal := i.modal(ctx, *r.Form)
		i.lost(modal.Lost)
		return response{modal.Type, modal.Data}
	case r.Form != nil:
		return response{answerMessage, i.only(i.around(r))}
	case r.Message == nil && i.in.Message != nil, i.seen(r):
		return response{Type: answerNothing}
	}
	return response{answerMessage, i.only(i.told(r))}
}

// modal is a form, or the part of it that was asked for.
func (i *incoming) modal(ctx context.Context, f bot.Form) look.Modal {
	zone, user := i.zone(ctx), i.user(ctx)
	switch i.id.Kind {
	case look.StepID:
		return look.Step(f, i.id.Offset, zone, user)
	case look.FixID:
		return look.Fix(f, i.id.Inputs, zone, user)
	}
	return look.Step(f, 0, zone, user)
}

// zone is that of who acts.
func (i *incoming) zone(ctx context.Context) *time.Location {
	who, err := i.a.o.Core.PersonOf(ctx, i.caller.account)
	if err != nil {
		return i.a.o.Zone
	}
	zone, err := i.a.o.Core.ZoneOf(ctx, who)
	if err != nil {
		return i.a.o.Zone
	}
	return zone
}

// around is what is said of a form that was sent off and asks for more: Discord opens no modal after a modal.
func (i *incoming) around(r bot.Reply) look.Body {
	switch {
	case i.id.Next == look.NoNext:
		return look.Wrong(*r.Form)
	case r.Status == bot.Usage:
		return look.Again(*r.Form, i.id.Next)
	}
	return look.Kept(*r.Form, i.id.Next)
}

// told is a reply in words.
func (i *incoming) told(r bot.Reply) look.Body {
	if r.Message == nil {
		return look.Text(done, bot.Good)
	}
	return look.Message(*r.Message)
}

// only is a message that only who acted sees.
func (i *incoming) only(b look.Body) look.Body {
	i.lost(b.Lost)
	return b.Ephemeral()
}

func (i *incoming) lost(parts []string) {
	if len(parts) > 0 {
		i.a.log.Warn("an answer was cut", "what", parts)
	}
}

// seen reports whether somebody sees what they pressed on the card that they pressed it on, so that telling them would
// only take up room. Who sent a form off is told in any case: the card may be far up by then.
func (i *incoming) seen(r bot.Reply) bool {
	return r.Shown && i.caller.on != "" && i.in.Type == payload.Component
}

// Hold implements bot.Incoming.
func (i *incoming) Hold(ctx context.Context, kept bool) {
	i.mu.Lock()
	i.kept, i.held = kept, true
	i.mu.Unlock()
	if kept {
		_ = i.respond(ctx, response{answerLater, map[string]int{"flags": ephemeral}})
		return
	}
	_ = i.respond(ctx, response{answerMessage, i.only(look.Text(notRecorded, bot.Warning))})
}

// Late implements bot.Incoming: the answer takes the place of “is thinking”.
func (i *incoming) Late(ctx context.Context, r bot.Reply) {
	r, further := divided(r)
	original := rest.Call{Route: "webhooks/%s/%s/messages/@original", Args: []string{i.in.Application, i.in.Token}}
	var err error
	switch {
	case r.Form == nil && (r.Message == nil && i.in.Message != nil || i.seen(r)):
		original.Method = "DELETE"
		err = patiently(ctx, func() error { return i.a.api.Do(ctx, original, nil) })
		if err != nil {
			i.a.log.Info("“is thinking” was not taken away", "error", i.a.api.Redact(err))
		}
		return
	case r.Form != nil && i.in.Type == payload.ModalSubmit:
		original.Body = i.only(i.around(r))
	case r.Form != nil: // nothing opens it any more but a press
		original.Body = i.only(look.Ready(*r.Form))
	default:
		original.Body = i.only(i.told(r))
	}
	original.Method = "PATCH"
	if err = patiently(ctx, func() error { return i.a.api.Do(ctx, original, nil) }); err != nil {
		i.a.log.Info("an answer comes another way", "error", i.a.api.Redact(err))
		i.directly(ctx, r)
		return
	}
	i.goOn(ctx, further)
}

// How often an answer that no job repeats is tried, and how long it waits each time at most.
const (
	answerTries = 5
	answerWait  = 10 * time.Second
)

// patiently does again what Discord or our own limits put off.
func patiently(ctx context.Context, do func() error) error {
	for try := 1; ; try++ {
		err := do()
		var later *bot.RetryAfterError
		if !errors.As(err, &later) || later.After > answerWait || try == answerTries || !rest.Pause(ctx, later.After) {
			return err
		}
	}
}

// worthTelling reports whether an answer has to reach somebody although Discord has shown them a failure.
func worthTelling(r bot.Reply) bool {
	return r.Message != nil && (r.Status == bot.Done || r.Status == bot.Refused)
}

// directly tells somebody alone what came of what they did, or where they let nobody write to them, where they did it.
func (i *incoming) directly(ctx context.Context, r bot.Reply) {
	if r.Message == nil {
		return
	}
	err := patiently(ctx, func() error {
		return i.a.Whisper(ctx, i.caller.place, i.caller.account, *r.Message, "discord.late/"+i.in.ID)
	})
	if err != nil && !errors.Is(err, bot.ErrGone) {
		i.a.log.Error(
			"an answer did not reach anybody", "user", i.caller.account.User, "error", i.a.api.Redact(err),
		)
	}
}
