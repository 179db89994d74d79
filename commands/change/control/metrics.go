package control

import (
	"context"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/view"
)

// Measure computes the metrics of a period.
func (s *Service) Measure(ctx context.Context, from, to time.Time) (view.Metrics, error) {
	m := view.Metrics{From: from, To: to, Waits: map[string]view.Waiting{}}
	waits := map[string][]time.Duration{}
	for after := int64(1); ; {
		list, err := s.store.List(ctx, change.Filter{Created: [2]time.Time{from.AddDate(0, -6, 0), to}, After: after, Limit: 500})
		if err != nil {
			return m, err
		}
		for _, c := range list {
			after = c.Number + 1
			m.Add(c, waits)
		}
		if len(list) < 500 {
			break
		}
	}
	for group, d := range waits {
		slices.Sort(d)
		m.Waits[group] = view.Waiting{N: len(d), P50: view.Percentile(d, 50), P90: view.Percentile(d, 90)}
	}
	return m, nil
}

// weekly tells the channel the numbers of the week, if there are any.
func (s *Service) weekly(ctx context.Context, job bot.Job) error {
	now := s.clock.Now()
	x, err := s.Measure(ctx, now.AddDate(0, 0, -7), now)
	if err != nil {
		return err
	}
	if x.Implemented+x.Submitted+x.OverdueDuty == 0 {
		return nil
	}
	m := view.MetricsMessage(x, "Changes of the last seven days")
	for _, platform := range s.chat.Platforms() {
		to, ok, err := s.chat.FindChannel(ctx, platform, s.o.Channel)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if _, err := s.chat.Post(ctx, key("weekly", job.Arg, platform), "", to, m); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) showMetrics(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	since := 30 * 24 * time.Hour
	if c.Given("since") {
		since = c.Duration("since")
	}
	x, err := s.Measure(ctx, c.Now.Add(-since), c.Now)
	if err != nil {
		return bot.Reply{}, err
	}
	m := view.MetricsMessage(x, "Changes of the last "+value.FormatDuration(since))
	reply := bot.Answer(m)
	reply.Data = view.Encode(x)
	return reply, nil
}
