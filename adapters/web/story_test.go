package web_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/bot"
)

// typeInto writes in an element as a person does, key by key.
func (b *browser) typeInto(selector, text string) {
	b.t.Helper()
	b.do(chromedp.Focus(chromedp.CSS(selector)))
	b.keys(text)
}

// TestStory is a newcomer's first minutes: an incident is declared, worked on and talked about, with keys and mouse.
func TestStory(t *testing.T) {
	w := newWorld(t)
	b := newBrowser(t, w.srv.URL)

	// The empty channel says what to do first, and one click and one key do it.
	b.open("/")
	b.sees("#empty", "This is the start of #incidents")
	b.click(".try")
	b.wait(
		`document.activeElement.id === "box" && document.activeElement.value === "/incident declare Checkout returns 502 sev2"`,
	)
	b.keys(kb.Enter)
	b.sees(".post.only", "Declared INC-42")
	b.gone("#empty")
	b.wait(`document.querySelector("#box").value === ""`)
	b.sees("#channels", "inc-42-checkout-returns-502")
	b.shoot("declared")
	b.do(
		chromedp.Evaluate[chromedp.Void](
			`[...document.querySelectorAll("#channels a")].find(a => a.innerText.includes("inc-42")).click()`,
		),
	)
	b.sees(".card", "INC-42 · SEV2")
	b.sees(".pinned", "INC-42 · SEV2")
	b.accessible()

	// Completion: the first is taken with Tab, others with the arrows; Escape closes.
	b.typeInto("#box", "/inc")
	b.sees(".complete", "declare and run incidents")
	b.keys(kb.Tab)
	b.wait(`document.querySelector("#box").value === "/incident "`)
	b.sees(".complete", "/incident update")
	b.keys(kb.ArrowDown)
	b.wait(
		`document.querySelector("#box-list [aria-selected=true]").innerText.includes("update") && document.querySelector("#box").getAttribute("aria-activedescendant") === "box-list-1"`,
	)
	b.keys(kb.Escape)
	b.gone(".complete")
	b.keys("up")
	b.wait(
		`document.querySelector("#box-list [aria-selected=true]")?.innerText.includes("update") && document.querySelectorAll("#box-list [role=option]").length === 1`,
	)
	b.keys(kb.Enter)
	b.wait(`document.querySelector("#box").value === "/incident update "`)
	b.keys(kb.Enter)

	// The form: focus inside, the error beside its input, what was typed kept; then it closes.
	b.sees("#form", "Give an update")
	b.wait(`document.activeElement.id === "f-text"`)
	b.accessible()
	b.keys("short")
	b.press("#form", "Send update")
	b.sees("#f-text-error", "at least 10 characters")
	b.wait(
		`document.activeElement.id === "f-text" && document.activeElement.getAttribute("aria-invalid") === "true" && document.activeElement.value === "short"`,
	)
	b.shoot("form-error")
	b.keys(" of memory since the release")
	b.press("#form", "Send update")
	b.gone("#form")
	b.sees(".card", "Update #4 on INC-42")
	b.sees(".post.only", "of INC-42 is out")
	values := w.bot.requests()[len(w.bot.requests())-1].Values
	if want := (map[string]string{
		"text": "short of memory since the release", "status": "investigating", "owner": "", "service": "payments",
		"next": "",
	}); fmt.Sprint(values) != fmt.Sprint(want) {
		t.Errorf("submitted %q, want %q", values, want)
	}

	// Three buttons and More, which opens and closes by keys. What it does edits the card in place, the focus stays, and a
	// toast says so.
	b.wait(
		`[...document.querySelectorAll(".card .actions > button")].map(b => b.innerText.trim()).join() === "Give update,Change severity,Task,More"`,
	)
	more := `document.querySelector(".card .actions > [popovertarget]")`
	b.do(chromedp.Evaluate[chromedp.Void](more + `.focus()`))
	b.keys(kb.Enter)
	b.wait(`document.activeElement.innerText === "Take lead" && ` + more +
		`.popoverTargetElement.matches(":popover-open")`)
	b.accessible()
	b.shoot("more")
	b.keys(kb.ArrowDown)
	b.wait(`document.activeElement.innerText === "Note"`)
	b.keys(kb.Escape)
	b.wait(`document.activeElement === ` + more + ` && !document.querySelector(":popover-open")`)
	b.keys(kb.Enter)
	b.wait(`document.activeElement.innerText === "Take lead"`)
	b.keys(kb.Enter)
	b.sees(".card .fields", "@Ana Ruiz")
	b.sees("#toasts [role=status]", "Done: t-lead")
	b.wait(`document.activeElement === ` + more)
	if said := b.value(
		`String([...document.querySelectorAll(".post.only")].filter(p => p.innerText.includes("t-lead")).length)`,
	); said != "0" {
		t.Errorf("a toast and %s posts say the same", said)
	}

	// A menu by keys.
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("[data-token=t-sev]").focus()`))
	b.keys(kb.Enter)
	b.wait(`document.activeElement.innerText.startsWith("SEV1")`)
	b.keys(kb.ArrowDown)
	b.wait(`document.activeElement.innerText.startsWith("SEV3")`)
	b.keys(kb.Enter)
	b.sees(".card h2", "INC-42 · SEV3")
	b.sees(".pinned", "INC-42 · SEV3")

	// A menu of people, found by name; a question that is answered with no, then with yes. The answer to the last letter
	// comes late, when the focus is already on the one person that the letters before it found.
	b.do(chromedp.Evaluate[chromedp.Void](`window.ask = window.fetch; window.fetch = (url, ...more) => {
		const answer = window.ask(url, ...more);
		return String(url).includes("q=oka") ? new Promise(done => { window.late = () => done(answer); }) : answer;
	}`))
	b.press(".card", "Task")
	b.sees("#menu", "Ana Ruiz")
	b.keys("ok")
	b.wait(`[...document.querySelectorAll("#menu button")].map(b => b.innerText).join() === "Ben Okafor"`)
	b.keys("a" + kb.ArrowDown)
	b.do(
		chromedp.Evaluate[chromedp.Void](`window.found = document.activeElement; window.late(); window.fetch = window.ask`),
	)
	b.wait(`!document.contains(window.found) && document.activeElement.innerText === "Ben Okafor"`)
	b.keys(kb.Enter)
	b.sees(".post.only", "Done: t-task @ben.")
	w.post(w.bot.room, bot.Message{
		Sections: []bot.Section{bot.Para("Is it over?")},
		Actions: []bot.Action{
			{
				Label: "Impact over", Token: "t-over",
				Confirm: "Is the impact for customers over? The clock of the impact stops; work goes on.",
			},
		},
	}, "over")
	before := len(w.bot.requests())
	b.press(".card", "Impact over")
	b.sees("#sure", "Is the impact for customers over?")
	b.press("#sure", "Cancel")
	b.gone("#sure")
	b.press(".card", "Impact over")
	b.press("#sure", "Impact over")
	b.sees(".post.only", "Done: t-over")
	if n := len(w.bot.requests()) - before; n != 1 {
		t.Errorf("asked and answered no and yes: %d requests", n)
	}

	// A refusal is an answer like any other; it can be dismissed.
	b.press(".card", "More")
	b.press(".card", "Resolve")
	b.sees(".post.only", "You may not do this")
	b.do(
		chromedp.Evaluate[chromedp.Void](
			`[...document.querySelectorAll(".post.only")].at(-1).querySelector("[data-dismiss]").click()`,
		),
	)
	b.wait(`!document.querySelector("#posts").innerText.includes("You may not do this")`)

	// A thread: opened beside, answered, closed; the root counts.
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#posts .post:not(.only) [data-thread]").click()`))
	b.wait(`document.activeElement.id === "reply" && location.pathname.includes("/thread/")`)
	b.typeInto("#reply", "Is that since the release?"+kb.Enter)
	b.sees("#thread .post", "Is that since the release?")
	b.sees("#posts .replies", "1 reply")
	b.accessible()
	b.shoot("thread")
	b.typeInto("#reply", kb.Escape)
	b.gone("#thread")
	b.wait(`!location.pathname.includes("/thread/")`)

	// Declaring an incident about what somebody wrote.
	b.typeInto("#box", "The queue of mails grows too."+kb.Enter)
	b.sees("#posts .post", "The queue of mails grows too.")
	b.do(
		chromedp.Evaluate[chromedp.Void](
			`[...document.querySelectorAll("#posts .post")].at(-1).querySelector("[data-more]").click()`,
		),
	)
	b.press("#menu", "Declare incident")
	b.wait(`document.querySelector("#f-title")?.value === "The queue of mails grows too."`)
	b.keys(kb.Escape)
	b.gone("#form")
	b.sees("#posts .post", "The queue of mails grows too.")

	// Somebody else sees what is for everybody, and nothing of what was for Ana.
	b.click(".whoami")
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('#personas [value="ben"]').click()`))
	b.sees(".whoami", "Ben Okafor")
	b.sees("#posts", "The queue of mails grows too.")
	b.sees(".card .fields", "@Ana Ruiz")
	if n := b.value(`String(document.querySelectorAll(".post.only").length)`); n != "0" {
		t.Errorf("Ben sees %s answers to Ana", n)
	}
	if far := b.value(
		`performance.getEntriesByType("resource").map(r => r.name).filter(n => !n.startsWith(location.origin)).join()`,
	); far != "" {
		t.Errorf("the page asked elsewhere: %s", far)
	}
}

// What arrives while one reads older messages does not move them; the server may go away and come back.
func TestReadingAndLosingTheServer(t *testing.T) {
	w := newWorld(t)
	room := w.room("general")
	for i := range 120 {
		w.post(room, bot.Say(fmt.Sprintf("message %d of many", i)), fmt.Sprint(i))
	}
	b := newBrowser(t, w.srv.URL)
	b.expect = "ERR_"
	b.open("/c/general")
	b.sees(".post", "message 119 of many")
	b.wait(`document.querySelector("#scroll").scrollTop > 500`)
	b.wait(`!document.title.startsWith("(")`)
	b.wait(`document.querySelector('[data-post]').innerText.includes("message 70 ")`)

	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("[data-earlier]").click()`))
	b.wait(`document.querySelector('[data-post]').innerText.includes("message 20 ")`)
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#scroll").scrollTop = 300`))
	w.post(room, bot.Say("arrived while reading"), "while")
	b.sees("#pill", "New messages")
	if top := b.value(`String(document.querySelector("#scroll").scrollTop)`); top != "300" {
		t.Errorf("the page jumped to %s", top)
	}
	b.sees("#heard", "Watchbell: arrived while reading")
	b.click("#pill")
	b.gone("#pill")
	w.post(room, bot.Say("arrived at the end"), "end")
	b.wait(
		`(s => document.querySelector("#posts").lastElementChild.innerText.includes("arrived at the end") && s.scrollHeight - s.scrollTop - s.clientHeight < 5)(document.querySelector("#scroll"))`,
	)

	w.down.Store(true)
	w.srv.CloseClientConnections()
	b.typeInto("#box", "are you there?"+kb.Enter)
	b.sees(".told", "Not sent. Watchbell does not answer; your text is kept.")
	b.wait(`document.querySelector("#box").value === "are you there?" && !document.querySelector("#box").readOnly`)
	b.sees("#offline", "The connection to Watchbell is lost.")
	b.shoot("offline")
	w.down.Store(false)
	w.post(room, bot.Say("said while it was away"), "away")
	b.typeInto("#box", kb.Enter)
	b.sees(".post", "are you there?")
	b.sees(".post", "said while it was away")
	b.gone("#offline")
	if n := strings.Count(strings.Join(w.store.all(number(room.Channel)), "\n"), "are you there?"); n != 1 {
		t.Errorf("said %d times", n)
	}
}

// Nobody has to wait for an answer before writing on, and no key is lost.
func TestWritingGoesOnWhileSending(t *testing.T) {
	w := newWorld(t, func(o *web.Options) { o.Patience = time.Minute }) // a slow machine types for a while
	w.bot.hold = make(chan struct{})
	b := newBrowser(t, w.srv.URL)
	b.open("/c/general")
	b.typeInto("#box", "/slow"+kb.Enter+"second words"+kb.Enter+"third words"+kb.Enter+"not sent yet")
	b.wait(`document.querySelector(".send").classList.contains("busy")`)
	close(w.bot.hold)
	b.sees(".post", "third words")
	b.gone(".send.busy")
	b.wait(`document.querySelector("#box").value === "not sent yet"`)
	if got, want := w.store.all(w.id("general")), []string{"It took its time.", "second words", "third words"}; fmt.Sprint(
		got,
	) != fmt.Sprint(want) {
		t.Errorf("said %q, want %q", got, want)
	}
	b.expect = "ERR_"
	w.down.Store(true)
	b.keys(" but now" + kb.Enter + "and more" + kb.Enter + "and draft")
	b.sees(".told", "Not sent.")
	b.keys(" of mine") // typing on does not take the news away before it is read
	b.sees(".told", "Not sent.")
	b.wait(`document.querySelector("#box").value === "not sent yet but now\nand more\nand draft of mine"`)
	w.down.Store(false)
	b.open("/c/general")
	b.wait(`document.querySelector("#box").value === "not sent yet but now\nand more\nand draft of mine"`)
}

// The store fails when a form is sent: it stays open, with everything in it.
func TestAFormSurvivesAFailure(t *testing.T) {
	w := newWorld(t)
	w.bot.receive(context.Background(), bot.Request{
		Text: "/incident declare x", From: bot.Account{Platform: "web", User: "ana"},
	})
	b := newBrowser(t, w.srv.URL)
	b.expect = "ERR_"
	b.open("/c/inc-42-checkout-returns-502")
	b.press(".card", "Give update")
	b.sees("#form", "Give an update")
	b.typeInto("#f-text", "written with great care")
	w.down.Store(true)
	b.press("#form", "Send update")
	b.sees("#form .wrong", "Not sent. Watchbell does not answer; your text is kept.")
	w.down.Store(false)
	b.keys(kb.Escape)
	b.gone("#form")
	b.sees(".toast", "Nothing was sent.")
	b.press("#toasts", "Open it again")
	b.wait(`document.querySelector("#f-text").value === "written with great care"`)
	b.press("#form", "Send update")
	b.gone("#form")
	b.sees(".card", "Update #4")
}

func TestAnotherTabChoosesWhoActs(t *testing.T) {
	w := newWorld(t)
	w.room("incidents")
	b := newBrowser(t, w.srv.URL)
	b.open("/c/incidents")
	b.wait("window.other = open('/c/incidents')") // a second tab of the same browser
	b.wait("other.document.readyState === 'complete' && other.document.querySelector('#personas form button[value=ben]')")
	b.do(chromedp.Evaluate[chromedp.Void]("other.document.querySelector('#personas form button[value=ben]').click()"))
	b.sees("#toasts", "Another tab now acts as Ben")
	b.do(chromedp.Evaluate[chromedp.Void]("other.close()"))
	b.shoot("told")
	b.press("#toasts", "Reload it")
	b.sees(".whoami", "Ben")
}

// The page of the next person may take a while. Until it is there, the old one does nothing in their name, and so
// nothing is refused.
func TestAPageIsOverWhenSomebodyElseIsChosen(t *testing.T) {
	w := newWorld(t)
	room := w.room("incidents")
	b := newBrowser(t, w.srv.URL)
	b.open("/c/incidents")
	w.slow.Store(true)
	w.post(room, bot.Say("to be marked as read in a moment"), "read")
	b.sees("#posts .post", "to be marked as read in a moment")
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('#personas [value="ben"]').click()`))
	b.sees(".whoami", "Ben Okafor")
}

func TestOnAPhone(t *testing.T) {
	w := newWorld(t)
	w.furnish()
	b := newBrowser(t, w.srv.URL)
	b.phone()
	b.open("/c/inc-42-checkout-returns-502?at=" + w.bot.card.ID)
	b.sees(".card", "INC-42")
	if wide := b.value(`String(document.documentElement.scrollWidth)`); wide != "390" {
		t.Errorf("the page is %s wide", wide)
	}
	small := `[...document.querySelectorAll("button, .btn, select, textarea, input:not([type=checkbox]), .check, nav a")].filter(e => e.checkVisibility({visibilityProperty: true}) && !e.closest("[popover]") && e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML.slice(0, 90)).join("\n")`
	if got := b.value(small); got != "" {
		t.Errorf("too small to be touched:\n%s", got)
	}
	b.click("#open")
	b.wait(
		`document.body.classList.contains("drawer") && document.querySelector("#main").inert && document.querySelector("#side").contains(document.activeElement)`,
	)
	b.sees("#side", "Your channels")
	b.shoot("drawer")
	if got := b.value(small); got != "" {
		t.Errorf("too small to be touched in the drawer:\n%s", got)
	}
	b.keys(kb.Escape)
	b.wait(
		`!document.body.classList.contains("drawer") && !document.querySelector("#main").inert && document.activeElement.id === "open"`,
	)
	b.press(".card", "Give update")
	b.sees("#form", "Give an update")
	b.shoot("form")
	if got := b.value(small); got != "" {
		t.Errorf("too small to be touched in the form:\n%s", got)
	}
}

// accessible checks that everything one can act on has a name for those who do not see it, and that no id is given
// twice.
func (b *browser) accessible() {
	b.t.Helper()
	tree, err := chromedp.Call(b.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		b.t.Fatal(err)
	}
	n := 0
	for _, node := range tree.Nodes {
		if node.Ignored || node.Role == nil {
			continue
		}
		role := strings.Trim(string(node.Role.Value), `"`)
		switch role {
		case "button", "link", "textbox", "combobox", "searchbox", "checkbox", "listbox", "dialog", "navigation",
			"complementary", "menu", "menuitem":
			if n++; node.Name == nil || strings.Trim(string(node.Name.Value), `"`) == "" {
				b.t.Errorf("a %s has no name: %+v", role, node.NodeID)
			}
		}
	}
	if n < 10 {
		b.t.Errorf("only %d things can be acted on", n)
	}
	if twice := b.value(
		`[...document.querySelectorAll("[id]")].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i).join()`,
	); twice != "" {
		b.t.Errorf("ids given twice: %s", twice)
	}
}

// Hostile text in every place is text in a real browser too: nothing runs, nothing is loaded, the console stays silent.
func TestHostileTextInTheBrowser(t *testing.T) {
	w := newWorld(t)
	room := w.room("general")
	for n, text := range hostile {
		text = strings.ReplaceAll(text, "alert(1)", "window.hit=1")
		ref := w.post(room, everywhere(text), fmt.Sprint(n))
		if err := w.chat.Pin(context.Background(), ref); err != nil {
			t.Fatal(err)
		}
		w.say("ben", room, "", text, n)
	}
	b := newBrowser(t, w.srv.URL)
	b.open("/c/general")
	w.post(room, everywhere(`<img src=x onerror=window.hit=1>`), "live")
	b.wait(`document.querySelector("#posts").lastElementChild.innerText.includes("onerror=window.hit=1")`)
	b.typeInto("#box", `/<img src=x onerror=window.hit=1>`+kb.Enter)
	b.sees(".post.only", "onerror=window.hit=1")
	b.do(chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll("[data-menu]")].at(-1).click()`))
	b.sees("#menu", "onerror=window.hit=1")
	b.keys(kb.Escape)
	b.do(
		chromedp.Evaluate[chromedp.Void](
			`[...document.querySelectorAll("#posts .post:not(.only)")].at(-1).querySelector("[data-more]").click()`,
		),
	)
	b.press("#menu", "Declare incident")
	b.wait(`document.querySelector("#f-title")?.value.includes("onerror=window.hit=1")`)
	if got := b.value(
		`[String(window.hit), document.scripts.length, document.images.length, document.querySelectorAll("iframe, object, embed").length].join()`,
	); got != "undefined,2,1,0" {
		t.Errorf("hit, scripts, images, frames: %s", got)
	}
}

// A form finds choices by what is typed, keeps what was picked, and shows times and days in pickers: times in the
// reader's zone.
func TestAFormFindsChoicesAndPicksTimes(t *testing.T) {
	w := newWorld(t, func(o *web.Options) {
		o.Options = func(_ context.Context, from bot.Account, token, input, words string) ([]bot.Option, error) {
			if from.User != "ana" || token != "f-asking" {
				return nil, bot.ErrNoSuch
			}
			if input == "incident" {
				return []bot.Option{{Value: "INC-7", Label: "INC-7 The search is slow"}}, nil
			}
			return []bot.Option{{Value: "svc-" + words, Label: "Service " + words}}, nil
		}
	})
	w.bot.receive(context.Background(), bot.Request{
		Text: "/incident declare x", From: bot.Account{Platform: "web", User: "ana"},
	})
	b := newBrowser(t, w.srv.URL)
	b.open("/c/inc-42-checkout-returns-502")
	b.press(".card", "More")
	b.press(".card", "Note")
	b.sees("#form", "Request a change")
	b.wait(
		`document.querySelector("#f-start").type === "datetime-local" && document.querySelector("#f-start").value.length === 16`,
	)
	b.wait(
		`document.querySelector("#f-end").type === "text" && document.querySelector("#f-end").value === "half past ten"`,
	)
	b.wait(`(i => i.type === "date" && i.value === "2027-03-01")(document.querySelector("#f-review"))`)
	b.wait(`(i => i.type === "text" && i.value === "01/02/2027")(document.querySelector("#f-expires"))`)
	b.sees("#form .marked", "must be filled in")
	b.accessible()
	for _, scheme := range []string{"light", "dark"} {
		b.scheme(scheme)
		b.shoot("asking-" + scheme)
	}
	b.scheme("light")
	b.typeInto("#form [data-many]", "23")
	b.wait(`document.querySelector("#form [data-many]").list.options[0]?.value === "svc-23"`)
	// as a pick from the list does
	b.do(
		chromedp.Evaluate[chromedp.Void](
			`(i => { i.value = "svc-23"; i.dispatchEvent(new Event("input", { bubbles: true })); })(document.querySelector("#form [data-many]"))`,
		),
	)
	b.wait(
		`document.querySelector('#form [type=checkbox][value="svc-23"]').checked && document.querySelector("#form [data-many]").value === ""`,
	)
	b.typeInto("#f-incident", "search")
	b.wait(`document.querySelector("#f-incident").list.options[0]?.value === "INC-7"`)
	b.do(
		chromedp.Evaluate[chromedp.Void](
			`document.querySelector("#f-incident").value = "INC-7"; document.querySelector("#f-start").value = "2026-11-27T22:15"`,
		),
	)
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#f-review").value = "2027-03-02"`))
	b.press("#form", "Request")
	b.gone("#form")
	got := w.bot.requests()[len(w.bot.requests())-1].Values
	want := map[string]string{
		"title": "Resize the database", "implementer": "", "service": "payments,svc-23", "incident": "INC-7",
		"start": "2026-11-27T22:15", "end": "half past ten", "review": "2027-03-02", "expires": "01/02/2027",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("submitted %q, want %q", got, want)
	}
	if r := w.as("ben").get("/options?token=f-asking&input=service&q=x"); r.status != 404 {
		t.Errorf("somebody else looks into the form: %d %s", r.status, r.body)
	}
	b.phone()
	b.open("/c/inc-42-checkout-returns-502")
	for _, scheme := range []string{"light", "dark"} {
		b.scheme(scheme)
		b.press(".card", "More")
		b.sees(".menu", "Take lead")
		b.shoot("phone-more-" + scheme)
		b.keys(kb.Escape)
	}
	b.press(".card", "More")
	b.press(".card", "Note")
	b.sees("#form", "Request a change")
	b.shoot("phone-asking")
}
