package incident

import (
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// Concerns is everybody to whom an entry gives something to do, or from whom it takes it. They are told directly.
// Nobody is told of what they did themselves, nor that their account is deactivated.
func (e Entry) Concerns() []bot.PersonID {
	var who []bot.PersonID
	add := func(p bot.PersonID) {
		if p != "" && p != e.By {
			who = append(who, p)
		}
	}
	switch e.Kind {
	case LeadEntry, HandoverEntry, RoleEntry, AssignedEntry:
		if e.By == "" {
			return nil
		}
		add(Leading(e.Text))
		if _, rest, ok := strings.Cut(e.Text, tookOver); ok {
			gone, _, _ := strings.Cut(rest, ",")
			add(bot.PersonID(gone))
		}
	case ReviewEntry:
		add(Leading(e.Text))
	}
	return who
}

// Leading is the person whom a text of ours begins with, "" if with nobody.
func Leading(text string) bot.PersonID {
	id, _, ok := strings.Cut(text, " ")
	if !ok || !strings.HasPrefix(id, "@") {
		return ""
	}
	return bot.PersonID(id[1:])
}
