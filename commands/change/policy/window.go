package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Interval is from Start on, before End.
type Interval struct{ Start, End time.Time }

// Holds reports whether a time lies in the interval.
func (i Interval) Holds(t time.Time) bool { return !t.Before(i.Start) && t.Before(i.End) }

// Span is one interval, or some that come back each week by the clocks of a zone. Where clocks are set back over its
// edge, a wide one takes the longer reading and a narrow one the shorter; an edge that the clocks jump over is the
// moment of the jump.
type Span struct {
	From, To time.Time // of a single one
	Weekly   []WeekSpan
	Zone     *time.Location
	Wide     bool
}

// WeekTime is a time of the week.
type WeekTime struct {
	Day    time.Weekday
	Minute int // of the day
}

// WeekSpan is from one time of the week to the next time that the other comes.
type WeekSpan struct{ From, To WeekTime }

var weekTime = regexp.MustCompile(`(?i)^(sun|mon|tue|wed|thu|fri|sat)[a-z]* (\d\d):(\d\d)$`)

func parseWeekTime(raw string) (WeekTime, error) {
	m := weekTime.FindStringSubmatch(strings.TrimSpace(raw))
	var w WeekTime
	if m != nil {
		var h, min int
		_, _ = fmt.Sscan(m[2], &h)
		_, _ = fmt.Sscan(m[3], &min)
		if h <= 23 && min <= 59 {
			w.Day = time.Weekday(slices.Index([]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}, strings.ToLower(m[1])))
			w.Minute = h*60 + min
			return w, nil
		}
	}
	return w, fmt.Errorf("%q is not a time of the week. Write it like \"fri 18:00\"", raw)
}

// resolve is when the clocks of a zone show a local time: the first or the last time if they do twice.
func resolve(local time.Time, zone *time.Location, first bool) time.Time {
	a, b := value.Instants(local, zone)
	if first {
		return a.UTC()
	}
	return b.UTC()
}

// Between lists the intervals that have a moment in [from, to), in their order. A moment is from and to being the same.
func (s Span) Between(from, to time.Time) []Interval {
	if !to.After(from) {
		to = from.Add(time.Nanosecond)
	}
	if len(s.Weekly) == 0 {
		if s.From.Before(to) && from.Before(s.To) {
			return []Interval{{s.From, s.To}}
		}
		return nil
	}
	var found []Interval
	first := from.In(s.Zone).AddDate(0, 0, -8)
	day := time.Date(first.Year(), first.Month(), first.Day(), 0, 0, 0, 0, time.UTC)
	for ; !day.After(to.AddDate(0, 0, 1)); day = day.AddDate(0, 0, 1) {
		for _, w := range s.Weekly {
			if day.Weekday() != w.From.Day {
				continue
			}
			days := (int(w.To.Day) - int(w.From.Day) + 7) % 7
			if days == 0 && w.To.Minute <= w.From.Minute {
				days = 7
			}
			i := Interval{
				resolve(day.Add(time.Duration(w.From.Minute)*time.Minute), s.Zone, s.Wide),
				resolve(day.AddDate(0, 0, days).Add(time.Duration(w.To.Minute)*time.Minute), s.Zone, !s.Wide),
			}
			if i.Start.Before(to) && from.Before(i.End) && i.End.After(i.Start) {
				found = append(found, i)
			}
		}
	}
	slices.SortFunc(found, func(a, b Interval) int { return a.Start.Compare(b.Start) })
	return found
}

// Next is the first interval that starts at or after t, within the next five weeks.
func (s Span) Next(t time.Time) (Interval, bool) {
	for _, i := range s.Between(t, t.AddDate(0, 0, 35)) {
		if !i.Start.Before(t) {
			return i, true
		}
	}
	if len(s.Weekly) == 0 && !s.From.Before(t) {
		return Interval{s.From, s.To}, true
	}
	return Interval{}, false
}

// Scope says which changes something is about. Empty lists do not restrict.
type Scope struct {
	Envs     []string `json:"envs,omitempty"`
	Services []string `json:"services,omitempty"`
	Tags     []string `json:"tags,omitempty"`
	NotTags  []string `json:"not_tags,omitempty"`
}

// Covers reports whether the change, or one of its services, is meant. A service with an excluded tag is not.
func (s Scope) Covers(env string, services []string, k Catalog) bool {
	if len(s.Envs) > 0 && !slices.Contains(s.Envs, env) {
		return false
	}
	if len(s.Services)+len(s.Tags)+len(s.NotTags) == 0 {
		return true
	}
	return slices.ContainsFunc(services, func(id string) bool {
		svc, _ := k.Service(id)
		return (len(s.Services) == 0 || slices.Contains(s.Services, id)) &&
			(len(s.Tags) == 0 || value.Shares(s.Tags, svc.Tags)) && !value.Shares(s.NotTags, svc.Tags)
	})
}

// Label is the scope in words.
func (s Scope) Label() string {
	var parts []string
	if len(s.Envs) > 0 {
		parts = append(parts, value.Listed(s.Envs))
	}
	if len(s.Services) > 0 {
		parts = append(parts, value.Listed(s.Services))
	}
	if len(s.Tags) > 0 {
		parts = append(parts, "tag "+value.Listed(s.Tags))
	}
	if len(s.NotTags) > 0 {
		parts = append(parts, "without tag "+value.Listed(s.NotTags))
	}
	if len(parts) == 0 {
		return "everything"
	}
	return strings.Join(parts, ", ")
}

// Freeze is a time in which nothing is changed.
type Freeze struct {
	ID         string
	Hard       bool // a soft one may be acknowledged
	Scope      Scope
	Span       Span
	Allow      []Type
	Exempt     *Stage // who may exempt a change from it; nil: nobody
	Reason     string
	Owner      bot.PersonID
	Added      time.Time // zero when it stands in the policy
	Ended      time.Time // somebody ended it early
	EndedBy    bot.PersonID
	EndReason  string
	FromPolicy bool
}

// Meets reports whether the freeze concerns a change at all.
func (f Freeze) Meets(kind Type, env string, services []string, k Catalog) bool {
	return !slices.Contains(f.Allow, kind) && f.Scope.Covers(env, services, k)
}

// Between lists its intervals, cut where somebody ended it.
func (f Freeze) Between(from, to time.Time) []Interval {
	var found []Interval
	for _, i := range f.Span.Between(from, to) {
		if !f.Ended.IsZero() && i.End.After(f.Ended) {
			i.End = f.Ended
		}
		if i.End.After(i.Start) && i.Start.Before(value.Later(to, from.Add(1))) && from.Before(i.End) {
			found = append(found, i)
		}
	}
	return found
}

// ExemptStage names the stage in which an exemption from a freeze is decided.
func ExemptStage(freeze string) string { return "exempt-" + freeze }

// Maintenance is a time in which services may be changed; a service that has any is changed inside one of them.
type Maintenance struct {
	ID    string
	Scope Scope
	Span  Span
}

// Template is a change that was approved once and for all, as long as it goes well.
type Template struct {
	Name     string
	Title    string
	Why      string
	Plan     string
	Test     string
	Backout  string
	Services []string
	Envs     []string
	Longest  time.Duration
	Owner    bot.PersonID
	ReviewBy time.Time // a day
	Digest   string    // of all of the above but the day
}

func (t Template) sum() string {
	t.Digest, t.ReviewBy = "", time.Time{}
	data, err := json.Marshal(t)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// At names the template with its version.
func (t Template) At() string { return t.Name + "@" + t.Digest[:8] }

// TemplateRecord is how a template did, and who approved it as it is by now.
type TemplateRecord struct {
	Approvals []TemplateApproval // of its digest
	Runs      []Run              // newest first, twenty at most
}

// TemplateApproval is one person's word for a template.
type TemplateApproval struct {
	Person bot.PersonID
	At     time.Time
}

// Run is one change made from a template that has ended.
type Run struct {
	Change  string
	Outcome Outcome
	At      time.Time
}

const (
	templateApprovals = 2
	templateReview    = 180 * 24 * time.Hour
	templateRuns      = 20
	templateShare     = 0.95
)

// Active says "" when the template may be used without asking, or why not. After a failed run it has to be approved
// anew.
func (t Template) Active(r TemplateRecord, now time.Time) string {
	var failed time.Time
	good := 0
	for _, run := range r.Runs {
		switch {
		case run.Outcome == Success || run.Outcome == WithIssues:
			good++
		case run.Outcome != NotImplemented && run.At.After(failed):
			failed = run.At
		}
	}
	fresh := 0
	for _, a := range r.Approvals {
		if a.Person != t.Owner && a.At.After(failed) {
			fresh++
		}
	}
	end := t.ReviewBy.AddDate(0, 0, 1)
	switch {
	case !now.Before(end):
		return "its review was due on " + t.ReviewBy.Format("2 Jan 2006")
	case end.Sub(now) > templateReview+24*time.Hour:
		return "its review is more than 180 days away"
	case fresh < templateApprovals && !failed.IsZero():
		return fmt.Sprintf(
			"a run of it failed on %s and it was not approved anew (%d of %d)", failed.Format("2 Jan"), fresh,
			templateApprovals,
		)
	case fresh < templateApprovals:
		return fmt.Sprintf("it is approved by %d of %d people", fresh, templateApprovals)
	case len(r.Runs) >= templateRuns && float64(good) < templateShare*float64(len(r.Runs)):
		return fmt.Sprintf("only %d of its last %d runs went well", good, len(r.Runs))
	}
	return ""
}

// Proven reports whether a template has a long and good record.
func (r TemplateRecord) Proven() bool {
	good := 0
	for _, run := range r.Runs {
		if run.Outcome == Success || run.Outcome == WithIssues {
			good++
		}
	}
	return len(r.Runs) >= templateRuns && float64(good) >= 0.97*float64(len(r.Runs))
}

// Label is what people call the freeze.
func (f Freeze) Label() string {
	if f.Reason == "" {
		return f.ID
	}
	return f.ID + " (" + f.Reason + ")"
}
