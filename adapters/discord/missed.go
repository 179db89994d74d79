package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/payload"
	"github.com/watchbell/watchbell/adapters/discord/rest"
	"github.com/watchbell/watchbell/bot"
)

// Discord repeats what was missed only when it resumes a session. After a new one begins, the reactions of the time
// between are read from the messages where people work on what is open. So far back, which is less than action keys are
// remembered, and so much of a conversation at most:
const (
	missedWithin = 3 * 24 * time.Hour
	missedPages  = 3
	missedPage   = 100
)

// readMissed carries out the reactions that were put while nobody listened. Each has the key that it has as an event,
// so nothing happens twice. What Discord or the database puts off is read later, until ctx ends.
func (a *Adapter) readMissed(ctx context.Context) {
	a.reading.Lock() // one session after the other
	defer a.reading.Unlock()
	var places []bot.Conversation
	pause := a.o.Retry
	for again := true; again && ctx.Err() == nil; pause = min(2*pause, time.Minute) {
		var err error
		if places == nil {
			places, err = a.openPlaces(ctx)
		}
		if err == nil {
			places, err = a.readPlaces(ctx, places)
		}
		if again = err != nil; again && ctx.Err() == nil {
			a.log.Warn("missed reactions are not read yet", "error", a.api.Redact(err))
			rest.Pause(ctx, pause)
		}
	}
}

// politely is a context for calls that nobody waits for.
func politely(ctx context.Context) context.Context {
	return bot.WithDelivery(ctx, bot.Delivery{Urgency: bot.Digest})
}

// openPlaces are the rooms of what is open, and the threads in them.
func (a *Adapter) openPlaces(ctx context.Context) ([]bot.Conversation, error) {
	self, err := a.directory.Whoami(ctx)
	if err != nil {
		return nil, err
	}
	rooms, err := a.o.Core.OpenRooms(ctx, Platform)
	if err != nil {
		return nil, err
	}
	places := []bot.Conversation{}
	for _, guild := range self.Guilds {
		var in []bot.Conversation
		for _, r := range rooms {
			if r.Workspace == guild {
				in = append(in, r)
			}
		}
		if len(in) == 0 {
			continue
		}
		threads, err := a.threadsIn(ctx, guild, in)
		if err != nil && worthRepeating(err) {
			return nil, err
		}
		places = append(append(places, in...), threads...)
	}
	return places, nil
}

// threadsIn are the active threads of a guild's rooms that are channels.
func (a *Adapter) threadsIn(ctx context.Context, guild string, rooms []bot.Conversation) ([]bot.Conversation, error) {
	var active struct {
		Threads []payload.Channel `json:"threads"`
	}
	err := patiently(ctx, func() error {
		call := rest.Call{Method: "GET", Route: "guilds/%s/threads/active", Args: []string{guild}}
		return a.api.Do(politely(ctx), call, &active)
	})
	var list []bot.Conversation
	for _, t := range active.Threads {
		for _, r := range rooms {
			if r.Thread == "" && r.Channel == t.Parent {
				r.Thread = t.ID
				list = append(list, r)
			}
		}
	}
	return list, err
}

// readPlaces reads conversations, and returns those that have to be read later, with the reason.
func (a *Adapter) readPlaces(ctx context.Context, places []bot.Conversation) ([]bot.Conversation, error) {
	later := []bot.Conversation{}
	var failed error
	for _, p := range places {
		err := a.readPlace(ctx, p)
		switch {
		case err == nil, errors.Is(err, bot.ErrGone):
		case worthRepeating(err):
			later, failed = append(later, p), err
		default:
			a.log.Warn("missed reactions cannot be read", "channel", channelOf(p), "error", a.api.Redact(err))
		}
	}
	return later, failed
}

// worthRepeating reports whether something may succeed later.
func worthRepeating(err error) bool {
	var never *bot.PermanentError
	return !errors.As(err, &never) && !errors.Is(err, bot.ErrRefused) && !errors.Is(err, bot.ErrGone)
}

// readPlace carries out the reactions to the latest messages of a conversation, the oldest message first.
func (a *Adapter) readPlace(ctx context.Context, place bot.Conversation) error {
	messages, err := a.lately(ctx, place)
	if err != nil {
		return err
	}
	for _, m := range slices.Backward(messages) {
		for _, r := range m.Reactions {
			if a.o.Reactions[r.Emoji.Name] == "" || m.Author.Bot {
				continue
			}
			if err := a.readReaction(ctx, place, &m, r.Emoji); err != nil {
				return err
			}
		}
	}
	return nil
}

// lately are the latest messages of a conversation, newest first.
func (a *Adapter) lately(ctx context.Context, place bot.Conversation) ([]payload.Message, error) {
	oldest := payload.IDAt(a.o.Now().Add(-missedWithin))
	var all []payload.Message
	query := url.Values{"limit": {fmt.Sprint(missedPage)}}
	for range missedPages {
		var page []payload.Message
		err := patiently(ctx, func() error {
			return a.api.Do(politely(ctx), rest.Call{
				Method: "GET", Route: "channels/%s/messages", Args: []string{channelOf(place)}, Query: query.Encode(),
			}, &page)
		})
		if err != nil {
			return nil, err
		}
		for _, m := range page {
			if older(m.ID, oldest) {
				return all, nil
			}
			all = append(all, m)
		}
		if len(page) < missedPage {
			break
		}
		query.Set("before", page[len(page)-1].ID)
	}
	return all, nil
}

// readReaction carries out one emoji below a message for everybody who put it there.
func (a *Adapter) readReaction(ctx context.Context, place bot.Conversation, m *payload.Message, e payload.Emoji) error {
	self, err := a.directory.Whoami(ctx)
	if err != nil {
		return err
	}
	var users []payload.User
	err = patiently(ctx, func() error {
		return a.api.Do(politely(ctx), rest.Call{
			Method: "GET", Route: "channels/%s/messages/%s/reactions/%s", Args: []string{channelOf(place), m.ID, e.Name},
			Query: url.Values{"limit": {fmt.Sprint(missedPage)}}.Encode(),
		}, &users)
	})
	if err != nil {
		return err
	}
	for _, u := range users {
		if u.Bot || u.ID == self.User {
			continue
		}
		if err := a.makeUpFor(ctx, place, m, payload.Reaction{
			User: u.ID, Channel: channelOf(place), Message: m.ID, Guild: place.Workspace, Emoji: e,
		}); err != nil {
			return err
		}
	}
	return nil
}

// makeUpFor carries out a reaction, unless that happened when it was put.
func (a *Adapter) makeUpFor(
	ctx context.Context, place bot.Conversation, m *payload.Message, e payload.Reaction,
) error {
	raw, err := json.Marshal(e)
	if err != nil {
		return err
	}
	in := a.reaction(e, raw)
	in.read, in.place = m, place
	carriedOut, err := a.o.Core.CarriedOut(ctx, in.Key())
	if err != nil || carriedOut {
		return err
	}
	a.o.Core.Take(context.WithoutCancel(ctx), Platform, in)
	return nil
}
