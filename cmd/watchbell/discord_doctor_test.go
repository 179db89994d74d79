package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/discord/directory"
	"github.com/watchbell/watchbell/adapters/discord/discordfake"
)

func TestDoctorFindsNothingWrongInDiscord(t *testing.T) {
	w := newDiscordServer(t, discordfake.Options{Privileged: discordfake.MessageContent | discordfake.GuildMembers})
	w.start()
	w.stop()
	said, code := w.doctor()
	if want := block(t, "ok  DISCORD_BOT_TOKEN is that of"); !strings.HasSuffix(said, want) {
		t.Errorf("docs/discord.md shows something else:\n%s", want)
	}
	if code != exitDone {
		t.Errorf("exit code %d", code)
	}
	if t.Failed() {
		t.Log(said)
	}
}

// Each thing that is missing is named, with what does not work because of it and what to do.
func TestDoctorSaysWhatIsMissingInDiscord(t *testing.T) {
	all := discordfake.Permission(directory.Least())
	for name, c := range map[string]struct {
		spoil func(w *discordServer)
		want  []string
	}{
		"the token was reset": {
			func(w *discordServer) { w.fake.ResetToken() }, []string{"FIX DISCORD_BOT_TOKEN: ", "reset the token on"},
		},
		"the bot is nowhere": {
			func(w *discordServer) { w.fake.RemoveBot(discordGuild) },
			[]string{"FIX Discord", "the bot is in no guild; invite it with the address that watchbell discord invite prints"},
		},
		"two servers, and nobody said which": {
			func(w *discordServer) { w.fake.AddGuild("100000000000000002", "Southwind", all) },
			[]string{"FIX Discord", "set DISCORD_GUILDS to the ids", discordGuild + " (Northwind)", "(Southwind)"},
		},
		"a server that the bot is not in": {
			func(w *discordServer) { w.t.Setenv("DISCORD_GUILDS", "100000000000000009") },
			[]string{"FIX the permissions in the server 100000000000000009", "Invite the bot with the address"},
		},
		"an endpoint for HTTP, and no key": {
			func(w *discordServer) { w.fake.SetAppURL("https://watchbell.example.com/discord/interactions") },
			[]string{"FIX Discord sends everything to https://watchbell.example.com", "Empty “Interactions Endpoint URL”"},
		},
		"the key of another application": {
			func(w *discordServer) { w.t.Setenv("DISCORD_PUBLIC_KEY", strings.Repeat("ab", 32)) },
			[]string{"FIX DISCORD_PUBLIC_KEY is not that of this application", "Set it to the Public Key"},
		},
		"a key, and no endpoint for HTTP": {
			func(w *discordServer) { w.t.Setenv("DISCORD_PUBLIC_KEY", w.fake.PublicKey()) },
			[]string{"FIX Discord does not know where to send interactions by HTTP", "followed by /discord/interactions"},
		},
		"no commands are registered": {
			func(*discordServer) {},
			[]string{"are not current: ", "/incident is missing", "/report is missing", "Start the server once"},
		},
		"no channel for incidents": {
			func(w *discordServer) {
				c, _ := w.fake.ChannelNamed(discordGuild, "incidents")
				w.fake.DeleteChannel(c.ID)
			},
			[]string{"FIX there is no channel #incidents that the bot can see", "Make it"},
		},
		"a channel for incidents that the bot does not see": {
			func(w *discordServer) {
				c, _ := w.fake.ChannelNamed(discordGuild, "incidents")
				w.fake.SetOverwrite(c.ID, discordfake.Overwrite{
					ID: discordGuild, Deny: discordfake.ViewChannel,
				})
			},
			[]string{"FIX the channel #incidents is closed to the bot: ", "Let the bot's role see it and write in it."},
		},
		"Discord is down": {
			func(w *discordServer) { w.fake.Down(true) }, []string{"FIX DISCORD_BOT_TOKEN: ", "If Discord is up, reset"},
		},
		"no intents": { // these are choices, and nothing to fix
			func(*discordServer) {},
			[]string{"ok  reactions that record a message", "; roles of the server", "page “Bot”"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newDiscordServer(t, discordfake.Options{})
			c.spoil(w)
			said, code := w.doctor()
			for _, want := range c.want {
				if !strings.Contains(said, want) {
					t.Errorf("%q is missing", want)
				}
			}
			if code != exitRefused {
				t.Errorf("exit code %d", code)
			}
			if t.Failed() {
				t.Log(said)
			}
		})
	}
	for _, n := range directory.Needs {
		t.Run("without "+n.Name, func(t *testing.T) {
			w := newDiscordServer(t, discordfake.Options{})
			w.fake.SetPermissions(discordGuild, all&^discordfake.Permission(n.Bit))
			said, code := w.doctor()
			want := fmt.Sprintf(
				"FIX the permission “%s” is missing in the server %s, so this is off: %s\n", n.Name, discordGuild, n.Feature,
			)
			if code != exitRefused || !strings.Contains(said, want) || strings.Count(said, "FIX the permission ") != 1 {
				t.Errorf("%d %q is missing in\n%s", code, want, said)
			}
		})
	}
}

// An administrator who hides commands from people is told of, because nothing else shows it.
func TestDoctorSeesHiddenCommands(t *testing.T) {
	w := newDiscordServer(t, discordfake.Options{})
	w.start()
	w.stop()
	i := slices.IndexFunc(w.fake.Commands(discordGuild), func(c map[string]any) bool { return c["name"] == "change" })
	if i < 0 {
		t.Fatal("there is no /change")
	}
	w.fake.HideCommand(
		discordGuild, fmt.Sprint(w.fake.Commands(discordGuild)[i]["id"]),
		discordfake.CommandPermission{Target: discordGuild, Type: 1},
	)
	said, code := w.doctor()
	if want := "hides commands from some people: /change\n"; code != exitRefused || !strings.Contains(said, want) {
		t.Errorf("%d %q is missing in\n%s", code, want, said)
	}
}
