package directory

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
func (r *Reader) GroupMembers(ctx context.Context, group string) ([]bot.Account, error) {
	id, err := r.Whoami(ctx)
	if err != nil {
		return nil, err
	}
	if handle, ok := strings.CutPrefix(group, "@"); ok {
		if group, err = r.groupNamed(ctx, handle, id.Team); err != nil {
			return nil, err
		}
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
