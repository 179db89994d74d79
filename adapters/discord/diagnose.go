package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/adapters/discord/directory"
	"github.com/watchbell/watchbell/adapters/discord/payload"
	"github.com/watchbell/watchbell/adapters/discord/rest"
	"github.com/watchbell/watchbell/bot"
)

// Diagnose looks at the token, the way in, the permissions and the commands in each guild, and the channel for
// announcements, one by one, and says what does not work because of each. It changes nothing.
func Diagnose(ctx context.Context, o Options, channel string) []bot.Finding {
	if err := CheckSettings(o.Token, o.PublicKey, o.Guilds); err != nil {
		return []bot.Finding{{What: "Discord's variables", Fix: err.Error()}}
	}
	a, err := New(o)
	if err != nil {
		return []bot.Finding{{What: "Discord's variables", Fix: err.Error()}}
	}
	self, err := a.directory.Whoami(ctx)
	switch {
	case errors.Is(err, directory.ErrSeveral):
		return []bot.Finding{{What: "Discord", Fix: err.Error()}}
	case err != nil:
		return []bot.Finding{{
			What: "DISCORD_BOT_TOKEN: " + reason(a.api.Redact(err)),
			Fix: "If Discord is up, reset the token on your application's page “Bot” in Discord's developer portal and set " +
				"DISCORD_BOT_TOKEN.",
		}}
	}
	list := []bot.Finding{{
		Good: true,
		What: "DISCORD_BOT_TOKEN is that of the application " + self.Application + " in the server " +
			strings.Join(self.Guilds, ", "),
	}}
	list = append(list, a.entrance(ctx), a.intents(self))
	for _, guild := range self.Guilds {
		list = append(list, a.permissions(ctx, self, guild)...)
		list = append(list, a.commands(ctx, self, guild)...)
	}
	return append(list, a.announcing(ctx, channel))
}

func reason(text string) string {
	_, why, found := strings.Cut(text, ": ")
	if !found {
		return text
	}
	return why
}

// entrance looks at the way by which Discord reaches us: it sends interactions by the gateway or by HTTP, never both.
func (a *Adapter) entrance(ctx context.Context) bot.Finding {
	var app struct {
		Key string `json:"verify_key"`
		URL string `json:"interactions_endpoint_url"`
	}
	err := a.api.Do(ctx, rest.Call{Method: "GET", Route: "applications/@me"}, &app)
	switch {
	case err != nil:
		return bot.ToFix("the way in: "+reason(a.api.Redact(err)), "Try again when Discord answers.")
	case a.o.PublicKey == "" && app.URL != "":
		return bot.Finding{
			What: "Discord sends everything to " + app.URL + ", and nothing by the gateway, so nothing that people do arrives",
			Fix: "Empty “Interactions Endpoint URL” on your application's page “General Information”, or set " +
				"DISCORD_PUBLIC_KEY to take interactions by HTTP.",
		}
	case a.o.PublicKey == "":
		return bot.Fine("Discord reaches this server by the gateway, which needs no open port")
	case !strings.EqualFold(app.Key, a.o.PublicKey):
		return bot.Finding{
			What: "DISCORD_PUBLIC_KEY is not that of this application, so everything that Discord sends is refused",
			Fix:  "Set it to the Public Key on your application's page “General Information”.",
		}
	case !strings.HasSuffix(app.URL, "/discord/interactions"):
		return bot.Finding{
			What: "Discord does not know where to send interactions by HTTP",
			Fix: "Set “Interactions Endpoint URL” on your application's page “General Information” to the address of this " +
				"server followed by /discord/interactions, while the server runs.",
		}
	}
	return bot.Fine("Discord sends interactions to " + app.URL)
}

func (a *Adapter) intents(self *directory.Self) bot.Finding {
	var off []string
	if !self.Reads {
		off = append(off, "reactions that record a message (📌 ✅ 📝) are off without the Message Content Intent")
	}
	if !self.Members {
		off = append(off, "roles of the server as groups of approvers are off without the Server Members Intent")
	}
	if len(off) == 0 {
		return bot.Fine("both intents are on")
	}
	return bot.Fine(strings.Join(off, "; ") + "; both are switches on your application's page “Bot”")
}

// permissions names each permission that the bot lacks in a guild, with the feature that needs it.
func (a *Adapter) permissions(ctx context.Context, self *directory.Self, guild string) []bot.Finding {
	have, err := a.directory.Permissions(ctx, guild, self.User)
	if err != nil {
		return []bot.Finding{{
			What: "the permissions in the server " + guild + ": " + reason(a.api.Redact(err)),
			Fix:  "Invite the bot with the address that watchbell discord invite prints.",
		}}
	}
	var list []bot.Finding
	for _, n := range directory.Needs {
		if !directory.May(have, n.Bit) {
			list = append(list, bot.Finding{
				What: fmt.Sprintf("the permission “%s” is missing in the server %s, so this is off: %s", n.Name, guild, n.Feature),
				Fix: "Give it to the bot's role in Server Settings, Roles; or invite the bot again with the address that " +
					"watchbell discord invite prints.",
			})
		}
	}
	if len(list) == 0 {
		list = append(list, bot.Finding{
			Good: true, What: fmt.Sprintf("all %d permissions are granted in the server %s", len(directory.Needs), guild),
		})
	}
	return list
}

// commands compares what a guild has with what we have, and says which of them its administrators restrict.
func (a *Adapter) commands(ctx context.Context, self *directory.Self, guild string) []bot.Finding {
	var list []bot.Finding
	if a.o.Layout != nil {
		differs, err := a.differences(ctx, self, guild)
		switch {
		case rest.Code(err) == rest.MissingAccess:
			return []bot.Finding{{
				What: "the application may not register commands in the server " + guild,
				Fix:  "Invite it again with the address that watchbell discord invite prints.",
			}}
		case err != nil:
			return []bot.Finding{{
				What: "the commands in the server " + guild + ": " + reason(a.api.Redact(err)), Fix: "Try again later.",
			}}
		case len(differs) > 0:
			list = append(list, bot.Finding{
				What: "the commands in the server " + guild + " are not current: " + strings.Join(differs, "; "),
				Fix:  "Start the server once: it registers them.",
			})
		default:
			list = append(list, bot.Fine("the commands in the server "+guild+" are current"))
		}
	}
	hidden, err := a.hidden(ctx, self, guild)
	switch {
	case err != nil:
		a.log.Warn("permissions of commands were not read", "error", a.api.Redact(err))
	case len(hidden) > 0:
		list = append(list, bot.Finding{
			What: "an administrator of the server " + guild + " hides commands from some people: " + strings.Join(hidden, ", "),
			Fix: "Look at Server Settings, Integrations, Watchbell. Watchbell checks rights itself, so nothing has to be " +
				"hidden.",
		})
	}
	return list
}

// hidden are the commands that the guild's administrators restrict, by name.
func (a *Adapter) hidden(ctx context.Context, self *directory.Self, guild string) ([]string, error) {
	var commands []struct{ ID, Name string }
	var restricted []struct {
		ID          string
		Permissions []struct {
			Permission bool
		}
	}
	args := []string{self.Application, guild}
	err := a.api.Do(ctx, rest.Call{Method: "GET", Route: "applications/%s/guilds/%s/commands", Args: args}, &commands)
	if err == nil {
		err = a.api.Do(
			ctx, rest.Call{Method: "GET", Route: "applications/%s/guilds/%s/commands/permissions", Args: args}, &restricted,
		)
	}
	var names []string
	for _, r := range restricted {
		if !slices.ContainsFunc(r.Permissions, func(p struct{ Permission bool }) bool { return !p.Permission }) {
			continue
		}
		name := "all commands" // those of the application itself have its id
		for _, c := range commands {
			if c.ID == r.ID {
				name = "/" + c.Name
			}
		}
		names = append(names, name)
	}
	return names, err
}

// announcing looks at the channel where incidents are announced.
func (a *Adapter) announcing(ctx context.Context, name string) bot.Finding {
	c, err := a.directory.FindChannel(ctx, name)
	switch {
	case errors.Is(err, bot.ErrGone):
		return bot.Finding{
			What: "there is no channel #" + name + " that the bot can see, so nothing is announced in Discord",
			Fix:  "Make it, or let the bot's role see it.",
		}
	case err != nil:
		return bot.ToFix("the channel #"+name+": "+reason(a.api.Redact(err)), "Try again later.")
	}
	var channel payload.Channel
	var raw json.RawMessage
	if err = a.api.Do(ctx, rest.Call{Method: "GET", Route: "channels/%s", Args: []string{c.Channel}}, &raw); err == nil {
		err = json.Unmarshal(raw, &channel)
	}
	if err != nil {
		return bot.Finding{
			What: "the channel #" + name + " is closed to the bot: " + reason(a.api.Redact(err)),
			Fix:  "Let the bot's role see it and write in it.",
		}
	}
	return bot.Fine("incidents are announced in #" + name)
}
