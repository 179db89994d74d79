package look_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/watchbell/watchbell/adapters/discord/look"
	"github.com/watchbell/watchbell/adapters/discord/look/looktest"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/value"
)

func payload(t *testing.T, v any) string {
	t.Helper()
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// golden compares a payload with the one that was looked at, and keeps it where WATCHBELL_PAYLOADS says, to be checked
// against Discord's own schema.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	data := payload(t, v)
	if dir := os.Getenv("WATCHBELL_PAYLOADS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, "look-"+name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	bottest.Golden(t, name, data)
}

func check(t *testing.T, b look.Body) {
	t.Helper()
	for what, b := range map[string]look.Body{"message": b, "edit": b.Edit(), "answer": b.Ephemeral()} {
		if err := looktest.Check(b); err != nil {
			t.Errorf("as a %s: %v", what, err)
		}
	}
	chars, bytes := 0, 0
	for c := range look.All(b.Components) {
		if c.Type == look.TextDisplay {
			chars += utf8.RuneCountInString(c.Content)
			bytes += len(c.Content) + 12
		}
	}
	if chars > 3800 || bytes > 9500 {
		t.Errorf("%d characters and %d bytes are nearer to the limits than they should be", chars, bytes)
	}
}

const typed = "<@1> <@&1> @everyone *b* _i_ ~~s~~ `c` [Approve](https://evil.example) :fire: ||x|| \u202e"

const (
	danUser = "123456789012345678"
	channel = "223456789012345678"
	thread  = "323456789012345678"
)

func card() bot.Message {
	at := bottest.Start
	dan := bot.Span{Kind: bot.PersonSpan, Ref: "dan", Text: "Dan Fox", User: danUser}
	return bot.Message{
		Title: "🟠 INC-42 · SEV2 · Investigating — Checkout returns 502 " + typed, Tone: bot.Warning,
		Sections: []bot.Section{
			bot.Para(bot.Bold("Impact: "), typed, " · ", bot.Code("web"), "\n", bot.Bold("Started "), at),
			{Fields: []bot.Field{{Label: "Lead", Value: bot.Text{dan}}, {Label: "Deputy", Value: bot.T(bot.Mention("eve"))}}},
			{Quote: true, Text: bot.T(typed, "\n— ", dan, ", ", at)},
			bot.Para(
				bot.InChannel(bot.Conversation{Platform: "discord", Channel: channel}, "inc-42"), " ",
				bot.InChannel(bot.Conversation{Platform: "discord", Channel: channel, Thread: thread}, "inc-42"), " ",
				bot.InChannel(bot.Conversation{Platform: "web", Channel: "7"}, "inc-42"), " ",
				bot.Link("docs", "https://example.org/?a=1&b=2"),
			),
		},
		Context: []bot.Text{
			bot.T("v3 · reported by ", dan), bot.T(typed),
			bot.T(bot.Bold("b"), " ", bot.Code("c"), " ", at, " ", bot.Link("x", "https://example.org")),
		},
		Actions: []bot.Action{
			{Label: "Give update", Style: bot.Primary, Token: "t1"},
			{Label: "Resolve", Style: bot.Danger, Confirm: "Really? " + typed, Token: "t2"},
			{
				Label: "Severity", Token: "t3",
				Options: []bot.Option{{Value: "sev1", Label: "SEV1"}, {Value: "sev2", Label: "SEV2"}},
			},
			{Label: "Hand over", Token: "t4", People: true}, {Label: "Again", Token: "t1"},
		},
		Fallback: "INC-42 SEV2: " + typed,
	}
}

func oversize(words string) bot.Message {
	m := bot.Message{Title: strings.Repeat("long title ", 40)}
	for n := range 80 {
		m.Sections = append(m.Sections, bot.Para(fmt.Sprintf("%d ", n), strings.Repeat(words, 100)), bot.Section{
			Fields: []bot.Field{{Label: strings.Repeat("l", 100), Value: bot.T(strings.Repeat("v", 3000))}},
		})
		m.Context = append(m.Context, bot.T("small"))
		m.Actions = append(m.Actions, bot.Action{
			Label: strings.Repeat("b", 200), Token: fmt.Sprint("t", n), Confirm: strings.Repeat("c", 400),
		})
	}
	return m
}

func chart() look.Body {
	return look.Upload(bot.File{
		Name: "incidents of week 47.png", Title: "Incidents by week", Alt: "Bars: 3, 5, 2 *not bold*", Type: "image/png",
	})
}

func TestMessages(t *testing.T) {
	for name, b := range map[string]look.Body{
		"card":     look.Message(card()),
		"short":    look.Message(bot.Message{Tone: bot.Good, Sections: []bot.Section{bot.Para("Done: ", typed)}}),
		"text":     look.Text("Not recorded. Please repeat.", bot.Warning),
		"empty":    look.Message(bot.Message{}),
		"oversize": look.Message(oversize("word ")),
		"chart":    chart(),
		"table":    look.Upload(bot.File{Name: "changes.csv", Title: "Changes", Type: "text/csv"}),
	} {
		t.Run(name, func(t *testing.T) {
			check(t, b)
			golden(t, name+".discord-message.json", b)
		})
	}
	golden(t, "card.discord-edit.json", look.Message(card()).Edit())
	if private := look.Message(card()).Ephemeral(); private.Flags != 1<<6|1<<15 {
		t.Errorf("an answer has the flags %b", private.Flags)
	}
}

// We notify people whom we mention, once each. Words of people notify nobody, and neither do edits and answers.
func TestWhoIsNotified(t *testing.T) {
	b := look.Message(card())
	if diff := cmp.Diff(look.Mentions{Parse: []string{}, Users: []string{danUser}}, b.Mentions); diff != "" {
		t.Error(diff)
	}
	for name, b := range map[string]look.Body{"edit": b.Edit(), "answer": b.Ephemeral()} {
		if diff := cmp.Diff(look.Mentions{Parse: []string{}}, b.Mentions); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if b.Mentions.Users == nil {
		t.Error("making an edit of a body changed it")
	}
	odd := bot.Span{Kind: bot.PersonSpan, Text: "Eve", User: "1> <@&2"}
	if b := look.Message(bot.Message{Sections: []bot.Section{{Text: bot.Text{odd}}}}); len(b.Mentions.Users) > 0 ||
		looktest.Plain(b.Components) != "@Eve" {
		t.Errorf("what is no id of Discord's was taken for one: %+v", b)
	}
}

func TestWhatPeopleRead(t *testing.T) {
	b := look.Message(card())
	if len(b.Lost) > 0 {
		t.Errorf("a card that fits lost %v", b.Lost)
	}
	read := looktest.Plain(b.Components)
	clock := bot.FormatTime(bottest.Start, time.UTC)
	for _, want := range []string{
		"Checkout returns 502 " + strings.TrimSpace(typed), "Impact: " + typed, "Started " + clock, "Lead: @" + danUser,
		"Deputy: @eve", "\n— @" + danUser + ", " + clock, "#" + channel + " #" + thread + " #inc-42 docs",
		"Resolve: Really? ",
	} {
		if !strings.Contains(read, want) {
			t.Errorf("people do not read %q in:\n%s", want, read)
		}
	}
	for _, m := range looktest.Marks(b.Components) {
		switch m.Kind {
		case "role", "everybody", "spoiler", "strike", "italics", "emoji", "underline", "list":
			t.Errorf("words of people are a mark: %+v", m)
		case "link":
			if strings.Contains(m.Text, "evil") {
				t.Errorf("words of people are a link: %+v", m)
			}
		}
	}
}

// controls are the buttons and menus of a message.
func controls(b look.Body) (list []look.Component) {
	for c := range look.All(b.Components) {
		if c.CustomID != "" {
			list = append(list, c)
		}
	}
	return list
}

// A message has three buttons or menus and one menu for the rest, whose entries carry what the buttons would.
func TestThreeButtonsAndMore(t *testing.T) {
	list := controls(look.Message(card()))
	if len(list) != bot.MaxButtons+1 {
		t.Fatalf("%d controls", len(list))
	}
	for i, want := range []look.ID{
		{Kind: look.PressID, Token: "t1"}, {Kind: look.AskID, Token: "t2"}, {Kind: look.PressID, Token: "t3"},
		{Kind: look.MoreID},
	} {
		if diff := cmp.Diff(want, look.ReadID(list[i].CustomID)); diff != "" {
			t.Errorf("control %d: %s", i, diff)
		}
	}
	more := list[bot.MaxButtons]
	want := []look.Choice{{Label: "Hand over", Value: "t4"}, {Label: "Again", Value: "1 t1"}}
	if diff := cmp.Diff(want, more.Options); diff != "" || more.Placeholder != "More" {
		t.Errorf("%s: %s", more.Placeholder, diff)
	}
}

// Many more actions than a menu holds get further menus; what none of them holds is told.
func TestMoreThanAMenuHolds(t *testing.T) {
	m := bot.Message{Title: "Many"}
	for n := range 110 {
		m.Actions = append(m.Actions, bot.Action{Label: fmt.Sprint("Action ", n), Token: fmt.Sprint("t", n)})
	}
	b := look.Message(m)
	check(t, b)
	entries := 0
	for _, c := range controls(b) {
		entries += len(c.Options)
	}
	if want := 110 - bot.MaxButtons - entries; entries != 100 || len(b.Lost) != want {
		t.Errorf("%d entries, lost %v", entries, b.Lost)
	}
	if !strings.Contains(looktest.Plain(b.Components), "cut here") {
		t.Error("the message does not say that something is missing")
	}
}

// A button that asks first leads to the question, which is read from the message itself.
func TestAsking(t *testing.T) {
	const about = "Publish it in #ops? 1. *Numbers* are frozen: then. All of them."
	b := look.Message(bot.Message{Title: "Report", Actions: []bot.Action{
		{Label: "Publish", Confirm: strings.Replace(about, " All", "\nAll", 1), Token: "t1", Style: bot.Danger},
		{Label: "End *it*", Confirm: "First?", Token: "t2"},
		{Label: "End *it*", Confirm: "- Second?", Token: "t2"},
	}})
	check(t, b)
	for n, want := range []struct{ read, token string }{
		{"Publish: " + about, "t1"}, {"End *it*: First?", "t2"}, {"End *it*: - Second?", "t2"},
	} {
		pressed := controls(b)[n]
		asked, ok := look.Asked(b.Components, pressed.CustomID)
		if !ok {
			t.Fatalf("%q asks nothing", pressed.CustomID)
		}
		check(t, asked)
		if got := looktest.Plain(asked.Components); got != want.read {
			t.Errorf("people read %q, want %q", got, want.read)
		}
		answers := controls(asked)
		if len(answers) != 2 || answers[0].CustomID != want.token ||
			look.ReadID(answers[1].CustomID).Kind != look.CancelID {
			t.Errorf("the answers are %+v", answers)
		}
		if danger := answers[0].Style == look.DangerButton; danger != (n == 0) {
			t.Errorf("the button of %q is dangerous: %v", want.read, danger)
		}
	}
	if _, ok := look.Asked(b.Components, "? other"); ok {
		t.Error("a button that is not there asks something")
	}
	if _, ok := look.Asked(b.Components, "t1"); ok {
		t.Error("a button without a question asks something")
	}
	direct := look.Confirm("Publish", about, "t1", true)
	golden(t, "confirm.discord-message.json", direct)
	asked, _ := look.Asked(b.Components, controls(b)[0].CustomID)
	if read := looktest.Plain(direct.Components); read != looktest.Plain(asked.Components) {
		t.Errorf("a question reads %q when it is asked directly", read)
	}
}

// The question of a menu stands above it: it is answered by picking.
func TestAMenuWithAQuestion(t *testing.T) {
	b := look.Message(bot.Message{Title: "x", Actions: []bot.Action{
		{Label: "Hand over", People: true, Confirm: "Sure?", Token: "t1"},
	}})
	check(t, b)
	if !strings.Contains(looktest.Plain(b.Components), "Hand over: Sure?") ||
		look.ReadID(controls(b)[0].CustomID).Kind != look.PressID {
		t.Errorf("%s", payload(t, b))
	}
}

// Parts that Discord would refuse are left out and reported, and everything else stays.
func TestWhatCannotBeShown(t *testing.T) {
	for name, c := range map[string]struct {
		act  bot.Action
		lost bool
		left int
	}{
		"no token":            {act: bot.Action{Label: "x"}, lost: true},
		"a token too long":    {act: bot.Action{Label: "x", Token: strings.Repeat("t", 101)}, lost: true},
		"a token with spaces": {act: bot.Action{Label: "x", Token: "a b"}, lost: true},
		"another id":          {act: bot.Action{Label: "x", Token: "more"}, lost: true},
		"no label":            {act: bot.Action{Label: " \u200b", Token: "t"}, left: 1},
		"a long label":        {act: bot.Action{Label: strings.Repeat("👩‍💻", 90), Token: "t"}, left: 1},
		"a choice too long": {
			act:  bot.Action{Label: "x", Token: "t", Options: []bot.Option{{Value: strings.Repeat("v", 101)}, {Value: "v"}}},
			lost: true, left: 1,
		},
		"no choice left": {
			act: bot.Action{Label: "x", Token: "t", Options: []bot.Option{{Value: ""}}}, lost: true,
		},
		"a choice twice": {
			act:  bot.Action{Label: "x", Token: "t", Options: []bot.Option{{Value: "v"}, {Value: "v", Label: "again"}}},
			left: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := look.Message(bot.Message{Title: "x", Actions: []bot.Action{c.act}})
			check(t, b)
			if left := len(controls(b)); left != c.left || (len(b.Lost) > 0) != c.lost {
				t.Errorf("%d controls, lost %q", left, b.Lost)
			}
		})
	}
}

func TestSizes(t *testing.T) {
	many := bot.Message{Title: "Many"}
	for n := range 120 {
		many.Sections = append(many.Sections, bot.Para(fmt.Sprint("line ", n)))
		many.Context = append(many.Context, bot.T("small ", fmt.Sprint(n)))
	}
	quote := bot.Message{Sections: []bot.Section{{Quote: true, Text: bot.T(strings.Repeat("q\n", 9000))}}}
	blank := bot.Message{Title: "\u200b", Sections: []bot.Section{bot.Para(" \n\u2800")}, Context: []bot.Text{bot.T(" ")}}
	small := bot.Message{Sections: []bot.Section{bot.Para("x")}, Context: []bot.Text{bot.T("a\n\n"), {}, bot.T("\n")}}
	for name, c := range map[string]struct {
		m    bot.Message
		lost bool
	}{
		"oversize":         {m: oversize("word "), lost: true},
		"oversize CJK":     {m: oversize("データ"), lost: true},
		"oversize emoji":   {m: oversize("👩‍💻🔥"), lost: true},
		"oversize marks":   {m: oversize("*_~|"), lost: true},
		"empty":            {},
		"one long":         {m: bot.Say(strings.Repeat("é", 30_000)), lost: true},
		"one long CJK":     {m: bot.Say(strings.Repeat("データ", 3000)), lost: true},
		"one long code":    {m: bot.Say(bot.Code(strings.Repeat("c", 30_000))), lost: true},
		"one long bold":    {m: bot.Say(bot.Bold(strings.Repeat("*b ", 10_000))), lost: true},
		"one long quote":   {m: quote, lost: true},
		"only fallback":    {m: bot.Message{Fallback: strings.Repeat("<", 5000)}, lost: true},
		"short fallback":   {m: bot.Message{Fallback: "back *again*"}},
		"many mentions":    {m: bot.Message{Sections: mentions(120)}},
		"many sections":    {m: many},
		"a long title":     {m: bot.Message{Title: strings.Repeat("title ", 101)}, lost: true},
		"a usage as title": {m: bot.Message{Title: strings.Repeat("[<x>] ", 70)}},
		"blank":            {m: blank},
		"blank small":      {m: small},
		"colons":           {m: bot.Say(strings.Repeat(":", 30_000)), lost: true},
		"letters and mark": {m: bot.Say(strings.Repeat("e\u0301\u0301", 10_000)), lost: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := look.Message(c.m)
			check(t, b)
			if lost := len(b.Lost) > 0; lost != c.lost {
				t.Errorf("lost %q", b.Lost)
			}
			if said := strings.Contains(payload(t, b), "cut here"); said != c.lost {
				t.Errorf("it says that it is cut: %v", said)
			}
			if strings.Contains(payload(t, b), `\n-# \n`) {
				t.Error("there is an empty line of small print")
			}
		})
	}
}

func mentions(n int) (list []bot.Section) {
	for i := range n {
		who := bot.Span{Kind: bot.PersonSpan, User: fmt.Sprintf("1234567890%08d", i)}
		list = append(list, bot.Section{Text: bot.Text{who}})
	}
	return list
}

// A cut message keeps its buttons with what they ask, its title, and as much of its text as there is room for.
func TestAMessageIsFilledBeforeItIsCut(t *testing.T) {
	for words, floor := range map[string]int{"word ": 3000, "データ": 2500} {
		b := look.Message(oversize(words))
		read := looktest.Plain(b.Components)
		if n := value.Count(read); n < floor {
			t.Errorf("%q: a cut message has %d characters only", words, n)
		}
		asked := slices.ContainsFunc(controls(b), func(c look.Component) bool {
			return look.ReadID(c.CustomID).Kind == look.AskID
		})
		if !asked || !strings.Contains(read, ": ccc") || !strings.Contains(read, "long title") {
			t.Errorf("%q: something that matters was cut:\n%s", words, read)
		}
	}
}

// However many sections there are beside everything else, they share what room there is for components.
func TestSectionsShareTheRoom(t *testing.T) {
	for n := range 90 {
		m := bot.Message{Title: "Title", Context: []bot.Text{bot.T("small")}, Attachment: &bot.Attachment{Type: "image/png"}}
		for i := range n {
			m.Sections = append(m.Sections, bot.Para("line ", fmt.Sprint(i)))
		}
		for i := range 103 {
			act := bot.Action{Label: fmt.Sprint("Act ", i), Token: fmt.Sprint("t", i), Confirm: "Sure?"}
			if i < bot.MaxButtons {
				act.People = true
			}
			m.Actions = append(m.Actions, act)
		}
		b := look.Message(m)
		check(t, b)
		if len(b.Lost) > 0 {
			t.Errorf("with %d sections it lost %v", n, b.Lost)
		}
	}
}

// A mention that there is no room for is neither shown nor does it notify.
func TestWhatCannotBeCutIsLeftOut(t *testing.T) {
	dan := bot.Span{Kind: bot.PersonSpan, Text: "Dan Fox", User: danUser}
	told := map[bool]bool{}
	for n := range 60 {
		b := look.Message(bot.Message{Sections: []bot.Section{{Text: bot.T(strings.Repeat("x", 3700+2*n), dan, " was told.")}}})
		check(t, b)
		read := looktest.Plain(b.Components)
		shown := strings.Contains(read, "@"+danUser)
		whole := strings.Contains(read, "was told.")
		if shown != (len(b.Mentions.Users) > 0) || whole != (len(b.Lost) == 0) || whole && !shown {
			t.Errorf("%d: shown: %v, notified: %v, lost: %v", n, shown, b.Mentions.Users, b.Lost)
		}
		told[shown] = true
	}
	if len(told) != 2 {
		t.Error("the edge was never crossed")
	}
}

// A cut never leaves half a mark behind.
func TestCutsLeaveNoMarks(t *testing.T) {
	for n := range 60 {
		long := strings.Repeat("x", 3500+10*n)
		b := look.Message(bot.Message{Sections: []bot.Section{{Quote: true, Text: bot.T(
			long, bot.Bold(strings.Repeat("b ", 200)), bot.Code(strings.Repeat("c", 200)), strings.Repeat(`\*`, 100),
			bot.Link("docs", "https://example.org/"+strings.Repeat("a", 100)),
		)}}})
		check(t, b)
		read := looktest.Plain(b.Components)
		for _, torn := range []string{"**", "`", "](", "<t:"} {
			if strings.Contains(read, torn) {
				t.Errorf("%d: people read %q in …%s", n, torn, read[len(read)-100:])
			}
		}
	}
}

func TestFileNames(t *testing.T) {
	for name, want := range map[string]string{
		"incidents.png": "incidents.png", "Woche 47/ü.png": "Woche_47__.png", "../../etc/passwd": "_.._etc_passwd",
		"": "file", "..": "file", "日本": "file",
	} {
		t.Run(name, func(t *testing.T) {
			if got := look.FileName(name); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}
