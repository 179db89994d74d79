package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/oncall"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// newLeaving is an installation with everything that people can own.
func newLeaving(t *testing.T, url string) reminded {
	t.Helper()
	w := newReminded(t, url)
	w.Bot.Use(oncall.New(w.Store.OnCall(), w.Bot, oncall.Options{People: w.Store.People, Clock: w.Clock}).Capability())
	if err := appOn(t, w.Store, w.Bot, w.Clock, "# defaults\n").useRegisters(); err != nil {
		t.Fatal(err)
	}
	return w
}

// What somebody owns anywhere is listed first, then handed over, each by a commit of its own. What has to stay says why.
func TestEverythingSomebodyOwnsIsHandedOver(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		w := newLeaving(t, url)
		for _, line := range []string{
			"mia: /ops vendor add Datadog owner=@dan",
			"ana: /incident declare Portal answers 502 sev2 service=portal", "ana: /incident lead me INC-1",
			"ana: /incident task INC-1 Check the disk @dan", "ana: /incident followup INC-1 Add an alert @dan",
			"ana: /incident declare Mail is late sev3", "dan: /incident lead me INC-2",
			`dan: /change emergency Restart it service=portal why="The portal is down for all of Europe"`,
			`dan: /oncall new primary people=@dan,@ben handover="mon 09:00" lead=@dan`,
			"mia: /report run weekly",
		} {
			who, text, _ := strings.Cut(line, ": ")
			w.Do(who, text)
			w.Wait(time.Minute)
		}
		w.Do("mia", "/report action R-1 Alert on the pool owner=@dan")
		all := []string{
			"VEN-1 Datadog · vendor", "INC-1 task 1 Check the disk", "INC-1 follow-up 2 Add an alert", "rota/primary shifts",
			"rota/primary lead", "R-1 action 1 Alert on the pool",
		}
		stays := []string{
			"INC-2 lead", "Who takes over has to agree. Ask them with: /incident handover INC-2",
			"CHG-1", "Who may approve a change depends on who requested it",
		}
		w.Contains(bottest.Text(w.Do("mia", "/ops handover @dan")), append(all, stays...)...)
		w.Contains(bottest.Text(w.Do("mia", "/ops handover @dan @ana")), append(all, stays...)...)
		w.Wait(time.Minute)
		w.Contains(bottest.Text(w.Do("mia", "/ops handover @ana")), all...)
		left := bottest.Text(w.Do("mia", "/ops handover @dan"))
		for _, gone := range all {
			if strings.Contains(left, gone) {
				t.Errorf("%s is still theirs:\n%s", gone, left)
			}
		}
		w.Contains(bottest.Text(w.Do("mia", "/ops handover @dan @ana")), "Nothing is handed over")
		w.Contains(bottest.Text(w.Do("ben", "/oncall who primary")), "@Ana Ruiz")
		w.rebuilt()
		w.Verify()
	})
}

// More than a hundred things are handed over by a job that says how far it is. Asked for twice, each is given once.
func TestAHundredThingsAreHandedOverByAJob(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		w := newLeaving(t, url)
		for n := range 120 {
			w.Do("dan", fmt.Sprintf("/ops vendor add Vendor %d", n))
		}
		w.Contains(bottest.Text(w.Do("mia", "/ops handover @dan @ana")), "120 things are being handed over to Ana Ruiz")
		w.Do("mia", "/ops handover @dan @ana")
		w.Wait(time.Minute)
		told := ""
		for _, m := range w.Chat.In("@mia") {
			told += bottest.Render(m.Message)
		}
		w.Contains(told, "120 things handed over to Ana Ruiz")
		w.Contains(bottest.Text(w.Do("mia", "/ops handover @dan")), "They own nothing")
		w.Contains(bottest.Text(w.Do("mia", "/ops history VEN-120")), "@Mia Tanaka")
		w.Verify()
	})
}
