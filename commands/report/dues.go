package report

import (
	"fmt"
	"strconv"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/report/figures"
)

// Dues are the actions of its review that have a date and are not done.
func (r *Run) Dues() []bot.Due {
	if r.Review == nil {
		return nil
	}
	var list []bot.Due
	for _, a := range r.Review.Actions {
		if a.Due.IsZero() || !a.Done.IsZero() {
			continue
		}
		which := map[string]string{"run": r.ID(), "n": strconv.Itoa(a.N)}
		list = append(list, bot.Due{
			Object: r.ID(), What: fmt.Sprintf("action %d", a.N), Name: figures.ActionID(r.ID(), a.N),
			At:   a.Due.UTC().Truncate(time.Microsecond),
			Text: a.Text, Owner: a.Owner, Team: r.Scope.Team,
			Audience: bot.Audience{Services: r.Scope.Services, Channel: r.Channel},
			Done:     &bot.Action{Label: "Done", Command: "report.done", Args: which},
			Reassign: &bot.Action{Label: "Reassign", Command: "report.assign", Args: which, Form: true},
			Open:     &bot.Action{Label: "Open", Command: "report.details", Args: map[string]string{"run": r.ID()}},
			Since:    a.At.UTC().Truncate(time.Microsecond), Ladder: bot.LadderOf(a.At, a.Due),
		})
	}
	return list
}
