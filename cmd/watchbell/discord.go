package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/watchbell/watchbell/adapters/discord"
	"github.com/watchbell/watchbell/adapters/discord/command"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/cmd/watchbell/config"
)

// discordSettings are what the environment says about Discord.
type discordSettings struct {
	token, publicKey, apiURL string
	guilds                   []string
}

// discordFromEnv reads the variables of Discord. Without DISCORD_BOT_TOKEN there is no Discord, and ok is false.
func discordFromEnv() (s discordSettings, ok bool, err error) {
	token, err := config.Secret("DISCORD_BOT_TOKEN")
	key, keyErr := config.Secret("DISCORD_PUBLIC_KEY")
	if err := errors.Join(err, keyErr); err != nil {
		return s, false, err
	}
	s = discordSettings{
		token: token, publicKey: strings.ToLower(strings.TrimSpace(key)), apiURL: os.Getenv("DISCORD_API_URL"),
		guilds: strings.FieldsFunc(os.Getenv("DISCORD_GUILDS"), func(r rune) bool { return r == ',' || r == ' ' }),
	}
	if token == "" && key == "" && len(s.guilds) == 0 {
		return s, false, nil
	}
	return s, true, discord.CheckSettings(s.token, s.publicKey, s.guilds)
}

func (s discordSettings) options() discord.Options {
	return discord.Options{Token: s.token, PublicKey: s.publicKey, APIURL: s.apiURL, Guilds: s.guilds}
}

// emoji are Discord's signs for the names that commands have for their reactions.
var emoji = map[string]string{"pushpin": "📌", "white_check_mark": "✅", "memo": "📝"}

// attachDiscord adds Discord when its token is set.
func (a *app) attachDiscord(ctx context.Context, log *slog.Logger) error {
	s, ok, err := discordFromEnv()
	if err != nil || !ok {
		return err
	}
	o := s.options()
	o.Core, o.Memory, o.Owner, o.Zone, o.Log = a.bot, a.store, a.bot.Owner(), a.config.Zone, log
	if a.store.Kind() != "sqlite" { // a file has one server, and the next one need not wait for the end of a lease
		o.Lease = a.store
	}
	if o.Layout, err = command.New(ctx, a.bot.Tree().Nouns(), a.bot.Tree().Commands()); err != nil {
		return err
	}
	if err := o.Layout.Check(); err != nil {
		return fmt.Errorf("commands that Discord would not take: %w", err)
	}
	o.Reactions = map[string]string{}
	for _, c := range a.bot.Tree().Commands() {
		if sign := emoji[c.Reaction]; sign != "" {
			o.Reactions[sign] = c.Name
		}
	}
	d, err := discord.New(o)
	if err != nil {
		return err
	}
	a.bot.Attach(d)
	if s.publicKey == "" {
		return nil
	}
	return a.entrance.take("Discord", "/discord/", d.Handler())
}

type discordCmd struct {
	Invite discordInviteCmd `cmd:"" help:"Print the address that adds the bot to a server, with the least permissions. Example: watchbell discord invite"`
}

type discordInviteCmd struct {
	Application string `help:"The application's id, from its page “General Information”; default: that of DISCORD_BOT_TOKEN" placeholder:"ID"`
}

func (c discordInviteCmd) Run(io streams) error {
	id := c.Application
	if id == "" {
		token, err := config.Secret("DISCORD_BOT_TOKEN")
		if err != nil {
			return err
		}
		if id = discord.ApplicationOf(token); id == "" {
			return bot.Errorf(
				bot.Invalid, "Set DISCORD_BOT_TOKEN, or name the application: watchbell discord invite --application "+
					"1166401852345036800. Its id stands on its page “General Information” in Discord's developer portal.",
			)
		}
	}
	address, err := discord.Invitation(id)
	if err == nil {
		_, err = fmt.Fprintln(io.out, address)
	}
	return err
}
