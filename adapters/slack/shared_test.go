package slack_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/ask"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/adapters/slack"
	"github.com/watchbell/watchbell/adapters/slack/slackfake"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// desk is a bot that keeps notes of one thing, THG-1, in a workspace that it serves by HTTP.
type desk struct {
	t     *testing.T
	fake  *slackfake.Server
	store *storage.Store
	bot   *engine.Bot
	room  string // the channel of THG-1
	stop  func() // ends the bot, once it is done with everything
	n     int

	mu    sync.Mutex
	notes []string
	noted map[string]bool // by action key
	plans []string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{
		t: t, noted: map[string]bool{}, fake: slackfake.Start(t, slackfake.Options{Team: workspace}),
		store: storagetest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db")),
	}
	people := responders(3)
	people[2].Roles = []string{"outsider"}
	if err := d.store.SyncPeople(t.Context(), people, bottest.Start); err != nil {
		t.Fatal(err)
	}
	for _, p := range append(people, bot.Person{ID: "new", Name: "Somebody new"}) {
		d.fake.AddUser(slackfake.User{ID: string(p.ID), RealName: p.Name, TZ: "Europe/Berlin"})
	}
	d.bot = engine.New(engine.Options{Store: d.store, Grants: bot.Grants{"responder": {"thing.*"}}})
	d.bot.Use(d.capability())
	a := slack.New(slack.Options{
		BotToken: "xoxb-fake", SigningSecret: "fake-secret", APIURL: d.fake.API(), Core: d.bot, Memory: d.store,
		Commands: []string{"thing"}, Keep: "thing.note", Links: "https://watchbell.example.com",
	})
	server := httptest.NewServer(a.Handler())
	t.Cleanup(server.Close)
	d.fake.SetAppURL(server.URL)
	d.bot.Attach(a)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.bot.Run(ctx) }()
	d.stop = sync.OnceFunc(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(d.stop)
	d.room = d.fake.AddChannel("thing-1", "p0", "p1")
	room := bot.Posted{
		Key: "thing.room/THG-1/slack", Object: "THG-1",
		Ref: bot.MessageRef{Conversation: bot.Conversation{Platform: slack.Platform, Workspace: workspace, Channel: d.room}},
	}
	if err := d.store.SavePosted(ctx, room); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) capability() bot.Capability {
	id := bot.Param{Name: "thing", Kind: bot.RefParam, Prefix: "THG", Required: true, Bare: true}
	var services []bot.Option
	for n := range 240 {
		services = append(services, bot.Option{Value: fmt.Sprintf("svc-%03d", n), Label: fmt.Sprintf("Service %03d", n)})
	}
	return bot.Capability{
		Noun: bot.Noun{Name: "thing", Summary: "for tests"}, Prefix: "THG",
		Preview: func(_ context.Context, id string) (bot.Message, error) {
			if id != "THG-1" {
				return bot.Message{}, bot.ErrNoSuch
			}
			return bot.Message{Title: id + " is under way", Actions: []bot.Action{{Label: "Note", Command: "thing.note"}}}, nil
		},
		Commands: []bot.Command{
			{
				Name: "thing.note", Permission: "thing.note", Title: "Note", Summary: "note it",
				Example: "/thing note THG-1 hello", Keeps: true,
				Params: []bot.Param{id, {Name: "text", Kind: bot.TextParam, Bare: true, Required: true, Form: true}},
				Handle: func(_ context.Context, c *bot.Call) (bot.Reply, error) {
					d.mu.Lock()
					defer d.mu.Unlock()
					if d.noted[c.Key] { // as the commit of an effect refuses a key that it knows
						return bot.Answer(bot.Say("kept")), nil
					}
					d.noted[c.Key] = true
					d.notes = append(
						d.notes,
						fmt.Sprintf(
							"%s: %s (%t)", c.Text("thing"), c.Text("text"), c.Quote != nil && c.Quote.Link != "" && !c.Quote.At.IsZero(),
						),
					)
					return bot.Answer(bot.Say("kept")), nil
				},
			},
			{
				Name: "thing.show", Permission: "thing.show", Summary: "show it", Example: "/thing show THG-1",
				Params: []bot.Param{id},
				Handle: func(context.Context, *bot.Call) (bot.Reply, error) { return bot.Answer(bot.Say("shown")), nil },
			},
			{
				Name: "thing.plan", Permission: "thing.plan", Title: "Plan", Summary: "plan it", Example: "/thing plan",
				Params: []bot.Param{
					{
						Name: "service", Kind: bot.ChoiceParam, Form: true, Required: true, Many: true,
						Options: func(context.Context) ([]bot.Option, error) { return services, nil },
					},
					{Name: "start", Kind: bot.TimeParam, Form: true, Required: true, Toward: 1},
				},
				Handle: func(_ context.Context, c *bot.Call) (bot.Reply, error) {
					d.mu.Lock()
					defer d.mu.Unlock()
					d.plans = append(d.plans, fmt.Sprint(c.List("service"), " ", c.Time("start").UTC().Format(time.RFC3339)))
					return bot.Answer(bot.Say("planned")), nil
				},
			},
		},
	}
}

func (d *desk) key() string { d.n++; return fmt.Sprintf("desk-%d", d.n) }

func (d *desk) list(of *[]string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(*of, "\n")
}

func (d *desk) until(what string, ok func() bool) {
	d.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); <-time.After(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			d.t.Fatalf("never happened: %s; notes:\n%s", what, d.list(&d.notes))
		}
	}
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// What people pin and share in the channel of a thing is kept with it, with who said it, when and where; everything
// else is left alone.
func TestPinsAndFilesAreKept(t *testing.T) {
	d := newDesk(t)
	general := d.fake.AddChannel("general", "p0", "p1")
	said, err := d.fake.Say("p1", d.room, "", d.key(), "The pool is full")
	d.must(err)
	elsewhere, err := d.fake.Say("p1", general, "", d.key(), "Lunch?")
	d.must(err)
	d.must(d.fake.Pin("p0", d.room, said, "pin"))
	d.until("the pin is kept", func() bool { return d.list(&d.notes) != "" })
	d.must(d.fake.Pin("p0", d.room, said, "pin")) // delivered twice
	d.must(d.fake.Pin("p0", general, elsewhere, d.key()))
	d.must(d.fake.Pin(d.fake.BotUser(), d.room, said, d.key()))
	d.must(d.fake.ShareFile("p0", general, "", d.key(), "cat.png", "look"))
	d.must(d.fake.ShareFile("p0", d.room, "", d.key(), "graph.png", "since 14:02"))
	d.must(d.fake.ShareFile("p2", d.room, "", d.key(), "secret.pdf", "")) // who may not note anything
	d.must(d.fake.ShareFile("p0", d.room, "", d.key(), "log.txt", ""))
	want := "THG-1: Person p1: The pool is full (true)\nTHG-1: Person p0: shared the file graph.png: since 14:02 " +
		"(true)\nTHG-1: Person p0: shared the file log.txt (true)"
	d.until("everything is kept", func() bool { return strings.Contains(d.list(&d.notes), "log.txt") })
	if got := d.list(&d.notes); got != want {
		t.Errorf("kept:\n%s\nwant:\n%s", got, want)
	}
	if n := len(d.fake.Calls("files.info")); n != 3 {
		t.Errorf("%d files were asked about", n)
	}
}

// Slack leaves the name out of some marks of channels. What was typed says the name all the same, and the id of a
// channel that nobody here sees.
func TestAChannelWithoutALabelIsNamed(t *testing.T) {
	d := newDesk(t)
	general := d.fake.AddChannel("general", "p0")
	_, err := d.fake.Command("p0", d.room, d.key(), "/thing", "note see <#"+general+"> and <#C0HIDDEN> and <#C1|support>")
	d.must(err)
	d.until("it is noted", func() bool { return d.list(&d.notes) != "" })
	if got, want := d.list(&d.notes), "THG-1: see #general and #C0HIDDEN and #support (false)"; got != want {
		t.Errorf("noted %q, want %q", got, want)
	}
}

// Where no channel may be opened, people work in the thread below an announcement: what they pin and share there is
// kept too.
func TestPinsAndFilesOfAThreadAreKept(t *testing.T) {
	d := newDesk(t)
	all := d.fake.AddChannel("incidents", "p0", "p1")
	top, err := d.fake.Say("p1", all, "", d.key(), "THG-2 is declared")
	d.must(err)
	place := bot.Conversation{Platform: slack.Platform, Workspace: workspace, Channel: all}
	d.must(d.store.SavePosted(t.Context(), bot.Posted{
		Key: "thing.broadcast/THG-2/slack", Object: "THG-2", Ref: bot.MessageRef{Conversation: place, ID: top},
	}))
	said, err := d.fake.Say("p1", all, top, d.key(), "The pool is full")
	d.must(err)
	d.must(d.fake.Pin("p0", all, said, d.key()))
	d.until("the pin is kept", func() bool { return d.list(&d.notes) != "" })
	d.must(d.fake.ShareFile("p0", all, "", d.key(), "cat.png", "look"))
	d.must(d.fake.ShareFile("p0", all, top, d.key(), "graph.png", "since 14:02"))
	d.until("the file is kept", func() bool { return strings.Contains(d.list(&d.notes), "graph.png") })
	want := "THG-2: Person p1: The pool is full (true)\nTHG-2: Person p0: shared the file graph.png: since 14:02 (true)"
	if got := d.list(&d.notes); got != want {
		t.Errorf("kept:\n%s\nwant:\n%s", got, want)
	}
}

// A link shows what it leads to when everybody in the channel may see it, and stays a link otherwise.
func TestLinksAreUnfurledForThoseWhoMaySeeThem(t *testing.T) {
	d := newDesk(t)
	const link = "https://watchbell.example.com/incidents/THG-1"
	cases := []struct {
		name, by string
		members  []string
		foreign  bool
		link     string
		shown    bool
	}{
		{"one may not", "p0", []string{"p0", "p2"}, false, link, false},
		{"one is not known", "p0", []string{"p0", "new"}, false, link, false},
		{"who shares it may not", "p2", []string{"p0"}, false, link, false},
		{"another organisation reads there", "p0", []string{"p0", "p1"}, true, link, false},
		{"there is no such thing", "p0", []string{"p0"}, false, "https://watchbell.example.com/incidents/THG-7", false},
		{"the link is no thing's", "p0", []string{"p0"}, false, "https://watchbell.example.com/calendar", false},
		{
			"the host is not ours", "p0", []string{"p0"}, false, "https://watchbell.example.com.evil.example/incidents/THG-1",
			false,
		},
		{"everybody may see it", "p0", []string{"p0", "p1"}, false, link, true},
	}
	channels := map[string]string{}
	shown := func(name string) map[string][]map[string]any { return d.fake.Messages(channels[name])[0].Unfurled }
	for _, c := range cases {
		channels[c.name] = d.fake.AddChannel("channel-"+d.key(), c.members...)
		_, err := d.fake.ShareLink(c.by, channels[c.name], d.key(), c.foreign, c.link)
		d.must(err)
	}
	d.until("a link is unfurled", func() bool { return shown("everybody may see it") != nil })
	d.stop() // which waits until everything is done with
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			data := fmt.Sprint(shown(c.name)[c.link])
			if strings.Contains(data, "THG-1 is under way") != c.shown || strings.Contains(data, "button") {
				t.Errorf("shown: %s", data)
			}
		})
	}
}

// A form in Slack finds choices by what somebody types, and asks for a time with a picker.
func TestChoicesAreFoundByTypingAndTimesArePicked(t *testing.T) {
	d := newDesk(t)
	_, err := d.fake.Command("p0", d.room, d.key(), "/thing", "plan")
	d.must(err)
	d.until("the form opens", func() bool { return d.fake.View("p0") != nil })
	found, err := d.fake.Suggest("p0", d.key(), "service", "ice 23")
	d.must(err)
	if got := strings.Join(found, " "); got != "svc-230 svc-231 svc-232 svc-233 svc-234 svc-235 svc-236 svc-237 "+
		"svc-238 svc-239" {
		t.Errorf("found %s", got)
	}
	if all, err := d.fake.Suggest("p0", d.key(), "service", ""); err != nil || len(all) != ask.MaxFound {
		t.Errorf("nothing typed yet finds %d: %v", len(all), err)
	}
	start := time.Now().Add(48 * time.Hour).UTC().Truncate(time.Minute).Format(time.RFC3339)
	_, err = d.fake.Submit("p0", d.key(), map[string]string{"service": "svc-239,svc-007", "start": start})
	d.must(err)
	d.until("it is planned", func() bool { return d.list(&d.plans) != "" })
	if got, want := d.list(&d.plans), "[svc-239 svc-007] "+start; got != want {
		t.Errorf("planned %s, want %s", got, want)
	}
}
