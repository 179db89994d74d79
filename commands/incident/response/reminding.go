package response

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/incident"
)

// nudge posts a reminder if it is still due, once however often the job runs, and asks to be run again when the next
// may be.
func (s *Service) nudge(ctx context.Context, job bot.Job) error {
	i, err := s.store.Get(ctx, job.Object)
	if err != nil {
		return err
	}
	r := incident.Reminder(job.Arg)
	n := i.Nudge(r, s.clock.Now(), s.policy)
	if !n.Due.IsZero() {
		if r == incident.ResumeDue {
			return s.wakeUp(ctx, i)
		}
		quiet, err := s.quietUntil(ctx, i)
		if err != nil {
			return err
		}
		if !quiet.IsZero() {
			return bot.SnoozeUntil(quiet)
		}
		if err := s.remind(ctx, i, r, n); err != nil {
			return err
		}
	}
	if n.Next.IsZero() {
		return nil
	}
	return bot.SnoozeUntil(n.Next)
}

// quietUntil is when the night of whoever leads ends, if it is night there now and the incident can wait. Only minor
// and low ones can.
func (s *Service) quietUntil(ctx context.Context, i *incident.Incident) (time.Time, error) {
	const morning, evening = 8, 20
	if i.Severity != incident.SEV3 && i.Severity != incident.SEV4 {
		return time.Time{}, nil
	}
	who := i.Lead
	if who == "" {
		who = i.Reporter
	}
	zone, err := s.chat.ZoneOf(ctx, who)
	if err != nil {
		return time.Time{}, err
	}
	local := s.clock.Now().In(zone)
	wake := time.Date(local.Year(), local.Month(), local.Day(), morning, 0, 0, 0, zone)
	switch {
	case local.Hour() < morning:
		return wake, nil
	case local.Hour() >= evening:
		return wake.AddDate(0, 0, 1), nil
	}
	return time.Time{}, nil
}

func (s *Service) remind(ctx context.Context, i *incident.Incident, r incident.Reminder, n incident.Nudge) error {
	var failed error
	for _, platform := range s.chat.Platforms() {
		room, err := s.chat.Room(ctx, key("room", i.ID(), platform))
		if errors.Is(err, bot.ErrNoSuch) {
			continue // it opens as soon as the platform can be reached; the others are reminded meanwhile
		}
		if err != nil {
			return err
		}
		m := incident.NudgeMessage(i, r, n)
		if err := s.remindIn(ctx, i, room, r, n, m); err != nil {
			failed = errors.Join(failed, s.lost(ctx, i, room, err)) // one platform that is down must not keep the others quiet
			continue
		}
		if r == incident.UpdateDue && n.Round >= 3 {
			if err := s.remindAll(ctx, i, platform, n, m); err != nil {
				return err
			}
		}
	}
	if r == incident.UpdateDue && n.Round >= 2 && i.Deputy != "" {
		failed = errors.Join(failed, s.remindDeputy(ctx, i, n, incident.NudgeMessage(i, r, n)))
	}
	return failed
}

// standing are the reminders that are one message until they have had their answer: it is edited to what is true, and
// each repetition is a mention below it. So none of them stays in the room with a button that has had its day. Of those
// that come back there is one message each time: the room has moved on since.
var standing = map[incident.Reminder]struct{ comesBack bool }{
	incident.NoLead: {}, incident.NoSev: {}, incident.UpdateDue: {true}, incident.Stale: {true},
}

func standingKey(i *incident.Incident, r incident.Reminder, platform string) string {
	return key("standing", i.ID(), platform) + "/" + string(r)
}

// remindIn reminds in one room, once for each occurrence.
func (s *Service) remindIn(
	ctx context.Context, i *incident.Incident, room bot.Conversation, r incident.Reminder, n incident.Nudge,
	m bot.Message,
) error {
	stands := standingKey(i, r, room.Platform)
	begun := stands
	if standing[r].comesBack {
		begun = fmt.Sprintf("%s/%d", stands, n.First.Unix())
	}
	once := fmt.Sprintf("%s/%s/%d/%d", key("nudge", i.ID(), room.Platform), r, n.First.Unix(), n.Round)
	_, err := s.chat.PostedAt(ctx, begun)
	if errors.Is(err, bot.ErrNoSuch) {
		ref, err := s.chat.Post(ctx, once, i.ID(), room, m)
		if err != nil {
			return err
		}
		if begun != stands {
			if err := s.chat.StandsFor(ctx, stands, i.ID(), ref); err != nil {
				return err
			}
		}
		return s.chat.StandsFor(ctx, begun, i.ID(), ref)
	}
	if err != nil {
		return err
	}
	ref, err := s.chat.Show(ctx, stands, i.ID(), room, m)
	if err != nil {
		return err
	}
	below := room
	if below.Thread == "" {
		below.Thread = ref.ID
	}
	_, err = s.chat.Post(ctx, once, i.ID(), below, bot.Message{Tone: m.Tone, Sections: m.Sections})
	return err
}

// settled reports whether a reminder has had its answer.
func (s *Service) settled(i *incident.Incident, r incident.Reminder) bool {
	if standing[r].comesBack {
		return i.Nudge(r, s.clock.Now(), s.policy).Due.IsZero()
	}
	return !i.Reminds(r, s.policy)
}

// answered are the reminders that stand somewhere and have had their answer.
func (s *Service) answered(i *incident.Incident) []incident.Reminder {
	var list []incident.Reminder
	for _, r := range incident.Reminders {
		if _, stands := standing[r]; stands && s.settled(i, r) {
			list = append(list, r)
		}
	}
	return list
}

// settleReminders edits the reminders in the room that have had their answer to what is true now.
func (s *Service) settleReminders(ctx context.Context, i *incident.Incident, room bot.Conversation) error {
	for _, r := range s.answered(i) {
		if err := s.settle(ctx, i, r, standingKey(i, r, room.Platform), &room); err != nil {
			return err
		}
	}
	return nil
}

// settleElsewhere does the same outside of the room. What was deleted there, or stands in a channel that was archived,
// needs no edit.
func (s *Service) settleElsewhere(ctx context.Context, i *incident.Incident, platform string) error {
	var failed error
	for _, r := range s.answered(i) {
		for _, place := range []string{toDeputy, toAll} {
			if err := s.settle(ctx, i, r, standingKey(i, r, platform)+place, nil); !errors.Is(err, bot.ErrGone) {
				failed = errors.Join(failed, err)
			}
		}
	}
	return failed
}

// settle edits the message of a key, if there is one: where it stands, or in the room, which may be another by now.
func (s *Service) settle(
	ctx context.Context, i *incident.Incident, r incident.Reminder, key string, room *bot.Conversation,
) error {
	ref, err := s.chat.PostedAt(ctx, key)
	if errors.Is(err, bot.ErrNoSuch) {
		return nil
	}
	if err != nil {
		return err
	}
	to := ref.Conversation
	if room != nil {
		to = *room
	}
	_, err = s.chat.Show(ctx, key, i.ID(), to, incident.SettledMessage(i, r))
	return err
}

// What follows the key of a reminder that stands in the room, for what is said of it elsewhere.
const (
	toDeputy = "/deputy"
	toAll    = "/all"
)

// remindDeputy tells the deputy directly, once, that updates are missing.
func (s *Service) remindDeputy(ctx context.Context, i *incident.Incident, n incident.Nudge, m bot.Message) error {
	once := fmt.Sprintf("incident.nudge-deputy/%s/%d", i.ID(), n.First.Unix())
	if err := s.chat.Direct(ctx, once, i.ID(), i.Deputy, m); err != nil {
		return err
	}
	for _, platform := range s.chat.Platforms() {
		ref, err := s.chat.PostedAt(ctx, once+"/"+platform)
		if err == nil {
			err = s.chat.StandsFor(ctx, standingKey(i, incident.UpdateDue, platform)+toDeputy, i.ID(), ref)
		}
		if err != nil && !errors.Is(err, bot.ErrNoSuch) { // without an account there, they got none
			return err
		}
	}
	return nil
}

// remindAll says below the announcement, once, that updates are missing: neither the lead nor the deputy answered.
func (s *Service) remindAll(
	ctx context.Context, i *incident.Incident, platform string, n incident.Nudge, m bot.Message,
) error {
	broadcast, err := s.chat.PostedAt(ctx, key("broadcast", i.ID(), platform))
	if errors.Is(err, bot.ErrNoSuch) {
		return nil
	}
	if err != nil {
		return err
	}
	thread := broadcast.Conversation
	thread.Thread = broadcast.ID
	ref, err := s.chat.Post(
		ctx, fmt.Sprintf("%s/%s/%d/all", key("nudge", i.ID(), platform), incident.UpdateDue, n.First.Unix()), i.ID(), thread,
		m,
	)
	if errors.Is(err, bot.ErrGone) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.chat.StandsFor(ctx, standingKey(i, incident.UpdateDue, platform)+toAll, i.ID(), ref)
}

// wakeUp makes a paused incident active again when its time has come.
func (s *Service) wakeUp(ctx context.Context, i *incident.Incident) error {
	return s.bySystem(ctx, i.ID(), "incident.resume", func(i *incident.Incident, now time.Time) bool {
		return i.State == incident.Paused && !i.ResumeAt.After(now) && i.Unpause(incident.Actor{}, now, s.policy) == nil
	})
}
