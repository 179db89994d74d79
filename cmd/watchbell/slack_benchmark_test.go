package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/slack"
	"github.com/watchbell/watchbell/adapters/slack/slackfake"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/storage"
)

// BenchmarkSlackDeclare is how long people wait in Slack when each call of its Web API takes 300 ms: until the command is acknowledged, and
// until the incident's channel has its pinned card.
func BenchmarkSlackDeclare(b *testing.B) {
	store, err := storage.Open(context.Background(), "sqlite:"+filepath.Join(b.TempDir(), "watchbell.db"), storage.Options{Server: true})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	fake, general, stop := slackOn(b, store)
	defer stop()
	fake.Break(slackfake.Fault{Hang: 300 * time.Millisecond})
	var acks, cards []float64
	for n := range b.N {
		start := time.Now()
		if _, err := fake.Command("U0DAN", general, "", "/incident", fmt.Sprintf("declare Number%d word%d is broken%d sev2 anyway=yes", n, n, n)); err != nil {
			b.Fatal(err)
		}
		acks = append(acks, float64(time.Since(start).Microseconds())/1000)
		for pinned := false; !pinned; <-time.After(5 * time.Millisecond) {
			i := slices.IndexFunc(fake.ChannelNames(), func(name string) bool { return name == fmt.Sprintf("inc-%d-number%d-word%d-is-broken%d", n+1, n, n, n) })
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

// slackOn runs a whole bot with a fake Slack, in whose channel general there is dan.
func slackOn(b *testing.B, s *storage.Store) (fake *slackfake.Server, general string, stop func()) {
	b.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	fake = slackfake.Start(b, slackfake.Options{Team: "T0FAKE"})
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
	core := bot.New(bot.Options{Store: s})
	core.Use(incident.New(s.Incidents(), core, incident.Options{}).Capability())
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
