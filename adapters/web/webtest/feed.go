package webtest

import (
	"fmt"
	"slices"
	"sync"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/bot"
)

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
	if again, err := p.AddPost(ctx, web.Post{Channel: room.ID, Key: post.Key, Made: p.at}); err != nil ||
		again.ID != post.ID {
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
		if c.From != before || c.To != after || len(c.Channels) != channels || len(c.Posts) != posts ||
			len(c.Members) != members {
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

// checkConcurrent reads the changes while many write: whoever asks for what came after what they have seen misses
// nothing.
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
