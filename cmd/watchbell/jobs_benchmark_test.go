//go:build linux

package main

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/slack/slackfake"
	"github.com/watchbell/watchbell/storage"
)

// BenchmarkTwentyASecond lets twenty commands a second come for a minute and reports how long the oldest due job had
// waited at most, by a look each 250 ms. In the web chat, of a server of its own, each command is a declare. In Slack,
// where a bot opens twenty channels a minute, one in sixty is, and the others are updates of ten incidents. It fails
// above 5 s. Run it with -benchtime=1x.
func BenchmarkTwentyASecond(b *testing.B) {
	path := release(b)
	for _, database := range []string{"sqlite", "postgres"} {
		b.Run("web/"+database, func(b *testing.B) {
			in := install(b, database)
			p := process(
				b, path, []string{"DATABASE_URL=" + in.url, "WATCHBELL_LIMITS=off"}, "serve", "--web-personas", "--config",
				in.config,
			)
			defer p.stop()
			s, err := storage.Open(context.Background(), in.url, storage.Options{NoMigrate: true})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			channel, err := s.Chat().ChannelNamed(context.Background(), "incidents")
			if err != nil {
				b.Fatal(err)
			}
			twentyASecond(b, s, func(n int) error {
				return in.say(
					channel.ID, fmt.Sprintf("declare-%08d", n),
					fmt.Sprintf("/incident declare checkout%d returns%d errors%d sev2", n, n, n),
				)
			})
		})
		b.Run("slack/"+database, func(b *testing.B) {
			s, err := storage.Open(context.Background(), install(b, database).url, storage.Options{Server: true})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			fake, general, stop := slackOn(b, s, slackfake.Options{})
			defer stop()
			say := func(text string) error {
				_, err := fake.Command("U0DAN", general, "", "/incident", text)
				return err
			}
			for n := range 10 {
				if err := say(fmt.Sprintf("declare First%d is broken%d sev2 anyway=yes", n, n)); err != nil {
					b.Fatal(err)
				}
			}
			twentyASecond(b, s, func(n int) error {
				if n%60 == 0 {
					return say(fmt.Sprintf("declare Number%d is broken%d sev2 anyway=yes", n, n))
				}
				return say(fmt.Sprintf("update INC-%d What is known after %d", n%10+1, n))
			})
		})
	}
}

// twentyASecond sends commands, whether or not those before were answered, and looks at the queue meanwhile.
func twentyASecond(b *testing.B, s *storage.Store, command func(n int) error) {
	b.Helper()
	const perSecond, took = 20, time.Minute
	var oldest time.Duration
	var waiting int
	look := func() {
		q, err := s.QueueState(context.Background(), time.Now().UTC())
		if err != nil {
			b.Error(err)
		}
		oldest, waiting = max(oldest, q.Oldest), max(waiting, q.Waiting)
	}
	var people sync.WaitGroup
	send, watch := time.NewTicker(time.Second/perSecond), time.NewTicker(250*time.Millisecond)
	defer send.Stop()
	defer watch.Stop()
	b.ResetTimer()
	for n := 0; n < b.N*perSecond*int(took/time.Second); {
		select {
		case <-send.C:
			n++
			people.Go(func() {
				if err := command(n); err != nil {
					b.Error(err)
				}
			})
		case <-watch.C:
			look()
		}
	}
	people.Wait()
	look()
	b.StopTimer()
	b.ReportMetric(oldest.Seconds(), "oldest-s")
	b.ReportMetric(float64(waiting), "waiting")
	if oldest > 5*time.Second {
		b.Errorf("a job waited %v", oldest)
	}
}
