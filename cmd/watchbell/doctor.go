package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"

	"github.com/watchbell/watchbell/bot/ask"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/cmd/watchbell/config"

	"github.com/watchbell/watchbell/adapters/discord"
	"github.com/watchbell/watchbell/adapters/discord/command"
	"github.com/watchbell/watchbell/adapters/slack"
	"github.com/watchbell/watchbell/adapters/web/login"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/account"
	"github.com/watchbell/watchbell/commands/change/control"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/commands/mine"
	told "github.com/watchbell/watchbell/commands/notify"
	"github.com/watchbell/watchbell/commands/oncall"
	"github.com/watchbell/watchbell/commands/report"
	"github.com/watchbell/watchbell/commands/token"
	"github.com/watchbell/watchbell/storage"
)

type slackCmd struct {
	Manifest slackManifestCmd `cmd:"" help:"Print the manifest to make the Slack app from. Example: watchbell slack manifest"`
	Scopes   slackScopesCmd   `cmd:"" help:"List the scopes and what each is for. Example: watchbell slack scopes"`
}

type slackManifestCmd struct {
	Links string `help:"Where the pages of this installation are, as web.url says: what links to incidents and changes lead to is shown below them" placeholder:"URL"`
	HTTP  string `help:"For requests by HTTP instead of Socket Mode: the address under which Slack reaches this server, like https://watchbell.example.com" placeholder:"URL"`
}

func (c slackManifestCmd) Run(io streams) error {
	if c.HTTP != "" {
		if u, err := url.Parse(c.HTTP); err != nil || u.Scheme != "https" || u.Host == "" {
			return bot.Errorf(
				bot.Invalid,
				"--http: %q is not an address that Slack can use. Write https and a host, like https://watchbell.example.com",
				c.HTTP,
			)
		}
	}
	links, err := url.Parse(c.Links)
	if err != nil || c.Links != "" && links.Host == "" {
		return bot.Errorf(bot.Invalid, "--links: %q is not an address. Write it like https://watchbell.example.com", c.Links)
	}
	manifest, err := slack.Manifest(commandTree(), c.HTTP, links.Hostname())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(io.out, string(manifest))
	return err
}

type slackScopesCmd struct{}

func (slackScopesCmd) Run(io streams) error {
	for _, s := range slack.Scopes {
		fmt.Fprintf(io.out, "%-18s %s\n", s.Name, s.For)
	}
	return nil
}

// newInSlack says what an app that was made from an older manifest lacks. A bot's token cannot read the app's manifest,
// so nobody can look.
func newInSlack() bot.Finding {
	return bot.Finding{
		Good: true, What: "Slack does not tell which slash commands the app has; /ops is new",
		Fix: "If Slack answers that /ops is not a valid command, print the manifest anew (watchbell slack manifest), paste " +
			"it on the app's page \"App Manifest\", and save.",
	}
}

// commandTree is the tree of all commands, without a database.
func commandTree() *ask.Tree {
	b := engine.New(engine.Options{Store: noStore{}})
	b.Use(response.New(nil, b, response.Options{}).Capability())
	b.Use(control.New(nil, b, control.Options{}).Capability())
	b.Use(oncall.New(nil, b, oncall.Options{}).Capability())
	b.Use(report.New(nil, b, report.Options{}).Capability())
	b.Use(account.New(nil, b, account.Options{}).Capability())
	b.Use(signIn().Capability())
	b.Use(token.New(nil, b.Permissions).Capability())
	b.Use(told.New(nil, b, told.Options{}).Capability())
	b.Use(mine.Capability(b))
	return b.Tree()
}

// signIn is a sign-in that is only asked what commands it has.
func signIn() *login.Service {
	s, err := login.New(login.Options{URL: "http://localhost"})
	if err != nil {
		panic(err) // the address is one
	}
	return s
}

// noStore is the store of a bot that is only asked what commands it has.
type noStore struct{ bot.Store }

func (noStore) Secret(context.Context) ([]byte, error) { return nil, nil }

type doctorCmd struct{ place }

// Help is shown by kong below the flags.
func (doctorCmd) Help() string {
	return `It changes nothing. Exit code: 0 all is well, 1 something is missing.

Example: watchbell doctor --config /etc/watchbell.yaml`
}

// databaseFix says what helps when the database cannot be opened. A new one is no help where there is one already.
func (c doctorCmd) databaseFix(err error) string {
	if errors.Is(err, storage.ErrDamaged) {
		return "Stop the server, put a backup in the place of the file, and keep the damaged one; docs/running.md says how."
	}
	url, urlErr := c.database()
	path, sqlite := strings.CutPrefix(url, "sqlite:")
	if _, statErr := os.Stat(path); urlErr == nil && sqlite && errors.Is(statErr, fs.ErrNotExist) {
		return "Set DATABASE_URL, or start the server once, which makes a new one."
	}
	return ""
}

func (c doctorCmd) Run(ctx context.Context, io streams) error {
	bad := false
	say := func(f bot.Finding) {
		mark := "ok  "
		if !f.Good {
			mark, bad = "FIX ", true
		}
		fmt.Fprintln(io.out, mark+f.What)
		if f.Fix != "" {
			fmt.Fprintln(io.out, "    → "+f.Fix)
		}
	}
	file, err := c.file()
	if err != nil {
		return err
	}
	say(bot.Finding{
		Good: true,
		What: fmt.Sprintf(
			"the configuration has %s and %s", value.Counted(len(file.People), "person"),
			value.Counted(len(file.Services), "service"),
		),
	})
	switch l, err := limits(file); {
	case err != nil:
		say(bot.Finding{What: "the limits per person", Fix: err.Error()})
	case l.Changes.PerMinute == 0:
		say(bot.Finding{What: limitsAreOff, Fix: "Unset " + limitsVariable + ", unless this is a load test."})
	default:
		say(bot.Finding{Good: true, What: limitsInWords(l)})
	}
	store, err := c.open(ctx, storage.Options{NoMigrate: true})
	if err != nil {
		say(bot.Finding{What: "the database: " + strings.TrimSuffix(err.Error(), "."), Fix: c.databaseFix(err)})
	} else {
		say(bot.Finding{Good: true, What: "the database answers (" + store.Kind() + "), and its schema is current"})
		if err := store.Check(ctx); err != nil {
			say(bot.Finding{What: "the database: " + strings.TrimSuffix(err.Error(), "."), Fix: c.databaseFix(err)})
		}
		for _, f := range append(takenFindings(ctx, store, file), pagesFindings(ctx, file, store)...) {
			say(f)
		}
		_ = store.Close()
	}
	for _, f := range append(c.slack(ctx, file), c.discord(ctx, file)...) {
		say(f)
	}
	if bad {
		return exitError{exitRefused}
	}
	return nil
}

// slack looks at Slack, where it is configured.
func (doctorCmd) slack(ctx context.Context, file *config.File) []bot.Finding {
	s, ok, err := slackFromEnv()
	switch {
	case err != nil:
		return []bot.Finding{bot.ToFix("Slack's variables", err.Error())}
	case !ok:
		return []bot.Finding{bot.Fine("Slack is not configured (SLACK_BOT_TOKEN is not set); docs/slack.md says how")}
	}
	return append(slack.Diagnose(ctx, s.options(), file.Incidents.Channel), newInSlack())
}

// discord looks at Discord, where it is configured.
func (doctorCmd) discord(ctx context.Context, file *config.File) []bot.Finding {
	s, ok, err := discordFromEnv()
	switch {
	case err != nil:
		return []bot.Finding{bot.ToFix("Discord's variables", err.Error())}
	case !ok:
		return []bot.Finding{bot.Fine("Discord is not configured (DISCORD_BOT_TOKEN is not set); docs/discord.md says how")}
	}
	o := s.options()
	tree := commandTree()
	if o.Layout, err = command.New(ctx, tree.Nouns(), tree.Commands()); err != nil {
		return []bot.Finding{bot.ToFix("the commands for Discord", err.Error())}
	}
	return discord.Diagnose(ctx, o, file.Incidents.Channel)
}
