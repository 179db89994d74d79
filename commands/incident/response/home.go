package response

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/incident"
)

// How much somebody's own page lists.
const homeLines = 10

// home is what somebody sees first on their own page: what waits for them, their incidents and their tasks.
func (s *Service) home(ctx context.Context, p bot.Person) ([]bot.Message, error) {
	mine, err := s.store.List(ctx, Filter{Open: true, Person: p.ID, Limit: homeLines})
	if err != nil {
		return nil, err
	}
	open, err := s.store.List(ctx, Filter{Open: true, Limit: homeLines + 1})
	if err != nil {
		return nil, err
	}
	now := s.clock.Now()
	top := bot.Message{
		Title: "Incidents", Sections: []bot.Section{openLine(open)},
		Actions: []bot.Action{declareAction, {Label: "Open incidents", Command: "incident.list"}},
	}
	messages := []bot.Message{top}
	for _, i := range mine {
		if i, err = s.store.Get(ctx, i.ID()); err != nil { // with its tasks
			return nil, err
		}
		messages = append(messages, s.homeCard(i, p, now))
	}
	if len(mine) == 0 {
		messages = append(messages, bot.Message{
			Sections: []bot.Section{bot.Para("You are on no open incident, and nothing waits for you.")},
		})
	}
	return messages, nil
}

// preview is what everybody sees below a link to an incident.
func (s *Service) preview(ctx context.Context, id string) (bot.Message, error) {
	i, err := s.store.Get(ctx, id)
	if err != nil {
		return bot.Message{}, err
	}
	return incident.Broadcast(i, nil), nil
}

func openLine(open []*incident.Incident) bot.Section {
	switch n := len(open); {
	case n == 0:
		return bot.Para("🟢 No incident is open.")
	case n == 1:
		return bot.Para("One incident is open: " + incident.Headline(open[0]))
	case n > homeLines:
		return bot.Para(fmt.Sprintf("More than %d incidents are open.", homeLines))
	default:
		return bot.Para(fmt.Sprintf("%d incidents are open.", n))
	}
}

// homeCard is one incident as it looks to one person: what it asks of them, and what they have to do.
func (s *Service) homeCard(i *incident.Incident, p bot.Person, now time.Time) bot.Message {
	m := bot.Message{Sections: []bot.Section{bot.Para(bot.Bold(incident.Headline(i)))}}
	say := func(parts ...any) { m.Sections = append(m.Sections, bot.Para(parts...)) }
	if i.HandoverTo == p.ID {
		say("You are asked to take the lead.")
		m.Actions = append(
			m.Actions, incident.Styled(incident.Act("I take the lead", "incident.accept", i), bot.Primary),
			incident.Act("Not now", "incident.decline", i),
		)
	}
	if i.Lead == p.ID && i.State.Active() && !i.NextUpdate.IsZero() {
		if i.NextUpdate.Before(now) {
			say("⚠ You lead it, and an update was due ", i.NextUpdate, ".")
		} else {
			say("You lead it. The next update is due ", i.NextUpdate, ".")
		}
		m.Actions = append(m.Actions, incident.Act("Give update", "incident.update", i))
	}
	if i.Lead == "" {
		m.Actions = append(m.Actions, incident.Act("Take lead", "incident.lead", i))
	}
	finish := incident.Act("Mark as done", "incident.done", i)
	finish.Choose = "number"
	for _, t := range i.Tasks {
		if t.Owner == p.ID && t.Done.IsZero() && len(finish.Options) < homeLines {
			m.Sections = append(m.Sections, bot.Section{
				Text: append(bot.T("☐ ", bot.Bold(strconv.Itoa(t.N)+". "), value.Cut(t.Text, 200)), incident.TaskDetail(
					incident.Task{Due: t.Due},
				)...),
			})
			finish.Options = append(finish.Options, bot.Option{
				Value: strconv.Itoa(t.N), Label: strconv.Itoa(t.N) + ". " + value.Shown(t.Text, 65),
			})
		}
	}
	if len(finish.Options) > 0 {
		m.Actions = append(m.Actions, finish)
	}
	m.Actions = append(m.Actions, incident.Act("Show", "incident.show", i))
	return m
}
