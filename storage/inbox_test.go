package storage_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

func claimOf(owner string, lease time.Duration) bot.Claim {
	return bot.Claim{Owner: owner, Lease: lease, Limit: 100}
}

func TestInbox(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		ctx, s := t.Context(), storagetest.Open(t, url)
		keep := func(key string, lease time.Duration) bool {
			t.Helper()
			added, err := s.Keep(ctx, claimOf("first", lease), bot.Kept{
				Key: key, Platform: "slack", Back: `{"of":"` + key + "\x00\xff\"}",
			})
			if err != nil {
				t.Fatal(err)
			}
			return added
		}
		for _, c := range []struct {
			key   string
			lease time.Duration
			added bool
		}{
			{"alive", time.Hour, true}, {"alive", time.Hour, false}, {"dead", -time.Second, true},
			{"dead", -time.Second, false},
		} {
			if got := keep(c.key, c.lease); got != c.added {
				t.Errorf("%s was added: %v", c.key, got)
			}
		}
		claim := func() []bot.Kept {
			t.Helper()
			list, err := s.ClaimKept(ctx, claimOf("second", time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		if list := claim(); len(list) != 1 ||
			list[0] != (bot.Kept{Key: "dead", Platform: "slack", Back: `{"of":"dead?"}`, Attempt: 1}) {
			t.Errorf("claimed %+v", list)
		}
		if list := claim(); len(list) != 0 {
			t.Errorf("claimed twice: %+v", list)
		}
		mine := func(owner string) []string {
			t.Helper()
			keys, err := s.ExtendKept(ctx, claimOf(owner, time.Hour), []string{"alive", "dead", "nothing"})
			if err != nil {
				t.Fatal(err)
			}
			return keys
		}
		if first, second := mine("first"), mine("second"); !slices.Equal(first, []string{"alive"}) ||
			!slices.Equal(second, []string{"dead"}) {
			t.Errorf("the first holds %v, the second %v", first, second)
		}
		for range 2 {
			if err := s.DropKept(ctx, "first", "dead"); err != nil { // which is no longer its own
				t.Fatal(err)
			}
			if err := s.DropKept(ctx, "first", "alive"); err != nil {
				t.Fatal(err)
			}
		}
		if first, second := mine("first"), mine("second"); len(first) != 0 || !slices.Equal(second, []string{"dead"}) {
			t.Errorf("afterwards the first holds %v, the second %v", first, second)
		}
	})
}

// Many requests get late at once when a database hangs. All are kept, each once.
func TestInboxTakesCrowds(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.Open(t, url)
		if _, err := s.Keep(t.Context(), claimOf("x", time.Hour), bot.Kept{Key: "first", Platform: "slack"}); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		added := map[string]int{}
		for n := range 400 {
			wg.Go(func() {
				key := fmt.Sprint("key-", n/2) // each twice
				ok, err := s.Keep(t.Context(), claimOf("x", time.Hour), bot.Kept{Key: key, Platform: "slack"})
				mu.Lock()
				defer mu.Unlock()
				if ok {
					added[key]++
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for n := range 200 {
			if key := fmt.Sprint("key-", n); added[key] != 1 {
				t.Errorf("%s was added %d times", key, added[key])
			}
		}
	})
}

// The inbox takes requests while all connections of the pool hang, and gives up soon when it cannot.
func TestInboxBesideWhatHangs(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		s, err := storage.Open(ctx, url, storage.Options{Server: true, Relaxed: true, Conns: 2, KeepWithin: 2 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		kept := bot.Kept{Key: "k", Platform: "slack"}
		conn, err := s.SQL().Conn(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		lock := "BEGIN IMMEDIATE"
		if s.Kind() == "postgres" {
			second, err := s.SQL().Conn(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = second.Close() }()
			if _, err := conn.ExecContext(ctx, "BEGIN; SELECT * FROM audit_head FOR UPDATE"); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Keep(ctx, claimOf("x", time.Hour), kept); err != nil {
				t.Errorf("while the pool is used up and the head is locked: %v", err)
			}
			kept.Key, lock = "another", "LOCK TABLE inbox"
		}
		if _, err := conn.ExecContext(ctx, lock); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Keep(ctx, claimOf("x", time.Hour), kept); err == nil {
			t.Error("kept in what is locked")
		}
		if _, err := conn.ExecContext(ctx, "ROLLBACK"); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(20 * time.Second); ; { // the connection may have to be opened anew
			if _, err = s.Keep(ctx, claimOf("x", time.Hour), kept); err == nil {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("when nothing is locked any more: %v", err)
			}
		}
	})
}

// A server on SQLite need not wait for the leases of the one before it.
func TestInboxIsTakenOverAtTheStart(t *testing.T) {
	url := "sqlite:" + t.TempDir() + "/watchbell.db"
	before := storagetest.Open(t, url)
	if _, err := before.Keep(t.Context(), claimOf("dead", time.Hour), bot.Kept{Key: "k", Platform: "slack"}); err != nil {
		t.Fatal(err)
	}
	server, err := storage.Open(t.Context(), url, storage.Options{Server: true, Relaxed: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	if list, err := server.ClaimKept(t.Context(), claimOf("new", time.Hour)); len(list) != 1 || err != nil {
		t.Errorf("%v %v", list, err)
	}
}
