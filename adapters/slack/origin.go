package slack

import (
	"cmp"
	"slices"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/bot"
)

// Where somebody is from decides what they may do. Slack says it in three places, and none is always there: some payloads name the team of who
// acts, reactions and mentions name none, and a profile names a team and, in an organisation of many workspaces, the organisation and the
// teams there. is_stranger does not help: it is false for everybody of another company in a channel that we can see. So the profile decides,
// and whoever it does not place is a guest.

// serving reports whether a workspace or organisation is one that we serve.
func (a *Adapter) serving(ours *identity, id string) bool {
	if len(a.o.Workspaces) > 0 {
		return slices.Contains(a.o.Workspaces, id)
	}
	return id == ours.team || slices.Contains(ours.teams, id)
}

// from is the account of who acts. Their own team counts where the payload names one and it is not ours, also when the payload names our
// organisation: that is where they acted, not where they are from.
func (a *Adapter) from(user, userTeam, team, enterprise string) bot.Account {
	workspace := cmp.Or(enterprise, team)
	ours := a.self.Load()
	known := ours != nil && (userTeam == ours.workspace || a.serving(ours, userTeam))
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

// origin is the account of a user, the same by whatever way they were met, and whether it is one of a workspace that we serve. Where somebody
// was met in the name of a team that their profile does not know, it is somebody else's profile, for ids are unique in a workspace only.
func (a *Adapter) origin(ours *identity, asked bot.Account, u *slack.User) (account bot.Account, home bool) {
	teams := teamsOf(u)
	here := asked.Workspace == "" || asked.Workspace == ours.workspace || asked.Workspace == ours.team || slices.Contains(ours.teams, asked.Workspace)
	if len(teams) == 0 || !here && !slices.Contains(teams, asked.Workspace) {
		return asked, false
	}
	account = asked
	if slices.ContainsFunc(teams, func(id string) bool {
		return id == ours.workspace || id == ours.team || slices.Contains(ours.teams, id)
	}) {
		account.Workspace = ours.workspace
	} else {
		account.Workspace = cmp.Or(u.Enterprise.EnterpriseID, u.TeamID)
	}
	return account, slices.ContainsFunc(teams, func(id string) bool { return a.serving(ours, id) })
}
