package incident

import (
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// SetTimes corrects the facts of when, with a reason.
func (i *Incident) SetTimes(by Actor, change Times, why string, at time.Time) error {
	if err := i.needLead(by, at, "correct its times"); err != nil {
		return err
	}
	times, said := i.Times, []string{}
	set := func(name string, have *time.Time, want time.Time) {
		if !want.IsZero() && !want.Equal(*have) {
			*have = want
			said = append(said, name+" "+bot.FormatTime(want, nil))
		}
	}
	set("started", &times.Started, change.Started)
	set("detected", &times.Detected, change.Detected)
	set("acknowledged", &times.Acknowledged, change.Acknowledged)
	set("mitigated", &times.Mitigated, change.Mitigated)
	if !i.Times.Resolved.IsZero() {
		set("resolved", &times.Resolved, change.Resolved)
	} else if !change.Resolved.IsZero() {
		return bot.Errorf(bot.Invalid, "Resolved: %s is not resolved yet. Resolve it first: /incident resolve", i.ID()).About("resolved")
	}
	if len(said) == 0 {
		return bot.Errorf(bot.Invalid, "Nothing to correct was given. For example: /incident times started=13:40 why=\"first alert\"")
	}
	if err := times.inOrder(); err != nil {
		return err
	}
	i.Times = times
	i.log(TimeEntry, by.Person, at, withReason("Corrected: "+strings.Join(said, ", "), why))
	return nil
}

// inOrder names the first pair of times that cannot be.
func (t Times) inOrder() error {
	facts := []struct {
		name string
		at   time.Time
	}{{"started", t.Started}, {"detected", t.Detected}, {"acknowledged", t.Acknowledged}, {"mitigated", t.Mitigated}, {"resolved", t.Resolved}, {"closed", t.Closed}}
	pairs := [][2]int{{0, 1}, {0, 2}, {0, 3}, {0, 4}, {1, 4}, {2, 4}, {3, 4}, {4, 5}}
	for _, p := range pairs {
		a, b := facts[p[0]], facts[p[1]]
		if !a.at.IsZero() && !b.at.IsZero() && b.at.Before(a.at) {
			return bot.Errorf(bot.Invalid, "The times do not fit: %s (%s) would be before %s (%s). Correct one of the two, for example: /incident times %s=\"%s\" why=\"wrong clock\"",
				b.name, bot.FormatTime(b.at, nil), a.name, bot.FormatTime(a.at, nil), b.name, a.at.Add(time.Minute).UTC().Format("2006-01-02 15:04 UTC")).About(b.name)
		}
	}
	return nil
}
