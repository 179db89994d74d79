package storage_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/web/login"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// hashOf is a hash that no other number has.
func hashOf(n int) string { return fmt.Sprintf("%064x", n) }

func session(n int, who bot.PersonID, at time.Time) login.Session {
	return login.Session{
		ID: hashOf(n), Person: who, Made: at, Seen: at, Way: "chat-link", Factor: "link", Address: "203.0.113.7",
		Agent: "Firefox",
	}
}

func entered(object string) bot.Effects {
	return bot.Effects{Audit: bot.Audit{
		Action: "session.start", Object: object, Result: bot.ResultDone, Source: "web", At: bottest.Start,
	}}
}

func enter(t *testing.T, s *storage.Store, e login.Entry) {
	t.Helper()
	e.Effects = entered("people/" + string(e.Session.Person))
	if err := s.Login().Enter(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}

func TestASessionIsFoundByEachInstance(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		one := storagetest.WithPeople(t, url, "test")
		two := storagetest.Open(t, url)
		ctx, at := t.Context(), bottest.Start
		enter(t, one, login.Entry{Session: session(1, "ana", at)})
		for name, s := range map[string]*storage.Store{"the one that made it": one, "another": two} {
			got, person, err := s.Login().SessionOf(ctx, hashOf(1))
			if err != nil || got != session(1, "ana", at) || person.ID != "ana" || !person.Active || person.Name != "Ana Ruiz" {
				t.Errorf("%s: %+v %+v %v", name, got, person, err)
			}
		}
		later := at.Add(time.Hour)
		if err := two.Login().SessionSeen(ctx, hashOf(1), later); err != nil {
			t.Fatal(err)
		}
		if got, _, err := one.Login().SessionOf(ctx, hashOf(1)); err != nil || !got.Seen.Equal(later) {
			t.Errorf("seen %v %v", got.Seen, err)
		}
		if err := one.SyncPeople(ctx, without(bottest.People("test"), "ana"), at); err != nil {
			t.Fatal(err)
		}
		if _, person, err := two.Login().SessionOf(ctx, hashOf(1)); err != nil || person.Active {
			t.Errorf("who left is still active: %+v %v", person, err)
		}
		err := one.Login().Enter(ctx, login.Entry{Session: session(2, "ana", at), Effects: entered("people/ana")})
		if !errors.Is(err, bot.ErrNoSuch) {
			t.Errorf("who left signs in: %v", err)
		}
		if _, _, err := two.Login().SessionOf(ctx, hashOf(2)); !errors.Is(err, bot.ErrNoSuch) {
			t.Errorf("there is a session: %v", err)
		}
	})
}

func without(people []bot.Person, id bot.PersonID) []bot.Person {
	var rest []bot.Person
	for _, p := range people {
		if p.ID != id {
			rest = append(rest, p)
		}
	}
	return rest
}

func TestALinkSignsInOnce(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		one := storagetest.WithPeople(t, url, "test")
		stores := []*storage.Store{one}
		if strings.HasPrefix(url, "postgres") {
			stores = append(stores, storagetest.Open(t, url))
		}
		ctx, at := t.Context(), bottest.Start
		link, _ := login.NewLink(login.FromChat, "ana", "ana", "/c/general", at)
		older, _ := login.NewLink(login.FromChat, "ana", "ana", "", at)
		for _, l := range []login.Link{older, link} {
			if err := one.Login().SaveLink(ctx, l, entered("people/ana")); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := one.Login().LinkOf(ctx, link.Hash); err != nil || got != link {
			t.Errorf("%+v %v", got, err)
		}
		if _, err := one.Login().LinkOf(ctx, older.Hash); !errors.Is(err, bot.ErrNoSuch) {
			t.Errorf("the older link still works: %v", err)
		}
		late := session(900, "ana", link.Expires)
		err := one.Login().Enter(ctx, login.Entry{Session: late, Link: link.Hash, Effects: entered("people/ana")})
		if !errors.Is(err, bot.ErrNoSuch) {
			t.Errorf("a link whose time is over signs in: %v", err)
		}
		var in atomic.Int64
		atOnce(20, func(n int) {
			err := stores[n%len(stores)].Login().Enter(ctx, login.Entry{
				Session: session(n+1, "ana", at), Link: link.Hash, Effects: entered("people/ana"),
			})
			switch {
			case err == nil:
				in.Add(1)
			case !errors.Is(err, bot.ErrNoSuch):
				t.Error(err)
			}
		})
		list, err := one.Login().SessionsOf(ctx, "ana")
		if err != nil || in.Load() != 1 || len(list) != 1 {
			t.Errorf("%d signed in, there are %d sessions: %v", in.Load(), len(list), err)
		}
	})
}

// atOnce calls f at once so many times, and waits.
func atOnce(n int, f func(n int)) {
	var all sync.WaitGroup
	for k := range n {
		all.Go(func() { f(k) })
	}
	all.Wait()
}

func TestThereIsOneFirstAdministrator(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.Open(t, url)
		ctx, at := t.Context(), bottest.Start
		if has, err := s.Login().HasAdministrator(ctx); err != nil || has {
			t.Fatal(has, err)
		}
		links := make([]login.Link, 10)
		for n := range links {
			links[n], _ = login.NewLink(login.FirstAdmin, "", "the server", "", at)
			if err := s.Login().SaveLink(ctx, links[n], entered("people")); err != nil {
				t.Fatal(err)
			}
		}
		var in atomic.Int64
		atOnce(len(links), func(n int) {
			err := s.Login().Enter(ctx, login.Entry{
				Session: session(n, "", at), Link: links[n].Hash, Effects: entered("people"),
				First: &bot.Person{
					ID: "ana", Name: "Ana Ruiz", Email: "ana@northwind.example", Roles: []string{"admin"}, Active: true,
				},
			})
			switch {
			case err == nil:
				in.Add(1)
			case !errors.Is(err, bot.ErrStale):
				t.Error(err)
			}
		})
		if in.Load() != 1 {
			t.Errorf("%d became the first administrator", in.Load())
		}
		p, err := s.Identify(ctx, bot.Account{Platform: "web", User: "ana"})
		if err != nil || p.Name != "Ana Ruiz" || !p.Has("admin") || !p.Active {
			t.Errorf("%+v %v", p, err)
		}
		if list, err := s.Login().SessionsOf(ctx, "ana"); err != nil || len(list) != 1 {
			t.Errorf("sessions %v %v", list, err)
		}
		if has, err := s.Login().HasAdministrator(ctx); err != nil || !has {
			t.Error(has, err)
		}
		if _, err := s.VerifyAudit(ctx); err != nil {
			t.Error(err)
		}
	})
}

// The first administrator is nobody of the configuration, which must neither put them out nor give their id away.
func TestTheConfigurationLeavesTheFirstAdministratorAlone(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.Open(t, url)
		ctx, at := context.Background(), bottest.Start
		link, _ := login.NewLink(login.FirstAdmin, "", "the server", "", at)
		if err := s.Login().SaveLink(ctx, link, entered("people")); err != nil {
			t.Fatal(err)
		}
		err := s.Login().Enter(ctx, login.Entry{
			Session: session(1, "", at), Link: link.Hash, Effects: entered("people"),
			First: &bot.Person{ID: "ana", Name: "Ana Ruiz", Email: "ana@northwind.example", Roles: []string{"admin"}, Active: true},
		})
		if err != nil {
			t.Fatal(err)
		}
		person := func() bot.Person {
			t.Helper()
			_, p, err := s.Login().SessionOf(ctx, hashOf(1))
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		sync := func(p ...bot.Person) {
			t.Helper()
			if err := s.SyncPeople(ctx, p, at); err != nil {
				t.Fatal(err)
			}
		}
		web := []bot.Account{{Platform: "web", User: "ana"}}
		sync(bot.Person{ID: "ben", Name: "Ben", Roles: []string{"responder"}, Active: true})
		if p := person(); !p.Active || !p.Has("admin") {
			t.Errorf("after people were configured: %+v", p)
		}
		other := bot.Person{ID: "ana", Name: "Ana Other", Email: "other@northwind.example", Active: true, Accounts: web}
		if taken, err := s.Conflicts(ctx, []bot.Person{other}); err != nil || len(taken) != 1 {
			t.Errorf("conflicts %v %v", taken, err)
		}
		sync(other)
		if p := person(); p.Name != "Ana Ruiz" || !p.Has("admin") {
			t.Errorf("somebody else got the id: %+v", p)
		}
		sync(bot.Person{
			ID: "ana", Name: "Ana R.", Email: "Ana@Northwind.example", Roles: []string{"manager"}, Active: true, Accounts: web,
		})
		if p := person(); p.Name != "Ana R." || p.Has("admin") || !p.Active {
			t.Errorf("the same, by the e-mail address: %+v", p)
		}
	})
}

func TestRecoveryCodesSignInOnceEach(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		ctx, at := t.Context(), bottest.Start
		save := func(who bot.PersonID, hashes ...string) {
			t.Helper()
			if err := s.Login().SaveRecovery(ctx, who, hashes, entered("people/"+string(who))); err != nil {
				t.Fatal(err)
			}
		}
		left := func(who bot.PersonID, want int) {
			t.Helper()
			if got, err := s.Login().RecoveryLeft(ctx, who); err != nil || got != want {
				t.Errorf("%s has %d codes left, want %d: %v", who, got, want, err)
			}
		}
		save("ana", hashOf(101), hashOf(102))
		save("ben", hashOf(201))
		if who, err := s.Login().RecoveryOf(ctx, hashOf(101)); err != nil || who != "ana" {
			t.Error(who, err)
		}
		err := s.Login().Enter(ctx, login.Entry{Session: session(1, "ben", at), Recovery: hashOf(101), Effects: entered("x")})
		if !errors.Is(err, bot.ErrNoSuch) {
			t.Errorf("ana's code signs ben in: %v", err)
		}
		enter(t, s, login.Entry{Session: session(1, "ana", at), Recovery: hashOf(101)})
		if _, err := s.Login().RecoveryOf(ctx, hashOf(101)); !errors.Is(err, bot.ErrNoSuch) {
			t.Errorf("a used code is somebody's: %v", err)
		}
		err = s.Login().Enter(ctx, login.Entry{Session: session(2, "ana", at), Recovery: hashOf(101), Effects: entered("x")})
		if !errors.Is(err, bot.ErrNoSuch) {
			t.Errorf("a code signs in twice: %v", err)
		}
		left("ana", 1)
		save("ana", hashOf(103))
		left("ana", 1)
		if _, err := s.Login().RecoveryOf(ctx, hashOf(102)); !errors.Is(err, bot.ErrNoSuch) {
			t.Errorf("a code that was replaced works: %v", err)
		}
		save("ana")
		left("ana", 0)
		left("ben", 1)
	})
}

func TestSessionsEnd(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		ctx, at := t.Context(), bottest.Start
		for n := range 4 {
			enter(t, s, login.Entry{Session: session(n, "ana", at.Add(time.Duration(n)*time.Minute))})
		}
		enter(t, s, login.Entry{Session: session(9, "ben", at)})
		names := func(who bot.PersonID) string {
			t.Helper()
			list, err := s.Login().SessionsOf(ctx, who)
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			for _, x := range list {
				all = append(all, strings.TrimLeft(x.ID, "0"))
			}
			return strings.Join(all, " ")
		}
		if got := names("ana"); got != "3 2 1 " {
			t.Errorf("sessions %q", got)
		}
		err := s.Login().EndSessions(ctx, "ana", []string{hashOf(1), hashOf(9), hashOf(77)}, entered("people/ana"))
		if err != nil || names("ana") != "3 2 " || names("ben") != "9" {
			t.Errorf("%v: ana has %q, ben %q", err, names("ana"), names("ben"))
		}
		enter(t, s, login.Entry{Session: session(5, "ana", at), Replaces: hashOf(3)})
		if got := names("ana"); got != "2  5" {
			t.Errorf("after a new sign-in in the same browser: %q", got)
		}
		if err := s.Login().ForgetSessions(ctx, at.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if names("ana") != "2" || names("ben") != "" {
			t.Errorf("after forgetting: ana has %q, ben %q", names("ana"), names("ben"))
		}
	})
}
