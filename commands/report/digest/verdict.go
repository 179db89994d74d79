package digest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/figures"
)

// judge says how things stand, and by which rule. The worst reason is the verdict.
func judge(f *figures.Facts, v *View) Verdict {
	var why []Reason
	red := func(rule, format string, args ...any) {
		why = append(why, Reason{Red, fmt.Sprintf(format, args...), rule})
	}
	yellow := func(rule, format string, args ...any) {
		why = append(why, Reason{Yellow, fmt.Sprintf(format, args...), rule})
	}
	for k := range f.Incidents {
		i := &f.Incidents[k]
		switch {
		case !i.Open() || !i.Real():
		case i.Major() && i.Hidden():
			red("An open SEV1 or SEV2 is red.", "a restricted %s is open", figures.SeverityLabel(i.Highest()))
		case i.Major():
			red(
				"An open SEV1 or SEV2 is red.", "%s open %s (%s)", figures.SeverityLabel(i.Highest()),
				figures.Length(f.At.Sub(i.Declared)), i.ID(),
			)
		case i.Lead == "" && !i.Hidden():
			yellow("An open incident without a lead is yellow.", "%s has no lead", i.ID())
		}
	}
	for _, h := range v.Health {
		switch {
		case h.Budget.Spent >= 1 && h.Service.Tier == 1:
			red(
				"An exhausted error budget of a tier 1 service is red.", "error budget of %s spent (%s)", h.Service.Name,
				figures.PercentOf(h.Availability.Ratio, h.Service.Target),
			)
		case h.Below():
			yellow(
				"A service below its target is yellow.", "%s below target (%s)", h.Service.Name,
				figures.PercentOf(h.Availability.Ratio, h.Service.Target),
			)
		case h.Service.Target > 0 && h.Budget.Burn > 1 && h.Budget.Spent > 0.25:
			yellow(
				"A budget that will not last to the end of the period is yellow.", "%s burns its budget %.1f times too fast",
				h.Service.Name, h.Budget.Burn,
			)
		}
	}
	for k := range f.Changes {
		c := &f.Changes[k]
		if c.Hidden() {
			continue
		}
		switch {
		case c.State == "rolling_back":
			red("A change that is being rolled back is red.", "%s is being rolled back", c.ID())
		case c.State == "implementing" && !c.End.IsZero() && c.End.Before(f.At):
			red("A change that runs beyond its window is red.", "%s runs beyond its window", c.ID())
		case c.State == "pending" && workingTime(c.Submitted, f.At, v.Zone) > 24*time.Hour:
			yellow(
				"An approval that waits for more than a working day is yellow.", "%s has waited for approval for %s", c.ID(),
				figures.Length(f.At.Sub(c.Submitted)),
			)
		case c.Implemented() && c.Failed() && v.Period.Holds(c.Finished):
			yellow("A change that failed in the period is yellow.", "%s %s", c.ID(), outcome(c))
		}
	}
	if v.Now.FollowUpsOverdue > 0 {
		yellow("Overdue follow-ups are yellow.", "%s overdue", Count(v.Now.FollowUpsOverdue, "follow-up"))
	}
	for _, r := range f.Rotas {
		if r.Now == "" {
			red("A rota without anybody on call is red.", "nobody is on call for %s", r.Name)
		}
	}
	slices.SortStableFunc(why, func(a, b Reason) int { return cmp.Compare(rank(a.Level), rank(b.Level)) })
	verdict := Verdict{Level: Green, Text: "All is well.", Why: why}
	if len(why) > 0 {
		verdict.Level = why[0].Level
		verdict.Text = sentence(why, map[Level]string{Red: "Needs attention: ", Yellow: "Keep an eye on: "}[verdict.Level])
	}
	return verdict
}

func rank(l Level) int { return slices.Index([]Level{Red, Yellow, Green}, l) }

// sentence names the two worst reasons and how many more there are.
func sentence(why []Reason, start string) string {
	var texts []string
	for _, r := range why[:min(2, len(why))] {
		texts = append(texts, r.Text)
	}
	text := start + strings.Join(texts, ", ")
	if n := len(why) - len(texts); n > 0 {
		text += fmt.Sprintf(", and %d more", n)
	}
	return text + "."
}

// workingTime is how much of the time between lies on days from Monday to Friday.
func workingTime(from, to time.Time, zone *time.Location) time.Duration {
	if from.IsZero() {
		return 0
	}
	h := value.Hours{Days: value.Workdays, From: 0, To: 24 * 60, Zone: zone}
	return h.In(value.Span{From: from, To: to}).Length()
}

func outcome(c *figures.Change) string {
	switch {
	case c.Outcome == "rolled_back":
		if c.Why != "" {
			return "was rolled back: " + value.Cut(c.Why, 100)
		}
		return "was rolled back"
	case c.Outcome == "failed":
		return "failed"
	case c.Caused:
		return "caused an incident"
	case c.Outcome == "success_with_issues":
		return "went well, with issues"
	}
	return "went well"
}

// Article is a name in the middle of a sentence, with the article it takes: an on-call hand-over, a CAB agenda.
func Article(name string) string {
	first, _, _ := strings.Cut(name, " ")
	if first != strings.ToUpper(first) {
		name = strings.ToLower(name[:1]) + name[1:]
	}
	if strings.ContainsRune("aeiouAEIOU", rune(name[0])) {
		return "an " + name
	}
	return "a " + name
}

// Count is a number with its noun, in the plural where it is one.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
