package oncall

import (
	"context"
	"fmt"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// importShifts replaces the imported shifts that have not begun with those of a calendar file.
func (s *Service) importShifts(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	_, people, err := s.active(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	r, err := s.rota(ctx, c)
	if err == nil {
		err = mine(c, r)
	}
	if err != nil {
		return bot.Reply{}, err
	}
	read, err := ReadShifts(c.File("ics").Data, r, people, c.Now)
	if err != nil {
		return bot.Reply{}, err
	}
	return s.alter(ctx, c, func(r *Rota, stands []Stand) ([]Stand, bot.Message, []bot.Job, error) {
		if err := mine(c, r); err != nil {
			return nil, bot.Message{}, nil, err
		}
		changed, _ := replacing(stands, read.Shifts, c.Person.ID, c.Now)
		return changed, read.message(r, c.Now), nil, nil
	})
}

// shown is how many of the imported shifts the answer shows.
const shown = 5

// message says what was imported and what was left out.
func (x *Import) message(r *Rota, now time.Time) bot.Message {
	zone := r.Location()
	text := bot.T(fmt.Sprintf("Imported %s into ", plural(len(x.Shifts), "shift")), bot.Bold(r.Name), ".")
	for k, s := range x.Shifts {
		if k == shown {
			text = append(text, bot.T(
				fmt.Sprintf("\n• and %d more, the last until ", len(x.Shifts)-k), x.Shifts[len(x.Shifts)-1].To,
			)...)
			break
		}
		text = append(text, bot.T("\n• ", s.Person, " from ", s.From, " until ", s.To)...)
	}
	m := bot.Message{Tone: bot.Good, Sections: []bot.Section{{Text: text}}}
	if len(x.Left) > 0 {
		m.Tone = bot.Warning
		head := fmt.Sprintf("%s left out. ", plural(len(x.Left), "event"))
		left := bot.T(bot.Bold(head))
		if len(x.Unknown) > 0 {
			left = append(left, bot.T(x.unknown())...)
		}
		for _, line := range x.lines(zone, now) {
			left = append(left, bot.T("\n• "+line)...)
		}
		m.Sections = append(m.Sections, bot.Section{Text: left})
	}
	if x.Past > 0 {
		m.Context = append(m.Context, bot.T(plural(x.Past, "event")+" in the past."))
	}
	if !x.Until.IsZero() {
		m.Context = append(
			m.Context,
			bot.T(
				"Repeating events were read until "+x.Until.In(zone).Format("2 Jan 2006")+". Import the file again before then.",
			),
		)
	}
	return m
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
