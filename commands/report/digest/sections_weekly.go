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

// highlights are the three things to know: the largest impact, the worst budget, the best improvement.
func highlights(f *figures.Facts, v *View) *Block {
	b := &Block{Title: "Highlights"}
	var worst *figures.Incident
	var most time.Duration
	for k := range f.Incidents {
		i := &f.Incidents[k]
		if !i.Real() || i.Hidden() {
			continue
		}
		if d := i.Impacted(f.At).And(value.Union(v.Period)).Length(); d > most &&
			(v.Period.Holds(i.Declared) || i.Open() || v.Period.Holds(i.Resolved)) {
			worst, most = i, d
		}
	}
	if worst != nil {
		b.Lines = append(
			b.Lines,
			line(
				"Largest impact: ", bot.Bold(worst.ID()),
				" "+worst.SeverityLabel()+" "+value.Shown(worst.Title, 70)+", "+figures.Length(most),
			),
		)
	}
	spent := slices.Clone(v.Health)
	slices.SortStableFunc(spent, func(a, b figures.Health) int { return cmp.Compare(b.Budget.Spent, a.Budget.Spent) })
	if len(spent) > 0 && spent[0].Budget.Spent > 0 {
		b.Lines = append(
			b.Lines,
			line(
				"Worst budget: ", bot.Bold(spent[0].Service.Name),
				fmt.Sprintf(" %.0f %% spent over 30 days", 100*spent[0].Budget.Spent),
			),
		)
	}
	if len(v.Before) > 0 {
		n, p := v.Now, v.Before[0]
		switch {
		case n.Opened < p.Opened:
			b.Lines = append(
				b.Lines,
				line(
					fmt.Sprintf(
						"Best improvement: %s fewer than %s (%d after %d)", Count(p.Opened-n.Opened, "incident"), v.before(), n.Opened,
						p.Opened,
					),
				),
			)
		case len(n.TTR) >= figures.Few && len(p.TTR) >= figures.Few && n.TTR.Quantile(0.5) < p.TTR.Quantile(0.5):
			b.Lines = append(
				b.Lines,
				line(
					fmt.Sprintf(
						"Best improvement: half were resolved within %s, %s it was %s", figures.Length(n.TTR.Quantile(0.5)), v.before(),
						figures.Length(p.TTR.Quantile(0.5)),
					),
				),
			)
		case n.Failed < p.Failed:
			b.Lines = append(
				b.Lines,
				line(
					fmt.Sprintf(
						"Best improvement: %s fewer than %s (%d after %d)", Count(p.Failed-n.Failed, "failed change"), v.before(),
						n.Failed, p.Failed,
					),
				),
			)
		}
	}
	if len(b.Lines) == 0 {
		return nil
	}
	return b
}

// actionItems are the follow-ups of incidents.
func actionItems(f *figures.Facts, v *View) *Block {
	n := v.Now
	if n.FollowUpsOpen+n.FollowUpsDone == 0 {
		return nil
	}
	b := &Block{
		Title: "Follow-ups",
		Head: bot.T(
			fmt.Sprintf(
				"%d open, %d of them overdue · %d done %s", n.FollowUpsOpen, n.FollowUpsOverdue, n.FollowUpsDone, v.within(),
			),
		),
	}
	list := slices.DeleteFunc(slices.Clone(f.FollowUps), func(t figures.FollowUp) bool { return !t.Done.IsZero() })
	slices.SortStableFunc(list, func(a, b figures.FollowUp) int { return a.Created.Compare(b.Created) })
	for _, t := range list {
		owner := bot.T("nobody")
		if t.Owner != "" {
			owner = bot.T(t.Owner)
		}
		text := line(bot.Bold(t.ID()), " "+value.Cut(t.Text, 70)+" – ", owner, ", "+figures.Length(f.At.Sub(t.Created))+
			" old")
		if !t.Due.IsZero() && t.Due.Before(f.At) {
			text = append(text, bot.T(" ⚠ overdue")...)
		}
		b.Lines = append(b.Lines, text)
	}
	return b
}

// incidentTable are the numbers of the period, and each incident in the thread.
func incidentTable(f *figures.Facts, v *View) *Block {
	b := incidentNumbers(f, v)
	if b == nil {
		return nil
	}
	for k := range f.Incidents {
		i := &f.Incidents[k]
		if i.Hidden() || !i.ActiveIn(v.Period) {
			continue
		}
		text := line(
			bot.Bold(i.ID()),
			" "+i.SeverityLabel()+" "+value.Shown(i.Title, 60)+" · impact "+figures.Length(
				i.Impacted(f.At).And(value.Union(v.Period)).Length(),
			),
		)
		if !i.Open() && !i.Resolved.IsZero() {
			text = append(text, bot.T(" · resolved after "+figures.Length(i.Resolved.Sub(i.Started)))...)
		} else {
			text = append(text, bot.T(" · open")...)
		}
		if len(i.Suspects) > 0 {
			text = append(text, bot.T(" · suspected: "+strings.Join(i.Suspects, ", "))...)
		}
		if !i.ReviewDue.IsZero() && i.Published.IsZero() {
			text = append(text, bot.T(" · review due ", i.ReviewDue)...)
		}
		b.Lines = append(b.Lines, text)
	}
	return b
}

func incidentNumbers(f *figures.Facts, v *View) *Block {
	n := v.Now
	if n.Opened+n.Resolved+n.Open == 0 {
		return nil
	}
	b := &Block{Title: "Incidents"}
	head := Count(n.Opened, "incident") + " opened"
	if n.Opened == 0 {
		head = "no incident opened"
	}
	if t := v.Trend(n.Opened, func(n figures.Numbers) int { return n.Opened }); t != "" {
		head += ", " + t + " " + v.sparkOf(float64(n.Opened), func(n figures.Numbers) float64 { return float64(n.Opened) })
	}
	head += fmt.Sprintf(" · SEV1 or SEV2: %d · users affected for %s\n", n.MajorOpened, figures.Length(n.InImpact))
	if n.Resolved > 0 {
		head += fmt.Sprintf(
			"%s resolved · acknowledged after %s · resolved after %s", Count(n.Resolved, "incident"), n.TTA.Words(),
			n.TTR.Words(),
		)
		head += fmt.Sprintf(" · start known for %d of %d", n.StartKnown, n.Resolved)
	} else {
		head += "none resolved"
	}
	state := "" // apart from what happened in the period
	if list := open(f); len(list) > 0 {
		oldest := slices.MinFunc(list, func(a, b figures.Incident) int { return a.Declared.Compare(b.Declared) })
		state = fmt.Sprintf("\nopen now: %d, the oldest for %s", n.Open, figures.Length(f.At.Sub(oldest.Declared)))
	}
	if n.Answerable > 0 {
		head += fmt.Sprintf(" · acknowledged in time %d of %d", n.InTime, n.Answerable)
	}
	if n.ReviewsDue > 0 {
		head += fmt.Sprintf(" · reviews in time %d of %d", n.ReviewsInTime, n.ReviewsDue)
	}
	if n.Cancelled > 0 {
		head += " · " + Count(n.Cancelled, "false alarm")
	}
	b.Head = bot.T(head + state)
	if h := len(v.Hidden.Incidents); h > 0 {
		b.Head = append(b.Head, bot.T(fmt.Sprintf(" · %s among them", Count(h, "restricted one")))...)
	}
	return b
}

// paging is who was called how often, and what for.
func paging(f *figures.Facts, v *View) *Block {
	if len(f.Rotas) == 0 {
		return nil
	}
	n := v.Now
	b := &Block{Title: "Pages"}
	if n.Pages == 0 {
		b.Head = bot.T("nobody was paged")
		return b
	}
	b.Head = bot.T(Count(n.Pages, "page"))
	if t := v.Trend(n.Pages, func(n figures.Numbers) int { return n.Pages }); t != "" {
		b.Head = append(b.Head, bot.T(", "+t)...)
	}
	b.Head = append(b.Head, bot.T(
		fmt.Sprintf(" · %d while asleep · led to something: %s", n.Asleep, figures.Share(n.Actionable, n.Pages)),
	)...)
	b.Lines = noisiest(f, v.Period)
	return b
}

// noisiest counts pages of the same words.
func noisiest(f *figures.Facts, p value.Span) []bot.Text {
	counts := map[string]int{}
	for _, r := range f.Rotas {
		for _, page := range r.Pages {
			if p.Holds(page.At) {
				counts[page.Text]++
			}
		}
	}
	var texts []string
	for text, n := range counts {
		if n > 1 {
			texts = append(texts, text)
		}
	}
	slices.SortFunc(texts, func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	var lines []bot.Text
	for _, text := range texts[:min(MaxLines, len(texts))] {
		lines = append(lines, line(fmt.Sprintf("%d× ", counts[text]), value.Cut(text, 80)))
	}
	return lines
}

// changeReview is how changes went.
func changeReview(f *figures.Facts, v *View) *Block {
	b := changeNumbers(f, v)
	if b == nil {
		return nil
	}
	for _, c := range failedIn(f, v.Period) {
		b.Lines = append(b.Lines, line("✗ ", bot.Bold(c.ID()), " "+value.Shown(c.Title, 70)+" "+outcome(&c)))
	}
	for _, s := range f.Stray {
		if v.Period.Holds(s.At) {
			b.Lines = append(b.Lines, line("⚠ deployed without a change: "+s.Service+" in "+s.Env+" by ", s.By, " at ", s.At))
		}
	}
	return b
}

func changeNumbers(f *figures.Facts, v *View) *Block {
	n := v.Now
	stray := 0
	for _, s := range f.Stray {
		if v.Period.Holds(s.At) {
			stray++
		}
	}
	if n.Implemented+stray == 0 {
		return nil
	}
	b := &Block{Title: "Changes"}
	head := Count(n.Implemented, "change") + " carried out"
	if n.Implemented > 0 {
		head += fmt.Sprintf(" (%d standard, %d emergency)", n.Standards, n.Emergencies)
		if t := v.Trend(n.Implemented, func(n figures.Numbers) int { return n.Implemented }); t != "" {
			head += ", " + t
		}
		head += " · failed or rolled back: " + failures(n)
		if len(v.Before) > 0 && n.Implemented >= figures.Few && v.Before[0].Implemented >= figures.Few {
			now, before := 100*float64(n.Failed)/float64(n.Implemented), 100*float64(v.Before[0].Failed)/float64(
				v.Before[0].Implemented,
			)
			if d := now - before; d >= 0.05 {
				head += fmt.Sprintf(", %.1f points worse than %s", d, v.before())
			} else if d <= -0.05 {
				head += fmt.Sprintf(", %.1f points better than %s", -d, v.before())
			}
		}
		head += fmt.Sprintf(
			"\nin their window: %s · without approval: %d · approved after %s", figures.Share(n.InWindow, n.Implemented),
			n.Unapproved, n.Waits.Words(),
		)
	}
	if stray > 0 {
		head += fmt.Sprintf(" · %s without a change", Count(stray, "deployment"))
	}
	b.Head = bot.T(head)
	if h := len(v.Hidden.Changes); h > 0 {
		b.Head = append(b.Head, bot.T(fmt.Sprintf(" · %s among them", Count(h, "restricted one")))...)
	}
	return b
}

// failures are how many changes went wrong, and which part of them that is where that says something.
func failures(n figures.Numbers) string {
	if n.Implemented < figures.Few {
		return figures.Share(n.Failed, n.Implemented)
	}
	return fmt.Sprintf("%d (%s)", n.Failed, figures.Share(n.Failed, n.Implemented))
}

// changesAhead is the forward schedule with clashes, and the freezes.
func changesAhead(f *figures.Facts, v *View) *Block {
	days := map[Kind]int{Weekly: 7, CAB: 14, Monthly: 90}[v.Kind]
	ahead := value.Span{From: f.At, To: f.At.AddDate(0, 0, days)}
	b := &Block{Title: fmt.Sprintf("Next %d days", days)}
	list := figures.Only(f.Changes, func(c *figures.Change) bool {
		return !c.Start.IsZero() && (value.Span{From: c.Start, To: c.End}).Overlaps(ahead) &&
			slices.Contains([]string{"pending", "approved", "implementing"}, c.State)
	})
	slices.SortFunc(list, func(a, b figures.Change) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Number, b.Number))
	})
	hidden := 0
	for _, c := range list {
		if c.Hidden() {
			hidden++
			continue
		}
		b.Lines = append(
			b.Lines, line(bot.At(c.Start), " ", bot.Bold(c.ID()), " "+value.Shown(c.Title, 60)+riskLabel(c)+flags(f, &c)),
		)
	}
	if hidden > 0 {
		b.Lines = append(b.Lines, line(Count(hidden, "restricted change")))
	}
	for _, z := range f.Freezes {
		if z.Overlaps(ahead) {
			b.Lines = append(b.Lines, line("❄️ freeze "+z.Name+" from ", z.From, " until ", z.To))
		}
	}
	if len(b.Lines) == 0 {
		b.Head = bot.T("nothing planned")
	}
	return b
}

// availability is the table of services with a target, the worst first.
func availability(f *figures.Facts, v *View) *Block {
	var list []figures.Health
	for _, h := range v.Health {
		if h.Service.Target > 0 && (v.Kind != Weekly || h.Service.Tier <= 2) {
			list = append(list, h)
		}
	}
	if len(list) == 0 {
		if len(f.Services) == 0 {
			return nil
		}
		return &Block{
			Title: "Services", Head: bot.T("no service has a target yet. Set one in the configuration, like slo: 99.9"),
		}
	}
	slices.SortStableFunc(list, func(a, b figures.Health) int { return cmp.Compare(b.Budget.Spent, a.Budget.Spent) })
	b := &Block{Title: "Services"}
	if v.Kind != Monthly {
		b.Title = "Services over 30 days"
	}
	for _, h := range list {
		text := healthLine(h)
		if v.Kind == Monthly {
			text = append(text, bot.T(v.yearSpark(f, h.Service))...)
		}
		b.Lines = append(b.Lines, text)
	}
	return b
}

// yearSpark draws the availability of the months before and this one, as far as the facts reach.
func (v *View) yearSpark(f *figures.Facts, svc bot.Service) string {
	var values []float64
	for k := len(v.Earlier) - 1; k >= 0; k-- {
		values = append(values, v.health(f, svc, v.Earlier[k]).Availability.Ratio)
	}
	values = append(values, v.health(f, svc, v.Period).Availability.Ratio)
	if s := figures.Spark(values); s != "" {
		return " " + s
	}
	return ""
}

// decisions are what the numbers ask for.
func decisions(f *figures.Facts, v *View) *Block {
	b := &Block{Title: "Decide"}
	for _, h := range v.Health {
		if h.Service.Target > 0 && h.Budget.Spent >= 1 {
			b.Lines = append(
				b.Lines,
				line(fmt.Sprintf("Freeze releases of %s? Its budget is %.0f %% spent.", h.Service.Name, 100*h.Budget.Spent)),
			)
		}
	}
	for _, c := range f.Changes {
		if c.State == "pending" && !c.Hidden() && workingTime(c.Submitted, f.At, v.Zone) > 24*time.Hour {
			b.Lines = append(
				b.Lines, line(bot.Bold(c.ID()), " "+value.Shown(c.Title, 70)+" waits for "+strings.Join(c.Waiting, ", ")),
			)
			if len(b.Actions) < 3 {
				b.Actions = append(b.Actions, bot.Action{
					Label: "Decide " + c.ID(), Command: "change.show", Args: map[string]string{"change": c.ID()},
				})
			}
		}
	}
	late := slices.DeleteFunc(slices.Clone(f.FollowUps), func(t figures.FollowUp) bool {
		return !t.Done.IsZero() || t.Due.IsZero() || !t.Due.Before(f.At.AddDate(0, 0, -14))
	})
	for _, t := range late {
		b.Lines = append(b.Lines, line(bot.Bold(t.ID()), " is overdue for two weeks: do it, or drop it?"))
	}
	if len(b.Lines) == 0 {
		return nil
	}
	return b
}

// majorIncidents tells what happened in plain language.
func majorIncidents(f *figures.Facts, v *View) *Block {
	b := &Block{Title: "Major incidents"}
	hidden := 0
	for k := range f.Incidents {
		i := &f.Incidents[k]
		if !i.Major() || !i.Real() || !v.Period.Holds(i.Declared) {
			continue
		}
		if i.Hidden() {
			hidden++
			continue
		}
		text := line(
			value.Short(i.Declared.In(v.Zone), f.At, "2 Jan")+": ", bot.Bold(value.Shown(i.Title, 70)),
			", "+figures.Length(i.Impacted(f.At).Length())+" of impact",
		)
		if i.Impact != "" {
			text = append(text, bot.T(". "+value.Cut(i.Impact, 120))...)
		}
		if i.Resolution != "" {
			text = append(text, bot.T(". "+value.Cut(i.Resolution, 140))...)
		}
		b.Lines = append(b.Lines, text)
	}
	if hidden > 0 {
		b.Lines = append(b.Lines, line(Count(hidden, "restricted incident")))
	}
	if len(b.Lines) == 0 {
		b.Head = bot.T("none")
	}
	return b
}
