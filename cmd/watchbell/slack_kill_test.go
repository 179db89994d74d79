package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/slack/slackfake"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/storage"
)

// delivery is something that a person did in Slack and whose effect can be told from all others.
type delivery struct {
	kind  string // command, click or submission
	text  string // on the timeline, or of the task, or the title
	acked bool   // Slack got its answer: from then on the person believes that it happened
}

// deliveries is what happened in Slack.
type deliveries struct {
	mu   sync.Mutex
	list []delivery
}

// provesSomething is how many of each kind have to be acknowledged at least.
const provesSomething = 10

// ready is how many rooms are open before the first kill: however seldom another opens on a slow machine, there are
// buttons to press.
const ready = 18

// fewest is how many were acknowledged of the kind that has the fewest.
func (d *deliveries) fewest() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := map[string]int{}
	for _, x := range d.list {
		if x.acked {
			n[x.kind]++
		}
	}
	return min(n["command"], n["click"], n["submission"])
}

// goesOn waits until another click or submission is acknowledged, which take more than a command.
func (d *deliveries) goesOn(most time.Duration) {
	count := func() (n int) {
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, x := range d.list {
			if x.acked && x.kind != "command" {
				n++
			}
		}
		return n
	}
	for before, deadline := count(), time.Now().Add(most); count() == before && time.Now().Before(deadline); {
		<-time.After(20 * time.Millisecond)
	}
}

func (d *deliveries) add(kind, text string, acked bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.list = append(d.list, delivery{kind, text, acked})
}

// acknowledged tells whether Slack was given the answer that ends its part. An answer that asks to repeat it promises
// nothing, and so does an error beside an input.
func acknowledged(ack slackfake.Ack, err error) bool {
	if err != nil || ack.Status != http.StatusOK {
		return false
	}
	body := strings.ToLower(ack.Body)
	return !slices.ContainsFunc([]string{"try again", "please repeat", `"errors"`}, func(s string) bool {
		return strings.Contains(body, s)
	})
}

// insist delivers something with one key until it is acknowledged. Every other time it gives up after the first
// attempt, as Slack does: then nobody promised anything, and it may have happened or not.
func (w *workspace) insist(ctx context.Context, again bool, deliver func() (slackfake.Ack, error)) bool {
	for {
		if acknowledged(deliver()) {
			return true
		}
		if !again || ctx.Err() != nil {
			return false
		}
		<-time.After(20 * time.Millisecond)
	}
}

// TestSlackKilledUnderLoad kills the program at random while people type commands, press buttons and send forms. What
// Slack got its 200 or its acknowledgement on the socket for has its effect exactly once; what it got none for has it
// once at the most.
func TestSlackKilledUnderLoad(t *testing.T) {
	t.Parallel()
	inSlack(t, func(t *testing.T, w *workspace) {
		w.command("U0ANA", w.general, "declare The room of all notes sev2 service=web")
		room := w.opens("inc-1-")
		for n := range ready {
			w.command("U0BEN", w.general, "declare sev2 anyway=yes title="+pressed(n))
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
			w.reached(1)
		}
		cancel()
		people.Wait()
		t.Logf("killed %d times in %s", kills, time.Since(began).Round(time.Second))
		store := w.open()
		settled(t, store)
		for deadline := time.Now().Add(time.Minute); len(d.missing(effectsOf(t, store))) > 0 && time.Now().Before(deadline); {
			<-time.After(100 * time.Millisecond) // what was stored and not yet done is done by now
		}
		settled(t, store)
		w.server.stop()
		d.check(t, kills, effectsOf(t, store))
		if _, err := store.VerifyAudit(context.Background(), bot.Seal{}); err != nil {
			t.Error(err)
		}
	})
}

// typing is somebody who types commands.
func (w *workspace) typing(ctx context.Context, d *deliveries) {
	for n := 0; ctx.Err() == nil; n++ {
		kind := "note"
		if n%2 == 1 && n < 300 { // an incident takes 200 tasks
			kind = "task"
		}
		text := fmt.Sprintf("%s typed%05d", kind, n)
		line := fmt.Sprintf("%s INC-1 %s", kind, text)
		acked := w.insist(ctx, n%3 > 0, func() (slackfake.Ack, error) {
			return w.fake.Command("U0ANA", w.general, "typed-"+text, "/incident", line)
		})
		d.add("command", text, acked)
		<-time.After(50 * time.Millisecond)
	}
}

// pressed is the title of an incident whose lead is taken by its button.
func pressed(n int) string { return fmt.Sprintf("pressed%05d", n) }

// pressing is somebody who takes the lead of incidents by their buttons: of those that are there already, then of each
// that they declare.
func (w *workspace) pressing(ctx context.Context, d *deliveries) {
	for n := 0; ctx.Err() == nil; n++ {
		title, acked := pressed(n), true
		if n >= ready {
			acked = w.insist(ctx, true, func() (slackfake.Ack, error) {
				return w.fake.Command("U0BEN", w.general, "declare-"+title, "/incident", "declare sev2 anyway=yes title="+title)
			})
			d.add("command", title, acked)
		}
		m, id, ok := w.button(ctx, "-"+title, "Take lead", 15*time.Second)
		if !acked || !ok {
			continue
		}
		acked = w.insist(ctx, n%3 > 0, func() (slackfake.Ack, error) {
			return w.fake.Click("U0BEN", m.Channel, m.TS, "lead-"+title, id, "")
		})
		d.add("click", "lead of "+title, acked)
		<-time.After(time.Second) // a bot may open twenty rooms a minute
	}
}

// button waits for the button on a card in a room that opens, for as long as most.
func (w *workspace) button(
	ctx context.Context, room, label string, most time.Duration,
) (slackfake.Message, string, bool) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for ; ctx.Err() == nil; <-time.After(20 * time.Millisecond) {
		for _, name := range w.fake.ChannelNames() {
			c, ok := w.fake.ChannelNamed(name)
			if !ok || !strings.HasSuffix(name, room) {
				continue
			}
			for _, m := range w.fake.Messages(c.ID) {
				if id := actionID(m, label); id != "" {
					return m, id, true
				}
			}
		}
	}
	return slackfake.Message{}, "", false
}

// actionID is the id of a button by its label, "" if the message has none.
func actionID(m slackfake.Message, label string) string {
	for _, block := range m.Blocks {
		for _, e := range objects(block["elements"]) {
			if words, ok := e["text"].(map[string]any); ok && words["text"] == label {
				return fmt.Sprint(e["action_id"])
			}
		}
	}
	return ""
}

// sending is somebody who opens the form for updates and sends it. A form that does not open is asked for again; that
// changes nothing.
func (w *workspace) sending(ctx context.Context, d *deliveries, room slackfake.Channel) {
	for n := 0; ctx.Err() == nil; n++ {
		m := w.card(room)
		for asked := (time.Time{}); !w.formOpen("U0FAY") && ctx.Err() == nil; <-time.After(20 * time.Millisecond) {
			if time.Since(asked) > 2*time.Second {
				asked = time.Now()
				_, _ = w.fake.Click("U0FAY", m.Channel, m.TS, w.fresh(), actionID(m, "Give update"), "")
			}
		}
		if ctx.Err() != nil {
			return
		}
		text := fmt.Sprintf("We know more by now, sent%05d", n)
		acked := w.insist(ctx, true, func() (slackfake.Ack, error) {
			return w.fake.Submit("U0FAY", "sent-"+text, map[string]string{"text": text})
		})
		d.add("submission", text, acked)
		<-time.After(time.Second)                     // each is posted in the room, where Slack takes one message a second
		for w.formOpen("U0FAY") && ctx.Err() == nil { // closed by the acknowledgement
			<-time.After(20 * time.Millisecond)
			if acked {
				break
			}
		}
	}
}

func (w *workspace) formOpen(user string) bool {
	return w.fake.View(user)["callback_id"] == "watchbell_form"
}

// fresh is a key that no delivery had.
func (w *workspace) fresh() string { return fmt.Sprintf("fresh-%d", rand.Int64()) }

// effectsOf counts what is there, by text: entries of timelines, tasks, titles, and who took which lead.
func effectsOf(t *testing.T, s *storage.Store) map[string]int {
	t.Helper()
	ctx, n := context.Background(), map[string]int{}
	list, err := s.Incidents().List(ctx, response.Filter{Limit: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	for _, short := range list {
		i, err := s.Incidents().Get(ctx, short.ID())
		if err != nil {
			t.Fatal(err)
		}
		n[i.Title]++
		for _, task := range i.Tasks {
			n[task.Text]++
		}
		entries, err := s.Incidents().Timeline(ctx, i.ID(), 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			switch e.Kind {
			case incident.LeadEntry:
				n["lead of "+i.Title]++
			case incident.NoteEntry, incident.UpdateEntry:
				n[e.Text]++
			}
		}
	}
	return n
}

// missing is what was acknowledged and is not there.
func (d *deliveries) missing(n map[string]int) []delivery {
	var list []delivery
	for _, x := range d.list {
		if x.acked && n[x.text] == 0 {
			list = append(list, x)
		}
	}
	return list
}

func (d *deliveries) check(t *testing.T, kills int, n map[string]int) {
	t.Helper()
	acked := map[string]int{}
	for _, x := range d.list {
		if x.acked {
			acked[x.kind]++
		}
		if n[x.text] > 1 {
			t.Errorf("%s is there %d times: %s", x.kind, n[x.text], x.text)
		}
	}
	lost := d.missing(n)
	t.Logf("killed %d times, acknowledged %v, lost %d", kills, acked, len(lost))
	for _, x := range lost[:min(len(lost), 20)] {
		t.Errorf("the %s was acknowledged and is lost: %s", x.kind, x.text)
	}
	for _, kind := range []string{"command", "click", "submission"} {
		if acked[kind] < provesSomething {
			t.Errorf("only %d of kind %s were acknowledged: that tests nothing", acked[kind], kind)
		}
	}
}
