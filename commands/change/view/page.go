package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// Mark is how a change stands, as a mark.
func Mark(c *change.Change) bot.Mark {
	m := bot.Mark{Text: c.State.Label(), Tone: bot.Info}
	if c.Hold.Why != "" && !c.State.Ended() {
		return bot.Mark{Text: "On hold", Tone: bot.Warning}
	}
	if _, back := c.WentBack(); back {
		return bot.Mark{Text: "Rolled back", Tone: bot.Critical}
	}
	switch c.State {
	case change.Pending:
		m = bot.Mark{Text: "Waits for approval", Tone: bot.Warning}
	case change.Approved:
		m.Tone = bot.Good
	case change.Implementing:
		m.Text = "Under way"
	case change.RollingBack, change.Rejected:
		m.Tone = bot.Critical
	case change.Draft, change.Closed, change.Expired, change.Cancelled:
		m.Over = true
	}
	return m
}

// riskMark is the risk as a mark; empty while it is not known.
func riskMark(c *change.Change) bot.Mark {
	if c.Risk.Level == "" {
		return bot.Mark{}
	}
	tone := map[policy.Level]bot.Tone{policy.Low: bot.Good, policy.Medium: bot.Warning, policy.High: bot.Critical}
	return bot.Mark{Text: c.Risk.Level.Label() + " risk", Tone: tone[c.Risk.Level]}
}

// Page is the page of one change.
func Page(c *change.Change, w change.World, entries []change.Entry, call *bot.Call) bot.Page {
	decide := yours(c, w, call)
	p := bot.Page{
		Title: value.Isolate(c.Title), Object: c.ID(), Marks: []bot.Mark{Mark(c)},
		Meta: []bot.Text{bot.T(typeLabel(c))}, Actions: pageActions(c, w, call.Now),
	}
	if risk := riskMark(c); risk.Text != "" {
		p.Marks = append(p.Marks, risk)
	}
	switch {
	case c.Window.Set():
		p.Meta = append(p.Meta, bot.T(c.Window.Start, " to ", c.Window.End))
	case c.Type != policy.Emergency:
		p.Meta = append(p.Meta, bot.T("not planned yet"))
	}
	if label := c.Label(w, call.Now); label != c.State.Label() && c.Hold.Why == "" {
		p.Meta = append(p.Meta, bot.T(label))
	}
	return p.With(
		decide, stages(c, w), inTheWay(c, w, call.Now), conditions(c), questions(c), content(c), outcome(c),
	).With(facts(c, w), riskPanel(c), history(entries)).Without()
}

// Checked is what would come of a request: what it lacks, its risk, what is in the way, and who has to agree. refused is
// why it could not be submitted, if anything but what it lacks.
func Checked(c *change.Change, w change.World, missing []string, refused *bot.Error, at time.Time) []bot.Panel {
	lacks := bot.Panel{Title: "Still missing"}
	for _, m := range missing {
		lacks.Lines = append(lacks.Lines, bot.Line{Mark: bot.Mark{Text: "warning"}, Title: m})
	}
	if refused != nil {
		lacks.Title = "It cannot be requested like this"
		lacks.Message = &bot.Message{Tone: bot.Warning, Sections: []bot.Section{bot.Para(refused.Text)}}
	}
	way := inTheWay(c, w, at)
	if c.Window.Set() {
		way.Empty = "Nothing is in the way in that window."
	} else {
		way.Empty = "Say when the window opens and closes."
	}
	agree := stages(c, w)
	agree.Title = "Who has to agree"
	agree.Empty = cmp.Or(agree.Empty, "That is known once nothing is missing.")
	return bot.Page{Panels: []bot.Panel{lacks, riskPanel(c), way, agree}}.Without().Panels
}

// pageActions are those of the card without what stands on the page already, and without votes: whoever has one is asked
// for it by a panel of its own.
func pageActions(c *change.Change, w change.World, at time.Time) []bot.Action {
	elsewhere := map[string]bool{
		"change.show": true, "change.evidence": true, "change.approve": true, "change.reject": true, "change.ask": true,
	}
	return slices.DeleteFunc(cardActions(c, w, at), func(a bot.Action) bool { return elsewhere[a.Command] })
}

// yours is the decision that waits for whoever looks.
func yours(c *change.Change, w change.World, call *bot.Call) bot.Panel {
	p := bot.Panel{Title: "Your decision", Place: bot.Mine}
	stage := c.WaitsFor(call.Person.ID, w.Roster, w.Delegations, call.Now)
	if stage == "" {
		return p
	}
	l := bot.Line{
		Mark: bot.Mark{Text: "clock"}, Title: "Do you approve this plan?", Note: bot.T("stage " + stage),
		Actions: []bot.Action{
			ApproveAction(c, "Approve"), Seen(Act("Reject", "change.reject", c), c), Seen(Act("Ask", "change.ask", c), c),
		},
	}
	if d := c.Deadline(); !d.IsZero() {
		l.Note = append(l.Note, bot.T(" · expires ", d)...)
	}
	p.Lines = []bot.Line{l}
	return p
}

// stages are who has to agree, and who did.
func stages(c *change.Change, w change.World) bot.Panel {
	p := bot.Panel{Title: "Approval"}
	if c.Needs.Auto != "" {
		p.Empty = "Approved by the rule " + c.Needs.Auto + " of the policy."
	}
	list := c.Stages()
	if c.Type == policy.Emergency || c.Glass.By != "" {
		list = c.Retro()
	}
	for _, s := range list {
		l := bot.Line{Title: strings.ToUpper(s.Name[:1]) + s.Name[1:], Done: false}
		switch {
		case s.Satisfied():
			l.Mark, l.State = bot.Mark{Text: "good"}, bot.Mark{Text: "Agreed", Tone: bot.Good}
		case !s.Active:
			l.Mark, l.State = bot.Mark{Text: "clock"}, bot.Mark{Text: "After " + strings.Join(s.After, ", "), Over: true}
		default:
			l.Mark, l.State = bot.Mark{Text: "clock"}, bot.Mark{Text: "Open", Tone: bot.Warning}
		}
		l.End = bot.T(fmt.Sprintf("%d of %d", len(s.Yes), s.Quorum))
		var parts []bot.Text
		for _, v := range s.Yes {
			t := bot.T(v.Person)
			if v.Seat != v.Person {
				t = append(t, bot.T(" on behalf of ", v.Seat)...)
			}
			parts = append(parts, append(t, bot.T(" ", v.At)...))
		}
		for _, v := range s.No {
			parts = append(parts, bot.T(v.Person, " said no ", v.At))
		}
		if who := c.CanUnblock(s, w.Roster); !s.Satisfied() && s.Active && len(who) > 0 && c.State == change.Pending {
			t := bot.T("can decide: ")
			for n, person := range who[:min(4, len(who))] {
				if n > 0 {
					t = append(t, bot.T(", ")...)
				}
				t = append(t, bot.T(person)...)
			}
			if rest := len(who) - 4; rest > 0 {
				t = append(t, bot.T(fmt.Sprintf(" and %d more", rest))...)
			}
			parts = append(parts, t)
		}
		l.Note = Joined(parts, " · ")
		p.Lines = append(p.Lines, l)
	}
	return p
}

// inTheWay lists conflicts and what else keeps it from being carried out, with the next free windows.
func inTheWay(c *change.Change, w change.World, at time.Time) bot.Panel {
	p := bot.Panel{Title: "In the way"}
	if c.State.Ended() || c.State == change.Review {
		return p
	}
	for _, x := range c.Conflicts(w) {
		l := bot.Line{Mark: bot.Mark{Text: "warning"}, Title: value.Shown(x.Text, 200)}
		switch {
		case x.Acked != "":
			l.State, l.Note = bot.Mark{Text: "Acknowledged", Tone: bot.Good}, bot.T(x.Acked)
		case x.Blocks:
			l.State = bot.Mark{Text: "Blocks", Tone: bot.Critical}
		case x.NeedAck:
			l.State = bot.Mark{Text: "Its requester has to acknowledge it", Tone: bot.Warning}
		default:
			l.State = bot.Mark{Text: "For your information", Tone: bot.Info}
		}
		p.Lines = append(p.Lines, l)
	}
	if free := c.FreeSlots(w, at, 3); len(free) > 0 && len(p.Lines) > 0 {
		p.Lines = append(p.Lines, bot.Line{
			Mark: bot.Mark{Text: "calendar"}, Title: "Free windows", Note: bot.T(slots(free, at)),
		})
	}
	return p
}

func conditions(c *change.Change) bot.Panel {
	p := bot.Panel{Title: "Conditions"}
	for _, x := range c.Conditions {
		l := bot.Line{Title: value.Shown(x.Text, 200), Note: bot.T("asked by ", x.By), Done: !x.Done.IsZero()}
		if !l.Done {
			tick := Act("Is met", "change.tick", c)
			tick.Args["number"] = fmt.Sprint(x.N)
			l.Tick = &tick
		}
		p.Lines = append(p.Lines, l)
	}
	return p
}

func questions(c *change.Change) bot.Panel {
	p := bot.Panel{Title: "Questions"}
	for _, q := range c.Questions {
		e := bot.Entry{At: bot.T(q.At), Icon: "chat", Tone: bot.Info, Text: bot.T(bot.Bold("Question"), " by ", q.By),
			Said: bot.T(value.Cut(q.Text, 1000))}
		p.Entries = append(p.Entries, e)
		if q.Answer != "" {
			p.Entries = append(p.Entries, bot.Entry{At: bot.T(q.Answered), Icon: "chat", Tone: bot.Good,
				Text: bot.T(bot.Bold("Answer"), " by ", q.AnsweredBy), Said: bot.T(value.Cut(q.Answer, 1000))})
		}
	}
	return p
}

// content is what is approved.
func content(c *change.Change) bot.Panel {
	p := bot.Panel{Title: "Plan", Note: fmt.Sprintf("revision %d", c.Revision)}
	for _, x := range []struct{ name, text string }{
		{"Why", c.Why}, {"Plan", c.Plan}, {"Tested", c.Test}, {"Backout", c.Backout}, {"Deploys", value.Listed(c.Artifacts)},
	} {
		if x.text != "" {
			p.Facts = append(p.Facts, bot.Field{Label: x.name, Value: bot.T(value.Cut(x.text, 4000))})
		}
	}
	if c.State.Open() {
		edit := Formed(Act("Edit", "change.edit", c))
		p.Actions = []bot.Action{edit}
	}
	return p
}

func outcome(c *change.Change) bot.Panel {
	p := bot.Panel{Title: "Outcome"}
	add := func(label string, parts ...any) {
		p.Facts = append(p.Facts, bot.Field{Label: label, Value: bot.T(parts...)})
	}
	if c.Outcome != "" {
		add("Outcome", c.Outcome.Label())
	}
	if why, back := c.WentBack(); back {
		add("Rolled back", cmp.Or(why, "no reason was given"))
	}
	if c.OutcomeNote != "" {
		add("Review", c.OutcomeNote)
	}
	if c.EndReason != "" {
		add(c.State.Label(), c.EndReason)
	}
	return p
}

func facts(c *change.Change, w change.World) bot.Panel {
	p := bot.Panel{Title: "Facts", Place: bot.Aside}
	add := func(label string, parts ...any) {
		p.Facts = append(p.Facts, bot.Field{Label: label, Value: bot.T(parts...)})
	}
	var services []string
	for _, id := range c.Services {
		if s, ok := w.Catalog.Service(id); ok && s.Tier > 0 {
			id += fmt.Sprintf(" (tier %d)", s.Tier)
		}
		services = append(services, id)
	}
	add("Services", cmp.Or(strings.Join(services, ", "), "none named yet"))
	if c.Env != "" {
		add("Environment", c.Env)
	}
	add("Requester", c.Requester)
	if c.Beneficiary != c.Requester {
		add("On behalf of", c.Beneficiary)
	}
	for n, person := range c.Implementers {
		if n == 0 {
			add("Carried out by", person)
			continue
		}
		last := &p.Facts[len(p.Facts)-1]
		last.Value = append(last.Value, bot.T(", ", person)...)
	}
	for _, t := range []struct {
		label string
		at    time.Time
	}{{"Requested", c.Created}, {"Approved", c.Decided}, {"Started", c.Started}, {"Work done", c.Finished}, {"Ended", c.Ended}} {
		if !t.at.IsZero() {
			add(t.label, t.at)
		}
	}
	if d := c.Deadline(); c.State == change.Pending && !d.IsZero() {
		add("Approve until", d)
	}
	add("Digest", bot.Code(c.ShortDigest()))
	return p
}

func riskPanel(c *change.Change) bot.Panel {
	p := bot.Panel{Title: "Risk", Place: bot.Aside, Empty: "Not rated yet."}
	if c.Risk.Level == "" {
		return p
	}
	p.Note = fmt.Sprintf("%s, %d points", c.Risk.Level.Label(), c.Risk.Score)
	p.Empty = "Nothing speaks against it."
	for _, f := range c.Risk.Factors {
		p.Facts = append(p.Facts, bot.Field{Label: fmt.Sprintf("%+d", f.Points), Value: bot.T(f.Text)})
	}
	if c.Risk.Rule != "" {
		p.Facts = append(p.Facts, bot.Field{Label: "Rule", Value: bot.T(c.Risk.Rule)})
	}
	return p
}

// mostEntries is how much of the history a page shows.
const mostEntries = 60

func history(entries []change.Entry) bot.Panel {
	p := bot.Panel{Title: "History", Place: bot.Aside, Note: fmt.Sprint(len(entries))}
	for _, e := range slices.Backward(entries[max(0, len(entries)-mostEntries):]) {
		text := bot.T(value.Cut(e.Text, 400))
		if e.By != "" {
			text = append(text, bot.T(" · ", e.By)...)
		}
		p.Entries = append(p.Entries, bot.Entry{At: bot.T(e.At), Icon: "info", Text: text})
	}
	return p
}
