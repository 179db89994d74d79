// Package figures computes the numbers of reports: how often, how long, how available, against which target. Everything
// is a pure function of facts that were read in one snapshot of the database: the same facts give the same numbers,
// whoever asks and when.
//
//	facts (incidents, changes, follow-ups, rotas) ──Count──> numbers of a period
//	                                              ──ServiceHealth──> availability and error budget of a service
package figures

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Facts are what the database knew at one moment, read in one transaction: all a report is computed from. Sections are
// pure functions of them.
type Facts struct {
	At        time.Time
	Began     time.Time  // of the first thing that is known at all; before it there is nothing to compare with
	Incidents []Incident // open, or declared or resolved since the look-back began, by number
	Changes   []Change   // open, or carried out since the look-back began, by number
	FollowUps []FollowUp // open, or done since the look-back began
	Dues      []bot.Due  // overdue, or due within a week or so, the earliest first
	Happened  []bot.Happening
	Chapters  []bot.Chapter // of capabilities, in weekly and monthly reports
	Stray     []Stray       // deployments without a change that allowed them
	Freezes   []Freeze      // that hold or will
	Rotas     []Rota
	Services  []bot.Service // as they are configured
	Weights   map[string]float64
}

// Incident is what reports need to know of an incident.
type Incident struct {
	Number   int64
	Title    string
	Severity string // by now, like sev2
	State    string
	Services []string
	Lead     bot.PersonID

	Started, Detected, Declared, Acked, Mitigated, Resolved, Closed time.Time // zero: has not happened

	// somebody said when it started; of what older versions saved it is seen by a start before the detection
	StartKnown bool

	NextUpdate time.Time
	ReviewDue  time.Time
	Published  time.Time    // its review
	Levels     []Level      // oldest first; empty when it never changed
	Stretches  []value.Span // of impact, that ended before it was reopened
	Since      time.Time    // when the present impact began; zero: at the start
	Resolution string
	Impact     string
	Suspects   []string // changes
}

// Level is a severity and since when.
type Level struct {
	Severity string
	Since    time.Time
}

// ID is how people name it.
func (i *Incident) ID() string { return "INC-" + strconv.FormatInt(i.Number, 10) }

// Open reports whether it has not ended.
func (i *Incident) Open() bool {
	return slices.Contains([]string{"investigating", "identified", "monitoring", "paused"}, i.State)
}

// Real reports whether it was an incident: one that was cancelled was none, and counts nowhere.
func (i *Incident) Real() bool { return i.State != "cancelled" }

// SeverityRank orders severities, the highest first; one that nobody has judged counts as major.
var SeverityRank = map[string]int{"sev1": 1, "sev2": 2, "unknown": 2, "sev3": 3, "sev4": 4}

// Highest is the highest severity it ever had, which is what reports go by.
func (i *Incident) Highest() string {
	worst := i.Severity
	for _, l := range i.Levels {
		if SeverityRank[l.Severity] < SeverityRank[worst] {
			worst = l.Severity
		}
	}
	return worst
}

// overBefore reports whether nothing of it reaches to a time or beyond: neither its declaration nor its impact.
func (i *Incident) overBefore(t time.Time) bool {
	return !i.Open() && !i.Resolved.IsZero() && i.Resolved.Before(t) && i.Declared.Before(t) && i.Mitigated.Before(t)
}

// ResolvedIn reports whether a period is the one in which it ended.
func (i *Incident) ResolvedIn(p value.Span) bool { return i.Real() && !i.Open() && p.Holds(i.Resolved) }

// ActiveIn reports whether it went on at some time of a period, as far as is known by now.
func (i *Incident) ActiveIn(p value.Span) bool {
	return i.Real() && i.Declared.Before(p.To) && (i.Open() || i.Resolved.IsZero() || !i.Resolved.Before(p.From))
}

// Major reports whether it was a SEV1 or SEV2.
func (i *Incident) Major() bool { return SeverityRank[i.Highest()] <= 2 }

// SeverityLabel shows how the severity rose, like SEV2 → SEV1.
func (i *Incident) SeverityLabel() string {
	highest := i.Highest()
	if len(i.Levels) > 0 && i.Levels[0].Severity != highest {
		return SeverityLabel(i.Levels[0].Severity) + " → " + SeverityLabel(highest)
	}
	return SeverityLabel(highest)
}

// SeverityLabel is what people call a severity.
func SeverityLabel(s string) string {
	if s == "unknown" {
		return "SEV?"
	}
	if len(s) == 4 {
		return "SEV" + s[3:]
	}
	return s
}

// Impacted are the stretches of time in which users were affected, up to now for one that goes on.
func (i *Incident) Impacted(now time.Time) value.Spans {
	from, to := i.Started, now
	if !i.Since.IsZero() {
		from = i.Since
	}
	for _, end := range []time.Time{i.Mitigated, i.Resolved} {
		if !end.IsZero() {
			to = value.Earlier(to, end)
		}
	}
	list := slices.Clone(i.Stretches)
	if len(list) > 0 {
		list[0].From = i.Started // which may have been corrected since
	}
	return value.Union(append(list, value.Span{From: from, To: to})...)
}

// Losses are what its impact took from its services, by the weight of the severity it had at the time.
func (i *Incident) Losses(now time.Time, weight map[string]float64) []Loss {
	if !i.Real() {
		return nil
	}
	levels := i.Levels
	if len(levels) == 0 {
		levels = []Level{{i.Severity, i.Started}}
	}
	var losses []Loss
	for n, l := range levels {
		from, to := l.Since, now
		if n == 0 {
			from = i.Started
		}
		if n+1 < len(levels) {
			to = levels[n+1].Since
		}
		if w := weight[l.Severity]; w > 0 {
			for _, s := range i.Impacted(now).And(value.Union(value.Span{From: from, To: to})) {
				losses = append(losses, Loss{s, w})
			}
		}
	}
	return losses
}

// Change is what reports need to know of a change.
type Change struct {
	Number    int64
	Title     string
	Type      string // normal, standard or emergency
	State     string
	Risk      string // low, medium, high or ""
	Env       string
	Services  []string
	Requester bot.PersonID

	Start, End                            time.Time // the window
	Submitted, Decided, Started, Finished time.Time // Finished: when it ended, by whatever way

	Outcome  string
	Why      string // it was rolled back, "" if it was not
	Caused   bool   // an incident
	Backout  bool   // there is a plan to go back
	Test     bool
	Held     bool
	Waiting  []string // the groups that have to decide now, if it is pending
	Approved []string // who has approved this revision
	Reasons  []string // why it is risky
	Revision int
	Template string
	Glass    bool // started against its policy
}

// ID is how people name it.
func (c *Change) ID() string { return "CHG-" + strconv.FormatInt(c.Number, 10) }

// Implemented reports whether it was carried out and how that ended is known.
func (c *Change) Implemented() bool {
	return !c.Started.IsZero() && !c.Finished.IsZero() && c.Outcome != "" && c.Outcome != "not_implemented"
}

// Failed reports whether it failed, was rolled back or caused an incident: the numerator of the change failure rate,
// each once.
func (c *Change) Failed() bool {
	return c.Outcome == "failed" || c.Outcome == "rolled_back" || c.Caused
}

// Unapproved reports whether it was started without an approval, other than as an emergency.
func (c *Change) Unapproved() bool {
	return !c.Started.IsZero() && (c.Glass || c.Type == "normal" && (c.Decided.IsZero() || c.Decided.After(c.Started)))
}

// InWindow reports whether it was carried out in its window.
func (c *Change) InWindow() bool {
	return !c.Start.IsZero() && !c.Started.Before(c.Start) && !c.Finished.After(c.End)
}

// FollowUp is a task that is left when an incident ends, or an action of a review.
type FollowUp struct {
	Incident  string // "": it is of a review
	Run       string
	Team      string // whose review
	Channel   string // where that was
	N         int
	Text      string
	Owner     bot.PersonID
	Created   time.Time
	Due, Done time.Time
	Services  []string
}

// ID is how people name it.
func (t FollowUp) ID() string {
	if t.Run != "" {
		return ActionID(t.Run, t.N)
	}
	return fmt.Sprintf("%s task %d", t.Incident, t.N)
}

// Stray is a deployment that no change allowed.
type Stray struct {
	Service, Env, Note string
	By                 bot.PersonID
	At                 time.Time
}

// Freeze is a time without changes.
type Freeze struct {
	ID, Name string
	value.Span
}

// Rota is a group of people who take turns to answer, as it is at the moment of the facts.
type Rota struct {
	Name  string
	Zone  *time.Location
	Now   bot.PersonID // responsible; "" is nobody
	Next  bot.PersonID
	Until time.Time    // the next hand-over; zero: none is known
	Gaps  []value.Span // without anybody in the next fortnight
	Swaps []Swap
	Pages []Page // since the look-back began
	Open  *Handover
}

// Swap is somebody standing in for somebody else.
type Swap struct {
	Person, For bot.PersonID
	value.Span
}

// Page is one call for somebody on call.
type Page struct {
	ID    string
	Rota  string
	Who   bot.PersonID // who answered, or was called first
	Zone  *time.Location
	Text  string
	At    time.Time
	Acked time.Time
	Led   bool // to an incident or to something somebody did
}

// Handover is a change of who is on call.
type Handover struct {
	ID       string
	Rota     string
	From, To bot.PersonID
	At       time.Time
	Feel     string // how the shift felt, in the words of who hands over
	Watch    []string
	Accepted time.Time
	Shift    value.Span // that ends
	Ahead    value.Span // that begins
	Zone     string
	Place    bot.Conversation // where it is told; no channel: to the two alone
	Channel  string
}

// hour classes of PagerDuty, by the clock of who was called.
func (p Page) Class() string {
	t := p.At
	if p.Zone != nil {
		t = t.In(p.Zone)
	}
	switch h := t.Hour(); {
	case h >= 22 || h < 8:
		return "asleep"
	case !value.Week{}.Workday(value.DayOf(t)) || h >= 18:
		return "off"
	}
	return "business"
}

// Scope says what a report is about and who reads it.
type Scope struct {
	Team     string   `json:"team,omitempty"`
	Services []string `json:"services,omitempty"`
}

// Key names the scope, so that numbers of different ones are never compared.
func (s Scope) Key() string {
	key := "team:" + s.Team
	for _, id := range slices.Sorted(slices.Values(s.Services)) {
		key += ",service:" + id
	}
	return key
}

// ParseScope reads the name of a scope.
func ParseScope(key string) Scope {
	var s Scope
	for k, part := range strings.Split(key, ",") {
		if id, ok := strings.CutPrefix(part, "service:"); ok {
			s.Services = append(s.Services, id)
		} else if k == 0 {
			s.Team = strings.TrimPrefix(part, "team:")
		}
	}
	return s
}

// Scoped is what the facts say within a scope, to an audience. What they may not read is only counted.
func (f *Facts) Scoped(s Scope, channel string) (Facts, Hidden) {
	g := *f
	var hidden Hidden
	services := s.Services
	if s.Team != "" {
		for _, svc := range f.Services {
			if slices.Contains(svc.Teams, s.Team) {
				services = append(slices.Clone(services), svc.ID)
			}
		}
	}
	in := func(ids []string) bool {
		return s.Team == "" && len(s.Services) == 0 ||
			slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(services, id) })
	}
	restricted, who := bot.Restrictions(f.Services), bot.Reader{Channel: channel}
	g.Dues = Only(f.Dues, func(d *bot.Due) bool {
		return (in(d.Audience.Services) || d.Team != "" && d.Team == s.Team) && restricted.Include(who, d.Audience)
	})
	g.Happened = Only(f.Happened, func(h *bot.Happening) bool {
		return in(h.Audience.Services) && restricted.Include(who, h.Audience)
	})
	g.Chapters = nil
	for _, c := range f.Chapters {
		c.Lines = Only(c.Lines, func(l *bot.ChapterLine) bool {
			return in(l.Audience.Services) && restricted.Include(who, l.Audience)
		})
		g.Chapters = append(g.Chapters, c)
	}
	if s.Team == "" && len(s.Services) == 0 && !restricted.Any() {
		return g, hidden
	}
	hide := func(ids []string) bool { return !restricted.Include(who, bot.Audience{Services: ids}) }
	secret := map[string]bool{}
	for _, svc := range f.Services {
		secret[svc.ID] = hide([]string{svc.ID})
	}
	public := func(ids []string) []string {
		return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return secret[id] })
	}
	g.Incidents, g.Changes, g.FollowUps, g.Stray, g.Services = nil, nil, nil, nil, nil
	for _, i := range f.Incidents {
		if !in(i.Services) {
			continue
		}
		if hide(i.Services) {
			hidden.Incidents = append(hidden.Incidents, i)
			i.Title, i.Resolution, i.Impact, i.Services, i.Lead, i.Suspects = "", "", "", public(i.Services), "", nil
			i.Number = 0
		}
		g.Incidents = append(g.Incidents, i)
	}
	for _, c := range f.Changes {
		if !in(c.Services) {
			continue
		}
		if hide(c.Services) {
			hidden.Changes = append(hidden.Changes, c)
			c.Title, c.Services, c.Requester, c.Waiting, c.Approved, c.Reasons, c.Env = "", public(c.Services), "", nil, nil, nil, ""
			c.Number = 0
		}
		g.Changes = append(g.Changes, c)
	}
	for _, t := range f.FollowUps {
		audience := bot.Audience{Services: t.Services, Channel: t.Channel}
		if (in(t.Services) || t.Team != "" && t.Team == s.Team) && restricted.Include(who, audience) {
			g.FollowUps = append(g.FollowUps, t)
		}
	}
	for _, d := range f.Stray {
		if in([]string{d.Service}) && !secret[d.Service] {
			g.Stray = append(g.Stray, d)
		}
	}
	for _, svc := range f.Services {
		if in([]string{svc.ID}) && !secret[svc.ID] {
			g.Services = append(g.Services, svc)
		}
	}
	return g, hidden
}

// Only copies what a condition holds for. There are thousands of things, and few of each kind.
func Only[T any](list []T, is func(*T) bool) []T {
	var kept []T
	for k := range list {
		if is(&list[k]) {
			kept = append(kept, list[k])
		}
	}
	return kept
}

// Hidden is what an audience may not read.
type Hidden struct {
	Incidents []Incident
	Changes   []Change
}

// Hidden reports whether an incident is one that only counts.
func (i *Incident) Hidden() bool { return i.Number == 0 }
func (c *Change) Hidden() bool   { return c.Number == 0 }

// ActionID is how people name an action item.
func ActionID(run string, n int) string { return fmt.Sprintf("%s action %d", run, n) }
