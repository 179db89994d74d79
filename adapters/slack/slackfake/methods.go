package slackfake

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// method is one method of the Web API.
type method struct {
	scope string
	do    func(*Server, Call) (map[string]any, error)
}

var methods map[string]method

func init() {
	methods = map[string]method{
		"auth.test": {"", (*Server).authTest}, "auth.teams.list": {"", (*Server).teamsList},
		"chat.postMessage":         {"chat:write", (*Server).postMessage},
		"chat.postEphemeral":       {"chat:write", (*Server).postEphemeral},
		"chat.update":              {"chat:write", (*Server).update},
		"chat.delete":              {"chat:write", (*Server).deleteMessage},
		"chat.getPermalink":        {"", (*Server).permalink},
		"conversations.create":     {"channels:manage", (*Server).create},
		"conversations.archive":    {"channels:manage", (*Server).archive},
		"conversations.setTopic":   {"channels:manage", (*Server).setTopic},
		"conversations.setPurpose": {"channels:manage", (*Server).setPurpose},
		"conversations.invite":     {"channels:manage", (*Server).invite},
		"conversations.join":       {"channels:join", (*Server).join},
		"conversations.open":       {"im:write", (*Server).open}, "conversations.info": {"channels:read", (*Server).info},
		"conversations.list":    {"channels:read", (*Server).list},
		"conversations.history": {"channels:history", (*Server).history},
		"conversations.replies": {"channels:history", (*Server).replies},
		"conversations.members": {"channels:read", (*Server).members},
		"pins.add":              {"pins:write", (*Server).pin},
		"chat.unfurl":           {"links:write", (*Server).unfurl},
		"files.info":            {"files:read", (*Server).fileInfo},
		"bookmarks.add":         {"bookmarks:write", (*Server).bookmark},
		"bookmarks.edit":        {"bookmarks:write", (*Server).editBookmark},
		"bookmarks.list":        {"bookmarks:read", (*Server).bookmarks},
		"views.open":            {"", (*Server).openView}, "views.update": {"", (*Server).updateView},
		"views.push": {"", (*Server).pushView}, "views.publish": {"", (*Server).publish},
		"files.getUploadURLExternal":   {"files:write", (*Server).uploadURL},
		"files.completeUploadExternal": {"files:write", (*Server).share},
		"users.info":                   {"users:read", (*Server).userInfo}, "users.list": {"users:read", (*Server).userList},
		"users.lookupByEmail":     {"users:read.email", (*Server).userByEmail},
		"usergroups.list":         {"usergroups:read", (*Server).groupList},
		"usergroups.users.list":   {"usergroups:read", (*Server).groupUsers},
		"usergroups.users.update": {"usergroups:write", (*Server).setGroupUsers},
	}
}

// writable finds a channel to write to.
func (s *Server) writable(id string) (*Channel, error) {
	c := s.channels[id]
	switch {
	case c == nil:
		if _, ok := s.users[id]; ok { // writing to a user is writing to the conversation with them
			return s.direct(id), nil
		}
		return nil, problem("channel_not_found")
	case c.Archived:
		return nil, problem("is_archived")
	case !slices.Contains(c.Members, botUser):
		if c.Private {
			return nil, problem("channel_not_found")
		}
		if slices.Contains(s.scopes(), "chat:write.public") {
			return c, nil
		}
		return nil, problem("not_in_channel")
	}
	return c, nil
}

// member finds a channel that the bot is in.
func (s *Server) member(id string) (*Channel, error) {
	c := s.channels[id]
	switch {
	case c == nil:
		return nil, problem("channel_not_found")
	case c.Archived:
		return nil, problem("is_archived")
	case !slices.Contains(c.Members, botUser):
		return nil, problem("not_in_channel")
	}
	return c, nil
}

func (s *Server) content(c Call) (text string, blocks []map[string]any, err error) {
	if blocks, err = blocksOf(c.Args["blocks"]); err != nil {
		return "", nil, err
	}
	text = c.Args["text"]
	switch {
	case text == "" && len(blocks) == 0:
		return "", nil, problem("no_text")
	case utf8.RuneCountInString(text) > 4000:
		return "", nil, problem("msg_too_long")
	}
	return text, blocks, checkBlocks(blocks, 50)
}

func (s *Server) postMessage(c Call) (map[string]any, error) {
	channel, err := s.writable(c.Args["channel"])
	if err != nil {
		return nil, err
	}
	text, blocks, err := s.content(c)
	if err != nil {
		return invalid(err)
	}
	m := &Message{Channel: channel.ID, TS: s.ts(), Thread: c.Args["thread_ts"], User: botUser, Text: text, Blocks: blocks}
	if m.Thread != "" && s.message(channel.ID, m.Thread) == nil {
		return nil, problem("thread_not_found")
	}
	if raw := c.Args["metadata"]; raw != "" {
		if json.Unmarshal([]byte(raw), &m.Metadata) != nil {
			return nil, problem("invalid_metadata_format")
		}
	}
	s.messages[channel.ID] = append(s.messages[channel.ID], m)
	return map[string]any{"channel": channel.ID, "ts": m.TS, "message": s.wire(m)}, nil
}

func (s *Server) postEphemeral(c Call) (map[string]any, error) {
	channel, err := s.writable(c.Args["channel"])
	if err != nil {
		return nil, err
	}
	if !slices.Contains(channel.Members, c.Args["user"]) {
		return nil, problem("user_not_in_channel")
	}
	text, blocks, err := s.content(c)
	if err != nil {
		return invalid(err)
	}
	m := &Message{
		Channel: channel.ID, TS: s.ts(), Thread: c.Args["thread_ts"], User: botUser, Text: text, Blocks: blocks,
		Only: c.Args["user"],
	}
	s.messages[channel.ID] = append(s.messages[channel.ID], m)
	return map[string]any{"message_ts": m.TS}, nil
}

func (s *Server) update(c Call) (map[string]any, error) {
	channel := s.channels[c.Args["channel"]]
	if channel == nil {
		return nil, problem("channel_not_found")
	}
	if channel.Archived {
		return nil, problem("is_archived")
	}
	m := s.message(channel.ID, c.Args["ts"])
	switch {
	case m == nil || m.Only != "":
		return nil, problem("message_not_found")
	case m.User != botUser:
		return nil, problem("cant_update_message")
	}
	text, blocks, err := s.content(c)
	if err != nil {
		return invalid(err)
	}
	m.Text, m.Blocks, m.Edited = text, blocks, true
	return map[string]any{"channel": channel.ID, "ts": m.TS, "text": text}, nil
}

func (s *Server) deleteMessage(c Call) (map[string]any, error) {
	m := s.message(c.Args["channel"], c.Args["ts"])
	if m == nil {
		return nil, problem("message_not_found")
	}
	m.Deleted = true
	return nil, nil
}

func (s *Server) permalink(c Call) (map[string]any, error) {
	if s.message(c.Args["channel"], c.Args["message_ts"]) == nil {
		return nil, problem("message_not_found")
	}
	return map[string]any{
		"permalink": "https://northwind.slack.com/archives/" + c.Args["channel"] + "/p" + strings.ReplaceAll(
			c.Args["message_ts"], ".", "",
		),
	}, nil
}

var channelName = regexp.MustCompile(`^[a-z0-9_-]{1,80}$`)

func (s *Server) create(c Call) (map[string]any, error) {
	name := c.Args["name"]
	switch {
	case !channelName.MatchString(name):
		return nil, problem("invalid_name_specials")
	case s.named(name) != nil:
		return nil, problem("name_taken")
	}
	channel := s.newChannel(Channel{
		Name: name, Creator: botUser, Members: []string{botUser}, Private: c.Args["is_private"] == "true",
	})
	return map[string]any{"channel": s.wireChannel(channel)}, nil
}

func (s *Server) archive(c Call) (map[string]any, error) {
	channel := s.channels[c.Args["channel"]]
	switch {
	case channel == nil:
		return nil, problem("channel_not_found")
	case channel.Archived:
		return nil, problem("already_archived")
	}
	channel.Archived = true
	return nil, nil
}

func (s *Server) setTopic(c Call) (map[string]any, error) {
	channel, err := s.member(c.Args["channel"])
	if err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(c.Args["topic"]) > 250 {
		return nil, problem("too_long")
	}
	channel.Topic = c.Args["topic"]
	return map[string]any{"channel": s.wireChannel(channel)}, nil
}

func (s *Server) setPurpose(c Call) (map[string]any, error) {
	channel, err := s.member(c.Args["channel"])
	if err != nil {
		return nil, err
	}
	channel.Purpose = c.Args["purpose"]
	return map[string]any{"channel": s.wireChannel(channel)}, nil
}

func (s *Server) invite(c Call) (map[string]any, error) {
	channel, err := s.member(c.Args["channel"])
	if err != nil {
		return nil, err
	}
	for _, user := range strings.Split(c.Args["users"], ",") {
		u, ok := s.users[user]
		switch {
		case user == botUser:
			return nil, problem("cant_invite_self")
		case !ok || u.Deleted:
			return nil, problem("user_not_found")
		case slices.Contains(channel.Members, user):
			return nil, problem("already_in_channel")
		case u.UltraRestricted:
			return nil, problem("ura_max_channels")
		}
		channel.Members = append(channel.Members, user)
	}
	return map[string]any{"channel": s.wireChannel(channel)}, nil
}

func (s *Server) join(c Call) (map[string]any, error) {
	channel := s.channels[c.Args["channel"]]
	switch {
	case channel == nil || channel.Private:
		return nil, problem("channel_not_found")
	case channel.Archived:
		return nil, problem("is_archived")
	}
	if !slices.Contains(channel.Members, botUser) {
		channel.Members = append(channel.Members, botUser)
	}
	return map[string]any{"channel": s.wireChannel(channel)}, nil
}

func (s *Server) open(c Call) (map[string]any, error) {
	u, ok := s.users[c.Args["users"]]
	if !ok || u.Deleted {
		return nil, problem("user_not_found")
	}
	return map[string]any{"channel": s.wireChannel(s.direct(u.ID))}, nil
}

func (s *Server) info(c Call) (map[string]any, error) {
	channel := s.channels[c.Args["channel"]]
	if channel == nil {
		return nil, problem("channel_not_found")
	}
	return map[string]any{"channel": s.wireChannel(channel)}, nil
}

// page cuts a list into pages by a cursor that is an index.
func page[T any](list []T, c Call) ([]T, map[string]any) {
	limit, _ := strconv.Atoi(c.Args["limit"])
	if limit <= 0 || limit > 1000 {
		limit = 100
	}
	start, _ := strconv.Atoi(c.Args["cursor"])
	start = min(start, len(list))
	end := min(start+limit, len(list))
	next := ""
	if end < len(list) {
		next = strconv.Itoa(end)
	}
	return list[start:end], map[string]any{"next_cursor": next}
}

func (s *Server) list(c Call) (map[string]any, error) {
	list := []map[string]any{}
	for _, id := range s.order {
		channel := s.channels[id]
		if channel == nil || channel.IM || channel.Archived && c.Args["exclude_archived"] == "true" ||
			channel.Private && !slices.Contains(channel.Members, botUser) {
			continue
		}
		list = append(list, s.wireChannel(channel))
	}
	found, meta := page(list, c)
	return map[string]any{"channels": found, "response_metadata": meta}, nil
}

func (s *Server) history(c Call) (map[string]any, error) {
	channel := s.channels[c.Args["channel"]]
	switch {
	case channel == nil:
		return nil, problem("channel_not_found")
	case !slices.Contains(channel.Members, botUser):
		return nil, problem("not_in_channel")
	}
	list := []map[string]any{}
	for _, m := range slices.Backward(s.messages[channel.ID]) {
		if m.Thread == "" && within(m.TS, c) && !m.Deleted && m.Only == "" {
			list = append(list, s.wireFor(m, c))
		}
	}
	found, meta := page(list, c)
	return map[string]any{"messages": found, "has_more": meta["next_cursor"] != "", "response_metadata": meta}, nil
}

func (s *Server) replies(c Call) (map[string]any, error) {
	root := s.message(c.Args["channel"], c.Args["ts"])
	if root == nil {
		return nil, problem("thread_not_found")
	}
	list := []map[string]any{}
	thread := root.TS
	if root.Thread != "" {
		thread = root.Thread
	}
	for _, m := range s.messages[root.Channel] {
		if (m.TS == thread || m.Thread == thread) && (m.TS == thread || within(m.TS, c)) && !m.Deleted && m.Only == "" {
			list = append(list, s.wireFor(m, c))
		}
	}
	found, meta := page(list, c)
	return map[string]any{"messages": found, "has_more": meta["next_cursor"] != "", "response_metadata": meta}, nil
}

func within(ts string, c Call) bool {
	inclusive := c.Args["inclusive"] == "1" || c.Args["inclusive"] == "true"
	oldest, latest := c.Args["oldest"], c.Args["latest"]
	return (oldest == "" || ts > oldest || inclusive && ts == oldest) &&
		(latest == "" || ts < latest || inclusive && ts == latest)
}

func (s *Server) wireFor(m *Message, c Call) map[string]any {
	w := s.wire(m)
	if c.Args["include_all_metadata"] != "1" && c.Args["include_all_metadata"] != "true" {
		delete(w, "metadata")
	}
	return w
}

// wire is a message as the API shows it.
func (s *Server) wire(m *Message) map[string]any {
	w := map[string]any{"type": "message", "ts": m.TS, "user": m.User, "text": m.Text, "team": s.o.Team}
	if m.User == botUser {
		w["bot_id"], w["app_id"] = botID, appID
	}
	if m.Bot != "" {
		w["bot_id"] = m.Bot
	}
	if m.Thread != "" {
		w["thread_ts"] = m.Thread
	}
	if len(m.Blocks) > 0 {
		w["blocks"] = m.Blocks
	}
	if m.Metadata != nil {
		w["metadata"] = m.Metadata
	}
	if m.File != nil {
		w["files"] = []map[string]any{{"id": m.File.ID, "name": m.File.Name, "title": m.File.Title, "size": len(m.File.Data)}}
	}
	return w
}

func (s *Server) wireChannel(c *Channel) map[string]any {
	return map[string]any{
		"id": c.ID, "name": c.Name, "is_channel": !c.IM, "is_im": c.IM, "is_private": c.Private, "is_archived": c.Archived,
		"creator": c.Creator, "created": c.created,
		"is_member": slices.Contains(c.Members, botUser), "topic": map[string]any{"value": c.Topic},
		"purpose": map[string]any{"value": c.Purpose}, "num_members": len(c.Members),
	}
}

func (s *Server) members(c Call) (map[string]any, error) {
	channel := s.channels[c.Args["channel"]]
	if channel == nil {
		return nil, problem("channel_not_found")
	}
	return map[string]any{"members": channel.Members, "response_metadata": map[string]any{"next_cursor": ""}}, nil
}

func (s *Server) pin(c Call) (map[string]any, error) {
	channel, err := s.member(c.Args["channel"])
	if err != nil {
		return nil, err
	}
	m := s.message(channel.ID, c.Args["timestamp"])
	switch {
	case m == nil:
		return nil, problem("message_not_found")
	case slices.Contains(channel.Pins, m.TS):
		return nil, problem("already_pinned")
	case len(channel.Pins) >= 100:
		return nil, problem("too_many_pins")
	}
	m.Pinned = true
	channel.Pins = append(channel.Pins, m.TS)
	return nil, nil
}

func (s *Server) bookmark(c Call) (map[string]any, error) {
	channel, err := s.member(c.Args["channel_id"])
	if err != nil {
		return nil, err
	}
	if c.Args["title"] == "" || c.Args["type"] != "link" || !strings.HasPrefix(c.Args["link"], "http") {
		return nil, problem("invalid_arguments")
	}
	b := Bookmark{s.id("Bk"), c.Args["title"], c.Args["link"]}
	channel.Bookmarks = append(channel.Bookmarks, b)
	return map[string]any{
		"bookmark": map[string]any{"id": b.ID, "channel_id": channel.ID, "title": b.Title, "link": b.Link},
	}, nil
}

func (s *Server) editBookmark(c Call) (map[string]any, error) {
	channel, err := s.member(c.Args["channel_id"])
	if err != nil {
		return nil, err
	}
	for i := range channel.Bookmarks {
		if b := &channel.Bookmarks[i]; b.ID == c.Args["bookmark_id"] {
			if c.Args["link"] != "" {
				b.Link = c.Args["link"]
			}
			return map[string]any{"bookmark": map[string]any{"id": b.ID, "title": b.Title, "link": b.Link}}, nil
		}
	}
	return nil, problem("not_found")
}

func (s *Server) bookmarks(c Call) (map[string]any, error) {
	channel, err := s.member(c.Args["channel_id"])
	if err != nil {
		return nil, err
	}
	list := []map[string]any{}
	for _, b := range channel.Bookmarks {
		list = append(list, map[string]any{
			"id": b.ID, "channel_id": channel.ID, "title": b.Title, "link": b.Link, "type": "link",
		})
	}
	return map[string]any{"bookmarks": list}, nil
}

// authTest says who the token is. Source: https://docs.slack.dev/reference/methods/auth.test: enterprise_id "when
// working against a team within an Enterprise organization"; is_enterprise_install as in the SDKs' AuthTestResponse.
func (s *Server) authTest(Call) (map[string]any, error) {
	answer := map[string]any{
		"url": "https://northwind.slack.com/", "team": "Northwind", "user": "watchbell", "team_id": s.o.Team,
		"user_id": botUser, "bot_id": botID, "is_enterprise_install": s.o.OrgWide,
	}
	if s.o.Enterprise != "" {
		answer["enterprise_id"] = s.o.Enterprise
	}
	if s.o.OrgWide { // the token is not one of a workspace
		answer["team_id"] = s.o.Enterprise
	}
	return answer, nil
}

// teamsList lists the workspaces that a token reaches. Source: https://docs.slack.dev/reference/methods/auth.teams.list
func (s *Server) teamsList(Call) (map[string]any, error) {
	return map[string]any{
		"teams":             []any{map[string]any{"id": s.o.Team, "name": "Northwind"}},
		"response_metadata": map[string]any{"next_cursor": ""},
	}, nil
}

// wireUser is a user as Slack describes one. Source: https://docs.slack.dev/reference/objects/user-object
func (s *Server) wireUser(u User) map[string]any {
	team, enterprise, teams := u.Team, u.Enterprise, u.Teams
	if team == "" {
		team = s.o.Team
	}
	if enterprise == "" && team == s.o.Team {
		enterprise = s.o.Enterprise
	}
	if teams == nil {
		teams = []string{team}
	}
	profile := map[string]any{"real_name": u.RealName, "display_name": u.RealName, "team": team}
	// Slack tells no addresses of other companies
	if slices.Contains(s.scopes(), "users:read.email") && !s.outside(u) && !u.Stranger {
		profile["email"] = u.Email
	}
	wire := map[string]any{
		"id": u.ID, "name": u.Name, "real_name": u.RealName, "tz": u.TZ, "deleted": u.Deleted, "profile": profile,
		"team_id":             team, // "identifier for this workspace user's team": their own, not ours
		"is_bot":              u.Bot,
		"is_app_user":         false, // "an authorized user of the calling app", a human being
		"is_restricted":       u.Restricted || u.UltraRestricted,
		"is_ultra_restricted": u.UltraRestricted,
		// true only for those "not in any shared channels visible to your app"; false for all others, outsiders among them
		"is_stranger": u.Stranger,
	}
	if enterprise != "" { // "enterprise_user: an object containing info related to an Enterprise user"
		wire["enterprise_user"] = map[string]any{
			"id": u.ID, "enterprise_id": enterprise, "enterprise_name": enterprise, "is_admin": false, "is_owner": false,
			"teams": teams,
		}
	}
	return wire
}

func (s *Server) userInfo(c Call) (map[string]any, error) {
	u, ok := s.users[c.Args["user"]]
	if !ok {
		return nil, problem("user_not_found")
	}
	return map[string]any{"user": s.wireUser(u)}, nil
}

func (s *Server) userByEmail(c Call) (map[string]any, error) {
	for _, u := range s.users {
		if !u.Stranger && !s.outside(u) && u.Email != "" && strings.EqualFold(u.Email, c.Args["email"]) {
			return map[string]any{"user": s.wireUser(u)}, nil
		}
	}
	return nil, problem("users_not_found")
}

func (s *Server) userList(c Call) (map[string]any, error) {
	ids := slices.Sorted(maps.Keys(s.users))
	from, _ := slices.BinarySearch(ids, c.Args["cursor"])
	to, next := len(ids), ""
	if limit, err := strconv.Atoi(c.Args["limit"]); err == nil && limit > 0 && from+limit < len(ids) {
		to, next = from+limit, ids[from+limit]
	}
	list := []map[string]any{}
	for _, id := range ids[from:to] {
		list = append(list, s.wireUser(s.users[id]))
	}
	return map[string]any{"members": list, "response_metadata": map[string]any{"next_cursor": next}}, nil
}

func (s *Server) groupList(Call) (map[string]any, error) {
	list := []map[string]any{}
	for id, g := range s.groups {
		list = append(list, map[string]any{"id": id, "handle": g.handle, "name": g.handle, "users": g.users})
	}
	return map[string]any{"usergroups": list}, nil
}

func (s *Server) groupUsers(c Call) (map[string]any, error) {
	g, ok := s.groups[c.Args["usergroup"]]
	if !ok {
		return nil, problem("no_such_subteam")
	}
	return map[string]any{"users": g.users}, nil
}

// setGroupUsers replaces the members of a user group. Slack wants at least one, of the workspace.
func (s *Server) setGroupUsers(c Call) (map[string]any, error) {
	id := c.Args["usergroup"]
	g, ok := s.groups[id]
	if !ok {
		return nil, problem("no_such_subteam")
	}
	users := strings.Split(c.Args["users"], ",")
	for _, u := range users {
		if _, known := s.users[u]; !known {
			return nil, problem("invalid_users")
		}
	}
	g.users = users
	s.groups[id] = g
	return map[string]any{"usergroup": map[string]any{"id": id, "handle": g.handle, "users": users}}, nil
}

// GroupUsers are the members of a user group.
func (s *Server) GroupUsers(id string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.groups[id].users)
}
