package storage_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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

// shelf is a thousand records of two kinds, that differ in everything that queries ask for.
func shelf(t *testing.T, s *storage.Store) []kernel.Row {
	t.Helper()
	rnd := rand.New(rand.NewPCG(1, 2))
	pick := func(of ...string) string { return of[rnd.IntN(len(of))] }
	var all []kernel.Row
	for n := range int64(1000) {
		kind, number := "contract", n+1
		if n >= 700 {
			kind, number = "vendor", n-699
		}
		r := contract(number)
		r.Kind, r.ID = kind, fmt.Sprintf("%s-%d", strings.ToUpper(kind[:3]), number)
		r.Alias = r.ID
		r.Name = pick("Zebra", "apple", "Äpfel", "a_b", "100% sure", "apple pie", "zebra")
		r.Owner = bot.PersonID(pick("", "ana", "ben", "gone"))
		r.Team, r.State = pick("", "platform", "data"), pick("active", "ended")
		r.Seen = kernel.Visibility(pick("all", "team", "restricted"))
		r.Readers = [][]bot.PersonID{nil, {"dan"}, {"dan", "mia"}, {"dana"}}[rnd.IntN(4)]
		r.Values = map[string]string{"tier": pick("1", "2", "3"), "note-2": pick("é", "z", "Z", `"quoted"`)}
		if n%3 == 0 {
			delete(r.Values, "tier")
		}
		if r.Wakes = bottestDay.Add(rnd.IntN(20) - 10); n%2 == 0 {
			r.Wakes = value.Day{}
		}
		if rnd.IntN(4) == 0 {
			r.Archived = bottest.Start
		}
		r.Changed = bottest.Start.Add(time.Duration(rnd.IntN(50)) * 100 * time.Millisecond)
		r.Words = strings.ToLower(r.ID + " " + r.Name + " " + r.State)
		all = append(all, r)
	}
	var wg sync.WaitGroup
	for _, kind := range []string{"contract", "vendor"} {
		for range 20 {
			wg.Go(func() {
				for range map[string]int{"contract": 35, "vendor": 15}[kind] {
					addRecord(t, s, kind, func(n int64) kernel.Change {
						return changeOf(all[map[string]int64{"contract": 0, "vendor": 700}[kind]+n-1])
					})
				}
			})
		}
	}
	wg.Wait()
	return all
}

var bottestDay = value.DayOf(bottest.Start)

// matches is what a query asks for, said once more without SQL.
func matches(q kernel.Query, r kernel.Row) bool {
	for name, want := range q.Where {
		if r.Values[name] != want {
			return false
		}
	}
	for _, word := range strings.Fields(strings.ToLower(q.Words)) {
		if !strings.Contains(r.Words, word) {
			return false
		}
	}
	sees := q.Reader == nil || q.Reader.All || bot.Restrictions(nil).Include(
		bot.Reader{Person: q.Reader.Person, Groups: q.Reader.Groups}, r.Audience(),
	)
	return sees && (q.Kind == "" || r.Kind == q.Kind) &&
		(q.Kind != "" || q.Kinds == nil || slices.Contains(q.Kinds, r.Kind)) &&
		(q.IDs == nil || slices.Contains(q.IDs, r.ID)) && (q.IDs != nil || r.Archived.IsZero() != q.Archived) &&
		(q.Owner == "" || r.Owner == q.Owner) && (q.Team == "" || r.Team == q.Team) &&
		(q.State == "" || r.State == q.State) &&
		(!q.Orphans || r.Owner == "" && r.Team == "" || r.Owner == "gone") &&
		(q.Wakes.IsZero() || !r.Wakes.IsZero() && r.Wakes.String() <= q.Wakes.String())
}

// inOrder is the order of a query, said once more without SQL.
func inOrder(q kernel.Query) func(a, b kernel.Row) int {
	by, falling := strings.CutPrefix(q.Sort, "-")
	return func(a, b kernel.Row) int {
		var c int
		switch by {
		case "", "name":
			c = cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
		case "changed":
			c = a.Changed.Compare(b.Changed)
		case "number":
		default:
			c = cmp.Compare(a.Values[by], b.Values[by])
		}
		if c = cmp.Or(c, cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Number, b.Number)); falling {
			return -c
		}
		return c
	}
}

func TestRecordsAreListed(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.Open(t, url)
		people := append(bottest.People("test"), bot.Person{ID: "gone", Name: "Gone"})
		if err := s.SyncPeople(t.Context(), people, bottest.Start); err != nil {
			t.Fatal(err)
		}
		all := shelf(t, s)
		listed := func(t *testing.T, q kernel.Query, page int) {
			t.Helper()
			var want, got []string
			for _, r := range slices.SortedFunc(slices.Values(all), inOrder(q)) {
				if matches(q, r) {
					want = append(want, r.ID)
				}
			}
			if q.Limit = page; len(want) == 0 && q.IDs == nil {
				t.Error("the query finds nothing: that proves nothing")
			}
			for {
				rows, err := s.Registers().List(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range rows {
					got = append(got, r.ID)
				}
				if len(rows) < page || page == 0 {
					break
				}
				end := s.Registers().Sorted(q, rows[len(rows)-1])
				q.After = &end
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d records, want %d:\n%v\n%v", len(got), len(want), got, want)
			}
		}
		for _, sort := range []string{"", "name", "number", "changed", "tier", "note-2", "none"} {
			for _, way := range []string{"", "-"} {
				for _, kind := range []string{"", "contract"} {
					t.Run("by "+way+sort+" of "+kind, func(t *testing.T) {
						listed(t, kernel.Query{Kind: kind, Sort: way + sort}, 37)
					})
				}
			}
		}
		for name, q := range queries() {
			t.Run(name, func(t *testing.T) {
				listed(t, q, 0)
				listed(t, q, 10)
			})
		}
	})
}

// queries are filters, each alone and some together.
func queries() map[string]kernel.Query {
	all := map[string]kernel.Query{
		"owner": {Owner: "ana"}, "team": {Team: "data"}, "state": {State: "ended"}, "orphans": {Orphans: true},
		"archived": {Archived: true}, "of a kind archived": {Kind: "vendor", Archived: true},
		"kinds": {Kinds: []string{"vendor", "risk"}}, "no kinds": {Kinds: []string{}, IDs: []string{"CON-1"}},
		"ids": {IDs: []string{"CON-3", "VEN-4", "CON-99", "RSK-1"}}, "no ids": {IDs: []string{}},
		"wakes": {Wakes: bottestDay}, "wakes of a kind": {Kind: "contract", Wakes: bottestDay.Add(-3)},
		"a field": {Where: map[string]string{"tier": "2"}}, "an empty field": {Where: map[string]string{"tier": ""}},
		"fields": {Where: map[string]string{"tier": "1", "note-2": `"quoted"`}},
		"a word": {Words: "ZEBRA"}, "words": {Words: "pie  Active"}, "a percent sign": {Words: "0%"},
		"an underscore": {Words: "_"}, "umlauts": {Words: "Äpf"},
		"together": {
			Kind: "contract", Words: "a", Owner: "ben", Team: "data", State: "active", Sort: "-tier",
			Reader: &kernel.Reader{Person: "mia"},
		},
	}
	for who, groups := range map[bot.PersonID][]string{
		"ana": nil, "dan": {"data"}, "dana": {"platform", "data"}, "mia": {}, "Dan": nil, "": {"platform"}, "n": nil,
		"d_n": nil,
	} {
		all["as "+string(who)] = kernel.Query{Reader: &kernel.Reader{Person: who, Groups: groups}}
	}
	all["as who sees all"] = kernel.Query{Reader: &kernel.Reader{Person: "mia", All: true}}
	return all
}

// A page ends where somebody says: not each such end is one.
func TestEndsOfPagesThatAreNone(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		addContract(t, s, nil)
		for _, sort := range []string{"name", "number", "changed", "tier"} {
			for _, end := range []kernel.Key{{}, {Value: "\x00'", Kind: "\x00", Number: -1}, {Value: "9999-99-99"}} {
				_, err := s.Registers().List(context.Background(), kernel.Query{Sort: sort, After: &end})
				var people *bot.Error
				if sort == "changed" != (err != nil) || err != nil && !errors.As(err, &people) {
					t.Errorf("%s after %+v: %v", sort, end, err)
				}
			}
		}
	})
}
