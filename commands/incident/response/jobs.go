package response

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/incident"
)

// The jobs of incidents. Their object is the incident, their argument the platform and what on it.
const (
	startResponse = "incident.start-response" // arg: none
	openRoom      = "incident.open-room"      // arg: platform
	showCard      = "incident.show-card"      // arg: platform
	setTopic      = "incident.set-topic"      // arg: platform
	postEntry     = "incident.post-entry"     // arg: platform/entry
	invite        = "incident.invite"         // arg: platform/person
	tellPerson    = "incident.tell-person"    // arg: entry
	nudge         = "incident.nudge"          // arg: reminder
	beginReview   = "incident.begin-review"   // arg: none
	closeRoom     = "incident.close-room"     // arg: platform
	linkChange    = "incident.link-change"    // arg: change/how/person; asked for by changes
	showAgain     = "incident.show-again"     // arg: none; asked for by changes
)

// What goes first where a platform takes only so many messages a minute.
var urgency = map[string]bot.Urgency{
	startResponse: bot.Now, openRoom: bot.Now, invite: bot.Now, tellPerson: bot.Now, postEntry: bot.Now,
	nudge: bot.Reminder, closeRoom: bot.Digest,
}

// keys name what is made once for an incident on a platform.
func key(what, id, platform string) string { return "incident." + what + "/" + id + "/" + platform }

// A job of a critical incident counts as one that has waited this long: it goes before others.
const headStart = 2 * time.Second

// ahead lets the jobs of a critical incident go first. Those that wait for a time still do.
func ahead(i *incident.Incident, jobs []bot.Job, now time.Time) []bot.Job {
	for n := range jobs {
		if i.Severity == incident.SEV1 && jobs[n].At.IsZero() {
			jobs[n].At = now.Add(-headStart)
		}
	}
	return jobs
}

// startResponse adds what follows a declaration, which itself adds only this: whoever declares does not wait for more.
// Jobs of what people did meanwhile may run before those added here. They open the room themselves, and openRoom tells
// what they could not.
func (s *Service) startResponse(ctx context.Context, job bot.Job) error {
	i, err := s.store.Get(ctx, job.Object)
	if err != nil {
		return err
	}
	now := s.clock.Now()
	var jobs []bot.Job
	for _, platform := range s.chat.Platforms() {
		jobs = append(jobs, bot.Job{Kind: openRoom, Object: i.ID(), Arg: platform, Lane: i.ID() + "/" + platform})
	}
	jobs = append(jobs, s.nudges(i, now)...)
	for _, j := range i.Judged {
		if s.changes != nil {
			jobs = append(jobs, s.changes.Link(j.Change, i.ID(), j.Verdict, j.By))
		}
	}
	if i.Grave() {
		jobs = append(jobs, s.chat.Alarms(i.ID())...)
	}
	return s.chat.AddJobs(ctx, ahead(i, jobs, now))
}

// showCard makes every projection of an incident on a platform look like its record.
func (s *Service) showCard(ctx context.Context, job bot.Job) error {
	i, err := s.store.Get(ctx, job.Object)
	if err != nil {
		return err
	}
	room, err := s.chat.Room(ctx, key("room", i.ID(), job.Arg))
	if errors.Is(err, bot.ErrNoSuch) && i.State != incident.Closed && i.State != incident.Cancelled {
		return s.openRoom(ctx, job)
	}
	if errors.Is(err, bot.ErrNoSuch) {
		return s.broadcast(ctx, i, job.Arg)
	}
	if err != nil {
		return err
	}
	if err := s.showIn(ctx, i, room); err != nil {
		return s.lost(ctx, i, room, err)
	}
	if err := s.settleReminders(ctx, i, room); err != nil {
		return s.lost(ctx, i, room, err)
	}
	return errors.Join(s.broadcast(ctx, i, job.Arg), s.settleElsewhere(ctx, i, job.Arg))
}

// invite brings somebody into the room of an incident, for as long as it has one.
func (s *Service) invite(ctx context.Context, job bot.Job) error {
	platform, who, _ := strings.Cut(job.Arg, "/")
	room, err := s.chat.Room(ctx, key("room", job.Object, platform))
	if errors.Is(err, bot.ErrNoSuch) {
		i, getErr := s.store.Get(ctx, job.Object)
		if getErr == nil && !i.State.Open() {
			return nil // its channel is archived
		}
		err = errors.Join(err, getErr)
	}
	if err != nil || room.Thread != "" { // a thread has no members
		return err
	}
	return s.chat.Invite(ctx, room, bot.PersonID(who))
}

// FreeRoles frees the roles that people who are no longer here hold in open incidents.
func (s *Service) FreeRoles(ctx context.Context, gone []bot.PersonID) error {
	if len(gone) == 0 {
		return nil
	}
	for before := int64(0); ; {
		list, err := s.store.List(ctx, Filter{Open: true, Before: before, Limit: 200})
		if err != nil {
			return err
		}
		for _, i := range list {
			before = i.Number
			for _, p := range gone {
				if p != i.Lead && p != i.Deputy && p != i.Comms && p != i.Scribe && p != i.HandoverTo {
					continue
				}
				err := s.bySystem(ctx, i.ID(), "incident.unassign", func(i *incident.Incident, now time.Time) bool {
					return i.Release(p, now)
				})
				if err != nil {
					return err
				}
			}
		}
		if len(list) < 200 {
			return nil
		}
	}
}

func (s *Service) beginReview(ctx context.Context, job bot.Job) error {
	return s.bySystem(ctx, job.Object, "incident.begin-review", func(i *incident.Incident, now time.Time) bool {
		return i.BeginReview(now)
	})
}

// errUnchanged ends an update of the bot's own that has nothing to do.
var errUnchanged = errors.New("unchanged")

// bySystem is a change that the bot makes itself. change reports whether it did anything; otherwise nothing is saved.
func (s *Service) bySystem(
	ctx context.Context, id, action string, change func(*incident.Incident, time.Time) bool,
) error {
	_, err := s.store.Update(ctx, id, func(i *incident.Incident) (bot.Effects, error) {
		now := value.Onward(s.clock.Now(), i.Latest())
		if !change(i, now) {
			return bot.Effects{}, errUnchanged
		}
		return bot.Effects{
			Audit: bot.Audit{
				Action: action, Object: i.ID(), Result: bot.ResultDone, Detail: said(i.Fresh()), Source: "watchbell", At: now,
			},
			Jobs: s.follow(i),
		}, nil
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}
