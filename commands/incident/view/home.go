package view

import (
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/incident"
)

// DeclareAction opens the form of a new incident.
var DeclareAction = bot.Action{
	Label: "Declare incident", Command: "incident.declare", Style: bot.Primary, Form: true,
}

// Name is the view of incidents.
const Name = "incidents"

// Board is what Home shows of incidents: what waits for p, what they are on, and what is open. mine have their tasks.
func Board(p bot.Person, mine, open []*incident.Incident, now time.Time) []bot.Panel {
	waits := bot.Panel{Title: bot.WaitsForMe, Place: bot.Mine, Empty: "Nothing waits for you."}
	theirs := bot.Panel{Title: "My incidents", Rank: bot.RankMine, Empty: "You are on no open incident."}
	for _, i := range mine {
		waits.Lines = append(waits.Lines, asks(i, p, now)...)
		l := Line(i, now)
		l.Note = bot.T(whatYouDo(i, p.ID))
		theirs.Lines = append(theirs.Lines, l)
	}
	theirs.More = &bot.Jump{Label: "All", View: Name, Args: map[string]string{"which": "mine"}}
	return []bot.Panel{{Actions: []bot.Action{DeclareAction}, Rank: -1}, waits, theirs, Open(open, now)}
}

// Open lists the open incidents, the worst first.
func Open(open []*incident.Incident, now time.Time) bot.Panel {
	p := bot.Panel{
		Title: "Open incidents", Place: bot.Aside, Rank: bot.RankIncidents, Empty: "No incident is open.",
		More: &bot.Jump{Label: "All", View: Name},
	}
	sorted := slices.Clone(open)
	slices.SortStableFunc(sorted, func(a, b *incident.Incident) int {
		switch {
		case a.Severity.WorseThan(b.Severity):
			return -1
		case b.Severity.WorseThan(a.Severity):
			return 1
		}
		return 0
	})
	for _, i := range sorted {
		p.Lines = append(p.Lines, Line(i, now))
	}
	return p
}

// Line is an incident in a list.
func Line(i *incident.Incident, now time.Time) bot.Line {
	l := bot.Line{
		Mark: severity(i.Severity), Object: i.ID(), Title: value.Shown(i.Title, 120), State: state(i),
		End: bot.T(value.FormatDuration(i.Duration(now))),
	}
	if i.Lead != "" {
		l.Note = bot.T(i.Lead, " leads")
	} else {
		l.Note = bot.T("nobody leads yet")
	}
	if len(i.Services) > 0 {
		l.Note = append(l.Note, bot.T(" · "+strings.Join(i.Services, ", "))...)
	}
	return l
}

func whatYouDo(i *incident.Incident, p bot.PersonID) string {
	switch p {
	case i.Lead:
		return "you lead"
	case i.Deputy:
		return "you are deputy"
	case i.Comms:
		return "you do comms"
	case i.Scribe:
		return "you are scribe"
	}
	return "you help"
}

// asks are what an incident asks of somebody.
func asks(i *incident.Incident, p bot.Person, now time.Time) []bot.Line {
	var list []bot.Line
	if i.HandoverTo == p.ID {
		list = append(list, bot.Line{
			Mark: bot.Mark{Text: "person"}, Object: i.ID(), Title: "Take the lead of " + value.Shown(i.Title, 80),
			Note: bot.T(i.Lead, " asks you"),
			Actions: []bot.Action{
				incident.Act("Take it", "incident.accept", i), incident.Act("Decline", "incident.decline", i),
			},
		})
	}
	if i.Lead == p.ID && i.State.Active() && !i.NextUpdate.IsZero() {
		l := bot.Line{
			Mark: bot.Mark{Text: "clock"}, Object: i.ID(), Title: "Give an update", Note: bot.T(value.Shown(i.Title, 80)),
			End: bot.T(bot.Bold(updateWait(i, now))), Tone: DueTone(i.NextUpdate.Add(-time.Minute), now),
			Actions: []bot.Action{incident.Act("Give update", "incident.update", i)},
		}
		list = append(list, l)
	}
	return list
}

func updateWait(i *incident.Incident, now time.Time) string {
	if left := i.NextUpdate.Sub(now); left > 0 {
		return "in " + value.FormatDuration(left)
	}
	return value.FormatDuration(now.Sub(i.NextUpdate)) + " late"
}

// Table is a list of incidents as a table.
func Table(found []*incident.Incident, now time.Time) *bot.Table {
	t := &bot.Table{
		Columns: []string{"Incident", "Severity", "State", "Title", "Lead", "Services", "Declared", "Lasts"}, Main: 3,
	}
	for _, i := range found {
		lead := bot.Text{}
		if i.Lead != "" {
			lead = bot.T(i.Lead)
		}
		t.Rows = append(t.Rows, bot.Row{
			Object: i.ID(),
			Cells: []bot.Text{
				bot.T(i.ID()), bot.T(i.Severity.Label()), bot.T(i.State.Label()), bot.T(value.Isolate(i.Title)), lead,
				bot.T(strings.Join(i.Services, ", ")), bot.T(i.Declared), bot.T(value.FormatDuration(i.Duration(now))),
			},
			Marks: map[int]bot.Mark{1: severity(i.Severity), 2: state(i)},
		})
	}
	return t
}
