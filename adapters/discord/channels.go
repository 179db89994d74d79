package discord

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/watchbell/watchbell/adapters/discord/directory"
	"github.com/watchbell/watchbell/adapters/discord/payload"
	"github.com/watchbell/watchbell/adapters/discord/rest"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Names of the categories that channels of incidents stand in. Discord takes fifty channels in one; a second one of a
// name is opened where the first is full.
const (
	openCategory     = "Incidents"
	archiveCategory  = "Incident archive"
	inCategory       = 50
	maxTopic         = 1024
	maxName          = 100
	memberOverwrite  = 1
	roleOverwrite    = 0
	threadMinutes    = 7 * 24 * 60 // without a message, until Discord puts it away
	maxThreadName    = 100
	publicThreadName = "Updates"
)

// OpenChannel implements bot.ChannelOpener: in the first guild.
func (a *Adapter) OpenChannel(ctx context.Context, name, key string) (bot.Conversation, error) {
	return a.OpenChannelIn(ctx, "", name, key)
}

// OpenChannelIn implements bot.WorkspaceOpener. Channels may share a name in Discord, so one that was opened before is
// known by the key in its topic. bot.ErrRefused: the guild does not let us.
func (a *Adapter) OpenChannelIn(ctx context.Context, guild, name, key string) (bot.Conversation, error) {
	self, err := a.directory.Whoami(ctx)
	if err != nil {
		return bot.Conversation{}, err
	}
	if !self.Serves(guild) {
		guild = self.Guilds[0]
	}
	topic, err := a.topicOf(ctx, key)
	if err != nil {
		return bot.Conversation{}, err
	}
	list, err := a.directory.Channels(ctx, guild, true)
	if err != nil {
		return bot.Conversation{}, err
	}
	if i := slices.IndexFunc(list, func(c payload.Channel) bool { return c.Topic == topic }); i >= 0 {
		return a.own(ctx, guild, list[i].ID, key)
	}
	category, err := a.category(ctx, guild, openCategory, list)
	if err != nil {
		return bot.Conversation{}, a.refusedOr("create category", err)
	}
	slug := value.Slug(name, maxName)
	if slug == "" {
		slug = "incident"
	}
	var made payload.Channel
	err = a.api.Do(ctx, rest.Call{
		Method: "POST", Route: "guilds/%s/channels", Args: []string{guild}, Reason: "Watchbell: " + key,
		Body: map[string]any{"name": slug, "type": payload.TextChannel, "topic": topic, "parent_id": category},
	}, &made)
	a.directory.ForgetChannels(guild)
	if err != nil {
		return bot.Conversation{}, a.refusedOr("create channel", err)
	}
	return a.own(ctx, guild, made.ID, key)
}

// own lets the bot itself write in a channel of ours, also when it is archived and nobody else may.
func (a *Adapter) own(ctx context.Context, guild, channel, key string) (bot.Conversation, error) {
	c := directory.Conversation(guild, channel)
	self, err := a.directory.Whoami(ctx)
	if err != nil {
		return c, err
	}
	bits := seeing | directory.SendMessages | directory.SendInThreads
	return c, a.api.Optional("own overwrite", a.allow(ctx, c, self.User, bits, "Watchbell: "+key))
}

// refusedOr marks what the guild does not let us do as refused for good.
func (a *Adapter) refusedOr(what string, err error) error {
	if slices.Contains(
		[]int{rest.MissingAccess, rest.MissingPermissions, rest.TooManyChannels, rest.InvalidForm}, rest.Code(err),
	) {
		return fmt.Errorf("%s: %w", what, errors.Join(bot.ErrRefused, err))
	}
	return err
}

// topicOf is what a channel of ours says at first, and what it is known again by.
func (a *Adapter) topicOf(ctx context.Context, key string) (string, error) {
	installation, err := a.o.Core.Installation(ctx)
	return "Opened by Watchbell (" + value.Cut(key, 200) + ", installation " + installation + ").", err
}

// category finds a category with room for one more channel, or makes one.
func (a *Adapter) category(ctx context.Context, guild, name string, list []payload.Channel) (string, error) {
	inside := map[string]int{}
	for _, c := range list {
		inside[c.Parent]++
	}
	for _, c := range list {
		if c.Type == payload.Category && strings.EqualFold(c.Name, name) && inside[c.ID] < inCategory {
			return c.ID, nil
		}
	}
	var made payload.Channel
	err := a.api.Do(ctx, rest.Call{
		Method: "POST", Route: "guilds/%s/channels", Args: []string{guild}, Reason: "Watchbell: channels of incidents",
		Body: map[string]any{"name": name, "type": payload.Category},
	}, &made)
	a.directory.ForgetChannels(guild)
	return made.ID, err
}

// channel asks Discord about one channel or thread.
func (a *Adapter) channel(ctx context.Context, id string) (*payload.Channel, error) {
	c := &payload.Channel{}
	return c, a.api.Do(ctx, rest.Call{Method: "GET", Route: "channels/%s", Args: []string{id}}, c)
}

// change changes a channel or thread.
func (a *Adapter) change(ctx context.Context, id, reason string, body map[string]any) error {
	return a.api.Do(
		ctx, rest.Call{Method: "PATCH", Route: "channels/%s", Args: []string{id}, Reason: reason, Body: body}, nil,
	)
}

// seeing is what lets somebody into a channel. Whether they may write in it is up to the guild, and ends with it.
const seeing = directory.ViewChannel | directory.ReadHistory

// allow lets a member do something in a channel, whatever the roles say.
func (a *Adapter) allow(ctx context.Context, c bot.Conversation, user string, bits uint64, reason string) error {
	return a.overwrite(ctx, c.Channel, user, reason, map[string]any{
		"type": memberOverwrite, "allow": strconv.FormatUint(bits, 10), "deny": "0",
	})
}

func (a *Adapter) overwrite(ctx context.Context, channel, id, reason string, body map[string]any) error {
	return a.api.Do(ctx, rest.Call{
		Method: "PUT", Route: "channels/%s/permissions/%s", Args: []string{channel, id}, Reason: reason, Body: body,
	}, nil)
}

// Pin implements bot.Pinner. A channel that takes no more pins goes without.
func (a *Adapter) Pin(ctx context.Context, ref bot.MessageRef) error {
	return a.api.Optional("pin", a.api.Do(ctx, rest.Call{
		Method: "PUT", Route: "channels/%s/messages/pins/%s", Args: []string{channelOf(ref.Conversation), ref.ID},
	}, nil))
}

// Invite implements bot.Inviter: who could not see the channel by their roles sees it from now on.
func (a *Adapter) Invite(ctx context.Context, c bot.Conversation, who bot.Account) error {
	return a.allow(ctx, c, who.User, seeing, "Watchbell: invited")
}

// Archive implements bot.ChannelArchiver. Discord archives no channels: it is moved to a category of its own, and
// nobody writes in it any more.
func (a *Adapter) Archive(ctx context.Context, c bot.Conversation) error {
	list, err := a.directory.Channels(ctx, c.Workspace, true)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(k payload.Channel) bool { return k.ID == c.Channel })
	if i < 0 {
		return nil // it is gone
	}
	self, err := a.directory.Whoami(ctx)
	if err != nil {
		return err
	}
	err = a.quiet(ctx, c, list[i].Overwrites, self.User)
	if err == nil {
		err = a.file(ctx, c, list, list[i].Parent)
	}
	if errors.Is(err, bot.ErrGone) {
		return nil
	}
	return a.api.Optional("archive", err)
}

// quiet takes from everybody but ourselves what lets them write in a channel. Who may see it stays as it is. What is
// right already is left alone: Discord lets us set only what we still have in the channel.
func (a *Adapter) quiet(ctx context.Context, c bot.Conversation, list []payload.Overwrite, self string) error {
	const write = directory.SendMessages | directory.SendInThreads | directory.CreateThreads
	everyone := payload.Overwrite{ID: c.Workspace, Type: roleOverwrite}
	put := func(o payload.Overwrite, deny uint64) error {
		allowed, _ := strconv.ParseUint(o.Allow, 10, 64)
		denied, _ := strconv.ParseUint(o.Deny, 10, 64)
		if allowed&write == 0 && denied&deny == deny {
			return nil
		}
		return a.api.Optional("archive", a.overwrite(ctx, c.Channel, o.ID, "Watchbell: the incident is over", map[string]any{
			"type":  o.Type,
			"allow": strconv.FormatUint(allowed&^write, 10),
			"deny":  strconv.FormatUint(denied|deny, 10),
		}))
	}
	for _, o := range list {
		switch o.ID {
		case self:
		case everyone.ID:
			everyone = o
		default: // somebody who was invited
			if err := put(o, 0); err != nil {
				return err
			}
		}
	}
	return put(everyone, write)
}

// file moves a channel to the archive, unless it is there.
func (a *Adapter) file(ctx context.Context, c bot.Conversation, list []payload.Channel, parent string) error {
	there := func(k payload.Channel) bool { return k.ID == parent && strings.EqualFold(k.Name, archiveCategory) }
	if slices.ContainsFunc(list, there) {
		return nil
	}
	archive, err := a.category(ctx, c.Workspace, archiveCategory, list)
	if err != nil {
		return err
	}
	defer a.directory.ForgetChannels(c.Workspace)
	return a.change(ctx, c.Channel, "Watchbell: the incident is over", map[string]any{"parent_id": archive})
}

// openThread opens the thread below a message, whose id it has. One that is open already is no error.
func (a *Adapter) openThread(ctx context.Context, c bot.Conversation) error {
	err := a.api.Do(ctx, rest.Call{
		Method: "POST", Route: "channels/%s/messages/%s/threads", Args: []string{c.Channel, c.Thread},
		Body: map[string]any{"name": publicThreadName, "auto_archive_duration": threadMinutes},
	}, nil)
	if rest.Code(err) == rest.HasThread {
		return nil
	}
	return err
}

// wake brings back a thread that Discord put away.
func (a *Adapter) wake(ctx context.Context, thread string) error {
	return a.change(ctx, thread, "", map[string]any{"archived": false, "locked": false})
}
