package discord_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord"
	"github.com/watchbell/watchbell/adapters/discord/discordfake"
)

const theCommands = "/applications/{app}/guilds/{guild}/commands"

// Commands are registered in one call, read back, and left alone while they are current.
func TestRegistration(t *testing.T) {
	l := newLive(t, discordfake.Options{})
	l.open(t)
	if n := len(l.fake.Calls("PUT", theCommands)); n != 1 || len(l.fake.Commands(guild)) == 0 {
		t.Errorf("%d calls, %d commands", n, len(l.fake.Commands(guild)))
	}
	if n := len(l.fake.Calls("GET", theCommands)); n != 2 {
		t.Errorf("read %d times", n)
	}
	l.stop()
	l.run(t)
	l.open(t)
	if n := len(l.fake.Calls("PUT", theCommands)); n != 1 {
		t.Errorf("registered again: %d calls", n)
	}
	if n := len(l.fake.Commands("")); n != 0 {
		t.Errorf("%d commands everywhere", n)
	}
}

// Discord takes all commands or none. Health tells of that, and people's buttons work meanwhile.
func TestRegistrationIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		fault discordfake.Fault
		want  string
	}{
		"as a whole": {
			discordfake.Fault{Method: "PUT", Route: theCommands, Status: 400, Code: 50035, Message: "Invalid Form Body"},
			"Invalid Form Body",
		},
		"the right is missing": {discordfake.Fault{Method: "PUT", Route: theCommands, Code: 50001}, "Missing Access"},
		"a fault of Discord's": {discordfake.Fault{Method: "PUT", Route: theCommands, Status: 503}, "Discord"},
		"too often": {
			discordfake.Fault{Method: "PUT", Route: theCommands, Status: 429, RetryAfter: time.Millisecond},
			"Discord asks to wait",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &live{bare: &bare{clock: newClock(), log: &testLog{}}, core: &plain{}}
			l.fake = discordfake.Start(t, discordfake.Options{Guild: guild})
			l.fake.AddUser(discordfake.User{ID: dan, Name: "dan"})
			l.channel = l.fake.AddChannel(guild, "general")
			l.fake.Break(c.fault)
			l.run(t)
			eventually(t, "it is told", func() bool {
				err := l.Health()
				return err != nil && strings.Contains(err.Error(), c.want) && l.fake.Connected() == 1
			})
			l.fake.Heal()
			l.open(t)
			l.works(t, "after")
		})
	}
}

// What Discord shows afterwards is compared with what it was given.
func TestRegistrationIsReadBack(t *testing.T) {
	l := &live{bare: &bare{clock: newClock(), log: &testLog{}}, core: &plain{}}
	l.fake = discordfake.Start(t, discordfake.Options{Guild: guild})
	l.channel = l.fake.AddChannel(guild, "general")
	reads := 0
	l.fake.Break(discordfake.Fault{Status: 503, If: func(c discordfake.Call) bool {
		if c.Method == "GET" && c.Route == theCommands {
			reads++
		}
		return c.Route == theCommands && c.Method == "GET" && reads == 2
	}})
	l.run(t)
	eventually(t, "it is told", func() bool { return l.log.has("commands are not registered in Discord") })
	l.open(t)
	if n := len(l.fake.Calls("PUT", theCommands)); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// A guild that refuses our commands does not keep them from the others.
func TestOneGuildRefusesTheCommands(t *testing.T) {
	l := &live{bare: &bare{clock: newClock(), log: &testLog{}}, core: &plain{}}
	l.fake = discordfake.Start(t, discordfake.Options{Guild: guild})
	l.fake.AddGuild(other, "Southwind", discordfake.Least)
	l.channel = l.fake.AddChannel(guild, "general")
	l.fake.RemoveBot(other)
	l.run(t, func(o *discord.Options) { o.Guilds = []string{other, guild} })
	eventually(t, "the other guild has them", func() bool { return len(l.fake.Commands(guild)) > 0 })
	eventually(t, "it is told which one has not", func() bool {
		err := l.Health()
		return err != nil && strings.Contains(err.Error(), other)
	})
}

// What fits the words somebody types is suggested, at most 25 of it, to people who are served.
func TestSuggestions(t *testing.T) {
	byBothWays(t, func(t *testing.T, http bool) {
		h := world{http: http}.start(t)
		options := func(words string) []discordfake.Option {
			return []discordfake.Option{discordfake.Sub("more", discordfake.Opt("do", words))}
		}
		for _, words := range []string{"", "sl", "nothing like it", strings.Repeat("x", 100)} {
			list, err := h.fake.Autocomplete(h.users["dan"], h.channel, "thing", options(words), "do")
			if err != nil {
				t.Fatal(err)
			}
			has := slices.ContainsFunc(list, func(c discordfake.Choice) bool {
				return strings.Contains(fmt.Sprint(c.Value), "slow")
			})
			if has != (words == "" || words == "sl") || len(list) > 25 {
				t.Errorf("%q: %+v", words, list)
			}
		}
		h.fake.AddUser(discordfake.User{ID: "200000000000000555", Name: "new"})
		if _, err := h.fake.Autocomplete("200000000000000555", h.channel, "thing", options(""), "do"); err != nil {
			t.Errorf("somebody new: %v", err)
		}
	})
}
