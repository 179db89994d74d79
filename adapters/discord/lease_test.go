package discord_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord"
	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// lent is how long tests take the lease for.
const lent = 4 * time.Second

// faulty is the lease of a database that can be down, or hang.
type faulty struct {
	*storage.Store
	mu    sync.Mutex
	down  bool
	hangs bool
	until time.Time // the end of what was promised last
}

func (f *faulty) is(down, hangs bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down, f.hangs = down, hangs
}

func (f *faulty) promised() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.until
}

func (f *faulty) Hold(ctx context.Context, name, owner string, d time.Duration) (bool, error) {
	f.mu.Lock()
	down, hangs := f.down, f.hangs
	f.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return false, ctx.Err()
	}
	if down {
		return false, errors.New("the database is down")
	}
	asked := time.Now()
	held, err := f.Store.Hold(ctx, name, owner, d)
	if held && err == nil {
		f.mu.Lock()
		f.until = asked.Add(d)
		f.mu.Unlock()
	}
	return held, err
}

// Release does not reach a database that is down.
func (f *faulty) Release(ctx context.Context, name, owner string) error {
	f.mu.Lock()
	down := f.down || f.hangs
	f.mu.Unlock()
	if down {
		return errors.New("the database is down")
	}
	return f.Store.Release(ctx, name, owner)
}

// pair are two instances of one installation.
type pair struct {
	fake        *discordfake.Server
	one, two    *live
	first, next *faulty
}

func newPair(t *testing.T) *pair {
	t.Helper()
	store := storagetest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db"))
	p := &pair{first: &faulty{Store: store}, next: &faulty{Store: store}}
	with := func(lease *faulty, owner string) func(*discord.Options) {
		return func(o *discord.Options) { o.Lease, o.Owner, o.Lent = lease, owner, lent }
	}
	p.one = newLive(t, discordfake.Options{}, with(p.first, "one"))
	p.one.open(t)
	p.fake = p.one.fake
	p.two = &live{bare: &bare{clock: newClock(), log: &testLog{}, fake: p.fake, channel: p.one.channel}, core: &plain{}}
	p.two.run(t, with(p.next, "two"))
	eventually(t, "the second one is well too", func() bool { return p.two.Health() == nil })
	return p
}

// took reports how many requests each instance got.
func (p *pair) took() [2]int { return [2]int{len(p.one.requests()), len(p.two.requests())} }

func TestOneInstanceHoldsTheGateway(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.one.works(t, "a")
	if n, took := p.fake.Gateway().Identifies, p.took(); n != 1 || took != [2]int{1, 0} {
		t.Errorf("%d sessions, requests %v", n, took)
	}
	p.one.stop() // which gives the lease up
	eventually(t, "the other one takes over", func() bool { return p.fake.Connected() == 1 && p.two.Health() == nil })
	p.two.works(t, "b")
	if took := p.took(); took != [2]int{1, 1} {
		t.Errorf("requests %v", took)
	}
	if p.fake.Gateway().Identifies != 2 {
		t.Errorf("%+v", p.fake.Gateway())
	}
}

// An instance that dies gives nothing up; another one takes over when the lease is over.
func TestAnInstanceDies(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.first.is(true, false) // so it cannot give it up
	p.one.stop()
	died := time.Now()
	eventually(t, "the other one takes over", func() bool { return p.fake.Connected() == 1 })
	if d := time.Since(died); d > lent+lent/4+5*time.Second {
		t.Errorf("it took %s", d)
	}
	p.two.works(t, "b")
	if took := p.took(); took != [2]int{0, 1} {
		t.Errorf("requests %v", took)
	}
}

// Who cannot prolong the lease, because the database is down or says nothing, is off the gateway before the lease ends,
// says so, and comes back with the database.
func TestTheDatabaseIsDown(t *testing.T) {
	for name, hangs := range map[string]bool{"an error": false, "silence": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := storagetest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db"))
			lease := &faulty{Store: store}
			l := newLive(t, discordfake.Options{}, func(o *discord.Options) { o.Lease, o.Owner, o.Lent = lease, "one", lent })
			l.open(t)
			lease.is(!hangs, hangs)
			eventually(t, "the gateway is let go of", func() bool { return l.fake.Connected() == 0 })
			if left := time.Until(lease.promised()); left <= 0 {
				t.Errorf("%s after the lease was over", -left)
			}
			eventually(t, "it is told", func() bool {
				err := l.Health()
				return err != nil && strings.Contains(err.Error(), "gateway is not open") && l.log.has("was lost")
			})
			lease.is(false, false)
			l.open(t)
			l.works(t, "after")
		})
	}
}

// Whose lease somebody else has already lets go at once.
func TestTheLeaseIsTaken(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	if err := p.first.Store.Release(t.Context(), "discord-gateway", "one"); err != nil { // as if it had been frozen
		t.Fatal(err)
	}
	eventually(t, "one of them has it and the other does not", func() bool {
		return p.fake.Connected() == 1 && p.one.Health() == nil && p.two.Health() == nil
	})
	p.one.works(t, "a")
	if took := p.took(); took[0]+took[1] != 1 {
		t.Errorf("requests %v", took)
	}
}
