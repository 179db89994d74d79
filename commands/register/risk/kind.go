package risk

import (
	"fmt"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/register/field"
	"github.com/watchbell/watchbell/commands/register/risk/matrix"
)

const (
	mitigated      = "mitigated by"
	threatens      = "threatens"
	acceptCritical = "risk.accept-critical" // given to managers with all of risk
	example        = `"Only one person knows the billing system" likelihood=3 impact=4`
)

// Kind is the register of risks.
var Kind = register.Kind[Risk]{
	Noun: "risk", Prefix: "RSK", Summary: "what may go wrong, how bad it is, and who accepted it",
	Example: example,
	Fields: []field.Field[Risk]{
		score("likelihood", "How likely it is, from 1 (hardly) to 5 (almost certain), like likelihood=3.",
			func(r *Risk) *int { return &r.Inherent.Likelihood }).Asked(),
		score("impact", "How bad it would be, from 1 (hardly felt) to 5 (existential), like impact=4.",
			func(r *Risk) *int { return &r.Inherent.Impact }).Asked(),
		field.LongText("cause", "The cause, like \"nothing is written down\".", 1000,
			func(r *Risk) *string { return &r.Cause }).Asked(),
		field.LongText("event", "The event, like \"they leave\".", 1000,
			func(r *Risk) *string { return &r.Event }),
		field.LongText("consequence", "The consequence, like \"no invoices for a month\".", 1000,
			func(r *Risk) *string { return &r.Consequence }).Asked(),
		field.Text("category", "Like people, security or supplier.", 60, func(r *Risk) *string { return &r.Category }),
		field.Refs("services", "The services that it threatens, like checkout.", "service",
			func(r *Risk) *[]string { return &r.Services }),
		field.Refs("vendors", "The vendors that it comes from, like VEN-3.", "vendor",
			func(r *Risk) *[]string { return &r.Vendors }),
		field.Choice("treatment", "The treatment: mitigate, avoid or transfer. To accept it, use /ops risk accept.",
			func(r *Risk) *Treatment { return &r.Treatment }, Mitigate, Avoid, Transfer).Asked(),
		score("residual-likelihood", "How likely it still is with what is done about it, from 1 to 5, like 2.",
			func(r *Risk) *int { return &r.Residual.Likelihood }),
		score("residual-impact", "How bad it would still be, from 1 to 5, like 3.",
			func(r *Risk) *int { return &r.Residual.Impact }),
		field.Number("target", "The score to reach, from 1 to 25, like 6.", 1, 25, func(r *Risk) *int { return &r.Target }),
		field.Day("review-on", "The next review, like 2027-03-01; default is by its level, after 30 to 365 days.",
			func(r *Risk) *value.Day { return &r.ReviewOn }),
	},
	Columns: []string{"treatment"},
	Relations: []desk.Relation{
		{Name: mitigated, Back: "mitigates", To: []string{
			"CHG", "problem", "project", "document", "contract", "asset", "service", "exception",
		}},
		{Name: threatens, Back: "threatened by", To: []string{"service", "vendor", "contract", "asset", "project"}},
		{Name: "happened as", Back: "was foreseen by", To: []string{"INC"}, Then: alarm},
	},
	Ladders: map[string][]int{"review": {14, 3, 0}, "acceptance": {30, 14, 7, 0}},
	Tells: map[string]register.Tells{
		"scored":             {One: "risk scored", Many: "risks scored"},
		"accepted":           {One: "risk accepted", Many: "risks accepted"},
		"acceptance expired": {One: "acceptance of a risk expired", Many: "acceptances of risks expired"},
		"acceptance ended":   {One: "accepted risk grew", Many: "accepted risks grew"},
		"to review":          {One: "risk to review after an incident", Many: "risks to review after incidents"},
		"happened":           {One: "risk happened", Many: "risks happened"},
		"closed":             {One: "risk closed", Many: "risks closed"},
	},
	Verbs: append(register.Approvals(accepted), verbs...),
	Reads: looks,
	Card:  card,
	Actions: func(r *Risk, _ *bot.Call) []bot.Action {
		if !r.Closed.IsZero() {
			return []bot.Action{{Label: "Reopen", Command: "reopen"}}
		}
		return []bot.Action{
			{Label: "Score…", Command: "score", Form: true}, {Label: "Accept…", Command: "accept", Form: true},
			{Label: "Reviewed", Command: "review"},
		}
	},
}

func score(name, help string, at func(*Risk) *int) field.Field[Risk] {
	return field.Number(name, help, 1, 5, at)
}

var (
	scoreOf = bot.Param{
		Name: "of", Label: "Which score", Kind: bot.ChoiceParam, Fixed: true, Form: true,
		Options: field.Word("of", "", "inherent", "residual").Options,
		Help:    "inherent (default), without what is done about it, or residual, with that.",
	}
	why = bot.Param{
		Name: "why", Label: "Why", Kind: bot.TextParam, Bare: true, Form: true, Required: true, Max: 500,
		Help: "For its history, like why=\"the new person starts in May\".",
	}
)

func fromOneToFive(name, label string, aliases ...string) bot.Param {
	return bot.Param{
		Name: name, Label: label, Kind: bot.NumberParam, Min: 1, Max: 5, Form: true, Required: true, Aliases: aliases,
		Help: "From 1 to 5, like 3.",
	}
}

var verbs = []register.Verb[Risk]{
	{
		Command: bot.Command{
			Name: "score", Title: "Score a risk", Submit: "Score", Summary: "say how likely and how bad a risk is",
			Example: "l=3 i=5", Params: []bot.Param{
				fromOneToFive("likelihood", "How likely", "l"), fromOneToFive("impact", "How bad", "i"), scoreOf,
			},
		},
		Do: func(c *bot.Call, r *Risk) (string, error) {
			a := matrix.Assessment{Likelihood: c.Number("likelihood"), Impact: c.Number("impact")}
			if c.Text("of") == "residual" {
				r.Residual = a
				return fmt.Sprintf("scored the residual risk: %s", a), nil
			}
			r.Inherent = a
			return fmt.Sprintf("scored: %s", a), nil
		},
	},
	{
		Command: bot.Command{
			Name: "accept", Title: "Accept a risk", Submit: "Ask", Summary: "ask somebody else to accept a risk until a day",
			Example: `until=2027-02-01 by=@mia why="costs more than it may cost us"`, Params: []bot.Param{
				{Name: "until", Kind: bot.DayParam, Toward: value.Future, Form: true, Required: true,
					Help: "Within 12 months, of a critical one within 3, like 2027-02-01."},
				{Name: "by", Label: "Who has to accept it", Kind: bot.PersonParam, Many: true, Form: true, Required: true,
					Help: "Neither its owner nor you, like by=@mia. All who are named have to."},
				why,
			},
		},
		Do: func(c *bot.Call, r *Risk) (string, error) {
			return r.Accept(c, c.Whos("by"), c.Day("until"), c.Text("why"))
		},
	},
	{
		Command: bot.Command{Name: "review", Summary: "say that you have reviewed a risk"},
		Do: func(c *bot.Call, r *Risk) (string, error) {
			r.Reviewed, r.ReviewOn = c.Today(), value.Day{}
			return "reviewed, the next time is " + r.NextReview().Long(), nil
		},
	},
	{
		Command: bot.Command{
			Name: "happened", Title: "A risk happened", Submit: "Record", Example: "INC-52 took the shop down",
			Summary: "say that a risk came true; its review is due at once", Params: []bot.Param{{
				Name: "what", Label: "What happened", Kind: bot.TextParam, Bare: true, Form: true, Required: true, Max: 300,
				Help: "Like \"INC-52 took the shop down\".",
			}},
		},
		Do: func(c *bot.Call, r *Risk) (string, error) {
			r.ReviewOn = c.Today()
			r.Tell("happened", c.Text("what"))
			return "recorded that it happened", nil
		},
	},
	{
		Command: bot.Command{
			Name: "close", Title: "Close a risk", Submit: "Close", Summary: "close a risk that is none any more",
			Example: `"the system was switched off"`, Params: []bot.Param{why},
		},
		Do: func(c *bot.Call, r *Risk) (string, error) {
			if !r.Closed.IsZero() {
				return "", bot.Errorf(bot.Conflict, "%s was closed on %s already.", r.ID, r.Closed.Long())
			}
			r.Closed, r.Accepted, r.Pending = c.Today(), nil, nil
			r.Tell("closed", c.Text("why"))
			return "closed", nil
		},
	},
	{
		Command: bot.Command{Name: "reopen", Summary: "open a closed risk again"},
		Do: func(_ *bot.Call, r *Risk) (string, error) {
			if r.Closed.IsZero() {
				return "", bot.Errorf(bot.Conflict, "%s is not closed.", r.ID)
			}
			r.Closed = value.Day{}
			return "opened again", nil
		},
	},
}

// card shows the scores and the acceptance.
func card(r *Risk, _ *bot.Call) []bot.Section {
	s := bot.Section{}
	add := func(label string, text bot.Text) { s.Fields = append(s.Fields, bot.Field{Label: label, Value: text}) }
	if r.Inherent.Score() > 0 {
		add("Inherent", bot.T(r.Inherent.String()))
	}
	if r.Residual.Score() > 0 {
		add("Residual", bot.T(r.Residual.String()))
	}
	if a := r.Accepted; a != nil {
		text := bot.T("until "+a.Until.Long()+" by ", bot.Mention(a.By[0]))
		for _, who := range a.By[1:] {
			text = append(text, bot.T(" and ", bot.Mention(who))...)
		}
		add("Accepted", append(text, bot.T(": "+a.Why)...))
	}
	if len(s.Fields) == 0 {
		return nil
	}
	return []bot.Section{s}
}
