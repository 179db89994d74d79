package response

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/incident"
)

// tells are the jobs that tell people what entries give them to do: one for each entry, however many platforms there
// are.
func tells(i *incident.Incident) []bot.Job {
	var jobs []bot.Job
	for _, e := range i.Fresh() {
		if len(e.Concerns()) > 0 {
			jobs = append(jobs, bot.Job{Kind: tellPerson, Object: i.ID(), Arg: strconv.Itoa(e.Seq)})
		}
	}
	return jobs
}

// tellPeople tells the people whom an entry concerns, each directly, wherever they have an account.
func (s *Service) tellPeople(ctx context.Context, job bot.Job) error {
	seq, err := strconv.Atoi(job.Arg)
	if err != nil {
		return &bot.PermanentError{Err: fmt.Errorf("job argument %q: %w", job.Arg, err)}
	}
	i, err := s.store.Get(ctx, job.Object)
	if err != nil {
		return err
	}
	entries, err := s.store.Timeline(ctx, job.Object, seq-1)
	if err != nil || len(entries) == 0 {
		return errors.Join(err, &bot.PermanentError{Err: fmt.Errorf("%s has no entry %d", job.Object, seq)})
	}
	// Whoever lets nobody write to them is told where people work on it.
	room := func(platform string) (bot.Conversation, bool, error) {
		c, err := s.chat.Room(ctx, key("room", i.ID(), platform))
		if errors.Is(err, bot.ErrNoSuch) {
			return c, false, nil
		}
		return c, err == nil, err
	}
	for _, who := range entries[0].Concerns() {
		if err := s.chat.DirectOr(
			ctx, fmt.Sprintf("incident.told/%s/%d/%s", i.ID(), seq, who), i.ID(), who, toldMessage(i, entries[0], who), room,
		); err != nil {
			return err
		}
	}
	return nil
}

// meaning is what a role has to do, for somebody who gets it.
var meaning = map[incident.Role]string{
	incident.LeadRole:   "You decide and keep the overview.",
	incident.DeputyRole: "You take over when the lead is away.",
	incident.CommsRole:  "You keep everybody outside the team informed.",
	incident.ScribeRole: "You write down what happens.",
}

// toldMessage tells somebody what an entry gives them to do.
func toldMessage(i *incident.Incident, e incident.Entry, who bot.PersonID) bot.Message {
	of := bot.T(bot.Bold(i.ID()), " "+value.Shown(i.Title, 120))
	show := incident.Act("Show "+i.ID(), "incident.show", i)
	say := func(actions []bot.Action, parts ...any) bot.Message {
		return bot.Message{Tone: bot.Info, Sections: []bot.Section{bot.Para(parts...)}, Actions: append(actions, show)}
	}
	t, isTask := i.TaskOf(e)
	role, _ := strings.CutPrefix(e.Text, "@"+string(who)+" is ")
	switch {
	case isTask:
		return taskMessage(i, t)
	case e.Kind == incident.HandoverEntry:
		m := say(nil, e.By, " asks you to take the lead of ", of, ". It is yours when you accept.")
		if i.HandoverTo == who {
			m.Actions = []bot.Action{
				incident.Styled(incident.Act("I take the lead", "incident.accept", i), bot.Primary),
				incident.Act("Not now", "incident.decline", i), show,
			}
		}
		return m
	case e.Kind == incident.ReviewEntry:
		return say(
			[]bot.Action{incident.Styled(incident.Act("Write the post-mortem", "incident.review", i), bot.Primary)},
			"You write the post-mortem of ", of, ". It is due ", i.ReviewDue, ".",
		)
	case incident.Leading(e.Text) != who:
		return say(nil, e.By, " took over the lead of ", of, " from you, because an update was overdue.")
	case e.Kind == incident.LeadEntry && strings.HasSuffix(e.Text, " leads"):
		return say([]bot.Action{
			incident.Styled(incident.Act("Give update", "incident.update", i), bot.Primary),
			incident.Act("Hand over", "incident.handover", i),
		}, e.By, " made you lead of ", of, ". "+meaning[incident.LeadRole])
	case meaning[incident.Role(role)] != "":
		return say(nil, e.By, " made you "+role+" of ", of, ". "+meaning[incident.Role(role)])
	}
	return say(nil, e.By, " changed your part in ", of, ": ", e.Words(), ".")
}

// taskMessage tells somebody of a task that they got.
func taskMessage(i *incident.Incident, t incident.Task) bot.Message {
	m := bot.Message{
		Tone: bot.Info,
		Actions: []bot.Action{
			incident.Styled(incident.Numbered("Done", "incident.done", i, t.N), bot.Primary),
			incident.Act("All tasks", "incident.tasks", i), incident.Act("Show "+i.ID(), "incident.show", i),
		},
	}
	line := bot.T(
		t.By, " gave you "+strings.ToLower(t.Kind())+fmt.Sprintf(" %d of ", t.N), bot.Bold(i.ID()),
		" "+value.Shown(i.Title, 120),
	)
	if !t.Due.IsZero() {
		line = append(line, bot.T(", due ", t.Due)...)
	}
	m.Sections = []bot.Section{{Text: append(line, bot.T(":")...)}, {Quote: true, Text: bot.T(value.Isolate(t.Text))}}
	return m
}
