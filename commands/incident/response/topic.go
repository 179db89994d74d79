package response

import (
	"context"
	"errors"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/incident"
)

// showTopic sets the topic of a room. Where the platform lets us change a channel only now and then, a job does it
// later: what people wait for must not stand behind a topic, and a restart must not lose it.
func (s *Service) showTopic(ctx context.Context, i *incident.Incident, room bot.Conversation) error {
	err := s.topic(ctx, i, room)
	var wait *bot.RetryAfterError
	if !errors.As(err, &wait) {
		return err
	}
	return s.chat.AddJobs(ctx, []bot.Job{
		{Kind: setTopic, Object: i.ID(), Arg: room.Platform, At: s.clock.Now().Add(wait.After)},
	})
}

func (s *Service) topic(ctx context.Context, i *incident.Incident, room bot.Conversation) error {
	names, err := s.chat.Names(ctx)
	if err != nil {
		return err
	}
	err = s.chat.SetTopic(ctx, room, incident.Topic(i, names[i.Lead]))
	if errors.Is(err, bot.ErrGone) {
		return nil // whoever shows something there finds out
	}
	return err
}

// setTopic sets the topic that an incident has by now.
func (s *Service) setTopic(ctx context.Context, job bot.Job) error {
	i, err := s.store.Get(ctx, job.Object)
	if err != nil {
		return err
	}
	room, err := s.chat.Room(ctx, key("room", i.ID(), job.Arg))
	if errors.Is(err, bot.ErrNoSuch) {
		return nil // the next one gets its topic when it opens
	}
	if err != nil {
		return err
	}
	return s.topic(ctx, i, room)
}
