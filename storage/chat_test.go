package storage_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/adapters/web/webtest"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/storagetest"
)

func TestChat(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		// Every check begins with an empty chat in the one database: opening it costs more than emptying it.
		s := storagetest.WithPeople(t, url, web.Platform)
		webtest.CheckStore(t, func(t *testing.T) webtest.Store {
			t.Helper()
			for _, sql := range []string{"DELETE FROM chat_members", "DELETE FROM chat_posts", "DELETE FROM chat_channels"} {
				if _, err := s.SQL().Exec(sql); err != nil {
					t.Fatal(err)
				}
			}
			return s.Chat()
		})
	})
}

// Many write at once, among them some who cannot: everybody gets their own answer, and what is written is there once,
// without gaps.
func TestOneWhoCannotWriteHarmsNobody(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		chat := storagetest.WithPeople(t, url, web.Platform).Chat()
		open := func(name string) web.Channel {
			c, err := chat.OpenChannel(ctx, web.Channel{Key: name, Name: name})
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		room, gone := open("room"), open("gone")
		if err := chat.Archive(ctx, gone.ID); err != nil {
			t.Fatal(err)
		}
		var people sync.WaitGroup
		for n := range 120 {
			people.Go(func() {
				channel := room.ID
				var want error
				if n%10 == 3 {
					channel, want = gone.ID, bot.ErrGone
				}
				key := n
				if n%5 == 1 {
					key-- // what another says too
				}
				if _, err := chat.AddPost(
					ctx, web.Post{Channel: channel, Key: fmt.Sprint("post ", key), Author: "ana"},
				); !errors.Is(
					err, want,
				) {
					t.Errorf("post %d: %v, want %v", n, err, want)
				}
			})
		}
		people.Wait()
		list, err := chat.Page(ctx, web.PageQuery{Channel: room.ID, Limit: 200})
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range list {
			if p.N != int64(i+1) {
				t.Errorf("post %d has the number %d", i+1, p.N)
			}
		}
		if want := 120 - 12 - 24; len(list) != want {
			t.Errorf("%d posts, want %d", len(list), want)
		}
	})
}
