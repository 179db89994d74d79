package storage_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/watchbell/watchbell/adapters/web/login"
	"github.com/watchbell/watchbell/adapters/web/login/passkey"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

func passkeyOf(id string, who bot.PersonID) passkey.Passkey {
	return passkey.Passkey{
		ID: []byte(id), Person: who, Handle: []byte("a handle of " + who + ", opaque"), Name: "Laptop", Key: []byte("public"),
		Counter: 5, Transports: []string{"internal", "hybrid"}, Made: bottest.Start,
	}
}

func TestAnAttemptIsSpentOnce(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		one, two := storagetest.Open(t, url), storagetest.Open(t, url)
		var won atomic.Int32
		var wait sync.WaitGroup
		for n := range 10 {
			wait.Go(func() {
				s := []*storage.Store{one, two}[n%2]
				first, err := s.Login().Spend(t.Context(), "an attempt that comes back", bottest.Start)
				if err != nil {
					t.Error(err)
				}
				if first {
					won.Add(1)
				}
			})
		}
		wait.Wait()
		if won.Load() != 1 {
			t.Errorf("it counted %d times", won.Load())
		}
	})
}

func TestPasskeysAreKept(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		one := storagetest.WithPeople(t, url, "test")
		two := storagetest.Open(t, url)
		ctx := t.Context()
		want := passkeyOf("first", "ana")
		if err := one.Login().AddPasskey(ctx, want, entered("people/ana")); err != nil {
			t.Fatal(err)
		}
		got, err := two.Login().PasskeyOf(ctx, want.ID)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
		if err := two.Login().AddPasskey(ctx, passkeyOf("first", "ben"), entered("people/ben")); !errors.Is(err, bot.ErrStale) {
			t.Errorf("the same id again: %v", err)
		}
		if err := two.Login().AddPasskey(ctx, passkeyOf("third", "nobody"), entered("people")); !errors.Is(err, bot.ErrNoSuch) {
			t.Errorf("of nobody: %v", err)
		}
		for n := range passkey.Most - 1 {
			if err := one.Login().AddPasskey(ctx, passkeyOf(string(rune('a'+n)), "ana"), entered("people/ana")); err != nil {
				t.Fatal(err)
			}
		}
		if err := one.Login().AddPasskey(ctx, passkeyOf("more", "ana"), entered("people/ana")); !errors.Is(err, bot.ErrStale) {
			t.Errorf("one more than anybody may have: %v", err)
		}
		if err := one.Login().RemovePasskeys(ctx, "ben", [][]byte{want.ID}, entered("people/ben")); err == nil {
			if _, err := two.Login().PasskeyOf(ctx, want.ID); err != nil {
				t.Errorf("somebody else took it away: %v", err)
			}
		}
		if err := one.Login().RemovePasskeys(ctx, "ana", [][]byte{want.ID}, entered("people/ana")); err != nil {
			t.Fatal(err)
		}
		if _, err := two.Login().PasskeyOf(ctx, want.ID); !errors.Is(err, passkey.ErrUnknown) {
			t.Errorf("after it was taken away: %v", err)
		}
		if list, err := two.Login().PasskeysOf(ctx, "ana"); err != nil || len(list) != passkey.Most-1 {
			t.Errorf("%d are left: %v", len(list), err)
		}
	})
}

// A counter only goes up, whoever is first; authenticators that do not count say 0 always.
func TestAPasskeyCountsOn(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		one := storagetest.WithPeople(t, url, "test")
		two := storagetest.Open(t, url)
		ctx := t.Context()
		still := passkeyOf("still", "ana")
		still.Counter = 0
		for _, p := range []passkey.Passkey{passkeyOf("counts", "ana"), still} {
			if err := one.Login().AddPasskey(ctx, p, entered("people/ana")); err != nil {
				t.Fatal(err)
			}
		}
		for n, c := range []struct {
			id      string
			counter uint32
			who     bot.PersonID
			want    error
		}{
			{"counts", 6, "ana", nil}, {"counts", 6, "ana", bot.ErrNoSuch}, {"counts", 5, "ana", bot.ErrNoSuch},
			{"counts", 0, "ana", bot.ErrNoSuch}, {"counts", 9, "ben", bot.ErrNoSuch}, {"counts", 9, "ana", nil},
			{"still", 0, "ana", nil}, {"still", 0, "ana", nil}, {"gone", 1, "ana", bot.ErrNoSuch},
		} {
			used := passkeyOf(c.id, c.who)
			used.Counter = c.counter
			s := []*storage.Store{one, two}[n%2]
			err := s.Login().Enter(ctx, login.Entry{
				Session: session(n, c.who, bottest.Start), Passkey: &used, Effects: entered("people/" + string(c.who)),
			})
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("%s counted to %d by %s: %v", c.id, c.counter, c.who, err)
			}
			_, _, err = s.Login().SessionOf(ctx, hashOf(n))
			if (err == nil) != (c.want == nil) {
				t.Errorf("%s counted to %d: the session: %v", c.id, c.counter, err)
			}
		}
		if p, err := two.Login().PasskeyOf(ctx, []byte("counts")); err != nil || p.Counter != 9 || !p.Used.Equal(bottest.Start) {
			t.Errorf("kept is %+v, %v", p, err)
		}
	})
}

func subject(name string, who bot.PersonID, roles ...string) login.Subject {
	return login.Subject{
		Issuer: "https://login.example.com", Subject: name, Person: who, Email: "x@example.com", Groups: []string{"Ops team"},
		Roles: roles, Made: bottest.Start, Used: bottest.Start,
	}
}

// rolesOf are somebody's roles as everything but the sign-in sees them, and as their session says.
func rolesOf(t *testing.T, s *storage.Store, who bot.PersonID) []string {
	t.Helper()
	people, err := s.People(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range people {
		if p.ID == who {
			return p.Roles
		}
	}
	t.Fatalf("there is no %s", who)
	return nil
}

func TestRolesByGroups(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		ctx := t.Context()
		own := rolesOf(t, s, "dan")
		if slices.Contains(own, "auditor") {
			t.Fatal("dan is an auditor anyway")
		}
		in := func(n int, roles ...string) {
			t.Helper()
			as := subject("248289761001", "dan", roles...)
			if err := s.Login().Enter(ctx, login.Entry{
				Session: session(n, "dan", bottest.Start), Subject: &as, Effects: entered("people/dan"),
			}); err != nil {
				t.Fatal(err)
			}
		}
		in(1, "auditor", "viewer")
		if got := rolesOf(t, s, "dan"); !slices.Equal(got, append(slices.Clone(own), "auditor", "viewer")) {
			t.Errorf("after the first sign-in: %v", got)
		}
		if _, p, err := s.Login().SessionOf(ctx, hashOf(1)); err != nil || !p.Has("auditor") {
			t.Errorf("the session's person has %v, %v", p.Roles, err)
		}
		// A start with the same configuration changes nothing, and another one leaves what groups gave.
		before := lastSeq(t, s)
		if err := s.SyncPeople(ctx, bottest.People("test"), bottest.Start); err != nil {
			t.Fatal(err)
		}
		if after := lastSeq(t, s); after != before {
			t.Errorf("the same configuration wrote %d entries", after-before)
		}
		in(2, "viewer")
		if got := rolesOf(t, s, "dan"); slices.Contains(got, "auditor") || !slices.Contains(got, "viewer") {
			t.Errorf("after leaving a group: %v", got)
		}
		// The configuration gives another role for the group by now, and none by another provider.
		err := s.Login().RegrantRoles(ctx, func(issuer string, groups []string) []string {
			if issuer != "https://login.example.com" || !slices.Equal(groups, []string{"Ops team"}) {
				t.Errorf("asked for %s, %v", issuer, groups)
			}
			return []string{"auditor"}
		}, bottest.Start)
		if err != nil {
			t.Fatal(err)
		}
		if got := rolesOf(t, s, "dan"); !slices.Contains(got, "auditor") || slices.Contains(got, "viewer") {
			t.Errorf("after the configuration changed: %v", got)
		}
		list, err := s.Login().SubjectsOf(ctx, "dan")
		if err != nil || len(list) != 1 || !slices.Equal(list[0].Roles, []string{"auditor"}) {
			t.Fatalf("%+v, %v", list, err)
		}
		if err := s.Login().RemoveSubjects(ctx, "dan", []string{list[0].ID()}, entered("people/dan")); err != nil {
			t.Fatal(err)
		}
		if got := rolesOf(t, s, "dan"); !slices.Equal(got, own) {
			t.Errorf("after the account was taken away: %v", got)
		}
	})
}

func lastSeq(t *testing.T, s *storage.Store) int64 {
	t.Helper()
	end, err := s.AuditEnd(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return end.Seq
}

func TestAnAccountBelongsToOnePerson(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		ctx := t.Context()
		if err := s.Login().AddSubject(ctx, subject("248289761001", "ana"), entered("people/ana")); err != nil {
			t.Fatal(err)
		}
		taken := subject("248289761001", "ben", "admin")
		if err := s.Login().AddSubject(ctx, taken, entered("people/ben")); !errors.Is(err, bot.ErrStale) {
			t.Errorf("added to somebody else: %v", err)
		}
		err := s.Login().Enter(ctx, login.Entry{
			Session: session(1, "ben", bottest.Start), Subject: &taken, Effects: entered("people/ben"),
		})
		if !errors.Is(err, bot.ErrNoSuch) {
			t.Errorf("signed in as somebody else: %v", err)
		}
		got, err := s.Login().SubjectOf(ctx, "https://login.example.com", "248289761001")
		if err != nil || got.Person != "ana" || slices.Contains(rolesOf(t, s, "ben"), "admin") {
			t.Errorf("it is of %s, %v", got.Person, err)
		}
		for _, c := range [][2]string{{"https://login.example.com/", "248289761001"}, {"https://login.example.com", "24828976100"}} {
			if _, err := s.Login().SubjectOf(ctx, c[0], c[1]); !errors.Is(err, bot.ErrNoSuch) {
				t.Errorf("%v: %v", c, err)
			}
		}
	})
}

func TestWhoHasAnAddress(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.Open(t, url)
		ctx := context.Background()
		people := []bot.Person{
			{ID: "ana", Name: "Ana", Email: "Ana@example.com", Active: true},
			{ID: "old", Name: "Old", Email: "ana@EXAMPLE.com"}, {ID: "ben", Name: "Ben", Active: true},
		}
		if err := s.SyncPeople(ctx, people, bottest.Start); err != nil {
			t.Fatal(err)
		}
		profile := bot.Profile{Account: bot.Account{Platform: "slack", Workspace: "T1", User: "U1"}, Name: "Eve",
			Email: "eve@example.com", Standing: bot.Member}
		if _, err := s.Enroll(ctx, profile, []string{"member"}, bottest.Start.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		for email, want := range map[string]int{"ana@example.com": 2, "": 0, "eve@example.com": 0, "a%": 0} {
			if got, err := s.Login().Configured(ctx, email); err != nil || len(got) != want {
				t.Errorf("%q: %v, %v", email, got, err)
			}
		}
	})
}
