package directory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/payload"
	"github.com/watchbell/watchbell/bot"
)

// How long the channels of a guild are remembered. A change that Discord tells of is seen at once.
const channelsAge = time.Minute

type knownChannels struct {
	list []payload.Channel
	at   time.Time
}

// Channels are those of a guild. fresh asks Discord, however lately it was asked.
func (r *Reader) Channels(ctx context.Context, guild string, fresh bool) ([]payload.Channel, error) {
	r.mu.Lock()
	known, ok := r.channels[guild]
	r.mu.Unlock()
	if ok && !fresh && r.o.Now().Sub(known.at) < channelsAge {
		return known.list, nil
	}
	known = knownChannels{at: r.o.Now()}
	if err := r.get(ctx, &known.list, "", "guilds/%s/channels", guild); err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.channels[guild] = known
	r.mu.Unlock()
	return known.list, nil
}

// ForgetChannels makes the channels of a guild be asked for anew.
func (r *Reader) ForgetChannels(guild string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.channels, guild)
}

// FindChannel finds a text channel by its name, in the first served guild that has one. None is bot.ErrGone.
func (r *Reader) FindChannel(ctx context.Context, name string) (bot.Conversation, error) {
	self, err := r.Whoami(ctx)
	if err != nil {
		return bot.Conversation{}, err
	}
	name = strings.TrimPrefix(name, "#")
	for _, guild := range self.Guilds {
		list, err := r.Channels(ctx, guild, false)
		if err != nil {
			return bot.Conversation{}, err
		}
		i := slices.IndexFunc(list, func(c payload.Channel) bool {
			return strings.EqualFold(c.Name, name) && c.Type != payload.Category && !c.IsThread()
		})
		if i >= 0 {
			return Conversation(guild, list[i].ID), nil
		}
	}
	return bot.Conversation{}, fmt.Errorf("channel %s: %w", name, bot.ErrGone)
}

// ChannelName is the name of a channel, "" when it has none that everybody may know.
func (r *Reader) ChannelName(ctx context.Context, c bot.Conversation) (string, error) {
	list, err := r.Channels(ctx, c.Workspace, false)
	if err != nil {
		return "", err
	}
	for _, known := range list {
		if known.ID == c.Channel && !closed(&known) {
			return known.Name, nil
		}
	}
	return "", nil
}

// closed reports whether a channel is not for everybody: its overwrites take the right to see it from the role
// @everyone, which has the guild's own id.
func closed(c *payload.Channel) bool {
	return slices.ContainsFunc(c.Overwrites, func(o payload.Overwrite) bool {
		return o.ID == c.Guild && Has(o.Deny, ViewChannel)
	})
}
