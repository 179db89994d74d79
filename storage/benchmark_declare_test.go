//go:build unix

package storage_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage/pgtest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// BenchmarkDeclare compares a whole /incident declare, from text to answer, with the same rows written by hand. The ratio comes from short
// turns of both, one after the other, so that what else the machine does hits both alike: above 1 the bot is faster than code without one.
// In remote the database is some two milliseconds away, there and back.
func BenchmarkDeclare(b *testing.B) {
	onBoth(b, func(b *testing.B, d *databases) {
		declares(b, d.fresh)
		if d.pg != nil {
			b.Run("remote", func(b *testing.B) {
				b.Run("round-trip", func(b *testing.B) { roundTrip(b, remote(b, d.fresh(b))) })
				declares(b, func(b *testing.B) string { return remote(b, d.fresh(b)) })
			})
		}
	})
}

func declares(b *testing.B, fresh func(*testing.B) string) {
	ways := []struct {
		name    string
		declare func(int) error
	}{
		{"watchbell", declareByBot(b, fresh(b), bot.SystemClock{})},
		{"by-hand", declareByHand(b, fresh(b), bot.SystemClock{})},
	}
	for _, clients := range []int{1, 16} {
		for _, way := range ways {
			b.Run(fmt.Sprintf("%s/clients=%d", way.name, clients), func(b *testing.B) {
				warm(b, clients, way.declare)
				drive(b, clients, b.N, way.declare).report(b, "declares")
			})
		}
		b.Run(fmt.Sprintf("ratio/clients=%d", clients), func(b *testing.B) {
			warm(b, clients, ways[0].declare)
			warm(b, clients, ways[1].declare)
			inTurns(b, clients, ways[0].declare, ways[1].declare)
		})
	}
}

// warm opens the connections and prepares the statements.
func warm(b *testing.B, clients int, declare func(int) error) {
	b.Helper()
	drive(b, clients, 4*clients, declare)
	b.ResetTimer()
}

// inTurns reports how much faster ours is than theirs: the median over short turns.
func inTurns(b *testing.B, clients int, ours, theirs func(int) error) {
	turn := 20 * clients
	var ratios, cpu []float64
	for done := 0; done < b.N; done += turn {
		n := min(turn, b.N-done)
		mine := drive(b, clients, n, ours)
		hand := drive(b, clients, n, theirs)
		ratios = append(ratios, hand.took.Seconds()/mine.took.Seconds())
		cpu = append(cpu, mine.cpu.Seconds()/hand.cpu.Seconds())
	}
	b.ReportMetric(median(ratios), "ratio")
	b.ReportMetric(median(cpu), "cpu-ratio")
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

func declareByBot(t testing.TB, url string, clock bot.Clock) func(int) error {
	w := newBot(store(t, url, clock.Now()), clock)
	var declared atomic.Int64 // counted here, so that the latest incidents of a database do not share a service
	return func(int) (err error) {
		for range 3 { // unless one had to wait while a hundred others passed it: then the next is declared instead
			n := int(declared.Add(1))
			if err = say(w, key(n), fmt.Sprintf("/incident declare %s sev2 service=%s", title(n), service(n))); err == nil {
				break
			}
		}
		return err
	}
}

func key(n int) string { return fmt.Sprintf("key-%d", n) }

func declareByHand(t testing.TB, url string, clock bot.Clock) func(int) error {
	_ = store(t, url, clock.Now()).Close() // for the schema and the people
	h := newHand(t, url)
	var declared atomic.Int64
	return func(int) error { return h.declare(context.Background(), int(declared.Add(1)), clock.Now()) }
}

// TestByHandWritesTheSameRows keeps the comparison honest: same tables, same rows, down to the hashes.
func TestByHandWritesTheSameRows(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, byBot string) {
		byHand := "sqlite:" + filepath.Join(t.TempDir(), "by-hand.db")
		if strings.HasPrefix(byBot, "postgres") {
			byHand = pgtest.URL(t)
		}
		clock := bottest.NewClock()
		bots, hands := declareByBot(t, byBot, clock), declareByHand(t, byHand, clock)
		for n := range 3 {
			if err := errors.Join(bots(n), hands(n)); err != nil {
				t.Fatal(err)
			}
		}
		for _, table := range []string{"counters", "incidents", "incident_services", "incident_responders", "incident_entries", "audit", "audit_head", "jobs", "actions"} {
			if diff := cmp.Diff(dump(t, byBot, table), dump(t, byHand, table)); diff != "" {
				t.Errorf("%s, by the bot (-) and by hand (+): %s", table, diff)
			}
		}
	})
}

// dump is a table as text.
func dump(t *testing.T, url, table string) []string {
	t.Helper()
	rows, err := connect(t, url).Query("SELECT * FROM " + table + " ORDER BY 1, 2")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		line := ""
		for i, v := range values {
			if at, ok := v.(time.Time); ok {
				v = at.UTC()
			}
			line += fmt.Sprintf("%s=%v ", columns[i], v)
		}
		list = append(list, line)
	}
	return list
}
