package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// shop sells things, with days and amounts. Dan is in Berlin, Ben in Auckland, where it is tomorrow already.
type shop struct {
	t   *testing.T
	bot *engine.Bot
	n   int
}

func newShop(t *testing.T) *shop {
	t.Helper()
	store := storagetest.Open(t, "sqlite:"+t.TempDir()+"/watchbell.db")
	people := bottest.People("test")
	for i := range people {
		if people[i].ID == "ben" {
			people[i].Zone = value.KnownZone("Pacific/Auckland")
		}
	}
	if err := store.SyncPeople(t.Context(), people, bottest.Start); err != nil {
		t.Fatal(err)
	}
	s := &shop{t: t, bot: engine.New(engine.Options{
		Store: store, Clock: bottest.NewClock(), Grants: bot.Grants{"responder": {"thing.*"}},
	})}
	s.bot.Attach(&bottest.Recorder{})
	s.bot.Use(bot.Capability{Noun: bot.Noun{Name: "thing", Summary: "for tests"}, Commands: shopCommands()})
	return s
}

func shopCommands() []bot.Command {
	command := func(verb string, h bot.Handler, params ...bot.Param) bot.Command {
		return bot.Command{
			Name: "thing." + verb, Permission: "thing." + verb, Title: "Things", Summary: verb,
			Example: "/thing " + verb, Params: params, Handle: h,
		}
	}
	told := func(_ context.Context, c *bot.Call) (bot.Reply, error) {
		var parts []string
		for _, p := range c.Command.Params {
			switch {
			case !c.Given(p.Name):
			case p.Kind == bot.DayParam:
				parts = append(parts, p.Name+" "+c.Day(p.Name).String())
			case p.Kind == bot.MoneyParam:
				parts = append(parts, p.Name+" "+c.Money(p.Name).String())
			default:
				parts = append(parts, p.Name+" "+c.Text(p.Name))
			}
		}
		return bot.Answer(bot.Say(strings.Join(parts, "; "))), nil
	}
	renews := bot.Param{
		Name: "renews", Kind: bot.DayParam, Word: "until", Toward: value.Future, Form: true, Max: 3653,
		Help: "The day of the next term, like 2027-03-01.",
	}
	cost := bot.Param{
		Name: "cost", Kind: bot.MoneyParam, Bare: true, Required: true, Form: true, Min: 1, Max: 1_000_000,
		Help: "With its currency, like 1250.50 EUR.",
	}
	text := bot.Param{Name: "text", Kind: bot.TextParam, Bare: true, Required: true, Form: true}
	edit := command("edit", func(_ context.Context, c *bot.Call) (bot.Reply, error) {
		return bot.Answer(bot.Say(fmt.Sprint("changed: ", c.Changed("renews"), " ", c.Changed("cost")))),
			c.Unchanged(map[string]string{"renews": "2027-03-01", "cost": "1,250.50 EUR"})
	}, renews, cost)
	edit.Asks = true
	edit.Prefill = func(context.Context, *bot.Call) (map[string]string, error) {
		return map[string]string{"renews": "2027-03-01", "cost": "1,250.50 EUR"}, nil
	}
	return []bot.Command{
		command("buy", told, cost, text, renews),
		command("plan", told, bot.Param{Name: "on", Kind: bot.DayParam, Bare: true, Toward: value.Either}, cost),
		command("book", told, bot.Param{Name: "amount", Kind: bot.MoneyParam, Sign: value.AnySign},
			bot.Param{Name: "paid", Kind: bot.DayParam, Min: -30}),
		edit,
	}
}

func (s *shop) does(who string, r bot.Request) bot.Reply {
	s.t.Helper()
	s.n++
	r.Key, r.From = fmt.Sprint("key-", s.n), bot.Account{Platform: "test", User: who}
	r.Place = bot.Conversation{Platform: "test", Channel: "general"}
	return s.bot.Receive(s.t.Context(), r)
}

func plainOf(r bot.Reply) string {
	if r.Message == nil {
		return string(r.Status)
	}
	return r.Message.Plain(time.UTC)
}

func TestDaysAndAmountsInTypedWords(t *testing.T) {
	s := newShop(t)
	for _, c := range []struct{ text, want string }{
		{"/thing buy 1200EUR A switch", "cost 1,200.00 EUR; text A switch"},
		{"/thing buy 1200 EUR A switch", "cost 1,200.00 EUR; text A switch"},
		{"/thing buy EUR 1200 A switch", "cost 1,200.00 EUR; text A switch"},
		{"/thing buy 1 250,50 EUR: two switches", "cost 1,250.50 EUR; text two switches"},
		{"/thing buy €5 5 pens", "cost 5.00 EUR; text 5 pens"},
		{"/thing buy A switch cost=1,250.50 EUR", "cost 1,250.50 EUR; text A switch"},
		{"/thing buy cost=€1.250,50 5 servers", "cost 1,250.50 EUR; text 5 servers"},
		{`/thing buy cost="1 250 eur" 5 servers`, "cost 1,250.00 EUR; text 5 servers"},
		{"/thing buy 5 EUR Pens renews=2027-03-01", "cost 5.00 EUR; text Pens; renews 2027-03-01"},
		{"/thing buy 5 EUR renews=1 mar 2027 Pens", "cost 5.00 EUR; text Pens; renews 2027-03-01"},
		{"/thing buy 5 EUR Pens renews=tomorrow", "cost 5.00 EUR; text Pens; renews 2026-11-26"},
		{"/thing buy 5 EUR Pens renews=in 3 days", "cost 5.00 EUR; text Pens; renews 2026-11-28"},
		{"/thing buy 5 EUR Pens until fri", "cost 5.00 EUR; text Pens; renews 2026-11-27"},
		{"/thing buy 5 EUR Pens until 1 mar", "cost 5.00 EUR; text Pens; renews 2027-03-01"},
		{"/thing buy 5 EUR Pens until they run out", "cost 5.00 EUR; text Pens until they run out"},
		{"/thing plan 2027-03-01 5 EUR", "on 2027-03-01; cost 5.00 EUR"},
		{"/thing plan 5 EUR 1 mar 2020", "on 2020-03-01; cost 5.00 EUR"},
		{"/thing plan 5EUR yesterday", "on 2026-11-24; cost 5.00 EUR"},
		{"/thing book amount=-12.50 EUR paid=yesterday", "amount -12.50 EUR; paid 2026-11-24"},
		{"/thing book paid=fri", "paid 2026-11-20"},

		{"/thing buy cost=1250 A switch", `Cost: "1250" has no currency. Write its code too, like 1250.50 EUR.`},
		{"/thing buy cost=1,250 EUR A switch",
			`Cost: "1,250 EUR" can be read in two ways. Write 1250 EUR for thousands, or 1.25 EUR with decimals.`},
		{"/thing buy cost=EUR 5 000 Pens", `Cost: "EUR 5 000" has a space inside the number. Write 5000 EUR.`},
		{"/thing buy -5 EUR Pens", `Cost: "-5 EUR" is negative, but this has to be 0 or more. Write 5.00 EUR.`},
		{"/thing buy 0.50 EUR Pens", "Cost: 0.50 EUR is less than the limit of 1 EUR. Write 1 EUR."},
		{"/thing buy 1000000.01 EUR Pens",
			"Cost: 1,000,000.01 EUR is more than the limit of 1000000 EUR. Write 1000000 EUR."},
		{"/thing buy 5 EUR Pens renews=01/02/2027",
			`Renews: "01/02/2027" is not a day. Write 2026-12-25, 25 dec, tomorrow or in 3 days.`},
		{"/thing buy 5 EUR Pens until 01/02/2027",
			`Renews: "01/02/2027" is not a day. Write 2026-12-25, 25 dec, tomorrow or in 3 days.`},
		{"/thing buy 5 EUR Pens renews=2027-03-01 14:00",
			`Renews: "2027-03-01 14:00" is a time, but this has to be a day alone. ` +
				`Write 2026-12-25, 25 dec, tomorrow or in 3 days.`},
		{"/thing buy 5 EUR Pens renews=yesterday",
			`Renews: "yesterday" is in the past, but this has to be today or later. ` +
				`Write 2026-12-25, 25 dec, tomorrow or in 3 days.`},
		{"/thing buy 5 EUR Pens renews=in 20 years",
			"Renews: 2046-11-25 is not from 2026-11-25 to 2036-11-25. Write 2036-11-25."},
		{"/thing book paid=2026-10-01", "Paid: 2026-10-01 is not from 2026-10-26 to 2026-11-25. Write 2026-10-26."},
		{"/thing plan 5 EUR 01/02/2027",
			`On: "01/02/2027" is not a day. Write 2026-12-25, 25 dec, tomorrow or in 3 days.`},
	} {
		t.Run(c.text, func(t *testing.T) {
			if got := plainOf(s.does("dan", bot.Request{Text: c.text, NoForms: true})); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// A date is the same day for everybody. Words that count from today mean the day where the person is.
func TestADayIsNoInstant(t *testing.T) {
	s := newShop(t)
	for _, c := range []struct{ who, text, want string }{
		{"dan", "2027-03-01", "on 2027-03-01; cost 5.00 EUR"},
		{"ben", "2027-03-01", "on 2027-03-01; cost 5.00 EUR"},
		{"dan", "today", "on 2026-11-25; cost 5.00 EUR"},
		{"ben", "today", "on 2026-11-26; cost 5.00 EUR"},
		{"dan", "thu", "on 2026-11-26; cost 5.00 EUR"},
		{"ben", "thu", `On: "thu" may be today or 2026-12-03. Write today or 2026-12-03.`},
	} {
		t.Run(c.who+" "+c.text, func(t *testing.T) {
			got := plainOf(s.does(c.who, bot.Request{Text: "/thing plan 5EUR on=" + c.text, NoForms: true}))
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// A program, a shortcut or a button gives the words as they are.
func TestDaysAndAmountsAsArguments(t *testing.T) {
	s := newShop(t)
	r := s.does("dan", bot.Request{
		Shortcut: "thing.plan", Args: map[string]string{"on": "1 mar 2027", "cost": "1 250,50 eur"},
	})
	if got, want := plainOf(r), "on 2027-03-01; cost 1,250.50 EUR"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	r = s.does("dan", bot.Request{
		Shortcut: "thing.plan", NoForms: true, Args: map[string]string{"on": "2027-02-29", "cost": "$5"},
	})
	if r.Status != bot.Usage || !strings.Contains(r.Errors["on"], "is not in the calendar") ||
		!strings.Contains(r.Errors["cost"], "several currencies") {
		t.Errorf("%+v", r)
	}
}

func TestDaysAndAmountsInAForm(t *testing.T) {
	s := newShop(t)
	open := s.does("dan", bot.Request{Text: "/thing buy until 1 mar"})
	if open.Form == nil {
		t.Fatalf("no form: %s", plainOf(open))
	}
	shown := func(f *bot.Form, name string) bot.Input {
		for _, in := range f.Inputs {
			if in.Name == name {
				return in
			}
		}
		t.Fatalf("%s is not asked", name)
		return bot.Input{}
	}
	if in := shown(open.Form, "renews"); in.Kind != bot.DayInput || in.Day.String() != "2027-03-01" {
		t.Errorf("%+v", in)
	}
	if in := shown(open.Form, "cost"); in.Kind != bot.LineInput || !in.Required {
		t.Errorf("%+v", in)
	}
	again := s.does("dan", bot.Request{
		Token: open.Form.Token, Values: map[string]string{"cost": "1,250 EUR", "text": "Pens", "renews": "01/02/2027"},
	})
	if again.Form == nil {
		t.Fatalf("no form: %s", plainOf(again))
	}
	in := shown(again.Form, "renews")
	if in.Value != "01/02/2027" || !in.Day.IsZero() || !strings.Contains(in.Error, "is not a day") {
		t.Errorf("%+v", in)
	}
	if in := shown(again.Form, "cost"); in.Value != "1,250 EUR" || !strings.Contains(in.Error, "two ways") {
		t.Errorf("%+v", in)
	}
	done := s.does("dan", bot.Request{
		Token: again.Form.Token, Values: map[string]string{"cost": "€1.250,50", "text": "Pens", "renews": "2027-03-01"},
	})
	if got, want := plainOf(done), "cost 1,250.50 EUR; text Pens; renews 2027-03-01"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Another spelling of the same day or amount changes nothing, so it overwrites nothing either.
func TestAnotherSpellingIsNoChange(t *testing.T) {
	s := newShop(t)
	for _, c := range []struct{ renews, cost, want string }{
		{"2027-03-01", "1,250.50 EUR", "changed: false false"},
		{"1 mar 2027", "EUR 1250.5", "changed: false false"},
		{"2027-03-02", "1250.51 EUR", "changed: true true"},
		{"2027-03-01", "1250.50 USD", "changed: false true"},
		{"", "1250.50 EUR", "changed: true false"},
	} {
		t.Run(c.renews+" "+c.cost, func(t *testing.T) {
			open := s.does("dan", bot.Request{Text: "/thing edit"})
			if open.Form == nil {
				t.Fatalf("no form: %s", plainOf(open))
			}
			got := plainOf(s.does("dan", bot.Request{
				Token: open.Form.Token, Values: map[string]string{"renews": c.renews, "cost": c.cost},
			}))
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestHelpNamesDaysAndAmounts(t *testing.T) {
	s := newShop(t)
	got := plainOf(s.does("dan", bot.Request{Text: "/thing help buy"}))
	for _, part := range []string{"/thing buy <cost> <text> [until <day>]", "like 2027-03-01", "like 1250.50 EUR"} {
		if !strings.Contains(got, part) {
			t.Errorf("%q is missing in:\n%s", part, got)
		}
	}
	got = plainOf(s.does("dan", bot.Request{Text: "/thing help book"}))
	if !strings.Contains(got, "[amount=<money>] [paid=<day>]") {
		t.Error(got)
	}
}

// Bounds that nothing fits in are a fault of the program, seen at its start.
func TestBoundsThatNothingFitsIn(t *testing.T) {
	for name, p := range map[string]bot.Param{
		"the wrong way round":   {Name: "x", Kind: bot.MoneyParam, Min: 10},
		"negative amounts":      {Name: "x", Kind: bot.MoneyParam, Min: -10, Max: 10},
		"days behind a future":  {Name: "x", Kind: bot.DayParam, Toward: value.Future, Min: -30},
		"days ahead of a past":  {Name: "x", Kind: bot.DayParam, Max: 30},
		"days the wrong way":    {Name: "x", Kind: bot.DayParam, Toward: value.Either, Min: 5, Max: 3},
		"days of another world": {Name: "x", Kind: bot.DayParam, Toward: value.Past, Min: -5, Max: 1},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it starts")
				}
			}()
			b := engine.New(engine.Options{Store: struct{ bot.Store }{}})
			b.Use(bot.Capability{Noun: bot.Noun{Name: "thing", Summary: "for tests"}, Commands: []bot.Command{{
				Name: "thing.x", Permission: "thing.x", Summary: "x", Example: "/thing x", Params: []bot.Param{p},
				Handle: func(context.Context, *bot.Call) (bot.Reply, error) { return bot.Reply{}, nil },
			}}})
		})
	}
}
