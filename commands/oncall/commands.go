package oncall

import (
	"context"
	"regexp"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/calendar"
	"github.com/watchbell/watchbell/bot/value"
)

// Capability is everything the bot needs to know of being on call.
func (s *Service) Capability() bot.Capability {
	return bot.Capability{
		Noun: bot.Noun{
			Name: "oncall", Aliases: []string{"on-call"}, Summary: "who is on call, pages, swaps and hand-overs",
			Groups: groups, Buttons: []bot.Action{{Label: "Who is on call", Command: "oncall.who"}, newAction},
		},
		Grants:   grants,
		Commands: s.commands(),
		Pages:    []bot.View{{Name: viewName, Title: "On call", Icon: "phone", Command: "oncall.who", Board: s.board}},
		Estate:   &bot.Estate{Owned: s.owned, Hand: s.hand},
		Dues:     func(ctx context.Context) ([]bot.Due, error) { return s.keep.Dues(ctx) },
		Jobs: map[string]bot.JobHandler{
			tick: s.turns, callNext: s.call, ringPage: s.ring, showPage: s.show, tellStand: s.tell,
			followGroup: s.follow,
		},
		Schedules: []bot.Schedule{{Name: tick, Cron: "* * * * *", Zone: time.UTC, Kind: tick, Idle: s.idle}},
		Urgency: map[string]bot.Urgency{
			callNext: bot.Wake, ringPage: bot.Wake, showPage: bot.Now, tellStand: bot.Now, followGroup: bot.Now,
			tick: bot.Reminder,
		},
		Prefix: "PAGE",
		Mine:   s.own,
		Rings:  s.rings,
		Crew:   s.crew,
	}
}

// groups are the commands by what people do.
var groups = []bot.Group{
	{Title: "Look", Verbs: []string{"who", "list", "gaps"}},
	{Title: "Call somebody", Verbs: []string{"page", "ack", "finish"}},
	{Title: "Swap and override", Verbs: []string{"override", "swap", "take"}},
	{Title: "Hand over", Verbs: []string{"feel", "accept"}},
	{Title: "Rotas", Verbs: []string{"new", "group", "import", "end"}},
}

func choices(values ...string) func(context.Context) ([]bot.Option, error) {
	var o []bot.Option
	for _, v := range values {
		o = append(o, bot.Option{Value: v, Label: v})
	}
	return func(context.Context) ([]bot.Option, error) { return o, nil }
}

func (s *Service) rotaParam() bot.Param {
	return bot.Param{
		Name: "rota", Label: "Rota", Kind: bot.ChoiceParam, Bare: true, Form: true,
		Help: "Like primary; with only one you can leave it out.",
		Options: func(ctx context.Context) ([]bot.Option, error) {
			all, err := s.keep.Rotas(ctx)
			var o []bot.Option
			for _, r := range all {
				o = append(o, bot.Option{Value: r.Name, Label: r.Name})
			}
			return o, err
		},
	}
}

func (s *Service) commands() []bot.Command {
	person := func(help string) bot.Param {
		return bot.Param{
			Name: "person", Label: "Who", Kind: bot.PersonParam, Bare: true, Form: true, Required: true, Help: help,
		}
	}
	from := bot.Param{
		Name: "from", Label: "From", Kind: bot.TimeParam, Form: true, Toward: value.Future,
		Help: "fri 18:00; by default now, or of a swap your next shift.",
	}
	until := bot.Param{
		Name: "until", Label: "Until", Kind: bot.TimeParam, Word: "until", Form: true, Toward: value.Future,
		Help: "sat 18:00 or 2026-12-24 09:00.",
	}
	text := func(name, label, help string, max int) bot.Param {
		return bot.Param{Name: name, Label: label, Kind: bot.TextParam, Form: true, Max: max, Help: help}
	}
	handover := bot.Param{
		Name: "handover", Kind: bot.RefParam, Prefix: "HO", Bare: true, Required: true, Help: "HO-1",
		Options: func(ctx context.Context) ([]bot.Option, error) {
			list, err := s.keep.Handovers(ctx, "", true, bot.MaxOptions)
			var o []bot.Option
			for _, h := range list {
				o = append(o, bot.Option{Value: h.ID(), Label: h.ID() + " " + h.Rota})
			}
			return o, err
		},
	}
	page := bot.Param{
		Name: "page", Kind: bot.RefParam, Prefix: "PAGE", Bare: true, Required: true,
		Help: "PAGE-1; in its thread you can leave it out.",
		Options: func(ctx context.Context) ([]bot.Option, error) {
			list, err := s.keep.Pages(ctx, "", s.clock.Now().Add(-24*time.Hour))
			var o []bot.Option
			for k := len(list) - 1; k >= 0 && len(o) < bot.MaxOptions; k-- {
				o = append(o, bot.Option{Value: list[k].ID(), Label: value.Cut(list[k].ID()+" "+list[k].Text, 70)})
			}
			return o, err
		},
	}
	required := func(p bot.Param) bot.Param { p.Required = true; return p }
	unasked := func(p bot.Param) bot.Param { p.Form = false; return p }
	return []bot.Command{
		{
			Name: "oncall.who", Common: true, Permission: "oncall.who", Reads: true,
			Summary: "who is on call now, and who comes next",
			Example: "/oncall who", Handle: s.who,
			Params: []bot.Param{
				unasked(s.rotaParam()), {Name: "week", Kind: bot.DayParam, Hidden: true, Toward: value.Either},
			},
		},
		{
			Name: "oncall.list", Common: true, Aliases: []string{"ls"}, Permission: "oncall.list", Reads: true,
			Summary: "all rotas with their next shifts", Example: "/oncall list", Handle: s.list,
		},
		{
			Name: "oncall.gaps", Common: true, Permission: "oncall.list", Reads: true,
			Summary: "when nobody is on call in the next fortnight", Example: "/oncall gaps", Handle: s.gaps,
		},
		{
			Name: "oncall.page", Common: true, Permission: "oncall.page", Title: "Page", Submit: "Call them",
			Global: "Page who is on call", Summary: "page the person on call; if nobody answers, the next one is paged",
			Example: "/oncall page primary Checkout is down",
			Params: []bot.Param{s.rotaParam(), required(func() bot.Param {
				p := text("text", "What is wrong", "In one sentence; it is read on a phone at night.", 300)
				p.Bare = true
				return p
			}())}, Handle: s.page,
		},
		{
			Name: "oncall.ack", Common: true, Permission: "oncall.ack", Title: "Take the page", Submit: "I take it",
			Summary: "answer a page: nobody else is called", Example: "/oncall ack PAGE-1", Params: []bot.Param{page},
			Handle: s.ack,
		},
		{
			Name: "oncall.finish", Common: true, Permission: "oncall.ack", Title: "What it led to", Submit: "Save",
			Summary: "say what a page led to", Example: "/oncall finish PAGE-1 noise",
			Params: []bot.Param{
				page,
				{
					Name: "result", Label: "Result", Kind: bot.ChoiceParam, Fixed: true, Bare: true, Form: true, Required: true,
					Options: choices(string(Handled), string(Incident), string(Noise)),
					Match:   regexp.MustCompile(`(?i)^(handled|incident|noise)$`), Help: "handled, incident or noise.",
				},
				text("note", "Note", "Optional.", 300),
			}, Handle: s.finish,
		},
		{
			Name: "oncall.override", Common: true, Permission: "oncall.override", Title: "Override a shift", Submit: "Save",
			Summary: "put somebody on call for a time", Example: `/oncall override primary @ben until "sat 18:00"`,
			Params: []bot.Param{s.rotaParam(), person("@ben"), from, until, text("why", "Why", "Optional.", 200)},
			Handle: s.override,
		},
		{
			Name: "oncall.swap", Common: true, Permission: "oncall.swap", Title: "Swap a shift", Submit: "Ask them",
			Summary: "ask somebody to swap your next shift with theirs, or to take a part of yours",
			Example: "/oncall swap primary @ben",
			Params:  []bot.Param{s.rotaParam(), person("@ben"), from, until}, Handle: s.swap,
		},
		{
			Name: "oncall.take", Common: true, Permission: "oncall.swap",
			Summary: "take or decline a shift that somebody offers", Example: "/oncall take primary 1 yes",
			Params: []bot.Param{
				unasked(s.rotaParam()),
				{
					Name: "offer", Kind: bot.NumberParam, Bare: true, Required: true, Min: 1, Max: 1 << 30,
					Help: "The number of the offer.",
				},
				{
					Name: "answer", Kind: bot.ChoiceParam, Fixed: true, Bare: true, Options: choices("yes", "no"),
					Match: regexp.MustCompile(`(?i)^(yes|no)$`), Help: "yes (default) or no.",
				},
			},
			Handle: s.take,
		},
		{
			Name: "oncall.accept", Common: true, Permission: "oncall.accept", Title: "Accept the hand-over",
			Submit:  "I take over",
			Summary: "take over the shift", Example: "/oncall accept HO-1", Params: []bot.Param{handover}, Handle: s.accept,
		},
		{
			Name: "oncall.feel", Common: true, Permission: "oncall.accept", Title: "How was the shift?", Submit: "Say so",
			Summary: "tell who takes over how the shift felt, and what to keep an eye on",
			Example: `/oncall feel HO-1 feel="Bumpy, VPN still shaky" watch="Do not restart gw-2"`,
			Params: []bot.Param{
				handover, required(text("feel", "How it felt", "In one line.", 300)),
				{
					Name: "watch", Label: "Keep an eye on", Kind: bot.TextParam, Form: true, Paragraph: true, Max: 2000,
					Help: "A line each; gone when the next shift ends.",
				},
			},
			Handle: s.feel,
		},
		{
			Name: "oncall.new", Common: true, Permission: "oncall.new", Title: "Make a rota", Submit: "Make it",
			Summary: "make a rota: the first of its people is on call from now on",
			Example: `/oncall new primary people=@ana,@ben handover="mon 09:00"`,
			Params: []bot.Param{required(func() bot.Param { p := text("name", "Name", "Like primary.", 40); return p }()),
				{
					Name: "people", Label: "People, in the order of their turns", Kind: bot.PersonParam, Many: true, Form: true,
					Help: "@ana,@ben; none if all shifts are imported.",
				},
				text("handover", "Hand-over", "mon 09:00 (default), or 09:00 for shifts of a day.", 20),
				text("tz", "Time zone", "Like Europe/Berlin; by default yours.", 60),
				{
					Name: "every", Label: "Length of a shift", Kind: bot.ChoiceParam, Fixed: true, Form: true,
					Options: choices("day", "week", "two-weeks"), Help: "day, week (default) or two-weeks.",
				},
				{
					Name: "escalate", Kind: bot.DurationParam, Longest: 4 * time.Hour,
					Help: "When an unanswered page escalates: 10m (default).",
				}, {Name: "lead", Kind: bot.PersonParam, Help: "Asked when nobody else answers; by default you."}},
			Handle: s.create,
		},
		{
			Name: "oncall.group", Permission: "oncall.override", Title: "Follow a rota", Submit: "Save",
			Summary: "let a user group of Slack follow a rota: its member is who is on call",
			Example: "/oncall group primary slack:@oncall",
			Params: []bot.Param{
				s.rotaParam(), required(func() bot.Param {
					p := text("group", "User group", "Like slack:@oncall; none ends it.", 100)
					p.Bare = true
					return p
				}()),
			},
			Handle: s.setGroup,
		},
		{
			Name: "oncall.end", Permission: "oncall.override", Summary: "end a rota", Example: "/oncall end primary",
			Params: []bot.Param{required(unasked(s.rotaParam()))},
			Handle: func(ctx context.Context, c *bot.Call) (bot.Reply, error) {
				r, err := s.rota(ctx, c)
				if err == nil {
					err = mine(c, r)
				}
				if err != nil {
					return bot.Reply{}, err
				}
				return s.end(ctx, c)
			},
		},
		{
			Name: "oncall.import", Permission: "oncall.override", Title: "Import shifts", Submit: "Import",
			Summary: "import shifts from a calendar file", Example: "/oncall import primary",
			Params: []bot.Param{
				s.rotaParam(),
				{Name: "ics", Label: "Calendar", Kind: bot.FileParam, Form: true, Required: true, Max: calendar.MaxSize,
					Help: "An .ics file of at most 4 MiB; at a terminal: watchbell import shifts primary rota.ics"},
			},
			Handle: s.importShifts,
		},
	}
}
