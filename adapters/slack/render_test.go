package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/value"
)

// nobody is a core that knows dan.
type nobody struct{}

func (nobody) PersonOf(_ context.Context, a bot.Account) (bot.PersonID, error) {
	if a.User == "U0DAN" {
		return "dan", nil
	}
	return "", bot.ErrNoSuch
}

func (nobody) AccountOf(_ context.Context, p bot.PersonID, _ string) (bot.Account, bool, error) {
	return bot.Account{Platform: Platform, User: "U0" + strings.ToUpper(string(p))}, p == "dan", nil
}

func (nobody) Installation(context.Context) (string, error) { return "test", nil }

func (nobody) Home(context.Context, bot.Account) ([]bot.Message, error) { return nil, nil }

func (nobody) ObjectOf(context.Context, bot.MessageRef) (string, error) { return "", bot.ErrNoSuch }
func (nobody) PostedIn(context.Context, bot.Conversation) (bool, error) { return false, nil }
func (nobody) Preview(context.Context, string, bot.Account, []bot.Account) (bot.Message, error) {
	return bot.Message{}, bot.ErrNoSuch
}
func (nobody) Options(context.Context, bot.Account, string, string, string) ([]bot.Option, error) {
	return nil, nil
}
func (nobody) Learn(context.Context, []bot.Profile, time.Duration) error { return nil }
func (nobody) Take(ctx context.Context, _ string, in bot.Incoming)       { in.Answer(ctx, in.Do(ctx)) }

func testAdapter() *Adapter { return New(Options{BotToken: "xoxb-test", Core: nobody{}}) }

func payload(t *testing.T, v any) string {
	t.Helper()
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data) + "\n"
}

// body is what chat.postMessage is called with.
func body(m bot.Message) map[string]any {
	return map[string]any{"channel": "C0INC", "text": fallback(m, time.UTC), "blocks": blocks(m, time.UTC)}
}

const hostile = "<!channel> <@U1> @here *b* _i_ ~s~ `c` <https://evil.example|Approve> &lt; :fire: \u202e"

func card() bot.Message {
	at := bottest.Start
	dan := bot.Span{Kind: bot.PersonSpan, Ref: "dan", Text: "Dan Fox", User: "U0DAN"}
	return bot.Message{
		Title: "🟠 INC-42 · SEV2 · Investigating — Checkout returns 502 " + hostile, Tone: bot.Warning,
		Sections: []bot.Section{
			bot.Para(bot.Bold("Impact: "), hostile, " · ", bot.Code("web"), "\n", bot.Bold("Started "), at),
			{Fields: []bot.Field{{Label: "Lead", Value: bot.Text{dan}}, {Label: "Deputy", Value: bot.T(bot.Mention("eve"))}}},
			{Quote: true, Text: bot.T(hostile, "\n— ", dan, ", ", at)},
			bot.Para(bot.InChannel(bot.Conversation{Platform: Platform, Channel: "C0INC"}, "inc-42"), " ", bot.InChannel(bot.Conversation{Platform: "web", Channel: "7"}, "inc-42"), " ", bot.Link("docs", "https://example.org/?a=1&b=2")),
		},
		Context: []bot.Text{bot.T("v3 · reported by ", dan), bot.T(hostile), bot.T(bot.Bold("b"), " ", bot.Code("c"), " ", at, " ", bot.Link("x", "https://example.org"))},
		Actions: []bot.Action{
			{Label: "Give update", Style: bot.Primary, Token: "t1"}, {Label: "Resolve", Style: bot.Danger, Confirm: "Really? " + hostile, Token: "t2"},
			{Label: "Severity", Token: "t3", Options: []bot.Option{{Value: "sev1", Label: "SEV1"}, {Value: "sev2", Label: "SEV2"}}},
			{Label: "Hand over", Token: "t4", People: true}, {Label: "Again", Token: "t1"},
		},
		Fallback: "INC-42 SEV2: " + hostile,
	}
}

func form() bot.Form {
	return bot.Form{Token: "form-token", Title: "Declare an incident", Submit: "Declare", Intro: bot.T("Something is missing. "), Inputs: []bot.Input{
		{Name: "title", Label: "Title", Help: "What is wrong, like: Checkout returns 502.", Kind: bot.LineInput, Required: true, Max: 200, Value: hostile},
		{Name: "severity", Label: "Severity", Kind: bot.ChoiceInput, Value: "sev2", Options: []bot.Option{{Value: "sev1", Label: "SEV1 – critical"}, {Value: "sev2", Label: "SEV2 – major"}}},
		{Name: "service", Label: "Services", Kind: bot.ChoicesInput, Value: "web,payments", Options: []bot.Option{{Value: "payments", Label: "Payments"}, {Value: "web", Label: "Web"}, {Value: "search", Label: "Search"}}},
		{Name: "person", Label: "Who", Kind: bot.PersonInput, Value: "@dan"},
		{Name: "impact", Label: "Impact", Kind: bot.ParagraphInput, Value: "one shop", Error: "While the form was open, this was changed.", Conflict: true},
	}}
}

// asking is a form with what only some platforms have: pickers of times and days, and choices that are found by typing.
func asking() bot.Form {
	many := []bot.Option{{Value: "payments", Label: "Payments"}, {Value: "web", Label: "Web"}}
	return bot.Form{Token: "form-token", Title: "Request a change", Submit: "Request", Inputs: []bot.Input{
		{Name: "service", Label: "Services", Kind: bot.ChoicesInput, Required: true, Value: "web", Options: many, Search: true, Help: "There are 240: type part of a name."},
		{Name: "incident", Label: "Incident", Kind: bot.ChoiceInput, Value: "payments", Options: many, Search: true},
		{Name: "start", Label: "Window opens", Kind: bot.TimeInput, Required: true, Value: "2026-11-26 22:00", Time: bottest.Start},
		{Name: "due", Label: "Due", Kind: bot.TimeInput},
		{Name: "at", Label: "At", Kind: bot.TimeInput, Value: "half past", Error: "“half past” is no time."},
		{Name: "renews", Label: "Renews", Kind: bot.DayInput, Required: true, Value: "1 mar 2027",
			Day: value.Day{Year: 2027, Month: time.March, Day: 1}},
		{Name: "ends", Label: "Ends", Kind: bot.DayInput},
		{Name: "bought", Label: "Bought", Kind: bot.DayInput, Value: "01/02/2027", Error: "“01/02/2027” is not a day."},
	}}
}

func TestPayloads(t *testing.T) {
	a := testAdapter()
	ctx := context.Background()
	bottest.Golden(t, "card.slack-message.json", payload(t, body(card())))
	whisper := body(bot.Message{Tone: bot.Good, Sections: []bot.Section{bot.Para("Done: ", hostile)}})
	whisper["user"] = "U0DAN"
	bottest.Golden(t, "short.slack-ephemeral.json", payload(t, whisper))
	bottest.Golden(t, "form.slack-modal.json", payload(t, a.modal(ctx, form(), meta{Token: "form-token", Channel: "C0INC"})))
	bottest.Golden(t, "asking.slack-modal.json", payload(t, a.modal(ctx, asking(), meta{Token: "form-token", Channel: "C0INC"})))
	bottest.Golden(t, "saying.slack-modal.json", payload(t, a.saying(card(), meta{Channel: "C0INC"})))
	bottest.Golden(t, "waiting.slack-modal.json", payload(t, waiting(meta{})))
	bottest.Golden(t, "home.slack-home.json", payload(t, slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: a.homeBlocks([]bot.Message{card(), card()})}}))
	bottest.Golden(t, "oversize.slack-message.json", payload(t, body(oversize())))
}

// A message has three buttons and one menu for the rest, whose entries carry what the buttons would.
func TestThreeButtonsAndMore(t *testing.T) {
	elements := (&renderer{left: maxText, forActions: actionsText, tokens: map[string]int{}}).actions(card())
	if len(elements) != bot.MaxButtons+1 {
		t.Fatalf("%d elements", len(elements))
	}
	more, ok := elements[bot.MaxButtons].(*slack.SelectBlockElement)
	if !ok || more.ActionID != moreAction || more.Placeholder.Text != "More" || len(more.Options) != 2 || more.Options[0].Value != "t4" || more.Options[0].Text.Text != "Hand over" {
		t.Errorf("%+v", more)
	}
	few := card()
	few.Actions = few.Actions[:bot.MaxButtons]
	if elements := (&renderer{left: maxText, forActions: actionsText, tokens: map[string]int{}}).actions(few); len(elements) != bot.MaxButtons {
		t.Errorf("three actions make %d elements", len(elements))
	}
}

func oversize() bot.Message {
	m := bot.Message{Title: strings.Repeat("long title ", 40)}
	for n := range 80 {
		m.Sections = append(m.Sections, bot.Para(fmt.Sprintf("%d ", n), strings.Repeat("word ", 100)), bot.Section{Fields: []bot.Field{{Label: strings.Repeat("l", 100), Value: bot.T(strings.Repeat("v", 3000))}}})
		m.Context = append(m.Context, bot.T("small"))
		m.Actions = append(m.Actions, bot.Action{Label: strings.Repeat("b", 200), Token: fmt.Sprint("t", n), Confirm: strings.Repeat("c", 500)})
	}
	return m
}

// Nothing that people typed may reach Slack where it would be read as a mark.
func TestHostileTextStaysText(t *testing.T) {
	data := payload(t, body(card()))
	var got struct{ Blocks []json.RawMessage }
	if err := json.Unmarshal([]byte(data), &got); err != nil {
		t.Fatal(err)
	}
	for _, block := range got.Blocks {
		if strings.Contains(string(block), `"mrkdwn"`) && strings.Contains(string(block), "<!channel") {
			t.Errorf("user text as marks: %s", block)
		}
	}
}

func TestSizes(t *testing.T) {
	for name, m := range map[string]bot.Message{"oversize": oversize(), "empty": {}, "one long": bot.Say(strings.Repeat("é", 30_000)), "only fallback": {Fallback: strings.Repeat("<", 5000)}} {
		list := blocks(m, time.UTC)
		if len(list) == 0 || len(list) > 50 {
			t.Errorf("%s: %d blocks", name, len(list))
		}
		if n := utf8.RuneCountInString(fallback(m, time.UTC)); n == 0 || n > 3000 {
			t.Errorf("%s: fallback of %d characters", name, n)
		}
	}
	if data := payload(t, body(oversize())); !strings.Contains(data, "cut here") {
		t.Error("a cut message does not say so")
	}
	if data := payload(t, body(card())); strings.Contains(data, "cut here") {
		t.Error("a card that fits is cut")
	}
}

func TestTyped(t *testing.T) {
	a := testAdapter()
	for in, want := range map[string]string{
		"hand to <@U0DAN> now":                                          "hand to @dan now",
		"hand to <@U0EVE|eve> now":                                      "hand to @U0EVE[eve] now", // nobody here: the label may be somebody else's name
		"see <https://example.org/a?b=1&amp;c=2>":                       "see https://example.org/a?b=1&c=2",
		"see <https://example.org|our page>":                            "see https://example.org",
		"see <http://example.org|example.org>":                          "see example.org",
		"Mail to <mailto:ops@example.com|ops@example.com> bounces sev3": "Mail to ops@example.com bounces sev3",
		"ask <mailto:a@b.example> or <tel:+4930123|+49 30 123>":         "ask a@b.example or +49 30 123",
		`present=<mailto:ana@x.example|ana@x.example>`:                  "present=ana@x.example",
		"in <#C1|general> &lt;b&gt;":                                    "in #general <b>",
		"<!here> and <!subteam^S1|@ops>":                                "@here and slack:@ops",
		"a < b & c":                                                     "a < b & c",
		"<unclosed":                                                     "<unclosed",
	} {
		if got := a.quoted(context.Background(), "T1", in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestCheckTokens(t *testing.T) {
	for _, c := range []struct{ bot, app, secret, want string }{
		{"xoxb-1", "xapp-1", "", ""}, {"xoxb-1", "", "abc", ""},
		{"xoxp-1", "xapp-1", "", "xoxb-"}, {"", "xapp-1", "", "xoxb-"}, {"xoxb-1", "xoxb-2", "", "xapp-"},
		{"xoxb-1", "", "", "SLACK_APP_TOKEN"}, {"xoxb-1", "", "xoxb-1", "Signing Secret"},
	} {
		err := CheckTokens(c.bot, c.app, c.secret)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestErrorsHideTokens(t *testing.T) {
	a := testAdapter()
	if got := a.redact(fmt.Errorf("post token=xoxb-test: refused")).Error(); strings.Contains(got, "xoxb-test") {
		t.Error(got)
	}
}

// The gate leaves a share for what is urgent, and says when to come again instead of waiting long.
func TestGate(t *testing.T) {
	clock := bottest.NewClock()
	g := newGate(clock.Now)
	ctx := context.Background() // as urgent as what people wait for
	passed := 0
	for range 100 {
		if g.enter(ctx, "conversations.create") == nil {
			passed++
		}
	}
	if passed < 14 || passed > 16 {
		t.Errorf("%d of 100 calls of tier 2 passed at once", passed)
	}
	clock.Move(time.Minute)
	if err := g.enter(ctx, "conversations.create"); err != nil {
		t.Errorf("after a minute: %v", err)
	}
	g.pause("chat.update", 30*time.Second)
	if err := g.enter(ctx, "chat.update"); err == nil {
		t.Error("a paused method was called")
	}
	clock.Move(31 * time.Second)
	if err := g.enter(ctx, "chat.update"); err != nil {
		t.Errorf("after the pause: %v", err)
	}
}

// Two marks of different colours would say two severities.
func TestAMessageHasOneMark(t *testing.T) {
	for title, want := range map[string]string{
		"🔴 INC-1 · SEV1 · Investigating — Checkout":                    "🔴 INC-1 · SEV1 · Investigating — Checkout",
		"🟡 INC-2 · SEV3 · Investigating — Checkout slow":               "🟡 INC-2 · SEV3 · Investigating — Checkout slow",
		"❓ INC-3 · Severity unknown · Investigating — Mail":            "❓ INC-3 · Severity unknown · Investigating — Mail",
		"✅ INC-4 · SEV2 · Resolved — Mail":                             "✅ INC-4 · SEV2 · Resolved — Mail",
		"⚪ INC-5 · SEV4 · Cancelled — Mail":                            "⚪ INC-5 · SEV4 · Cancelled — Mail",
		"⏸️ INC-6 · SEV3 · Paused — Mail":                              "⏸️ INC-6 · SEV3 · Paused — Mail",
		"⚙️ CHG-1 · Normal · Medium 34 · Implementing":                 "⚙️ CHG-1 · Normal · Medium 34 · Implementing",
		"🟡 Your decision is needed: CHG-1 · Normal · Medium · Pending": "🟡 Your decision is needed: CHG-1 · Normal · Medium · Pending",
		"Severity raised: SEV3 to SEV2":                                "🟠 Severity raised: SEV3 to SEV2",
	} {
		t.Run(title, func(t *testing.T) {
			header, ok := blocks(bot.Message{Title: title, Tone: bot.Warning}, time.UTC)[0].(*slack.HeaderBlock)
			if !ok || header.Text.Text != want {
				t.Errorf("the header is %q, want %q", header.Text.Text, want)
			}
		})
	}
	m := bot.Message{Tone: bot.Warning, Sections: []bot.Section{bot.Para("⚠ The lead is gone.")}}
	if got := payload(t, blocks(m, time.UTC)); strings.Contains(got, "🟠") {
		t.Errorf("the paragraph has a second mark: %s", got)
	}
}
