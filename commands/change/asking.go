package change

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// CanUnblock lists who may still vote in a stage, without those who delegated to others.
func (c *Change) CanUnblock(s StageView, r Roster) []bot.PersonID {
	var who []bot.PersonID
	for _, m := range c.Pool(s.Stage, c.Needs.Groups, r) {
		if !c.hasVoted(m.Person, s.Name) {
			who = append(who, m.Person)
		}
	}
	return who
}

// WhoCan says which people can do something, the first of them by name.
func WhoCan(people []bot.PersonID) string {
	if len(people) == 0 {
		return "Nobody can at the moment; its requester is told."
	}
	var names []string
	for _, p := range people[:min(5, len(people))] {
		names = append(names, "@"+string(p))
	}
	more := ""
	if n := len(people) - len(names); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return "These can: " + strings.Join(names, ", ") + more + "."
}

// Asks is what it depends on whom a change asks.
func (c *Change) Asks() string { return c.Needs.SHA + fmt.Sprint(c.Services) }

// ToAsk are the people who are to be asked and were not.
func (c *Change) ToAsk(w World) []Asked {
	var stages []StageView
	switch {
	case c.State == Pending && c.Hold.Why == "":
		stages = c.Stages()
	case c.Owed(RetroApproval) != nil && !c.State.Ended():
		stages = c.Retro()
	}
	var fresh []Asked
	for _, s := range stages {
		if s.Satisfied() || !s.Active {
			continue
		}
		who := c.CanUnblock(s, w.Roster)
		if len(who) > AskEach {
			turn := int(c.Number+int64(c.Reminders)) % len(who)
			who = []bot.PersonID{who[turn], who[(turn+1)%len(who)]}
		}
		for _, p := range who {
			if !slices.ContainsFunc(c.Asked, func(a Asked) bool { return a.Person == p && a.Revision == c.Revision }) &&
				!slices.ContainsFunc(fresh, func(a Asked) bool { return a.Person == p }) {
				fresh = append(fresh, Asked{Revision: c.Revision, Stage: s.Name, Person: p})
			}
		}
	}
	return fresh
}

// WaitsFor is the stage in which somebody's decision is needed now, "" if it is not.
func (c *Change) WaitsFor(who bot.PersonID, r Roster, d []Delegation, at time.Time) string {
	if c.State != Pending && c.Owed(RetroApproval) == nil || c.Hold.Why != "" || c.barred(who) != nil {
		return ""
	}
	for _, st := range c.OpenStages() {
		if st.Satisfied() || !st.Active || c.hasVoted(who, st.Name) {
			continue
		}
		if seat, _, ok := c.seat(st.Stage, who, r, d, at); ok && !c.hasVoted(seat, st.Name) {
			return st.Name
		}
	}
	return ""
}

// How many people are asked each by themselves; of a larger group two at a time are.
const AskEach = 7
