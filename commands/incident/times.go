package incident

import (
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// SetTimes corrects the facts of when, with a reason.
func (i *Incident) SetTimes(by Actor, change Times, why string, at time.Time) error {
	if err := i.needLead(by, at, "correct its times"); err != nil {
		return err
	}
	times := i.Times
	set := func(have *time.Time, want time.Time) {
		if !want.IsZero() {
			*have = want
		}
	}
	set(&times.Started, change.Started)
	set(&times.Detected, change.Detected)
	set(&times.Acknowledged, change.Acknowledged)
	set(&times.Mitigated, change.Mitigated)
	set(&times.Resolved, change.Resolved)
	if i.Times.Resolved.IsZero() && !change.Resolved.IsZero() {
		return bot.Errorf(
			bot.Invalid, "Resolved: %s is not resolved yet. Resolve it first: /incident resolve %s", i.ID(), i.ID(),
		).About("resolved")
	}
	said := times.changes(i.Times)
	if !change.Started.IsZero() && change.Started.Equal(i.Started) && !i.StartKnown {
		said = append(said, "started "+bot.FormatTime(i.Started, nil)+", as it was")
	}
	if len(said) == 0 {
		return bot.Errorf(
			bot.Invalid, "Nothing to correct was given. For example: /incident times %s started=13:40 why=\"first alert\"",
			i.ID(),
		)
	}
	if err := times.inOrder(); err != nil {
		return err
	}
	i.Times, i.StartKnown = times, i.StartKnown || !change.Started.IsZero()
	i.Log(TimeEntry, by.Person, at, withReason("Corrected: "+strings.Join(said, ", "), why))
	return nil
}

// Latest is the latest time that anything on it happened at, as far as it is known. Nothing that happens to it next is
// stored as earlier.
func (i *Incident) Latest() time.Time {
	last := i.LastHuman
	for _, at := range []time.Time{
		i.Started, i.Detected, i.Declared, i.Acknowledged, i.Mitigated, i.Times.Resolved, i.Times.Closed,
		i.LastUpdate.At, i.LeadlessSince, i.ImpactSince, i.Published,
	} {
		last = value.Later(last, at)
	}
	return last
}

// namedTime is one of the times with its name, as it is typed.
type namedTime struct {
	name string
	at   time.Time
}

func (t Times) named() []namedTime {
	return []namedTime{
		{"started", t.Started}, {"detected", t.Detected}, {"acknowledged", t.Acknowledged}, {"mitigated", t.Mitigated},
		{"resolved", t.Resolved}, {"closed", t.Closed},
	}
}

// changes says which times differ from before; of only, when that is given.
func (t Times) changes(before Times, only ...string) []string {
	var said []string
	was := before.named()
	for n, now := range t.named() {
		if !now.at.Equal(was[n].at) && (len(only) == 0 || slices.Contains(only, now.name)) {
			said = append(said, now.name+" "+bot.FormatTime(now.at, nil))
		}
	}
	return said
}

// inOrder names the first pair of times that cannot be.
func (t Times) inOrder() error {
	facts := t.named()
	pairs := [][2]int{{0, 1}, {0, 2}, {0, 3}, {0, 4}, {1, 4}, {2, 4}, {3, 4}, {4, 5}}
	for _, p := range pairs {
		a, b := facts[p[0]], facts[p[1]]
		if !a.at.IsZero() && !b.at.IsZero() && b.at.Before(a.at) {
			return bot.Errorf(
				bot.Invalid,
				"The times do not fit: %s (%s) would be before %s (%s). Correct one of the two, for example: /incident times "+
					"%s=\"%s\" why=\"wrong clock\"",
				b.name, b.at, a.name, a.at, b.name, a.at.Add(time.Minute).UTC().Format("2006-01-02 15:04 UTC"),
			).About(b.name)
		}
	}
	return nil
}
