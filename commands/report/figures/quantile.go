package figures

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot/value"
)

// Few is how many values are shown one by one: a quantile of less says nothing.
const Few = 5

// Sample is a set of durations. It is described by its median and never by a mean, which one long night distorts.
type Sample []time.Duration

// Quantile is the nearest-rank quantile, 0 of an empty sample.
func (s Sample) Quantile(q float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

// String is the sample in short: "12m, 31m, 2h" up to four values, else "median 12m (p90 2h) n=31".
func (s Sample) String() string {
	switch {
	case len(s) == 0:
		return "none"
	case len(s) < Few:
		var texts []string
		for _, d := range slices.Sorted(slices.Values(s)) {
			texts = append(texts, Length(d))
		}
		return strings.Join(texts, ", ")
	}
	return fmt.Sprintf("median %s (p90 %s) n=%d", Length(s.Quantile(0.5)), Length(s.Quantile(0.9)), len(s))
}

// Words is the sample as a manager reads it: one value by itself, the shortest and the longest of up to four, else
// within which time half of them and nine in ten were.
func (s Sample) Words() string {
	switch {
	case len(s) == 0:
		return "none"
	case len(s) == 1:
		return Length(s[0])
	case len(s) < Few && Length(slices.Min(s)) == Length(slices.Max(s)):
		return Length(s[0])
	case len(s) < Few:
		return Length(slices.Min(s)) + " to " + Length(slices.Max(s))
	}
	return fmt.Sprintf("half within %s, 9 in 10 within %s", Length(s.Quantile(0.5)), Length(s.Quantile(0.9)))
}

// Length is a duration as people read it in a report: to the minute, or to the second below one.
func Length(d time.Duration) string {
	if d >= time.Minute {
		d = d.Round(time.Minute)
	} else {
		d = d.Round(time.Second)
	}
	return value.FormatDuration(d)
}

// Better says which way of a number is good.
type Better int

const (
	Neither Better = iota
	Lower
	Higher
)

// Delta says how a count compares to that of the period before, in words.
func Delta(now, before int, than string) string {
	switch d := now - before; {
	case d == 0:
		return "as many as " + than
	case d > 0:
		return fmt.Sprintf("%d more than %s", d, than)
	default:
		return fmt.Sprintf("%d fewer than %s", -d, than)
	}
}

// Share is a part of a whole; of none it says so and never 0 %.
func Share(n, of int) string {
	if of == 0 {
		return "none"
	}
	if of < Few { // a percentage of so few says more than is known
		return fmt.Sprintf("%d of %d", n, of)
	}
	return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(of))
}

// PercentOf is percent with as many more digits as it takes to see that a target was missed, never more than five.
func PercentOf(ratio, target float64) string {
	text := Percent(ratio)
	if ratio >= target {
		return text
	}
	for digits := 3; digits <= 5; digits++ {
		if shown, err := strconv.ParseFloat(strings.TrimSuffix(text, " %"), 64); err == nil && shown < target*100-1e-9 {
			return text
		}
		text = fmt.Sprintf("%.*f %%", digits, ratio*100)
	}
	return text
}

// Percent shows availability so that 99.99 does not become 100.
func Percent(ratio float64) string {
	p := ratio * 100
	for _, digits := range []int{2, 3, 4} {
		text := fmt.Sprintf("%.*f", digits, p)
		if !strings.HasPrefix(text, "100") || ratio >= 1 {
			return text + " %"
		}
	}
	return "99.9999 %"
}

// Spark draws values as one line of text; nothing is drawn for less than two.
func Spark(values []float64) string {
	if len(values) < 2 {
		return ""
	}
	low, high := slices.Min(values), slices.Max(values)
	bars := []rune("▁▂▃▄▅▆▇")
	var b strings.Builder
	for _, v := range values {
		i := len(bars) / 2 // all the same
		if high > low {
			i = int(math.Round((v - low) / (high - low) * float64(len(bars)-1)))
		}
		b.WriteRune(bars[i])
	}
	return b.String()
}

// PercentTarget writes a target such as 0.999 as 99.9.
func PercentTarget(t float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.3f", t*100), "0"), ".")
}
