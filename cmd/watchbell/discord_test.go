package main

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
)

// An incident from the form to its end, with a restart in the middle of it.
func TestDiscordStory(t *testing.T) {
	t.Parallel()
	inDiscord(t, func(t *testing.T, w *guild) {
		w.types("fay", w.general, "incident", "declare")
		w.fills("fay", w.general, "Declare an incident", map[string]string{
			"title": "Checkout returns 502", "severity": "sev2", "service": "web", "impact": "Nobody can pay",
		})
		w.sees(w.general, "fay", "Declared INC-1")
		c := w.opens("inc-1-checkout-returns-502")
		w.until("the owner and the reporter are invited", func() bool {
			return w.invited(c.ID, "ben") && (w.invited(c.ID, "fay"))
		})
		w.until("the topic says how bad it is", func() bool {
			c, _ := w.fake.Channel(c.ID)
			return strings.Contains(c.Topic, "SEV2")
		})
		if got := w.categoryOf(c.ID); got != "Incidents" {
			t.Errorf("the channel stands in %q", got)
		}
		announced := w.sees(w.all, "", "INC-1")
		w.presses("ana", w.card(c), "Take lead")
		w.sees(c.ID, "", "@"+discordIDs["ana"]+" leads")
		w.line("ana", c.ID, "incident", "role scribe me")
		w.sees(c.ID, "ana", "You are scribe of INC-1.")

		w.presses("ana", w.card(c), "Give update")
		m := w.fills("ana", c.ID, "Give an update", map[string]string{
			"text": "Rolling back *release* @everyone", "status": "identified", "next": "soon",
		})
		if got := discordText(m); !strings.Contains(got, "soon") {
			t.Errorf("a wrong time is answered with %s", got)
		}
		w.presses("ana", m, "Fix")
		w.fills("ana", c.ID, "Give an update", map[string]string{"next": "45m"})
		told := w.sees(c.ID, "", "Rolling back *release* @everyone")
		if slices.Contains(told.Pings, "@everyone") {
			t.Errorf("somebody's words called %q", told.Pings)
		}
		w.until("the card shows it", func() bool { return strings.Contains(discordText(w.card(c)), "Identified") })

		said, err := w.fake.Say(discordIDs["mia"], c.ID, "", "Error rate is back to normal")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.fake.MessageCommand(discordIDs["fay"], c.ID, said, w.key(), "Add to timeline"); err != nil {
			t.Fatal(err)
		}
		w.fills("fay", c.ID, "Add to the timeline", nil)
		w.line("ben", c.ID, "incident", "timeline")
		w.sees(c.ID, "ben", "Mia Tanaka: Error rate is back to normal")

		w.again()
		w.presses("ana", w.card(c), "Resolve")
		w.fills("ana", c.ID, "Resolve the incident", map[string]string{"summary": "Rolled back release 42"})
		w.sees(c.ID, "", "INC-1 is resolved")
		w.sees(announced.ID, "", "INC-1 is resolved")
		w.until("nobody can resolve it twice", func() bool {
			return strings.Contains(discordText(w.card(c)), "resolved")
		})
		w.line("ana", c.ID, "incident", "resolve again and again")
		w.sees(c.ID, "ana", "so you cannot resolve it")
		keepDiscordPayloads(t, w.fake)
	})
}

// Guests read and note, and never change state, and who has left the server acts no more.
func TestDiscordGuests(t *testing.T) {
	t.Parallel()
	inDiscord(t, func(t *testing.T, w *guild) {
		w.line("gus", w.general, "incident", "declare Everything is broken")
		w.sees(w.general, "gus", "You may not do this")
		w.line("ana", w.general, "incident", "declare Checkout returns 502 sev2")
		c := w.opens("inc-1-")
		w.line("ben", c.ID, "incident", "list")
		w.sees(c.ID, "ben", "INC-1")
		w.presses("gus", w.card(c), "Take lead")
		w.sees(c.ID, "gus", "You may not do this")
		w.line("ana", c.ID, "incident", "lead @gus")
		w.sees(c.ID, "ana", "cannot take this on")
	})
}

// While Discord is out the work goes on elsewhere, and afterwards Discord shows all of it, once and in order.
func TestDiscordIsDown(t *testing.T) {
	t.Parallel()
	inDiscord(t, func(t *testing.T, w *guild) {
		w.line("fay", w.general, "incident", "declare Checkout returns 502 sev2")
		c := w.opens("inc-1-")
		w.fake.Down(true)
		do := func(line string) {
			t.Helper()
			if out, code := w.do("ana", line); code != exitDone {
				t.Fatalf("%s: %d %s", line, code, out)
			}
		}
		do("/incident lead me INC-1")
		do("/incident update INC-1 Vendor confirmed")
		do("/incident declare Search is slow sev3")
		w.fake.Down(false)
		w.sees(c.ID, "", "Update on INC-1")
		w.opens("inc-2-search-is-slow")
		w.until("the card is new", func() bool { return strings.Contains(discordText(w.card(c)), "Vendor confirmed") })
		if n := strings.Count(w.said(c.ID), "Vendor confirmed"); n != 2 { // the update and the card
			t.Errorf("told %d times:\n%s", n, w.said(c.ID))
		}
		w.until("people act there again", func() bool {
			_, err := w.fake.Command(discordIDs["ana"], c.ID, w.key(), "incident", discordfake.Sub("show"))
			return err == nil
		})
	})
}

// An answer that is lost after Discord did what it was asked must not double anything.
func TestDiscordAnswersAreLost(t *testing.T) {
	t.Parallel()
	inDiscord(t, func(t *testing.T, w *guild) {
		for route, method := range map[string]string{
			"/guilds/{guild}/channels": "POST", "/channels/{channel}/messages": "POST",
			"/channels/{channel}/messages/{message}": "PATCH", "/channels/{channel}/messages/pins/{message}": "PUT",
			"/channels/{channel}/permissions/{target}": "PUT",
		} {
			w.fake.Break(discordfake.Fault{Method: method, Route: route, Lost: true, Times: 2})
		}
		w.types(
			"fay", w.general, "incident", "declare", discordfake.Opt("title", "Checkout returns 502"),
			discordfake.Opt("severity", "sev2"), discordfake.Opt("service", "web"),
		)
		c := w.opens("inc-1-")
		w.sees(w.all, "", "INC-1")
		w.presses("ana", w.card(c), "Take lead")
		w.sees(c.ID, "", "@"+discordIDs["ana"]+" leads")
		rooms := 0
		for _, c := range w.fake.Channels(northwind) {
			if strings.HasPrefix(c.Name, "inc-") || strings.EqualFold(c.Name, "Incidents") && c.Type == 4 {
				rooms++
			}
		}
		if rooms != 2 { // with its category
			t.Errorf("%d rooms and categories:\n%s", rooms, w.everything())
		}
		if n := strings.Count(w.said(c.ID), "@"+discordIDs["ana"]+" leads"); n != 1 {
			t.Errorf("told %d times:\n%s", n, w.said(c.ID))
		}
		if n := len(w.fake.Messages(w.all)); n != 1 {
			t.Errorf("announced %d times:\n%s", n, w.said(w.all))
		}
	})
}

// What people do to channels and cards by hand.
func TestDiscordByHand(t *testing.T) {
	t.Parallel()
	inDiscord(t, func(t *testing.T, w *guild) {
		w.line("fay", w.general, "incident", "declare Checkout returns 502 sev2")
		c := w.opens("inc-1-")
		w.fake.DeleteMessage(c.ID, w.card(c).ID)
		w.line("ana", c.ID, "incident", "lead me")
		w.until("the card is there again", func() bool {
			return len(w.fake.Pins(c.ID)) > 0 && strings.Contains(discordText(w.card(c)), "Lead: @"+discordIDs["ana"])
		})
		w.fake.DeleteChannel(c.ID)
		w.line("ana", w.general, "incident", "update INC-1 After the channel was deleted")
		again := w.opens("inc-1-checkout-returns-502")
		if again.ID == c.ID {
			t.Fatal("the channel was not deleted")
		}
		w.sees(again.ID, "", "Work goes on in a new one")
		w.sees(w.sees(w.all, "", "INC-1").ID, "", "After the channel was deleted")
	})
}

// Where the server does not let us open channels, work goes on in a thread.
func TestDiscordRefusesChannels(t *testing.T) {
	t.Parallel()
	inDiscord(t, func(t *testing.T, w *guild) {
		w.fake.SetPermissions(northwind, discordfake.Least&^(discordfake.ManageChannels|discordfake.ManageRoles))
		w.line("fay", w.general, "incident", "declare Checkout returns 502 sev2")
		announced := w.sees(w.all, "", "INC-1")
		w.sees(announced.ID, "", "we work in this thread")
		w.line("ana", announced.ID, "incident", "update From inside the thread")
		w.sees(announced.ID, "", "From inside the thread")
	})
}

// Where nobody else can serve the same database, a server that is killed leaves no lease behind: the next one hears what
// people do at once.
func TestDiscordAfterAKill(t *testing.T) {
	t.Parallel()
	w := newGuild(t, false, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db"))
	w.line("ana", w.general, "incident", "declare Checkout returns 502 sev2")
	c := w.opens("inc-1-")
	w.server.kill()
	w.until("the gateway is closed", func() bool { return w.fake.Connected() == 0 })
	store := w.open()
	free, err := store.Hold(t.Context(), "discord-gateway", "another", time.Millisecond)
	if err = errors.Join(err, store.Close()); err != nil || !free {
		t.Errorf("the gateway is still held: %v %v", !free, err)
	}
	w.begin()
	w.presses("ana", w.card(c), "Take lead")
	w.sees(c.ID, "", "@"+discordIDs["ana"]+" leads")
}
