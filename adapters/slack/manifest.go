package slack

import (
	"encoding/json"
	"strings"

	"github.com/watchbell/watchbell/bot/ask"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/adapters/slack/payload"
)

// Scope is a right the app asks for, and what it is for.
type Scope struct{ Name, For string }

// Scopes are all that the bot token needs: without one of them, what it is for does not work and the rest does.
var Scopes = []Scope{
	{"commands", "slash commands and shortcuts"},
	{"chat:write", "every message"},
	{"chat:write.public", "announcing in public channels that the bot is not in"},
	{"channels:manage", "opening, describing and archiving incident channels, and inviting people to them"},
	{"channels:read", "finding the channels where incidents are announced and changes are shown"},
	{"channels:join", "coming back to a public channel after being removed"},
	{"channels:history", "finding a message again whose answer was lost, and reading one that somebody reacted to"},
	{
		"groups:write",
		"the same as channels:manage in private channels, also where somebody makes an incident's channel private later",
	},
	{"groups:read", "the same as channels:read in private channels"},
	{"groups:history", "the same as channels:history in private channels"},
	{"im:write", "telling people something alone"},
	{"im:history", "commands typed to the bot directly"},
	{"users:read", "who people are: guests and bots may not act; their time zones"},
	{"users:read.email", "knowing configured people by their e-mail address"},
	{"usergroups:read", "user groups as groups of the configuration"},
	{"usergroups:write", "a user group that follows a rota, so that a mention reaches whoever is on call"},
	{"files:write", "charts of reports, and reports as files"},
	{"app_mentions:read", "commands in threads, where Slack has no slash commands: @Watchbell update …"},
	{"reactions:read", "adding to the timeline with a reaction"},
	{"pins:write", "pinning the card"},
	{"pins:read", "pinned messages of an incident's channel on its timeline"},
	{
		"files:read",
		"files shared in an incident's channel on its timeline, and files that people put into a form, like the calendar " +
			"of a rota",
	},
	{"links:read", "links to incidents and changes: what they lead to is shown below them"},
	{"links:write", "the same"},
	{"bookmarks:read", "links at the top of an incident's channel"},
	{"bookmarks:write", "links at the top of an incident's channel"},
}

// events are what Slack tells us unasked.
var events = []string{
	"app_home_opened", "app_mention", "file_shared", "link_shared", "message.im", "pin_added", "reaction_added",
	"user_change", "channel_archive", "channel_created", "channel_deleted", "channel_rename", "channel_unarchive",
	"tokens_revoked", "app_uninstalled",
}

// Manifest describes the app to Slack. url is where its HTTP requests go, like https://watchbell.example.com; "" is
// Socket Mode. domain is the host of our own pages, whose links are unfurled; "" is none.
func Manifest(tree *ask.Tree, url, domain string) ([]byte, error) {
	url = strings.TrimRight(url, "/")
	at := func(path string) string {
		if url == "" {
			return ""
		}
		return url + path
	}
	m := manifest{Manifest: slack.Manifest{
		Display: slack.Display{
			Name: "Watchbell", Description: "Run incidents and approve changes where you work", BackgroundColor: "#1e1b4b",
		},
		Features: slack.Features{
			BotUser: slack.BotUser{DisplayName: "Watchbell", AlwaysOnline: true},
		},
		Settings: slack.Settings{
			Interactivity: &slack.Interactivity{
				IsEnabled: true, RequestUrl: at("/slack/interactions"), MessageMenuOptionsUrl: at("/slack/interactions"),
			},
			EventSubscriptions: &slack.EventSubscriptions{RequestUrl: at("/slack/events"), BotEvents: events},
			SocketModeEnabled:  url == "",
		},
	}}
	if domain != "" {
		m.Manifest.Features.UnfurlDomains = []string{domain}
	}
	for _, s := range Scopes {
		m.OAuthConfig.Scopes.Bot = append(m.OAuthConfig.Scopes.Bot, s.Name)
	}
	for _, n := range tree.Nouns() {
		m.Manifest.Features.SlashCommands = append(m.Manifest.Features.SlashCommands, slack.ManifestSlashCommand{
			Command: "/" + n.Name, Description: upper(n.Summary), UsageHint: "help", ShouldEscape: true,
			Url: at("/slack/commands"),
		})
	}
	for _, c := range tree.Commands() {
		if c.Shortcut != "" {
			m.Manifest.Features.Shortcuts = append(m.Manifest.Features.Shortcuts, slack.Shortcut{
				Name: c.Shortcut, CallbackID: payload.ShortcutPrefix + c.Name, Description: upper(c.Summary),
				Type: slack.MessageShortcut,
			})
		}
	}
	for _, c := range tree.Commands() {
		if c.Global != "" {
			m.Manifest.Features.Shortcuts = append(m.Manifest.Features.Shortcuts, slack.Shortcut{
				Name: c.Global, CallbackID: payload.GlobalPrefix + c.Name, Description: upper(c.Summary),
				Type: slack.GlobalShortcut,
			})
		}
	}
	m.Features = features{m.Manifest.Features, appHome{HomeTabEnabled: true, MessagesTabEnabled: true}}
	return json.MarshalIndent(m, "", "  ")
}

// manifest is the library's, which leaves out what is false: without messages_tab_read_only_enabled people may not be
// able to write to the bot.
type manifest struct {
	slack.Manifest
	Features features `json:"features"`
}

type features struct {
	slack.Features
	AppHome appHome `json:"app_home"`
}

type appHome struct {
	HomeTabEnabled             bool `json:"home_tab_enabled"`
	MessagesTabEnabled         bool `json:"messages_tab_enabled"`
	MessagesTabReadOnlyEnabled bool `json:"messages_tab_read_only_enabled"`
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
