package engine

import (
	"context"
	"sync"
	"time"

	"github.com/watchbell/watchbell/bot"
)

const (
	// keptFor is how long somebody counts as a member while their platform does not answer about them.
	keptFor = 24 * time.Hour
	// keptAnew is how often a profile that stays the same is written again.
	keptAnew = time.Hour
	// profileAge is the most that a Profiler's answer is old.
	profileAge = time.Minute
	// askedAtMost is how long a command that may go on without an answer waits for it. The person waits three seconds in
	// all.
	askedAtMost = time.Second
	maxKept     = 5000
)

// kept remembers what is in the store already, so that checking somebody again writes nothing.
type kept struct {
	mu   sync.Mutex
	list map[bot.Account]bot.KeptProfile
}

func (k *kept) has(p bot.KeptProfile) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	old, ok := k.list[p.Account]
	return ok && old.Standing == p.Standing && p.At.Sub(old.At) < keptAnew
}

func (k *kept) put(p bot.KeptProfile) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.list == nil || len(k.list) >= maxKept {
		k.list = map[bot.Account]bot.KeptProfile{}
	}
	k.list[p.Account] = p
}

func (k *kept) forget(list []bot.Profile) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, p := range list {
		delete(k.list, p.Account)
	}
}

// Learn keeps what a platform tells of its people by itself: all of them at its start, and who changed. age is how long
// ago it was true. Those who never acted are not kept.
func (b *Bot) Learn(ctx context.Context, list []bot.Profile, age time.Duration) error {
	at := b.clock.Now().Add(-max(0, age))
	profiles := make([]bot.KeptProfile, len(list))
	for i, p := range list {
		profiles[i] = bot.KeptProfile{Profile: p, At: at}
	}
	b.kept.forget(list)
	return b.store.SaveProfiles(ctx, profiles)
}

// currentProfile asks what somebody is to their workspace. While the platform does not answer, whoever was a member
// within a day still is one for commands that say so; everything else needs an answer.
func (b *Bot) currentProfile(ctx context.Context, c *bot.Call) (p bot.Profile, known bool, err error) {
	ask := ctx
	if c.Command.InOutage {
		var cancel func()
		ask, cancel = context.WithTimeout(ctx, askedAtMost)
		defer cancel()
	}
	p, known, err = b.profile(ask, c.From)
	switch {
	case err == nil && known:
		b.keep(ctx, p)
	case err != nil && c.Command.InOutage:
		last, keptErr := b.store.KeptProfile(ctx, c.From)
		if keptErr == nil && last.Standing == bot.Member && c.Now.Sub(last.At) <= keptFor {
			b.log.Info(
				"a member by what is kept", "platform", c.From.Platform, "user", c.From.User, "since", last.At, "error", err,
			)
			return last.Profile, true, nil
		}
	}
	return p, known, err
}

// keep stores a profile for a time without answers. A failure is only logged: the person is here and known now.
func (b *Bot) keep(ctx context.Context, p bot.Profile) {
	k := bot.KeptProfile{Profile: p, At: b.clock.Now().Add(-profileAge)}
	if b.kept.has(k) {
		return
	}
	if err := b.store.SaveProfiles(ctx, []bot.KeptProfile{k}); err != nil {
		b.log.Warn("profile not kept", "platform", p.Account.Platform, "user", p.Account.User, "error", err)
		return
	}
	b.kept.put(k)
}
