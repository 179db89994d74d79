package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/adapters/web/login"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/cmd/watchbell/config"
	"github.com/watchbell/watchbell/storage"
)

// doors are the ways in and out of the server: which are open, and the one command or variable that opens each of the
// others.
func (a *app) doors() []login.Door {
	list := []login.Door{a.pagesDoor()}
	add := func(name string, open bool, where, opens string) {
		note := where
		if !open {
			note = opens
		}
		list = append(list, login.Door{Name: name, Open: open, Note: note})
	}
	add("Slack", isSet("SLACK_BOT_TOKEN"), "connected by SLACK_BOT_TOKEN",
		"set SLACK_BOT_TOKEN and SLACK_APP_TOKEN: docs/slack.md")
	add("Discord", isSet("DISCORD_BOT_TOKEN"), "connected by DISCORD_BOT_TOKEN", "set DISCORD_BOT_TOKEN: docs/discord.md")
	add("API", a.config.API.Listen != "", "http://"+a.config.API.Listen+"/api/v1, with a token: watchbell token create",
		"set api.listen: 127.0.0.1:9191 in the configuration")
	add("Health", a.config.Observe.Listen != "", "http://"+a.config.Observe.Listen+"/readyz",
		"set observe.listen: 127.0.0.1:9090 in the configuration")
	add("Terminal", true, "watchbell do --as PERSON '/incident list'", "")
	return list
}

// pagesDoor is where browsers come in.
func (a *app) pagesDoor() login.Door {
	d := login.Door{Name: "Web", Open: a.site.shut == "", Note: a.site.url}
	switch {
	case !d.Open:
		d.Note = strings.TrimSuffix(a.site.shut, ".") + "; set " + listenVariable + "=127.0.0.1:8081, say"
	case a.site.local() && a.site.wide():
		d.Note += ", by that name only; for other names set " + urlVariable + "=https://…"
	case a.site.local():
		d.Note += ", for this machine only; for others set " + urlVariable + "=https://… and a proxy with TLS"
	case !a.site.encrypted():
		d.Note += ", without https: passkeys and company accounts are off"
	}
	return d
}

// announce prints which doors are open, and on a database without an administrator the link that makes the first one.
func (a *app) announce(ctx context.Context, to io.Writer) error {
	var b strings.Builder
	b.WriteString("Watchbell is running.\n\n")
	for _, d := range a.doors() {
		state := "open  "
		if !d.Open {
			state = "closed"
		}
		fmt.Fprintf(&b, "  %-9s %s  %s\n", d.Name, state, d.Note)
	}
	known, err := a.store.Login().HasAdministrator(ctx)
	if err != nil {
		return err
	}
	if !known && a.site.shut == "" {
		address, l, err := a.login.ForFirst(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "\nThere is no administrator yet. Whoever opens this link first becomes one (once, until %s):\n\n  %s\n",
			l.Expires.UTC().Format("15:04 MST"), address)
	}
	b.WriteString("\nTo let somebody in: watchbell login link --as PERSON. What is missing: watchbell doctor. Stop with Ctrl-C.\n")
	_, err = io.WriteString(to, b.String())
	return err
}

// pagesFindings say for doctor who reaches the pages, and how people get in.
func pagesFindings(ctx context.Context, file *config.File, store *storage.Store) []bot.Finding {
	s, err := siteOf(file)
	if err == nil {
		err = s.check(false)
	}
	if err != nil {
		return []bot.Finding{bot.ToFix("the pages", err.Error())}
	}
	list := []bot.Finding{bot.Fine(s.finding())}
	if !s.encrypted() {
		list[0].Fix = "For others put a proxy with TLS in front, and set " + urlVariable + "=https://… and " + proxiesVariable + "."
	}
	list = append(append(list, wayFinding(file)), companyFindings(ctx, file, s)...)
	admin, err := store.Login().HasAdministrator(ctx)
	people, peopleErr := store.People(ctx)
	chat := slices.ContainsFunc([]string{"SLACK_BOT_TOKEN", "DISCORD_BOT_TOKEN"}, isSet)
	active := slices.ContainsFunc(people, func(p bot.Person) bool { return p.Active })
	switch {
	case err != nil || peopleErr != nil:
		return append(list, bot.ToFix("the people: "+errors.Join(err, peopleErr).Error(), ""))
	case admin:
		return append(list, bot.Fine("there is an administrator"))
	case !active && !chat:
		return append(list, bot.ToFix(
			"nobody can reach this server: it knows nobody, and no chat is connected",
			"Start it, and open the link that it prints: watchbell serve",
		))
	}
	list = append(list, bot.Fine("there is no administrator"))
	list[len(list)-1].Fix = "Start the server, and open the link that it prints; or give somebody the role admin in the configuration."
	return list
}

// finding says where the pages are.
func (s webSite) finding() string {
	if s.local() {
		return "the pages are at " + s.url + ", for this machine only"
	}
	return "the pages are at " + s.url
}

// wayFinding says how people sign in.
func wayFinding(file *config.File) bot.Finding {
	if len(file.Login) == 0 {
		f := bot.Fine("people sign in by links from this machine only, as login lists no way")
		f.Fix = "List ways under login in the configuration, like login: [passkey, chat-link]."
		return f
	}
	return bot.Fine("people sign in by " + strings.Join(file.Login, ", ") + ", and by links from this machine: watchbell login link")
}

// isSet reports whether a secret is given, by its variable or by a file.
func isSet(name string) bool { return os.Getenv(name) != "" || os.Getenv(name+"_FILE") != "" }
