package incident

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// The jobs of incidents. Their object is the incident, their argument the platform and what on it.
const (
	openRoom    = "incident.open-room"    // arg: platform
	showCard    = "incident.show-card"    // arg: platform
	postEntry   = "incident.post-entry"   // arg: platform/entry
	invite      = "incident.invite"       // arg: platform/person
	nudge       = "incident.nudge"        // arg: reminder
	beginReview = "incident.begin-review" // arg: none
	closeRoom   = "incident.close-room"   // arg: platform
)

// What goes first where a platform takes only so many messages a minute.
var urgency = map[string]bot.Urgency{openRoom: bot.Now, invite: bot.Now, postEntry: bot.Now, nudge: bot.Reminder, closeRoom: bot.Digest}

// keys name what is made once for an incident on a platform.
func key(what, id, platform string) string { return "incident." + what + "/" + id + "/" + platform }

// openRoom opens an incident's channel and everything in it. It is a sequence of steps that may each be repeated: after a crash it runs again
// from the start, finds what is done by its keys, and goes on at the first step that is not.
func (s *Service) openRoom(ctx context.Context, job bot.Job) error {
	i, err := s.store.Get(ctx, job.Object)
	if err != nil {
		return err
	}
	platform := job.Arg
	room, err := s.chat.OpenRoom(ctx, key("room", i.ID(), platform), i.ID(), platform, roomName(i))
	if errors.Is(err, bot.ErrRefused) {
		room, err = s.threadRoom(ctx, i, platform, err)
	}
	if err != nil {
		return err
	}
	if err := s.showIn(ctx, i, room); err != nil {
		return s.lost(ctx, i, room, err)
	}
	if err := s.broadcast(ctx, i, platform); err != nil {
		return err
	}
	return s.inviteAll(ctx, i, room, job.Attempt)
}

// Attempts to invite somebody before it is left at that.
const inviteAttempts = 3

// inviteAll invites everybody an incident concerns. Whoever cannot be invited must not keep the others out, nor what follows in the lane: after
// a few attempts its lead is told, or whoever declared it.
func (s *Service) inviteAll(ctx context.Context, i *Incident, room bot.Conversation, attempt int) error {
	if room.Thread != "" {
		return nil // a thread has no members
	}
	people, err := s.invited(ctx, i)
	if err != nil && attempt < inviteAttempts {
		return err
	}
	var left []any
	for _, p := range people {
		err := s.chat.Invite(ctx, room, p)
		var wait *bot.RetryAfterError
		var permanent *bot.PermanentError
		switch {
		case err == nil:
		case errors.As(err, &wait), !errors.As(err, &permanent) && attempt < inviteAttempts:
			return err
		default:
			left = append(left, " ", p)
		}
	}
	if len(left) == 0 {
		return nil
	}
	return s.chat.Whisper(ctx, key("not-invited", i.ID(), room.Platform), i.ID(), room, cmp.Or(i.Lead, i.Reporter), bot.Message{Tone: bot.Warning, Sections: []bot.Section{
		{Text: append(bot.T("These people could not be invited to the channel of ", bot.Bold(i.ID()), ":"), append(bot.T(left...), bot.T(". Ask them by another way.")...)...)},
	}})
}

// threadRoom makes the thread below the announcement the room of an incident, where the platform lets us open no channel.
func (s *Service) threadRoom(ctx context.Context, i *Incident, platform string, refused error) (bot.Conversation, error) {
	if err := s.broadcast(ctx, i, platform); err != nil {
		return bot.Conversation{}, err
	}
	ref, err := s.chat.PostedAt(ctx, key("broadcast", i.ID(), platform))
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Conversation{}, &bot.PermanentError{Err: fmt.Errorf("no channel can be opened on %s, and there is no #%s to work in instead: %w", platform, s.channel, refused)}
	}
	if err != nil {
		return bot.Conversation{}, err
	}
	room := ref.Conversation
	room.Thread = ref.ID
	if err := s.chat.UseRoom(ctx, key("room", i.ID(), platform), i.ID(), room); err != nil {
		return room, err
	}
	_, err = s.chat.Post(ctx, key("in-thread", i.ID(), platform), i.ID(), room, bot.Message{Tone: bot.Warning, Sections: []bot.Section{
		bot.Para("This workspace does not let me open a channel for ", bot.Bold(i.ID()), ", so we work in this thread. An administrator can allow it; watchbell doctor says how."),
	}})
	return room, err
}

// lost deals with a room that is gone: archived or deleted by hand, or the bot was removed from it. Work on an open incident goes on in a new
// one, where the job that noticed is repeated.
func (s *Service) lost(ctx context.Context, i *Incident, room bot.Conversation, err error) error {
	if !errors.Is(err, bot.ErrGone) {
		return err
	}
	if !i.State.Open() {
		return nil // its record is complete without
	}
	first, loseErr := s.chat.LoseRoom(ctx, key("room", i.ID(), room.Platform), room)
	if loseErr == nil && first {
		loseErr = s.bySystem(ctx, i.ID(), "incident.move-room", func(i *Incident, now time.Time) bool {
			i.log(MovedEntry, "", now, "Its channel was archived or deleted, or I was removed from it. Work goes on in a new one.")
			return true
		})
	}
	if loseErr != nil {
		return loseErr
	}
	return &bot.RetryAfterError{After: time.Second, Err: err}
}

// closeRoom archives the channel of an incident that ended a while ago.
func (s *Service) closeRoom(ctx context.Context, job bot.Job) error {
	i, err := s.store.Get(ctx, job.Object)
	if err != nil {
		return err
	}
	if i.State != Closed && i.State != Cancelled {
		return nil
	}
	if due := i.Times.Closed.Add(s.keep); due.After(s.clock.Now()) {
		return bot.SnoozeUntil(due)
	}
	return s.chat.CloseRoom(ctx, key("room", i.ID(), job.Arg))
}

// invited are the people an incident concerns from the start: who is on it, and who owns its services. With an error come those who are known.
func (s *Service) invited(ctx context.Context, i *Incident) ([]bot.PersonID, error) {
	people := slices.Clone(i.Responders)
	var failed error
	for _, svc := range s.services {
		if !slices.Contains(i.Services, svc.ID) {
			continue
		}
		people = append(people, svc.Owners...)
		for _, group := range svc.Groups {
			members, err := s.chat.MembersOf(ctx, group)
			failed = errors.Join(failed, err)
			people = append(people, members...)
		}
	}
	slices.Sort(people)
	return slices.Compact(people), failed
}

// showIn sets the topic and shows the pinned card.
func (s *Service) showIn(ctx context.Context, i *Incident, room bot.Conversation) error {
	if err := s.chat.SetTopic(ctx, room, Topic(i)); err != nil && !errors.Is(err, bot.ErrGone) {
		return err
	}
	ref, err := s.chat.Show(ctx, key("card", i.ID(), room.Platform), i.ID(), room, Card(i))
	if err != nil {
		return err
	}
	if err := s.chat.Pin(ctx, key("pin", i.ID(), room.Platform), i.ID(), ref); err != nil {
		return err
	}
	return s.chat.Bookmark(ctx, key("bookmark", i.ID(), room.Platform), i.ID(), room, i.ID()+": how it stands", ref)
}

// broadcast shows the incident in the channel where all are announced.
func (s *Service) broadcast(ctx context.Context, i *Incident, platform string) error {
	to, ok, err := s.chat.FindChannel(ctx, platform, s.channel)
	if err != nil || !ok {
		return err
	}
	var room *bot.Conversation
	if r, err := s.chat.Room(ctx, key("room", i.ID(), platform)); err == nil && r.Thread == "" {
		room = &r
	}
	_, err = s.chat.Show(ctx, key("broadcast", i.ID(), platform), i.ID(), to, Broadcast(i, room))
	return err
}

// showCard makes every projection of an incident on a platform look like its record.
func (s *Service) showCard(ctx context.Context, job bot.Job) error {
	i, err := s.store.Get(ctx, job.Object)
	if err != nil {
		return err
	}
	room, err := s.chat.Room(ctx, key("room", i.ID(), job.Arg))
	if errors.Is(err, bot.ErrNoSuch) && i.State != Closed && i.State != Cancelled {
		return s.openRoom(ctx, job)
	}
	if errors.Is(err, bot.ErrNoSuch) {
		return s.broadcast(ctx, i, job.Arg)
	}
	if err != nil {
		return err
	}
	if err := s.showIn(ctx, i, room); err != nil {
		return s.lost(ctx, i, room, err)
	}
	return s.broadcast(ctx, i, job.Arg)
}

// postEntry posts the message of one timeline entry; what concerns everybody is repeated below the broadcast. What could not be posted for a
// while is told in one message.
func (s *Service) postEntry(ctx context.Context, job bot.Job) error {
	platform, number, _ := strings.Cut(job.Arg, "/")
	seq, err := strconv.Atoi(number)
	if err != nil {
		return &bot.PermanentError{Err: fmt.Errorf("job argument %q: %w", job.Arg, err)}
	}
	i, err := s.store.Get(ctx, job.Object)
	if err != nil {
		return err
	}
	entries, err := s.store.Timeline(ctx, job.Object, seq-1)
	if err != nil || len(entries) == 0 {
		return errors.Join(err, &bot.PermanentError{Err: fmt.Errorf("%s has no entry %d", job.Object, seq)})
	}
	room, err := s.chat.Room(ctx, key("room", i.ID(), platform))
	if errors.Is(err, bot.ErrNoSuch) {
		if !i.State.Open() {
			return nil // its channel was archived
		}
		// It was lost, and what opens another waits behind this in the lane.
		if err = s.openRoom(ctx, bot.Job{Object: i.ID(), Arg: platform, Attempt: job.Attempt}); err == nil {
			room, err = s.chat.Room(ctx, key("room", i.ID(), platform))
		}
	}
	if errors.Is(err, bot.ErrNoSuch) {
		return nil // and lost again: the entry is told when the next one opens
	}
	if err != nil {
		return err
	}
	if err := s.tell(ctx, i, room, s.missed(entries)); err != nil {
		return s.lost(ctx, i, room, err)
	}
	return nil
}

// An entry that waited this long was held up by an outage.
const heldUp = 3 * time.Minute

// missed is the first entry, or, after an outage, all the announced ones from it on.
func (s *Service) missed(entries []Entry) []Entry {
	if s.clock.Now().Sub(entries[0].Recorded) < heldUp {
		return entries[:1]
	}
	return slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool { return !announced[e.Kind] })
}

// tell posts entries to the room, each once: one by itself, several in one message. Those that concern everybody go below the broadcast too.
func (s *Service) tell(ctx context.Context, i *Incident, room bot.Conversation, entries []Entry) error {
	if err := s.tellIn(ctx, i, room, "entry", entries); err != nil {
		return err
	}
	broadcast, err := s.chat.PostedAt(ctx, key("broadcast", i.ID(), room.Platform))
	if errors.Is(err, bot.ErrNoSuch) {
		return nil
	}
	if err != nil {
		return err
	}
	thread := broadcast.Conversation
	thread.Thread = broadcast.ID
	if thread == room {
		return nil
	}
	return s.tellIn(ctx, i, thread, "told", slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool { return !concernsAll(e.Kind) }))
}

func (s *Service) tellIn(ctx context.Context, i *Incident, to bot.Conversation, what string, entries []Entry) error {
	once := func(e Entry) string { return fmt.Sprintf("%s/%d", key(what, i.ID(), to.Platform), e.Seq) }
	var fresh []Entry
	for _, e := range entries {
		_, err := s.chat.PostedAt(ctx, once(e))
		if err != nil && !errors.Is(err, bot.ErrNoSuch) {
			return err
		}
		if err != nil {
			fresh = append(fresh, e)
		}
	}
	switch len(fresh) {
	case 0:
		return nil
	case 1:
		m := EntryMessage(i, fresh[0])
		if what == "told" {
			m.Actions = nil
		}
		_, err := s.chat.Post(ctx, once(fresh[0]), i.ID(), to, m)
		return err
	}
	// Shown and not posted: after a crash in between there may be more to tell.
	ref, err := s.chat.Show(ctx, fmt.Sprintf("%s/%d", key(what+"-missed", i.ID(), to.Platform), fresh[0].Seq), i.ID(), to, missedMessage(i, to.Platform, fresh))
	if err != nil {
		return err
	}
	for _, e := range fresh {
		if err := s.chat.StandsFor(ctx, once(e), i.ID(), ref); err != nil {
			return err
		}
	}
	return nil
}

func concernsAll(k EntryKind) bool {
	return k == UpdateEntry || k == SeverityUp || k == ResolvedEntry || k == ReopenedEntry || k == CancelledEntry
}

func (s *Service) invite(ctx context.Context, job bot.Job) error {
	platform, who, _ := strings.Cut(job.Arg, "/")
	room, err := s.chat.Room(ctx, key("room", job.Object, platform))
	if err != nil {
		return err
	}
	if err := s.chat.Invite(ctx, room, bot.PersonID(who)); err != nil {
		return err
	}
	i, err := s.store.Get(ctx, job.Object)
	if err != nil || i.HandoverTo != bot.PersonID(who) {
		return err
	}
	m := bot.Message{Tone: bot.Warning, Sections: []bot.Section{bot.Para("You are asked to take the lead of ", bot.Bold(i.ID()), ": "+i.Title+". It is yours when you accept.")},
		Actions: []bot.Action{styled(act("I take the lead", "incident.accept", i), bot.Primary), act("Not now", "incident.decline", i)}}
	offer, err := s.offer(ctx, i)
	if err != nil {
		return err
	}
	return s.chat.Whisper(ctx, fmt.Sprintf("%s/%s/%d", key("handover", i.ID(), platform), who, offer), i.ID(), room, i.HandoverTo, m)
}

// offer is the number of the timeline entry that offered the lead to whoever is asked to take it.
func (s *Service) offer(ctx context.Context, i *Incident) (int, error) {
	entries, err := s.store.Timeline(ctx, i.ID(), 0)
	n := 0
	for _, e := range entries {
		if e.Kind == HandoverEntry {
			n = e.Seq
		}
	}
	return n, err
}

// nudge posts a reminder if it is still due, once however often the job runs, and asks to be run again when the next may be.
func (s *Service) nudge(ctx context.Context, job bot.Job) error {
	i, err := s.store.Get(ctx, job.Object)
	if err != nil {
		return err
	}
	r := Reminder(job.Arg)
	n := i.Nudge(r, s.clock.Now(), s.policy)
	if !n.Due.IsZero() {
		if r == ResumeDue {
			return s.wakeUp(ctx, i)
		}
		quiet, err := s.quietUntil(ctx, i)
		if err != nil {
			return err
		}
		if !quiet.IsZero() {
			return bot.SnoozeUntil(quiet)
		}
		if err := s.remind(ctx, i, r, n); err != nil {
			return err
		}
	}
	if n.Next.IsZero() {
		return nil
	}
	return bot.SnoozeUntil(n.Next)
}

// quietUntil is when the night of whoever leads ends, if it is night there now and the incident can wait. Only minor and low ones can.
func (s *Service) quietUntil(ctx context.Context, i *Incident) (time.Time, error) {
	const morning, evening = 8, 20
	if i.Severity != SEV3 && i.Severity != SEV4 {
		return time.Time{}, nil
	}
	who := i.Lead
	if who == "" {
		who = i.Reporter
	}
	zone, err := s.chat.ZoneOf(ctx, who)
	if err != nil {
		return time.Time{}, err
	}
	local := s.clock.Now().In(zone)
	wake := time.Date(local.Year(), local.Month(), local.Day(), morning, 0, 0, 0, zone)
	switch {
	case local.Hour() < morning:
		return wake, nil
	case local.Hour() >= evening:
		return wake.AddDate(0, 0, 1), nil
	}
	return time.Time{}, nil
}

func (s *Service) remind(ctx context.Context, i *Incident, r Reminder, n Nudge) error {
	var failed error
	for _, platform := range s.chat.Platforms() {
		room, err := s.chat.Room(ctx, key("room", i.ID(), platform))
		if errors.Is(err, bot.ErrNoSuch) {
			continue // it opens as soon as the platform can be reached; the others are reminded meanwhile
		}
		if err != nil {
			return err
		}
		once := fmt.Sprintf("%s/%s/%d/%d", key("nudge", i.ID(), platform), r, n.First.Unix(), n.Round)
		m := nudgeMessage(i, r, n)
		if _, err := s.chat.Post(ctx, once, i.ID(), room, m); err != nil {
			failed = errors.Join(failed, s.lost(ctx, i, room, err)) // one platform that is down must not keep the others quiet
			continue
		}
		if r == UpdateDue && n.Round >= 3 {
			if err := s.remindAll(ctx, i, platform, n, m); err != nil {
				return err
			}
		}
		if r == UpdateDue && n.Round >= 2 && i.Deputy != "" {
			if err := s.chat.Direct(ctx, fmt.Sprintf("%s/%s/%d/deputy", key("nudge", i.ID(), platform), r, n.First.Unix()), i.ID(), i.Deputy, m); err != nil {
				return err
			}
		}
	}
	return failed
}

// remindAll says below the announcement, once, that updates are missing: neither the lead nor the deputy answered.
func (s *Service) remindAll(ctx context.Context, i *Incident, platform string, n Nudge, m bot.Message) error {
	broadcast, err := s.chat.PostedAt(ctx, key("broadcast", i.ID(), platform))
	if errors.Is(err, bot.ErrNoSuch) {
		return nil
	}
	if err != nil {
		return err
	}
	thread := broadcast.Conversation
	thread.Thread = broadcast.ID
	_, err = s.chat.Post(ctx, fmt.Sprintf("%s/%s/%d/all", key("nudge", i.ID(), platform), UpdateDue, n.First.Unix()), i.ID(), thread, m)
	return err
}

// wakeUp makes a paused incident active again when its time has come.
func (s *Service) wakeUp(ctx context.Context, i *Incident) error {
	return s.bySystem(ctx, i.ID(), "incident.resume", func(i *Incident, now time.Time) bool {
		return i.State == Paused && !i.ResumeAt.After(now) && i.Unpause(Actor{}, now, s.policy) == nil
	})
}

// FreeRoles frees the roles that people who are no longer here hold in open incidents.
func (s *Service) FreeRoles(ctx context.Context, gone []bot.PersonID) error {
	if len(gone) == 0 {
		return nil
	}
	for before := int64(0); ; {
		list, err := s.store.List(ctx, Filter{Open: true, Before: before, Limit: 200})
		if err != nil {
			return err
		}
		for _, i := range list {
			before = i.Number
			for _, p := range gone {
				if p != i.Lead && p != i.Deputy && p != i.Comms && p != i.Scribe && p != i.HandoverTo {
					continue
				}
				err := s.bySystem(ctx, i.ID(), "incident.unassign", func(i *Incident, now time.Time) bool { return i.Release(p, now) })
				if err != nil {
					return err
				}
			}
		}
		if len(list) < 200 {
			return nil
		}
	}
}

func (s *Service) beginReview(ctx context.Context, job bot.Job) error {
	return s.bySystem(ctx, job.Object, "incident.begin-review", func(i *Incident, now time.Time) bool { return i.BeginReview(now) })
}

// errUnchanged ends an update of the bot's own that has nothing to do.
var errUnchanged = errors.New("unchanged")

// bySystem is a change that the bot makes itself. change reports whether it did anything; otherwise nothing is saved.
func (s *Service) bySystem(ctx context.Context, id, action string, change func(*Incident, time.Time) bool) error {
	now := s.clock.Now()
	_, err := s.store.Update(ctx, id, func(i *Incident) (bot.Effects, error) {
		if !change(i, now) {
			return bot.Effects{}, errUnchanged
		}
		return bot.Effects{
			Audit: bot.Audit{Action: action, Object: i.ID(), Result: bot.ResultDone, Detail: said(i.Fresh()), Source: "watchbell", At: now},
			Jobs:  s.follow(i),
		}, nil
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}
