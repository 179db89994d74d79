package look_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/watchbell/watchbell/adapters/discord/look"
	"github.com/watchbell/watchbell/adapters/discord/look/looktest"
	"github.com/watchbell/watchbell/bot"
)

// harmless are pieces of text that are no marks.
var harmless = []string{
	"a", " ", "\n", "word ", "データ", "ñ", "שלום", "👩‍💻", "\u202e", "\u200b", "e\u0301", "0", "14:05 ", "\t", "…", "\r\n",
}

// pieces are what texts are drawn from: marks, halves of marks and text in between.
var pieces = slices.Concat(harmless, slices.Sorted(maps.Values(hostile)), []string{
	"*", "**", "_", "__", "~~", "|", "||", "`", "``", "```", "<", ">", "@", "#", ":", "\\", "[", "]", "(", ")", "-", "+",
	".", "# ", "> ", "- ", "1", "1. ", "-# ", "everyone", "here", "fire:", "https:", "//evil.example", "<@", "123>", "](",
	"t:1:R>",
})

func drawWords(t *rapid.T, label string) string {
	words := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 12).Draw(t, label), "")
	if rapid.IntRange(0, 15).Draw(t, "long "+label) == 0 {
		words = strings.Repeat(words, 200)
	}
	return words
}

func drawText(t *rapid.T, label string) bot.Text {
	at := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "at"), 0)
	var text bot.Text
	for range rapid.IntRange(0, 4).Draw(t, "spans of "+label) {
		words := drawWords(t, label)
		text = append(text, rapid.SampledFrom([]bot.Span{
			{Text: words}, {Text: words}, bot.Bold(words), bot.Code(words), bot.Link(words, "https://example.org/?q="+words),
			{Kind: bot.PersonSpan, Text: words, User: danUser}, {Kind: bot.PersonSpan, Text: words}, bot.At(at),
			bot.InChannel(bot.Conversation{Platform: "discord", Channel: channel}, words),
			bot.InChannel(bot.Conversation{Platform: "slack", Channel: "C1"}, words),
		}).Draw(t, "span of "+label))
	}
	return text
}

func drawMessage(t *rapid.T) bot.Message {
	m := bot.Message{
		Title: drawWords(t, "title"), Fallback: drawWords(t, "fallback"),
		Tone: rapid.SampledFrom([]bot.Tone{bot.Neutral, bot.Info, bot.Critical}).Draw(t, "tone"),
	}
	for range rapid.SampledFrom([]int{0, 1, 3, 50}).Draw(t, "sections") {
		s := bot.Section{Text: drawText(t, "section"), Quote: rapid.Bool().Draw(t, "quote")}
		for range rapid.IntRange(0, 2).Draw(t, "fields") {
			s.Fields = append(s.Fields, bot.Field{Label: drawWords(t, "label"), Value: drawText(t, "value")})
		}
		m.Sections = append(m.Sections, s)
	}
	for range rapid.IntRange(0, 3).Draw(t, "small print") {
		m.Context = append(m.Context, drawText(t, "context"))
	}
	for range rapid.SampledFrom([]int{0, 1, 4, 40}).Draw(t, "actions") {
		m.Actions = append(m.Actions, drawAction(t))
	}
	return m
}

func drawAction(t *rapid.T) bot.Action {
	a := bot.Action{
		Label: drawWords(t, "action"), People: rapid.IntRange(0, 5).Draw(t, "people") == 0,
		Token: rapid.StringMatching(`~?[A-Za-z0-9_-]{1,75}`).Draw(t, "token"),
	}
	if rapid.Bool().Draw(t, "asks") {
		a.Confirm = drawWords(t, "question")
	}
	for range rapid.SampledFrom([]int{0, 0, 0, 1, 25}).Draw(t, "options") {
		a.Options = append(a.Options, bot.Option{
			Label: drawWords(t, "option"), Value: rapid.StringMatching(`[a-z0-9]{1,75}`).Draw(t, "option's value"),
		})
	}
	return a
}

// kinds are the marks that a message may hold: ours. Those of lines stand for quotes, the title and small print.
var kinds = []string{"bold", "code", "link", "person", "channel", "time", "quote", "heading", "small print"}

// Discord takes any message, words of people are no marks in it, and no action is lost without being reported.
func TestAnyMessage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMessage(t)
		b := look.Message(m)
		if err := looktest.Check(b); err != nil {
			t.Fatal(err)
		}
		for _, mark := range looktest.Marks(b.Components) {
			ours := slices.Contains(kinds, mark.Kind)
			switch mark.Kind {
			case "person":
				ours = mark.Text == danUser
			case "channel":
				ours = mark.Text == channel
			case "link":
				ours = strings.HasPrefix(mark.Text, "https://example.org/?q=")
			}
			if !ours {
				t.Fatalf("words of people are a mark: %+v", mark)
			}
		}
		tokens := map[string]int{}
		for c := range look.All(b.Components) {
			tokens[look.ReadID(c.CustomID).Token]++
			if look.ReadID(c.CustomID).Kind == look.MoreID {
				for _, o := range c.Options {
					tokens[look.ReadID(o.Value).Token]++
				}
			}
		}
		for _, a := range m.Actions {
			if tokens[a.Token]--; tokens[a.Token] < 0 && !slices.Contains(b.Lost, "the action "+a.Label) {
				t.Fatalf("the action %q is gone, lost are %q", a.Label, b.Lost)
			}
		}
	})
}

// Words that fit are read as they were typed, wherever they stand.
func TestAnyWordsAreRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 20).Draw(t, "words"), "")
		want := strings.TrimSpace(asTyped.Replace(words))
		if text, marks := looktest.Read(look.Escape(words)); len(marks) > 0 || strings.TrimSpace(text) != want {
			t.Fatalf("people read %q with %v, want %q", text, marks, want)
		}
		b := look.Message(bot.Message{Sections: []bot.Section{{Quote: true, Text: bot.T("“", words, "”")}}})
		if len(b.Lost) > 0 {
			return
		}
		got := strings.Split(looktest.Plain(b.Components), "\n")
		for i, line := range strings.Split("“"+asTyped.Replace(words)+"”", "\n") {
			if i >= len(got) || got[i] != line {
				t.Fatalf("line %d of %q is not %q", i, got, line)
			}
		}
	})
}

// Any form can be walked to its end, whatever its inputs hold.
func TestAnyForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := bot.Form{
			Token: "FORM", Title: drawWords(t, "title"), Submit: drawWords(t, "submit"), Intro: drawText(t, "introduction"),
		}
		for i := range rapid.IntRange(0, 12).Draw(t, "inputs") {
			f.Inputs = append(f.Inputs, drawInput(t, string(rune('a'+i))))
		}
		asked := map[string]bool{}
		for next := 0; next != look.NoNext; {
			m := look.Step(f, next, time.UTC, userOf)
			if err := looktest.CheckModal(m); err != nil {
				t.Fatal(err)
			}
			for c := range look.All(m.Data.Components) {
				asked[c.CustomID] = true
			}
			if next = look.ReadID(m.Data.CustomID).Next; next == look.NoNext {
				break
			}
			if err := looktest.Check(look.Kept(f, next)); err != nil {
				t.Fatal(err)
			}
		}
		for _, in := range f.Inputs {
			if !asked[in.Name] && len(in.Value) <= 4000 {
				t.Fatalf("%s is never asked", in.Name)
			}
		}
		for _, b := range []look.Body{look.Wrong(f), look.Ready(f)} {
			if err := looktest.Check(b); err != nil {
				t.Fatal(err)
			}
			for c := range look.All(b.Components) {
				if id := look.ReadID(c.CustomID); id.Kind == look.FixID {
					if err := looktest.CheckModal(look.Fix(f, id.Inputs, time.UTC, userOf)); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	})
}

func drawInput(t *rapid.T, name string) bot.Input {
	in := bot.Input{
		Name: name, Label: drawWords(t, "label"), Help: drawWords(t, "help"), Required: rapid.Bool().Draw(t, "required"),
		Kind: rapid.SampledFrom([]bot.InputKind{
			bot.LineInput, bot.ParagraphInput, bot.ChoiceInput, bot.ChoicesInput, bot.PersonInput, bot.TimeInput, bot.DayInput,
			bot.FileInput,
		}).Draw(t, "kind"),
		Max: rapid.IntRange(0, 5000).Draw(t, "max"), Search: rapid.Bool().Draw(t, "search"),
	}
	if in.Kind != bot.FileInput {
		in.Value = drawWords(t, "value")
	}
	if rapid.Bool().Draw(t, "wrong") {
		in.Error = drawWords(t, "error")
	}
	for range rapid.SampledFrom([]int{0, 1, 9, 25, 30}).Draw(t, "options") {
		in.Options = append(in.Options, bot.Option{
			Label: drawWords(t, "option"), Value: rapid.StringMatching(`[a-z0-9]{1,75}`).Draw(t, "option's value"),
		})
	}
	return in
}
