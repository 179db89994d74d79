package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

const arabic = "الدفع متوقف (eu-1) 502: رمز الخطأ E-77!"

func TestRightToLeftTextIsIsolatedOnPages(t *testing.T) {
	w := newWorld(t)
	m := bot.Message{
		Tone: bot.Warning, Title: "INC-1 · SEV2 · Investigating — " + value.Isolate(arabic),
		Sections: []bot.Section{
			{
				Text: bot.T("Lead ", bot.Span{Kind: bot.PersonSpan, Ref: "dana", Text: "دانا"}, ", ", bot.Bold("שלום"), " and <b>"),
			},
			{Quote: true, Text: bot.T("API של שירות")}, {Text: bot.T("Cut off: \u2068" + arabic)},
		},
	}
	w.post(w.room("general"), m, "rtl")
	w.post(w.room("general"), bot.Say("Checkout is down"), "ltr")
	html := w.render("/c/general")
	for _, want := range []string{
		"<span>INC-1 · SEV2 · Investigating — <bdi>" + arabic + "</bdi></span>", ">@<bdi>دانا</bdi></span>",
		"<strong><bdi>שלום</bdi></strong> and &lt;b&gt;",
		`<blockquote class="text" dir="auto"><bdi>API של שירות</bdi></blockquote>`, "Cut off: <bdi>" + arabic + "</bdi>",
		`<p class="text">Checkout is down</p>`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.ContainsAny(html, "\u2068\u2069") {
		t.Error("an isolate is left beside the elements")
	}
}

// The first word stands on the right, the exclamation mark at the left end, and what is ours in front of it on its
// left.
func TestRightToLeftTitlesAreLaidOutAsOneRun(t *testing.T) {
	w := newWorld(t)
	w.post(w.room("general"), bot.Message{
		Tone: bot.Warning, Title: "INC-1 · SEV2 · Investigating — " + value.Isolate(arabic),
	}, "rtl")
	b := newBrowser(t, w.srv.URL)
	b.open("/c/general")
	b.sees(".card h2", "INC-1")
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`(() => {
		const run = document.querySelector(".card h2 bdi").firstChild, ours = document.querySelector(".card h2 > span:last-child").firstChild;
		const left = (node, from, to) => { const r = document.createRange(); r.setStart(node, from); r.setEnd(node, to); return r.getBoundingClientRect().left };
		const n = run.length, first = left(run, 0, 5), mark = left(run, n - 1, n), last = left(run, n - 5, n - 1), own = left(ours, 0, 5);
		return own < mark && mark < last && last < first ? "right" : [own, mark, last, first].join(" ");
	})()`))
	if err != nil || got != "right" {
		t.Errorf("INC-1, !, E-77, first word from the left: %s %v", got, err)
	}
	b.shoot("rtl")
}
