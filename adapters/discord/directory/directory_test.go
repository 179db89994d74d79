package directory_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/directory"
	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/adapters/discord/payload"
	"github.com/watchbell/watchbell/adapters/discord/rest"
	"github.com/watchbell/watchbell/bot"
)

const (
	guild = "100000000000000001"
	other = "100000000000000777"
	dan   = "200000000000000013"
	token = "MTIz.fake.secret"
)

// clock is moved by tests.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// memory keeps who we are, as the database does.
type memory struct{ kept map[string]string }

func (m *memory) KeptIdentity(_ context.Context, _, credential string) (string, error) {
	if data, ok := m.kept[credential]; ok {
		return data, nil
	}
	return "", bot.ErrNoSuch
}

func (m *memory) KeepIdentity(_ context.Context, _, credential, data string, _ time.Time) error {
	m.kept[credential] = data
	return nil
}

type world struct {
	*directory.Reader
	fake   *discordfake.Server
	clock  *clock
	memory *memory
	guilds []string
}

func newWorld(t *testing.T, o discordfake.Options) *world {
	t.Helper()
	w := &world{
		clock: &clock{at: time.Date(2026, 8, 3, 9, 0, 0, 0, time.UTC)}, memory: &memory{kept: map[string]string{}},
		guilds: []string{guild},
	}
	o.Guild, o.Token, o.Now = guild, token, w.clock.now
	w.fake = discordfake.Start(t, o)
	w.fake.AddUser(discordfake.User{ID: dan, Name: "dan", GlobalName: "Dan Weber"})
	w.start(t)
	return w
}

// start makes the Reader, as a new process does.
func (w *world) start(t *testing.T) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	api, err := rest.New(rest.Options{
		Token: token, URL: w.fake.URL(), Timeout: 10 * time.Second, Log: log, Now: w.clock.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Reader = directory.New(directory.Options{
		API: api, Token: token, Guilds: w.guilds, Memory: w.memory, Log: log, Now: w.clock.now,
	})
}

func account(user string) bot.Account {
	return bot.Account{Platform: directory.Platform, Workspace: guild, User: user}
}

func TestProfiles(t *testing.T) {
	w := newWorld(t, discordfake.Options{})
	at := w.clock.now()
	for name, c := range map[string]struct {
		user     discordfake.User
		called   string
		standing bot.Standing
	}{
		"a member":            {discordfake.User{GlobalName: "Dan Weber"}, "Dan Weber", bot.Member},
		"a nickname":          {discordfake.User{GlobalName: "Dan Weber", Nick: "Danny"}, "Danny", bot.Member},
		"no display name":     {discordfake.User{}, "dan", bot.Member},
		"a guest":             {discordfake.User{Guest: true}, "dan", bot.Guest},
		"pending":             {discordfake.User{Pending: true}, "dan", bot.Guest},
		"timed out":           {discordfake.User{TimedOutUntil: at.Add(time.Hour)}, "dan", bot.Guest},
		"was timed out":       {discordfake.User{TimedOutUntil: at.Add(-time.Hour)}, "dan", bot.Member},
		"a bot":               {discordfake.User{Bot: true}, "dan", bot.Gone},
		"a name of two lines": {discordfake.User{Nick: "Dan\nWeber"}, "Dan Weber", bot.Member},
	} {
		t.Run(name, func(t *testing.T) {
			w.start(t)
			c.user.ID, c.user.Name = dan, "dan"
			w.fake.AddUser(c.user)
			p, err := w.Profile(t.Context(), account(dan))
			if err != nil || p.Name != c.called || p.Standing != c.standing || p.Account != account(dan) {
				t.Errorf("%+v, %v", p, err)
			}
		})
	}
	for name, user := range map[string]string{"left": "200000000000000777", "never was": "200000000000000778"} {
		t.Run(name, func(t *testing.T) {
			w.fake.AddUser(discordfake.User{ID: "200000000000000777", Name: "gone"})
			w.fake.RemoveMember(guild, "200000000000000777")
			if _, err := w.Profile(t.Context(), account(user)); !errors.Is(err, bot.ErrGone) {
				t.Error(err)
			}
		})
	}
}

// What Discord said of somebody is good for a minute, and no longer than until it says something else.
func TestProfilesAreRemembered(t *testing.T) {
	w := newWorld(t, discordfake.Options{})
	asked := func() int { return len(w.fake.Calls("GET", "/guilds/{guild}/members/{user}")) }
	get := func() bot.Profile {
		t.Helper()
		p, err := w.Profile(t.Context(), account(dan))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	get()
	if get(); asked() != 1 {
		t.Errorf("asked %d times", asked())
	}
	w.clock.move(time.Minute)
	if get(); asked() != 2 {
		t.Errorf("a minute later it was asked %d times", asked())
	}
	w.Changed(account(dan))
	if get(); asked() != 3 {
		t.Errorf("after a change it was asked %d times", asked())
	}
	w.Saw(account(dan), &payload.Member{User: &payload.User{ID: dan, Name: "dan"}, Pending: true})
	if p := get(); p.Standing != bot.Guest || asked() != 3 {
		t.Errorf("%+v, asked %d times", p, asked())
	}
	w.Saw(account(dan), &payload.Member{}) // does not say who it is
	w.fake.Break(discordfake.Fault{Status: 503})
	w.clock.move(time.Minute)
	if _, err := w.Profile(t.Context(), account(dan)); err == nil || errors.Is(err, bot.ErrGone) {
		t.Errorf("while Discord is down: %v", err)
	}
}

// Many who ask for one person at once share a call, and each goes when its own time is up.
func TestAskingTogether(t *testing.T) {
	w := newWorld(t, discordfake.Options{})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := w.Profile(t.Context(), account(dan)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(w.fake.Calls("GET", "/guilds/{guild}/members/{user}")); n > 3 {
		t.Errorf("asked %d times", n)
	}
	w.clock.move(time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Profile(ctx, account(dan)); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Roles are groups where the intent for members is on. Without it nobody is in them, which is an error and no empty
// group.
func TestRolesAsGroups(t *testing.T) {
	for name, intent := range map[string]int{"with the intent": discordfake.GuildMembers, "without it": 0} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, discordfake.Options{Privileged: intent})
			role := w.fake.AddRole(guild, discordfake.Role{Name: "DBA"})
			w.fake.AddUser(discordfake.User{ID: dan, Name: "dan", Roles: []string{role}})
			w.fake.AddUser(discordfake.User{ID: "200000000000000014", Name: "helper", Bot: true, Roles: []string{role}})
			w.fake.AddUser(discordfake.User{ID: "200000000000000015", Name: "eve"})
			for _, group := range []string{role, "@DBA", "@dba"} {
				list, err := w.GroupMembers(t.Context(), group)
				if intent == 0 {
					if err == nil || errors.Is(err, bot.ErrGone) || !strings.Contains(err.Error(), "Server Members Intent") {
						t.Errorf("%s: %v, %v", group, list, err)
					}
					continue
				}
				if err != nil || !slices.Equal(list, []bot.Account{account(dan)}) {
					t.Errorf("%s: %v, %v", group, list, err)
				}
			}
			for _, group := range []string{"@nobody", "DBA", "123", ""} {
				if _, err := w.GroupMembers(t.Context(), group); !errors.Is(err, bot.ErrGone) {
					t.Errorf("%q: %v", group, err)
				}
			}
		})
	}
}

// A role may have more members than Discord lists at once.
func TestALargeRole(t *testing.T) {
	w := newWorld(t, discordfake.Options{Privileged: discordfake.GuildMembers})
	role := w.fake.AddRole(guild, discordfake.Role{Name: "all"})
	for n := range 2100 {
		id := payload.IDAt(w.clock.now().Add(time.Duration(n) * time.Second))
		w.fake.AddUser(discordfake.User{ID: id, Roles: []string{role}})
	}
	list, err := w.GroupMembers(t.Context(), role)
	if err != nil || len(list) != 2100 {
		t.Errorf("%d members, %v", len(list), err)
	}
}

func TestWhoami(t *testing.T) {
	w := newWorld(t, discordfake.Options{Privileged: discordfake.MessageContent})
	w.guilds = nil
	w.start(t)
	self, err := w.Whoami(t.Context())
	if err != nil || !self.Serves(guild) || self.Serves(other) || self.Serves("") || !self.Reads || self.Members ||
		self.User != w.fake.BotUser() {
		t.Fatalf("%+v, %v", self, err)
	}
	w.fake.Down(true)
	w.start(t) // what was kept serves a start while Discord is down
	if again, err := w.Whoami(t.Context()); err != nil || !again.Serves(guild) {
		t.Errorf("while Discord is down: %+v, %v", again, err)
	}
	w.guilds = []string{other} // another setting is another identity
	w.start(t)
	if again, err := w.Whoami(t.Context()); err == nil {
		t.Errorf("with other guilds: %+v", again)
	}
	w.fake.Down(false)
	w.guilds = nil
	w.fake.AddGuild(other, "Southwind", discordfake.Least)
	w.start(t)
	if _, err := w.Whoami(t.Context()); !errors.Is(err, directory.ErrSeveral) || !strings.Contains(err.Error(), other) {
		t.Errorf("in two guilds: %v", err)
	}
}

func TestChannels(t *testing.T) {
	w := newWorld(t, discordfake.Options{})
	open := w.fake.AddChannel(guild, "general")
	secret := w.fake.AddChannel(guild, "secret", discordfake.Overwrite{ID: guild, Deny: discordfake.ViewChannel})
	w.fake.AddCategory(guild, "ops")
	if c, err := w.FindChannel(t.Context(), "#General"); err != nil || c != directory.Conversation(guild, open) {
		t.Errorf("%+v, %v", c, err)
	}
	for _, name := range []string{"ops", "nowhere", ""} {
		if c, err := w.FindChannel(t.Context(), name); !errors.Is(err, bot.ErrGone) {
			t.Errorf("%q: %+v, %v", name, c, err)
		}
	}
	for channel, want := range map[string]string{open: "general", secret: "", "1": ""} {
		if got, err := w.ChannelName(t.Context(), directory.Conversation(guild, channel)); err != nil || got != want {
			t.Errorf("%s: %q, %v", channel, got, err)
		}
	}
	later := w.fake.AddChannel(guild, "later")
	if _, err := w.FindChannel(t.Context(), "later"); !errors.Is(err, bot.ErrGone) {
		t.Error("channels are not remembered")
	}
	w.ForgetChannels(guild)
	if c, err := w.FindChannel(t.Context(), "later"); err != nil || c.Channel != later {
		t.Errorf("%+v, %v", c, err)
	}
}

// Who writes to the bot alone acts in the guild that they share with it.
func TestHome(t *testing.T) {
	w := newWorld(t, discordfake.Options{})
	w.fake.AddGuild(other, "Southwind", discordfake.Least)
	w.guilds = []string{other, guild}
	w.start(t)
	if a, err := w.Home(t.Context(), dan); err != nil || a != account(dan) {
		t.Errorf("%+v, %v", a, err)
	}
	w.fake.AddMember(other, dan)
	w.start(t)
	if a, err := w.Home(t.Context(), dan); err != nil || a.Workspace != other {
		t.Errorf("%+v, %v", a, err)
	}
	w.fake.AddUser(discordfake.User{ID: "200000000000000014", Name: "helper", Bot: true})
	for _, user := range []string{"200000000000000014", "200000000000000999"} {
		if _, err := w.Home(t.Context(), user); !errors.Is(err, bot.ErrGone) {
			t.Errorf("%s: %v", user, err)
		}
	}
	w.start(t)
	if _, err := w.Whoami(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.fake.Break(discordfake.Fault{Status: 503})
	if _, err := w.Home(t.Context(), dan); err == nil || errors.Is(err, bot.ErrGone) {
		t.Errorf("while Discord is down: %v", err)
	}
}

func TestPermissions(t *testing.T) {
	for _, c := range []struct {
		have string
		want bool
	}{
		{"1024", true}, {"8", true}, {"0", false}, {"", false}, {"x", false}, {"-1", false}, {"18446744073709551615", true},
	} {
		if got := directory.May(c.have, directory.ViewChannel); got != c.want {
			t.Errorf("%q: %v", c.have, got)
		}
	}
	for _, n := range directory.Needs {
		if directory.Least()&n.Bit == 0 || n.Name == "" || n.Feature == "" {
			t.Errorf("%+v", n)
		}
	}
	w := newWorld(t, discordfake.Options{Permissions: discordfake.Least})
	have, err := w.Permissions(t.Context(), guild, w.fake.BotUser())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range directory.Needs {
		if !directory.May(have, n.Bit) {
			t.Errorf("%s is missing in %s", n.Name, have)
		}
	}
}
