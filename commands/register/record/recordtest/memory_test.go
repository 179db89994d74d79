package recordtest_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/record"
	"github.com/watchbell/watchbell/commands/register/record/recordtest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// life is what happens to both stores, and how they are asked.
type life struct {
	*rand.Rand
	at time.Time
}

func (l *life) pick(of ...string) string { return of[l.IntN(len(of))] }

// alter makes something of a row, with links and history.
func (l *life) alter(r record.Row) record.Change {
	l.at = l.at.Add(time.Duration(1+l.IntN(3)) * time.Second)
	r.Name, r.Owner = l.pick("Zebra", "apple", "a_b", "100% sure", "apple pie"), bot.PersonID(l.pick("", "ana", "ben",
		"eve"))
	r.Team, r.State = l.pick("", "platform", "data"), l.pick("active", "ended")
	r.Seen = record.Visibility(l.pick("all", "team", "restricted"))
	r.Readers = nil
	if l.IntN(2) == 0 {
		r.Readers = []bot.PersonID{"dan", "mia"}
	}
	r.Values = map[string]string{"tier": l.pick("1", "2", "3")}
	if r.Wakes = value.DayOf(bottest.Start).Add(l.IntN(20) - 10); l.IntN(2) == 0 {
		r.Wakes = value.Day{}
	}
	if r.Archived = (time.Time{}); l.IntN(5) == 0 {
		r.Archived = l.at
	}
	r.Changed, r.Words = l.at, strings.ToLower(r.ID+" "+r.Name+" "+r.State)
	r.Data = fmt.Appendf(nil, `{"N":%d}`, r.Version)
	c := record.Change{Row: r, Effects: bot.Effects{Audit: bot.Audit{
		Actor: "ana", Action: r.Kind + ".edit", Object: r.ID, Version: r.Version, Result: bot.ResultDone, At: l.at,
	}}}
	for n, what := range []string{l.pick("name", "owner"), l.pick("renewed", "state")} {
		c.History = append(c.History, record.Entry{
			Record: r.ID, Version: r.Version, N: n + 1, At: l.at, By: "ana", What: what, Is: r.Name,
		})
	}
	return c
}

// query asks for something.
func (l *life) query() record.Query {
	q := record.Query{
		Kind: l.pick("", "contract", "service"), Words: l.pick("", "", "apple", "100% active"),
		Owner: bot.PersonID(l.pick("", "", "ana")),
		Team:  l.pick("", "", "data"), State: l.pick("", "", "ended"), Orphans: l.IntN(5) == 0, Archived: l.IntN(4) == 0,
		Sort: l.pick("", "name", "-name", "number", "-number", "changed", "-changed", "tier", "-tier"), Limit: l.IntN(12),
	}
	if l.IntN(4) == 0 {
		q.Where = map[string]string{"tier": "2"}
	}
	if l.IntN(4) == 0 {
		q.Wakes = value.DayOf(bottest.Start)
	}
	if l.IntN(2) == 0 {
		q.Reader = &record.Reader{
			Person: bot.PersonID(l.pick("ana", "dan", "gus")), Groups: []string{l.pick("data", "platform")}, All: l.IntN(4) == 0,
		}
	}
	return q
}

// The store in memory and those of databases answer alike, whatever happens.
func TestMemoryIsLikeTheDatabases(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		ctx, s := t.Context(), storagetest.WithPeople(t, url, "test")
		memory := &recordtest.Memory{Active: func(who bot.PersonID) bool { return who != "eve" }}
		stores := []record.Store{memory, s.Registers()}
		l := &life{rand.New(rand.NewPCG(3, 4)), bottest.Start}
		alike := func(what string, a, b any) {
			t.Helper()
			if d := diff.Diff(a, b, cmpopts.EquateEmpty(), cmpopts.EquateApproxTime(0)); d != "" {
				t.Fatalf("%s (-memory +database):\n%s", what, d)
			}
		}
		var ids []string
		for range 120 {
			kind := l.pick("contract", "service")
			var change *record.Change // the same for both
			for i, store := range stores {
				var err error
				if id := ids; len(id) < 40 {
					err = store.Add(ctx, kind, func(number int64) (record.Change, error) {
						if change == nil {
							r := record.Row{Kind: kind, Number: number, Version: 1, Added: l.at}
							r.Alias = fmt.Sprintf("%s-%d", map[string]string{"contract": "CTR", "service": "SVC"}[kind], number)
							if r.ID = r.Alias; kind == "service" {
								r.ID = fmt.Sprintf("key%d", number)
							}
							c := l.alter(r)
							change = &c
						}
						if change.Row.Number != number {
							return *change, fmt.Errorf("number %d, want %d", number, change.Row.Number)
						}
						return *change, nil
					})
				} else {
					id := ids[0]
					err = store.Update(ctx, id, func(_ context.Context, now record.Row) (record.Change, error) {
						if change == nil {
							now.Version++
							c := l.alter(now)
							if link := (record.Link{From: now.ID, Name: "covers", To: ids[len(ids)-1]}); link.To != link.From {
								links, err := store.Links(ctx, now.ID)
								if err != nil {
									return c, err
								}
								if slices.Contains(links, link) {
									c.Severed = append(c.Severed, link)
								} else {
									c.Linked = append(c.Linked, link)
								}
							}
							c.Bumps = []string{record.Guard(now.ID)}
							change = &c
						}
						return *change, nil
					})
				}
				if err != nil {
					t.Fatalf("store %d: %v", i, err)
				}
			}
			if len(ids) < 40 {
				ids = append(ids, change.Row.ID)
			}
			l.Shuffle(len(ids), func(i, k int) { ids[i], ids[k] = ids[k], ids[i] })
		}
		taken := func(store record.Store) error {
			return store.Add(ctx, "contract", func(number int64) (record.Change, error) {
				return l.alter(record.Row{Kind: "contract", Number: number, ID: ids[0], Alias: "CTR-999", Version: 1,
					Added: l.at}), nil
			})
		}
		for _, store := range stores {
			if err := taken(store); !errors.Is(err, record.ErrTaken) {
				t.Errorf("a taken id: %v", err)
			}
			if _, err := store.Record(ctx, "CTR-1000"); !errors.Is(err, bot.ErrNoSuch) {
				t.Errorf("a record that is not there: %v", err)
			}
		}
		for _, id := range ids {
			each := func(what string, read func(record.Store) (any, error)) {
				t.Helper()
				a, err := read(memory)
				b, err2 := read(s.Registers())
				if err != nil || err2 != nil {
					t.Fatal(what, err, err2)
				}
				alike(what+" "+id, a, b)
			}
			each("record", func(s record.Store) (any, error) { return s.Record(ctx, strings.ToUpper(id)) })
			each("history", func(s record.Store) (any, error) { return s.History(ctx, id, 3) })
			each("guards", func(s record.Store) (any, error) { return s.Guards(ctx, record.Guard(id), record.LinksGuard(id)) })
			each("links", func(s record.Store) (any, error) {
				links, err := s.Links(ctx, id)
				slices.SortFunc(links, func(a, b record.Link) int { return cmp.Compare(a.From+" "+a.To, b.From+" "+b.To) })
				return links, err
			})
		}
		for range 300 {
			q := l.query()
			there := q // each store has keys of its own
			for page := range 5 {
				a, err := memory.List(ctx, q)
				b, err2 := s.Registers().List(ctx, there)
				if err != nil || err2 != nil {
					t.Fatal(err, err2)
				}
				alike(fmt.Sprintf("page %d of %+v", page, q), a, b)
				if q.Limit == 0 || len(a) < q.Limit {
					break
				}
				after, beyond := memory.Sorted(q, a[len(a)-1]), s.Registers().Sorted(q, b[len(b)-1])
				q.After, there.After = &after, &beyond
			}
		}
		for _, kind := range []string{"contract", "service"} {
			period := value.Span{From: bottest.Start.Add(10 * time.Second), To: bottest.Start.Add(90 * time.Second)}
			names := map[string][]string{kind: {"renewed", "owner"}}
			a, err := memory.Happened(ctx, names, period)
			b, err2 := s.Registers().Happened(ctx, names, period)
			if err != nil || err2 != nil || len(a) == 0 {
				t.Fatal(a, err, err2)
			}
			alike("what happened", a, b)
		}
	})
}
