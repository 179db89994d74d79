package oncall

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

var (
	rotaName  = regexp.MustCompile(`^[a-z][a-z0-9-]{1,39}$`)
	turnTime  = regexp.MustCompile(`(?i)^(?:(sun|mon|tue|wed|thu|fri|sat)[a-z]* )?(\d{1,2}):(\d\d)$`)
	weekdays  = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	maxPeople = 30
)

func (s *Service) create(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	r := &Rota{
		Name: strings.ToLower(c.Text("name")), Zone: c.Zone.String(), Escalate: 10 * time.Minute,
		Lead: cmp.Or(c.Who("lead").ID, c.Person.ID), By: c.Person.ID, Made: c.Now, Every: 7, Version: 1,
	}
	if !rotaName.MatchString(r.Name) {
		return bot.Reply{}, bot.Errorf(
			bot.Invalid,
			"Name: %q cannot be the name of a rota. Write 2 to 40 small letters, digits and hyphens, like primary.",
			value.Cut(r.Name, 40),
		).About("name")
	}
	for _, p := range c.Whos("people") {
		r.People = append(r.People, p.ID)
	}
	if len(r.People) > maxPeople {
		return bot.Reply{}, bot.Errorf(bot.Invalid, "People: at most %d take turns in one rota.", maxPeople).About("people")
	}
	if c.Text("tz") != "" {
		zone, err := value.Zone(c.Text("tz"))
		if err != nil {
			return bot.Reply{}, bot.Errorf(bot.Invalid, "Tz: %v", err).About("tz")
		}
		r.Zone = zone.String()
	}
	switch every := c.Text("every"); every {
	case "", "week":
	case "day":
		r.Every = 1
	case "two-weeks":
		r.Every = 14
	}
	if c.Given("escalate") {
		r.Escalate = c.Duration("escalate")
	}
	if r.Escalate < time.Minute {
		return bot.Reply{}, bot.Errorf(bot.Invalid, "Escalate: at least 1m. Write escalate=10m.").About("escalate")
	}
	m := turnTime.FindStringSubmatch(strings.TrimSpace(cmp.Or(c.Text("handover"), "mon 09:00")))
	if m == nil {
		return bot.Reply{}, bot.Errorf(
			bot.Invalid, "Handover: %q is not a time of the week. Write mon 09:00, or 09:00 for shifts of a day.",
			value.Cut(c.Text("handover"), 40),
		).About("handover")
	}
	hour, _ := strconv.Atoi(m[2])
	minute, _ := strconv.Atoi(m[3])
	if hour > 23 || minute > 59 {
		return bot.Reply{}, bot.Errorf(
			bot.Invalid, "Handover: %q is not a time of day. Write it from 00:00 to 23:59, like mon 09:00.",
			value.Cut(c.Text("handover"), 40),
		).About("handover")
	}
	r.Minute = hour*60 + minute
	// The first of the people is on call now: their shift began at the last turn.
	local := c.Now.In(r.Location())
	day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
	if m[1] != "" {
		want := slices.Index(weekdays, strings.ToLower(m[1]))
		day = day.AddDate(0, 0, -(int(day.Weekday())-want+7)%7)
	}
	r.Anchor = day.Format(time.DateOnly)
	if r.turn(0).After(c.Now) {
		r.Anchor = day.AddDate(0, 0, -r.Every).Format(time.DateOnly)
	}
	place := c.Place
	place.Thread = ""
	if place.Channel != "" {
		name, err := s.chat.ChannelName(ctx, place)
		if err != nil {
			return bot.Reply{}, err
		}
		if name != "" {
			r.Place, r.Channel = place, name
		}
	}
	active, _, err := s.active(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	e := c.Effects(object(r.Name), 1, strings.Join(names(r.People), ", "))
	e.Answer = bot.Answer(s.rotaMessage(r, nil, c.Now, "The rota "+r.Name+" is made. ", active))
	err = s.keep.AddRota(ctx, r, e)
	if errors.Is(err, bot.ErrRepeated) {
		return bot.Reply{}, bot.Errorf(bot.Conflict, "There is a rota %s already. See it with: /oncall list", r.Name).About(
			"name",
		)
	}
	return e.Answer, err
}

func names(people []bot.PersonID) []string {
	list := make([]string, len(people))
	for k, p := range people {
		list[k] = string(p)
	}
	return list
}

func (s *Service) end(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, func(r *Rota, _ []Stand) ([]Stand, bot.Message, []bot.Job, error) {
		r.Ended = c.Now
		return nil, done("The rota " + r.Name + " has ended. Nobody is paged by it any more."), nil, nil
	})
}

// alter changes a rota or who stands in.
func (s *Service) alter(
	ctx context.Context, c *bot.Call, decide func(r *Rota, stands []Stand) ([]Stand, bot.Message, []bot.Job, error),
) (bot.Reply, error) {
	found, err := s.rota(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	var reply bot.Reply
	err = s.keep.UpdateRota(
		ctx, found.Name, c.Now.Add(-back),
		func(r *Rota, stands []Stand) ([]Stand, bot.Effects, error) {
			changed, m, jobs, err := decide(r, stands)
			if err != nil {
				return nil, bot.Effects{}, err
			}
			e := c.Effects(object(r.Name), r.Version, m.Plain(c.Zone))
			e.Answer, e.Jobs = bot.Answer(m), jobs
			reply = e.Answer
			return changed, e, nil
		},
	)
	return reply, err
}
