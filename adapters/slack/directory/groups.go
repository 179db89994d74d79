package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/adapters/slack/webapi"
	"github.com/watchbell/watchbell/bot"
)

// GroupMembers implements bot.GroupReader.
func (r *Reader) GroupMembers(ctx context.Context, group string) ([]bot.Account, error) {
	id, err := r.Whoami(ctx)
	if err != nil {
		return nil, err
	}
	if group, err = r.groupID(ctx, group, id.Team); err != nil {
		return nil, err
	}
	var users []string
	err = r.o.API.Call(ctx, func(ctx context.Context) (err error) {
		users, err = r.o.API.GetUserGroupMembersContext(ctx, group, slack.GetUserGroupMembersOptionTeamID(id.Team))
		return err
	}, "usergroups.users.list")
	if webapi.Code(err) == "no_such_subteam" {
		return nil, fmt.Errorf("user group %s: %w", group, bot.ErrGone)
	}
	var accounts []bot.Account
	for _, u := range users {
		accounts = append(accounts, bot.Account{Platform: Platform, Workspace: id.Workspace, User: u})
	}
	return accounts, err
}

// groupID is the id of a user group that is named by its handle or its id.
func (r *Reader) groupID(ctx context.Context, group, team string) (string, error) {
	if handle, ok := strings.CutPrefix(group, "@"); ok {
		return r.groupNamed(ctx, handle, team)
	}
	return group, nil
}

// SetGroup implements bot.GroupSetter. What Slack refuses for good is a PermanentError that says what to do.
func (r *Reader) SetGroup(ctx context.Context, group string, members []bot.Account) error {
	id, err := r.Whoami(ctx)
	if err != nil {
		return err
	}
	name := group
	if group, err = r.groupID(ctx, group, id.Team); err != nil {
		return err
	}
	var users []string
	for _, a := range members {
		if a.Workspace == id.Workspace {
			users = append(users, a.User)
		}
	}
	if len(users) == 0 {
		return &bot.PermanentError{Err: errors.New("nobody of them has an account in this workspace")}
	}
	err = r.o.API.Call(ctx, func(ctx context.Context) error {
		_, err := r.o.API.UpdateUserGroupMembersContext(
			ctx, group, strings.Join(users, ","), slack.UpdateUserGroupMembersOptionTeamID(id.Team),
		)
		return err
	}, "usergroups.users.update")
	switch code := webapi.Code(err); code {
	case "no_such_subteam", "subteam_not_found":
		return fmt.Errorf("there is no user group %s: %w", name, bot.ErrGone)
	case "missing_scope":
		return &bot.PermanentError{Err: errors.New("the app lacks the scope usergroups:write; see watchbell doctor")}
	case "permission_denied":
		return &bot.PermanentError{Err: errors.New(
			"only administrators of Slack may change user groups here; allow everybody under Settings, Permissions",
		)}
	case "invalid_users", "no_users_provided", "user_not_found", "plan_upgrade_required", "paid_teams_only":
		return &bot.PermanentError{Err: fmt.Errorf("the user group %s was not changed: %s", name, code)}
	}
	return err
}

// groupNamed finds the id of a user group by its handle, and remembers it for a while.
func (r *Reader) groupNamed(ctx context.Context, handle, team string) (string, error) {
	key := "group " + handle
	if id, ok := r.found.get(key, r.o.Now()); ok {
		return id, nil
	}
	var groups []slack.UserGroup
	err := r.o.API.Call(ctx, func(ctx context.Context) (err error) {
		groups, err = r.o.API.GetUserGroupsContext(ctx, slack.GetUserGroupsOptionTeamID(team))
		return err
	}, "usergroups.list")
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(groups, func(g slack.UserGroup) bool { return strings.EqualFold(g.Handle, handle) })
	if i < 0 {
		return "", fmt.Errorf("user group @%s: %w", handle, bot.ErrGone)
	}
	r.found.put(key, groups[i].ID, r.o.Now().Add(time.Hour))
	return groups[i].ID, nil
}
