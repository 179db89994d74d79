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
	long := bot.Say(strings.Repeat("one section only ", 400))
	if parts := look.Split(long); len(parts) != 1 {
		t.Errorf("%d parts of a single section", len(parts))
	}
}

func sameSection(a, b bot.Section) bool { return fmt.Sprint(a) == fmt.Sprint(b) }
