package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Task is something to do during the incident, or with FollowUp after it.
type Task struct {
	N        int          `json:"n,omitzero"` // from 1, as people name it
	Text     string       `json:"text,omitzero"`
	Owner    bot.PersonID `json:"owner,omitzero"`
	Due      time.Time    `json:"due,omitzero"`
	FollowUp bool         `json:"follow_up,omitzero"`
	By       bot.PersonID `json:"by,omitzero"`
	Created  time.Time    `json:"created,omitzero"`
	Done     time.Time    `json:"done,omitzero"`
	DoneBy   bot.PersonID `json:"done_by,omitzero"`
}

// MaxTasks is how many tasks one incident takes.
const MaxTasks = 200

// AddTask adds a task or follow-up and returns it.
func (i *Incident) AddTask(by Actor, t Task, at time.Time) (Task, error) {
	if !t.FollowUp && !i.State.Open() {
		return t, bot.Errorf(
			bot.Conflict, "%s is %s. What is left to do now is a follow-up: /incident followup %s %s", i.ID(), i.State, i.ID(),
			t.Text,
		)
	}
	if len(i.Tasks) >= MaxTasks {
		return t, bot.Errorf(bot.Conflict, "%s has %d tasks and follow-ups, which is the limit.", i.ID(), MaxTasks)
	}
	i.join(by)
	t.N, t.By, t.Created = len(i.Tasks)+1, by.Person, at
	i.Tasks = append(i.Tasks, t)
	if t.Owner == "" {
		i.Log(TaskEntry, by.Person, at, fmt.Sprintf("%s %d: %s", t.Kind(), t.N, t.Text))
		return t, nil
	}
	i.logOwner(t, by, at)
	return t, nil
}

// logOwner writes down whose a task is. Somebody who gets it from somebody else works on the incident from now on, and
// is told.
func (i *Incident) logOwner(t Task, by Actor, at time.Time) {
	if t.Owner == by.Person {
		i.Log(TaskEntry, by.Person, at, fmt.Sprintf("%s %d: %s", t.Kind(), t.N, t.Text))
		return
	}
	if !t.FollowUp {
		i.join(Actor{Person: t.Owner})
	}
	i.Log(AssignedEntry, by.Person, at, t.assigned())
}

// Kind is what people call it: a task, or a follow-up.
func (t Task) Kind() string {
	if t.FollowUp {
		return "Follow-up"
	}
	return "Task"
}

// assigned is what the timeline says of a task that somebody gives to somebody else.
func (t Task) assigned() string {
	return fmt.Sprintf("@%s gets %s %d: %s", t.Owner, strings.ToLower(t.Kind()), t.N, t.Text)
}

// TaskOf is the task that an entry of kind AssignedEntry is about.
func (i *Incident) TaskOf(e Entry) (Task, bool) {
	n := slices.IndexFunc(i.Tasks, func(t Task) bool {
		was := t
		was.FollowUp = false // it may have become a follow-up since
		return e.Text == t.assigned() || e.Text == was.assigned()
	})
	if n < 0 {
		return Task{}, false
	}
	return i.Tasks[n], true
}

// GiveTask makes somebody the owner of a task or follow-up that is not done.
func (i *Incident) GiveTask(by Actor, n int, to bot.PersonID, at time.Time) (Task, error) {
	if n < 1 || n > len(i.Tasks) {
		return Task{}, i.noTask(n)
	}
	t := &i.Tasks[n-1]
	switch {
	case !t.Done.IsZero():
		return *t, bot.Errorf(bot.Conflict, "%s %d was done by %s already.", t.Kind(), n, t.DoneBy)
	case t.Owner == to:
		return *t, bot.Errorf(bot.Conflict, "%s owns %s %d already.", to, strings.ToLower(t.Kind()), n)
	}
	t.Owner = to
	i.join(by)
	i.logOwner(*t, by, at)
	return *t, nil
}

func (i *Incident) noTask(n int) error {
	return bot.Errorf(bot.NotFound, "%s has no task %d. See them with: /incident tasks %s", i.ID(), n, i.ID()).About(
		"number",
	)
}

// FinishTask marks a task or follow-up as done.
func (i *Incident) FinishTask(by Actor, n int, at time.Time) (Task, error) {
	if n < 1 || n > len(i.Tasks) {
		return Task{}, i.noTask(n)
	}
	t := &i.Tasks[n-1]
	if !t.Done.IsZero() {
		return *t, bot.Errorf(bot.Conflict, "%s %d was done by %s already.", t.Kind(), n, t.DoneBy)
	}
	i.join(by)
	t.Done, t.DoneBy = at, by.Person
	i.Log(TaskEntry, by.Person, at, fmt.Sprintf("%s %d done: %s", t.Kind(), n, t.Text))
	return *t, nil
}

// OpenTasks counts the tasks that are open, and all of them; follow-ups count apart.
func (i *Incident) OpenTasks(followUps bool) (open, all int) {
	for _, t := range i.Tasks {
		if t.FollowUp != followUps {
			continue
		}
		all++
		if t.Done.IsZero() {
			open++
		}
	}
	return open, all
}
