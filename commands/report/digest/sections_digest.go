package digest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/figures"
)

// needsYou lists what somebody has to decide, the longest waiting first, with the button that decides it.
func needsYou(f *figures.Facts, v *View) *Block {
	b := &Block{Title: "Needs you"}
	waiting := figures.Only(f.Changes, func(c *figures.Change) bool {
		return c.State == "pending" && !c.Hidden() && len(c.Waiting) > 0
	})
	slices.SortFunc(waiting, func(a, b figures.Change) int { return a.Submitted.Compare(b.Submitted) })
	for _, c := range waiting {
		text := line(
			bot.Bold(c.ID()),
			" "+value.Shown(c.Title, 80)+" has waited "+figures.Length(f.At.Sub(c.Submitted))+" for "+strings.Join(
				c.Waiting, ", ",
			),
		)
		if !c.Start.IsZero() {
			text = append(text, bot.T(" · window ", c.Start)...)
		}
		b.Lines = append(b.Lines, text)
		if len(b.Actions) < 3 {
			b.Actions = append(b.Actions, bot.Action{
				Label: "Decide " + c.ID(), Command: "change.show", Args: map[string]string{"change": c.ID()}, Style: bot.Primary,
			})
		}
	}
	if len(waiting) > 0 { // one press where little can go wrong, a look at it first where more can
		for k := range b.Actions {
			c := waiting[k]
			if c.Risk == "low" {
				b.Actions[k] = bot.Action{
					Label: "Approve " + c.ID(), Command: "change.approve",
					Args: map[string]string{"change": c.ID(), "revision": fmt.Sprintf("r%d", c.Revision)}, Style: bot.Primary,
				}
			}
		}
	}
	for k := range f.Incidents {
		i := &f.Incidents[k]
		if !i.Open() || i.Hidden() || i.Lead != "" {
			continue
		}
		b.Lines = append(
			b.Lines,
			line(
				bot.Bold(i.ID()),
				" "+figures.SeverityLabel(i.Highest())+" "+value.Shown(i.Title, 80)+" has nobody who leads it, "+figures.Length(
					f.At.Sub(i.Declared),
				),
			),
		)
		if len(b.Actions) < 4 {
			b.Actions = append(b.Actions, bot.Action{
				Label: "Take lead of " + i.ID(), Command: "incident.lead", Args: map[string]string{"incident": i.ID()},
			})
		}
	}
	for _, svc := range f.Services {
		if len(svc.Owners) == 0 && len(svc.Teams) == 0 {
			b.Lines = append(b.Lines, line(bot.Bold(svc.Name), " has no owner: nobody is asked when it breaks"))
		}
	}
	for _, r := range f.Rotas {
		if r.Open != nil && r.Open.At.Before(f.At) {
			b.Lines = append(
				b.Lines, line("Hand-over of ", bot.Bold(r.Name), " to ", r.Open.To, " has not been accepted since ", r.Open.At),
			)
			b.Actions = append(b.Actions, bot.Action{
				Label: "Accept hand-over", Command: "oncall.accept", Args: map[string]string{"handover": r.Open.ID},
			})
		}
	}
	if len(b.Lines) == 0 {
		return nil
	}
	b.Title = fmt.Sprintf("Needs you (%d)", len(b.Lines))
	return b
}

// open lists incidents that have not ended, the most severe first.
func open(f *figures.Facts) []figures.Incident {
	list := figures.Only(f.Incidents, func(i *figures.Incident) bool { return i.Open() })
	slices.SortStableFunc(list, func(a, b figures.Incident) int {
		return cmp.Or(
			cmp.Compare(figures.SeverityRank[a.Highest()], figures.SeverityRank[b.Highest()]), a.Declared.Compare(b.Declared),
		)
	})
	return list
}

func incidentsNow(f *figures.Facts, v *View) *Block {
	n := v.Now
	if n.Open+n.Opened+n.Resolved+n.Reopened == 0 {
		return nil
	}
	b := &Block{Title: "Incidents"}
	head := fmt.Sprintf("%d open now · %d opened", n.Open, n.Opened)
	if t := v.Trend(n.Opened, func(n figures.Numbers) int { return n.Opened }); t != "" {
		head += ", " + t
	}
	head += fmt.Sprintf(" · %d resolved", n.Resolved)
	if n.Reopened > 0 {
		head += fmt.Sprintf(" · %d reopened", n.Reopened)
	}
	b.Head = bot.T(head)
	b.Lines = openLines(f)
	for k := range f.Incidents { // what is over by now comes last
		if i := &f.Incidents[k]; !i.Hidden() && i.Real() && !i.Open() && v.Period.Holds(i.Resolved) {
			b.Lines = append(
				b.Lines,
				line(
					"✓ ", bot.Bold(i.ID()),
					" "+i.SeverityLabel()+" "+value.Shown(i.Title, 70)+" resolved after "+figures.Length(i.Resolved.Sub(i.Started)),
				),
			)
		}
	}
	return b
}

func openLines(f *figures.Facts) []bot.Text {
	var lines []bot.Text
	hidden := 0
	for _, i := range open(f) {
		if i.Hidden() {
			hidden++
			continue
		}
		lead := bot.T("no lead")
		if i.Lead != "" {
			lead = bot.T(i.Lead)
		}
		text := line(
			bot.Bold(i.ID()), " "+i.SeverityLabel()+" "+value.Shown(i.Title, 70)+" – ", lead,
			", "+figures.Length(f.At.Sub(i.Declared)),
		)
		switch {
		case i.NextUpdate.IsZero():
		case i.NextUpdate.Before(f.At):
			text = append(text, bot.T(", update overdue")...)
		default:
			text = append(text, bot.T(", next update ", i.NextUpdate)...)
		}
		lines = append(lines, text)
	}
	if hidden > 0 {
		lines = append(lines, line(Count(hidden, "restricted incident")))
	}
	return lines
}

// changesNow are how those of the period went, and what is planned until the next day ends.
func changesNow(f *figures.Facts, v *View) *Block {
	n := v.Now
	day := value.DayOf(f.At.In(v.Zone))
	today := value.Span{From: f.At, To: day.Add(1).At(0, v.Zone)}
	if v.Period.To.Before(f.At.Add(-24 * time.Hour)) {
		today = value.Span{From: v.Period.To, To: v.Period.To.Add(24 * time.Hour)}
	}
	planned := figures.Only(f.Changes, func(c *figures.Change) bool {
		return !c.Start.IsZero() && (value.Span{From: c.Start, To: c.End}).Overlaps(today) &&
			slices.Contains([]string{"pending", "approved", "implementing", "verifying"}, c.State)
	})
	slices.SortFunc(planned, func(a, b figures.Change) int { return a.Start.Compare(b.Start) })
	unreported := figures.Only(f.Changes, func(c *figures.Change) bool {
		return c.State == "approved" && !c.End.IsZero() && c.End.Before(f.At) && c.Started.IsZero() && v.Period.Holds(c.End)
	})
	if n.Implemented+len(planned)+len(unreported) == 0 {
		return nil
	}
	b := &Block{Title: "Changes"}
	b.Head = bot.T(fmt.Sprintf("%d done · %d today", n.Implemented, len(planned)))
	if n.Implemented > 0 {
		b.Head = bot.T(
			fmt.Sprintf(
				"%d done: %d went well, %d failed or rolled back · %d today", n.Implemented, n.Successful, n.Failed, len(planned),
			),
		)
	}
	if len(unreported) > 0 {
		b.Head = append(b.Head, bot.T(fmt.Sprintf(" · %d not started in their window", len(unreported)))...)
	}
	for _, c := range failedIn(f, v.Period) {
		b.Lines = append(b.Lines, line("✗ ", bot.Bold(c.ID()), " "+value.Shown(c.Title, 70)+" "+outcome(&c)))
	}
	hidden := 0
	for _, c := range planned {
		if c.Hidden() {
			hidden++
			continue
		}
		text := line(
			bot.At(c.Start), ", "+figures.Length(c.End.Sub(c.Start))+": ", bot.Bold(c.ID()),
			" "+value.Shown(c.Title, 60)+riskLabel(c)+flags(f, &c),
		)
		b.Lines = append(b.Lines, text)
	}
	if hidden > 0 {
		b.Lines = append(b.Lines, line(Count(hidden, "restricted change")+" today"))
	}
	return b
}

func riskLabel(c figures.Change) string {
	if c.Risk == "" {
		return ""
	}
	return ", " + c.Risk + " risk"
}

const notApproved = ", not approved yet"

// flags are what stands in the way of a planned change.
func flags(f *figures.Facts, c *figures.Change) string {
	var text string
	if c.State == "pending" {
		text += notApproved
	}
	if c.Held {
		text += ", on hold"
	}
	for k := range f.Changes {
		o := &f.Changes[k]
		if o.Number != c.Number && !o.Hidden() && slices.Contains([]string{"pending", "approved", "implementing"}, o.State) &&
			!o.Start.IsZero() && (value.Span{From: o.Start, To: o.End}).Overlaps(value.Span{From: c.Start, To: c.End}) &&
			slices.ContainsFunc(o.Services, func(s string) bool { return slices.Contains(c.Services, s) }) {
			text += " ⚠ overlaps " + o.ID()
		}
	}
	for _, z := range f.Freezes {
		if z.Overlaps(value.Span{From: c.Start, To: c.End}) {
			text += " ⚠ in freeze " + z.Name
		}
	}
	for k := range f.Incidents {
		i := &f.Incidents[k]
		if i.Open() && i.Major() && !i.Hidden() &&
			slices.ContainsFunc(i.Services, func(s string) bool { return slices.Contains(c.Services, s) }) {
			text += " ⚠ " + i.ID() + " is open"
		}
	}
	return text
}

// failedIn lists the changes that failed in a period, by number.
func failedIn(f *figures.Facts, p value.Span) []figures.Change {
	return figures.Only(f.Changes, func(c *figures.Change) bool {
		return c.Implemented() && c.Failed() && p.Holds(c.Finished) && !c.Hidden()
	})
}

// servicesBelow names only the services that need a look.
func servicesBelow(f *figures.Facts, v *View) *Block {
	var lines []bot.Text
	fine := 0
	for _, h := range v.Health {
		if h.Service.Target == 0 {
			continue
		}
		if !h.Below() && h.Budget.Burn <= 1 {
			fine++
			continue
		}
		lines = append(lines, healthLine(h))
	}
	if len(lines) == 0 {
		return nil
	}
	b := &Block{Title: "Services", Lines: lines}
	if fine > 0 {
		b.Head = bot.T(fmt.Sprintf("%s within target over 30 days", Count(fine, "other service")))
	}
	return b
}

func healthLine(h figures.Health) bot.Text {
	sign := "🟢"
	switch {
	case h.Below():
		sign = "🔴"
	case h.Budget.Burn > 1:
		sign = "🟡"
	}
	text := line(
		sign+" ", bot.Bold(h.Service.Name),
		fmt.Sprintf(
			" %s (target %s)", figures.PercentOf(h.Availability.Ratio, h.Service.Target),
			figures.PercentTarget(h.Service.Target),
		),
	)
	if h.Budget.Left >= 0 {
		text = append(text, bot.T(
			fmt.Sprintf(" · %s of %s left", figures.Length(h.Budget.Left), figures.Length(h.Budget.Allowed)),
		)...)
	} else {
		text = append(text, bot.T(
			fmt.Sprintf(" · down %s, %s allowed", figures.Length(h.Availability.Downtime), figures.Length(h.Budget.Allowed)),
		)...)
	}
	if h.Availability.Coverage < 0.99 {
		text = append(text, bot.T(fmt.Sprintf(" · measured for %.1f %% of the time", 100*h.Availability.Coverage))...)
	}
	return text
}

// dueSoon lists what is due in seven days or overdue, whatever capability it comes from.
func dueSoon(f *figures.Facts, v *View) *Block {
	list := figures.Only(f.Dues, func(d *bot.Due) bool { return d.By(v.Zone).Before(f.At.AddDate(0, 0, 7)) })
	if len(list) == 0 {
		return nil
	}
	slices.SortStableFunc(list, func(a, b bot.Due) int { return a.By(v.Zone).Compare(b.By(v.Zone)) })
	overdue := 0
	b := &Block{}
	for _, d := range list {
		text := line(bot.Bold(d.Label()), ": "+value.Cut(d.Text, 70))
		switch {
		case d.Owner != "":
			text = line(bot.Bold(d.Label()), ": "+value.Cut(d.Text, 70)+" – ", d.Owner)
		case d.Done != nil: // so somebody has to
			text = line(bot.Bold(d.Label()), ": "+value.Cut(d.Text, 70)+" – ", "nobody")
		}
		late := d.By(v.Zone).Before(f.At)
		if late {
			overdue++
		}
		b.Lines = append(b.Lines, append(text, dueWhen(d, late)...))
	}
	b.Title = fmt.Sprintf("Due in 7 days (%d)", len(list)-overdue)
	if overdue > 0 {
		b.Title += fmt.Sprintf(" · overdue (%d)", overdue)
	}
	return b
}

// dueWhen says when something is or was due. A date is named as it is, whatever the zone.
func dueWhen(d bot.Due, late bool) bot.Text {
	day := d.On.Long()
	switch {
	case late && d.At.IsZero():
		return bot.T(", was due on " + day)
	case late:
		return bot.T(", overdue since ", d.At)
	case d.At.IsZero():
		return bot.T(", due on " + day)
	}
	return bot.T(", due ", d.At)
}

// alsoHappened counts and names what capabilities tell of the period, beside incidents and changes.
func alsoHappened(f *figures.Facts, v *View) *Block {
	list := figures.Only(f.Happened, func(h *bot.Happening) bool { return v.Period.Holds(h.At) })
	if len(list) == 0 {
		return nil
	}
	b := &Block{Title: fmt.Sprintf("Also (%d)", len(list))}
	for len(list) > 0 {
		of := list[0]
		same := func(h *bot.Happening) bool { return h.One == of.One }
		some := figures.Only(list, same)
		list = figures.Only(list, func(h *bot.Happening) bool { return !same(h) })
		head := "1 " + of.One
		if len(some) > 1 {
			head = fmt.Sprintf("%d %s", len(some), of.Many)
		}
		text := bot.T(bot.Bold(head), ": ")
		for k, h := range some {
			if k > 0 {
				text = append(text, bot.T(", ")...)
			}
			if k == maxNamed {
				text = append(text, bot.T(fmt.Sprintf("and %d more", len(some)-k))...)
				break
			}
			text = append(text, bot.T(h.Object+" "+value.Shown(h.Text, 40))...)
		}
		b.Lines = append(b.Lines, text)
	}
	return b
}

// maxNamed is how many happenings of one kind are named.
const maxNamed = 5

// onCallNow says who answers, and where nobody will.
func onCallNow(f *figures.Facts, v *View) *Block {
	if len(f.Rotas) == 0 {
		return nil
	}
	b := &Block{Title: "On call"}
	for _, r := range f.Rotas {
		text := line(bot.Bold(r.Name), " ")
		if r.Now == "" {
			text = append(text, bot.T("🔴 nobody")...)
		} else {
			text = append(text, bot.T(r.Now)...)
		}
		switch {
		case r.Open != nil && r.Open.Accepted.IsZero() && r.Open.To != r.Now: // until then, whoever hands over is responsible
			text = append(text, bot.T(" until ", r.Open.To, " accepts the hand-over")...)
		case !r.Until.IsZero():
			text = append(text, bot.T(" until ", r.Until)...)
			if r.Next != "" {
				text = append(text, bot.T(" → ", r.Next)...)
			}
		}
		if len(r.Gaps) > 0 {
			text = append(text, bot.T(
				fmt.Sprintf(" · ⚠ %s in 14 days, the first at ", Count(len(r.Gaps), "gap")), r.Gaps[0].From,
			)...)
		}
		b.Lines = append(b.Lines, text)
	}
	return b
}
