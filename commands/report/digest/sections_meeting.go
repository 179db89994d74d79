package digest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/figures"
)

// none says so where a list of a hand-over is empty: silence could also mean that nobody looked.
func none(b *Block) *Block {
	if len(b.Lines) == 0 && len(b.Head) == 0 {
		b.Head = bot.T("None.")
	}
	return b
}

func feel(_ *figures.Facts, v *View) *Block {
	b := &Block{Title: "How the shift felt"}
	h := v.Handover
	switch {
	case h == nil:
		return nil
	case h.Feel == "":
		b.Head = bot.T("not said yet")
		b.Actions = []bot.Action{
			{Label: "Say how it felt", Command: "oncall.feel", Args: map[string]string{"handover": h.ID}, Form: true},
		}
	default:
		b.Head = bot.T("“" + value.Cut(h.Feel, 300) + "”")
	}
	return b
}

func openForShift(f *figures.Facts, _ *View) *Block {
	return none(&Block{Title: fmt.Sprintf("Open incidents (%d)", len(open(f))), Lines: openLines(f)})
}

func watchItems(_ *figures.Facts, v *View) *Block {
	b := &Block{Title: "Keep an eye on"}
	if v.Handover != nil {
		for _, w := range v.Handover.Watch {
			b.Lines = append(b.Lines, line(value.Cut(w, 200)))
		}
	}
	return none(b)
}

func recentChanges(f *figures.Facts, v *View) *Block {
	b := &Block{Title: "Changes of the last 48 hours"}
	recent := value.Span{From: f.At.Add(-48 * time.Hour), To: f.At.Add(time.Second)}
	for _, c := range f.Changes {
		if c.Implemented() && recent.Holds(c.Finished) && !c.Hidden() {
			b.Lines = append(b.Lines, line(bot.Bold(c.ID()), " "+value.Shown(c.Title, 70)+" "+outcome(&c)))
		}
	}
	return none(b)
}

func plannedInShift(f *figures.Facts, v *View) *Block {
	b := &Block{Title: "Planned in the shift"}
	if v.Handover == nil {
		return none(b)
	}
	for _, c := range f.Changes {
		if !c.Start.IsZero() && (value.Span{From: c.Start, To: c.End}).Overlaps(v.Handover.Ahead) &&
			slices.Contains([]string{"pending", "approved", "implementing"}, c.State) && !c.Hidden() {
			b.Lines = append(
				b.Lines, line(bot.At(c.Start), " ", bot.Bold(c.ID()), " "+value.Shown(c.Title, 60)+riskLabel(c)+flags(f, &c)),
			)
		}
	}
	for _, z := range f.Freezes {
		if z.Overlaps(v.Handover.Ahead) {
			b.Lines = append(b.Lines, line("❄️ freeze "+z.Name+" until ", z.To))
		}
	}
	return none(b)
}

func shiftPages(f *figures.Facts, v *View) *Block {
	b := &Block{Title: "Pages of the shift"}
	if v.Handover == nil {
		return none(b)
	}
	total, asleep := 0, 0
	for _, r := range f.Rotas {
		if r.Name != v.Handover.Rota {
			continue
		}
		for _, p := range r.Pages {
			if v.Handover.Shift.Holds(p.At) {
				total++
				if p.Class() == "asleep" {
					asleep++
				}
			}
		}
	}
	if total == 0 {
		return none(b)
	}
	b.Head = bot.T(fmt.Sprintf("%d, asleep %d", total, asleep))
	b.Lines = noisiest(f, v.Handover.Shift)
	return b
}

func gapsAhead(f *figures.Facts, v *View) *Block {
	b := &Block{Title: "Gaps and swaps in the next 14 days"}
	for _, r := range f.Rotas {
		if v.Handover != nil && r.Name != v.Handover.Rota {
			continue
		}
		for _, g := range r.Gaps {
			b.Lines = append(b.Lines, line("⚠ nobody from ", g.From, " until ", g.To))
		}
		for _, s := range r.Swaps {
			b.Lines = append(b.Lines, line(s.Person, " stands in for ", s.For, " from ", s.From, " until ", s.To))
		}
	}
	return none(b)
}

// lookBack is what a board looks at first.
func lookBack(f *figures.Facts, v *View) *Block {
	b := &Block{Title: "Look back first"}
	for k := range f.Changes {
		c := &f.Changes[k]
		if c.Hidden() || !c.Implemented() || !v.Period.Holds(c.Finished) {
			continue
		}
		var why []string
		if c.Failed() {
			why = append(why, outcome(c))
		}
		if c.Unapproved() {
			why = append(why, "was not approved")
		}
		if c.Type == "emergency" {
			why = append(why, "was an emergency")
		}
		if len(why) > 0 {
			b.Lines = append(b.Lines, line(bot.Bold(c.ID()), " "+value.Shown(c.Title, 70)+" "+strings.Join(why, ", ")))
		}
	}
	for _, s := range f.Stray {
		if v.Period.Holds(s.At) {
			b.Lines = append(b.Lines, line("⚠ deployed without a change: "+s.Service+" in "+s.Env+" by ", s.By))
		}
	}
	b.Title = fmt.Sprintf("Look back first (%d)", len(b.Lines))
	return none(b)
}

// forDecision lists the changes that a board decides, the riskiest first, then by window.
func forDecision(f *figures.Facts) []figures.Change {
	list := figures.Only(f.Changes, func(c *figures.Change) bool {
		return c.State == "pending" && !c.Hidden() &&
			lacking(c) == ""
	})
	level := map[string]int{"high": 0, "medium": 1, "low": 2, "": 3}
	slices.SortFunc(list, func(a, b figures.Change) int {
		return cmp.Or(cmp.Compare(level[a.Risk], level[b.Risk]), a.Start.Compare(b.Start), cmp.Compare(a.Number, b.Number))
	})
	return list
}

// lacking is what a change has to have before a board looks at it.
func lacking(c *figures.Change) string {
	var list []string
	if !c.Backout {
		list = append(list, "a backout plan")
	}
	if c.Risk == "high" && !c.Test {
		list = append(list, "how it was tested")
	}
	if c.Start.IsZero() {
		list = append(list, "a window")
	}
	if n := len(list); n > 2 {
		list = []string{strings.Join(list[:n-1], ", "), list[n-1]}
	}
	return strings.Join(list, " and ")
}

func toDecide(f *figures.Facts, v *View) *Block {
	list := forDecision(f)
	b := &Block{Title: fmt.Sprintf("To decide (%d)", len(list))}
	for _, c := range list {
		text := line(
			bot.Bold(c.ID()), " "+value.Shown(c.Title, 60)+" · "+strings.ToUpper(cmp.Or(c.Risk, "unknown"))+" · ",
			bot.At(c.Start), ", "+figures.Length(c.End.Sub(c.Start))+" · "+strings.Join(withTiers(f, c.Services), ", "),
		)
		text = append(text, bot.T("\nbackout plan ✓")...)
		if c.Test {
			text = append(text, bot.T(" · tested ✓")...)
		}
		text = append(text, bot.T(strings.TrimPrefix(flags(f, &c), notApproved)+history(f, &c))...)
		if len(c.Reasons) > 0 {
			text = append(text, bot.T(" · "+value.Cut(strings.Join(c.Reasons, "; "), 120))...)
		}
		text = append(text, bot.T(" · by ", c.Requester, " · waits for "+strings.Join(c.Waiting, ", "))...)
		if len(c.Approved) > 0 {
			text = append(text, bot.T(" · approved by "+strings.Join(c.Approved, ", "))...)
		}
		b.Lines = append(b.Lines, text)
		b.Each = append(b.Each, votes(&c))
	}
	return none(b)
}

// votes decide the revision of a change that the board has before it. To put it off is to hold it: nobody can approve
// or start it until it is resumed.
func votes(c *figures.Change) []bot.Action {
	vote := func(label, command string) bot.Action {
		return bot.Action{
			Label: label, Command: command, Args: map[string]string{"change": c.ID(), "revision": strconv.Itoa(c.Revision)},
		}
	}
	yes, no, later := vote("Approve", "change.approve"), vote("Reject", "change.reject"), vote("Defer", "change.hold")
	yes.Style, yes.Form = bot.Primary, c.Risk != "low" // what is risky is shown once more before it is approved
	no.Style = bot.Danger
	delete(later.Args, "revision")
	return []bot.Action{
		yes, no, later, vote("Ask", "change.ask"),
		{Label: "Details", Command: "change.show", Args: map[string]string{"change": c.ID()}},
	}
}

func withTiers(f *figures.Facts, ids []string) []string {
	var list []string
	for _, id := range ids {
		if k := slices.IndexFunc(f.Services, func(s bot.Service) bool { return s.ID == id }); k >= 0 &&
			f.Services[k].Tier > 0 {
			id += fmt.Sprintf(" (tier %d)", f.Services[k].Tier)
		}
		list = append(list, id)
	}
	return list
}

// history is how the last three of the same services went.
func history(f *figures.Facts, c *figures.Change) string {
	var last []string
	for k := len(f.Changes) - 1; k >= 0 && len(last) < 3; k-- {
		o := &f.Changes[k]
		if o.Implemented() && o.Number != c.Number &&
			slices.ContainsFunc(o.Services, func(s string) bool { return slices.Contains(c.Services, s) }) {
			if o.Failed() {
				last = append(last, "failed")
			} else {
				last = append(last, "ok")
			}
		}
	}
	if len(last) == 0 {
		return ""
	}
	slices.Reverse(last)
	return " · last on these services: " + strings.Join(last, " ")
}

func notExecuted(f *figures.Facts, _ *View) *Block {
	b := &Block{Title: "Decided, not carried out"}
	for _, c := range f.Changes {
		if c.State == "approved" && !c.Hidden() && !c.End.IsZero() && c.End.Before(f.At) {
			b.Lines = append(b.Lines, line(bot.Bold(c.ID()), " "+value.Shown(c.Title, 70)+", its window ended ", c.End))
		}
	}
	if len(b.Lines) == 0 {
		return nil
	}
	return b
}

// candidates are kinds of changes that went well three times in the same words, and could be standard ones.
func candidates(f *figures.Facts, _ *View) *Block {
	type key struct{ title, env, services string }
	good, bad := map[key]int{}, map[key]bool{}
	for k := range f.Changes {
		c := &f.Changes[k]
		if c.Type != "normal" || !c.Implemented() || c.Hidden() {
			continue
		}
		id := key{strings.ToLower(strings.TrimRight(c.Title, "0123456789.-v ")), c.Env, strings.Join(c.Services, ",")}
		if c.Outcome == "success" && !c.Caused {
			good[id]++
		} else {
			bad[id] = true
		}
	}
	b := &Block{Title: "Candidates for a template"}
	for id, n := range good {
		if n >= 3 && !bad[id] {
			b.Lines = append(
				b.Lines,
				line(fmt.Sprintf("“%s” on %s went well %d times", value.Cut(id.title, 80), cmp.Or(id.services, "no service"), n)),
			)
		}
	}
	if len(b.Lines) == 0 {
		return nil
	}
	slices.SortFunc(b.Lines, func(a, b bot.Text) int { return cmp.Compare(a.Plain(time.UTC), b.Plain(time.UTC)) })
	return b
}

func notReady(f *figures.Facts, _ *View) *Block {
	b := &Block{Title: "Not ready"}
	for _, c := range f.Changes {
		if c.State != "pending" || c.Hidden() {
			continue
		}
		if what := lacking(&c); what != "" {
			b.Lines = append(b.Lines, line(bot.Bold(c.ID()), " "+value.Shown(c.Title, 60)+" lacks "+what+" – ", c.Requester))
		}
	}
	if len(b.Lines) == 0 {
		return nil
	}
	return b
}
