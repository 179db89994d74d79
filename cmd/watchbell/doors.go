package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/watchbell/watchbell/adapters/web/login"
)

// doors are the ways in and out of the server: which are open, and the one command or variable that opens each of the
// others.
func (a *app) doors() []login.Door {
	set := func(name string) bool { return os.Getenv(name) != "" || os.Getenv(name+"_FILE") != "" }
	list := []login.Door{a.pagesDoor()}
	add := func(name string, open bool, where, opens string) {
		note := where
		if !open {
			note = opens
		}
		list = append(list, login.Door{Name: name, Open: open, Note: note})
	}
	add("Slack", set("SLACK_BOT_TOKEN"), "connected by SLACK_BOT_TOKEN",
		"set SLACK_BOT_TOKEN and SLACK_APP_TOKEN: docs/slack.md")
	add("Discord", set("DISCORD_BOT_TOKEN"), "connected by DISCORD_BOT_TOKEN", "set DISCORD_BOT_TOKEN: docs/discord.md")
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
