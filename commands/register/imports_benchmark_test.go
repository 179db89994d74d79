package register_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// BenchmarkImports tries, applies, changes and takes back a file of 10,000 records with two dates and two links each,
// while others work at 20 commands a second. It reports how long each part took, the heap beyond what it was before,
// and how long the others waited.
func BenchmarkImports(b *testing.B) {
	const records = 10_000
	for name, url := range map[string]func(testing.TB) string{
		"sqlite": storagetest.SQLite, "postgres": storagetest.Postgres,
	} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				importOnce(b, url(b), records)
			}
		})
	}
}

func importOnce(b *testing.B, url string, records int) {
	w := newWorld(b, url)
	w.imports("depot", "key,name", "north,North", "south,South")
	others := w.others(b)
	part := func(name string, do func() bot.Reply) bot.Reply {
		others.begin()
		start := time.Now()
		r := do()
		took, heap, waits := time.Since(start), others.heap(), others.waits()
		if r.Status != bot.Done {
			b.Fatal(bottest.Text(r))
		}
		b.ReportMetric(took.Seconds(), name+"-s")
		b.ReportMetric(float64(heap)/(1<<20), name+"-MB")
		b.ReportMetric(float64(waits[len(waits)*99/100].Milliseconds()), name+"-p99-ms")
		b.ReportMetric(float64(waits[len(waits)-1].Milliseconds()), name+"-worst-ms")
		return r
	}
	file := largeFile(records, "", "2027-03-01")
	trial := part("try", func() bot.Reply { return w.try("mia", "gadget", file...) })
	part("apply", func() bot.Reply { return w.applies("mia", trial) })
	file = largeFile(records, "GDG-", "2028-03-01")
	trial = part("retry", func() bot.Reply { return w.try("mia", "gadget", file...) })
	done := part("change", func() bot.Reply { return w.applies("mia", trial) })
	part("undo", func() bot.Reply { return w.Type("mia", "/ops undo "+done.Object) })
	others.end()
}

func largeFile(records int, prefix, ends string) []string {
	lines := []string{"key,name,maker,story,seats,ends,cost,lead,group,depot,spares,tags,owner,notes"}
	for n := range records {
		key := ""
		if prefix != "" {
			key = fmt.Sprint(prefix, n+1)
		}
		lines = append(lines, fmt.Sprintf(
			"%s,Thing number %d,Acme,%s,%d,%s,%d.50 EUR,ben,platform,north,south,\"a,b,c\",ana,Bought in %d",
			key, n, strings.Repeat("It was used. ", 8), n%900+1, ends, n+1, 2000+n%26,
		))
	}
	return lines
}

// others work while something large happens.
type others struct {
	w    *world
	stop context.CancelFunc
	done sync.WaitGroup

	mu     sync.Mutex
	waited []time.Duration
	before uint64
	most   uint64
}

func (w *world) others(b *testing.B) *others {
	ctx, stop := context.WithCancel(b.Context())
	o := &others{w: w, stop: stop}
	o.done.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			o.done.Go(func() {
				start := time.Now()
				r := w.Bot.Receive(context.WithoutCancel(ctx), bot.Request{
					Key: fmt.Sprint("other-", n), From: w.Account("ben"), Text: fmt.Sprintf("/ops depot add Place number %d", n),
				})
				if r.Status != bot.Done {
					b.Error(bottest.Text(r))
				}
				o.mu.Lock()
				defer o.mu.Unlock()
				o.waited = append(o.waited, time.Since(start))
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				o.most = max(o.most, m.HeapInuse)
			})
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
	return o
}

func (o *others) end() {
	o.stop()
	o.done.Wait()
}

func (o *others) begin() {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waited, o.most, o.before = nil, m.HeapInuse, m.HeapInuse
}

func (o *others) heap() uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.most - o.before
}

// waits are how long they waited, sorted. One more waits for the end.
func (o *others) waits() []time.Duration {
	time.Sleep(60 * time.Millisecond)
	o.mu.Lock()
	defer o.mu.Unlock()
	slices.Sort(o.waited)
	return append([]time.Duration{0}, slices.Clone(o.waited)...)
}
