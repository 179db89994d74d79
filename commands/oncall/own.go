package oncall

import (
	"context"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// pagesBack is how far back a page that nobody has answered is looked for.
const pagesBack = 24 * time.Hour

// own is what somebody is called for, what they have to accept, and when they are on call.
func (s *Service) own(ctx context.Context, p bot.Person) (bot.Own, error) {
	o := bot.Own{Title: "On call", Actions: []bot.Action{{Label: "Who is on call", Command: "oncall.who"}}}
	now := s.clock.Now()
	pages, err := s.keep.Pages(ctx, "", now.Add(-pagesBack))
	if err != nil {
		return o, err
	}
	for _, page := range slices.Backward(pages) {
		called := slices.ContainsFunc(page.Calls, func(c Call) bool { return c.Person == p.ID })
		switch {
		case called && page.Acked.IsZero() && page.Ended.IsZero():
			o.Lines = append(o.Lines, bot.T("📟 ", bot.Bold(page.ID()), " calls you: "+value.Shown(page.Text, 120)))
		case page.AckBy == p.ID && page.Ended.IsZero():
			o.Lines = append(o.Lines, bot.T("📟 ", bot.Bold(page.ID()), " is yours; say what it led to: "+value.Shown(page.Text, 120)))
		}
	}
	active, _, err := s.active(ctx)
	if err != nil {
		return o, err
	}
	all, err := s.keep.Rotas(ctx)
	if err != nil {
		return o, err
	}
	for _, r := range all {
		v, err := s.view(ctx, r, now, active)
		if err != nil {
			return o, err
		}
		if v.Open != nil && v.Open.To == p.ID {
			o.Lines = append(o.Lines, bot.T("Accept the hand-over ", bot.Bold(v.Open.ID()), " of "+r.Name))
		}
		if v.Who == p.ID {
			o.Lines = append(o.Lines, bot.T("You are on call for ", bot.Bold(r.Name), " until ", v.Now.To))
		} else if next, ok := r.NextOf(p.ID, now, v.Stands); ok && next.From.Before(now.AddDate(0, 0, 30)) {
			o.Lines = append(o.Lines, bot.T("You are on call for ", bot.Bold(r.Name), " from ", next.From, " until ", next.To))
		}
	}
	return o, nil
}
