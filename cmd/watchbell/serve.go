package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"

	"github.com/watchbell/watchbell/adapters/api"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/cmd/watchbell/config"
)

type serveCmd struct {
	place
	WebPersonas  bool `help:"Serve the pages without a sign-in, everybody acting as whom they choose. Only on a loopback address."`
	InsecureHTTP bool `name:"insecure-http" help:"Serve pages by http on a network, where everybody on the way can read the sessions of those who sign in."`
}

// Help is shown by kong below the flags.
func (serveCmd) Help() string {
	return `The database is DATABASE_URL (postgres://user@host/name or sqlite:FILE; default sqlite:watchbell.db).
Secrets come from the environment or from files named by variables ending in _FILE.

Example: DATABASE_URL=postgres://watchbell@db/watchbell watchbell serve --config /etc/watchbell.yaml`
}

func (c *serveCmd) Run(ctx context.Context, root *cli, io streams) error {
	log := root.logger(io.err, slog.LevelDebug)
	file, err := c.file()
	if err != nil {
		return err
	}
	for _, old := range file.Outdated() {
		log.Warn("the configuration should be mended", "file", c.configPath(), "what", old)
	}
	o := appOptions{server: true, log: log, personas: c.WebPersonas}
	if c.WebPersonas {
		o.listener, err = personasListener(file)
	} else {
		err = o.open(file, c.InsecureHTTP)
	}
	if err != nil {
		return err
	}
	a, err := c.wire(ctx, o)
	if err != nil {
		return err
	}
	defer a.close()
	var observe net.Listener
	if file.Observe.Listen != "" {
		if observe, err = listen(file.Observe.Listen); err != nil {
			return err
		}
	}
	if o.listener != nil {
		log.Info("web chat", "address", "http://"+o.listener.Addr().String())
	}
	var gate net.Listener
	if file.API.Listen != "" {
		if gate, err = listen(file.API.Listen); err != nil {
			return err
		}
	}
	if c.WebPersonas {
		return a.run(ctx, observe, gate, log)
	}
	if err := a.begin(ctx, "say how the server is reached", func(ctx context.Context) error {
		return a.announce(ctx, io.out)
	}); err != nil {
		return err
	}
	return a.run(ctx, observe, gate, log)
}

// personasListener opens the address of pages on which everybody acts as whom they choose.
func personasListener(file *config.File) (net.Listener, error) {
	s, err := siteOf(file)
	if err != nil {
		return nil, err
	}
	address := cmp.Or(file.Web.Listen, config.DefaultListen)
	if !loopback(address) {
		return nil, bot.Errorf(
			bot.Invalid,
			"--web-personas lets everybody act as anybody, so it is only served on a loopback address; web.listen is %q. "+
				"Set web.listen to 127.0.0.1:8080",
			s.listen,
		)
	}
	return listen(address)
}

// open opens the address of the pages. The one that nobody named may be taken: then the server goes on without pages.
func (o *appOptions) open(file *config.File, insecure bool) error {
	s, err := siteOf(file)
	if err != nil {
		return err
	}
	if err := s.check(insecure); err != nil {
		return err
	}
	if insecure && slices.Contains(file.Login, "oidc") && !s.encrypted() && !s.local() {
		return bot.Errorf(
			bot.Invalid, "--insecure-http cannot go with oidc: whoever is on the way could take over a sign-in at the company. Give "+
				"the pages an https address, or take oidc out of login in the configuration.",
		)
	}
	e := &entrance{platforms: platformsAddress(s)}
	o.site, o.entrance = &s, e
	d, err := e.at(s.listen)
	if err != nil && s.named {
		by := "web.listen"
		if file.Web.Listen == "" {
			by = listenVariable
		}
		return bot.Errorf(bot.Invalid, "%s, for pages and requests of chat platforms: %v", by, err)
	}
	if err != nil {
		s.shut = err.Error()
		return nil
	}
	if !s.given {
		s.url = localURL(d.listener.Addr().String())
	}
	return nil
}

// run serves until ctx ends, then drains.
func (a *app) run(ctx context.Context, observe, gate net.Listener, log *slog.Logger) error {
	g, ctx := errgroup.WithContext(ctx)
	if gate != nil {
		server, err := a.apiServer(ctx, api.Options{Listener: gate, Log: log})
		if err != nil {
			return err
		}
		log.Info("API", "address", "http://"+gate.Addr().String()+"/api/v1")
		g.Go(func() error { return server.Run(ctx) })
	}
	if observe != nil {
		log.Info("health and metrics", "address", "http://"+observe.Addr().String()+"/metrics")
		g.Go(func() error { return a.observe(ctx, observe) })
	}
	if len(a.entrance.doors) > 0 {
		g.Go(func() error { return a.entrance.run(ctx, log) })
	}
	g.Go(func() error { a.catchUp(ctx); return nil })
	g.Go(func() error { a.store.Listen(ctx); return nil })
	g.Go(func() error { return a.bot.Run(ctx) })
	err := g.Wait()
	log.Info("stopped")
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// listen opens a listener and explains why it cannot.
func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, bot.Errorf(
			bot.Invalid, "The address %s is taken by another program. Stop it, or choose another address.", address,
		)
	}
	if err != nil {
		return nil, bot.Errorf(bot.Invalid, "Cannot listen on %s: %v. Write host:port, like 127.0.0.1:8080", address, err)
	}
	return l, nil
}

// listenNear is listen, but goes on to the next ports when the first is taken.
func listenNear(address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	var first, n int
	if _, err := fmt.Sscanf(port, "%d", &first); err != nil {
		return nil, err
	}
	for n = first; n < first+50; n++ {
		l, err := net.Listen("tcp", net.JoinHostPort(host, fmt.Sprint(n)))
		if err == nil {
			return l, nil
		}
	}
	return listen(net.JoinHostPort(host, "0"))
}

func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
