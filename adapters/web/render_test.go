package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
)

// shown is a message as one person's page has it.
func (w *world) shown(who string, m bot.Message, key string) string {
	w.t.Helper()
	ref := w.post(w.room("general"), m, key)
	page := w.as(who).get("/c/general").body
	from := strings.Index(page, `id="p-`+ref.ID+`"`)
	if from < 0 {
		w.t.Fatalf("no post %s in\n%s", ref.ID, page)
	}
	from = strings.LastIndex(page[:from], "<li")
	end := strings.Index(page[from:], "\n</li>")
	return page[from:from+end+len("\n</li>")] + "\n"
}

func TestMessages(t *testing.T) {
	at := bottest.Start
	person := func(id, name string) bot.Span { return bot.Span{Kind: bot.PersonSpan, Ref: id, Text: name, User: id} }
	for name, m := range map[string]bot.Message{
		"incident": incidentCard("SEV2", "ana", at),
		"help":     helpMessage(),
		"spans": {Sections: []bot.Section{
			bot.Para(
				"plain ", bot.Bold("bold"), " ", bot.Code("code"), " ", bot.Link("the docs", "https://example.org/?a=1&b=2"), " ",
				bot.Link("no link", "javascript:alert(1)"), "\nsecond line",
			),
			bot.Para(person("ana", "Ana Ruiz"), " and ", person("ben", "Ben Okafor"), " in ", bot.InChannel(bot.Conversation{
				Platform: "web", Channel: "7",
			}, "general"), " and ",
				bot.InChannel(bot.Conversation{Platform: "slack", Channel: "C1"}, "elsewhere"), " at ", at, ", ",
				at.Add(36*time.Hour)),
			{
				Text: bot.Text{
					{Kind: bot.LinkSpan, Text: "forged", Ref: "javascript:alert(1)"}, {Kind: bot.TimeSpan, Text: "no time"},
					{Kind: "unknown", Text: " unknown"}, {Kind: bot.ChannelSpan, Text: "nowhere"},
				},
			},
		}},
		"quote": {
			Tone: bot.Info, Title: "Update on INC-42",
			Sections: []bot.Section{{Quote: true, Text: bot.T("Rolled back.\nErrors fall.")}},
		},
		"tones": {Tone: bot.Good, Sections: []bot.Section{bot.Para("Done.")}},
		"table": {Sections: []bot.Section{bot.Para("NAME     READY\npod-1    1/1")}},
	} {
		t.Run(name, func(t *testing.T) { bottest.Golden(t, name, newWorld(t).shown("ana", m, name)) })
	}
}

// Times are those of the reader.
func TestTimesAreTheReadersOwn(t *testing.T) {
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	list := bottest.People(web.Platform)
	list[1].Zone, list[3].Zone = tokyo, nil
	w := newWorld(t, func(o *web.Options) {
		o.People = func(context.Context) ([]bot.Person, error) { return list, nil }
		o.Zone = time.FixedZone("INST", -5*3600)
	})
	m := bot.Say("It started ", bottest.Start.Add(-time.Hour), " and ends ", bottest.Start.Add(2*time.Hour))
	w.post(w.room("general"), m, "one")
	for who, want := range map[string][2]string{
		"ana": {">14:02<", ">17:02<"}, "ben": {">22:02<", ">26 Nov 01:02<"}, "dan": {">08:02<", ">11:02<"},
	} {
		t.Run(who, func(t *testing.T) {
			page := w.as(who).get("/c/general").body
			for _, part := range want {
				if !strings.Contains(page, part) {
					t.Errorf("%s does not see %s", who, part)
				}
			}
		})
	}
	page := w.as("ben").get("/c/general").body
	for _, part := range []string{
		`<time datetime="2026-11-25T16:02:00Z" title="Thursday, 26 November 2026, 01:02:00 JST">26 Nov 01:02</time>`,
		"Wednesday, 25 November",
	} {
		if !strings.Contains(page, part) {
			t.Errorf("no %s", part)
		}
	}
}

var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `<svg onload=alert(1)>`, `' onmouseover='alert(1)`,
	`</textarea><script>alert(1)</script>`,
	`javascript:alert(1)`, `{{.Name}}`, `<!--`, `]]>`, "`-alert(1)-`", `&lt;script&gt;`, `\u003cscript\u003e`,
	"<a\nhref=//evil.example>", `</template><script>alert(1)</script>`,
}

// Whatever people write in whatever place is text (B121).
func TestTextNeverBecomesMarkup(t *testing.T) {
	tags := regexp.MustCompile(`(?i)<(script|img|svg|a|iframe|style)\b[^>]*>`)
	for n, text := range hostile {
		t.Run(text, func(t *testing.T) {
			w := newWorld(t, func(o *web.Options) {
				o.Name = text
				o.Shortcuts = func() []web.Shortcut { return []web.Shortcut{{Command: text, Label: text}} }
				list := bottest.People(web.Platform)
				list[1].Name, list[1].Roles = text, []string{text}
				o.People = func(context.Context) ([]bot.Person, error) { return list, nil }
			})
			room := w.room("general")
			if err := w.chat.SetTopic(context.Background(), room, text); err != nil {
				t.Fatal(err)
			}
			ref := w.post(room, everywhere(text), "hostile")
			if err := w.chat.Pin(context.Background(), ref); err != nil {
				t.Fatal(err)
			}
			w.say("ben", room, "", text, 2)
			a := w.as("ben").
				send("/say", m{"id": "bbbbbbbb-1", "channel": number(room.Channel), "thread": 0, "text": "/" + text}).answer(t)
			form := w.as("ben").send("/shortcut", m{"id": "bbbbbbbb-2", "post": number(ref.ID), "command": text}).answer(t).Form
			for where, html := range map[string]string{
				"page": w.as("ben").get("/c/general").body, "answer": a.Post.HTML, "form": form,
				"search": w.as("ben").get("/channels?q=" + "%3Cscript%3E").body,
			} {
				if html == "" {
					t.Errorf("%d: no %s", n, where)
				}
				for _, tag := range tags.FindAllString(html, -1) {
					if bare := unquoted(tag); strings.Contains(bare, "alert") || strings.Contains(bare, "evil.example") {
						t.Errorf("%q became markup in the %s: %s", text, where, tag)
					}
					if strings.HasPrefix(strings.ToLower(tag), "<script") && !strings.Contains(tag, `src="/assets/app.js`) &&
						!strings.Contains(tag, `src="/assets/bell.js`) {
						t.Errorf("%q became a script in the %s: %s", text, where, tag)
					}
				}
				if strings.Contains(html, "<img src=x") || strings.Contains(html, "<svg onload") {
					t.Errorf("%q is in the %s as it is", text, where)
				}
			}
		})
	}
}

// unquoted is a tag without the values of its attributes.
func unquoted(tag string) string { return regexp.MustCompile(`"[^"]*"`).ReplaceAllString(tag, `""`) }

// everywhere is a message with a text in each place that has one.
func everywhere(text string) bot.Message {
	t := bot.T(text, bot.Bold(text), bot.Code(text), bot.Link(text, "https://example.org/"+text), bot.Span{
		Kind: bot.LinkSpan, Text: text, Ref: text,
	},
		bot.Span{Kind: bot.PersonSpan, Ref: text, Text: text},
		bot.InChannel(bot.Conversation{Platform: "web", Channel: text}, text), bot.Span{Kind: bot.SpanKind(text), Text: text})
	return bot.Message{
		Title: text, Tone: bot.Tone(text), Fallback: text,
		Sections: []bot.Section{{Text: t, Fields: []bot.Field{{Label: text, Value: t}}}, {Text: t, Quote: true}},
		Context:  []bot.Text{t},
		Actions: []bot.Action{
			{Label: text, Token: text, Confirm: text, Style: bot.Style(text)},
			{Label: text, Token: text + "2", Options: []bot.Option{{Value: text, Label: text}}},
		},
	}
}

func TestTooMuchIsCutAndSaid(t *testing.T) {
	const note = "(cut, full text in the record)"
	long := bot.Message{}
	for i := range 60 {
		long.Sections = append(long.Sections, bot.Para(fmt.Sprintf("section %d.", i)))
	}
	wide := bot.Message{
		Title: "Wide",
		Sections: []bot.Section{
			bot.Para(strings.Repeat("wörd ", 2400)), {Fields: []bot.Field{{Label: "lost", Value: bot.T("x")}}},
		},
		Context: []bot.Text{bot.T("lost too")},
	}
	busy := bot.Message{Title: "Busy"}
	for i := range 40 {
		a := bot.Action{Label: fmt.Sprintf("button %d.", i), Token: fmt.Sprint(i)}
		for o := range 40 {
			a.Options = append(a.Options, bot.Option{Value: fmt.Sprint(o), Label: fmt.Sprintf("option %d.", o)})
		}
		busy.Actions = append(busy.Actions, a)
	}
	exact := bot.Say(strings.Repeat("x", 12_000))
	for name, c := range map[string]struct {
		m    bot.Message
		has  string
		not  string
		note bool
	}{
		"sections": {long, "section 49.", "section 50.", true}, "text": {wide, "wörd ", "lost", true},
		"buttons": {busy, "button 27.", "button 28.", true}, "options": {busy, "option 24.", "option 25.", true},
		"at the limit": {exact, strings.Repeat("x", 12_000), note, false},
	} {
		t.Run(name, func(t *testing.T) {
			html := newWorld(t).shown("ana", c.m, name)
			if !strings.Contains(html, c.has) || strings.Contains(html, c.not) || strings.Contains(html, note) != c.note {
				t.Errorf("%s: not as expected, %d bytes", name, len(html))
			}
		})
	}
}

// A message of any shape, also one made by another version, is shown without fail.
func FuzzMessage(f *testing.F) {
	for _, text := range hostile {
		data, err := json.Marshal(everywhere(text))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Add(`{"sections":[{"text":[{"kind":"time"},{"kind":"channel"},{"kind":"person"},{"kind":"link"}]}],"actions":[{}]}`)
	f.Fuzz(func(t *testing.T, data string) {
		var m bot.Message
		if json.Unmarshal([]byte(data), &m) != nil {
			return
		}
		w := &world{t: t, store: newFakeStore(), clock: bottest.NewClock()}
		w.chat = web.New(web.Options{
			Store: w.store, Clock: w.clock, Visitors: everybody(),
			People: func(context.Context) ([]bot.Person, error) { return bottest.People(web.Platform), nil },
		})
		w.post(w.room("general"), m, "fuzz")
		if html := w.render("/c/general"); strings.Count(html, "<script") != 2 ||
			strings.Contains(html, "ZgotmplZ") && strings.Contains(html, "<script>") {
			t.Errorf("%d scripts", strings.Count(html, "<script"))
		}
	})
}
