package main

import (
	"strings"
	"testing"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// newKeptOn is an installation with incidents and all registers, and the services checkout and payments.
func newKeptOn(t *testing.T, url string) *storagetest.Installation {
	t.Helper()
	w := storagetest.Install(t, url, engine.Options{})
	w.Place = bot.Conversation{Platform: w.Chat.Platform, Channel: "ops"}
	a := appOn(t, w.Store, w.Bot, w.Clock, "services:\n  - {id: checkout, name: Checkout}\n  - {id: payments, name: Payments}\n")
	o := response.Options{Clock: w.Clock, Services: a.services.Services}
	w.Bot.Use(response.New(w.Store.Incidents(), w.Bot, o).Capability())
	if err := a.useRegisters(); err != nil {
		t.Fatal(err)
	}
	return w
}

// A risk is to be reviewed on the day on which a grave incident concerns it, however that comes about: once for each.
func TestAGraveIncidentMakesTheReviewOfRisksDue(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		w := newKeptOn(t, url)
		today := value.DayOf(w.Clock.Now())
		review := func(id string) value.Day {
			t.Helper()
			w.Wait(0)
			list, err := w.Store.DuesUntil(t.Context(), value.Day{Year: 2099, Month: 1, Day: 1}, 100)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range list {
				if d.Object == id && d.What == "review" {
					return d.On
				}
			}
			return value.Day{}
		}
		for _, line := range []string{
			"/ops risk add Fire likelihood=2 impact=5 services=checkout",
			"/ops risk add Flood likelihood=2 impact=5", "/ops link RSK-2 threatens payments",
			"/ops risk add Theft likelihood=2 impact=5",
		} {
			w.Do("dan", line)
		}
		w.Do("dan", "/incident declare Slow pages service=checkout sev3")
		if got := review("RSK-1"); got == today {
			t.Error("a SEV3 made a review due")
		}
		w.Do("ana", "/incident sev INC-1 1")
		if got := review("RSK-1"); got != today {
			t.Errorf("after it became a SEV1: %s", got)
		}
		w.Do("dan", "/incident declare No payments service=payments sev2")
		if got := review("RSK-2"); got != today {
			t.Errorf("after a SEV2 was declared: %s", got)
		}
		w.Do("dan", "/ops link RSK-3 happened as INC-2")
		if got := review("RSK-3"); got != today {
			t.Errorf("after it was linked: %s", got)
		}
		if text := bottest.Text(w.Do("dan", "/ops history RSK-1")); !strings.Contains(text, "to review: INC-1 happened: SEV1") {
			t.Error(text)
		}
		w.Do("dan", "/ops risk review RSK-1")
		w.Do("ana", "/incident edit INC-1 services=checkout,payments")
		if got := review("RSK-1"); got == today {
			t.Error("one incident made a review due twice")
		}
	})
}
