package response

import (
	"context"
	"strconv"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/incident"
)

// theirs is what somebody has to do with incidents that are not over: what they are asked, lead or do. Tasks with a date
// are due, and listed there.
func (s *Service) theirs(ctx context.Context, p bot.Person) (bot.Own, error) {
	o := bot.Own{Title: "Incidents", Actions: []bot.Action{{Label: "Open incidents", Command: "incident.list"}}}
	list, err := s.store.List(ctx, Filter{Open: true, Person: p.ID, Limit: bot.OwnLines + 1})
	if err != nil {
		return o, err
	}
	for _, i := range list {
		if i, err = s.store.Get(ctx, i.ID()); err != nil { // with its tasks
			return o, err
		}
		line := bot.T(bot.Bold(incident.Headline(i)))
		switch {
		case i.HandoverTo == p.ID:
			line = append(line, bot.T(" – you are asked to take the lead")...)
		case i.Lead == p.ID && i.State.Active() && !i.NextUpdate.IsZero():
			line = append(line, bot.T(" – you lead it; the next update is due ", i.NextUpdate)...)
		case i.Lead == p.ID:
			line = append(line, bot.T(" – you lead it")...)
		}
		o.Lines = append(o.Lines, line)
		for _, t := range i.Tasks {
			if t.Owner == p.ID && t.Done.IsZero() && t.Due.IsZero() {
				o.Lines = append(o.Lines, bot.T("☐ "+i.ID()+" task "+strconv.Itoa(t.N)+": ", value.Shown(t.Text, 120)))
			}
		}
	}
	return o, nil
}
