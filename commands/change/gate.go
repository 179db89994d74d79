package change

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// GateAnswer is what a pipeline is told: whether it may deploy now, and if not, why, and what would have to happen.
type GateAnswer struct {
	Status     int            `json:"status"` // the HTTP status
	Reason     string         `json:"reason_code"`
	Text       string         `json:"text"`
	Change     string         `json:"change,omitempty"`
	Revision   int            `json:"revision,omitempty"`
	Digest     string         `json:"digest,omitempty"`
	Missing    []string       `json:"missing,omitempty"`
	CanUnblock []bot.PersonID `json:"can_unblock,omitempty"`
	Until      *time.Time     `json:"until,omitempty"` // when it is worth asking again
	Grant      string         `json:"grant,omitempty"`
	Receipt    string         `json:"receipt,omitempty"`
}

// gateStatus is the HTTP status of each reason.
var gateStatus = map[string]int{
	ReasonAllowed: 200, ReasonPending: 202, ReasonRejected: 409, ReasonExpired: 410, ReasonCancelled: 410, ReasonClosed: 410,
	ReasonFrozen: 423, ReasonHold: 423, ReasonIncident: 423, ReasonConflict: 423, ReasonTooEarly: 425,
	ReasonMismatch: 409, ReasonReapproval: 409, ReasonUsed: 409, ReasonUnknown: 404,
}

// maxUses is how many runs one approval lets through, for each service and environment.
const maxUses = 1

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

// gateAsk is what a pipeline wants to deploy.
type gateAsk struct {
	env, service, artifact, run string
	person                      bot.PersonID
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

func (c *Change) grantOf(ask gateAsk) (Grant, bool) {
	i := slices.IndexFunc(c.Grants, func(g Grant) bool {
		return g.Run == ask.run && g.Env == ask.env && g.Service == ask.service && g.Artifact == ask.artifact && g.Revision == c.Revision && g.Digest == c.Digest
	})
	if i < 0 {
		return Grant{}, false
	}
	return c.Grants[i], true
}

func (c *Change) uses(ask gateAsk) int {
	n := 0
	for _, g := range c.Grants {
		if g.Env == ask.env && g.Service == ask.service {
			n++
		}
	}
	return n
}

// pass decides whether a pipeline may deploy now.
func (c *Change) pass(ask gateAsk, w World, at time.Time) GateAnswer {
	a := GateAnswer{Change: c.ID(), Revision: c.Revision, Digest: c.Digest}
	refuse := func(reason, text string) GateAnswer {
		a.Reason, a.Text = reason, text
		a.Status = gateStatus[reason]
		return a
	}
	probe := *c
	probe.fresh = slices.Clone(c.fresh)
	probe.Lapse(at)
	switch {
	case ask.env != c.Env || !slices.Contains(c.Services, ask.service):
		return refuse(ReasonMismatch, fmt.Sprintf("%s is for %s in %s, not for %s in %s.", c.ID(), list(c.Services), c.Env, ask.service, ask.env))
	case len(c.Artifacts) > 0 && !slices.Contains(c.Artifacts, ask.artifact):
		return refuse(ReasonMismatch, fmt.Sprintf("%s was approved for %s, not for %s.", c.ID(), list(c.Artifacts), orElse(ask.artifact, "an artifact that is not named")))
	}
	if blockers := probe.Blockers(w, at); len(blockers) > 0 {
		b := blockers[0]
		if !b.Until.IsZero() {
			a.Until = &b.Until
		}
		if b.Code == ReasonPending {
			a.Missing = c.lacks()
			for _, s := range c.Stages() {
				if !s.Satisfied() && s.Active {
					a.CanUnblock = append(a.CanUnblock, c.CanUnblock(s, w.Roster)...)
				}
			}
		}
		return refuse(b.Code, c.ID()+": "+b.Text+".")
	}
	if _, same := c.grantOf(ask); !same && c.uses(ask) >= maxUses {
		return refuse(ReasonUsed, fmt.Sprintf("%s has let another run deploy %s in %s already; an approval is good for one.", c.ID(), ask.service, ask.env))
	}
	return refuse(ReasonAllowed, c.Ref()+" may be deployed now.")
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

// receiptClaims is what a receipt says. Times are seconds since 1970.
type receiptClaims struct {
	Issuer   string `json:"iss"`
	Change   string `json:"chg"`
	Revision int    `json:"rev"`
	Digest   string `json:"digest"`
	Env      string `json:"env"`
	Service  string `json:"service"`
	Artifact string `json:"artifact,omitempty"`
	Run      string `json:"run"`
	Grant    string `json:"grant"`
	Issued   int64  `json:"iat"`
	From     int64  `json:"nbf"`
	Until    int64  `json:"exp"`
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

// KeyID names a public key: the first bytes of itself.
func KeyID(k ed25519.PublicKey) string { return base64.RawURLEncoding.EncodeToString(k[:8]) }

// Sign makes a compact JWS with EdDSA.
func Sign(key ed25519.PrivateKey, claims any) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: key, KeyID: KeyID(key.Public().(ed25519.PublicKey))}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return signed.CompactSerialize()
}

// Receipt is what a valid receipt says.
type Receipt struct {
	Change, Env, Service, Artifact, Run, Digest, Grant string
	Revision                                           int
	From, Until                                        time.Time
}

// VerifyReceipt checks a receipt with the public key alone: its signature, and that it is good at the time.
func VerifyReceipt(receipt string, key ed25519.PublicKey, at time.Time) (Receipt, error) {
	parsed, err := jose.ParseSignedCompact(receipt, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return Receipt{}, bot.Errorf(bot.Invalid, "This is no receipt: it does not look like one that the gate gives.")
	}
	payload, err := parsed.Verify(key)
	if err != nil {
		return Receipt{}, bot.Errorf(bot.Forbidden, "The receipt is not signed by this key.")
	}
	var c receiptClaims
	if err := json.Unmarshal(payload, &c); err != nil || c.Issuer != "watchbell" || c.Change == "" {
		return Receipt{}, bot.Errorf(bot.Invalid, "The receipt is signed, but says nothing about a change.")
	}
	r := Receipt{Change: c.Change, Env: c.Env, Service: c.Service, Artifact: c.Artifact, Run: c.Run, Digest: c.Digest, Grant: c.Grant, Revision: c.Revision, From: time.Unix(c.From, 0).UTC(), Until: time.Unix(c.Until, 0).UTC()}
	switch {
	case at.Before(r.From.Add(-time.Minute)):
		return r, bot.Errorf(bot.Forbidden, "The receipt is good from %s on.", r.From.Format(time.RFC3339))
	case !at.Before(r.Until):
		return r, bot.Errorf(bot.Forbidden, "The receipt was good until %s.", r.Until.Format(time.RFC3339))
	}
	return r, nil
}
