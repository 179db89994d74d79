package register

import (
	"slices"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/book"
)

// onePage is the card of a record as a page: its first fields are its facts, the others its dates and
// links.
func (g *registry[T, P]) onePage(x P, m bot.Message) bot.Page {
	h := x.Base()
	p := bot.Page{Title: value.Isolate(h.Name), Object: h.ID}
	p.Actions = slices.DeleteFunc(slices.Clone(m.Actions), func(a bot.Action) bool {
		return a.Command == g.kind.Noun+".history" // which is a tab
	})
	if s := book.Standing(x); s != "" {
		p.Marks = []bot.Mark{{Text: book.Title(s), Tone: bot.Info, Over: !h.Live()}}
	}
	beside := bot.Panel{Title: "Dates and links", Place: bot.Aside}
	for _, s := range m.Sections {
		switch {
		case len(s.Fields) == 0:
		case len(p.Panels) == 0:
			p = p.With(bot.Panel{Title: "Facts", Facts: s.Fields})
		default:
			beside.Facts = append(beside.Facts, s.Fields...)
		}
	}
	p = p.With(beside).Without()
	m.Title, m.Actions = "", nil
	m.Sections = slices.DeleteFunc(slices.Clone(m.Sections), func(s bot.Section) bool { return len(s.Fields) > 0 })
	if len(m.Sections) > 0 {
		p = p.With(bot.Panel{Title: "Notes", Message: &m})
	}
	return p
}
