package policy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
)

func (c *checker) freeze(p *Policy, i int, f fileFreeze) Freeze {
	where := fmt.Sprintf("freezes[%d] %s", i, f.ID)
	c.name(where, f.ID)
	z := Freeze{
		ID:         f.ID,
		Hard:       c.oneOf(where+".mode", f.Mode, "hard", "hard", "soft") == "hard",
		Reason:     f.Reason,
		Owner:      bot.PersonID(f.Owner),
		Scope:      c.scope(p, where+".scope", f.Scope),
		FromPolicy: true,
		Span:       c.span(where, f.From, f.To, f.Weekly, c.zone(where+".tz", f.TZ, p.Defaults.Zone), true),
	}
	for _, t := range f.Allow.Types {
		z.Allow = append(z.Allow, Type(c.oneOf(where+".allow.types", t, "", "normal", "standard", "emergency")))
	}
	if f.Exemption != nil {
		s := c.stage(p, where+".exemption", *f.Exemption, false)
		s.Name = ExemptStage(f.ID)
		z.Exempt = &s
	}
	return z
}

func (c *checker) maintenance(p *Policy, i int, f fileMaintenance) Maintenance {
	where := fmt.Sprintf("maintenance[%d] %s", i, f.ID)
	c.name(where, f.ID)
	return Maintenance{
		ID:    f.ID,
		Scope: c.scope(p, where+".scope", f.Scope),
		Span:  c.span(where, f.From, f.To, f.Weekly, c.zone(where+".tz", f.TZ, p.Defaults.Zone), false),
	}
}

func (c *checker) span(where, from, to string, weekly []fileSpan, zone *time.Location, wide bool) Span {
	s := Span{Zone: zone, Wide: wide}
	switch {
	case len(weekly) > 0 && (from != "" || to != ""):
		c.bad("%s has from and to, and weekly: it is one or the other", where)
	case len(weekly) == 0 && (from == "" || to == ""):
		c.bad("%s needs from and to, like \"2026-12-18T18:00\", or weekly: [{from: \"fri 18:00\", to: \"mon "+
			"08:00\"}]", where)
	}
	for _, w := range weekly {
		a, errA := parseWeekTime(w.From)
		b, errB := parseWeekTime(w.To)
		if err := errors.Join(errA, errB); err != nil {
			c.bad("%s.weekly: %v", where, err)
			continue
		}
		s.Weekly = append(s.Weekly, WeekSpan{a, b})
	}
	if from != "" && to != "" {
		a, errA := parseLocal(from)
		b, errB := parseLocal(to)
		if err := errors.Join(errA, errB); err != nil {
			c.bad("%s: %v", where, err)
			return s
		}
		s.From, s.To = resolve(a, zone, wide), resolve(b, zone, !wide)
		if !s.To.After(s.From) {
			c.bad("%s ends before it starts", where)
		}
	}
	return s
}

func (c *checker) template(p *Policy, i int, f fileTemplate) Template {
	where := fmt.Sprintf("templates[%d] %s", i, f.Name)
	c.name(where, f.Name)
	c.scope(p, where, fileScope{Env: f.Env, Service: f.Services})
	t := Template{
		Name:     f.Name,
		Title:    f.Title,
		Why:      f.Why,
		Plan:     f.Plan,
		Test:     f.Test,
		Backout:  f.Backout,
		Services: f.Services,
		Envs:     f.Env,
		Longest:  c.duration(where+".max_duration", f.MaxDuration, 4*time.Hour),
		Owner:    bot.PersonID(f.Owner),
	}
	if t.Title == "" || t.Plan == "" || t.Backout == "" || len(t.Services) == 0 || len(t.Envs) == 0 {
		c.bad("%s needs title, plan, backout, services and env: they are what is approved once and for all", where)
	}
	if !slices.ContainsFunc(c.catalog.People, func(x bot.Person) bool { return string(x.ID) == f.Owner }) {
		c.unfit("%s.owner: nobody is called %q", where, f.Owner)
	}
	day, err := time.Parse("2006-01-02", f.ReviewBy)
	if err != nil {
		c.bad("%s.review_by: %q is not a day. Write the day until which it was looked through, at most 180 days "+
			"ahead, like 2027-03-31", where, f.ReviewBy)
	}
	t.ReviewBy = day
	t.Digest = t.sum()
	return t
}

var localTime = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)$`)

// parseLocal reads a local time as it is written in the file; it is in UTC only to carry the numbers.
func parseLocal(raw string) (time.Time, error) {
	m := localTime.FindStringSubmatch(raw)
	if m == nil {
		return time.Time{}, fmt.Errorf("%q is not a local time. Write it like \"2026-12-18T18:00\"", raw)
	}
	t, err := time.Parse("2006-01-02 15:04", m[1]+" "+m[2])
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not in the calendar", raw)
	}
	return t, nil
}
