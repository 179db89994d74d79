package change_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/control"
	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// world is an installation with changes and incidents.
type world struct {
	*storagetest.Installation
	desk   *control.Service
	policy string        // the text of the policy file
	group  []bot.Account // who is in the user group slack:@sre
	fail   error         // why that cannot be read

	services []bot.Service // as they are now
}

var testServices = []bot.Service{
	{ID: "billing-db", Name: "Billing database", Owners: []bot.PersonID{"ben"}, Tier: 1, Tags: []string{"pci"}},
	{ID: "billing", Name: "Billing", Owners: []bot.PersonID{"ben"}, Tier: 2, DependsOn: []string{"billing-db"}},
	{ID: "web", Name: "Web shop", Owners: []bot.PersonID{"dan"}, Tier: 3},
	{ID: "wiki", Name: "Wiki", Owners: []bot.PersonID{"chloe"}, Tier: 4},
}

func newWorld(t testing.TB, url, policy string) *world {
	t.Helper()
	w := &world{
		Installation: storagetest.Install(t, url, engine.Options{}), policy: policy, services: slices.Clone(testServices),
	}
	w.use()
	return w
}

// groupsOnly is a platform that has user groups and nothing else.
type groupsOnly struct{ w *world }

func (groupsOnly) Name() string { return "slack" }
func (groupsOnly) Run(ctx context.Context, _ func(context.Context, bot.Request) bot.Reply) error {
	<-ctx.Done()
	return nil
}
func (groupsOnly) Post(context.Context, bot.Conversation, bot.Message, string) (bot.MessageRef, error) {
	return bot.MessageRef{}, bot.ErrGone
}
func (groupsOnly) Edit(context.Context, bot.MessageRef, bot.Message) error { return bot.ErrGone }
func (g groupsOnly) GroupMembers(context.Context, string) ([]bot.Account, error) {
	return g.w.group, g.w.fail
}

// restart makes another process on the same database of it.
func (w *world) restart() {
	w.T.Helper()
	w.Bot = w.NewBot()
	w.use()
}

// use gives the bot its capabilities.
func (w *world) use() {
	w.T.Helper()
	w.Bot.Attach(groupsOnly{w: w})
	o := control.Options{
		Services: w.now, People: w.Store.People, Clock: w.Clock,
		Key: ed25519.NewKeyFromSeed(make([]byte, 32)),
	}
	o.SignIn = func(page string, enough bot.Assurance) string {
		return "https://ops.example/login?sure=" + string(enough) + "&next=" + page
	}
	o.Incident = response.ShowJob
	o.Linked = func(id, changeID string, how change.Verdict, by bot.PersonID) bot.Job {
		return response.LinkedJob(id, changeID, string(how), by)
	}
	if w.policy != "" {
		o.Policy = "policy.yaml"
		o.Read = func(string) ([]byte, error) { return []byte(w.policy), nil }
	}
	o.LeadOf = func(ctx context.Context, id string) (bot.PersonID, error) {
		i, err := w.Store.Incidents().Get(ctx, id)
		if err != nil {
			return "", nil // there is none
		}
		return i.Lead, nil
	}
	w.desk = control.New(w.Store.Changes(), w.Bot, o)
	if err := w.desk.LoadPolicy(context.Background()); err != nil {
		w.T.Fatal(err)
	}
	w.Bot.Use(w.desk.Capability())
	w.Bot.Use(
		response.New(w.Store.Incidents(), w.Bot, response.Options{
			Clock: w.Clock, Services: bot.ServicesOf(testServices...), Changes: near{w: w},
		}).Capability(),
	)
}

// now implements bot.Services.
func (w *world) now(context.Context) ([]bot.Service, error) { return w.services, nil }

// near tells incidents about changes, as the program does.
type near struct{ w *world }

// About implements incident.Changes.
func (n near) About(ctx context.Context, ids []string) ([]incident.Change, error) {
	list, err := n.w.desk.Register.About(ctx, ids)
	var found []incident.Change
	for _, c := range list {
		found = append(found, incident.Change{ID: c.ID, Title: c.Title, Detail: c.Detail, CanRollBack: c.Running})
	}
	return found, err
}

func (n near) Near(ctx context.Context, services []string, from, to time.Time) ([]incident.Change, error) {
	list, err := n.w.desk.Register.Near(ctx, services, from, to)
	var found []incident.Change
	for _, c := range list {
		found = append(found, incident.Change{ID: c.ID, Title: c.Title, Detail: c.Detail, CanRollBack: c.Running})
	}
	return found, err
}

func (near) Link(id, incidentID string, v incident.Verdict, by bot.PersonID) bot.Job {
	how := change.Suspected
	if v == incident.NotRelated {
		how = change.Unrelated
	}
	return control.LinkJob(id, incidentID, how, by)
}

func each(t *testing.T, f func(w *world)) { t.Helper(); eachWith(t, "", f) }

// eachWith runs f on both databases with a policy, "" for the one that ships.
func eachWith(t *testing.T, policy string, f func(w *world)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, url string) { t.Parallel(); f(newWorld(t, url, policy)) })
}

func (w *world) get(id string) *change.Change {
	w.T.Helper()
	c, err := w.Store.Changes().Get(context.Background(), id)
	if err != nil {
		w.T.Fatal(err)
	}
	return c
}

// state fails the test unless the change is in that state.
func (w *world) state(id string, want change.State) {
	w.T.Helper()
	if c := w.get(id); c.State != want {
		w.T.Fatalf("%s is %s, not %s", id, c.State, want)
	}
}

// card is the card of a change, as text.
func (w *world) card(id string) string {
	w.T.Helper()
	for _, m := range w.Chat.Messages() {
		if strings.HasPrefix(m.Key, "change.card/"+id+"/") {
			return m.Message.Plain(time.UTC)
		}
	}
	w.T.Fatalf("%s has no card", id)
	return ""
}

// request makes a normal change in production, tomorrow at 22:00 in Berlin for an hour.
func (w *world) request(who, more string) string {
	w.T.Helper()
	r := w.Type(
		who,
		`/change new title="Resize the database" service=billing-db env=prod why="Queries time out" plan="Fail over, resize, fail back" backout="Fail back to the old size" start="tomorrow 22:00" end=1h `+more,
	)
	if r.Status != bot.Done {
		w.T.Fatalf("status %s: %s", r.Status, bottest.Text(r))
	}
	return fmt.Sprintf("CHG-%d", w.last())
}

func (w *world) last() int64 {
	w.T.Helper()
	list, err := w.Store.Changes().List(context.Background(), change.Filter{Limit: 1})
	if err != nil || len(list) == 0 {
		w.T.Fatal("no change", err)
	}
	return list[0].Number
}

// lowRisk answers every question so that the risk is low.
const lowRisk = "users=none tested=yes backout-tested=yes systems=one novelty=routine data=yes outage=none"

// openWindow moves the clock into the window of what request makes.
func (w *world) openWindow() { w.T.Helper(); w.Wait(31 * time.Hour) }
