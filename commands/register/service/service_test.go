package service_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/control"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/commands/register"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/register/record"
	"github.com/watchbell/watchbell/commands/register/registertest"
	"github.com/watchbell/watchbell/commands/register/service"
	"github.com/watchbell/watchbell/commands/register/vendor"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

var teams = map[string][]string{"platform": {"ben", "slack:@sre"}, "payments": {"chloe"}}

// options are those of a register without incidents and changes.
func options(people func(context.Context) ([]bot.Person, error), store record.Store, clock bot.Clock) service.Options {
	return service.Options{
		Teams:  func(context.Context) (map[string][]string, error) { return teams, nil },
		People: people,
		Rotas: func(context.Context) ([]bot.Option, error) {
			return []bot.Option{{Value: "payments", Label: "payments"}}, nil
		},
		Open:    func(context.Context, string) ([]service.Open, error) { return nil, nil },
		Recheck: control.RecheckJob, Zone: time.UTC, Clock: clock, Guards: store.Guards,
	}
}

func TestKind(t *testing.T) {
	people := func(context.Context) ([]bot.Person, error) { return bottest.People("test"), nil }
	make := func(d *desk.Desk) bot.Capability {
		c := service.New(d, options(people, d.Store(), bot.SystemClock{})).Capabilities()[0]
		c.Jobs[control.RecheckJob("").Kind] = func(context.Context, bot.Job) error { return nil }
		return c
	}
	r := service.New(desk.New(nil, desk.Options{}), service.Options{Guards: nil})
	registertest.Kind(t, r.Kind(), registertest.Options{
		With: []registertest.Register{registertest.Of(vendor.Kind)}, Make: make, By: "mia",
		Samples: map[string]string{"depends-on": "web", "on-call": "payments"},
		Before:  map[string][]string{"add": {"dan: /ops vendor add Datadog", "dan: /ops service add Web"}},
		As:      map[string]string{"assign": "mia"},
	})
}

// world is an installation with services, incidents and changes on one of perhaps several instances.
type world struct {
	*storagetest.Installation
	services *service.Register
}

func install(t *testing.T, url string) *world {
	w := &world{Installation: storagetest.Install(t, url, engine.Options{})}
	w.Place = bot.Conversation{Platform: w.Chat.Platform, Channel: "ops"}
	w.services = w.use(w.Bot, w.Store)
	return w
}

// use gives a bot on a store what it can do.
func (w *world) use(b *engine.Bot, store *storage.Store) *service.Register {
	w.T.Helper()
	records := store.Registers()
	people := func(ctx context.Context) ([]bot.Person, error) {
		list, err := store.People(ctx)
		for i := range list {
			for team, members := range teams {
				if slices.Contains(members, string(list[i].ID)) {
					list[i].Groups = append(list[i].Groups, team)
				}
			}
		}
		return list, err
	}
	d := desk.New(records, desk.Options{People: people, Clock: w.Clock})
	o := options(people, records, w.Clock)
	o.Open = func(ctx context.Context, id string) ([]service.Open, error) {
		incidents, err := store.Incidents().List(ctx, response.Filter{Open: true, Service: id, Limit: 9})
		changes, failed := store.Changes().List(ctx, change.Filter{Service: id, Limit: 9, States: []change.State{
			change.Pending, change.Approved,
		}})
		var list []service.Open
		for _, i := range incidents {
			list = append(list, service.Open{ID: i.ID()})
		}
		for _, c := range changes {
			list = append(list, service.Open{ID: c.ID(), For: []bot.PersonID{c.Requester}})
		}
		return list, errors.Join(err, failed)
	}
	r := service.New(d, o)
	changes := control.New(store.Changes(), b, control.Options{
		Services: r.Services, People: store.People, Clock: w.Clock,
	})
	if err := changes.LoadPolicy(w.T.Context()); err != nil {
		w.T.Fatal(err)
	}
	b.Use(d.Capability())
	b.Use(register.New(d, vendor.Kind))
	for _, c := range append(
		r.Capabilities(), changes.Capability(),
		response.New(store.Incidents(), b, response.Options{Services: r.Services, Clock: w.Clock}).Capability(),
	) {
		b.Use(c)
	}
	return r
}

func each(t *testing.T, f func(w *world, url string)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, url string) { f(install(t, url), url) })
}

// A service that is added in chat can be declared on at once, and on another instance in the same minute.
func TestAServiceAddedInChatIsThereForAll(t *testing.T) {
	each(t, func(w *world, url string) {
		w.Refused("ana", "/incident declare Checkout fails service=checkout", "checkout")
		w.Contains(bottest.Text(w.Do("dan", "/ops service add Checkout tier=4")), "Tier: 4", "Lifecycle: live", "1 of 9")
		w.Do("ana", "/incident declare Checkout fails service=checkout sev3")
		w.Do("ana", "/incident declare All is slow service=svc-1 sev3 anyway=yes")
		list, err := w.Store.Incidents().List(w.T.Context(), response.Filter{Open: true, Service: "checkout", Limit: 9})
		if err != nil || len(list) != 2 { // its number is another name of it, and stored nowhere
			w.T.Fatal(list, err)
		}
		if w.Store.Kind() == "postgres" {
			w.another(url)
		}
		w.Verify()
	})
}

// another acts on a second instance.
func (w *world) another(url string) {
	w.T.Helper()
	store, err := storage.Open(w.T.Context(), url, storage.Options{})
	if err != nil {
		w.T.Fatal(err)
	}
	w.T.Cleanup(func() { _ = store.Close() })
	o := engine.Options{Store: store, Clock: w.Clock}
	second := engine.New(o)
	second.Attach(w.Chat)
	r := w.use(second, store)
	if list, err := r.Services(w.T.Context()); err != nil || len(list) != 1 {
		w.T.Fatal(list, err)
	}
	w.Do("dan", "/ops service add Search")
	w.Clock.Move(5 * time.Second)
	reply := second.Receive(w.T.Context(), bot.Request{
		Key: "second", From: w.Account("ana"), Place: w.Place, Text: "/incident declare Nothing is found service=search sev3",
	})
	if reply.Status != bot.Done {
		w.T.Fatal(bottest.Text(reply))
	}
}

func TestWhoChangesWhatPoliciesReadOfServices(t *testing.T) {
	each(t, func(w *world, _ string) {
		for _, field := range []string{
			"tier=1", "tags=pci", "owner=@ben", "team=platform", "owners=ben", "technical-owner=@dan", "lifecycle=deprecated",
		} {
			w.Refused("dan", "/ops service add Wiki "+field, "so managers and administrators set it")
		}
		w.Do("dan", "/ops service add Wiki")
		w.Do("dan", `/ops service edit wiki description="what we know" rto=60`)
		for _, field := range []string{
			"tier=3", `tier=""`, "tags=pci", "owners=ben", "business-owner=@ana", "lifecycle=retired", "depends-on=wiki",
		} {
			w.Refused("dan", "/ops service edit wiki "+field, "")
		}
		w.Refused("dan", "/ops service edit wiki tier=3", "managers and administrators change it")
		w.Refused("dan", "/ops service assign wiki @ben", "Policies decide by the owner")
		w.Refused("ben", "/ops service edit wiki rto=5", "Only the owner of wiki")
		w.Do("mia", "/ops service edit wiki tier=3 tags=docs owners=ben,platform")
		w.Refused("mia", "/ops service edit wiki owners=ben,nobody",
			`"nobody" is neither a person who is active here nor a team`)
		w.Refused("mia", "/ops service edit wiki visible=restricted", "everybody sees which there are")
		w.Refused("mia", "/ops service edit wiki slo=100", "99.9")
		w.Refused("mia", "/ops service edit wiki hours=always", "mon-fri 08:00-20:00")
		w.Refused("mia", "/ops service edit wiki lifecycle=planned", "no longer planned")
		got, err := w.services.Services(w.T.Context())
		want := []bot.Service{{
			ID: "wiki", Name: "Wiki", Owners: []bot.PersonID{"dan", "ben"}, Teams: []string{"platform"},
			ChatGroups: []string{"slack:@sre"}, Tier: 3, Tags: []string{"docs"}, Also: []string{"SVC-1"},
		}}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			w.T.Errorf("(-want +got)\n%s%v", diff, err)
		}
		w.Verify()
	})
}

// Open changes are held to the services as they are now, and nobody eases their own.
func TestServicesAndOpenChanges(t *testing.T) {
	each(t, func(w *world, _ string) {
		w.Do("chloe", "/ops service add Wiki")
		w.Do("dan", `/change new title="Move the wiki" service=wiki env=prod why="The host is old" plan="Copy, switch" `+
			`backout="Switch back" start="tomorrow 22:00" end=1h users=some tested=partly backout-tested=yes systems=few `+
			`novelty=routine data=yes outage=none`)
		w.Do("chloe", "/change approve CHG-1")
		state := func(want change.State) {
			w.T.Helper()
			c, err := w.Store.Changes().Get(w.T.Context(), "CHG-1")
			if err != nil || c.State != want {
				w.T.Fatal(c.State, err)
			}
		}
		state(change.Approved)
		w.Refused("mia", "/ops service edit wiki lifecycle=retired", "still needed by CHG-1")
		w.Do("mia", "/ops service edit wiki tier=2")
		state(change.Pending)
		w.Do("mia", `/change new title="Wipe the wiki" service=wiki env=prod why="The host is old" plan="Copy, switch" `+
			`backout="Switch back" start="tomorrow 23:30" end=10m`)
		w.Refused("mia", "/ops service edit wiki tier=4",
			"CHG-2 is about wiki and yours, so somebody else has to change the tier")
		w.Do("mia", "/ops service edit wiki notes=moved")
		w.Verify()
	})
}

func TestServicesAreRetiredWhenNothingNeedsThem(t *testing.T) {
	each(t, func(w *world, _ string) {
		w.Do("mia", "/ops service add Database key=db")
		w.Do("mia", "/ops service add Shop depends-on=db aliases=store,cart")
		w.Contains(bottest.Text(w.Do("dan", "/ops service show Store")), "shop Shop")
		w.Contains(bottest.Text(w.Do("mia", "/ops service add Till depends-on=cart,svc-1")),
			"Depends on: shop Shop, db Database")
		w.Do("mia", "/ops service archive till")
		w.Refused("mia", "/ops service edit db lifecycle=retired", "db is still needed by shop Shop")
		w.Refused("mia", "/ops service archive db", "shop Shop")
		w.Do("ana", "/incident declare The shop is slow service=shop sev3")
		w.Refused("mia", "/ops service edit shop lifecycle=retired", "still needed by INC-1")
		w.Refused("mia", "/ops service archive shop", "still needed by INC-1")
		w.Do("ana", "/incident resolve INC-1 an index was missing")
		w.Do("mia", "/ops service edit shop lifecycle=retired")
		w.Do("mia", "/ops service edit db lifecycle=retired")
		list, err := w.services.Services(w.T.Context())
		if err != nil || len(list) > 0 {
			w.T.Error(list, err)
		}
		w.Refused("ana", "/incident declare The shop is slow service=shop sev3", "shop")
		w.Refused("mia", "/ops service add Store", "store is what shop is called already")
		w.Refused("mia", "/ops service add Kiosk aliases=db", "db is what db is called already")
		w.Verify()
	})
}

func TestTierOneTakesMore(t *testing.T) {
	each(t, func(w *world, _ string) {
		w.Refused("mia", "/ops service add Checkout tier=1 slo=99.9", "also needs somebody on call, a runbook, an RTO")
		w.Do("mia", "/ops service add Checkout tier=1 slo=99.9 lifecycle=planned")
		w.Refused("mia", "/ops service edit checkout lifecycle=live rto=60", "also needs somebody on call, a runbook")
		w.Contains(bottest.Text(w.Do("mia",
			"/ops service edit checkout lifecycle=live rto=60 on-call=payments runbook=https://wiki.example.com/checkout")),
			"5 of 9: it lacks a description, a business owner, an RPO, a verification")
		w.Refused("mia", "/ops service edit checkout rto=\"\"", "also needs an RTO")
		w.Do("mia", "/ops service verify checkout")
		w.Refused("mia", "/ops service verify checkout", "verified today already")
		due := w.due("checkout")
		if on := value.DayOf(w.Clock.Now()).Add(180); due.On != on || due.Done.Command != "service.verify" {
			w.T.Errorf("%+v", due)
		}
		w.Do("mia", "/ops service edit checkout lifecycle=retired")
		if due := w.due("checkout"); due.Object != "" {
			w.T.Errorf("%+v", due)
		}
	})
}

func (w *world) due(object string) bot.Due {
	w.T.Helper()
	list, err := w.Store.DuesUntil(w.T.Context(), value.Day{Year: 9999, Month: 1, Day: 1}, 100)
	if err != nil {
		w.T.Fatal(err)
	}
	for _, d := range list {
		if d.Object == object {
			return d
		}
	}
	return bot.Due{}
}

func TestImpact(t *testing.T) {
	each(t, func(w *world, _ string) {
		for _, line := range []string{
			"db-03", "Payments depends-on=db-03 tier=2", "Checkout depends-on=payments tier=2", "Blog",
			"Shop depends-on=checkout,payments", "Alone",
		} {
			w.Do("mia", "/ops service add "+line)
		}
		w.Do("mia", "/ops service edit payments depends-on=db-03,shop") // a cycle is allowed
		text := bottest.Text(w.Do("dan", "/ops impact db-03"))
		w.Contains(text, "Impact of db-03 db-03", "Need it themselves\npayments Payments · tier 2 · needs db-03",
			"2 steps away\ncheckout Checkout · tier 2 · needs payments", "shop Shop · tier 4 · needs payments",
			"They need each other: payments → shop → payments", "3 services would be hit")
		if strings.Contains(text, "Blog") {
			w.T.Error(text)
		}
		w.Contains(bottest.Text(w.Do("dan", "/ops service impact svc-6")), "No other service needs it.")
		w.Refused("dan", "/ops impact nothing", "There is no service nothing")
		w.Do("mia", "/ops vendor add Hoster")
		w.Do("mia", "/ops service edit db-03 supplied-by=ven-1")
		w.Contains(bottest.Text(w.Do("dan", "/ops impact VEN-1")), "Linked with it\ndb-03", "Need these\npayments")
		w.Do("mia", "/ops vendor edit VEN-1 visible=restricted")
		w.Refused("dan", "/ops impact VEN-1", "There is no service VEN-1")
		w.Contains(bottest.Text(w.Do("mia", "/ops impact VEN-1")), "Linked with it\ndb-03")
		w.Contains(bottest.Text(w.Do("dan", "/ops service show payments")), "Needed by", "checkout Checkout", "shop Shop")
	})
}

func TestProvision(t *testing.T) {
	checkout := service.Entry{
		ID: "checkout", Name: "Checkout", Owners: []string{"payments", "ana", "ben"}, Teams: []string{"payments"}, Tier: "1",
		Tags: []string{"pci"}, DependsOn: []string{"web"}, SLO: 0.999, Hours: "mon-fri 08:00-20:00", Maintenance: true,
		RestrictedTo: []string{"hr"},
	}
	web := service.Entry{ID: "web", Name: "Web shop"}
	each(t, func(w *world, _ string) {
		provision := func(entries ...service.Entry) string {
			w.T.Helper()
			troubles, err := w.services.Provision(w.T.Context(), "watchbell.yaml", entries)
			if err != nil {
				w.T.Fatal(err)
			}
			var list []string
			for _, t := range troubles {
				list = append(list, t.Err.Error())
			}
			return strings.Join(list, "\n")
		}
		ids := func() string {
			w.T.Helper()
			list, err := w.services.Services(w.T.Context())
			if err != nil {
				w.T.Fatal(err)
			}
			var ids []string
			for _, s := range list {
				ids = append(ids, fmt.Sprint(s.ID, " ", s.Name))
			}
			return strings.Join(ids, ", ")
		}
		versions := func() (all []int) {
			w.T.Helper()
			rows, err := w.Store.Registers().List(w.T.Context(), record.Query{Kind: "service", Sort: "number"})
			if err != nil {
				w.T.Fatal(err)
			}
			for _, r := range rows {
				all = append(all, r.Version)
			}
			return all
		}
		if troubles := provision(checkout, web); troubles != "" {
			w.T.Fatal(troubles)
		}
		got, err := w.services.Services(w.T.Context())
		want := service.InFile([]service.Entry{checkout, web}, teams, time.UTC)
		want[0].Also, want[1].Also = []string{"SVC-1"}, []string{"SVC-2"}
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a,
			b *time.Location) bool {
			return a == b
		})); diff != "" || err != nil {
			w.T.Errorf("(-want +got)\n%s%v", diff, err)
		}
		before := versions()
		provision(checkout, web)
		if after := versions(); !slices.Equal(before, after) {
			w.T.Errorf("the same file changes something: %v %v", before, after)
		}
		// chat does not change what the file says, and says where it is changed
		for _, line := range []string{
			"edit checkout tier=2", "edit checkout name=Shop", "edit checkout slo=99", "assign checkout @mia",
			"edit checkout depends-on=\"\"", "archive checkout why", "edit checkout lifecycle=retired",
		} {
			w.Refused("mia", "/ops service "+line, "watchbell.yaml")
		}
		w.Do("mia", "/ops service edit checkout runbook=https://wiki.example.com/checkout rto=60")
		w.Do("mia", "/ops service verify checkout")
		w.Do("mia", "/ops service add Blog owner=@ana")
		w.Contains(bottest.Text(w.Do("mia", "/ops handover @ana @ben")), "1 thing handed over", "blog Blog",
			"checkout stays: The owner of checkout comes from the configuration")
		w.Do("mia", "/ops service archive blog")
		w.Contains(bottest.Text(w.Do("dan", "/ops service show checkout")), "From the configuration (watchbell.yaml)")
		// what the file says anew counts, and what chat said stays
		web.Name = "Shop"
		provision(web, checkout)
		if got := ids(); got != "checkout Checkout, web Shop" {
			w.T.Error(got)
		}
		w.Contains(bottest.Text(w.Do("dan", "/ops service show checkout")), "https://wiki.example.com/checkout")
		// what leaves the file is chat's
		provision(checkout)
		w.Do("mia", "/ops service edit web name=\"Web shop\"")
		if got := ids(); got != "checkout Checkout, web Web shop" {
			w.T.Error(got)
		}
		// and stays that until somebody says so
		w.Contains(provision(checkout, web), "watchbell service adopt web")
		if got := ids(); got != "checkout Checkout, web Web shop" {
			w.T.Error(got)
		}
		if err := w.services.Adopt(w.T.Context(), "watchbell.yaml", web, "cli/root"); err != nil {
			w.T.Fatal(err)
		}
		if troubles := provision(checkout, web); troubles != "" {
			w.T.Error(troubles)
		}
		if got := ids(); got != "checkout Checkout, web Shop" {
			w.T.Error(got)
		}
		// what left and was not touched comes back by itself
		provision(checkout)
		if troubles := provision(checkout, web); troubles != "" {
			w.T.Error(troubles)
		}
		w.Refused("mia", "/ops service edit web name=Web", "watchbell.yaml")
		none := service.Entry{ID: "none", Name: "None"}
		if err := w.services.Adopt(w.T.Context(), "watchbell.yaml", none, "cli/root"); !errors.Is(err, bot.ErrNoSuch) {
			w.T.Error(err)
		}
		w.Verify()
	})
}
