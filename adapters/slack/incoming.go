package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/adapters/slack/block"
	"github.com/watchbell/watchbell/adapters/slack/payload"
	"github.com/watchbell/watchbell/adapters/slack/webapi"
	"github.com/watchbell/watchbell/bot"
)

// incoming is one thing that somebody did, from its arrival to its answer. It implements bot.Incoming: nothing is
// acknowledged before it is stored, and the answer goes into the acknowledgement where Slack takes one.
type incoming struct {
	a       *Adapter
	way     way
	what    what
	payload json.RawMessage // of an interaction
	caller  caller

	mu   sync.Mutex
	view string // the modal the answer belongs in
	kept bool   // put off, and stored
	held bool   // acknowledged while Do still runs

	waits time.Time // when the modal was told to wait
}

// what is what came, in the parts that we look at. It is kept like this when it takes long; exactly one part is there.
type what struct {
	Command *payload.Command     `json:"command,omitempty"`
	Action  *payload.Interaction `json:"action,omitempty"`
	Event   *payload.Event       `json:"event,omitempty"`
	View    string               `json:"view,omitempty"` // a modal that waits for the answer
}

var (
	_ bot.Incoming = (*incoming)(nil)
	_ bot.Resumer  = (*Adapter)(nil)
)

// take hands over what came, unless this process has answered it before.
func (a *Adapter) take(ctx context.Context, w way, in what, payload json.RawMessage) {
	i := &incoming{a: a, way: w, what: in, payload: payload, caller: a.callerOf(in)}
	if i.onceOnly() && a.answered.has(i.Key()) {
		i.ack(nil)
		return
	}
	a.o.Core.Take(ctx, Platform, i)
}

// Resume implements bot.Resumer.
func (a *Adapter) Resume(back string) (bot.Incoming, error) {
	i := &incoming{a: a, way: gone{}, kept: true}
	if err := json.Unmarshal([]byte(back), &i.what); err != nil {
		return nil, err
	}
	if i.what.Command == nil && i.what.Action == nil && i.what.Event == nil {
		return nil, fmt.Errorf("nothing in it: %q", back)
	}
	i.caller = a.callerOf(i.what)
	i.caller.trigger, i.view = "", i.what.View // which opened nothing after three seconds
	return i, nil
}

// callerOf says who acts, where, and how to reach them.
func (a *Adapter) callerOf(in what) caller {
	switch {
	case in.Command != nil:
		return a.commandCaller(in.Command)
	case in.Action != nil:
		return a.interactionCaller(in.Action)
	}
	return a.eventCaller(in.Event)
}

func (i *incoming) submission() bool {
	return i.what.Action != nil && i.what.Action.Type == "view_submission"
}

// onceOnly reports whether an answer must not be repeated with a second delivery: it goes out by itself, not with the
// acknowledgement.
func (i *incoming) onceOnly() bool { return i.what.Command == nil && !i.submission() && i.Key() != "" }

// Key implements bot.Incoming.
func (i *incoming) Key() string {
	id := ""
	switch in := i.what; {
	case in.Command != nil:
		id = in.Command.Trigger
	case in.Event != nil:
		id = in.Event.ID
	case i.submission():
		id = in.Action.View.ID + "/" + block.ReadMeta(in.Action.View.Metadata).Token
	default:
		id = in.Action.Trigger
	}
	if id == "" {
		return ""
	}
	return "slack/" + id
}

// Back implements bot.Incoming.
func (i *incoming) Back() string {
	in := i.what
	in.View = i.shown()
	data, err := json.Marshal(in)
	if err != nil {
		return "" // of strings only: it never fails
	}
	return string(data)
}

// Do implements bot.Incoming.
func (i *incoming) Do(ctx context.Context) bot.Reply {
	c := i.caller
	if refused := i.a.served(ctx, c); refused != nil {
		return *refused
	}
	switch in := i.what; {
	case in.Command != nil:
		return i.typed(ctx, *in.Command)
	case in.Event != nil:
		return i.told(ctx, *in.Event)
	case in.Action.Type == "view_submission":
		return i.submitted(ctx, *in.Action)
	case in.Action.Type == "block_actions":
		return i.clicked(ctx, *in.Action)
	}
	return i.chosen(ctx, *i.what.Action)
}

// receive passes a request on.
func (i *incoming) receive(ctx context.Context, r bot.Request) bot.Reply {
	r.Key, r.From, r.On, r.Again = i.Key(), i.caller.account, i.caller.on, i.way.again() > 0
	if r.Place.Channel == "" {
		r.Place = i.caller.place
	}
	receive := i.a.receive.Load()
	if receive == nil {
		return starting()
	}
	return (*receive)(ctx, r)
}

// opened opens the form of a reply before anything is acknowledged, while the trigger still opens one; where it cannot,
// the reply tells how to.
func (i *incoming) opened(ctx context.Context, r bot.Reply) bot.Reply {
	switch {
	case r.Form == nil, i.caller.quiet:
	case r.Form.Token == "": // errors beside the inputs of a modal that waits by now
		r.Message = says(bot.Usage, r.Form.Inputs[0].Error).Message
	default:
		r.Message = i.a.ask(ctx, i.now(), *r.Form)
	}
	r.Form = nil
	return r
}

func starting() bot.Reply { return says(bot.Unready, justStarted) }

// says is a reply of the adapter's own.
func says(s bot.Status, text string) bot.Reply {
	return bot.Reply{Status: s, Message: &bot.Message{Tone: bot.Warning, Sections: []bot.Section{bot.Para(text)}}}
}

// Answer implements bot.Incoming.
func (i *incoming) Answer(ctx context.Context, r bot.Reply) {
	if r.Status == bot.Unready && r.Message == nil {
		r = says(bot.Unready, notRecorded)
	}
	switch {
	case i.what.Command != nil:
		i.answerCommand(ctx, r.Message)
	case i.submission():
		i.settle(ctx, r)
	case r.Status == bot.Unready:
		i.way.refuse(false)
		if i.what.Event == nil || i.way.again() >= lastTry { // before that Slack delivers an event again
			i.a.background("answer", func() { i.a.answer(ctx, i.now(), r) })
		}
	default:
		i.ack(nil)
		i.a.background("answer", func() { i.bring(ctx, r) })
	}
}

// Hold implements bot.Incoming.
func (i *incoming) Hold(ctx context.Context, kept bool) {
	i.mu.Lock()
	i.kept, i.held = kept, true
	i.mu.Unlock()
	text := notRecorded
	if kept {
		text = takesLong
	}
	m := says(bot.Unready, text).Message
	switch {
	case i.what.Command != nil:
		i.ackMessage(m)
	case i.submission() && kept:
		i.modalWaits()
	case i.submission():
		i.settle(ctx, bot.Reply{Status: bot.Unready, Message: m})
	case kept:
		i.ack(nil)
	default:
		i.way.refuse(true)
		if i.what.Event == nil {
			i.a.background("answer", func() { i.a.tell(ctx, i.now(), *m) })
		}
	}
}

// Late implements bot.Incoming.
func (i *incoming) Late(ctx context.Context, r bot.Reply) {
	i.mu.Lock()
	kept := i.kept
	i.mu.Unlock()
	if i.what.Event != nil && !kept && i.way.again() < lastTry {
		return // Slack delivers it again, and then it is answered
	}
	if i.submission() {
		i.show(i.what.Action.View.ID)
		i.settled(ctx)
	}
	i.bring(ctx, i.opened(ctx, r))
}

// seen reports whether somebody sees what they did on the card that they did it on, so that telling them would only
// take up room.
func (i *incoming) seen(r bot.Reply) bool { return r.Shown && i.caller.on != "" && i.shown() == "" }

// bring brings an answer by the way that is left, once in this process however often the thing was delivered.
func (i *incoming) bring(ctx context.Context, r bot.Reply) {
	if i.onceOnly() && !i.a.answered.first(i.Key()) || i.seen(r) {
		return
	}
	i.a.answer(ctx, i.now(), r)
	if i.caller.home {
		i.a.publishHome(ctx, i.caller.account)
	}
}

const (
	notRecorded = "Not recorded. Please repeat."
	takesLong   = "This takes a moment. Your request is safe, and the answer follows here."
)

// answerCommand puts a message into the acknowledgement of a command, or where it is too long for that at its response
// URL.
func (i *incoming) answerCommand(ctx context.Context, m *bot.Message) {
	if m == nil {
		i.ack(nil)
		return
	}
	if !i.ackMessage(m) {
		i.a.background("answer", func() { i.a.tell(ctx, i.now(), *m) })
	}
}

// ackMessage reports whether the message went out with the acknowledgement.
func (i *incoming) ackMessage(m *bot.Message) bool {
	body := buffer()
	defer release(body)
	if err := json.NewEncoder(body).Encode(i.a.said(*m)); err != nil || !i.way.takes(body.Len()) {
		i.ack(nil)
		return false
	}
	return i.ack(body.Bytes())
}

// ackView acknowledges a submission with what becomes of its modal; it reports whether that was not too long.
func (i *incoming) ackView(v any) bool {
	body := buffer()
	defer release(body)
	if err := json.NewEncoder(body).Encode(v); err != nil || !i.way.takes(body.Len()) {
		return false
	}
	i.ack(body.Bytes())
	return true
}

func (i *incoming) ack(body []byte) bool {
	i.mu.Lock()
	goesOn := i.held
	i.mu.Unlock()
	return i.a.ack(i.way, body, goesOn)
}

// ack acknowledges, and reports whether that went out.
func (a *Adapter) ack(w way, body []byte, goesOn bool) bool {
	err := w.ack(body, goesOn)
	if err != nil {
		a.log.Warn("an acknowledgement did not reach Slack", "error", a.api.Redact(err))
	}
	return err == nil
}

// now is the caller with the modal that the answer belongs in by now.
func (i *incoming) now() caller {
	c := i.caller
	c.view = i.shown()
	return c
}

func (i *incoming) shown() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.view
}

func (i *incoming) show(view string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.view = cmp.Or(view, i.view)
}

// wait opens a modal that says to wait.
func (i *incoming) wait(ctx context.Context) {
	if i.caller.trigger != "" && i.shown() == "" {
		i.show(i.a.openWaiting(ctx, i.caller))
	}
}

// modalWaits acknowledges a submission with a modal that waits.
func (i *incoming) modalWaits() {
	i.ackView(updated(block.Waiting(block.ReadMeta(i.what.Action.View.Metadata))))
	i.mu.Lock()
	defer i.mu.Unlock()
	i.waits = time.Now()
}

// settled returns when Slack has shown the modal that waits: the acknowledgement and the call that fills it go
// different ways, and whichever comes last counts.
func (i *incoming) settled(ctx context.Context) {
	i.mu.Lock()
	since := i.waits
	i.mu.Unlock()
	if left := i.a.o.Settle - time.Since(since); left > 0 {
		webapi.Pause(ctx, left)
	}
}

// patiently opens a modal when somebody saw nothing for a while, as long as the trigger still can open one. end has to
// be called.
func (i *incoming) patiently(ctx context.Context) (end func()) {
	opened := make(chan struct{})
	timer := time.AfterFunc(i.a.o.Patience, func() {
		defer close(opened)
		i.wait(ctx)
	})
	return func() {
		if !timer.Stop() {
			<-opened
		}
	}
}

// said is a message as the body of an acknowledgement, or for a response URL.
type said struct {
	Type   string        `json:"response_type"`
	Text   string        `json:"text"`
	Blocks []slack.Block `json:"blocks,omitempty"`
}

func (a *Adapter) said(m bot.Message) said {
	return said{slack.ResponseTypeEphemeral, block.Fallback(m, a.o.Zone), block.Message(m, a.o.Zone)}
}
