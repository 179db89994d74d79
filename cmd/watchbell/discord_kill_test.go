package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/adapters/discord/look"
	"github.com/watchbell/watchbell/bot"
)

// answered tells whether Discord was given an answer that promises something: people were shown that it is done, or
// that their request is safe and the answer follows.
func answered(ack discordfake.Ack, err error) bool {
	if err != nil || ack.Type == 0 {
		return false
	}
	text := strings.ToLower(discordText(ack.Message))
	return !slices.ContainsFunc(
		[]string{"try again", "please repeat", "not recorded", "may not have been"},
		func(s string) bool { return strings.Contains(text, s) },
	)
}

// insist does something again, as people do who are shown that it failed, until it is answered or again says no. What
// is given up was promised by nobody, and may have happened or not.
func (w *guild) insist(ctx context.Context, again func() bool, act func(key string) (discordfake.Ack, error)) bool {
	for {
		if answered(act(fmt.Sprintf("fresh-%d", rand.Int64()))) {
			return true
		}
		if ctx.Err() != nil || !again() {
			return false
		}
		<-time.After(20 * time.Millisecond)
	}
}

func always() bool { return true }
func never() bool  { return false }

// more types a whole line, once.
func (w *guild) more(who bot.PersonID, key, do, text string) (discordfake.Ack, error) {
	return w.fake.Command(discordIDs[who], w.general, key, "incident", discordfake.Sub(
		"more", discordfake.Opt("do", do), discordfake.Opt("text", text),
	))
}

// TestDiscordKilledUnderLoad kills the program at random while people type commands, press buttons and send forms.
// Discord repeats nothing: what was answered has its effect exactly once, what was not has it once at the most.
func TestDiscordKilledUnderLoad(t *testing.T) {
	t.Parallel()
	inDiscord(t, func(t *testing.T, w *guild) {
		w.fake.SetPatience(3 * time.Second)
		declare := func(title string) {
			t.Helper()
			for !w.insist(t.Context(), always, func(key string) (discordfake.Ack, error) {
				return w.more("ben", key, "declare", "sev2 anyway=yes title="+title)
			}) {
				t.Fatalf("%s is not declared: %s", title, w.server.log)
			}
		}
		w.line("ana", w.general, "incident", "declare The room of all notes sev2 service=web")
		room := w.opens("inc-1-")
		for n := range ready {
			declare(pressed(n))
		}
		for n := range ready {
			if _, _, ok := w.button(t.Context(), "-"+pressed(n), "Take lead", 2*time.Minute); !ok {
				t.Fatalf("the room of %s does not open: %s", pressed(n), w.server.log)
			}
		}
		ctx, cancel := context.WithCancel(context.Background())
		d := &deliveries{}
		var people sync.WaitGroup
		people.Go(func() { w.typing(ctx, d) })
		people.Go(func() { w.pressing(ctx, d) })
		people.Go(func() { w.sending(ctx, d, room) })
		kills, began := 0, time.Now()
		for ; !enough(kills, began) || d.fewest() < provesSomething && time.Since(began) < 8*time.Minute; kills++ {
			select {
			case <-time.After(time.Duration(20+rand.IntN(600)) * time.Millisecond):
			case <-w.server.done:
				t.Errorf("the server stopped by itself: %s", w.server.log)
			}
			if kills%2 == 1 { // every other process gets something done, however slow the machine is
				d.goesOn(10 * time.Second)
			}
			w.server.kill()
			w.server = w.start("")
			if !w.http {
				w.until("the gateway is open", func() bool { return w.fake.Connected() >= 1 })
			}
		}
		cancel()
		people.Wait()
		t.Logf("killed %d times in %s", kills, time.Since(began).Round(time.Second))
		store := w.open()
		settled(t, store)
		for deadline := time.Now().Add(time.Minute); len(d.missing(effectsOf(t, store))) > 0 && time.Now().Before(deadline); {
			<-time.After(100 * time.Millisecond) // what was kept and not yet done is done by now
		}
		settled(t, store)
		w.server.stop()
		d.check(t, kills, effectsOf(t, store))
		w.once()
		if _, err := store.VerifyAudit(context.Background(), bot.Seal{}); err != nil {
			t.Error(err)
		}
	})
}

// once fails the test for a message of ours that stands twice in a channel: notes and updates differ by their numbers.
func (w *guild) once() {
	w.t.Helper()
	for _, c := range w.fake.Channels(northwind) {
		seen := map[string]bool{}
		for _, m := range w.fake.Messages(c.ID) {
			text := discordText(m)
			if m.Deleted || m.Only != "" || m.Author != w.fake.BotUser() || !strings.Contains(text, "sent0") {
				continue
			}
			if seen[text] {
				w.t.Errorf("stands twice in #%s: %s", c.Name, text)
			}
			seen[text] = true
		}
	}
}

// typing is somebody who types commands.
func (w *guild) typing(ctx context.Context, d *deliveries) {
	for n := 0; ctx.Err() == nil; n++ {
		kind := "note"
		if n%2 == 1 && n < 300 { // an incident takes 200 tasks
			kind = "task"
		}
		text := fmt.Sprintf("%s typed%05d", kind, n)
		acked := w.insist(ctx, never, func(key string) (discordfake.Ack, error) {
			return w.more("ana", key, kind, "INC-1 "+text)
		})
		d.add("command", text, acked)
		<-time.After(50 * time.Millisecond)
	}
}

// pressing is somebody who takes the lead of incidents by their buttons: of those that are there already, then of each
// that they declare.
func (w *guild) pressing(ctx context.Context, d *deliveries) {
	for n := 0; ctx.Err() == nil; n++ {
		title, acked := pressed(n), true
		if n >= ready {
			acked = w.insist(ctx, never, func(key string) (discordfake.Ack, error) {
				return w.more("ben", key, "declare", "sev2 anyway=yes title="+title)
			})
			d.add("command", title, acked)
		}
		if !acked {
			continue
		}
		m, id, ok := w.button(ctx, "-"+title, "Take lead", 15*time.Second)
		if !ok {
			continue
		}
		// Of the rooms that are there from the beginning each is pressed until it is answered: others may open seldom. A
		// press that took the lead although its answer was lost takes the button off the card.
		again := func() bool { return (n < ready || n%3 > 0) && w.offers(m, id) }
		acked = w.insist(ctx, again, func(key string) (discordfake.Ack, error) {
			return w.fake.Click(discordIDs["ben"], m.Channel, m.ID, key, id)
		})
		d.add("click", "lead of "+title, acked)
		<-time.After(200 * time.Millisecond)
	}
}

// button waits for the button on a card in a room that opens, for as long as most.
func (w *guild) button(
	ctx context.Context, room, label string, most time.Duration,
) (discordfake.Message, string, bool) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for ; ctx.Err() == nil; <-time.After(20 * time.Millisecond) {
		for _, c := range w.fake.Channels(northwind) {
			if !strings.HasSuffix(c.Name, room) {
				continue
			}
			for _, m := range w.fake.Messages(c.ID) {
				if id, _ := discordButton(discordComponents(m), label); id != "" {
					return m, id, true
				}
			}
		}
	}
	return discordfake.Message{}, "", false
}

// offers reports whether a message still has the button with an id.
func (w *guild) offers(m discordfake.Message, id string) bool {
	for c := range look.All(discordComponents(w.now(m))) {
		if c.CustomID == id {
			return true
		}
	}
	return false
}

// sending is somebody who opens the form for updates and sends it. A form that does not open is asked for again; that
// changes nothing.
func (w *guild) sending(ctx context.Context, d *deliveries, room discordfake.Channel) {
	for n := 0; ctx.Err() == nil; n++ {
		for w.fake.Modal(discordIDs["fay"]) == nil && ctx.Err() == nil {
			for _, pin := range w.fake.Pins(room.ID) {
				m, _ := w.fake.Message(room.ID, pin)
				id, _ := discordButton(discordComponents(m), "Give update")
				_, _ = w.fake.Click(discordIDs["fay"], room.ID, pin, fmt.Sprintf("fresh-%d", rand.Int64()), id)
			}
			<-time.After(50 * time.Millisecond)
		}
		if ctx.Err() != nil {
			return
		}
		text := fmt.Sprintf("We know more by now, sent%05d", n)
		ack, err := w.fake.Submit(discordIDs["fay"], fmt.Sprintf("fresh-%d", rand.Int64()), map[string]string{"text": text})
		d.add("submission", text, answered(ack, err))
		w.fake.Dismiss(discordIDs["fay"]) // a form that failed stays open
		<-time.After(300 * time.Millisecond)
	}
}
