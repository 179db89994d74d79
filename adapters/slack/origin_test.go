package slack_test

import (
	"testing"

	"github.com/watchbell/watchbell/adapters/slack"
	"github.com/watchbell/watchbell/adapters/slack/slackfake"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
)

const organisation = "E0NORTH"

// Slack says is_stranger: false of everybody in a channel that the app sees, so people are told apart by their team and
// organisation.
func TestStandingComesFromTeamAndOrganisation(t *testing.T) {
	elsewhere := slackfake.User{Team: "T0OTHER"}
	otherOrganisation := slackfake.User{Team: "T0OTHER", Enterprise: "E0OTHER"}
	sister := slackfake.User{Team: "T0SISTER", Enterprise: organisation, Teams: []string{"T0SISTER"}}
	both := slackfake.User{Team: "T0SISTER", Enterprise: organisation, Teams: []string{"T0SISTER", workspace}}
	alone, grid, wide := slackfake.Options{Team: workspace}, slackfake.Options{
		Team: workspace, Enterprise: organisation,
	}, slackfake.Options{
		Team: workspace, Enterprise: organisation, OrgWide: true,
	}
	for name, c := range map[string]struct {
		installed slackfake.Options
		served    []string
		user      slackfake.User
		met       string // the workspace that a payload named
		account   string // the workspace of the account
		want      bot.Standing
	}{
		"one of ours":                           {alone, nil, slackfake.User{}, workspace, workspace, bot.Member},
		"another company, met here":             {alone, nil, elsewhere, workspace, "T0OTHER", bot.Guest},
		"another company, named by the payload": {alone, nil, elsewhere, "T0OTHER", "T0OTHER", bot.Guest},
		"another company that is served": {
			alone, []string{workspace, "T0OTHER"}, elsewhere, workspace, "T0OTHER", bot.Member,
		},
		"ours, said to be of another team":         {alone, nil, slackfake.User{}, "T0OTHER", "T0OTHER", bot.Guest},
		"one of ours in an organisation":           {grid, nil, slackfake.User{}, organisation, organisation, bot.Member},
		"another company, met in our organisation": {grid, nil, elsewhere, organisation, "T0OTHER", bot.Guest},
		"another organisation, met in ours":        {grid, nil, otherOrganisation, organisation, "E0OTHER", bot.Guest},
		"another organisation, by the team":        {grid, nil, otherOrganisation, "T0OTHER", "E0OTHER", bot.Guest},
		"a sister workspace without us":            {grid, nil, sister, organisation, organisation, bot.Guest},
		"a sister workspace and ours":              {grid, nil, both, organisation, organisation, bot.Member},
		"a sister workspace, the organisation is served": {
			grid, []string{organisation}, sister, "T0SISTER", organisation, bot.Member,
		},
		"installed for all, one of the workspace": {wide, nil, slackfake.User{}, organisation, organisation, bot.Member},
		"installed for all, another company":      {wide, nil, elsewhere, organisation, "T0OTHER", bot.Guest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := slackfake.Start(t, c.installed)
			c.user.ID, c.user.RealName, c.user.Email = "eve", "Eve Adams", "dan@northwind.example"
			fake.AddUser(c.user)
			a := slack.New(slack.Options{
				BotToken: "xoxb-fake", SigningSecret: "fake-secret", APIURL: fake.API(), Workspaces: c.served,
				Now: bottest.NewClock().Now,
			})
			p, err := a.Profile(t.Context(), bot.Account{Platform: slack.Platform, Workspace: c.met, User: "eve"})
			if err != nil || p.Standing != c.want || p.Account.Workspace != c.account {
				t.Errorf("%+v (%v), want %s as an account of %s", p, err, c.want, c.account)
			}
			if p.Standing == bot.Guest && p.Email != "" {
				t.Errorf("a guest is known by the address %s", p.Email)
			}
		})
	}
}

// An installation for a whole organisation has to say of which workspace it speaks.
func TestCallsOfAnOrganisationNameAWorkspace(t *testing.T) {
	fake := slackfake.Start(t, slackfake.Options{Team: workspace, Enterprise: organisation, OrgWide: true})
	fake.AddUser(slackfake.User{ID: "dan", RealName: "Dan Weber"})
	fake.AddGroup("S0WEB", "web-oncall", "dan")
	general := fake.AddChannel("general")
	a := slack.New(slack.Options{
		BotToken: "xoxb-fake", SigningSecret: "fake-secret", APIURL: fake.API(), Core: newOffice(t, false).bot,
		Now: bottest.NewClock().Now,
	})
	if who, err := a.GroupMembers(t.Context(), "@web-oncall"); err != nil || len(who) != 1 {
		t.Errorf("user group: %v %v", who, err)
	}
	if c, err := a.FindChannel(t.Context(), "general"); err != nil || c.Channel != general {
		t.Errorf("find a channel: %+v %v", c, err)
	}
	if c, err := a.OpenChannel(t.Context(), "inc-1", "incident.room/INC-1/slack"); err != nil ||
		c.Workspace != organisation {
		t.Errorf("open a channel: %+v %v", c, err)
	}
}
