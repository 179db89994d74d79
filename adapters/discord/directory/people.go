package directory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/payload"
	"github.com/watchbell/watchbell/adapters/discord/rest"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

const (
	// How old what we know of somebody may be when they do what needs a right.
	profileAge  = time.Minute
	maxProfiles = 5000
)

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

func (p *profiles) put(profile bot.Profile, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.list == nil || len(p.list) >= maxProfiles {
		p.list = map[bot.Account]knownProfile{}
	}
	p.list[profile.Account] = knownProfile{profile, at}
}

func (p *profiles) forget(a bot.Account) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.list, a)
}

// Profile implements bot.Profiler. Who asks about the same person at the same time shares one call.
func (r *Reader) Profile(ctx context.Context, account bot.Account) (bot.Profile, error) {
	if p, ok := r.people.get(account); ok {
		return p, nil
	}
	return once(ctx, &r.asking, "member "+account.Workspace+" "+account.User,
		func(ctx context.Context) (bot.Profile, error) { return r.lookUp(ctx, account) })
}

func (r *Reader) lookUp(ctx context.Context, account bot.Account) (bot.Profile, error) {
	asked := r.o.Now()
	var m payload.Member
	err := r.get(ctx, &m, "", "guilds/%s/members/%s", account.Workspace, account.User)
	if slices.Contains([]int{rest.UnknownMember, rest.UnknownUser}, rest.Code(err)) {
		return bot.Profile{}, fmt.Errorf("member %s: %w", account.User, bot.ErrGone)
	}
	if err != nil {
		return bot.Profile{}, err
	}
	p := r.profileOf(account, &m)
	r.people.put(p, asked)
	return p, nil
}

// Saw notes what an interaction says of who acts: Discord sends it with each of them, so nobody has to be asked about.
func (r *Reader) Saw(account bot.Account, m *payload.Member) {
	if m != nil && m.User != nil {
		r.people.put(r.profileOf(account, m), r.o.Now())
	}
}

// Changed forgets what is known of somebody.
func (r *Reader) Changed(account bot.Account) { r.people.forget(account) }

func (r *Reader) profileOf(account bot.Account, m *payload.Member) bot.Profile {
	u := m.User
	if u == nil {
		u = &payload.User{ID: account.User}
	}
	p := bot.Profile{
		Account: account, Name: value.Line(cmp.Or(m.Nick, u.GlobalName, u.Name, u.ID)), Standing: bot.Member,
	}
	switch {
	case u.Bot, u.System:
		p.Standing = bot.Gone
	case m.Guest(r.o.Now()):
		p.Standing = bot.Guest
	}
	return p
}

// Home finds which of the served guilds somebody is in who talks with the bot alone; bot.ErrGone if in none.
func (r *Reader) Home(ctx context.Context, user string) (bot.Account, error) {
	self, err := r.Whoami(ctx)
	if err != nil {
		return bot.Account{}, err
	}
	for _, guild := range self.Guilds {
		account := bot.Account{Platform: Platform, Workspace: guild, User: user}
		p, err := r.Profile(ctx, account)
		switch {
		case errors.Is(err, bot.ErrGone):
		case err != nil:
			return bot.Account{}, err
		case p.Standing != bot.Gone:
			return account, nil
		}
	}
	return bot.Account{}, fmt.Errorf("user %s: %w", user, bot.ErrGone)
}

// How long roles are remembered, whose names and members change seldom.
const rolesAge = time.Minute

type role struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type knownRoles struct {
	list []role
	at   time.Time
}

const memberPage = 1000

// GroupMembers implements bot.GroupReader: a group is a role of a guild, by its id or, with an @, its name. Discord
// lists members only where the bot has the intent for it.
func (r *Reader) GroupMembers(ctx context.Context, group string) ([]bot.Account, error) {
	self, err := r.Whoami(ctx)
	if err != nil {
		return nil, err
	}
	var accounts []bot.Account
	found := false
	for _, guild := range self.Guilds {
		id, err := r.roleIn(ctx, guild, group)
		if errors.Is(err, bot.ErrGone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found = true
		in, err := r.membersWith(ctx, guild, id)
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, in...)
	}
	if !found {
		return nil, fmt.Errorf("role %s: %w", group, bot.ErrGone)
	}
	return accounts, nil
}

func (r *Reader) roleIn(ctx context.Context, guild, group string) (string, error) {
	r.mu.Lock()
	known := r.roles[guild]
	r.mu.Unlock()
	if r.o.Now().Sub(known.at) > rolesAge {
		known = knownRoles{at: r.o.Now()}
		if err := r.get(ctx, &known.list, "", "guilds/%s/roles", guild); err != nil {
			return "", err
		}
		r.mu.Lock()
		r.roles[guild] = known
		r.mu.Unlock()
	}
	name, byName := strings.CutPrefix(group, "@")
	var found []string
	for _, role := range known.list {
		if byName && strings.EqualFold(role.Name, name) || role.ID == group {
			found = append(found, role.ID)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("role %s in guild %s: %w", group, guild, bot.ErrGone)
	case 1:
		return found[0], nil
	}
	// Discord lets roles share a name: whoever may make one must not choose who approves.
	return "", fmt.Errorf("%d roles in guild %s have the name %s; name the role by its id", len(found), guild, name)
}

func (r *Reader) membersWith(ctx context.Context, guild, role string) ([]bot.Account, error) {
	var accounts []bot.Account
	after := "0"
	for {
		var page []payload.Member
		query := url.Values{"limit": {fmt.Sprint(memberPage)}, "after": {after}}.Encode()
		if err := r.get(ctx, &page, query, "guilds/%s/members", guild); err != nil {
			return nil, fmt.Errorf("members of a role, for which the bot needs the Server Members Intent: %w", err)
		}
		for _, m := range page {
			if m.User == nil {
				continue
			}
			after = m.User.ID
			if slices.Contains(m.Roles, role) && !m.User.Bot {
				accounts = append(accounts, bot.Account{Platform: Platform, Workspace: guild, User: m.User.ID})
			}
		}
		if len(page) < memberPage {
			return accounts, nil
		}
	}
}

// Permissions are what a member may do in a guild by their roles, as a decimal number of bits; what single channels
// take away or add is not in it.
func (r *Reader) Permissions(ctx context.Context, guild, user string) (string, error) {
	var m payload.Member
	if err := r.get(ctx, &m, "", "guilds/%s/members/%s", guild, user); err != nil {
		return "", err
	}
	var roles []struct{ ID, Permissions string }
	if err := r.get(ctx, &roles, "", "guilds/%s/roles", guild); err != nil {
		return "", err
	}
	var bits uint64
	for _, role := range roles {
		if role.ID != guild && !slices.Contains(m.Roles, role.ID) { // @everyone has the guild's own id
			continue
		}
		n, err := strconv.ParseUint(role.Permissions, 10, 64)
		if err != nil {
			return "", err
		}
		bits |= n
	}
	return strconv.FormatUint(bits, 10), nil
}
