package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/adapters/slack"
	"github.com/watchbell/watchbell/adapters/slack/slackfake"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/storage"
)

// BenchmarkSlackDeclare is how long people wait in Slack when each call of its Web API takes 300 ms: until the command
// is acknowledged, and until the incident's channel has its pinned card.
func BenchmarkSlackDeclare(b *testing.B) {
	store, err := storage.Open(context.Background(), "sqlite:"+filepath.Join(b.TempDir(), "watchbell.db"), storage.Options{
		Server: true,
	})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	fake, general, stop := slackOn(b, store, slackfake.Options{})
	defer stop()
	fake.Break(slackfake.Fault{Hang: 300 * time.Millisecond})
	var acks, cards []float64
	for n := range b.N {
		start := time.Now()
		if _, err := fake.Command(
			"U0DAN", general, "", "/incident", fmt.Sprintf("declare Number%d word%d is broken%d sev2 anyway=yes", n, n, n),
		); err != nil {
			b.Fatal(err)
		}
		acks = append(acks, float64(time.Since(start).Microseconds())/1000)
		for pinned := false; !pinned; <-time.After(5 * time.Millisecond) {
			i := slices.IndexFunc(fake.ChannelNames(), func(name string) bool {
				return name == fmt.Sprintf("inc-%d-number%d-word%d-is-broken%d", n+1, n, n, n)
			})
			if i >= 0 {
				c, _ := fake.ChannelNamed(fake.ChannelNames()[i])
				pinned = len(c.Pins) > 0
			}
		}
		cards = append(cards, time.Since(start).Seconds())
		<-time.After(3 * time.Second) // Slack lets a bot open twenty channels a minute
	}
	slices.Sort(acks)
	slices.Sort(cards)
	b.ReportMetric(acks[len(acks)/2], "ack-p50-ms")
	b.ReportMetric(acks[len(acks)*95/100], "ack-p95-ms")
	b.ReportMetric(cards[len(cards)/2], "card-p50-s")
	b.ReportMetric(cards[len(cards)*95/100], "card-p95-s")
}

// BenchmarkSlackTiers declares twenty incidents in ten seconds where Slack holds every method to its limit. It reports
// how many of the calls were refused, how many were made before Slack allowed the next, and how long it took until
// every channel had its card.
func BenchmarkSlackTiers(b *testing.B) {
	for range b.N {
		store, err := storage.Open(
			context.Background(), "sqlite:"+filepath.Join(b.TempDir(), "watchbell.db"),
			storage.Options{
				Server: true,
			},
		)
		if err != nil {
			b.Fatal(err)
		}
		fake, general, stop := slackOn(b, store, slackfake.Options{Limits: true})
		const incidents = 20
		start := time.Now()
		for n := range incidents {
			if _, err := fake.Command(
				"U0DAN", general, "", "/incident", fmt.Sprintf("declare Number%d word%d is broken%d sev2 anyway=yes", n, n, n),
			); err != nil {
				b.Fatal(err)
			}
			<-time.After(time.Until(start.Add(time.Duration(n+1) * 500 * time.Millisecond)))
		}
		carded := func() (n int) {
			for _, name := range fake.ChannelNames() {
				if c, ok := fake.ChannelNamed(name); ok && len(c.Pins) > 0 {
					n++
				}
			}
			return n
		}
		for carded() < incidents {
			<-time.After(50 * time.Millisecond)
		}
		b.ReportMetric(time.Since(start).Seconds(), "cards-s")
		calls := fake.Calls("")
		b.ReportMetric(100*float64(fake.Throttled())/float64(len(calls)), "refused-%")
		b.ReportMetric(float64(early(calls)), "early-calls")
		stop()
		_ = store.Close()
	}
}

// early counts the calls that were made before Slack allowed the next of their kind.
func early(calls []slackfake.Call) (n int) {
	kind := func(c slackfake.Call) string {
		if c.Method == "chat.postMessage" {
			return c.Method + " " + c.Args["channel"]
		}
		return c.Method
	}
	for k, c := range calls {
		if !strings.Contains(c.Answer, "ratelimited") {
			continue
		}
		for _, later := range calls[k+1:] {
			if kind(later) == kind(c) && later.At.Sub(c.At) < 2*time.Second {
				n++
			}
		}
	}
	return n
}

// BenchmarkSlackAnswers sends fifty commands a second and reports how many of them were answered in their
// acknowledgement.
func BenchmarkSlackAnswers(b *testing.B) {
	store, err := storage.Open(context.Background(), "sqlite:"+filepath.Join(b.TempDir(), "watchbell.db"), storage.Options{
		Server: true,
	})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	fake, general, stop := slackOn(b, store, slackfake.Options{})
	defer stop()
	if _, err := fake.Command("U0DAN", general, "", "/incident", "declare Checkout returns 502 sev2"); err != nil {
		b.Fatal(err)
	}
	const perSecond, took = 50, 20 * time.Second
	var people sync.WaitGroup
	var sent, reached atomic.Int64
	send := time.NewTicker(time.Second / perSecond)
	defer send.Stop()
	for range b.N * perSecond * int(took/time.Second) {
		<-send.C
		people.Go(func() {
			n := sent.Add(1)
			ack, err := fake.Command("U0DAN", general, "", "/incident", fmt.Sprintf("note INC-1 What is known after %d", n))
			if err == nil && strings.Contains(ack.Body, "INC-1") {
				reached.Add(1)
			}
		})
	}
	people.Wait()
	b.ReportMetric(100*float64(reached.Load())/float64(sent.Load()), "answered-%")
}

// slackOn runs a whole bot with a fake Slack, in whose channel general there is dan.
func slackOn(
	b *testing.B, s *storage.Store, o slackfake.Options,
) (fake *slackfake.Server, general string, stop func()) {
	b.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	o.Team = "T0FAKE"
	fake = slackfake.Start(b, o)
	fake.AddUser(slackfake.User{ID: "U0DAN", Name: "dan", RealName: "Dan Weber"})
	general = fake.AddChannel("general", "U0DAN")
	fake.AddChannel("incidents")
	people := bottest.People(slack.Platform)
	for i := range people {
		people[i].Accounts = []bot.Account{{Platform: slack.Platform, Workspace: "T0FAKE", User: "U0" + string(people[i].ID)}}
	}
	people[3].Accounts[0].User = "U0DAN"
	if err := s.SyncPeople(ctx, people, time.Now()); err != nil {
		b.Fatal(err)
	}
	core := engine.New(engine.Options{Store: s})
	core.Use(response.New(s.Incidents(), core, response.Options{}).Capability())
	core.Attach(slack.New(slack.Options{
		BotToken: "xoxb-fake", AppToken: "xapp-fake", APIURL: fake.API(), Core: core, Commands: []string{"incident"},
	}))
	done := make(chan error, 1)
	go func() { done <- core.Run(ctx) }()
	for fake.Sockets() < 2 {
		<-time.After(10 * time.Millisecond)
	}
	return fake, general, func() { cancel(); <-done }
}
