package look

import (
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// Split divides a message that is too long for Discord by its sections. The first part has the title, the actions and
// what is attached, the last one the small print. A single section that is too long is divided too: between its fields,
// and where that is not enough between words.
func Split(m bot.Message) []bot.Message {
	if len(Message(m).Lost) == 0 {
		return []bot.Message{m}
	}
	part := m
	part.Sections, part.Context = nil, nil
	var parts []bot.Message
	for _, s := range pieces(m.Sections) {
		longer := part
		longer.Sections = append(part.Sections[:len(part.Sections):len(part.Sections)], s)
		if (len(part.Sections) > 0 || part.Title != "") && len(Message(longer).Lost) > len(Message(part).Lost) {
			parts = append(parts, part)
			longer = bot.Message{Tone: m.Tone, Sections: []bot.Section{s}}
		}
		part = longer
	}
	last := part
	last.Context = m.Context
	if len(m.Context) > 0 && len(Message(last).Lost) > len(Message(part).Lost) {
		parts = append(parts, part)
		last = bot.Message{Tone: m.Tone, Context: m.Context}
	}
	return append(parts, last)
}

// pieces are sections of which each fits into a message of its own.
func pieces(sections []bot.Section) (list []bot.Section) {
	for _, s := range sections {
		if alone(s) {
			list = append(list, s)
			continue
		}
		list = append(list, texts(s.Text, s.Quote)...)
		some := bot.Section{}
		for _, f := range s.Fields {
			more := some
			more.Fields = append(some.Fields[:len(some.Fields):len(some.Fields)], f)
			if alone(more) {
				some = more
				continue
			}
			list = append(list, some)
			if some = (bot.Section{Fields: []bot.Field{f}}); !alone(some) {
				list = append(list, texts(append(bot.T(bot.Bold(f.Label+": ")), f.Value...), false)...)
				some = bot.Section{}
			}
		}
		list = append(list, some)
	}
	return slices.DeleteFunc(list, func(s bot.Section) bool { return len(s.Text)+len(s.Fields) == 0 })
}

func alone(s bot.Section) bool {
	return len(Message(bot.Message{Sections: []bot.Section{s}}).Lost) == 0
}

// texts are sections that say a text, each as much of it as fits.
func texts(t bot.Text, quote bool) (list []bot.Section) {
	some := bot.Section{Quote: quote}
	for _, span := range t {
		for _, span := range words(span) {
			more := bot.Section{Text: append(some.Text[:len(some.Text):len(some.Text)], span), Quote: quote}
			if len(some.Text) > 0 && !alone(more) {
				list = append(list, some)
				more.Text = bot.Text{span}
			}
			some = more
		}
	}
	return append(list, some)
}

// pieceChars are so few that they fit however many of them have to be escaped.
const pieceChars = maxChars / 4

// words divides the text of a span at the ends of words.
func words(s bot.Span) (list []bot.Span) {
	rest := []rune(s.Text)
	for s.Kind == bot.PlainSpan && len(rest) > pieceChars {
		n := pieceChars
		if k := strings.LastIndexAny(string(rest[:n]), " \n"); k > 0 {
			n = len([]rune(string(rest[:n])[:k+1]))
		}
		list = append(list, bot.Span{Text: string(rest[:n])})
		rest = rest[n:]
	}
	s.Text = string(rest)
	return append(list, s)
}
