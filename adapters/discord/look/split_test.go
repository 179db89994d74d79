package look_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/discord/look"
	"github.com/watchbell/watchbell/adapters/discord/look/looktest"
	"github.com/watchbell/watchbell/bot"
)

func TestALongMessageIsDividedBetweenSections(t *testing.T) {
	m := bot.Message{
		Title: "Weekly report", Tone: bot.Good, Context: []bot.Text{bot.T("small print")},
		Actions: []bot.Action{{Label: "Read", Command: "report.ack", Token: "token"}},
	}
	for n := range 30 {
		m.Sections = append(m.Sections, bot.Para(fmt.Sprintf("section %02d ", n), strings.Repeat("many words ", 40)))
	}
	parts := look.Split(m)
	var texts []string
	for n, p := range parts {
		b := look.Message(p)
		if len(b.Lost) > 0 {
			t.Errorf("part %d lost %v", n, b.Lost)
		}
		if err := looktest.Check(b); err != nil {
			t.Error(err)
		}
		if has := len(p.Actions) > 0; has != (n == 0) {
			t.Errorf("part %d has actions: %v", n, has)
		}
		texts = append(texts, looktest.Plain(b.Components))
	}
	all := strings.Join(texts, "\n")
	for n := range 30 {
		if strings.Count(all, fmt.Sprintf("section %02d ", n)) != 1 {
			t.Errorf("section %d is not there once", n)
		}
	}
	if len(parts) < 4 || !strings.Contains(texts[0], "Weekly report") || !strings.Contains(texts[len(texts)-1], "small print") {
		t.Errorf("%d parts:\n%s", len(parts), all)
	}
}

func TestAMessageThatFitsIsNotDivided(t *testing.T) {
	m := bot.Message{Title: "Short", Sections: []bot.Section{bot.Para("one"), bot.Para("two")}}
	if parts := look.Split(m); len(parts) != 1 || !slices.EqualFunc(parts[0].Sections, m.Sections, sameSection) {
		t.Errorf("%+v", parts)
	}
}

// A section that is too long for a message of its own is divided between its fields and its words, and all of it is
// there.
func TestALongSectionIsDivided(t *testing.T) {
	numbered := func(label string, n int) string {
		var b strings.Builder
		for k := range n {
			fmt.Fprintf(&b, "*%s%d* ", label, k)
		}
		return b.String()
	}
	for name, s := range map[string]bot.Section{
		"text":      bot.Para(numbered("text", 900)),
		"quote":     {Text: bot.T(numbered("text", 900)), Quote: true},
		"no spaces": bot.Para(strings.Repeat("*", 5000)),
		"fields":    {Fields: []bot.Field{{Label: "One", Value: bot.T(numbered("one", 250))}, {Label: "Two", Value: bot.T(numbered("two", 250))}}},
		"long fields": {
			Text: bot.T("above"), Fields: []bot.Field{
				{Label: "One", Value: bot.T(numbered("one", 900))}, {Label: "Two", Value: bot.T("2")},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var all strings.Builder
			parts := look.Split(bot.Message{
				Title: "Title", Sections: []bot.Section{bot.Para("before"), s, bot.Para("after")},
				Context: []bot.Text{bot.T("small")},
				Actions: []bot.Action{{Label: "Read", Command: "report.ack", Token: "token"}},
			})
			for n, p := range parts {
				b := look.Message(p)
				if len(b.Lost) > 0 {
					t.Errorf("part %d lost %v", n, b.Lost)
				}
				if err := looktest.Check(b); err != nil {
					t.Error(err)
				}
				all.WriteString(looktest.Plain(b.Components) + " ")
			}
			got, want := letters(all.String()), letters("Title before "+s.Text.Plain(nil))
			for _, f := range s.Fields {
				want += letters(f.Label + ":" + f.Value.Plain(nil))
			}
			if want += letters("after small"); len(parts) < 2 || got != want {
				t.Errorf("%d parts say\n%s\nwant\n%s", len(parts), got, want)
			}
		})
	}
}

// letters are the words of a text without what stands between them.
func letters(s string) string { return strings.Join(strings.Fields(s), "") }

func sameSection(a, b bot.Section) bool { return fmt.Sprint(a) == fmt.Sprint(b) }
