package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/oncall"
	"github.com/watchbell/watchbell/commands/report"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// shiftWorld is a bot that is on call and reports, put together as the program does, on a clock that is moved.
type shiftWorld struct {
	t     *testing.T
	bot   *bot.Bot
	chat  *bottest.Recorder
	clock *bottest.Clock
	store *storage.Store
	n     int
}

func eachShiftWorld(t *testing.T, f func(w *shiftWorld)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, url string) {
		store := storagetest.WithPeople(t, url, "test")
		w := &shiftWorld{t: t, chat: bottest.NewRecorder(), clock: bottest.NewClock(), store: store}
		w.bot = bot.New(bot.Options{Store: store, Clock: w.clock})
		w.bot.Attach(w.chat)
		a := &app{store: store, clock: w.clock, bot: w.bot}
		a.duties = oncall.New(store.OnCall(), w.bot, oncall.Options{People: store.People, Handover: report.HandoverJob, Clock: w.clock})
		w.bot.Use(a.duties.Capability())
		w.bot.Use(report.New(store.Reports(), w.bot, report.Options{Clock: w.clock, Duty: duty{a}}).Capability())
		f(w)
	})
}

func (w *shiftWorld) do(who, text string) string {
	w.t.Helper()
	w.n++
	r := w.bot.Receive(context.Background(), bot.Request{Key: fmt.Sprint("k", w.n), From: bot.Account{Platform: "test", User: who}, Place: bot.Conversation{Platform: "test", Channel: "ops"}, Text: text})
	w.wait(0)
	if r.Message == nil {
		return string(r.Status)
	}
	return bottest.Render(*r.Message)
}

func (w *shiftWorld) wait(d time.Duration) {
	w.t.Helper()
	w.clock.Move(d)
	for range 2 { // what came due may make more
		if err := w.bot.Tick(context.Background()); err != nil {
			w.t.Fatal(err)
		}
		if _, err := w.bot.RunDue(context.Background()); err != nil {
			w.t.Fatal(err)
		}
	}
}

// to lists what somebody was told, the newest last.
func (w *shiftWorld) to(who string) string {
	var all []string
	for _, m := range w.chat.In("@" + who) {
		all = append(all, bottest.Render(m.Message))
	}
	return strings.Join(all, "\n---\n")
}

func (w *shiftWorld) has(text string, parts ...string) {
	w.t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			w.t.Errorf("%q is missing in:\n%s", p, text)
		}
	}
}

// Where nothing is due, a minute that passes leaves no trace; what becomes due is still found. The log has grown, so its checkpoint is due
// within the hour.
func TestAMinuteInWhichNothingIsDueWritesNothing(t *testing.T) {
	eachShiftWorld(t, func(w *shiftWorld) {
		w.do("ana", `/oncall new primary people=@ana,@ben handover="mon 09:00"`)
		w.do("ana", "/report subscribe daily at=09:00")
		w.wait(0)
		slots := func() (n int) {
			if err := w.store.SQL().QueryRow("SELECT count(*) FROM slots WHERE schedule <> 'bot.checkpoint-audit'").Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		before := slots()
		for range 30 {
			w.wait(time.Minute)
		}
		if n := slots(); n != before {
			t.Errorf("%d slots were taken while nothing was due", n-before)
		}
		w.wait(time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC).Sub(w.clock.Now())) // Monday, nine o'clock in Berlin
		w.has(w.to("ben"), "Hand-over primary")
		if n := slots(); n == before {
			t.Error("no slot was taken for what was due")
		}
	})
}

func TestAShiftChangesHands(t *testing.T) {
	eachShiftWorld(t, func(w *shiftWorld) {
		w.has(w.do("ana", `/oncall new primary people=@ana,@ben handover="mon 09:00"`), "primary", "every week", "Mon 09:00")
		w.has(w.do("dan", "/oncall who"), "@Ana")
		// Monday, nine o'clock in Berlin.
		w.wait(time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC).Sub(w.clock.Now()))
		w.has(w.to("ben"), "Hand-over primary", "Accept hand-over", "not said yet", "None.")
		w.has(w.do("dan", "/oncall who"), "@Ana", "accepts the hand-over")
		w.has(w.do("dan", "/oncall accept HO-1"), "handed over to @Ben Okafor")
		w.wait(31 * time.Minute)
		w.has(w.to("ben"), "is not accepted")
		w.do("ana", `/oncall feel HO-1 feel="Bumpy, VPN still shaky" watch="Do not restart gw-2"`)
		w.has(w.to("ben"), "Bumpy, VPN still shaky", "Do not restart gw-2")
		w.has(w.do("ben", "/oncall accept HO-1"), "You are on call for")
		if text := w.do("dan", "/oncall who"); strings.Contains(text, "accepts the hand-over") {
			t.Error(text)
		}
		last := w.chat.In("@ben")[0]
		if strings.Contains(bottest.Render(last.Message), "Accept hand-over") {
			t.Errorf("it can still be accepted:\n%s", bottest.Render(last.Message))
		}
		posted := 0
		for _, m := range w.chat.In("ops") {
			if strings.HasPrefix(m.Key, "report.part") && m.Ref.Thread == "" {
				posted++
			}
		}
		if posted != 1 {
			t.Errorf("the hand-over was posted %d times", posted)
		}
	})
}

func TestAPageIsEscalatedAndAnswered(t *testing.T) {
	eachShiftWorld(t, func(w *shiftWorld) {
		w.do("ana", `/oncall new primary people=@ana,@ben handover="mon 09:00" escalate=10m`)
		w.has(w.do("dan", "/oncall page primary Checkout is down"), "PAGE-1", "@Ana")
		w.has(w.to("ana"), "Checkout is down", "I take it")
		if w.to("ben") != "" {
			t.Error("the next one was called at once")
		}
		w.wait(10 * time.Minute)
		w.has(w.to("ben"), "Checkout is down")
		for _, line := range []string{"/oncall ack PAGE-1", "/oncall finish PAGE-1 noise"} { // nobody whom it calls
			w.has(w.do("dan", line), "PAGE-1 calls the rota primary. Only the people it calls")
		}
		w.has(w.do("ben", "/oncall ack PAGE-1"), "You have")
		w.has(w.to("ana"), "Answered by @Ben")
		w.has(w.do("ana", "/oncall ack PAGE-1"), "@Ben Okafor answered PAGE-1 already")
		before := len(w.chat.Messages())
		w.wait(time.Hour)
		if n := len(w.chat.Messages()); n != before {
			t.Errorf("%d more messages after it was answered", n-before)
		}
		w.has(w.do("ana", "/oncall finish PAGE-1 noise"), "nothing had to be done") // of the rota
		w.has(w.do("dan", "/report preview weekly this-week"), "Pages")
	})
}

func TestShiftsAreSwappedAndCovered(t *testing.T) {
	eachShiftWorld(t, func(w *shiftWorld) {
		w.do("ana", `/oncall new primary people=@ana,@ben handover="mon 09:00"`)
		w.has(w.do("ana", "/oncall swap primary @ben"), "Asked @Ben", "for theirs")
		w.has(w.do("dan", "/oncall take primary 1 yes"), "made to @Ben Okafor")
		w.has(w.do("ben", "/oncall take primary 1 yes"), "It is yours")
		w.has(w.to("ana"), "takes your shift")
		w.has(w.do("ben", "/oncall take primary 1 yes"), "taken already")
		w.has(w.do("dan", `/oncall override primary @dan until "2026-11-26 18:00"`), "not on the rota")
		w.has(w.do("ana", `/oncall override primary @dan until "2026-11-26 18:00"`), "is on call for")
		w.has(w.do("chloe", "/oncall who"), "@Dan")
		w.has(w.to("dan"), "put you on call")
		w.has(w.do("ana", "/oncall gaps"), "None: somebody is on call")
	})
}
