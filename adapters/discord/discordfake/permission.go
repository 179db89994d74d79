package discordfake

import (
	"slices"
	"strconv"
	"time"
)

// Permission is a set of Discord's permission bits.
type Permission uint64

// The permissions that the fake knows. Source: Discord's topic "Permissions".
const (
	CreateInvite           Permission = 1 << 0
	Administrator          Permission = 1 << 3
	ManageChannels         Permission = 1 << 4
	ManageGuild            Permission = 1 << 5
	AddReactions           Permission = 1 << 6
	ViewChannel            Permission = 1 << 10
	SendMessages           Permission = 1 << 11
	ManageMessages         Permission = 1 << 13
	EmbedLinks             Permission = 1 << 14
	AttachFiles            Permission = 1 << 15
	ReadMessageHistory     Permission = 1 << 16
	MentionEveryone        Permission = 1 << 17
	ManageRoles            Permission = 1 << 28
	UseApplicationCommands Permission = 1 << 31
	ManageThreads          Permission = 1 << 34
	CreatePublicThreads    Permission = 1 << 35
	CreatePrivateThreads   Permission = 1 << 36
	SendMessagesInThreads  Permission = 1 << 38
	ModerateMembers        Permission = 1 << 40
	PinMessages            Permission = 1 << 51
	everything             Permission = 1<<53 - 1
)

// Least are the permissions that an incident bot cannot do without.
const Least = ViewChannel | SendMessages | SendMessagesInThreads | ReadMessageHistory | EmbedLinks | AttachFiles |
	ManageChannels | ManageRoles | CreatePublicThreads | PinMessages | AddReactions

// ordinary is what @everyone may do in a new guild.
const ordinary = ViewChannel | SendMessages | SendMessagesInThreads | ReadMessageHistory | EmbedLinks | AttachFiles |
	AddReactions | UseApplicationCommands | CreatePublicThreads | CreateInvite

// timedOut is what is left to somebody who was timed out. Source: the same page, "Permissions For Timed Out Members".
const timedOut = ViewChannel | ReadMessageHistory

// Overwrite allows or denies permissions in one channel, to a role (Type 0) or to a member (Type 1).
type Overwrite struct {
	ID          string
	Type        int
	Allow, Deny Permission
}

func (p Permission) has(bits Permission) bool { return p&bits == bits }

func (p Permission) String() string { return strconv.FormatUint(uint64(p), 10) }

// inGuild is what somebody may do in a guild before the overwrites of a channel. Source: the same page, "Permission
// Overwrites", with its order: everyone, roles, owner and administrators.
func (s *Server) inGuild(g *guild, user string) Permission {
	if g.owner == user {
		return everything
	}
	m := g.members[user]
	if m == nil {
		return 0
	}
	p := g.roles[g.id].Permissions
	for _, id := range m.roles {
		if role := g.roles[id]; role != nil {
			p |= role.Permissions
		}
	}
	if p.has(Administrator) {
		return everything
	}
	return p
}

// in is what somebody may do in a channel. In a thread the overwrites of its parent count.
func (s *Server) in(c *Channel, user string) Permission {
	if c.Guild == "" {
		if !slices.Contains(c.Recipients, user) && user != s.o.Bot {
			return 0
		}
		// a direct message has no roles; pins, files and links are open to both, and channels cannot be managed
		return ViewChannel | SendMessages | ReadMessageHistory | EmbedLinks | AttachFiles | AddReactions | PinMessages |
			UseApplicationCommands
	}
	g := s.guilds[c.Guild]
	p := s.inGuild(g, user)
	if p == everything || p == 0 {
		return p
	}
	from := c
	if c.isThread() {
		from = s.channels[c.Parent]
		if from == nil {
			return 0
		}
	}
	p = overwritten(p, from.Overwrites, g, user)
	if !p.has(ViewChannel) {
		return 0
	}
	if until := s.users[user].TimedOutUntil; until.After(s.now()) && !p.has(Administrator) {
		p &= timedOut
	}
	if c.Type == privateThread && !slices.Contains(c.Recipients, user) && c.Creator != user && !p.has(ManageThreads) {
		return 0
	}
	return p
}

func overwritten(p Permission, list []Overwrite, g *guild, user string) Permission {
	var allow, deny Permission
	roles := g.members[user].roles
	for _, o := range list {
		if o.Type == 0 && o.ID == g.id {
			p = p&^o.Deny | o.Allow
		}
	}
	for _, o := range list {
		if o.Type == 0 && slices.Contains(roles, o.ID) {
			allow |= o.Allow
			deny |= o.Deny
		}
	}
	p = p&^deny | allow
	for _, o := range list {
		if o.Type == 1 && o.ID == user {
			p = p&^o.Deny | o.Allow
		}
	}
	return p
}

// reach finds a channel in which the bot has all these permissions.
func (s *Server) reach(id string, needs Permission) (*Channel, error) {
	c := s.channels[id]
	if c == nil {
		return nil, refuse(404, 10003, "Unknown Channel")
	}
	if c.Guild != "" && s.guilds[c.Guild].members[s.o.Bot] == nil {
		return nil, missingAccess
	}
	p := s.in(c, s.o.Bot)
	switch {
	case !p.has(ViewChannel):
		return nil, missingAccess
	case !p.has(needs):
		return nil, missingPermissions
	}
	return c, nil
}

// SetPermissions sets the permissions of the bot in a guild. It takes the others from @everyone too, because a role can
// only add to them.
func (s *Server) SetPermissions(guild string, p Permission) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.guilds[guild]
	g.roles[g.botRole].Permissions = p
	if !p.has(Administrator) {
		g.roles[g.id].Permissions &= p | UseApplicationCommands | CreateInvite
	}
	s.tellRole("GUILD_ROLE_UPDATE", g, g.roles[g.botRole])
	s.tellRole("GUILD_ROLE_UPDATE", g, g.roles[g.id])
}

// SetOverwrite sets an overwrite of a channel by an administrator's hand.
func (s *Server) SetOverwrite(channel string, o Overwrite) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channels[channel]
	c.Overwrites = append(slices.DeleteFunc(c.Overwrites, func(old Overwrite) bool { return old.ID == o.ID }), o)
	s.tellChannel("CHANNEL_UPDATE", c)
}

// May is what somebody may do in a channel, the bot or a person.
func (s *Server) May(user, channel string) Permission {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channels[channel]
	if c == nil {
		return 0
	}
	return s.in(c, user)
}

// timeoutOf is the end of somebody's time-out on the wire.
func timeoutOf(until time.Time) any {
	if until.IsZero() {
		return nil
	}
	return stamp(until)
}
