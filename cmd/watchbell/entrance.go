package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/watchbell/watchbell/bot"
)

// entrance is where chat platforms reach us by HTTP: one listener for all of them, each below its own path. The zero
// value has no listener, and serves nothing.
type entrance struct {
	listener net.Listener
	mux      http.ServeMux
}

// take opens the listener, unless it is open, and takes what comes below a path for a platform.
func (e *entrance) take(platform, path string, h http.Handler) error {
	if e.listener == nil {
		var err error
		if e.listener, err = listen(cmp.Or(os.Getenv("WATCHBELL_LISTEN"), ":8080")); err != nil {
			return bot.Errorf(bot.Invalid, "WATCHBELL_LISTEN, for requests of %s: %v", platform, err)
		}
	}
	e.mux.Handle(path, h)
	return nil
}

func (e *entrance) close() {
	if e.listener != nil {
		_ = e.listener.Close()
	}
}

// run serves until ctx ends, and then lets requests that are under way finish.
func (e *entrance) run(ctx context.Context, log *slog.Logger) error {
	server := &http.Server{
		Handler: &e.mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 15 * time.Second, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	log.Info("requests of chat platforms", "address", "http://"+e.listener.Addr().String())
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := server.Serve(e.listener); !errors.Is(err, http.ErrServerClosed) {
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
