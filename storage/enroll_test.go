package storage_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

func profile(user, name, email string, standing bot.Standing) bot.Profile {
	return bot.Profile{
		Account: bot.Account{Platform: "slack", Workspace: "T1", User: user}, Name: name, Email: email, Standing: standing,
	}
}

func TestEnroll(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.Open(t, url)
		ctx := context.Background()
		configured := []bot.Person{
			{ID: "ana", Name: "Ana Ruiz", Email: "ana@northwind.example", Roles: []string{"incident-lead"}, Active: true},
		}
		sync := func(people []bot.Person) {
			t.Helper()
			if err := s.SyncPeople(ctx, people, bottest.Start); err != nil {
				t.Fatal(err)
			}
		}
		sync(configured)
		enroll := func(p bot.Profile) bot.Person {
			t.Helper()
			got, err := s.Enroll(ctx, p, []string{"responder"}, bottest.Start)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		for _, c := range []struct {
			p    bot.Profile
			want bot.PersonID
		}{
			{profile("U1", "Ana R.", "Ana@Northwind.example", bot.Member), "ana"},
			// an address proves nothing about a guest, and the name is taken
			{profile("U2", "Ana", "ana@northwind.example", bot.Guest), "ana.slack"},
			{profile("U3", "Dan Fox", "", bot.Member), "dan-fox.slack"},
			{profile("U4", "Dan Fox", "", bot.Member), "dan-fox-2.slack"},
			{profile("U5", "花子", "", bot.Member), "u5.slack"},
		} {
			for range 2 {
				if got := enroll(c.p); got.ID != c.want || !got.Active {
					t.Errorf("%s %q is %+v, want %s", c.p.Account.User, c.p.Name, got, c.want)
				}
			}
		}
		sync(configured)
		if p, err := s.Identify(ctx, profile("U3", "", "", "").Account); err != nil || !p.Active || p.ID != "dan-fox.slack" {
			t.Errorf("an enrolled person after a restart: %+v %v", p, err)
		}
		sync([]bot.Person{
			{
				ID: "dan", Name: "Dan Fox", Roles: []string{"admin"}, Active: true,
				Accounts: []bot.Account{{Platform: "slack", Workspace: "T1", User: "U3"}},
			},
		})
		if p, err := s.Identify(ctx, profile("U3", "", "", "").Account); err != nil || p.ID != "dan" {
			t.Errorf("an account that the configuration gives to somebody: %+v %v", p, err)
		}
		people, err := s.People(ctx)
		if err != nil {
			t.Fatal(err)
		}
		active := map[bot.PersonID]bool{}
		for _, p := range people {
			active[p.ID] = p.Active
		}
		if active["dan-fox.slack"] || active["ana"] || !active["dan-fox-2.slack"] {
			t.Errorf("active: %v", active)
		}
	})
}

func TestEnrolledOnce(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.Open(t, url)
		var wg sync.WaitGroup
		ids := make([]bot.PersonID, 8)
		for n := range ids {
			wg.Go(func() {
				p, err := s.Enroll(
					context.Background(), profile("U1", "Dan Fox", "", bot.Member), []string{"responder"}, bottest.Start,
				)
				if err != nil {
					t.Error(err)
				}
				ids[n] = p.ID
			})
		}
		wg.Wait()
		if got := slices.Compact(ids); len(got) != 1 || got[0] != "dan-fox.slack" {
			t.Errorf("one account became %v", got)
		}
	})
}

// Somebody whom a platform enrolled keeps their id, whatever the configuration says later, unless it shows that it
// means them.
func TestAConfiguredPersonNeverTakesOverAnEnrolledOne(t *testing.T) {
	stranger := bot.Account{Platform: "slack", Workspace: "T1", User: "U7"}
	for name, c := range map[string]struct {
		configured bot.Person
		taken      bool
	}{
		"only the id":     {bot.Person{Roles: []string{"approver", "admin"}}, false},
		"another address": {bot.Person{Email: "other@northwind.example"}, false},
		"another account": {
			bot.Person{Accounts: []bot.Account{{Platform: "slack", Workspace: "T1", User: "U8"}}}, false,
		},
		"the account elsewhere": {
			bot.Person{Accounts: []bot.Account{{Platform: "slack", Workspace: "T2", User: "U7"}}}, false,
		},
		"the account of the id":      {bot.Person{Accounts: []bot.Account{{Platform: "web", User: "user2"}}}, false},
		"their account":              {bot.Person{Accounts: []bot.Account{stranger}}, true},
		"their address, in capitals": {bot.Person{Email: "USER2@northwind.example"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			storagetest.Each(t, func(t *testing.T, url string) {
				s := storagetest.Open(t, url)
				ctx := t.Context()
				if _, err := s.Enroll(ctx, bot.Profile{
					Account: stranger, Name: "user2", Email: "user2@northwind.example", Standing: bot.Member,
				}, []string{"responder"}, bottest.Start); err != nil {
					t.Fatal(err)
				}
				// As versions before this one named them.
				for _, sql := range []string{
					"INSERT INTO people (id, name, email, zone, roles, active, enrolled) SELECT 'user2', name, email, zone, roles, " +
						"active, enrolled FROM people",
					"UPDATE accounts SET person = 'user2'", "UPDATE accounts SET user_id = 'user2' WHERE platform = 'web'",
					"DELETE FROM people WHERE id = 'user2.slack'",
				} {
					if _, err := s.SQL().Exec(sql); err != nil {
						t.Fatal(err)
					}
				}
				configured := c.configured
				configured.ID, configured.Name, configured.Active, configured.Groups = "user2", "The Configured", true, []string{
					"sre",
				}
				people := []bot.Person{configured, {ID: "ana", Name: "Ana Ruiz", Active: true}}
				list, err := s.Conflicts(ctx, people)
				if err != nil || (len(list) == 1) == c.taken {
					t.Errorf("conflicts: %v %v", list, err)
				}
				for range 2 {
					if err := s.SyncPeople(ctx, people, bottest.Start); err != nil {
						t.Fatal(err)
					}
				}
				p, err := s.Identify(ctx, stranger)
				if err != nil || p.ID != "user2" || !p.Active || (p.Name == "The Configured") != c.taken ||
					!c.taken && (p.Has("admin") || !p.Has("responder")) {
					t.Errorf("the enrolled person: %+v %v", p, err)
				}
				if found, err := s.PeopleNamed(ctx, "user2"); err != nil || len(found) != 1 ||
					(len(found[0].Groups) > 0) != c.taken {
					t.Errorf("their groups: %+v %v", found, err)
				}
			})
		})
	}
}
