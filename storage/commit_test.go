package storage_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/watchbell/watchbell/commands/change/plan"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/pgtest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

var errRefused = errors.New("refused")

// declareAs declares an incident under an action key.
func declareAs(s *storage.Store, key string, by bot.PersonID, refuse error) (*incident.Incident, error) {
	return s.Incidents().Declare(context.Background(), func(n int64) (*incident.Incident, bot.Effects, error) {
		if refuse != nil {
			return nil, bot.Effects{}, refuse
		}
		i := incident.Declare(
			n, incident.Declaration{Title: "t " + key, By: by, Services: []string{"checkout"}}, bottest.Start,
			incident.DefaultPolicy(),
		)
		return i, bot.Effects{
			Audit: bot.Audit{
				Actor: by, Action: "incident.declare", Object: i.ID(), Result: bot.ResultDone, Key: key, At: bottest.Start,
			},
			Jobs: []bot.Job{{Kind: "test.show", Object: i.ID(), Lane: i.ID()}},
		}, nil
	})
}

// note adds a line to an incident.
func note(s *storage.Store, id, key, text string) error {
	_, err := s.Incidents().Update(context.Background(), id, func(i *incident.Incident) (bot.Effects, error) {
		if err := i.Note(incident.Actor{Person: "ana"}, text, bottest.Start, bottest.Start, ""); err != nil {
			return bot.Effects{}, err
		}
		return bot.Effects{
			Audit: bot.Audit{
				Actor: "ana", Action: "incident.note", Object: id, Result: bot.ResultDone, Key: key, At: bottest.Start,
			},
		}, nil
	})
	return err
}

// TestAGroupHarmsNobody puts good members beside all kinds of bad ones: each gets its own answer, and what is saved is
// dense and whole.
func TestAGroupHarmsNobody(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		for n := range 10 {
			if _, err := declareAs(s, fmt.Sprintf("old%d", n), "ana", nil); err != nil {
				t.Fatal(err)
			}
		}
		var mu sync.Mutex
		var all sync.WaitGroup
		got, numbers := map[string]int{}, map[int64]bool{}
		do := func(what, key string, by bot.PersonID, refuse error) {
			all.Go(func() {
				i, err := declareAs(s, key, by, refuse)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					got[what+" done"]++
					if numbers[i.Number] {
						t.Error("number twice", i.Number)
					}
					numbers[i.Number] = true
				case errors.Is(err, bot.ErrRepeated):
					got[what+" repeated"]++
				case errors.Is(err, errRefused):
					got[what+" refused"]++
				default:
					got[what+" failed"]++
				}
			})
		}
		for n := range 200 {
			do("good", fmt.Sprintf("good%d", n), "ana", nil)
			switch n % 20 {
			case 1:
				do("old", fmt.Sprintf("old%d", n/20), "ana", nil)
			case 2:
				do("twin", fmt.Sprintf("twin%d", n), "ana", nil)
				do("twin", fmt.Sprintf("twin%d", n), "ana", nil)
			case 3:
				do("refusing", fmt.Sprintf("r%d", n), "ana", errRefused)
			case 4:
				do("nobody", fmt.Sprintf("n%d", n), "nobody", nil)
			}
		}
		all.Wait()
		want := map[string]int{
			"good done": 200, "old repeated": 10, "twin done": 10, "twin repeated": 10, "refusing refused": 10,
			"nobody failed": 10,
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %v, want %v", got, want)
		}
		for n := int64(11); n <= int64(10+len(numbers)); n++ {
			if !numbers[n] {
				t.Error("there is no number", n)
			}
		}
		whole(t, s)
	})
}

func whole(t *testing.T, s *storage.Store) {
	t.Helper()
	if _, err := s.VerifyAudit(context.Background(), bot.Seal{}); err != nil {
		t.Error(err)
	}
}

// TestInstancesShareTheHead lets two instances declare, and add lines to the same incident, as fast as they can.
func TestInstancesShareTheHead(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		instances := []*storage.Store{storagetest.WithPeople(t, url, "test"), storagetest.Open(t, url)}
		first, err := declareAs(instances[0], "first", "ana", nil)
		if err != nil {
			t.Fatal(err)
		}
		const people, times = 8, 10
		var all sync.WaitGroup
		for at, s := range instances {
			for p := range people {
				all.Go(func() {
					for n := range times {
						key := fmt.Sprintf("%d/%d/%d", at, p, n)
						if _, err := declareAs(s, "declare "+key, "ana", nil); err != nil {
							t.Error(err)
						}
						if err := note(s, first.ID(), "note "+key, "line "+key); err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
		all.Wait()
		sum := len(instances) * people * times
		if n, err := instances[0].CountIncidents(context.Background()); err != nil || n != int64(1+sum) {
			t.Errorf("%d incidents, %v", n, err)
		}
		i, err := instances[1].Incidents().Get(context.Background(), first.ID())
		if err != nil || i.Version != 1+sum {
			t.Errorf("version %d, %v", i.Version, err)
		}
		entries, err := instances[0].Incidents().Timeline(context.Background(), first.ID(), 0)
		seen := map[string]int{}
		for _, e := range entries {
			seen[e.Text]++
		}
		if err != nil || len(seen) < sum {
			t.Errorf("%d different lines of %d, %v", len(seen), sum, err)
		}
		whole(t, instances[0])
	})
}

// cutter is a way to the database that is cut from time to time.
type cutter struct {
	mu    sync.Mutex
	conns map[net.Conn]bool
}

// through is the address of the database at address by way of the cutter.
func (c *cutter) through(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	server := u.Host
	u.Host = l.Addr().String()
	c.conns = map[net.Conn]bool{}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			database, err := net.Dial("tcp", server)
			if err != nil {
				_ = client.Close()
				continue
			}
			c.mu.Lock()
			c.conns[client], c.conns[database] = true, true
			c.mu.Unlock()
			pass := func(to, from net.Conn) {
				_, _ = io.Copy(to, from)
				_, _ = to.Close(), from.Close()
			}
			go pass(client, database)
			go pass(database, client)
		}
	}()
	return u.String()
}

// cut ends all connections, some of them with something on its way.
func (c *cutter) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.conns {
		_ = conn.Close()
	}
	clear(c.conns)
}

// TestALostConnectionLosesNothing cuts the way to the database again and again while people declare: what was answered
// is there once, and what was refused may be repeated under its key.
func TestALostConnectionLosesNothing(t *testing.T) {
	address := pgtest.URL(t)
	_ = storagetest.WithPeople(t, address, "test").Close()
	var way cutter
	s := storagetest.Open(t, way.through(t, address))
	const people, times = 8, 30
	var all sync.WaitGroup
	var done, gone sync.Map
	stop := make(chan struct{})
	for p := range people {
		all.Go(func() {
			for n := range times {
				key := fmt.Sprintf("%d/%d", p, n)
				for try := 0; ; try++ {
					_, err := declareAs(s, key, "ana", nil)
					if err == nil || errors.Is(err, bot.ErrRepeated) {
						done.Store(key, true)
						break
					}
					gone.Store(fmt.Sprintf("%s/%d", key, try), err.Error())
				}
			}
		})
	}
	go func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for cuts := 0; cuts < 100; { // however slow the machine is, the work comes to an end
			select {
			case <-stop:
				return
			case <-tick.C:
				if rand.IntN(8) == 0 {
					way.cut()
					cuts++
				}
			}
		}
	}()
	all.Wait()
	close(stop)
	direct := storagetest.Open(t, address)
	if n, err := direct.CountIncidents(context.Background()); err != nil || n != people*times {
		t.Errorf("%d incidents of %d, %v", n, people*times, err)
	}
	list, err := direct.Incidents().List(context.Background(), response.Filter{Limit: 1000})
	titles := map[string]int{}
	for _, i := range list {
		if titles[i.Title]++; titles[i.Title] > 1 {
			t.Errorf("%q is there twice", i.Title)
		}
	}
	if err != nil || len(titles) != people*times {
		t.Errorf("%d different incidents, %v", len(titles), err)
	}
	whole(t, direct)
}

// TestNobodyActsWithARightThatIsGone changes the people by another instance between a read and its commit.
func TestNobodyActsWithARightThatIsGone(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		here, there := storagetest.WithPeople(t, url, "test"), storagetest.Open(t, url)
		ctx := context.Background()
		who := bot.Account{Platform: "test", User: "ben"}
		before, err := here.Identify(ctx, who)
		if err != nil || !before.Active {
			t.Fatal(before, err)
		}
		people := bottest.People("test")
		for i := range people {
			people[i].Active = people[i].ID != "ben"
		}
		if err := there.SyncPeople(ctx, people, bottest.Start); err != nil {
			t.Fatal(err)
		}
		_, err = here.Incidents().Declare(ctx, func(n int64) (*incident.Incident, bot.Effects, error) {
			i := incident.Declare(n, incident.Declaration{Title: "by ben", By: "ben"}, bottest.Start, incident.DefaultPolicy())
			audit := bot.Audit{
				Actor: "ben", Action: "incident.declare", Object: i.ID(), Result: bot.ResultDone, At: bottest.Start,
			}
			return i, bot.Effects{Audit: audit, Relies: []bot.Guard{before.AsOf}}, nil
		})
		if !errors.Is(err, bot.ErrStale) {
			t.Errorf("declared by somebody who was deactivated: %v", err)
		}
		if now, err := here.Identify(ctx, who); err != nil || now.Active {
			t.Errorf("after that: %+v %v", now, err)
		}
		whole(t, here)
	})
}

// TestWhatADecisionLookedAtStaysTrue adds a freeze by another instance between the look and the commit: the decision is
// made again.
func TestWhatADecisionLookedAtStaysTrue(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		here, there := storagetest.WithPeople(t, url, "test"), storagetest.Open(t, url)
		ctx := context.Background()
		content := plan.Content{Type: policy.Normal, Title: "Resize", Services: []string{"billing"}, Env: "prod"}
		effects := func(action, object string) bot.Effects {
			return bot.Effects{
				Audit: bot.Audit{Actor: "dan", Action: action, Object: object, Result: bot.ResultDone, At: bottest.Start},
			}
		}
		made, err := here.Changes().Create(ctx, func(n int64, look change.Look) (*change.Change, bot.Effects, error) {
			c := change.Request(n, content, "dan", "", "test", bottest.Start)
			_, err := look(c, []string{"billing"}, 0)
			return c, effects("change.new", c.ID()), err
		})
		if err != nil {
			t.Fatal(err)
		}
		var seen []int
		_, err = here.Changes().Update(ctx, made.ID(), nil, func(c *change.Change, look change.Look) (bot.Effects, error) {
			around, err := look(c, []string{"billing"}, 0)
			if err != nil {
				return bot.Effects{}, err
			}
			if seen = append(seen, len(around.Freezes)); len(seen) == 1 {
				_, err := there.Changes().AddFreeze(ctx, func(id string) (policy.Freeze, bot.Effects, error) {
					span := policy.Span{From: bottest.Start, To: bottest.Start.Add(time.Hour), Zone: time.UTC, Wide: true}
					return policy.Freeze{ID: id, Reason: "year end", Owner: "ana", Added: bottest.Start, Span: span}, effects(
						"change.freeze", id,
					), nil
				})
				if err != nil {
					return bot.Effects{}, err
				}
			}
			return effects("change.note", c.ID()), nil
		})
		if err != nil || fmt.Sprint(seen) != "[0 1]" {
			t.Errorf("decided on %v freezes, %v", seen, err)
		}
		whole(t, here)
	})
}

// TestTheLogOfAClosedStore refuses what comes after the end instead of waiting for ever.
func TestTheLogOfAClosedStore(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		_ = s.Close()
		if _, err := declareAs(s, "late", "ana", nil); err == nil || !strings.Contains(err.Error(), "closed") {
			t.Errorf("after Close: %v", err)
		}
	})
}

// TestASettledActionIsNeverCarriedOut gives a key its last word before and after its commit.
func TestASettledActionIsNeverCarriedOut(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		s := storagetest.WithPeople(t, url, "test")
		refused := bot.Reply{Status: bot.Refused, Message: &bot.Message{Title: "It was on hold."}}
		if had, err := s.Settle(ctx, "first", refused); had != nil || err != nil {
			t.Fatal(had, err)
		}
		if _, err := declareAs(s, "first", "ana", nil); !errors.Is(err, bot.ErrRepeated) {
			t.Errorf("carried out after its refusal: %v", err)
		}
		if had, err := s.Settle(ctx, "first", bot.Reply{Status: bot.Usage}); err != nil || had == nil ||
			had.Status != bot.Refused || had.Message.Title != refused.Message.Title {
			t.Errorf("settled twice: %+v %v", had, err)
		}
		if _, err := declareAs(s, "second", "ana", nil); err != nil {
			t.Fatal(err)
		}
		if had, err := s.Settle(ctx, "second", refused); err != nil || had == nil || had.Status == bot.Refused {
			t.Errorf("refused after it was carried out: %+v %v", had, err)
		}
		list, err := s.Incidents().List(ctx, response.Filter{Limit: 10})
		if err != nil || len(list) != 1 {
			t.Errorf("%d incidents, want 1 (%v)", len(list), err)
		}
	})
}

// TestManyRequestChangesInOneEnvironment lets everybody ask for a window in the same environment at once, which each
// has to know of the others.
func TestManyRequestChangesInOneEnvironment(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		s := storagetest.WithPeople(t, url, "test")
		var people sync.WaitGroup
		var saw atomic.Int64
		const many = 40
		for n := range many {
			people.Go(func() {
				var others int
				_, err := s.Changes().Create(ctx, func(number int64, look change.Look) (*change.Change, bot.Effects, error) {
					at := bottest.Start
					c := change.Request(number, plan.Content{
						Type: policy.Normal, Title: fmt.Sprint("Change ", n), Services: []string{"web"}, Env: "prod", Plan: "Do it",
						Window: plan.NewWindow(at.Add(time.Hour), at.Add(2*time.Hour), time.UTC),
					}, "dan", "", "test", at)
					c.State = change.Pending
					a, err := look(c, []string{"web"}, 0)
					others = len(a.Others)
					return c, bot.Effects{
						Audit: bot.Audit{Actor: "dan", Action: "change.new", Object: c.ID(), Result: bot.ResultDone, At: at},
					}, err
				})
				if err != nil {
					t.Error(err)
				}
				saw.Add(int64(others))
			})
		}
		people.Wait()
		if want := int64(many * (many - 1) / 2); saw.Load() != want {
			t.Errorf("they saw %d others, want %d: each those before", saw.Load(), want)
		}
	})
}
