package oncall

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// group is a rota as others call it: what they keep for its people is under this name.
func group(rota string) string { return "rota/" + rota }

// crew finds a rota for whoever may change it.
func (s *Service) crew(ctx context.Context, c *bot.Call, name string) (string, error) {
	all, err := s.keep.Rotas(ctx)
	if err != nil {
		return "", err
	}
	r := named(all, strings.ToLower(name))
	if r == nil {
		return "", bot.ErrNoSuch
	}
	return group(r.Name), mine(c, r)
}

// ring reaches whom a page called beyond chat. Which places they have, the page does not know.
func (s *Service) ring(ctx context.Context, job bot.Job) error {
	n, err := number(job.Object, "PAGE")
	if err != nil {
		return &bot.PermanentError{Err: err}
	}
	p, err := s.keep.Page(ctx, n)
	if err != nil {
		return err
	}
	k, err := strconv.Atoi(job.Arg)
	if err != nil || k < 0 || k >= len(p.Calls) {
		return &bot.PermanentError{Err: fmt.Errorf("job argument %q", job.Arg)}
	}
	return s.chat.Ring(ctx, bot.Alarm{Object: p.ID(), Round: k, Person: p.Calls[k].Person, Group: group(p.Rota)})
}

// rings is what a page says beyond chat, and what the button there does.
func (s *Service) rings(ctx context.Context, id string) (bot.Ringing, error) {
	n, err := number(id, "PAGE")
	if err != nil {
		return bot.Ringing{}, bot.ErrNoSuch
	}
	p, err := s.keep.Page(ctx, n)
	if err != nil {
		return bot.Ringing{}, err
	}
	over := ""
	switch {
	case !p.Ended.IsZero():
		over = p.ID() + " has ended: " + resultLabel[p.Result] + "."
	case !p.Acked.IsZero():
		name, err := s.nameOf(ctx, p.AckBy)
		if err != nil {
			return bot.Ringing{}, err
		}
		over = name + " has answered " + p.ID() + "."
	}
	return bot.Ringing{
		Title: "📟 " + p.ID() + " · " + p.Rota, Text: value.Line(p.Text), Over: over,
		Answer: ackAction(p), Shown: bot.Job{Kind: showPage, Object: p.ID()},
	}, nil
}

// nameOf is what somebody is called.
func (s *Service) nameOf(ctx context.Context, who bot.PersonID) (string, error) {
	people, err := s.o.People(ctx)
	for _, p := range people {
		if p.ID == who {
			return value.Line(p.Name), nil
		}
	}
	return string(who), err
}

func ackAction(p *Page) bot.Action {
	return bot.Action{
		Label: "I take it", Command: "oncall.ack", Args: map[string]string{"page": p.ID()}, Style: bot.Primary,
	}
}

// maxTold is how many places a card lists; the newest calls come first.
const maxTold = 12

// toldSection is the timeline of where a page was told beside chat, the newest call first.
func toldSection(rung []bot.Rung) bot.Section {
	text := bot.T("Told beside chat:")
	for shown, k := 0, len(rung)-1; k >= 0; shown, k = shown+1, k-1 {
		if shown == maxTold {
			text = append(text, bot.T(fmt.Sprintf("\n• and %d more", k+1))...)
			break
		}
		r := rung[k]
		text = append(text, bot.T("\n• ")...)
		if r.Person != "" {
			text = append(text, bot.T(r.Person, ": ")...)
		}
		text = append(text, bot.T(value.Isolate(r.Place)+" ")...)
		text = append(text, rungWords(r)...)
	}
	return bot.Section{Text: text}
}

func rungWords(r bot.Rung) bot.Text {
	switch r.State {
	case bot.RungSent:
		return bot.T("took it ", r.At)
	case bot.RungFailed:
		return bot.T("⚠ failed ", r.At, ": "+r.Fault)
	case bot.RungOver:
		return bot.T("not told: it was over by ", r.At)
	}
	if r.Fault != "" {
		return bot.T("is tried again: "+r.Fault+", ", r.At)
	}
	return bot.T("is being told")
}
