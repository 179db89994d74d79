package control

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/receipt"
	"github.com/watchbell/watchbell/commands/change/rulebook"
	"github.com/watchbell/watchbell/commands/change/view"
)

// gate answers a pipeline. Nothing here asks a chat platform: who is in its groups is what was last known. A pipeline
// that is let through gets one grant; the same run gets the same one again.
func (s *Service) gate(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	env, service, artifact, run := c.Text("env"), c.Text("service"), c.Text("artifact"), c.Text("run")
	if env == "" || service == "" {
		return bot.Reply{}, bot.Errorf(
			bot.Invalid, "Name the env and the service that are to be deployed, like env=prod service=%s", s.anyService(ctx),
		).About("env")
	}
	if run == "" {
		run = c.Key
	}
	ask := change.GateAsk{Env: env, Service: service, Artifact: artifact, Run: run, Person: c.Person.ID}
	x, err := s.store.Get(ctx, c.Text("change"))
	if errors.Is(err, bot.ErrNoSuch) {
		return gateReply(change.GateAnswer{Reason: change.ReasonUnknown, Text: "There is no change " + c.Text("change") +
			"."}), nil
	}
	if err != nil {
		return bot.Reply{}, err
	}
	if x.State != change.Pending && x.State != change.Approved && x.State != change.Implementing { // whatever is around it
		return gateReply(x.Pass(ask, change.World{At: c.Now}, c.Now)), nil
	}
	p, err := s.book.Prepare(ctx, x, false)
	if err != nil {
		return bot.Reply{}, err
	}
	var around change.Around
	if x.State != change.Pending { // who is asked says enough while it waits
		if around, err = s.store.Look(ctx, x, p.Near(x), change.OnlyBlocks); err != nil {
			return bot.Reply{}, err
		}
	}
	answer := x.Pass(ask, s.world(x, p, around), c.Now)
	if answer.Status != 200 {
		return gateReply(answer), nil
	}
	if g, ok := x.GrantOf(ask); ok {
		return s.granted(answer, x, g)
	}
	return s.grant(ctx, c, ask, p)
}

// grant gives the one grant there is, looking at everything again in the transaction.
func (s *Service) grant(ctx context.Context, c *bot.Call, ask change.GateAsk, p rulebook.Place) (bot.Reply, error) {
	var answer change.GateAnswer
	var given change.Grant
	var now *change.Change
	_, err := s.store.Update(ctx, c.Text("change"), nil, func(x *change.Change, look change.Look) (bot.Effects, error) {
		now = x
		c.Now = value.Onward(c.Now, x.Latest())
		a, err := look(x, p.Near(x), change.OnlyBlocks)
		if err != nil {
			return bot.Effects{}, err
		}
		answer = x.Pass(ask, s.world(x, p, a), c.Now)
		if answer.Status != 200 {
			return bot.Effects{}, errUnchanged
		}
		if g, ok := x.GrantOf(ask); ok {
			given = g
			return bot.Effects{}, errUnchanged
		}
		given = change.Grant{
			ID: "GRT-" + rand.Text(), Revision: x.Revision, Digest: x.Digest, Env: ask.Env, Service: ask.Service,
			Use: x.Uses(ask) + 1, Artifact: ask.Artifact, Run: ask.Run, Person: ask.Person, At: c.Now,
		}
		x.Grants = append(x.Grants, given)
		x.Log(change.GrantEntry, ask.Person, c.Now, fmt.Sprintf("Let a pipeline through: %s in %s.", ask.Service, ask.Env))
		x.Mark(c.Agent, c.Person.ID)
		e := c.Effects(x.ID(), x.Version, said(x.Fresh())+" "+given.ID)
		e.Audit.Key = "" // the grant itself is what makes it happen once
		e.Jobs = s.follow(x)
		return e, nil
	})
	if err != nil && !errors.Is(err, errUnchanged) {
		return bot.Reply{}, err
	}
	if answer.Status != 200 {
		return gateReply(answer), nil
	}
	return s.granted(answer, now, given)
}

func gateReply(a change.GateAnswer) bot.Reply {
	a.Status = change.GateStatus[a.Reason]
	m := bot.Say(a.Text)
	reply := bot.Reply{Status: bot.Done, Message: &m, Data: view.Encode(a)}
	if a.Status != 200 {
		reply.Status = bot.Refused
	}
	return reply
}

// emergencyReceipt is how long a receipt without a window is good for.
const emergencyReceipt = time.Hour

func (s *Service) granted(a change.GateAnswer, c *change.Change, g change.Grant) (bot.Reply, error) {
	claims := receipt.Claims{
		Issuer: "watchbell", Change: c.ID(), Revision: g.Revision, Digest: g.Digest, Env: g.Env, Service: g.Service,
		Artifact: g.Artifact, Run: g.Run, Grant: g.ID,
		Issued: g.At.Unix(), From: g.At.Unix(), Until: g.At.Add(emergencyReceipt).Unix(),
	}
	if c.Window.Set() {
		claims.Until = value.Later(c.Window.End, c.Until).Unix()
	}
	signed, err := receipt.Sign(s.o.Key, claims)
	if err != nil {
		return bot.Reply{}, err
	}
	a.Grant, a.Receipt = g.ID, signed
	return gateReply(a), nil
}
