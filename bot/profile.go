package bot

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// Standing is what somebody is to the workspace that their account belongs to.
type Standing string

const (
	Member Standing = "member" // one of the organisation
	Guest  Standing = "guest"  // invited from outside, or a stranger in a shared channel: may read and note, never change state
	Gone   Standing = "gone"   // deactivated, or no human being: may do nothing
)

// Profile is what a platform knows about an account.
type Profile struct {
	Account  Account
	Name     string
	Email    string // "" where the platform does not vouch for it
	Zone     *time.Location
	Standing Standing
}

// Profiler tells who an account belongs to, not older than a minute. People it knows need not be configured: they are enrolled with
// the roles that everybody of their standing has. An account that does not exist is ErrGone.
type Profiler interface {
	Profile(ctx context.Context, a Account) (Profile, error)
}

// AccountFinder finds the account of somebody by the e-mail address that the configuration gives for them. There being none is ErrGone.
type AccountFinder interface {
	FindAccount(ctx context.Context, email string) (Account, error)
}

// findAccount asks a platform for a person's account there, and keeps it: a service's owner is invited before they ever said a word.
func (b *Bot) findAccount(ctx context.Context, p Person, platform string) (Account, bool, error) {
	on, err := b.platform(platform)
	if err != nil || p.Email == "" {
		return Account{}, false, nil
	}
	finder, can := on.(AccountFinder)
	if !can {
		return Account{}, false, nil
	}
	a, err := finder.FindAccount(ctx, p.Email)
	if errors.Is(err, ErrGone) {
		return Account{}, false, nil
	}
	if err != nil {
		return Account{}, false, err
	}
	owner, err := b.PersonOf(ctx, a)
	if errors.Is(err, ErrNoSuch) {
		return Account{}, false, nil
	}
	return a, owner == p.ID, err
}

// guestRole is what guests of a platform have, whatever the directory says.
const guestRole = "guest"

// identify finds who acts. An account seen for the first time is enrolled where its platform knows whose it is. The platform also knows by
// which account somebody is known who was met by another way.
func (b *Bot) identify(ctx context.Context, from Account) (Person, error) {
	person, err := b.store.Identify(ctx, from)
	if !errors.Is(err, ErrNoSuch) {
		return person, err
	}
	profile, known, profileErr := b.profile(ctx, from)
	switch {
	case profileErr != nil:
		return Person{}, profileErr
	case !known || profile.Standing == Gone:
		return Person{}, err
	}
	if profile.Account != from {
		if person, err = b.store.Identify(ctx, profile.Account); !errors.Is(err, ErrNoSuch) {
			return person, err
		}
	}
	roles := b.memberRoles
	if profile.Standing == Guest {
		roles = []string{guestRole}
	}
	return b.store.Enroll(ctx, profile, roles, b.clock.Now())
}

func (b *Bot) profile(ctx context.Context, a Account) (p Profile, known bool, err error) {
	i := slices.IndexFunc(b.platforms, func(p Platform) bool { return p.Name() == a.Platform })
	if i < 0 {
		return p, false, nil
	}
	profiler, can := b.platforms[i].(Profiler)
	if !can {
		return p, false, nil
	}
	p, err = profiler.Profile(ctx, a)
	if errors.Is(err, ErrGone) {
		return Profile{Account: a, Standing: Gone}, true, nil
	}
	return p, true, err
}

// PersonOf finds the person an account belongs to, enrolling them like anybody who acts. Somebody whom nobody knows is ErrNoSuch.
func (b *Bot) PersonOf(ctx context.Context, a Account) (PersonID, error) {
	p, err := b.identify(ctx, a)
	return p.ID, err
}

// AccountOf finds the account that a person has on a platform.
func (b *Bot) AccountOf(ctx context.Context, who PersonID, platform string) (Account, bool, error) {
	return b.account(ctx, who, platform)
}

// recheck looks again at what somebody is to their workspace before they change anything: they may have left since they were configured.
// Votes, roles and rights need an answer of the platform that is at most a minute old.
func (b *Bot) recheck(ctx context.Context, c *Call) error {
	if c.Command.Reads {
		return nil
	}
	profile, known, err := b.currentProfile(ctx, c)
	switch {
	case err != nil:
		b.log.Warn("profile not read", "platform", c.From.Platform, "user", c.From.User, "error", err)
		return Errorf(Unavailable, "Watchbell could not check who you are just now, so nothing was done. Please try again in a moment.")
	case !known:
	case profile.Standing == Gone:
		c.Person.Active = false
	case profile.Standing == Guest:
		c.Person.Roles = []string{guestRole}
	}
	return nil
}

// GroupReader lists the accounts in a user group of a platform, by its id or, with an @, its handle. One that does not exist is ErrGone.
type GroupReader interface {
	GroupMembers(ctx context.Context, group string) ([]Account, error)
}

// MembersOf lists the people in a user group of a platform, like slack:@oncall. Nobody is in a group that does not exist.
func (b *Bot) MembersOf(ctx context.Context, group string) ([]PersonID, error) {
	platform, name, _ := strings.Cut(group, ":")
	on, err := b.platform(platform)
	if err != nil {
		return nil, nil // not attached: this installation does without it
	}
	reader, can := on.(GroupReader)
	if !can {
		return nil, nil
	}
	accounts, err := reader.GroupMembers(ctx, name)
	if errors.Is(err, ErrGone) {
		b.log.Warn("there is no such user group", "group", group)
		return nil, nil
	}
	var people []PersonID
	for _, a := range accounts {
		p, err := b.PersonOf(ctx, a)
		if errors.Is(err, ErrNoSuch) {
			continue
		}
		if err != nil {
			return people, err
		}
		people = append(people, p)
	}
	return people, err
}
