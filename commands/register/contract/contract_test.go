package contract_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/contract"
	"github.com/watchbell/watchbell/commands/register/registertest"
	"github.com/watchbell/watchbell/commands/register/vendor"
	"github.com/watchbell/watchbell/storage/storagetest"
)

var registers = []registertest.Register{
	registertest.Of(vendor.Kind), registertest.Of(registertest.Service), registertest.Of(contract.Kind),
}

func TestKind(t *testing.T) {
	registertest.Kind(t, contract.Kind, registertest.Options{
		With: registers[:2], Samples: map[string]string{"vendor": "VEN-1"},
		Before: map[string][]string{"add": {"dan: /ops vendor add Datadog"}},
	})
}

func day(y int, m time.Month, d int) value.Day { return value.Day{Year: y, Month: m, Day: d} }

// until moves the clock to an hour of a day at which time has passed for contracts.
func until(w *registertest.World, d value.Day) {
	w.T.Helper()
	w.WaitUntil(d.UTC().Add(90 * time.Minute))
}

const yearly = `/ops contract add Datadog vendor=datadog start=2026-01-01 months=12 renewal=auto renewal-months=12 ` +
	`notice="2 weeks" value="1200 EUR" per=month`

// A contract is decided about, cancelled by a notice and ends; nobody but its owner and managers do that.
func TestAContractIsCancelled(t *testing.T) {
	registertest.Each(t, func(w *registertest.World) {
		shows := func(parts ...string) {
			w.T.Helper()
			w.Contains(bottest.Text(w.Do("dan", "/ops CTR-1")), parts...)
		}
		w.Lines("dan: /ops vendor add Datadog", "dan: "+yearly)
		shows("State: active", "Vendor: VEN-1 Datadog", "Runs until: Thu 31 Dec 2026", "Value: 1,200.00 EUR a month",
			"A year: 14,400.00 EUR",
			"Decide whether to renew for 14,400.00 EUR a year: Thu 17 Dec 2026, in 22 days")
		if d := w.DueOf("CTR-1", "notice"); d.On != day(2026, 12, 17) || d.Owner != "dan" ||
			!slices.Equal(d.Ladder, []int{120, 90, 60, 30, 14, 7, 3, 1}) || d.Done.Command != "contract.decide" {
			w.T.Errorf("notice: %+v", d)
		}
		w.Refused("ben", "/ops contract decide CTR-1 cancel", "Only the owner of CTR-1")
		w.Refused("ben", "/ops contract notice CTR-1 sent=today proof=mail", "Only the owner of CTR-1")
		w.Contains(bottest.Text(w.Do("dan", `/ops contract decide CTR-1 cancel note="nobody uses it"`)),
			"Decided to cancel: nobody uses it. The notice has to be sent by Thu 17 Dec 2026.")
		// a decision alone does not stop the reminders
		if d := w.DueOf("CTR-1", "notice"); d.On != day(2026, 12, 17) || d.Done.Command != "contract.notice" {
			w.T.Errorf("notice: %+v", d)
		}
		w.Refused("mia", "/ops contract notice CTR-1 sent=tomorrow proof=mail", "is in the future")
		w.Contains(bottest.Text(w.Do("mia", "/ops contract notice CTR-1 sent=2026-11-20 proof=\"letter RR1\"")),
			"it ends on Thu 31 Dec 2026", "State: notice given", "proof: letter RR1")
		if d := w.DueOf("CTR-1", "notice"); !d.Settled() {
			w.T.Errorf("notice is still due: %+v", d)
		}
		w.Refused("dan", "/ops contract decide CTR-1 renew", "Notice was given on Fri 20 Nov 2026")
		w.Refused("dan", "/ops contract notice CTR-1 sent=today proof=mail", "already; it ends on Thu 31 Dec 2026")
		until(w, day(2026, 12, 31))
		shows("State: notice given")
		until(w, day(2027, 1, 1))
		shows("State: cancelled")
		if list := w.Dues(); slices.ContainsFunc(list, func(d bot.Due) bool { return d.Object == "CTR-1" }) {
			w.T.Errorf("a contract that ended is due: %+v", list)
		}
		w.Contains(strings.Join(w.Happened(), "\n"),
			"contract cancelled: Datadog: sent on Fri 20 Nov 2026, ends on Thu 31 Dec 2026, saves 14,400.00 EUR a year",
			"cancelled contract ended: Datadog: ended on Thu 31 Dec 2026")
		w.Verify()
	}, registers...)
}

// A contract that nobody decided about renews by itself, and says what that costs. It is the same after three years
// without the program.
func TestAContractRenewsByItself(t *testing.T) {
	registertest.Each(t, func(w *registertest.World) {
		w.Lines("dan: /ops vendor add Datadog", "dan: "+yearly)
		until(w, day(2026, 12, 17))
		w.Contains(bottest.Text(w.Do("dan", "/ops CTR-1")), "Runs until: Thu 31 Dec 2026", "Thu 17 Dec 2026, today")
		until(w, day(2026, 12, 18))
		w.Contains(bottest.Text(w.Do("dan", "/ops CTR-1")), "Runs until: Fri 31 Dec 2027", "Fri 17 Dec 2027, in 364 days")
		w.Do("dan", "/ops contract decide CTR-1 cancel")
		until(w, day(2027, 12, 20))
		w.Do("dan", "/ops contract decide CTR-1 renew")
		if d := w.DueOf("CTR-1", "notice"); !d.Settled() {
			w.T.Errorf("it is renewed, and yet due: %+v", d)
		}
		until(w, day(2031, 6, 1))
		w.Contains(bottest.Text(w.Do("dan", "/ops CTR-1")), "Runs until: Wed 31 Dec 2031")
		want := []string{
			"CTR-1 contract auto-renewed: Datadog: auto-renewed on Fri 18 Dec 2026, locked to Fri 31 Dec 2027, cost " +
				"14,400.00 EUR",
			"CTR-1 notice missed: Datadog: the notice was not sent in time: auto-renewed on Sat 18 Dec 2027, locked to Sun 31 " +
				"Dec 2028, cost 14,400.00 EUR",
			"CTR-1 contract renewed: Datadog: renewed on Mon 18 Dec 2028 as decided, locked to Mon 31 Dec 2029, cost " +
				"14,400.00 EUR",
			"CTR-1 contract auto-renewed: Datadog: auto-renewed on Tue 18 Dec 2029, locked to Tue 31 Dec 2030, cost " +
				"14,400.00 EUR",
			"CTR-1 contract auto-renewed: Datadog: auto-renewed on Wed 18 Dec 2030, locked to Wed 31 Dec 2031, cost " +
				"14,400.00 EUR",
		}
		if told := w.Happened(); !slices.Equal(told, want) {
			w.T.Errorf("told\n%s", strings.Join(told, "\n"))
		}
		w.Verify()
	}, registers...)
}

// A notice that was sent in time and is recorded late undoes the renewal; one that was sent late needs the vendor's
// word.
func TestANoticeThatIsRecordedLate(t *testing.T) {
	w := registertest.Install(t, storagetest.SQLite(t), registers...)
	w.Lines("dan: /ops vendor add Datadog", "dan: "+yearly, "dan: "+yearly, "dan: "+yearly)
	until(w, day(2026, 12, 18))
	w.Contains(bottest.Text(w.Do("dan", "/ops contract notice CTR-1 sent=2026-12-17 proof=mail")),
		"it ends on Thu 31 Dec 2026")
	w.Contains(bottest.Text(w.Do("dan", "/ops contract notice CTR-2 sent=2026-12-18 proof=mail")),
		"it ends on Fri 31 Dec 2027")
	w.Contains(bottest.Text(w.Do("dan", "/ops contract notice CTR-3 sent=2026-12-18 proof=mail ends=2027-01-15")),
		"it ends on Fri 15 Jan 2027")
	w.Refused("dan", "/ops contract notice CTR-3 sent=2026-12-18 proof=mail", "already")
}

// A contract that does not renew by itself ends, and says what it covered; it can be renewed before and after that.
func TestAContractRunsOut(t *testing.T) {
	w := registertest.Install(t, storagetest.SQLite(t), registers...)
	w.Lines("dan: /ops service add Checkout",
		`dan: /ops contract add Support start=2026-01-31 months=13 renewal=manual value="1000 EUR" per=year`,
		"dan: /ops link CTR-1 covers checkout")
	if d := w.DueOf("CTR-1", "term-end"); d.On != day(2027, 2, 27) || !slices.Equal(d.Ladder, []int{60, 30, 7}) {
		t.Errorf("term end: %+v", d)
	}
	w.Contains(bottest.Text(w.Do("dan", `/ops contract renew CTR-1 months=1 value="100 EUR" per=month`)),
		"Renewed until Tue 30 Mar 2027.", "A year: 1,200.00 EUR")
	until(w, day(2027, 3, 31))
	w.Contains(bottest.Text(w.Do("dan", "/ops CTR-1")), "State: ended")
	w.Contains(bottest.Text(w.Do("dan", "/ops service show checkout")), "Covered by: CTR-1 Support")
	w.Contains(strings.Join(w.Happened(), "\n"),
		"contract ran out: Support: ended on Tue 30 Mar 2027; it covered checkout",
		"contract renewed: Support: renewed until Tue 30 Mar 2027, cost 100.00 EUR")
	w.Refused("dan", "/ops contract decide CTR-1 renew", "ended on Tue 30 Mar 2027")
	w.Refused("dan", "/ops contract renew CTR-1", "for how many months")
	w.Do("dan", "/ops contract renew CTR-1 months=12")
	w.Contains(bottest.Text(w.Do("dan", "/ops CTR-1")), "State: active", "Runs until: Thu 30 Mar 2028")
	until(w, day(2030, 1, 1))
	w.Refused("dan", "/ops contract renew CTR-1 months=1", "is past. Renew it for longer")
}

// When the terms of a contract were written down wrongly, correcting them counts its renewals anew and tells nothing
// twice.
func TestTermsAreCorrected(t *testing.T) {
	w := registertest.Install(t, storagetest.SQLite(t), registers...)
	w.Lines("dan: /ops vendor add Datadog", "dan: "+yearly)
	until(w, day(2026, 12, 20))
	for _, c := range []struct{ edit, runs string }{
		{"months=24", "Fri 31 Dec 2027"},
		{"months=12 renewal-months=6", "Wed 30 Jun 2027"},
		{`notice="2 days"`, "Thu 31 Dec 2026"},
		{`notice="2 weeks" renewal-months=12`, "Fri 31 Dec 2027"},
		{"start=2020-01-01", "Fri 31 Dec 2027"},
		{"renewal=none", "Thu 31 Dec 2020"},
		{"renewal=auto", "Fri 31 Dec 2027"},
	} {
		w.Do("dan", "/ops contract edit CTR-1 "+c.edit)
		w.Contains(bottest.Text(w.Do("dan", "/ops CTR-1")), "Runs until: "+c.runs)
	}
	w.Do("dan", "/ops contract renew CTR-1 months=3")
	w.Do("dan", "/ops contract edit CTR-1 months=24")
	w.Contains(bottest.Text(w.Do("dan", "/ops CTR-1")), "Runs until: Wed 31 Mar 2027")
	if told := w.Happened(); len(told) != 2 {
		t.Errorf("told\n%s", strings.Join(told, "\n"))
	}
}

// What does not fit together is refused, with what is right.
func TestWhatDoesNotFit(t *testing.T) {
	w := registertest.Install(t, storagetest.SQLite(t), registers...)
	for _, c := range []struct{ args, says string }{
		{"start=2026-01-01", "months=12"},
		{"months=12", "start=2026-01-01"},
		{"start=2026-01-01 months=12 renewal=auto notice=3m", "renewal-months=12"},
		{"start=2026-01-01 months=12 renewal=auto renewal-months=12", `notice="3 months"`},
		{"start=2026-01-01 months=12 notice=soon", "90 days, 6 weeks or 3 months"},
		{`value="100 EUR"`, "per=month"},
		{`value="100000000000000 EUR" per=year`, "too much"},
		{"start=1026-01-01 months=12", "more than 50 years away"},
		{"vendor=nobody", "Vendor"},
		{"document=javascript:alert", "Document"},
		{`sla="password: hunter22"`, "password"},
	} {
		w.Run(c.args, func(*testing.T) { w.Refused("dan", "/ops contract add Datadog "+c.args, c.says) })
	}
	w.Do("dan", "/ops contract add Draft")
	w.Refused("dan", "/ops contract decide CTR-1 renew", "has no term yet")
	w.Refused("dan", "/ops contract notice CTR-1 sent=today proof=mail", "has no term yet")
	w.Refused("dan", "/ops contract renew CTR-1 months=12", "has no term yet")
	w.Contains(bottest.Text(w.Do("dan", "/ops CTR-1")), "State: draft")
	if list := w.Dues(); len(list) > 0 {
		t.Errorf("a draft is due: %+v", list)
	}
}

// How contracts and their vendor look.
func TestCards(t *testing.T) {
	w := registertest.Install(t, storagetest.SQLite(t), registers...)
	w.Lines(`dan: /ops vendor add Datadog tier=critical contacts="Jo Lee, support, +49 30 1234" support="Mon-Fri `+
		`8:00-18:00" `+
		`status=https://status.example.com`, "dan: /ops service add Checkout", "dan: "+yearly,
		`dan: /ops contract add "Second one" vendor=VEN-1 start=2026-02-01 months=24 value="99 USD" per=quarter `+
			`price-change=2027-02-01`,
		"dan: /ops link CTR-1 covers checkout", "dan: /ops link CTR-2 covers checkout", "dan: /ops link VEN-1 caused INC-1",
		"dan: /ops contract decide CTR-1 renegotiate")
	golden := func(name, text string) {
		t.Helper()
		bottest.Golden(t, name, bottest.Rendered(w.Do("dan", text)))
	}
	golden("negotiation", "/ops CTR-1")
	golden("none", "/ops CTR-2")
	golden("list", "/ops contract list")
	golden("overlaps", "/ops contract overlaps")
	golden("vendor", "/ops vendor show VEN-1")
	golden("vendor-call", "/ops vendor card datadog")
	golden("help", "/ops contract help")
	until(w, day(2026, 12, 18))
	golden("renewed", "/ops CTR-1")
	w.Do("dan", "/ops contract notice CTR-1 sent=2026-12-18 proof=https://files.example.com/1.pdf")
	golden("notice", "/ops CTR-1")
	golden("history", "/ops contract history CTR-1")
}

// The card of a contract that everybody may see does not give away that there is a vendor whom only some may see.
func TestACardNamesNothingThatIsHidden(t *testing.T) {
	w := registertest.Install(t, storagetest.SQLite(t), registers...)
	w.Lines("mia: /ops vendor add Takeover visible=restricted", "mia: /ops contract add Advice vendor=VEN-1")
	w.Contains(bottest.Text(w.Do("mia", "/ops CTR-1")), "VEN-1 Takeover")
	if card := bottest.Text(w.Do("dan", "/ops CTR-1")); strings.Contains(card, "VEN-1") {
		t.Error(card)
	}
}
