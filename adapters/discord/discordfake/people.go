package discordfake

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// User is somebody, and in the first guild a member.
type User struct {
	ID, Name, GlobalName, Nick string
	Bot                        bool
	Guest                      bool      // the member flag IS_GUEST
	Pending                    bool      // has not passed the guild's screening
	TimedOutUntil              time.Time // may not write until then
	Roles                      []string  // in the first guild
	ClosedDMs                  bool      // takes no direct messages from the bot
	Locale                     string    // default en-US
	Stranger                   bool      // is in no guild
}

// AddUser adds a user and makes them a member of the first guild, or changes the one with this id. The app is told as
// its intents allow.
func (s *Server) AddUser(u User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := s.users[u.ID]
	s.users[u.ID] = u
	g := s.guilds[s.o.Guild]
	if u.Stranger {
		return
	}
	name := "GUILD_MEMBER_ADD"
	if known && g.members[u.ID] != nil {
		name = "GUILD_MEMBER_UPDATE"
	} else {
		g.members[u.ID] = &member{joined: s.now()}
	}
	g.members[u.ID].roles = slices.Clone(u.Roles)
	s.tellMember(name, g, u.ID)
}

// AddMember makes a user a member of another guild too.
func (s *Server) AddMember(guild, user string, roles ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.guilds[guild]
	g.members[user] = &member{roles: roles, joined: s.now()}
	s.tellMember("GUILD_MEMBER_ADD", g, user)
}

// RemoveMember removes a user from a guild and tells the app as its intents allow.
func (s *Server) RemoveMember(guild, user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.guilds[guild].members, user)
	s.dispatch(intentMembers, "GUILD_MEMBER_REMOVE", map[string]any{"guild_id": guild, "user": s.wireUser(user)})
}

// tellMember tells of a member. Of the bot itself it is told without the intent too. Source: Discord's page "Gateway",
// "Caveats".
func (s *Server) tellMember(name string, g *guild, user string) {
	m := s.wireMember(g, user)
	m["guild_id"] = g.id
	intent := intentMembers
	if user == s.o.Bot && name == "GUILD_MEMBER_UPDATE" {
		intent = 0
	}
	s.dispatch(intent, name, m)
}

func (s *Server) wireUser(id string) map[string]any {
	u, known := s.users[id]
	if !known {
		u = User{ID: id, Name: "deleted_user"}
	}
	wire := map[string]any{
		"id": id, "username": u.Name, "avatar": nil, "discriminator": "0", "public_flags": 0, "flags": 0,
		"global_name": nil, "primary_guild": nil, "banner": nil, "accent_color": nil, "avatar_decoration_data": nil,
		"collectibles": nil, "clan": nil, "display_name_styles": nil,
	}
	if u.GlobalName != "" {
		wire["global_name"] = u.GlobalName
	}
	if u.Bot {
		wire["bot"] = true
		wire["discriminator"] = "0001"
	}
	return wire
}

const guestFlag = 1 << 4

// wirePartialMember is a member as resolved data and messages hold it: without user, deaf and mute.
func (s *Server) wirePartialMember(g *guild, user string) map[string]any {
	m, u := g.members[user], s.users[user]
	if m == nil {
		return nil
	}
	wire := map[string]any{
		"avatar": nil, "banner": nil, "communication_disabled_until": timeoutOf(u.TimedOutUntil), "flags": 0,
		"joined_at": stamp(m.joined), "nick": nil, "pending": u.Pending, "premium_since": nil,
		"roles": append([]string{}, m.roles...),
	}
	if u.Nick != "" {
		wire["nick"] = u.Nick
	}
	if u.Guest {
		wire["flags"] = guestFlag
	}
	return wire
}

func (s *Server) wireMember(g *guild, user string) map[string]any {
	wire := s.wirePartialMember(g, user)
	wire["user"], wire["mute"], wire["deaf"] = s.wireUser(user), false, false
	return wire
}

var (
	unknownMember = refuse(404, 10007, "Unknown Member")
	unknownUser   = refuse(404, 10013, "Unknown User")
	unknownGuild  = refuse(404, 10004, "Unknown Guild")
)

// guildOf finds a guild that the bot is in.
func (s *Server) guildOf(c *Call) (*guild, error) {
	g := s.guilds[c.path["guild"]]
	switch {
	case g == nil:
		return nil, unknownGuild
	case g.members[s.o.Bot] == nil:
		return nil, missingAccess
	}
	return g, nil
}

func (s *Server) getMember(c *Call) (any, error) {
	g, err := s.guildOf(c)
	if err != nil {
		return nil, err
	}
	user := c.path["user"]
	switch {
	case g.members[user] != nil:
		return s.wireMember(g, user), nil
	case s.users[user].ID == "":
		return nil, unknownUser
	}
	return nil, unknownMember
}

// listMembers needs the privileged intent GUILD_MEMBERS to be enabled for the application.
func (s *Server) listMembers(c *Call) (any, error) {
	g, err := s.guildOf(c)
	if err != nil {
		return nil, err
	}
	if s.o.Privileged&intentMembers == 0 {
		return nil, missingAccess
	}
	limit, err := c.number("limit", 1, 1, 1000)
	if err != nil {
		return nil, err
	}
	after := c.query.Get("after")
	list := []any{}
	for _, id := range s.memberIDs(g) {
		if len(list) < limit && (after == "" || before(after, id)) {
			list = append(list, s.wireMember(g, id))
		}
	}
	return list, nil
}

// searchMembers finds members whose name or nickname begins with what was asked. It needs no intent.
func (s *Server) searchMembers(c *Call) (any, error) {
	g, err := s.guildOf(c)
	if err != nil {
		return nil, err
	}
	words := c.query.Get("query")
	f := newForm()
	f.length("query", words, 1, 100)
	if err := f.problem(); err != nil {
		return nil, err
	}
	limit, err := c.number("limit", 1, 1, 1000)
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, id := range s.memberIDs(g) {
		u := s.users[id]
		for _, name := range []string{u.Name, u.GlobalName, u.Nick} {
			if len(list) < limit && strings.HasPrefix(strings.ToLower(name), strings.ToLower(words)) {
				list = append(list, s.wireMember(g, id))
				break
			}
		}
	}
	return list, nil
}

func (s *Server) memberIDs(g *guild) []string {
	var ids []string
	for id := range g.members {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int {
		if before(a, b) {
			return -1
		}
		return 1
	})
	return ids
}

func (s *Server) getRoles(c *Call) (any, error) {
	g, err := s.guildOf(c)
	if err != nil {
		return nil, err
	}
	return s.wireGuild(g)["roles"], nil
}

func (s *Server) getRole(c *Call) (any, error) {
	g, err := s.guildOf(c)
	if err != nil {
		return nil, err
	}
	r := g.roles[c.path["role"]]
	if r == nil {
		return nil, refuse(404, 10011, "Unknown Role")
	}
	return s.wireRole(g, r), nil
}

func (s *Server) getGuild(c *Call) (any, error) {
	g, err := s.guildOf(c)
	if err != nil {
		return nil, err
	}
	wire := s.wireGuild(g)
	if c.query.Get("with_counts") == "true" {
		wire["approximate_member_count"], wire["approximate_presence_count"] = len(g.members), len(g.members)
	}
	return wire, nil
}

// myGuilds are the guilds of the bot, with what it may do in each.
func (s *Server) myGuilds(c *Call) (any, error) {
	limit, err := c.number("limit", 200, 1, 200)
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, id := range s.guildOrder {
		g := s.guilds[id]
		if g.members[s.o.Bot] == nil || len(list) >= limit {
			continue
		}
		if after := c.query.Get("after"); after != "" && !before(after, id) {
			continue
		}
		list = append(list, map[string]any{
			"id": g.id, "name": g.name, "icon": nil, "banner": nil, "owner": g.owner == s.o.Bot,
			"permissions": s.inGuild(g, s.o.Bot).String(), "features": []any{},
		})
	}
	return list, nil
}

func (s *Server) me(*Call) (any, error) {
	u := s.wireUser(s.o.Bot)
	u["mfa_enabled"], u["locale"], u["verified"], u["email"], u["premium_type"] = true, "en-US", true, nil, 0
	return u, nil
}

func (s *Server) getUser(c *Call) (any, error) {
	if _, ok := s.users[c.path["user"]]; !ok {
		return nil, unknownUser
	}
	return s.wireUser(c.path["user"]), nil
}

// The application's flags for privileged intents of applications with few servers. Source: Discord's page
// "Application", "Application Flags".
const (
	limitedPresence = 1 << 13
	limitedMembers  = 1 << 15
	limitedContent  = 1 << 19
)

func (s *Server) application(*Call) (any, error) {
	flags := 0
	for intent, flag := range map[int]int{
		intentPresences: limitedPresence, intentMembers: limitedMembers, intentContent: limitedContent,
	} {
		if s.o.Privileged&intent != 0 {
			flags |= flag
		}
	}
	var endpoint any
	if s.o.AppURL != "" {
		endpoint = s.o.AppURL
	}
	return map[string]any{
		"id": s.o.Application, "name": "Watchbell", "icon": nil, "description": "", "type": nil, "summary": "",
		"bot": s.wireUser(s.o.Bot), "verify_key": s.PublicKey(), "flags": flags, "flags_new": strconv.Itoa(flags),
		"owner": s.wireUser(admin), "team": nil, "redirect_uris": []any{}, "eligible_oauth2_scopes": []any{},
		"interactions_endpoint_url":         endpoint,
		"role_connections_verification_url": nil, "bot_public": false, "bot_require_code_grant": false,
		"approximate_guild_count": len(s.guilds), "approximate_user_install_count": 0,
		"approximate_user_authorization_count": 0, "explicit_content_filter": 0, "hook": true,
		"integration_types_config": map[string]any{"0": map[string]any{}},
		"event_webhooks_status":    1, "event_webhooks_types": []any{}, "event_webhooks_url": nil, "rpc_origins": []any{},
	}, nil
}
