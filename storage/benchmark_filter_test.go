//go:build unix

package storage_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
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
	"github.com/watchbell/watchbell/storage/storagetest"
)

// filtered are the tables that filters read.
var filtered = []string{
	"incidents", "incident_services", "incident_responders", "changes", "change_services", "change_revisions",
	"change_touches", "change_freezes", "change_delegations",
	"deployments", "audit", "posted", "report_schedules", "report_runs", "oncall_rotas", "oncall_handovers",
	"oncall_pages", "chat_channels", "chat_posts",
}

// What a filter costs in a long history is what it costs in a short one, by the steps of SQLite's machine, which are
// the same on any computer.
func TestAFilterTakesTheSameStepsInALongHistory(t *testing.T) {
	const most = 1.4
	few := map[string]float64{}
	for _, n := range []int{2_000, 20_000} {
		path := filepath.Join(t.TempDir(), "watchbell.db")
		s := storagetest.WithPeople(t, "sqlite:"+path, "test")
		grown(t, "sqlite:"+path, n, filtered...)
		watch := sqliteWorkOf(t, s, path)
		for _, f := range filters(s, int64(n)) {
			steps := 0.0
			for _, c := range watch(func(ctx context.Context) {
				if err := f.read(ctx); err != nil {
					t.Errorf("%s: %v", f.name, err)
				}
			}) {
				steps += float64(c.cost)
			}
			if few[f.name] == 0 {
				few[f.name] = steps
			} else if steps/few[f.name] > most {
				t.Errorf("%s takes %.0f steps with %d of everything, %.0f with the tenth", f.name, steps, n, few[f.name])
			}
		}
	}
}

// BenchmarkFilter is each filter of the lists of incidents and changes, those that find a page and those that find
// nothing, and other reads of long tables. x-1e3 compares the median with a thousand of everything.
func BenchmarkFilter(b *testing.B) {
	onBoth(b, func(b *testing.B, d *databases) {
		smallest := map[string]float64{}
		for _, size := range []int{1e3, 1e5, 1e6} {
			url := d.fresh(b)
			s := store(b, url, bottest.Start)
			some := filtered
			if size == 1e6 {
				some = filtered[:3] // incidents: a million of everything takes half an hour to make
			}
			grown(b, url, size, some...)
			settle(b, url)
			for _, f := range filters(s, int64(size)) {
				if size == 1e6 && !strings.HasPrefix(f.name, "incidents") {
					continue
				}
				b.Run(fmt.Sprintf("%s/%.0e", f.name, float64(size)), func(b *testing.B) {
					each := make([]time.Duration, b.N)
					for n := range 5 + b.N { // the first are for warming up
						begin := time.Now()
						if err := f.read(context.Background()); err != nil {
							b.Fatal(err)
						}
						if n >= 5 {
							each[n-5] = time.Since(begin)
						}
					}
					slices.Sort(each)
					p50 := each[len(each)/2].Seconds()
					b.ReportMetric(p50*1000, "p50-ms")
					if size == 1e3 {
						smallest[f.name] = p50
					} else {
						b.ReportMetric(p50/smallest[f.name], "x-1e3")
					}
				})
			}
		}
	})
}

type filter struct {
	name string
	read func(context.Context) error
}

func filters(s *storage.Store, n int64) []filter {
	at := bottest.Start
	var all []filter
	add := func(name string, read func(context.Context) error) {
		all = append(all, filter{name: strings.ReplaceAll(name, " ", "-"), read: read})
	}
	inc := func(name string, f response.Filter) {
		f.Limit = 11
		add(
			"incidents "+name,
			on(func(ctx context.Context) ([]*incident.Incident, error) { return s.Incidents().List(ctx, f) }),
		)
	}
	sev1, sev2 := []string{"sev1"}, []string{"sev2"}
	inc("all", response.Filter{})
	inc("open", response.Filter{Open: true})
	inc("mine", response.Filter{Open: true, Person: "dan"})
	inc("mine none", response.Filter{Open: true, Person: "chloe"})
	inc("severity", response.Filter{Severities: sev2})
	inc("severity none", response.Filter{Severities: sev1})
	inc("service", response.Filter{Service: "service-1"})
	inc("service none", response.Filter{Service: "none"})
	inc("service and severity none", response.Filter{Service: "service-1", Severities: sev1})
	inc("since", response.Filter{Since: at.AddDate(0, 0, -7)})
	inc("since and severity none", response.Filter{Since: at.AddDate(0, 0, -30), Severities: sev1})
	inc("since none", response.Filter{Since: at.AddDate(0, 0, 1)})
	chg := func(name string, f change.Filter) {
		f.Limit = 11
		add("changes "+name, on(func(ctx context.Context) ([]*change.Change, error) { return s.Changes().List(ctx, f) }))
	}
	chg("all", change.Filter{})
	chg("open", change.Filter{States: []change.State{change.Draft, change.Pending, change.Approved}})
	chg("rejected none", change.Filter{States: []change.State{change.Rejected}})
	chg("mine", change.Filter{Requester: "dan"})
	chg("mine none", change.Filter{Requester: "chloe"})
	chg("mine in dev none", change.Filter{Requester: "dan", Env: "dev"})
	chg("emergency none", change.Filter{Type: policy.Emergency})
	chg("env and risk", change.Filter{Env: "staging", Level: policy.High})
	chg("env none", change.Filter{Env: "dev"})
	chg("service", change.Filter{Service: "service-1"})
	chg("service none", change.Filter{Service: "none"})
	chg("week", change.Filter{From: at, To: at.AddDate(0, 0, 7)})
	add("changes look", on(func(ctx context.Context) (change.Around, error) {
		c := change.Request(1, plan.Content{
			Type: policy.Normal, Services: []string{"service-1"}, Env: "prod",
			Window: plan.NewWindow(at, at.Add(time.Hour), time.UTC),
		}, "dan", "", "test", at)
		return s.Changes().Look(ctx, c, []string{"service-1", "service-2"}, 0)
	}))
	add("audit of", on(func(ctx context.Context) ([]bot.Audit, error) { return s.AuditOf(ctx, fmt.Sprint("INC-", n/2)) }))
	add("place none", func(ctx context.Context) error {
		_, err := s.ObjectAt(ctx, bot.Conversation{Platform: "test", Channel: "incidents", Thread: "nowhere"})
		if err == bot.ErrNoSuch { //nolint:errorlint // it is that one
			err = nil
		}
		return err
	})
	for name, calls := range map[string]call{
		"runs": reportCalls(s, n)["report.Repository.Runs"], "handovers": onCallCalls(s, n)["oncall.Repository.Handovers"],
		"pages": onCallCalls(s, n)["oncall.Repository.Pages"],
		"posts": chatCalls(s, n)["chat.Repository.Page"], "freezes": changeCalls(s, n)["change.Repository.Freezes"],
		"delegations": changeCalls(s, n)["change.Repository.Delegations"],
		"deployments": changeCalls(s, n)["change.Repository.Deployments"],
	} {
		add("each of "+name, func(ctx context.Context) error {
			for _, c := range calls {
				if err := c(ctx); err != nil {
					return err
				}
			}
			return nil
		})
	}
	slices.SortStableFunc(all, func(a, b filter) int { return strings.Compare(a.name, b.name) })
	return all
}
