package directory

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

// KeepCurrent asks Slack who we are and who its people are, at the start and from time to time, until ctx ends. It goes
// as slowly as Slack wants.
func (r *Reader) KeepCurrent(ctx context.Context) {
	for ctx.Err() == nil {
		wait := rosterEvery
		if err := r.roster(ctx); err != nil {
			r.o.Log.Debug("the list of people was not read", "error", r.o.API.Redact(err))
			wait = r.later(err)
		}
		if !webapi.Pause(ctx, wait) {
			return
		}
	}
}

// later is when to ask again after an error.
func (r *Reader) later(err error) time.Duration {
	var retry *bot.RetryAfterError
	if errors.As(err, &retry) {
		return max(retry.After, r.o.Retry)
	}
	return rosterEvery
}

// roster reads all people of our workspace page by page, and lets the core keep those who act.
func (r *Reader) roster(ctx context.Context) error {
	ours, err := r.introduce(ctx)
	if err != nil {
		return err
	}
	page := r.o.API.GetUsersPaginated(slack.GetUsersOptionLimit(rosterPage), slack.GetUsersOptionTeamID(ours.Team))
	for range rosterPages {
		asked := r.o.Now()
		err := r.o.API.Call(ctx, func(ctx context.Context) error {
			next, err := page.Next(ctx)
			if err == nil {
				page = next
			}
			return err
		}, "users.list")
		var retry *bot.RetryAfterError
		if errors.As(err, &retry) { // the same page again, when Slack wants to
			if !webapi.Pause(ctx, max(retry.After, r.o.Retry)) {
				return ctx.Err()
			}
			continue
		}
		if err != nil {
			return err
		}
		if err := r.learn(ctx, ours, page.Users, r.o.Now().Sub(asked)); err != nil || page.Cursor == "" {
			return err
		}
	}
	return nil
}

// learn passes on who is what. Only those of our own workspace are: of others Slack does not tell all.
func (r *Reader) learn(ctx context.Context, ours *Self, users []slack.User, age time.Duration) error {
	var list []bot.Profile
	for i := range users {
		u := &users[i]
		account := bot.Account{Platform: Platform, Workspace: ours.Workspace, User: u.ID}
		if origin, _ := r.origin(ours, account, u); u.ID == "" || len(teamsOf(u)) == 0 || origin != account {
			continue
		}
		list = append(list, r.profileOf(ours, account, u))
	}
	if len(list) == 0 {
		return nil
	}
	return r.o.Core.Learn(ctx, list, age)
}

// Changed takes an event that tells what somebody is by now. Slack may send it late and twice, so what needs a right
// asks anew; what is kept for a time without answers is as old as the event.
func (r *Reader) Changed(ctx context.Context, e payload.Event) {
	var user slack.User
	err := json.Unmarshal(e.Event.User, &user)
	r.people.forget(user.ID)
	if err != nil || e.Time == 0 {
		return
	}
	ours, err := r.Whoami(ctx)
	if err == nil {
		err = r.learn(ctx, ours, []slack.User{user}, r.o.Now().Sub(time.Unix(e.Time, 0)))
	}
	if err != nil {
		r.o.Log.Warn("a changed profile was not kept", "user", user.ID, "error", r.o.API.Redact(err))
	}
}
