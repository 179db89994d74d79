package view

import (
	"fmt"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
)

// Evidence says who decided what about a change, and by which policy.
func Evidence(x *change.Change, revisions []change.Revision, at time.Time) bot.Message {
	m := bot.Message{Title: "Evidence of " + x.ID(), Tone: bot.Info}
	by := " · " + x.State.Label() + " · policy " + x.Needs.SHA[:min(12, len(x.Needs.SHA))] +
		" · rules " + value.Listed(x.Needs.Rules)
	m.Sections = append(m.Sections,
		bot.Para(bot.Bold(x.Title), "\nrequested by ", bot.By(x.Requester, x.Agent), " ", x.Created, by))
	for _, r := range revisions {
		number := bot.Bold(fmt.Sprintf("Revision %d ", r.N))
		m.Sections = append(m.Sections, bot.Para(number, r.At, " by ", r.By, " · "+r.Digest))
	}
	for _, v := range x.Votes {
		on := fmt.Sprintf(" · r%d · %s · ", v.Revision, v.Stage)
		how := " · " + string(v.State) + " · eligible: " + v.Membership + " · by " + v.Surface
		m.Sections = append(m.Sections, bot.Para(bot.Bold(string(v.Decision)+" "), v.Person, on, v.At, how))
	}
	if x.Needs.Auto != "" {
		m.Sections = append(m.Sections, bot.Para("Approved by the rule "+x.Needs.Auto))
	}
	for _, why := range Exceptions(x, revisions, at) {
		m.Sections = append(m.Sections, bot.Para("⚠ "+why))
	}
	m.Context = []bot.Text{
		bot.T("The complete package, signed: watchbell change evidence --from … --to … --format zip"),
	}
	return m
}
