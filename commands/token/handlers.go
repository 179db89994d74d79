package token

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/access"
)

// Store keeps tokens. Package storage implements it.
type Store interface {
	// Tokens lists the tokens of a person, or with "" all of them, the newest first.
	Tokens(ctx context.Context, of bot.PersonID) ([]access.Token, error)
	AddToken(ctx context.Context, t access.Token, e bot.Effects) error
	// RevokeToken ends a token, unless decide refuses, and returns it as it was left. bot.ErrNoSuch: there is none.
	RevokeToken(
		ctx context.Context, id string, at time.Time, decide func(access.Token) (bot.Effects, error),
	) (access.Token, error)
}

// Service carries out the commands.
type Service struct {
	store       Store
	permissions func() access.Permissions
}

// New makes a service. permissions are those that a token can be for; they are asked when they are needed, for other
// capabilities may come later.
func New(store Store, permissions func() access.Permissions) *Service {
	return &Service{store, permissions}
}

// How long a token is good for where nobody says.
const usualLife = 90 * 24 * time.Hour

// How many tokens a page and a message show.
const (
	onPage    = 50
	inMessage = 10
)

// list shows the tokens of whoever asks, or of everybody to those who may see them.
func (s *Service) list(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	of := c.Person.ID
	if c.May(everybodys) {
		of = ""
	}
	tokens, err := s.store.Tokens(ctx, of)
	if err != nil {
		return bot.Reply{}, err
	}
	if c.Text("which") != all {
		tokens = slices.DeleteFunc(tokens, func(t access.Token) bool { return !t.Good(c.Now) })
	}
	if !c.Paged {
		return bot.Answer(listMessage(tokens, of == "", c.Now)), nil
	}
	tokens = following(tokens, c.Text("after"))
	next := map[string]string(nil)
	if len(tokens) > onPage {
		tokens = tokens[:onPage]
		next = map[string]string{"which": cmp.Or(c.Text("which"), good), "after": tokens[onPage-1].ID}
	}
	return bot.Look(page(tokens, next, c.Now)), nil
}

// following are the tokens after one of a list, all of them where none is named.
func following(tokens []access.Token, after string) []access.Token {
	i := slices.IndexFunc(tokens, func(t access.Token) bool { return t.ID == after })
	return tokens[i+1:]
}

// create makes a token. Its secret is in the answer and nowhere else.
func (s *Service) create(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	owner := c.Person
	if c.Given("owner") {
		owner = c.Who("owner")
	}
	switch {
	case owner.ID != c.Person.ID && !c.May(everybodys):
		return bot.Reply{}, bot.Errorf(
			bot.Forbidden, "Only administrators make tokens for others. Leave owner out to make one for yourself.",
		).About("owner")
	case !owner.Active:
		return bot.Reply{}, bot.Errorf(bot.Invalid, "For whom: %s is not active. Name somebody who is.", owner.ID).About("owner")
	}
	permissions := s.permissions()
	for _, scope := range c.List("scope") {
		if err := permissions.Check(scope); err != nil {
			return bot.Reply{}, err
		}
	}
	life := cmp.Or(c.Duration("expires"), usualLife)
	t := access.Token{
		Name: c.Text("name"), Person: owner.ID, Scopes: c.List("scope"), Created: c.Now, Expires: c.Now.Add(life),
	}
	if c.Text("kind") == agent {
		t.Kind = access.Agent
	}
	t, secret, err := access.New(t)
	if err != nil {
		return bot.Reply{}, err
	}
	kept := madeMessage(t)
	e := c.Effects("token/"+t.ID, 1, t.Made())
	e.Answer = bot.Answer(kept)
	if err := s.store.AddToken(ctx, t, e); err != nil {
		return bot.Reply{}, err
	}
	reply := bot.Answer(secretMessage(t, secret))
	reply.Kept = &kept
	return reply, nil
}

// revoke ends a token. Somebody else's looks as if there were none.
func (s *Service) revoke(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	id := strings.ToLower(c.Text("token"))
	missing := bot.Errorf(
		bot.NotFound, "There is no token %q of yours. See them with: /ops tokens", bot.Shown(id),
	).About("token")
	var reply bot.Reply
	_, err := s.store.RevokeToken(ctx, id, c.Now, func(t access.Token) (bot.Effects, error) {
		if t.Person != c.Person.ID && !c.May(everybodys) {
			return bot.Effects{}, missing
		}
		if !t.Revoked.IsZero() {
			return bot.Effects{}, bot.Errorf(bot.Conflict, "%s was revoked already, at %s.", t.Name, t.Revoked)
		}
		e := c.Effects("token/"+t.ID, 2, "revoked "+t.Name)
		e.Answer = bot.Answer(revokedMessage(t))
		reply = e.Answer
		return e, nil
	})
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Reply{}, missing
	}
	return reply, err
}
