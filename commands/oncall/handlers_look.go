package oncall

import (
	"context"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
)

func (s *Service) who(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	all, err := s.keep.Rotas(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	if c.Paged {
		p, err := s.weekPage(ctx, c, all)
		return bot.Look(p), err
	}
	if len(all) == 0 {
		m := bot.Say("There is no rota yet, so nobody is on call.")
		m.Actions = []bot.Action{newAction}
		return bot.Answer(m), nil
	}
	active, _, err := s.active(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	m := bot.Message{Title: "On call now", Tone: bot.Info}
	for _, r := range all {
		if c.Text("rota") != "" && r.Name != strings.ToLower(c.Text("rota")) {
			continue
		}
		v, err := s.view(ctx, r, c.Now, active)
		if err != nil {
			return bot.Reply{}, err
		}
		m.Sections = append(m.Sections, v.section())
		if v.Open != nil && v.Open.To == c.Person.ID {
			m.Actions = append(m.Actions, acceptAction(v.Open))
		}
	}
	m.Actions = append(m.Actions, bot.Action{Label: "Page somebody", Command: "oncall.page", Form: true}, bot.Action{
		Label: "Swap a shift", Command: "oncall.swap", Form: true,
	})
	return bot.Answer(m), nil
}

// view is a rota as it stands at a time.
type view struct {
	*Rota
	Now, Next Shift
	Who       bot.PersonID // responsible
	Open      *Handover
	Gaps      []Shift
	Stands    []Stand
}

func (s *Service) view(ctx context.Context, r *Rota, now time.Time, active func(bot.PersonID) bool) (view, error) {
	stands, err := s.keep.Stands(ctx, r.Name, now.Add(-back))
	if err != nil {
		return view{}, err
	}
	v := view{Rota: r, Stands: stands}
	v.Now, v.Next = r.At(now, stands)
	v.Now, v.Next = v.Now.present(active), v.Next.present(active)
	open, err := s.keep.Handovers(ctx, r.Name, true, 1)
	if err != nil {
		return view{}, err
	}
	// who has left neither stays responsible nor takes over
	if len(open) > 0 && active(open[0].To) && (open[0].From == "" || active(open[0].From)) {
		v.Open = open[0]
	}
	v.Who = Responsible(v.Now, v.Open)
	v.Gaps = r.Gaps(now, now.AddDate(0, 0, 14), stands, active)
	return v, nil
}

func (s *Service) list(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	all, err := s.keep.Rotas(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	if len(all) == 0 {
		return s.who(ctx, c)
	}
	active, _, err := s.active(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	m := bot.Message{Title: "Rotas", Tone: bot.Info, Actions: []bot.Action{newAction}}
	for _, r := range all {
		stands, err := s.keep.Stands(ctx, r.Name, c.Now.Add(-back))
		if err != nil {
			return bot.Reply{}, err
		}
		m.Sections = append(m.Sections, s.rotaMessage(r, stands, c.Now, "", active).Sections...)
	}
	return bot.Answer(m), nil
}

func (s *Service) gaps(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	all, err := s.keep.Rotas(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	active, _, err := s.active(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	m := bot.Message{Title: "Gaps in the next 14 days", Tone: bot.Good}
	for _, r := range all {
		v, err := s.view(ctx, r, c.Now, active)
		if err != nil {
			return bot.Reply{}, err
		}
		for _, g := range v.Gaps {
			m.Tone = bot.Critical
			m.Sections = append(m.Sections, bot.Para(bot.Bold(r.Name), ": nobody from ", g.From, " until ", g.To, "."))
		}
	}
	if len(m.Sections) == 0 {
		m.Sections = []bot.Section{bot.Para("None: somebody is on call at any time.")}
		if len(all) == 0 {
			return s.who(ctx, c)
		}
	} else {
		m.Actions = []bot.Action{{Label: "Fill a gap", Command: "oncall.override", Form: true, Style: bot.Primary}}
	}
	return bot.Answer(m), nil
}
