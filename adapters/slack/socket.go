package slack

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/watchbell/watchbell/adapters/slack/payload"
	"github.com/watchbell/watchbell/adapters/slack/webapi"
)

// The library doubles its pauses up to five minutes. A connection that does not come about within this time is begun
// anew instead, so that Slack is noticed soon after it is back.
const connectWithin = 30 * time.Second

// connect keeps one connection open until ctx ends. The second one starts a little later, so that the two are never
// renewed at once.
func (a *Adapter) connect(ctx context.Context, n int) {
	if !webapi.Pause(ctx, time.Duration(n)*a.o.Retry/2) {
		return
	}
	for ctx.Err() == nil {
		err := a.connection(ctx)
		if ctx.Err() != nil {
			return
		}
		a.log.Warn("Slack's socket was closed", "connection", n, "error", a.api.Redact(err))
		if !webapi.Pause(ctx, a.o.Retry) {
			return
		}
	}
}

// connection is one client of the library, from its first attempt until it gives up or does not get through.
func (a *Adapter) connection(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	client := socketmode.New(a.api.Client)
	ended := make(chan error, 1)
	go func() { ended <- client.RunContext(ctx) }()
	stuck := time.AfterFunc(connectWithin, cancel)
	defer stuck.Stop()
	open := false
	is := func(now bool) {
		if now != open {
			open = now
			a.socketIs(open)
		}
	}
	defer is(false)
	for {
		select {
		case err := <-ended:
			a.noSocket(err)
			return err
		case e := <-client.Events:
			switch e.Type {
			case socketmode.EventTypeConnected:
				stuck.Stop()
				is(true)
			case socketmode.EventTypeConnecting:
				stuck.Reset(connectWithin)
				is(false)
			case socketmode.EventTypeDisconnect:
				is(false)
			case socketmode.EventTypeConnectionError:
				if failed, ok := e.Data.(*slack.ConnectionErrorEvent); ok {
					a.noSocket(failed.ErrorObj)
				}
			}
			// Nothing may block here: a client whose events are not taken stops answering pings.
			a.background("socket event", func() { a.socketEvent(ctx, client, e) })
		}
	}
}

// socketIs counts a socket that opened or closed.
func (a *Adapter) socketIs(open bool) {
	if !open {
		a.hearing.closed(a.o.Deaf, a.tellDeaf)
		return
	}
	a.api.Heard(nil)
	if a.hearing.opened() {
		a.log.Info("Slack's sockets are open again")
	}
}

// noSocket notes why none opens. What Slack says of the app-level token says nothing of the bot's.
func (a *Adapter) noSocket(err error) {
	var limited *slack.RateLimitedError
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	a.hearing.failed(a.whyNoSocket(err))
	if webapi.Code(err) == "" && !errors.As(err, &limited) {
		a.api.Heard(err)
	}
}

func (a *Adapter) socketEvent(ctx context.Context, client *socketmode.Client, e socketmode.Event) {
	request := e.Request
	if bad, ok := e.Data.(*socketmode.ErrorBadMessage); ok {
		// The library decodes strictly, and gives up on what is new to it. We look at a few parts only, so most of it is no
		// matter to us; and what is gets acknowledged all the same, or Slack would send it again and again.
		request = &socketmode.Request{}
		if json.Unmarshal(bad.Message, request) != nil {
			return
		}
	}
	if request == nil || request.EnvelopeID == "" {
		return
	}
	w := &bySocket{ctx, client, request}
	if err := a.envelope(context.WithoutCancel(ctx), w); err != nil {
		a.log.Error("what Slack sent was not understood", "kind", request.Type, "error", a.api.Redact(err))
		a.ack(w, nil, false) // or Slack sends it again and again
	}
}

// envelope takes what is in one.
func (a *Adapter) envelope(ctx context.Context, w *bySocket) error {
	raw := w.request.Payload
	switch w.request.Type {
	case "slash_commands":
		in := &payload.Command{}
		if err := json.Unmarshal(raw, in); err != nil {
			return err
		}
		return a.takeCommand(ctx, w, in)
	case "interactive":
		return a.takeInteraction(ctx, w, raw)
	case "events_api":
		return a.takeEvent(ctx, w, raw)
	}
	a.ack(w, nil, false)
	return nil
}
