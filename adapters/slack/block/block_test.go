package block_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/adapters/slack/block"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/value"
)

func payload(t *testing.T, v any) string {
	t.Helper()
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data) + "\n"
}

// userOf knows dan.
func userOf(id bot.PersonID) string {
	if id == "dan" {
		return "U0DAN"
	}
	return ""
}

// body is what chat.postMessage is called with.
func body(m bot.Message) map[string]any {
	return map[string]any{"channel": "C0INC", "text": block.Fallback(m, time.UTC), "blocks": block.Message(m, time.UTC)}
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
			bot.Para(
				bot.InChannel(bot.Conversation{Platform: "slack", Channel: "C0INC"}, "inc-42"), " ",
				bot.InChannel(bot.Conversation{Platform: "web", Channel: "7"}, "inc-42"), " ",
				bot.Link("docs", "https://example.org/?a=1&b=2"),
			),
		},
		Context: []bot.Text{
			bot.T("v3 · reported by ", dan), bot.T(hostile),
			bot.T(bot.Bold("b"), " ", bot.Code("c"), " ", at, " ", bot.Link("x", "https://example.org")),
		},
		Actions: []bot.Action{
			{Label: "Give update", Style: bot.Primary, Token: "t1"},
			{Label: "Resolve", Style: bot.Danger, Confirm: "Really? " + hostile, Token: "t2"},
			{
				Label: "Severity", Token: "t3",
				Options: []bot.Option{{Value: "sev1", Label: "SEV1"}, {Value: "sev2", Label: "SEV2"}},
			},
			{Label: "Hand over", Token: "t4", People: true}, {Label: "Again", Token: "t1"},
		},
		Fallback: "INC-42 SEV2: " + hostile,
	}
}

func form() bot.Form {
	return bot.Form{
		Token: "form-token", Title: "Declare an incident", Submit: "Declare", Intro: bot.T("Something is missing. "),
		Inputs: []bot.Input{
			{
				Name: "title", Label: "Title", Help: "What is wrong, like: Checkout returns 502.", Kind: bot.LineInput,
				Required: true, Max: 200, Value: hostile,
			},
			{
				Name: "severity", Label: "Severity", Kind: bot.ChoiceInput, Value: "sev2",
				Options: []bot.Option{{Value: "sev1", Label: "SEV1 – critical"}, {Value: "sev2", Label: "SEV2 – major"}},
			},
			{
				Name: "service", Label: "Services", Kind: bot.ChoicesInput, Value: "web,payments",
				Options: []bot.Option{
					{Value: "payments", Label: "Payments"}, {Value: "web", Label: "Web"}, {Value: "search", Label: "Search"},
				},
			},
			{Name: "person", Label: "Who", Kind: bot.PersonInput, Value: "@dan"},
			{
				Name: "impact", Label: "Impact", Kind: bot.ParagraphInput, Value: "one shop",
				Error: "While the form was open, this was changed.", Conflict: true,
			},
		},
	}
}

// asking is a form with what only some platforms have: pickers of times and days, and choices that are found by typing.
func asking() bot.Form {
	many := []bot.Option{{Value: "payments", Label: "Payments"}, {Value: "web", Label: "Web"}}
	return bot.Form{Token: "form-token", Title: "Request a change", Submit: "Request", Inputs: []bot.Input{
		{
			Name: "service", Label: "Services", Kind: bot.ChoicesInput, Required: true, Value: "web", Options: many,
			Search: true, Help: "There are 240: type part of a name.",
		},
		{Name: "incident", Label: "Incident", Kind: bot.ChoiceInput, Value: "payments", Options: many, Search: true},
		{
			Name: "start", Label: "Window opens", Kind: bot.TimeInput, Required: true, Value: "2026-11-26 22:00",
			Time: bottest.Start,
		},
		{Name: "due", Label: "Due", Kind: bot.TimeInput},
		{Name: "at", Label: "At", Kind: bot.TimeInput, Value: "half past", Error: "“half past” is no time."},
		{Name: "renews", Label: "Renews", Kind: bot.DayInput, Required: true, Value: "1 mar 2027",
			Day: value.Day{Year: 2027, Month: time.March, Day: 1}},
		{Name: "ends", Label: "Ends", Kind: bot.DayInput},
		{Name: "bought", Label: "Bought", Kind: bot.DayInput, Value: "01/02/2027", Error: "“01/02/2027” is not a day."},
	}}
}

func TestPayloads(t *testing.T) {
	meta := block.Meta{Token: "form-token", Channel: "C0INC"}
	bottest.Golden(t, "card.slack-message.json", payload(t, body(card())))
	whisper := body(bot.Message{Tone: bot.Good, Sections: []bot.Section{bot.Para("Done: ", hostile)}})
	whisper["user"] = "U0DAN"
	bottest.Golden(t, "short.slack-ephemeral.json", payload(t, whisper))
	bottest.Golden(t, "form.slack-modal.json", payload(t, block.Modal(form(), meta, time.UTC, userOf)))
	bottest.Golden(t, "asking.slack-modal.json", payload(t, block.Modal(asking(), meta, time.UTC, userOf)))
	bottest.Golden(t, "saying.slack-modal.json", payload(t, block.Notice(card(), block.Meta{Channel: "C0INC"}, time.UTC)))
	bottest.Golden(t, "waiting.slack-modal.json", payload(t, block.Waiting(block.Meta{})))
	bottest.Golden(t, "home.slack-home.json", payload(t, slack.HomeTabViewRequest{
		Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: block.Home([]bot.Message{card(), card()}, time.UTC)},
	}))
	bottest.Golden(t, "oversize.slack-message.json", payload(t, body(oversize())))
}

// elementsOf are the buttons and menus of a message.
func elementsOf(t *testing.T, m bot.Message) []slack.BlockElement {
	t.Helper()
	list := block.Message(m, time.UTC)
	actions, ok := list[len(list)-1].(*slack.ActionBlock)
	if !ok {
		t.Fatalf("the last block is %T", list[len(list)-1])
	}
	return actions.Elements.ElementSet
}

// A message has three buttons and one menu for the rest, whose entries carry what the buttons would.
func TestThreeButtonsAndMore(t *testing.T) {
	elements := elementsOf(t, card())
	if len(elements) != bot.MaxButtons+1 {
		t.Fatalf("%d elements", len(elements))
	}
	more, ok := elements[bot.MaxButtons].(*slack.SelectBlockElement)
	if !ok || more.ActionID != block.MoreAction || more.Placeholder.Text != "More" || len(more.Options) != 2 ||
		more.Options[0].Value != "t4" || more.Options[0].Text.Text != "Hand over" {
		t.Errorf("%+v", more)
	}
	few := card()
	few.Actions = few.Actions[:bot.MaxButtons]
	if elements := elementsOf(t, few); len(elements) != bot.MaxButtons {
		t.Errorf("three actions make %d elements", len(elements))
	}
}

func oversize() bot.Message {
	m := bot.Message{Title: strings.Repeat("long title ", 40)}
	for n := range 80 {
		m.Sections = append(m.Sections, bot.Para(fmt.Sprintf("%d ", n), strings.Repeat("word ", 100)), bot.Section{
			Fields: []bot.Field{{Label: strings.Repeat("l", 100), Value: bot.T(strings.Repeat("v", 3000))}},
		})
		m.Context = append(m.Context, bot.T("small"))
		m.Actions = append(m.Actions, bot.Action{
			Label: strings.Repeat("b", 200), Token: fmt.Sprint("t", n), Confirm: strings.Repeat("c", 500),
		})
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
	for _, raw := range got.Blocks {
		if strings.Contains(string(raw), `"mrkdwn"`) && strings.Contains(string(raw), "<!channel") {
			t.Errorf("user text as marks: %s", raw)
		}
	}
}

func TestSizes(t *testing.T) {
	for name, m := range map[string]bot.Message{
		"oversize": oversize(), "empty": {}, "one long": bot.Say(strings.Repeat("é", 30_000)),
		"only fallback": {Fallback: strings.Repeat("<", 5000)},
	} {
		list := block.Message(m, time.UTC)
		if len(list) == 0 || len(list) > 50 {
			t.Errorf("%s: %d blocks", name, len(list))
		}
		if n := utf8.RuneCountInString(block.Fallback(m, time.UTC)); n == 0 || n > 3000 {
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

// Two marks of different colours would say two severities.
func TestAMessageHasOneMark(t *testing.T) {
	for title, want := range map[string]string{
		"🔴 INC-1 · SEV1 · Investigating — Checkout":         "🔴 INC-1 · SEV1 · Investigating — Checkout",
		"🟡 INC-2 · SEV3 · Investigating — Checkout slow":    "🟡 INC-2 · SEV3 · Investigating — Checkout slow",
		"❓ INC-3 · Severity unknown · Investigating — Mail": "❓ INC-3 · Severity unknown · Investigating — Mail",
		"✅ INC-4 · SEV2 · Resolved — Mail":                  "✅ INC-4 · SEV2 · Resolved — Mail",
		"⚪ INC-5 · SEV4 · Cancelled — Mail":                 "⚪ INC-5 · SEV4 · Cancelled — Mail",
		"⏸️ INC-6 · SEV3 · Paused — Mail":                   "⏸️ INC-6 · SEV3 · Paused — Mail",
		"⚙️ CHG-1 · Normal · Medium 34 · Implementing":      "⚙️ CHG-1 · Normal · Medium 34 · Implementing",
		"🟡 Your decision is needed: CHG-1 · Normal · Medium · Pending": "🟡 Your decision is needed: CHG-1 · Normal · " +
			"Medium · Pending",
		"Severity raised: SEV3 to SEV2": "🟠 Severity raised: SEV3 to SEV2",
	} {
		t.Run(title, func(t *testing.T) {
			header, ok := block.Message(bot.Message{Title: title, Tone: bot.Warning}, time.UTC)[0].(*slack.HeaderBlock)
			if !ok || header.Text.Text != want {
				t.Errorf("the header is %q, want %q", header.Text.Text, want)
			}
		})
	}
	m := bot.Message{Tone: bot.Warning, Sections: []bot.Section{bot.Para("⚠ The lead is gone.")}}
	if got := payload(t, block.Message(m, time.UTC)); strings.Contains(got, "🟠") {
		t.Errorf("the paragraph has a second mark: %s", got)
	}
}
