// Package supplier is what people need to know of a vendor when something of it fails: whom to call, what it works on
// for us, what it caused, what that costs, and how good it is. It is the vendors' room, and stands beside them
// because Go takes what is below a folder of that name for somebody else's code.
package supplier

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/record"
)

// Caused is how a vendor is linked with an incident that it caused.
const Caused = "caused"

// Contact is what the card says of a vendor.
type Contact struct {
	ID, Name string
	People   string // a line each, in the order in which they are called
	Support  string // hours
	Portal   string // addresses
	Status   string
}

// Card shows it with what it is linked with.
func (v Contact) Card(links []record.Linked) bot.Message {
	m := bot.Message{Title: "Whom to call at " + v.Name}
	for i, line := range strings.Split(v.People, "\n") {
		if line != "" {
			m.Sections = append(m.Sections, bot.Para(bot.Bold(fmt.Sprintf("%d. ", i+1)), line))
		}
	}
	facts := bot.Section{}
	add := func(label string, t bot.Text) {
		if len(t) > 0 {
			facts.Fields = append(facts.Fields, bot.Field{Label: label, Value: t})
		}
	}
	add("Support", bot.T(v.Support))
	add("Portal", address(v.Portal))
	add("Status page", address(v.Status))
	by := lines(links)
	for _, label := range slices.Sorted(maps.Keys(by)) {
		add(strings.ToUpper(label[:1])+label[1:], bot.T(strings.Join(by[label], "\n")))
	}
	if lost := lost(links); lost > 0 {
		add("Time lost", bot.T(value.FormatDuration(lost.Round(time.Minute))+" in incidents that they caused"))
	}
	add("A year", bot.T(value.Listed(yearly(links))))
	m.Sections = append(m.Sections, facts)
	if v.People == "" {
		m.Context = append(m.Context, bot.T("Nobody is named yet. Name somebody: /ops vendor edit "+v.ID+
			" contacts=\"Jo Lee, support, +49 30 1234\""))
	}
	return m
}

// lines are the live things that it is linked with, by how they are.
func lines(links []record.Linked) map[string][]string {
	by := map[string][]string{}
	for _, l := range links {
		if !l.Archived {
			text := strings.Join(slices.Concat([]string{l.ID + " " + l.Title}, l.Says, []string{l.State}), " · ")
			by[l.Name] = append(by[l.Name], strings.TrimSuffix(text, " · "))
		}
	}
	return by
}

// lost is how long the incidents took that it caused.
func lost(links []record.Linked) time.Duration {
	var sum time.Duration
	for _, l := range links {
		if l.Name == Caused && !l.Archived {
			sum += l.Lost
		}
	}
	return sum
}

// yearly is what they cost in a year, in each currency.
func yearly(links []record.Linked) []string {
	costs := map[string]value.Money{}
	for _, l := range links {
		sum, err := costs[l.Yearly.Currency].Add(l.Yearly)
		if err == nil && !l.Archived && !l.Yearly.IsZero() {
			costs[l.Yearly.Currency] = sum
		}
	}
	var sums []string
	for _, currency := range slices.Sorted(maps.Keys(costs)) {
		sums = append(sums, costs[currency].String())
	}
	return sums
}

// address is a link to a page, which people need at once when they call somebody.
func address(url string) bot.Text {
	if url == "" {
		return nil
	}
	return bot.T(bot.Link(url, url))
}
