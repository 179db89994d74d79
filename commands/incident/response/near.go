package response

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/incident"
)

// Changes is what incidents need to know of changes. Optional: without it nothing is said about them.
type Changes interface {
	// Near lists changes on the services, or on those next to them, that were carried out or planned around the time, the
	// likeliest cause first.
	Near(ctx context.Context, services []string, from, to time.Time) ([]incident.Change, error)
	// About tells of changes by their ids.
	About(ctx context.Context, ids []string) ([]incident.Change, error)
	// Link is the job that writes a verdict down with the change.
	Link(change, incident string, verdict incident.Verdict, by bot.PersonID) bot.Job
}

// How long before its start an incident looks for changes.
const changesBefore = 24 * time.Hour

// near are the changes that an incident shows: those nobody ruled out, suspects first.
func (s *Service) near(ctx context.Context, i *incident.Incident) ([]incident.Change, error) {
	if s.changes == nil || len(i.Services) == 0 && len(i.Judged) == 0 && len(i.Linked) == 0 {
		return nil, nil
	}
	var found []incident.Change
	var err error
	until := s.clock.Now()
	if !i.State.Open() && !i.Times.Resolved.IsZero() {
		until = i.Times.Resolved // later changes did not cause it
	}
	if len(i.Services) > 0 || len(i.Judged) > 0 {
		if found, err = s.changes.Near(ctx, i.Services, i.Started.Add(-changesBefore), until); err != nil {
			return nil, err
		}
	}
	if ids := i.LinkedElsewhere(found); len(ids) > 0 {
		more, err := s.changes.About(ctx, ids)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	slices.SortStableFunc(found, func(a, b incident.Change) int { return i.RankOf(a.ID) - i.RankOf(b.ID) })
	return found, nil
}

// card is how an incident looks in its channel, with the changes near it.
func (s *Service) card(ctx context.Context, i *incident.Incident) (bot.Message, error) {
	m := incident.Card(i)
	if !i.State.Open() {
		return m, nil
	}
	near, err := s.near(ctx, i)
	if err != nil {
		return m, err
	}
	open := slices.DeleteFunc(slices.Clone(near), func(c incident.Change) bool { return i.RankOf(c.ID) == 3 })
	if len(open) == 0 {
		return m, nil
	}
	m.Sections = append(m.Sections, incident.ChangesSection(i, open, 3))
	m.Actions = append(m.Actions, incident.ChangeActions(i, open[0])...)
	return m, nil
}

func (s *Service) listChanges(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	i, err := s.store.Get(ctx, c.Text("incident"))
	if err != nil {
		return bot.Reply{}, notFound(c.Text("incident"), err)
	}
	near, err := s.near(ctx, i)
	if err != nil {
		return bot.Reply{}, err
	}
	if len(near) == 0 {
		what := "on " + strings.Join(i.Services, ", ")
		if len(i.Services) == 0 {
			what = "because no service is named; name them with /incident edit " + i.ID() + " service=…"
		}
		return bot.Answer(incident.Done("No change is near " + i.ID() + " " + what + ".")), nil
	}
	m := bot.Message{
		Title: "Changes near " + i.ID(), Tone: bot.Info, Sections: []bot.Section{incident.ChangesSection(i, near, 15)},
	}
	for _, x := range near[:min(2, len(near))] {
		m.Actions = append(m.Actions, incident.ChangeActions(i, x)[:len(incident.ChangeActions(i, x))-1]...)
		m.Actions = append(m.Actions, bot.Action{
			Label: "Show " + x.ID, Command: "change.show", Args: map[string]string{"change": x.ID},
		})
	}
	return bot.Answer(m), nil
}

func (s *Service) suspect(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	verdict, change := incident.Verdict(c.Text("verdict")), c.Text("suspect")
	if verdict == "" {
		verdict = incident.Suspect
	}
	var jobs []bot.Job
	if s.changes != nil {
		jobs = append(jobs, s.changes.Link(change, c.Text("incident"), verdict, c.Person.ID))
	}
	return s.changeWith(ctx, c, func(i *incident.Incident) error { return i.Judge(actor(c), change, verdict, c.Now) },
		func(i *incident.Incident) bot.Message {
			if verdict == incident.NotRelated {
				return incident.Done(change + " is not related to " + i.ID() + ".")
			}
			return incident.Done(change + " is suspected. Whoever carries it out sees it on its card.")
		}, jobs)
}
