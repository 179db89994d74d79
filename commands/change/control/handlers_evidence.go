package control

import (
	"context"
	"fmt"
	"io"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change/evidence"
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
	m := bot.Message{Title: "Evidence of " + x.ID(), Tone: bot.Info}
	m.Sections = append(m.Sections, bot.Para(bot.Bold(x.Title), "\nrequested by ", x.Requester, " ", x.Created, " · "+x.State.Label()+" · policy "+x.Needs.SHA[:min(12, len(x.Needs.SHA))]+" · rules "+value.Listed(x.Needs.Rules)))
	for _, r := range all[x.Number] {
		m.Sections = append(m.Sections, bot.Para(bot.Bold(fmt.Sprintf("Revision %d ", r.N)), r.At, " by ", r.By, " · "+r.Digest))
	}
	for _, v := range x.Votes {
		m.Sections = append(m.Sections, bot.Para(bot.Bold(string(v.Decision)+" "), v.Person, fmt.Sprintf(" · r%d · %s · ", v.Revision, v.Stage), v.At, " · "+string(v.State)+" · eligible: "+v.Membership+" · by "+v.Surface))
	}
	if x.Needs.Auto != "" {
		m.Sections = append(m.Sections, bot.Para("Approved by the rule "+x.Needs.Auto))
	}
	for _, why := range x.Exceptions(all[x.Number], c.Now) {
		m.Sections = append(m.Sections, bot.Para("⚠ "+why))
	}
	m.Context = []bot.Text{bot.T("The complete package, signed: watchbell change evidence --from … --to … --format zip")}
	return bot.Answer(m), nil
}

// WriteEvidence writes the evidence of a period.
func (s *Service) WriteEvidence(ctx context.Context, out io.Writer, ask evidence.Ask) (evidence.Manifest, error) {
	w := evidence.Writer{Store: s.store, History: s.history, Ledger: s.ledger, Memory: s.memory, Clock: s.clock, Key: s.o.Key}
	return w.Write(ctx, out, ask)
}
