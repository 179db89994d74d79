package main

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/cmd/watchbell/demo"
	"github.com/watchbell/watchbell/commands/report"
)

// Whatever the day of the week and the hour, somebody who subscribes to the digest and lets a day pass finds one.
func TestADayLaterTheDigestIsThere(t *testing.T) {
	zone := berlin(t)
	for day := 23; day <= 29; day++ { // Monday to Sunday
		for _, hour := range []int{7, 17} {
			now := time.Date(2026, 11, day, hour, 35, 0, 0, zone)
			t.Run(now.Format("Mon 15:04"), func(t *testing.T) {
				t.Parallel()
				ctx := context.Background()
				folder := &demoCmd{Data: t.TempDir()}
				if err := folder.prepare(); err != nil {
					t.Fatal(err)
				}
				o := appOptions{server: true, log: slog.New(slog.DiscardHandler), clock: demo.NewClock(now)}
				start := func(o appOptions) *app {
					a, err := place{Data: folder.Data, Config: configFile}.wire(ctx, o)
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(a.close)
					return a
				}
				first := start(o)
				to, err := first.chat.FindChannel(ctx, "reports")
				if err != nil {
					t.Fatal(err)
				}
				r := first.bot.Receive(ctx, bot.Request{
					Key: "1", From: bot.Account{Platform: "web", User: "mia"}, Place: to, Text: "/report subscribe daily at=09:00",
				})
				if r.Status != bot.Done {
					t.Fatal(r.Status)
				}
				first.close()
				o.later = true
				a := start(o)
				if err := a.passTime(ctx, 24*time.Hour, func(string) {}); err != nil {
					t.Fatal(err)
				}
				runs, err := a.store.Reports().Runs(ctx, report.RunFilter{States: []report.State{report.Posted}, Limit: 10})
				if err != nil || len(runs) == 0 {
					t.Errorf("%d digests, %v", len(runs), err)
				}
			})
		}
	}
}

// Under go run the program lies in a folder of the build, which nobody wants to type.
func TestTheDemoSaysHowToStartTheProgramAgain(t *testing.T) {
	cached := "/home/ana/.cache/go-build/77/778180fa3d0f2f063f1bee7f51f076f9bc0212916693b720303f7d0b1c06cadc-d/watchbell"
	for arg0, want := range map[string]string{
		"./watchbell": "./watchbell", "/usr/local/bin/watchbell": "/usr/local/bin/watchbell", "watchbell": "watchbell",
		"/tmp/go-build3514333888/b001/exe/watchbell": "go run ./cmd/watchbell",
		"/var/tmp/x/b001/exe/watchbell":              "go run ./cmd/watchbell", cached: "go run ./cmd/watchbell",
	} {
		t.Run(arg0, func(t *testing.T) {
			if got := programName(arg0); got != want {
				t.Errorf("%s: %s, want %s", arg0, got, want)
			}
		})
	}
}

func TestTheDemoOffersFiveThingsToTry(t *testing.T) {
	l, err := listenNear("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	var out bytes.Buffer
	(&demoCmd{Data: "watchbell-data"}).greet(streams{out: &out}, l, l, l)
	if n := strings.Count(out.String(), "\n  1. ") + strings.Count(out.String(), "\n  5. "); n != 2 ||
		strings.Contains(out.String(), "6. ") || !strings.Contains(out.String(), "Five things to try") {
		t.Error(out.String())
	}
}
