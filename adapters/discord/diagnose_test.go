package discord_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/discord"
	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/bot"
)

const (
	goodToken = "MTIz.fake.secret"
	other     = "100000000000000777"
)

// registered registers the suite's commands in the guild.
func registered(t *testing.T, fake *discordfake.Server) {
	t.Helper()
	b := &live{bare: &bare{clock: newClock(), log: &testLog{}, fake: fake}, core: &plain{}}
	b.run(t)
	eventually(t, "the commands are there", func() bool { return b.Health() == nil })
	b.stop()
}

// What doctor finds, and whether it says what to do about it.
func TestDiagnose(t *testing.T) {
	address := "https://watchbell.example/discord/interactions"
	for _, c := range []struct {
		name  string
		fake  discordfake.Options
		spoil func(*testing.T, *discordfake.Server)
		set   func(*discord.Options, *discordfake.Server)
		good  string // part of what is fine
		what  string // part of a finding that is not
		fix   string // and of what to do about it
	}{
		{name: "all is well", good: "by the gateway"},
		{
			name: "no token", set: func(o *discord.Options, _ *discordfake.Server) { o.Token = "" },
			what: "variables", fix: "Bot",
		},
		{
			name: "a token of another kind", set: func(o *discord.Options, _ *discordfake.Server) { o.Token = "abc" },
			what: "variables", fix: "three parts",
		},
		{
			name: "a wrong token", set: func(o *discord.Options, _ *discordfake.Server) { o.Token = "MTIz.other.secret" },
			what: "DISCORD_BOT_TOKEN", fix: "reset the token",
		},
		{
			name: "a wrong key", set: func(o *discord.Options, _ *discordfake.Server) { o.PublicKey = "xyz" },
			what: "variables", fix: "64 hexadecimal digits",
		},
		{
			name: "a wrong guild", set: func(o *discord.Options, _ *discordfake.Server) { o.Guilds = []string{"northwind"} },
			what: "variables", fix: "Copy Server ID",
		},
		{
			name: "several guilds", what: "Discord", fix: "DISCORD_GUILDS",
			spoil: func(_ *testing.T, s *discordfake.Server) { s.AddGuild(other, "Southwind", discordfake.Least) },
		},
		{
			name: "no guild", what: "Discord", fix: "watchbell discord invite",
			spoil: func(_ *testing.T, s *discordfake.Server) { s.RemoveBot(guild) },
		},
		{
			name: "the other way in", what: "nothing by the gateway", fix: "Interactions Endpoint URL",
			spoil: func(_ *testing.T, s *discordfake.Server) { s.SetAppURL(address) },
		},
		{
			name: "by HTTP", good: "Discord sends interactions to " + address,
			spoil: func(_ *testing.T, s *discordfake.Server) { s.SetAppURL(address) },
			set:   func(o *discord.Options, s *discordfake.Server) { o.PublicKey = strings.ToUpper(s.PublicKey()) },
		},
		{
			name: "another key", what: "is not that of this application", fix: "Public Key",
			spoil: func(_ *testing.T, s *discordfake.Server) { s.SetAppURL(address) },
			set:   func(o *discord.Options, _ *discordfake.Server) { o.PublicKey = strings.Repeat("ab", 32) },
		},
		{
			name: "no address", what: "where to send interactions", fix: "/discord/interactions",
			set: func(o *discord.Options, s *discordfake.Server) { o.PublicKey = s.PublicKey() },
		},
		{
			name: "another address", what: "where to send interactions", fix: "/discord/interactions",
			spoil: func(_ *testing.T, s *discordfake.Server) { s.SetAppURL("https://watchbell.example/slack") },
			set:   func(o *discord.Options, s *discordfake.Server) { o.PublicKey = s.PublicKey() },
		},
		{name: "no intents", good: "roles of the server as groups of approvers are off"},
		{
			name: "both intents", fake: discordfake.Options{Privileged: discordfake.GuildMembers | discordfake.MessageContent},
			good: "both intents are on",
		},
		{
			name: "one permission less", fake: discordfake.Options{Permissions: discordfake.Least &^ discordfake.PinMessages},
			what: "“Pin Messages” is missing", fix: "Server Settings, Roles",
		},
		{
			name: "an administrator", fake: discordfake.Options{Permissions: discordfake.Administrator},
			good: "permissions are granted",
		},
		{
			name: "a guild that it is not in", what: "the permissions in the server " + other, fix: "Invite the bot",
			set: func(o *discord.Options, _ *discordfake.Server) { o.Guilds = []string{guild, other} },
		},
		{name: "commands that are there", good: "the commands in the server " + guild + " are current", spoil: registered},
		{
			name: "all commands are hidden", what: "hides commands from some people: all commands", fix: "Integrations",
			spoil: func(t *testing.T, s *discordfake.Server) {
				s.HideCommand(guild, "", discordfake.CommandPermission{Target: dan, Type: 2})
			},
		},
		{name: "no commands", what: "are not current", fix: "Start the server once"},
		{
			name: "commands that it may not register", what: "may not register commands", fix: "watchbell discord invite",
			spoil: func(_ *testing.T, s *discordfake.Server) {
				s.Break(discordfake.Fault{Code: 50001, If: func(c discordfake.Call) bool {
					return strings.HasSuffix(c.Route, "/commands")
				}})
			},
		},
		{
			name: "commands that are not read", what: "the commands in the server", fix: "Try again",
			spoil: func(_ *testing.T, s *discordfake.Server) {
				s.Break(discordfake.Fault{Status: 503, If: func(c discordfake.Call) bool {
					return strings.HasSuffix(c.Route, "/commands")
				}})
			},
		},
		{
			name: "a command that is hidden", what: "hides commands from some people: /probe", fix: "Integrations",
			spoil: func(t *testing.T, s *discordfake.Server) {
				registered(t, s)
				id, _ := s.Commands(guild)[0]["id"].(string)
				s.HideCommand(guild, id, discordfake.CommandPermission{Target: dan, Type: 2})
			},
		},
		{
			name: "the application's way in is not read", what: "the way in", fix: "Try again",
			spoil: func(_ *testing.T, s *discordfake.Server) {
				n := 0
				s.Break(discordfake.Fault{Status: 503, If: func(c discordfake.Call) bool {
					if c.Route == "/applications/@me" {
						n++
					}
					return c.Route == "/applications/@me" && n > 1 // the first asks who we are
				}})
			},
		},
		{name: "the channel", good: "announced in #general"},
		{
			name: "no channel", what: "no channel #general", fix: "Make it",
			spoil: func(_ *testing.T, s *discordfake.Server) {
				c, _ := s.ChannelNamed(guild, "general")
				s.DeleteChannel(c.ID)
			},
		},
		{
			name: "a channel that is closed to it", what: "#general is closed to the bot", fix: "write in it",
			spoil: func(_ *testing.T, s *discordfake.Server) {
				c, _ := s.ChannelNamed(guild, "general")
				s.SetOverwrite(c.ID, discordfake.Overwrite{ID: s.BotUser(), Type: 1, Deny: discordfake.ViewChannel})
			},
		},
		{
			name: "Discord is down", what: "DISCORD_BOT_TOKEN: ", fix: "If Discord is up",
			spoil: func(_ *testing.T, s *discordfake.Server) { s.Down(true) },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.fake.Guild, c.fake.Token = guild, goodToken
			fake := discordfake.Start(t, c.fake)
			fake.AddUser(discordfake.User{ID: dan, Name: "dan"})
			fake.AddChannel(guild, "general")
			if c.spoil != nil {
				c.spoil(t, fake)
			}
			o := discord.Options{
				Token: goodToken, APIURL: fake.URL(), Core: installed{}, Layout: probesLayout(t),
			}
			if c.set != nil {
				c.set(&o, fake)
			}
			before := len(fake.Messages(""))
			list := discord.Diagnose(t.Context(), o, "general")
			if !slices.ContainsFunc(list, func(f bot.Finding) bool {
				if c.good != "" {
					return f.Good && strings.Contains(f.What, c.good)
				}
				return c.what == "" || !f.Good && strings.Contains(f.What, c.what) && strings.Contains(f.Fix, c.fix)
			}) {
				t.Errorf("found %+v", list)
			}
			for _, f := range list {
				if f.Good == (f.Fix != "") || f.What == "" || strings.Contains(f.What+f.Fix, goodToken) {
					t.Errorf("%+v", f)
				}
			}
			for _, call := range fake.Calls("", "") {
				if call.Method != "GET" && c.spoil == nil {
					t.Errorf("it changed something: %s %s", call.Method, call.Path)
				}
			}
			if len(fake.Messages("")) != before {
				t.Error("it posted something")
			}
		})
	}
}

func TestSettings(t *testing.T) {
	key := strings.Repeat("ab", 32)
	for name, c := range map[string]struct {
		token, key string
		guilds     []string
		want       string
	}{
		"all of them": {goodToken, key, []string{guild}, ""},
		"the least":   {goodToken, "", nil, ""},
		"no token":    {"", "", nil, "DISCORD_BOT_TOKEN is not set"},
		"with Bot":    {"Bot " + goodToken, "", nil, "DISCORD_BOT_TOKEN is not a bot token"},
		"a line end":  {goodToken + "\n", "", nil, "DISCORD_BOT_TOKEN is not a bot token"},
		"short key":   {goodToken, key[:62], nil, "DISCORD_PUBLIC_KEY"},
		"long key":    {goodToken, key + "ab", nil, "DISCORD_PUBLIC_KEY"},
		"a name":      {goodToken, "", []string{"Northwind"}, "DISCORD_GUILDS"},
		"short":       {goodToken, "", []string{"123"}, "DISCORD_GUILDS"},
		"overflow":    {goodToken, "", []string{"99999999999999999999"}, "DISCORD_GUILDS"},
		"an address":  {goodToken, "", []string{guild, "https://discord.com/x"}, "DISCORD_GUILDS"},
	} {
		t.Run(name, func(t *testing.T) {
			err := discord.CheckSettings(c.token, c.key, c.guilds)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v", err)
			}
			if err != nil && strings.Contains(err.Error(), goodToken) {
				t.Errorf("the token is told: %v", err)
			}
		})
	}
}

func TestInvitation(t *testing.T) {
	at, err := discord.Invitation("900000000000000001")
	if err != nil || !strings.Contains(at, "client_id=900000000000000001") ||
		!strings.Contains(at, "applications.commands") {
		t.Errorf("%s, %v", at, err)
	}
	for _, id := range []string{"", "abc", "12", "https://x", "99999999999999999999"} {
		if _, err := discord.Invitation(id); err == nil {
			t.Errorf("%q is taken", id)
		}
	}
	for token, want := range map[string]string{
		"OTAwMDAwMDAwMDAwMDAwMDAx.x.y": "900000000000000001", "": "", "..": "", "abc.d.e": "", "!!.x.y": "",
		"OTAwMDAwMDAwMDAwMDAwMDAx==.x.y": "900000000000000001",
	} {
		if got := discord.ApplicationOf(token); got != want {
			t.Errorf("%q: %q", token, got)
		}
	}
}
