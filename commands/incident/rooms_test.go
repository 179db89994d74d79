package incident_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
)

func (w *world) saidIn(channel string) string {
	var all []string
	for _, m := range w.Chat.In(channel) {
		all = append(all, "["+m.Ref.Thread+"] "+m.Message.Plain(time.UTC))
	}
	return strings.Join(all, "\n")
}

func (w *world) archive(channel string) {
	_ = w.Chat.Archive(context.Background(), bot.Conversation{Channel: channel})
}

func TestWorkGoesOnInANewChannel(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev2 service=payments")
		for _, next := range []string{room + "-r2", room + "-r3"} {
			for _, c := range w.Chat.Rooms() {
				w.archive(c)
			}
			w.Do("ana", "/incident update INC-1 What is known before "+next)
			w.Wait(2 * time.Second)
			if !slices.Contains(w.Chat.Rooms(), next) {
				t.Fatalf("channels: %q\n%s", w.Chat.Rooms(), w.saidIn("incidents"))
			}
			if told := "What is known before " + next; strings.Count(w.saidIn(next), told) != 2 {
				t.Errorf("told %d times in %s: %s", strings.Count(w.saidIn(next), told), next, w.saidIn(next))
			}
			in := w.Chat.In(next)
			if len(in) == 0 || !in[0].Pinned || !strings.Contains(w.saidIn(next), "Work goes on in a new one") ||
				!slices.Contains(w.Chat.Members(next), "ben") {
				t.Errorf("in %s (%q): %s", next, w.Chat.Members(next), w.saidIn(next))
			}
			w.In(next).Do("ana", "/incident update And what is known in it")
		}
		if all := w.saidIn("incidents"); strings.Count(all, "Work goes on in a new one") != 2 {
			t.Errorf("those who follow the announcement: %s", all)
		}
		if n := strings.Count(w.saidIn(room+"-r3"), "And what is known in it"); n != 2 { // as a message, and on the card
			t.Errorf("told %d times: %s", n, w.saidIn(room+"-r3"))
		}
		w.Verify()
	})
}

func TestWithoutARightToOpenChannelsWorkGoesOnInAThread(t *testing.T) {
	each(t, func(w *world) {
		w.Chat.Fail = func(op string) error {
			if op == "open" {
				return errors.Join(bot.ErrRefused, errors.New("restricted_action"))
			}
			return nil
		}
		w.Do("dan", "/incident declare Checkout returns 502 sev2")
		said := w.Chat.In("incidents")
		if len(said) != 3 || said[1].Ref.Thread != said[0].Ref.ID || said[2].Ref.Thread != said[0].Ref.ID || !said[2].Pinned {
			t.Fatalf("%s", w.saidIn("incidents"))
		}
		if topic := w.Chat.Topic("incidents"); topic != "" {
			t.Errorf("the topic of the channel around the thread became %q", topic)
		}
		thread := bot.Conversation{Platform: "test", Channel: "incidents", Thread: said[0].Ref.ID}
		w.Done(w.Send("ana", bot.Request{Text: "/incident update Known in the thread", Place: thread}))
		// a message, on the card, and in the announcement
		if n := strings.Count(w.saidIn("incidents"), "Known in the thread"); n != 3 {
			t.Errorf("told %d times: %s", n, w.saidIn("incidents"))
		}
		if r := w.In("incidents").Type("ana", "/incident update Which one?"); r.Status == bot.Done {
			t.Errorf("the channel around the thread counts as the incident's: %s", bottest.Text(r))
		}
		w.Verify()
	})
}

func TestAfterAnOutageOneMessageTellsAll(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev2")
		w.Chat.Fail = func(string) error {
			return &bot.RetryAfterError{After: time.Minute, Err: errors.New("the platform is down")}
		}
		w.Do("ana", "/incident lead me INC-1")
		w.Clock.Move(5 * time.Minute)
		w.Do("ana", "/incident update INC-1 Vendor confirmed")
		w.Clock.Move(5 * time.Minute)
		w.Do("ana", "/incident sev INC-1 1")
		w.Wait(5 * time.Minute)
		w.Chat.Fail = nil
		w.Wait(2 * time.Minute)
		said := w.saidIn(room)
		if strings.Count(said, "while test was out") != 1 || strings.Count(said, "Vendor confirmed") != 2 {
			t.Errorf("in the channel:\n%s", said)
		}
		lead, update, raised := strings.Index(said, "Ruiz leads"), strings.LastIndex(
			said, "Vendor confirmed",
		), strings.LastIndex(
			said, "SEV2 → SEV1",
		)
		if lead < 0 || update < lead || raised < update {
			t.Errorf("not in order (%d, %d, %d):\n%s", lead, update, raised, said)
		}
		if all := w.saidIn("incidents"); strings.Count(all, "while test was out") != 1 ||
			strings.Contains(all, "Ruiz leads") {
			t.Errorf("below the announcement:\n%s", all)
		}
		w.Do("ana", "/incident update INC-1 And now in time")
		if said := w.saidIn(room); strings.Count(said, "while test was out") != 1 ||
			!strings.Contains(said, "And now in time") {
			t.Errorf("afterwards:\n%s", said)
		}
		w.Verify()
	})
}

func TestTheChannelOfAnEndedIncidentIsArchived(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev3")
		w.In(room).Do("dan", "/incident lead me")
		w.In(room).Do("dan", "/incident resolve Rolled back release 42")
		w.In(room).Do("dan", "/incident close")
		w.Wait(6 * 24 * time.Hour)
		if w.Chat.Archived(room) {
			t.Error("archived after six days")
		}
		w.Wait(25 * time.Hour)
		if !w.Chat.Archived(room) {
			t.Error("not archived after a week")
		}
		w.Do("dan", "/incident note INC-1 A late word")
		w.Do("dan", "/incident reopen INC-1 The errors are back")
		w.RunDue()
		if !slices.Contains(w.Chat.Rooms(), room+"-r2") || !strings.Contains(w.saidIn(room+"-r2"), "open again") {
			t.Errorf("channels %q: %s", w.Chat.Rooms(), w.saidIn(room+"-r2"))
		}
		w.Verify()
	})
}

func TestHome(t *testing.T) {
	each(t, func(w *world) {
		home := func(who string) string {
			t.Helper()
			messages, err := w.Bot.Home(context.Background(), bot.Account{Platform: "test", User: who})
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
		if got := home("dan"); !strings.Contains(got, "No incident is open") ||
			!strings.Contains(got, "nothing waits for you") || !strings.Contains(got, "[Declare incident]") {
			t.Errorf("nothing open: %s", got)
		}
		if got := home("eve"); strings.Contains(got, "incident") {
			t.Errorf("somebody deactivated sees %s", got)
		}
		w.Do("dan", "/incident declare Checkout returns 502 sev2")
		w.Do("dan", "/incident lead me INC-1")
		w.Do("dan", "/incident task INC-1 Check the database @dan due 30m")
		w.Do("dan", "/incident handover INC-1 @ben")
		for who, want := range map[string][]string{
			"dan": {"You lead it. The next update is due", "1. Check the database", "[Give update]", "[Mark as done]"},
			"ben": {"You are asked to take the lead", "[I take the lead]"},
			"mia": {"One incident is open", "nothing waits for you"},
		} {
			w.Run(who, func(t *testing.T) {
				for _, part := range want {
					if got := home(who); !strings.Contains(got, part) {
						t.Errorf("%s does not see %q: %s", who, part, got)
					}
				}
			})
		}
	})
}

// An incident is worked on also where nobody can announce it.
func TestWithoutAChannelForAnnouncements(t *testing.T) {
	each(t, func(w *world) {
		w.archive("incidents")
		w.Do("dan", "/incident declare Checkout returns 502 sev2 service=payments")
		w.In(room).Do("ana", "/incident update Nobody reads #incidents")
		if !slices.Contains(w.Chat.Members(room), "ben") || !strings.Contains(w.saidIn(room), "Nobody reads #incidents") {
			t.Errorf("%q: %s", w.Chat.Members(room), w.saidIn(room))
		}
		w.Verify()
	})
}
