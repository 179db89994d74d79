package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/watchbell/watchbell/adapters/web/webtest"
)

// consolePages are pages of every kind, with what the demo has made up.
var consolePages = []string{
	"/", "/incidents", "/incidents?which=all", "/incidents?which=all&severity=sev1", "/incidents/INC-1",
	"/incidents/INC-30", "/incidents/INC-1/post-mortem", "/changes?which=all", "/changes/CHG-55", "/changes/CHG-1",
	"/changes/CHG-1/evidence", "/oncall", "/reports", "/due", "/services", "/contracts", "/contracts/CTR-1",
	"/risks/RSK-1", "/do/incident.declare", "/do/change.new", "/me", "/go?q=inc", "/nowhere",
}

// Every kind of page, light and dark, on a screen and on a phone, has nothing that axe calls serious, and none is wider
// than its screen.
func TestTheConsoleIsAccessible(t *testing.T) {
	t.Parallel()
	source := webtest.Axe(t)
	address, _ := startDemo(t, filepath.Join(t.TempDir(), "data"), "--history")
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 390} {
			name := fmt.Sprintf("%s-%d", scheme, width)
			t.Run(name, func(t *testing.T) {
				b := openTab(t)
				if _, err := chromedp.Call(
					b.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: source},
				); err != nil {
					t.Fatal(err)
				}
				b.scheme(scheme)
				b.do(chromedp.EmulateViewport(width, 844))
				for _, path := range consolePages {
					b.do(chromedp.Navigate(address + path))
					b.shoot("console-" + name + strings.NewReplacer("/", "-", "?", "-").Replace(path))
					b.check(path)
				}
			})
		}
	}
}

func (b *tab) scheme(name string) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// check holds the page that is open against axe, and its width against the screen's.
func (b *tab) check(what string) {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](
		`axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations.filter(v =>
			v.impact === "serious" || v.impact === "critical" || v.id === "heading-order").map(v =>
			v.id + ": " + v.nodes.slice(0, 4).map(n => n.target.join(" ") + " " + n.html.slice(0, 160)).join("; "))))`,
		chromedp.EvalAwaitPromise,
	))
	if err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
	var found []string
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		b.t.Fatal(err)
	}
	for _, f := range found {
		b.t.Errorf("%s: %s", what, f)
	}
	wide, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("document.documentElement.scrollWidth > innerWidth"))
	if err != nil || wide {
		b.t.Errorf("%s scrolls sideways (%v)", what, err)
	}
}

// key presses one key.
func (b *tab) key(name string, code int64, text string) {
	b.t.Helper()
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown, input.DispatchKeyEventTypeKeyUp} {
		p := input.DispatchKeyEventParams{Type: kind, Key: name, Code: name, WindowsVirtualKeyCode: code}
		if kind == input.DispatchKeyEventTypeKeyDown {
			p.Text = text
		}
		if _, err := chromedp.Call(b.ctx, input.DispatchKeyEvent, p); err != nil {
			b.t.Fatal(err)
		}
	}
}

// reach presses Tab until what has the focus is called by a label.
func (b *tab) reach(label string) {
	b.t.Helper()
	called := `(() => {
		const e = document.activeElement;
		return (e.ariaLabel || e.labels?.[0]?.innerText || e.innerText || "").trim();
	})()`
	var names []string
	for range 120 {
		b.key("Tab", 9, "")
		name, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](called))
		if err != nil {
			b.t.Fatal(err)
		}
		if name == label {
			return
		}
		names = append(names, name)
	}
	b.t.Fatalf("Tab does not reach %q, but %q", label, names)
}

// enter presses Enter on what is called by a label.
func (b *tab) enter(label string) { b.t.Helper(); b.reach(label); b.key("Enter", 13, "\r") }

// types types into the input that has the focus.
func (b *tab) types(text string) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, input.InsertText, input.InsertTextParams{Text: text}); err != nil {
		b.t.Fatal(err)
	}
}

// Without a mouse people declare an incident, lead it, resolve it, and approve a change.
func TestTheConsoleByKeyboardAlone(t *testing.T) {
	t.Parallel()
	b := openTab(t)
	address, _ := startDemo(t, filepath.Join(t.TempDir(), "data"), "--history")
	b.do(chromedp.Navigate(address))
	b.sees("Good ")
	b.enter("Declare incident")
	b.sees("must be filled in")
	b.reach("Title *")
	b.types("The web shop is slow")
	b.enter("Declare")
	b.sees("Declared INC-31")
	b.enter("Take lead")
	b.sees("Lead Ana Ruiz")
	b.enter("Resolve")
	b.sees("Resolve the incident")
	b.reach("What resolved it *")
	b.types("Restarted the cache")
	b.enter("Resolve")
	b.sees("Restarted the cache")
	b.do(chromedp.Navigate(address))
	b.sees("Waits for me")
	b.enter("Decide")
	b.sees("Do you approve this plan?")
	b.enter("Approve")
	b.sees("Resize the search cluster")
	b.enter("Approve")
	b.sees("Ana Ruiz")
	b.sees("Agreed")
}

// What others do shows on an open page by itself, but never while somebody fills something in.
func TestTheConsoleIsLive(t *testing.T) {
	t.Parallel()
	b := openTab(t)
	address, _ := startDemo(t, filepath.Join(t.TempDir(), "data"))
	b.do(chromedp.Navigate(address))
	b.sees("No incident is open.")
	ben := readerAs(t, address, "ben")
	ben.press(ben.get("/do/incident.declare"), "Declare", map[string]string{"in.title": "Search is down", "in.severity": "sev1"})
	b.wait(`document.querySelector("main").innerText.includes("Search is down")`)
	b.do(chromedp.Navigate(address + "/do/incident.update?incident=INC-1"))
	b.reach("Update *")
	b.types("We look into it")
	ben.press(ben.get("/incidents/INC-1"), "Take lead", nil)
	b.wait(`document.querySelector("textarea").value === "We look into it"`)
}
