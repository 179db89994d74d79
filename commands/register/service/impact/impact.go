// Package impact is what fails with a service: those that need it, near and far. It looks at services alone, and reads
// nothing.
package impact

import (
	"fmt"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/service/item"
)

// Blast is what fails with something, near and far.
type Blast struct {
	rings  [][]ring   // the first are those that need it themselves
	cycles [][]string // services that need each other, by their ids
}

// ring is a service that is reached.
type ring struct {
	*item.Service
	via string // the one that it needs
}

// Reach finds all services that need some, and the cycles among all of these.
func Reach(all []*item.Service, start []*item.Service) Blast {
	needing := map[string][]*item.Service{}
	for _, s := range all {
		if s.Lifecycle == item.Retired {
			continue
		}
		for _, id := range s.DependsOn {
			needing[id] = append(needing[id], s)
		}
	}
	var b Blast
	seen := map[string]bool{}
	for _, s := range start {
		seen[s.ID] = true
	}
	at := start
	all = slices.Clone(start)
	for len(at) > 0 {
		var next []ring
		for _, s := range at {
			for _, x := range needing[s.ID] {
				if !seen[x.ID] {
					seen[x.ID] = true
					next = append(next, ring{x, s.ID})
				}
			}
		}
		at = nil
		for _, x := range next {
			at = append(at, x.Service)
		}
		if len(next) > 0 {
			b.rings = append(b.rings, next)
		}
		all = append(all, at...)
	}
	b.cycles = cycles(all, needing)
	return b
}

// cycles finds services that need themselves by way of others: for each group of them one round.
func cycles(all []*item.Service, needing map[string][]*item.Service) [][]string {
	var list [][]string
	shown := map[string]bool{}
	for _, s := range all {
		if shown[s.ID] {
			continue
		}
		if round := shortest(s.ID, needing); round != nil {
			for _, id := range round {
				shown[id] = true
			}
			list = append(list, round)
		}
	}
	return list
}

// shortest is the shortest way from a service back to itself, nil if there is none.
func shortest(id string, needing map[string][]*item.Service) []string {
	before := map[string]string{}
	for queue := []string{id}; len(queue) > 0; queue = queue[1:] {
		for _, x := range needing[queue[0]] {
			if x.ID == id {
				round := []string{id}
				for at := queue[0]; at != id; at = before[at] {
					round = append(round, at)
				}
				return append(round, id)
			}
			if _, seen := before[x.ID]; !seen {
				before[x.ID] = queue[0]
				queue = append(queue, x.ID)
			}
		}
	}
	return nil
}

// mostReached is how many lines of one distance a card shows.
const mostReached = 15

// Card shows what fails with a thing. linked: the first are linked with it.
func Card(name string, linked bool, start []*item.Service, b Blast) bot.Message {
	m := bot.Message{Title: value.Shown("Impact of "+name, 140)}
	if linked {
		first := make([]ring, len(start))
		for i, s := range start {
			first[i].Service = s
		}
		m.Sections = append(m.Sections, section("Linked with it", first))
	}
	count := 0
	for i, list := range b.rings {
		count += len(list)
		label := "Need it themselves"
		switch {
		case linked && i == 0:
			label = "Need these"
		case i > 0:
			label = fmt.Sprintf("%d steps away", i+1)
		}
		m.Sections = append(m.Sections, section(label, list))
	}
	if count == 0 && !linked {
		m.Sections = append(m.Sections, bot.Para("No other service needs it."))
	}
	for _, round := range b.cycles {
		m.Tone = bot.Warning
		m.Sections = append(m.Sections, bot.Para(bot.Bold("They need each other: "), strings.Join(round, " → ")))
	}
	if count > 0 {
		m.Context = append(m.Context, bot.T(value.Counted(count, "service")+" would be hit."))
	}
	return m
}

// section lists services of one distance, those that matter most first.
func section(label string, list []ring) bot.Section {
	slices.SortStableFunc(list, func(a, b ring) int { return strings.Compare(a.rank(), b.rank()) })
	text := bot.T(bot.Bold(label))
	for i, x := range list {
		if i == mostReached {
			text = append(text, bot.T(fmt.Sprintf("\nand %d more", len(list)-i))...)
			break
		}
		text = append(text, bot.T("\n"+x.ID+" "+value.Shown(x.Name, 60))...)
		if x.Tier != "" {
			text = append(text, bot.T(" · tier "+string(x.Tier))...)
		}
		if x.via != "" {
			text = append(text, bot.T(" · needs "+x.via)...)
		}
		if x.OnCall != "" {
			text = append(text, bot.T(" · on call: "+x.OnCall)...)
		}
		if x.Owner != "" {
			text = append(append(text, bot.T(" · ")...), bot.Mention(x.Owner))
		} else if x.Team != "" {
			text = append(text, bot.T(" · "+x.Team)...)
		}
	}
	return bot.Section{Text: text}
}

// rank sorts by tier, the unknown last.
func (x ring) rank() string {
	if x.Tier == "" {
		return "5" + x.ID
	}
	return string(x.Tier) + x.ID
}
