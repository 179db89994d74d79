package storage_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/notify"
	"github.com/watchbell/watchbell/storage"
)

func notifyCalls(s *storage.Store, n int64) map[string]call {
	r := s.Notify()
	at := bottest.Start
	d := notify.Delivery{
		Object: fmt.Sprintf("PAGE-%d", n), Place: 2, Person: "dan", Owner: "person/dan", Name: "ntfy", State: bot.RungWaiting, At: at,
	}
	job := func(d notify.Delivery) bot.Job {
		return bot.Job{Kind: "notify.send-alarm", Object: d.Object, Arg: "0/2"}
	}
	sent := d
	sent.State = bot.RungSent
	begin := func(ctx context.Context) error { return r.Begin(ctx, []notify.Delivery{d}, job) }
	return map[string]call{
		"notify.Repository.AddPlace": {func(ctx context.Context) error {
			p := &notify.Place{
				Owner: "person/7", Service: "ntfy", Sealed: "x", Mark: strings.Repeat("f", 64), By: "dan", Made: at,
			}
			return r.AddPlace(ctx, p, 10, func(p *notify.Place) bot.Effects { return effects(p.ID()) })
		}},
		"notify.Repository.RemovePlace": {func(ctx context.Context) error { return r.RemovePlace(ctx, 7, effects("BELL-7")) }},
		"notify.Repository.Place": {
			on(func(ctx context.Context) (*notify.Place, error) { return r.Place(ctx, 8) }),
			on(func(ctx context.Context) (*notify.Place, error) { return r.Place(ctx, -1) }),
		},
		"notify.Repository.PlacesOf": {on(func(ctx context.Context) ([]notify.Place, error) {
			return r.PlacesOf(ctx, "person/9", "rota/primary")
		})},
		"notify.Repository.Told":   {func(ctx context.Context) error { return r.Told(ctx, 8, at, "no answer") }},
		"notify.Repository.Record": {func(ctx context.Context) error { return r.Record(ctx, effects("BELL-8")) }},
		"notify.Repository.Begin":  {begin, begin},
		"notify.Repository.Deliveries": {on(func(ctx context.Context) ([]notify.Delivery, error) {
			return r.Deliveries(ctx, d.Object)
		})},
		"notify.Repository.Settle": {func(ctx context.Context) error { return r.Settle(ctx, sent, job(sent)) }},
	}
}
