// Package vendor keeps whom we buy from: whom to call, how much depends on them, and how good they are.
package vendor

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/register/field"
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
	// Of the last review, from 1 to 5.
	Quality, Delivery, Price, Security int `json:",omitempty"`
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
		{
			What: "review", On: from.AddMonths(months), Text: "review the vendor",
			Done: &bot.Action{Label: "Review…", Command: "review", Form: true},
		},
		{
			What: "assurance", On: v.AssuredUntil, Text: "ask for the new report: " + v.Assurance + " ends",
			Done: &bot.Action{Label: "Edit…", Command: "edit", Form: true},
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

// Score implements register.Scored.
func (v *Vendor) Score() (of int, lacks []string) {
	for _, x := range []struct {
		name  string
		there bool
	}{
		{"a category", v.Category != ""},
		{"a tier", v.Tier != ""},
		{"contacts", v.Contacts != ""},
		{"an owner", v.Owner != ""},
		{"support hours", v.Support != ""},
		{"a status page", v.Status != ""},
		{"data they process", v.Processes != ""},
		{"an assurance", v.Assurance != ""},
		{"a review", !v.Reviewed.IsZero()},
	} {
		if of++; !x.there {
			lacks = append(lacks, x.name)
		}
	}
	return of, lacks
}

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
		{Name: caused, Back: "caused by", To: []string{"INC"}},
		{Name: "hands data to", Back: "gets data from", To: []string{"vendor"}},
	},
	Ladders: map[string][]int{"review": {14, 3, 0}, "assurance": {60, 30, 14, 7, 0}},
	Tells:   map[string]register.Tells{"reviewed": {One: "vendor reviewed", Many: "vendors reviewed"}},
	Verbs: []register.Verb[Vendor]{{
		Command: bot.Command{
			Name: "review", Title: "Review a vendor", Submit: "Reviewed", Summary: "say how good a vendor is, from 1 to 5",
			Example: "quality=4 delivery=3 price=2 security=5",
			Params:  []bot.Param{mark("quality"), mark("delivery"), mark("price"), mark("security")},
		},
		Do: func(c *bot.Call, v *Vendor) (string, error) {
			v.Quality, v.Delivery, v.Price = c.Number("quality"), c.Number("delivery"), c.Number("price")
			v.Security, v.Reviewed = c.Number("security"), c.Today()
			v.Tell("reviewed", v.marks())
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
		return []bot.Action{{Label: "Review…", Command: "review", Form: true}}
	},
	Card: func(v *Vendor, _ *bot.Call) []bot.Section {
		if v.Reviewed.IsZero() {
			return nil
		}
		return []bot.Section{{Fields: []bot.Field{{Label: "Reviewed", Value: bot.T(v.Reviewed.Long() + ": " + v.marks())}}}}
	},
}

func mark(name string) bot.Param {
	return bot.Param{
		Name: name, Kind: bot.NumberParam, Min: 1, Max: 5, Form: true, Required: true, Help: "From 1 (bad) to 5, like 4.",
	}
}

func (v *Vendor) marks() string {
	return fmt.Sprintf("quality %d, delivery %d, price %d, security %d", v.Quality, v.Delivery, v.Price, v.Security)
}

// call is whom to call, by what they work for us, what they caused and what that costs.
func call(ctx context.Context, c *bot.Call, s register.Shelf[Vendor]) (bot.Reply, error) {
	v, err := s.Get(ctx, c.Text("vendor"))
	if err != nil {
		return bot.Reply{}, err
	}
	links, err := s.Links(ctx, v.ID)
	m := bot.Message{Title: "Whom to call at " + v.Name}
	for i, line := range strings.Split(v.Contacts, "\n") {
		if line != "" {
			m.Sections = append(m.Sections, bot.Para(bot.Bold(fmt.Sprintf("%d. ", i+1)), line))
		}
	}
	facts, costs := bot.Section{}, map[string]value.Money{}
	add := func(label string, t bot.Text) {
		if len(t) > 0 {
			facts.Fields = append(facts.Fields, bot.Field{Label: label, Value: t})
		}
	}
	add("Support", bot.T(v.Support))
	add("Portal", address(v.Portal))
	add("Status page", address(v.Status))
	by, lost := map[string][]string{}, time.Duration(0)
	for _, l := range links {
		label := l.Name
		if l.Archived {
			continue
		}
		text := strings.Join(slices.Concat([]string{l.ID + " " + l.Title}, l.Says, []string{l.State}), " · ")
		if l.Name == caused {
			lost += l.Lost
		}
		by[label] = append(by[label], strings.TrimSuffix(text, " · "))
		if sum, err := costs[l.Yearly.Currency].Add(l.Yearly); err == nil && !l.Yearly.IsZero() {
			costs[l.Yearly.Currency] = sum
		}
	}
	for _, label := range slices.Sorted(maps.Keys(by)) {
		add(strings.ToUpper(label[:1])+label[1:], bot.T(strings.Join(by[label], "\n")))
	}
	var sums []string
	for _, currency := range slices.Sorted(maps.Keys(costs)) {
		sums = append(sums, costs[currency].String())
	}
	if lost > 0 {
		add("Time lost", bot.T(value.FormatDuration(lost.Round(time.Minute))+" in incidents that they caused"))
	}
	add("A year", bot.T(value.Listed(sums)))
	m.Sections = append(m.Sections, facts)
	if len(v.Contacts) == 0 {
		m.Context = append(m.Context, bot.T("Nobody is named yet. Name somebody: /ops vendor edit "+v.ID+
			" contacts=\"Jo Lee, support, +49 30 1234\""))
	}
	return bot.Answer(m), err
}

// address is a link to a page, which people need at once when they call somebody.
func address(url string) bot.Text {
	if url == "" {
		return nil
	}
	return bot.T(bot.Link(url, url))
}
