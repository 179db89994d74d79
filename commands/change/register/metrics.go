package register

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
func (g *Register) Measure(ctx context.Context, from, to time.Time) (view.Metrics, error) {
	m := view.Metrics{From: from, To: to, Waits: map[string]view.Waiting{}}
	waits := map[string][]time.Duration{}
	for after := int64(1); ; {
		list, err := g.Store.List(ctx, change.Filter{
			Created: [2]time.Time{from.AddDate(0, -6, 0), to}, After: after, Limit: 500,
		})
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

// Metrics answers with the numbers of the last days.
func (g *Register) Metrics(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	since := 30 * 24 * time.Hour
	if c.Given("since") {
		since = c.Duration("since")
	}
	x, err := g.Measure(ctx, c.Now.Add(-since), c.Now)
	if err != nil {
		return bot.Reply{}, err
	}
	m := view.MetricsMessage(x, "Changes of the last "+value.FormatDuration(since))
	reply := bot.Answer(m)
	reply.Data = view.Encode(x)
	return reply, nil
}
