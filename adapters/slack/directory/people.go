package directory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/adapters/slack/webapi"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// How old what we know of somebody may be when they do what needs a right.
const profileAge = time.Minute

const maxProfiles = 5000

// profiles remembers who people are.
type profiles struct {
	now  func() time.Time
	mu   sync.Mutex
	list map[bot.Account]knownProfile
}

type knownProfile struct {
	bot.Profile
	at time.Time
}

func (p *profiles) get(a bot.Account) (bot.Profile, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known, ok := p.list[a]
	return known.Profile, ok && p.now().Sub(known.at) < profileAge
}

// put keeps what Slack said of the account that it was asked about.
func (p *profiles) put(about bot.Account, profile bot.Profile, asked time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.list == nil || len(p.list) >= maxProfiles {
		p.list = map[bot.Account]knownProfile{}
	}
	p.list[about] = knownProfile{profile, asked}
}

func (p *profiles) forget(user string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for a := range p.list {
		if a.User == user {
			delete(p.list, a)
		}
	}
}

// Profile implements bot.Profiler. Whoever asks about the same person at the same time shares one call.
func (r *Reader) Profile(ctx context.Context, account bot.Account) (bot.Profile, error) {
	if p, ok := r.people.get(account); ok {
		return p, nil
	}
	return once(
		ctx, &r.asking, "user "+account.Workspace+" "+account.User,
		func(ctx context.Context) (bot.Profile, error) {
			return r.lookUp(ctx, account)
		},
	)
}

// lookUp asks Slack about somebody.
func (r *Reader) lookUp(ctx context.Context, account bot.Account) (bot.Profile, error) {
	ours, err := r.Whoami(ctx)
	if err != nil {
		return bot.Profile{}, err
	}
	asked := r.o.Now()
	var u *slack.User
	err = r.o.API.Call(ctx, func(ctx context.Context) (err error) {
		u, err = r.o.API.GetUserInfoContext(ctx, account.User)
		return err
	}, "users.info")
	if slices.Contains([]string{"user_not_found", "user_not_visible"}, webapi.Code(err)) {
		return bot.Profile{}, fmt.Errorf("user %s: %w", account.User, bot.ErrGone)
	}
	if err != nil {
		return bot.Profile{}, err
	}
	p := r.profileOf(ours, account, u)
	r.people.put(account, p, asked)
	return p, nil
}

// profileOf is what a user of Slack is to us.
func (r *Reader) profileOf(ours *Self, asked bot.Account, u *slack.User) bot.Profile {
	name := value.Line(cmp.Or(u.Profile.DisplayName, u.RealName, u.Profile.RealName, u.Name, u.ID))
	account, home := r.origin(ours, asked, u)
	p := bot.Profile{Account: account, Name: name, Standing: standing(u, home)}
	if p.Standing == bot.Member {
		p.Email = u.Profile.Email
	}
	if zone, err := value.Zone(u.TZ); err == nil {
		p.Zone = zone
	}
	return p
}

// standing says what somebody is to us. home: their profile says that they belong to a workspace that we serve.
func standing(u *slack.User, home bool) bot.Standing {
	switch {
	case u.Deleted, u.IsBot, u.ID == "USLACKBOT": // of whom Slack says is_bot: false
		return bot.Gone
	case u.IsRestricted, u.IsUltraRestricted, u.IsStranger, !home:
		return bot.Guest
	}
	return bot.Member
}

// How long it is remembered that nobody has an e-mail address.
const unknownFor = 10 * time.Minute

// FindAccount implements bot.AccountFinder.
func (r *Reader) FindAccount(ctx context.Context, email string) (bot.Account, error) {
	id, err := r.Whoami(ctx)
	if err != nil {
		return bot.Account{}, err
	}
	key := "by e-mail " + email
	if _, ok := r.found.get(key, r.o.Now()); ok {
		return bot.Account{}, bot.ErrGone
	}
	var u *slack.User
	err = r.o.API.Call(ctx, func(ctx context.Context) (err error) {
		u, err = r.o.API.GetUserByEmailContext(ctx, email)
		return err
	}, "users.lookupByEmail")
	switch webapi.Code(err) {
	case "":
	case "users_not_found", "missing_scope":
		r.found.put(key, "", r.o.Now().Add(unknownFor))
		return bot.Account{}, bot.ErrGone
	}
	if err != nil {
		return bot.Account{}, err
	}
	return bot.Account{Platform: Platform, Workspace: id.Workspace, User: u.ID}, nil
}
