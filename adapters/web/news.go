package web

// news is what the viewer has to be told.
type news struct {
	posts  []Post
	unread map[int64]bool
	side   bool // the list of channels changed
	head   bool // what stands above the posts changed
}

// notice takes in what changed and finds what concerns the viewer.
func (s *stream) notice(c Changes) news {
	n := news{unread: map[int64]bool{}}
	for _, ch := range c.Channels {
		s.noticeChannel(ch, &n)
	}
	for _, m := range c.Members {
		s.noticeMember(m, &n)
	}
	last := map[int64]int{}
	for i, p := range c.Posts {
		last[p.ID] = i
	}
	for i, p := range c.Posts {
		_, seen := s.rooms[p.Channel]
		if last[p.ID] != i || p.Only != "" && p.Only != s.v.ID || !seen && p.Channel != s.channel {
			continue
		}
		n.posts = append(n.posts, p)
		n.head = n.head || p.Channel == s.channel && p.Pinned
	}
	return n
}

func (s *stream) noticeChannel(ch Channel, n *news) {
	if ch.Person != "" && ch.Person != s.v.ID {
		return
	}
	was, known := s.rooms[ch.ID]
	if ch.ID == s.channel && (ch.Topic != s.topic || ch.Archived) {
		s.topic, n.head = ch.Topic, true
	}
	if ch.Archived {
		delete(s.rooms, ch.ID)
		n.side = n.side || known
		return
	}
	n.side = n.side || !known || was.Name != ch.Name
	was.Channel = ch
	s.rooms[ch.ID] = was
	n.unread[ch.ID] = was.Member
}

func (s *stream) noticeMember(m Member, n *news) {
	if m.Channel == s.channel && s.members[m.Person] != m.In {
		s.members[m.Person], n.head = m.In, true
	}
	room, known := s.rooms[m.Channel]
	if m.Person != s.v.ID || !known {
		return
	}
	n.side = n.side || room.Member != m.In
	room.Member, room.Read = m.In, m.Read
	s.rooms[m.Channel] = room
	n.unread[m.Channel] = m.In
}
