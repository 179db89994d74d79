package slack

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/adapters/slack/webapi"
	"github.com/watchbell/watchbell/bot"
)

// GroupMembers implements bot.GroupReader.
func (a *Adapter) GroupMembers(ctx context.Context, group string) ([]bot.Account, error) {
	id, err := a.whoami(ctx)
	if err != nil {
		return nil, err
	}
	if handle, ok := strings.CutPrefix(group, "@"); ok {
		if group, err = a.groupNamed(ctx, handle, id.team); err != nil {
			return nil, err
		}
	}
	var users []string
	err = a.api.Call(ctx, func(ctx context.Context) (err error) {
		users, err = a.api.GetUserGroupMembersContext(ctx, group, slack.GetUserGroupMembersOptionTeamID(id.team))
		return err
	}, "usergroups.users.list")
	if webapi.Code(err) == "no_such_subteam" {
		return nil, fmt.Errorf("user group %s: %w", group, bot.ErrGone)
	}
	var accounts []bot.Account
	for _, u := range users {
		accounts = append(accounts, bot.Account{Platform: Platform, Workspace: id.workspace, User: u})
	}
	return accounts, err
}

// groupNamed finds the id of a user group by its handle, and remembers it for a while.
func (a *Adapter) groupNamed(ctx context.Context, handle, team string) (string, error) {
	key := "group " + handle
	if id, ok := a.found.get(key, a.o.Now()); ok {
		return id, nil
	}
	var groups []slack.UserGroup
	err := a.api.Call(ctx, func(ctx context.Context) (err error) {
		groups, err = a.api.GetUserGroupsContext(ctx, slack.GetUserGroupsOptionTeamID(team))
		return err
	}, "usergroups.list")
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(groups, func(g slack.UserGroup) bool { return strings.EqualFold(g.Handle, handle) })
	if i < 0 {
		return "", fmt.Errorf("user group @%s: %w", handle, bot.ErrGone)
	}
	a.found.put(key, groups[i].ID, a.o.Now().Add(time.Hour))
	return groups[i].ID, nil
}
