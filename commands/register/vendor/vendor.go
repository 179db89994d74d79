// Package vendor keeps whom we buy from: whom to call, how much depends on them, and how good they are.
package vendor

import (
	"context"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/register/field"
	"github.com/watchbell/watchbell/commands/register/supplier"
)

// Tier is how much depends on a vendor.
type Tier string

const (
	Critical  Tier = "critical"
	Important Tier = "important"
	Routine   Tier = "routine"
)

// Vendor is somebody we buy from.
type Vendor struct {
	register.Head
	Category     string `json:",omitempty"`
	Tier         Tier   `json:",omitempty"`
	Contacts     string `json:",omitempty"` // a line each, in the order in which they are called
	Support      string `json:",omitempty"` // hours
	Portal       string `json:",omitempty"`
	Status       string `json:",omitempty"` // page
	Processes    string `json:",omitempty"` // data of ours
	Assurance    string `json:",omitempty"` // like SOC 2
	AssuredUntil value.Day
	Reviewed     value.Day
	supplier.Rating
}

// Dues implements register.Dated: a critical vendor is reviewed twice a year, others once.
func (v *Vendor) Dues() []register.Due {
	from, months := v.Reviewed, 12
	if v.Tier == Critical {
		months = 6
	}
	if from.IsZero() {
		from = value.DayOf(v.Added.UTC())
	}
	return []register.Due{
		{What: "review", On: from.AddMonths(months), Text: "review the vendor", Done: register.Form("Review…", "review")},
		{
			What: "assurance", On: v.AssuredUntil, Text: "ask for the new report: " + v.Assurance + " ends",
			Done: register.Form("Edit…", "edit"),
		},
	}
}

// Check implements register.Checker.
func (v *Vendor) Check() error {
	if !v.AssuredUntil.IsZero() && v.Assurance == "" {
		return bot.Errorf(bot.Invalid, "Say what ends on %s, like assurance=\"SOC 2\".", v.AssuredUntil).About("assurance")
	}
	return nil
}

// facts are what should be known of a vendor.
var facts = []register.Fact[Vendor]{
	{Name: "a category", Has: func(v *Vendor) bool { return v.Category != "" }},
	{Name: "a tier", Has: func(v *Vendor) bool { return v.Tier != "" }},
	{Name: "contacts", Has: func(v *Vendor) bool { return v.Contacts != "" }},
	{Name: "an owner", Has: func(v *Vendor) bool { return v.Owner != "" }},
	{Name: "support hours", Has: func(v *Vendor) bool { return v.Support != "" }},
	{Name: "a status page", Has: func(v *Vendor) bool { return v.Status != "" }},
	{Name: "data they process", Has: func(v *Vendor) bool { return v.Processes != "" }},
	{Name: "an assurance", Has: func(v *Vendor) bool { return v.Assurance != "" }},
	{Name: "a review", Has: func(v *Vendor) bool { return !v.Reviewed.IsZero() }},
}

// Score implements register.Scored.
func (v *Vendor) Score() (of int, lacks []string) { return register.Lacking(v, facts) }

// Kind is the register of vendors.
var Kind = register.Kind[Vendor]{
	Noun: "vendor", Prefix: "VEN", Summary: "whom we buy from, and whom to call", Example: "Datadog tier=critical",
	Fields: []field.Field[Vendor]{
		field.Text("category", "Like monitoring or hosting.", 60, func(v *Vendor) *string { return &v.Category }).Asked(),
		field.Choice("tier", "The importance: critical, important or routine.",
			func(v *Vendor) *Tier { return &v.Tier }, Critical, Important, Routine).Asked(),
		field.LongText("contacts", "People to call, one a line, in order, like \"Jo Lee, support, +49 30 1234\".", 2000,
			func(v *Vendor) *string { return &v.Contacts }).Asked(),
		field.Text("support", "Their support hours, like Mon-Fri 8:00-18:00 CET.", 120,
			func(v *Vendor) *string { return &v.Support }).Asked(),
		field.URL("portal", "The portal for tickets, like https://support.example.com.",
			func(v *Vendor) *string { return &v.Portal }),
		field.URL("status", "Their status page, like https://status.example.com.",
			func(v *Vendor) *string { return &v.Status }),
		field.Text("processes", "Our data that they process, like \"names and mail addresses\".", 300,
			func(v *Vendor) *string { return &v.Processes }),
		field.Text("assurance", "Their certificate or report, like SOC 2 or ISO 27001.", 120,
			func(v *Vendor) *string { return &v.Assurance }),
		field.Day("assured-until", "The last day on which that is valid, like 2027-03-31.",
			func(v *Vendor) *value.Day { return &v.AssuredUntil }),
	},
	Columns: []string{"category", "tier"},
	Relations: []desk.Relation{
		{Name: supplier.Caused, Back: "caused by", To: []string{"INC"}},
		{Name: "hands data to", Back: "gets data from", To: []string{"vendor"}},
	},
	Ladders: map[string][]int{"review": {14, 3, 0}, "assurance": {60, 30, 14, 7, 0}},
	Tells:   map[string]register.Tells{"reviewed": {One: "vendor reviewed", Many: "vendors reviewed"}},
	Verbs: []register.Verb[Vendor]{{
		Command: bot.Command{
			Name: "review", Title: "Review a vendor", Submit: "Reviewed", Summary: "say how good a vendor is, from 1 to 5",
			Example: "quality=4 delivery=3 price=2 security=5",
			Params:  supplier.Ratings(),
		},
		Do: func(c *bot.Call, v *Vendor) (string, error) {
			v.Rating, v.Reviewed = supplier.Rated(c), c.Today()
			v.Tell("reviewed", v.Rating.String())
			return "reviewed", nil
		},
	}},
	Reads: []register.Look[Vendor]{{
		Command: bot.Command{
			Name: "card", Summary: "whom to call at a vendor, and what it costs", Example: "/ops vendor card VEN-1",
		},
		Record: true, Show: call,
	}},
	Actions: func(*Vendor, *bot.Call) []bot.Action {
		return []bot.Action{*register.Form("Review…", "review")}
	},
	Card: func(v *Vendor, _ *bot.Call) []bot.Section {
		if v.Reviewed.IsZero() {
			return nil
		}
		marks := bot.T(v.Reviewed.Long() + ": " + v.Rating.String())
		return []bot.Section{{Fields: []bot.Field{{Label: "Reviewed", Value: marks}}}}
	},
}

// call is whom to call, by what they work for us, what they caused and what that costs.
func call(ctx context.Context, c *bot.Call, s register.Shelf[Vendor]) (bot.Reply, error) {
	v, err := s.Get(ctx, c.Text("vendor"))
	if err != nil {
		return bot.Reply{}, err
	}
	links, err := s.Links(ctx, v.ID)
	return bot.Answer(supplier.Contact{
		ID: v.ID, Name: v.Name, People: v.Contacts, Support: v.Support, Portal: v.Portal, Status: v.Status,
	}.Card(links)), err
}
