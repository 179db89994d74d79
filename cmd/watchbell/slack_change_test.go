package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/bottest"
)

// changeTells types a command about changes and waits for its answer.
func (w *timed) changeTells(user, text, answer string) {
	w.t.Helper()
	w.asks("/change", user, text, answer)
}

// asks types any command and waits for its answer.
func (w *timed) asks(command, user, text, answer string) {
	w.t.Helper()
	if _, err := w.fake.Command(user, w.general, w.key(), command, text); err != nil {
		w.t.Fatal(err)
	}
	w.sees(w.general, user, answer)
	w.settle()
}

// From the request to the review, decided on the card.
func TestSlackLifeOfAChange(t *testing.T) { onTime(t, lifeOfAChange) }

func lifeOfAChange(t *testing.T, w *timed) {
	channel, ok := w.fake.ChannelNamed("changes")
	if !ok {
		t.Fatal("no channel for changes")
	}
	changes := channel.ID
	w.changeTells(
		"U0DAN",
		`new title="Resize <!channel> the shop" service=web env=prod why="Queries time out" plan="Fail over, resize" backout="Fail back" start="tomorrow 22:00" end=1h novelty=first`,
		"Requested",
	)
	card := w.sees(changes, "", "CHG-1 · Normal")
	direct := w.fake.Direct("U0BEN")
	ask := w.sees(direct, "", "Your decision is needed")
	click := func(user, channel, ts, label string) {
		t.Helper()
		for _, m := range w.fake.Messages(channel) {
			if m.TS != ts {
				continue
			}
			action, choice := actionOf(m, label)
			if _, err := w.fake.Click(user, channel, ts, w.key(), action, choice); err != nil {
				t.Fatal(err)
			}
		}
	}
	click("U0DAN", changes, card.TS, "Approve") // what is not allowed is answered too
	w.until("the requester is refused, and told why", func() bool {
		return strings.Contains(w.said(changes)+blockText(objects(w.fake.View("U0DAN")["blocks"])), "You requested CHG-1")
	})
	if v := w.fake.View("U0DAN"); v["callback_id"] == "watchbell_form" {
		t.Errorf("the requester is asked to fill in a form: %v", v["title"])
	}
	click("U0BEN", direct, ask.TS, "Approve")
	w.until("Ben sees what he approves", func() bool {
		v := w.fake.View("U0BEN")
		return v != nil && strings.Contains(blockText(objects(v["blocks"])), "Fail over, resize")
	})
	w.modal("U0BEN", "Approve the change", map[string]string{"comment": "fine"})
	w.until("the vote is recorded", func() bool {
		w.settle()
		return strings.Contains(w.said(changes), "It is not") ||
			strings.Contains(blockText(w.sees(changes, "", "CHG-1 · Normal").Blocks), "Peer ✅")
	})
	w.changeTells("U0CHLOE", "approve CHG-1 r1", "is approved")
	w.until("the card says so", func() bool { w.settle(); return strings.Contains(w.said(changes), "Scheduled") })
	w.clock.Move(31 * time.Hour)
	w.settle()
	w.changeTells("U0DAN", "start CHG-1", "has started")
	w.changeTells("U0DAN", "done CHG-1", "Does it work?")
	w.changeTells("U0DAN", "verify CHG-1 ok", "CHG-1 works")
	w.changeTells("U0DAN", "review CHG-1 outcome=success Ten minutes longer than planned", "is closed")
	for _, text := range []string{
		"help", "help new", "list all", "show CHG-1", "explain CHG-1", "pending", "calendar", "policy", "freeze", "template",
		"metrics", "evidence CHG-1", "aprove CHG-1",
	} {
		if _, err := w.fake.Command("U0MIA", w.general, w.key(), "/change", text); err != nil {
			t.Fatal(err)
		}
	}
	w.sees(w.general, "U0MIA", "Did you mean")
	w.changeTells(
		"U0DAN", `new title="Another" service=web env=prod why=x plan=y backout=z start="tomorrow 22:00" end=1h`,
		"Requested CHG-2",
	)
	w.modals("change.")
	w.asksAllAtOnce("change.new", 15)
	if err := w.fake.OpenHome("U0BEN", ""); err != nil {
		t.Fatal(err)
	}
	w.until("the Home tab", func() bool { return w.fake.Home("U0BEN") != nil })
	if strings.Contains(w.said(changes), "<!channel>") {
		t.Error("somebody's words became a mention")
	}
	keepPayloads(t, w.fake)
	golden := func(method, part, name string) {
		t.Helper()
		for _, call := range w.fake.Calls(method) {
			data, err := json.MarshalIndent(payloadOf(call), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(data), part) {
				continue
			}
			// Tokens are made of a secret that every installation has its own of; keys and times of messages differ, too.
			text := ownToken.ReplaceAllString(string(data), `"$1": "…"`)
			bottest.Golden(t, name, formToken.ReplaceAllString(text, `"{\"t\":\"…\"}"`)+"\n")
			return
		}
		t.Errorf("no %s has %q", method, part)
	}
	golden("chat.postMessage", "CHG-1 · Normal", "change-card.slack-message.json")
	golden("views.open", "Fail over, resize", "change-approve.slack-modal.json")
}

// asksAllAtOnce opens a form, which has to ask for everything in one modal.
func (w *timed) asksAllAtOnce(command string, least int) {
	w.t.Helper()
	if _, err := w.fake.GlobalShortcut("U0DAN", w.key(), "global:"+command); err != nil {
		w.t.Fatal(err)
	}
	c, _ := w.bot.Tree().Command(command)
	inputs := 0
	w.until("the form of "+command, func() bool {
		v := w.fake.View("U0DAN")
		words, _ := v["title"].(map[string]any)
		inputs = 0
		for _, block := range objects(v["blocks"]) {
			if block["type"] == "input" {
				inputs++
			}
		}
		return words["text"] == c.Title
	})
	if inputs < least {
		w.t.Errorf("%s asks for %d things at once, want %d", command, inputs, least)
	}
}

var (
	ownToken  = regexp.MustCompile(`"(action_id|installation|key|value|ts|thread_ts|message_key|event_payload)": "[^"]*"`)
	formToken = regexp.MustCompile(`"\{\\"t\\":[^}]*\}"`)
)
