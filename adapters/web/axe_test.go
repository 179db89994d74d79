package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/adapters/web/webtest"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report"
	"github.com/watchbell/watchbell/commands/report/chart"
	"github.com/watchbell/watchbell/commands/report/digest"
	"github.com/watchbell/watchbell/commands/report/figures"
)

// pagesOf are all addresses that serve a page, by their patterns. What else there is serves no page of its own.
var pagesOf = map[string][]string{
	"GET /{$}": {"/"},
	"GET /c/{name}": {
		"/c/inc-42-checkout-returns-502", "/c/general", "/c/web-shop", "/c/empty", "/c/nowhere",
	},
	"GET /c/{name}/thread/{post}": {"/c/inc-42-checkout-returns-502/thread/{root}"},
	"GET /calendar":               {"/calendar?view=day", "/calendar?view=week", "/calendar?view=month"},
	"GET /report/{id}":            {"/report/R-1", "/report/R-9"},
	"GET /me/bells":               {"/me/bells"},
}

var noPages = []string{
	"/c/{name}/earlier", "/to/", "/file/", "/report/{id}/{file}", "/channels", "/form/", "/events", "/unread", "/complete",
	"/people", "/options", "/assets/", "/card/",
}

func TestEveryPageIsLookedAt(t *testing.T) {
	w := newWorld(t)
	for _, pattern := range w.chat.Patterns() {
		path, isGet := strings.CutPrefix(pattern, "GET ")
		if !isGet || pagesOf[pattern] != nil {
			continue
		}
		if !slicesHasPrefix(noPages, path) {
			t.Errorf(
				"%s serves a page that nothing checks for accessibility: add it to pagesOf, or to noPages when it serves none",
				pattern,
			)
		}
	}
}

func slicesHasPrefix(prefixes []string, path string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(path, p) {
			return true
		}
	}
	return false
}

// oneReport is a report with everything that its page can show.
type oneReport struct{ run *report.Run }

func newReport(now time.Time) oneReport {
	day := value.Span{From: now.Add(-24 * time.Hour), To: now}
	content := &digest.Content{
		Kind: digest.Daily, Title: "Daily ops digest", Zone: "Europe/Berlin", Period: day, AsOf: now,
		Restated: []string{"Availability was 99.9 % before INC-4 was ended."},
		Verdict: digest.Verdict{
			Level: digest.Red, Text: "INC-42 is open.",
			Why: []digest.Reason{{Level: digest.Red, Text: "SEV2 open", Rule: "an open SEV1 or SEV2 is red"}},
		},
		Blocks: []digest.Block{
			{
				Title: "Open incidents", Head: bot.T("1 open"),
				Lines: []bot.Text{bot.T(bot.Bold("INC-42"), " Checkout returns 502")},
			},
			{Title: "Changes"},
		},
		Metrics: []figures.Metric{{Name: "mtta", Label: "Time to acknowledge", Value: 5, Text: "5 min"}},
		Tables: []digest.Table{
			{
				Title: "Availability", Header: []string{"Service", "Last 30 days", "Target", "Error budget", "Down"},
				Rows: [][]string{{"Checkout, the first of all services", "99.95 %", "99.9 %", "50 % left", "21 min"}},
			},
		},
		Charts: []chart.Chart{
			{
				Name: "incidents", Title: "Incidents", Kind: "stack", Labels: []string{"1", "2"},
				Series: []chart.Series{{Name: "SEV2", Color: "red", Values: []float64{1, 2}}}, Alt: "one, then two",
			},
		},
	}
	return oneReport{
		run: &report.Run{
			Number: 1, Report: digest.Daily, Period: day, Zone: "Europe/Berlin", Content: content, Summary: "A quiet day.",
		},
	}
}

func (r oneReport) Page(_ context.Context, id string, _ bot.Person) (web.ReportPage, error) {
	if id != "R-1" {
		return web.ReportPage{}, bot.ErrNoSuch
	}
	body, err := r.run.Body(nil)
	return web.ReportPage{ID: id, Title: r.run.Content.Title, Body: body, Read: []string{"@ana 25 Nov 09:00"}}, err
}

func (r oneReport) File(context.Context, string, string, bot.Person) (string, web.StoredFile, error) {
	return "", web.StoredFile{}, bot.ErrNoSuch
}

// planned is a calendar with something of each kind.
func planned(_ context.Context, from, to time.Time) ([]web.Event, error) {
	at := from.Add(to.Sub(from) / 2)
	return []web.Event{
		{
			ID: "CHG-1", Kind: "change", Title: "CHG-1 Resize the database", Detail: "payments · prod", Tone: bot.Info,
			Start: at, End: at.Add(time.Hour),
		},
		{
			ID: "CHG-2", Kind: "change", Title: "CHG-2 New ranking", Detail: "search · prod", Tone: bot.Critical, Start: at,
			End: at.Add(time.Hour),
		},
		{
			ID: "CHG-3", Kind: "change", Title: "CHG-3 Renew certificates", Detail: "web · prod", Tone: bot.Warning, Over: true,
			Start: at, End: at.Add(time.Hour),
		},
		{Kind: "freeze", Title: "Year end", Detail: "prod", Start: at, End: at.Add(30 * time.Hour)},
		{Kind: "window", Title: "Maintenance", Detail: "prod", Start: at, End: at.Add(time.Hour)},
	}, nil
}

// Every page, in both schemes and on a screen and a phone, has nothing that Deque's axe calls serious, and headings in
// order.
func TestPagesAreAccessible(t *testing.T) {
	source := webtest.Axe(t)
	var r oneReport
	w := newWorld(t, func(o *web.Options) {
		o.Calendar = planned
		r = newReport(o.Clock.Now())
		o.Reports = r
	})
	w.furnish()
	if _, err := w.chat.OpenChannel(t.Context(), "empty", "empty"); err != nil {
		t.Fatal(err)
	}
	document, err := r.run.Document(nil)
	if err != nil {
		t.Fatal(err)
	}
	file := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(document) }))
	defer file.Close()
	for _, scheme := range []string{"light", "dark"} {
		for _, phone := range []bool{false, true} {
			name := scheme + map[bool]string{false: " on a screen", true: " on a phone"}[phone]
			t.Run(name, func(t *testing.T) {
				b := newBrowser(t, w.srv.URL)
				b.expect = "404" // of the pages that do not exist
				b.scheme(scheme)
				b.keepAxe(source)
				b.do(chromedp.EmulateViewport(1280, 900))
				if phone {
					b.phone()
				}
				for _, paths := range pagesOf {
					for _, path := range paths {
						b.open(strings.Replace(path, "{root}", w.root(), 1))
						b.axe(path)
					}
				}
				b.do(chromedp.Navigate(file.URL))
				b.axe("a report as a file")
				w.dialogs(b, phone)
			})
		}
	}
}

// root is the message that a thread hangs on.
func (w *world) root() string {
	w.t.Helper()
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	for _, p := range w.store.posts {
		if p.Thread != 0 {
			return fmt.Sprint(p.Thread)
		}
	}
	w.t.Fatal("there is no thread")
	return ""
}

// dialogs checks what opens on a page.
func (w *world) dialogs(b *browser, phone bool) {
	b.t.Helper()
	b.open("/c/inc-42-checkout-returns-502?at=" + w.bot.card.ID)
	b.press(".post", "Give update")
	b.sees("#form", "Give an update")
	b.axe("a form")
	b.press("#form", "Send update")
	b.sees("#form .error", "at least")
	b.axe("a form with an error")
	b.keys("\x1b")
	b.gone("#form")
	if phone {
		b.click("#open")
		b.axe("the list of channels on a phone")
		return
	}
	b.click("[popovertarget=members]")
	b.sees("#members", "Ana")
	b.axe("the members")
	b.keys("\x1b")
	b.click(".whoami")
	b.sees("#personas", "Ben Okafor")
	b.axe("the personas")
}

// finding is one rule that a page breaks.
type finding struct {
	ID, Impact, Help string
	Nodes            []string
}

// keepAxe has axe in every page that is opened from now on. It is half a megabyte: Chromium takes it once.
func (b *browser) keepAxe(source string) {
	b.t.Helper()
	if _, err := chromedp.Call(
		b.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: source},
	); err != nil {
		b.t.Fatal(err)
	}
}

// axe checks the page that is open.
func (b *browser) axe(what string) {
	b.t.Helper()
	text, err := chromedp.Run(
		b.ctx,
		chromedp.Evaluate[string](
			`axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations.map(v =>
		({ID: v.id, Impact: v.impact, Help: v.help, Nodes: v.nodes.slice(0, 4).map(n => n.target.join(" ") + " " + n.html.slice(0, 160))}))))`,
			chromedp.EvalAwaitPromise,
		),
	)
	if err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
	var found []finding
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		b.t.Fatal(err)
	}
	for _, f := range found {
		if f.Impact == "serious" || f.Impact == "critical" || f.ID == "heading-order" {
			b.t.Errorf("%s: %s (%s): %s\n\t%s", what, f.ID, f.Impact, f.Help, strings.Join(f.Nodes, "\n\t"))
		} else {
			b.t.Logf("%s: %s (%s): %s", what, f.ID, f.Impact, f.Help)
		}
	}
}
