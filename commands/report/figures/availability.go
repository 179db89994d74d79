package figures

import (
	"math"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot/value"
)

// Loss is a stretch of time in which a service lost a part of what it does: all of it at weight 1, nothing that counts
// at 0.
type Loss struct {
	value.Span
	Weight float64
}

// Measured is all that the availability of a service is computed from.
type Measured struct {
	Period      value.Span
	Losses      []Loss
	Hours       value.Spans // when it is meant to serve; nil is always
	Maintenance value.Spans // approved before it began, and not to be counted
	Unknown     value.Spans // nobody measured
}

// Availability is how much of the time that counts a service was there. Ratio and Coverage lie between 0 and 1.
type Availability struct {
	Denominator time.Duration `json:"denominator"` // service hours in the period, without maintenance and what is unknown
	Downtime    time.Duration `json:"downtime"`    // weighted
	Ratio       float64       `json:"ratio"`
	Coverage    float64       `json:"coverage"` // how much of the service hours outside of maintenance was measured
}

// Measure computes the availability. At each moment the heaviest loss counts, and only once: incidents that overlap are
// no longer outage than their union. Of a period without a moment that counts nothing can be said, and its ratio is 1.
func Measure(m Measured) Availability {
	hours := value.Union(m.Period)
	if m.Hours != nil {
		hours = hours.And(value.Union(m.Hours...))
	}
	meant := hours.Without(value.Union(m.Maintenance...))
	counts := meant.Without(value.Union(m.Unknown...))
	a := Availability{Denominator: counts.Length(), Ratio: 1, Coverage: 1}
	for _, w := range weights(m.Losses) {
		var with value.Spans
		for _, l := range m.Losses {
			if l.Weight >= w.weight {
				with = append(with, l.Span)
			}
		}
		a.Downtime += time.Duration(math.Round(float64(value.Union(with...).And(counts).Length()) * w.step))
	}
	if a.Denominator > 0 {
		a.Ratio = 1 - float64(a.Downtime)/float64(a.Denominator)
	}
	if all := meant.Length(); all > 0 {
		a.Coverage = float64(a.Denominator) / float64(all)
	}
	return a
}

type weightStep struct{ weight, step float64 }

// weights are the different weights of losses, each with what it adds to the next smaller one. Where losses of weight w
// or more are, at least w is lost, so that the maximum of all is the sum of the steps.
func weights(losses []Loss) []weightStep {
	var all []float64
	for _, l := range losses {
		if l.Weight > 0 {
			all = append(all, min(1, l.Weight))
		}
	}
	slices.Sort(all)
	var steps []weightStep
	last := 0.0
	for _, w := range slices.Compact(all) {
		steps = append(steps, weightStep{w, w - last})
		last = w
	}
	return steps
}

// Budget is how much a service may be down, and how much of that it was.
type Budget struct {
	Target    float64       `json:"target"` // like 0.999
	Allowed   time.Duration `json:"allowed"`
	Spent     float64       `json:"spent"`     // of what is allowed; 1 is all of it
	Burn      float64       `json:"burn"`      // 1 spends exactly all by the end of the period
	Projected float64       `json:"projected"` // spent by the end of the period, if it goes on like this
	Left      time.Duration `json:"left"`      // below 0: more than allowed
}

// ErrorBudget computes the budget of a period. elapsed is what has passed of the time that counts, so was the downtime
// measured over it; whole is all of it.
func ErrorBudget(target float64, downtime, elapsed, whole time.Duration) Budget {
	b := Budget{Target: target, Allowed: time.Duration(math.Round((1 - target) * float64(whole)))}
	b.Left = b.Allowed - downtime
	if b.Allowed > 0 {
		b.Spent = float64(downtime) / float64(b.Allowed)
	} else if downtime > 0 {
		b.Spent = math.Inf(1)
	}
	if elapsed > 0 && target < 1 {
		b.Burn = float64(downtime) / float64(elapsed) / (1 - target)
		b.Projected = b.Spent * float64(whole) / float64(elapsed)
	}
	return b
}
