package storage_test

import (
	"testing"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/adapters/web/webtest"
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
