package storage_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/value"
	kernel "github.com/watchbell/watchbell/commands/register/record"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// contract is a record with everything that the store keeps.
func contract(n int64) kernel.Row {
	id := fmt.Sprintf("CTR-%d", n)
	return kernel.Row{
		Kind: "contract", Number: n, ID: id, Alias: id, Version: 1, Name: fmt.Sprintf("Contract %d", n), Owner: "ana",
		Team: "platform", Seen: kernel.Restricted, Readers: []bot.PersonID{"ben", "dan"}, State: "active",
		Wakes: value.Day{Year: 2027, Month: 1, Day: 31}, Added: bottest.Start, Changed: bottest.Start.Add(time.Microsecond),
		Values: map[string]string{"tier": "1", "term-end": "2027-01-31"}, Words: "contract größe 100%",
		Data: []byte(`{"Name":"Contract"}`),
	}
}

// vendor is a record with as little as possible.
func vendor() kernel.Row {
	return kernel.Row{
		Kind: "vendor", ID: "VEN-1", Alias: "VEN-1", Name: "Vendor", Added: bottest.Start, Changed: bottest.Start,
	}
}

// changeOf is a change that saves a row.
func changeOf(r kernel.Row, history ...kernel.Entry) kernel.Change {
	return kernel.Change{Row: r, History: history, Effects: bot.Effects{Audit: bot.Audit{
		Actor: "ana", Action: r.Kind + ".edit", Result: bot.ResultDone, At: bottest.Start,
	}}}
}

// addRecord adds what change makes of the next number.
func addRecord(t testing.TB, s *storage.Store, kind string, change func(n int64) kernel.Change) kernel.Row {
	t.Helper()
	var row kernel.Row
	err := s.Registers().Add(context.Background(), kind, func(n int64) (kernel.Change, error) {
		c := change(n)
		row = c.Row
		return c, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return row
}

// addContract adds a contract that alter has altered.
func addContract(t testing.TB, s *storage.Store, alter func(*kernel.Row)) kernel.Row {
	t.Helper()
	return addRecord(t, s, "contract", func(n int64) kernel.Change {
		r := contract(n)
		if alter != nil {
			alter(&r)
		}
		return changeOf(r, kernel.Entry{At: bottest.Start, By: "ana", What: "name", Is: r.Name})
	})
}

// editRecord changes a record.
func editRecord(t testing.TB, s *storage.Store, id string, alter func(*kernel.Change)) {
	t.Helper()
	err := s.Registers().Update(context.Background(), id, func(_ context.Context, now kernel.Row) (kernel.Change, error) {
		c := changeOf(now)
		alter(&c)
		return c, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestARecordIsKeptAsItWas(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		want := addContract(t, s, nil)
		for _, id := range []string{"CTR-1", "ctr-1"} {
			if got, err := s.Registers().Record(t.Context(), id); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %v\n got %+v\nwant %+v", id, err, got, want)
			}
		}
		keyed := addRecord(t, s, "service", func(n int64) kernel.Change {
			return changeOf(kernel.Row{
				Kind: "service", ID: "checkout", Alias: fmt.Sprintf("SVC-%d", n), Name: "Checkout", Added: bottest.Start,
				Changed: bottest.Start,
			})
		})
		for _, id := range []string{"checkout", "CheckOut", "SVC-1", "svc-1"} {
			got, err := s.Registers().Record(t.Context(), id)
			if err != nil || got.ID != keyed.ID || got.Number != 1 || got.Version != 1 || got.Owner != "" ||
				got.Seen != kernel.Everybody || len(got.Readers)+len(got.Values) != 0 || !got.Wakes.IsZero() {
				t.Errorf("%s: %+v %v", id, got, err)
			}
		}
		editRecord(t, s, "svc-1", func(c *kernel.Change) {
			c.Row.Name, c.Row.Owner, c.Row.Archived = "Checkout of shops", "ben", bottest.Start
		})
		got, err := s.Registers().Record(t.Context(), "checkout")
		if err != nil || got.Name != "Checkout of shops" || got.Owner != "ben" || got.Version != 2 ||
			!got.Archived.Equal(bottest.Start) {
			t.Errorf("after a change: %+v %v", got, err)
		}
		for _, err := range []error{
			second(s.Registers().Record(t.Context(), "CTR-2")), second(s.Registers().Record(t.Context(), "")),
			s.Registers().Update(t.Context(), "CTR-2", func(context.Context, kernel.Row) (kernel.Change, error) {
				t.Error("asked about a record that is not there")
				return kernel.Change{}, nil
			}),
		} {
			if !errors.Is(err, bot.ErrNoSuch) {
				t.Errorf("no such record: %v", err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

// What decide refuses is not saved and takes no number, and neither does what it may not change.
func TestWhatARegisterRefusesIsNotSaved(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		ctx, r := t.Context(), s.Registers()
		err := r.Add(ctx, "contract", func(int64) (kernel.Change, error) { return kernel.Change{}, errRefused })
		if !errors.Is(err, errRefused) {
			t.Error("refused:", err)
		}
		addContract(t, s, nil)
		for name, alter := range map[string]func(*kernel.Change){
			"another id":     func(c *kernel.Change) { c.Row.ID = "CTR-9" },
			"another alias":  func(c *kernel.Change) { c.Row.Alias = "CTR-9" },
			"another kind":   func(c *kernel.Change) { c.Row.Kind = "vendor" },
			"another number": func(c *kernel.Change) { c.Row.Number = 9 },
			"a link from elsewhere": func(c *kernel.Change) {
				c.Linked = []kernel.Link{{From: "VEN-1", Name: "supplies", To: "CTR-1"}}
			},
			"an owner who is nobody": func(c *kernel.Change) { c.Row.Owner = "nobody" },
			"no audit entry":         func(c *kernel.Change) { c.Effects.Audit.Action = "" },
		} {
			err := r.Update(ctx, "CTR-1", func(_ context.Context, now kernel.Row) (kernel.Change, error) {
				c := changeOf(now)
				c.Row.Name = "changed"
				alter(&c)
				return c, nil
			})
			if err == nil {
				t.Errorf("%s was saved", name)
			}
		}
		if got, err := r.Record(ctx, "CTR-1"); err != nil || got.Version != 1 || got.Name != "Contract 1" {
			t.Errorf("%+v %v", got, err)
		}
		if next := addContract(t, s, nil); next.Number != 2 {
			t.Errorf("the next number is %d", next.Number)
		}
	})
}

// Of those who change a record at once each decides on what the one before left.
func TestChangesOfOneRecordAreDecidedOneAfterTheOther(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		instances := []*storage.Store{storagetest.WithPeople(t, url, "test"), storagetest.Open(t, url)}
		addContract(t, instances[0], func(r *kernel.Row) { r.Values = map[string]string{"count": ""} })
		const people, times = 6, 5
		var all sync.WaitGroup
		for i, s := range instances {
			for p := range people {
				all.Go(func() {
					id := []string{"CTR-1", "ctr-1"}[p%2] // these take no turns
					for n := range times {
						editRecord(t, s, id, func(c *kernel.Change) {
							c.Row.Values["count"] += "x"
							c.History = []kernel.Entry{{At: bottest.Start, What: "count", Is: fmt.Sprint(i, p, n)}}
							c.Linked = []kernel.Link{{From: "CTR-1", Name: "covers", To: fmt.Sprint("SVC-", i, p, n)}}
						})
					}
				})
			}
		}
		all.Wait()
		sum := len(instances) * people * times
		s := instances[1]
		got, err := s.Registers().Record(t.Context(), "CTR-1")
		if err != nil || got.Version != 1+sum || len(got.Values["count"]) != sum {
			t.Errorf("%+v %v", got, err)
		}
		links, err := s.Registers().Links(t.Context(), "CTR-1")
		if err != nil || len(links) != sum {
			t.Errorf("%d links: %v", len(links), err)
		}
		history, err := s.Registers().History(t.Context(), "CTR-1", 1000)
		if err != nil || len(history) != 1+sum {
			t.Errorf("%d entries: %v", len(history), err)
		}
		if _, err := s.Verify(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Of many who take one id at once, in two instances, one gets it, and no number is lost.
func TestAnIDIsTakenOnce(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		instances := []*storage.Store{storagetest.WithPeople(t, url, "test"), storagetest.Open(t, url)}
		var all sync.WaitGroup
		var mu sync.Mutex
		got := map[string]int{}
		const ids, each = 5, 4
		for _, s := range instances {
			for id := range ids {
				for k := range each {
					all.Go(func() {
						key := fmt.Sprintf("service-%d", id)
						if k%2 == 1 {
							key = strings.ToUpper(key)
						}
						err := s.Registers().Add(context.Background(), "service", func(n int64) (kernel.Change, error) {
							return changeOf(kernel.Row{
								Kind: "service", ID: key, Alias: fmt.Sprintf("SVC-%d", n), Name: key, Added: bottest.Start,
								Changed: bottest.Start,
							}), nil
						})
						mu.Lock()
						defer mu.Unlock()
						switch {
						case err == nil:
							got["added"]++
						case errors.Is(err, kernel.ErrTaken):
							got["taken"]++
						default:
							t.Error(err)
						}
					})
				}
			}
		}
		all.Wait()
		if got["added"] != ids || got["taken"] != len(instances)*ids*each-ids {
			t.Error(got)
		}
		rows, err := instances[0].Registers().List(t.Context(), kernel.Query{Kind: "service", Sort: "number"})
		if err != nil || len(rows) != ids || rows[ids-1].Number != ids {
			t.Errorf("%+v %v", rows, err)
		}
		if _, err := instances[0].Verify(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// What makes a record may take its time: others commit meanwhile, and it is asked again for the number that is then
// next.
func TestWhatMakesARecordHoldsUpNobody(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var asked []int64
		err := s.Registers().Add(ctx, "contract", func(n int64) (kernel.Change, error) {
			if asked = append(asked, n); n == 1 {
				addContract(t, s, nil)
			}
			return changeOf(contract(n)), s.Record(ctx, effects("people"))
		})
		if err != nil || !slices.Equal(asked, []int64{1, 2}) {
			t.Errorf("asked for %v: %v", asked, err)
		}
		if _, err := s.Verify(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Whoever relied on something that moved is refused, and what they counted up counts for others.
func TestRecordsRelyOnGuards(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		ctx, r := t.Context(), s.Registers()
		addContract(t, s, nil)
		addContract(t, s, nil)
		before, err := r.Guards(ctx, "record:CTR-1", "links:CTR-1")
		if err != nil || !slices.Equal(before, []bot.Guard{{Name: "record:CTR-1"}, {Name: "links:CTR-1"}}) {
			t.Fatal(before, err)
		}
		editRecord(t, s, "CTR-1", func(c *kernel.Change) { c.Bumps = []string{"record:CTR-1"} })
		relying := func(_ context.Context, now kernel.Row) (kernel.Change, error) {
			c := changeOf(now)
			c.Effects.Relies = before[:1]
			return c, nil
		}
		if err := r.Update(ctx, "CTR-2", relying); !errors.Is(err, bot.ErrStale) {
			t.Error("a change:", err)
		}
		err = r.Add(ctx, "contract", func(n int64) (kernel.Change, error) { return relying(ctx, contract(n)) })
		if !errors.Is(err, bot.ErrStale) {
			t.Error("a new one:", err)
		}
		if before, err = r.Guards(ctx, "record:CTR-1"); err != nil || before[0].Version != 1 {
			t.Fatal(before, err)
		}
		if err := r.Update(ctx, "CTR-2", relying); err != nil {
			t.Error("on what is so:", err)
		}
	})
}

func TestLinksAreKnownAtBothEnds(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		addContract(t, s, nil)
		covers := func(to string) kernel.Link { return kernel.Link{From: "CTR-1", Name: "covers", To: to} }
		rows := addRecord(t, s, "vendor", func(int64) kernel.Change {
			c := changeOf(vendor())
			c.Linked = []kernel.Link{
				{From: "VEN-1", Name: "signed", To: "CTR-1"}, {From: "VEN-1", Name: "part of", To: "VEN-1"},
			}
			return c
		})
		is := func(id string, want ...kernel.Link) {
			t.Helper()
			if got, err := s.Registers().Links(t.Context(), id); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: %+v %v, want %+v", id, got, err, want)
			}
		}
		signed := kernel.Link{From: rows.ID, Name: "signed", To: "CTR-1"}
		is("VEN-1", kernel.Link{From: "VEN-1", Name: "part of", To: "VEN-1"}, signed)
		editRecord(t, s, "CTR-1", func(c *kernel.Change) {
			c.Linked = []kernel.Link{covers("checkout"), covers("INC-4"), covers("checkout")}
		})
		is("CTR-1", covers("INC-4"), covers("checkout"), signed)
		editRecord(t, s, "CTR-1", func(c *kernel.Change) {
			c.Severed = []kernel.Link{covers("checkout"), covers("never")}
			c.Linked = []kernel.Link{covers("INC-4"), covers("db")}
		})
		is("CTR-1", covers("INC-4"), covers("db"), signed)
		is("checkout")
		is("INC-4", covers("INC-4"))
		editRecord(t, s, "CTR-1", func(c *kernel.Change) { // moved and back
			c.Severed, c.Linked = []kernel.Link{covers("db")}, []kernel.Link{covers("db")}
		})
		is("db", covers("db"))
		if _, err := s.Verify(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestHistoryIsKeptByVersion(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		ctx, r := t.Context(), s.Registers()
		addContract(t, s, nil)
		addContract(t, s, nil)
		later := bottest.Start.Add(time.Hour)
		editRecord(t, s, "CTR-1", func(c *kernel.Change) {
			c.History = []kernel.Entry{
				{At: later, By: "ben", What: "name", Was: "a", Is: "b"}, {At: later, What: "renewed", Is: "until 2028"},
			}
		})
		history, err := r.History(ctx, "CTR-1", 10)
		want := []kernel.Entry{
			{Record: "CTR-1", Version: 2, N: 2, At: later, What: "renewed", Is: "until 2028"},
			{Record: "CTR-1", Version: 2, N: 1, At: later, By: "ben", What: "name", Was: "a", Is: "b"},
			{Record: "CTR-1", Version: 1, N: 1, At: bottest.Start, By: "ana", What: "name", Is: "Contract 1"},
		}
		if err != nil || !slices.Equal(history, want) {
			t.Errorf("%+v %v", history, err)
		}
		if newest, err := r.History(ctx, "CTR-1", 1); err != nil || !slices.Equal(newest, want[:1]) {
			t.Errorf("the newest: %+v %v", newest, err)
		}
		hour := value.Span{From: bottest.Start, To: later}
		for _, c := range []struct {
			kind  string
			names []string
			in    value.Span
			want  int
		}{
			{"contract", []string{"name", "renewed"}, hour, 2}, {"contract", []string{"renewed"}, hour, 0},
			{"contract", []string{"name", "renewed"}, value.Span{From: bottest.Start, To: later.Add(time.Second)}, 4},
			{"contract", nil, value.Span{From: bottest.Start, To: later.Add(time.Second)}, 0},
			{"vendor", []string{"name"}, hour, 0},
		} {
			got, err := r.Happened(ctx, map[string][]string{c.kind: c.names}, c.in)
			sorted := slices.IsSortedFunc(got, func(a, b kernel.Happened) int { return a.At.Compare(b.At) })
			if err != nil || len(got) != c.want || !sorted {
				t.Errorf("%+v: %+v %v", c, got, err)
			}
		}
	})
}
