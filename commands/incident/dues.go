package incident

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Dues are the follow-ups that have a date, and the review that is to be written.
func (i *Incident) Dues() []bot.Due {
	var list []bot.Due
	audience := bot.Audience{Services: slices.Compact(slices.Sorted(slices.Values(i.Services)))}
	add := func(d bot.Due, at time.Time) {
		d.Object, d.At, d.Audience = i.ID(), at.UTC().Truncate(time.Microsecond), audience
		list = append(list, d)
	}
	for _, t := range i.Tasks {
		if !t.FollowUp || t.Due.IsZero() || !t.Done.IsZero() {
			continue
		}
		which := map[string]string{"incident": i.ID(), "number": strconv.Itoa(t.N)}
		add(bot.Due{
			What: fmt.Sprintf("task %d", t.N), Name: fmt.Sprintf("%s task %d", i.ID(), t.N), Text: t.Text, Owner: t.Owner,
			Done:     &bot.Action{Label: "Done", Command: "incident.done", Args: which},
			Reassign: &bot.Action{Label: "Reassign", Command: "incident.owner", Args: which},
		}, t.Due)
	}
	if i.State == Review && i.Published.IsZero() && !i.ReviewDue.IsZero() {
		add(bot.Due{What: "review", Text: "review of " + value.Shown(i.Title, 60)}, i.ReviewDue)
	}
	return list
}
