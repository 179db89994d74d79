package slack_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/adapters/slack"
	"github.com/watchbell/watchbell/adapters/slack/slackfake"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// office is a bot with the Slack adapter, both on one clock, without sockets: people act through the bot's door.
type office struct {
	t     *testing.T
	fake  *slackfake.Server
	store *storage.Store
	clock *bottest.Clock
	bot   *engine.Bot
	slack *slack.Adapter
	token string
	given []bot.PersonID // to whom the thing was handed
}

func (o *office) hand(_ context.Context, c *bot.Call) (bot.Reply, error) {
	o.given = append(o.given, c.Who("person").ID)
	return bot.Answer(bot.Say("handed to ", c.Who("person").ID)), nil
}

func newOffice(t *testing.T, limits bool, people ...bot.Person) *office {
	t.Helper()
	o := &office{
		t: t, token: "xoxb-fake", clock: bottest.NewClock(),
		fake: slackfake.Start(t, slackfake.Options{Team: workspace, Limits: limits}),
	}
	o.store = storagetest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db"))
	if err := o.store.SyncPeople(t.Context(), people, bottest.Start); err != nil {
		t.Fatal(err)
	}
	for _, p := range people {
		o.fake.AddUser(slackfake.User{ID: string(p.ID), RealName: p.Name, TZ: "Europe/Berlin"})
	}
	o.start()
	return o
}

// start makes bot and adapter, as a new process does.
func (o *office) start() {
	o.bot = engine.New(engine.Options{
		Store: o.store, Clock: o.clock, Grants: bot.Grants{"responder": {"thing.*"}, "guest": {"thing.do"}},
	})
	done := func(context.Context, *bot.Call) (bot.Reply, error) { return bot.Answer(bot.Say("carried out")), nil }
	o.bot.Use(bot.Capability{Noun: bot.Noun{Name: "thing", Summary: "for tests"}, Commands: []bot.Command{
		{Name: "thing.do", Permission: "thing.do", InOutage: true, Summary: "do it", Example: "/thing do", Handle: done},
		{Name: "thing.hand", Permission: "thing.hand", Summary: "hand it over", Example: "/thing hand @ana", Handle: o.hand,
			Params: []bot.Param{
				{Name: "person", Kind: bot.PersonParam, Bare: true, Required: true},
				{Name: "text", Kind: bot.TextParam, Bare: true},
			}},
		{Name: "thing.vote", Permission: "thing.vote", Summary: "vote on it", Example: "/thing vote", Handle: done},
	}})
	o.slack = slack.New(slack.Options{
		BotToken: o.token, SigningSecret: "fake-secret", APIURL: o.fake.API(), Core: o.bot, Memory: o.store,
		Commands: []string{"thing"}, Now: o.clock.Now,
	})
	server := httptest.NewServer(o.slack.Handler())
	o.t.Cleanup(server.Close)
	o.fake.SetAppURL(server.URL)
	o.bot.Attach(o.slack)
}

func (o *office) says(user, text string) bot.Reply {
	return o.bot.Receive(o.t.Context(), bot.Request{
		From: bot.Account{Platform: slack.Platform, Workspace: workspace, User: user}, Text: text,
	})
}

// answered holds an answer to what it has to say.
func (o *office) answered(user, text, want string) {
	o.t.Helper()
	if got := o.says(user, text).Message.Plain(time.UTC); !strings.Contains(got, want) {
		o.t.Errorf("%s %s: %s", user, text, got)
	}
}

const notChecked = "could not check who you are just now, so nothing was done"

func responders(n int) []bot.Person {
	var people []bot.Person
	for i := range n {
		id := fmt.Sprintf("p%d", i)
		people = append(people, bot.Person{
			ID: bot.PersonID(id), Name: "Person " + id, Roles: []string{"responder"}, Active: true,
			Accounts: []bot.Account{{Platform: slack.Platform, Workspace: workspace, User: id}},
		})
	}
	return people
}

// While Slack does not answer about people, members go on with what an incident needs, for a day. Votes and all else
// wait for Slack.
func TestPeopleActWhileSlackDoesNotAnswerAboutThem(t *testing.T) {
	for name, fail := range map[string]func(*slackfake.Server){
		"an error": func(s *slackfake.Server) {
			s.Break(slackfake.Fault{Method: "users.info", Error: "internal_error"})
		},
		"status 500":     func(s *slackfake.Server) { s.Break(slackfake.Fault{Method: "users.info", Status: 500}) },
		"a lost answer":  func(s *slackfake.Server) { s.Break(slackfake.Fault{Method: "users.info", Lost: true}) },
		"nothing at all": func(s *slackfake.Server) { s.Down(true) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, false, responders(3)...)
			o.fake.AddUser(slackfake.User{ID: "p1", RealName: "Person p1", Restricted: true})
			o.answered("p0", "/thing vote", "carried out")
			o.answered("p1", "/thing do", "carried out") // a guest
			fail(o.fake)
			o.answered("p0", "/thing vote", "carried out") // not a minute old
			o.clock.Move(2 * time.Minute)
			o.answered("p0", "/thing do", "carried out")
			o.answered("p0", "/thing vote", notChecked)
			o.answered("p1", "/thing do", notChecked)           // no member
			o.answered("p2", "/thing do", notChecked)           // never seen yet
			o.answered("new", "/thing do", "may not have been") // belongs to nobody yet
			o.clock.Move(23 * time.Hour)
			o.answered("p0", "/thing do", "carried out")
			o.clock.Move(time.Hour)
			o.answered("p0", "/thing do", notChecked)
			o.fake.Heal()
			o.fake.Down(false)
			o.clock.Move(time.Minute)
			o.answered("p0", "/thing vote", "carried out")
		})
	}
}

// After a restart in an outage those who were members are served all the same.
func TestARestartInAnOutage(t *testing.T) {
	o := newOffice(t, false, responders(2)...)
	o.answered("p0", "/thing do", "carried out")
	o.fake.Down(true)
	o.clock.Move(2 * time.Hour)
	o.start()
	o.answered("p0", "/thing do", "carried out")
	o.answered("p0", "/thing vote", notChecked)
	o.answered("p1", "/thing do", notChecked)
}

// Whoever was deactivated before the outage stays so in it.
func TestLeaversStayOutInAnOutage(t *testing.T) {
	o := newOffice(t, false, responders(1)...)
	o.answered("p0", "/thing do", "carried out")
	o.clock.Move(2 * time.Minute)
	o.fake.AddUser(slackfake.User{ID: "p0", RealName: "Person p0", Deleted: true})
	o.answered("p0", "/thing do", "deactivated")
	o.fake.Down(true)
	o.clock.Move(2 * time.Minute)
	o.answered("p0", "/thing do", notChecked)
}

func TestManyAskAboutOnePerson(t *testing.T) {
	o := newOffice(t, false, responders(1)...)
	o.fake.Break(slackfake.Fault{Method: "users.info", Hang: 100 * time.Millisecond}) // so that they meet
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { o.answered("p0", "/thing vote", "carried out") })
	}
	all.Wait()
	if n := len(o.fake.Calls("users.info")); n != 1 {
		t.Errorf("Slack was asked %d times", n)
	}
}

// A caller who leaves does not take the answer from the others.
func TestOneOfManyLeaves(t *testing.T) {
	o := newOffice(t, false, responders(1)...)
	dan := bot.Account{Platform: slack.Platform, Workspace: workspace, User: "p0"}
	gone, leave := context.WithCancel(t.Context())
	asked := make(chan struct{})
	o.fake.Break(slackfake.Fault{
		Method: "users.info", Hang: 100 * time.Millisecond, If: func(slackfake.Call) bool { close(asked); return true },
	})
	left := make(chan error)
	go func() { _, err := o.slack.Profile(gone, dan); left <- err }()
	<-asked
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("whoever left: %v", err)
	}
	if p, err := o.slack.Profile(t.Context(), dan); err != nil || p.Standing != bot.Member {
		t.Errorf("whoever stayed: %+v %v", p, err)
	}
}

// More people than Slack answers for in a minute act within one, and Slack never has to slow us down.
func TestManyPeopleInAMinute(t *testing.T) {
	o := newOffice(t, true, responders(95)...)
	o.runs(func() {
		eventually(t, "the list of people is kept", func() bool { return o.keeps("p94") })
		var all sync.WaitGroup
		for n := range 95 {
			all.Go(func() { o.answered(fmt.Sprintf("p%d", n), "/thing do", "carried out") })
		}
		all.Wait()
	})
	if n := o.fake.Throttled(); n != 0 {
		t.Errorf("Slack refused %d calls", n)
	}
}

// A change that Slack tells of counts also when Slack answers no more.
func TestAChangeThatSlackTells(t *testing.T) {
	o := newOffice(t, false, responders(2)...)
	o.fake.Break(slackfake.Fault{Method: "users.list", Error: "missing_scope"})
	o.runs(func() {
		for _, user := range []string{"p0", "p1"} {
			o.answered(user, "/thing do", "carried out")
		}
		left := slackfake.User{ID: "p0", RealName: "Person p0", Deleted: true}
		stranger := slackfake.User{ID: "p1", RealName: "Person p1", Deleted: true, Team: "T0OTHER"} // not the one of ours
		for key, u := range map[string]slackfake.User{"left": left, "stranger": stranger} {
			if err := o.fake.ChangeUser(key, u); err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, "it is kept", func() bool { return o.kept("p0").Standing == bot.Gone })
		o.fake.AddUser(slackfake.User{ID: "p1", RealName: "Person p1"})
		o.fake.Down(true)
		o.clock.Move(2 * time.Minute)
		o.answered("p0", "/thing do", notChecked)
		o.answered("p1", "/thing do", "carried out")
	})
}

// All pages of the list are read, each within its limit, and whoever never acted is not kept.
func TestTheListOfPeople(t *testing.T) {
	o := newOffice(t, false, responders(450)...)
	o.fake.AddUser(slackfake.User{ID: "p998", RealName: "Somebody else"})
	o.fake.AddUser(slackfake.User{ID: "p0", RealName: "Person p0", UltraRestricted: true})
	o.runs(func() { eventually(t, "all are kept", func() bool { return o.keeps("p99") && o.keeps("p449") }) })
	if n := len(o.fake.Calls("users.list")); n != 3 {
		t.Errorf("%d pages", n)
	}
	if o.keeps("p998") || o.kept("p0").Standing != bot.Guest || o.kept("p1").Standing != bot.Member {
		t.Errorf("kept: %v, %+v, %+v", o.keeps("p998"), o.kept("p0"), o.kept("p1"))
	}
}

// Who we are is kept by a hash of the token: a restart in an outage serves people, another token does not, and one that
// Slack refuses neither.
func TestTheIdentityIsKept(t *testing.T) {
	o := newOffice(t, false, responders(1)...)
	channel := o.fake.AddChannel("general", "p0")
	answers := func(want string) (n int) {
		for _, m := range o.fake.Messages(channel) {
			if m.Only == "p0" && strings.Contains(text(m.Blocks), want) {
				n++
			}
		}
		return n
	}
	asks := func(key, want string) {
		t.Helper()
		had := answers(want)
		if _, err := o.fake.Command("p0", channel, key, "/thing", "do"); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the answer "+want, func() bool { return answers(want) > had })
	}
	o.runs(func() { asks("before", "carried out") })
	for _, method := range []string{"auth.test", "users.info", "users.list"} {
		o.fake.Break(slackfake.Fault{Method: method, Status: 500})
	}
	o.clock.Move(2 * time.Hour)
	o.start()
	o.runs(func() { asks("in an outage", "carried out") })
	o.token = "xoxb-another"
	o.start()
	if _, err := o.slack.Profile(
		t.Context(), bot.Account{Platform: slack.Platform, Workspace: workspace, User: "p0"},
	); err == nil {
		t.Error("another token is taken for the one before")
	}
	o.token = "xoxb-fake"
	o.fake.Heal()
	o.fake.Break(slackfake.Fault{Error: "token_revoked"})
	o.start()
	o.runs(func() {
		eventually(t, "Slack's refusal is noticed", func() bool {
			return o.slack.Health() != nil && strings.Contains(o.slack.Health().Error(), "refuses the bot token")
		})
	})
	o.fake.Down(true)
	o.start()
	if p, err := o.slack.Profile(
		t.Context(), bot.Account{Platform: slack.Platform, Workspace: workspace, User: "p0"},
	); err == nil {
		t.Errorf("after its refusal the token counts again: %+v", p)
	}
}

// runs lets the adapter run while do does.
func (o *office) runs(do func()) {
	o.t.Helper()
	ctx, stop := context.WithCancel(o.t.Context())
	done := make(chan error, 1)
	go func() { done <- o.slack.Run(ctx, o.bot.Receive) }()
	do()
	stop()
	if err := <-done; err != nil {
		o.t.Error(err)
	}
}

func (o *office) kept(user string) bot.KeptProfile {
	p, _ := o.store.KeptProfile(o.t.Context(), bot.Account{Platform: slack.Platform, Workspace: workspace, User: user})
	return p
}

func (o *office) keeps(user string) bool {
	_, err := o.store.KeptProfile(o.t.Context(), bot.Account{Platform: slack.Platform, Workspace: workspace, User: user})
	return err == nil
}

// A mention has an id, and only the id says who is meant: while Slack does not tell, nobody is taken for them whose
// name fits the label.
func TestAMentionNeverBecomesAName(t *testing.T) {
	ana := bot.Person{
		ID: "ana", Name: "Ana Ruiz", Roles: []string{"responder"}, Active: true,
		Accounts: []bot.Account{{Platform: slack.Platform, Workspace: workspace, User: "U1"}},
	}
	for name, c := range map[string]struct {
		fault *slackfake.Fault
		text  string
		want  string
		to    string // whom it is handed to; "" nobody
	}{
		"status 500": {
			&slackfake.Fault{Method: "users.info", Status: 500}, "hand <@U22|ana>",
			"cannot find out who @U22[ana] is just now, so nothing was done", "",
		},
		"too many calls": {
			&slackfake.Fault{Method: "users.info", Status: 429, RetryAfter: 1}, "hand <@U22|ana>",
			"cannot find out who @U22[ana] is", "",
		},
		"a lost answer": {
			&slackfake.Fault{Method: "users.info", Lost: true}, "hand <@U22|ana>", "cannot find out who @U22[ana] is", "",
		},
		"among words": {
			&slackfake.Fault{Method: "users.info", Error: "internal_error"}, "hand <@U1|ana> instead of <@U22|ana>",
			"cannot find out who @U22[ana] is", "",
		},
		"without a label": {
			&slackfake.Fault{Method: "users.info", Status: 500}, "hand <@U22>", "cannot find out who @U22 is", "",
		},
		"a lost channel": {
			&slackfake.Fault{Method: "conversations.info", Status: 500}, "hand @ana <#C1>",
			"cannot find out which channel #C1 is just now", "",
		},
		"a bot":        {nil, "hand <@U23|ana>", "Missing: person", ""},
		"nobody":       {nil, "hand <@U99|ana>", "Missing: person", ""},
		"a user group": {nil, "hand <!subteam^S1|@ana>", "Missing: person", ""},
		"all is well":  {nil, "hand <@U22|ana>", "handed to ", "ana.slack"},
		"she herself": {
			&slackfake.Fault{
				Method: "users.info", If: func(c slackfake.Call) bool { return c.Args["user"] != "p0" }, Status: 500,
			},
			"hand <@U1|ana>", "handed to ", "ana",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, false, append(responders(1), ana)...)
			o.fake.AddUser(slackfake.User{ID: "U22", Name: "ana", RealName: "Ana"})
			o.fake.AddUser(slackfake.User{ID: "U23", Name: "ana", RealName: "Ana the bot", Bot: true})
			channel := o.fake.AddChannel("general", "p0")
			o.runs(func() {
				o.answered("p0", "/thing do", "carried out") // whom Slack knows by now
				if c.fault != nil {
					o.fake.Break(*c.fault)
				}
				if _, err := o.fake.Command("p0", channel, "typed", "/thing", c.text); err != nil {
					t.Fatal(err)
				}
				said := ""
				eventually(t, "an answer", func() bool { said = o.lastSaid(channel); return said != "" })
				if !strings.Contains(said, c.want) {
					t.Errorf("%s", said)
				}
			})
			if got := fmt.Sprint(o.given); got != fmt.Sprint(slices.DeleteFunc([]string{c.to}, func(to string) bool {
				return to == ""
			})) {
				t.Errorf("handed to %v, want %q", o.given, c.to)
			}
		})
	}
}

func (o *office) lastSaid(channel string) string {
	said := ""
	for _, m := range o.fake.Messages(channel) {
		said = text(m.Blocks)
	}
	return said
}
