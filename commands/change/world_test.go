package change_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/control"
	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// world is a whole bot with changes and incidents on a real database, a recording platform and a clock that stands still.
type world struct {
	t      testing.TB
	url    string
	bot    *bot.Bot
	store  *storage.Store
	desk   *control.Service
	chat   *bottest.Recorder
	clock  *bottest.Clock
	policy string        // the text of the policy file
	group  []bot.Account // who is in the user group slack:@sre
	fail   error         // why that cannot be read
	n      int
}

var testServices = []bot.Service{
	{ID: "billing-db", Name: "Billing database", Owners: []bot.PersonID{"ben"}, Tier: 1, Tags: []string{"pci"}},
	{ID: "billing", Name: "Billing", Owners: []bot.PersonID{"ben"}, Tier: 2, DependsOn: []string{"billing-db"}},
	{ID: "web", Name: "Web shop", Owners: []bot.PersonID{"dan"}, Tier: 3},
	{ID: "wiki", Name: "Wiki", Owners: []bot.PersonID{"chloe"}, Tier: 4},
}

func newWorld(t testing.TB, url, policy string) *world {
	t.Helper()
	w := &world{t: t, url: url, store: storagetest.WithPeople(t, url, "test"), chat: bottest.NewRecorder(), clock: bottest.NewClock(), policy: policy}
	w.start()
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

// start makes a bot on the store, as a restart does.
func (w *world) start() {
	w.t.Helper()
	w.bot = bot.New(bot.Options{Store: w.store, Clock: w.clock})
	w.bot.Attach(w.chat)
	w.bot.Attach(groupsOnly{w: w})
	o := control.Options{Services: bot.ServicesOf(testServices...), People: w.store.People, Clock: w.clock, Key: ed25519.NewKeyFromSeed(make([]byte, 32))}
	o.Incident = response.ShowJob
	o.Linked = func(id, changeID string, how change.Verdict, by bot.PersonID) bot.Job {
		return response.LinkedJob(id, changeID, string(how), by)
	}
	if w.policy != "" {
		o.Policy = "policy.yaml"
		o.Read = func(string) ([]byte, error) { return []byte(w.policy), nil }
	}
	o.LeadOf = func(ctx context.Context, id string) (bot.PersonID, error) {
		i, err := w.store.Incidents().Get(ctx, id)
		if err != nil {
			return "", nil // there is none
		}
		return i.Lead, nil
	}
	w.desk = control.New(w.store.Changes(), w.bot, o)
	if err := w.desk.LoadPolicy(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	w.bot.Use(w.desk.Capability())
	w.bot.Use(response.New(w.store.Incidents(), w.bot, response.Options{Clock: w.clock, Services: bot.ServicesOf(testServices...), Changes: near{w: w}}).Capability())
}

// near tells incidents about changes, as the program does.
type near struct{ w *world }

// About implements incident.Changes.
func (n near) About(ctx context.Context, ids []string) ([]incident.Change, error) {
	list, err := n.w.desk.About(ctx, ids)
	var found []incident.Change
	for _, c := range list {
		found = append(found, incident.Change{ID: c.ID, Title: c.Title, Detail: c.Detail, CanRollBack: c.Running})
	}
	return found, err
}

func (n near) Near(ctx context.Context, services []string, from, to time.Time) ([]incident.Change, error) {
	list, err := n.w.desk.Near(ctx, services, from, to)
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

func (w *world) key() string { w.n++; return fmt.Sprintf("key-%d", w.n) }

// send carries out a request of somebody and then all jobs that are due.
func (w *world) send(who string, r bot.Request) bot.Reply {
	w.t.Helper()
	r.From = bot.Account{Platform: "test", User: who}
	if r.Key == "" {
		r.Key = w.key()
	}
	reply := w.bot.Receive(context.Background(), r)
	w.settle()
	return reply
}

func (w *world) settle() {
	w.t.Helper()
	if _, err := w.bot.RunDue(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

// wait moves the clock and does what comes due, each minute's look included.
func (w *world) wait(d time.Duration) {
	w.t.Helper()
	w.clock.Move(d)
	if err := w.bot.Tick(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	w.settle()
}

func (w *world) say(who, text string) bot.Reply {
	w.t.Helper()
	return w.send(who, bot.Request{Text: text})
}

// ok says something that has to be done.
func (w *world) ok(who, text string) string {
	w.t.Helper()
	r := w.say(who, text)
	if r.Status != bot.Done {
		w.t.Fatalf("%s: %s\nstatus %s: %s", who, text, r.Status, plain(r))
	}
	return plain(r)
}

// no says something that has to be refused with these words.
func (w *world) no(who, text string, want ...string) {
	w.t.Helper()
	r := w.say(who, text)
	if r.Status == bot.Done {
		w.t.Fatalf("%s: %s\nwas done: %s", who, text, plain(r))
	}
	for _, x := range want {
		if !strings.Contains(plain(r), x) {
			w.t.Errorf("%s: %s\nlacks %q: %s", who, text, x, plain(r))
		}
	}
}

func plain(r bot.Reply) string {
	if r.Message == nil {
		return fmt.Sprintf("form %+v", r.Form)
	}
	return r.Message.Plain(time.UTC)
}

func (w *world) get(id string) *change.Change {
	w.t.Helper()
	c, err := w.store.Changes().Get(context.Background(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// state fails the test unless the change is in that state.
func (w *world) state(id string, want change.State) {
	w.t.Helper()
	if c := w.get(id); c.State != want {
		w.t.Fatalf("%s is %s, not %s", id, c.State, want)
	}
}

// verify checks that the audit log is whole and that no job was given up.
func (w *world) verify() {
	w.t.Helper()
	if _, err := w.store.VerifyAudit(context.Background(), bot.Seal{}); err != nil {
		w.t.Errorf("audit: %v", err)
	}
	dead, err := w.store.DeadJobs(context.Background(), 10)
	if err != nil || len(dead) > 0 {
		w.t.Errorf("dead jobs: %+v %v", dead, err)
	}
}

// press presses the newest button with a label that somebody sees in the channel, or in what was sent to them.
func (w *world) press(who, label string) bot.Reply {
	w.t.Helper()
	return w.send(who, bot.Request{Token: w.button(label).Token})
}

func (w *world) button(label string) bot.Action {
	w.t.Helper()
	messages := w.chat.Messages()
	for n := len(messages) - 1; n >= 0; n-- {
		for _, a := range messages[n].Message.Actions {
			if a.Label == label && !messages[n].Gone {
				return a
			}
		}
	}
	w.t.Fatalf("no button %q", label)
	return bot.Action{}
}

// card is the card of a change, as text.
func (w *world) card(id string) string {
	w.t.Helper()
	for _, m := range w.chat.Messages() {
		if strings.HasPrefix(m.Key, "change.card/"+id+"/") {
			return m.Message.Plain(time.UTC)
		}
	}
	w.t.Fatalf("%s has no card", id)
	return ""
}

// told are the messages sent to somebody alone.
func (w *world) told(who string) []string {
	var texts []string
	for _, m := range w.chat.Messages() {
		if m.Ref.Channel == "@"+who {
			texts = append(texts, m.Message.Plain(time.UTC))
		}
	}
	return texts
}

// request makes a normal change in production, tomorrow at 22:00 in Berlin for an hour.
func (w *world) request(who, more string) string {
	w.t.Helper()
	r := w.say(who, `/change new title="Resize the database" service=billing-db env=prod why="Queries time out" plan="Fail over, resize, fail back" backout="Fail back to the old size" start="tomorrow 22:00" end=1h `+more)
	if r.Status != bot.Done {
		w.t.Fatalf("status %s: %s", r.Status, plain(r))
	}
	return fmt.Sprintf("CHG-%d", w.last())
}

func (w *world) last() int64 {
	w.t.Helper()
	list, err := w.store.Changes().List(context.Background(), change.Filter{Limit: 1})
	if err != nil || len(list) == 0 {
		w.t.Fatal("no change", err)
	}
	return list[0].Number
}

// lowRisk answers every question so that the risk is low.
const lowRisk = "users=none tested=yes backout-tested=yes systems=one novelty=routine data=yes outage=none"

// openWindow moves the clock into the window of what request makes.
func (w *world) openWindow() { w.t.Helper(); w.wait(31 * time.Hour) }
