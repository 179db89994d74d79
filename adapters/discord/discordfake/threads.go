package discordfake

import "slices"

const (
	publicDuration   = 1440 // minutes, when nothing else is asked for
	maxActiveThreads = 1000
)

func (s *Server) wireThread(c *Channel, wire map[string]any) {
	archived := any(nil)
	if !c.archivedAt.IsZero() {
		archived = stamp(c.archivedAt)
	}
	there := 0
	for _, m := range s.messages[c.ID] {
		if !m.Deleted && m.Only == "" && m.Type != starterMessage {
			there++
		}
	}
	meta := map[string]any{
		"archived": c.Archived, "archive_timestamp": archived, "auto_archive_duration": c.AutoArchive, "locked": c.Locked,
		"create_timestamp": stamp(moment(c.ID)),
	}
	if c.Type == privateThread {
		meta["invitable"] = true
	}
	wire["owner_id"], wire["thread_metadata"], wire["rate_limit_per_user"] = c.Creator, meta, c.Slowmode
	wire["message_count"], wire["total_message_sent"] = there, c.count
	wire["member_count"] = min(50, len(c.Members))
	if slices.Contains(c.Members, s.o.Bot) {
		wire["member"] = map[string]any{
			"id": c.ID, "user_id": s.o.Bot, "join_timestamp": stamp(moment(c.ID)), "flags": 0, "muted": false,
			"mute_config": nil,
		}
	}
}

var (
	archivedThread = refuse(400, 50083, "Thread is archived")
	lockedThread   = refuse(403, 160005, "Thread is locked")
)

// threadTakes reports whether the bot may write into a thread. Writing to an archived one unarchives it, unless it is
// locked. Source: Discord's topic "Threads", "Active & Archived Threads" and "Locked Threads".
func (s *Server) threadTakes(c *Channel) error {
	p := s.in(c, s.o.Bot)
	switch {
	case !p.has(SendMessagesInThreads):
		return missingPermissions
	case p.has(ManageThreads) || !c.Locked:
		return nil
	case c.Archived:
		return archivedThread
	}
	return lockedThread
}

// threadChanges reports whether the bot may change what is in a thread: edit, react or pin.
func (s *Server) threadChanges(c *Channel) error {
	switch {
	case c.Archived:
		return archivedThread
	case c.Locked && !s.in(c, s.o.Bot).has(ManageThreads):
		return lockedThread
	}
	return nil
}

// awake unarchives a thread in which somebody wrote.
func (s *Server) awake(c *Channel) {
	if c.isThread() && c.Archived {
		c.Archived, c.archivedAt = false, s.now()
		s.tellThread("THREAD_UPDATE", c)
	}
}

func (s *Server) tellThread(name string, c *Channel) {
	if s.in(c, s.o.Bot).has(ViewChannel) {
		s.dispatch(intentGuilds, name, s.wireChannel(c))
	}
}

var durations = []int{60, 1440, 4320, 10080}

// threadOf reads and makes a thread of the bot.
func (s *Server) threadOf(parent *Channel, c *Call, made Channel) (*Channel, error) {
	f, body := newForm(), c.body()
	made.Guild, made.Parent, made.Creator, made.Reason = parent.Guild, parent.ID, s.o.Bot, c.Reason
	made.Name = f.text(body, "name", 1, 100)
	made.AutoArchive = publicDuration
	if n, given := f.one(body, "auto_archive_duration", false, durations...); given {
		made.AutoArchive = n
	}
	made.Slowmode, _ = f.whole(body, "rate_limit_per_user", 0, maxSlowmode)
	if err := f.problem(); err != nil {
		return nil, err
	}
	active := 0
	for _, other := range s.channels {
		if other.Guild == parent.Guild && other.isThread() && !other.Archived {
			active++
		}
	}
	if active >= maxActiveThreads {
		return nil, refuse(400, 160006, "Maximum number of active threads reached")
	}
	made.Members, made.archivedAt = []string{s.o.Bot}, s.now()
	return s.newChannel(made), nil
}

// startThreadAt starts a thread from a message. It gets the id of the message.
func (s *Server) startThreadAt(c *Call) (any, error) {
	channel, err := s.reach(c.path["channel"], ViewChannel|CreatePublicThreads)
	if err != nil {
		return nil, err
	}
	if channel.Type != textChannel && channel.Type != announcements {
		return nil, refuse(400, 50024, "Cannot execute action on this channel type")
	}
	m := s.message(channel.ID, c.path["message"])
	switch {
	case m == nil:
		return nil, unknownMessage
	case s.channels[m.ID] != nil:
		return nil, refuse(400, 160004, "A thread has already been created for this message")
	}
	thread, err := s.threadOf(channel, c, Channel{ID: m.ID, Type: publicThread})
	if err != nil {
		return nil, err
	}
	m.Thread = thread.ID
	m.Flags |= hasThread
	s.messages[thread.ID] = append(s.messages[thread.ID], &Message{
		ID: s.id(), Channel: thread.ID, Guild: thread.Guild, Author: m.Author, Type: starterMessage, Reference: m.ID,
		referenceChannel: channel.ID,
	})
	s.tellNewThread(thread)
	s.tellMessage("MESSAGE_UPDATE", m)
	return answered{201, s.wireChannel(thread)}, nil
}

func (s *Server) tellNewThread(thread *Channel) {
	wire := s.wireChannel(thread)
	wire["newly_created"] = true
	s.dispatch(intentGuilds, "THREAD_CREATE", wire)
}

// startThread starts a thread without a message. Without a type it is private. Source: Discord's page "Channel", "Start
// Thread without Message".
func (s *Server) startThread(c *Call) (any, error) {
	f := newForm()
	kind, given := f.one(c.body(), "type", false, publicThread, privateThread)
	if err := f.problem(); err != nil {
		return nil, err
	}
	if !given {
		kind = privateThread
	}
	needs := CreatePublicThreads
	if kind == privateThread {
		needs = CreatePrivateThreads
	}
	channel, err := s.reach(c.path["channel"], ViewChannel|needs)
	if err != nil {
		return nil, err
	}
	if channel.Type != textChannel {
		return nil, refuse(400, 50024, "Cannot execute action on this channel type")
	}
	thread, err := s.threadOf(channel, c, Channel{Type: kind})
	if err != nil {
		return nil, err
	}
	s.tellNewThread(thread)
	return answered{201, s.wireChannel(thread)}, nil
}

// changeThread changes a thread. Unarchiving needs only to be in it, unless it is locked; the rest needs to have
// started it or MANAGE_THREADS, which locking always needs. Source: Discord's topic "Threads", "Editing & Deleting
// Threads".
func (s *Server) changeThread(thread *Channel, c *Call) (any, error) {
	f, body := newForm(), c.body()
	next := thread.copy()
	if body["name"] != nil {
		next.Name = f.text(body, "name", 1, 100)
	}
	if n, given := f.one(body, "auto_archive_duration", false, durations...); given {
		next.AutoArchive = n
	}
	if n, given := f.whole(body, "rate_limit_per_user", 0, maxSlowmode); given {
		next.Slowmode = n
	}
	next.Archived, next.Locked = f.yes(body, "archived", next.Archived), f.yes(body, "locked", next.Locked)
	if err := f.problem(); err != nil {
		return nil, err
	}
	manages := s.in(thread, s.o.Bot).has(ManageThreads)
	creator := thread.Creator == s.o.Bot
	wakes := thread.Archived && !next.Archived
	changed := next.Name != thread.Name || next.AutoArchive != thread.AutoArchive || next.Archived && !thread.Archived
	switch {
	case manages:
	case next.Locked != thread.Locked || next.Slowmode != thread.Slowmode:
		return nil, missingPermissions
	case wakes && thread.Locked && !creator:
		return nil, missingPermissions
	case wakes && !creator && !slices.Contains(thread.Members, s.o.Bot):
		return nil, missingPermissions
	case changed && !creator:
		return nil, missingPermissions
	}
	if thread.Archived && !wakes {
		return nil, archivedThread
	}
	if next.Archived != thread.Archived || next.AutoArchive != thread.AutoArchive {
		next.archivedAt = s.now()
	}
	*thread = next
	s.tellThread("THREAD_UPDATE", thread)
	return s.wireChannel(thread), nil
}

func (s *Server) activeThreads(c *Call) (any, error) {
	g, err := s.guildOf(c)
	if err != nil {
		return nil, err
	}
	threads, members := []any{}, []any{}
	for _, id := range slices.Backward(s.order) {
		t := s.channels[id]
		if t.Guild == g.id && t.isThread() && !t.Archived && s.in(t, s.o.Bot).has(ViewChannel) {
			wire := s.wireChannel(t)
			if m := wire["member"]; m != nil {
				members = append(members, m)
			}
			threads = append(threads, wire)
		}
	}
	return map[string]any{"threads": threads, "members": members, "has_more": false}, nil
}

func (s *Server) archivedThreads(c *Call) (any, error) {
	channel, err := s.reach(c.path["channel"], ViewChannel|ReadMessageHistory)
	if err != nil {
		return nil, err
	}
	threads, members := []any{}, []any{}
	for _, t := range slices.Backward(s.threadsOf(channel.ID)) {
		if t.Archived && t.Type == publicThread {
			wire := s.wireChannel(t)
			if m := wire["member"]; m != nil {
				members = append(members, m)
			}
			threads = append(threads, wire)
		}
	}
	return map[string]any{"threads": threads, "members": members, "has_more": false}, nil
}

func (s *Server) joinThread(c *Call) (any, error) { return nil, s.join(c.path["channel"], s.o.Bot) }

func (s *Server) addToThread(c *Call) (any, error) {
	if _, ok := s.users[c.path["user"]]; !ok {
		return nil, unknownUser
	}
	return nil, s.join(c.path["channel"], c.path["user"])
}

func (s *Server) join(id, user string) error {
	thread, err := s.reach(id, ViewChannel)
	switch {
	case err != nil:
		return err
	case !thread.isThread():
		return refuse(400, 50024, "Cannot execute action on this channel type")
	case thread.Archived:
		return archivedThread
	case user != s.o.Bot && !s.in(thread, s.o.Bot).has(SendMessagesInThreads):
		return missingPermissions
	}
	if !slices.Contains(thread.Members, user) {
		thread.Members = append(thread.Members, user)
		thread.Recipients = append(thread.Recipients, user)
	}
	return nil
}

// ArchiveThread archives a thread by a person's hand or by time, and locks it if asked.
func (s *Server) ArchiveThread(id string, locked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.channels[id]
	t.Archived, t.Locked, t.archivedAt = true, locked, s.now()
	s.tellThread("THREAD_UPDATE", t)
}

// LockThread locks or unlocks a thread without archiving it.
func (s *Server) LockThread(id string, locked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.channels[id]
	t.Locked = locked
	s.tellThread("THREAD_UPDATE", t)
}
