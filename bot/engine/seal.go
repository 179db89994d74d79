package engine

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/watchbell/watchbell/bot"
)

func digest(m bot.Message) string {
	data, err := json.Marshal(m)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// seal makes a message ready for a platform and a workspace there: people get their names and accounts, times far away
// their year, actions their tokens.
func (b *Bot) seal(ctx context.Context, m bot.Message, platform, workspace string) (bot.Message, error) {
	m, err := b.sealPeople(ctx, m.WithYears(b.clock.Now()), platform)
	if err != nil || len(m.Actions) == 0 {
		return m, err
	}
	sealer, err := b.sealer(ctx)
	if err != nil {
		return m, err
	}
	size := b.tokenSize(platform)
	m.Actions = slices.Clone(m.Actions)
	var refs []bot.Ref // of what no token can carry
	for i := range m.Actions {
		a, size := &m.Actions[i], size
		if i >= bot.MaxButtons {
			*a, size = a.Entry(), min(size, bot.MaxMoreToken)
		}
		ref := bot.Ref{Command: a.Command, Args: a.Args, Choose: a.Choose, Form: a.Form, Values: a.Values, Quote: a.Quote}
		if !a.Expires.IsZero() {
			ref.Expires = a.Expires.UTC().Truncate(time.Second)
		}
		var carried bool
		if a.Token, carried = sealer.Seal(platform, workspace, ref, size); carried {
			continue
		}
		if ref.Token, err = b.token(ctx, ref); err != nil {
			return m, err
		}
		a.Token = ref.Token
		refs = append(refs, ref)
	}
	return m, b.known.save(ctx, b.store, refs)
}

// token derives the token of an action that is kept in the store from what it stands for and the installation's secret:
// the same action keeps its token, and nobody can guess another's.
func (b *Bot) token(ctx context.Context, r bot.Ref) (string, error) {
	secret, err := b.secret(ctx)
	if err != nil {
		return "", err
	}
	data, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(slices.Concat(secret, data))
	return base64.RawURLEncoding.EncodeToString(sum[:16]), nil
}

func (b *Bot) sealReply(ctx context.Context, r bot.Reply, req bot.Request) (bot.Reply, error) {
	if r.Page != nil {
		name, err := b.namer(ctx, req.From.Platform)
		if err != nil {
			return r, err
		}
		p := r.Page.Mapped(name)
		if p, err = b.sealActions(ctx, p, req); err != nil {
			return r, err
		}
		r.Page = &p
	}
	if r.Message == nil {
		return r, nil
	}
	m, err := b.seal(ctx, *r.Message, req.From.Platform, workspaceOf(req.Place, req.From))
	if err != nil {
		m = *r.Message
		m.Actions = nil
	}
	r.Message = &m
	return r, err
}

// sealActions gives the actions of a page their tokens, where buttons can be shown at all.
func (b *Bot) sealActions(ctx context.Context, p bot.Page, req bot.Request) (bot.Page, error) {
	if req.NoForms {
		return p, nil
	}
	return p.Acting(func(list []bot.Action) ([]bot.Action, error) {
		m, err := b.seal(ctx, bot.Message{Actions: list}, req.From.Platform, workspaceOf(req.Place, req.From))
		return m.Actions, err
	})
}

// knownTokens remembers which tokens are in the store, so that showing a card again writes nothing.
type knownTokens struct {
	mu     sync.Mutex
	tokens map[string]bool
}

const maxKnownTokens = 20_000 // about 2 MB

func (k *knownTokens) save(ctx context.Context, store bot.Refs, refs []bot.Ref) error {
	k.mu.Lock()
	fresh := slices.DeleteFunc(slices.Clone(refs), func(r bot.Ref) bool { return k.tokens[r.Token] })
	k.mu.Unlock()
	if len(fresh) == 0 {
		return nil
	}
	if err := store.SaveRefs(ctx, fresh); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.tokens == nil || len(k.tokens) > maxKnownTokens {
		k.tokens = map[string]bool{}
	}
	for _, r := range fresh {
		k.tokens[r.Token] = true
	}
	return nil
}
