// Package webtest holds every web.Store to one behaviour: the database, and the one in memory that the chat is tested with.
package webtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
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
		{"a channel is made once for its key", checkChannels}, {"a post is made once for its key", checkOnce}, {"posts are listed page by page", checkPages},
		{"what is for one person is seen by that person", checkOnly}, {"replies are counted with their thread", checkThreads}, {"a change of what is gone is refused", checkGone},
		{"an archived channel takes nothing", checkArchived}, {"unread posts are those after the last one read", checkRead}, {"people come and go", checkMembers},
		{"every change has a revision", checkFeed}, {"the revision grows in the order of the changes", checkConcurrent}, {"old answers are forgotten", checkForget},
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
	post := web.Post{Channel: channel, Key: fmt.Sprint("post/", p.n), Message: bot.Say(fmt.Sprint("post ", p.n)), Made: p.at.Add(time.Duration(p.n) * time.Minute)}
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

func checkChannels(p *probe) {
	first := p.room("incidents")
	again, err := p.OpenChannel(ctx, web.Channel{Key: "key/incidents", Name: "another", Made: p.at.Add(time.Hour)})
	p.must(err)
	if again != first {
		p.Errorf("with the same key: %+v, want %+v", again, first)
	}
	other, err := p.OpenChannel(ctx, web.Channel{Key: "other", Name: "incidents", Made: p.at})
	p.must(err)
	if other.Name != "incidents-2" || other.ID == first.ID {
		p.Errorf("with a taken name: %+v", other)
	}
	for what, find := range map[string]func() (web.Channel, error){
		"by id":   func() (web.Channel, error) { return p.Channel(ctx, first.ID) },
		"by name": func() (web.Channel, error) { return p.ChannelNamed(ctx, "incidents") },
	} {
		if got, err := find(); err != nil || got != first {
			p.Errorf("%s: %+v %v, want %+v", what, got, err, first)
		}
	}
	if _, err := p.Channel(ctx, 99999); !errors.Is(err, bot.ErrNoSuch) {
		p.Errorf("an unknown id: %v", err)
	}
	if _, err := p.ChannelNamed(ctx, "nowhere"); !errors.Is(err, bot.ErrNoSuch) {
		p.Errorf("an unknown name: %v", err)
	}
	p.must(p.SetTopic(ctx, first.ID, "A topic"))
	if got, _ := p.Channel(ctx, first.ID); got.Topic != "A topic" || got.Revision <= first.Revision {
		p.Errorf("the topic was not set: %+v", got)
	}
	direct, err := p.OpenChannel(ctx, web.Channel{Key: "direct/ana", Name: "@ana", Person: "ana", Made: p.at})
	p.must(err)
	if _, ok := p.listed("ana", direct.ID); !ok {
		p.Error("ana does not see her direct messages")
	}
	if _, ok := p.listed("ben", direct.ID); ok {
		p.Error("ben sees ana's direct messages")
	}
}

func checkOnce(p *probe) {
	room := p.room("incidents")
	first := p.say(room.ID)
	again, err := p.AddPost(ctx, web.Post{Channel: room.ID, Key: first.Key, Message: bot.Say("other words"), Made: p.at})
	p.must(err)
	if again.ID != first.ID || again.Message.Line() != "post 1" || first.N != 1 || first.ID == 0 {
		p.Errorf("with the same key: %+v, want %+v", again, first)
	}
	p.must(p.DeletePost(ctx, room.ID, first.ID))
	if again, err := p.AddPost(ctx, web.Post{Channel: room.ID, Key: first.Key, Made: p.at}); err != nil || again.ID != first.ID {
		p.Errorf("with the key of a deleted one: %+v %v", again, err)
	}
	second := p.say(room.ID)
	if second.N != 2 || second.ID <= first.ID {
		p.Errorf("the second post: %+v", second)
	}
	at := p.at.Add(time.Hour)
	p.must(p.EditPost(ctx, room.ID, second.ID, bot.Say("edited"), at))
	p.must(p.PinPost(ctx, room.ID, second.ID))
	p.must(p.PinPost(ctx, room.ID, second.ID))
	if got := p.one(second.ID); got.Message.Line() != "edited" || !got.Edited.Equal(at) || !got.Pinned {
		p.Errorf("edited and pinned: %+v", got)
	}
	p.want("pinned", p.ids(web.PageQuery{Channel: room.ID, Pinned: true}), []int64{second.ID})
	_, err = p.AddPost(ctx, web.Post{Channel: 99999, Key: "nowhere", Made: p.at})
	p.gone("a post in no channel", err)
}

func checkPages(p *probe) {
	room, other := p.room("incidents"), p.room("general")
	var all []int64
	for range 7 {
		all = append(all, p.say(room.ID).ID)
		p.say(other.ID)
	}
	page := func(change func(*web.PageQuery)) []int64 {
		q := web.PageQuery{Channel: room.ID, Limit: 3}
		change(&q)
		return p.ids(q)
	}
	p.want("the newest", page(func(*web.PageQuery) {}), all[4:])
	p.want("those before", page(func(q *web.PageQuery) { q.Before = all[4] }), all[1:4])
	p.want("the first", page(func(q *web.PageQuery) { q.Before = all[1] }), all[:1])
	p.want("those after", page(func(q *web.PageQuery) { q.After = all[1] }), all[2:5])
	p.want("one", p.ids(web.PageQuery{ID: all[2]}), all[2:3])
	p.must(p.DeletePost(ctx, room.ID, all[6]))
	p.want("without a deleted one", page(func(*web.PageQuery) {}), all[3:6])
	p.want("a deleted one", p.ids(web.PageQuery{ID: all[6]}), nil)
}

func checkOnly(p *probe) {
	room := p.room("incidents")
	open, private := p.say(room.ID), p.say(room.ID, only("ana"))
	if private.N != 0 {
		p.Errorf("a post for one person is numbered: %+v", private)
	}
	p.want("ana", p.ids(web.PageQuery{Channel: room.ID, Viewer: "ana"}), []int64{open.ID, private.ID})
	p.want("ben", p.ids(web.PageQuery{Channel: room.ID, Viewer: "ben"}), []int64{open.ID})
	p.want("nobody", p.ids(web.PageQuery{Channel: room.ID}), []int64{open.ID})
	p.want("ben, by id", p.ids(web.PageQuery{ID: private.ID, Viewer: "ben"}), nil)
	if got, _ := p.Channel(ctx, room.ID); got.Posts != 1 {
		p.Errorf("the channel counts %d posts, want 1", got.Posts)
	}
}

func checkThreads(p *probe) {
	room, other := p.room("incidents"), p.room("general")
	root, next := p.say(room.ID), p.say(room.ID)
	reply := p.say(room.ID, in(root.ID))
	deeper := p.say(room.ID, in(reply.ID))
	private := p.say(room.ID, in(root.ID), only("ana"))
	if deeper.Thread != root.ID || reply.N != 0 {
		p.Errorf("a reply to a reply: %+v", deeper)
	}
	if got := p.one(root.ID); got.Replies != 2 || !got.Replied.Equal(deeper.Made) {
		p.Errorf("the root: %+v", got)
	}
	p.want("the channel", p.ids(web.PageQuery{Channel: room.ID, Viewer: "ana"}), []int64{root.ID, next.ID})
	p.want("the thread", p.ids(web.PageQuery{Channel: room.ID, Thread: root.ID, Viewer: "ana"}), []int64{reply.ID, deeper.ID, private.ID})
	p.want("the thread for ben", p.ids(web.PageQuery{Channel: room.ID, Thread: root.ID, Viewer: "ben"}), []int64{reply.ID, deeper.ID})
	for what, post := range map[string]web.Post{"no root": {Channel: room.ID, Thread: 99999, Key: "a"}, "a root elsewhere": {Channel: other.ID, Thread: root.ID, Key: "b"}} {
		post.Made = p.at
		_, err := p.AddPost(ctx, post)
		p.gone(what, err)
	}
}

func checkGone(p *probe) {
	room, other := p.room("incidents"), p.room("general")
	post := p.say(room.ID)
	p.gone("editing in another channel", p.EditPost(ctx, other.ID, post.ID, bot.Say("x"), p.at))
	p.must(p.DeletePost(ctx, room.ID, post.ID))
	p.gone("editing", p.EditPost(ctx, room.ID, post.ID, bot.Say("x"), p.at))
	p.gone("pinning", p.PinPost(ctx, room.ID, post.ID))
	p.gone("deleting again", p.DeletePost(ctx, room.ID, post.ID))
	p.gone("editing what never was", p.EditPost(ctx, room.ID, 99999, bot.Say("x"), p.at))
	p.gone("the topic of no channel", p.SetTopic(ctx, 99999, "x"))
	p.gone("joining no channel", p.SetMember(ctx, 99999, "ana", true))
	_, err := p.AddPost(ctx, web.Post{Channel: room.ID, Thread: post.ID, Key: "reply", Made: p.at})
	p.gone("answering a deleted post", err)
}

func checkArchived(p *probe) {
	room := p.room("incidents")
	post := p.say(room.ID)
	p.must(p.Archive(ctx, room.ID))
	got, err := p.Channel(ctx, room.ID)
	if err != nil || !got.Archived {
		p.Errorf("archived: %+v %v", got, err)
	}
	if _, ok := p.listed("ana", room.ID); ok {
		p.Error("an archived channel is listed")
	}
	p.want("its posts", p.ids(web.PageQuery{Channel: room.ID}), []int64{post.ID})
	_, err = p.AddPost(ctx, web.Post{Channel: room.ID, Key: "late", Made: p.at})
	p.gone("posting", err)
	p.gone("editing", p.EditPost(ctx, room.ID, post.ID, bot.Say("x"), p.at))
	p.gone("the topic", p.SetTopic(ctx, room.ID, "x"))
	p.gone("joining", p.SetMember(ctx, room.ID, "ana", true))
	if again, err := p.AddPost(ctx, web.Post{Channel: room.ID, Key: post.Key, Made: p.at}); err != nil || again.ID != post.ID {
		p.Errorf("posting with a key that was posted: %+v %v", again, err)
	}
}

func checkRead(p *probe) {
	room := p.room("incidents")
	p.say(room.ID)
	unread := func(who bot.PersonID, want int64) {
		p.Helper()
		if l, ok := p.listed(who, room.ID); !ok || l.Unread() != want {
			p.Errorf("%s has %d unread, want %d: %+v", who, l.Unread(), want, l)
		}
	}
	unread("ana", 0)
	p.must(p.SetMember(ctx, room.ID, "ana", true))
	unread("ana", 1)
	p.say(room.ID)
	p.say(room.ID, only("ana"))
	unread("ana", 2)
	p.must(p.MarkRead(ctx, room.ID, "ana", 1))
	unread("ana", 1)
	p.must(p.MarkRead(ctx, room.ID, "ana", 2))
	p.must(p.MarkRead(ctx, room.ID, "ana", 1))
	unread("ana", 0)
	p.say(room.ID, by("ben"))
	unread("ana", 1)
	unread("ben", 0)
	p.must(p.MarkRead(ctx, room.ID, "nobody", 1))
}

func checkMembers(p *probe) {
	room, other := p.room("incidents"), p.room("general")
	members := func(want ...bot.PersonID) {
		p.Helper()
		if got, err := p.MembersOf(ctx, room.ID); err != nil || !slices.Equal(got, want) {
			p.Errorf("members %v %v, want %v", got, err, want)
		}
	}
	members()
	p.must(p.SetMember(ctx, room.ID, "ben", true))
	p.must(p.SetMember(ctx, room.ID, "ana", true))
	p.must(p.SetMember(ctx, room.ID, "ana", true))
	members("ana", "ben")
	p.must(p.SetMember(ctx, room.ID, "ben", false))
	members("ana")
	p.must(p.Welcome(ctx, "ben", []int64{room.ID, other.ID}))
	members("ana")
	if l, _ := p.listed("ben", other.ID); !l.Member {
		p.Error("ben was not welcomed where he had never been")
	}
	p.say(room.ID, by("ben"))
	members("ana", "ben")
}

func checkFeed(p *probe) {
	room := p.room("incidents")
	changed := func(what string, channels, posts, members int, f func()) web.Changes {
		p.Helper()
		before, err := p.Revision(ctx)
		p.must(err)
		f()
		c, err := p.Changes(ctx, before)
		p.must(err)
		after, err := p.Revision(ctx)
		p.must(err)
		if c.From != before || c.To != after || len(c.Channels) != channels || len(c.Posts) != posts || len(c.Members) != members {
			p.Errorf("%s: %+v, want %d channels, %d posts, %d members up to %d", what, c, channels, posts, members, after)
		}
		return c
	}
	changed("nothing", 0, 0, 0, func() {})
	var post web.Post
	changed("a post", 1, 1, 0, func() { post = p.say(room.ID) })
	changed("a post of a person", 1, 1, 1, func() { p.say(room.ID, by("ana")) })
	changed("a post for one", 0, 1, 0, func() { p.say(room.ID, only("ana")) })
	changed("a reply", 0, 2, 0, func() { p.say(room.ID, in(post.ID)) })
	c := changed("two edits", 0, 1, 0, func() {
		p.must(p.EditPost(ctx, room.ID, post.ID, bot.Say("one"), p.at))
		p.must(p.EditPost(ctx, room.ID, post.ID, bot.Say("two"), p.at))
	})
	if c.Posts[0].Message.Line() != "two" {
		p.Errorf("not as it is now: %+v", c.Posts[0])
	}
	c = changed("a deletion", 0, 1, 0, func() { p.must(p.DeletePost(ctx, room.ID, post.ID)) })
	if !c.Posts[0].Gone {
		p.Error("a deleted post is not told of")
	}
	changed("a topic", 1, 0, 0, func() { p.must(p.SetTopic(ctx, room.ID, "new")) })
	changed("somebody joins", 0, 0, 1, func() { p.must(p.SetMember(ctx, room.ID, "ben", true)) })
	changed("who is in already joins", 0, 0, 0, func() { p.must(p.SetMember(ctx, room.ID, "ben", true)) })
	c = changed("somebody reads", 0, 0, 1, func() { p.must(p.MarkRead(ctx, room.ID, "ben", 2)) })
	if want := (web.Member{Channel: room.ID, Person: "ben", Read: 2, In: true}); c.Members[0] != want {
		p.Errorf("member %+v, want %+v", c.Members[0], want)
	}
	changed("nothing new is read", 0, 0, 0, func() { p.must(p.MarkRead(ctx, room.ID, "ben", 1)) })
}

// checkConcurrent reads the changes while many write: whoever asks for what came after what they have seen misses nothing.
func checkConcurrent(p *probe) {
	room := p.room("incidents")
	const writers, each = 4, 10
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for n := range each {
				if _, err := p.AddPost(ctx, web.Post{Channel: room.ID, Key: fmt.Sprintf("%d/%d", w, n), Made: p.at}); err != nil {
					p.Error(err)
				}
			}
		})
	}
	written := make(chan struct{})
	go func() { writing.Wait(); close(written) }()
	seen, at, last := map[int64]bool{}, room.ID, false
	for !last {
		select {
		case <-written:
			last = true
		default:
		}
		c, err := p.Changes(ctx, at)
		p.must(err)
		for _, post := range c.Posts {
			if seen[post.ID] = true; post.ID > c.To {
				p.Errorf("post %d is told of by a batch up to %d", post.ID, c.To)
			}
		}
		at = c.To
	}
	if len(seen) != writers*each {
		p.Errorf("saw %d of %d posts", len(seen), writers*each)
	}
	if ch, err := p.Channel(ctx, room.ID); err != nil || ch.Posts != writers*each {
		p.Errorf("the channel counts %d posts %v", ch.Posts, err)
	}
}

func checkForget(p *probe) {
	room := p.room("incidents")
	open, old, fresh := p.say(room.ID), p.say(room.ID, only("ana")), p.say(room.ID, only("ana"))
	p.must(p.Forget(ctx, fresh.Made))
	p.want("after forgetting", p.ids(web.PageQuery{Channel: room.ID, Viewer: "ana"}), []int64{open.ID, fresh.ID})
	p.want("what is old", p.ids(web.PageQuery{ID: old.ID, Viewer: "ana"}), nil)
}

func checkRoundTrip(p *probe) {
	room := p.room("incidents")
	at := p.at.Add(time.Minute)
	want := p.say(room.ID, func(post *web.Post) {
		post.Only, post.Asked = "ana", "/incident list \U0001F514 \"quoted\""
		post.Form = &bot.Form{Token: "t", Title: "A form", Submit: "Go", Inputs: []bot.Input{{Name: "n", Label: "N", Kind: bot.ChoicesInput, Options: []bot.Option{{Value: "v", Label: "V"}}}}}
		post.Message = bot.Message{Title: "🟠 <b>", Tone: bot.Warning, Sections: []bot.Section{{Text: bot.T("plain ", bot.Bold("bold"), at, bot.PersonID("ana")), Quote: true, Fields: []bot.Field{{Label: "L", Value: bot.T("v")}}}},
			Actions: []bot.Action{{Label: "A", Command: "c.d", Token: "tok", Choose: "x", Options: []bot.Option{{Value: "1", Label: "one"}}}}, Context: []bot.Text{bot.T("small")}}
	})
	list, err := p.Page(ctx, web.PageQuery{ID: want.ID, Viewer: "ana", Limit: 1})
	p.must(err)
	if len(list) != 1 {
		p.Fatalf("%d posts", len(list))
	}
	got, err := json.Marshal(list[0])
	p.must(err)
	if kept, err := json.Marshal(want); err != nil || string(got) != string(kept) {
		p.Errorf("kept    %s\nas it was %s", got, kept)
	}
}
