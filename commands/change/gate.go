package change

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// gate answers a pipeline. Nothing here asks a chat platform: who is in its groups is what was last known. A pipeline that is let through gets one grant; the same run gets the same one again.
func (s *Service) gate(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	env, service, artifact, run := c.Text("env"), c.Text("service"), c.Text("artifact"), c.Text("run")
	if env == "" || service == "" {
		return bot.Reply{}, bot.Errorf(bot.Invalid, "Name the env and the service that are to be deployed, like env=prod service=%s", s.anyService()).About("env")
	}
	if run == "" {
		run = c.Key
	}
	ask := gateAsk{env, service, artifact, run, c.Person.ID}
	x, err := s.store.Get(ctx, c.Text("change"))
	if errors.Is(err, bot.ErrNoSuch) {
		return gateReply(GateAnswer{Reason: ReasonUnknown, Text: "There is no change " + c.Text("change") + "."}), nil
	}
	if err != nil {
		return bot.Reply{}, err
	}
	if x.State != Pending && x.State != Approved && x.State != Implementing { // whatever is around it
		return gateReply(x.pass(ask, World{At: c.Now}, c.Now)), nil
	}
	p, err := s.prepare(ctx, x, false)
	if err != nil {
		return bot.Reply{}, err
	}
	var around Around
	if x.State != Pending { // who is asked says enough while it waits
		if around, err = s.store.Look(ctx, x, p.near(x), OnlyBlocks); err != nil {
			return bot.Reply{}, err
		}
	}
	answer := x.pass(ask, s.world(x, p, around), c.Now)
	if answer.Status != 200 {
		return gateReply(answer), nil
	}
	if g, ok := x.grantOf(ask); ok {
		return s.granted(answer, x, g)
	}
	return s.grant(ctx, c, ask, p)
}

// grant gives the one grant there is, looking at everything again in the transaction.
func (s *Service) grant(ctx context.Context, c *bot.Call, ask gateAsk, p place) (bot.Reply, error) {
	var answer GateAnswer
	var given Grant
	var now *Change
	_, err := s.store.Update(ctx, c.Text("change"), nil, func(x *Change, look Look) (bot.Effects, error) {
		now = x
		c.Now = value.Onward(c.Now, x.latest())
		a, err := look(x, p.near(x), OnlyBlocks)
		if err != nil {
			return bot.Effects{}, err
		}
		answer = x.pass(ask, s.world(x, p, a), c.Now)
		if answer.Status != 200 {
			return bot.Effects{}, errUnchanged
		}
		if g, ok := x.grantOf(ask); ok {
			given = g
			return bot.Effects{}, errUnchanged
		}
		given = Grant{ID: "GRT-" + rand.Text(), Revision: x.Revision, Digest: x.Digest, Env: ask.env, Service: ask.service, Use: x.uses(ask) + 1, Artifact: ask.artifact, Run: ask.run, Person: ask.person, At: c.Now}
		x.Grants = append(x.Grants, given)
		x.log(GrantEntry, ask.person, c.Now, fmt.Sprintf("Let a pipeline through: %s in %s.", ask.service, ask.env))
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

func gateReply(a GateAnswer) bot.Reply {
	a.Status = gateStatus[a.Reason]
	m := bot.Say(a.Text)
	reply := bot.Reply{Status: bot.Done, Message: &m, Data: encode(a)}
	if a.Status != 200 {
		reply.Status = bot.Refused
	}
	return reply
}

// emergencyReceipt is how long a receipt without a window is good for.
const emergencyReceipt = time.Hour

func (s *Service) granted(a GateAnswer, c *Change, g Grant) (bot.Reply, error) {
	claims := receiptClaims{Issuer: "watchbell", Change: c.ID(), Revision: g.Revision, Digest: g.Digest, Env: g.Env, Service: g.Service, Artifact: g.Artifact, Run: g.Run, Grant: g.ID,
		Issued: g.At.Unix(), From: g.At.Unix(), Until: g.At.Add(emergencyReceipt).Unix()}
	if c.Window.Set() {
		claims.Until = value.Later(c.Window.End, c.Until).Unix()
	}
	receipt, err := Sign(s.o.Key, claims)
	if err != nil {
		return bot.Reply{}, err
	}
	a.Grant, a.Receipt = g.ID, receipt
	return gateReply(a), nil
}
