package oncall

import (
	"fmt"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

var newAction = bot.Action{Label: "Make a rota", Command: "oncall.new", Form: true, Style: bot.Primary}

func done(parts ...any) bot.Message {
	m := bot.Say(parts...)
	m.Tone = bot.Good
	return m
}

func acceptAction(h *Handover) bot.Action {
	return bot.Action{
		Label: "Accept hand-over", Command: "oncall.accept", Args: map[string]string{"handover": h.ID()}, Style: bot.Primary,
	}
}

// section is who answers for a rota now.
func (v view) section() bot.Section {
	text := bot.T(bot.Bold(v.Name), ": ")
	if v.Who == "" {
		text = append(text, bot.T("🔴 ")...)
		text = append(text, v.Now.nobody()...)
	} else {
		text = append(text, bot.T(v.Who)...)
	}
	if v.Open != nil && v.Open.Open() {
		text = append(text, bot.T(", until ", v.Open.To, " accepts the hand-over of ", v.Open.At)...)
	}
	switch {
	case v.Now.To.IsZero():
	case v.Next.Person != "":
		text = append(text, bot.T(" until ", v.Now.To, ", then ", v.Next.Person)...)
	case v.Next.Left != "":
		text = append(append(text, bot.T(" until ", v.Now.To, ", then ")...), v.Next.nobody()...)
	}
	if len(v.Gaps) > 0 {
		text = append(text, bot.T(
			"\n⚠ "+value.Counted(len(v.Gaps), "gap")+" in 14 days, the first from ", v.Gaps[0].From, " until ", v.Gaps[0].To,
		)...)
	}
	return bot.Section{Text: text}
}

// nobody says that a shift is nobody's, and why if its owner left.
func (s Shift) nobody() bot.Text {
	if s.Left != "" {
		return bot.T("nobody; ", s.Left, " has left")
	}
	return bot.T("nobody")
}

// rotaMessage shows how a rota turns, and its next shifts.
func (s *Service) rotaMessage(
	r *Rota, stands []Stand, now time.Time, intro string, active func(bot.PersonID) bool,
) bot.Message {
	every := map[int]string{1: "every day", 7: "every week", 14: "every two weeks"}[r.Every]
	at := fmt.Sprintf("%02d:%02d", r.Minute/60, r.Minute%60)
	if day, err := time.Parse(time.DateOnly, r.Anchor); err == nil && r.Every > 1 {
		at = day.Format("Mon") + " " + at
	}
	text := bot.T(
		intro, bot.Bold(r.Name),
		fmt.Sprintf(
			" hands over %s, %s %s; an unanswered page escalates after %s", every, at, r.Zone, value.FormatDuration(r.Escalate),
		),
	)
	if r.Lead != "" {
		text = append(text, bot.T("; lead ", r.Lead)...)
	}
	if r.Channel != "" {
		text = append(text, bot.T("; told in #"+r.Channel)...)
	}
	text = append(text, r.groupText()...)
	for k, x := range allPresent(r.Shifts(now, now.AddDate(0, 0, max(14, 3*r.Every)), stands), active) {
		if k == 4 {
			break
		}
		text = append(text, bot.T("\n• ")...)
		if x.Person == "" {
			text = append(text, x.nobody()...)
		} else {
			text = append(text, bot.T(x.Person)...)
		}
		text = append(text, bot.T(" from ", x.From, " until ", x.To)...)
		if x.For != "" && x.For != x.Person {
			text = append(text, bot.T(" for ", x.For)...)
		}
	}
	return bot.Message{Tone: bot.Good, Sections: []bot.Section{{Text: text}}}
}

var resultLabel = map[Result]string{
	Handled: "handled", Incident: "an incident was declared", Noise: "nothing had to be done",
}

func resultActions(p *Page) []bot.Action {
	act := func(label string, r Result) bot.Action {
		return bot.Action{
			Label: label, Command: "oncall.finish", Args: map[string]string{"page": p.ID(), "result": string(r)},
		}
	}
	return []bot.Action{act("Handled", Handled), act("Incident declared", Incident), act("Noise", Noise),
		{
			Label: "Declare incident", Command: "incident.declare", Values: map[string]string{"title": value.Cut(p.Text, 120)},
			Form: true, Style: bot.Danger,
		}}
}

// pageMessage is the card of a page: called whom, told where beside chat, answered by whom.
func pageMessage(p *Page, rung []bot.Rung) bot.Message {
	m := bot.Message{
		Title: "📟 " + p.ID() + " · " + p.Rota, Tone: bot.Critical, Sections: []bot.Section{bot.Para(bot.Bold(p.Text))},
	}
	text := bot.T("Called by ", p.By, ". Called: ")
	for k, c := range p.Calls {
		if k > 0 {
			text = append(text, bot.T(", ")...)
		}
		if k == 8 {
			text = append(text, bot.T(fmt.Sprintf("and %d more times", len(p.Calls)-k))...)
			break
		}
		text = append(text, bot.T(c.Person, " ", c.At)...)
	}
	m.Sections = append(m.Sections, bot.Section{Text: text})
	if len(rung) > 0 {
		m.Sections = append(m.Sections, toldSection(rung))
	}
	ack := ackAction(p)
	switch {
	case !p.Ended.IsZero():
		m.Tone = bot.Good
		m.Sections = append(
			m.Sections,
			bot.Para(
				"Answered by ", p.AckBy,
				" after "+value.FormatDuration(p.Acked.Sub(p.At).Round(time.Second))+": "+resultLabel[p.Result]+". "+p.Note,
			),
		)
	case !p.Acked.IsZero():
		m.Tone = bot.Warning
		m.Sections = append(
			m.Sections,
			bot.Para("Answered by ", p.AckBy, " after "+value.FormatDuration(p.Acked.Sub(p.At).Round(time.Second))+"."),
		)
		m.Actions = resultActions(p)
	case !p.Failed.IsZero():
		m.Sections = append(
			m.Sections, bot.Para(bot.Bold(fmt.Sprintf("Nobody answered after %d rounds.", rounds)), " Please pick this up."),
		)
		m.Actions = []bot.Action{ack}
	default:
		m.Context = []bot.Text{bot.T("If nobody answers, the next person is paged at ", p.Due())}
		m.Actions = []bot.Action{ack}
	}
	m.Fallback = strings.TrimSpace("Page: " + p.Text)
	return m
}
