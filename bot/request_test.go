package bot_test

import (
	"testing"

	"github.com/watchbell/watchbell/bot"
)

// A right that only its exact name gives is beyond a token whose scopes do not name it, whatever its person may do.
func TestRightsOfATokenAreInItsScopes(t *testing.T) {
	lead := bot.Person{ID: "ana", Active: true, Roles: []string{"lead"}}
	rights := bot.Grants{"lead": {"*", "incident:override"}}
	for name, c := range map[string]struct {
		scopes     []string
		permission string
		may        bool
	}{
		"a person":                   {nil, "incident:override", true},
		"a person without it":        {nil, "oncall:override", false},
		"a token of the noun":        {[]string{"incident.*"}, "incident:override", false},
		"a token of everything":      {[]string{"*"}, "incident:override", false},
		"a token that names it":      {[]string{"incident.*", "incident:override"}, "incident:override", true},
		"a token that names another": {[]string{"oncall:override"}, "oncall:override", false},
		"another command":            {[]string{"incident.note"}, "incident.join", true},
	} {
		t.Run(name, func(t *testing.T) {
			call := bot.Call{Request: bot.Request{Scopes: c.scopes}, Person: lead, Rights: rights}
			if may := call.May(c.permission); may != c.may {
				t.Errorf("may %s: %v", c.permission, may)
			}
		})
	}
}

func TestWhatAnAgentDidIsMarked(t *testing.T) {
	call := bot.Call{
		Request: bot.Request{Agent: "deploy-helper", Scopes: []string{"*"}}, Person: bot.Person{ID: "ana"},
		Command: &bot.Command{Name: "incident.note"},
	}
	const want = "note: x (by agent deploy-helper for @ana)"
	if e := call.Effects("INC-1", 2, "note: x"); e.Audit.Detail != want || e.Audit.Actor != "ana" {
		t.Errorf("%+v", e.Audit)
	}
	if err := call.InPerson(); err == nil {
		t.Error("an agent is in person")
	}
	call.Scopes = nil
	if err := call.InPerson(); err == nil {
		t.Error("an agent without scopes is in person")
	}
	if text := bot.By("ana", "deploy-helper").Plain(nil); text != "agent deploy-helper for @ana" {
		t.Error(text)
	}
	if text := bot.By("ana", "").Plain(nil); text != "@ana" {
		t.Error(text)
	}
}
