package due

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// onHome is how much Home reads of what is due.
const onHome = 20

// board is what somebody has to do, the earliest first.
func (s *Service) board(ctx context.Context, p bot.Person) ([]bot.Panel, error) {
	zone := p.Zone
	if zone == nil {
		zone = s.o.Zone
	}
	if zone == nil {
		zone = time.UTC
	}
	now := s.o.Clock.Now()
	found, err := s.store.List(ctx, Filter{
		Until: value.DayOf(now.In(zone)).Add(int(ahead / day)), Owner: p.ID, Limit: onHome + 1,
	})
	panel := bot.Panel{
		Title: bot.MyDuties, Rank: bot.RankDuties, Empty: "Nothing of yours is due in the next 30 days.",
		More: &bot.Jump{Label: "All mine", View: viewName, Args: map[string]string{"person": "me"}},
	}
	v := view{reader: p, now: now, zone: zone}
	for _, d := range found {
		panel.Lines = append(panel.Lines, v.row(d))
	}
	if len(found) > onHome {
		panel.Note = fmt.Sprintf("more than %d", onHome)
	}
	return []bot.Panel{panel}, err
}

// row is a due as a line of a list.
func (v view) row(d bot.Due) bot.Line {
	l := bot.Line{Object: d.Object, Title: value.Shown(d.Text, 120), Tick: d.Done}
	if name := strings.TrimSpace(strings.TrimPrefix(d.Name, d.Object)); name != "" {
		l.Note = bot.T(name)
	}
	if d.Team != "" {
		l.Note = bot.T("duty of " + value.Isolate(d.Team))
	}
	l.End, l.Tone = v.distance(d)
	return l
}

// distance says how far away a due is, then on which day.
func (v view) distance(d bot.Due) (bot.Text, bot.Tone) {
	on, when := d.On, bot.T(d.On.UTC().Format("2 Jan"))
	if !d.At.IsZero() {
		on, when = value.DayOf(d.At.In(v.zone)), bot.T(d.At)
	}
	words, tone := "", bot.Neutral
	switch left := on.Since(value.DayOf(v.now.In(v.zone))); {
	case v.late(d) && left == 0:
		words, tone = "late", bot.Critical
	case left < 0:
		words, tone = value.Counted(-left, "day")+" late", bot.Critical
	case left == 0:
		words, tone = "today", bot.Warning
	case left == 1:
		words, tone = "tomorrow", bot.Warning
	default:
		words = fmt.Sprintf("in %d days", left)
	}
	return append(bot.T(bot.Bold(words), " "), when...), tone
}
