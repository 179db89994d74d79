package webtest

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/bot"
)

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
	if again, err := p.AddPost(ctx, web.Post{Channel: room.ID, Key: first.Key, Made: p.at}); err != nil ||
		again.ID != first.ID {
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
	p.want("the thread", p.ids(web.PageQuery{Channel: room.ID, Thread: root.ID, Viewer: "ana"}), []int64{
		reply.ID, deeper.ID, private.ID,
	})
	p.want("the thread for ben", p.ids(web.PageQuery{Channel: room.ID, Thread: root.ID, Viewer: "ben"}), []int64{
		reply.ID, deeper.ID,
	})
	for what, post := range map[string]web.Post{
		"no root":          {Channel: room.ID, Thread: 99999, Key: "a"},
		"a root elsewhere": {Channel: other.ID, Thread: root.ID, Key: "b"},
	} {
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

func checkRoundTrip(p *probe) {
	room := p.room("incidents")
	at := p.at.Add(time.Minute)
	want := p.say(room.ID, func(post *web.Post) {
		post.Only, post.Asked = "ana", "/incident list \U0001F514 \"quoted\""
		post.Form = &bot.Form{
			Token: "t", Title: "A form", Submit: "Go",
			Inputs: []bot.Input{
				{Name: "n", Label: "N", Kind: bot.ChoicesInput, Options: []bot.Option{{Value: "v", Label: "V"}}},
			},
		}
		post.Message = bot.Message{
			Title: "🟠 <b>", Tone: bot.Warning,
			Sections: []bot.Section{
				{
					Text: bot.T("plain ", bot.Bold("bold"), at, bot.PersonID("ana")), Quote: true,
					Fields: []bot.Field{{Label: "L", Value: bot.T("v")}},
				},
			},
			Actions: []bot.Action{
				{Label: "A", Command: "c.d", Token: "tok", Choose: "x", Options: []bot.Option{{Value: "1", Label: "one"}}},
			},
			Context: []bot.Text{bot.T("small")},
		}
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
