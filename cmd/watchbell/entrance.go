package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/watchbell/watchbell/bot"
)

// entrance is where everything comes in from outside: pages, and requests of chat platforms by HTTP, each below its own
// path. Mostly that is one listener. The zero value has none, and serves nothing.
type entrance struct {
	platforms string // the address for requests of chat platforms
	doors     []*frontDoor
}

// frontDoor is one listener with what is served there.
type frontDoor struct {
	address  string
	listener net.Listener
	mux      http.ServeMux
}

// at is the door at an address, which is opened unless it is open.
func (e *entrance) at(address string) (*frontDoor, error) {
	for _, d := range e.doors {
		if sameAddress(d.address, address) {
			return d, nil
		}
	}
	l, err := listen(address)
	if err != nil {
		return nil, err
	}
	d := &frontDoor{address: address, listener: l}
	e.doors = append(e.doors, d)
	return d, nil
}

// take takes what comes below a path for a platform.
func (e *entrance) take(platform, path string, h http.Handler) error {
	d, err := e.at(e.platforms)
	if err != nil {
		return bot.Errorf(bot.Invalid, "%s, for requests of %s: %v", listenVariable, platform, err)
	}
	d.mux.Handle(path, h)
	return nil
}

func (e *entrance) close() {
	for _, d := range e.doors {
		_ = d.listener.Close()
	}
}

// run serves until ctx ends, and then lets requests that are under way finish.
func (e *entrance) run(ctx context.Context, log *slog.Logger) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, d := range e.doors {
		g.Go(func() error { return d.run(ctx, log) })
	}
	return g.Wait()
}

func (d *frontDoor) run(ctx context.Context, log *slog.Logger) error {
	server := &http.Server{
		Handler: &d.mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 15 * time.Second, IdleTimeout: 60 * time.Second, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	log.Info("pages and requests of chat platforms", "address", "http://"+d.listener.Addr().String())
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := server.Serve(d.listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(drain)
		return nil
	})
	return g.Wait()
}

// sameAddress reports whether two addresses to listen on are one. All interfaces have several spellings.
func sameAddress(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil || portA != portB {
		return a == b
	}
	every := func(host string) bool {
		ip := net.ParseIP(host)
		return host == "" || ip != nil && ip.IsUnspecified()
	}
	return hostA == hostB || every(hostA) && every(hostB)
}
