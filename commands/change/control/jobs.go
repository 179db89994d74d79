package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/commands/change/view"
)

// The jobs of changes. Their object is the change, their argument the platform and what on it.
const (
	followUp     = "change.follow-up"     // arg: the first and the last entry that are new, like 3-4
	showCard     = "change.show-card"     // arg: platform
	postEntry    = "change.post-entry"    // arg: platform/entry
	askPeople    = "change.ask-people"    // arg: none
	tellPeople   = "change.tell-people"   // arg: entry
	lookAt       = "change.look"          // arg: none
	remindPeople = "change.remind-people" // arg: when it was asked for
	tick         = "change.tick"          // each minute
	weekly       = "change.weekly"        // each Monday
	linkIncident = "change.link-incident" // arg: incident/verdict/person; asked for by incidents
	recheckOn    = "change.recheck"       // object: a service that became another to the policy
)

// LinkJob asks for what a change has to do with an incident to be written down.
func LinkJob(change, incident string, how change.Verdict, by bot.PersonID) bot.Job {
	return bot.Job{Kind: linkIncident, Object: change, Arg: incident + "/" + string(how) + "/" + string(by)}
}

// RecheckJob asks for the open changes on a service to be looked at again, because what policies look at of it changed.
func RecheckJob(service string) bot.Job { return bot.Job{Kind: recheckOn, Object: service} }

// keys name what is made once for a change on a platform.
func key(what, id, platform string) string { return "change." + what + "/" + id + "/" + platform }

// followUp adds what follows an alteration of a change. Those of one change run in order, and so does what they add.
func (s *Service) followUp(ctx context.Context, job bot.Job) error {
	var from, to int
	if _, err := fmt.Sscanf(job.Arg, "%d-%d", &from, &to); err != nil {
		return &bot.PermanentError{Err: fmt.Errorf("job argument %q: %w", job.Arg, err)}
	}
	c, err := s.store.Get(ctx, job.Object)
	if err != nil {
		return err
	}
	var fresh []change.Entry
	if to > 0 {
		if fresh, err = s.store.Timeline(ctx, job.Object, from-1); err != nil {
			return err
		}
		fresh = slices.DeleteFunc(fresh, func(e change.Entry) bool { return e.Seq > to })
	}
	return s.chat.AddJobs(ctx, s.following(c, fresh))
}

// following are the jobs that new entries of a change ask for.
func (s *Service) following(c *change.Change, fresh []change.Entry) []bot.Job {
	var jobs []bot.Job
	for _, platform := range s.chat.Platforms() {
		lane := c.ID() + "/" + platform
		jobs = append(jobs, bot.Job{Kind: showCard, Object: c.ID(), Arg: platform, Lane: lane})
		for _, e := range fresh {
			if change.Announced[e.Kind] {
				jobs = append(jobs, bot.Job{
					Kind: postEntry, Object: c.ID(), Arg: fmt.Sprintf("%s/%d", platform, e.Seq), Lane: lane,
				})
			}
		}
	}
	for _, e := range fresh {
		if told[e.Kind] {
			jobs = append(jobs, bot.Job{Kind: tellPeople, Object: c.ID(), Arg: strconv.Itoa(e.Seq)})
		}
	}
	if s.o.Incident != nil {
		for _, x := range c.Incidents {
			jobs = append(jobs, s.o.Incident(x.ID))
		}
	}
	return append(jobs, bot.Job{Kind: askPeople, Object: c.ID()})
}

// showCard makes the card look like the record. A draft is its requester's own affair.
func (s *Service) showCard(ctx context.Context, job bot.Job) error {
	c, err := s.store.Get(ctx, job.Object)
	if err != nil {
		return err
	}
	return s.paint(ctx, c, job.Arg)
}

func (s *Service) paint(ctx context.Context, c *change.Change, platform string) error {
	once := key("card", c.ID(), platform)
	if _, err := s.chat.PostedAt(ctx, once); c.State == change.Draft && errors.Is(err, bot.ErrNoSuch) {
		return nil
	}
	w, err := s.around(ctx, c, false, 0)
	if err != nil {
		return err
	}
	to, ok, err := s.chat.FindChannel(ctx, platform, s.o.Channel)
	if err != nil {
		return err
	}
	m := view.Card(c, w, s.clock.Now())
	if c.State == change.Pending && len(c.FormerVoters()) > 0 { // whoever looks again sees what is new
		diff, err := s.diffSince(ctx, c, c.Revision-1)
		if err != nil {
			return err
		}
		m.Sections = slices.Insert(m.Sections, 1, bot.Section{
			Text: append(bot.T(bot.Bold(fmt.Sprintf("Changed since r%d, which was voted on\n", c.Revision-1))), view.DiffText(
				diff,
			)...),
		})
	}
	if ok {
		_, err = s.chat.Show(ctx, once, c.ID(), to, m)
	}
	// there is no such channel, or it is archived: whoever asked still sees how it stands
	if !ok || errors.Is(err, bot.ErrGone) {
		return s.chat.DirectOn(
			ctx, platform, fmt.Sprintf("change.card-direct/%s/%s/%d", c.ID(), c.State, c.Revision), c.ID(), c.Requester, m,
		)
	}
	return err
}

// postEntry tells one entry of the timeline below the card.
func (s *Service) postEntry(ctx context.Context, job bot.Job) error {
	platform, number, _ := strings.Cut(job.Arg, "/")
	seq, err := strconv.Atoi(number)
	if err != nil {
		return &bot.PermanentError{Err: fmt.Errorf("job argument %q: %w", job.Arg, err)}
	}
	c, err := s.store.Get(ctx, job.Object)
	if err != nil {
		return err
	}
	entries, err := s.store.Timeline(ctx, job.Object, seq-1)
	if err != nil || len(entries) == 0 {
		return errors.Join(err, &bot.PermanentError{Err: fmt.Errorf("%s has no entry %d", job.Object, seq)})
	}
	e := entries[0]
	card, err := s.chat.PostedAt(ctx, key("card", c.ID(), platform))
	if errors.Is(err, bot.ErrNoSuch) {
		return nil
	}
	if err != nil {
		return err
	}
	thread := card.Conversation
	thread.Thread = card.ID
	_, err = s.chat.Post(
		ctx, fmt.Sprintf("%s/%d", key("entry", c.ID(), platform), e.Seq), c.ID(), thread, view.EntryMessage(c, e),
	)
	if errors.Is(err, bot.ErrGone) {
		return nil
	}
	return err
}

// told are the entries that concern people by themselves; tellEntry knows whom.
var told = map[change.EntryKind]bool{
	change.AskedEntry: true, change.RejectedEntry: true, change.ExpiredEntry: true, change.ReopenedEntry: true,
	change.DecidedEntry: true, change.HeldEntry: true, change.NoticeEntry: true, change.GlassEntry: true,
	change.AnsweredEntry: true, change.RollbackEntry: true, change.ReviewEntry: true,
}

// tellPeople sends an entry to those it concerns: one job for each entry, however many platforms there are.
func (s *Service) tellPeople(ctx context.Context, job bot.Job) error {
	seq, err := strconv.Atoi(job.Arg)
	if err != nil {
		return &bot.PermanentError{Err: fmt.Errorf("job argument %q: %w", job.Arg, err)}
	}
	c, err := s.store.Get(ctx, job.Object)
	if err != nil {
		return err
	}
	entries, err := s.store.Timeline(ctx, job.Object, seq-1)
	if err != nil || len(entries) == 0 {
		return errors.Join(err, &bot.PermanentError{Err: fmt.Errorf("%s has no entry %d", job.Object, seq)})
	}
	return s.tellEntry(ctx, c, entries[0])
}

// tellEntry sends an entry to those it concerns, each alone and once.
func (s *Service) tellEntry(ctx context.Context, c *change.Change, e change.Entry) error {
	var who []bot.PersonID
	switch e.Kind {
	case change.RollbackEntry:
		who = []bot.PersonID{c.Requester}
	case change.ReviewEntry:
		if c.State == change.Review { // it waits for it; later ones tell that it was written
			who = []bot.PersonID{c.Requester}
		}
	case change.AskedEntry, change.RejectedEntry, change.ExpiredEntry, change.ReopenedEntry:
		who = []bot.PersonID{c.Requester}
	case change.DecidedEntry:
		who = append([]bot.PersonID{c.Requester}, c.CarriedOutBy()...)
	case change.HeldEntry, change.NoticeEntry, change.GlassEntry:
		who = append([]bot.PersonID{c.Requester}, c.CarriedOutBy()...)
	case change.AnsweredEntry:
		for _, q := range c.Questions {
			if q.Answered.Equal(e.At) {
				who = append(who, q.By)
			}
		}
	}
	if e.Kind == change.GlassEntry {
		w, err := s.around(ctx, c, false, 0)
		if err != nil {
			return err
		}
		for _, group := range []string{w.Policy.Managers, w.Policy.Breakers} {
			for _, m := range w.Today.Groups[group] {
				who = append(who, m.Person)
			}
		}
		for _, st := range c.Needs.Stages {
			for _, m := range c.Pool(st, c.Needs.Groups, w.Roster) {
				who = append(who, m.Person)
			}
		}
	}
	for _, p := range value.Sorted(who) {
		if p == e.By {
			continue
		}
		m := view.EntryMessage(c, e)
		m.Sections[0].Text = append(m.Sections[0].Text, bot.T(" ("+value.Shown(c.Title, 100)+")")...)
		if e.Kind == change.GlassEntry && c.Glass.Second == "" {
			m.Actions = []bot.Action{view.Act("Witness", "change.witness", c), view.Act("Details", "change.show", c)}
		} else {
			m.Actions = append(m.Actions, view.Act("Details", "change.show", c))
		}
		if e.Kind == change.ReviewEntry {
			m.Actions = append([]bot.Action{
				view.Styled(view.Formed(view.Act("Write the review", "change.review", c)), bot.Primary),
			}, m.Actions...)
		}
		if err := s.chat.Direct(ctx, fmt.Sprintf("change.told/%s/%d/%s", c.ID(), e.Seq, p), c.ID(), p, m); err != nil {
			return err
		}
	}
	return nil
}

// errUnchanged ends an update of the bot's own that has nothing to do.
var errUnchanged = errors.New("unchanged")

// system is an alteration that the bot makes itself. decide reports whether it did anything; otherwise nothing is
// saved.
func (s *Service) system(
	ctx context.Context, id, action string, decide func(c *change.Change, look change.Look, at time.Time) (bool, error),
) error {
	_, err := s.store.Update(ctx, id, nil, func(c *change.Change, look change.Look) (bot.Effects, error) {
		now := value.Onward(s.clock.Now(), c.Latest())
		did, err := decide(c, look, now)
		if err != nil {
			return bot.Effects{}, err
		}
		if !did {
			return bot.Effects{}, errUnchanged
		}
		return s.bySystem(c, action, now), nil
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

func (s *Service) linkIncident(ctx context.Context, job bot.Job) error {
	parts := strings.SplitN(job.Arg, "/", 3)
	if len(parts) != 3 {
		return &bot.PermanentError{Err: fmt.Errorf("job argument %q", job.Arg)}
	}
	err := s.system(ctx, job.Object, "change.link", func(c *change.Change, _ change.Look, at time.Time) (bool, error) {
		return c.LinkIncident(parts[0], change.Verdict(parts[1]), bot.PersonID(parts[2]), at), nil
	})
	if errors.Is(err, bot.ErrNoSuch) {
		return &bot.PermanentError{Err: err}
	}
	return err
}

// linked are the jobs that tell incidents of what was just said of this change. What an incident said itself it knows:
// that comes by linkIncident.
func (s *Service) linked(c *change.Change) []bot.Job {
	var jobs []bot.Job
	for _, e := range c.Fresh() {
		id, how, ok := strings.Cut(e.Text, ": ")
		if e.Kind == change.IncidentEntry && ok && s.o.Linked != nil {
			jobs = append(jobs, s.o.Linked(id, c.ID(), change.Verdict(how), e.By))
		}
	}
	return jobs
}

// More than this many asks are one message, at most every four hours.
const (
	bundleFrom  = 3
	bundleEvery = 4 * time.Hour
)

// outage is how long the bot has to be away before approvers get time back.
const outage = 3 * time.Minute

// tellProblem says once in the channel that the policy file was refused.
func (s *Service) tellProblem(ctx context.Context) error {
	p, _, problem, err := s.PolicyNow(ctx)
	if err != nil || problem == "" {
		return err
	}
	m := bot.Message{
		Title: "The change policy was refused", Tone: bot.Critical,
		Sections: []bot.Section{bot.Para(value.Cut(problem, 1500)),
			bot.Para("The policy before stays in force (" + p.SHA[:12] + ").")},
	}
	for _, platform := range s.chat.Platforms() {
		to, ok, err := s.chat.FindChannel(ctx, platform, s.o.Channel)
		if err != nil || !ok {
			return err
		}
		if _, err := s.chat.Post(ctx, key("policy", policy.ShaOf([]byte(problem))[:12], platform), "", to, m); err != nil {
			return err
		}
	}
	return nil
}

// HoldAll puts every approved change on hold and returns how many: after a backup was restored, nobody knows which of
// them were used since it was made.
func (s *Service) HoldAll(ctx context.Context, why string) (int, error) {
	held := 0
	for before := int64(0); ; {
		list, err := s.store.List(ctx, change.Filter{
			States: []change.State{change.Approved, change.Implementing}, Before: before, Limit: 200,
		})
		if err != nil {
			return held, err
		}
		for _, c := range list {
			before = c.Number
			err := s.system(ctx, c.ID(), "change.hold", func(x *change.Change, _ change.Look, at time.Time) (bool, error) {
				if x.State != change.Approved && x.State != change.Implementing || x.Hold.Why != "" {
					return false, nil
				}
				x.Hold = change.Hold{At: at, Why: why}
				x.Log(change.HeldEntry, "", at, "On hold: "+why)
				held++
				return true, nil
			})
			if err != nil {
				return held, err
			}
		}
		if len(list) < 200 {
			return held, nil
		}
	}
}
