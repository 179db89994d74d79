package storage_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

func TestProfilesAreKept(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		berlin := bottest.People("test")[0].Zone
		on := func(user string) bot.Account { return bot.Account{Platform: "test", User: user} }
		kept := func(user string, standing bot.Standing, at time.Time) bot.KeptProfile {
			return bot.KeptProfile{
				Profile: bot.Profile{Account: on(user), Name: "Somebody", Zone: berlin, Standing: standing}, At: at,
			}
		}
		now := bottest.Start.Add(123456 * time.Microsecond)
		mail := kept("ana", bot.Member, now)
		mail.Email = "ana@northwind.example"
		elsewhere := kept("dan", bot.Gone, now)
		elsewhere.Account.Workspace = "elsewhere"
		if err := s.SaveProfiles(t.Context(), []bot.KeptProfile{
			kept("dan", bot.Member, now), kept("nobody", bot.Member, now), mail, elsewhere,
		}); err != nil {
			t.Fatal(err)
		}
		for user, want := range map[string]bot.KeptProfile{
			"ana": kept("ana", bot.Member, now), "dan": kept("dan", bot.Member, now),
		} {
			t.Run(user, func(t *testing.T) {
				got, err := s.KeptProfile(t.Context(), on(user))
				if diff := cmp.Diff(
					want, got, cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() }),
				); diff != "" || err != nil {
					t.Errorf("%s: %v %s", user, err, diff)
				}
			})
		}
		if _, err := s.KeptProfile(t.Context(), on("nobody")); !errors.Is(err, bot.ErrNoSuch) {
			t.Errorf("somebody who never acted is kept: %v", err)
		}
		for _, c := range []struct {
			name string
			save bot.KeptProfile
			want bot.Standing
		}{
			{"newer", kept("dan", bot.Gone, now.Add(time.Microsecond)), bot.Gone},
			{"older", kept("dan", bot.Member, now), bot.Gone},
			{"as old", kept("dan", bot.Member, now.Add(time.Microsecond)), bot.Gone},
			{"newer by a second", kept("dan", bot.Guest, now.Add(time.Second)), bot.Guest},
		} {
			if err := s.SaveProfiles(t.Context(), []bot.KeptProfile{c.save}); err != nil {
				t.Fatal(err)
			}
			if got, err := s.KeptProfile(t.Context(), on("dan")); err != nil || got.Standing != c.want {
				t.Errorf("after one that is %s: %+v %v", c.name, got, err)
			}
		}
	})
}

func TestManyProfiles(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.Open(t, url)
		var people []bot.Person
		var list []bot.KeptProfile
		for n := range 450 {
			a := bot.Account{Platform: "test", Workspace: "W", User: fmt.Sprint("u", n)}
			people = append(people, bot.Person{ID: bot.PersonID(a.User), Name: a.User, Active: true, Accounts: []bot.Account{a}})
			list = append(list, bot.KeptProfile{Profile: bot.Profile{Account: a, Standing: bot.Member}, At: bottest.Start})
		}
		if err := s.SyncPeople(t.Context(), people, bottest.Start); err != nil {
			t.Fatal(err)
		}
		for range 2 { // told twice, and one of them twice at once
			if err := s.SaveProfiles(t.Context(), append(list, list[0], list[449])); err != nil {
				t.Fatal(err)
			}
		}
		for _, p := range list {
			if _, err := s.KeptProfile(t.Context(), p.Account); err != nil {
				t.Errorf("%v: %v", p.Account, err)
			}
		}
	})
}

func TestIdentitiesAreKept(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.Open(t, url)
		holds := func(credential, want string) {
			t.Helper()
			got, err := s.KeptIdentity(t.Context(), "slack", credential)
			if got != want || (want == "") != errors.Is(err, bot.ErrNoSuch) {
				t.Errorf("%s: %q %v, want %q", credential, got, err, want)
			}
		}
		keep := func(credential, data string) {
			t.Helper()
			if err := s.KeepIdentity(t.Context(), "slack", credential, data, bottest.Start); err != nil {
				t.Fatal(err)
			}
		}
		holds("one", "")
		keep("one", "first")
		keep("two", "other")
		keep("one", "second")
		holds("one", "second")
		holds("two", "other")
		keep("one", "")
		keep("one", "")
		holds("one", "")
		holds("two", "other")
	})
}
