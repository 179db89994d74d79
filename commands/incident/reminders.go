package incident

import (
	"cmp"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Cadence says how often to remind. Zero is never.
type Cadence struct {
	UpdateEvery time.Duration // an update is due this long after the last one
	NoLead      time.Duration // nobody leads
	Stale       time.Duration // no person did anything
}

// Policy is the cadence of each severity.
type Policy map[Severity]Cadence

// DefaultPolicy is what applies unless the configuration says otherwise.
func DefaultPolicy() Policy {
	return Policy{
		SEV1:    {30 * time.Minute, 5 * time.Minute, time.Hour},
		SEV2:    {time.Hour, 5 * time.Minute, 2 * time.Hour},
		SEV3:    {4 * time.Hour, 15 * time.Minute, 24 * time.Hour},
		SEV4:    {0, 0, 3 * 24 * time.Hour},
		Unknown: {30 * time.Minute, 5 * time.Minute, time.Hour},
	}
}

// Reminder is one thing the bot reminds of.
type Reminder string

const (
	UpdateDue Reminder = "update"
	NoLead    Reminder = "lead"
	Stale     Reminder = "stale"
	NoSev     Reminder = "severity"
	ResumeDue Reminder = "resume"
)

// Reminders are all there are.
var Reminders = []Reminder{UpdateDue, NoLead, Stale, NoSev, ResumeDue}

// scheduleUpdate starts the time to the next update.
func (i *Incident) scheduleUpdate(at time.Time, policy Policy) {
	i.NextUpdate, i.SnoozedUntil = time.Time{}, time.Time{}
	if every := policy[i.Severity].UpdateEvery; every > 0 {
		i.NextUpdate = at.Add(every)
	}
}

// series is when a reminder is first due, how often it comes again and how many times at most (0: no limit).
type series struct {
	first time.Time
	every time.Duration
	limit int
}

func (i *Incident) series(r Reminder, policy Policy) (series, bool) {
	c := policy[i.Severity]
	switch {
	case r == ResumeDue:
		return series{i.ResumeAt, time.Minute, 0}, i.State == Paused
	case !i.State.Active():
		return series{}, false
	case r == UpdateDue:
		first := i.NextUpdate
		if i.SnoozedUntil.After(first) {
			first = i.SnoozedUntil
		}
		return series{first, cmp.Or(c.UpdateEvery, time.Hour), 0}, !first.IsZero() && !i.Muted
	case r == NoLead:
		limit := 4
		if i.Severity == SEV3 {
			limit = 2
		}
		return series{i.LeadlessSince.Add(c.NoLead), c.NoLead, limit}, i.Lead == "" && c.NoLead > 0
	case r == Stale:
		return series{i.LastHuman.Add(c.Stale), c.Stale, 0}, c.Stale > 0
	case r == NoSev:
		return series{i.Declared.Add(5 * time.Minute), 5 * time.Minute, 3}, i.Severity == Unknown
	}
	return series{}, false
}

// Reminds reports whether a reminder may come, now or later, as the incident stands.
func (i *Incident) Reminds(r Reminder, policy Policy) bool {
	_, on := i.series(r, policy)
	return on
}

// Nudge is one occurrence of a reminder.
type Nudge struct {
	Due   time.Time // the newest one due; zero: none is
	Round int       // 0 for the first of its series
	First time.Time // of the series; with Round it names the occurrence for ever
	Next  time.Time // when to look again; zero: never, until something changes
}

// Nudge works out which occurrence of a reminder is due at now. After a pause only the newest is: what was missed is
// not caught up.
func (i *Incident) Nudge(r Reminder, now time.Time, policy Policy) Nudge {
	s, on := i.series(r, policy)
	if !on {
		return Nudge{}
	}
	n := Nudge{First: s.first}
	if now.Before(s.first) {
		n.Next = s.first
		return n
	}
	n.Round = int(now.Sub(s.first) / s.every)
	last := s.limit > 0 && n.Round >= s.limit-1
	if last {
		n.Round = s.limit - 1
	}
	n.Due = s.first.Add(time.Duration(n.Round) * s.every)
	if !last {
		n.Next = n.Due.Add(s.every)
	}
	return n
}

// snoozedUntil stands in the entry before the time, which each reader sees in their own zone.
const snoozedUntil = "Reminder snoozed until "

// Snooze keeps the update reminder quiet for a while.
func (i *Incident) Snooze(by Actor, d time.Duration, at time.Time) error {
	if err := i.needActive("snooze its reminder"); err != nil {
		return err
	}
	i.SnoozedUntil = at.Add(d)
	i.join(by)
	i.Log(ReminderEntry, by.Person, at, snoozedUntil+i.SnoozedUntil.UTC().Format(time.RFC3339))
	return nil
}

// Mute stops the update reminders of this incident, or starts them again.
func (i *Incident) Mute(by Actor, mute bool, at time.Time, policy Policy) error {
	if err := i.needActive("change its reminders"); err != nil {
		return err
	}
	if err := i.needLead(by, at, "stop or start its reminders"); err != nil {
		return err
	}
	if i.Muted == mute {
		return bot.Errorf(bot.Conflict, "Update reminders of %s are set that way already.", i.ID())
	}
	i.Muted = mute
	text := "Update reminders started again"
	if mute {
		text = "Update reminders stopped"
	} else {
		i.scheduleUpdate(at, policy)
	}
	i.Log(ReminderEntry, by.Person, at, text)
	return nil
}
