package account_test

import (
	"context"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/commands/account"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// server is the id of the guild that people of the second platform are in.
const server = "613425648685547541"

// guild is a platform that knows its members, like Discord.
type guild struct {
	*bottest.Recorder
	mu      sync.Mutex
	members map[string]bot.Profile
}

func newGuild() *guild {
	g := &guild{Recorder: bottest.NewRecorder(), members: map[string]bot.Profile{}}
	g.Platform = "discord"
	return g
}

// Profile implements bot.Profiler.
func (g *guild) Profile(_ context.Context, a bot.Account) (bot.Profile, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p, ok := g.members[a.User]
	if !ok {
		return p, bot.ErrGone
	}
	p.Account = a
	return p, nil
}

// knows makes somebody known to the guild.
func (g *guild) knows(user, name string, standing bot.Standing) bot.Account {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.members[user] = bot.Profile{Name: name, Standing: standing}
	return bot.Account{Platform: "discord", Workspace: server, User: user}
}

// world is an installation with a chat whose people are configured, and a guild whose people are not. Mia is an
// administrator.
type world struct {
	*storagetest.Installation
	guild   *guild
	options account.Options
	left    []bot.PersonID // who is no longer active
	log     strings.Builder
}

func newWorld(t *testing.T, url string) *world {
	t.Helper()
	chat, guild := bottest.NewRecorder(), newGuild()
	o := engine.Options{MemberRoles: []string{"responder", "approver"}, Grants: bot.Grants{"manager": {"*"}}}
	w := &world{Installation: storagetest.Install(t, url, o, chat, guild), guild: guild}
	w.Chat = chat
	w.options = account.Options{
		Secret: w.Store.Secret, Log: slog.New(slog.NewTextHandler(&w.log, nil)),
		Left: func(_ context.Context, who []bot.PersonID) error {
			w.left = append(w.left, who...)
			return nil
		},
	}
	w.use(w.Bot, w.Store)
	return w
}

func (w *world) use(b *engine.Bot, s *storage.Store) {
	b.Use(account.New(s.Accounts(), b, w.options).Capability())
}

func each(t *testing.T, f func(w *world)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, url string) { f(newWorld(t, url)) })
}

// dan is Dan Weber's account in the guild, which nobody knows to be his.
func (w *world) dan() bot.Account { return w.guild.knows("800000000000000001", "Dan W", bot.Member) }

// as types a command with any account.
func (w *world) as(a bot.Account, text string) bot.Reply {
	w.T.Helper()
	r := w.receive(w.Bot, a, text)
	w.RunDue()
	return r
}

func (w *world) receive(b *engine.Bot, a bot.Account, text string) bot.Reply {
	place := bot.Conversation{Platform: a.Platform, Workspace: a.Workspace, Channel: "general"}
	return b.Receive(w.T.Context(), bot.Request{Key: w.Key(), From: a, Place: place, Text: text})
}

// does is as for what has to be done.
func (w *world) does(a bot.Account, text string) string {
	w.T.Helper()
	r := w.as(a, text)
	if r.Status != bot.Done {
		w.T.Fatalf("%s: %s\n%s: %s", a.User, text, r.Status, bottest.Text(r))
	}
	return bottest.Text(r)
}

// refuses is as for what must not be done.
func (w *world) refuses(a bot.Account, text string, parts ...string) {
	w.T.Helper()
	r := w.as(a, text)
	if r.Status == bot.Done {
		w.T.Errorf("%s: %s\nwas done: %s", a.User, text, bottest.Text(r))
	}
	w.Contains(bottest.Text(r), parts...)
}

var codeForm = regexp.MustCompile(`[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}`)

// code makes one with an account.
func (w *world) code(a bot.Account) string {
	w.T.Helper()
	said := w.does(a, "/ops me link")
	code := codeForm.FindString(said)
	if code == "" {
		w.T.Fatalf("no code in: %s", said)
	}
	return code
}

// is fails the test unless an account belongs to somebody, active or not.
func (w *world) is(a bot.Account, who bot.PersonID, active bool) {
	w.T.Helper()
	p, err := w.Store.Identify(w.T.Context(), a)
	if err != nil || p.ID != who || p.Active != active {
		w.T.Errorf("%s is %s, active %v, %v; want %s, %v", account.Name(a), p.ID, p.Active, err, who, active)
	}
}

// audited fails the test unless an entry about an object has all of the parts.
func (w *world) audited(object string, parts ...string) {
	w.T.Helper()
	entries, err := w.Store.AuditOf(w.T.Context(), object)
	if err != nil {
		w.T.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		at := e.At.Format(time.TimeOnly)
		line := strings.Join([]string{string(e.Actor), e.Action, e.Result, e.Detail, e.Source, at}, " ")
		if all = append(all, line); containsAll(line, parts) {
			return
		}
	}
	w.T.Errorf("no entry about %s has %q:\n%s", object, parts, strings.Join(all, "\n"))
}

func containsAll(s string, parts []string) bool {
	return !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(s, p) })
}
