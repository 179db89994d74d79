package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
)

// pass moves the clock to a time of Berlin and does what comes due.
func (w *timedGuild) pass(at string) { w.t.Helper(); w.passOn(w.t, inBerlin(w.t, at)) }

// file waits for a message with a file whose name ends so.
func (w *timedGuild) file(channel, ending string) *discordfake.Attachment {
	w.t.Helper()
	var found *discordfake.Attachment
	w.until("a file "+ending, func() bool {
		for _, m := range w.fake.Messages(channel) {
			for _, f := range m.Attachments {
				if strings.HasSuffix(f.Name, ending) && !m.Deleted {
					found = f
				}
			}
		}
		return found != nil
	})
	return found
}

// A morning in Discord: the digest comes with its chart, is read, and what waits is decided from it; then the shift
// changes hands, and a page reaches somebody.
func TestDiscordMorning(t *testing.T) { onTimeInDiscord(t, discordMorning) }

func discordMorning(t *testing.T, w *timedGuild) {
	w.tells("mia", w.general, "report", "preview daily", "Daily ops digest")
	w.tells(
		"mia", w.general, "report", "subscribe daily at=09:00 days=mon-fri tz=Europe/Berlin",
		"Next: Thu 26 Nov 09:00, Fri 27 Nov 09:00, Mon 30 Nov 09:00.",
	)
	w.tells("ana", w.general, "oncall", `new primary people=@ana,@ben handover="mon 09:00" escalate=5m`, "primary")
	w.tells("dan", w.general, "incident", "declare VPN logins fail sev2 service=web", "Declared INC-1")
	w.tells(
		"dan", w.general, "change", `new title="Core switch" service=web env=prod why="CVE" plan="Flash it" `+
			`backout="Old image" start="tomorrow 22:00" end=1h`, "Requested CHG-1",
	)
	w.pass("2026-11-26 09:00")
	digest := w.sees(w.general, "", "Daily ops digest · Thu 26 Nov 2026")
	chart := w.file(digest.ID, ".png") // in the thread below it
	if !bytes.HasPrefix(chart.Data, []byte("\x89PNG")) {
		t.Errorf("the chart %s is no picture", chart.Name)
	}
	if got := inJSON(t, w.fake.Messages(digest.ID)); !strings.Contains(got, "description") {
		t.Errorf("the chart has no words for those who do not see it: %s", got)
	}
	w.presses("mia", digest, "✓ Read")
	w.until("it is shown who read it", func() bool {
		return strings.Contains(discordText(w.now(digest)), "Read by @"+discordIDs["mia"])
	})
	w.presses("mia", digest, "Why red?")
	w.sees(w.general, "mia", "An open SEV1 or SEV2 is red.")
	w.presses("mia", digest, "CSV")
	if csv := w.file(w.direct("mia"), ".csv"); !bytes.Contains(csv.Data, []byte("incidents.opened")) {
		t.Errorf("the figures: %s", csv.Data)
	}
	w.presses("ben", digest, "Decide CHG-1")
	card := w.sees(w.general, "ben", "CHG-1 · Normal")
	w.presses("ben", card, "Approve")
	w.fills("ben", w.general, "Approve the change", nil)
	w.sees(w.general, "ben", "Your approval of CHG-1 r1 is recorded")

	// Monday: the weekend's digest, and the hand-over.
	w.pass("2026-11-30 09:00")
	w.sees(w.general, "", "Daily ops digest · Mon 30 Nov 2026")
	handover := w.sees(w.direct("ben"), "", "Hand-over primary")
	w.presses("ben", handover, "Accept hand-over")
	w.sees(w.direct("ben"), "ben", "You are on call for")
	w.tells("dan", w.general, "oncall", "page primary Checkout is down", "PAGE-1")
	page := w.sees(w.direct("ben"), "", "Checkout is down")
	w.presses("ben", page, "I take it")
	w.sees(w.direct("ben"), "ben", "You have")
	for noun, texts := range map[string]map[string]string{
		"report": {"run weekly this-week": "R-", "schedules": "Next", "subscribe dayly": "Did you mean"},
		"oncall": {"who": "primary"},
	} {
		for text, answer := range texts {
			w.tells("mia", w.general, noun, text, answer)
		}
	}
	w.presses("mia", digest, "Settings")
	w.formOpens("mia", w.general, "Settings of a report")
	w.fake.Dismiss(discordIDs["mia"])
	for _, x := range []struct{ noun, verb, title string }{
		{"report", "subscribe", "Subscribe a report"}, {"oncall", "new", "Make a rota"},
		{"oncall", "override primary", "Override a shift"},
	} {
		w.line("ana", w.general, x.noun, x.verb)
		w.formOpens("ana", w.general, x.title)
		w.fake.Dismiss(discordIDs["ana"])
	}
	for _, call := range w.fake.Calls("POST", "/channels/{channel}/messages") {
		if list, _ := call.JSON["attachments"].([]any); len(call.Files) > 0 {
			if file, _ := list[0].(map[string]any); file["id"] != "0" { // as Discord's schema has it
				t.Errorf("a file goes by the id %#v", file["id"])
			}
		}
	}
	keepDiscordPayloads(t, w.fake)
}

// A page that nobody takes goes on to the next one. Who lets nobody write to them is called in the channel instead.
func TestDiscordPages(t *testing.T) { onTimeInDiscord(t, discordPages) }

func discordPages(t *testing.T, w *timedGuild) {
	w.fake.AddUser(discordfake.User{ID: discordIDs["ana"], Name: "ana", GlobalName: "Ana Ruiz", ClosedDMs: true})
	w.tells(
		"dan", w.general, "oncall", `new primary people=@ana,@ben handover="mon 09:00" escalate=5m lead=@mia`, "primary",
	)
	w.tells("dan", w.general, "oncall", "page primary Checkout is down", "PAGE-1")
	called := w.sees(w.general, "", "so you are called here")
	if !slices.Equal(called.Pings, []string{discordIDs["ana"]}) {
		t.Errorf("it calls %q: %s", called.Pings, discordText(called))
	}
	w.clock.Move(6 * time.Minute)
	w.settle()
	page := w.sees(w.direct("ben"), "", "Checkout is down")
	w.presses("ben", page, "I take it")
	w.sees(w.direct("ben"), "ben", "You have")
}

// Discord is out for ten minutes while people work elsewhere. Afterwards nothing is lost, nothing is there twice, and
// all is in order.
func TestDiscordIsOutForTenMinutes(t *testing.T) { onBoth(t, tenMinutesWithoutDiscord) }

func tenMinutesWithoutDiscord(t *testing.T, h *houses) {
	h.slack.tells("U0DAN", h.slack.general, "declare Checkout returns 502 sev2 service=web", "Declared INC-1")
	room, there := h.slack.opens("inc-1-"), h.discord.opens("inc-1-")
	h.discord.sees(h.discord.all, "", "INC-1")
	h.discord.fake.Down(true)
	updates := []string{"First news", "Second news", "Third news"}
	h.slack.tells("U0ANA", room.ID, "lead me", "INC-1")
	for _, text := range updates {
		h.slack.tells("U0ANA", room.ID, "update "+text, "of INC-1 is out")
		h.clock.Move(200 * time.Second)
		h.settleOn(t)
	}
	h.slack.tells("U0ANA", room.ID, "sev sev1", "INC-1 is now SEV1")
	if _, err := h.discord.fake.Command(
		discordIDs["ana"], there.ID, "", "incident", discordfake.Sub("show"),
	); err == nil && !h.discord.http {
		t.Error("Discord passes something on while it is out")
	}
	h.discord.fake.Down(false)
	h.discord.cardShows(there, "SEV1", "Third news")
	happened := append(updates, "SEV2 → SEV1")
	h.discord.until("Discord shows all that happened", func() bool {
		return !slices.ContainsFunc(happened, func(text string) bool { return !strings.Contains(h.told(there), text) })
	})
	h.discord.settle()
	h.once(room, there, happened...)
	h.oneRoomEach()
	last := 0
	for _, text := range happened {
		at := strings.Index(h.told(there), text)
		if at < last {
			t.Errorf("%q is not in its place:\n%s", text, h.told(there))
		}
		last = at
	}
	h.discord.until("people act in Discord again", func() bool {
		_, err := h.discord.fake.Command(
			discordIDs["ana"], there.ID, h.discord.key(), "incident", discordfake.Sub("show"),
		)
		return err == nil
	})
}

// told is what a channel of Discord tells everybody below its card.
func (h *houses) told(c discordfake.Channel) string {
	var b strings.Builder
	pins := h.discord.fake.Pins(c.ID)
	for _, m := range h.discord.fake.Messages(c.ID) {
		if !m.Deleted && m.Only == "" && !slices.Contains(pins, m.ID) {
			b.WriteString(discordText(m) + "\n")
		}
	}
	return b.String()
}
