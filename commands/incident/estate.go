package incident

import (
	"fmt"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

const reviewHolding = "review"

// Owned is what somebody has to do on it: open tasks and follow-ups, its review, and to lead it.
func (i *Incident) Owned(who bot.PersonID) []bot.Holding {
	var list []bot.Holding
	for _, t := range i.Tasks {
		if t.Owner == who && t.Done.IsZero() {
			list = append(list, bot.Holding{Object: i.ID(), What: t.name(), Text: value.Shown(t.Text, 80)})
		}
	}
	if i.State == Review && i.Published.IsZero() && i.ReviewOwner == who {
		list = append(list, bot.Holding{Object: i.ID(), What: reviewHolding, Text: "review of " + value.Shown(i.Title, 60)})
	}
	if i.State.Open() && i.Lead == who {
		list = append(list, bot.Holding{
			Object: i.ID(), What: "lead", Text: "leads " + value.Shown(i.Title, 60),
			Stays: "Who takes over has to agree. Ask them with: /incident handover " + i.ID(),
		})
	}
	return list
}

// name is what a task is called on its incident.
func (t Task) name() string { return fmt.Sprintf("%s %d", strings.ToLower(t.Kind()), t.N) }

// HandOver gives one of what somebody owns to somebody else. It reports whether it was still theirs.
func (i *Incident) HandOver(what string, from, to, by bot.PersonID, at time.Time) bool {
	for k := range i.Tasks {
		t := &i.Tasks[k]
		if t.name() == what && t.Owner == from && t.Done.IsZero() {
			t.Owner = to
			i.logOwner(*t, Actor{Person: by}, at)
			return true
		}
	}
	if what != reviewHolding || i.ReviewOwner != from || !i.Published.IsZero() {
		return false
	}
	i.ReviewOwner = to
	i.Log(ReviewEntry, by, at, fmt.Sprintf(
		"@%s writes the post-mortem, due %s", to, i.ReviewDue.Format("Monday 2 January"),
	))
	return true
}
