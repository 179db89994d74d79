package oncall

import (
	"context"
	"slices"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// weekPage is the week by rota, with who answers now.
func (s *Service) weekPage(ctx context.Context, c *bot.Call, all []*Rota) (bot.Page, error) {
	active, _, err := s.active(ctx)
	if err != nil {
		return bot.Page{}, err
	}
	day := value.DayOf(c.Now.In(c.Zone))
	if c.Given("week") {
		day = c.Day("week")
	}
	monday := day.Add(-(int(day.UTC().Weekday()) + 6) % 7)
	w := &bot.Week{From: monday.At(0, c.Zone), To: monday.Add(7).At(0, c.Zone)}
	now := bot.Panel{Title: "On call now", Empty: "There is no rota yet, so nobody is on call."}
	gaps := bot.Panel{Title: "Gaps in the next 14 days", Empty: "None: somebody is on call at any time."}
	p := bot.Page{Title: "On call", Actions: []bot.Action{
		{Label: "Page somebody", Command: "oncall.page", Form: true},
		{Label: "Swap a shift", Command: "oncall.swap", Form: true}, {Label: "Override", Command: "oncall.override", Form: true},
		newAction,
	}}
	for _, r := range all {
		if c.Text("rota") != "" && r.Name != c.Text("rota") {
			continue
		}
		v, err := s.view(ctx, r, c.Now, active)
		if err != nil {
			return p, err
		}
		stands, err := s.keep.Stands(ctx, r.Name, w.From.Add(-back))
		if err != nil {
			return p, err
		}
		w.Lanes = append(w.Lanes, lane(r, allPresent(r.Shifts(w.From, w.To, stands), active), c.Person.ID))
		now.Facts = append(now.Facts, bot.Field{Label: value.Isolate(r.Name), Value: v.brief()})
		for _, g := range v.Gaps {
			gaps.Lines = append(gaps.Lines, bot.Line{
				Mark: bot.Mark{Text: "warning"}, Title: value.Isolate(r.Name), End: bot.T(bot.Bold("nobody")), Tone: bot.Critical,
				Note: bot.T(g.From, " to ", g.To),
			})
		}
		if v.Open != nil && v.Open.To == c.Person.ID && v.Open.Open() {
			accept := bot.Line{
				Mark: bot.Mark{Text: "phone"}, Title: "Accept the hand-over of " + value.Isolate(r.Name),
				Actions: []bot.Action{acceptAction(v.Open)},
			}
			p.Panels = append(p.Panels, bot.Panel{Title: bot.WaitsForMe, Place: bot.Mine, Lines: []bot.Line{accept}})
		}
	}
	if len(w.Lanes) == 0 {
		return p.With(now), nil
	}
	to := func(label string, d value.Day) bot.Action {
		return bot.Action{Label: label, Command: "oncall.who", Args: map[string]string{"week": d.String()}}
	}
	week := bot.Panel{
		Title: "Week of " + monday.UTC().Format("2 January 2006"), Week: w,
		Actions: []bot.Action{to("Week before", monday.Add(-7)), to("Next week", monday.Add(7))},
	}
	return p.With(week, gaps, now), nil
}

// lane is a rota in a week.
func lane(r *Rota, shifts []Shift, me bot.PersonID) bot.Lane {
	l := bot.Lane{Title: value.Isolate(r.Name), Note: r.Zone}
	slices.SortStableFunc(shifts, func(a, b Shift) int { return a.From.Compare(b.From) })
	for _, x := range shifts {
		part := bot.Stretch{
			From: x.From, To: x.To, Text: bot.T(x.Person), Note: bot.T(x.From, " to ", x.To), Yours: x.Person == me && me != "",
			Instead: x.For != "" && x.For != x.Person,
		}
		switch {
		case x.Person == "":
			part.Text, part.Gap = x.nobody(), true
		case part.Instead:
			part.Note = append(bot.T("for ", x.For, " · "), part.Note...)
		}
		l.Parts = append(l.Parts, part)
	}
	return l
}
