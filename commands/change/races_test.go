package change_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/commands/change/plan"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// rounds is how often each race is run; WATCHBELL_ROUNDS sets another number.
func rounds(t *testing.T) int {
	t.Helper()
	n := 3
	if raw := os.Getenv("WATCHBELL_ROUNDS"); raw != "" {
		var err error
		if n, err = strconv.Atoi(raw); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

const racers = 100

// crowd is a hundred people who may approve, and one who requests.
type crowd struct {
	store  *storage.Store
	policy *policy.Policy
	kat    policy.Catalog
	roster change.Roster
}

func newCrowd(t *testing.T, url, rules string) *crowd {
	t.Helper()
	c := &crowd{store: storagetest.Open(t, url)}
	people := []bot.Person{{ID: "req", Name: "Req", Active: true, Roles: []string{"manager", "incident-lead"}}}
	for n := range racers {
		people = append(people, bot.Person{
			ID: bot.PersonID(fmt.Sprintf("p%d", n)), Name: fmt.Sprintf("P %d", n), Roles: []string{"approver"}, Active: true,
		})
	}
	if err := c.store.SyncPeople(context.Background(), people, bottest.Start); err != nil {
		t.Fatal(err)
	}
	c.kat = policy.Catalog{Services: testServices, People: people}
	var err error
	if c.policy, _, err = policy.Parse([]byte(rules), c.kat); err != nil {
		t.Fatal(err)
	}
	c.roster = change.Roster{
		At: bottest.Start, Groups: map[string][]change.Member{}, Failed: map[string]string{},
		People: map[bot.PersonID]bool{"req": true},
	}
	for _, p := range people[1:] {
		c.roster.People[p.ID] = true
		c.roster.Groups["approvers"] = append(c.roster.Groups["approvers"], change.Member{
			Person: p.ID, Source: "role approver",
		})
	}
	return c
}

func (c *crowd) world() change.World {
	return change.World{At: bottest.Start, Policy: c.policy, Catalog: c.kat, Roster: c.roster, Today: c.roster}
}

func content(steps string) plan.Content {
	return plan.Content{
		Type: policy.Normal, Title: "Race", Why: "To see", Services: []string{"wiki"}, Env: "prod", Plan: steps,
		Backout: "b", Window: plan.NewWindow(bottest.Start.Add(24*time.Hour), bottest.Start.Add(25*time.Hour), time.UTC),
	}
}

func effects(by bot.PersonID, id string) bot.Effects {
	return bot.Effects{
		Audit: bot.Audit{Actor: by, Action: "change.test", Object: id, Result: bot.ResultDone, At: bottest.Start},
	}
}

func (c *crowd) submit(t *testing.T) string {
	t.Helper()
	made, err := c.store.Changes().Create(
		context.Background(),
		func(n int64, _ change.Look) (*change.Change, bot.Effects, error) {
			x := change.Request(n, content("first"), "req", "", "test", bottest.Start)
			return x, effects("req", x.ID()), x.Submit(change.Actor{Person: "req"}, c.world(), bottest.Start)
		},
	)
	if err != nil {
		t.Fatal(err)
	}
	return made.ID()
}

func (c *crowd) update(id string, by bot.PersonID, decide func(*change.Change) error) error {
	_, err := c.store.Changes().Update(
		context.Background(), id, nil,
		func(x *change.Change, _ change.Look) (bot.Effects, error) {
			return effects(by, id), decide(x)
		},
	)
	return err
}

// race lets everybody act on a change at the same moment.
func race(act func(n int)) {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for n := range racers {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			act(n)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
}

func (c *crowd) count(t *testing.T, id string, kind change.EntryKind) int {
	t.Helper()
	entries, err := c.store.Changes().Timeline(context.Background(), id, 0)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range entries {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

func (c *crowd) get(t *testing.T, id string) *change.Change {
	t.Helper()
	x, err := c.store.Changes().Get(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func person(n int) bot.PersonID { return bot.PersonID(fmt.Sprintf("p%d", n)) }

func TestRaceE01HundredApproveAtOnce(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		c := newCrowd(t, url, two)
		for range rounds(t) {
			id := c.submit(t)
			var mu sync.Mutex
			counted := 0
			race(func(n int) {
				err := c.update(id, person(n), func(x *change.Change) error {
					_, err := x.Approve(change.Ballot{Person: person(n), Revision: 1}, c.roster, nil, bottest.Start)
					return err
				})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					counted++
				} else {
					t.Error(err)
				}
			})
			x := c.get(t, id)
			if x.State != change.Approved || len(x.Votes) != counted || counted != racers ||
				c.count(t, id, change.DecidedEntry) != 1 || x.Version != racers+1 {
				t.Fatalf(
					"%s: %d votes, %d counted, %d transitions, version %d", x.State, len(x.Votes), counted,
					c.count(t, id, change.DecidedEntry), x.Version,
				)
			}
		}
		if _, err := c.store.VerifyAudit(context.Background(), bot.Seal{}); err != nil {
			t.Error(err)
		}
	})
}

func TestRaceE02ApproveAndRejectAtOnce(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		c := newCrowd(t, url, two)
		for range rounds(t) {
			id := c.submit(t)
			race(func(n int) {
				_ = c.update(id, person(n), func(x *change.Change) (err error) {
					b := change.Ballot{Person: person(n), Revision: 1, Comment: "this reason is long enough"}
					if n%2 == 0 {
						_, err = x.Approve(b, c.roster, nil, bottest.Start)
					} else {
						_, err = x.Decline(b, c.roster, nil, bottest.Start)
					}
					return err
				})
			})
			x := c.get(t, id)
			yes, no := c.count(t, id, change.DecidedEntry), c.count(t, id, change.RejectedEntry)
			approvals := 0
			for _, v := range x.Votes {
				if v.Decision == change.Approve {
					approvals++
				}
			}
			switch {
			case yes+no != 1:
				t.Fatalf("%d approved, %d rejected", yes, no)
			case x.State == change.Rejected && (no != 1 || approvals > 1):
				t.Fatalf("rejected with %d approvals", approvals)
			case x.State == change.Approved && (yes != 1 || approvals < 2):
				t.Fatalf("approved with %d approvals", approvals)
			case x.State != change.Rejected && x.State != change.Approved:
				t.Fatal(x.State)
			}
		}
	})
}

func TestRaceE04EditsWhileVotesAreInFlight(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		c := newCrowd(t, url, two)
		for range rounds(t) {
			id := c.submit(t)
			seen := c.get(t, id)
			race(func(n int) {
				if n%25 == 0 { // four edits among them
					_ = c.update(id, "req", func(x *change.Change) error {
						return x.Edit(change.Actor{Person: "req"}, content(fmt.Sprintf("edit %d", n)), c.world(), bottest.Start)
					})
					return
				}
				_ = c.update(id, person(n), func(x *change.Change) error {
					_, err := x.Approve(change.Ballot{Person: person(n), Revision: seen.Revision}, c.roster, nil, bottest.Start)
					return err
				})
			})
			x := c.get(t, id)
			for _, v := range x.Votes { // everybody saw r1
				if v.Revision != seen.Revision || v.Digest != seen.Digest {
					t.Fatalf("a vote for r%d by somebody who saw r%d", v.Revision, seen.Revision)
				}
			}
			if x.Revision == 1 || x.State == change.Approved {
				t.Fatalf("r%d is %s, and nobody saw it", x.Revision, x.State)
			}
			if x.Digest != x.Content.Sum() {
				t.Fatal("the digest is not that of the content")
			}
		}
	})
}

func TestRaceStartedOnce(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		c := newCrowd(t, url, two)
		for range rounds(t) {
			id := c.submit(t)
			for n := range 2 {
				if err := c.update(id, person(n), func(x *change.Change) error {
					_, err := x.Approve(change.Ballot{Person: person(n), Revision: 1}, c.roster, nil, bottest.Start)
					return err
				}); err != nil {
					t.Fatal(err)
				}
			}
			at := bottest.Start.Add(24 * time.Hour)
			var mu sync.Mutex
			started := 0
			race(func(n int) {
				err := c.update(id, "req", func(x *change.Change) error {
					if n%10 == 0 {
						return x.Edit(change.Actor{Person: "req"}, content("another"), c.world(), bottest.Start)
					}
					return x.Start(change.Actor{Person: "req"}, c.world(), "", at)
				})
				mu.Lock()
				defer mu.Unlock()
				if err == nil && n%10 != 0 {
					started++
				}
			})
			x := c.get(t, id)
			if started > 1 || started == 1 != (x.State == change.Implementing) {
				t.Fatalf("started %d times, %s", started, x.State)
			}
			if started == 1 && x.Plan != "first" {
				t.Fatal("what was started is not what was approved")
			}
		}
	})
}
