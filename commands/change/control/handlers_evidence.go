package control

import (
	"context"
	"io"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change/evidence"
	"github.com/watchbell/watchbell/commands/change/view"
)

func (s *Service) showEvidence(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	x, err := s.store.Get(ctx, c.Text("change"))
	if err != nil {
		return bot.Reply{}, notFound(c.Text("change"), err)
	}
	all, err := s.history.Revisions(ctx, []int64{x.Number})
	if err != nil {
		return bot.Reply{}, err
	}
	return bot.Answer(view.Evidence(x, all[x.Number], c.Now)), nil
}

// WriteEvidence writes the evidence of a period.
func (s *Service) WriteEvidence(ctx context.Context, out io.Writer, ask evidence.Ask) (evidence.Manifest, error) {
	w := evidence.Writer{
		Store: s.store, History: s.history, Ledger: s.ledger, Memory: s.memory, Clock: s.clock, Key: s.o.Key,
	}
	return w.Write(ctx, out, ask)
}
