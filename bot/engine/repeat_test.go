package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/bot"
)

// blind is a store that cannot say what was done.
type blind struct{ bot.Store }

func (blind) Answered(context.Context, string) (*bot.Reply, error) {
	return nil, errors.New("connection refused")
}

// What was done already is refused the second time, for it is done. Whoever repeats a request while nobody can look
// that up must not be told that it was refused.
func TestNobodyIsRefusedUnlessItWasLookedUp(t *testing.T) {
	c := newCrowd(t, engine.Limits{})
	if r := c.says("test", "dan", "/thing closed"); r.Status != bot.Refused {
		t.Fatalf("%s %s", r.Status, r.Message.Plain(time.UTC))
	}
	c.store.Store = blind{c.store.Store}
	r := c.says("test", "dan", "/thing closed")
	if got := r.Message.Plain(time.UTC); r.Status != bot.Unready || !strings.Contains(got, "may not have been recorded") {
		t.Errorf("%s %s", r.Status, got)
	}
}

// Somebody who sent an action again was told that it was refused. The first attempt, which was still on its way, does
// nothing any more.
func TestARefusalOfARepetitionIsTheLastWord(t *testing.T) {
	c := newCrowd(t, engine.Limits{})
	open := false
	c.Bot.Use(bot.Capability{
		Noun: bot.Noun{Name: "door", Summary: "for tests"},
		Commands: []bot.Command{{Name: "door.turn", Permission: "thing.do", Summary: "turn it", Example: "/door turn",
			Handle: func(_ context.Context, call *bot.Call) (bot.Reply, error) {
				if !open {
					return bot.Reply{}, bot.Errorf(bot.Conflict, "It is closed.")
				}
				return bot.Answer(bot.Say("turned")), nil
			}}},
	})
	turn := func(again bool) string {
		r := c.Bot.Receive(context.Background(), bot.Request{
			Key: "one", Again: again, From: bot.Account{Platform: "test", User: "dan"}, Text: "/door turn",
		})
		return r.Message.Plain(time.UTC)
	}
	if got := turn(true); !strings.Contains(got, "It is closed.") {
		t.Fatal(got)
	}
	open = true
	if got := turn(false); !strings.Contains(got, "It is closed.") {
		t.Errorf("after a refusal: %s", got)
	}
}

// A form that was refused stays open; mended, it comes with the key that it had.
func TestARefusedFormMayBeMended(t *testing.T) {
	c := newCrowd(t, engine.Limits{})
	open := false
	c.Bot.Use(bot.Capability{
		Noun: bot.Noun{Name: "door", Summary: "for tests"},
		Commands: []bot.Command{
			{Name: "door.turn", Permission: "thing.do", Summary: "turn it", Example: "/door turn", Title: "Turn it",
				Params: []bot.Param{{Name: "text", Kind: bot.TextParam, Form: true, Bare: true, Required: true}},
				Handle: func(context.Context, *bot.Call) (bot.Reply, error) {
					if !open {
						return bot.Reply{}, bot.Errorf(bot.Conflict, "It is closed.")
					}
					return bot.Answer(bot.Say("turned")), nil
				}},
		},
	})
	form := c.says("test", "dan", "/door turn").Form
	if form == nil {
		t.Fatal("no form")
	}
	send := func() bot.Status {
		return c.Bot.Receive(context.Background(), bot.Request{
			Key: "form", Again: true, From: bot.Account{Platform: "test", User: "dan"}, Token: form.Token,
			Values: map[string]string{"text": "left"},
		}).Status
	}
	if got := send(); got != bot.Refused {
		t.Fatal(got)
	}
	open = true
	if got := send(); got != bot.Done {
		t.Errorf("mended: %s", got)
	}
}
