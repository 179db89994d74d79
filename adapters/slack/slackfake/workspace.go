package slackfake

import (
	"encoding/json"
	"slices"
	"strings"
)

// User is somebody in the workspace, or a stranger in one of its channels.
type User struct {
	ID, Name, RealName, Email, TZ                       string
	Bot, Deleted, Restricted, UltraRestricted, Stranger bool
	Team                                                string // default the workspace's own
	// the organisation; default the workspace's own, for its people
	Enterprise string
	Teams      []string
}

// outside reports whether somebody is of another workspace.
func (s *Server) outside(u User) bool { return u.Team != "" && u.Team != s.o.Team }

// Message is one in a channel.
type Message struct {
	Channel, TS, Thread, User, Text string
	Blocks                          []map[string]any
	Metadata                        map[string]any
	Edited, Deleted, Pinned         bool
	Bot                             string // the id of another app's bot that posted it
	Only                            string // an ephemeral message: who sees it
	File                            *File
	Unfurled                        map[string][]map[string]any // what is shown below its links

	links []string
}

// File is one that was uploaded.
type File struct {
	ID, Name, Title, Alt string
	Data                 []byte
	size                 int
	done                 bool
	owner                string
	shared               *Message
}

// Channel is a channel, or with IM the conversation of one user and the bot.
type Channel struct {
	ID, Name, Topic, Purpose, Creator string
	Members                           []string
	Archived, Private, IM             bool
	Foreign                           bool // another organisation shares it
	Bookmarks                         []Bookmark
	Pins                              []string
	created                           int64
}

// Bookmark is a link at the top of a channel.
type Bookmark struct{ ID, Title, Link string }

// AddUser adds a user, or changes the one with this id.
func (s *Server) AddUser(u User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[u.ID] = u
}

// AddGroup adds a user group.
func (s *Server) AddGroup(id, handle string, users ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.groups[id] = group{handle, users}
}

// AddChannel adds a public channel that the bot is in too.
func (s *Server) AddChannel(name string, members ...string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newChannel(Channel{Name: name, Creator: "U0ADMIN", Members: append([]string{botUser}, members...)}).ID
}

func (s *Server) newChannel(c Channel) *Channel {
	prefix := "C"
	if c.IM {
		prefix = "D"
	}
	c.ID, c.created = s.id(prefix), s.now().Unix()
	s.channels[c.ID] = &c
	s.order = append(s.order, c.ID)
	return &c
}

// Channel is a copy of a channel as it is now.
func (s *Server) Channel(id string) (Channel, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.channels[id]
	if !ok {
		return Channel{}, false
	}
	found := *c
	found.Members, found.Pins, found.Bookmarks = slices.Clone(c.Members), slices.Clone(c.Pins), slices.Clone(c.Bookmarks)
	return found, true
}

// ChannelNamed finds a channel by its name.
func (s *Server) ChannelNamed(name string) (Channel, bool) {
	s.mu.Lock()
	c := s.named(name)
	s.mu.Unlock()
	if c == nil {
		return Channel{}, false
	}
	return s.Channel(c.ID)
}

// ChannelNames are the names of all channels, in the order they were made.
func (s *Server) ChannelNames() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, id := range s.order {
		if c := s.channels[id]; c != nil && !c.IM {
			names = append(names, c.Name)
		}
	}
	return names
}

func (s *Server) named(name string) *Channel {
	for _, id := range s.order {
		if c := s.channels[id]; c != nil && c.Name == name && !c.IM {
			return c
		}
	}
	return nil
}

// Messages are all messages of a channel, oldest first, with ephemeral ones in their order.
func (s *Server) Messages(channel string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Message
	for _, m := range s.messages[channel] {
		list = append(list, *m)
	}
	return list
}

func (s *Server) message(channel, ts string) *Message {
	for _, m := range s.messages[channel] {
		if m.TS == ts && !m.Deleted {
			return m
		}
	}
	return nil
}

// Direct is the conversation of a user and the bot, opened if needed.
func (s *Server) Direct(user string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.direct(user).ID
}

func (s *Server) direct(user string) *Channel {
	for _, id := range s.order {
		if c := s.channels[id]; c != nil && c.IM && slices.Contains(c.Members, user) {
			return c
		}
	}
	return s.newChannel(Channel{IM: true, Members: []string{botUser, user}})
}

// Home is a user's Home tab as the app last set it.
func (s *Server) Home(user string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.homes[user]
}

// View is the topmost modal of a user as the app last set it, nil if there is none. What Slack shows beside inputs that
// were refused is under the key errors.
func (s *Server) View(user string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	stack := s.views[user]
	if len(stack) == 0 {
		return nil
	}
	return copyOf(stack[len(stack)-1].shown())
}

func copyOf(v map[string]any) map[string]any {
	data, _ := json.Marshal(v)
	var copied map[string]any
	_ = json.Unmarshal(data, &copied)
	return copied
}

// ArchiveChannel archives a channel by a person's hand.
func (s *Server) ArchiveChannel(id string) {
	s.mu.Lock()
	s.channels[id].Archived = true
	s.mu.Unlock()
	_ = s.Event("", map[string]any{"type": "channel_archive", "channel": id, "user": "U0ADMIN"})
}

// AddMessage adds a message of somebody else, of another app's bot or of another installation of the app, and returns
// its timestamp.
func (s *Server) AddMessage(m Message) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.TS = s.ts()
	s.messages[m.Channel] = append(s.messages[m.Channel], &m)
	return m.TS
}

// DeleteMessage deletes a message by a person's hand.
func (s *Server) DeleteMessage(channel, ts string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.message(channel, ts); m != nil {
		m.Deleted = true
		c := s.channels[channel]
		c.Pins = slices.DeleteFunc(c.Pins, func(pin string) bool { return pin == ts })
	}
}

// KickBot removes the bot from a channel by a person's hand.
func (s *Server) KickBot(channel string) {
	s.mu.Lock()
	c := s.channels[channel]
	c.Members = slices.DeleteFunc(c.Members, func(m string) bool { return m == botUser })
	s.mu.Unlock()
	_ = s.Event("", map[string]any{"type": "channel_left", "channel": channel, "actor_id": "U0ADMIN"})
}

// blocksOf reads blocks as they are sent: a JSON text.
func blocksOf(raw string) ([]map[string]any, error) {
	if strings.TrimSpace(raw) == "" {
		return nil, nil
	}
	var blocks []map[string]any
	if err := json.Unmarshal([]byte(raw), &blocks); err != nil {
		return nil, problem("invalid_blocks_format")
	}
	return blocks, nil
}
