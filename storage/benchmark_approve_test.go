//go:build unix

package storage_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/change/control"
)

const approvePolicy = `version: 1
groups:
  approvers: {roles: [approver]}
rules:
  - {id: normal, when: {type: normal}, stages: [{name: approval, from: approvers, quorum: 1}]}
  - {id: catch-all, fallback: true, stages: [{name: any, from: approvers, quorum: 1}]}
`

// BenchmarkApprove measures approvals of different changes by sixteen people at once, beside declares by the same
// program at the same distance from the database, while so many other changes are live.
func BenchmarkApprove(b *testing.B) {
	onBoth(b, func(b *testing.B, d *databases) {
		approvals(b, d.fresh)
		if d.pg != nil {
			b.Run("remote", func(b *testing.B) {
				approvals(b, func(b *testing.B) string { return remote(b, d.fresh(b)) })
			})
		}
	})
}

// approvals takes turns: some declares, then as many approvals, so that what else the database does meets both.
func approvals(b *testing.B, fresh func(*testing.B) string) {
	const workers, rounds = 16, 8
	for _, live := range []int{0, 400} {
		b.Run(fmt.Sprintf("live=%d", live), func(b *testing.B) {
			declare := declareByBot(b, fresh(b), bot.SystemClock{})
			w := changeBot(b, fresh(b))
			request := func(n int) error {
				start := bottest.Start.Add(time.Duration(24+n%700) * time.Hour).Format("2006-01-02 15:04")
				return say(
					w, "request-"+key(n),
					fmt.Sprintf(
						`/change new title="Deploy %d" service=%s env=prod why="A release" plan="Roll out" backout="Roll back" start=%q end=30m users=none systems=one novelty=routine data=no outage=none tested=yes backout-tested=yes`,
						n, service(n), start,
					),
				)
			}
			const spare = 4 * workers
			each := max(workers, b.N/rounds)
			var made atomic.Int64
			drive(b, workers, live+spare+rounds*each, func(int) error { return request(int(made.Add(1))) })
			var next atomic.Int64
			next.Store(int64(live))
			approve := func(int) error {
				n := next.Add(1)
				reply := w.Receive(context.Background(), bot.Request{
					Key: "approve-" + key(int(n)), From: bot.Account{Platform: "test", User: "ben"},
					Text: fmt.Sprintf("/change approve CHG-%d r1 Looks good", n),
				})
				if reply.Status != bot.Done {
					return fmt.Errorf("CHG-%d: %s: %+v", n, reply.Status, reply.Message)
				}
				return nil
			}
			warm(b, workers, declare)
			warm(b, workers, approve)
			b.ResetTimer()
			var declares, approvals, ratios, costs, cost []float64
			for range rounds {
				one, other := drive(b, workers, each, declare), drive(b, workers, each, approve)
				declares = append(declares, float64(each)/one.took.Seconds())
				approvals = append(approvals, float64(each)/other.took.Seconds())
				ratios = append(ratios, one.took.Seconds()/other.took.Seconds())
				costs = append(costs, float64(one.cpu.Microseconds())/float64(each))
				cost = append(cost, float64(other.cpu.Microseconds())/float64(each))
			}
			for _, list := range [][]float64{declares, approvals, ratios, costs, cost} {
				slices.Sort(list)
			}
			b.ReportMetric(declares[rounds/2], "declares/s")
			b.ReportMetric(approvals[rounds/2], "approvals/s")
			b.ReportMetric(ratios[rounds/2], "x-declares")
			b.ReportMetric(costs[rounds/2], "cpu-µs/declare")
			b.ReportMetric(cost[rounds/2], "cpu-µs/approval")
			b.ReportMetric(ratios[0], "x-least")
			b.ReportMetric(ratios[rounds-1], "x-most")
		})
	}
}

// changeBot is a bot with changes.
func changeBot(b *testing.B, url string) *engine.Bot {
	b.Helper()
	clock := bottest.NewClock()
	s := store(b, url, clock.Now())
	w := newBot(s, clock)
	o := control.Options{
		People: s.People, Key: ed25519.NewKeyFromSeed(make([]byte, 32)), Clock: clock, Policy: "policy.yaml",
		Read: func(string) ([]byte, error) { return []byte(approvePolicy), nil },
	}
	o.Services = named(services)
	desk := control.New(s.Changes(), w, o)
	if err := desk.LoadPolicy(context.Background()); err != nil {
		b.Fatal(err)
	}
	w.Use(desk.Capability())
	return w
}
