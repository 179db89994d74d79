package engine_test

import (
	"slices"
	"testing"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// narrow is a platform whose messages hold one section.
type narrow struct{ *bottest.Recorder }

func (narrow) Split(m bot.Message) []bot.Message {
	if len(m.Sections) < 2 {
		return []bot.Message{m}
	}
	first, parts := m, []bot.Message(nil)
	first.Sections = m.Sections[:1]
	for _, s := range m.Sections[1:] {
		parts = append(parts, bot.Message{Sections: []bot.Section{s}})
	}
	return append([]bot.Message{first}, parts...)
}

func (narrow) Below(first bot.MessageRef) bot.Conversation {
	c := first.Conversation
	c.Thread = first.ID
	return c
}

func TestALongMessageGoesOnInItsThread(t *testing.T) {
	p := narrow{&bottest.Recorder{Platform: "test"}}
	b := engine.New(engine.Options{
		Store: storagetest.Open(t, "sqlite:"+t.TempDir()+"/watchbell.db"), Clock: bottest.NewClock(),
	})
	b.Attach(p)
	place := bot.Conversation{Platform: p.Name(), Channel: "ops"}
	show := func(words ...string) {
		t.Helper()
		var m bot.Message
		for _, w := range words {
			m.Sections = append(m.Sections, bot.Para(w))
		}
		if _, err := b.Show(t.Context(), "report.part/R-1", "R-1", place, m); err != nil {
			t.Fatal(err)
		}
	}
	said := func() (list []string) {
		for _, m := range p.Messages() {
			list = append(list, m.Message.Plain(nil))
		}
		return list
	}
	for _, c := range []struct{ show, want []string }{
		{[]string{"one", "two", "three"}, []string{"one", "two", "three"}},
		{[]string{"one", "second", "three"}, []string{"one", "second", "three"}},
		{[]string{"one"}, []string{"one", "… (nothing more)", "… (nothing more)"}},
		{[]string{"one", "two"}, []string{"one", "two", "… (nothing more)"}},
	} {
		show(c.show...)
		if got := said(); !slices.Equal(got, c.want) {
			t.Errorf("%v shows %q, want %q", c.show, got, c.want)
		}
	}
	for n, m := range p.Messages() {
		if in := m.Ref.Thread != ""; in != (n > 0) {
			t.Errorf("message %d is in a thread: %v", n, in)
		}
	}
}
