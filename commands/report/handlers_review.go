package report

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/digest"
	"github.com/watchbell/watchbell/commands/report/figures"
	"github.com/watchbell/watchbell/commands/report/meeting"
)

// The jobs of reviews: show one as it is by now, tell somebody what they got. Their object is the run.
const (
	showReview = "report.show-review"
	tellAction = "report.tell-action" // arg: the number of the action
)

// maxActions is how many action items, and how many decisions, one report can have: its minutes are one message.
const maxActions = 20

func (s *Service) reviewCommands() []bot.Command {
	section := bot.Param{Name: "section", Kind: bot.TextParam, Hidden: true, Max: 40}
	present := bot.Param{
		Name: "present", Label: "Who else was there?", Kind: bot.PersonParam, Many: true, Form: true,
		Help: "@ana,@ben; people who pressed a button are noted already.",
	}
	text := func(name, label, help string) bot.Param {
		return bot.Param{
			Name: name, Label: label, Kind: bot.TextParam, Bare: true, Form: true, Required: true, Min: 3, Max: 300, Help: help,
		}
	}
	return []bot.Command{
		{
			Name: "report.review", Common: true, Permission: "report.review", Title: "Start the review", Submit: "Start",
			Summary: "go through a report in its thread, section by section, and post the minutes",
			Example: "/report review R-1", Params: []bot.Param{s.runID(true)}, Handle: s.review,
		},
		{
			Name: "report.discussed", Common: true, Permission: "report.review", Summary: "say that a section was discussed",
			Example: "/report discussed R-1 incidents",
			Params: []bot.Param{
				s.runID(true),
				{Name: "section", Kind: bot.TextParam, Bare: true, Required: true, Max: 40, Help: "Like incidents."},
			},
			Handle: s.discussed,
		},
		{
			Name: "report.action", Common: true, Permission: "report.review", Title: "Add an action", Submit: "Add",
			Summary: "note what somebody takes on; later reports follow it up",
			Example: `/report action R-1 Alert on the pool owner=@dan due="fri 17:00"`,
			Params: []bot.Param{
				s.runID(true), section, text("text", "What", "Like: Alert on the pool of connections."),
				{Name: "owner", Label: "Who", Kind: bot.PersonParam, Bare: true, Form: true, Help: "@dan; nobody yet if left out."},
				{
					Name: "due", Label: "Until", Kind: bot.TimeParam, Word: "due", Form: true, Toward: value.Future,
					Help: "fri 17:00 or 2026-12-24.",
				},
			},
			Handle: s.action,
		},
		{
			Name: "report.decide", Common: true, Permission: "report.review", Title: "Note a decision", Submit: "Note it",
			Summary: "note a decision of the review", Example: "/report decide R-1 No releases of the portal until Friday",
			Params: []bot.Param{
				s.runID(true), section, text("text", "Decision", "Like: No releases of the portal until Friday."),
			},
			Handle: s.decide,
		},
		{
			Name: "report.end", Common: true, Permission: "report.review", Title: "End the review", Submit: "Post the minutes",
			Summary: "end the review and post its minutes", Example: "/report end R-1 present=@ana,@ben",
			Params: []bot.Param{s.runID(true), present}, Handle: s.end,
		},
		{
			Name: "report.done", Common: true, Permission: "report.review", Title: "Action done", Submit: "Done",
			Summary: "say that an action is done", Example: "/report done R-1 2",
			Params: []bot.Param{
				s.runID(true), s.actionNumber(),
			},
			Handle: s.finish,
		},
		{
			Name: "report.assign", Permission: "report.review", Title: "Give an action away", Submit: "Give",
			Summary: "give an action to somebody else", Example: "/report assign R-1 2 @ana",
			Params: []bot.Param{
				s.runID(true), s.actionNumber(), {
					Name: "person", Label: "Who", Kind: bot.PersonParam, Bare: true, Form: true, Required: true, Help: "@ana",
				},
			},
			Handle: s.assign,
		},
	}
}

func (s *Service) actionNumber() bot.Param {
	return bot.Param{
		Name: "n", Label: "Number of the action", Kind: bot.NumberParam, Bare: true, Form: true, Required: true, Min: 1,
		Max: maxActions, Help: "2",
	}
}

// meeting changes the review of a report that was posted, begins it if there is none, and shows it.
func (s *Service) meeting(
	ctx context.Context, c *bot.Call, decide func(*Run, *meeting.Review) (bot.Message, error),
) (bot.Reply, error) {
	seen, err := s.run(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	if !seen.Report.Reviewable() {
		return bot.Reply{}, bot.Errorf(
			bot.Invalid, "%s is %s. Reviews go through weekly and monthly reports and CAB agendas.", seen.ID(),
			digest.Article(seen.Report.Title()),
		).About("run")
	}
	if seen.State != Posted || seen.Place.Channel == "" {
		return bot.Reply{}, bot.Errorf(
			bot.Conflict, "%s was not posted in a channel, so there is nowhere to discuss it. Post one with: /report run %s",
			seen.ID(), seen.Report,
		).About("run")
	}
	var reply bot.Reply
	_, err = s.keep.UpdateRun(ctx, seen.Number, func(r *Run) (bot.Effects, error) {
		if r.Review == nil {
			r.Review = &meeting.Review{}
		}
		had := len(r.Review.Actions)
		m, err := decide(r, r.Review)
		if err != nil {
			return bot.Effects{}, err
		}
		e := c.Effects(r.ID(), r.Version, m.Plain(c.Zone))
		e.Answer = bot.Answer(m)
		if !r.Review.Started.IsZero() {
			e.Jobs = []bot.Job{{Kind: showReview, Object: r.ID()}}
		}
		for _, a := range r.Review.Actions[had:] {
			if a.Owner != "" && a.Owner != a.By {
				e.Jobs = append(e.Jobs, bot.Job{Kind: tellAction, Object: r.ID(), Arg: strconv.Itoa(a.N)})
			}
		}
		reply = e.Answer
		return e, nil
	})
	return reply, err
}

// tellActionOf tells somebody directly what they got, and those who read the report in one line below it.
func (s *Service) tellActionOf(ctx context.Context, job bot.Job) error {
	number, err := parseRun(job.Object)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(job.Arg)
	if err != nil {
		return &bot.PermanentError{Err: fmt.Errorf("job argument %q: %w", job.Arg, err)}
	}
	r, err := s.keep.Run(ctx, number)
	if err != nil || r.Review == nil || n < 1 || n > len(r.Review.Actions) {
		return err
	}
	a := r.Review.Actions[n-1]
	once := key("action", r) + "/" + job.Arg
	m := bot.Message{
		Tone: bot.Info,
		Sections: []bot.Section{{Text: append(bot.T(a.By, " gave you an action of "+r.Content.Title+
			": "), a.Line(r.ID())...)}},
		Actions: []bot.Action{{Label: "Details", Command: "report.details", Args: map[string]string{"run": r.ID()}}},
	}
	if err := s.chat.Direct(ctx, once, r.ID(), a.Owner, m); err != nil {
		return err
	}
	root, err := s.chat.PostedAt(ctx, key("part", r)+"/0")
	if errors.Is(err, bot.ErrNoSuch) {
		return nil
	}
	if err != nil {
		return err
	}
	thread := root.Conversation
	thread.Thread = root.ID
	_, err = s.chat.Post(ctx, once+"/line", r.ID(), thread, bot.Message{
		Sections: []bot.Section{{Text: append(bot.T("➕ "), a.Line(r.ID())...)}},
	})
	if errors.Is(err, bot.ErrGone) {
		return nil
	}
	return err
}

func (s *Service) review(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.meeting(ctx, c, func(r *Run, v *meeting.Review) (bot.Message, error) {
		switch {
		case v.Open():
			return bot.Message{}, bot.Errorf(
				bot.Conflict, "A review of %s is already in progress: %s started it. It is in the thread of the report.", r.ID(),
				v.By,
			)
		case !v.Started.IsZero():
			return bot.Message{}, bot.Errorf(
				bot.Conflict, "The review of %s is over. Its minutes are in the thread of the report.", r.ID(),
			)
		}
		v.Started, v.By = c.Now, c.Person.ID
		v.Attends(c.Person.ID)
		return done(
			"The review has started: its ", digest.Count(len(r.Content.Blocks), "section"),
			" are in the thread of the report, each with its buttons.",
		), nil
	})
}

// going refuses what needs a review that goes on.
func going(r *Run, v *meeting.Review) error {
	if !v.Open() {
		return bot.Errorf(bot.Conflict, "No review of %s is in progress. Start one with: /report review %s", r.ID(), r.ID())
	}
	return nil
}

func (s *Service) discussed(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.meeting(ctx, c, func(r *Run, v *meeting.Review) (bot.Message, error) {
		if err := going(r, v); err != nil {
			return bot.Message{}, err
		}
		name := strings.ToLower(c.Text("section"))
		k := slices.IndexFunc(r.Content.Blocks, func(b digest.Block) bool { return b.Name == name })
		if k < 0 {
			var names []string
			for _, b := range r.Content.Blocks {
				names = append(names, b.Name)
			}
			return bot.Message{}, bot.Errorf(
				bot.Invalid, "Section: %s has no section %q. It has: %s.", r.ID(), shorten(name, 40), strings.Join(names, ", "),
			).About("section")
		}
		v.Attends(c.Person.ID)
		if v.Was(name) != nil {
			return done(r.Content.Blocks[k].Title + " was discussed already."), nil
		}
		v.Discussed = append(v.Discussed, meeting.Point{Section: name, By: c.Person.ID, At: c.Now})
		return done(r.Content.Blocks[k].Title + ": discussed."), nil
	})
}

func (s *Service) action(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.meeting(ctx, c, func(r *Run, v *meeting.Review) (bot.Message, error) {
		if len(v.Actions) >= maxActions {
			return bot.Message{}, bot.Errorf(bot.Invalid, "%s has %d actions already, which is the limit.", r.ID(), maxActions)
		}
		a := meeting.ActionItem{
			N: len(v.Actions) + 1, Section: c.Text("section"), Text: value.Line(c.Text("text")), Owner: c.Who("owner").ID,
			By: c.Person.ID, At: c.Now, Due: c.Time("due"),
		}
		if !a.Due.IsZero() && a.Due.Before(c.Now) {
			return bot.Message{}, bot.Errorf(bot.Invalid, "Until: that is over already. Write a time to come, like: fri 17:00").
				About("due")
		}
		v.Actions = append(v.Actions, a)
		if v.Open() {
			v.Attends(c.Person.ID)
		}
		m := done()
		text := append(bot.T("Noted: "), a.Line(r.ID())...)
		if a.Due.IsZero() {
			text = append(text, bot.T(", no due date")...)
		}
		m.Sections = []bot.Section{{Text: text}}
		if c.Several("owner") {
			m.Sections = append(
				m.Sections,
				bot.Para("The text names several people, so nobody owns it yet. Add it for one with owner=@"+string(c.Person.ID)+
					"."),
			)
		}
		return m, nil
	})
}

func (s *Service) decide(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.meeting(ctx, c, func(r *Run, v *meeting.Review) (bot.Message, error) {
		if err := going(r, v); err != nil {
			return bot.Message{}, err
		}
		if len(v.Decisions) >= maxActions {
			return bot.Message{}, bot.Errorf(bot.Invalid, "%s has %d decisions already.", r.ID(), maxActions)
		}
		v.Decisions = append(v.Decisions, meeting.Point{
			Section: c.Text("section"), Text: value.Line(c.Text("text")), By: c.Person.ID, At: c.Now,
		})
		v.Attends(c.Person.ID)
		return done("Decided: " + value.Line(c.Text("text"))), nil
	})
}

func (s *Service) end(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.meeting(ctx, c, func(r *Run, v *meeting.Review) (bot.Message, error) {
		if err := going(r, v); err != nil {
			return bot.Message{}, err
		}
		v.Attends(c.Person.ID)
		for _, p := range c.Whos("present") {
			v.Attends(p.ID)
		}
		v.Ended = c.Now
		return done(
			fmt.Sprintf(
				"The review of %s is over. Its minutes are in the thread: %s, %s.", r.ID(),
				digest.Count(len(v.Decisions), "decision"), digest.Count(len(v.Actions), "action"),
			),
		), nil
	})
}

// openAction is the action that somebody names, which is not done.
func openAction(c *bot.Call, r *Run, v *meeting.Review) (*meeting.ActionItem, error) {
	n := c.Number("n")
	if n > len(v.Actions) {
		return nil, bot.Errorf(
			bot.NotFound, "%s has %s, so there is no action %d.", r.ID(), digest.Count(len(v.Actions), "action"), n,
		).About("n")
	}
	a := &v.Actions[n-1]
	if !a.Done.IsZero() {
		return nil, bot.Errorf(bot.Conflict, "%s said so already: %s is done.", a.FinishedBy, figures.ActionID(r.ID(), n))
	}
	return a, nil
}

// assign gives an action to somebody else. Its reminders go to them from then on.
func (s *Service) assign(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.meeting(ctx, c, func(r *Run, v *meeting.Review) (bot.Message, error) {
		a, err := openAction(c, r, v)
		if err != nil {
			return bot.Message{}, err
		}
		who := c.Who("person").ID
		if a.Owner == who {
			return bot.Message{}, bot.Errorf(bot.Conflict, "%s owns %s already.", who, figures.ActionID(r.ID(), a.N))
		}
		a.Owner = who
		return done(who, " owns ", bot.Bold(figures.ActionID(r.ID(), a.N)), " now: "+a.Text), nil
	})
}

func (s *Service) finish(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.meeting(ctx, c, func(r *Run, v *meeting.Review) (bot.Message, error) {
		a, err := openAction(c, r, v)
		if err != nil {
			return bot.Message{}, err
		}
		a.Done, a.FinishedBy = c.Now, c.Person.ID
		return done(bot.Bold(figures.ActionID(r.ID(), a.N)), " is done: "+a.Text), nil
	})
}

// showReviewOf shows a review in the thread of its report: the agenda, then the minutes once it is over.
func (s *Service) showReviewOf(ctx context.Context, job bot.Job) error {
	n, err := parseRun(job.Object)
	if err != nil {
		return err
	}
	r, err := s.keep.Run(ctx, n)
	if err != nil || r.Review == nil || r.Review.Started.IsZero() {
		return err
	}
	root, err := s.chat.PostedAt(ctx, key("part", r)+"/0")
	if errors.Is(err, bot.ErrNoSuch) {
		return nil
	}
	if err != nil {
		return err
	}
	thread := root.Conversation
	thread.Thread = root.ID
	for k, m := range r.Review.Agenda(r.ID(), r.Content) {
		if _, err := s.chat.Show(ctx, key("agenda", r)+"/"+r.Content.Blocks[k].Name, r.ID(), thread, m); err != nil {
			return err
		}
	}
	_, err = s.chat.Show(ctx, key("agenda", r)+"/", r.ID(), thread, r.Review.Closing(r.ID(), r.Content))
	if errors.Is(err, bot.ErrGone) {
		return nil
	}
	return err
}
