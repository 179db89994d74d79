package risk

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register"
	"github.com/watchbell/watchbell/commands/register/desk"
)

// alarm is the job that looks which risks have to be reviewed because of an incident, its object.
const alarm = "risk.alarm"

// mostAlarms is how many incidents a risk remembers, so that none makes its review due twice.
const mostAlarms = 50

// New makes the register of risks on a desk.
func New(d *desk.Desk) bot.Capability {
	c, own := register.NewOwn[Risk](d, Kind)
	c.Jobs[alarm] = func(ctx context.Context, j bot.Job) error { return review(ctx, d, own, j.Object) }
	c.Alarm = alarm
	c.Chapters = func(ctx context.Context, _ value.Span) ([]bot.Chapter, error) { return chapters(ctx, own) }
	return c
}

// Alarm makes the review due because of a grave incident, and says so. An incident does that once.
func (r *Risk) Alarm(incident, said string, today value.Day) string {
	if !r.Closed.IsZero() || slices.Contains(r.Alarms, incident) {
		return ""
	}
	r.Alarms = append(r.Alarms, incident)
	r.Alarms = r.Alarms[max(0, len(r.Alarms)-mostAlarms):]
	if r.NextReview().Since(today) > 0 {
		r.ReviewOn = today
	}
	r.Tell("to review", said)
	return ""
}

// review makes the reviews of all risks due that an incident concerns: those linked with it, and those that threaten
// what it is about.
func review(ctx context.Context, d *desk.Desk, own register.Own[Risk], incident string) error {
	i, err := d.Incident(ctx, incident)
	if errors.Is(err, bot.ErrNoSuch) || err == nil && !i.Grave {
		return nil
	}
	if err != nil {
		return err
	}
	concerned := map[string]bool{}
	for _, id := range append(slices.Clone(i.Services), incident) {
		links, err := d.Store().Links(ctx, id)
		if err != nil {
			return err
		}
		for _, l := range links {
			concerned[l.From] = l.To == id && l.Name != mitigated || concerned[l.From]
		}
	}
	said := fmt.Sprintf("%s happened: %s", incident, i.Severity)
	if !i.Open {
		said = "a " + i.Severity + " happened"
	}
	today := value.DayOf(d.Now().In(d.Zone()))
	var ids []string
	if err := own.Each(ctx, func(r *Risk) error {
		if concerned[r.ID] {
			ids = append(ids, r.ID)
		}
		return nil
	}); err != nil {
		return err
	}
	for _, id := range ids {
		err := own.Change(ctx, id, func(r *Risk) string { return r.Alarm(incident, said, today) })
		var refused *bot.Error
		if err != nil && !errors.As(err, &refused) { // such a risk was archived meanwhile, or has to be mended first
			return err
		}
	}
	return nil
}
