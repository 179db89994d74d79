// Package webtest holds every web.Store to one behaviour: the database, and the one in memory that the chat is tested
// with.
package webtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/bot"
)

// Store is a store under test, with what only administrators do.
type Store interface {
	web.Store
	// Archive makes a channel read-only and takes it off all lists.
	Archive(ctx context.Context, channel int64) error
}

// CheckStore holds a store to what the chat relies on. open returns an empty one that knows the people ana and ben.
func CheckStore(t *testing.T, open func(t *testing.T) Store) {
	for _, c := range []struct {
		name  string
		check func(*probe)
	}{
		{"a channel is made once for its key", checkChannels}, {"a post is made once for its key", checkOnce},
		{"posts are listed page by page", checkPages},
		{"what is for one person is seen by that person", checkOnly}, {"replies are counted with their thread", checkThreads},
		{"a change of what is gone is refused", checkGone},
		{"an archived channel takes nothing", checkArchived}, {"unread posts are those after the last one read", checkRead},
		{"people come and go", checkMembers},
		{"every change has a revision", checkFeed}, {"the revision grows in the order of the changes", checkConcurrent},
		{"old answers are forgotten", checkForget},
		{"what is kept comes back as it was", checkRoundTrip},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.check(&probe{T: t, Store: open(t), at: time.Date(2026, 11, 25, 14, 2, 0, 123456000, time.UTC)})
		})
	}
}

type probe struct {
	*testing.T
	Store
	at time.Time
	n  int
}

var ctx = context.Background()

func (p *probe) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

func (p *probe) gone(what string, err error) {
	p.Helper()
	if !errors.Is(err, bot.ErrGone) {
		p.Errorf("%s: %v, want ErrGone", what, err)
	}
}

func (p *probe) room(name string) web.Channel {
	p.Helper()
	c, err := p.OpenChannel(ctx, web.Channel{Key: "key/" + name, Name: name, Made: p.at})
	p.must(err)
	return c
}

func (p *probe) say(channel int64, change ...func(*web.Post)) web.Post {
	p.Helper()
	p.n++
	post := web.Post{
		Channel: channel, Key: fmt.Sprint("post/", p.n), Message: bot.Say(fmt.Sprint("post ", p.n)),
		Made: p.at.Add(time.Duration(p.n) * time.Minute),
	}
	for _, f := range change {
		f(&post)
	}
	post, err := p.AddPost(ctx, post)
	p.must(err)
	return post
}

func only(who bot.PersonID) func(*web.Post) { return func(p *web.Post) { p.Only = who } }
func by(who bot.PersonID) func(*web.Post)   { return func(p *web.Post) { p.Author = who } }
func in(thread int64) func(*web.Post)       { return func(p *web.Post) { p.Thread = thread } }

func (p *probe) ids(q web.PageQuery) []int64 {
	p.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	list, err := p.Page(ctx, q)
	p.must(err)
	ids := []int64{}
	for _, post := range list {
		ids = append(ids, post.ID)
	}
	return ids
}

func (p *probe) want(what string, got, want []int64) {
	p.Helper()
	if !slices.Equal(got, want) {
		p.Errorf("%s: %v, want %v", what, got, want)
	}
}

func (p *probe) one(id int64) web.Post {
	p.Helper()
	list, err := p.Page(ctx, web.PageQuery{ID: id, Limit: 1})
	p.must(err)
	if len(list) != 1 {
		p.Fatalf("post %d: %v", id, list)
	}
	return list[0]
}

func (p *probe) listed(who bot.PersonID, id int64) (web.Listed, bool) {
	p.Helper()
	list, err := p.ChannelsOf(ctx, who)
	p.must(err)
	if !slices.IsSortedFunc(list, func(a, b web.Listed) int { return int(a.ID - b.ID) }) {
		p.Errorf("channels are not listed oldest first: %+v", list)
	}
	for _, l := range list {
		if l.ID == id {
			return l, true
		}
	}
	return web.Listed{}, false
}
