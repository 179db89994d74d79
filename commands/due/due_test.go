package due_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// Somebody is told in the morning, once, all in one message; what is done is told no more.
func TestToldInTheMorning(t *testing.T) {
	each(t, func(w *world) {
		w.until(w.on(0), 18) // a Wednesday
		w.save(notice("CTR-1", "dan", w.on(7)), notice("CTR-2", "dan", w.on(20)), notice("CTR-3", "dan", w.on(100)))
		w.until(w.on(1), 8)
		w.toldIs("dan")
		w.until(w.on(0), 9)
		w.toldIs("dan", "2 things due|CTR-1: decide on the contract – due in 6 days|CTR-2: decide|due in 19 days")
		w.save(notice("CTR-4", "dan", w.on(3))) // today's message went out
		w.until(w.on(0), 18)
		w.toldIs("dan", "CTR-1")
		w.Done(w.Click("dan", "Done: CTR-1"))
		w.until(w.on(1), 10)
		w.toldIs("dan", "CTR-1", "CTR-4 is due|due in 2 days")
		w.until(w.on(14), 10) // weekends are none
		got := strings.Join(w.Told("dan")[2:], "\n")
		if strings.Contains(got, "CTR-1") || strings.Contains(got, "CTR-3") {
			w.T.Errorf("settled, or far ahead: %s", got)
		}
		w.Contains(got, "CTR-4 is overdue", "overdue by 1 day", "overdue by 8 days", "CTR-2 is due")
	})
}

func TestSnooze(t *testing.T) {
	each(t, func(w *world) {
		w.save(notice("CTR-1", "dan", w.on(7)))
		w.Refused("ana", "/ops due-snooze CTR-1 days=3", "not yours")
		w.Refused("dan", "/ops due-snooze CTR-9 days=3", "Nothing is due")
		w.until(w.on(0), 16)
		w.toldIs("dan", "CTR-1 is due|due in 7 days")
		menu := w.Button("Snooze", w.last("dan"))
		r := w.Send("dan", bot.Request{Token: menu.Token, Choice: "3"})
		w.Contains(bottest.Text(w.Done(r)), "CTR-1 is quiet until Sat 28 Nov 2026", "It stays due in 7 days")
		w.until(w.on(2), 16)
		w.toldIs("dan", "CTR-1 is due")
		w.until(w.on(3), 10) // on Monday
		w.toldIs("dan", "CTR-1 is due", "CTR-1 is due|due in 2 days")

		// never beyond the date without a reason
		menu = w.Button("Snooze", w.last("dan"))
		r = w.Send("dan", bot.Request{Token: menu.Token, Choice: "14"})
		if r.Form == nil || bottest.InputOf(r.Form, "why").Error == "" {
			w.T.Fatalf("%s: %s", r.Status, bottest.Text(r))
		}
		w.Done(w.Submit("dan", r.Form, map[string]string{"due": "CTR-1 notice", "days": "14", "why": "They are on holiday"}))
		w.until(w.on(13), 16)
		w.toldIs("dan", "CTR-1 is due", "CTR-1 is due")
		w.until(w.on(1), 10)
		w.toldIs("dan", "CTR-1 is due", "CTR-1 is due", "CTR-1 is overdue|overdue by 12 days")
		entries, err := w.Store.AuditOf(w.T.Context(), "CTR-1")
		if err != nil || !strings.Contains(fmt.Sprint(entries), "because They are on holiday") {
			w.T.Errorf("%+v, %v", entries, err)
		}
		w.save(notice("CTR-2", "dan", w.on(100)))
		w.Refused("dan", "/ops due-snooze CTR-2 days=3", "nothing to snooze")
	})
}

func TestAMovedDateIsToldAnew(t *testing.T) {
	each(t, func(w *world) {
		w.save(notice("CTR-1", "dan", w.on(1)))
		w.until(w.on(0), 16)
		w.toldIs("dan", "due tomorrow")
		w.save(notice("CTR-1", "dan", w.on(8)))
		w.until(w.on(1), 16)
		w.toldIs("dan", "due tomorrow", "CTR-1 is due|due in 7 days")
	})
}

// After three days without any bot nobody is told twice, and of what came in between only the newest.
func TestThreeDaysWithoutABot(t *testing.T) {
	each(t, func(w *world) {
		w.save(notice("CTR-1", "dan", w.on(2)), notice("CTR-2", "dan", w.on(31)))
		task := bot.Due{Object: "INC-1", What: "task 1", At: w.Clock.Now().Add(time.Hour), Owner: "dan", Text: "call them"}
		w.save(task)
		w.Clock.Move(5*24*time.Hour - 4*time.Hour) // Monday morning
		w.until(w.on(0), 18)
		w.toldIs(
			"dan", "2 things due, 1 overdue|CTR-1: decide on the contract – overdue by 3 days|CTR-2",
			"INC-1 is overdue|call them|Nobody has acted",
		)
	})
}

func TestWhoseOwnerIsAway(t *testing.T) {
	each(t, func(w *world) {
		w.save(notice("CTR-1", "eve", w.on(1)), notice("CTR-2", "", w.on(1)))
		w.until(w.on(0), 16)
		w.toldIs("eve")
		w.toldIs("mia", "2 things due|@Eve Adler owns it and is no longer active|Nobody owns it")
	})
}

// What is overdue reaches more and more people.
func TestEscalation(t *testing.T) {
	each(t, func(w *world) {
		people := bottest.People("test")
		people[1].Groups = []string{"network"} // ben
		if err := w.Store.SyncPeople(w.T.Context(), people, w.Clock.Now()); err != nil {
			w.T.Fatal(err)
		}
		d := notice("CTR-1", "dan", w.on(0))
		d.Team = "network"
		secret := notice("CTR-2", "dan", w.on(0))
		secret.Team, secret.Audience.People = "network", []bot.PersonID{"dan"}
		w.save(d, secret)
		w.until(w.on(0), 16)
		w.toldIs("dan", "2 things due")
		w.until(w.on(7), 16)
		w.toldIs("dan", "2 things due", "2 overdue")
		w.toldIs("ben", "CTR-1 is overdue|overdue by 7 days")
		w.toldIs("mia")
		w.until(w.on(7), 16)
		w.toldIs("mia", "CTR-1 is overdue|overdue by 14 days|@Dan Weber")
		if strings.Contains(strings.Join(append(w.Told("mia"), w.Told("ben")...), " "), "CTR-2") {
			w.T.Error("CTR-2 is for dan alone")
		}
	})
}

// A moment is told when it comes, at night only when it is urgent, and once more when nobody acts.
func TestMoments(t *testing.T) {
	each(t, func(w *world) {
		now := w.Clock.Now()
		night := w.on(0).At(23*60, berlin())
		w.save(
			bot.Due{
				Object: "INC-1", What: "task 1", At: now.Add(30 * time.Minute), Since: now, Owner: "dan", Lead: "ana",
				Text: "call the vendor", Urgent: true,
			},
			bot.Due{Object: "INC-2", What: "task 1", At: night, Since: now, Owner: "ben", Urgent: true, Text: "restart it"},
			bot.Due{Object: "INC-3", What: "task 1", At: night, Since: now, Owner: "chloe", Text: "write it down"},
		)
		w.Wait(29 * time.Minute)
		w.toldIs("dan")
		w.Wait(time.Minute)
		w.toldIs("dan", "INC-1 is due|call the vendor")
		w.toldIs("ana")
		w.Wait(30 * time.Minute)
		w.toldIs("dan", "INC-1", "INC-1 is overdue|Nobody has acted on it")
		w.toldIs("ana", "INC-1 is overdue|@Dan Weber|Nobody has acted on it")
		w.until(w.on(0), 23)
		w.toldIs("ben", "INC-2")
		w.toldIs("chloe")
		w.until(w.on(1), 9)
		w.toldIs("ben", "INC-2", "INC-2")
		w.toldIs("chloe", "INC-3")
	})
}

// Whom a direct message does not reach is mentioned where everybody reads, without what is due.
func TestWhomNoDirectMessageReaches(t *testing.T) {
	each(t, func(w *world) {
		w.Chat.Fail = func(op string) error {
			if op == "post" {
				w.Chat.Fail = nil
				return bot.ErrRefused
			}
			return nil
		}
		w.save(notice("CTR-1", "dan", w.on(1)))
		w.until(w.on(0), 16)
		w.toldIs("dan")
		all := w.Chat.In("ops")
		if len(all) != 1 {
			w.T.Fatalf("%d messages", len(all))
		}
		text := all[0].Message.Plain(time.UTC)
		w.Contains(text, "@Dan Weber, a direct message about 1 thing did not reach you everywhere", "/ops due me")
		if strings.Contains(text, "CTR-1") {
			w.T.Error(text)
		}
	})
}

func TestTheList(t *testing.T) {
	each(t, func(w *world) {
		var all []bot.Due
		for n := range 14 {
			d := notice(fmt.Sprintf("CTR-%02d", n+1), []bot.PersonID{"dan", "ben"}[n%2], w.on(n-2))
			all = append(all, d)
		}
		all[4].Audience.Services = []string{"payroll"}
		all[5].Audience.Teams = []string{"board"}
		all[7].Team = "network"
		risk := notice("RSK-1", "ana", w.on(40))
		w.save(append(all, risk)...)
		first := w.Do("chloe", "/ops due")
		text := bottest.Text(first)
		w.Contains(text, "Overdue, or due in the next 30 days", "CTR-01: decide", "overdue by 2 days", "@Dan Weber")
		for _, hidden := range []string{"CTR-05", "CTR-06", "CTR-13", "RSK-1"} {
			if strings.Contains(text, hidden) {
				w.T.Errorf("%s in %s", hidden, text)
			}
		}
		more := w.Send("chloe", bot.Request{Token: bottest.ActionOf(first.Message, "More").Token})
		w.Contains(bottest.Text(more), "CTR-13", "CTR-14")
		if text := bottest.Text(more); strings.Contains(text, "CTR-12") || strings.Contains(labels(*more.Message), "More") {
			w.T.Error(text)
		}
		w.Contains(bottest.Text(w.Do("ben", "/ops due 3d person=@me")), "CTR-02", "CTR-06")
		w.Contains(bottest.Text(w.Do("dan", "/ops due @dan")), "CTR-05") // their own, wherever they look
		w.Contains(bottest.Text(w.In("hr").Do("chloe", "/ops due")), "CTR-05")
		w.Contains(bottest.Text(w.Do("chloe", "/ops due 60d type=rsk")), "RSK-1")
		w.Contains(bottest.Text(w.Do("chloe", "/ops due 60d type=thing")), "CTR-01")
		w.Contains(bottest.Text(w.Do("chloe", "/ops due team=network")), "CTR-08")
		w.Contains(bottest.Text(w.Do("chloe", "/ops due team=storage")), "Nothing is due")
		page := w.Send("chloe", bot.Request{Text: "/ops due", Paged: true}).Page
		if page == nil || len(page.Table.Rows) != 12 || page.Table.Next != nil {
			w.T.Errorf("%+v", page)
		}
	})
}

// Two instances on one database tell each thing once.
func TestTwoInstances(t *testing.T) {
	chat := bottest.NewRecorder()
	w := newWorld(t, storagetest.Postgres(t), chat)
	w.Chat = chat
	other := w.NewBot()
	w.use(other, w.Store)
	var all []bot.Due
	for n := range 30 {
		all = append(all, notice(fmt.Sprintf("CTR-%d", n+1), []bot.PersonID{"dan", "ben", "ana"}[n%3], w.on(7)))
	}
	w.save(all...)
	errs := make(chan error, 8)
	for range 2 {
		for _, b := range []*engine.Bot{w.Bot, other} {
			go func() {
				err := b.Tick(t.Context())
				if err == nil {
					_, err = b.RunDue(t.Context())
				}
				errs <- err
			}()
		}
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	w.RunDue()
	for _, who := range []string{"dan", "ben", "ana"} {
		w.toldIs(who, "10 things due")
	}
	w.until(w.on(2), 10)
	w.toldIs("dan", "10 things due")
}

// A message with more than fits says how to go on.
func TestManyAtOnce(t *testing.T) {
	w := newWorld(t, storagetest.SQLite(t))
	var all []bot.Due
	for n := range 450 {
		all = append(all, notice(fmt.Sprintf("CTR-%d", n+1), "dan", w.on(7)))
	}
	w.save(all...)
	w.until(w.on(0), 16)
	w.toldIs("dan", "450 things due|425 more are not shown here|Buttons are for the first 5|/ops due-snooze CTR-")
	if n := len(w.last("dan").Message.Actions); n != 20 {
		t.Errorf("%d actions", n)
	}
}
