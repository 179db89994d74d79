package main

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/commands/change/plan"

	"github.com/watchbell/watchbell/bot/access"
	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/adapters/api"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/control"
	"github.com/watchbell/watchbell/commands/change/evidence"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/pgtest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// changeBench is changes on a database, with a policy that asks a user group of a chat platform.
type changeBench struct {
	store *storage.Store
	bot   *engine.Bot
	desk  *control.Service
}

const benchPolicy = `version: 1
groups:
  approvers: {roles: [approver], slack_usergroup: "@approvers"}
rules:
  - {id: normal, when: {type: normal}, stages: [{name: approval, from: approvers, quorum: 1}]}
  - {id: catch-all, fallback: true, stages: [{name: any, from: approvers, quorum: 1}]}
`

func newChangeBench(b *testing.B, url string, platforms ...bot.Platform) *changeBench {
	b.Helper()
	x := &changeBench{store: storagetest.WithPeople(b, url, "api")}
	x.bot = engine.New(engine.Options{Store: x.store})
	for _, p := range platforms {
		x.bot.Attach(p)
	}
	x.desk = control.New(x.store.Changes(), x.bot, control.Options{
		People: x.store.People, Key: ed25519.NewKeyFromSeed(make([]byte, 32)), Policy: "policy.yaml",
		Read:     func(string) ([]byte, error) { return []byte(benchPolicy), nil },
		Services: bot.ServicesOf(bot.Service{ID: "web", Name: "Web", Tier: 2}),
	})
	if err := x.desk.LoadPolicy(context.Background()); err != nil {
		b.Fatal(err)
	}
	x.bot.Use(x.desk.Capability())
	return x
}

// world is what is around the changes: the policy, and ben to approve.
func (x *changeBench) world(b *testing.B) change.World {
	b.Helper()
	people, err := x.store.People(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	k := policy.Catalog{People: people, Services: []bot.Service{{ID: "web", Name: "Web", Tier: 2}}}
	policy, _, err := policy.Parse([]byte(benchPolicy), k)
	if err != nil {
		b.Fatal(err)
	}
	roster := change.Roster{
		Groups: map[string][]change.Member{"approvers": {{Person: "ben", Source: "role approver"}}},
		People: map[bot.PersonID]bool{"ben": true, "dan": true},
	}
	return change.World{Policy: policy, Catalog: k, Roster: roster, Today: roster}
}

// fill makes changes that were requested, edited, approved, carried out and closed.
func (x *changeBench) fill(b *testing.B, n int) {
	b.Helper()
	ctx := context.Background()
	world := x.world(b)
	roster := world.Roster
	for i := range n {
		at := bottest.Start.Add(time.Duration(i) * time.Minute)
		w := world
		w.At = at
		content := plan.Content{
			Type: policy.Normal, Title: fmt.Sprintf("Deploy web %d", i), Why: "A new release", Services: []string{"web"},
			Env: "prod", Plan: "Roll out step by step", Backout: "Roll back",
			Window: plan.NewWindow(at.Add(time.Hour), at.Add(2*time.Hour), time.UTC),
		}
		effects := bot.Effects{Audit: bot.Audit{Actor: "dan", Action: "change.new", Result: bot.ResultDone, At: at}}
		by := change.Actor{Person: "dan"}
		c, err := x.store.Changes().Create(ctx, func(number int64, _ change.Look) (*change.Change, bot.Effects, error) {
			c := change.Request(number, content, "dan", "", "bench", at)
			return c, effects, c.Submit(by, w, at)
		})
		if err != nil {
			b.Fatal(err)
		}
		_, err = x.store.Changes().Update(ctx, c.ID(), nil, func(c *change.Change, _ change.Look) (bot.Effects, error) {
			if _, err := c.Approve(change.Ballot{Person: "ben", Revision: 1}, roster, nil, at); err != nil {
				return effects, err
			}
			start := at.Add(time.Hour)
			w.At = start
			if err := c.Start(by, w, "", start); err != nil {
				return effects, err
			}
			if err := c.Finish(by, "", start); err != nil {
				return effects, err
			}
			return effects, c.Verify(by, true, policy.Success, "", start)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// How long the evidence of ten thousand changes takes, and how much memory beside what the program needs anyway.
func BenchmarkEvidence(b *testing.B) {
	for name, url := range map[string]string{"sqlite": "sqlite:" + b.TempDir() +
		"/watchbell.db", "postgres": pgtest.URL(b)} {
		b.Run(name, func(b *testing.B) {
			x := newChangeBench(b, url)
			x.fill(b, 10_000)
			ask := evidence.Ask{
				From: bottest.Start.Add(-time.Hour), To: bottest.Start.AddDate(1, 0, 0), Format: "zip", Sample: 25, Seed: 1,
			}
			runtime.GC()
			var before, now runtime.MemStats
			runtime.ReadMemStats(&before)
			peak := before.HeapAlloc
			stop := make(chan struct{})
			var watch sync.WaitGroup
			watch.Go(func() {
				for {
					select {
					case <-stop:
						return
					case <-time.After(20 * time.Millisecond):
						runtime.ReadMemStats(&now)
						peak = max(peak, now.HeapAlloc)
					}
				}
			})
			b.ResetTimer()
			for b.Loop() {
				m, err := x.desk.WriteEvidence(context.Background(), io.Discard, ask)
				if err != nil || m.Changes != 10_000 {
					b.Fatal(m.Changes, err)
				}
			}
			b.StopTimer()
			close(stop)
			watch.Wait()
			b.ReportMetric(float64(peak-before.HeapAlloc)/(1<<20), "MB-peak")
		})
	}
}

// blackHole is a chat platform that answers nothing: every call hangs until it is given up.
type blackHole struct{}

func (blackHole) Name() string { return "slack" }
func (blackHole) Run(ctx context.Context, _ func(context.Context, bot.Request) bot.Reply) error {
	<-ctx.Done()
	return nil
}
func (blackHole) hang(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
func (p blackHole) Post(ctx context.Context, _ bot.Conversation, _ bot.Message, _ string) (bot.MessageRef, error) {
	return bot.MessageRef{}, p.hang(ctx)
}
func (p blackHole) Edit(ctx context.Context, _ bot.MessageRef, _ bot.Message) error {
	return p.hang(ctx)
}
func (p blackHole) OpenChannel(ctx context.Context, _, _ string) (bot.Conversation, error) {
	return bot.Conversation{}, p.hang(ctx)
}
func (p blackHole) FindChannel(ctx context.Context, _ string) (bot.Conversation, error) {
	return bot.Conversation{}, p.hang(ctx)
}
func (p blackHole) GroupMembers(ctx context.Context, _ string) ([]bot.Account, error) {
	return nil, p.hang(ctx)
}

// How long the gate takes at 200 requests a second, half of them for changes that wait and half for one that is
// allowed, while the chat is a black hole.
func BenchmarkGate(b *testing.B) {
	for name, url := range map[string]string{"sqlite": "sqlite:" + b.TempDir() +
		"/watchbell.db", "postgres": pgtest.URL(b)} {
		b.Run(name, func(b *testing.B) {
			x := newChangeBench(b, url, blackHole{})
			ctx, stop := context.WithCancel(context.Background())
			// Who is in the group was read once, before the chat went away.
			if err := x.store.Changes().SaveMembers(ctx, "slack:@approvers", []bot.PersonID{"chloe"}, time.Now()); err != nil {
				b.Fatal(err)
			}
			x.fill(b, 1000)
			allowed := x.openChange(b)
			running := make(chan struct{})
			go func() { defer close(running); _ = x.bot.Run(ctx) }()
			defer func() { stop(); <-running }()
			token, secret, err := access.New(access.Token{
				Name: "bench", Person: "ana", Scopes: []string{"change.*"}, Created: time.Now(), Expires: time.Now().Add(time.Hour),
			})
			if err != nil {
				b.Fatal(err)
			}
			if err := x.store.AddToken(ctx, token, bot.Effects{
				Audit: bot.Audit{Action: "token.create", Object: "t", Result: bot.ResultDone, At: time.Now()},
			}); err != nil {
				b.Fatal(err)
			}
			server := httptest.NewServer(api.New(api.Options{Store: x.store, Receive: x.bot.Receive}).Handler())
			defer server.Close()
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
			ask := func(id string) int {
				req, _ := http.NewRequest("GET", server.URL+"/api/v1/gates/"+id+"?env=prod&service=web&run=1", nil)
				req.Header.Set("Authorization", "Bearer "+secret)
				resp, err := client.Do(req)
				if err != nil {
					b.Error(err)
					return 0
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
				return resp.StatusCode
			}
			if got := ask(allowed); got != 200 {
				b.Fatal(got)
			}
			var warm sync.WaitGroup // the pool of connections is filled
			for range 64 {
				warm.Go(func() {
					for range 10 {
						ask(allowed)
					}
				})
			}
			warm.Wait()
			time.Sleep(2 * time.Second)
			var mu sync.Mutex
			var took []time.Duration
			b.ResetTimer()
			for b.Loop() {
				var wg sync.WaitGroup
				tick := time.NewTicker(5 * time.Millisecond)
				for n := range 2000 { // ten seconds
					<-tick.C
					wg.Go(func() {
						id, want := "CHG-1", 410
						if n%2 == 0 {
							id, want = allowed, 200
						}
						start := time.Now()
						got := ask(id)
						d := time.Since(start)
						mu.Lock()
						defer mu.Unlock()
						took = append(took, d)
						if got != want {
							b.Errorf("%s: %d, want %d", id, got, want)
						}
					})
				}
				tick.Stop()
				wg.Wait()
			}
			b.StopTimer()
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}

// openChange is approved and in its window.
func (x *changeBench) openChange(b *testing.B) string {
	b.Helper()
	ctx := context.Background()
	world := x.world(b)
	roster := world.Roster
	requested := time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
	w := world
	w.At = requested
	content := plan.Content{
		Type: policy.Normal, Title: "Deploy web", Why: "x", Services: []string{"web"}, Env: "prod", Plan: "y", Backout: "z",
		Window: plan.NewWindow(requested.Add(30*time.Minute), requested.Add(5*time.Hour), time.UTC),
	}
	c, err := x.store.Changes().Create(ctx, func(number int64, _ change.Look) (*change.Change, bot.Effects, error) {
		c := change.Request(number, content, "dan", "", "bench", requested)
		if err := c.Submit(change.Actor{Person: "dan"}, w, requested); err != nil {
			return nil, bot.Effects{}, err
		}
		return c, bot.Effects{Audit: bot.Audit{Actor: "dan", Action: "change.new", Result: bot.ResultDone, At: requested}},
			nil
	})
	if err != nil {
		b.Fatal(err)
	}
	_, err = x.store.Changes().Update(ctx, c.ID(), nil, func(c *change.Change, _ change.Look) (bot.Effects, error) {
		_, err := c.Approve(change.Ballot{Person: "ben", Revision: 1}, roster, nil, requested)
		return bot.Effects{Audit: bot.Audit{Actor: "ben", Action: "change.approve", Result: bot.ResultDone, At: requested}},
			err
	})
	if err != nil {
		b.Fatal(err)
	}
	return c.ID()
}
