package main

import (
	"context"
	"net"
	"slices"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/adapters/web/login"
	"github.com/watchbell/watchbell/cmd/watchbell/config"
)

// settle finds out where the pages are.
func (a *app) settle(known *webSite) (err error) {
	if known != nil {
		a.site = *known
	} else if a.site, err = siteOf(a.config); err != nil {
		return err
	}
	if a.entrance == nil {
		a.entrance = &entrance{platforms: platformsAddress(a.site)}
	}
	return nil
}

// visitors makes the sign-in, and says who is behind the requests of browsers: whoever is signed in, or in the demo the
// persona that they chose.
func (a *app) visitors(ctx context.Context, o appOptions) (web.Visitors, error) {
	on := a.config.Login
	var ways []login.Way
	var err error
	if o.personas {
		on = nil // nobody signs in where everybody acts as whom they choose
	} else if ways, err = a.ways(ctx); err != nil {
		return nil, err
	}
	a.login, err = login.New(login.Options{
		Name: a.config.Name, URL: a.site.url, On: on, Proxies: a.site.proxies, Store: a.store.Login(), People: a.store.People,
		Clock: a.clock, Log: a.log, Direct: a.bot.Direct, Doors: a.doors,
	}, ways...)
	switch {
	case err != nil:
		return nil, err
	case !o.personas:
		return a.login, nil
	case o.listener == nil:
		return web.NewPersonas(a.store.People, ""), nil
	}
	return web.NewPersonas(a.store.People, o.listener.Addr().String()), nil
}

// provesMore reports whether people can sign in by more than what chat gives them.
func provesMore(f *config.File) bool {
	return slices.Contains(f.Login, "passkey") || slices.Contains(f.Login, "oidc")
}

// servePages serves the pages at the entrance.
func (a *app) servePages() error {
	d, err := a.entrance.at(a.site.listen)
	if err == nil {
		d.mux.Handle("/", a.chat.Handler())
	}
	return err
}

// chatURL is the address that links to the chat begin with. Where personas are served, the chat knows its listener's.
func (a *app) chatURL(listener net.Listener) string {
	if listener != nil {
		return a.config.Web.URL
	}
	return a.site.url
}
