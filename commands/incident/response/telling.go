package response

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/incident"
)

// postEntry posts the message of one timeline entry; what concerns everybody is repeated below the broadcast. What
// could not be posted for a while is told in one message.
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
func (s *Service) missed(entries []incident.Entry) []incident.Entry {
	if s.clock.Now().Sub(entries[0].Recorded) < heldUp {
		return entries[:1]
	}
	return slices.DeleteFunc(slices.Clone(entries), func(e incident.Entry) bool { return !incident.Announced[e.Kind] })
}

// tell posts entries to the room, each once: one by itself, several in one message. Those that concern everybody go
// below the broadcast too.
func (s *Service) tell(
	ctx context.Context, i *incident.Incident, room bot.Conversation, entries []incident.Entry,
) error {
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
	err = s.tellIn(ctx, i, thread, "told", slices.DeleteFunc(slices.Clone(entries), func(e incident.Entry) bool {
		return !concernsAll(e.Kind)
	}))
	// the announcement was deleted or its channel archived: the room is none the worse for that
	if errors.Is(err, bot.ErrGone) {
		return nil
	}
	return err
}

func (s *Service) tellIn(
	ctx context.Context, i *incident.Incident, to bot.Conversation, what string, entries []incident.Entry,
) error {
	once := func(e incident.Entry) string { return fmt.Sprintf("%s/%d", key(what, i.ID(), to.Platform), e.Seq) }
	var fresh []incident.Entry
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
		m := incident.EntryMessage(i, fresh[0])
		if what == "told" {
			m.Actions = nil
		}
		_, err := s.chat.Post(ctx, once(fresh[0]), i.ID(), to, m)
		return err
	}
	// Shown and not posted: after a crash in between there may be more to tell.
	ref, err := s.chat.Show(
		ctx, fmt.Sprintf("%s/%d", key(what+"-missed", i.ID(), to.Platform), fresh[0].Seq), i.ID(), to,
		incident.MissedMessage(i, to.Platform, fresh),
	)
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

func concernsAll(k incident.EntryKind) bool {
	return k == incident.UpdateEntry || k == incident.SeverityUp || k == incident.ResolvedEntry ||
		k == incident.ReopenedEntry || k == incident.CancelledEntry || k == incident.MovedEntry
}
