package slack

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/bot"
)

// meta is kept in a modal: which form it is, and where its answer goes.
type meta struct {
	Token   string `json:"t,omitempty"`
	Channel string `json:"c,omitempty"`
	Thread  string `json:"h,omitempty"`
	URL     string `json:"u,omitempty"`
}

func readMeta(raw string) (m meta) {
	_ = json.Unmarshal([]byte(raw), &m) // of a modal that is not a form there is none
	return m
}

func (m meta) String() string {
	data, _ := json.Marshal(m) // strings only
	return string(data)
}

func (m meta) place(in bot.Conversation) bot.Conversation {
	in.Channel, in.Thread = m.Channel, m.Thread
	return in
}

func metaOf(c caller) meta {
	return meta{Channel: c.place.Channel, Thread: c.place.Thread, URL: c.url}
}

// What an acknowledgement of a submission can make of the modal.
func updated(view slack.ModalViewRequest) any { return slack.NewUpdateViewSubmissionResponse(&view) }
func wrong(errors map[string]string) any      { return slack.NewErrorsViewSubmissionResponse(errors) }

// submitted is a modal that somebody sent off. Until its acknowledgement Slack shows that it is at work, at most three seconds.
func (a *Adapter) submitted(ctx context.Context, e envelope, c caller, in interaction) {
	m := readMeta(in.View.Metadata)
	c.place, c.url, c.view = m.place(c.place), m.URL, in.View.ID
	values, bad := a.values(ctx, c, in.View.State.Values)
	if len(bad) > 0 {
		e.ack(wrong(bad))
		return
	}
	reply := a.asked(ctx, c, bot.Request{Key: "slack/" + in.View.ID + "/" + m.Token, Token: m.Token, Values: values})
	select {
	case got := <-reply:
		a.settle(ctx, e, c, m, got)
	case <-time.After(a.o.Patience + 700*time.Millisecond):
		e.ack(updated(waiting(m)))
		a.answer(ctx, c, <-reply)
	}
}

// settle acknowledges a submission by what came of it.
func (a *Adapter) settle(ctx context.Context, e envelope, c caller, m meta, r bot.Reply) {
	switch {
	case r.Form != nil:
		if errors := fieldErrors(*r.Form); len(errors) > 0 {
			e.ack(wrong(errors))
			return
		}
		m.Token = r.Form.Token
		e.ack(updated(a.modal(ctx, *r.Form, m)))
	case r.Status == bot.Unready && r.Message != nil:
		// Nothing was saved: the modal stays, with all that was typed.
		if first := firstInput(e.payload); first != "" {
			e.ack(wrong(map[string]string{first: r.Message.Plain(a.o.Zone)}))
			return
		}
		e.ack(updated(a.saying(*r.Message, m)))
	case r.Message == nil:
		e.ack(nil)
	case r.Status != bot.Done, c.place.Channel == "":
		e.ack(updated(a.saying(*r.Message, m)))
	default:
		e.ack(nil)
		c.view = ""
		a.tell(ctx, c, *r.Message)
	}
}

// fieldErrors are the errors of a form that can be shown beside its inputs as they are. When somebody else changed something meanwhile, or an
// error belongs to no input, the modal has to be filled anew instead.
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

func firstInput(payload json.RawMessage) string {
	var in struct {
		View struct {
			Blocks []struct {
				Type string `json:"type"`
				ID   string `json:"block_id"`
			} `json:"blocks"`
		} `json:"view"`
	}
	_ = json.Unmarshal(payload, &in)
	for _, b := range in.View.Blocks {
		if b.Type == "input" {
			return b.ID
		}
	}
	return ""
}

// values reads what a modal holds, by the names of its inputs.
func (a *Adapter) values(ctx context.Context, c caller, state map[string]map[string]input) (values, bad map[string]string) {
	values, bad = map[string]string{}, map[string]string{}
	for name, block := range state {
		in, ok := block[inputAction]
		if !ok {
			continue
		}
		switch {
		case in.User != "":
			who, err := a.o.Core.PersonOf(ctx, bot.Account{Platform: Platform, Workspace: c.account.Workspace, User: in.User})
			if err != nil {
				bad[name] = "This person cannot take this on: guests of other organisations, bots and deactivated people can not. Choose somebody else."
				continue
			}
			values[name] = "@" + string(who)
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
