package response

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/commands/incident/view"
)

func (s *Service) note(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	when, link := c.Time("at"), ""
	if c.Quote != nil {
		link = c.Quote.Link
		if !c.Changed("at") && !c.Quote.At.IsZero() {
			when = incident.NotAfter(c.Quote.At, c.Now)
		}
	}
	return s.change(ctx, c, func(i *incident.Incident) error {
		when = cmp.Or(when, c.Now)
		return i.Note(actor(c), c.Text("text"), when, c.Now, link)
	},
		func(i *incident.Incident) bot.Message {
			return incident.Done("On the timeline of "+i.ID()+" at ", when, ": "+value.Isolate(c.Text("text")))
		})
}

// prefillNote shows the message that a note is taken from.
func (s *Service) prefillNote(_ context.Context, c *bot.Call) (map[string]string, error) {
	if c.Quote == nil {
		return nil, nil
	}
	text := c.Quote.Text
	if c.Quote.Author != "" {
		text = c.Quote.Author + ": " + text
	}
	return map[string]string{"text": text, "at": localTime(c.Quote.At, c.Zone)}, nil
}

func (s *Service) timeline(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	id := c.Text("incident")
	i, err := s.store.Get(ctx, id)
	if err != nil {
		return bot.Reply{}, notFound(id, err)
	}
	entries, err := s.store.Timeline(ctx, id, 0)
	if err != nil {
		return bot.Reply{}, err
	}
	return bot.Answer(incident.TimelineMessage(i, entries)), nil
}

func (s *Service) catchup(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	id := c.Text("incident")
	i, err := s.store.Get(ctx, id)
	if err != nil {
		return bot.Reply{}, notFound(id, err)
	}
	entries, err := s.store.Timeline(ctx, id, 0)
	if err != nil {
		return bot.Reply{}, err
	}
	return bot.Answer(incident.Catchup(i, entries, c.Now)), nil
}

func (s *Service) task(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.addTask(ctx, c, false)
}

func (s *Service) followup(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.addTask(ctx, c, true)
}

func (s *Service) addTask(ctx context.Context, c *bot.Call, followUp bool) (bot.Reply, error) {
	t := incident.Task{Text: c.Text("text"), Owner: c.Who("person").ID, Due: c.Time("due"), FollowUp: followUp}
	if c.Given("person") {
		if err := able(c, c.Who("person")); err != nil {
			return bot.Reply{}, err
		}
	}
	var added incident.Task
	var invited []bot.Job
	if t.Owner != "" && t.Owner != c.Person.ID {
		invited = s.invitations(t.Owner)
	}
	return s.change(ctx, c, func(i *incident.Incident) (err error) {
		added, err = i.AddTask(actor(c), t, c.Now)
		return err
	}, func(i *incident.Incident) bot.Message {
		return incident.AddedMessage(c, i, added)
	}, invited...)
}

func (s *Service) own(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	if err := able(c, c.Who("person")); err != nil {
		return bot.Reply{}, err
	}
	var given incident.Task
	return s.change(ctx, c, func(i *incident.Incident) (err error) {
		given, err = i.GiveTask(actor(c), c.Number("number"), c.Who("person").ID, c.Now)
		return err
	}, func(i *incident.Incident) bot.Message { return incident.Done(incident.Understood(c, i, given)) },
		s.invitations(c.Who("person").ID)...)
}

func (s *Service) tasks(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	i, err := s.store.Get(ctx, c.Text("incident"))
	if err != nil {
		return bot.Reply{}, notFound(c.Text("incident"), err)
	}
	return bot.Answer(incident.TasksMessage(i)), nil
}

func (s *Service) finishTask(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	var finished incident.Task
	return s.change(ctx, c, func(i *incident.Incident) (err error) {
		finished, err = i.FinishTask(actor(c), c.Number("number"), c.Now)
		return err
	}, func(i *incident.Incident) bot.Message {
		return incident.Done(fmt.Sprintf("%s %d of %s is done: %s", finished.Kind(), finished.N, i.ID(), finished.Text))
	})
}

func (s *Service) cancel(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.change(ctx, c, func(i *incident.Incident) error { return i.Cancel(actor(c), c.Text("why"), c.Now) },
		func(i *incident.Incident) bot.Message {
			return incident.Done(i.ID() + " is cancelled. It does not count in any figure.")
		})
}

func (s *Service) reopen(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.change(ctx, c, func(i *incident.Incident) error { return i.Reopen(actor(c), c.Text("why"), c.Now, s.policy) },
		func(i *incident.Incident) bot.Message { return incident.Done(i.ID() + " is open again.") })
}

func (s *Service) closeIncident(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.change(ctx, c, func(i *incident.Incident) error { return i.Close(actor(c), c.Now) },
		func(i *incident.Incident) bot.Message {
			m := incident.Done(i.ID() + " is closed.")
			if open, _ := i.OpenTasks(true); open > 0 {
				still := fmt.Sprintf("%d follow-ups are still open", open)
				if open == 1 {
					still = "1 follow-up is still open"
				}
				m.Sections = append(m.Sections, bot.Para(still+": /incident tasks "+i.ID()))
			}
			return m
		})
}

func (s *Service) times(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	var t incident.Times
	for name, at := range map[string]*time.Time{
		"started": &t.Started, "detected": &t.Detected, "acknowledged": &t.Acknowledged, "mitigated": &t.Mitigated,
		"resolved": &t.Resolved,
	} {
		if c.Changed(name) {
			*at = c.Time(name)
		}
	}
	return s.change(ctx, c, func(i *incident.Incident) error { return i.SetTimes(actor(c), t, c.Text("why"), c.Now) },
		func(i *incident.Incident) bot.Message {
			return bot.Message{
				Tone: bot.Good,
				Sections: []bot.Section{{Text: bot.T("The times of " + i.ID() +
					" are corrected."), Fields: incident.TimeFields(i)}},
			}
		})
}

func (s *Service) edit(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.change(ctx, c, func(i *incident.Incident) error {
		var d incident.Description
		if c.Changed("title") {
			d.Title = c.Text("title")
		}
		if c.Changed("impact") {
			d.Impact = new(c.Text("impact"))
		}
		if c.Changed("service") {
			d.Services = append([]string{}, c.List("service")...)
			slices.Sort(d.Services)
		}
		return i.Describe(actor(c), d, c.Now)
	}, func(i *incident.Incident) bot.Message { return incident.Done(i.ID() + " is changed.") })
}

func (s *Service) prefillRecord(ctx context.Context, c *bot.Call) (map[string]string, error) {
	i, err := s.store.Get(ctx, c.Text("incident"))
	if err != nil {
		return nil, notFound(c.Text("incident"), err)
	}
	return shown(i, c.Zone), nil
}

// shown is what the forms show of an incident, by the names of their inputs.
func shown(i *incident.Incident, zone *time.Location) map[string]string {
	values := map[string]string{
		"title": i.Title, "impact": i.Impact, "severity": string(i.Severity), "service": strings.Join(i.Services, ","),
		"started": localTime(i.Started, zone), "detected": localTime(i.Detected, zone),
		"mitigated": localTime(i.Mitigated, zone), "resolved": localTime(i.Times.Resolved, zone),
		"happened": i.Written.Happened, "contributing": i.Written.Contributing, "well": i.Written.WentWell,
		"hard": i.Written.WasHard,
	}
	if i.State.Active() {
		values["status"] = string(i.State)
	}
	return values
}

func localTime(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	return t.In(zone).Format("2006-01-02 15:04")
}

func (s *Service) snooze(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	d := 30 * time.Minute
	if c.Given("for") {
		d = c.Duration("for")
	}
	return s.change(ctx, c, func(i *incident.Incident) error { return i.Snooze(actor(c), d, c.Now) },
		func(i *incident.Incident) bot.Message {
			return incident.Done("The reminder stays quiet until ", i.SnoozedUntil, ".")
		})
}

func (s *Service) mute(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	mute := c.Text("reminders") != "on"
	return s.change(ctx, c, func(i *incident.Incident) error { return i.Mute(actor(c), mute, c.Now, s.policy) },
		func(i *incident.Incident) bot.Message {
			if mute {
				return incident.Done(
					"Update reminders are off for " + i.ID() + ". Start them again with: /incident remind on " + i.ID(),
				)
			}
			return incident.Done("Update reminders are on for " + i.ID() + ".")
		})
}

func (s *Service) review(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.change(ctx, c, func(i *incident.Incident) error {
		if i.State.Open() || i.State == incident.Cancelled {
			return bot.Errorf(bot.Conflict, "%s is %s. A review is written after it is resolved.", i.ID(), i.State)
		}
		return s.write(c, i)
	}, func(i *incident.Incident) bot.Message {
		m := incident.Done("The review of " + i.ID() + " is saved.")
		if !i.Published.IsZero() {
			m = incident.Done("The review of " + i.ID() + " is published.")
			m.Actions = []bot.Action{incident.Act("Close "+i.ID(), "incident.close", i)}
		}
		m.Context = []bot.Text{bot.T("Read it with ", bot.Code("/incident export "+i.ID()))}
		return m
	})
}

func (s *Service) write(c *bot.Call, i *incident.Incident) error {
	w := i.Written
	for name, part := range map[string]*string{
		"happened": &w.Happened, "contributing": &w.Contributing, "well": &w.WentWell, "hard": &w.WasHard,
	} {
		if !c.Changed(name) {
			continue
		}
		*part = c.Text(name)
	}
	publish := c.Text("publish") == "yes"
	if publish && w.Happened == "" {
		return bot.Errorf(bot.Invalid, "What happened: a review says at least this before it is published.").About("happened")
	}
	if w == i.Written && !publish {
		return bot.Errorf(bot.Invalid, "Nothing new was written. Change one of the parts, or publish it.")
	}
	i.Write(actor(c), w, c.Now)
	if publish {
		return i.Publish(actor(c), c.Now)
	}
	return nil
}

func (s *Service) export(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	if c.Paged {
		i, entries, err := s.whole(ctx, c.Text("incident"))
		if err != nil {
			return bot.Reply{}, err
		}
		return bot.Look(view.Review(i, entries, c.Now)), nil
	}
	doc, err := s.Document(ctx, c.Text("incident"))
	if err != nil {
		return bot.Reply{}, err
	}
	m := bot.Message{Title: "Post-mortem of " + c.Text("incident")}
	for part := range strings.SplitSeq(strings.TrimSpace(incident.Unfenced(doc)), "\n\n") {
		m.Sections = append(m.Sections, bot.Para(part))
	}
	m.Context = []bot.Text{bot.T("As a file: ", bot.Code("watchbell export incident "+c.Text("incident")+" --format md"))}
	return bot.Answer(m), nil
}

// quoted lets the form of a task begin with the words of the message that it was opened on.
func quoted(_ context.Context, c *bot.Call) (map[string]string, error) {
	if c.Quote == nil {
		return nil, nil
	}
	return map[string]string{"text": value.Line(c.Quote.Text)}, nil
}
