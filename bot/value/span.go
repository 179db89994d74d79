package value

import (
	"cmp"
	"slices"
	"time"
)

// Span is a stretch of time, from From on, before To.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Holds reports whether t lies in the span.
func (s Span) Holds(t time.Time) bool { return !t.IsZero() && !t.Before(s.From) && t.Before(s.To) }

// Length is how long it is, measured and never assumed: a day may have 23 hours.
func (s Span) Length() time.Duration { return max(0, s.To.Sub(s.From)) }

// Overlaps reports whether both have a moment in common.
func (s Span) Overlaps(o Span) bool { return s.From.Before(o.To) && o.From.Before(s.To) }

// Spans are stretches of time in their order, without overlaps.
type Spans []Span

// Union puts spans in order and joins those that overlap or touch. Empty ones are left out.
func Union(list ...Span) Spans {
	list = slices.DeleteFunc(slices.Clone(list), func(s Span) bool { return !s.From.Before(s.To) })
	slices.SortFunc(list, func(a, b Span) int { return cmp.Or(a.From.Compare(b.From), a.To.Compare(b.To)) })
	var u Spans
	for _, s := range list {
		if n := len(u); n > 0 && !s.From.After(u[n-1].To) {
			if s.To.After(u[n-1].To) {
				u[n-1].To = s.To
			}
			continue
		}
		u = append(u, s)
	}
	return u
}

// Length is how long all of them are together.
func (s Spans) Length() time.Duration {
	var d time.Duration
	for _, x := range s {
		d += x.Length()
	}
	return d
}

// And is what lies in both.
func (s Spans) And(o Spans) Spans {
	var both Spans
	for i, j := 0, 0; i < len(s) && j < len(o); {
		x := Span{Later(s[i].From, o[j].From), Earlier(s[i].To, o[j].To)}
		if x.From.Before(x.To) {
			both = append(both, x)
		}
		if s[i].To.Before(o[j].To) {
			i++
		} else {
			j++
		}
	}
	return both
}

// Without is what lies in s and not in o.
func (s Spans) Without(o Spans) Spans {
	var rest Spans
	j := 0
	for _, x := range s {
		from := x.From
		for j < len(o) && !o[j].To.After(from) {
			j++
		}
		for k := j; k < len(o) && o[k].From.Before(x.To); k++ {
			if from.Before(o[k].From) {
				rest = append(rest, Span{from, o[k].From})
			}
			from = Later(from, o[k].To)
		}
		if from.Before(x.To) {
			rest = append(rest, Span{from, x.To})
		}
	}
	return rest
}
