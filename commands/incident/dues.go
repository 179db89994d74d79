package incident

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Dues are the tasks and follow-ups that have a date, and the review that is to be written.
func (i *Incident) Dues() []bot.Due {
	var list []bot.Due
	audience := bot.Audience{Services: slices.Compact(slices.Sorted(slices.Values(i.Services)))}
	add := func(d bot.Due, at time.Time) {
		d.Object, d.At, d.Audience = i.ID(), at.UTC().Truncate(time.Microsecond), audience
		d.Open = &bot.Action{Label: "Open", Command: "incident.show", Args: map[string]string{"incident": i.ID()}}
		list = append(list, d)
	}
	for _, t := range i.Tasks {
		if t.Due.IsZero() || !t.Done.IsZero() || !t.FollowUp && !i.State.Open() {
			continue
		}
		which := map[string]string{"incident": i.ID(), "number": strconv.Itoa(t.N)}
		add(bot.Due{
			What: fmt.Sprintf("task %d", t.N), Name: fmt.Sprintf("%s task %d", i.ID(), t.N), Text: t.Text, Owner: t.Owner,
			Done:     &bot.Action{Label: "Done", Command: "incident.done", Args: which},
			Reassign: &bot.Action{Label: "Reassign", Command: "incident.owner", Args: which},
			Since:    t.Created.UTC().Truncate(time.Microsecond), Lead: i.Lead, Ladder: bot.LadderOf(t.Created, t.Due),
			Urgent: !t.FollowUp && i.Severity.rank() <= SEV2.rank(),
		}, t.Due)
	}
	if i.State == Review && i.Published.IsZero() && !i.ReviewDue.IsZero() {
		add(bot.Due{
			What: "review", Text: "review of " + value.Shown(i.Title, 60), Owner: i.ReviewOwner, Ladder: []int{1},
			Since: i.Times.Resolved.UTC().Truncate(time.Microsecond),
			Done: &bot.Action{
				Label: "Write the review", Command: "incident.review", Args: map[string]string{"incident": i.ID()}, Form: true,
			},
		}, i.ReviewDue)
	}
	return list
}
