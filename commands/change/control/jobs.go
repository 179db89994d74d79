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
)

// The jobs of changes. Their object is the change, their argument the platform and what on it.
const (
	showCard     = "change.show-card"     // arg: platform
	postEntry    = "change.post-entry"    // arg: platform/entry
	askPeople    = "change.ask-people"    // arg: none
	tellPeople   = "change.tell-people"   // arg: entry
	lookAt       = "change.look"          // arg: none
	remindPeople = "change.remind-people" // arg: when it was asked for
	tick         = "change.tick"          // each minute
	weekly       = "change.weekly"        // each Monday
	linkIncident = "change.link-incident" // arg: incident/verdict/person; asked for by incidents
)

// LinkJob asks for what a change has to do with an incident to be written down.
func LinkJob(change, incident string, how change.Verdict, by bot.PersonID) bot.Job {
	return bot.Job{Kind: linkIncident, Object: change, Arg: incident + "/" + string(how) + "/" + string(by)}
}

// keys name what is made once for a change on a platform.
func key(what, id, platform string) string { return "change." + what + "/" + id + "/" + platform }

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
	m := Card(c, w, s.clock.Now())
	if c.State == change.Pending && len(c.FormerVoters()) > 0 { // whoever looks again sees what is new
		diff, err := s.diffSince(ctx, c, c.Revision-1)
		if err != nil {
			return err
		}
		m.Sections = slices.Insert(m.Sections, 1, bot.Section{Text: append(bot.T(bot.Bold(fmt.Sprintf("Changed since r%d, which was voted on\n", c.Revision-1))), diffText(diff)...)})
	}
	if ok {
		_, err = s.chat.Show(ctx, once, c.ID(), to, m)
	}
	if !ok || errors.Is(err, bot.ErrGone) { // there is no such channel, or it is archived: whoever asked still sees how it stands
		return s.chat.DirectOn(ctx, platform, fmt.Sprintf("change.card-direct/%s/%s/%d", c.ID(), c.State, c.Revision), c.ID(), c.Requester, m)
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
	_, err = s.chat.Post(ctx, fmt.Sprintf("%s/%d", key("entry", c.ID(), platform), e.Seq), c.ID(), thread, entryMessage(c, e))
	if errors.Is(err, bot.ErrGone) {
		return nil
	}
	return err
}

func entryMessage(c *change.Change, e change.Entry) bot.Message {
	m := bot.Message{Tone: bot.Info}
	text := bot.T(bot.Bold(c.ID()+" "), value.Cut(e.Text, 1000))
	if e.By != "" {
		text = bot.T(bot.Bold(c.ID()+" "), e.By, ": "+value.Cut(e.Text, 1000))
	}
	switch e.Kind {
	case change.AskedEntry:
		m.Tone, m.Actions = bot.Warning, []bot.Action{styled(act("Answer", "change.answer", c), bot.Primary)}
	case change.RejectedEntry, change.ExpiredEntry, change.CancelledEntry:
		m.Tone, m.Actions = bot.Critical, []bot.Action{act("Revise", "change.revise", c)}
	case change.GlassEntry, change.RollbackEntry:
		m.Tone = bot.Critical
	case change.HeldEntry, change.ReopenedEntry, change.NoticeEntry, change.ExemptEntry:
		m.Tone = bot.Warning
	case change.DecidedEntry, change.ClosedEntry, change.DoneEntry:
		m.Tone = bot.Good
	}
	m.Sections = []bot.Section{{Text: text}}
	return m
}

// told are the entries that concern people by themselves; tellEntry knows whom.
var told = map[change.EntryKind]bool{
	change.AskedEntry: true, change.RejectedEntry: true, change.ExpiredEntry: true, change.ReopenedEntry: true, change.DecidedEntry: true, change.HeldEntry: true, change.NoticeEntry: true, change.GlassEntry: true,
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
		m := entryMessage(c, e)
		m.Sections[0].Text = append(m.Sections[0].Text, bot.T(" ("+value.Shown(c.Title, 100)+")")...)
		if e.Kind == change.GlassEntry && c.Glass.Second == "" {
			m.Actions = []bot.Action{act("Witness", "change.witness", c), act("Details", "change.show", c)}
		} else {
			m.Actions = append(m.Actions, act("Details", "change.show", c))
		}
		if e.Kind == change.ReviewEntry {
			m.Actions = append([]bot.Action{styled(formed(act("Write the review", "change.review", c)), bot.Primary)}, m.Actions...)
		}
		if err := s.chat.Direct(ctx, fmt.Sprintf("change.told/%s/%d/%s", c.ID(), e.Seq, p), c.ID(), p, m); err != nil {
			return err
		}
	}
	return nil
}

// errUnchanged ends an update of the bot's own that has nothing to do.
var errUnchanged = errors.New("unchanged")

// system is an alteration that the bot makes itself. decide reports whether it did anything; otherwise nothing is saved.
func (s *Service) system(ctx context.Context, id, action string, decide func(c *change.Change, look change.Look, at time.Time) (bool, error)) error {
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

// linked are the jobs that tell incidents of what was just said of this change. What an incident said itself it knows: that comes by linkIncident.
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

// askPeople asks those whose turn it is, and tells those who were asked when nothing is needed of them any more.
func (s *Service) askPeople(ctx context.Context, job bot.Job) error {
	c, err := s.store.Get(ctx, job.Object)
	if err != nil {
		return err
	}
	w, err := s.around(ctx, c, true, 0)
	if err != nil {
		return err
	}
	if fresh := c.ToAsk(w); len(fresh) > 0 {
		err := s.system(ctx, c.ID(), "change.ask-people", func(x *change.Change, _ change.Look, at time.Time) (bool, error) {
			if x.Revision != c.Revision {
				return false, nil
			}
			for _, a := range fresh {
				a.At = at
				x.Asked = append(x.Asked, a)
			}
			return true, nil
		})
		if err != nil {
			return err
		}
		return nil // that change asks for this job again
	}
	return s.tellAsked(ctx, c, w)
}

// tellAsked makes the message of everybody who was asked say what is true by now.
func (s *Service) tellAsked(ctx context.Context, c *change.Change, w change.World) error {
	for _, a := range c.Asked {
		m, err := s.askMessage(ctx, c, w, a)
		if err != nil {
			return err
		}
		once := fmt.Sprintf("change.ask/%s/r%d/%s", c.ID(), a.Revision, a.Person)
		waiting, err := s.bundled(ctx, once, a.Person, len(m.Actions) > 1)
		if err != nil {
			return err
		}
		if waiting {
			continue
		}
		if err := s.chat.DirectShow(ctx, once, c.ID(), a.Person, m); err != nil {
			return err
		}
	}
	return nil
}

// More than this many asks are one message, at most every four hours.
const (
	bundleFrom  = 3
	bundleEvery = 4 * time.Hour
)

// bundled reports whether somebody, who was not told of this ask yet, is told of all that waits for them in one message instead.
func (s *Service) bundled(ctx context.Context, once string, who bot.PersonID, needed bool) (bool, error) {
	for _, platform := range s.chat.Platforms() {
		if _, err := s.chat.PostedAt(ctx, once+"/"+platform); err == nil {
			return false, nil // it is there, so it is kept right
		}
	}
	if !needed {
		return true, nil // nothing to ask any more
	}
	waiting, err := s.waiting(ctx, who, bundleFrom+11)
	if err != nil || len(waiting) <= bundleFrom {
		return false, err
	}
	slot := s.clock.Now().Truncate(bundleEvery).Unix()
	return true, s.chat.Direct(ctx, fmt.Sprintf("change.waiting/%s/%d", who, slot), "", who, pendingMessage(waiting, 10))
}

// askMessage asks one person, or says why that is no longer needed.
func (s *Service) askMessage(ctx context.Context, c *change.Change, w change.World, a change.Asked) (bot.Message, error) {
	details := act("Details", "change.show", c)
	over := func(parts ...any) (bot.Message, error) {
		m := bot.Message{Sections: []bot.Section{bot.Para(append([]any{bot.Bold(c.ID()), " " + value.Shown(c.Title, 120) + ": "}, parts...)...)}, Actions: []bot.Action{details}}
		return m, nil
	}
	retro := c.Owed(change.RetroApproval) != nil && !c.State.Ended() && c.State != change.Pending && c.State != change.Approved
	if a.Revision != c.Revision {
		return over(fmt.Sprintf("r%d was replaced by r%d.", a.Revision, c.Revision))
	}
	if v, voted := c.Mine(a.Person, a.Person, a.Stage); voted {
		return over("you have "+change.Past(v.Decision)+" it ", v.At, ".")
	}
	switch {
	case c.State == change.Pending || retro:
	case c.State == change.Approved:
		return over("no longer needed, it is approved by " + change.Voters(c.Stages()) + ".")
	default:
		return over("no longer needed, it is " + strings.ToLower(c.State.Label()) + ".")
	}
	stages := c.OpenStages()
	i := slices.IndexFunc(stages, func(v change.StageView) bool { return v.Name == a.Stage })
	if i < 0 || stages[i].Satisfied() {
		return over("no longer needed, " + a.Stage + " is approved.")
	}
	m := Card(c, w, s.clock.Now())
	m.Title = asking("Your decision is needed: ", c, c.Label(w, s.clock.Now()))
	if retro {
		m.Title = asking("Your approval is needed afterwards: ", c, c.State.Label())
	}
	m.Actions = []bot.Action{approveAction(c, "Approve"), seen(styled(act("Reject", "change.reject", c), bot.Danger), c), seen(act("Ask", "change.ask", c), c), details, act("Delegate", "change.delegate", c)}
	m.Actions[4].Args, m.Actions[4].Form = nil, true
	if slices.Contains(c.FormerVoters(), a.Person) {
		diff, err := s.diffSince(ctx, c, c.Revision-1)
		if err != nil {
			return m, err
		}
		m.Title = fmt.Sprintf("Changed since you approved it: %s r%d", c.ID(), c.Revision)
		m.Sections = append([]bot.Section{{Text: diffText(diff)}}, m.Sections...)
		m.Actions[0].Label, m.Actions[0].Form = "Approve again", false
	}
	return m, nil
}

// diffSince is what changed since a revision.
func (s *Service) diffSince(ctx context.Context, c *change.Change, since int) ([]change.Difference, error) {
	all, err := s.history.Revisions(ctx, []int64{c.Number})
	if err != nil {
		return nil, err
	}
	for _, r := range all[c.Number] {
		if r.N == since {
			return r.Content.Differences(c.Content), nil
		}
	}
	return nil, nil
}

// lookAt does what has come due for a change, each thing once, and comes back when the next does.
func (s *Service) lookAt(ctx context.Context, job bot.Job) error {
	c, err := s.store.Get(ctx, job.Object)
	if err != nil {
		return err
	}
	now := s.clock.Now()
	due := map[change.MomentKind]time.Time{}
	for _, m := range c.Moments() {
		if !m.At.After(now) && m.At.After(due[m.Kind]) {
			due[m.Kind] = m.At
		}
	}
	for _, k := range value.Sorted(value.Keys(due)) {
		if err := s.moment(ctx, c, k, due[k], now); err != nil {
			return err
		}
	}
	for _, platform := range s.chat.Platforms() { // what the clock says on the card
		if err := s.paint(ctx, c, platform); err != nil {
			return err
		}
	}
	if c, err = s.store.Get(ctx, job.Object); err != nil {
		return err
	}
	if next := c.NextAfter(now); !next.IsZero() {
		return bot.SnoozeUntil(next)
	}
	return nil
}

// remindPeople reminds those who have not decided, because the requester asked for it.
func (s *Service) remindPeople(ctx context.Context, job bot.Job) error {
	c, err := s.store.Get(ctx, job.Object)
	if err != nil || c.State != change.Pending {
		return err
	}
	return s.askAgain(ctx, c, change.PageDue, "remind/"+job.Arg)
}

func (s *Service) moment(ctx context.Context, c *change.Change, k change.MomentKind, at, now time.Time) error {
	late := ""
	if d := now.Sub(at); d > 2*time.Minute {
		late = ", " + value.FormatDuration(d) + " ago"
	}
	once := fmt.Sprintf("%s/%d", k, at.Unix())
	switch k {
	case change.ExpireDue:
		return s.system(ctx, c.ID(), "change.expire", func(x *change.Change, _ change.Look, at time.Time) (bool, error) { return x.Lapse(at), nil })
	case change.SecondDue:
		return s.system(ctx, c.ID(), "change.hold", func(x *change.Change, _ change.Look, at time.Time) (bool, error) { return x.Unwitnessed(at), nil })
	case change.SilentDue:
		return s.system(ctx, c.ID(), "change.silent", func(x *change.Change, _ change.Look, at time.Time) (bool, error) { return x.GoneSilent(at), nil })
	case change.OpensSoon:
		if !now.Before(c.Window.Start) {
			return nil
		}
		return s.notice(ctx, c, once, c.CarriedOutBy(), bot.T("Its window opens ", c.Window.Start, "."), act("Details", "change.show", c))
	case change.Opened:
		if !now.Before(c.Window.End) {
			return nil
		}
		return s.notice(ctx, c, once, c.CarriedOutBy(), bot.T("Its window has been open since ", c.Window.Start, late+". It starts when somebody starts it."), styled(act("Start", "change.start", c), bot.Primary))
	case change.OverrunDue:
		return s.notice(ctx, c, once, c.CarriedOutBy(), bot.T("Its window has been over since ", c.Window.End, ". Finish it, roll back, or ask an approver for more time."),
			styled(act("Done", "change.done", c), bot.Primary), act("Roll back", "change.rollback", c), act("More time", "change.extend", c))
	case change.AskAgain, change.PageDue:
		if err := s.askPeople(ctx, bot.Job{Object: c.ID()}); err != nil { // who can decide may be others by now
			return err
		}
		return s.askAgain(ctx, c, k, once)
	case change.DutyDue:
		return s.nag(ctx, c, once)
	}
	return nil
}

// notice says something below the card and to some people, once.
func (s *Service) notice(ctx context.Context, c *change.Change, once string, who []bot.PersonID, text bot.Text, actions ...bot.Action) error {
	m := bot.Message{Tone: bot.Warning, Sections: []bot.Section{{Text: append(bot.T(bot.Bold(c.ID()), " "+value.Shown(c.Title, 100)+": "), text...)}}, Actions: actions}
	for _, platform := range s.chat.Platforms() {
		card, err := s.chat.PostedAt(ctx, key("card", c.ID(), platform))
		if errors.Is(err, bot.ErrNoSuch) {
			continue
		}
		if err != nil {
			return err
		}
		thread := card.Conversation
		thread.Thread = card.ID
		if _, err := s.chat.Post(ctx, key("notice", c.ID(), platform)+"/"+once, c.ID(), thread, m); err != nil && !errors.Is(err, bot.ErrGone) {
			return err
		}
	}
	for _, p := range who {
		if err := s.chat.Direct(ctx, fmt.Sprintf("change.notice/%s/%s/%s", c.ID(), once, p), c.ID(), p, m); err != nil {
			return err
		}
	}
	return nil
}

// askAgain reminds those who have not decided; at night only of emergencies.
func (s *Service) askAgain(ctx context.Context, c *change.Change, k change.MomentKind, once string) error {
	w, err := s.around(ctx, c, true, 0)
	if err != nil {
		return err
	}
	for _, st := range c.OpenStages() {
		if st.Satisfied() || !st.Active {
			continue
		}
		who := c.CanUnblock(st, w.Roster)
		if len(who) > change.AskEach {
			turn := int(c.Number+s.clock.Now().Unix()/3600) % len(who)
			who = []bot.PersonID{who[turn], who[(turn+1)%len(who)]}
		}
		for _, p := range who {
			quiet, err := s.quiet(ctx, p)
			if err != nil {
				return err
			}
			if quiet && k != change.PageDue {
				continue
			}
			waiting, err := s.waiting(ctx, p, bundleFrom+11)
			if err != nil {
				return err
			}
			if len(waiting) > bundleFrom && k != change.PageDue {
				slot := s.clock.Now().Truncate(bundleEvery).Unix()
				if err := s.chat.Direct(ctx, fmt.Sprintf("change.waiting/%s/%d", p, slot), "", p, pendingMessage(waiting, 10)); err != nil {
					return err
				}
				continue
			}
			m := bot.Message{Tone: bot.Warning, Sections: []bot.Section{bot.Para(bot.Bold(c.Ref()), " "+value.Shown(c.Title, 100)+" still waits for your decision ("+st.Name+"). It expires ", c.Deadline(), ".")},
				Actions: []bot.Action{approveAction(c, "Approve"), seen(act("Reject", "change.reject", c), c), act("Details", "change.show", c)}}
			if c.State != change.Pending {
				m.Sections = []bot.Section{bot.Para(bot.Bold(c.Ref()), " "+value.Shown(c.Title, 100)+" was started as an emergency and waits for your approval ("+st.Name+").")}
			}
			if err := s.chat.Direct(ctx, fmt.Sprintf("change.again/%s/%s/%s", c.ID(), once, p), c.ID(), p, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// quiet reports whether it is night, or the weekend, where somebody is.
func (s *Service) quiet(ctx context.Context, who bot.PersonID) (bool, error) {
	zone, err := s.chat.ZoneOf(ctx, who)
	if err != nil {
		return false, err
	}
	local := s.clock.Now().In(zone)
	return local.Hour() < 8 || local.Hour() >= 20 || local.Weekday() == time.Saturday || local.Weekday() == time.Sunday, nil
}

// nag reminds the owner of an overdue duty and the change managers, every day.
func (s *Service) nag(ctx context.Context, c *change.Change, once string) error {
	w, err := s.around(ctx, c, false, 0)
	if err != nil {
		return err
	}
	who := []bot.PersonID{c.Requester}
	if w.Policy != nil {
		for _, m := range w.Today.Groups[w.Policy.Managers] {
			who = append(who, m.Person)
		}
	}
	for _, d := range c.OpenDuties() {
		if !d.Due.After(s.clock.Now()) {
			a := formed(act("Write the review", "change.review", c))
			if d.Kind == change.RetroApproval {
				a = act("Details", "change.show", c)
			}
			if err := s.notice(ctx, c, once+"/"+string(d.Kind), value.Sorted(who), bot.T("the "+d.Kind.Label()+" is overdue since ", d.Due, ". It is listed as an exception in the evidence."), a); err != nil {
				return err
			}
		}
	}
	return nil
}

// outage is how long the bot has to be away before approvers get time back.
const outage = 3 * time.Minute

// tick looks at everything each minute: whether the bot was away, whether the policy file was refused, whether those who voted still may.
func (s *Service) tick(ctx context.Context, _ bot.Job) error {
	now := s.clock.Now()
	last, err := s.memory.Seen(ctx, now)
	if err != nil {
		return err
	}
	if alive := s.alive.Load(); alive != nil {
		last = value.Later(last, *alive) // while nothing waits for anybody, that the bot is alive is not written down
	}
	s.alive.Store(&now)
	away := time.Duration(0)
	if !last.IsZero() && now.Sub(last) > outage {
		away = now.Sub(last)
	}
	if err := s.tellProblem(ctx); err != nil {
		return err
	}
	for before := int64(0); ; {
		list, err := s.store.List(ctx, change.Filter{States: []change.State{change.Pending, change.Approved}, Before: before, Limit: 200})
		if err != nil {
			return err
		}
		for _, c := range list {
			before = c.Number
			if err := s.recheck(ctx, c, away, now); err != nil {
				return err
			}
		}
		if len(list) < 200 {
			return nil
		}
	}
}

// idle reports that the tick has nothing to look at.
func (s *Service) idle(ctx context.Context, now time.Time) (bool, error) {
	if s.o.Policy != "" {
		if _, _, problem, err := s.PolicyNow(ctx); err != nil || problem != "" {
			return false, err
		}
	}
	list, err := s.store.List(ctx, change.Filter{States: []change.State{change.Pending, change.Approved}, Limit: 1})
	if err != nil || len(list) > 0 {
		return false, err
	}
	s.alive.Store(&now)
	return true, nil
}

func (s *Service) recheck(ctx context.Context, c *change.Change, away time.Duration, now time.Time) error {
	if away = min(away, now.Sub(c.Submitted)); away <= outage { // it was submitted to somebody
		away = 0
	}
	w, err := s.around(ctx, c, true, 0)
	if err != nil {
		return err
	}
	probe := *c
	probe.Votes = slices.Clone(c.Votes)
	if probe.Recount(w.Roster, w.Delegations, now) || probe.CheckZone(now) || probe.Tighten(w, now) || away > 0 && probe.State == change.Pending && !probe.Extended {
		err := s.system(ctx, c.ID(), "change.recheck", func(x *change.Change, _ change.Look, at time.Time) (bool, error) {
			if x.Revision != c.Revision {
				return false, nil
			}
			did := x.Recount(w.Roster, w.Delegations, at)
			did = x.CheckZone(at) || did
			did = x.Tighten(w, at) || did
			return x.Extend(away, at) || did, nil
		})
		if err != nil {
			return err
		}
	}
	if soon := c.State == change.Approved && c.Window.Set() && c.Window.Start.Sub(now) < 24*time.Hour; soon || c.State == change.Pending {
		for _, platform := range s.chat.Platforms() { // an incident or a freeze may have come up
			if err := s.paint(ctx, c, platform); err != nil {
				return err
			}
		}
	}
	return nil
}

// tellProblem says once in the channel that the policy file was refused.
func (s *Service) tellProblem(ctx context.Context) error {
	p, _, problem, err := s.PolicyNow(ctx)
	if err != nil || problem == "" {
		return err
	}
	m := bot.Message{Title: "The change policy was refused", Tone: bot.Critical, Sections: []bot.Section{bot.Para(value.Cut(problem, 1500)),
		bot.Para("The policy before stays in force (" + p.SHA[:12] + ").")}}
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

// HoldAll puts every approved change on hold and returns how many: after a backup was restored, nobody knows which of them were used since it was made.
func (s *Service) HoldAll(ctx context.Context, why string) (int, error) {
	held := 0
	for before := int64(0); ; {
		list, err := s.store.List(ctx, change.Filter{States: []change.State{change.Approved, change.Implementing}, Before: before, Limit: 200})
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
