//go:build unix

package storage_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/storage"
)

// BenchmarkReminders is a round of reminders in which ten of all that is due are looked at and told, however much is
// due.
func BenchmarkReminders(b *testing.B) {
	onBoth(b, func(b *testing.B, d *databases) {
		for _, many := range []int{10, 10_000} {
			s := store(b, d.fresh(b), bottest.Start)
			saveMany(b, s, many)
			b.Run(fmt.Sprintf("of-%d", many), func(b *testing.B) {
				for n := range b.N {
					b.StopTimer()
					saveMany(b, s, 10) // so they are looked at
					b.StartTimer()
					at := bottest.Start.Add(time.Duration(n) * time.Millisecond)
					if seen, err := s.Reminders().Look(b.Context(), at, 200, tellAll(n, at)); err != nil || seen != 10 {
						b.Fatal(seen, err)
					}
				}
			})
		}
	})
}

// saveMany makes so many things due, of which all are looked at once.
func saveMany(b *testing.B, s *storage.Store, many int) {
	b.Helper()
	for from := 0; from < many; from += 250 {
		e := effects("CTR-1")
		for k := from; k < min(many, from+250); k++ {
			e.Dues = append(e.Dues, bot.Due{
				Object: fmt.Sprintf("CTR-%d", k+1), What: "notice", On: value.DayOf(bottest.Start).Add(30), Owner: "dan",
			})
		}
		if err := s.Record(b.Context(), e); err != nil {
			b.Fatal(err)
		}
		if many > 10 {
			if _, err := s.Reminders().Look(b.Context(), bottest.Start, 250, tellAll(0, bottest.Start)); err != nil {
				b.Fatal(err)
			}
		}
	}
}
