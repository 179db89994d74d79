package web_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/watchbell/watchbell/bot"
)

// furnish fills the chat as in the middle of an incident.
func (w *world) furnish() {
	w.t.Helper()
	ctx := context.Background()
	general := w.room("general")
	for _, name := range []string{"inc-41-search-is-slow", "inc-40-backups-late", "payments", "web-shop"} {
		c, err := w.chat.OpenChannel(ctx, name, name)
		if err != nil {
			w.t.Fatal(err)
		}
		w.post(c, bot.Say("Opened."), name)
	}
	w.post(general, bot.Say("Good morning. Today's digest: 2 changes planned, 1 incident open."), "digest")
	w.bot.receive(ctx, bot.Request{
		Text: "/incident declare Checkout returns 502 sev2", From: bot.Account{Platform: "web", User: "ana"},
	})
	for i, line := range []string{
		"ana:502s started right after the 13:58 deploy of payments, see https://grafana.example/d/checkout",
		"ben:Looking at it. The pool is exhausted:",
		"ben:kubectl -n payments get pods\nNAME                    READY   STATUS\npayments-7d9f6-x2x9p    1/1     " +
			"Running\npayments-7d9f6-zt4qk    0/1     CrashLoopBackOff",
		"dan:I can roll back release 42 if you say so.",
	} {
		w.clock.Move(time.Minute)
		w.say(line[:3], w.bot.room, "", line[4:], i)
	}
	w.clock.Move(2 * time.Minute)
	root := w.post(w.bot.room, bot.Message{
		Tone: bot.Critical, Title: "Severity raised: SEV3 → SEV2",
		Sections: []bot.Section{bot.Para("Raised because card payments fail too.")},
	}, "raise")
	w.clock.Move(time.Minute)
	for i, line := range []string{
		"ben:Confirmed, all card payments since 14:01.", "ana:Thanks. Keep an eye on the error rate please.",
	} {
		w.say(line[:3], w.bot.room, root.ID, line[4:], 20+i)
	}
	thread := w.bot.room
	thread.Thread = root.ID
	w.clock.Move(2 * time.Minute)
	w.post(w.bot.room, bot.Message{
		Tone: bot.Info, Title: "Update on INC-42",
		Sections: []bot.Section{
			{
				Quote: true,
				Text: bot.T(
					"The database pool of payments is exhausted since release 42. Ben rolls it back; we expect the error rate to " +
						"fall within ten minutes.",
				),
			},
			{Text: bot.T("— ", bot.Span{Kind: bot.PersonSpan, Ref: "ana", Text: "Ana Ruiz"}, ", ", w.clock.Now())},
		},
	}, "update")
	w.post(w.room("incidents"), incidentCard("SEV2", "", w.clock.Now()), "broadcast")
}

// TestTheLook takes pictures of everything there is, for people to look at.
func TestTheLook(t *testing.T) {
	if os.Getenv("WATCHBELL_SCREENSHOTS") == "" {
		t.Skip("Set WATCHBELL_SCREENSHOTS to a folder to have pictures of the web chat taken.")
	}
	w := newWorld(t)
	w.furnish()
	b := newBrowser(t, w.srv.URL)
	b.open("/c/general")
	b.shoot("general")
	b.open("/c/web-shop")
	b.shoot("webshop")
	b.open("/c/inc-42-checkout-returns-502")
	b.sees("#box", "")
	b.shoot("light")
	b.scheme("dark")
	b.shoot("dark")
	b.scheme("light")
	b.typeInto("#box", "/incident ")
	b.sees(".complete", "declare")
	b.shoot("complete")
	b.keys("\x1b")
	b.do(
		chromedp.Evaluate[chromedp.Void](
			"document.querySelector('#box').value = '', document.querySelector('#box').dispatchEvent(new Event('input'))",
		),
	)
	b.press(".post", "Change severity")
	b.sees("#menu", "SEV1")
	b.shoot("menu")
	b.keys("\x1b")
	b.press(".post", "Give update")
	b.sees("#form", "Give an update")
	b.shoot("form")
	b.press("#form", "Send update")
	b.sees("#form .error", "at least")
	b.shoot("form-error")
	b.scheme("dark")
	b.shoot("form-dark")
	b.keys("\x1b")
	b.gone("#form")
	b.do(chromedp.Evaluate[chromedp.Void]("document.querySelector('#toasts').replaceChildren()"))
	b.click(".replies")
	b.sees("#thread", "Confirmed")
	b.shoot("thread-dark")
	b.scheme("light")
	b.shoot("thread")
	b.open("/c/incidents")
	b.typeInto("#box", "/incident help\r")
	b.sees(".post.only", "declare and run")
	b.typeInto("#box", "/incident declare Checkout returns 502 sev2\r")
	b.sees(".post.only", "own channel")
	b.typeInto("#box", "/incidnet\r")
	b.sees(".post.only", "Did you mean")
	b.shoot("answers")
	b.click("[popovertarget=members]")
	b.sees("#members", "Ana")
	b.shoot("members")
	b.keys("\x1b")
	b.click(".whoami")
	b.sees("#personas", "Ben Okafor")
	b.shoot("personas")
	b.keys("\x1b")
	b.phone()
	b.open("/c/inc-42-checkout-returns-502?at=" + w.bot.card.ID)
	b.shoot("phone")
	b.click("#open")
	b.shoot("phone-drawer")
	b.keys("\x1b")
	b.press(".post", "Give update")
	b.sees("#form", "Give an update")
	b.shoot("phone-form")
}

func TestTheLookOfNothing(t *testing.T) {
	if os.Getenv("WATCHBELL_SCREENSHOTS") == "" {
		t.Skip("Set WATCHBELL_SCREENSHOTS to a folder to have pictures of the web chat taken.")
	}
	w := newWorld(t)
	b := newBrowser(t, w.srv.URL)
	b.open("/")
	b.sees("#empty", "This is the start of #incidents")
	b.shoot("light")
	b.scheme("dark")
	b.shoot("dark")
	b.phone()
	b.shoot("phone")
}
