package engine

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// findAccount asks a platform for a person's account there, and keeps it: a service's owner is invited before they ever
// said a word.
func (b *Bot) findAccount(ctx context.Context, p bot.Person, platform string) (bot.Account, bool, error) {
	on, err := b.platform(platform)
	if err != nil || p.Email == "" {
		return bot.Account{}, false, nil
	}
	finder, can := on.(bot.AccountFinder)
	if !can {
		return bot.Account{}, false, nil
	}
	a, err := finder.FindAccount(ctx, p.Email)
	if errors.Is(err, bot.ErrGone) {
		return bot.Account{}, false, nil
	}
	if err != nil {
		return bot.Account{}, false, err
	}
	owner, err := b.PersonOf(ctx, a)
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Account{}, false, nil
	}
	return a, owner == p.ID, err
}

// guestRole is what guests of a platform have, whatever the directory says.
const guestRole = "guest"

// identify finds who acts. An account seen for the first time is enrolled where its platform knows whose it is. The
// platform also knows by which account somebody is known who was met by another way.
func (b *Bot) identify(ctx context.Context, from bot.Account) (bot.Person, error) {
	person, err := b.store.Identify(ctx, from)
	if !errors.Is(err, bot.ErrNoSuch) {
		return person, err
	}
	profile, known, profileErr := b.profile(ctx, from)
	switch {
	case profileErr != nil:
		return bot.Person{}, profileErr
	case !known || profile.Standing == bot.Gone:
		return bot.Person{}, err
	}
	if profile.Account != from {
		if person, err = b.store.Identify(ctx, profile.Account); !errors.Is(err, bot.ErrNoSuch) {
			return person, err
		}
	}
	roles := b.memberRoles
	if profile.Standing == bot.Guest {
		roles = []string{guestRole}
	}
	return b.store.Enroll(ctx, profile, roles, b.clock.Now())
}

func (b *Bot) profile(ctx context.Context, a bot.Account) (p bot.Profile, known bool, err error) {
	i := slices.IndexFunc(b.platforms, func(p bot.Platform) bool { return p.Name() == a.Platform })
	if i < 0 {
		return p, false, nil
	}
	profiler, can := b.platforms[i].(bot.Profiler)
	if !can {
		return p, false, nil
	}
	p, err = profiler.Profile(ctx, a)
	if errors.Is(err, bot.ErrGone) {
		return bot.Profile{Account: a, Standing: bot.Gone}, true, nil
	}
	return p, true, err
}

// PersonOf finds the person an account belongs to, enrolling them like anybody who acts. Somebody whom nobody knows is
// ErrNoSuch.
func (b *Bot) PersonOf(ctx context.Context, a bot.Account) (bot.PersonID, error) {
	p, err := b.identify(ctx, a)
	return p.ID, err
}

// AccountOf finds the account that a person has on a platform.
func (b *Bot) AccountOf(ctx context.Context, who bot.PersonID, platform string) (bot.Account, bool, error) {
	return b.account(ctx, who, platform)
}

// recheck looks again at what somebody is to their workspace before they change anything: they may have left since they
// were configured. Votes, roles and rights need an answer of the platform that is at most a minute old.
func (b *Bot) recheck(ctx context.Context, c *bot.Call) error {
	if c.Command.Reads {
		return nil
	}
	profile, known, err := b.currentProfile(ctx, c)
	switch {
	case err != nil:
		b.log.Warn("profile not read", "platform", c.From.Platform, "user", c.From.User, "error", err)
		return bot.Errorf(
			bot.Unavailable,
			"Watchbell could not check who you are just now, so nothing was done. Please try again in a moment.",
		)
	case !known:
	case profile.Standing == bot.Gone:
		c.Person.Active = false
	case profile.Standing == bot.Guest:
		c.Person.Roles = []string{guestRole}
	}
	return nil
}

// MembersOf lists the people in a user group of a platform, like slack:@oncall. Nobody is in a group that does not
// exist.
func (b *Bot) MembersOf(ctx context.Context, group string) ([]bot.PersonID, error) {
	platform, name, _ := strings.Cut(group, ":")
	on, err := b.platform(platform)
	if err != nil {
		return nil, nil // not attached: this installation does without it
	}
	reader, can := on.(bot.GroupReader)
	if !can {
		return nil, nil
	}
	accounts, err := reader.GroupMembers(ctx, name)
	if errors.Is(err, bot.ErrGone) {
		b.log.Warn("there is no such user group", "group", group)
		return nil, nil
	}
	var people []bot.PersonID
	for _, a := range accounts {
		p, err := b.PersonOf(ctx, a)
		if errors.Is(err, bot.ErrNoSuch) {
			continue
		}
		if err != nil {
			return people, err
		}
		people = append(people, p)
	}
	return people, err
}
