package look

import (
	"github.com/watchbell/watchbell/bot"
)

// Split divides a message that is too long for Discord by its sections. The first part has the title, the actions and
// what is attached, the last one the small print. A single section that is too long is cut, as Message cuts it.
func Split(m bot.Message) []bot.Message {
	if len(Message(m).Lost) == 0 || len(m.Sections) < 2 {
		return []bot.Message{m}
	}
	part := m
	part.Sections, part.Context = nil, nil
	var parts []bot.Message
	for _, s := range m.Sections {
		longer := part
		longer.Sections = append(part.Sections[:len(part.Sections):len(part.Sections)], s)
		if len(part.Sections) > 0 && len(Message(longer).Lost) > 0 {
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
