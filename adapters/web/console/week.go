package console

import (
	"math"
	"time"

	"github.com/watchbell/watchbell/adapters/web/markup"
	"github.com/watchbell/watchbell/bot"
)

// weekView is a week as a table whose columns are hours, so that a part of it is a cell with a colspan.
type weekView struct {
	Hours int
	Days  []dayView
	Lanes []laneView
}

type dayView struct {
	Label string
	Hours int // 23 or 25 when the clocks change
	Today bool
}

type laneView struct {
	Title, Note string
	Parts       []partView
}

type partView struct {
	Hours int
	Class string // "" where there is nothing
	Text  []markup.Span
	Note  []markup.Span
}

// hours is how many hours lie between two times.
func hours(from, to time.Time) int { return int(math.Round(to.Sub(from).Hours())) }

// narrow is up to how many hours a part has no room for its small print.
const narrow = 16

func (l looker) week(w *bot.Week) *weekView {
	if w == nil {
		return nil
	}
	zone := l.v.Location()
	view := &weekView{Hours: hours(w.From, w.To)}
	for day := w.From.In(zone); day.Before(w.To); day = day.AddDate(0, 0, 1) {
		next := day.AddDate(0, 0, 1)
		view.Days = append(view.Days, dayView{
			day.Format("Mon 2 Jan"), hours(day, next), !l.now.Before(day) && l.now.Before(next),
		})
	}
	for _, lane := range w.Lanes {
		shown, at := laneView{Title: lane.Title, Note: lane.Note}, 0
		for _, p := range lane.Parts {
			from, to := max(hours(w.From, p.From), at), min(hours(w.From, p.To), view.Hours)
			if to <= from {
				continue
			}
			if from > at {
				shown.Parts = append(shown.Parts, partView{Hours: from - at})
			}
			shown.Parts = append(shown.Parts, partView{to - from, classOf(p, to-from), l.text(p.Text), l.text(p.Note)})
			at = to
		}
		if at < view.Hours {
			shown.Parts = append(shown.Parts, partView{Hours: view.Hours - at})
		}
		view.Lanes = append(view.Lanes, shown)
	}
	return view
}

func classOf(p bot.Stretch, wide int) string {
	class := "shift"
	switch {
	case p.Gap:
		class += " gap"
	case p.Yours:
		class += " me"
	case p.Instead:
		class += " over"
	}
	if wide <= narrow {
		class += " slim"
	}
	return class
}
