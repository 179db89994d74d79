package main

import (
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
)

// TestDiscordKilledAtEachStep kills the program between what it does in Discord and what it writes down about that, and
// starts it again: at once, while Discord itself knows a message that comes twice, and later, when only our own mark
// tells.
func TestDiscordKilledAtEachStep(t *testing.T) {
	t.Parallel()
	for _, step := range []string{
		"incident.room:sent", "incident.room:stored", "incident.card:sent", "incident.card:stored", "incident.pin:sent",
		"incident.broadcast:sent", "incident.entry:sent", "incident.told:sent",
	} {
		for name, later := range map[string]time.Duration{"at once": 0, "later": 10 * time.Minute} {
			t.Run(step+" "+name, func(t *testing.T) {
				t.Parallel()
				killedAt(t, step, later)
			})
		}
	}
}

func killedAt(t *testing.T, step string, later time.Duration) {
	var ahead atomic.Int64
	w := newGuildWith(t, false, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db"), discordfake.Options{
		Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
	})
	w.server.stop()
	w.until("the gateway is closed", func() bool { return w.fake.Connected() == 0 })
	w.server = w.start(step + "/1")
	w.until("the gateway is open", func() bool { return w.fake.Connected() == 1 || w.server.dead() })
	w.line("fay", w.general, "incident", "declare Checkout returns 502 sev2 service=web")
	updates := strings.HasPrefix(step, "incident.entry") || strings.HasPrefix(step, "incident.told")
	if updates {
		w.sees(w.all, "", "INC-1")
		w.line("fay", w.general, "incident", "update INC-1 It is the load balancer")
	}
	w.until("the program is killed", w.server.dead)
	w.until("the gateway is closed", func() bool { return w.fake.Connected() == 0 })
	ahead.Store(int64(later))
	w.begin()
	c := w.opens("inc-1-checkout-returns-502")
	w.sees(w.all, "", "INC-1")
	w.until("everybody is invited", func() bool { return w.invited(c.ID, "ben") && w.invited(c.ID, "fay") })
	if updates {
		w.until("the update stands below the announcement", func() bool {
			return slices.ContainsFunc(w.fake.Threads(w.all), func(thread discordfake.Channel) bool {
				return strings.Count(w.said(thread.ID), "Update on INC-1") == 1
			})
		})
		w.sees(c.ID, "", "Update on INC-1")
		if n := strings.Count(w.said(c.ID), "Update on INC-1"); n != 1 {
			t.Errorf("told %d times:\n%s", n, w.said(c.ID))
		}
	}
	rooms := 0
	for _, channel := range w.fake.Channels(northwind) {
		if strings.HasPrefix(channel.Name, "inc-1-") {
			rooms++
		}
	}
	if rooms != 1 {
		t.Errorf("%d rooms:\n%s", rooms, w.everything())
	}
	if n := strings.Count(w.said(c.ID), "v1 · reported by") + strings.Count(w.said(c.ID), "v2 · reported by"); n != 1 {
		t.Errorf("%d cards:\n%s", n, w.said(c.ID))
	}
}
