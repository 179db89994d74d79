package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/adapters/discord/look"
	"github.com/watchbell/watchbell/adapters/discord/look/looktest"
	"github.com/watchbell/watchbell/adapters/slack"
	"github.com/watchbell/watchbell/adapters/slack/slackfake"
	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/oncall"
	"github.com/watchbell/watchbell/commands/report"
	"github.com/watchbell/watchbell/commands/report/figures"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// gallery makes every report in every state from facts that the test sets, and shows them on every adapter.
type gallery struct {
	*storagetest.Installation
	duty         // but for the rotas
	happens bool // whether anything did
	seen    int  // messages that were looked at
	samples []sample
}

// sample is a report as it was posted: the message, then its thread.
type sample struct {
	kind  string // report if left out
	name  string
	parts []bot.Message
}

// file is the path of a golden file of the sample.
func (s sample) file(rest string) string {
	kind := cmp.Or(s.kind, "report")
	return filepath.Join(kind+"s", kind+"-"+s.name+rest)
}

// staged are the reports of a real database, but for what they tell of.
type staged struct {
	report.Keeper
	g *gallery
}

func (s staged) Facts(
	_ context.Context, since, now time.Time, _ func(context.Context, *figures.Facts) error,
) (*figures.Facts, error) {
	return s.g.facts(now), nil
}

func (g *gallery) facts(now time.Time) *figures.Facts {
	f := &figures.Facts{At: now, Began: now.AddDate(0, -8, 0)}
	if !g.happens {
		return f
	}
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	const hour, day = time.Hour, 24 * time.Hour
	f.Incidents = []figures.Incident{
		{
			Number: 44, Title: "Mail is slow", Severity: "sev3", State: "closed", Services: []string{"mail"}, Lead: "dan",
			Started: ago(9 * day), Detected: ago(9*day - 4*time.Minute), Declared: ago(9*day - 6*time.Minute),
			Acked: ago(9*day - 9*time.Minute), Mitigated: ago(9*day - hour), Resolved: ago(9*day - 2*hour),
			Resolution: "Queue drained",
		},
		{
			Number: 51, Title: "Checkout returns 502", Severity: "sev1", State: "review", Services: []string{"portal"},
			Lead: "ana", Started: ago(20 * hour), Detected: ago(20*hour - 3*time.Minute),
			Declared: ago(20*hour - 5*time.Minute), Acked: ago(20*hour - 11*time.Minute), Mitigated: ago(19 * hour),
			Resolved: ago(18 * hour), ReviewDue: now.Add(3 * day), Impact: "One in five customers cannot pay",
			Resolution: "Rolled back", Suspects: []string{"CHG-85"},
			Levels: []figures.Level{
				{Severity: "sev2", Since: ago(20 * hour)}, {Severity: "sev1", Since: ago(19*hour + 30*time.Minute)},
			},
		},
		{
			Number: 52, Title: "VPN logins <fail> & hang", Severity: "sev2", State: "investigating",
			Services: []string{"portal"}, Lead: "ben", Started: ago(14*hour + 10*time.Minute),
			Detected: ago(14*hour + 8*time.Minute), Declared: ago(14 * hour), Acked: ago(13*hour + 50*time.Minute),
			NextUpdate: now.Add(30 * time.Minute), Impact: "Half of the logins fail",
		},
		{
			Number: 54, Title: "Printer queue on the third floor", Severity: "sev4", State: "investigating",
			Services: []string{"mail"}, Started: ago(2 * hour), Detected: ago(2 * hour), Declared: ago(2 * hour),
		},
	}
	f.Changes = []figures.Change{
		{
			Number: 85, Title: "New checkout", Type: "normal", State: "closed", Risk: "medium", Env: "prod",
			Services: []string{"portal"}, Requester: "dan", Start: ago(22 * hour), End: ago(20 * hour),
			Submitted: ago(50 * hour), Decided: ago(40 * hour), Started: ago(22 * hour), Finished: ago(21 * hour),
			Outcome: "rolled_back", Caused: true, Backout: true,
		},
		{
			Number: 86, Title: "Rotate certificates", Type: "standard", State: "closed", Risk: "low", Env: "prod",
			Services: []string{"mail"}, Requester: "dan", Start: ago(12 * hour), End: ago(10 * hour), Submitted: ago(30 * hour),
			Decided: ago(30 * hour), Started: ago(12 * hour), Finished: ago(11 * hour), Outcome: "success", Backout: true,
		},
		{
			Number: 88, Title: "Core switch firmware", Type: "normal", State: "pending", Risk: "high", Env: "prod",
			Services: []string{"portal"}, Requester: "dan", Start: now.Add(13 * hour), End: now.Add(14*hour + 30*time.Minute),
			Submitted: ago(28 * hour), Waiting: []string{"Service owner"}, Approved: []string{"@chloe"},
			Reasons: []string{"tier 1 service", "never done before"}, Backout: true, Test: true, Revision: 1,
		},
		{
			Number: 89, Title: "New storage array", Type: "normal", State: "pending", Risk: "high", Env: "prod",
			Services: []string{"mail"}, Requester: "eve", Submitted: ago(3 * hour), Waiting: []string{"Peer"}, Revision: 1,
		},
		{
			Number: 90, Title: "Load balancer", Type: "normal", State: "approved", Risk: "medium", Env: "prod",
			Services: []string{"portal"}, Requester: "eve", Start: now.Add(13*hour + 30*time.Minute), End: now.Add(15 * hour),
			Submitted: ago(20 * hour), Decided: ago(2 * hour), Backout: false, Revision: 2,
		},
		{
			Number: 91, Title: "Restart the queue", Type: "emergency", State: "closed", Risk: "low", Env: "prod",
			Services: []string{"mail"}, Requester: "ben", Submitted: ago(8 * hour), Started: ago(8 * hour),
			Finished: ago(7 * hour), Outcome: "success",
		},
	}
	f.FollowUps = []figures.FollowUp{
		{
			Incident: "INC-51", N: 1, Text: "Alert on the pool of connections", Owner: "dan", Created: ago(18 * hour),
			Due: now.Add(2 * day), Services: []string{"portal"},
		},
		{
			Incident: "INC-44", N: 1, Text: "Write down how the queue is drained", Owner: "eve", Created: ago(9 * day),
			Due: ago(day), Services: []string{"mail"},
		},
		{
			Incident: "INC-44", N: 2, Text: "More memory", Owner: "dan", Created: ago(9 * day), Due: now, Done: ago(6 * hour),
			Services: []string{"mail"},
		},
	}
	done := &bot.Action{Label: "Done", Command: "incident.done"}
	f.Dues = []bot.Due{
		{
			Object: "INC-44", What: "task 1", Name: "INC-44 task 1", Text: "Write down how the queue is drained", At: ago(day),
			Owner:    "eve",
			Audience: bot.Audience{Services: []string{"mail"}}, Done: done,
		},
		{
			Object: "INC-51", What: "task 1", Name: "INC-51 task 1", Text: "Alert on the pool of connections",
			At: now.Add(2 * day), Owner: "dan",
			Audience: bot.Audience{Services: []string{"portal"}}, Done: done,
		},
		{
			Object: "INC-51", What: "review", Text: "review of Checkout returns 502", At: now.Add(3 * day),
			Audience: bot.Audience{Services: []string{"portal"}},
		},
	}
	f.Stray = []figures.Stray{{Service: "mail", Env: "prod", By: "eve", At: ago(5 * hour), Note: "hot fix"}}
	return f
}

// Rotas implements report.Duty.
func (g *gallery) Rotas(_ context.Context, since, now time.Time) ([]figures.Rota, error) {
	r := figures.Rota{Name: "primary", Zone: time.UTC, Now: "ana", Next: "ben", Until: now.Add(48 * time.Hour)}
	if g.happens {
		r.Gaps = []value.Span{{From: now.AddDate(0, 0, 5), To: now.AddDate(0, 0, 5).Add(9 * time.Hour)}}
		r.Swaps = []figures.Swap{
			{Person: "dan", For: "ben", Span: value.Span{From: now.AddDate(0, 0, 3), To: now.AddDate(0, 0, 4)}},
		}
		for n := range 4 {
			at := now.Add(-time.Duration(2+5*n) * time.Hour)
			r.Pages = append(r.Pages, figures.Page{
				ID: fmt.Sprintf("PAGE-%d", n+1), Rota: "primary", Who: "ana", Zone: time.UTC, Text: "disk-80% db-03", At: at,
				Acked: at.Add(4 * time.Minute), Led: n == 0,
			})
		}
	}
	return []figures.Rota{r}, nil
}

func newGallery(t *testing.T) *gallery {
	g := &gallery{Installation: storagetest.Install(t, storagetest.SQLite(t), engine.Options{})}
	g.Place = bot.Conversation{Platform: "test", Channel: "ops"}
	a := &app{store: g.Store, clock: g.Clock, bot: g.Bot}
	a.duties = oncall.New(g.Store.OnCall(), g.Bot, oncall.Options{
		People: g.Store.People, Handover: report.HandoverJob, Clock: g.Clock,
	})
	g.duty = duty{a}
	g.Bot.Use(a.duties.Capability())
	g.Bot.Use(
		report.New(staged{g.Store.Reports(), g}, g.Bot, report.Options{
			Clock: g.Clock, Duty: g, Address: "https://watchbell.example.com",
			Targets: figures.Targets{"sev1": 5 * time.Minute, "sev2": 5 * time.Minute},
			Services: bot.ServicesOf(bot.Service{
				ID: "portal", Name: "Portal", Tier: 1, Owners: []bot.PersonID{"ben"}, Target: 0.999,
			}, bot.Service{ID: "mail", Name: "Mail", Tier: 2, Owners: []bot.PersonID{"dan"}, Target: 0.99}),
		}).Capability(),
	)
	return g
}

func (g *gallery) do(text string) {
	g.T.Helper()
	g.Do("mia", text)
	g.Wait(0)
}

// keep takes what was posted since the last time as a sample.
func (g *gallery) keep(name, prefix string) {
	g.T.Helper()
	s := sample{name: name}
	all := g.Chat.Messages()
	for _, m := range all[g.seen:] {
		if strings.HasPrefix(m.Key, prefix) {
			s.parts = append(s.parts, m.Message)
		}
	}
	g.seen = len(all)
	if len(s.parts) == 0 {
		g.T.Fatalf("%s was not posted: %d messages", name, len(all))
	}
	g.samples = append(g.samples, s)
}

// scheduled makes the samples of a report that comes at nine o'clock, by the times when it is due.
func (g *gallery) scheduled(kind, words string, due []time.Time) {
	g.T.Helper()
	draft := kind == "monthly"
	posted := func(name string) {
		g.T.Helper()
		if draft {
			g.keep(name+"-draft", "report.draft")
			r := g.samples[len(g.samples)-1].parts[0]
			k := slices.IndexFunc(r.Actions, func(a bot.Action) bool { return a.Command == "report.publish" })
			g.do("/report publish " + r.Actions[k].Args["run"])
		}
		g.keep(name, "report.part")
	}
	g.do("/report subscribe " + kind + " " + words + " tz=UTC late=6h empty=full")
	g.happens = true
	g.WaitUntil(due[0])
	posted(kind + "-full")
	g.happens = false
	g.WaitUntil(due[1])
	posted(kind + "-empty")
	g.do("/report settings " + kind + " empty=short")
	g.WaitUntil(due[2])
	posted(kind + "-short")
	g.happens = true
	g.WaitUntil(due[3].Add(2 * time.Hour)) // due[3] is the second after due[2]: one is skipped
	posted(kind + "-late")
	g.Chat.Fail = func(op string) error {
		if op == "post" {
			return &bot.RetryAfterError{After: time.Minute, Err: fmt.Errorf("the chat is down")}
		}
		return nil
	}
	g.WaitUntil(due[4])
	g.WaitUntil(due[4].Add(7 * time.Hour))
	g.Chat.Fail = nil
	g.WaitUntil(due[4].Add(8 * time.Hour))
	if !draft { // a draft is not posted by itself, so it cannot be too late
		g.keep(kind+"-failed", "report.failed")
	}
	g.do("/report unsubscribe " + kind)
	g.seen = len(g.Chat.Messages())
}

func TestReportsLookAsTheyShouldEverywhere(t *testing.T) {
	t.Parallel()
	g := newGallery(t)
	g.Clock.Move(time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC).Sub(g.Clock.Now()))
	at := func(month time.Month, day int) time.Time { return time.Date(2026, month, day, 9, 0, 0, 0, time.UTC) }
	g.scheduled("daily", "at=09:00 days=daily", []time.Time{at(11, 27), at(11, 28), at(11, 29), at(12, 1), at(12, 2)})
	g.scheduled("weekly", "at=09:00 days=mon", []time.Time{at(12, 7), at(12, 14), at(12, 21), at(13, 4), at(13, 11)})
	g.scheduled("cab", "at=09:00 days=wed", []time.Time{at(13, 13), at(13, 20), at(13, 27), at(14, 10), at(14, 17)})
	g.scheduled("monthly", "at=09:00 on=1", []time.Time{at(15, 1), at(16, 1), at(17, 1), at(19, 1), at(20, 1)})
	g.do(`/oncall new primary people=@ana,@ben tz=UTC handover="mon 09:00"`)
	g.happens = true
	g.WaitUntil(at(20, 2)) // a Monday
	g.do(`/oncall feel HO-1 feel="Bumpy: VPN still shaky" watch="Do not restart gw-2 before the vendor called at 11:00"`)
	g.keep("handover-full", "report.part")
	g.happens = false
	g.WaitUntil(at(20, 9))
	g.keep("handover-empty", "report.part")
	store := storagetest.WithPeople(t, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db"), web.Platform)
	chat := web.New(web.Options{
		Name: "Northwind Ops", URL: "http://localhost", Store: store.Chat(), People: store.People, Clock: bottest.NewClock(),
		Visitors: web.NewPersonas(store.People, ""),
	})
	for _, s := range g.samples {
		t.Run(s.name, func(t *testing.T) {
			inSlackGolden(t, s)
			inDiscordGolden(t, s)
			inWebGolden(t, chat, s)
		})
	}
}

// oneInstallation is a core that knows its installation, and is asked nothing else.
type oneInstallation struct{ slack.Core }

func (oneInstallation) Installation(context.Context) (string, error) { return "one", nil }

// inSlackGolden posts a sample to a fake Slack and compares what was sent.
func inSlackGolden(t *testing.T, s sample) {
	t.Helper()
	fake := slackfake.Start(t, slackfake.Options{})
	channel := fake.AddChannel("ops")
	clock := bottest.NewClock()
	a := slack.New(slack.Options{BotToken: "xoxb-fake", APIURL: fake.API(), Now: clock.Now, Core: oneInstallation{}})
	to := bot.Conversation{Platform: slack.Platform, Channel: channel}
	for n, m := range s.parts {
		clock.Move(2 * time.Second) // Slack takes one a second
		ref, err := a.Post(context.Background(), to, m, fmt.Sprint(s.name, n))
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			to.Thread = ref.ID
		}
	}
	for n, call := range fake.Calls("chat.postMessage") {
		data, err := json.MarshalIndent(payloadOf(call), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		name := s.file(fmt.Sprintf("-%d.slack-message.json", n))
		keepPayload(t, name, data)
		bottest.Golden(t, name, ownToken.ReplaceAllString(string(data), `"$1": "…"`)+"\n")
	}
}

// inDiscordGolden compares a sample with how it looked in Discord. Nothing of it may be cut.
func inDiscordGolden(t *testing.T, s sample) {
	t.Helper()
	for n, m := range s.parts {
		body := look.Message(m)
		if len(body.Lost) > 0 {
			t.Errorf("part %d loses %q", n, body.Lost)
		}
		if err := looktest.Check(body); err != nil {
			t.Errorf("part %d: %v", n, err)
		}
		discordGolden(t, s.file(fmt.Sprintf("-%d.discord-message.json", n)), body)
	}
}

var webToken = regexp.MustCompile(`(data-token)="[^"]*"`)

// inWebGolden posts a sample to a web chat and compares what a browser gets.
func inWebGolden(t *testing.T, chat *web.Chat, s sample) {
	t.Helper()
	ctx := context.Background()
	to, err := chat.OpenChannel(ctx, s.name, s.name)
	if err != nil {
		t.Fatal(err)
	}
	path := ""
	for n, m := range s.parts {
		ref, err := chat.Post(ctx, to, m, fmt.Sprint(s.name, n))
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			to.Thread = ref.ID
			path = "/c/" + s.name + "/thread/" + ref.ID
		}
	}
	got := httptest.NewRecorder()
	chat.Handler().ServeHTTP(got, httptest.NewRequest("GET", "http://localhost"+path, nil))
	var posts strings.Builder
	seen := map[string]bool{} // the root of the thread stands in the channel and in the thread
	for _, card := range regexp.MustCompile(`(?s)<div class="card .*?\n</div>`).FindAllString(got.Body.String(), -1) {
		if card = webToken.ReplaceAllString(card, `$1="…"`); !seen[card] {
			posts.WriteString(card + "\n\n")
		}
		seen[card] = true
	}
	if got.Code != 200 || posts.Len() == 0 {
		t.Fatalf("%d:\n%s", got.Code, got.Body)
	}
	bottest.Golden(t, s.file(".html"), posts.String())
}
