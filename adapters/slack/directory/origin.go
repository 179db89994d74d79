package directory

import (
	"cmp"
	"context"
	"slices"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/bot"
)

// Where somebody is from decides what they may do. Slack says it in three places, and none is always there: some
// payloads name the team of who acts, reactions and mentions name none, and a profile names a team and, in an
// organisation of many workspaces, the organisation and the teams there. is_stranger does not help: it is false for
// everybody of another company in a channel that we can see. So the profile decides, and whoever it does not place is a
// guest.

// Serves reports whether a workspace is one that we serve.
func (r *Reader) Serves(ctx context.Context, team, enterprise string) (bool, error) {
	if len(r.o.Workspaces) > 0 {
		return slices.Contains(r.o.Workspaces, team) || enterprise != "" && slices.Contains(r.o.Workspaces, enterprise), nil
	}
	id, err := r.Whoami(ctx)
	if err != nil {
		return false, err
	}
	return team == id.Team || enterprise != "" && enterprise == id.Workspace, nil
}

// serving reports whether a workspace or organisation is one that we serve.
func (r *Reader) serving(ours *Self, id string) bool {
	if len(r.o.Workspaces) > 0 {
		return slices.Contains(r.o.Workspaces, id)
	}
	return id == ours.Team || slices.Contains(ours.teams, id)
}

// From is the account of who acts. Their own team counts where the payload names one and it is not ours, also when the
// payload names our organisation: that is where they acted, not where they are from.
func (r *Reader) From(user, userTeam, team, enterprise string) bot.Account {
	workspace := cmp.Or(enterprise, team)
	ours := r.self.Load()
	known := ours != nil && (userTeam == ours.Workspace || r.serving(ours, userTeam))
	if userTeam != "" && userTeam != team && userTeam != enterprise && !known {
		workspace = userTeam
	}
	return bot.Account{Platform: Platform, Workspace: workspace, User: user}
}

// teamsOf are the teams and the organisation that a profile names.
func teamsOf(u *slack.User) []string {
	list := append([]string{u.TeamID, u.Enterprise.EnterpriseID}, u.Enterprise.Teams...)
	return slices.DeleteFunc(list, func(id string) bool { return id == "" })
}

// origin is the account of a user, the same by whatever way they were met, and whether it is one of a workspace that we
// serve. Where somebody was met in the name of a team that their profile does not know, it is somebody else's profile,
// for ids are unique in a workspace only.
func (r *Reader) origin(ours *Self, asked bot.Account, u *slack.User) (account bot.Account, home bool) {
	teams := teamsOf(u)
	here := asked.Workspace == "" || asked.Workspace == ours.Workspace || asked.Workspace == ours.Team ||
		slices.Contains(ours.teams, asked.Workspace)
	if len(teams) == 0 || !here && !slices.Contains(teams, asked.Workspace) {
		return asked, false
	}
	account = asked
	if slices.ContainsFunc(teams, func(id string) bool {
		return id == ours.Workspace || id == ours.Team || slices.Contains(ours.teams, id)
	}) {
		account.Workspace = ours.Workspace
	} else {
		account.Workspace = cmp.Or(u.Enterprise.EnterpriseID, u.TeamID)
	}
	return account, slices.ContainsFunc(teams, func(id string) bool { return r.serving(ours, id) })
}
