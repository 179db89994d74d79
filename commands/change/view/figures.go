package view

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// Metrics are the numbers of a period [From, To). A share of nothing is not a share: then its count is 0 and it is left
// out.
type Metrics struct {
	From, To     time.Time
	Submitted    int                // revisions that asked people and were approved in the period, or still wait
	Waits        map[string]Waiting // approval time by group, of stages satisfied in the period
	Implemented  int                // started and ended in the period, by whatever way
	Failed       int                // of those: failed, rolled back, or the cause of an incident; each once
	RolledBack   int                // of those
	Emergencies  int                // of those implemented
	Standard     int
	Expired      int
	OverdueDuty  int // owed by now, over all time
	OldestDuty   string
	OldestDutyAt time.Time
}

// Waiting is how long a group took, without the time the clock stood still.
type Waiting struct {
	N        int
	P50, P90 time.Duration
}

func (m *Metrics) in(t time.Time) bool { return !t.IsZero() && !t.Before(m.From) && t.Before(m.To) }

// Add counts one change and how long it waited.
func (m *Metrics) Add(c *change.Change, waits map[string][]time.Duration) {
	for group, d := range waitsOf(c, m.in) {
		waits[group] = append(waits[group], d...)
	}
	if m.in(c.Submitted) && len(c.Needs.Stages) > 0 {
		m.Submitted++
	}
	if c.State == change.Expired && m.in(c.Times.Ended) {
		m.Expired++
	}
	for _, d := range c.OpenDuties() {
		if d.Due.Before(m.To) {
			m.OverdueDuty++
			if m.OldestDutyAt.IsZero() || d.Due.Before(m.OldestDutyAt) {
				m.OldestDuty, m.OldestDutyAt = c.ID()+" "+d.Kind.Label(), d.Due
			}
		}
	}
	if c.Outcome == "" || c.Outcome == policy.NotImplemented || c.Started.IsZero() ||
		!m.in(cmp.Or(c.Finished, c.Times.Ended)) {
		return
	}
	m.Implemented++
	caused := slices.ContainsFunc(c.Incidents, func(i change.Incident) bool { return i.How == change.Caused })
	if c.Outcome == policy.Failed || c.Outcome == policy.RolledBack || caused {
		m.Failed++
	}
	if c.Outcome == policy.RolledBack {
		m.RolledBack++
	}
	switch c.Type {
	case policy.Emergency:
		m.Emergencies++
	case policy.Standard:
		m.Standard++
	}
}

// Percentile is the nearest-rank percentile of sorted durations.
func Percentile(sorted []time.Duration, p int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	i := (len(sorted)*p + 99) / 100
	return sorted[max(0, i-1)]
}

func share(n, of int) string {
	if of == 0 {
		return "none"
	}
	return fmt.Sprintf("%d of %d (%d %%)", n, of, (n*100+of/2)/of)
}

// MetricsMessage shows the figures of a period.
func MetricsMessage(m Metrics, title string) bot.Message {
	msg := bot.Message{Title: title, Tone: bot.Info}
	var f []bot.Field
	add := func(label, text string) { f = append(f, bot.Field{Label: label, Value: bot.T(text)}) }
	for _, group := range slices.Sorted(maps.Keys(m.Waits)) {
		w := m.Waits[group]
		add(
			"Approval by "+group,
			fmt.Sprintf("p50 %s · p90 %s · n %d", value.FormatDuration(w.P50), value.FormatDuration(w.P90), w.N),
		)
	}
	if m.Implemented > 0 {
		add("Change failure rate", share(m.Failed, m.Implemented))
		add("Rolled back", share(m.RolledBack, m.Implemented))
		add("Emergencies", share(m.Emergencies, m.Implemented))
		add("Standard", share(m.Standard, m.Implemented))
	}
	if m.Expired > 0 {
		add("Expired", share(m.Expired, max(m.Submitted, m.Expired)))
	}
	if m.OverdueDuty > 0 {
		add("Owed and overdue", fmt.Sprintf("%d, oldest %s", m.OverdueDuty, m.OldestDuty))
	}
	if len(f) == 0 {
		msg.Sections = []bot.Section{bot.Para("No change was decided or carried out.")}
		return msg
	}
	msg.Sections = []bot.Section{{Fields: f}}
	if m.Emergencies*10 > m.Implemented {
		msg.Tone = bot.Warning
		msg.Sections = append(msg.Sections, bot.Para("More than a tenth of the changes were emergencies."))
	}
	return msg
}
