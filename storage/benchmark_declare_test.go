//go:build unix

package storage_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// BenchmarkDeclare measures a whole /incident declare, from text to answer, with the database here and some two
// milliseconds away, there and back. It compares nothing: what the door is worth beside a program written by hand is
// measured outside, by one that knows nothing of ours. Before and after a change it tells what the change did.
func BenchmarkDeclare(b *testing.B) {
	onBoth(b, func(b *testing.B, d *databases) {
		declares(b, d.fresh)
		if d.pg != nil {
			b.Run("remote", func(b *testing.B) {
				b.Run("round-trip", func(b *testing.B) { roundTrip(b, remote(b, d.fresh(b))) })
				declares(b, func(b *testing.B) string { return remote(b, d.fresh(b)) })
			})
			b.Run("instances", func(b *testing.B) { together(b, d) })
		}
	})
}

func declares(b *testing.B, fresh func(*testing.B) string) {
	declare := declareByBot(b, fresh(b), bot.SystemClock{})
	for _, clients := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			warm(b, clients, declare)
			drive(b, clients, b.N, declare).report(b, "declares")
		})
	}
}

// warm opens the connections and prepares the statements.
func warm(b *testing.B, clients int, declare func(int) error) {
	b.Helper()
	drive(b, clients, 4*clients, declare)
	b.ResetTimer()
}

// together measures two instances on one database, of 16 clients each, beside one of 32, and what share the second gets
// when it is further away than the first.
func together(b *testing.B, d *databases) {
	b.Run("one", func(b *testing.B) {
		declare := declareByBot(b, d.fresh(b), bot.SystemClock{})
		warm(b, 32, declare)
		drive(b, 32, b.N, declare).report(b, "declares")
	})
	for name, away := range map[string]func(*testing.B, string) string{
		"two": func(_ *testing.B, url string) string { return url }, "two-one-remote": remote,
	} {
		b.Run(name, func(b *testing.B) {
			url := d.fresh(b)
			near, far := declareByBot(b, url, bot.SystemClock{}), declareByBot(b, away(b, url), bot.SystemClock{})
			warm(b, 16, near)
			warm(b, 16, far)
			var mine, theirs atomic.Int64
			start := time.Now()
			var all sync.WaitGroup
			for _, one := range []struct {
				declare func(int) error
				done    *atomic.Int64
			}{{near, &mine}, {far, &theirs}} {
				for range 16 {
					all.Go(func() {
						for mine.Load()+theirs.Load() < int64(b.N) {
							if err := one.declare(0); err != nil {
								b.Error(err)
								return
							}
							one.done.Add(1)
						}
					})
				}
			}
			all.Wait()
			sum := mine.Load() + theirs.Load()
			b.ReportMetric(float64(sum)/time.Since(start).Seconds(), "declares/s")
			b.ReportMetric(float64(theirs.Load())/float64(sum), "share-of-second")
		})
	}
}

func declareByBot(t testing.TB, url string, clock bot.Clock) func(int) error {
	w := newBot(store(t, url, clock.Now()), clock)
	var declared atomic.Int64 // counted here, so that the latest incidents of a database do not share a service
	mark := time.Now().UnixNano()
	return func(int) (err error) {
		for range 3 { // unless one had to wait while a hundred others passed it: then the next is declared instead
			n := int(declared.Add(1))
			if err = say(
				w, fmt.Sprintf("%x/%s", mark, key(n)),
				fmt.Sprintf("/incident declare %s sev2 service=%s anyway=yes", title(n), service(n)),
			); err == nil {
				break
			}
		}
		return err
	}
}

func key(n int) string { return fmt.Sprintf("key-%d", n) }
