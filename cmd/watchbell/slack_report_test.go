package main

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/slack/slackfake"
)

// inBerlin is a moment in words of Berlin.
func inBerlin(t *testing.T, at string) time.Time {
	t.Helper()
	to, err := time.ParseInLocation("2006-01-02 15:04", at, berlin(t))
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// passOn moves the clock to a moment and does what comes due.
func (w *whole) passOn(t *testing.T, to time.Time) {
	t.Helper()
	w.clock.Move(to.Sub(w.clock.Now()))
	if err := w.bot.Tick(context.Background()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		w.settleOn(t)
	}
}

// pass moves the clock to a time of Berlin and does what comes due.
func (w *timed) pass(at string) { w.t.Helper(); w.passOn(w.t, inBerlin(w.t, at)) }

// press clicks a button of a message as it is by now.
func (w *timed) press(user string, m slackfake.Message, label string) {
	w.t.Helper()
	for _, now := range w.fake.Messages(m.Channel) {
		if now.TS == m.TS {
			action, choice := actionOf(now, label)
			if _, err := w.fake.Click(user, m.Channel, m.TS, w.key(), action, choice); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	w.settle()
}

// formOpens waits for a form.
func (w *timed) formOpens(user, title string) {
	w.t.Helper()
	w.until("the form "+title, func() bool {
		v := w.fake.View(user)
		words, _ := v["title"].(map[string]any)
		return v["callback_id"] == "watchbell_form" && words["text"] == title
	})
}

// A morning in Slack: the digest comes with its charts, is read, and what waits is decided from it; then the shift
// changes hands.
func TestSlackMorning(t *testing.T) { onTime(t, slackMorning) }

func slackMorning(t *testing.T, w *timed) {
	w.asks("/report", "U0MIA", "preview daily", "Daily ops digest")
	w.asks(
		"/report", "U0MIA", "subscribe daily at=09:00 days=mon-fri tz=Europe/Berlin",
		"Next: Thu 26 Nov 09:00, Fri 27 Nov 09:00, Mon 30 Nov 09:00.",
	)
	w.asks("/oncall", "U0ANA", `new primary people=@ana,@ben handover="mon 09:00"`, "primary")
	w.tells("U0DAN", w.general, "declare VPN logins fail sev2 service=web", "Declared INC-1")
	w.changeTells(
		"U0DAN",
		`new title="Core switch" service=web env=prod why="CVE" plan="Flash it" backout="Old image" start="tomorrow 22:00" end=1h`,
		"Requested CHG-1",
	)
	w.pass("2026-11-26 09:00")
	digest := w.sees(w.general, "", "Daily ops digest · Thu 26 Nov 2026")
	w.until("its chart is in the thread", func() bool {
		w.settle()
		n := 0
		for _, m := range w.fake.Messages(w.general) {
			if m.File != nil && m.Thread == digest.TS && bytes.HasPrefix(m.File.Data, []byte("\x89PNG")) && m.File.Alt != "" {
				n++
			}
		}
		return n > 0
	})
	w.press("U0MIA", digest, "✓ Read")
	w.until("it is shown who read it", func() bool {
		w.settle()
		return strings.Contains(blockText(w.sees(w.general, "", "Daily ops digest · Thu").Blocks), "Read by <@U0MIA>")
	})
	w.press("U0MIA", digest, "Why red?")
	w.sees(w.general, "U0MIA", "An open SEV1 or SEV2 is red.")
	w.press("U0MIA", digest, "CSV")
	w.until("the file comes alone", func() bool {
		w.settle()
		return slices.ContainsFunc(w.fake.Messages(w.fake.Direct("U0MIA")), func(m slackfake.Message) bool {
			return m.File != nil && strings.HasSuffix(m.File.Name, ".csv") &&
				bytes.Contains(m.File.Data, []byte("incidents.opened"))
		})
	})
	w.press("U0BEN", digest, "Decide CHG-1")
	card := w.sees(w.general, "U0BEN", "CHG-1 · Normal")
	w.press("U0BEN", card, "Approve")
	w.modal("U0BEN", "Approve the change", nil)
	w.sees(w.general, "U0BEN", "Your approval of CHG-1 r1 is recorded")
	w.settle()

	// Monday: the weekend's digest, and the hand-over.
	w.pass("2026-11-30 09:00")
	w.sees(w.general, "", "Daily ops digest · Mon 30 Nov 2026")
	handover := w.sees(w.fake.Direct("U0BEN"), "", "Hand-over primary")
	w.press("U0BEN", handover, "Accept hand-over")
	w.sees(w.fake.Direct("U0BEN"), "U0BEN", "You are on call for")
	w.asks("/oncall", "U0DAN", "page primary Checkout is down", "PAGE-1")
	page := w.sees(w.fake.Direct("U0BEN"), "", "Checkout is down")
	w.press("U0BEN", page, "I take it")
	w.sees(w.fake.Direct("U0BEN"), "U0BEN", "You have")
	w.asks("/report", "U0MIA", "run weekly this-week", "R-")
	w.asks("/report", "U0MIA", "schedules", "Next")
	w.asks("/report", "U0MIA", "subscribe dayly", "Did you mean")
	w.asks("/oncall", "U0MIA", "who", "primary")
	w.press("U0MIA", digest, "Settings")
	w.formOpens("U0MIA", "Settings of a report")
	for _, x := range []struct{ noun, text, title string }{
		{"report", "subscribe", "Subscribe a report"}, {"oncall", "new", "Make a rota"},
		{"oncall", "override primary", "Override a shift"},
	} {
		if _, err := w.fake.Command("U0ANA", w.general, w.key(), "/"+x.noun, x.text); err != nil {
			t.Fatal(err)
		}
		w.formOpens("U0ANA", x.title)
	}
	if err := w.fake.OpenHome("U0MIA", ""); err != nil {
		t.Fatal(err)
	}
	w.until("the Home tab", func() bool { return w.fake.Home("U0MIA") != nil })
	keepPayloads(t, w.fake)
}
