package slack

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/adapters/slack/payload"
	"github.com/watchbell/watchbell/adapters/slack/webapi"
	"github.com/watchbell/watchbell/bot"
)

const (
	rosterEvery = 6 * time.Hour // changes in between come as events
	rosterPage  = 200           // what Slack recommends
	rosterPages = 1000          // of a list that never ends
)

// keepCurrent asks Slack who we are and who its people are, at the start and from time to time, until ctx ends. It goes as slowly as
// Slack wants.
func (a *Adapter) keepCurrent(ctx context.Context) {
	for ctx.Err() == nil {
		wait := rosterEvery
		if err := a.roster(ctx); err != nil {
			a.log.Debug("the list of people was not read", "error", a.api.Redact(err))
			wait = a.later(err)
		}
		if !webapi.Pause(ctx, wait) {
			return
		}
	}
}

// later is when to ask again after an error.
func (a *Adapter) later(err error) time.Duration {
	var retry *bot.RetryAfterError
	if errors.As(err, &retry) {
		return max(retry.After, a.o.Retry)
	}
	return rosterEvery
}

// roster reads all people of our workspace page by page, and lets the core keep those who act.
func (a *Adapter) roster(ctx context.Context) error {
	ours, err := a.introduce(ctx)
	if err != nil {
		return err
	}
	page := a.api.GetUsersPaginated(slack.GetUsersOptionLimit(rosterPage), slack.GetUsersOptionTeamID(ours.team))
	for range rosterPages {
		asked := a.o.Now()
		err := a.api.Call(ctx, func(ctx context.Context) error {
			next, err := page.Next(ctx)
			if err == nil {
				page = next
			}
			return err
		}, "users.list")
		var retry *bot.RetryAfterError
		if errors.As(err, &retry) { // the same page again, when Slack wants to
			if !webapi.Pause(ctx, max(retry.After, a.o.Retry)) {
				return ctx.Err()
			}
			continue
		}
		if err != nil {
			return err
		}
		if err := a.learn(ctx, ours, page.Users, a.o.Now().Sub(asked)); err != nil || page.Cursor == "" {
			return err
		}
	}
	return nil
}

// learn passes on who is what. Only those of our own workspace are: of others Slack does not tell all.
func (a *Adapter) learn(ctx context.Context, ours *identity, users []slack.User, age time.Duration) error {
	var list []bot.Profile
	for i := range users {
		u := &users[i]
		account := bot.Account{Platform: Platform, Workspace: ours.workspace, User: u.ID}
		if origin, _ := a.origin(ours, account, u); u.ID == "" || len(teamsOf(u)) == 0 || origin != account {
			continue
		}
		list = append(list, a.profileOf(ours, account, u))
	}
	if len(list) == 0 {
		return nil
	}
	return a.o.Core.Learn(ctx, list, age)
}

// userChanged takes an event that tells what somebody is by now. Slack may send it late and twice, so what needs a right asks anew; what is
// kept for a time without answers is as old as the event.
func (a *Adapter) userChanged(ctx context.Context, e payload.Event) {
	var user slack.User
	err := json.Unmarshal(e.Event.User, &user)
	a.people.forget(user.ID)
	if err != nil || e.Time == 0 {
		return
	}
	ours, err := a.whoami(ctx)
	if err == nil {
		err = a.learn(ctx, ours, []slack.User{user}, a.o.Now().Sub(time.Unix(e.Time, 0)))
	}
	if err != nil {
		a.log.Warn("a changed profile was not kept", "user", user.ID, "error", a.api.Redact(err))
	}
}
