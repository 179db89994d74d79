package digest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/figures"
)

// View is the angle from which facts are looked at.
type View struct {
	Kind     Kind
	Period   value.Span
	Earlier  []value.Span // periods of the same kind before it, newest first
	Zone     *time.Location
	Scope    figures.Scope
	Channel  string   // where it is read: what is restricted to others is only counted
	Sections []string // those wanted; nil is all
	Targets  figures.Targets
	Next     time.Time
	Late     time.Duration
	Skipped  []string
	Frozen   []Frozen // what earlier reports said
	Handover *figures.Handover

	// Filled in by Build.
	Now    figures.Numbers
	Before []figures.Numbers // of Earlier
	Health []figures.Health
	Hidden figures.Hidden
	served map[string]figures.Served
}

// health is how a service did in a period.
func (v *View) health(f *figures.Facts, svc bot.Service, p value.Span) figures.Health {
	return figures.HealthOf(f, v.served[svc.ID], svc, p)
}

// Frozen is what a report said of a period.
type Frozen struct {
	Run     string
	What    string // the period in words
	Period  value.Span
	Metrics []figures.Metric
}

// section is one part of a report: a pure function of facts and view. nil is left out.
type section struct {
	name  string
	about string
	build func(f *figures.Facts, v *View) *Block
}

// registers is the name of what capabilities add: a block for each of their chapters.
const registers = "registers"

// HasChapters reports whether a report shows what capabilities add.
func (k Kind) HasChapters() bool { return slices.Contains(SectionNames(k), registers) }

// sections of each report, in the order in which they are shown.
var sections = map[Kind][]section{
	Daily: {
		{"attention", "what needs a decision", needsYou}, {"incidents", "what broke", incidentsNow},
		{"changes", "what was and will be changed", changesNow},
		{"services", "those below target", servicesBelow}, {"due", "what is due in a week, or overdue", dueSoon},
		{"also", "what else happened", alsoHappened},
		{"people", "who is on call", onCallNow},
	},
	Weekly: {
		{"highlights", "what stands out", highlights}, {"actions", "follow-ups", actionItems},
		{"incidents", "incidents and times", incidentTable},
		{"paging", "who was woken", paging}, {"changes", "how they went", changeReview},
		{"also", "what else happened", alsoHappened}, {registers, "what is to be decided about contracts, risks and vendors", nil},
		{"ahead", "what comes", changesAhead}, {"availability", "services and budgets", availability},
		{"people", "who is on call", onCallNow}, {"decide", "what to decide", decisions},
	},
	Monthly: {
		{"services", "services against their targets", availability},
		{"major", "what happened, and what we do", majorIncidents}, {"incidents", "numbers", incidentNumbers},
		{"improvements", "follow-ups", actionItems}, {"changes", "how they went", changeReview},
		{"also", "what else happened", alsoHappened},
		{registers, "what is to be decided about contracts, risks and vendors", nil},
		{"ahead", "what comes", changesAhead},
	},
	OnCall: {
		{"feel", "how the shift felt", feel}, {"open", "open incidents", openForShift},
		{"watch", "what to keep an eye on", watchItems}, {"recent", "changes of the last 48 hours", recentChanges},
		{"shift", "what is planned in the shift", plannedInShift}, {"pages", "pages of the shift", shiftPages},
		{"gaps", "gaps and swaps", gapsAhead},
	},
	CAB: {
		{"review", "failed, rolled back, unapproved and emergency changes", lookBack},
		{"decide", "changes to decide", toDecide}, {"executed", "decided and not carried out", notExecuted},
		{"standard", "candidates for a template", candidates}, {"ahead", "what comes, and freezes", changesAhead},
		{"numbers", "how changes went", changeNumbers}, {"missing", "not ready", notReady},
	},
}

// SectionNames lists the sections of a report.
func SectionNames(k Kind) []string {
	var names []string
	for _, s := range sections[k] {
		names = append(names, s.name)
	}
	return names
}

// Build makes a report of facts.
func Build(facts *figures.Facts, v View) Content {
	scoped, hidden := facts.Scoped(v.Scope, v.Channel)
	f := &scoped
	v.Hidden = hidden
	v.Now = figures.Count(f, v.Period, v.Targets)
	v.Earlier = slices.DeleteFunc(slices.Clone(v.Earlier), func(p value.Span) bool {
		return f.Began.IsZero() || p.From.Before(f.Began)
	})
	for _, p := range v.Earlier {
		v.Before = append(v.Before, figures.Count(f, p, v.Targets))
	}
	v.served = f.ByService()
	for _, svc := range f.Services {
		v.Health = append(v.Health, v.health(f, svc, v.budgetPeriod()))
	}
	c := Content{
		Kind: v.Kind, Title: v.title(), Zone: v.Zone.String(), Period: v.Period, AsOf: f.At, Scope: v.Scope, Late: v.Late,
		Next: v.Next, Skipped: v.Skipped, Handover: v.Handover,
	}
	c.Verdict = judge(f, &v)
	c.Metrics = v.Now.Metrics()
	for _, h := range v.Health {
		if h.Service.Target > 0 {
			c.Metrics = append(c.Metrics, h.Metric())
		}
	}
	for _, s := range sections[v.Kind] {
		if len(v.Sections) > 0 && !slices.Contains(v.Sections, s.name) {
			continue
		}
		if s.name == registers {
			c.Blocks = append(c.Blocks, chapters(f)...)
			continue
		}
		if b := s.build(f, &v); b != nil {
			b.Name = s.name
			c.Blocks = append(c.Blocks, *b)
		}
	}
	c.Quiet = v.quiet(&c)
	if c.Quiet {
		c.Verdict.Text = v.allQuiet()
	}
	c.Restated = v.restatements(f)
	c.Tables = v.tables(f)
	if v.Kind != OnCall && v.Kind != CAB {
		c.Charts = append(v.charts(f), grids(f)...)
	}
	return c
}

// budgetPeriod is over what availability is computed: a day is too short for a target of a month.
func (v *View) budgetPeriod() value.Span {
	if v.Period.Length() < 27*24*time.Hour {
		return value.Span{From: v.Period.To.In(v.Zone).AddDate(0, 0, -30), To: v.Period.To}
	}
	return v.Period
}

// restatements compares what earlier reports said of their periods with what the facts say by now.
func (v *View) restatements(f *figures.Facts) []string {
	var lines []string
	for _, old := range v.Frozen {
		now := figures.Count(f, old.Period, v.Targets).Metrics()
		for _, svc := range f.Services {
			if svc.Target > 0 && old.Period.Length() >= 27*24*time.Hour {
				now = append(now, v.health(f, svc, old.Period).Metric())
			}
		}
		lines = append(lines, figures.Restated(settled(old.Metrics), now, old.What)...)
	}
	return lines
}

// settled are the metrics that a period has for good: how long something took is known by the end, what is open is not.
func settled(list []figures.Metric) []figures.Metric {
	return slices.DeleteFunc(slices.Clone(list), func(m figures.Metric) bool {
		return strings.HasPrefix(m.Name, "follow-ups") || strings.HasPrefix(m.Name, "sla.") ||
			strings.HasPrefix(m.Name, "pages")
	})
}

// title names the report and its period.
func (v *View) title() string {
	to := v.Period.To.In(v.Zone)
	name := v.Kind.Title()
	switch v.Kind {
	case Daily:
		return name + " · " + to.Format("Mon 2 Jan 2006")
	case OnCall:
		if h := v.Handover; h != nil {
			return fmt.Sprintf("Hand-over %s · %s", h.Rota, h.At.In(v.Zone).Format("Mon 2 Jan 2006 15:04"))
		}
		return name
	case CAB:
		return name + " · " + to.Format("Mon 2 Jan 2006")
	}
	return name + " · " + PeriodLabel(v.Period, v.Zone)
}

// PeriodLabel is a period as people name it: September 2026, 2026-W38 (14–20 Sep), or its two ends.
func PeriodLabel(p value.Span, zone *time.Location) string {
	from, to := p.From.In(zone), p.To.In(zone)
	midnight := func(t time.Time) bool { return value.DayOf(t).At(0, zone).Equal(t) }
	last := to.Add(-time.Second)
	switch {
	case midnight(from) && midnight(to) && from.Day() == 1 &&
		to.Equal(value.DayOf(time.Date(from.Year(), from.Month()+1, 1, 12, 0, 0, 0, zone)).At(0, zone)):
		return from.Format("January 2006")
	case midnight(from) && midnight(to) && from.Weekday() == time.Monday && value.DayOf(from).Add(7) == value.DayOf(to):
		year, week := from.ISOWeek()
		days := from.Format("2 Jan") + "–" + last.Format("2 Jan")
		if from.Month() == last.Month() {
			days = fmt.Sprintf("%d–%s", from.Day(), last.Format("2 Jan"))
		}
		return fmt.Sprintf("%d-W%02d (%s)", year, week, days)
	case midnight(from) && midnight(to):
		return from.Format("2 Jan") + " – " + last.Format("2 Jan 2006")
	}
	return from.Format("Mon 2 Jan 15:04") + " – " + to.Format("Mon 2 Jan 15:04")
}

// quiet reports whether there is nothing to tell.
func (v *View) quiet(c *Content) bool {
	if v.Kind != Daily || c.Verdict.Level != Green {
		return false
	}
	n := v.Now
	return n.Opened+n.Resolved+n.Reopened+n.Open+n.Failed == 0 && !slices.ContainsFunc(c.Blocks, func(b Block) bool {
		return b.Name == "attention" || b.Name == "due" || b.Name == "also" || b.Name == "changes" && len(b.Lines) > 0
	})
}

// allQuiet is the report of a day on which nothing happened.
func (v *View) allQuiet() string {
	return fmt.Sprintf(
		"All quiet since %s: no incidents, %s done, nothing due in the next week.",
		v.Period.From.In(v.Zone).Format("Mon 15:04"), Count(v.Now.Implemented, "change"),
	)
}

// line puts a text together that is cut to what a phone shows in two lines.
func line(parts ...any) bot.Text {
	t := bot.T(parts...)
	for i := range t {
		if t[i].Kind == bot.PlainSpan {
			t[i].Text = value.Cut(t[i].Text, 140)
		}
	}
	return t
}

// Location is a zone by its name, UTC if it is not known.
func Location(name string) *time.Location {
	if loc, err := value.Zone(name); err == nil {
		return loc
	}
	return time.UTC
}

// before is what people call the period before this one.
func (v *View) before() string {
	switch v.Kind {
	case Daily:
		return "the day before"
	case Weekly:
		return "last week"
	case Monthly:
		return "last month"
	}
	return "the time before"
}

// within is how people say that something happened in this period.
func (v *View) within() string {
	switch v.Kind {
	case Weekly:
		return "in this week"
	case Monthly:
		return "in this month"
	}
	return "in this time"
}

// Trend compares a count with the period before, and says what is usual, the median of the last four, where there are
// so many.
func (v *View) Trend(now int, of func(figures.Numbers) int) string {
	if len(v.Before) == 0 {
		return ""
	}
	text := figures.Delta(now, of(v.Before[0]), v.before())
	if len(v.Before) >= 4 {
		var list []int
		for _, n := range v.Before[:4] {
			list = append(list, of(n))
		}
		slices.Sort(list)
		text += fmt.Sprintf(" (usual: %d)", list[1])
	}
	return text
}

// sparkOf draws a number over the periods up to this one.
func (v *View) sparkOf(now float64, of func(figures.Numbers) float64) string {
	var list []float64
	for k := len(v.Before) - 1; k >= 0; k-- {
		list = append(list, of(v.Before[k]))
	}
	return figures.Spark(append(list, now))
}
