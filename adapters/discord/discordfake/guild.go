package discordfake

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// The types of channels that the fake knows.
const (
	textChannel   = 0
	directChannel = 1
	category      = 4
	announcements = 5
	publicThread  = 11
	privateThread = 12
)

// Role is a role of a guild.
type Role struct {
	ID, Name    string
	Permissions Permission
	Mentionable bool
	Managed     bool // it belongs to a bot
	position    int
}

type guild struct {
	id, name, owner, botRole string
	roles                    map[string]*Role
	members                  map[string]*member
	gone                     bool // the bot was removed
}

type member struct {
	roles  []string
	joined time.Time
}

// Channel is a channel of a guild, a category, a thread or, without a guild, the conversation of a user and the bot.
type Channel struct {
	ID, Guild, Name, Topic, Parent string
	Type                           int
	Position                       int
	Overwrites                     []Overwrite
	NSFW                           bool
	Slowmode                       int
	Archived, Locked               bool     // of a thread
	AutoArchive                    int      // of a thread, in minutes
	Creator                        string   // of a thread; nothing says who made a channel
	Recipients                     []string // of a conversation or a private thread
	Members                        []string // of a thread
	Reason                         string   // the audit-log reason it was made with

	archivedAt time.Time
	count      int // messages ever sent in a thread
	lastPin    time.Time
}

func (c *Channel) isThread() bool { return c.Type == publicThread || c.Type == privateThread }

// AddGuild adds another guild that the bot is in, with these permissions, and tells the app.
func (s *Server) AddGuild(id, name string, p Permission) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.newGuild(id, name, p)
	s.dispatch(intentGuilds, "GUILD_CREATE", s.wireGuildCreate(g))
}

const admin = "800000000000000001"

func (s *Server) newGuild(id, name string, p Permission) *guild {
	g := &guild{id: id, name: name, owner: admin, roles: map[string]*Role{}, members: map[string]*member{}}
	s.guilds[id] = g
	s.guildOrder = append(s.guildOrder, id)
	if _, ok := s.users[admin]; !ok {
		s.users[admin] = User{ID: admin, Name: "northwind.admin", GlobalName: "Northwind's administrator"}
	}
	g.roles[id] = &Role{ID: id, Name: "@everyone", Permissions: ordinary}
	g.botRole = s.id()
	g.roles[g.botRole] = &Role{ID: g.botRole, Name: "Watchbell", Permissions: p, Managed: true, position: 1}
	g.members[admin] = &member{joined: s.now()}
	g.members[s.o.Bot] = &member{roles: []string{g.botRole}, joined: s.now()}
	return g
}

// RemoveBot removes the bot from a guild by an administrator's hand.
func (s *Server) RemoveBot(guild string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.guilds[guild]
	delete(g.members, s.o.Bot)
	g.gone = true
	s.dispatch(intentGuilds, "GUILD_DELETE", map[string]any{"id": guild})
}

// AddRole adds a role to a guild and returns its id.
func (s *Server) AddRole(guild string, r Role) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.guilds[guild]
	if r.ID == "" {
		r.ID = s.id()
	}
	r.position = len(g.roles)
	g.roles[r.ID] = &r
	s.tellRole("GUILD_ROLE_CREATE", g, &r)
	return r.ID
}

// ChangeRole changes a role and tells the app.
func (s *Server) ChangeRole(guild string, r Role) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.guilds[guild]
	r.position = g.roles[r.ID].position
	g.roles[r.ID] = &r
	s.tellRole("GUILD_ROLE_UPDATE", g, &r)
}

// RemoveRole deletes a role and tells the app.
func (s *Server) RemoveRole(guild, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.guilds[guild]
	delete(g.roles, id)
	for _, m := range g.members {
		m.roles = slices.DeleteFunc(m.roles, func(role string) bool { return role == id })
	}
	s.dispatch(intentGuilds, "GUILD_ROLE_DELETE", map[string]any{"guild_id": guild, "role_id": id})
}

func (s *Server) tellRole(name string, g *guild, r *Role) {
	s.dispatch(intentGuilds, name, map[string]any{"guild_id": g.id, "role": s.wireRole(g, r)})
}

func (s *Server) wireRole(g *guild, r *Role) map[string]any {
	wire := map[string]any{
		"id": r.ID, "name": r.Name, "permissions": r.Permissions.String(), "position": r.position, "color": 0,
		"colors": map[string]any{"primary_color": 0, "secondary_color": nil, "tertiary_color": nil},
		"hoist":  false, "managed": r.Managed, "mentionable": r.Mentionable, "icon": nil, "unicode_emoji": nil, "flags": 0,
		"description": nil,
	}
	if r.ID == g.botRole {
		wire["tags"] = map[string]any{"bot_id": s.o.Bot}
	}
	return wire
}

// AddChannel adds a text channel to a guild, as an administrator does, and returns its id.
func (s *Server) AddChannel(guild, name string, overwrites ...Overwrite) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.newChannel(Channel{Guild: guild, Name: name, Overwrites: overwrites})
	s.tellChannel("CHANNEL_CREATE", c)
	return c.ID
}

// AddCategory adds a category to a guild and returns its id.
func (s *Server) AddCategory(guild, name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.newChannel(Channel{Guild: guild, Name: name, Type: category})
	s.tellChannel("CHANNEL_CREATE", c)
	return c.ID
}

func (s *Server) newChannel(c Channel) *Channel {
	if c.ID == "" {
		c.ID = s.id()
	}
	if c.Guild != "" && !c.isThread() {
		c.Position = len(s.inOrder(c.Guild))
	}
	s.channels[c.ID] = &c
	s.order = append(s.order, c.ID)
	return &c
}

// inOrder are the channels of a guild without its threads, in the order they were made.
func (s *Server) inOrder(guild string) []*Channel {
	var list []*Channel
	for _, id := range s.order {
		if c := s.channels[id]; c != nil && c.Guild == guild && guild != "" && !c.isThread() {
			list = append(list, c)
		}
	}
	return list
}

// DeleteChannel deletes a channel by a person's hand and tells the app.
func (s *Server) DeleteChannel(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removeChannel(s.channels[id])
}

// Channel is a copy of a channel as it is now.
func (s *Server) Channel(id string) (Channel, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.channels[id]
	if !ok {
		return Channel{}, false
	}
	return c.copy(), true
}

func (c *Channel) copy() Channel {
	found := *c
	found.Overwrites, found.Recipients = slices.Clone(c.Overwrites), slices.Clone(c.Recipients)
	found.Members = slices.Clone(c.Members)
	return found
}

// Channels are the channels of a guild without its threads, in the order they were made.
func (s *Server) Channels(guild string) []Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Channel
	for _, c := range s.inOrder(guild) {
		list = append(list, c.copy())
	}
	return list
}

// ChannelNamed finds the first channel of a guild with a name, a thread too.
func (s *Server) ChannelNamed(guild, name string) (Channel, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range s.order {
		if c := s.channels[id]; c != nil && c.Guild == guild && c.Name == name {
			return c.copy(), true
		}
	}
	return Channel{}, false
}

// Threads are the threads of a channel, in the order they were made.
func (s *Server) Threads(channel string) []Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Channel
	for _, c := range s.threadsOf(channel) {
		list = append(list, c.copy())
	}
	return list
}

func (s *Server) threadsOf(channel string) []*Channel {
	var list []*Channel
	for _, id := range s.order {
		if c := s.channels[id]; c != nil && c.isThread() && c.Parent == channel {
			list = append(list, c)
		}
	}
	return list
}

func (s *Server) wireGuild(g *guild) map[string]any {
	roles := []any{}
	for _, id := range slices.Sorted(maps.Keys(g.roles)) {
		roles = append(roles, s.wireRole(g, g.roles[id]))
	}
	return map[string]any{
		"id": g.id, "name": g.name, "icon": nil, "description": nil, "home_header": nil, "splash": nil,
		"discovery_splash": nil, "features": []any{}, "banner": nil, "owner_id": g.owner, "application_id": nil,
		"region": "europe", "afk_channel_id": nil, "afk_timeout": 300, "system_channel_id": nil, "system_channel_flags": 0,
		"widget_enabled": false, "widget_channel_id": nil, "verification_level": 1, "roles": roles,
		"default_message_notifications": 1, "mfa_level": 0, "explicit_content_filter": 0, "max_presences": nil,
		"max_members": 500000, "max_stage_video_channel_users": 50, "max_video_channel_users": 25, "vanity_url_code": nil,
		"premium_tier": 0, "premium_subscription_count": 0, "preferred_locale": "en-US", "rules_channel_id": nil,
		"safety_alerts_channel_id": nil, "public_updates_channel_id": nil, "premium_progress_bar_enabled": false,
		"premium_progress_bar_enabled_user_updated_at": nil, "nsfw": false, "nsfw_level": 0, "emojis": []any{},
		"stickers": []any{}, "incidents_data": nil, "latest_onboarding_question_id": nil, "max_stage_video_users": 50,
		"inventory_settings": nil, "hub_type": nil,
	}
}

// wireGuildCreate is a guild with what the event GUILD_CREATE adds.
func (s *Server) wireGuildCreate(g *guild) map[string]any {
	wire := s.wireGuild(g)
	channels, threads := []any{}, []any{}
	for _, id := range s.order {
		c := s.channels[id]
		if c == nil || c.Guild != g.id || !s.in(c, s.o.Bot).has(ViewChannel) {
			continue
		}
		if c.isThread() {
			if !c.Archived {
				threads = append(threads, s.wireChannel(c))
			}
			continue
		}
		channels = append(channels, s.wireChannel(c))
	}
	me := s.wireMember(g, s.o.Bot)
	maps.Copy(wire, map[string]any{
		"joined_at": stamp(g.members[s.o.Bot].joined), "large": false, "unavailable": false, "member_count": len(g.members),
		"voice_states": []any{}, "members": []any{me}, "channels": channels, "threads": threads, "presences": []any{},
		"stage_instances": []any{}, "guild_scheduled_events": []any{}, "soundboard_sounds": []any{},
	})
	return wire
}

// channelName is the name that a text channel gets: lower case, without spaces and punctuation.
func channelName(name string) string {
	var b strings.Builder
	dash := true
	for _, r := range strings.ToLower(name) {
		switch {
		case r == ' ' || r == '-':
			if !dash {
				b.WriteByte('-')
			}
			dash = true
			continue
		case strings.ContainsRune("!\"#$%&'()*+,./:;<=>?@[\\]^`{|}~", r):
			continue
		}
		b.WriteRune(r)
		dash = false
	}
	return strings.TrimRight(b.String(), "-")
}
