package incident_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// heard is what the room heard, without the card.
func (w *world) heard() []string {
	var all []string
	for _, m := range w.Chat.In(room)[1:] {
		all = append(all, m.Message.Plain(time.UTC))
	}
	return all
}

func TestPeopleAreToldWhatTheyGet(t *testing.T) {
	for name, x := range map[string]struct{ command, who, told, heard string }{
		"a task": {
			"/incident task Check the database @ben due 30m", "ben",
			"Ana Ruiz gave you task 1 of INC-1 Checkout returns 502, due 25 Nov 14:32 UTC:\n> Check the database",
			"Task 1 for @Ben Okafor: Check the database, due 25 Nov 14:32 UTC — @Ana Ruiz",
		},
		"a follow-up": {
			"/incident followup Alert on the pool @ben due 2026-12-01", "ben", "gave you follow-up 1 of INC-1",
			"Follow-up 1 for @Ben Okafor: Alert on the pool, due 1 Dec",
		},
		"a role": {
			"/incident role comms @dan", "dan",
			"made you comms of INC-1 Checkout returns 502. You keep everybody outside the team informed.",
			"@Dan Weber is comms — @Ana Ruiz",
		},
		"the lead": {
			"/incident lead @ben", "ben", "made you lead of INC-1 Checkout returns 502. You decide and keep the overview.",
			"@Ben Okafor leads",
		},
		"the end of a role": {
			"/incident role scribe @ben|/incident lead me|/incident unassign scribe", "ben",
			"changed your part in INC-1 Checkout returns 502: @Ben Okafor is no longer scribe.",
			"@Ben Okafor is no longer scribe — @Ana Ruiz",
		},
		"a hand-over of it": {
			"/incident lead me|/incident handover @ben", "ben", "asks you to take the lead of INC-1",
			"@Ben Okafor is asked to take the lead",
		},
		"a lead in an ended": {
			"/incident lead me|/incident resolve Rolled back|/incident followup Alert on the pool @ben", "ben",
			"gave you follow-up 1 of INC-1", "Follow-up 1 for @Ben Okafor",
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(w *world) {
				w.Do("dan", "/incident declare Checkout returns 502 sev3")
				for command := range strings.SplitSeq(x.command, "|") {
					w.In(room).Do("ana", command)
				}
				told := w.Told(x.who)
				if len(told) == 0 || !strings.Contains(told[len(told)-1], x.told) {
					t.Errorf("%s was told %q, want %q", x.who, told, x.told)
				}
				if heard := strings.Join(w.heard(), "\n"); strings.Count(heard, x.heard) != 1 {
					t.Errorf("the room heard %q, want once %q", heard, x.heard)
				}
				if members := strings.Join(w.Chat.Members(room), " "); !strings.Contains(members, x.who) {
					t.Errorf("%s is not invited: %s", x.who, members)
				}
				if told := w.Told("ana"); len(told) > 0 {
					t.Errorf("ana is told what she did herself: %q", told)
				}
				w.Verify()
			})
		})
	}
}

func TestNobodyIsToldWhatTheyTookThemselves(t *testing.T) {
	each(t, func(w *world) {
		w.Do("ana", "/incident declare Checkout returns 502 sev3")
		for _, command := range []string{
			"/incident lead me", "/incident role scribe me", "/incident task Check the database @ana",
			"/incident task Check the cache", "/incident done 1",
		} {
			w.In(room).Do("ana", command)
		}
		if told := w.Told("ana"); len(told) > 0 {
			t.Errorf("told: %q", told)
		}
		for _, line := range w.heard() {
			if strings.Contains(line, "ask 1") || strings.Contains(line, "ask 2") {
				t.Errorf("the room heard of a task that nobody gave to somebody else: %q", line)
			}
		}
	})
}

func TestWhoLostTheLeadIsTold(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev1")
		w.In(room).Do("dan", "/incident lead me")
		w.Clock.Move(2 * time.Hour)
		w.In(room).Do("ben", "/incident lead me anyway=yes")
		if told := strings.Join(w.Told("dan"), "\n"); !strings.Contains(
			told, "@Ben Okafor took over the lead of INC-1 Checkout returns 502 from you",
		) {
			t.Errorf("dan was told %q", told)
		}
	})
}

func TestWhoWritesThePostMortemIsTold(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev2")
		w.In(room).Do("ana", "/incident lead me")
		w.In(room).Do("ana", "/incident resolve Rolled back")
		if told := strings.Join(w.Told("ana"), "\n"); !strings.Contains(
			told, "You write the post-mortem of INC-1 Checkout returns 502. It is due 2 Dec",
		) {
			t.Errorf("ana was told %q", told)
		}
	})
}

// Each place once: two platforms attached, an account on both, one message on each.
func TestPeopleAreToldOnceInEachPlace(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		people := bottest.People("test")
		for n, p := range people {
			people[n].Accounts = append(p.Accounts, bot.Account{Platform: "other", User: string(p.ID)})
		}
		if err := w.Store.SyncPeople(context.Background(), people, bottest.Start); err != nil {
			t.Fatal(err)
		}
		other := bottest.NewRecorder()
		other.Platform = "other"
		w.Bot.Attach(other)
		w.Do("dan", "/incident declare Checkout returns 502 sev1")
		w.In(room).Do("ana", "/incident lead me")
		w.In(room).Do("ana", "/incident role deputy @ben")
		w.In(room).Do("ana", "/incident task Check the database @ben due 30m")
		w.Wait(95 * time.Minute) // three updates are missed: the deputy is asked
		for _, chat := range []*bottest.Recorder{w.Chat, other} {
			if told := chat.In("@ben"); len(told) != 3 {
				t.Errorf("on %s ben has %d messages, want 3: the role, the task, the reminder", chat.Platform, len(told))
			}
		}
	})
}

func TestACardListsWhatIsToBeDoneNext(t *testing.T) {
	each(t, func(w *world) {
		w.Do("ana", "/incident declare Checkout returns 502 sev3")
		for _, command := range []string{
			"task Restart it", "task Ask the vendor @ben due 2h", "task Check the database @dan due 30m",
			"followup Alert on the pool @ben", "task Tell support", "done 5",
		} {
			w.In(room).Do("ana", "/incident "+command)
		}
		want := "☐ 3. Check the database · @Dan Weber · due 25 Nov 14:32 UTC\n☐ 2. Ask the vendor · @Ben Okafor · due 25 " +
			"Nov 16:02 UTC\n☐ 1. Restart it"
		if card := w.Chat.In(room)[0].Message.Plain(time.UTC); !strings.Contains(card, want) {
			t.Errorf("the card says\n%s\nwant\n%s", card, want)
		}
	})
}

// One message, however often it is repeated: it is edited, each repetition is a mention below it, and it says who leads
// once somebody does.
func TestTheReminderThatNobodyLeadsIsOneMessage(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev2")
		for range 24 {
			w.Wait(time.Minute)
		}
		nag := func() (top, below []bottest.Recorded) {
			for _, m := range w.Chat.In(room)[1:] {
				text := m.Message.Plain(time.UTC)
				switch {
				case m.Ref.Thread != "" && strings.Contains(text, "Nobody leads INC-1 yet"):
					below = append(below, m)
				case m.Ref.Thread == "" && strings.Contains(m.Key, "nudge"):
					top = append(top, m)
				}
			}
			return top, below
		}
		top, below := nag()
		if len(top) != 1 || len(below) != 3 {
			t.Fatalf("%d messages and %d mentions below after four rounds, want 1 and 3", len(top), len(below))
		}
		if text := top[0].Message.Plain(time.UTC); !strings.Contains(text, "Asked 4 times since 25 Nov 14:07 UTC.") ||
			!strings.Contains(text, "@Dan Weber") {
			t.Errorf("it says %q", text)
		}
		for _, m := range below {
			if m.Ref.Thread != top[0].Ref.ID || !strings.Contains(m.Message.Plain(time.UTC), "@Dan Weber") ||
				len(m.Message.Actions) > 0 {
				t.Errorf("a repetition that is no mention below it: %+v", m)
			}
		}
		w.In(room).Do("ana", "/incident lead me")
		if top, _ = nag(); len(top) != 1 || top[0].Message.Plain(time.UTC) != "@Ana Ruiz leads INC-1." ||
			len(top[0].Message.Actions) > 0 {
			t.Errorf("once somebody leads: %+v", top)
		}
		w.In(room).Do("ana", "/incident unassign lead")
		for range 6 {
			w.Wait(time.Minute)
		}
		if top, _ = nag(); len(top) != 1 || !strings.Contains(top[0].Message.Plain(time.UTC), "Nobody leads INC-1 yet") {
			t.Errorf("once nobody leads again: %+v", top)
		}
		w.In(room).Do("ana", "/incident cancel False alarm")
		if top, _ = nag(); len(top) != 1 || top[0].Message.Plain(time.UTC) != "INC-1 is cancelled." {
			t.Errorf("once it is cancelled: %+v", top)
		}
		w.Verify()
	})
}

// A reminder of an update is one message until there is one: it is edited, each repetition is a mention below it, and
// it loses its buttons with the update. The next one is a message of its own, where people read by then.
func TestTheReminderOfAnUpdateHasItsDay(t *testing.T) {
	each(t, func(w *world) {
		w.Do("ana", "/incident declare Checkout returns 502 sev2")
		w.In(room).Do("ana", "/incident lead me")
		step := func(n int) {
			for range n {
				w.Wait(time.Minute)
			}
		}
		nags := func() (top, below []bottest.Recorded) {
			for _, m := range w.Chat.In(room) {
				switch {
				case !strings.Contains(m.Key, "nudge/INC-1/test/update"):
				case m.Ref.Thread == "":
					top = append(top, m)
				default:
					below = append(below, m)
				}
			}
			return top, below
		}
		step(125)
		top, below := nags()
		if len(top) != 1 || len(below) != 1 || below[0].Ref.Thread != top[0].Ref.ID || len(top[0].Message.Actions) < 4 {
			t.Fatalf("after two rounds: %d messages, %d below: %+v", len(top), len(below), top)
		}
		w.In(room).Do("ana", "/incident update Still looking")
		if top, _ = nags(); top[0].Message.Plain(time.UTC) != "No update on INC-1 is overdue." ||
			len(top[0].Message.Actions) > 0 {
			t.Errorf("after the update: %+v", top[0].Message)
		}
		step(61)
		if top, _ = nags(); len(top) != 2 ||
			!strings.Contains(top[1].Message.Plain(time.UTC), "an update on INC-1 was due") ||
			strings.Contains(top[0].Message.Plain(time.UTC), "was due") {
			t.Errorf("the next time: %+v", top)
		}
		w.In(room).Do("ana", "/incident resolve Rolled back")
		if top, _ = nags(); len(top) != 2 || top[1].Message.Plain(time.UTC) != "INC-1 is in review." {
			t.Errorf("once it is resolved: %+v", top)
		}
		w.Verify()
	})
}

// What is said of missing updates outside the room has its answer there too: to the deputy directly, and below the
// announcement.
func TestWhatIsSaidOfMissingUpdatesElsewhereHasItsDay(t *testing.T) {
	each(t, func(w *world) {
		w.Do("ana", "/incident declare Checkout returns 502 sev2")
		w.In(room).Do("ana", "/incident lead me")
		w.In(room).Do("ana", "/incident role deputy @ben")
		for range 4*60 + 1 {
			w.Wait(time.Minute)
		}
		elsewhere := func() (list []bottest.Recorded) {
			for _, m := range w.Chat.Messages() {
				if strings.HasPrefix(m.Key, "incident.nudge-deputy/") || strings.HasSuffix(m.Key, "/all") {
					list = append(list, m)
				}
			}
			return list
		}
		said := elsewhere()
		if len(said) != 2 || len(said[0].Message.Actions) == 0 || len(said[1].Message.Actions) == 0 {
			t.Fatalf("said elsewhere: %+v", said)
		}
		w.In(room).Do("ana", "/incident update Still looking")
		for _, m := range elsewhere() {
			if m.Message.Plain(time.UTC) != "No update on INC-1 is overdue." || len(m.Message.Actions) > 0 {
				t.Errorf("after the update: %s: %+v", m.Key, m.Message)
			}
		}
		for range 4*60 + 1 { // and once more, while the channel of announcements is archived
			w.Wait(time.Minute)
		}
		rooms := len(w.Chat.Rooms())
		w.archive("incidents")
		w.In(room).Do("ana", "/incident update It is the load balancer")
		for range 5 {
			w.Wait(time.Minute)
		}
		if now := w.Chat.Rooms(); len(now) != rooms {
			t.Errorf("the incident's own room is there, and others were opened: %q", now)
		}
		w.Verify()
	})
}

// Who lets nobody write to them is mentioned where people work on it, once, with what they are to do.
func TestSomebodyWhoLetsNobodyWriteToThem(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev3")
		w.archive("@ben") // a conversation that takes nothing
		w.In(room).Do("ana", "/incident task Check the database @ben due 30m")
		w.In(room).Do("ana", "/incident task Call the vendor @dan due 30m")
		heard := strings.Join(w.heard(), "\n---\n")
		const called = "@Ben Okafor, this is for you. It could not be sent to you directly."
		if strings.Count(heard, called) != 1 || strings.Count(heard, "this is for you") != 1 ||
			!strings.Contains(heard, called+"\n@Ana Ruiz gave you task 1 of INC-1") {
			t.Errorf("the room heard %s", heard)
		}
		if told := w.Told("dan"); len(told) == 0 || !strings.Contains(told[len(told)-1], "Call the vendor") {
			t.Errorf("dan was told %q", told)
		}
		w.Verify()
	})
}
