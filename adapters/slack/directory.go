package slack

import (
	"context"

	"github.com/watchbell/watchbell/bot"
)

// Profile implements bot.Profiler.
func (a *Adapter) Profile(ctx context.Context, account bot.Account) (bot.Profile, error) {
	return a.directory.Profile(ctx, account)
}

// FindAccount implements bot.AccountFinder.
func (a *Adapter) FindAccount(ctx context.Context, email string) (bot.Account, error) {
	return a.directory.FindAccount(ctx, email)
}

// GroupMembers implements bot.GroupReader.
func (a *Adapter) GroupMembers(ctx context.Context, group string) ([]bot.Account, error) {
	return a.directory.GroupMembers(ctx, group)
}

// SetGroup implements bot.GroupSetter.
func (a *Adapter) SetGroup(ctx context.Context, group string, members []bot.Account) error {
	return a.directory.SetGroup(ctx, group, members)
}

// FindChannel implements bot.ChannelFinder.
func (a *Adapter) FindChannel(ctx context.Context, name string) (bot.Conversation, error) {
	return a.directory.FindChannel(ctx, name)
}

// ChannelName implements bot.ChannelNamer.
func (a *Adapter) ChannelName(ctx context.Context, c bot.Conversation) (string, error) {
	return a.directory.ChannelName(ctx, c)
}
