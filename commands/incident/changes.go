package incident

import (
	"fmt"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Change is as much of a change as an incident shows.
type Change struct {
	ID          string
	Title       string
	Detail      bot.Text // when, and how it stands with the services
	CanRollBack bool     // it is under way
}

// Verdict is what people think of a change when something broke.
type Verdict string

const (
	Suspect    Verdict = "suspect"
	NotRelated Verdict = "not-related"
)

// Judged is a verdict that somebody gave.
type Judged struct {
	Change  string       `json:"change"`
	Verdict Verdict      `json:"verdict"`
	By      bot.PersonID `json:"by"`
	At      time.Time    `json:"at"`
}

// Judge writes down what somebody thinks of a change.
func (i *Incident) Judge(by Actor, change string, v Verdict, at time.Time) error {
	n := slices.IndexFunc(i.Judged, func(j Judged) bool { return j.Change == change })
	if n >= 0 && i.Judged[n].Verdict == v {
		return bot.Errorf(bot.Conflict, "%s has said that of %s already.", i.Judged[n].By, change)
	}
	i.join(by)
	j := Judged{change, v, by.Person, at}
	if n >= 0 {
		i.Judged[n] = j
	} else {
		i.Judged = append(i.Judged, j)
	}
	text := "Suspects " + change + "."
	if v == NotRelated {
		text = change + " is not related."
	}
	i.Log(ChangeEntry, by.Person, at, text)
	return nil
}

func (i *Incident) verdict(change string) Verdict {
	n := slices.IndexFunc(i.Judged, func(j Judged) bool { return j.Change == change })
	if n < 0 {
		return ""
	}
	return i.Judged[n].Verdict
}

// RankOf orders changes: those that were linked, those that are suspected, the rest, those that are ruled out.
func (i *Incident) RankOf(change string) int {
	switch how := i.linked(change); {
	case how == "fixes" || how == "caused":
		return 0
	case how == "unrelated" || i.verdict(change) == NotRelated:
		return 3
	case how == "suspected" || i.verdict(change) == Suspect:
		return 1
	}
	return 2
}

// ChangesSection lists changes near an incident, at most n of them.
func ChangesSection(i *Incident, near []Change, n int) bot.Section {
	t := bot.T(bot.Bold(fmt.Sprintf("Changes near it: %d", len(near))))
	for _, c := range near[:min(n, len(near))] {
		mark := "\n• "
		switch {
		case i.linked(c.ID) == "fixes":
			mark = "\n🔧 to fix it: "
		case i.linked(c.ID) == "caused":
			mark = "\n🎯 caused it: "
		case i.RankOf(c.ID) == 1:
			mark = "\n🎯 suspected: "
		case i.RankOf(c.ID) == 3:
			mark = "\n✖ not related: "
		}
		t = append(t, bot.T(mark, bot.Bold(c.ID), " "+value.Shown(c.Title, 80)+" (", c.Detail, ")")...)
	}
	return bot.Section{Text: t}
}

// ChangeActions are what can be done about the likeliest cause.
func ChangeActions(i *Incident, c Change) []bot.Action {
	judge := func(label string, v Verdict) bot.Action {
		a := Act(label, "incident.suspect", i)
		a.Args["suspect"], a.Args["verdict"] = c.ID, string(v)
		return a
	}
	var actions []bot.Action
	if i.RankOf(c.ID) > 0 { // nobody has said yet what it is
		if i.RankOf(c.ID) != 1 {
			actions = append(actions, judge("Suspect "+c.ID, Suspect))
		}
		actions = append(actions, judge(c.ID+" is not related", NotRelated))
	}
	if c.CanRollBack {
		actions = append(actions, bot.Action{
			Label: "Roll back " + c.ID, Command: "change.rollback", Style: bot.Danger, Args: map[string]string{"change": c.ID},
		})
	}
	return append(actions, Act("Changes", "incident.changes", i))
}
