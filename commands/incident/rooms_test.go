package incident_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
)

func (w *world) saidIn(channel string) string {
	var all []string
	for _, m := range w.chat.In(channel) {
		all = append(all, "["+m.Ref.Thread+"] "+m.Message.Plain(time.UTC))
	}
	return strings.Join(all, "\n")
}

func (w *world) archive(channel string) {
	_ = w.chat.Archive(context.Background(), bot.Conversation{Channel: channel})
}

func TestWorkGoesOnInANewChannel(t *testing.T) {
	each(t, func(w *world) {
		w.done(w.say("dan", "/incident declare Checkout returns 502 sev2 service=payments"))
		for _, next := range []string{room + "-r2", room + "-r3"} {
			for _, c := range w.chat.Rooms() {
				w.archive(c)
			}
			w.done(w.say("ana", "/incident update INC-1 What is known before "+next))
			w.clock.Move(2 * time.Second)
			w.settle()
			if !slices.Contains(w.chat.Rooms(), next) {
				t.Fatalf("channels: %q\n%s", w.chat.Rooms(), w.saidIn("incidents"))
			}
			if told := "What is known before " + next; strings.Count(w.saidIn(next), told) != 2 {
				t.Errorf("told %d times in %s: %s", strings.Count(w.saidIn(next), told), next, w.saidIn(next))
			}
			in := w.chat.In(next)
			if len(in) == 0 || !in[0].Pinned || !strings.Contains(w.saidIn(next), "Work goes on in a new one") || !slices.Contains(w.chat.Members(next), "ben") {
				t.Errorf("in %s (%q): %s", next, w.chat.Members(next), w.saidIn(next))
			}
			w.done(w.in(next, "ana", "/incident update And what is known in it"))
		}
		if all := w.saidIn("incidents"); strings.Count(all, "Work goes on in a new one") != 2 {
			t.Errorf("those who follow the announcement: %s", all)
		}
		if n := strings.Count(w.saidIn(room+"-r3"), "And what is known in it"); n != 2 { // as a message, and on the card
			t.Errorf("told %d times: %s", n, w.saidIn(room+"-r3"))
		}
		w.verify()
	})
}

func TestWithoutARightToOpenChannelsWorkGoesOnInAThread(t *testing.T) {
	each(t, func(w *world) {
		w.chat.Fail = func(op string) error {
			if op == "open" {
				return errors.Join(bot.ErrRefused, errors.New("restricted_action"))
			}
			return nil
		}
		w.done(w.say("dan", "/incident declare Checkout returns 502 sev2"))
		said := w.chat.In("incidents")
		if len(said) != 3 || said[1].Ref.Thread != said[0].Ref.ID || said[2].Ref.Thread != said[0].Ref.ID || !said[2].Pinned {
			t.Fatalf("%s", w.saidIn("incidents"))
		}
		if topic := w.chat.Topic("incidents"); topic != "" {
			t.Errorf("the topic of the channel around the thread became %q", topic)
		}
		thread := bot.Conversation{Platform: "test", Channel: "incidents", Thread: said[0].Ref.ID}
		w.done(w.send("ana", bot.Request{Text: "/incident update Known in the thread", Place: thread}))
		if n := strings.Count(w.saidIn("incidents"), "Known in the thread"); n != 3 { // a message, on the card, and in the announcement
			t.Errorf("told %d times: %s", n, w.saidIn("incidents"))
		}
		if r := w.in("incidents", "ana", "/incident update Which one?"); r.Status == bot.Done {
			t.Errorf("the channel around the thread counts as the incident's: %s", text(r))
		}
		w.verify()
	})
}

func TestAfterAnOutageOneMessageTellsAll(t *testing.T) {
	each(t, func(w *world) {
		w.done(w.say("dan", "/incident declare Checkout returns 502 sev2"))
		w.chat.Fail = func(string) error {
			return &bot.RetryAfterError{After: time.Minute, Err: errors.New("the platform is down")}
		}
		w.done(w.say("ana", "/incident lead me INC-1"))
		w.clock.Move(5 * time.Minute)
		w.done(w.say("ana", "/incident update INC-1 Vendor confirmed"))
		w.clock.Move(5 * time.Minute)
		w.done(w.say("ana", "/incident sev INC-1 1"))
		w.clock.Move(5 * time.Minute)
		w.settle()
		w.chat.Fail = nil
		w.clock.Move(2 * time.Minute)
		w.settle()
		said := w.saidIn(room)
		if strings.Count(said, "while test was out") != 1 || strings.Count(said, "Vendor confirmed") != 2 {
			t.Errorf("in the channel:\n%s", said)
		}
		lead, update, raised := strings.Index(said, "Ruiz leads"), strings.LastIndex(said, "Vendor confirmed"), strings.LastIndex(said, "SEV2 → SEV1")
		if lead < 0 || update < lead || raised < update {
			t.Errorf("not in order (%d, %d, %d):\n%s", lead, update, raised, said)
		}
		if all := w.saidIn("incidents"); strings.Count(all, "while test was out") != 1 || strings.Contains(all, "Ruiz leads") {
			t.Errorf("below the announcement:\n%s", all)
		}
		w.done(w.say("ana", "/incident update INC-1 And now in time"))
		if said := w.saidIn(room); strings.Count(said, "while test was out") != 1 || !strings.Contains(said, "And now in time") {
			t.Errorf("afterwards:\n%s", said)
		}
		w.verify()
	})
}

func TestTheChannelOfAnEndedIncidentIsArchived(t *testing.T) {
	each(t, func(w *world) {
		w.done(w.say("dan", "/incident declare Checkout returns 502 sev3"))
		w.done(w.in(room, "dan", "/incident lead me"))
		w.done(w.in(room, "dan", "/incident resolve Rolled back release 42"))
		w.done(w.in(room, "dan", "/incident close"))
		w.clock.Move(6 * 24 * time.Hour)
		w.settle()
		if w.chat.Archived(room) {
			t.Error("archived after six days")
		}
		w.clock.Move(25 * time.Hour)
		w.settle()
		if !w.chat.Archived(room) {
			t.Error("not archived after a week")
		}
		w.done(w.say("dan", "/incident note INC-1 A late word"))
		w.done(w.say("dan", "/incident reopen INC-1 The errors are back"))
		w.settle()
		if !slices.Contains(w.chat.Rooms(), room+"-r2") || !strings.Contains(w.saidIn(room+"-r2"), "open again") {
			t.Errorf("channels %q: %s", w.chat.Rooms(), w.saidIn(room+"-r2"))
		}
		w.verify()
	})
}

func TestHome(t *testing.T) {
	each(t, func(w *world) {
		home := func(who string) string {
			t.Helper()
			messages, err := w.bot.Home(context.Background(), bot.Account{Platform: "test", User: who})
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			for _, m := range messages {
				all = append(all, m.Plain(time.UTC))
				for _, a := range m.Actions {
					if a.Token == "" {
						t.Errorf("%s has no token", a.Label)
					}
					all = append(all, "["+a.Label+"]")
				}
			}
			return strings.Join(all, "\n")
		}
		if got := home("dan"); !strings.Contains(got, "No incident is open") || !strings.Contains(got, "nothing waits for you") || !strings.Contains(got, "[Declare incident]") {
			t.Errorf("nothing open: %s", got)
		}
		if got := home("eve"); strings.Contains(got, "incident") {
			t.Errorf("somebody deactivated sees %s", got)
		}
		w.done(w.say("dan", "/incident declare Checkout returns 502 sev2"))
		w.done(w.say("dan", "/incident lead me INC-1"))
		w.done(w.say("dan", "/incident task INC-1 Check the database @dan due 30m"))
		w.done(w.say("dan", "/incident handover INC-1 @ben"))
		for who, want := range map[string][]string{
			"dan": {"You lead it. The next update is due", "1. Check the database", "[Give update]", "[Mark as done]"},
			"ben": {"You are asked to take the lead", "[I take the lead]"},
			"mia": {"One incident is open", "nothing waits for you"},
		} {
			for _, part := range want {
				if got := home(who); !strings.Contains(got, part) {
					t.Errorf("%s does not see %q: %s", who, part, got)
				}
			}
		}
	})
}

// An incident is worked on also where nobody can announce it.
func TestWithoutAChannelForAnnouncements(t *testing.T) {
	each(t, func(w *world) {
		w.archive("incidents")
		w.done(w.say("dan", "/incident declare Checkout returns 502 sev2 service=payments"))
		w.done(w.in(room, "ana", "/incident update Nobody reads #incidents"))
		if !slices.Contains(w.chat.Members(room), "ben") || !strings.Contains(w.saidIn(room), "Nobody reads #incidents") {
			t.Errorf("%q: %s", w.chat.Members(room), w.saidIn(room))
		}
		w.verify()
	})
}
