package risk_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/due"
	"github.com/watchbell/watchbell/commands/register/registertest"
	"github.com/watchbell/watchbell/commands/register/risk"
	"github.com/watchbell/watchbell/commands/register/vendor"
	"github.com/watchbell/watchbell/storage/storagetest"
)

var registers = []registertest.Register{
	registertest.Of(vendor.Kind), registertest.Of(registertest.Service), registertest.Of(risk.Kind),
}

func TestKind(t *testing.T) {
	asked := `dan: /ops risk accept RSK-1 until=2027-02-01 by=@mia why="cheaper"`
	registertest.Kind(t, risk.Kind, registertest.Options{
		With: registers[:2], Samples: map[string]string{"vendors": "VEN-1"},
		Before: map[string][]string{
			"add":     {"dan: /ops vendor add Datadog", "dan: /ops service add Checkout"},
			"approve": {asked}, "refuse": {asked}, "reopen": {"dan: /ops risk close RSK-1 gone"},
		},
		As: map[string]string{"approve": "mia", "refuse": "mia"},
	})
}

func day(y int, m time.Month, d int) value.Day { return value.Day{Year: y, Month: m, Day: d} }

// A risk is added, scored, treated, accepted by somebody else for a while, and open again when that ends.
func TestARiskIsAcceptedByADay(t *testing.T) {
	registertest.Each(t, func(w *registertest.World) {
		shows := func(parts ...string) {
			w.T.Helper()
			w.Contains(bottest.Text(w.Do("dan", "/ops RSK-1")), parts...)
		}
		w.Do("dan", `/ops risk add "One person knows billing" likelihood=3 impact=4 treatment=mitigate`)
		shows("State: treated", "3 × 4 = 12, high", "Review the risk: Tue 23 Feb 2027, in 90 days")
		w.Refused("ben", "/ops risk score RSK-1 l=1 i=1", "Only the owner of RSK-1")

		w.Refused("dan", "/ops risk accept RSK-1 until=2027-12-01 by=@mia why=cheaper", "12 months at most",
			"until 2027-11-25")
		w.Refused("dan", "/ops risk accept RSK-1 until=2026-11-25 by=@mia why=cheaper", "is not after today")
		w.Refused("dan", "/ops risk accept RSK-1 until=2027-03-01 by=@dan why=cheaper", "@dan owns RSK-1")
		w.Refused("mia", "/ops risk accept RSK-1 until=2027-03-01 by=@mia why=cheaper", "You ask for this")
		w.Refused("dan", "/ops risk accept RSK-1 until=2027-03-01 by=@eve why=cheaper", "@eve")
		w.Refused("dan", "/ops risk accept RSK-1 until=2027-03-01 by=@gus why=cheaper", "@gus may not approve here")
		w.Do("dan", `/ops risk accept RSK-1 until=2027-03-01 by=@ben,@mia why="cheaper than a second person"`)
		shows("State: treated", "Waits for approval: accept the risk until Mon 1 Mar 2027", "0 of 2 approved")
		for _, who := range []bot.PersonID{"ben", "mia"} {
			if d := w.DueOf("RSK-1", "approval:"+string(who)); d.Owner != who || !d.At.Equal(bottest.Start) || d.Lead != "dan" ||
				d.Done == nil || d.Reassign != nil || d.Open == nil {
				w.T.Errorf("what %s has to decide: %+v", who, d)
			}
		}
		w.Refused("dan", "/ops risk approve RSK-1", "You own RSK-1, so somebody else has to approve this")
		w.Refused("chloe", "/ops risk approve RSK-1", "You were not asked about RSK-1", "@ben, @mia")
		w.Contains(bottest.Text(w.Do("ben", "/ops risk approve RSK-1")), "Approved, 1 of 2.")
		w.Refused("ben", "/ops risk approve RSK-1", "You have approved this already")
		w.Contains(bottest.Text(w.Do("mia", "/ops risk approve RSK-1")), "Accepted until Mon 1 Mar 2027.")
		shows("State: accepted", "Accepted: until Mon 1 Mar 2027 by @Ben Okafor and @Mia Tanaka: cheaper than a "+
			"second person")
		w.Refused("mia", "/ops risk approve RSK-1", "Nothing about RSK-1 waits for an approval")
		if d := w.DueOf("RSK-1", "approval:mia"); !d.Settled() {
			w.T.Errorf("still to decide: %+v", d)
		}
		if d := w.DueOf("RSK-1", "acceptance"); d.On != day(2027, 3, 1) || !slices.Equal(d.Ladder, []int{30, 14, 7, 0}) {
			w.T.Errorf("the end of the acceptance: %+v", d)
		}

		w.WaitUntil(time.Date(2027, 3, 1, 22, 10, 0, 0, time.UTC))
		shows("State: accepted")
		w.WaitUntil(time.Date(2027, 3, 2, 1, 10, 0, 0, time.UTC))
		shows("State: treated")
		told := strings.Join(w.Happened(), "\n")
		w.Contains(told, "RSK-1 risk accepted: One person knows billing: high until Mon 1 Mar 2027",
			"RSK-1 acceptance of a risk expired: One person knows billing: the acceptance of Mon 1 Mar 2027 ended")
		w.Verify()
	}, registers...)
}

// An approval is about the record as it was asked about: when a field changes, it lapses.
func TestAnApprovalLapsesWhenTheRecordChanges(t *testing.T) {
	registertest.Each(t, func(w *registertest.World) {
		ask := "/ops risk accept RSK-1 until=2027-03-01 by=@mia why=cheaper"
		w.Lines("dan: /ops risk add Fire likelihood=1 impact=4", "dan: "+ask)
		button := w.DueOf("RSK-1", "approval:mia").Done
		press := func() bot.Reply {
			return w.Send("mia", bot.Request{Shortcut: button.Command, Args: button.Args})
		}
		w.Do("dan", "/ops risk edit RSK-1 consequence=ruin")
		if r := press(); r.Status == bot.Done {
			w.T.Errorf("she approved what has changed: %s", bottest.Text(r))
		} else {
			w.Contains(bottest.Text(r), "no longer asked about RSK-1")
		}
		w.Contains(bottest.Text(w.Do("dan", "/ops risk history RSK-1")), "lapsed: the request to accept the risk")
		w.Do("dan", ask)
		if r := press(); r.Status == bot.Done {
			w.T.Errorf("she approved another version by the old button: %s", bottest.Text(r))
		} else {
			w.Contains(bottest.Text(r), "RSK-1 changed since you were asked")
		}
		w.Do("mia", `/ops risk refuse RSK-1 "insure it"`)
		w.Contains(bottest.Text(w.Do("dan", "/ops risk show RSK-1")), "State: open")
		w.Do("dan", ask)
		w.Contains(bottest.Text(w.Do("dan", "/ops risk refuse RSK-1 not yet")), "Withdrew the request")
		button = w.DueOf("RSK-1", "approval:mia").Done
		if button != nil {
			w.T.Error("a question that was withdrawn is still due")
		}
		w.Lines("dan: /ops service add Checkout", "dan: "+ask, "dan: /ops link RSK-1 threatens checkout")
		w.Do("mia", "/ops risk approve RSK-1") // links are no fields
		w.Verify()
	}, registers...)
}

// A critical risk is accepted by managers only, for three months.
func TestACriticalRiskIsAManagersToAccept(t *testing.T) {
	w := registertest.Install(t, storagetest.SQLite(t), registers...)
	w.Do("dan", "/ops risk add Ransomware likelihood=4 impact=5")
	w.Refused("dan", "/ops risk accept RSK-1 until=2027-03-01 by=@mia why=cheaper", "3 months at most", "until 2027-02-25")
	w.Refused("dan", "/ops risk accept RSK-1 until=2027-02-25 by=@ben why=cheaper", "only a manager may accept it")
	w.Lines("dan: /ops risk accept RSK-1 until=2027-02-25 by=@mia why=cheaper", "mia: /ops risk approve RSK-1")
	if d := w.DueOf("RSK-1", "review"); d.On != day(2026, 12, 25) {
		t.Errorf("a critical risk is reviewed on %s", d.On)
	}
}

// Scores: what is left is never more than the whole, and is lowered by what is done alone; a risk that grows is no
// longer accepted.
func TestScores(t *testing.T) {
	w := registertest.Install(t, storagetest.SQLite(t), registers...)
	w.Do("dan", "/ops risk add Fire likelihood=2 impact=4")
	w.Refused("dan", "/ops risk score RSK-1 l=3 i=5 of=residual", "is higher than the inherent score")
	w.Refused("dan", "/ops risk score RSK-1 l=2 i=2 of=residual", "Nothing that is finished lowers the score from 8 to 4")
	w.Refused("dan", "/ops risk edit RSK-1 residual-impact=2", "Give both of them")
	w.Refused("dan", "/ops risk score RSK-1 l=0 i=6", "from 1 to 5")
	w.Refused("dan", "/ops risk score RSK-1 l=3", "impact")
	w.Lines("dan: /ops link RSK-1 mitigated by CHG-1", "dan: /ops risk score RSK-1 l=2 i=2 of=residual")
	w.Contains(bottest.Text(w.Do("dan", "/ops RSK-1")), "Residual: 2 × 2 = 4, low", "Thu 25 Nov 2027, in 365 days")
	w.Refused("dan", "/ops risk score RSK-1 l=1 i=3", "Raise likelihood or impact first")
	w.Lines("dan: /ops risk accept RSK-1 until=2027-03-01 by=@mia why=small", "mia: /ops risk approve RSK-1")
	w.Do("dan", "/ops risk score RSK-1 l=2 i=1 of=residual")
	w.Contains(bottest.Text(w.Do("dan", "/ops RSK-1")), "State: accepted")
	w.Do("dan", "/ops risk edit RSK-1 residual-impact=4")
	w.Contains(bottest.Text(w.Do("dan", "/ops RSK-1")), "State: open", "Residual: 2 × 4 = 8, medium")
	want := []string{
		"RSK-1 risk scored: Fire: 2 × 4 = 8, medium, was not scored",
		"RSK-1 risk scored: Fire: 2 × 2 = 4, low, was 2 × 4 = 8, medium",
		"RSK-1 risk accepted: Fire: low until Mon 1 Mar 2027: small",
		"RSK-1 risk scored: Fire: 2 × 1 = 2, low, was 2 × 2 = 4, low",
		"RSK-1 risk scored: Fire: 2 × 4 = 8, medium, was 2 × 1 = 2, low",
		"RSK-1 accepted risk grew: Fire: it was accepted as low and is medium now, so it is open again",
	}
	if told := w.Happened(); !slices.Equal(told, want) {
		t.Errorf("told\n%s", strings.Join(told, "\n"))
	}
}

// A risk that came true is reviewed at once; a closed one is due no more.
func TestARiskThatHappens(t *testing.T) {
	w := registertest.Install(t, storagetest.SQLite(t), registers...)
	w.Lines("dan: /ops risk add Fire likelihood=2 impact=4", `dan: /ops risk happened RSK-1 "INC-1 burnt the shop down"`)
	if d := w.DueOf("RSK-1", "review"); d.On != day(2026, 11, 25) {
		t.Errorf("it is reviewed on %s", d.On)
	}
	w.Do("dan", "/ops risk review RSK-1")
	if d := w.DueOf("RSK-1", "review"); d.On != day(2027, 5, 24) {
		t.Errorf("it is reviewed on %s", d.On)
	}
	w.Do("dan", `/ops risk close RSK-1 "the shop is closed"`)
	if list := w.Dues(); len(list) > 0 {
		t.Errorf("a closed risk is due: %+v", list)
	}
	w.Refused("dan", "/ops risk accept RSK-1 until=2027-03-01 by=@mia why=cheaper", "is closed")
	w.Do("dan", "/ops risk reopen RSK-1")
	w.Contains(strings.Join(w.Happened(), "\n"), "risk happened: Fire: INC-1 burnt the shop down",
		"risk closed: Fire: the shop is closed")
}

// How risks look.
func TestCards(t *testing.T) {
	w := registertest.Install(t, storagetest.SQLite(t), registers...)
	w.Lines(
		"dan: /ops vendor add Datadog", "dan: /ops service add Checkout",
		`dan: /ops risk add "Datadog goes away" likelihood=2 impact=4 vendors=VEN-1 services=checkout cause="they are `+
			`bought"`,
		"dan: /ops risk add Fire likelihood=1 impact=5", "mia: /ops risk add Flood likelihood=1 impact=5",
		"dan: /ops risk add Ransomware likelihood=5 impact=5", "dan: /ops risk add Rumours visible=restricted",
		`dan: /ops risk accept RSK-1 until=2027-03-01 by=@mia why="nobody else has it"`,
	)
	golden := func(name, who, text string) {
		t.Helper()
		bottest.Golden(t, name, bottest.Rendered(w.Do(who, text)))
	}
	golden("asked", "mia", "/ops RSK-1")
	golden("accepted", "mia", "/ops risk approve RSK-1")
	golden("list", "dan", "/ops risk list")
	golden("top", "dan", "/ops risk top 3")
	golden("heat", "dan", "/ops risk heat")
	golden("heat-stranger", "ben", "/ops risk heat")
	golden("history", "dan", "/ops risk history RSK-1")
	golden("help", "dan", "/ops risk help")
	page := w.Send("dan", bot.Request{Text: "/ops risk top", Paged: true}).Page
	bottest.Golden(t, "top-page", bottest.Render(page.InShort(bot.HomeRows)))
}

// Whoever has to decide is asked directly, and decides with one button.
func TestAnApprovalIsOneButton(t *testing.T) {
	registertest.Each(t, func(w *registertest.World) {
		services := func(context.Context) ([]bot.Service, error) { return nil, nil }
		w.Bot.Use(due.New(w.Store.Reminders(), w.Bot, due.Options{
			People: w.Store.People, Services: services, Clock: w.Clock, Zone: time.UTC,
		}).Capability())
		w.Lines("dan: /ops risk add Fire likelihood=1 impact=4",
			"dan: /ops risk accept RSK-1 until=2027-03-01 by=@mia why=cheaper")
		w.Wait(time.Minute)
		asked := w.Chat.In("@mia")
		if len(asked) != 1 {
			w.T.Fatalf("she was asked %d times", len(asked))
		}
		w.Contains(asked[0].Message.Plain(time.UTC), "RSK-1 Fire",
			"approve or refuse to accept the risk until Mon 1 Mar 2027")
		w.Contains(bottest.Text(w.Done(w.Click("mia", "Open", asked...))), "Waits for approval", "because: cheaper")
		w.Contains(bottest.Text(w.Done(w.Click("mia", "Approve", asked...))), "Accepted until Mon 1 Mar 2027.",
			"State: accepted")
		w.Wait(5 * time.Hour)
		if told := w.Told("mia"); len(told) != 1 {
			w.T.Errorf("she is still asked: %q", told)
		}
		w.Verify()
	}, registers...)
}
