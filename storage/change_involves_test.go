package storage_test

import (
	"context"
	"slices"
	"testing"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/plan"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// A list of whom changes involve has every one that they have a part in: it is what keeps two people from becoming one.
func TestChangesThatInvolveSomebody(t *testing.T) {
	each := []func(c *change.Change){
		func(c *change.Change) { c.Requester, c.Beneficiary, c.Editor = "ana", "ana", "ana" },
		func(c *change.Change) { c.Beneficiary = "mia" },
		func(c *change.Change) { c.Author = "gus" },
		func(c *change.Change) { c.Implementers = []bot.PersonID{"ida", "a_b.discord"} },
		func(c *change.Change) { c.Beneficiary, c.Editor = "eve", "eve" },
		func(c *change.Change) { c.Glass = change.Glass{By: "leo", Second: "kim", At: bottest.Start} },
		func(c *change.Change) {
			c.Exemptions = []change.Exemption{{What: "INC-1", By: "pia", At: bottest.Start}}
		},
		func(c *change.Change) {
			c.Votes = []change.Vote{{
				Stage: "peer", Revision: c.Revision, Digest: c.Digest, Person: "ben", Seat: "chloe", Decision: change.Approve,
				State: change.Counted, At: bottest.Start,
			}}
		},
		func(c *change.Change) {
			c.Requester, c.Beneficiary, c.Editor, c.State = "ana", "ana", "ana", change.Cancelled
		},
	}
	storagetest.Each(t, func(t *testing.T, url string) {
		r := storagetest.WithPeople(t, url, "test").Changes()
		for _, set := range each {
			_, err := r.Create(t.Context(), func(n int64, _ change.Look) (*change.Change, bot.Effects, error) {
				c := change.Request(n, plan.Content{
					Type: policy.Normal, Title: "Resize", Services: []string{"db"}, Env: "prod",
				}, "dan", "dan", "test", bottest.Start)
				set(c)
				return c, effects(c.ID()), nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		open := []change.State{change.Draft, change.Pending}
		list := func(ctx context.Context, who bot.PersonID) (found, parts []int64) {
			all, err := r.List(ctx, change.Filter{States: open, Involves: who, Limit: 100})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range all {
				found = append(found, c.Number)
				if _, ok := c.Part(who); ok {
					parts = append(parts, c.Number)
				}
			}
			return found, parts
		}
		for who, want := range map[bot.PersonID][]int64{
			"ana": {1}, "mia": {2}, "gus": {3}, "ida": {4}, "a_b.discord": {4}, "eve": {5}, "leo": {6}, "kim": {6}, "pia": {7},
			"ben": {8}, "chloe": {8}, "dan": {8, 7, 6, 5, 4, 3, 2}, "an": nil, "id": nil, "zoe": nil,
		} {
			t.Run(string(who), func(t *testing.T) {
				found, parts := list(t.Context(), who)
				if !slices.Equal(found, want) || !slices.Equal(parts, want) {
					t.Errorf("found %v, of which they have a part in %v, want %v", found, parts, want)
				}
			})
		}
	})
}
