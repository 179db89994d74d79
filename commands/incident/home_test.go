package incident_test

import (
	"testing"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/incident"
)

// A room belongs into the workspace in which the incident was declared; on other platforms these choose.
func TestWhereARoomBelongs(t *testing.T) {
	for _, c := range []struct {
		name     string
		from     bot.Account
		platform string
		want     bot.Conversation
	}{
		{
			"a workspace of several", bot.Account{Platform: "discord", Workspace: "G2", User: "1"}, "discord",
			bot.Conversation{Platform: "discord", Workspace: "G2"},
		},
		{
			"another platform", bot.Account{Platform: "discord", Workspace: "G2", User: "1"}, "slack",
			bot.Conversation{Platform: "slack"},
		},
		{"no workspaces", bot.Account{Platform: "web", User: "ana"}, "web", bot.Conversation{Platform: "web"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := &incident.Incident{Source: incident.SourceOf(c.from)}
			if got := incident.HomeOn(i, c.platform); got != c.want {
				t.Errorf("%+v", got)
			}
		})
	}
	if got := incident.HomeOn(&incident.Incident{Source: "discord"}, "discord"); got.Workspace != "" {
		t.Errorf("one that was declared before workspaces were noted: %+v", got)
	}
}
