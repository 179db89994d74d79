package main

import (
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/bot"
)

// A vendor and its contract from the form in steps to the notice that is sent in time, then a service that an incident
// is declared on at once, and everything that somebody owns handed over.
func TestDiscordKeepsRegisters(t *testing.T) { onTimeInDiscord(t, keepsRegistersInDiscord) }

func keepsRegistersInDiscord(t *testing.T, w *timedGuild) {
	ops := func(who bot.PersonID, do, text, answer string) discordfake.Message {
		t.Helper()
		w.umbrella(who, w.general, "ops", do, text)
		m := w.sees(w.general, who, answer)
		w.settle()
		return m
	}
	w.umbrella("mia", w.general, "ops", "vendor add", "")
	m := w.fills("mia", w.general, "Add a vendor", map[string]string{
		"name": "Datadog @everyone", "tier": "critical", "notes": "They answer within an hour",
	})
	if got := discordText(m); !strings.Contains(got, "VEN-1 Datadog @everyone") ||
		!strings.Contains(got, "They answer within an hour") {
		t.Errorf("the form is answered with %s", got)
	}
	w.settle()
	ops("dan", "contract add", strings.TrimPrefix(contractLine, "contract add "), "CTR-1 Monitoring")

	w.passOn(t, inBerlin(t, "2027-03-31 08:50"))
	direct := w.direct("dan")
	if said := w.said(direct); strings.Contains(said, "CTR-1") {
		t.Errorf("reminded before the day begins:\n%s", said)
	}
	w.passOn(t, inBerlin(t, "2027-03-31 09:00"))
	reminder := w.sees(direct, "", "due in 30 days, on Fri 30 Apr 2027")
	w.presses("dan", reminder, "Decide…")
	w.fills("dan", direct, "Decide about a contract", map[string]string{"decision": "cancel"})
	w.sees(direct, "dan", "Decided to cancel. The notice has to be sent by Fri 30 Apr 2027.")
	w.settle()
	ops("dan", "contract notice", `CTR-1 sent=today proof="letter RR1"`, "it ends on Wed 30 Jun 2027")

	w.tells("mia", w.general, "report", "subscribe daily at=09:00 days=mon-fri tz=Europe/Berlin", "Thu 1 Apr 09:00")
	w.passOn(t, inBerlin(t, "2027-04-01 09:00"))
	w.sees(w.general, "", "Daily ops digest · Thu 1 Apr 2027")
	w.until("the digest says that the contract is cancelled", func() bool {
		return strings.Contains(w.everything(), "CTR-1 Monitoring: sent on Wed 31 Mar 2027")
	})
	if n := strings.Count(w.said(direct), "CTR-1 Monitoring is due"); n != 1 {
		t.Errorf("reminded %d times of one notice:\n%s", n, w.said(direct))
	}

	began := w.clock.Now()
	ops("mia", "service add", `Ledger description="books every payment" key=ledger`, "ledger Ledger")
	w.types(
		"dan", w.general, "incident", "declare", discordfake.Opt("title", "The ledger is late"),
		discordfake.Opt("severity", "sev3"), discordfake.Opt("service", "ledger"),
	)
	w.sees(w.general, "dan", "Declared INC-1 (SEV3): The ledger is late. Services: ledger.")
	if took := w.clock.Now().Sub(began); took >= time.Minute {
		t.Errorf("declared %s after the service was added", took)
	}
	w.settle()
	room := w.opens("inc-1-the-ledger-is-late")
	w.until("the owner of the service is invited", func() bool { return w.invited(room.ID, "mia") })

	w.presses("ana", w.card(room), "Take lead")
	w.settle()
	w.cardShows(room, "Lead: @"+discordIDs["ana"])

	ops("mia", "handover", "@dan @ana", "handed over to Ana Ruiz")
	ops("ana", "CTR-1", "", "Owner: @"+discordIDs["ana"])
	for _, m := range w.fake.Messages(w.general) {
		for _, called := range m.Pings {
			if strings.HasPrefix(called, "@") {
				t.Errorf("somebody's words called %s", called)
			}
		}
	}
	keepDiscordPayloads(t, w.fake)
}

// umbrella uses a command that other nouns share, with what to do and the text behind it.
func (w *guild) umbrella(who bot.PersonID, channel, noun, do, text string) {
	w.t.Helper()
	options := []discordfake.Option{discordfake.Opt("do", do)}
	if text != "" {
		options = append(options, discordfake.Opt("text", mentioning(text)))
	}
	if _, err := w.fake.Command(discordIDs[who], channel, w.key(), noun, options...); err != nil {
		w.t.Fatal(err)
	}
}
