package contract

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register"
	"github.com/watchbell/watchbell/commands/register/contract/term"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/register/field"
	"github.com/watchbell/watchbell/commands/register/record"
)

const covers = "covers"

// Kind is the register of contracts.
var Kind = register.Kind[Contract]{
	Noun: "contract", Prefix: "CTR", Summary: "what we signed, and when it renews",
	Example: `Datadog start=2026-01-01 months=12 renewal=auto renewal-months=12 notice="3 months"`,
	Fields: []field.Field[Contract]{
		field.Ref("vendor", "The vendor, by its id or name, like VEN-3.", "vendor",
			func(c *Contract) *string { return &c.Vendor }).Asked(),
		field.Text("reference", "Its number at the vendor, like 2026/4711.", 60,
			func(c *Contract) *string { return &c.Reference }),
		field.Text("kind", "The kind of contract, like software, support or lease.", 60,
			func(c *Contract) *string { return &c.Sort }),
		field.Day("start", "The first day, like 2026-01-01; without it, it is a draft.",
			func(c *Contract) *value.Day { return &c.Start }).Asked(),
		field.Months("months", "How many months the first term has, like months=12.",
			func(c *Contract) *int { return &c.Months }).Label("First term").Asked(),
		field.Choice("renewal", "How it renews at the end of a term: auto, manual or none.",
			func(c *Contract) *term.Renewal { return &c.Renewal }, term.Auto, term.Manual, term.None).Asked(),
		field.Months("renewal-months", "For how many months it renews by itself, like renewal-months=12.",
			func(c *Contract) *int { return &c.RenewalMonths }).Label("Renews for").Asked(),
		field.Parsed("notice", "The period of notice, like 90 days, 6 weeks or 3 months.", 20,
			func(c *Contract) string { return c.Notice.String() },
			func(c *Contract, s string) (err error) { c.Notice, err = term.ParsePeriod(s); return err },
		).Label("Period of notice").Asked(),
		field.Choice("notice-to", "The days to which notice can be given: any (default), month-end or quarter-end.",
			func(c *Contract) *term.NoticeTo { return &c.NoticeTo }, term.AnyDay, term.MonthEnd, term.QuarterEnd),
		price(), per(),
		field.Number("indexation", "By how many percent a year the price may rise, like 3.", 1, 100,
			func(c *Contract) *int { return &c.Indexation }),
		field.Day("price-change", "The day on which the price changes next, like 2027-01-01.",
			func(c *Contract) *value.Day { return &c.PriceChange }),
		field.Number("billing-month", "The month in which it is billed, from 1 to 12, like 11.", 1, 12,
			func(c *Contract) *int { return &c.Billing }),
		field.LongText("sla", "The service levels they promise, like \"answer within 1 hour, 99.9 % a month\".", 1000,
			func(c *Contract) *string { return &c.SLA }),
		field.URL("document", "The address of the document, like https://files.example.com/contract.pdf.",
			func(c *Contract) *string { return &c.Document }),
	},
	Columns:   []string{"vendor", "value"},
	Relations: []desk.Relation{{Name: covers, Back: "covered by", To: []string{"service", "licence", "asset"}}},
	Ladders: map[string][]int{
		"notice": {120, 90, 60, 30, 14, 7, 3, 1}, "term-end": {60, 30, 7}, "price": {30, 7, 0},
	},
	Tells: map[string]register.Tells{
		"auto-renewed": {One: "contract auto-renewed", Many: "contracts auto-renewed"},
		"missed":       {One: "notice missed", Many: "notices missed"},
		"renewed":      {One: "contract renewed", Many: "contracts renewed"},
		"notice given": {One: "contract cancelled", Many: "contracts cancelled"},
		"cancelled":    {One: "cancelled contract ended", Many: "cancelled contracts ended"},
		"ended":        {One: "contract ran out", Many: "contracts ran out"},
	},
	Verbs: verbs, Card: card,
	Reads: []register.Look[Contract]{{
		Command: bot.Command{
			Name: "overlaps", Summary: "what several running contracts cover", Example: "/ops contract overlaps",
		},
		Show: overlaps,
	}},
	Actions: func(c *Contract, _ *bot.Call) []bot.Action {
		renew := bot.Action{Label: "Renew…", Command: "renew", Form: true}
		if c.Given != nil || !c.Over.IsZero() {
			return []bot.Action{renew}
		}
		return []bot.Action{
			{Label: "Decide…", Command: "decide", Choose: "decision", Options: []bot.Option{
				{Value: "renew", Label: "Renew"}, {Value: "renegotiate", Label: "Renegotiate"}, {Value: "cancel", Label: "Cancel"},
			}},
			{Label: "Notice sent…", Command: "notice", Form: true}, renew,
		}
	},
}

var verbs = []register.Verb[Contract]{
	{
		Command: bot.Command{
			Name: "decide", Title: "Decide about a contract", Submit: "Decide", Summary: "say what is to become of a contract",
			Example: `renew note="cheaper than any other"`, Params: []bot.Param{
				field.Word("decision", "renew, renegotiate or cancel.", term.Renew, term.Renegotiate, term.Cancel),
				{Name: "note", Kind: bot.TextParam, Bare: true, Form: true, Max: 500, Help: "Why, like note=\"nobody uses it\"."},
			},
		},
		Do: func(call *bot.Call, c *Contract) (string, error) {
			if err := c.Decide(at(call, c), term.Decision(call.Text("decision")), call.Person.ID); err != nil {
				return "", err
			}
			said := "decided to " + call.Text("decision")
			if note := call.Text("note"); note != "" {
				said += ": " + note
			}
			if c.Decision == term.Cancel && c.Renewal == term.Auto {
				said += fmt.Sprintf(". The notice has to be sent by %s", c.NoticeBy().Long())
			}
			return said, nil
		},
	},
	{
		Command: bot.Command{
			Name: "notice", Title: "Notice was sent", Submit: "Record", Summary: "record that notice was sent",
			Example: "sent=today proof=https://files.example.com/notice.pdf",
			Prefill: func(_ context.Context, call *bot.Call) (map[string]string, error) {
				return map[string]string{"sent": call.Today().String()}, nil
			},
			Params: []bot.Param{
				{Name: "sent", Label: "Sent on", Kind: bot.DayParam, Form: true, Required: true, Help: "Like sent=2026-09-20."},
				{Name: "proof", Kind: bot.TextParam, Form: true, Required: true, Max: 500,
					Help: "The proof, like an address or \"registered letter RR123\"."},
				{Name: "ends", Label: "Ends on", Kind: bot.DayParam, Toward: value.Either, Form: true,
					Help: "Only where the vendor agreed to a day, like ends=2026-12-31."},
			},
		},
		Do: func(call *bot.Call, c *Contract) (string, error) {
			words, err := c.Cancel(at(call, c), call.Day("sent"), call.Day("ends"), call.Text("proof"))
			if err != nil {
				return "", err
			}
			c.Tell("notice given", words)
			return "recorded that notice was sent; it ends on " + c.LastDay().Long(), nil
		},
	},
	{
		Command: bot.Command{
			Name: "renew", Title: "Renew a contract", Submit: "Renew", Summary: "record that a contract was renewed",
			Example: "months=12 value=\"1300 EUR\" per=year", Params: []bot.Param{
				{Name: "months", Kind: bot.NumberParam, Min: 1, Max: 240, Form: true,
					Help: "For how long, like months=12; default is what it renews by itself for."},
				{Name: "value", Kind: bot.MoneyParam, Form: true, Help: "The new price, like 1300 EUR; default is the one before."},
				perParam(),
			},
		},
		Do: func(call *bot.Call, c *Contract) (string, error) {
			if per := call.Text("per"); per != "" {
				c.Per = term.Per(per)
			}
			words, err := c.Extend(at(call, c), call.Number("months"), call.Money("value"))
			if err != nil {
				return "", err
			}
			c.Tell("renewed", words)
			return "renewed until " + c.LastDay().Long(), nil
		},
	},
}

func at(call *bot.Call, c *Contract) term.At { return term.At{ID: c.ID, Today: call.Today()} }

// price is shown with what it is for.
func price() field.Field[Contract] {
	f := field.Money("value", "The price, like 1200 EUR.", func(c *Contract) *value.Money { return &c.Value }).Asked()
	f.Show = func(c *Contract) bot.Text { return bot.T(c.Price()) }
	return f
}

func per() field.Field[Contract] {
	f := field.Choice("per", "The period of the price: month, quarter, year or once.",
		func(c *Contract) *term.Per { return &c.Per }, term.Month, term.Quarter, term.Year, term.Once).Asked()
	f.Show = func(*Contract) bot.Text { return nil }
	return f
}

// perParam says what a new price is for.
func perParam() bot.Param {
	p := field.Word(
		"per", "The period of the price: month, quarter, year or once; default is as before.", term.Month, term.Quarter,
		term.Year, term.Once,
	)
	p.Bare, p.Required = false, false
	return p
}

// card shows until when it runs, what it costs and what was decided.
func card(c *Contract, _ *bot.Call) []bot.Section {
	if c.Draft() {
		return nil
	}
	s := bot.Section{Fields: []bot.Field{{Label: "Runs until", Value: bot.T(c.LastDay().Long())}}}
	if m := c.Yearly(); !m.IsZero() && c.Per != term.Year {
		s.Fields = append(s.Fields, bot.Field{Label: "A year", Value: bot.T(m.String())})
	}
	if c.Decision != "" {
		s.Fields = append(s.Fields, bot.Field{
			Label: "Decision", Value: bot.T(string(c.Decision)+", by ", bot.Mention(c.DecidedBy), " on "+c.DecidedOn.Long()),
		})
	}
	if c.Given != nil {
		s.Fields = append(s.Fields, bot.Field{
			Label: "Notice", Value: bot.T("sent on " + c.Given.Sent.Long() + ", proof: " + c.Given.Proof),
		})
	}
	return []bot.Section{s}
}

// overlaps shows what several running contracts cover.
func overlaps(ctx context.Context, c *bot.Call, s register.Shelf[Contract]) (bot.Reply, error) {
	by, names := map[string][]string{}, map[string]string{}
	err := s.Each(ctx, record.Query{}, func(x *Contract) error {
		if !x.Over.IsZero() || x.Draft() {
			return nil
		}
		links, err := s.Links(ctx, x.ID)
		for _, l := range links {
			if l.Name == covers {
				by[l.ID], names[l.ID] = append(by[l.ID], x.ID+" "+value.Shown(x.Name, 40)), l.Title
			}
		}
		return err
	})
	m := bot.Message{Title: "Covered by several contracts"}
	for _, id := range slices.Sorted(maps.Keys(by)) {
		if len(by[id]) > 1 {
			m.Sections = append(m.Sections, bot.Para(bot.Bold(id), " "+names[id]+": "+value.Listed(by[id])))
		}
	}
	if len(m.Sections) == 0 {
		m.Sections = []bot.Section{bot.Para("No two running contracts cover the same. What each covers is linked like this: ",
			bot.Code("/ops link CTR-1 covers checkout"))}
	}
	return bot.Answer(m), err
}
