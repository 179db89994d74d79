package web_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/bot"
)

// fakeStore is a web.Store in memory. The real one is held to the same behaviour in package storage.
type fakeStore struct {
	mu       sync.Mutex
	rev      int64
	channels []*web.Channel
	posts    []*web.Post
	members  map[member]*memberState
	fail     error
	files    map[string]web.StoredFile
}

type member struct {
	channel int64
	who     bot.PersonID
}

type memberState struct {
	web.Member
	rev int64
}

func newFakeStore() *fakeStore { return &fakeStore{members: map[member]*memberState{}} }

func (s *fakeStore) lock() (func(), error) {
	s.mu.Lock()
	if s.fail != nil {
		s.mu.Unlock()
		return nil, s.fail
	}
	return s.mu.Unlock, nil
}

func (s *fakeStore) next() int64 { s.rev++; return s.rev }

func (s *fakeStore) channel(id int64) *web.Channel {
	for _, c := range s.channels {
		if c.ID == id {
			return c
		}
	}
	return nil
}

func (s *fakeStore) open(id int64) *web.Channel {
	if c := s.channel(id); c != nil && !c.Archived {
		return c
	}
	return nil
}

func (s *fakeStore) OpenChannel(_ context.Context, c web.Channel) (web.Channel, error) {
	unlock, err := s.lock()
	if err != nil {
		return c, err
	}
	defer unlock()
	for _, have := range s.channels {
		if have.Key == c.Key {
			return *have, nil
		}
	}
	name := c.Name
	for n := 2; slices.ContainsFunc(s.channels, func(h *web.Channel) bool { return h.Name == c.Name }); n++ {
		c.Name = fmt.Sprintf("%s-%d", name, n)
	}
	c.ID = s.next()
	c.Revision = c.ID
	s.channels = append(s.channels, &c)
	return c, nil
}

func (s *fakeStore) find(is func(*web.Channel) bool) (web.Channel, error) {
	unlock, err := s.lock()
	if err != nil {
		return web.Channel{}, err
	}
	defer unlock()
	for _, c := range s.channels {
		if is(c) {
			return *c, nil
		}
	}
	return web.Channel{}, bot.ErrNoSuch
}

func (s *fakeStore) Channel(_ context.Context, id int64) (web.Channel, error) {
	return s.find(func(c *web.Channel) bool { return c.ID == id })
}

func (s *fakeStore) ChannelNamed(_ context.Context, name string) (web.Channel, error) {
	return s.find(func(c *web.Channel) bool { return c.Name == name })
}

func (s *fakeStore) SetTopic(_ context.Context, id int64, topic string) error {
	unlock, err := s.lock()
	if err != nil {
		return err
	}
	defer unlock()
	c := s.open(id)
	if c == nil {
		return bot.ErrGone
	}
	c.Topic, c.Revision = topic, s.next()
	return nil
}

// Archive is what an administrator does.
func (s *fakeStore) Archive(_ context.Context, id int64) error {
	unlock, err := s.lock()
	if err != nil {
		return err
	}
	defer unlock()
	c := s.open(id)
	if c == nil {
		return bot.ErrGone
	}
	c.Archived, c.Revision = true, s.next()
	return nil
}

func (s *fakeStore) AddPost(_ context.Context, p web.Post) (web.Post, error) {
	unlock, err := s.lock()
	if err != nil {
		return p, err
	}
	defer unlock()
	for _, have := range s.posts {
		if have.Key == p.Key {
			return *have, nil
		}
	}
	c := s.open(p.Channel)
	if c == nil {
		return p, fmt.Errorf("add post: %w", bot.ErrGone)
	}
	p.ID = s.next()
	p.Revision = p.ID
	if p.Thread != 0 {
		root := s.post(c.ID, p.Thread)
		if root == nil {
			return p, fmt.Errorf("add post: %w", bot.ErrGone)
		}
		if root.Thread != 0 {
			p.Thread, root = root.Thread, s.post(c.ID, root.Thread)
		}
		if p.Only == "" {
			root.Replies, root.Replied, root.Revision = root.Replies+1, p.Made, p.ID
		}
	} else if p.Only == "" {
		c.Posts++
		c.Revision, p.N = p.ID, c.Posts
	}
	s.posts = append(s.posts, &p)
	if p.Author != "" {
		m := s.member(p.Channel, p.Author)
		m.In, m.Read, m.rev = true, max(m.Read, p.N), p.ID
	}
	return p, nil
}

func (s *fakeStore) post(channel, id int64) *web.Post {
	for _, p := range s.posts {
		if p.ID == id && p.Channel == channel && !p.Gone {
			return p
		}
	}
	return nil
}

func (s *fakeStore) change(channel, id int64, f func(*web.Post)) error {
	unlock, err := s.lock()
	if err != nil {
		return err
	}
	defer unlock()
	p := s.post(channel, id)
	if p == nil || s.open(channel) == nil {
		return bot.ErrGone
	}
	f(p)
	p.Revision = s.next()
	return nil
}

func (s *fakeStore) EditPost(_ context.Context, channel, id int64, m bot.Message, at time.Time) error {
	return s.change(channel, id, func(p *web.Post) { p.Message, p.Edited = m, at })
}

func (s *fakeStore) PinPost(_ context.Context, channel, id int64) error {
	return s.change(channel, id, func(p *web.Post) { p.Pinned = true })
}

func (s *fakeStore) DeletePost(_ context.Context, channel, id int64) error {
	return s.change(channel, id, func(p *web.Post) { p.Gone = true })
}

func (s *fakeStore) Page(_ context.Context, q web.PageQuery) ([]web.Post, error) {
	unlock, err := s.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	var list []web.Post
	for _, p := range s.posts {
		switch {
		case p.Gone, p.Only != "" && p.Only != q.Viewer, q.Channel != 0 && p.Channel != q.Channel:
		case q.ID != 0 && p.ID != q.ID, q.Pinned && !p.Pinned, q.ID == 0 && !q.Pinned && p.Thread != q.Thread:
		case q.Before != 0 && p.ID >= q.Before, p.ID <= q.After:
		default:
			list = append(list, *p)
		}
	}
	slices.SortFunc(list, func(a, b web.Post) int { return int(a.ID - b.ID) })
	if n := len(list); n > q.Limit {
		if q.After != 0 {
			return list[:q.Limit], nil
		}
		return list[n-q.Limit:], nil
	}
	return list, nil
}

func (s *fakeStore) member(channel int64, who bot.PersonID) *memberState {
	k := member{channel: channel, who: who}
	if s.members[k] == nil {
		s.members[k] = &memberState{Member: web.Member{Channel: channel, Person: who}}
	}
	return s.members[k]
}

func (s *fakeStore) SetMember(_ context.Context, channel int64, who bot.PersonID, in bool) error {
	unlock, err := s.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if s.open(channel) == nil {
		return bot.ErrGone
	}
	if m := s.member(channel, who); m.In != in {
		m.In, m.rev = in, s.next()
	}
	return nil
}

func (s *fakeStore) Welcome(_ context.Context, who bot.PersonID, channels []int64) error {
	unlock, err := s.lock()
	if err != nil {
		return err
	}
	defer unlock()
	for _, id := range channels {
		if s.members[member{channel: id, who: who}] == nil {
			m := s.member(id, who)
			m.In, m.rev = true, s.next()
		}
	}
	return nil
}

func (s *fakeStore) MarkRead(_ context.Context, channel int64, who bot.PersonID, n int64) error {
	unlock, err := s.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if m := s.members[member{channel: channel, who: who}]; m != nil && m.Read < n {
		m.Read, m.rev = n, s.next()
	}
	return nil
}

func (s *fakeStore) MembersOf(_ context.Context, channel int64) ([]bot.PersonID, error) {
	unlock, err := s.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	var ids []bot.PersonID
	for k, m := range s.members {
		if k.channel == channel && m.In {
			ids = append(ids, k.who)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

func (s *fakeStore) ChannelsOf(_ context.Context, who bot.PersonID) ([]web.Listed, error) {
	unlock, err := s.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	var list []web.Listed
	for _, c := range s.channels {
		if c.Archived || c.Person != "" && c.Person != who {
			continue
		}
		l := web.Listed{Channel: *c}
		if m := s.members[member{channel: c.ID, who: who}]; m != nil {
			l.Member, l.Read = m.In, m.Read
		}
		list = append(list, l)
	}
	return list, nil
}

func (s *fakeStore) Revision(context.Context) (int64, error) {
	unlock, err := s.lock()
	if err != nil {
		return 0, err
	}
	defer unlock()
	return s.rev, nil
}

func (s *fakeStore) Changes(_ context.Context, after int64) (web.Changes, error) {
	unlock, err := s.lock()
	if err != nil {
		return web.Changes{}, err
	}
	defer unlock()
	c := web.Changes{From: after, To: s.rev}
	for _, ch := range s.channels {
		if ch.Revision > after {
			c.Channels = append(c.Channels, *ch)
		}
	}
	for _, p := range s.posts {
		if p.Revision > after {
			c.Posts = append(c.Posts, *p)
		}
	}
	for _, m := range s.members {
		if m.rev > after {
			c.Members = append(c.Members, m.Member)
		}
	}
	return c, nil
}

func (s *fakeStore) Forget(_ context.Context, before time.Time) error {
	unlock, err := s.lock()
	if err != nil {
		return err
	}
	defer unlock()
	s.posts = slices.DeleteFunc(s.posts, func(p *web.Post) bool { return p.Only != "" && p.Made.Before(before) })
	return nil
}

// all returns the texts of the posts in a channel, to look at in tests.
func (s *fakeStore) all(channel int64) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var texts []string
	for _, p := range s.posts {
		if p.Channel == channel && !p.Gone {
			texts = append(texts, strings.TrimSpace(p.Message.Plain(nil)))
		}
	}
	return texts
}

func (s *fakeStore) SaveFile(_ context.Context, key string, f web.StoredFile) error {
	end, err := s.lock()
	if err != nil {
		return err
	}
	defer end()
	if s.files == nil {
		s.files = map[string]web.StoredFile{}
	}
	if _, there := s.files[key]; !there {
		s.files[key] = f
	}
	return nil
}

func (s *fakeStore) File(_ context.Context, key string) (web.StoredFile, error) {
	end, err := s.lock()
	if err != nil {
		return web.StoredFile{}, err
	}
	defer end()
	f, there := s.files[key]
	if !there {
		return f, bot.ErrNoSuch
	}
	return f, nil
}
