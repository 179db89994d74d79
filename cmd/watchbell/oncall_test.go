package main

import (
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/due"
	"github.com/watchbell/watchbell/commands/oncall"
	"github.com/watchbell/watchbell/commands/report"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// shiftWorld is an installation that is on call and reports, put together as the program does. People act in #ops.
type shiftWorld struct{ *storagetest.Installation }

func eachShiftWorld(t *testing.T, f func(w *shiftWorld)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, url string) {
		w := &shiftWorld{storagetest.Install(t, url, engine.Options{})}
		w.Place = bot.Conversation{Platform: "test", Channel: "ops"}
		a := &app{store: w.Store, clock: w.Clock, bot: w.Bot}
		a.duties = oncall.New(w.Store.OnCall(), w.Bot, oncall.Options{
			People: w.Store.People, Handover: report.HandoverJob, Clock: w.Clock,
		})
		w.Bot.Use(a.duties.Capability())
		w.Bot.Use(report.New(w.Store.Reports(), w.Bot, report.Options{Clock: w.Clock, Duty: duty{a}}).Capability())
		w.Bot.Use(due.New(w.Store.Reminders(), w.Bot, due.Options{People: w.Store.People, Clock: w.Clock}).Capability())
		f(w)
	})
}

// do types a command and lets what came due with it be done, and returns the answer with its buttons.
func (w *shiftWorld) do(who, text string) string {
	w.T.Helper()
	r := w.Type(who, text)
	w.Wait(0)
	return bottest.Rendered(r)
}

// to lists what somebody was told, with the buttons, the newest last.
func (w *shiftWorld) to(who string) string {
	var all []string
	for _, m := range w.Chat.In("@" + who) {
		all = append(all, bottest.Render(m.Message))
	}
	return strings.Join(all, "\n---\n")
}

// Where nothing is due, a minute that passes leaves no trace; what becomes due is still found. The log has grown, so
// its checkpoint is due within the hour.
func TestAMinuteInWhichNothingIsDueWritesNothing(t *testing.T) {
	eachShiftWorld(t, func(w *shiftWorld) {
		w.do("ana", `/oncall new primary people=@ana,@ben handover="mon 09:00"`)
		w.do("ana", "/report subscribe daily at=09:00")
		w.Wait(0)
		slots := func() (n int) {
			if err := w.Store.SQL().QueryRow("SELECT count(*) FROM slots WHERE schedule <> 'bot.checkpoint-audit'").
				Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		before := slots()
		for range 30 {
			w.Wait(time.Minute)
		}
		if n := slots(); n != before {
			t.Errorf("%d slots were taken while nothing was due", n-before)
		}
		w.WaitUntil(time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)) // Monday, nine o'clock in Berlin
		w.Contains(w.to("ben"), "Hand-over primary")
		if n := slots(); n == before {
			t.Error("no slot was taken for what was due")
		}
	})
}

func TestAShiftChangesHands(t *testing.T) {
	eachShiftWorld(t, func(w *shiftWorld) {
		answer := w.do("ana", `/oncall new primary people=@ana,@ben handover="mon 09:00"`)
		w.Contains(answer, "primary", "every week", "Mon 09:00")
		w.Contains(w.do("dan", "/oncall who"), "@Ana")
		// Monday, nine o'clock in Berlin.
		w.WaitUntil(time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC))
		w.Contains(w.to("ben"), "Hand-over primary", "Accept hand-over", "not said yet", "None.")
		w.Contains(w.do("dan", "/oncall who"), "@Ana", "accepts the hand-over")
		w.Contains(w.do("dan", "/oncall accept HO-1"), "handed over to @Ben Okafor")
		w.Wait(30 * time.Minute)
		w.Contains(w.to("ben"), "HO-1 is due", "accept the hand-over of primary", "[Accept hand-over]", "[Who is on call]")
		if text := w.to("ana"); strings.Contains(text, "HO-1 is due") {
			t.Error(text)
		}
		w.Wait(30 * time.Minute)
		w.Contains(w.to("ana"), "HO-1 is overdue", "Nobody has acted on it") // who leads the rota
		w.do("ana", `/oncall feel HO-1 feel="Bumpy, VPN still shaky" watch="Do not restart gw-2"`)
		w.Contains(w.to("ben"), "Bumpy, VPN still shaky", "Do not restart gw-2")
		w.Contains(w.do("ben", "/oncall accept HO-1"), "You are on call for")
		if text := w.do("dan", "/oncall who"); strings.Contains(text, "accepts the hand-over") {
			t.Error(text)
		}
		last := w.Chat.In("@ben")[0]
		if strings.Contains(bottest.Render(last.Message), "Accept hand-over") {
			t.Errorf("it can still be accepted:\n%s", bottest.Render(last.Message))
		}
		posted := 0
		for _, m := range w.Chat.In("ops") {
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
		w.Contains(w.do("dan", "/oncall page primary Checkout is down"), "PAGE-1", "@Ana")
		w.Contains(w.to("ana"), "Checkout is down", "I take it")
		if w.to("ben") != "" {
			t.Error("the next one was called at once")
		}
		w.Wait(10 * time.Minute)
		w.Contains(w.to("ben"), "Checkout is down")
		for _, line := range []string{"/oncall ack PAGE-1", "/oncall finish PAGE-1 noise"} { // nobody whom it calls
			w.Contains(w.do("dan", line), "PAGE-1 calls the rota primary. Only the people it calls")
		}
		w.Contains(w.do("ben", "/oncall ack PAGE-1"), "You have")
		w.Contains(w.to("ana"), "Answered by @Ben")
		w.Contains(w.do("ana", "/oncall ack PAGE-1"), "@Ben Okafor answered PAGE-1 already")
		before := len(w.Chat.Messages())
		w.Wait(time.Hour)
		if n := len(w.Chat.Messages()); n != before {
			t.Errorf("%d more messages after it was answered", n-before)
		}
		w.Contains(w.do("ana", "/oncall finish PAGE-1 noise"), "nothing had to be done") // of the rota
		w.Contains(w.do("dan", "/report preview weekly this-week"), "Pages")
	})
}

func TestShiftsAreSwappedAndCovered(t *testing.T) {
	eachShiftWorld(t, func(w *shiftWorld) {
		w.do("ana", `/oncall new primary people=@ana,@ben handover="mon 09:00"`)
		w.Contains(w.do("ana", "/oncall swap primary @ben"), "Asked @Ben", "for theirs")
		w.Contains(w.do("dan", "/oncall take primary 1 yes"), "made to @Ben Okafor")
		w.Contains(w.do("ben", "/oncall take primary 1 yes"), "It is yours")
		w.Contains(w.to("ana"), "takes your shift")
		w.Contains(w.do("ben", "/oncall take primary 1 yes"), "taken already")
		w.Contains(w.do("dan", `/oncall override primary @dan until "2026-11-26 18:00"`), "not on the rota")
		w.Contains(w.do("ana", `/oncall override primary @dan until "2026-11-26 18:00"`), "is on call for")
		w.Contains(w.do("chloe", "/oncall who"), "@Dan")
		w.Contains(w.to("dan"), "put you on call")
		w.Contains(w.do("ana", "/oncall gaps"), "None: somebody is on call")
	})
}
