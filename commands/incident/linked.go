package incident

import (
	"fmt"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Linked is what the people of a change said that it has to do with an incident.
type Linked struct {
	Change string       `json:"change"`
	How    string       `json:"how"` // fixes, caused, suspected or unrelated
	By     bot.PersonID `json:"by"`
	At     time.Time    `json:"at"`
}

// saysOf is the line about a link, by what the change is to the incident.
var saysOf = map[string]string{
	"fixes": "%s is to fix this.", "caused": "%s caused this.", "suspected": "%s is suspected.",
	"unrelated": "%s is not related.",
}

// Link writes down what a change has to do with it. It reports whether that is news.
func (i *Incident) Link(change, how string, by bot.PersonID, at time.Time) bool {
	l := Linked{change, how, by, at}
	n := slices.IndexFunc(i.Linked, func(x Linked) bool { return x.Change == change })
	switch {
	case saysOf[how] == "" || n >= 0 && i.Linked[n].How == how:
		return false
	case n >= 0:
		i.Linked[n] = l
	default:
		i.Linked = append(i.Linked, l)
	}
	i.Log(LinkedEntry, by, at, fmt.Sprintf(saysOf[how], change))
	return true
}

// linked is what a change has to do with it by what its own people said, "" if they said nothing.
func (i *Incident) linked(change string) string {
	n := slices.IndexFunc(i.Linked, func(x Linked) bool { return x.Change == change })
	if n < 0 {
		return ""
	}
	return i.Linked[n].How
}

// LinkedElsewhere are the changes that were linked to it and are not among those found near it.
func (i *Incident) LinkedElsewhere(near []Change) []string {
	var ids []string
	for _, l := range i.Linked {
		if l.How != "unrelated" && !slices.ContainsFunc(near, func(c Change) bool { return c.ID == l.Change }) {
			ids = append(ids, l.Change)
		}
	}
	return ids
}
