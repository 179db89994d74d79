package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/slack/slackfake"
)

// A vendor and its contract from the modal to the notice that is sent in time, then a service that an incident is
// declared on at once, and everything that somebody owns handed over.
func TestSlackKeepsRegisters(t *testing.T) { onTime(t, keepsRegisters) }

func keepsRegisters(t *testing.T, w *timed) {
	ops := func(user, text, answer string) { t.Helper(); w.asks("/ops", user, text, answer) }
	if _, err := w.fake.Command("U0MIA", w.general, w.key(), "/ops", "vendor add"); err != nil {
		t.Fatal(err)
	}
	w.formOpens("U0MIA", "Add a vendor")
	w.modal("U0MIA", "Add a vendor", map[string]string{"name": "Datadog <!channel>", "tier": "critical"})
	w.sees(w.general, "U0MIA", "VEN-1 Datadog <!channel>")
	w.settle()
	ops("U0DAN", contractLine, "CTR-1 Monitoring")

	w.pass("2027-03-31 08:50")
	direct := w.fake.Direct("U0DAN")
	if said := w.said(direct); strings.Contains(said, "CTR-1") {
		t.Errorf("reminded before the day begins:\n%s", said)
	}
	w.pass("2027-03-31 09:00")
	w.sees(direct, "", "due in 30 days, on Fri 30 Apr 2027")
	ops("U0DAN", "CTR-1", "Decide whether to renew for 14,400.00 EUR a year: Fri 30 Apr 2027, in 30 days")
	var card slackfake.Message
	for _, m := range w.fake.Messages(w.general) {
		if m.Only == "U0DAN" && strings.Contains(blockText(m.Blocks), "in 30 days") {
			card = m
		}
	}
	w.click("U0DAN", card, "Cancel", "")
	w.sees(w.general, "U0DAN", "Decided to cancel. The notice has to be sent by Fri 30 Apr 2027.")
	w.settle()
	ops("U0DAN", `contract notice CTR-1 sent=today proof="letter RR1"`, "it ends on Wed 30 Jun 2027")
	ops("U0MIA", "CTR-1", "sent on Wed 31 Mar 2027, proof: letter RR1")

	w.asks("/report", "U0MIA", "subscribe daily at=09:00 days=mon-fri tz=Europe/Berlin", "Thu 1 Apr 09:00")
	w.pass("2027-04-01 09:00")
	w.sees(w.general, "", "Daily ops digest · Thu 1 Apr 2027")
	w.until("the digest says that the contract is cancelled", func() bool {
		w.settle()
		return strings.Contains(w.said(w.general), "CTR-1 Monitoring: sent on Wed 31 Mar 2027")
	})
	if n := strings.Count(w.said(direct), "CTR-1 Monitoring is due"); n != 1 {
		t.Errorf("reminded %d times of one notice:\n%s", n, w.said(direct))
	}

	began := w.clock.Now()
	ops("U0MIA", `service add Ledger description="books every payment" key=ledger`, "ledger Ledger")
	w.command("U0DAN", w.general, "declare The ledger is late sev3 service=ledger")
	w.sees(w.general, "U0DAN", "Declared INC-1 (SEV3): The ledger is late. Services: ledger.")
	if took := w.clock.Now().Sub(began); took >= time.Minute {
		t.Errorf("declared %s after the service was added", took)
	}
	w.settle()
	room := w.opens("inc-1-the-ledger-is-late")
	w.until("the owner of the service is invited", func() bool {
		now, _ := w.fake.Channel(room.ID)
		return slices.Contains(now.Members, "U0MIA")
	})
	w.press("U0ANA", w.card(room), "Take lead")
	w.until("the card shows who leads", func() bool {
		w.settle()
		return strings.Contains(blockText(w.card(room).Blocks), "Lead: <@U0ANA>")
	})

	ops("U0MIA", "handover @dan @ana", "handed over to Ana Ruiz")
	ops("U0ANA", "CTR-1", "Owner: <@U0ANA>")
	if strings.Contains(inJSON(t, w.fake.Messages(w.general)), `"broadcast"`) {
		t.Error("somebody's words became a mention")
	}
	if err := w.fake.OpenHome("U0DAN", ""); err != nil {
		t.Fatal(err)
	}
	w.until("the Home tab", func() bool { return w.fake.Home("U0DAN") != nil })
	keepPayloads(t, w.fake)
}

// contractLine adds a contract whose notice has to be sent by Friday, 30 April 2027. Its first reminder is later than
// the day on which stories begin.
const contractLine = `contract add Monitoring vendor=VEN-1 start=2026-07-01 months=12 renewal=auto renewal-months=12 ` +
	`notice="2 months" value="1200 EUR" per=month`
