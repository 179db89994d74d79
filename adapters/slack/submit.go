package slack

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/adapters/slack/block"
	"github.com/watchbell/watchbell/adapters/slack/payload"
	"github.com/watchbell/watchbell/bot"
)

func metaOf(c caller) block.Meta {
	return block.Meta{Channel: c.place.Channel, Thread: c.place.Thread, URL: c.url, On: c.on}
}

// What an acknowledgement of a submission can make of the modal.
func updated(view slack.ModalViewRequest) any { return slack.NewUpdateViewSubmissionResponse(&view) }
func wrong(errors map[string]string) any      { return slack.NewErrorsViewSubmissionResponse(errors) }

// submitted carries out a modal that somebody sent off. Until its acknowledgement Slack shows that it is at work.
func (i *incoming) submitted(ctx context.Context, in payload.Interaction) bot.Reply {
	values, bad := i.a.values(ctx, i.caller, in.View.State.Values)
	if bad != nil {
		return bot.Reply{Status: bot.Usage, Form: bad}
	}
	files, bad := i.a.files(ctx, in.View.State.Values)
	if bad != nil {
		return bot.Reply{Status: bot.Usage, Form: bad}
	}
	return i.receive(ctx, bot.Request{Token: block.ReadMeta(in.View.Metadata).Token, Values: values, Files: files})
}

// settle acknowledges a submission by what came of it.
func (i *incoming) settle(ctx context.Context, r bot.Reply) {
	m := block.ReadMeta(i.what.Action.View.Metadata)
	switch {
	case r.Form != nil:
		if errors := fieldErrors(*r.Form); len(errors) > 0 {
			i.ackView(wrong(errors))
			return
		}
		m.Token = r.Form.Token
		i.become(ctx, i.a.modal(ctx, *r.Form, m))
	case r.Status == bot.Unready && r.Message != nil:
		// Nothing was saved: the modal stays, with all that was typed.
		if first := payload.FirstInput(i.payload); first != "" &&
			i.ackView(wrong(map[string]string{first: r.Message.Plain(i.a.o.Zone)})) {
			return
		}
		i.become(ctx, i.a.saying(*r.Message, m))
	case r.Message == nil, i.seen(r):
		i.ack(nil)
	case r.Status != bot.Done, i.caller.place.Channel == "":
		i.become(ctx, i.a.saying(*r.Message, m))
	default:
		i.ack(nil)
		i.a.background("answer", func() { i.a.tell(ctx, i.caller, *r.Message) })
	}
}

// become acknowledges with the modal's next view. One that is too long for the way it came fills a modal that waits.
func (i *incoming) become(ctx context.Context, view slack.ModalViewRequest) {
	if i.ackView(updated(view)) {
		return
	}
	i.modalWaits()
	i.a.background("view", func() {
		i.settled(ctx)
		if err := i.a.updateView(ctx, i.what.Action.View.ID, view); err != nil {
			i.a.log.Error("a modal that waits was not filled", "user", i.caller.account.User, "error", i.a.api.Redact(err))
		}
	})
}

// fieldErrors are the errors of a form that can be shown beside its inputs as they are. When somebody else changed
// something meanwhile, or an error belongs to no input, the modal has to be filled anew instead.
func fieldErrors(f bot.Form) map[string]string {
	errors := map[string]string{}
	for _, in := range f.Inputs {
		if in.Conflict {
			return nil
		}
		if in.Error != "" {
			errors[in.Name] = in.Error
		}
	}
	if len(f.Intro) > 0 {
		return nil
	}
	return errors
}

// values reads what a modal holds, by the names of its inputs. A form with errors is returned for people who cannot be
// chosen.
func (a *Adapter) values(
	ctx context.Context, c caller, state map[string]map[string]payload.Input,
) (values map[string]string, bad *bot.Form) {
	values = map[string]string{}
	for name, held := range state {
		in, ok := held[block.InputAction]
		if !ok {
			continue
		}
		switch {
		case in.User != "":
			who, err := a.o.Core.PersonOf(ctx, c.met(in.User))
			if err != nil {
				if bad == nil {
					bad = &bot.Form{}
				}
				why := "This person" + cannotTakeOn
				if !errors.Is(err, bot.ErrNoSuch) {
					a.log.Warn("somebody who was chosen was not looked up", "user", in.User, "error", a.api.Redact(err))
					why = cannotTell("who this person is")
				}
				bad.Inputs = append(bad.Inputs, bot.Input{Name: name, Error: why})
				continue
			}
			values[name] = "@" + string(who)
		case in.Moment != 0:
			values[name] = time.Unix(in.Moment, 0).UTC().Format(time.RFC3339)
		case in.Day != "":
			values[name] = in.Day
		case in.Option != nil:
			values[name] = in.Option.Value
		case len(in.Options) > 0:
			var list []string
			for _, o := range in.Options {
				list = append(list, o.Value)
			}
			values[name] = strings.Join(list, ",")
		default:
			values[name] = in.Value
		}
	}
	return values, bad
}
