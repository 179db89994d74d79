package response

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/incident"
)

// openRoom opens an incident's channel and everything in it. It is a sequence of steps that may each be repeated: after
// a crash it runs again from the start, finds what is done by its keys, and goes on at the first step that is not.
func (s *Service) openRoom(ctx context.Context, job bot.Job) error {
	i, err := s.store.Get(ctx, job.Object)
	if err != nil {
		return err
	}
	platform := job.Arg
	room, err := s.chat.OpenRoom(
		ctx, key("room", i.ID(), platform), i.ID(), incident.HomeOn(i, platform), incident.RoomName(i),
	)
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
	if err := s.catchUp(ctx, i, room); err != nil {
		return s.lost(ctx, i, room, err)
	}
	return s.inviteAll(ctx, i, room, job.Attempt)
}

// maxOpenRooms are as many rooms as an adapter reads that was away.
const maxOpenRooms = 100

// openRooms are the rooms of open incidents on a platform, newest first.
func (s *Service) openRooms(ctx context.Context, platform string) ([]bot.Conversation, error) {
	list, err := s.store.List(ctx, Filter{Open: true, Limit: maxOpenRooms})
	if err != nil {
		return nil, err
	}
	var rooms []bot.Conversation
	for _, i := range list {
		room, err := s.chat.Room(ctx, key("room", i.ID(), platform))
		switch {
		case err == nil:
			rooms = append(rooms, room)
		case !errors.Is(err, bot.ErrNoSuch):
			return nil, err
		}
	}
	return rooms, nil
}

// catchUp tells what was said of an incident that ended before it had a room: the jobs that would have told it found
// none.
func (s *Service) catchUp(ctx context.Context, i *incident.Incident, room bot.Conversation) error {
	if i.State.Open() {
		return nil
	}
	entries, err := s.store.Timeline(ctx, i.ID(), 0)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !incident.Announced[e.Kind] {
			continue
		}
		if err := s.tell(ctx, i, room, []incident.Entry{e}); err != nil {
			return err
		}
	}
	return nil
}

// Attempts to invite somebody before it is left at that.
const inviteAttempts = 3

// inviteAll invites everybody an incident concerns. Whoever cannot be invited must not keep the others out, nor what
// follows in the lane: after a few attempts its lead is told, or whoever declared it.
func (s *Service) inviteAll(ctx context.Context, i *incident.Incident, room bot.Conversation, attempt int) error {
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
	return s.chat.Whisper(
		ctx, key("not-invited", i.ID(), room.Platform), i.ID(), room, cmp.Or(i.Lead, i.Reporter),
		bot.Message{Tone: bot.Warning, Sections: []bot.Section{
			{
				Text: append(bot.T(
					"These people could not be invited to the channel of ", bot.Bold(i.ID()), ":",
				), append(bot.T(left...), bot.T(
					". Ask them by another way.",
				)...)...),
			},
		}},
	)
}

// threadRoom makes the thread below the announcement the room of an incident, where the platform lets us open no
// channel.
func (s *Service) threadRoom(
	ctx context.Context, i *incident.Incident, platform string, refused error,
) (bot.Conversation, error) {
	if err := s.broadcast(ctx, i, platform); err != nil {
		return bot.Conversation{}, err
	}
	ref, err := s.chat.PostedAt(ctx, key("broadcast", i.ID(), platform))
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Conversation{}, &bot.PermanentError{
			Err: fmt.Errorf(
				"no channel can be opened on %s, and there is no #%s to work in instead: %w", platform, s.channel, refused,
			),
		}
	}
	if err != nil {
		return bot.Conversation{}, err
	}
	room := ref.Conversation
	room.Thread = ref.ID
	if err := s.chat.UseRoom(ctx, key("room", i.ID(), platform), i.ID(), room); err != nil {
		return room, err
	}
	_, err = s.chat.Post(ctx, key("in-thread", i.ID(), platform), i.ID(), room, bot.Message{
		Tone: bot.Warning,
		Sections: []bot.Section{
			bot.Para(
				"This workspace does not let me open a channel for ", bot.Bold(i.ID()),
				", so we work in this thread. An administrator can allow it; watchbell doctor says how.",
			),
		},
	})
	return room, err
}

// lost deals with a room that is gone: archived or deleted by hand, or the bot was removed from it. Work on an open
// incident goes on in a new one, where the job that noticed is repeated.
func (s *Service) lost(ctx context.Context, i *incident.Incident, room bot.Conversation, err error) error {
	if !errors.Is(err, bot.ErrGone) {
		return err
	}
	if !i.State.Open() {
		return nil // its record is complete without
	}
	first, loseErr := s.chat.LoseRoom(ctx, key("room", i.ID(), room.Platform), room)
	if loseErr == nil && first {
		loseErr = s.bySystem(ctx, i.ID(), "incident.move-room", func(i *incident.Incident, now time.Time) bool {
			i.Log(
				incident.MovedEntry, "", now,
				"Its channel was archived or deleted, or I was removed from it. Work goes on in a new one.",
			)
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
	if i.State != incident.Closed && i.State != incident.Cancelled {
		return nil
	}
	if due := i.Times.Closed.Add(s.keep); due.After(s.clock.Now()) {
		return bot.SnoozeUntil(due)
	}
	return s.chat.CloseRoom(ctx, key("room", i.ID(), job.Arg))
}

// invited are the people an incident concerns from the start: who is on it, and who owns its services. With an error
// come those who are known.
func (s *Service) invited(ctx context.Context, i *incident.Incident) ([]bot.PersonID, error) {
	people := slices.Clone(i.Responders)
	services, failed := s.services(ctx)
	for _, svc := range services {
		if !slices.Contains(i.Services, svc.ID) {
			continue
		}
		people = append(people, svc.Owners...)
		for _, group := range svc.ChatGroups {
			members, err := s.chat.MembersOf(ctx, group)
			failed = errors.Join(failed, err)
			people = append(people, members...)
		}
	}
	slices.Sort(people)
	return slices.Compact(people), failed
}

// showIn shows the pinned card and sets the topic.
func (s *Service) showIn(ctx context.Context, i *incident.Incident, room bot.Conversation) error {
	m, err := s.card(ctx, i)
	if err != nil {
		return err
	}
	ref, err := s.chat.Show(ctx, key("card", i.ID(), room.Platform), i.ID(), room, m)
	if err != nil {
		return err
	}
	if err := s.chat.Pin(ctx, key("pin", i.ID(), room.Platform), i.ID(), ref); err != nil {
		return err
	}
	err = s.chat.Bookmark(ctx, key("bookmark", i.ID(), room.Platform), i.ID(), room, i.ID()+": how it stands", ref)
	if err != nil {
		return err
	}
	return s.showTopic(ctx, i, room)
}

// broadcast shows the incident in the channel where all are announced.
func (s *Service) broadcast(ctx context.Context, i *incident.Incident, platform string) error {
	to, ok, err := s.chat.FindChannel(ctx, platform, s.channel)
	if err != nil || !ok {
		return err
	}
	var room *bot.Conversation
	if r, err := s.chat.Room(ctx, key("room", i.ID(), platform)); err == nil && r.Thread == "" {
		room = &r
	}
	_, err = s.chat.Show(ctx, key("broadcast", i.ID(), platform), i.ID(), to, incident.Broadcast(i, room))
	if errors.Is(err, bot.ErrGone) { // archived, say: the work goes on without an announcement
		return nil
	}
	return err
}
