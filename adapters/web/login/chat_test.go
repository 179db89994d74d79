package login_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/web/login"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/commands/account"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// chat is a world with a bot that people write to. Mia is an administrator.
type chat struct {
	*world
	*storagetest.Installation
}

func newChat(t *testing.T, on ...string) *chat {
	t.Helper()
	url := storagetest.SQLite(t)
	in := storagetest.Install(t, url, engine.Options{Grants: bot.Grants{"manager": {"*"}}})
	w := newWorldOn(t, url, func(o *login.Options) { o.On, o.Clock, o.Direct = on, in.Clock, in.Bot.Direct })
	people := bottest.People("web")
	for i, p := range people {
		people[i].Accounts = append(
			people[i].Accounts, bot.Account{Platform: "test", User: string(p.ID)},
			bot.Account{Platform: "cli", User: string(p.ID)},
		)
		if p.ID == "mia" {
			people[i].Roles = append(people[i].Roles, "admin")
		}
	}
	if err := in.Store.SyncPeople(t.Context(), people, bottest.Start); err != nil {
		t.Fatal(err)
	}
	w.clock = in.Clock
	in.Bot.Use(account.New(in.Store.Accounts(), in.Bot, account.Options{Secret: in.Store.Secret}).Capability())
	in.Bot.Use(w.login.Capability())
	return &chat{w, in}
}

var address = regexp.MustCompile(`https://ops\.example(/login/link/[A-Za-z0-9_-]{43})`)

func TestALinkFromChat(t *testing.T) {
	c := newChat(t, login.ChatLink)
	reply := c.Do("ana", "/ops signin")
	m := address.FindStringSubmatch(reply.Message.Plain(nil))
	if m == nil {
		t.Fatal(reply.Message.Plain(nil))
	}
	if reply.Kept == nil || address.MatchString(reply.Kept.Plain(nil)) {
		t.Errorf("the link is kept: %v", reply.Kept)
	}
	for _, x := range c.Chat.Messages() {
		if address.MatchString(x.Message.Plain(nil)) {
			t.Errorf("others see it: %v", x)
		}
	}
	if strings.Contains(c.log(), m[1][len("/login/link/"):]) {
		t.Error("the log has it")
	}
	b := c.browser()
	if b.post(m[1], ""); !b.signedIn() || c.sessions("ana")[0].Way != "chat-link" {
		t.Errorf("%+v", c.sessions("ana"))
	}
	if out := bottest.Text(c.Do("ana", "/ops sessions")); !strings.Contains(out, "Chrome on Linux") {
		t.Error(out)
	}
}

func TestWhoGetsNoLinkFromChat(t *testing.T) {
	c := newChat(t, login.ChatLink)
	c.Refused("gus", "/ops signin", "needs one of the roles")
	c.Refused("eve", "/ops signin")
	web := c.Bot.Receive(t.Context(), bot.Request{
		Key: c.Key(), From: bot.Account{Platform: "web", User: "ana"}, Text: "/ops signin",
	})
	if web.Status != bot.Refused || !strings.Contains(bottest.Text(web), "on the web already") {
		t.Errorf("a session makes itself another: %s", bottest.Text(web))
	}
	token := c.Bot.Receive(t.Context(), bot.Request{
		Key: c.Key(), From: c.Account("ana"), Text: "/ops signin", Scopes: []string{"*"},
	})
	if token.Status != bot.Refused || !strings.Contains(bottest.Text(token), "it takes a person") {
		t.Errorf("by a token: %s", bottest.Text(token))
	}
	for range 5 {
		c.Do("ana", "/ops signin")
	}
	c.Refused("ana", "/ops signin", "tried too often")
	c.Do("ben", "/ops signin")
	off := newChat(t, "passkey")
	off.Refused("ana", "/ops signin", "Links from chat are off here")
}

func TestALinkOfTheTerminalIsTold(t *testing.T) {
	c := newChat(t, "passkey") // it works whatever is on
	reply := c.Bot.Receive(t.Context(), bot.Request{
		Key: c.Key(), From: bot.Account{Platform: "cli", User: "ana"}, Text: "/ops signin", Via: "root",
	})
	if reply.Status != bot.Done || !address.MatchString(reply.Message.Plain(nil)) {
		t.Fatal(bottest.Text(reply))
	}
	c.RunDue()
	c.hear(t, "A link to sign in was made on the server", "ana", "mia")
}

// hear fails the test unless these people, and nobody else, were written to.
func (c *chat) hear(t *testing.T, title string, who ...string) {
	t.Helper()
	var heard []string
	for _, x := range c.Chat.Messages() {
		if x.Message.Title == title {
			heard = append(heard, x.Ref.Channel)
		}
	}
	if len(heard) != len(who) {
		t.Errorf("%q heard %q, want %q", heard, title, who)
	}
	for _, name := range who {
		if !strings.Contains(strings.Join(heard, " "), name) {
			t.Errorf("%s did not hear %q", name, title)
		}
	}
}

func TestResetShutsSomebodyOut(t *testing.T) {
	c := newChat(t, login.ChatLink)
	b, ben := c.in("ana"), c.in("ben")
	codes := b.post("/me/security/codes", "").codes()
	ended, err := c.login.Reset(t.Context(), "ana", "root")
	if err != nil || ended != 1 {
		t.Fatal(ended, err)
	}
	c.RunDue()
	if b.signedIn() || !ben.signedIn() {
		t.Error("ana is out, and nobody else")
	}
	if lost := c.browser(); lost.post("/login/recovery", "code="+codes[0]).status != 400 || lost.signedIn() {
		t.Error("a recovery code works on")
	}
	c.hear(t, "A sign-in was reset on the server", "ana", "mia")
	path, _, err := c.login.ForHost(t.Context(), "ana", "root")
	if err != nil {
		t.Fatal(err)
	}
	if b.post(strings.TrimPrefix(path, home), ""); !b.signedIn() {
		t.Error("a link from the host lets ana in again")
	}
	c.RunDue()
	c.hear(t, "A link to sign in was made on the server", "ana", "mia")
}

func TestSessionsAreEndedFromChat(t *testing.T) {
	c := newChat(t, login.ChatLink)
	one, two, ben := c.in("ana"), c.in("ana"), c.in("ben")
	name := func(b *browser) string {
		_, page, _ := strings.Cut(b.get("/me/security").body, `action="/logout"><input type="hidden" name="session" value="`)
		name, _, _ := strings.Cut(page, `"`)
		return name
	}
	c.Refused("ana", "/ops session end nothing", "there is none called")
	c.Refused("ana", "/ops session end "+name(ben), "there is none called")
	c.Refused("ana", "/ops sessions person=@ben", "Only administrators")
	c.Refused("ana", "/ops session end all person=@ben", "Only administrators")
	if c.Do("ana", "/ops session end "+name(one)); one.signedIn() || !two.signedIn() {
		t.Error("the first, and only this, is out")
	}
	if out := bottest.Text(c.Do("mia", "/ops sessions person=@ben")); !strings.Contains(out, "Ben Okafor") {
		t.Error(out)
	}
	if c.Do("mia", "/ops session end all person=@ben"); ben.signedIn() || !two.signedIn() {
		t.Error("an administrator ends those of ben")
	}
	c.Do("ana", "/ops session end all")
	if out := bottest.Text(c.Do("ana", "/ops sessions")); !strings.Contains(out, "Nowhere.") {
		t.Error(out)
	}
	c.Verify()
}
