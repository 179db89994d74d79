package oncall

import (
	"context"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// viewName is the view of who is on call.
const viewName = "oncall"

// board is who is on call now, the first gap ahead, and the hand-overs that wait for p.
func (s *Service) board(ctx context.Context, p bot.Person) ([]bot.Panel, error) {
	all, err := s.keep.Rotas(ctx)
	if err != nil {
		return nil, err
	}
	active, _, err := s.active(ctx)
	if err != nil {
		return nil, err
	}
	ahead := bot.Panel{
		Title: bot.AheadTitle, Place: bot.Aside, Rank: bot.RankAhead - 1, More: &bot.Jump{Label: "On call", View: viewName},
	}
	waits := bot.Panel{Title: bot.WaitsForMe, Place: bot.Mine, Empty: "Nothing waits for you."}
	now := s.clock.Now()
	gap := bot.Text{}
	for _, r := range all {
		v, err := s.view(ctx, r, now, active)
		if err != nil {
			return nil, err
		}
		ahead.Facts = append(ahead.Facts, bot.Field{Label: "On call, " + value.Isolate(r.Name), Value: v.brief()})
		if len(v.Gaps) > 0 && len(gap) == 0 {
			gap = bot.T(bot.Bold(value.Isolate(r.Name)), ", ", v.Gaps[0].From, " to ", v.Gaps[0].To)
		}
		if v.Open != nil && v.Open.Open() && v.Open.To == p.ID {
			accept := acceptAction(v.Open)
			accept.Style = bot.Default
			waits.Lines = append(waits.Lines, bot.Line{
				Mark: bot.Mark{Text: "phone"}, Title: "Accept the hand-over of " + value.Isolate(r.Name),
				Jump: &bot.Jump{View: viewName}, Note: bot.T("since ", v.Open.At), Actions: []bot.Action{accept},
			})
		}
	}
	if len(all) == 0 {
		ahead.Facts = append(ahead.Facts, bot.Field{Label: "On call", Value: bot.T("There is no rota yet.")})
	}
	if len(gap) > 0 {
		ahead.Facts = append(ahead.Facts, bot.Field{Label: "Gap", Value: gap})
	}
	return []bot.Panel{waits, ahead}, nil
}

// brief is who answers for a rota now, and until when.
func (v view) brief() bot.Text {
	if v.Who == "" {
		return v.Now.nobody()
	}
	text := bot.T(v.Who)
	if !v.Now.To.IsZero() {
		text = append(text, bot.T(" until ", v.Now.To)...)
	}
	return text
}
