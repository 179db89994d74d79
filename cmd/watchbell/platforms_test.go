package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/adapters/slack"
	"github.com/watchbell/watchbell/adapters/slack/slackfake"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/pgtest"
)

// houses are a workspace and a guild in front of one bot, in which the same people work.
type houses struct {
	*whole
	slack   *timed
	discord *timedGuild
}

func newHouses(t *testing.T, http bool, url string) *houses {
	t.Helper()
	people := discordPeople()
	for i, p := range people {
		if id := slackIDs[p.ID]; id != "" {
			people[i].Accounts = append(
				people[i].Accounts, bot.Account{Platform: slack.Platform, Workspace: "T0FAKE", User: id},
			)
		}
	}
	all := newWhole(t, url, people)
	h := &houses{whole: all, slack: newTimedOn(t, http, all), discord: newTimedGuild(t, http, all)}
	return h
}

// onBoth runs a story by both ways in, and on both databases.
func onBoth(t *testing.T, story func(t *testing.T, h *houses)) {
	t.Run("connected", func(t *testing.T) {
		t.Parallel()
		story(t, newHouses(t, false, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db")))
	})
	t.Run("http", func(t *testing.T) { t.Parallel(); story(t, newHouses(t, true, pgtest.URL(t))) })
}

// inSlack waits until a channel of Slack shows a text to everybody.
func (h *houses) inSlack(channel, part string) slackfake.Message {
	h.slack.t.Helper()
	var found slackfake.Message
	h.discord.until(fmt.Sprintf("%q in Slack", part), func() bool {
		for _, m := range h.slack.fake.Messages(channel) {
			if !m.Deleted && m.Only == "" && strings.Contains(blockText(m.Blocks)+m.Text, part) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// once fails the test unless each text was posted once in Slack's channel and once in Discord's.
func (h *houses) once(room slackfake.Channel, there discordfake.Channel, texts ...string) {
	h.slack.t.Helper()
	for _, text := range texts {
		inSlack, inDiscord := 0, 0
		for _, m := range h.slack.fake.Messages(room.ID) {
			if !m.Deleted && m.Only == "" && !slices.Contains(room.Pins, m.TS) && strings.Contains(blockText(m.Blocks), text) {
				inSlack++
			}
		}
		pins := h.discord.fake.Pins(there.ID)
		for _, m := range h.discord.fake.Messages(there.ID) {
			if !m.Deleted && m.Only == "" && !slices.Contains(pins, m.ID) && strings.Contains(discordText(m), text) {
				inDiscord++
			}
		}
		if inSlack != 1 || inDiscord != 1 {
			h.slack.t.Errorf(
				"%q is %d times in Slack and %d times in Discord:\n%s\n%s", text, inSlack, inDiscord,
				h.slack.said(room.ID), h.discord.said(there.ID),
			)
		}
	}
}

// An incident that is declared in Slack has its card and its channel on both platforms. Whatever people do on either of
// them appears on both, once.
func TestAnIncidentOnBothPlatforms(t *testing.T) { onBoth(t, incidentOnBoth) }

func incidentOnBoth(t *testing.T, h *houses) {
	h.slack.tells("U0DAN", h.slack.general, "declare Checkout returns 502 sev2 service=web", "Declared INC-1")
	room, there := h.slack.opens("inc-1-checkout-returns-502"), h.discord.opens("inc-1-checkout-returns-502")
	h.inSlack(h.slack.all, "INC-1")
	h.discord.sees(h.discord.all, "", "INC-1")

	h.discord.presses("ana", h.discord.card(there), "Take lead")
	h.discord.settle()
	h.discord.cardShows(there, "Lead: @"+discordIDs["ana"])
	h.slackCardShows(room, "Lead: <@U0ANA>")

	h.discord.line("ana", there.ID, "incident", "update Rolled back release 42")
	h.discord.sees(there.ID, "", "Update on INC-1")
	h.inSlack(room.ID, "Rolled back release 42")
	h.slack.tells("U0BEN", room.ID, "note Restarted the web servers", "On the timeline of INC-1")
	h.discord.line("mia", there.ID, "incident", "timeline")
	h.discord.sees(there.ID, "mia", "Restarted the web servers")
	h.slack.tells("U0ANA", room.ID, "sev sev1", "INC-1 is now SEV1")
	h.discord.sees(there.ID, "", "Severity raised")
	h.discord.cardShows(there, "SEV1")
	h.discord.line("ana", there.ID, "incident", "resolve Rolled back release 42 for good")
	h.inSlack(room.ID, "INC-1 is resolved")
	h.discord.sees(there.ID, "", "INC-1 is resolved")
	h.slackCardShows(room, "resolved")
	h.settleOn(t)
	h.once(room, there, "Update on INC-1", "Severity raised", "INC-1 is resolved")
	h.oneRoomEach()
}

func (h *houses) slackCardShows(room slackfake.Channel, part string) {
	h.slack.t.Helper()
	h.discord.until("Slack's card shows "+part, func() bool {
		return strings.Contains(blockText(h.slack.card(room).Blocks), part)
	})
}

// oneRoomEach fails the test unless each platform has one channel of an incident, and announced it once.
func (h *houses) oneRoomEach() {
	h.slack.t.Helper()
	inSlack, inDiscord := 0, 0
	for _, name := range h.slack.fake.ChannelNames() {
		if strings.HasPrefix(name, "inc-") {
			inSlack++
		}
	}
	for _, c := range h.discord.fake.Channels(northwind) {
		if strings.HasPrefix(c.Name, "inc-") {
			inDiscord++
		}
	}
	if inSlack != 1 || inDiscord != 1 || len(h.discord.fake.Messages(h.discord.all)) != 1 {
		h.slack.t.Errorf("%d channels in Slack, %d in Discord:\n%s", inSlack, inDiscord, h.discord.everything())
	}
}

// A change is asked for in Slack and decided in Discord; Slack's card says so.
func TestAChangeOnBothPlatforms(t *testing.T) { onBoth(t, changeOnBoth) }

func changeOnBoth(t *testing.T, h *houses) {
	h.slack.changeTells(
		"U0DAN", `new title="Resize the shop" service=web env=prod why="Queries time out" plan="Fail over, resize" `+
			`backout="Fail back" start="tomorrow 22:00" end=1h novelty=first`, "Requested CHG-1",
	)
	channel, ok := h.slack.fake.ChannelNamed("changes")
	if !ok {
		t.Fatal("no channel for changes")
	}
	inSlack := h.inSlack(channel.ID, "CHG-1 · Normal")
	card := h.discord.sees(h.discord.requests, "", "CHG-1 · Normal")
	h.discord.sees(h.discord.direct("ben"), "", "Your decision is needed")

	h.discord.presses("ben", card, "Approve")
	h.discord.fills("ben", h.discord.requests, "Approve the change", nil)
	h.discord.changeShows(card, "Peer ✅")
	h.discord.until("Slack's card shows the vote", func() bool {
		return strings.Contains(blockText(h.slackNow(inSlack).Blocks), "Peer ✅")
	})
	h.slack.changeTells("U0CHLOE", "approve CHG-1 r1", "is approved")
	h.discord.changeShows(card, "Scheduled")
	h.discord.line("chloe", h.discord.requests, "change", "approve CHG-1 r1")
	h.discord.sees(h.discord.requests, "chloe", "CHG-1")
	h.discord.until("Slack's card says that it is approved", func() bool {
		return strings.Contains(blockText(h.slackNow(inSlack).Blocks), "Scheduled")
	})
	votes := 0
	entries, err := h.store.AuditOf(t.Context(), "CHG-1")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Action == "change.approve" {
			votes++
		}
	}
	if votes != 2 {
		t.Errorf("%d votes are recorded: %+v", votes, entries)
	}
}

func (h *houses) slackNow(m slackfake.Message) slackfake.Message {
	for _, now := range h.slack.fake.Messages(m.Channel) {
		if now.TS == m.TS {
			return now
		}
	}
	return slackfake.Message{}
}

// A page reaches somebody where it can: one platform that is down keeps nothing from the other.
func TestAPageOnBothPlatforms(t *testing.T) { onBoth(t, pageOnBoth) }

func pageOnBoth(t *testing.T, h *houses) {
	w := h.discord
	w.tells("dan", w.general, "oncall", `new primary people=@ana,@ben handover="mon 09:00" escalate=5m`, "primary")
	h.slack.fake.Down(true)
	w.line("dan", w.general, "oncall", "page primary Checkout is down")
	w.presses("ana", w.sees(w.direct("ana"), "", "Checkout is down"), "I take it")
	w.sees(w.direct("ana"), "ana", "You have")
	h.slack.fake.Down(false)
	h.inSlack(h.slack.fake.Direct("U0ANA"), "Checkout is down")
}
