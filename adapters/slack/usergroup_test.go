package slack_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/slack"
	"github.com/watchbell/watchbell/adapters/slack/slackfake"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
)

// A user group that follows a rota consists of whoever is on call; what Slack refuses for good says what to do.
func TestAUserGroupIsChanged(t *testing.T) {
	for name, c := range map[string]struct {
		scopes []string
		group  string
		who    string
		want   string // in the error
	}{
		"by its handle":       {group: "@web-oncall", who: "ben"},
		"by its id":           {group: "S0WEB", who: "ben"},
		"without the scope":   {scopes: []string{"usergroups:read"}, group: "S0WEB", who: "ben", want: "usergroups:write"},
		"one that is gone":    {group: "S0GONE", who: "ben", want: "there is no user group S0GONE"},
		"one of no such name": {group: "@nobody", who: "ben", want: "@nobody"},
		"a stranger":          {group: "S0WEB", who: "eve", want: "invalid_users"},
	} {
		t.Run(name, func(t *testing.T) {
			fake := slackfake.Start(t, slackfake.Options{Team: workspace, Scopes: c.scopes})
			fake.AddUser(slackfake.User{ID: "dan", RealName: "Dan Weber"})
			fake.AddUser(slackfake.User{ID: "ben", RealName: "Ben Okafor"})
			fake.AddGroup("S0WEB", "web-oncall", "dan")
			a := slack.New(slack.Options{
				BotToken: "xoxb-fake", SigningSecret: "fake-secret", APIURL: fake.API(), Now: bottest.NewClock().Now,
			})
			err := a.SetGroup(t.Context(), c.group, []bot.Account{{Platform: slack.Platform, Workspace: workspace, User: c.who}})
			if c.want == "" {
				if got := fake.GroupUsers("S0WEB"); err != nil || !slices.Equal(got, []string{"ben"}) {
					t.Errorf("%v %v", got, err)
				}
				return
			}
			var never *bot.PermanentError
			if err == nil || !strings.Contains(err.Error(), c.want) || !errors.As(err, &never) && !errors.Is(err, bot.ErrGone) {
				t.Errorf("%v", err)
			}
			if got := fake.GroupUsers("S0WEB"); !slices.Equal(got, []string{"dan"}) {
				t.Errorf("%v", got)
			}
		})
	}
}
