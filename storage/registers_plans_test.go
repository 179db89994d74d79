package storage_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/value"
	kernel "github.com/watchbell/watchbell/commands/register/record"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/register"
)

// stageContract stages an import that adds a contract.
func stageContract(ctx context.Context, r register.Repository, kind, id string) (kernel.Import, error) {
	i := kernel.Import{Kind: kind, By: "ana", At: bottest.Start, Created: 1}
	return r.Stage(ctx, i, func(first int64, add func([]kernel.Staged) error) (kernel.Import, error) {
		row := contract(first)
		row.Kind, row.ID, row.Alias = kind, id, id
		c := changeOf(row, kernel.Entry{At: bottest.Start, What: "name"})
		c.Linked = []kernel.Link{{From: id, Name: "covers", To: "service-4"}}
		c.Effects.Dues = []bot.Due{{Object: id, What: "end", On: value.DayOf(bottest.Start)}}
		return i, add([]kernel.Staged{{Change: c}})
	})
}

func registerCalls(s *storage.Store) map[string]call {
	r := s.Registers()
	var lists call
	mia := &kernel.Reader{Person: "mia", Groups: []string{"data"}}
	for _, q := range []kernel.Query{
		{Kind: "kind-3"}, {Kind: "kind-3", Sort: "-name"}, {Kind: "kind-3", Sort: "number"},
		{Kind: "kind-3", Sort: "-number"},
		{Kind: "kind-3", After: &kernel.Key{Value: "record 7", Kind: "kind-3", Number: 7}},
		{Kind: "kind-3", Sort: "-number", After: &kernel.Key{Kind: "kind-3", Number: 700}},
		{Kind: "kind-3", Sort: "tier"}, {Kind: "kind-3", Sort: "-changed"}, {Kind: "kind-3", Archived: true},
		{Kind: "kind-3", Where: map[string]string{"tier": "none"}}, {Kind: "kind-3", State: "none"},
		{Kind: "kind-3", Team: "none"},
		{Kind: "kind-3", Owner: "chloe"}, {Kind: "kind-3", Orphans: true}, {Kind: "kind-3", Words: "none"},
		{Kind: "kind-3", Reader: mia}, {Kind: "kind-3", Wakes: value.DayOf(bottest.Start)},
		{}, {Sort: "-name"}, {After: &kernel.Key{Value: "record 7", Kind: "kind-7", Number: 1}}, {Reader: mia},
		{Sort: "number"}, {Owner: "chloe"}, {Owner: "ben", Sort: "number"},
		{Orphans: true}, {Words: "none"}, {Kinds: []string{"kind-3", "kind-4"}, Words: "none"},
		{IDs: []string{"REC-1", "REC-2", "none"}},
	} {
		q.Limit = 21
		lists = append(lists, on(func(ctx context.Context) ([]kernel.Row, error) { return r.List(ctx, q) }))
	}
	for _, q := range []kernel.Query{
		{Kind: "kind-3", Wakes: value.DayOf(bottest.Start)}, {Owner: "ben", Sort: "number"}, {IDs: []string{"REC-1"}},
	} {
		lists = append(lists, on(func(ctx context.Context) ([]kernel.Row, error) { return r.List(ctx, q) }))
	}
	long := value.Span{From: bottest.Start.AddDate(-9, 0, 0), To: bottest.Start.Add(time.Hour)}
	return map[string]call{
		"register.Repository.List": lists,
		"register.Repository.Add": {func(ctx context.Context) error {
			return r.Add(ctx, "kind-3", func(n int64) (kernel.Change, error) {
				row := contract(n)
				row.Kind, row.ID = "kind-3", fmt.Sprint("NEW-", n)
				row.Alias = row.ID
				return changeOf(row, kernel.Entry{At: bottest.Start, What: "name"}), nil
			})
		}},
		"register.Repository.Update": {func(ctx context.Context) error {
			return r.Update(ctx, "rec-4", func(_ context.Context, now kernel.Row) (kernel.Change, error) {
				c := changeOf(now, kernel.Entry{At: bottest.Start, What: "name"})
				c.Row.Name, c.Severed = "New", []kernel.Link{{From: now.ID, Name: "covers", To: "service-4"}}
				return c, nil
			})
		}},
		"register.Repository.Record": {
			on(func(ctx context.Context) (kernel.Row, error) { return r.Record(ctx, "rec-5") }),
			on(func(ctx context.Context) (kernel.Row, error) { return r.Record(ctx, "none") }),
		},
		"register.Repository.Links": {
			on(func(ctx context.Context) ([]kernel.Link, error) { return r.Links(ctx, "REC-5") }),
			on(func(ctx context.Context) ([]kernel.Link, error) { return r.Links(ctx, "service-5") }),
		},
		"register.Repository.History": {
			on(func(ctx context.Context) ([]kernel.Entry, error) { return r.History(ctx, "REC-5", 20) }),
		},
		"register.Repository.Happened": {
			on(func(ctx context.Context) ([]kernel.Happened, error) {
				return r.Happened(ctx, map[string][]string{"kind-3": {"none", "renewed"}, "kind-4": {"renewed"}}, long)
			}),
			on(func(ctx context.Context) ([]kernel.Happened, error) {
				return r.Happened(
					ctx, map[string][]string{"kind-3": {"name"}}, value.Span{From: bottest.Start, To: long.To},
				)
			}),
		},
		"register.Repository.Stage": {func(ctx context.Context) error {
			_, err := stageContract(ctx, r, "kind-5", "STG-1")
			return err
		}, func(ctx context.Context) error {
			i := kernel.Import{Kind: "kind-5", By: "ana", At: bottest.Start.Add(-time.Hour)}
			_, err := r.Stage(ctx, i, func(int64, func([]kernel.Staged) error) (kernel.Import, error) {
				return i, errors.New("wrong")
			})
			if err != nil && err.Error() == "wrong" {
				return nil
			}
			return err
		}},
		"register.Repository.Import": {on(func(ctx context.Context) (kernel.Import, error) { return r.Import(ctx, 7) })},
		"register.Repository.Staged": {
			on(func(ctx context.Context) ([]kernel.Staged, error) { return r.Staged(ctx, 7, 0, 200) }),
		},
		"register.Repository.Apply": {func(ctx context.Context) error {
			i, err := stageContract(ctx, r, "kind-6", "STG-2")
			if err != nil {
				return err
			}
			return r.Apply(ctx, i.Number, effects(i.ID()))
		}},
		"register.Repository.Note": {func(ctx context.Context) error { return r.Note(ctx, effects("kind-3")) }},
		"register.Repository.Guards": {
			on(func(ctx context.Context) ([]bot.Guard, error) { return r.Guards(ctx, "record:REC-5") }),
		},
	}
}
