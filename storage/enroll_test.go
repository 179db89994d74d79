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
	return bot.Profile{Account: bot.Account{Platform: "slack", Workspace: "T1", User: user}, Name: name, Email: email, Standing: standing}
}

func TestEnroll(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.Open(t, url)
		ctx := context.Background()
		configured := []bot.Person{{ID: "ana", Name: "Ana Ruiz", Email: "ana@northwind.example", Roles: []string{"incident-lead"}, Active: true}}
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
			{profile("U2", "Ana", "ana@northwind.example", bot.Guest), "ana-2"}, // an address proves nothing about a guest, and the name is taken
			{profile("U3", "Dan Fox", "", bot.Member), "dan-fox"},
			{profile("U4", "Dan Fox", "", bot.Member), "dan-fox-2"},
			{profile("U5", "花子", "", bot.Member), "u5"},
		} {
			for range 2 {
				if got := enroll(c.p); got.ID != c.want || !got.Active {
					t.Errorf("%s %q is %+v, want %s", c.p.Account.User, c.p.Name, got, c.want)
				}
			}
		}
		sync(configured)
		if p, err := s.Identify(ctx, profile("U3", "", "", "").Account); err != nil || !p.Active || p.ID != "dan-fox" {
			t.Errorf("an enrolled person after a restart: %+v %v", p, err)
		}
		sync([]bot.Person{{ID: "dan", Name: "Dan Fox", Roles: []string{"admin"}, Active: true, Accounts: []bot.Account{{Platform: "slack", Workspace: "T1", User: "U3"}}}})
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
		if active["dan-fox"] || active["ana"] || !active["dan-fox-2"] {
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
				p, err := s.Enroll(context.Background(), profile("U1", "Dan Fox", "", bot.Member), []string{"responder"}, bottest.Start)
				if err != nil {
					t.Error(err)
				}
				ids[n] = p.ID
			})
		}
		wg.Wait()
		if got := slices.Compact(ids); len(got) != 1 || got[0] != "dan-fox" {
			t.Errorf("one account became %v", got)
		}
	})
}
