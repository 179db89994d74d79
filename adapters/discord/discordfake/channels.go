package discordfake

import (
	"slices"
)

// Limits of a guild's channels. Source: Discord's pages "Guild" and "Channel", and its list of JSON error codes.
const (
	maxChannels = 500
	maxChildren = 50
	maxTopic    = 1024
	maxSlowmode = 21600
	maxPosition = 1<<31 - 1
)

func (s *Server) wireChannel(c *Channel) map[string]any {
	wire := map[string]any{"id": c.ID, "type": c.Type, "flags": 0, "last_message_id": s.lastMessage(c.ID)}
	if !c.lastPin.IsZero() {
		wire["last_pin_timestamp"] = stamp(c.lastPin)
	}
	if c.Guild == "" {
		recipients := []any{}
		for _, id := range c.Recipients {
			recipients = append(recipients, s.wireUser(id))
		}
		wire["recipients"] = recipients
		return wire
	}
	wire["guild_id"], wire["name"], wire["parent_id"] = c.Guild, c.Name, orNull(c.Parent)
	if c.isThread() {
		s.wireThread(c, wire)
		return wire
	}
	overwrites := []any{}
	for _, o := range c.Overwrites {
		overwrites = append(overwrites, map[string]any{
			"id": o.ID, "type": o.Type, "allow": o.Allow.String(), "deny": o.Deny.String(),
		})
	}
	wire["position"], wire["permission_overwrites"], wire["nsfw"] = c.Position, overwrites, c.NSFW
	if c.Type != category {
		wire["topic"], wire["rate_limit_per_user"] = orNull(c.Topic), c.Slowmode
	} else {
		delete(wire, "last_message_id")
	}
	return wire
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func (s *Server) lastMessage(channel string) any {
	for _, m := range slices.Backward(s.messages[channel]) {
		if m.Only == "" {
			return m.ID
		}
	}
	return nil
}

func (s *Server) tellChannel(name string, c *Channel) {
	if !s.in(c, s.o.Bot).has(ViewChannel) { // the gateway does not tell of channels that the bot cannot see
		return
	}
	s.dispatch(intentGuilds, name, s.wireChannel(c))
}

// getChannels lists the channels of a guild without its threads, also those that the bot cannot see.
func (s *Server) getChannels(c *Call) (any, error) {
	g, err := s.guildOf(c)
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, channel := range s.inOrder(g.id) {
		list = append(list, s.wireChannel(channel))
	}
	return list, nil
}

func (s *Server) getChannel(c *Call) (any, error) {
	channel, err := s.reach(c.path["channel"], ViewChannel)
	if err != nil {
		return nil, err
	}
	return s.wireChannel(channel), nil
}

// createChannel needs MANAGE_CHANNELS in the guild; with overwrites it may only give and take what the bot has itself.
func (s *Server) createChannel(c *Call) (any, error) {
	g, err := s.guildOf(c)
	if err != nil {
		return nil, err
	}
	if !s.inGuild(g, s.o.Bot).has(ManageChannels) {
		return nil, missingPermissions
	}
	f, body := newForm(), c.body()
	made := Channel{Guild: g.id, Reason: c.Reason}
	made.Type, _ = f.one(body, "type", false, textChannel, category, announcements)
	made.Name = f.text(body, "name", 1, 100)
	if made.Type != category {
		made.Name = channelName(made.Name)
	}
	made.Topic = f.text(body, "topic", 0, maxTopic)
	made.Slowmode, _ = f.whole(body, "rate_limit_per_user", 0, maxSlowmode)
	made.NSFW = f.yes(body, "nsfw", false)
	made.Parent = f.snowflake(body, "parent_id", false)
	s.checkParent(f, &made)
	position, placed := f.whole(body, "position", 0, maxPosition)
	overwrites := s.overwritesOf(f, body)
	if err := f.problem(); err != nil {
		return nil, err
	}
	if err := s.mayGive(g, nil, overwrites); err != nil {
		return nil, err
	}
	if len(s.inOrder(g.id)) >= maxChannels {
		return nil, refuse(400, 30013, "Maximum number of guild channels reached (500)")
	}
	made.Overwrites = overwrites
	if body["permission_overwrites"] == nil && made.Parent != "" { // it is then in step with its category
		made.Overwrites = slices.Clone(s.channels[made.Parent].Overwrites)
	}
	channel := s.newChannel(made)
	if placed {
		channel.Position = position
	}
	s.tellChannel("CHANNEL_CREATE", channel)
	return answered{201, s.wireChannel(channel)}, nil
}

// checkParent: a parent is a category of the same guild with fewer than 50 channels.
func (s *Server) checkParent(f *form, c *Channel) {
	if c.Parent == "" {
		return
	}
	parent, children := s.channels[c.Parent], 0
	for _, other := range s.inOrder(c.Guild) {
		if other.Parent == c.Parent && other.ID != c.ID {
			children++
		}
	}
	switch {
	case c.Type == category:
		f.add("parent_id", "CHANNEL_PARENT_INVALID_TYPE", "Categories cannot have a parent")
	case parent == nil || parent.Guild != c.Guild:
		f.add("parent_id", "CHANNEL_PARENT_INVALID", "Category does not exist")
	case parent.Type != category:
		f.add("parent_id", "CHANNEL_PARENT_INVALID_TYPE", "Not a category")
	case children >= maxChildren:
		f.add("parent_id", "CHANNEL_PARENT_MAX_CHANNELS", "Maximum number of channels in category reached (%d)", maxChildren)
	}
}

// changeChannel changes a channel or a thread.
func (s *Server) changeChannel(c *Call) (any, error) {
	channel, err := s.reach(c.path["channel"], ViewChannel)
	switch {
	case err != nil:
		return nil, err
	case channel.Guild == "":
		return nil, refuse(403, 50003, "Cannot execute action on a DM channel")
	case channel.isThread():
		return s.changeThread(channel, c)
	case !s.in(channel, s.o.Bot).has(ManageChannels):
		return nil, missingPermissions
	}
	f, body := newForm(), c.body()
	next := channel.copy()
	if body["name"] != nil {
		next.Name = f.text(body, "name", 1, 100)
		if next.Type != category {
			next.Name = channelName(next.Name)
		}
	}
	if topic, ok := body["topic"]; ok {
		next.Topic = ""
		if topic != nil {
			next.Topic = f.text(body, "topic", 0, maxTopic)
		}
	}
	if n, given := f.whole(body, "rate_limit_per_user", 0, maxSlowmode); given {
		next.Slowmode = n
	}
	if n, given := f.whole(body, "position", 0, maxPosition); given {
		next.Position = n
	}
	if parent, ok := body["parent_id"]; ok {
		next.Parent = ""
		if parent != nil {
			next.Parent = f.snowflake(body, "parent_id", false)
			s.checkParent(f, &next)
		}
	}
	next.NSFW = f.yes(body, "nsfw", next.NSFW)
	if body["permission_overwrites"] != nil {
		next.Overwrites = s.overwritesOf(f, body)
	}
	if err := f.problem(); err != nil {
		return nil, err
	}
	if body["permission_overwrites"] != nil {
		if err := s.mayOverwrite(channel, next.Overwrites); err != nil {
			return nil, err
		}
	}
	*channel = next
	s.tellChannel("CHANNEL_UPDATE", channel)
	return s.wireChannel(channel), nil
}

func (s *Server) deleteChannel(c *Call) (any, error) {
	channel, err := s.reach(c.path["channel"], ViewChannel)
	if err != nil {
		return nil, err
	}
	needs := ManageChannels
	if channel.isThread() {
		needs = ManageThreads
	}
	if channel.Guild != "" && !s.in(channel, s.o.Bot).has(needs) {
		return nil, missingPermissions
	}
	wire := s.wireChannel(channel)
	if channel.Guild != "" { // closing a direct message does not end it
		s.removeChannel(channel)
	}
	return wire, nil
}

// removeChannel deletes a channel with its threads. The channels of a category stay, without one.
func (s *Server) removeChannel(c *Channel) {
	name := "CHANNEL_DELETE"
	wire := any(s.wireChannel(c))
	if c.isThread() {
		name = "THREAD_DELETE"
		wire = map[string]any{"id": c.ID, "guild_id": c.Guild, "parent_id": c.Parent, "type": c.Type}
	}
	seen := s.in(c, s.o.Bot).has(ViewChannel)
	for _, thread := range s.threadsOf(c.ID) {
		s.forget(thread.ID)
	}
	for _, child := range s.inOrder(c.Guild) {
		if child.Parent == c.ID {
			child.Parent = ""
		}
	}
	s.forget(c.ID)
	if seen {
		s.dispatch(intentGuilds, name, wire)
	}
}

func (s *Server) forget(channel string) {
	delete(s.channels, channel)
	delete(s.messages, channel)
	s.order = slices.DeleteFunc(s.order, func(id string) bool { return id == channel })
}

func (s *Server) typing(c *Call) (any, error) {
	_, err := s.reach(c.path["channel"], SendMessages)
	return nil, err
}

// openDirect opens the conversation with a user, or finds it.
func (s *Server) openDirect(c *Call) (any, error) {
	f := newForm()
	user := f.snowflake(c.body(), "recipient_id", true)
	if err := f.problem(); err != nil {
		return nil, err
	}
	u, ok := s.users[user]
	if !ok || user == s.o.Bot || u.Bot {
		return nil, refuse(400, 50033, "Invalid Recipient(s)")
	}
	return s.wireChannel(s.direct(user)), nil
}

// Direct is the conversation of a user and the bot, opened if needed.
func (s *Server) Direct(user string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.direct(user).ID
}

func (s *Server) direct(user string) *Channel {
	for _, id := range s.order {
		if c := s.channels[id]; c != nil && c.Type == directChannel && slices.Contains(c.Recipients, user) {
			return c
		}
	}
	return s.newChannel(Channel{Type: directChannel, Recipients: []string{user}})
}

// shares reports whether the bot and a user are in a guild together.
func (s *Server) shares(user string) bool {
	for _, g := range s.guilds {
		if g.members[user] != nil && g.members[s.o.Bot] != nil {
			return true
		}
	}
	return false
}

// writable finds a channel that the bot may write to. Embeds and files need permissions of their own.
func (s *Server) writable(id string) (*Channel, error) {
	c, err := s.reach(id, ViewChannel)
	if err != nil {
		return nil, err
	}
	switch {
	case c.Type == category:
		return nil, refuse(400, 50008, "Cannot send messages in a non-text channel")
	case c.Guild == "":
		if s.users[c.Recipients[0]].ClosedDMs {
			return nil, refuse(403, 50007, "Cannot send messages to this user")
		}
		if !s.shares(c.Recipients[0]) {
			return nil, refuse(403, 50278, "Cannot send messages to this user due to having no mutual guilds")
		}
		return c, nil
	case c.isThread():
		return c, s.threadTakes(c)
	case !s.in(c, s.o.Bot).has(SendMessages):
		return nil, missingPermissions
	}
	return c, nil
}
